/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps: the processes of a container, as an array of numbers, or as what ps(1) says of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli.h"

enum { PS_CHOICE_MAX = 8192 }; /* pids that are named to ps(1): an argument has at most 128 KiB */

struct ps_pids {
	pid_t *items;
	size_t count;
};

static bool has_pid(const struct ps_pids *pids, long pid)
{
	for (size_t i = 0; i < pids->count; i++) {
		if (pids->items[i] == pid) {
			return true;
		}
	}
	return false;
}

static int print_json(const struct cli_globals *globals, const struct ps_pids *pids)
{
	autoptr char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out) {
		return cli_fail_text(globals, "out of memory");
	}
	(void)fputc('[', out);
	for (size_t i = 0; i < pids->count; i++) {
		(void)fprintf(out, "%s%d", i > 0 ? "," : "", (int)pids->items[i]);
	}
	(void)fputs("]\n", out);
	if (fclose(out) != 0) {
		return cli_fail_text(globals, "out of memory");
	}
	return cli_write(globals, text, length);
}

/* Where the pids are: in which word of a line, and before which byte they end, as ps(1) has numbers end below the end
 * of their title. */
struct ps_column {
	int word;
	size_t end;
};

/* False where no title is "PID". */
static bool find_column(const char *titles, struct ps_column *ret_column)
{
	const char *at = titles;
	int word = 0;

	while (*at) {
		size_t length = strcspn(at, " \n");

		if (length == strlen("PID") && strncmp(at, "PID", length) == 0) {
			*ret_column = (struct ps_column){word, (size_t)(at - titles) + length};
			return true;
		}
		word += length > 0 ? 1 : 0;
		at += length + (at[length] ? 1 : 0);
	}
	return false;
}

/* The number that ends there, where one does; else the one in the column's word: a text that is too long has moved what
 * is behind it, and one of several words has not. */
static long read_column(const char *line, const struct ps_column *column)
{
	long in_word = -1;
	int word = 0;

	for (const char *at = line + strspn(line, " "); *at && *at != '\n'; word++) {
		char *end;
		long number = strtol(at, &end, 10);

		if (end > at && (size_t)(end - line) == column->end) {
			return number;
		}
		in_word = word == column->word ? number : in_word;
		at += strcspn(at, " \n");
		at += strspn(at, " ");
	}
	return in_word;
}

/* Of what ps(1) prints: the titles, and the lines of the container's processes. */
static int filter_lines(
	const struct cli_globals *globals, FILE *in, const struct ps_pids *pids, char **line)
{
	struct ps_column column = {0};
	size_t size = 0;
	bool is_first = true;
	int status = 0;

	while (status == 0 && getline(line, &size, in) >= 0) {
		if (is_first && !find_column(*line, &column)) {
			return cli_fail_text(globals, "ps: no column PID among those of ps(1)");
		}
		if (is_first || has_pid(pids, read_column(*line, &column))) {
			status = cli_write(globals, *line, strlen(*line));
		}
		is_first = false;
	}
	return status;
}

/* A ps(1) that runs. */
struct ps_program {
	pid_t pid;
	FILE *out; /* what it prints */
};

