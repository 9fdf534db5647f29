/* SPDX-License-Identifier: Apache-2.0 */
/* Both examples are JSON that the decoder takes, and have what their readers rely on. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "spec/spec.h"

static void make(struct arena *arena, bool is_rootless, struct spec *ret_spec)
{
	struct berth_error err = {0};
	const struct json_value *tree = NULL;
	const char *reason = "none";
	size_t offset = 0;
	char *text = NULL;

	assert_int_equal(spec_example(is_rootless, 1234, 5678, &text, &err), 0);
	assert_true(str_has_prefix(text, "{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n"));
	assert_string_equal(text + strlen(text) - 4, "}\n}\n");
	arena_init(arena, 1 << 20);
	assert_int_equal(json_parse(arena, text, strlen(text), &tree, &offset, &reason), 0);
	free(text);
	if (spec_decode(tree, arena, ret_spec, &err) < 0) {
		fail_msg("%s: %s", err.pointer, err.message);
	}
}

static bool has_text(const struct spec_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (str_is_equal(strings->items[i], text)) {
			return true;
		}
	}
	return false;
}

static const struct spec_mount *find_mount(const struct spec *spec, const char *destination)
{
	for (size_t i = 0; i < spec->mounts.count; i++) {
		if (str_is_equal(spec->mounts.items[i].destination, destination)) {
			return &spec->mounts.items[i];
		}
	}
	return NULL;
}

static uint32_t namespace_flags(const struct spec *spec)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < spec->linux_section.namespaces.count; i++) {
		assert_null(spec->linux_section.namespaces.items[i].path);
		flags |= spec->linux_section.namespaces.items[i].flag;
	}
	return flags;
}

static void check_common(const struct spec *spec)
{
	const struct spec_process *process = &spec->process;

	assert_true(process->terminal);
	assert_int_equal(process->user.uid, 0);
	assert_int_equal(process->user.gid, 0);
	assert_int_equal(process->args.count, 1);
	assert_string_equal(process->args.items[0], "sh");
	assert_int_equal(process->env.count, 2);
	assert_true(str_has_prefix(process->env.items[0], "PATH=/"));
	assert_string_equal(process->env.items[1], "TERM=xterm");
	assert_string_equal(process->cwd, "/");
	assert_int_equal(process->capabilities.bounding.count, 3);
	assert_int_equal(process->capabilities.effective.count, 3);
	assert_int_equal(process->capabilities.permitted.count, 3);
	assert_int_equal(process->capabilities.inheritable.count, 0);
	assert_int_equal(process->capabilities.ambient.count, 0);
	assert_true(has_text(&process->capabilities.bounding, "CAP_KILL"));
	assert_int_equal(process->rlimits.count, 1);
	assert_string_equal(process->rlimits.items[0].type, "RLIMIT_NOFILE");
	assert_int_equal(process->rlimits.items[0].soft, 1024);
	assert_int_equal(process->rlimits.items[0].hard, 1024);
	assert_true(process->no_new_privileges);
	assert_string_equal(spec->root.path, "rootfs");
	assert_true(spec->root.readonly);
	assert_string_equal(spec->hostname, "berth");
	assert_string_equal(find_mount(spec, "/proc")->type, "proc");
	assert_true(has_text(&find_mount(spec, "/dev")->options, "mode=755"));
	assert_string_equal(find_mount(spec, "/dev/pts")->type, "devpts");
	assert_true(has_text(&find_mount(spec, "/dev/shm")->options, "mode=1777"));
	assert_string_equal(find_mount(spec, "/dev/mqueue")->type, "mqueue");
	assert_int_equal(spec->linux_section.masked_paths.count, 10);
	assert_int_equal(spec->linux_section.readonly_paths.count, 5);
	assert_true(has_text(&spec->linux_section.masked_paths, "/proc/kcore"));
	assert_true(has_text(&spec->linux_section.readonly_paths, "/proc/sysrq-trigger"));
}

static void test_as_root(void **state)
{
	autoarena struct arena arena;
	struct spec spec;

	(void)state;
	make(&arena, false, &spec);
	check_common(&spec);
	assert_int_equal(spec.mounts.count, 7);
	assert_true(has_text(&find_mount(&spec, "/dev/pts")->options, "gid=5"));
	assert_string_equal(find_mount(&spec, "/sys")->type, "sysfs");
	assert_true(has_text(&find_mount(&spec, "/sys")->options, "ro"));
	assert_string_equal(find_mount(&spec, "/sys/fs/cgroup")->type, "cgroup");
	assert_int_equal(namespace_flags(&spec), CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
							 CLONE_NEWUTS | CLONE_NEWNS |
							 CLONE_NEWCGROUP);
	assert_int_equal(spec.linux_section.uid_mappings.count, 0);
}

static void test_rootless(void **state)
{
	autoarena struct arena arena;
	struct spec spec;
	const struct spec_linux *section = &spec.linux_section;

	(void)state;
	make(&arena, true, &spec);
	check_common(&spec);
	assert_int_equal(spec.mounts.count, 6);
	assert_false(has_text(&find_mount(&spec, "/dev/pts")->options, "gid=5"));
	assert_string_equal(find_mount(&spec, "/sys")->type, "none");
	assert_string_equal(find_mount(&spec, "/sys")->source, "/sys");
	assert_true(has_text(&find_mount(&spec, "/sys")->options, "rbind"));
	assert_true(has_text(&find_mount(&spec, "/sys")->options, "rro"));
	assert_null(find_mount(&spec, "/sys/fs/cgroup"));
	assert_int_equal(namespace_flags(&spec), CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWIPC |
							 CLONE_NEWUTS | CLONE_NEWNS |
							 CLONE_NEWCGROUP);
	assert_int_equal(section->uid_mappings.count, 1);
	assert_int_equal(section->uid_mappings.items[0].container_id, 0);
	assert_int_equal(section->uid_mappings.items[0].host_id, 1234);
	assert_int_equal(section->uid_mappings.items[0].size, 1);
	assert_int_equal(section->gid_mappings.count, 1);
	assert_int_equal(section->gid_mappings.items[0].host_id, 5678);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_root),
		cmocka_unit_test(test_rootless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
