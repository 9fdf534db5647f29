/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log that engines ask for: on a failure exactly one line, which they read as one JSON object with
 * the members level, msg and time, or as text. What is no failure is in it only where --log-level asks for it.
 *
 * --log names a file, or what may stand before a colon in the table below. It is opened for each line and not
 * before: a descriptor that is open all the time could be one of those that --preserve-fds passes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "cli.h"

enum { LOG_ENTRY_BYTES = 16 * 1024 }; /* a line, each of its bytes escaped, and what is around it */

/* What a level is called, and its number in syslog(3), which is that of the journal as well. */
static const struct level_row {
	const char *name;
	int priority;
} levels[] = {
	[CLI_LEVEL_ERROR] = {"error", LOG_ERR},
	[CLI_LEVEL_WARNING] = {"warning", LOG_WARNING},
	[CLI_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

/* How many bytes of UTF-8 make one character here (RFC 3629); 0 where they make none. */
static size_t character_length(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	unsigned char second = first ? (unsigned char)text[1] : 0;
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
			: first < 0xf5 ? 4
				       : 0;

	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	/* Forms that are too long, halves of UTF-16 pairs, and what is above U+10FFFF. */
	return (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
			       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90)
		       ? 0
		       : length;
}

/* A string of JSON, quotes included. The message has no control characters, but may have any other bytes. */
static void put_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text; text++) {
		size_t length = character_length(text);

		if (length == 0) {
			(void)fputc('?', out);
			continue;
		}
		for (; length > 1; length--) {
			(void)fputc(*text++, out);
		}
		if (*text == '"' || *text == '\\') {
			(void)fputc('\\', out);
		}
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void put_time(FILE *out)
{
	struct timespec now = {0};
	struct tm parts;
	char when[40];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	(void)fprintf(out, "\"%s\"", when);
}

static void put_json(FILE *out, enum cli_level level, const char *message)
{
	(void)fprintf(out, "{\"level\":\"%s\",\"msg\":", levels[level].name);
	put_string(out, message);
	(void)fputs(",\"time\":", out);
	put_time(out);
	(void)fputc('}', out);
}

static void put_text(FILE *out, enum cli_level level, const char *message)
{
	(void)fputs("time=", out);
	put_time(out);
	(void)fprintf(out, " level=%s msg=", levels[level].name);
	put_string(out, message);
}

/* One entry on its way: what it says, and in the form that --log-format asks for. */
struct entry {
	enum cli_level level;
	const char *message;
	bool is_json;
	char line[LOG_ENTRY_BYTES];
};

static void make_line(struct entry *entry)
{
	FILE *out = fmemopen(entry->line, sizeof(entry->line), "w");

	entry->line[0] = '\0';
	if (!out) {
		return;
	}
	if (entry->is_json) {
		put_json(out, entry->level, entry->message);
	} else {
		put_text(out, entry->level, entry->message);
	}
	(void)fclose(out);
}

/* O_NONBLOCK: a fifo that nobody reads must not hold a failure up. */
static int open_file(const char *place)
{
	return open(place, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
}

/* Each of these returns 0, or errno. `place` is what stands behind the colon. */
static int write_file(const char *place, struct entry *entry)
{
	autofd int fd = open_file(place);
	size_t length = strlen(entry->line);

	if (fd < 0) {
		return errno;
	}
	/* One write, so that two commands with one log do not mix their lines. */
	entry->line[length] = '\n';
	return write(fd, entry->line, length + 1) < 0 ? errno : 0;
}

/* Whether lines will find their way. Who is to read a fifo may come later. */
static int check_file(const char *place)
{
	autofd int fd = open_file(place);

	return fd < 0 && errno != ENXIO ? errno : 0;
}

/* The journal and syslog keep level and time beside the text, so that it is the message alone, or the object. */
static const char *bare_text(const struct entry *entry)
{
	return entry->is_json ? entry->line : entry->message;
}

static const struct sockaddr_un journal = {
	.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

/* systemd's "Native Journal Protocol": a datagram of NAME=VALUE lines. `journalctl -t` looks for
 * SYSLOG_IDENTIFIER; ID is where crun has it. */
static int write_journald(const char *place, struct entry *entry)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char datagram[LOG_ENTRY_BYTES + 1024];
	int length = snprintf(datagram, sizeof(datagram),
		"PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nID=%s\nMESSAGE=%s\n",
		levels[entry->level].priority, place, place, bare_text(entry));

	if (fd < 0) {
		return errno;
	}
	return sendto(fd, datagram, (size_t)length, MSG_NOSIGNAL, (const struct sockaddr *)&journal,
		       sizeof(journal)) < 0
		       ? errno
		       : 0;
}

static int check_journald(const char *place)
{
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)place;
	return fd < 0 || connect(fd, (const struct sockaddr *)&journal, sizeof(journal)) < 0 ? errno
											     : 0;
}

/* syslog(3) does not say whether anybody took the line. */
static int write_syslog(const char *place, struct entry *entry)
{
	openlog(place, LOG_PID, LOG_DAEMON);
	syslog(levels[entry->level].priority, "%s", bare_text(entry));
	closelog();
	return 0;
}

static int check_syslog(const char *place)
{
	(void)place;
	return access("/dev/log", F_OK) < 0 ? errno : 0;
}

static const struct backend {
	const char *name; /* what stands before the colon */
	int (*check)(const char *place);
	int (*write)(const char *place, struct entry *entry);
	bool is_path;
} backends[] = {
	{"file", check_file, write_file, true},
	{"journald", check_journald, write_journald, false},
	{"syslog", check_syslog, write_syslog, false},
};

/* A word and a colon at the start name a backend; without them it is a file. NULL: there is none of that name. */
static const struct backend *find_backend(const char *log, const char **ret_place)
{
	size_t length = strspn(log, "abcdefghijklmnopqrstuvwxyz");

	if (length == 0 || log[length] != ':') {
		*ret_place = log;
		return &backends[0];
	}
	*ret_place = log + length + 1;
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (strlen(backends[i].name) == length &&
			strncmp(backends[i].name, log, length) == 0) {
			return &backends[i];
		}
	}
	return NULL;
}

/* An identifier is part of a line that others read. */
static bool is_identifier(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			return false;
		}
	}
	return length > 0 && length <= 255;
}

