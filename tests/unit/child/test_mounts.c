/* SPDX-License-Identifier: Apache-2.0 */
/* The list of mounts on the real kernel: targets, attributes, modes, and what an image tries. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/str.h"
#include "sandbox.h"
#include "sys/abi.h"

static const char *const no_options[] = {NULL};

/* Sources, root and mounts, as the steps do it. */
static int build(struct sandbox *sandbox, struct rootfs *rootfs, struct boot *boot)
{
	int r;

	error_clear(&sandbox->err);
	boot->root = sandbox->root;
	boot->first_propagation = MS_SLAVE;
	rootfs_init(rootfs, boot, sandbox->fds);
	r = rootfs_make_private(boot, &sandbox->err);
	r = r < 0 ? r : rootfs_open_sources(rootfs, boot, &sandbox->err);
	r = r < 0 ? r : rootfs_attach_root(rootfs, boot, &sandbox->err);
	return r < 0 ? r : rootfs_mounts(rootfs, boot, &sandbox->err);
}

static int build_one(struct sandbox *sandbox, struct rootfs *rootfs, const struct boot_mount *mount)
{
	struct boot_mount copy = *mount;
	struct boot boot = {.mounts = {&copy, 1}};
	int r;

	copy.pointer = "/mounts/0";
	if (!copy.options.items) {
		copy.options.items = no_options;
	}
	r = build(sandbox, rootfs, &boot);
	CHECK((r < 0) == (sandbox->err.message[0] != '\0'));
	return r;
}

static unsigned long flags_of(int dir_fd, const char *path)
{
	struct statvfs fs;
	int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC);

	CHECK(fd >= 0 && fstatvfs(fd, &fs) == 0);
	(void)close(fd);
	return fs.f_flag;
}

static mode_t mode_of(int dir_fd, const char *path)
{
	struct stat st;

	CHECK(fstatat(dir_fd, path, &st, 0) == 0);
	return st.st_mode;
}

static void file_systems(struct sandbox *sandbox)
{
	static const char *const options[] = {"size=64k", "mode=711", NULL};
	struct rootfs rootfs;

	CHECK_OK(sandbox, build_one(sandbox, &rootfs,
				  &(struct boot_mount){.target = "/proc",
					  .source = "proc",
					  .fstype = "proc",
					  .flags = BOOT_MOUNT_STRICT}));
	CHECK(sandbox_exists(rootfs.root_fd, "proc/self/status"));
	CHECK_OK(sandbox, build_one(sandbox, &rootfs,
				  &(struct boot_mount){.target = "/tmp/t",
					  .source = "tmpfs",
					  .fstype = "tmpfs",
					  .options = {options, 2},
					  .attr_set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV |
						      MOUNT_ATTR_RDONLY}));
	CHECK(mode_of(rootfs.root_fd, "tmp/t") == (S_IFDIR | 0711));
	CHECK((flags_of(rootfs.root_fd, "tmp/t") & (ST_RDONLY | ST_NOEXEC | ST_NODEV)) ==
		(ST_RDONLY | ST_NOEXEC | ST_NODEV));
	CHECK(!(flags_of(rootfs.root_fd, "tmp/t") & ST_NOSUID));
}

/* A tmpfs has the mode of what it covers, and its own where it covers nothing. */
static void copied_mode(struct sandbox *sandbox)
{
	struct boot_mount mount = {.target = "/there",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.flags = BOOT_MOUNT_COPY_MODE};
	struct rootfs rootfs;

	sandbox_dir(sandbox->root_fd, "there");
	CHECK(fchmodat(sandbox->root_fd, "there", 01750, 0) == 0);
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(mode_of(rootfs.root_fd, "there") == (S_IFDIR | 01750));
	mount.target = "/not/there";
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(mode_of(rootfs.root_fd, "not/there") == (S_IFDIR | 01777));
}

static void refused_options(struct sandbox *sandbox)
{
	static char long_option[400] = "size=";
	const char *options[] = {"nonsense=1", NULL};
	struct boot_mount mount = {
		.target = "/t", .source = "tmpfs", .fstype = "tmpfs", .options = {options, 1}};
	struct rootfs rootfs;

	CHECK(build_one(sandbox, &rootfs, &mount) == -EINVAL);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "mount option nonsense"));
	CHECK(sandbox_error_has(
		sandbox, "/mounts/0", "Unknown parameter")); /* the kernel's words */
	memset(long_option + 5, '1', sizeof(long_option) - 6);
	options[0] = long_option;
	CHECK(build_one(sandbox, &rootfs, &mount) == -EINVAL);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "longer than fsconfig(2) takes"));
	mount.options.count = 0;
	mount.fstype = "nosuchfs";
	CHECK(build_one(sandbox, &rootfs, &mount) == -ENODEV);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "create file system nosuchfs"));
}

