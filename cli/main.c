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
	{"events", "[--interval TIME] [--stats] ID",
		"print statistics and OOM events of a container", cmd_events},
	{"pause", "ID", "freeze the processes of a container", cmd_pause},
	{"resume", "ID", "thaw them", cmd_resume},
	{"mounts", "add|remove ID FILE", "mount something in a container that runs, or unmount it",
		cmd_mounts},
	{"update", "[OPTION ...] ID", "set other limits for a container", cmd_update},
	{"list", "[--format table|json] [--quiet]", "list the containers", cmd_list},
	{"kill", "[--all] [--regex] ID [SIGNAL]", "send a signal to a container (default: TERM)",
		cmd_kill},
	{"delete", "[--force] [--regex] ID", "delete what is left of a container", cmd_delete},
	{"checkpoint", "[OPTION ...] ID", "save the processes of a container, and end it",
		cmd_checkpoint},
	{"restore", "[OPTION ...] ID", "run a container from what was saved", cmd_restore},
	{"features", "", "print what a config may ask for", cmd_features},
	{"spec", "[--bundle DIR] [--file FILE] [--rootless]", "write a config.json to begin with",
		cmd_spec},
	{"explain", "[--bundle DIR] [--config FILE]", "print what a run would do, and do nothing",
		cmd_explain},
	{"install", "[OPTION ...] podman|docker|containerd",
		"tell an engine of berth: print the configuration, and write it with consent",
		cmd_install},
	{"bootstrap", "encode|decode", "bootstrap messages: JSON to bytes, and back",
		cmd_bootstrap},
};

static const char program_usage[] =
	"usage: berth [GLOBAL OPTION ...] VERB [OPTION ...] [ARGUMENT ...]\n";

static const struct cli_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(name, verbs[i].name) == 0) {
			return &verbs[i];
		}
	}
	return NULL;
}

static void print_program(FILE *out)
{
	(void)fprintf(out, "berth: an OCI container runtime\n\n%s\n", program_usage);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		(void)fprintf(out, "  berth %s%s%s\n        %s\n", verbs[i].name,
			verbs[i].arguments[0] ? " " : "", verbs[i].arguments, verbs[i].help);
	}
	(void)fprintf(out, "\n\"berth VERB --help\" lists the verb's options.\n");
}

void cli_print_usage(const char *name)
{
	const struct cli_verb *verb = find_verb(name);

	if (verb) {
		printf("usage: berth %s%s%s\n", name, verb->arguments[0] ? " " : "",
			verb->arguments);
	} else {
		(void)fputs(program_usage, stdout);
	}
}

