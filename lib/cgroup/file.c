/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/abi.h"
#include "sys/file.h"

enum {
	OPEN_TRIES_MAX = 128, /* openat2(2) gives EAGAIN while something is renamed beside it */
	BACK_OFF_MAX_MS = 100,
};

#define BELOW (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

static int open_below(int fd, const char *path, int flags)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < OPEN_TRIES_MAX; i++) {
		r = sys_openat2(fd, path, flags, 0, BELOW);
	}
	return r;
}

int cgroup_mount_open(const char *mount_point, bool *ret_is_v2)
{
	autofd int fd = sys_openat2(AT_FDCWD, mount_point, O_RDONLY | O_DIRECTORY, 0,
		RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	uint64_t magic = 0;
	int r = fd < 0 ? fd : sys_fs_magic(fd, &magic);

	if (r < 0) {
		return r;
	}
	if (magic != CGROUP_SUPER_MAGIC && magic != CGROUP2_SUPER_MAGIC) {
		return -ENODEV;
	}
	*ret_is_v2 = magic == CGROUP2_SUPER_MAGIC;
	return take_fd(&fd);
}

int cgroup_dir_open(int fd, const char *path)
{
	while (*path == '/') {
		path++;
	}
	return open_below(fd, *path ? path : ".", O_RDONLY | O_DIRECTORY);
}

int cgroup_file_open(int fd, const char *name)
{
	return open_below(fd, name, O_RDONLY);
}

int cgroup_file_open_to_write(int fd, const char *name)
{
	return open_below(fd, name, O_WRONLY);
}

int cgroup_file_read(int fd, const char *name, char *buffer, size_t size)
{
	autofd int file_fd = cgroup_file_open(fd, name);
	size_t length = 0;
	ssize_t r = file_fd;

	while (r >= 0 && length + 1 < size) {
		r = sys_read(file_fd, buffer + length, size - 1 - length);
		if (r == 0) {
			break;
		}
		length += r > 0 ? (size_t)r : 0;
	}
	buffer[length] = '\0';
	return r < 0 ? (int)r : (int)length;
}

int cgroup_file_write(int fd, const char *name, const char *text)
{
	autofd int file_fd = cgroup_file_open_to_write(fd, name);

	return file_fd < 0 ? file_fd : sys_write_once(file_fd, text, strlen(text));
}

int cgroup_file_number(int fd, const char *name, const char *word, uint64_t *ret_number)
{
	char text[CGROUP_TEXT_MAX];
	size_t length = strlen(word);
	int r = cgroup_file_read(fd, name, text, sizeof(text));

	for (const char *line = text; r >= 0 && *line;) {
		size_t end = strcspn(line, "\n");

		if (strncmp(line, word, length) == 0 && line[length] == ' ') {
			*ret_number = strtoull(line + length + 1, NULL, 10);
			return 0;
		}
		line += end + (line[end] == '\n');
	}
	return r < 0 ? r : -ENODATA;
}

/* The numbers of a text that came in pieces: `*number` is the one that is not at its end yet. */
static int give_pids(
	const char *text, size_t length, pid_t *number, cgroup_pid_fn fn, void *argument)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < length; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			*number = *number * 10 + (text[i] - '0');
			continue;
		}
		/* 0 is a process that this pid namespace does not show; kill(2) takes it for us. */
		r = *number > 0 ? fn(*number, argument) : 0;
		*number = 0;
	}
	return r;
}

int cgroup_dir_pids(int fd, cgroup_pid_fn fn, void *argument)
{
	autofd int file_fd = open_below(fd, "cgroup.procs", O_RDONLY);
	char text[CGROUP_TEXT_MAX];
	pid_t number = 0;
	int r = file_fd < 0 ? file_fd : 0;

	while (r == 0) {
		ssize_t length = sys_read(file_fd, text, sizeof(text));

		if (length <= 0) {
			r = (int)length;
			break;
		}
		r = give_pids(text, (size_t)length, &number, fn, argument);
	}
	/* Threaded ones have none of their own; ENODEV: it has been removed. */
	return r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT ? 0 : r;
}

uint32_t cgroup_count_parts(const char *path)
{
	uint32_t parts = 0;

	for (; *path; path++) {
		parts += *path == '/';
	}
	return parts;
}

int cgroup_time_left(uint64_t end_ns)
{
	uint64_t now_ns = sys_now_ns();

	return now_ns >= end_ns ? 0 : (int)((end_ns - now_ns + 999999U) / 1000000U);
}

void cgroup_back_off(int *delay_ms)
{
	(void)!sys_poll(-1, 0, *delay_ms);
	*delay_ms = *delay_ms * 2 < BACK_OFF_MAX_MS ? *delay_ms * 2 : BACK_OFF_MAX_MS;
}
