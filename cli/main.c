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
	{"create", "[OPTION ...] ID", "make a container that waits for start", cmd_create},
	{"start", "ID", "start the program of a created container", cmd_start},
	{"run", "[OPTION ...] ID", "create and start; in the foreground, delete as well", cmd_run},
	{"exec", "[OPTION ...] ID PROGRAM [ARGUMENT ...]", "run another process in a container",
		cmd_exec},
	{"state", "ID", "print the state of a container", cmd_state},
	{"ps", "[--format table|json] ID [PS_OPTION ...]", "list the processes of a container",
		cmd_ps},
	{"pause", "ID", "freeze the processes of a container", cmd_pause},
	{"resume", "ID", "thaw them", cmd_resume},
	{"list", "[--format table|json] [--quiet]", "list the containers", cmd_list},
	{"kill", "[--all] ID [SIGNAL]", "send a signal to a container (default: TERM)", cmd_kill},
	{"delete", "[--force] ID", "delete what is left of a container", cmd_delete},
	{"features", "", "print what a config may ask for", cmd_features},
	{"spec", "[--bundle DIR] [--rootless]", "write a config.json to begin with", cmd_spec},
	{"explain", "[--bundle DIR]", "print what a run would do, and do nothing", cmd_explain},
	{"bootstrap", "encode|decode", "bootstrap messages: JSON to bytes, and back",
		cmd_bootstrap},
};

static void print_usage(FILE *out)
{
	(void)fprintf(out,
		"berth: an OCI container runtime\n\n"
		"usage: berth [GLOBAL OPTION ...] VERB [OPTION ...] [ARGUMENT ...]\n\n"
		"  --root DIR, --log FILE, --log-format text|json, --cgroup-manager cgroupfs|disabled,\n"
		"  --rootless auto|true|false, --version, --help\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		(void)fprintf(out, "  berth %s%s%s\n        %s\n", verbs[i].name,
			verbs[i].arguments[0] ? " " : "", verbs[i].arguments, verbs[i].help);
	}
	(void)fprintf(out, "\n\"berth VERB --help\" lists the verb's options.\n");
}

void cli_print_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(name, verbs[i].name) == 0) {
			printf("usage: berth %s%s%s\n%s\n\n", name,
				verbs[i].arguments[0] ? " " : "", verbs[i].arguments,
				verbs[i].help);
		}
	}
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

static int run_verb(const struct cli_globals *globals, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[0], verbs[i].name) == 0) {
			return verbs[i].run(globals, argc, argv);
		}
	}
	return cli_fail_text(
		globals, "unknown command \"%s\"; \"berth --help\" lists them", argv[0]);
}

/* Where a command line keeps its records: below /run for root, else in the user's own folder there. */
static int default_root(const struct cli_globals *globals, char *buffer, size_t size)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	int length;

	if (globals->context.root) {
		return 0;
	}
	if (geteuid() == 0) {
		length = snprintf(buffer, size, "/run/berth");
	} else if (runtime_dir && runtime_dir[0] == '/') {
		length = snprintf(buffer, size, "%s/berth", runtime_dir);
	} else {
		length = snprintf(buffer, size, "/tmp/berth-%u", (unsigned int)geteuid());
	}
	return length < (int)size ? 0 : cli_fail_text(globals, "XDG_RUNTIME_DIR is too long");
}

static const char *const manager_names[] = {
	[BERTH_CGROUPS_FS] = "cgroupfs",
	[BERTH_CGROUPS_DISABLED] = "disabled",
};
static const char *const rootless_names[] = {
	[BERTH_ROOTLESS_AUTO] = "auto",
	[BERTH_ROOTLESS_YES] = "true",
	[BERTH_ROOTLESS_NO] = "false",
};

/* The number of a text, or -1. */
static int find_name(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* The texts of the global flags as what they mean: 0, or the exit status after a complaint. */
static int check_globals(
	struct cli_globals *globals, const char *manager, const char *rootless, bool is_systemd)
{
	int cgroups = find_name(manager_names, 2, manager);
	int mode = find_name(rootless_names, 3, rootless);

	if (strcmp(globals->log_format, "text") != 0 && strcmp(globals->log_format, "json") != 0) {
		return cli_fail_text(
			globals, "--log-format is text or json, not \"%s\"", globals->log_format);
	}
	if (is_systemd || strcmp(manager, "systemd") == 0) {
		return cli_fail_text(globals,
			"the cgroup manager systemd is not supported by this version of "
			"berth");
	}
	if (cgroups < 0) {
		return cli_fail_text(
			globals, "--cgroup-manager is cgroupfs or disabled, not \"%s\"", manager);
	}
	if (mode < 0) {
		return cli_fail_text(
			globals, "--rootless is auto, true or false, not \"%s\"", rootless);
	}
	globals->cgroups = (enum berth_cgroups)cgroups;
	globals->rootless = (enum berth_rootless)mode;
	return 0;
}

static int run_line(int argc, char **argv)
{
	struct cli_globals globals = {
		.context = {.size = sizeof(globals.context)}, .log_format = "text"};
	bool is_version = false;
	bool is_debug = false;
	bool is_systemd = false;
	const char *manager = "cgroupfs";
	const char *rootless = "auto";
	const struct cli_option options[] = {
		{"root", 0, &globals.context.root, NULL, "the state root"},
		{"log", 0, &globals.log, NULL, "a file that gets the error as well"},
		{"log-format", 0, &globals.log_format, NULL, "text or json"},
		{"cgroup-manager", 0, &manager, NULL, "cgroupfs or disabled"},
		{"systemd-cgroup", 0, NULL, &is_systemd, "not supported yet"},
		{"rootless", 0, &rootless, NULL,
			"auto, true or false: whether a cgroup that cannot be made is no error"},
		{"debug", 0, NULL, &is_debug, "accepted, without effect"},
		{"version", 'v', NULL, &is_version, "print the version"},
	};
	char root[4096];
	int taken = cli_parse(&globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken < 0) {
		return CLI_EXIT_FAILURE;
	}
	if (is_version) {
		printf("berth version %s\ncommit: %s\nspec: 1.3.0\n", berth_version(), CLI_COMMIT);
		return 0;
	}
	if (taken >= argc) {
		print_usage(stderr);
		return CLI_EXIT_FAILURE;
	}
	if (check_globals(&globals, manager, rootless, is_systemd) != 0) {
		return CLI_EXIT_FAILURE;
	}
	if (default_root(&globals, root, sizeof(root)) != 0) {
		return CLI_EXIT_FAILURE;
	}
	globals.context.root = globals.context.root ? globals.context.root : root;
	return run_verb(&globals, argc - taken, argv + taken);
}

int main(int argc, char **argv)
{
	if (fill_stdio() < 0) {
		return CLI_EXIT_FAILURE;
	}
	/* A caller may have left it ignored: then no child could be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
				strcmp(argv[1], "help") == 0)) {
		print_usage(stdout);
		return 0;
	}
	return run_line(argc, argv);
}
