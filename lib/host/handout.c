/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent hands to those who called it: the master of the terminal, a pidfd, and the pid.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

enum { HANDOUT_PATH_MAX = 4096 };

int host_connect(const char *path, const char *what, int *ret_fd, struct berth_error *err)
{
	int fd = sys_connect_path(path);

	if (fd < 0) {
		return error_system(err, fd, "connect to the %s %s", what, path);
	}
	*ret_fd = fd;
	return 0;
}

int host_console_send(int socket_fd, int master_fd, struct berth_error *err)
{
	/* The bytes are a name, which listeners show and otherwise ignore. */
	static const char name[] = "/dev/ptmx";
	ssize_t r = sys_send(socket_fd, name, sizeof(name) - 1, master_fd);

	return r < 0 ? error_system(err, (int)r, "send the terminal to the console socket") : 0;
}

int host_pidfd_send(int socket_fd, int pidfd, const char *name, struct berth_error *err)
{
	ssize_t r = sys_send(socket_fd, name, strlen(name), pidfd);

	return r < 0 ? error_system(err, (int)r, "send the pidfd to its socket") : 0;
}

int host_listener_send(int socket_fd, const char *text, int listener_fd, struct berth_error *err)
{
	size_t left = strlen(text);

	/* The descriptor goes with the first part (config-linux.md, "The Container Process State"). */
	while (left > 0) {
		ssize_t r = sys_send(socket_fd, text, left, listener_fd);

		if (r < 0) {
			return error_system(err, (int)r, "send the seccomp listener to its socket");
		}
		text += r;
		left -= (size_t)r;
		listener_fd = -1;
	}
	return 0;
}

static int write_pid(const char *path, pid_t pid)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid);
	autofd int fd = sys_create(path, 0644);

	return fd < 0 ? fd : sys_write_once(fd, text, (size_t)length);
}

/* Beside it and hidden; the number makes the name its owner's own. */
static int make_temporary(const char *path, pid_t pid, char temporary[HANDOUT_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	struct strbuf text;

	strbuf_init(&text, temporary, HANDOUT_PATH_MAX);
	strbuf_add_bytes(&text, path, (size_t)(base - path));
	strbuf_printf(&text, ".%s.%d", base, (int)pid);
	if (text.is_cut) {
		return -ENAMETOOLONG;
	}
	(void)!sys_unlinkat(AT_FDCWD, temporary, 0);
	return write_pid(temporary, pid);
}

static int pid_file_failed(const char *path, int errnum, struct berth_error *err)
{
	return error_system(err, errnum, "write the pid file %s", path);
}

/* The file that is made takes the place of what is there, and that is not to be a device, a fifo, or the link at
 * /dev/stdout. */
static int check_place(const char *path, struct berth_error *err)
{
	struct stat stat;
	int r = sys_fstatat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &stat);

	if (r == 0 && !S_ISREG(stat.st_mode)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"the pid file %s is there, and is no regular file", path);
	}
	return r < 0 && r != -ENOENT ? pid_file_failed(path, r, err) : 0;
}

int host_check_pid_file(const char *path, struct berth_error *err)
{
	char temporary[HANDOUT_PATH_MAX];
	int r = path ? check_place(path, err) : 0;

	if (!path || r < 0) {
		return r;
	}
	r = make_temporary(path, sys_getpid(), temporary);
	if (r != -ENAMETOOLONG) {
		(void)!sys_unlinkat(AT_FDCWD, temporary, 0);
	}
	return r < 0 ? pid_file_failed(path, r, err) : 0;
}

int host_write_pid_file(const char *path, pid_t pid, struct berth_error *err)
{
	char temporary[HANDOUT_PATH_MAX];
	int r = check_place(path, err);

	if (r < 0) {
		return r;
	}
	r = make_temporary(path, pid, temporary);
	if (r >= 0) {
		r = sys_renameat(AT_FDCWD, temporary, path);
	}
	if (r < 0 && r != -ENAMETOOLONG) {
		(void)!sys_unlinkat(AT_FDCWD, temporary, 0);
	}
	return r < 0 ? pid_file_failed(path, r, err) : 0;
}
