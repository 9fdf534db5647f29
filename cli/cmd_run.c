/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create and run: the same options, and for run where it stays.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* What both verbs take, before it is checked. */
struct launch_flags {
	struct berth_options options;
	const char *preserved_fds;
	bool is_no_subreaper; /* nobody asks: it is so in any case */
};

#define LAUNCH_OPTIONS(flags)                                                                      \
	{"bundle", 'b', &(flags).options.bundle, NULL,                                             \
		"the bundle's directory, which holds config.json (default: here)"},                \
		{"config", 'f', &(flags).options.config, NULL,                                     \
			"a file in the place of the bundle's config.json"},                        \
		{"pid-file", 0, &(flags).options.pid_file, NULL,                                   \
			"a file that gets the pid of the container"},                              \
		{"console-socket", 0, &(flags).options.console_socket, NULL,                       \
			"a socket that gets the master of the terminal"},                          \
		{"pidfd-socket", 0, &(flags).options.pidfd_socket, NULL,                           \
			"a socket that gets a pidfd of the container"},                            \
		{"preserve-fds", 0, &(flags).preserved_fds, NULL,                                  \
			"how many descriptors from 3 on the container gets as well"},              \
		{"no-pivot", 0, NULL, &(flags).options.no_pivot,                                   \
			"change the root without pivot_root, which an initial ramfs refuses"},     \
		{"no-new-keyring", 0, NULL, &(flags).options.no_new_keyring,                       \
			"leave the container the caller's session keyring"},                       \
	{                                                                                          \
		"no-subreaper", 0, NULL, &(flags).is_no_subreaper,                                 \
			"berth makes itself no subreaper in any case"                              \
	}

/* The rest of the command line: 0, or the exit status after a complaint. */
static int take_rest(struct launch_flags *flags, const struct cli_globals *globals,
	const char *verb, int argc, char **argv, int taken)
{
	flags->options.size = sizeof(flags->options);
	flags->options.dies_with_thread = true;
	flags->options.cgroups = globals->cgroups;
	flags->options.rootless = globals->rootless;
	if (flags->preserved_fds &&
		!cli_number(flags->preserved_fds, &flags->options.preserved_fds)) {
		return cli_fail_text(
			globals, "--preserve-fds is \"%s\", not a number", flags->preserved_fds);
	}
	if (argc - taken != 1) {
		return cli_need_arguments(globals, verb, 1);
	}
	flags->options.id = argv[taken];
	return cli_listen(globals, &flags->options.listen_fds, &flags->options.listen_fdnames);
}

int cmd_create(const struct cli_globals *globals, int argc, char **argv)
{
	struct launch_flags flags = {0};
	const struct cli_option options[] = {LAUNCH_OPTIONS(flags)};
	struct berth_error err = {0};
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
	int status;

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	status = take_rest(&flags, globals, "create", argc, argv, taken);
	if (status != 0) {
		return status;
	}
	return berth_create(&globals->context, &flags.options, &err) < 0 ? cli_fail(globals, &err)
									 : 0;
}

int cmd_run(const struct cli_globals *globals, int argc, char **argv)
{
	struct launch_flags flags = {0};
	const struct cli_option options[] = {
		LAUNCH_OPTIONS(flags),
		{"detach", 'd', NULL, &flags.options.is_detached,
			"return when the container's program runs"},
		{"keep", 0, NULL, &flags.options.is_kept,
			"do not delete the container when it has ended"},
	};
	struct berth_error err = {0};
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
	int status;

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	status = take_rest(&flags, globals, "run", argc, argv, taken);
	if (status != 0) {
		return status;
	}
	if (berth_run(&globals->context, &flags.options, &status, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return cli_exit_status(status);
}
