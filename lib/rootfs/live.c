/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a container that is there. The bind sources were opened in a copy of the host's mounts; here
 * the process goes over into the container's mount namespace, and everything else is as for a new one.
 *
 * A mount is unmounted by its descriptor, as by its path it might be another one by now: umount(2) takes
 * only paths, so it gets that of the descriptor in /proc/self/fd of the host, which was opened before the
 * container's files came into sight.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

static int live_open_fds(int *ret_fd, struct berth_error *err)
{
	static const char path[] = "/proc/self/fd";
	autofd int fd = sys_open(path, O_PATH | O_DIRECTORY);
	uint64_t magic = 0;
	int r = fd < 0 ? fd : sys_fs_magic(fd, &magic);

	if (r == 0 && magic != PROC_SUPER_MAGIC) {
		r = -ENODEV;
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "open");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Into the container's mount namespace, or into a copy of it in which nothing that is done reaches a mount of others. The
 * working directory is /proc/self/fd from here on. */
static int live_enter(
	struct rootfs *rootfs, int ns_fd, int fds_fd, bool is_copy, struct berth_error *err)
{
	const struct rootfs_attr alone = {.propagation = MS_PRIVATE, .flags = AT_RECURSIVE};
	int r = sys_setns(ns_fd, CLONE_NEWNS);

	if (r == 0 && is_copy) {
		r = sys_unshare(CLONE_NEWNS);
	}
	if (r == 0) {
		r = sys_fchdir(fds_fd);
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL,
			"join the mount namespace of the container");
	}
	r = rootfs_enter(rootfs, err);
	if (r == 0 && is_copy) {
		r = rootfs_mount_set(rootfs->root_fd, &alone, "/", err);
	}
	return r;
}

static int live_unmount(int fd)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%d", fd);
	return sys_umount(name, MNT_DETACH);
}

/* In reverse. What is not attached yet is refused, and goes with its descriptor. */
static void live_undo(const struct rootfs *rootfs)
{
	for (size_t i = rootfs->mount_count; i > 0; i--) {
		int late_fd = rootfs->late_fds[i - 1];

		(void)!live_unmount(late_fd < 0 ? rootfs->source_fds[i - 1] : late_fd);
	}
}

/* Whether it is what the path leads to. The container can change that only as long as nothing is mounted
 * there. */
static int is_at(const struct rootfs *rootfs, int fd, const char *path, struct berth_error *err)
{
	autofd int other_fd = -1;
	bool is_same = false;
	int r = rootfs_path_find(rootfs->root_fd, path, 0, &other_fd, NULL);

	if (r == ROOTFS_PATH_ABSENT || r == -ENOTDIR || r == -ELOOP) {
		return 0;
	}
	if (r == 0) {
		r = rootfs_mount_same(fd, other_fd, &is_same);
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "examine") : is_same;
}

/* Where it is, without a link. */
static int live_place(int fd, char place[static PATH_MAX])
{
	char name[16];
	ssize_t length;

	(void)snprintf(name, sizeof(name), "%d", fd);
	length = sys_readlinkat(AT_FDCWD, name, place, PATH_MAX);
	if (length < 0 || length == PATH_MAX) {
		return length < 0 ? (int)length : -ENAMETOOLONG;
	}
	place[length] = '\0';
	return 0;
}

/* Whether the path leads to a mount that lies below the other, and would go with it. */
static int is_below(
	const struct rootfs *rootfs, const char *place, const char *path, struct berth_error *err)
{
	autofd int fd = -1;
	char other[PATH_MAX];
	bool is_mount = false;
	int r = rootfs_path_find(rootfs->root_fd, path, 0, &fd, NULL);

	if (r == ROOTFS_PATH_ABSENT || r == -ENOTDIR || r == -ELOOP) {
		return 0;
	}
	r = r == 0 ? sys_is_mount_root(fd, &is_mount) : r;
	r = r == 0 ? live_place(fd, other) : r;
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "examine");
	}
	return is_mount && str_has_prefix(other, place) && other[strlen(place)] == '/';
}

