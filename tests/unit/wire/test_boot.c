/* SPDX-License-Identifier: Apache-2.0 */
/* boot_check(): what a step cannot begin without is refused before the first one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "../../kit/boot_sample.h"

enum { SAMPLE_MOUNTS = 6, MEMORY_MAX = 1024 * 1024 };

/* Takes something away from a sound struct boot, in which each kind of mount and device is there twice. */
typedef void (*spoil_fn)(struct boot *boot);

static void keep_all(struct boot *boot)
{
	(void)boot;
}

static void drop_root(struct boot *boot)
{
	boot->root = NULL;
}

static void drop_cwd(struct boot *boot)
{
	boot->cwd = NULL;
}

static void drop_args(struct boot *boot)
{
	boot->args.count = 0;
}

static void go_live(struct boot *boot)
{
	boot->flags |= BOOT_LIVE;
	drop_root(boot);
	drop_cwd(boot);
	drop_args(boot);
}

static void unmount(struct boot *boot)
{
	boot->mounts.items[1].kind = BOOT_MOUNT_GONE;
	boot->mounts.items[1].source = NULL;
}

static void unmount_live(struct boot *boot)
{
	go_live(boot);
	unmount(boot);
}

static void live_without_target(struct boot *boot)
{
	unmount_live(boot);
	boot->mounts.items[1].target = NULL;
}

static void drop_names(struct boot *boot)
{
	boot->hostname = NULL;
	boot->domainname = NULL;
	boot->env.count = 0;
}

static void drop_arrays(struct boot *boot)
{
	boot->mounts.count = 0;
	boot->devices.count = 0;
}

static void drop_target(struct boot *boot)
{
	boot->mounts.items[SAMPLE_MOUNTS - 1].target = NULL;
}

static void drop_pointer(struct boot *boot)
{
	boot->mounts.items[SAMPLE_MOUNTS - 1].pointer = NULL;
}

static void drop_fstype(struct boot *boot)
{
	boot->mounts.items[BOOT_MOUNT_FS].fstype = NULL;
}

static void drop_fs_source(struct boot *boot)
{
	boot->mounts.items[BOOT_MOUNT_FS].source = NULL;
}

static void drop_bind_source(struct boot *boot)
{
	boot->mounts.items[BOOT_MOUNT_BIND].source = NULL;
}

static void drop_link_source(struct boot *boot)
{
	boot->mounts.items[BOOT_MOUNT_LINK].source = NULL;
}

static void set_mount_kind(struct boot *boot)
{
	boot->mounts.items[1].kind = BOOT_MOUNT_KIND_COUNT;
}

static void set_huge_mount_kind(struct boot *boot)
{
	boot->mounts.items[1].kind = UINT32_MAX;
}

static void set_device_kind(struct boot *boot)
{
	boot->devices.items[1].kind = BOOT_DEVICE_KIND_COUNT;
}

static void drop_device_path(struct boot *boot)
{
	boot->devices.items[0].path = NULL;
}

static void drop_device_pointer(struct boot *boot)
{
	boot->devices.items[0].pointer = NULL;
}

static void drop_device_target(struct boot *boot)
{
	boot->devices.items[BOOT_DEVICE_LINK].target = NULL;
}

static void drop_hooks(struct boot *boot)
{
	boot->hooks = (struct boot_hooks){0};
}

static void drop_hook_env(struct boot *boot)
{
	boot->hooks.create_container.items[0].env.count = 0;
	boot->hooks.create_container.items[0].timeout_s = 0;
}

static void drop_hook_path(struct boot *boot)
{
	boot->hooks.start_container.items[1].path = NULL;
}

static void drop_hook_kind(struct boot *boot)
{
	boot->hooks.create_container.items[2].kind = NULL;
}

static void drop_hook_args(struct boot *boot)
{
	boot->hooks.create_container.items[0].args.count = 0;
}

static void drop_state(struct boot *boot)
{
	boot->hooks.state = NULL;
}

static void empty_state(struct boot *boot)
{
	boot->hooks.state = "";
}

static void drop_bundle(struct boot *boot)
{
	boot->hooks.create_container.count = 0;
	boot->hooks.bundle = NULL;
}

static const struct check_row {
	const char *what;
	spoil_fn spoil;
	int r;
} check_rows[] = {
	{"nothing", keep_all, 0},
	{"names and environment", drop_names, 0},
	{"all hooks", drop_hooks, 0},
	{"a hook's environment and its timeout", drop_hook_env, 0},
	{"the path of a hook", drop_hook_path, -EPROTO},
	{"the kind of a hook", drop_hook_kind, -EPROTO},
	{"the arguments of a hook", drop_hook_args, -EPROTO},
	{"the state for the hooks", drop_state, -EPROTO},
	{"all of that state", empty_state, -EPROTO},
	{"the bundle of the hooks", drop_bundle, -EPROTO},
	{"all mounts and devices", drop_arrays, 0},
	{"the source of a file system", drop_fs_source, 0},
	{"root", drop_root, -EPROTO},
	{"cwd", drop_cwd, -EPROTO},
	{"args", drop_args, -EPROTO},
	{"a program, for live mounts", go_live, 0},
	{"a mount and its source, live", unmount_live, 0},
	{"a mount and its source, before there is one", unmount, -EPROTO},
	{"the target of what is unmounted", live_without_target, -EPROTO},
	{"a mount's target", drop_target, -EPROTO},
	{"a mount's pointer", drop_pointer, -EPROTO},
	{"a file system's type", drop_fstype, -EPROTO},
	{"a bind's source", drop_bind_source, -EPROTO},
	{"a link's source", drop_link_source, -EPROTO},
	{"a mount's kind", set_mount_kind, -EPROTO},
	{"a mount's kind, huge", set_huge_mount_kind, -EPROTO},
	{"a device's kind", set_device_kind, -EPROTO},
	{"a device's path", drop_device_path, -EPROTO},
	{"a device's pointer", drop_device_pointer, -EPROTO},
	{"a link's target", drop_device_target, -EPROTO},
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(check_rows); i++) {
		autoarena struct arena arena;
		struct boot *boot;
		int r;

		arena_init(&arena, MEMORY_MAX);
		boot = boot_sample(&arena, SAMPLE_MOUNTS);
		assert_non_null(boot);
		assert_int_equal(boot->devices.count, BOOT_DEVICE_KIND_COUNT);
		check_rows[i].spoil(boot);
		r = boot_check(boot);
		if (r != check_rows[i].r) {
			fail_msg("%s: %d, not %d", check_rows[i].what, r, check_rows[i].r);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