void cli_print_verb(const char *name)
{
	const struct cli_verb *verb = find_verb(name);

	if (!verb) {
		print_program(stdout);
		printf("\nGlobal options:\n\n");
		return;
	}
	cli_print_usage(name);
	printf("%s\n\n", verb->help);
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

/* What was understood, for those who read the log of an engine. */
static void say_command(const struct cli_globals *globals, int argc, char **argv)
{
	char line[1200];
	size_t used = 0;

	if (!globals->context.log) {
		return;
	}
	for (int i = 0; i < argc && used < sizeof(line); i++) {
		used += (size_t)snprintf(
			line + used, sizeof(line) - used, "%s%s", i > 0 ? " " : "", argv[i]);
	}
	cli_debug(globals, "berth %s, state root %s: %s", berth_version(), globals->context.root,
		line);
}

static int run_verb(const struct cli_globals *globals, int argc, char **argv)
{
	const struct cli_verb *verb = find_verb(argv[0]);

	say_command(globals, argc, argv);
	return verb ? verb->run(globals, argc, argv)
		    : cli_fail_text(globals, "unknown command \"%s\"; \"berth --help\" lists them",
			      argv[0]);
}

/* Where a command line keeps its records: below /run for root, else in the user's own folder there. */
static int default_root(const struct cli_globals *globals, char *buffer, size_t size)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	int length;

	if (globals->context.root) {
		return globals->context.root[strspn(globals->context.root, "/")] != '\0'
			       ? 0
			       : cli_fail_text(globals,
					 "--root is \"%s\": a directory of its own "
					 "is needed",
					 globals->context.root);
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
	[BERTH_CGROUPS_SYSTEMD] = "systemd",
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

/* The texts of the global flags, before it is known what they mean. */
struct global_texts {
	const char *level;
	const char *manager;
	const char *rootless;
	bool is_debug;
	bool is_systemd;
};

/* --debug is a level, whatever --log-level says: who says it wants to see everything. */
static int check_log(struct cli_globals *globals, const struct global_texts *texts)
{
	int level = cli_level_find(texts->level);
	int status = globals->log ? cli_log_check(globals) : 0;

	if (status != 0) {
		return status;
	}
	if (strcmp(globals->log_format, "text") != 0 && strcmp(globals->log_format, "json") != 0) {
		const char *wrong = globals->log_format;

		globals->log_format = "text";
		return cli_fail_text(globals, "--log-format is text or json, not \"%s\"", wrong);
	}
	if (level < 0) {
		return cli_fail_text(globals, "--log-level is error, warning or debug, not \"%s\"",
			texts->level);
	}
	globals->level = texts->is_debug ? CLI_LEVEL_DEBUG : (enum cli_level)level;
	if (globals->level > CLI_LEVEL_ERROR) {
		globals->context.log = cli_say;
		globals->context.log_argument = globals;
	}
	return 0;
}

/* 0, or the exit status after a complaint. */
static int check_globals(struct cli_globals *globals, const struct global_texts *texts)
{
	int cgroups = texts->is_systemd ? BERTH_CGROUPS_SYSTEMD
					: find_name(manager_names, 3, texts->manager);
	int mode = find_name(rootless_names, 3, texts->rootless);
	int status = check_log(globals, texts);

	if (status != 0) {
		return status;
	}
	if (cgroups < 0) {
		return cli_fail_text(globals,
			"--cgroup-manager is cgroupfs, systemd or disabled, not \"%s\"",
			texts->manager);
	}
	if (mode < 0) {
		return cli_fail_text(
			globals, "--rootless is auto, true or false, not \"%s\"", texts->rootless);
	}
	globals->cgroups = (enum berth_cgroups)cgroups;
	globals->rootless = (enum berth_rootless)mode;
	return 0;
}

static int print_version(const struct cli_globals *globals)
{
	printf("berth version %s\ncommit: %s\nspec: 1.3.0\n", berth_version(), CLI_COMMIT);
	return cli_write(globals, "", 0);
}

static const char *notify_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && path[0] ? path : NULL;
}

static int run_line(int argc, char **argv)
{
	struct cli_globals globals = {
		.context = {.size = sizeof(globals.context)}, .log_format = "text"};
	struct global_texts texts = {.level = "error", .manager = "cgroupfs", .rootless = "auto"};
	bool is_version = false;
	bool is_help;
	const struct cli_option options[] = {
		{"root", 0, &globals.context.root, NULL, "the state root", NULL},
		{"log", 0, &globals.log, NULL,
			"FILE, file:FILE, journald:IDENTIFIER or syslog:IDENTIFIER: gets the error as well",
			NULL},
		{"log-format", 0, &globals.log_format, NULL, "text or json", NULL},
		{"log-level", 0, &texts.level, NULL,
			"error, warning or debug: what is said beside errors, in the log or on stderr",
			NULL},
		{"debug", 0, NULL, &texts.is_debug, "--log-level debug", NULL},
		{"cgroup-manager", 0, &texts.manager, NULL, "cgroupfs, systemd or disabled", NULL},
		{"systemd-cgroup", 0, NULL, &texts.is_systemd, "--cgroup-manager systemd", NULL},
		{"rootless", 0, &texts.rootless, NULL,
			"auto, true or false: whether a cgroup that cannot be made is no error",
			NULL},
		{"version", 'v', NULL, &is_version, "print the version (-V as well)", NULL},
		{"version", 'V', NULL, &is_version, NULL, NULL},
	};
	char root[4096];
	char word[] = "--help";
	int taken = cli_parse_front(
		&globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (is_version) {
		return print_version(&globals);
	}
	if (taken >= argc) {
		print_program(stderr);
		return CLI_EXIT_FAILURE;
	}
	is_help = strcmp(argv[taken], "help") == 0;
	if (is_help && taken + 1 == argc) {
		char *help[] = {argv[0], word, NULL};

		taken = cli_parse(&globals, options, sizeof(options) / sizeof(options[0]), 2, help);
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (is_help) {
		argv[taken] = argv[taken + 1];
		argv[taken + 1] = word;
	}
	if (check_globals(&globals, &texts) != 0 ||
		default_root(&globals, root, sizeof(root)) != 0) {
		return CLI_EXIT_FAILURE;
	}
	globals.context.root = globals.context.root ? globals.context.root : root;
	globals.context.notify_socket = notify_socket();
	return run_verb(&globals, argc - taken, argv + taken);
}

int main(int argc, char **argv)
{
	char name[] = "berth";

	if (fill_stdio() < 0) {
		return CLI_EXIT_FAILURE;
	}
	/* A caller may have left it ignored: then no child could be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A name that is no verb's: the help of the program is not the one of a verb of its file's name. */
	argv[0] = name;
	return run_line(argc, argv);
}
