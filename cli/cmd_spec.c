/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Never over a config that is there: somebody may have edited it. */
static int write_config(const struct cli_globals *globals, const char *path, const char *text)
{
	size_t length = strlen(text);
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST) {
		return cli_fail_text(globals, "%s: exists already: remove it first", path);
	}
	if (fd < 0) {
		return cli_fail_errno(globals, errno, "create %s", path);
	}
	errno = ENOSPC;
	if (write(fd, text, length) != (ssize_t)length || fsync(fd) < 0) {
		int status = cli_fail_errno(globals, errno, "write %s", path);

		(void)unlink(path);
		return status;
	}
	return 0;
}

/* A relative FILE is below the bundle's directory, as crun has it; "-" is standard output. */
static int write_text(
	const struct cli_globals *globals, const char *bundle, const char *file, const char *text)
{
	char path[4096];
	bool is_absolute = file[0] == '/';

	if (strcmp(file, "-") == 0) {
		return cli_write(globals, text, strlen(text));
	}
	if (snprintf(path, sizeof(path), "%s%s%s", is_absolute ? "" : bundle,
		    is_absolute ? "" : "/", file) >= (int)sizeof(path)) {
		return cli_fail_text(globals, "--bundle and --file are too long");
	}
	return write_config(globals, path, text);
}

int cmd_spec(const struct cli_globals *globals, int argc, char **argv)
{
	const char *bundle = ".";
	const char *file = "config.json";
	bool is_rootless = false;
	const struct cli_option options[] = {
		{"bundle", 'b', &bundle, NULL,
			"the directory that gets the config.json (default: here)", NULL},
		{"file", 'f', &file, NULL,
			"what it is called in there, or an absolute path, or - for stdout", NULL},
		{"rootless", 0, NULL, &is_rootless, "for a user without privileges", NULL},
	};
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (taken != argc) {
		return cli_need_arguments(globals, "spec", 0);
	}
	if (berth_spec(is_rootless, geteuid(), getegid(), &text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return write_text(globals, bundle, file, text);
}
