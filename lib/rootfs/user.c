/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: the root file system that is there already, and who a name of its passwd is.
 */
#include <fcntl.h>

#include "base/cleanup.h"
#include "rootfs/fail.h"
#include "rootfs/passwd.h"
#include "rootfs/rootfs.h"
#include "sys/file.h"

int rootfs_enter(struct rootfs *rootfs, struct berth_error *err)
{
	/* setns(2) has made the root of the mount namespace this process's own. */
	int fd = sys_open("/", O_PATH | O_DIRECTORY);

	if (fd < 0) {
		return rootfs_fail(err, fd, ROOTFS_CALL_OTHER, "/", "open the root file system");
	}
	close_fd(&rootfs->root_fd);
	rootfs->root_fd = fd;
	return 0;
}

static int find_user(int root_fd, struct boot_identity *identity, struct berth_error *err)
{
	struct rootfs_passwd user;
	int r = rootfs_passwd_by_name(root_fd, identity->user_name, &user, err);

	if (r == ROOTFS_PASSWD_ABSENT) {
		return error_field(err, BERTH_ERROR_USAGE, "/process/user",
			"unable to find user %.64s: no matching entries in passwd file",
			identity->user_name);
	}
	if (r == 0) {
		identity->uid = user.uid;
		identity->gid = user.gid;
	}
	return r;
}

static int find_group(int root_fd, struct boot_identity *identity, struct berth_error *err)
{
	int r = rootfs_group_by_name(root_fd, identity->group_name, &identity->gid, err);

	if (r == ROOTFS_PASSWD_ABSENT) {
		return error_field(err, BERTH_ERROR_USAGE, "/process/user",
			"unable to find group %.64s: no matching entries in group file",
			identity->group_name);
	}
	return r;
}

int rootfs_user(struct rootfs *rootfs, struct boot_identity *identity, struct berth_error *err)
{
	uint32_t gid = identity->gid;
	int r = identity->user_name ? find_user(rootfs->root_fd, identity, err) : 0;

	if (r == 0 && identity->group_name) {
		return find_group(rootfs->root_fd, identity, err);
	}
	if (r == 0 && identity->is_gid_given) {
		identity->gid = gid;
	}
	return r;
}
