/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/result.h"

int sys_renameat(int dirfd, const char *from, const char *to)
{
	return sys_result(renameat(dirfd, from, dirfd, to));
}

int sys_mkfifoat(int dirfd, const char *path, mode_t mode)
{
	return sys_result(mkfifoat(dirfd, path, mode));
}

int sys_flock(int fd, int timeout_ms)
{
	uint64_t end_ns = sys_now_ns() + (uint64_t)timeout_ms * 1000000U;
	struct timespec pause = {.tv_nsec = 1000000};

	for (;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			return 0;
		}
		if (errno != EWOULDBLOCK && errno != EINTR) {
			return -errno;
		}
		if (sys_now_ns() >= end_ns) {
			return -ETIMEDOUT;
		}
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 32000000) {
			pause.tv_nsec *= 2;
		}
	}
}

int sys_flock_test(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		return 0;
	}
	return errno == EWOULDBLOCK ? 1 : -errno;
}

int sys_list(int dirfd, sys_list_fn visit, void *argument)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!directory) {
		r = -errno;
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	while (r == 0 && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			r = visit(entry->d_name, entry->d_type == DT_DIR, argument);
		}
	}
	(void)closedir(directory);
	return r;
}
