/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_FAIL_H
#define ROOTFS_FAIL_H
/* Errors of the calls that an old kernel lacks or an outer filter refuses, worded in one place. */
#include "base/error.h"

enum rootfs_call {
	ROOTFS_CALL_OTHER, /* nothing special is said */
	ROOTFS_CALL_OPENAT2,
	ROOTFS_CALL_OPEN_TREE,
	ROOTFS_CALL_MOVE_MOUNT,
	ROOTFS_CALL_FSOPEN,
	ROOTFS_CALL_MOUNT_SETATTR,
	ROOTFS_CALL_COUNT
};

/* Fills the error: `call` gave `r` when `tried` was tried on `subject` (may be NULL). Returns a
 * negative number: `r`, or -EOPNOTSUPP where the kernel lacks the call. */
int rootfs_fail(struct berth_error *err, int r, enum rootfs_call call, const char *subject,
	const char *tried);

#endif
