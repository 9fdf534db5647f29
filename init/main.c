/* SPDX-License-Identifier: Apache-2.0 */
/*
 * berth-init: enters or creates namespaces and becomes a program.
 *
 *     _LIBCONTAINER_INITPIPE=N berth-init [--] PROGRAM [ARGUMENT ...]
 *
 * reads one InitMsg from descriptor N and starts PROGRAM as it says (raw mode). Without PROGRAM the
 * stream goes on with the description of a container. docs/protocol.md is the whole story.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "stage/stage.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

enum { INIT_TIMEOUT_MS = 10000 };

static void init_complain(const struct berth_error *err)
{
	char line[1200] = "berth-init: ";
	size_t prefix = strlen(line);
	size_t length = prefix + error_format(err, line + prefix, sizeof(line) - prefix - 1);

	line[length] = '\n';
	/* The exit status is 1 to 125 where nobody reads stderr, too. */
	(void)!sys_ignore_signal(SIGPIPE);
	(void)!sys_write(STDERR_FILENO, line, length + 1);
}

/* Descriptors 0, 1 and 2 exist: nothing that is opened later may become one of them. */
static int init_fill_stdio(struct berth_error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest free number is given out: it can only be this one. It is the program's,
		 * so it is not close-on-exec. */
		int r = fcntl(fd, F_GETFD) < 0 ? sys_open("/dev/null", O_RDWR) : fd;

		if (r >= 0 && r == fd) {
			r = sys_set_cloexec(fd, false);
		}
		if (r < 0) {
			return error_system(err, r, "open /dev/null");
		}
	}
	return 0;
}

/* The number in _LIBCONTAINER_INITPIPE: a descriptor that can be read and, for the answer, written. */
static int init_stream(int *ret_fd, struct berth_error *err)
{
	const char *text = getenv("_LIBCONTAINER_INITPIPE");
	uint32_t number;
	int flags;
	int r;

	if (!text) {
		return error_set(err, BERTH_ERROR_USAGE, "_LIBCONTAINER_INITPIPE is not set");
	}
	r = str_to_u32(text, &number);
	if (r < 0 || number > INT32_MAX) {
		return error_set(err, BERTH_ERROR_USAGE,
			"_LIBCONTAINER_INITPIPE is \"%.32s\", not the number of a descriptor",
			text);
	}
	if (number <= STDERR_FILENO) {
		return error_set(err, BERTH_ERROR_USAGE,
			"_LIBCONTAINER_INITPIPE is %u: 0, 1 and 2 belong to the program", number);
	}
	flags = fcntl((int)number, F_GETFL);
	if (flags < 0) {
		return error_system(err, errno, "_LIBCONTAINER_INITPIPE: descriptor %u", number);
	}
	if ((flags & O_ACCMODE) != O_RDWR) {
		return error_set(err, BERTH_ERROR_USAGE,
			"_LIBCONTAINER_INITPIPE: descriptor %u is not open for reading and writing",
			number);
	}
	r = sys_socket_type((int)number);
	if (r >= 0 && r != SOCK_STREAM) {
		return error_set(err, BERTH_ERROR_USAGE,
			"_LIBCONTAINER_INITPIPE: descriptor %u is a socket of another type than "
			"SOCK_STREAM",
			number);
	}
	r = sys_set_cloexec((int)number, true);
	if (r < 0) {
		return error_system(err, r, "set descriptor %u close-on-exec", number);
	}
	*ret_fd = (int)number;
	return 0;
}

static int init_timeout(int *ret_timeout_ms, struct berth_error *err)
{
	const char *text = getenv("_BERTH_INIT_TIMEOUT_MS");
	uint32_t number = INIT_TIMEOUT_MS;

	if (text && (str_to_u32(text, &number) < 0 || number == 0 || number > 3600000)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"_BERTH_INIT_TIMEOUT_MS is \"%.32s\", not a number from 1 to 3600000",
			text);
	}
	*ret_timeout_ms = (int)number;
	return 0;
}

static int init_run(char **argv, char **envp, struct berth_error *err)
{
	struct stage stage;
	int timeout_ms = 0;
	int fd = -1;
	int r = init_fill_stdio(err);

	if (r == 0) {
		r = init_stream(&fd, err);
	}
	if (r == 0) {
		r = init_timeout(&timeout_ms, err);
	}
	if (r < 0) {
		init_complain(err);
		return r;
	}
	stage_clean_env(envp);
	stage_init(&stage, fd, timeout_ms);
	if (*argv) {
		r = stage_run_raw(&stage, argv, envp, err);
	} else {
		r = stage_run_container(&stage, err);
	}
	if (r < 0 && !stage.is_told) {
		init_complain(err);
	}
	stage_finish(&stage);
	return r;
}

int main(int argc, char **argv, char **envp)
{
	struct berth_error err = {0};
	char **program = argv + (argc > 0 ? 1 : 0);

	if (*program && str_is_equal(*program, "--")) {
		program++;
	}
	return init_run(program, envp, &err) < 0 ? STAGE_EXIT_FAILURE : 0;
}
