/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More bind sources than there may be descriptors. They must be opened where nothing of the container is mounted
 * yet, or a mount could change what the path of a later one means. So the mounts as they are now are kept as a mount
 * namespace of their own, the container is built in a copy of it, and this process goes back for each next lot.
 */
#include <fcntl.h>

#include "base/cleanup.h"
#include "rootfs/fail.h"
#include "rootfs/host.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

static int place_open(struct rootfs_place *place, struct berth_error *err)
{
	static const char path[] = "/proc/self/ns/mnt";

	place->ns_fd = sys_open(path, O_RDONLY);
	if (place->ns_fd < 0) {
		return rootfs_fail(err, place->ns_fd, ROOTFS_CALL_OTHER, path, "open");
	}
	place->root_fd = sys_open("/", O_PATH | O_DIRECTORY);
	return place->root_fd < 0 ? rootfs_fail(err, place->root_fd, ROOTFS_CALL_OTHER, "/", "open")
				  : 0;
}

/* setns(2) changes the root directory too, to that of the namespace. */
static int place_enter(const struct rootfs_place *place, struct berth_error *err)
{
	int r = sys_setns(place->ns_fd, CLONE_NEWNS);

	r = r < 0 ? r : sys_fchdir(place->root_fd);
	r = r < 0 ? r : sys_chroot(".");
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL,
			       "go over into a mount namespace for more bind sources")
		     : 0;
}

int rootfs_host_keep(struct rootfs *rootfs, struct berth_error *err)
{
	int r = place_open(&rootfs->host, err);

	if (r < 0) {
		return r;
	}
	r = sys_unshare(CLONE_NEWNS);
	if (r < 0) {
		return error_call(err, r, "unshare", "make a second mount namespace");
	}
	return place_open(&rootfs->work, err);
}

int rootfs_host_enter(const struct rootfs *rootfs, bool is_host, struct berth_error *err)
{
	return place_enter(is_host ? &rootfs->host : &rootfs->work, err);
}

void rootfs_host_leave(struct rootfs *rootfs)
{
	close_fd(&rootfs->host.ns_fd);
	close_fd(&rootfs->host.root_fd);
	close_fd(&rootfs->work.ns_fd);
	close_fd(&rootfs->work.root_fd);
}
