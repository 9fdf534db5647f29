/* SPDX-License-Identifier: Apache-2.0 */
/*
 * berth bootstrap encode|decode: JSON on stdin to a bootstrap message on stdout, and the reverse. All
 * of the result is there before its first byte is written, so that a failure writes none.
 */
#include <berth/bootstrap.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* The longest message, 262 kB, has twice as many digits; people add blanks and keys of their own. */
enum { INPUT_MAX_BYTES = 4 * 1024 * 1024 };

/* All of stdin, into memory of INPUT_MAX_BYTES + 1. Returns 0, or the exit status after a complaint. */
static int read_input(const struct cli_globals *globals, char *data, size_t *ret_length)
{
	size_t length = fread(data, 1, INPUT_MAX_BYTES + 1, stdin);

	if (ferror(stdin)) {
		return cli_fail_errno(globals, errno, "read stdin");
	}
	if (length > INPUT_MAX_BYTES) {
		return cli_fail_text(globals, "stdin has more than %d bytes", INPUT_MAX_BYTES);
	}
	*ret_length = length;
	return 0;
}

static int encode(const struct cli_globals *globals, const char *json, size_t json_length)
{
	struct berth_error err = {0};
	autoptr void *message = NULL;
	size_t length = 0;

	if (berth_bootstrap_from_json(json, json_length, &message, &length, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return cli_write(globals, message, length);
}

static int decode(const struct cli_globals *globals, const char *message, size_t length)
{
	struct berth_error err = {0};
	autoptr char *json = NULL;
	size_t json_length;

	if (berth_bootstrap_to_json(message, length, &json, &err) < 0) {
		return cli_fail(globals, &err);
	}
	/* The NUL makes room for a newline at the end. */
	json_length = strlen(json);
	json[json_length] = '\n';
	return cli_write(globals, json, json_length + 1);
}

typedef int (*convert_fn)(const struct cli_globals *globals, const char *input, size_t length);

static int convert(const struct cli_globals *globals, convert_fn step)
{
	autoptr char *input = malloc(INPUT_MAX_BYTES + 1);
	size_t length = 0;
	int status;

	if (!input) {
		return cli_fail_text(globals, "out of memory");
	}
	status = read_input(globals, input, &length);
	return status == 0 ? step(globals, input, length) : status;
}

int cmd_bootstrap(const struct cli_globals *globals, int argc, char **argv)
{
	int taken = cli_parse(globals, NULL, 0, argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken != 1) {
		return cli_need_arguments(globals, "bootstrap", 1);
	}
	if (strcmp(argv[taken], "encode") == 0) {
		return convert(globals, encode);
	}
	if (strcmp(argv[taken], "decode") == 0) {
		return convert(globals, decode);
	}
	return cli_fail_text(globals, "bootstrap: the argument is \"encode\" or \"decode\"");
}
