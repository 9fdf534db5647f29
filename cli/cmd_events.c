/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: statistics and OOM of a container, one JSON object a line, until it ends or nobody reads them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct duration_unit {
	const char *name;
	uint64_t ns;
} duration_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* the micro sign, and the letter mu: Go takes both */
	{"\xce\xbcs", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60 * (uint64_t)1000000000},
	{"h", 3600 * (uint64_t)1000000000},
};

/* The unit at the start of a text: the longest name that fits is the one up to the next number. */
static const struct duration_unit *find_unit(const char *text)
{
	size_t length = strcspn(text, "0123456789.");

	for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
		if (strlen(duration_units[i].name) == length &&
			strncmp(duration_units[i].name, text, length) == 0) {
			return &duration_units[i];
		}
	}
	return NULL;
}

/* Digits, and a fraction behind a dot, in `unit`: false where it is too much. What is less than a nanosecond
 * is left out. */
static bool add_part(const char *digits, const struct duration_unit *unit, uint64_t *total_ns)
{
	uint64_t whole = 0;
	uint64_t scale = unit->ns;
	uint64_t fraction = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++) {
		if (whole > INT64_MAX / 10) {
			return false;
		}
		whole = whole * 10 + (uint64_t)(*digits - '0');
	}
	if (*digits == '.') {
		for (digits++; *digits >= '0' && *digits <= '9'; digits++) {
			scale /= 10;
			fraction += scale * (uint64_t)(*digits - '0');
		}
	}
	return !__builtin_mul_overflow(whole, unit->ns, &whole) &&
	       !__builtin_add_overflow(whole, fraction, &whole) &&
	       !__builtin_add_overflow(*total_ns, whole, total_ns) && *total_ns <= INT64_MAX;
}

/* A duration as Go writes it: "5s", "1.5h", "1m30s"; "0" alone needs no unit. */
static bool take_duration(const char *text, uint64_t *ret_ns)
{
	bool is_negative = *text == '-';
	uint64_t total_ns = 0;

	text += *text == '-' || *text == '+' ? 1 : 0;
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return true;
	}
	do {
		const char *digits = text;
		size_t whole = strspn(digits, "0123456789");
		size_t fraction =
			digits[whole] == '.' ? strspn(digits + whole + 1, "0123456789") : 0;
		const struct duration_unit *unit;

		text += whole + (digits[whole] == '.' ? fraction + 1 : 0);
		unit = whole + fraction > 0 ? find_unit(text) : NULL;
		if (!unit || !add_part(digits, unit, &total_ns)) {
			return false;
		}
		text += strlen(unit->name);
	} while (*text);
	*ret_ns = is_negative ? 0 : total_ns;
	return true;
}

/* 0; 1 where nobody reads any more; or -1 after a complaint. */
static int print_line(const struct cli_globals *globals, const char *text)
{
	if (printf("%s\n", text) >= 0 && fflush(stdout) == 0) {
		return 0;
	}
	if (errno == EPIPE) {
		return 1;
	}
	(void)cli_fail_errno(globals, errno, "write to stdout");
	return -1;
}

/* All that there is now: 0, 1 after the end, or -1 after a complaint. */
static int print_events(const struct cli_globals *globals, struct berth_events *events)
{
	for (;;) {
		struct berth_error err = {0};
		autoptr char *text = NULL;
		enum berth_event event;
		int r;

		if (berth_events_next(events, &event, &text, &err) < 0) {
			(void)cli_fail(globals, &err);
			return -1;
		}
		if (!text) {
			return event == BERTH_EVENT_END ? 1 : 0;
		}
		r = print_line(globals, text);
		if (r != 0) {
			return r;
		}
	}
}

static int follow(const struct cli_globals *globals, struct berth_events *events)
{
	struct pollfd items[2] = {
		{.fd = berth_events_fd(events), .events = POLLIN},
		/* Nothing is waited for there but that the reader goes away: POLLERR and POLLHUP. */
		{.fd = STDOUT_FILENO, .events = 0},
	};
	int r = 0;

	while (r == 0) {
		if (poll(items, 2, -1) < 0 && errno != EINTR) {
			(void)cli_fail_errno(globals, errno, "wait for events");
			return -1;
		}
		if (items[1].revents != 0) {
			return 1;
		}
		r = print_events(globals, events);
	}
	return r;
}

static int print_stats(const struct cli_globals *globals, const char *id)
{
	struct berth_error err = {0};
	autoptr char *text = NULL;

	if (berth_stats(&globals->context, id, &text, &err) < 0) {
		return cli_fail(globals, &err);
	}
	return print_line(globals, text) < 0 ? CLI_EXIT_FAILURE : 0;
}

static int print_stream(const struct cli_globals *globals, const char *id, uint64_t interval_ns)
{
	struct berth_events *events = NULL;
	struct berth_error err = {0};
	int r;

	if (berth_events_open(&globals->context, id, interval_ns, &events, &err) < 0) {
		return cli_fail(globals, &err);
	}
	r = follow(globals, events);
	(void)berth_events_close(events);
	return r < 0 ? CLI_EXIT_FAILURE : 0;
}

int cmd_events(const struct cli_globals *globals, int argc, char **argv)
{
	const char *interval = "5s";
	bool is_once = false;
	const struct cli_option options[] = {
		{"interval", 0, &interval, NULL,
			"the time between statistics, such as 500ms or 1m30s (default: 5s)"},
		{"stats", 0, NULL, &is_once, "print the statistics once, and end"},
	};
	uint64_t interval_ns = 0;
	int taken = cli_parse(globals, options, 2, argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (argc - taken != 1) {
		return cli_need_arguments(globals, "events", 1);
	}
	if (!take_duration(interval, &interval_ns)) {
		return cli_fail_text(globals,
			"--interval is a time such as 5s, 500ms or 1m30s, not \"%s\"", interval);
	}
	if (interval_ns == 0) {
		return cli_fail_text(globals,
			"--interval: duration interval must be greater than 0, not \"%s\"",
			interval);
	}
	/* Who does not read any more is seen by the write, and is no failure. */
	(void)signal(SIGPIPE, SIG_IGN);
	return is_once ? print_stats(globals, argv[taken])
		       : print_stream(globals, argv[taken], interval_ns);
}
