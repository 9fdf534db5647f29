/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/fail.h"

static const char *const call_names[] = {
	[ROOTFS_CALL_OTHER] = NULL,
	[ROOTFS_CALL_OPENAT2] = "openat2",
	[ROOTFS_CALL_OPEN_TREE] = "open_tree",
	[ROOTFS_CALL_MOVE_MOUNT] = "move_mount",
	[ROOTFS_CALL_FSOPEN] = "fsopen",
	[ROOTFS_CALL_MOUNT_SETATTR] = "mount_setattr",
};

_Static_assert(ARRAY_COUNT(call_names) == ROOTFS_CALL_COUNT, "a row for each call");

/* No way around one that is missing is taken: each would resolve a path of the container twice. */
int rootfs_fail(struct berth_error *err, int r, enum rootfs_call call, const char *subject,
	const char *tried)
{
	const char *name = call_names[call];

	r = name ? error_call(err, r, name, "%s", tried) : error_system(err, r, "%s", tried);
	error_add_subject(err, subject);
	return r;
}
