/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/abi.h"
#include "sys/result.h"

int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return sys_result(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int sys_move_mount(int mount_fd, int target_fd)
{
	return sys_result(syscall(SYS_move_mount, mount_fd, "", target_fd, "",
		MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int sys_move_mount_path(int mount_fd, const char *target)
{
	return sys_result(
		syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}

int sys_fsopen(const char *fstype)
{
	return sys_result(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC));
}

int sys_fsconfig_flag(int fs_fd, const char *key)
{
	return sys_result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0));
}

int sys_fsconfig_string(int fs_fd, const char *key, const char *value)
{
	return sys_result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0));
}

int sys_fsconfig_create(int fs_fd)
{
	return sys_result(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

int sys_fsmount(int fs_fd, unsigned int mount_attrs)
{
	return sys_result(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, mount_attrs));
}

void sys_fs_message(int fs_fd, char *buffer, size_t size)
{
	/* Each read gives one message: "e text", where e is for error. */
	ssize_t length = read(fs_fd, buffer, size - 1);

	if (length < 2 || buffer[0] != 'e') {
		buffer[0] = '\0';
		return;
	}
	buffer[length] = '\0';
	(void)str_copy(buffer, size, buffer + 2);
	buffer[strcspn(buffer, "\n")] = '\0';
}

int sys_mount_setattr(int mount_fd, unsigned int flags, const struct sys_mount_attr *attr)
{
	struct mount_attr kernel_attr = {
		.attr_set = attr->set,
		.attr_clr = attr->clear,
		.propagation = attr->propagation,
	};

	return sys_result(syscall(SYS_mount_setattr, mount_fd, "", flags | AT_EMPTY_PATH,
		&kernel_attr, sizeof(kernel_attr)));
}

int sys_mount_idmap(int mount_fd, unsigned int flags, int userns_fd)
{
	struct mount_attr kernel_attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns_fd,
	};

	return sys_result(syscall(SYS_mount_setattr, mount_fd, "", flags | AT_EMPTY_PATH,
		&kernel_attr, sizeof(kernel_attr)));
}

int sys_mount_change(const char *path, unsigned long flags)
{
	return sys_result(syscall(SYS_mount, NULL, path, NULL, flags, NULL));
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0) {
		return -errno;
	}
	if (!(st.stx_mask & STATX_MNT_ID)) {
		return -EOPNOTSUPP;
	}
	*ret_id = st.stx_mnt_id;
	return 0;
}

int sys_is_mount_root(int fd, bool *ret_is_root)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &st) < 0) {
		return -errno;
	}
	if (!(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)) {
		return -EOPNOTSUPP;
	}
	*ret_is_root = (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	return 0;
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return sys_result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_umount(const char *path, int flags)
{
	return sys_result(syscall(SYS_umount2, path, flags));
}

int sys_chroot(const char *path)
{
	return sys_result(chroot(path));
}
