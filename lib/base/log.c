/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of configs and of file names end up in these lines, and the lines in somebody's terminal or in a
 * file that is read line by line: so a control character never gets through.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LOG_LINE_MAX = 1400 }; /* as long as an error's line */

printf_like(2, 0) static void make_line(char line[LOG_LINE_MAX], const char *format, va_list args)
{
	(void)vsnprintf(line, LOG_LINE_MAX, format, args);
	for (char *at = line; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			*at = '?';
		}
	}
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;

	/* Without a reader nothing is formatted. */
	if (!log || !log->fn) {
		return;
	}
	va_start(args, format);
	make_line(line, format, args);
	va_end(args);
	log->fn(log->argument, level, line);
}

void log_note(struct log_notes *notes, struct arena *arena, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	const char *copy = NULL;

	if (notes->count < LOG_NOTES_MAX) {
		va_start(args, format);
		make_line(line, format, args);
		va_end(args);
		copy = arena_copy(arena, line, strlen(line));
	}
	if (copy) {
		notes->items[notes->count++] = copy;
	} else {
		notes->left_out++;
	}
}

void log_notes_write(const struct log *log, enum log_level level, const char *subject,
	const struct log_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		log_line(log, level, "%s: %s", subject, notes->items[i]);
	}
	if (notes->left_out > 0) {
		log_line(log, level, "%s: %zu more lines like these", subject, notes->left_out);
	}
}
