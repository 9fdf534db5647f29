/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H
/*
 * What is no failure, but worth a line to those who ask for it. Where a line goes is the caller's matter;
 * without a function it goes nowhere.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"

enum log_level {
	LOG_LEVEL_WARNING, /* something that was asked for is not so */
	LOG_LEVEL_DEBUG,   /* what is done */
};

/* `text` is one line without a newline, and has no control characters. */
typedef void (*log_fn)(void *argument, enum log_level level, const char *text);

struct log {
	log_fn fn; /* NULL: none */
	void *argument;
};

/* `log` may be NULL. Lines that are too long are cut. */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
	printf_like(3, 4);

/*
 * What a room without input and output finds worth a line: kept until a verb writes it. Bounded, as a config
 * may ask for any number of things that are not so.
 */
enum { LOG_NOTES_MAX = 32 };

struct log_notes {
	const char *items[LOG_NOTES_MAX];
	size_t count;
	size_t left_out; /* how many more there were, or had no memory */
};

void log_note(struct log_notes *notes, struct arena *arena, const char *format, ...)
	printf_like(3, 4);

/* Writes a line for each, `subject` and a colon before it, and one for those that were left out. */
void log_notes_write(const struct log *log, enum log_level level, const char *subject,
	const struct log_notes *notes);

#endif
