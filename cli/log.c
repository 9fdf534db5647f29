/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log that engines ask for: on a failure exactly one line, which they read as one JSON object with
 * the members level, msg and time, or as text.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"

/* How many bytes of UTF-8 make one character here (RFC 3629); 0 where they make none. */
static size_t character_length(const char *text)
{
	unsigned char first = (unsigned char)*text;
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
	return length;
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

static void put_line(FILE *out, bool is_json, const char *message)
{
	struct timespec now = {0};
	struct tm parts;
	char when[40];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (is_json) {
		(void)fprintf(out, "{\"level\":\"error\",\"msg\":");
		put_string(out, message);
		(void)fprintf(out, ",\"time\":\"%s\"}\n", when);
	} else {
		(void)fprintf(out, "time=\"%s\" level=error msg=", when);
		put_string(out, message);
		(void)fputc('\n', out);
	}
}

void cli_log(const struct cli_globals *globals, const char *message)
{
	bool is_json = strcmp(globals->log_format, "json") == 0;
	autoptr char *line = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&line, &length);
	autofd int fd =
		open(globals->log, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0644);

	if (!out) {
		return;
	}
	put_line(out, is_json, message);
	/* O_NONBLOCK: a fifo that nobody reads must not hold a failure up. One write, so that two commands with one log do not mix their lines. */
	if (fclose(out) == 0 && fd >= 0 && write(fd, line, length) < 0) {
		(void)cli_fail_text(NULL, "the log %s cannot be written", globals->log);
	}
}
