/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_HOST_H
#define ROOTFS_HOST_H
/* The mounts as they were before the container's, kept to open more bind sources in (BOOT_MANY_SOURCES). */
#include "rootfs/rootfs.h"

/* Keeps them; from here on this process is in a copy of them. */
int rootfs_host_keep(struct rootfs *rootfs, struct berth_error *err) must_use;

/* Goes over into them, or back. The working directory becomes "/". */
int rootfs_host_enter(const struct rootfs *rootfs, bool is_host, struct berth_error *err) must_use;

/* They are not needed any more. */
void rootfs_host_leave(struct rootfs *rootfs);

#endif
