/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of configs and of file names end up in these lines, and the lines in somebody's terminal or in a
 * file that is read line by line: so a control character never gets through.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_MAX = 1400 }; /* as long as an error's line */

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;

	/* Without a reader nothing is formatted. */
	if (!log || !log->fn) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *at = line; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			*at = '?';
		}
	}
	log->fn(log->argument, level, line);
}
