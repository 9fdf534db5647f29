/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: another process in a container.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* What runc gives where the command has not run: engines tell it from the command's own status. */
enum { EXEC_EXIT_FAILURE = 255 };

struct exec_flags {
	struct berth_exec_options options;
	struct cli_list env, capabilities, gids, cgroups;
	const char *preserved_fds;
	uint32_t gid_numbers[CLI_LIST_MAX];
};

/* Numbers, also several with commas between them. */
static int take_gids(const struct cli_globals *globals, struct exec_flags *flags)
{
	for (size_t i = 0; i < flags->gids.count; i++) {
		char text[64];
		const char *at = flags->gids.items[i];

		do {
			size_t length = strcspn(at, ",");
			size_t count = flags->options.additional_gid_count;
			bool is_good = length < sizeof(text) && count < CLI_LIST_MAX;

			if (is_good) {
				(void)snprintf(text, sizeof(text), "%.*s", (int)length, at);
				is_good = cli_number(text, &flags->gid_numbers[count]);
			}
			if (!is_good) {
				return cli_fail_text(globals,
					"--additional-gids is \"%s\", not numbers",
					flags->gids.items[i]);
			}
			flags->options.additional_gid_count++;
			at += length;
		} while (*at++ == ',');
	}
	flags->options.additional_gids = flags->gid_numbers;
	return 0;
}

/* With --process nothing else says what the process is: what would be given beside it would not be so. But --tty is
 * no more than its "terminal", and conmon writes both. */
static int check_whole(
	const struct exec_flags *flags, const struct cli_globals *globals, bool has_arguments)
{
	const struct berth_exec_options *options = &flags->options;
	const struct {
		bool is_given;
		const char *name;
	} others[] = {
		{options->cwd != NULL, "--cwd"},
		{options->user != NULL, "--user"},
		{options->no_new_privs, "--no-new-privs"},
		{flags->env.count > 0, "--env"},
		{flags->gids.count > 0, "--additional-gids"},
		{flags->capabilities.count > 0, "--cap"},
		{has_arguments, "a program"},
	};

	for (size_t i = 0; options->process && i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].is_given) {
			return cli_fail_text(globals,
				"--process has the whole process: %s cannot be given beside it",
				others[i].name);
		}
	}
	return 0;
}

static int take_rest(struct exec_flags *flags, const struct cli_globals *globals, int argc,
	char **argv, int taken)
{
	struct berth_exec_options *options = &flags->options;

	options->size = sizeof(*options);
	options->dies_with_thread = true;
	options->env = (struct berth_texts){flags->env.items, flags->env.count};
	options->cgroups = (struct berth_texts){flags->cgroups.items, flags->cgroups.count};
	options->capabilities =
		(struct berth_texts){flags->capabilities.items, flags->capabilities.count};
	if (flags->preserved_fds && !cli_number(flags->preserved_fds, &options->preserved_fds)) {
		return cli_fail_text(
			globals, "--preserve-fds is \"%s\", not a number", flags->preserved_fds);
	}
	if (cli_listen(globals, &options->listen_fds, &options->listen_fdnames) != 0) {
		return CLI_EXIT_FAILURE;
	}
	if (argc - taken < 1 || (argc - taken < 2 && !options->process)) {
		return cli_fail_text(globals, "\"exec\" requires a minimum of %d argument(s)",
			options->process ? 1 : 2);
	}
	if (check_whole(flags, globals, argc - taken > 1) != 0) {
		return CLI_EXIT_FAILURE;
	}
	options->id = argv[taken];
	options->args = (struct berth_texts){
		(const char *const *)(argv + taken + 1), (size_t)(argc - taken - 1)};
	return take_gids(globals, flags);
}

