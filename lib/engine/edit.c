/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/edit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json/json.h"

enum { SPLICE_MAX_BYTES = 64 * 1024 };

int engine_edit_splice(struct edit *edit, size_t at, size_t cut, const char *format, ...)
{
	char *insert = arena_alloc(edit->arena, SPLICE_MAX_BYTES, 1);
	int length = 0;
	va_list args;

	if (insert) {
		va_start(args, format);
		length = vsnprintf(insert, SPLICE_MAX_BYTES, format, args);
		va_end(args);
	}
	if (!insert || length < 0) {
		return error_system(edit->err, ENOMEM, "memory for the new text");
	}
	if (length >= SPLICE_MAX_BYTES) {
		return engine_edit_refuse(
			edit, at, "more than %d KiB of blanks or names", SPLICE_MAX_BYTES / 1024);
	}
	edit->text = arena_printf(
		edit->arena, "%.*s%s%s", (int)at, edit->text, insert, edit->text + at + cut);
	return edit->text ? 0 : error_system(edit->err, ENOMEM, "memory for the new text");
}

int engine_edit_refuse(const struct edit *edit, size_t offset, const char *format, ...)
{
	char reason[BERTH_ERROR_MESSAGE_SIZE];
	va_list args;
	int r;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	r = error_set(edit->err, BERTH_ERROR_CONFIG, "%s", reason);
	if (edit->err) {
		json_position(edit->text, offset, &edit->err->line, &edit->err->column);
	}
	return r;
}
