/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

int rootfs_attr_set(int mount_fd, const struct rootfs_attr *attr)
{
	const struct sys_mount_attr change = {
		.set = attr->set, .clear = attr->clear, .propagation = attr->propagation};

	if (!attr->set && !attr->clear && !attr->propagation) {
		return 0;
	}
	return sys_mount_setattr(mount_fd, attr->flags, &change);
}

/* Each attribute as statfs(2) tells it and as mount(2) takes it. */
static const struct flag_row {
	uint64_t attr;
	uint64_t told;
	unsigned long taken;
} flag_table[] = {
	{MOUNT_ATTR_RDONLY, ST_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, ST_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, ST_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, ST_NOEXEC, MS_NOEXEC},
	{MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, MS_NODIRATIME},
	{MOUNT_ATTR_NOSYMFOLLOW, ABI_ST_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

/* mount(2) takes all flags of a mount at once: those that it has, but for what is set and cleared. */
static unsigned long flags_after(uint64_t told, const struct rootfs_attr *attr)
{
	unsigned long flags = 0;
	uint64_t atime = told & ST_NOATIME ? MOUNT_ATTR_NOATIME : MOUNT_ATTR_STRICTATIME;

	if (told & ST_RELATIME) {
		atime = MOUNT_ATTR_RELATIME;
	}
	for (size_t i = 0; i < ARRAY_COUNT(flag_table); i++) {
		const struct flag_row *row = &flag_table[i];
		bool is_on = (told & row->told) && !(attr->clear & row->attr);

		flags |= is_on || (attr->set & row->attr) ? row->taken : 0;
	}
	/* The access time is one value in several bits. */
	if ((attr->clear | attr->set) & MOUNT_ATTR__ATIME) {
		atime = attr->set & MOUNT_ATTR__ATIME;
	}
	flags |= atime == MOUNT_ATTR_NOATIME ? MS_NOATIME : 0;
	flags |= atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : 0;
	flags |= atime == MOUNT_ATTR_RELATIME ? MS_RELATIME : 0;
	return flags;
}

/* `name` is that of the descriptor in the working directory. */
static int change_old(int mount_fd, const char *name, const struct rootfs_attr *attr)
{
	unsigned long tree = attr->flags & AT_RECURSIVE ? MS_REC : 0;
	uint64_t told = 0;
	int r = 0;

	if (attr->set || attr->clear) {
		r = tree ? -ENOSYS : sys_fs_flags(mount_fd, &told);
		r = r < 0 ? r
			  : sys_mount_change(name, MS_BIND | MS_REMOUNT | flags_after(told, attr));
	}
	if (r == 0 && attr->propagation) {
		r = sys_mount_change(name, (unsigned long)attr->propagation | tree);
	}
	return r;
}

int rootfs_mount_change(int mount_fd, const struct rootfs_attr *attr)
{
	autofd int here_fd = -1;
	autofd int fds_fd = -1;
	char name[16];
	int back;
	int r = rootfs_attr_set(mount_fd, attr);

	if (r != -ENOSYS) {
		return r;
	}
	(void)snprintf(name, sizeof(name), "%d", mount_fd);
	here_fd = sys_open(".", O_PATH | O_DIRECTORY);
	r = here_fd < 0 ? here_fd : rootfs_fds_open(&fds_fd);
	r = r < 0 ? r : sys_fchdir(fds_fd);
	if (r < 0) {
		return r;
	}
	r = change_old(mount_fd, name, attr);
	back = sys_fchdir(here_fd);
	return r < 0 ? r : back;
}
