/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* One table: what there is, in the order of the help. */
static const struct cli_verb verbs[] = {
	{"run", "[--bundle DIR] ID", "run a container in the foreground until it ends", cmd_run},
	{"spec", "[--bundle DIR] [--rootless]", "write a config.json to begin with", cmd_spec},
	{"explain", "[--bundle DIR]", "print what a run would do, and do nothing", cmd_explain},
	{"bootstrap", "encode|decode", "bootstrap messages: JSON to bytes, and back",
		cmd_bootstrap},
};

static void print_usage(FILE *out)
{
	(void)fprintf(out,
		"berth: an OCI container runtime\n\n"
		"usage: berth [--version] [--help] VERB [OPTION ...] [ARGUMENT ...]\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		(void)fprintf(out, "  berth %s %s\n        %s\n", verbs[i].name, verbs[i].arguments,
			verbs[i].help);
	}
	(void)fprintf(out, "\n\"berth VERB --help\" lists the verb's options.\n");
}

/* Descriptors 0, 1 and 2 exist, so that nothing opened later becomes one of them. A missing stdout is
 * replaced by one that cannot be written to: what was to be printed is not lost in silence. */
static int fill_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest free number is given out: it can only be this one. It stays open, and
		 * is the container's, so it is not close-on-exec. */
		int mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd) {
			return -1;
		}
	}
	return 0;
}

static int run_verb(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[0], verbs[i].name) == 0) {
			return verbs[i].run(argc, argv);
		}
	}
	return cli_fail_text("unknown command \"%s\"; \"berth --help\" lists them", argv[0]);
}

int main(int argc, char **argv)
{
	bool is_version = false;
	const struct cli_option options[] = {
		{"version", 'v', NULL, &is_version, "print the version"},
	};
	int taken;

	if (fill_stdio() < 0) {
		return CLI_EXIT_FAILURE;
	}
	/* A caller may have left it ignored: then no child could be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout);
		return 0;
	}
	taken = cli_parse(options, sizeof(options) / sizeof(options[0]), argc, argv);
	if (taken < 0) {
		return CLI_EXIT_FAILURE;
	}
	if (is_version) {
		printf("berth version %s\nspec: 1.3.0\n", berth_version());
		return 0;
	}
	if (taken >= argc) {
		print_usage(stderr);
		return CLI_EXIT_FAILURE;
	}
	return run_verb(argc - taken, argv + taken);
}
