/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of security modules. What is written holds for the next execve, and for that of a hook
 * startContainer, so it comes after the hooks createContainer, which are the host's.
 */
#include "base/cleanup.h"
#include "guard/guard.h"
#include "stage/stage.h"

static int write_label(
	const char *path, const char *label, const char *pointer, struct berth_error *err)
{
	autofd int fd = -1;
	int r = label ? rootfs_attr_open(path, &fd, err) : 0;

	if (label && r == 0) {
		r = guard_label(fd, path, label, err);
	}
	if (r < 0) {
		error_add_pointer(err, pointer);
	}
	return r;
}

static const char selinux_pointer[] = "/process/selinuxLabel";

int stage_label_keys(struct stage *stage, struct berth_error *err)
{
	return write_label("self/attr/keycreate", stage->boot.selinux_label, selinux_pointer, err);
}

int stage_label(struct stage *stage, struct berth_error *err)
{
	int r = write_label("self/attr/apparmor/exec", stage->boot.apparmor_exec,
		"/process/apparmorProfile", err);

	return r < 0 ? r
		     : write_label(
			       "self/attr/exec", stage->boot.selinux_label, selinux_pointer, err);
}