int cli_log_check(const struct cli_globals *globals)
{
	const char *place;
	const struct backend *backend = find_backend(globals->log, &place);
	int errnum;

	if (!backend) {
		return cli_fail_text(NULL,
			"--log is a file, file:FILE, journald:IDENTIFIER or syslog:IDENTIFIER, not \"%s\"",
			globals->log);
	}
	if (backend->is_path ? *place == '\0' : !is_identifier(place)) {
		return cli_fail_text(NULL, "--log: \"%s\" is no %s", place,
			backend->is_path ? "file" : "identifier");
	}
	errnum = backend->check(place);
	return errnum == 0 ? 0 : cli_fail_errno(NULL, errnum, "open the log %s", globals->log);
}

void cli_say(void *argument, enum berth_log_level level, const char *line)
{
	const struct cli_globals *globals = argument;
	enum cli_level own = level == BERTH_LOG_WARNING ? CLI_LEVEL_WARNING : CLI_LEVEL_DEBUG;

	if (own > globals->level) {
		return;
	}
	if (globals->log) {
		cli_log(globals, own, line);
	} else {
		(void)fprintf(stderr, "berth: %s: %s\n", levels[own].name, line);
	}
}

int cli_level_find(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

void cli_log(const struct cli_globals *globals, enum cli_level level, const char *message)
{
	struct entry entry = {.level = level,
		.message = message,
		.is_json = strcmp(globals->log_format, "json") == 0};
	const char *place;
	const struct backend *backend;
	int errnum;

	if (!globals->log) {
		return;
	}
	backend = find_backend(globals->log, &place);
	make_line(&entry);
	errnum = backend ? backend->write(place, &entry) : 0;
	if (errnum == 0) {
		return;
	}
	/* What failed is on stderr already; nothing else is lost, either. */
	if (level != CLI_LEVEL_ERROR) {
		(void)fprintf(stderr, "berth: %s: %s\n", levels[level].name, message);
	}
	(void)cli_fail_errno(NULL, errnum, "write to the log %s", globals->log);
}
