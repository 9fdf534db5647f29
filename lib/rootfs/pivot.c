/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the host's "/" to the container's, and what becomes read-only at the very end. pivot_root(2)
 * with "." twice puts the old root on top of the new one, at the same place: no directory of the image
 * is needed for it, and it goes away by its own descriptor.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

/* The working directory is the old root's. Slave first: its umount must not reach the host. */
static int old_root_detach(int old_fd, struct berth_error *err)
{
	const struct rootfs_attr slave = {.propagation = MS_SLAVE, .flags = AT_RECURSIVE};
	int r = rootfs_mount_set(old_fd, &slave, "the old root", err);

	if (r < 0) {
		return r;
	}
	r = sys_umount(".", MNT_DETACH);
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL, "detach the old root") : 0;
}

static int pivot(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	autofd int old_fd = sys_open("/", O_PATH | O_DIRECTORY);
	int r = old_fd;

	if (r >= 0) {
		r = sys_fchdir(rootfs->root_fd);
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, "/", "open");
	}
	r = sys_pivot_root(".", ".");
	if (r < 0) {
		/* Both roots are mounts, and neither is shared: what is left is the initial ramfs. */
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, boot->root,
			r == -EINVAL ? "pivot_root (in an initial ramfs use --no-pivot) to"
				     : "pivot_root to");
	}
	r = sys_fchdir(old_fd);
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, "/", "change to the old root");
	}
	return old_root_detach(old_fd, err);
}

int rootfs_pivot(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	const struct rootfs_attr propagation = {
		.propagation = boot->root_propagation,
		.flags = boot->is_root_propagation_recursive ? AT_RECURSIVE : 0,
	};
	int r = boot->flags & BOOT_NO_PIVOT ? rootfs_move_root(rootfs, boot, err)
					    : pivot(rootfs, boot, err);

	if (r < 0) {
		return r;
	}
	r = sys_chdir("/");
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, "/", "chdir to the new root");
	}
	/* root_fd is the descriptor of the mount that is "/" now, and stays so. */
	r = rootfs_mount_set(rootfs->root_fd, &propagation, "/", err);
	if (r < 0) {
		error_add_pointer(err, "/linux/rootfsPropagation");
	}
	return r;
}

int rootfs_remount(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	const struct rootfs_attr readonly = {.set = MOUNT_ATTR_RDONLY};
	int r = 0;

	for (size_t i = 0; i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];

		if (rootfs->late_fds[i] < 0) {
			continue;
		}
		r = rootfs_mount_set(rootfs->late_fds[i], &readonly, mount->target, err);
		if (r < 0) {
			error_add_pointer(err, mount->pointer);
			return r;
		}
	}
	if (boot->flags & BOOT_ROOT_READONLY) {
		r = rootfs_mount_set(rootfs->root_fd, &readonly, "/", err);
		if (r < 0) {
			error_add_pointer(err, "/root/readonly");
		}
	}
	return r;
}
