/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start, pause, resume, kill and delete: verbs on a container that is there.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

/* No options but --help; exactly one argument, the id: its place in argv, 0 after the help, or -1. */
static int take_id(const struct cli_globals *globals, const struct cli_option *options,
	size_t count, int argc, char **argv)
{
	int taken = cli_parse(globals, options, count, argc, argv);

	if (taken > 0 && argc - taken != 1) {
		(void)cli_need_arguments(globals, argv[0], 1);
		return -1;
	}
	return taken;
}

int cmd_start(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	int at = take_id(globals, NULL, 0, argc, argv);

	if (at <= 0) {
		return at < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return berth_start(&globals->context, argv[at], &err) < 0 ? cli_fail(globals, &err) : 0;
}

int cmd_pause(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	int at = take_id(globals, NULL, 0, argc, argv);

	if (at <= 0) {
		return at < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return berth_pause(&globals->context, argv[at], &err) < 0 ? cli_fail(globals, &err) : 0;
}

int cmd_resume(const struct cli_globals *globals, int argc, char **argv)
{
	struct berth_error err = {0};
	int at = take_id(globals, NULL, 0, argc, argv);

	if (at <= 0) {
		return at < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return berth_resume(&globals->context, argv[at], &err) < 0 ? cli_fail(globals, &err) : 0;
}

/* One container, or with --regex those whose ids match. */
static int act(const struct cli_globals *globals, const char *id, bool is_pattern,
	const struct cli_action *action)
{
	struct berth_error err = {0};

	if (is_pattern) {
		return cli_act_on_pattern(globals, id, action);
	}
	return action->run(globals, id, action, &err) < 0 ? cli_fail(globals, &err) : 0;
}

static int delete_one(const struct cli_globals *globals, const char *id,
	const struct cli_action *action, struct berth_error *err)
{
	return berth_delete(&globals->context, id, action->is_forced, err);
}

int cmd_delete(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_action action = {.run = delete_one};
	bool is_pattern = false;
	const struct cli_option options[] = {
		{"force", 'f', NULL, &action.is_forced,
			"kill the container first; one that is not there is no error", NULL},
		{"regex", 'r', NULL, &is_pattern,
			"ID is a regular expression: every container whose id matches", NULL},
	};
	int at = take_id(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (at <= 0) {
		return at < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return act(globals, argv[at], is_pattern, &action);
}

static const struct signal_name {
	const char *name;
	int number;
} signal_names[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"IOT", SIGIOT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"POLL", SIGPOLL},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
};

/* The realtime signals as programs know them. The kernel has two more, which the C library keeps for itself: signal(7).
 * It is not this program's C library that counts: another one may keep three. */
enum { SIGNAL_REALTIME_MIN = 34, SIGNAL_REALTIME_MAX = 64 };

/* Digits alone, up to `max`: the number, or -1. */
static int small_number(const char *text, int max)
{
	uint32_t number;

	return strlen(text) <= 3 && cli_number(text, &number) && number <= (uint32_t)max
		       ? (int)number
		       : -1;
}

/* "RTMIN", "RTMIN+3", "RTMAX-1", "RTMAX": the number, or -1. */
static int realtime_number(const char *name)
{
	bool is_max = strncasecmp(name, "RTMAX", 5) == 0;
	int distance = 0;

	if (!is_max && strncasecmp(name, "RTMIN", 5) != 0) {
		return -1;
	}
	if (name[5] != '\0') {
		distance =
			name[5] == (is_max ? '-' : '+')
				? small_number(name + 6, SIGNAL_REALTIME_MAX - SIGNAL_REALTIME_MIN)
				: -1;
	}
	if (distance < 0) {
		return -1;
	}
	return is_max ? SIGNAL_REALTIME_MAX - distance : SIGNAL_REALTIME_MIN + distance;
}

/* "9", "KILL", "SIGKILL", "RTMIN+1": the number, or -1. */
static int signal_number(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (isdigit((unsigned char)text[0])) {
		return small_number(text, SIGNAL_REALTIME_MAX);
	}
	for (size_t i = 0; i < sizeof(signal_names) / sizeof(signal_names[0]); i++) {
		if (strcasecmp(name, signal_names[i].name) == 0) {
			return signal_names[i].number;
		}
	}
	return realtime_number(name);
}

static int kill_one(const struct cli_globals *globals, const char *id,
	const struct cli_action *action, struct berth_error *err)
{
	return berth_kill(&globals->context, id, action->signal, action->is_all, err);
}

int cmd_kill(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_action action = {.run = kill_one};
	bool is_pattern = false;
	const struct cli_option options[] = {
		{"all", 'a', NULL, &action.is_all,
			"to all processes; one that has stopped is no failure then", NULL},
		{"regex", 'r', NULL, &is_pattern,
			"ID is a regular expression: every container whose id matches", NULL},
	};
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
	const char *text;

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken < 1 || argc - taken > 2) {
		return cli_fail_text(
			globals, "\"kill\" requires one or two argument(s): ID [SIGNAL]");
	}
	text = argc - taken == 2 ? argv[taken + 1] : "TERM";
	action.signal = signal_number(text);
	if (action.signal < 0) {
		return cli_fail_text(globals, "unknown signal \"%s\"", text);
	}
	return act(globals, argv[taken], is_pattern, &action);
}