static int live_check_below(
	const struct rootfs *rootfs, const struct wire_texts *kept, int fd, struct berth_error *err)
{
	char place[PATH_MAX];
	int r = live_place(fd, place);

	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL, "examine");
	}
	for (size_t i = 0; i < kept->count; i++) {
		r = is_below(rootfs, place, kept->items[i], err);
		if (r != 0) {
			return r < 0 ? r
				     : error_set(err, BERTH_ERROR_CONFIG,
					       "%s would go with what is mounted on",
					       kept->items[i]);
		}
	}
	return 0;
}

/* The mount that is to go, when it may. */
static int live_find(struct rootfs *rootfs, const struct boot *boot, const char *target,
	int *ret_fd, struct berth_error *err)
{
	autofd int fd = -1;
	bool is_mount = false;
	int r = rootfs_path_find(rootfs->root_fd, target, 0, &fd, err);

	if (r < 0) {
		return r;
	}
	if (r == 0) {
		r = sys_is_mount_root(fd, &is_mount);
		if (r < 0) {
			return rootfs_fail(err, r, ROOTFS_CALL_OTHER, target, "examine");
		}
	}
	if (!is_mount) {
		return error_set(err, BERTH_ERROR_CONFIG, "nothing is mounted on");
	}
	for (size_t i = 0; i < boot->masked_paths.count; i++) {
		r = is_at(rootfs, fd, boot->masked_paths.items[i], err);
		if (r != 0) {
			return r < 0 ? r
				     : error_set(err, BERTH_ERROR_CONFIG,
					       "the container needs what is mounted on");
		}
	}
	r = live_check_below(rootfs, &boot->masked_paths, fd, err);
	if (r == 0) {
		r = live_check_below(rootfs, &boot->readonly_paths, fd, err);
	}
	if (r == 0) {
		*ret_fd = take_fd(&fd);
	}
	return r;
}

static int live_unmount_all(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	for (size_t i = 0; i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];
		autofd int fd = -1;
		int r = live_find(rootfs, boot, mount->target, &fd, err);

		if (r == 0) {
			r = live_unmount(fd);
			if (r < 0) {
				rootfs_fail(err, r, ROOTFS_CALL_OTHER, mount->target,
					r == -EINVAL ? "unmount what is locked:" : "unmount");
			}
		}
		if (r < 0) {
			error_add_subject(err, mount->target);
			error_add_pointer(err, mount->pointer);
			return r;
		}
	}
	return 0;
}

static int live_add(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	int r = rootfs_mounts(rootfs, boot, err);

	if (r == 0) {
		r = rootfs_remount(rootfs, boot, err);
	}
	if (r < 0) {
		live_undo(rootfs);
	}
	return r;
}

/* One mount may hide another of the list, or lie on it: what comes of all of them is known when it was done. So it is done
 * in a copy first, and nothing is undone where that fails: who was in a mount would not be in the one in its place. */
int rootfs_live(struct rootfs *rootfs, const struct boot *boot, int ns_fd, struct berth_error *err)
{
	bool is_removal = boot->mounts.count > 0 && boot->mounts.items[0].kind == BOOT_MOUNT_GONE;
	autofd int fds_fd = -1;
	int r = live_open_fds(&fds_fd, err);

	if (r == 0 && is_removal) {
		r = live_enter(rootfs, ns_fd, fds_fd, true, err);
		if (r == 0) {
			r = live_unmount_all(rootfs, boot, err);
		}
	}
	if (r == 0) {
		r = live_enter(rootfs, ns_fd, fds_fd, false, err);
	}
	if (r < 0) {
		return r;
	}
	return is_removal ? live_unmount_all(rootfs, boot, err) : live_add(rootfs, boot, err);
}
