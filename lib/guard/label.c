/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <errno.h>
#include <string.h>

#include "sys/file.h"

/* podman takes a refusal for what it is by the path in backquotes and by there being no "no such file". */
static int refused(int r, const char *path, const char *label, struct berth_error *err)
{
	if (r == -ENOENT) {
		return error_set(err, BERTH_ERROR_CONFIG,
			"write \"%.200s\" to `/proc/%s`: the profile is not loaded", label, path);
	}
	return error_system(err, r, "write \"%.200s\" to `/proc/%s`", label, path);
}

int guard_label(int fd, const char *path, const char *label, struct berth_error *err)
{
	char byte;
	int r = sys_write_once(fd, label, strlen(label));

	if (r < 0) {
		return refused(r, path, label, err);
	}
	r = (int)sys_pread(fd, &byte, 1, 0);
	if (r != 1) {
		return error_system(err, r < 0 ? r : -EIO,
			"`/proc/%s` has nothing of \"%.200s\", which was written there", path,
			label);
	}
	return 0;
}