/* The arguments go to ps(1) as they are, without a shell that would look into them. 0, or errno. */
static int start_ps(char **arguments, bool is_quiet, struct ps_program *ret_program)
{
	posix_spawn_file_actions_t actions;
	int fds[2];
	autofd int write_fd = -1;
	int r;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return errno;
	}
	write_fd = fds[1];
	ret_program->out = fdopen(fds[0], "re");
	r = ret_program->out ? posix_spawn_file_actions_init(&actions) : errno;
	if (r != 0) {
		return r;
	}
	r = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
	if (r == 0 && is_quiet) {
		r = posix_spawn_file_actions_addopen(
			&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	}
	if (r == 0) {
		r = posix_spawnp(&ret_program->pid, "ps", &actions, NULL, arguments, environ);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* Its exit status as a shell has it. */
static int end_ps(struct ps_program *program)
{
	int ended = 0;

	if (program->out) {
		(void)fclose(program->out);
	}
	return program->pid > 0 && waitpid(program->pid, &ended, 0) == program->pid
		       ? cli_exit_status(ended)
		       : 0;
}

/* By ps(1)'s own choice, -q, which needs no column of pids. Some options do not go with it, and some ps(1) do not have it:
 * then nothing is printed, and it is not done. */
static int print_chosen(const struct cli_globals *globals, char **arguments, bool *ret_is_done)
{
	struct ps_program program = {0};
	autoptr char *line = NULL;
	size_t size = 0;
	int status = 0;
	int r = start_ps(arguments, true, &program);

	*ret_is_done = r != 0;
	while (r == 0 && status == 0 && getline(&line, &size, program.out) >= 0) {
		*ret_is_done = true;
		status = cli_write(globals, line, strlen(line));
	}
	(void)end_ps(&program);
	return r == 0 ? status : cli_fail_errno(globals, r, "start ps(1)");
}

static int print_filtered(
	const struct cli_globals *globals, const struct ps_pids *pids, char **arguments)
{
	struct ps_program program = {0};
	autoptr char *line = NULL;
	int r = start_ps(arguments, false, &program);
	int status = r == 0 ? filter_lines(globals, program.out, pids, &line)
			    : cli_fail_errno(globals, r, "start ps(1)");
	int ended = end_ps(&program);

	return status == 0 && ended != 0
		       ? cli_fail_text(globals, "ps(1) ended with status %d", ended)
		       : status;
}

/* "12,13", from malloc; NULL where there are none, where they are too many for an argument, and without memory. */
static char *join_pids(const struct ps_pids *pids)
{
	autoptr char *text = NULL;
	char *list = NULL;
	bool is_written;
	size_t length = 0;
	FILE *out = pids->count > 0 && pids->count <= PS_CHOICE_MAX ? open_memstream(&text, &length)
								    : NULL;

	for (size_t i = 0; out && i < pids->count; i++) {
		(void)fprintf(out, "%s%d", i > 0 ? "," : "", (int)pids->items[i]);
	}
	is_written = out && fclose(out) == 0;
	if (is_written) {
		list = text;
		text = NULL;
	}
	return list;
}

static int print_table(
	const struct cli_globals *globals, const struct ps_pids *pids, int argc, char **argv)
{
	char name[] = "ps";
	char all[] = "-ef";
	char choice[] = "-q";
	autoptr char **arguments = calloc((size_t)argc + 5, sizeof(*arguments));
	autoptr char *list = join_pids(pids);
	int count = argc > 0 ? argc + 1 : 2;
	bool is_done = false;
	int status = 0;

	if (!arguments) {
		return cli_fail_text(globals, "out of memory");
	}
	arguments[0] = name;
	arguments[1] = all;
	for (int i = 0; i < argc; i++) {
		arguments[i + 1] = argv[i];
	}
	if (list) {
		arguments[count] = choice;
		arguments[count + 1] = list;
		status = print_chosen(globals, arguments, &is_done);
		arguments[count] = NULL;
	}
	return is_done ? status : print_filtered(globals, pids, arguments);
}

int cmd_ps(const struct cli_globals *globals, int argc, char **argv)
{
	const char *format = "table";
	const struct cli_option options[] = {
		{"format", 'f', &format, NULL, "table or json", NULL},
	};
	struct berth_error err = {0};
	struct ps_pids pids = {0};
	autoptr pid_t *items = NULL;
	int taken = cli_parse_front(globals, options, 1, argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken < 1) {
		return cli_fail_text(globals, "\"ps\" requires a minimum of 1 argument(s)");
	}
	if (strcmp(format, "json") != 0 && strcmp(format, "table") != 0) {
		return cli_fail_text(globals, "--format is table or json, not \"%s\"", format);
	}
	if (strcmp(format, "json") == 0 && argc - taken > 1) {
		return cli_fail_text(globals, "--format json takes no options of ps(1)");
	}
	if (berth_pids(&globals->context, argv[taken], &pids.items, &pids.count, &err) < 0) {
		return cli_fail(globals, &err);
	}
	items = pids.items;
	if (strcmp(format, "json") == 0) {
		return print_json(globals, &pids);
	}
	return print_table(globals, &pids, argc - taken - 1, argv + taken + 1);
}
