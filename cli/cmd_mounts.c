/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts add and mounts remove: mounts of a container that is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli.h"

enum { MOUNTS_MAX_BYTES = 4 * 1024 * 1024 };

/* All of a file, or of stdin where its name is "-", into memory of MOUNTS_MAX_BYTES + 1. Returns 0, or the exit
 * status after a complaint. */
static int read_file(
	const struct cli_globals *globals, const char *path, char *data, size_t *ret_length)
{
	bool is_stdin = strcmp(path, "-") == 0;
	autofd int file_fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fd = is_stdin ? STDIN_FILENO : file_fd;
	size_t length = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && length <= MOUNTS_MAX_BYTES) {
		got = read(fd, data + length, MOUNTS_MAX_BYTES + 1 - length);
		length += got > 0 ? (size_t)got : 0;
		got = got < 0 && errno == EINTR ? 1 : got;
	}
	if (got < 0) {
		return cli_fail_errno(globals, errno, "%s %s", fd < 0 ? "open" : "read",
			is_stdin ? "stdin" : path);
	}
	if (length > MOUNTS_MAX_BYTES) {
		return cli_fail_text(globals, "%s has more than %d bytes",
			is_stdin ? "stdin" : path, MOUNTS_MAX_BYTES);
	}
	*ret_length = length;
	return 0;
}

int cmd_mounts(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int at = cli_parse(globals, NULL, 0, argc, argv);
	size_t length = 0;
	bool is_added;
	int r;

	if (at <= 0) {
		return at < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - at != 3) {
		return cli_need_arguments(globals, "mounts", 3);
	}
	is_added = strcmp(argv[at], "add") == 0;
	if (!is_added && strcmp(argv[at], "remove") != 0) {
		return cli_fail_text(
			globals, "mounts: the first argument is \"add\" or \"remove\"");
	}
	text = malloc(MOUNTS_MAX_BYTES + 1);
	if (!text) {
		return cli_fail_text(globals, "out of memory");
	}
	r = read_file(globals, argv[at + 2], text, &length);
	if (r != 0) {
		return r;
	}
	r = is_added ? berth_mounts_add(&globals->context, argv[at + 1], text, length, &err)
		     : berth_mounts_remove(&globals->context, argv[at + 1], text, length, &err);
	return r < 0 ? cli_fail(globals, &err) : 0;
}
