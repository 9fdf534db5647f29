/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/fail.h"

#include <errno.h>

static const struct call_row {
	const char *name;
	const char *since;
} call_table[] = {
	[ROOTFS_CALL_OTHER] = {NULL, NULL},
	[ROOTFS_CALL_OPENAT2] = {"openat2", "5.6"},
	[ROOTFS_CALL_OPEN_TREE] = {"open_tree", "5.2"},
	[ROOTFS_CALL_MOVE_MOUNT] = {"move_mount", "5.2"},
	[ROOTFS_CALL_FSOPEN] = {"fsopen", "5.2"},
	[ROOTFS_CALL_MOUNT_SETATTR] = {"mount_setattr", "5.12"},
};

_Static_assert(ARRAY_COUNT(call_table) == ROOTFS_CALL_COUNT, "a row for each call");

int rootfs_fail(struct berth_error *err, int r, enum rootfs_call call, const char *subject,
	const char *tried)
{
	const struct call_row *row = &call_table[call];

	if (row->name && r == -ENOSYS) {
		/* No way around it is taken: each would resolve a path of the container twice. */
		r = error_set(err, BERTH_ERROR_UNSUPPORTED, "%s: kernel lacks %s (Linux %s)", tried,
			row->name, row->since);
	} else if (row->name && r == -EPERM) {
		r = error_system(err, r,
			"%s: %s was refused (no CAP_SYS_ADMIN here, or a seccomp filter)", tried,
			row->name);
	} else {
		r = error_system(err, r, "%s", tried);
	}
	error_add_subject(err, subject);
	return r;
}