static void binds(struct sandbox *sandbox)
{
	char file[SANDBOX_PATH_SIZE + 16];
	struct boot_mount mount = {.kind = BOOT_MOUNT_BIND,
		.flags = BOOT_MOUNT_RECURSIVE,
		.source = sandbox->outside,
		.target = "/data/x"};
	struct rootfs rootfs;

	sandbox_file(sandbox->outside_fd, "f", "text");
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(sandbox_has(rootfs.root_fd, "data/x/f", "text"));
	mount.attr_set = MOUNT_ATTR_RDONLY;
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(flags_of(rootfs.root_fd, "data/x") & ST_RDONLY);
	CHECK(mkdirat(rootfs.root_fd, "data/x/no", 0755) < 0 && errno == EROFS);
	CHECK(mkdirat(sandbox->outside_fd, "yes", 0755) == 0); /* the source is what it was */
	/* A file on a file that is missing, and on a link of the image that leads outside. */
	(void)snprintf(file, sizeof(file), "%s/f", sandbox->outside);
	sandbox_link(sandbox->root_fd, "evil", file);
	mount = (struct boot_mount){
		.kind = BOOT_MOUNT_BIND, .source = file, .target = "/etc/resolv.conf"};
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(sandbox_has(rootfs.root_fd, "etc/resolv.conf", "text"));
	mount.target = "/evil";
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(sandbox_has(rootfs.root_fd, file + 1, "text"));
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 2);
}

static void sources(struct sandbox *sandbox)
{
	struct boot_mount mount = {
		.kind = BOOT_MOUNT_BIND, .source = "/no/such/source", .target = "/never"};
	struct rootfs rootfs;

	CHECK(build_one(sandbox, &rootfs, &mount) == -ENOENT);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "open the bind source"));
	CHECK(str_is_equal(sandbox->err.subject, "/no/such/source"));
	mount.flags = BOOT_MOUNT_OPTIONAL;
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(!sandbox_exists(rootfs.root_fd, "never"));
}

/* rro: the mounts below are read-only too; ro is for the top one. */
static void trees(struct sandbox *sandbox)
{
	struct boot_mount mounts[] = {
		{.kind = BOOT_MOUNT_BIND,
			.flags = BOOT_MOUNT_RECURSIVE,
			.pointer = "/mounts/0",
			.source = sandbox->outside,
			.target = "/ro",
			.attr_set = MOUNT_ATTR_RDONLY},
		{.kind = BOOT_MOUNT_BIND,
			.flags = BOOT_MOUNT_RECURSIVE,
			.pointer = "/mounts/1",
			.source = sandbox->outside,
			.target = "/rro",
			.tree_set = MOUNT_ATTR_RDONLY},
	};
	struct boot boot = {.mounts = {mounts, 2}};
	struct rootfs rootfs;

	sandbox_dir(sandbox->outside_fd, "below");
	CHECK(fchdir(sandbox->outside_fd) == 0);
	CHECK(syscall(SYS_mount, "tmpfs", "below", "tmpfs", 0, NULL) == 0);
	CHECK_OK(sandbox, build(sandbox, &rootfs, &boot));
	CHECK(flags_of(rootfs.root_fd, "ro") & ST_RDONLY);
	CHECK(!(flags_of(rootfs.root_fd, "ro/below") & ST_RDONLY));
	CHECK(flags_of(rootfs.root_fd, "rro") & ST_RDONLY);
	CHECK(flags_of(rootfs.root_fd, "rro/below") & ST_RDONLY);
}

/* P4 through the step: proc and sysfs want a real directory. */
static void strict(struct sandbox *sandbox)
{
	struct boot_mount mount = {
		.target = "/proc", .source = "proc", .fstype = "proc", .flags = BOOT_MOUNT_STRICT};
	struct rootfs rootfs;

	sandbox_dir(sandbox->root_fd, "bad");
	sandbox_link(sandbox->root_fd, "proc", "/bad");
	CHECK(build_one(sandbox, &rootfs, &mount) == -ELOOP);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "is a symbolic link"));
	CHECK(sandbox_count(rootfs.root_fd, "bad") == 0);
	CHECK(unlinkat(sandbox->root_fd, "proc", 0) == 0);
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount)); /* control */
}

