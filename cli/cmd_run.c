/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "cli.h"

int cmd_run(int argc, char **argv)
{
	struct berth_run_options run = {.size = sizeof(run), .dies_with_thread = true};
	const struct cli_option options[] = {
		{"bundle", 'b', &run.bundle, NULL,
			"the bundle's directory, which holds config.json (default: here)"},
	};
	struct berth_error err = {0};
	int status;
	int taken = cli_parse(options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken != 1) {
		return cli_need_arguments("run", 1);
	}
	run.id = argv[taken];
	if (berth_run(&run, &status, &err) < 0) {
		return cli_fail(&err);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
