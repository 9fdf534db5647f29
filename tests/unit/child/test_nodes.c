/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, masks and read-only paths on the real kernel, with images that lie about /dev. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/str.h"
#include "sandbox.h"
#include "sys/abi.h"

/* The root attached, no mounts. */
static void attach(struct sandbox *sandbox, struct rootfs *rootfs, struct boot *boot)
{
	boot->root = sandbox->root;
	error_clear(&sandbox->err);
	rootfs_init(rootfs, boot, sandbox->fds);
	CHECK_OK(sandbox, rootfs_open_sources(rootfs, boot, &sandbox->err));
	CHECK_OK(sandbox, rootfs_attach_root(rootfs, boot, &sandbox->err));
}

static struct boot_device node_null = {.kind = BOOT_DEVICE_NODE,
	.pointer = "/d/0",
	.path = "/dev/null",
	.mode = S_IFCHR | 0666,
	.major = 1,
	.minor = 3};

static int device_make(struct sandbox *sandbox, struct boot_device device)
{
	struct boot boot = {.devices = {&device, 1}};
	struct rootfs rootfs;
	int r;

	device.pointer = "/d/0";
	attach(sandbox, &rootfs, &boot);
	r = rootfs_devices(&rootfs, &boot, &sandbox->err);
	rootfs_finish(&rootfs);
	return r;
}