static int exec_parse(
	const struct cli_globals *globals, struct exec_flags *flags, int argc, char **argv)
{
	struct berth_exec_options *o = &flags->options;
	const struct cli_option options[] = {
		{"process", 'p', &o->process, NULL,
			"a file with an object like the \"process\" of config.json", NULL},
		{"cwd", 0, &o->cwd, NULL, "the working directory", NULL},
		{"env", 'e', NULL, NULL, "NAME=VALUE; may be there more than once", &flags->env},
		{"tty", 't', NULL, &o->has_terminal, "allocate a terminal", NULL},
		{"user", 'u', &o->user, NULL, "USER[:GROUP], numbers or names", NULL},
		{"additional-gids", 'g', NULL, NULL, "numbers of further groups", &flags->gids},
		{"cap", 'c', NULL, NULL, "a further capability", &flags->capabilities},
		{"apparmor", 0, &o->apparmor_profile, NULL, "the AppArmor profile", NULL},
		{"process-label", 0, &o->selinux_label, NULL, "the SELinux label", NULL},
		{"no-new-privs", 0, NULL, &o->no_new_privs, "set no_new_privs", NULL},
		{"cgroup", 0, NULL, NULL,
			"[CONTROLLER,...:]PATH of a cgroup below the container's; may be there more than once",
			&flags->cgroups},
		{"detach", 'd', NULL, &o->is_detached, "return when the program runs", NULL},
		{"pid-file", 0, &o->pid_file, NULL, "a file that gets the pid", NULL},
		{"console-socket", 0, &o->console_socket, NULL,
			"a socket that gets the master of the terminal", NULL},
		{"pidfd-socket", 0, &o->pidfd_socket, NULL,
			"a socket that gets a pidfd of the process", NULL},
		{"preserve-fds", 0, &flags->preserved_fds, NULL,
			"how many descriptors from 3 on it gets as well", NULL},
		{"ignore-paused", 0, NULL, &o->ignores_paused, "also in a container that is paused",
			NULL},
	};

	return cli_parse_front(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
}

/* What was not given is as the container's config has it: that is another field. */
static void name_flag(const struct exec_flags *flags, struct berth_error *err)
{
	const struct berth_exec_options *o = &flags->options;
	const struct cli_field fields[] = {
		{"/process/apparmorProfile", o->apparmor_profile ? "--apparmor" : NULL},
		{"/process/selinuxLabel", o->selinux_label ? "--process-label" : NULL},
		{"/process/cwd", o->cwd ? "--cwd" : NULL},
		{"/process/env", flags->env.count > 0 ? "--env" : NULL},
		{"/process/terminal", o->has_terminal ? "--tty" : NULL},
		{"/process/user/additionalGids",
			flags->gids.count > 0 ? "--additional-gids" : NULL},
		{"/process/user", o->user ? "--user" : NULL},
		{"/process/capabilities", flags->capabilities.count > 0 ? "--cap" : NULL},
		{"/process/noNewPrivileges", o->no_new_privs ? "--no-new-privs" : NULL},
	};

	/* The first two alone can be beside --process, of which the others are fields. */
	cli_name_flag(err, fields, o->process ? 2 : sizeof(fields) / sizeof(fields[0]));
}

int cmd_exec(const struct cli_globals *globals, int argc, char **argv)
{
	autoptr struct exec_flags *flags = calloc(1, sizeof(*flags));
	struct berth_error err = {0};
	int taken;
	int status;

	if (!flags) {
		(void)cli_fail_text(globals, "out of memory");
		return EXEC_EXIT_FAILURE;
	}
	taken = exec_parse(globals, flags, argc, argv);
	if (taken <= 0) {
		return taken < 0 ? EXEC_EXIT_FAILURE : 0;
	}
	if (take_rest(flags, globals, argc, argv, taken) != 0) {
		return EXEC_EXIT_FAILURE;
	}
	if (berth_exec(&globals->context, &flags->options, &status, &err) < 0) {
		name_flag(flags, &err);
		(void)cli_fail(globals, &err);
		return EXEC_EXIT_FAILURE;
	}
	return cli_exit_status(status);
}