/* After a mount on "/", by whatever name, what follows goes into it. */
static void on_root(struct sandbox *sandbox)
{
	const char *const targets[] = {"/self", "/"};

	sandbox_link(sandbox->root_fd, "self", ".");
	for (size_t i = 0; i < ARRAY_COUNT(targets); i++) {
		struct boot_mount mounts[] = {
			{.target = targets[i],
				.source = "tmpfs",
				.fstype = "tmpfs",
				.pointer = "/mounts/0",
				.options = {no_options, 0}},
			{.target = "/proc",
				.source = "proc",
				.fstype = "proc",
				.pointer = "/mounts/1",
				.options = {no_options, 0}},
		};
		struct boot boot = {.mounts = {mounts, 2}};
		struct rootfs rootfs;

		CHECK_OK(sandbox, build(sandbox, &rootfs, &boot));
		CHECK(sandbox_exists(rootfs.root_fd, "proc/self/status"));
		CHECK(!sandbox_exists(rootfs.root_fd, "self"));
	}
	CHECK(!sandbox_exists(sandbox->root_fd, "proc"));
}

static void read_only_last(struct sandbox *sandbox)
{
	struct boot_mount mount = {.target = "/dev",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.pointer = "/mounts/0",
		.options = {no_options, 0},
		.flags = BOOT_MOUNT_RO_LAST,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	struct boot boot = {.mounts = {&mount, 1}, .flags = BOOT_ROOT_READONLY};
	struct rootfs rootfs;

	CHECK_OK(sandbox, build(sandbox, &rootfs, &boot));
	CHECK(mkdirat(rootfs.root_fd, "dev/x", 0755) == 0);
	CHECK(mkdirat(rootfs.root_fd, "x", 0755) == 0);
	CHECK_OK(sandbox, rootfs_remount(&rootfs, &boot, &sandbox->err));
	CHECK(mkdirat(rootfs.root_fd, "dev/y", 0755) < 0 && errno == EROFS);
	CHECK(mkdirat(rootfs.root_fd, "y", 0755) < 0 && errno == EROFS);
	CHECK(flags_of(rootfs.root_fd, "dev") & ST_NOSUID);
	CHECK(mkdirat(sandbox->root_fd, "host", 0755) == 0); /* the host's own view is as it was */
}

static void hierarchy_links(struct sandbox *sandbox)
{
	struct boot_mount mount = {
		.kind = BOOT_MOUNT_LINK, .target = "/cg/cpu", .source = "cpu,cpuacct"};
	char text[32] = "";
	struct rootfs rootfs;

	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount));
	CHECK(readlinkat(rootfs.root_fd, "cg/cpu", text, sizeof(text) - 1) == 11);
	CHECK(str_is_equal(text, "cpu,cpuacct"));
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount)); /* it is there already */
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
}

/* In a user namespace the flags that came from outside are locked: "rw" on a read-only source fails in
 * words, and is not silently read-only. */
static void locked_flag(struct sandbox *sandbox)
{
	struct boot_mount mount = {.kind = BOOT_MOUNT_BIND,
		.source = sandbox->outside,
		.target = "/data",
		.attr_clear = MOUNT_ATTR_RDONLY};
	struct rootfs rootfs;

	CHECK(syscall(SYS_mount, "tmpfs", sandbox->outside, "tmpfs", MS_RDONLY, NULL) == 0);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		CHECK(!getenv("MUST_RUN"));
		print_message("skipped: no user namespaces\n");
		return;
	}
	write_text("/proc/self/uid_map", "0 0 1\n");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/gid_map", "0 0 1\n");
	CHECK(build_one(sandbox, &rootfs, &mount) == -EPERM);
	CHECK(sandbox_error_has(sandbox, "/mounts/0", "is locked and cannot be cleared"));
	mount.attr_clear = 0;
	CHECK_OK(sandbox, build_one(sandbox, &rootfs, &mount)); /* control */
	CHECK(flags_of(rootfs.root_fd, "data") & ST_RDONLY);
}

#define IN_SANDBOX(name)                                                                           \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		sandbox_run(name);                                                                 \
	}
IN_SANDBOX(file_systems)
IN_SANDBOX(copied_mode)
IN_SANDBOX(refused_options)
IN_SANDBOX(binds)
IN_SANDBOX(sources)
IN_SANDBOX(trees)
IN_SANDBOX(strict)
IN_SANDBOX(on_root)
IN_SANDBOX(read_only_last)
IN_SANDBOX(hierarchy_links)
IN_SANDBOX(locked_flag)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_systems),
		cmocka_unit_test(test_copied_mode),
		cmocka_unit_test(test_refused_options),
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_on_root),
		cmocka_unit_test(test_read_only_last),
		cmocka_unit_test(test_hierarchy_links),
		cmocka_unit_test(test_locked_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
