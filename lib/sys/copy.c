/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/copy.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/result.h"

static ssize_t size_result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

ssize_t sys_entries(int dir_fd, void *buffer, size_t size)
{
	return size_result(syscall(SYS_getdents64, dir_fd, buffer, size));
}

int sys_linkat(int dirfd, const char *path, int new_dirfd, const char *new_path)
{
	return sys_result(linkat(dirfd, path, new_dirfd, new_path, 0));
}

off_t sys_seek(int fd, off_t offset, int whence)
{
	return size_result(lseek(fd, offset, whence));
}

ssize_t sys_send_file(int to_fd, int from_fd, size_t size)
{
	return size_result(sendfile(to_fd, from_fd, NULL, size));
}

int sys_set_size(int fd, off_t size)
{
	return sys_result(ftruncate(fd, size));
}

int sys_set_times(int fd, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	return sys_result(utimensat(fd, "", times, AT_EMPTY_PATH));
}

ssize_t sys_attribute_names(int fd, char *names, size_t size)
{
	return size_result(flistxattr(fd, names, size));
}

ssize_t sys_attribute_get(int fd, const char *name, void *value, size_t size)
{
	return size_result(fgetxattr(fd, name, value, size));
}

int sys_attribute_set(int fd, const char *name, const void *value, size_t size)
{
	return sys_result(fsetxattr(fd, name, value, size, 0));
}
