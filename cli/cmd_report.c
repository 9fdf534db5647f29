/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state, list and features: what is known.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static int write_line(const struct cli_globals *globals, const char *text, bool needs_newline)
{
	int status = cli_write(globals, text, strlen(text));

	return status == 0 && needs_newline ? cli_write(globals, "\n", 1) : status;
}

int cmd_state(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int taken = cli_parse(globals, NULL, 0, argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken != 1) {
		return cli_need_arguments(globals, "state", 1);
	}
	if (berth_state(&globals->context, argv[taken], &text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return write_line(globals, text, true);
}

int cmd_features(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int taken = cli_parse(globals, NULL, 0, argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc != taken) {
		return cli_need_arguments(globals, "features", 0);
	}
	if (berth_features(&text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return write_line(globals, text, true);
}

int cmd_list(const struct cli_globals *globals, int argc, char **argv)
{
	const char *format = "table";
	bool is_quiet = false;
	const struct cli_option options[] = {
		{"format", 'f', &format, NULL, "table or json"},
		{"quiet", 'q', NULL, &is_quiet, "the ids alone"},
	};
	enum berth_list_format wanted = BERTH_LIST_TABLE;
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc != taken) {
		return cli_need_arguments(globals, "list", 0);
	}
	if (strcmp(format, "json") == 0) {
		wanted = BERTH_LIST_JSON;
	} else if (strcmp(format, "table") != 0) {
		return cli_fail_text(globals, "--format is table or json, not \"%s\"", format);
	}
	if (is_quiet) {
		wanted = BERTH_LIST_IDS;
	}
	if (berth_list(&globals->context, wanted, &text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return write_line(globals, text, wanted == BERTH_LIST_JSON);
}
