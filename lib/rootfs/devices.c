/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and links below the root, usually in /dev. The image decides what /dev is: a link in its place
 * is followed inside the root, and every name is made under the descriptor of its directory, so that no
 * node and no link lands outside (CVE-2026-41579).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/file.h"

static bool is_wanted(const struct stat *st, const struct boot_device *device)
{
	if ((st->st_mode & S_IFMT) != (device->mode & S_IFMT)) {
		return false;
	}
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(device->major, device->minor);
}

/* Mode and owner of a node that was just made; mknod(2) has set both already as a rule. */
static int node_settle(
	int fd, const struct stat *st, const struct boot_device *device, struct berth_error *err)
{
	int r = 0;

	if (st->st_uid != device->uid || st->st_gid != device->gid) {
		r = sys_fchown(fd, device->uid, device->gid);
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, device->path, "change the owner of");
	}
	/* After the owner: chown(2) clears set-id bits. */
	if ((st->st_mode & 07777) != (device->mode & 07777)) {
		r = sys_fchmod(fd, device->mode & 07777);
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, device->path, "change the mode of")
		     : 0;
}

static int node_make(
	const struct boot_device *device, int dir_fd, const char *name, struct berth_error *err)
{
	autofd int fd = -1;
	struct stat st;
	int made = sys_mknodat(dir_fd, name, device->mode, makedev(device->major, device->minor));
	int r;

	if (made < 0 && made != -EEXIST) {
		return rootfs_fail(err, made, ROOTFS_CALL_OTHER, device->path,
			made == -EPERM
				? "make the device (berth's own device rules forbid it, or a "
				  "security module):"
				: "make the device");
	}
	r = rootfs_path_child(dir_fd, name, device->path, &fd, err);
	if (r < 0) {
		return r;
	}
	r = sys_fstat(fd, &st);
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, device->path, "examine");
	}
	if (!is_wanted(&st, device)) {
		return rootfs_fail(err, -EEXIST, ROOTFS_CALL_OTHER, device->path,
			"something else stands in the place of the device");
	}
	return made == 0 ? node_settle(fd, &st, device, err) : 0;
}

/* Programs rely on /dev/ptmx being that of the container's devpts, so it replaces what is there; any
 * other link gives way. */
static int link_make(
	const struct boot_device *device, int dir_fd, const char *name, struct berth_error *err)
{
	int r = sys_symlinkat(device->target, dir_fd, name);

	if (r == -EEXIST) {
		if (!str_is_equal(name, "ptmx")) {
			return 0;
		}
		r = sys_unlinkat(dir_fd, name, 0);
		r = r < 0 ? r : sys_symlinkat(device->target, dir_fd, name);
	}
	return r < 0 ? rootfs_fail(
			       err, r, ROOTFS_CALL_OTHER, device->path, "make the symbolic link")
		     : 0;
}

static int bind_make(
	struct rootfs *rootfs, const struct boot_device *device, size_t i, struct berth_error *err)
{
	autofd int mount_fd = take_fd(&rootfs->device_fds[i]);
	autofd int target_fd = -1;
	int r = rootfs_path_node(rootfs->root_fd, device->path, &target_fd, err);

	return r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, device->path, err);
}

/* The directory of the node or link that was made last: mostly all are made in the same one. */
struct last_dir {
	const char *path; /* of which the first `length` bytes name it; NULL: none */
	size_t length;
	int fd;
};

/* The directory is looked up once for those that follow each other in it. */
static int dir_find(struct last_dir *dir, const struct rootfs *rootfs, const char *path,
	const char **ret_name, struct berth_error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash + 1 - path) : 0;
	int r;

	if (dir->path && length == dir->length && memcmp(path, dir->path, length) == 0 &&
		path[length] != '\0' && path[length] != '.') {
		*ret_name = path + length;
		return 0;
	}
	dir->path = NULL;
	close_fd(&dir->fd);
	r = rootfs_path_parent(rootfs->root_fd, path, &dir->fd, ret_name, err);
	if (r == 0) {
		dir->path = path;
		dir->length = length;
	}
	return r;
}

static int device_make(struct rootfs *rootfs, const struct boot_device *device,
	struct last_dir *dir, struct berth_error *err)
{
	const char *name;
	int r = dir_find(dir, rootfs, device->path, &name, err);

	if (r < 0) {
		return r;
	}
	return device->kind == BOOT_DEVICE_NODE ? node_make(device, dir->fd, name, err)
						: link_make(device, dir->fd, name, err);
}

int rootfs_devices(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	struct last_dir dir = {.fd = -1};
	int r = 0;

	for (size_t i = 0; r == 0 && i < boot->devices.count; i++) {
		const struct boot_device *device = &boot->devices.items[i];

		if (device->kind == BOOT_DEVICE_BIND) {
			r = bind_make(rootfs, device, i, err);
		} else {
			r = device_make(rootfs, device, &dir, err);
		}
		if (r < 0) {
			error_add_subject(err, device->path);
			error_add_pointer(err, device->pointer);
		}
	}
	close_fd(&dir.fd);
	return r;
}
