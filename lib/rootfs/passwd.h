/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_PASSWD_H
#define ROOTFS_PASSWD_H
/*
 * The container's /etc/passwd and /etc/group, passwd(5) and group(5), read by ourselves: the libc would
 * load whatever the image's nsswitch.conf names.
 *
 * They are hostile. A regular file alone is read, and the first ROOTFS_PASSWD_BYTES_MAX bytes of it. A
 * line does not count that with its newline is longer than ROOTFS_PASSWD_LINE_MAX, has a NUL in it, or
 * something else where a number belongs; of the others the first that fits. Each function gives 0, or
 * ROOTFS_PASSWD_ABSENT where there is no such line, or no such file.
 */
#include <stdint.h>

#include "base/error.h"

enum {
	ROOTFS_PASSWD_BYTES_MAX = 1024 * 1024,
	ROOTFS_PASSWD_LINE_MAX = 4096,
	ROOTFS_PASSWD_ABSENT = 1, /* outcome */
};

struct rootfs_passwd {
	uint32_t uid, gid;
	char home[ROOTFS_PASSWD_LINE_MAX]; /* "" where the line has none */
};

int rootfs_passwd_by_uid(int root_fd, uint32_t uid, struct rootfs_passwd *ret_user,
	struct berth_error *err) must_use;
int rootfs_passwd_by_name(int root_fd, const char *name, struct rootfs_passwd *ret_user,
	struct berth_error *err) must_use;
int rootfs_group_by_name(
	int root_fd, const char *name, uint32_t *ret_gid, struct berth_error *err) must_use;

#endif
