/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` bytes and a NUL. */
static void grow(struct plan_out *out, size_t more)
{
	size_t wanted = out->length + more + 1;
	char *data;

	if (out->status < 0 || wanted <= out->capacity) {
		return;
	}
	wanted *= 2;
	data = realloc(out->data, wanted);
	if (!data) {
		out->status = -ENOMEM;
		return;
	}
	out->data = data;
	out->capacity = wanted;
}

printf_like(2, 0) static void add_args(struct plan_out *out, const char *format, va_list args)
{
	va_list counted;
	int length;

	va_copy(counted, args);
	length = vsnprintf(NULL, 0, format, counted);
	va_end(counted);
	if (length < 0) {
		out->status = -ENOMEM;
	}
	grow(out, length > 0 ? (size_t)length : 0);
	if (out->status == 0) {
		(void)vsnprintf(out->data + out->length, (size_t)length + 1, format, args);
		out->length += (size_t)length;
	}
}

void plan_out_add(struct plan_out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_args(out, format, args);
	va_end(args);
}

void plan_out_label(struct plan_out *out, const char *label)
{
	plan_out_add(out, "  %-16s ", label);
}

void plan_out_row(struct plan_out *out, const char *label, const char *format, ...)
{
	va_list args;

	plan_out_label(out, label);
	va_start(args, format);
	add_args(out, format, args);
	va_end(args);
	plan_out_add(out, "\n");
}

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=,@+%~^";

	return text[0] && text[strspn(text, plain)] == '\0';
}

static void quote_byte(struct plan_out *out, unsigned char byte)
{
	if (byte == '\n') {
		plan_out_add(out, "\\n");
	} else if (byte == '"' || byte == '\\') {
		plan_out_add(out, "\\%c", byte);
	} else if (byte < 0x20 || byte >= 0x7f) {
		plan_out_add(out, "\\x%02x", byte);
	} else {
		plan_out_add(out, "%c", byte);
	}
}

void plan_out_quote(struct plan_out *out, const char *text, bool is_always_quoted)
{
	if (!is_always_quoted && is_plain(text)) {
		plan_out_add(out, "%s", text);
		return;
	}
	plan_out_add(out, "\"");
	for (const char *c = text; *c; c++) {
		quote_byte(out, (unsigned char)*c);
	}
	plan_out_add(out, "\"");
}

void plan_out_list(struct plan_out *out, const char *label, const struct wire_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		plan_out_label(out, label);
		plan_out_quote(out, texts->items[i], false);
		plan_out_add(out, "\n");
	}
}

void plan_out_text(struct plan_out *out, const char *label, const char *text)
{
	if (text) {
		plan_out_label(out, label);
		plan_out_quote(out, text, false);
		plan_out_add(out, "\n");
	}
}

void plan_out_pieces(
	struct plan_out *out, const char *label, const char *text, const char *separator)
{
	while (text && *text) {
		size_t length = strcspn(text, separator);

		plan_out_row(out, label, "%.*s", (int)length, text);
		text += length + (text[length] != '\0');
	}
}
