/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without pivot_root(2), which the initial ramfs refuses: the root file system is moved over "/", and
 * chroot(2) goes there. The host's root stays in the mount namespace, below. A proc or sysfs of the host that
 * stayed to be seen there would let a user namespace made inside mount a full one of its own: so all mounts of the
 * host are detached first but those on the way to the root file system, and a proc or sysfs that is locked, as
 * in a user namespace, is covered.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/mountinfo.h"

enum { MOUNT_PATH_MAX = 4096 };

/* By the directory of this process, which is there also when /proc has been detached. */
static int mounts_open(int self_fd)
{
	return sys_openat2(self_fd, "mountinfo", O_RDONLY, 0, RESOLVE_BENEATH);
}

/* Where the root file system is attached, and how many mounts there are. */
static int find_root(int self_fd, uint64_t id, char path[MOUNT_PATH_MAX], size_t *ret_count)
{
	autofd int fd = mounts_open(self_fd);
	struct sys_mountinfo mounts = {.fd = fd};
	struct sys_mountinfo_line line;
	bool is_found = false;
	int r = fd < 0 ? fd : 1;

	*ret_count = 0;
	while (r > 0 && (r = sys_mountinfo_next(&mounts, &line)) > 0) {
		*ret_count += 1;
		if (line.id != id) {
			continue;
		}
		is_found = true;
		if (str_copy(path, MOUNT_PATH_MAX, line.point) < strlen(line.point)) {
			return -ENAMETOOLONG;
		}
	}
	return r < 0 || is_found ? r : -ENOENT;
}

static bool is_inside(const char *path, const char *root)
{
	size_t length = strlen(root);

	return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* The mounts through which the root file system is reached are needed until it is moved. */
static bool is_on_way(const char *point, const char *root)
{
	return str_is_equal(point, "/") || is_inside(root, point);
}

static bool is_meant(const struct sys_mountinfo_line *line)
{
	return str_is_equal(line->fstype, "proc") || str_is_equal(line->fstype, "sysfs");
}

/* The mount of the line with this number, if there is one: whatever is not needed goes. What is locked in a
 * user namespace stays; a proc or a sysfs that stays is found in the end. */
static int detach_line(int self_fd, size_t number, const char *root)
{
	autofd int fd = mounts_open(self_fd);
	struct sys_mountinfo mounts = {.fd = fd};
	struct sys_mountinfo_line line;
	int r = fd < 0 ? fd : 1;

	for (size_t i = 0; r > 0 && i <= number; i++) {
		r = sys_mountinfo_next(&mounts, &line);
	}
	if (r <= 0 || is_inside(line.point, root) || is_on_way(line.point, root)) {
		return r < 0 ? r : 0;
	}
	(void)!sys_umount(line.point, MNT_DETACH | UMOUNT_NOFOLLOW);
	return 0;
}

/* What covers it is covered here, too: a new user namespace locks the cover, and the proc below with it. */
static int cover(const char *path, struct berth_error *err)
{
	static const struct boot_mount tmpfs = {.source = "tmpfs", .fstype = "tmpfs"};
	autofd int target_fd = sys_open(path, O_PATH);
	autofd int mount_fd = -1;
	int r;

	if (target_fd < 0) {
		return rootfs_fail(err, target_fd, ROOTFS_CALL_OTHER, path, "--no-pivot: hide");
	}
	r = rootfs_mount_new(&tmpfs, MOUNT_ATTR_RDONLY, NULL, &mount_fd, err);
	return r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, path, err);
}

/* What is still there of the host's, because it is locked or on the way. */
static int cover_rest(int self_fd, const char *root, struct berth_error *err)
{
	autofd int fd = mounts_open(self_fd);
	struct sys_mountinfo mounts = {.fd = fd};
	struct sys_mountinfo_line line;
	int r = fd < 0 ? fd : 1;

	while (r > 0 && (r = sys_mountinfo_next(&mounts, &line)) > 0) {
		if (is_meant(&line) && !is_inside(line.point, root)) {
			int covered = cover(line.point, err);

			if (covered < 0) {
				return covered;
			}
		}
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL,
			       "--no-pivot: find the mounts of the host")
		     : 0;
}

static int hide_all(int root_fd, struct berth_error *err)
{
	autofd int self_fd = sys_open("/proc/self", O_PATH | O_DIRECTORY);
	char root[MOUNT_PATH_MAX];
	uint64_t id = 0;
	size_t count = 0;
	int r = self_fd < 0 ? self_fd : sys_mount_id(root_fd, &id);

	if (r >= 0) {
		r = find_root(self_fd, id, root, &count);
	}
	/* From the last to the first: what lies on top of another goes before it, so each is found at its path. */
	while (r >= 0 && count-- > 0) {
		r = detach_line(self_fd, count, root);
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL,
			       "--no-pivot: find the mounts of the host")
		     : cover_rest(self_fd, root, err);
}

int rootfs_move_root(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	autofd int host_fd = sys_open("/", O_PATH | O_DIRECTORY);
	int r;

	if (host_fd < 0) {
		return rootfs_fail(err, host_fd, ROOTFS_CALL_OTHER, "/", "open");
	}
	r = hide_all(rootfs->root_fd, err);
	if (r == 0) {
		r = rootfs_mount_attach(rootfs->root_fd, host_fd, "/", err);
	}
	if (r < 0) {
		return r;
	}
	r = sys_fchdir(rootfs->root_fd);
	if (r == 0) {
		r = sys_chroot(".");
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, boot->root, "chroot to") : 0;
}
