/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cmd_explain(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_options asked = {.size = sizeof(asked),
		.cgroups = globals->cgroups,
		.rootless = globals->rootless,
		.dies_with_thread = true};
	const struct cli_option options[] = {
		{"bundle", 'b', &asked.bundle, NULL,
			"the bundle's directory, which holds config.json (default: here)"},
		{"config", 'f', &asked.config, NULL,
			"a file in the place of the bundle's config.json"},
	};
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (taken != argc) {
		return cli_need_arguments(globals, "explain", 0);
	}
	if (berth_explain(&asked, &text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return cli_write(globals, text, strlen(text));
}
