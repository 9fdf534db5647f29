/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that the container may not write to, and paths that it may not see. Both come after everything
 * that mounts: a later mount could bring an alias of a masked file. A target is looked up once; what
 * covers it goes onto its descriptor, so a path that is exchanged meanwhile does not stay open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { NULL_MAJOR = 1, NULL_MINOR = 3 };

/* What covers the targets; each is opened with its first target. */
struct covers {
	const char *option; /* of the empty directory, one more; or NULL */
	int null_fd;        /* O_PATH: the container's /dev/null */
	int empty_fd;       /* the mount of the empty directory, attached to the first target */
};

static int readonly_one(int root_fd, const char *path, struct berth_error *err)
{
	const struct rootfs_attr readonly = {.set = MOUNT_ATTR_RDONLY};
	autofd int target_fd = -1;
	autofd int mount_fd = -1;
	bool is_after;
	int r;

	/* What is attached to "/" is seen by nobody who has it as his root already. */
	if (str_is_equal(path, "/")) {
		return rootfs_mount_set(root_fd, &readonly, path, err);
	}
	r = rootfs_path_find(root_fd, path, 0, &target_fd, err);
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = rootfs_mount_clone(target_fd, AT_RECURSIVE, path, &mount_fd, err);
	if (r == 0) {
		r = rootfs_mount_prepare(mount_fd, &readonly, path, err);
	}
	is_after = r > 0;
	r = r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, path, err);
	return r == 0 && is_after ? rootfs_mount_set(mount_fd, &readonly, path, err) : r;
}

/* The pointer of an entry is composed only when it is needed. */
static int entry_failed(int r, const char *list, size_t i, struct berth_error *err)
{
	char pointer[64];

	(void)snprintf(pointer, sizeof(pointer), "/linux/%s/%zu", list, i);
	error_add_pointer(err, pointer);
	return r;
}

int rootfs_readonly(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	for (size_t i = 0; i < boot->readonly_paths.count; i++) {
		int r = readonly_one(rootfs->root_fd, boot->readonly_paths.items[i], err);

		if (r < 0) {
			return entry_failed(r, "readonlyPaths", i, err);
		}
	}
	return 0;
}

/* The image supplies /dev, perhaps: only a character device 1:3 covers a file, a link to something
 * else would open it (CVE-2025-31133). The descriptor that was checked is the one that is used. */
static int null_open(int root_fd, int *ret_fd, struct berth_error *err)
{
	autofd int fd = -1;
	struct stat st;
	int r = rootfs_path_find(root_fd, "/dev/null", O_NOFOLLOW, &fd, err);

	if (r == ROOTFS_PATH_ABSENT) {
		r = rootfs_fail(err, -ENOENT, ROOTFS_CALL_OTHER, "/dev/null", "mask a file with");
	}
	if (r < 0) {
		return r;
	}
	r = sys_fstat(fd, &st);
	if (r == 0 && (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(NULL_MAJOR, NULL_MINOR))) {
		r = -ENODEV;
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, "/dev/null",
			"mask a file: not the null device (1:3):");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int mask_file(int root_fd, int target_fd, const char *path, struct covers *covers,
	struct berth_error *err)
{
	autofd int mount_fd = -1;
	int r = covers->null_fd >= 0 ? 0 : null_open(root_fd, &covers->null_fd, err);

	if (r == 0) {
		r = rootfs_mount_clone(covers->null_fd, 0, path, &mount_fd, err);
	}
	return r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, path, err);
}

/* An empty directory that can hold nothing. Kernels differ in whether the root counts as an inode. */
static int empty_new(const char *option, int *ret_fd, struct berth_error *err)
{
	const char *options[] = {"nr_blocks=1", "nr_inodes=1", option};
	const struct boot_mount mount = {.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {.items = options, .count = option ? 3 : 2}};
	struct berth_error first = {0};
	int r = rootfs_mount_new(&mount, MOUNT_ATTR_RDONLY, NULL, ret_fd, &first);

	if (r == -ENOSPC || r == -EINVAL || r == -ENOMEM) {
		options[1] = "nr_inodes=2";
		return rootfs_mount_new(&mount, MOUNT_ATTR_RDONLY, NULL, ret_fd, err);
	}
	if (r < 0 && err) {
		*err = first;
	}
	return r;
}

/* One super block for all: the first is attached itself, the others are clones of the attached one. */
static int mask_directory(
	int target_fd, const char *path, struct covers *covers, struct berth_error *err)
{
	autofd int mount_fd = -1;
	int r;

	if (covers->empty_fd >= 0) {
		r = rootfs_mount_clone(covers->empty_fd, 0, path, &mount_fd, err);
		return r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, path, err);
	}
	r = empty_new(covers->option, &mount_fd, err);
	if (r == 0) {
		r = rootfs_mount_attach(mount_fd, target_fd, path, err);
	}
	if (r == 0) {
		covers->empty_fd = take_fd(&mount_fd);
	}
	return r;
}

static int mask_one(int root_fd, const char *path, struct covers *covers, struct berth_error *err)
{
	autofd int target_fd = -1;
	struct stat st;
	int r = rootfs_path_find(root_fd, path, 0, &target_fd, err);

	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = sys_fstat(target_fd, &st);
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "examine");
	}
	return S_ISDIR(st.st_mode) ? mask_directory(target_fd, path, covers, err)
				   : mask_file(root_fd, target_fd, path, covers, err);
}

int rootfs_masks(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	struct covers covers = {.option = boot->mask_option, .null_fd = -1, .empty_fd = -1};
	int r = 0;

	for (size_t i = 0; r == 0 && i < boot->masked_paths.count; i++) {
		r = mask_one(rootfs->root_fd, boot->masked_paths.items[i], &covers, err);
		if (r < 0) {
			entry_failed(r, "maskedPaths", i, err);
		}
	}
	close_fd(&covers.null_fd);
	close_fd(&covers.empty_fd);
	return r;
}
