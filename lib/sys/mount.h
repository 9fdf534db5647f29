/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_MOUNT_H
#define SYS_MOUNT_H
/* The mount calls that take descriptors; see mount_setattr(2) and the kernel's mount API. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* open_tree(2); OPEN_TREE_CLOEXEC is added. */
int sys_open_tree(int dirfd, const char *path, unsigned int flags) must_use;

/* move_mount(2) from a mount's descriptor onto a directory's or file's descriptor (no paths). */
int sys_move_mount(int mount_fd, int target_fd) must_use;

/* move_mount(2) onto a path of the host. */
int sys_move_mount_path(int mount_fd, const char *target) must_use;

int sys_fsopen(const char *fstype) must_use;
int sys_fsconfig_flag(int fs_fd, const char *key) must_use;
int sys_fsconfig_string(int fs_fd, const char *key, const char *value) must_use;
int sys_fsconfig_create(int fs_fd) must_use;
int sys_fsmount(int fs_fd, unsigned int mount_attrs) must_use;

/* What the file system wrote about its refusal, in one line; "" where it wrote nothing. */
void sys_fs_message(int fs_fd, char *buffer, size_t size);

/* mount_setattr(2) on a mount's descriptor; `propagation` is MS_* or 0, `flags` AT_RECURSIVE or 0. */
struct sys_mount_attr {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
};
int sys_mount_setattr(int mount_fd, unsigned int flags, const struct sys_mount_attr *attr) must_use;

/* The same, to map the ids as the user namespace behind `userns_fd` does. */
int sys_mount_idmap(int mount_fd, unsigned int flags, int userns_fd) must_use;

/* mount(2) that changes what is at the path: `flags` are MS_BIND | MS_REMOUNT and the mount's, or a propagation. */
int sys_mount_change(const char *path, unsigned long flags) must_use;

/* The number of the mount behind a descriptor, unique among those that exist: statx(2), Linux 5.8. */
int sys_mount_id(int fd, uint64_t *ret_id) must_use;

/* Whether the place behind a descriptor is the root of a mount: statx(2), Linux 5.8. */
int sys_is_mount_root(int fd, bool *ret_is_root) must_use;

int sys_pivot_root(const char *new_root, const char *put_old) must_use;
int sys_umount(const char *path, int flags) must_use;
int sys_chroot(const char *path) must_use;

#endif
