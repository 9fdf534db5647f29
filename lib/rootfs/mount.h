/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_MOUNT_H
#define ROOTFS_MOUNT_H
/* The steps of one mount, which several files take: made detached, given attributes, attached. */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/boot.h"

/* A new file system of mount->fstype with its source and options, mounted nowhere yet, with the
 * MOUNT_ATTR_* of `attrs`. `mode` is one more option "mode", or NULL. The descriptor is the caller's.
 * What the file system itself says about a refusal is in the error. */
int rootfs_mount_new(const struct boot_mount *mount, uint64_t attrs, const char *mode, int *ret_fd,
	struct berth_error *err) must_use;

/* A detached copy of the mount and the place behind a descriptor; `flags` AT_RECURSIVE or 0. */
int rootfs_mount_clone(int fd, unsigned int flags, const char *subject, int *ret_fd,
	struct berth_error *err) must_use;

/* Attributes and propagation of a mount, by its descriptor; no call where there is nothing to set.
 * `flags` AT_RECURSIVE or 0. */
struct rootfs_attr {
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_*, or 0 */
	unsigned int flags;
};
int rootfs_mount_set(int mount_fd, const struct rootfs_attr *attr, const char *subject,
	struct berth_error *err) must_use;

/* The same for a mount that is not attached. 1: before Linux 5.12 only what is attached can be changed, so it is to be
 * attached and then given to rootfs_mount_set(), where nobody can see it yet. */
int rootfs_mount_prepare(int mount_fd, const struct rootfs_attr *attr, const char *subject,
	struct berth_error *err) must_use;

/* Attaches a detached mount to the place behind `target_fd`. */
int rootfs_mount_attach(
	int mount_fd, int target_fd, const char *subject, struct berth_error *err) must_use;

/* Whether two descriptors are of the same place in the same mount: not only of the same file. */
int rootfs_mount_same(int fd, int other_fd, bool *ret_is_same) must_use;

#endif
