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

enum { PS_COMMAND_BYTES = 4096 };

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

/* The column of the titles in which the pids are; -1 where there is none. */
static int find_column(const char *titles)
{
	int column = 0;

	while (*titles) {
		size_t length = strcspn(titles, " \n");

		if (length == strlen("PID") && strncmp(titles, "PID", length) == 0) {
			return column;
		}
		column += length > 0 ? 1 : 0;
		titles += length + (titles[length] ? 1 : 0);
	}
	return -1;
}

static long read_column(const char *line, int column)
{
	for (;;) {
		line += strspn(line, " ");
		if (column-- == 0) {
			return strtol(line, NULL, 10);
		}
		line += strcspn(line, " \n");
		if (*line == '\0' || *line == '\n') {
			return -1;
		}
	}
}

/* Of what ps(1) prints: the titles, and the lines of the container's processes. */
static int filter_lines(
	const struct cli_globals *globals, FILE *in, const struct ps_pids *pids, char **line)
{
	size_t size = 0;
	int column = -1;
	bool is_first = true;

	while (getline(line, &size, in) >= 0) {
		int status = 0;

		if (is_first) {
			column = find_column(*line);
		}
		if (column < 0) {
			return cli_fail_text(globals, "ps: no column PID among those of ps(1)");
		}
		if (is_first || has_pid(pids, read_column(*line, column))) {
			status = cli_write(globals, *line, strlen(*line));
		}
		is_first = false;
		if (status != 0) {
			return status;
		}
	}
	return 0;
}

/* The arguments go to ps(1) as they are, without a shell that would look into them. 0, or errno. */
static int run_ps(char **arguments, FILE **ret_in, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int fds[2];
	autofd int write_fd = -1;
	int r;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return errno;
	}
	write_fd = fds[1];
	*ret_in = fdopen(fds[0], "re");
	if (!*ret_in) {
		return errno;
	}
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
		if (r == 0) {
			r = posix_spawnp(ret_pid, "ps", &actions, NULL, arguments, environ);
		}
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	return r;
}

static int print_table(
	const struct cli_globals *globals, const struct ps_pids *pids, int argc, char **argv)
{
	char name[] = "ps";
	char all[] = "-ef";
	autoptr char **arguments = calloc((size_t)argc + 3, sizeof(*arguments));
	autoptr char *line = NULL;
	FILE *in = NULL;
	pid_t pid = -1;
	int ended = 0;
	int status;
	int r;

	if (!arguments) {
		return cli_fail_text(globals, "out of memory");
	}
	arguments[0] = name;
	arguments[1] = all;
	for (int i = 0; i < argc; i++) {
		arguments[i + 1] = argv[i];
	}
	r = run_ps(arguments, &in, &pid);
	status = r == 0 ? filter_lines(globals, in, pids, &line)
			: cli_fail_errno(globals, r, "start ps(1)");
	if (in) {
		(void)fclose(in);
	}
	if (r == 0 && waitpid(pid, &ended, 0) == pid && ended != 0 && status == 0) {
		return cli_fail_text(globals, "ps(1) ended with status %d", cli_exit_status(ended));
	}
	return status;
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
	if (berth_pids(&globals->context, argv[taken], &pids.items, &pids.count, &err) < 0) {
		return cli_fail(globals, &err);
	}
	items = pids.items;
	if (strcmp(format, "json") == 0) {
		return print_json(globals, &pids);
	}
	return print_table(globals, &pids, argc - taken - 1, argv + taken + 1);
}
