/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_SANDBOX_H
#define CHILD_SANDBOX_H
/*
 * The child's rooms on the real kernel: each test runs in a process of its own, in a mount namespace of
 * its own, whose "/" is an empty tmpfs that goes away with it: nothing of the host can be named there.
 * "root" is the image and "outside" is what it must never reach.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "rootfs/rootfs.h"

enum { SANDBOX_PATH_SIZE = 128, SANDBOX_FDS = 64 };

struct sandbox {
	char root[SANDBOX_PATH_SIZE];
	char outside[SANDBOX_PATH_SIZE];
	int root_fd;          /* O_PATH */
	int outside_fd;       /* O_PATH */
	int fds[SANDBOX_FDS]; /* memory for rootfs_init() */
	struct berth_error err;
};

/* In the process of a test: says what does not hold, and ends. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(                                                             \
				stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* The same for a result of the rooms: the error is printed. */
#define CHECK_OK(sandbox, call)                                                                    \
	do {                                                                                       \
		int check_r = (call);                                                              \
		if (check_r < 0) {                                                                 \
			(void)fprintf(stderr, "%s:%d: %s: %d: %s %s (%s)\n", __FILE__, __LINE__,   \
				#call, check_r, (sandbox)->err.message, (sandbox)->err.subject,    \
				(sandbox)->err.pointer);                                           \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* Runs the test in its sandbox; fails or skips the cmocka test that calls it. */
void sandbox_run(void (*test)(struct sandbox *sandbox));

/* Small words for the tests; they CHECK for themselves. Paths are relative to the descriptor. */
void sandbox_dir(int dir_fd, const char *path);
void sandbox_file(int dir_fd, const char *path, const char *text);
void sandbox_link(int dir_fd, const char *path, const char *target);
bool sandbox_exists(int dir_fd, const char *path); /* the last component is not followed */
bool sandbox_has(int dir_fd, const char *path, const char *text); /* the file's whole text */
int sandbox_count(int dir_fd, const char *path);                  /* names in a directory */
int sandbox_try_write(const char *path); /* 0 or -errno of opening it to write */

/* The error names this pointer, and its message has this text. */
bool sandbox_error_has(const struct sandbox *sandbox, const char *pointer, const char *text);

#endif