static void nodes(struct sandbox *sandbox)
{
	struct boot_device device = node_null;
	struct stat st;

	CHECK_OK(sandbox, device_make(sandbox, device));
	CHECK(fstatat(sandbox->root_fd, "dev/null", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(st.st_mode == (S_IFCHR | 0666) && st.st_rdev == makedev(1, 3) && st.st_uid == 0);
	CHECK_OK(sandbox, device_make(sandbox, device)); /* the same is there */
	device = (struct boot_device){.kind = BOOT_DEVICE_NODE,
		.path = "/run/deep/pipe",
		.mode = S_IFIFO | 0642,
		.uid = 5,
		.gid = 7};
	CHECK_OK(sandbox, device_make(sandbox, device));
	CHECK(fstatat(sandbox->root_fd, "run/deep/pipe", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(st.st_mode == (S_IFIFO | 0642) && st.st_uid == 5 && st.st_gid == 7);
}

static void link_is(struct sandbox *sandbox, const char *path, const char *wanted)
{
	char text[64] = "";

	CHECK(readlinkat(sandbox->root_fd, path, text, sizeof(text) - 1) >= 0);
	CHECK(str_is_equal(text, wanted));
}

/* Each in the directory of its own path, whatever the one before it was made in. */
static void directories(struct sandbox *sandbox)
{
	static const char *const paths[] = {"/dev/a", "/dev/b", "/run/c", "/dev/d", "/top"};
	struct boot_device devices[ARRAY_COUNT(paths) + 1];
	struct boot boot = {.devices = {devices, ARRAY_COUNT(paths)}};
	struct rootfs rootfs;

	for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
		devices[i] = (struct boot_device){.kind = BOOT_DEVICE_LINK,
			.pointer = "/d/0",
			.path = i < ARRAY_COUNT(paths) ? paths[i] : "/..",
			.target = "x"};
	}
	attach(sandbox, &rootfs, &boot);
	CHECK_OK(sandbox, rootfs_devices(&rootfs, &boot, &sandbox->err));
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		link_is(sandbox, paths[i] + 1, "x");
	}
	boot.devices.count++;
	CHECK(rootfs_devices(&rootfs, &boot, &sandbox->err) == -EINVAL);
	CHECK(str_is_equal(sandbox->err.subject, "/.."));
	rootfs_finish(&rootfs);
}

/* What stands in the place of a device and is not that device is an error, and stays as it is. */
static void other_things(struct sandbox *sandbox)
{
	char target[SANDBOX_PATH_SIZE + 16];

	sandbox_dir(sandbox->root_fd, "dev");
	sandbox_file(sandbox->root_fd, "dev/null", "file");
	CHECK(device_make(sandbox, node_null) == -EEXIST);
	CHECK(sandbox_error_has(sandbox, "/d/0", "something else stands in the place"));
	CHECK(str_is_equal(sandbox->err.subject, "/dev/null"));
	CHECK(sandbox_has(sandbox->root_fd, "dev/null", "file"));
	CHECK(unlinkat(sandbox->root_fd, "dev/null", 0) == 0);
	CHECK(mknodat(sandbox->root_fd, "dev/null", S_IFCHR | 0666, makedev(1, 5)) == 0);
	CHECK(device_make(sandbox, node_null) == -EEXIST);
	CHECK(unlinkat(sandbox->root_fd, "dev/null", 0) == 0);
	(void)snprintf(target, sizeof(target), "%s/new", sandbox->outside);
	sandbox_link(sandbox->root_fd, "dev/null", target);
	CHECK(device_make(sandbox, node_null) == -EEXIST);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
}

/* P5: /dev of the image is a link to a directory outside, with a decoy. */
static void dev_is_link(struct sandbox *sandbox)
{
	const char *const shapes[] = {sandbox->outside, "../../../../../../outside", "/real"};
	struct boot_device devices[] = {node_null,
		{.kind = BOOT_DEVICE_LINK,
			.pointer = "/d/1",
			.path = "/dev/fd",
			.target = "/proc/self/fd"},
		{.kind = BOOT_DEVICE_LINK,
			.pointer = "/d/2",
			.path = "/dev/ptmx",
			.target = "pts/ptmx"}};
	struct boot boot = {.devices = {devices, 3}};
	struct rootfs rootfs;

	sandbox_file(sandbox->outside_fd, "ptmx", "decoy");
	sandbox_dir(sandbox->root_fd, "real");
	for (size_t i = 0; i < ARRAY_COUNT(shapes); i++) {
		sandbox_link(sandbox->root_fd, "dev", shapes[i]);
		attach(sandbox, &rootfs, &boot);
		CHECK_OK(sandbox, rootfs_devices(&rootfs, &boot, &sandbox->err));
		rootfs_finish(&rootfs);
		CHECK(unlinkat(sandbox->root_fd, "dev", 0) == 0);
		CHECK(sandbox_count(sandbox->outside_fd, ".") == 1);
		CHECK(sandbox_has(sandbox->outside_fd, "ptmx", "decoy"));
	}
	CHECK(sandbox_count(sandbox->root_fd, "real") == 3);
	CHECK(sandbox_count(sandbox->root_fd, "outside") == 3);
	/* Control: by its name, the decoy is there to be reached. */
	sandbox_link(sandbox->root_fd, "dev", sandbox->outside);
	CHECK(unlinkat(sandbox->root_fd, "dev/ptmx", 0) == 0);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
}

static void links(struct sandbox *sandbox)
{
	struct boot_device fd = {
		.kind = BOOT_DEVICE_LINK, .path = "/dev/fd", .target = "/proc/self/fd"};
	struct boot_device ptmx = {
		.kind = BOOT_DEVICE_LINK, .path = "/dev/ptmx", .target = "pts/ptmx"};

	CHECK_OK(sandbox, device_make(sandbox, fd));
	CHECK_OK(sandbox, device_make(sandbox, fd));
	link_is(sandbox, "dev/fd", "/proc/self/fd");
	sandbox_link(sandbox->root_fd, "dev/ptmx", "/elsewhere");
	CHECK_OK(sandbox, device_make(sandbox, ptmx));
	link_is(sandbox, "dev/ptmx", "pts/ptmx");
	CHECK(unlinkat(sandbox->root_fd, "dev/fd", 0) == 0);
	sandbox_file(sandbox->root_fd, "dev/fd", "mine");
	CHECK_OK(sandbox, device_make(sandbox, fd));
	CHECK(sandbox_has(sandbox->root_fd, "dev/fd", "mine"));
	CHECK(unlinkat(sandbox->root_fd, "dev/ptmx", 0) == 0);
	sandbox_dir(sandbox->root_fd, "dev/ptmx");
	CHECK(device_make(sandbox, ptmx) == -EISDIR);
}

static void bound(struct sandbox *sandbox)
{
	struct boot_device device = node_null;
	struct boot boot = {.devices = {&device, 1}};
	struct rootfs rootfs;
	struct stat st;

	device.kind = BOOT_DEVICE_BIND;
	attach(sandbox, &rootfs, &boot);
	CHECK_OK(sandbox, rootfs_devices(&rootfs, &boot, &sandbox->err));
	CHECK(fstatat(rootfs.root_fd, "dev/null", &st, 0) == 0 && st.st_rdev == makedev(1, 3));
	CHECK(fstatat(sandbox->root_fd, "dev/null", &st, 0) == 0 && S_ISREG(st.st_mode));
	/* Another device than the host's of that name. */
	device.minor = 5;
	rootfs_init(&rootfs, &boot, sandbox->fds);
	CHECK(rootfs_open_sources(&rootfs, &boot, &sandbox->err) == -ENODEV);
	CHECK(sandbox_error_has(sandbox, "/d/0", "is not the wanted device"));
}

/* The root with a secret file and directory, and a /dev/null of the image's choice. */
static int mask(struct sandbox *sandbox, struct rootfs *rootfs)
{
	static const char *const masked[] = {
		"/secret", "/absent", "/hidden", "/also", "/to-secret2", "/absent/x", NULL};
	struct boot boot = {.masked_paths = {masked, 6}};
	int r;

	attach(sandbox, rootfs, &boot);
	r = rootfs_masks(rootfs, &boot, &sandbox->err);
	CHECK((r < 0) == (sandbox->err.message[0] != '\0'));
	return r;
}

static void mask_prepare(struct sandbox *sandbox)
{
	sandbox_file(sandbox->root_fd, "secret", "secret");
	sandbox_file(sandbox->root_fd, "secret2", "secret");
	sandbox_link(sandbox->root_fd, "to-secret2", "secret2");
	sandbox_dir(sandbox->root_fd, "hidden");
	sandbox_file(sandbox->root_fd, "hidden/f", "secret");
	sandbox_dir(sandbox->root_fd, "also");
	sandbox_file(sandbox->root_fd, "also/f", "secret");
	sandbox_dir(sandbox->root_fd, "dev");
	sandbox_file(sandbox->root_fd, "decoy", "decoy");
}

static void masks(struct sandbox *sandbox)
{
	struct rootfs rootfs;
	struct stat one, two;

	mask_prepare(sandbox);
	CHECK(mknodat(sandbox->root_fd, "dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	CHECK_OK(sandbox, mask(sandbox, &rootfs));
	CHECK(sandbox_has(rootfs.root_fd, "secret", ""));
	CHECK(sandbox_has(rootfs.root_fd, "secret2", ""));
	CHECK(sandbox_count(rootfs.root_fd, "hidden") == 0);
	CHECK(sandbox_count(rootfs.root_fd, "also") == 0);
	CHECK(mkdirat(rootfs.root_fd, "hidden/x", 0755) < 0 && errno == EROFS);
	CHECK(mkdirat(rootfs.root_fd, "also/x", 0755) < 0 && errno == EROFS);
	/* One super block for all of them. */
	CHECK(fstatat(rootfs.root_fd, "hidden", &one, 0) == 0);
	CHECK(fstatat(rootfs.root_fd, "also", &two, 0) == 0);
	CHECK(one.st_dev == two.st_dev);
}

/* M5: /dev/null is not the null device. */
static void mask_by_decoy(struct sandbox *sandbox, void (*put)(int root_fd))
{
	struct rootfs rootfs;

	mask_prepare(sandbox);
	put(sandbox->root_fd);
	CHECK(mask(sandbox, &rootfs) < 0);
	CHECK(sandbox_error_has(sandbox, "/linux/maskedPaths/0", "mask a file"));
	CHECK(str_is_equal(sandbox->err.subject, "/dev/null"));
	CHECK(!sandbox_has(rootfs.root_fd, "secret", "decoy"));
	CHECK(sandbox_has(rootfs.root_fd, "decoy", "decoy"));
}

static void put_link(int root_fd)
{
	sandbox_link(root_fd, "dev/null", "../decoy");
}

static void put_link_to_null(int root_fd)
{
	CHECK(mknodat(root_fd, "null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	sandbox_link(root_fd, "dev/null", "../null");
}

static void put_file(int root_fd)
{
	sandbox_file(root_fd, "dev/null", "decoy");
}

static void put_zero(int root_fd)
{
	CHECK(mknodat(root_fd, "dev/null", S_IFCHR | 0666, makedev(1, 5)) == 0);
}

static void put_block(int root_fd)
{
	CHECK(mknodat(root_fd, "dev/null", S_IFBLK | 0666, makedev(1, 3)) == 0);
}

static void put_nothing(int root_fd)
{
	(void)root_fd;
}

static void mask_link(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_link);
}

static void mask_link_to_null(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_link_to_null);
}

static void mask_file(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_file);
}

static void mask_zero(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_zero);
}

static void mask_block(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_block);
}

static void mask_nothing(struct sandbox *sandbox)
{
	mask_by_decoy(sandbox, put_nothing);
}

static void readonly(struct sandbox *sandbox)
{
	static const char *const paths[] = {"/ro", "/absent", "/file", "/out", NULL};
	struct boot boot = {.readonly_paths = {paths, 4}};
	struct rootfs rootfs;
	char inside[SANDBOX_PATH_SIZE + 16];

	sandbox_dir(sandbox->root_fd, "ro");
	sandbox_dir(sandbox->root_fd, "rw");
	sandbox_file(sandbox->root_fd, "file", "text");
	sandbox_link(sandbox->root_fd, "out", sandbox->outside);
	attach(sandbox, &rootfs, &boot);
	CHECK_OK(sandbox, rootfs_readonly(&rootfs, &boot, &sandbox->err));
	CHECK(mkdirat(rootfs.root_fd, "ro/x", 0755) < 0 && errno == EROFS);
	CHECK(mkdirat(rootfs.root_fd, "rw/x", 0755) == 0);
	CHECK(openat(rootfs.root_fd, "file", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	CHECK(sandbox_has(rootfs.root_fd, "file", "text"));
	(void)snprintf(inside, sizeof(inside), "%s/w", sandbox->outside);
	CHECK(sandbox_try_write(inside) == 0); /* outside is as it was */
	/* A file on the way is no absence. */
	boot.readonly_paths.items = (const char *const[]){"/file/x", NULL};
	boot.readonly_paths.count = 1;
	CHECK(rootfs_readonly(&rootfs, &boot, &sandbox->err) == -ENOTDIR);
	CHECK(sandbox_error_has(sandbox, "/linux/readonlyPaths/0", "find"));
}

static void workdir(struct sandbox *sandbox)
{
	struct boot boot = {.cwd = "/job/dir"};
	struct rootfs rootfs;

	sandbox_file(sandbox->root_fd, "file", "");
	attach(sandbox, &rootfs, &boot);
	CHECK_OK(sandbox, rootfs_workdir(&rootfs, &boot, &sandbox->err));
	CHECK(sandbox_exists(rootfs.root_fd, "job/dir"));
	boot.cwd = "/file/x";
	CHECK_OK(sandbox, rootfs_workdir(&rootfs, &boot, &sandbox->err));
	boot.flags = BOOT_ROOT_READONLY;
	CHECK_OK(sandbox, rootfs_remount(&rootfs, &boot, &sandbox->err));
	boot.cwd = "/missing";
	CHECK_OK(sandbox, rootfs_workdir(&rootfs, &boot, &sandbox->err));
	CHECK(sandbox->err.message[0] == '\0');
}

#define IN_SANDBOX(name)                                                                           \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		sandbox_run(name);                                                                 \
	}
IN_SANDBOX(nodes)
IN_SANDBOX(directories)
IN_SANDBOX(other_things)
IN_SANDBOX(dev_is_link)
IN_SANDBOX(links)
IN_SANDBOX(bound)
IN_SANDBOX(masks)
IN_SANDBOX(mask_link)
IN_SANDBOX(mask_link_to_null)
IN_SANDBOX(mask_file)
IN_SANDBOX(mask_zero)
IN_SANDBOX(mask_block)
IN_SANDBOX(mask_nothing)
IN_SANDBOX(readonly)
IN_SANDBOX(workdir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_other_things),
		cmocka_unit_test(test_dev_is_link),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_mask_link),
		cmocka_unit_test(test_mask_link_to_null),
		cmocka_unit_test(test_mask_file),
		cmocka_unit_test(test_mask_zero),
		cmocka_unit_test(test_mask_block),
		cmocka_unit_test(test_mask_nothing),
		cmocka_unit_test(test_readonly),
		cmocka_unit_test(test_workdir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
