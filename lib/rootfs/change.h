/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_CHANGE_H
#define ROOTFS_CHANGE_H
/* Attributes of mounts, on kernels with mount_setattr(2) (Linux 5.12) and on older ones. */
#include "base/attr.h"
#include "rootfs/mount.h"

/* By mount_setattr(2) alone; no call where there is nothing to set. */
int rootfs_attr_set(int mount_fd, const struct rootfs_attr *attr) must_use;

/* For a mount that is attached: where that call is missing, by mount(2) on the descriptor's own link in a procfs, which leads
 * to no other place. -ENOSYS: there is no such way for attributes of a whole tree. */
int rootfs_mount_change(int mount_fd, const struct rootfs_attr *attr) must_use;

#endif
