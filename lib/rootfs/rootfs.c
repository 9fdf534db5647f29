/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/rootfs.h"

#include <errno.h>

#include "base/cleanup.h"
#include "rootfs/host.h"
#include "rootfs/path.h"

static void fds_init(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = -1;
	}
}

static void fds_close(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		close_fd(&fds[i]);
	}
}

void rootfs_init(struct rootfs *rootfs, const struct boot *boot, int *fds)
{
	size_t mounts = boot->mounts.count;
	size_t devices = boot->devices.count;

	fds_init(fds, mounts * 2 + devices);
	*rootfs = (struct rootfs){
		.root_fd = -1,
		.is_live = (boot->flags & BOOT_LIVE) != 0,
		.source_fds = fds,
		.late_fds = fds + mounts,
		.device_fds = fds + mounts * 2,
		.host = {-1, -1},
		.work = {-1, -1},
		.mount_count = mounts,
		.device_count = devices,
	};
}

void rootfs_finish(struct rootfs *rootfs)
{
	if (!rootfs || !rootfs->source_fds) {
		return;
	}
	fds_close(rootfs->source_fds, rootfs->mount_count);
	fds_close(rootfs->late_fds, rootfs->mount_count);
	fds_close(rootfs->device_fds, rootfs->device_count);
	close_fd(&rootfs->root_fd);
	rootfs_host_leave(rootfs);
	*rootfs = (struct rootfs){.root_fd = -1};
}

/* What chdir(2) will say better later, for it knows whether the directory is needed: a read-only root
 * that lacks it, a file in its place, a link of procfs. */
static int is_for_chdir(int r)
{
	return r == -EROFS || r == -EACCES || r == -EPERM || r == -ENOTDIR || r == -ENOENT ||
	       r == -ELOOP;
}

int rootfs_workdir(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	struct berth_error local = {0};
	autofd int fd = -1;
	int r = rootfs_path_make(rootfs->root_fd, boot->cwd, 0, &fd, &local);

	if (r >= 0 || is_for_chdir(r)) {
		return 0;
	}
	if (err) {
		*err = local;
	}
	error_add_pointer(err, "/process/cwd");
	return r;
}
