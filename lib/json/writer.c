/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/string.h"

enum { WRITER_FIRST_BYTES = 256 };

void json_writer_init(struct json_writer *writer, bool is_pretty)
{
	*writer = (struct json_writer){.is_pretty = is_pretty};
}

void json_writer_finish(struct json_writer *writer)
{
	autoptr char *data = take_ptr(writer->data);

	(void)data;
	*writer = (struct json_writer){.is_pretty = writer->is_pretty};
}

static void fail(struct json_writer *writer, int status)
{
	if (writer->status == 0) {
		writer->status = status;
	}
}

/* Room for `more` bytes and the NUL. */
static bool reserve(struct json_writer *writer, size_t more)
{
	size_t wanted, capacity = writer->capacity ? writer->capacity : WRITER_FIRST_BYTES;
	char *data;

	if (writer->status < 0) {
		return false;
	}
	if (__builtin_add_overflow(writer->length + 1, more, &wanted)) {
		fail(writer, -ENOMEM);
		return false;
	}
	if (wanted <= writer->capacity) {
		return true;
	}
	while (capacity < wanted) {
		capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
	}
	data = realloc(writer->data, capacity);
	if (!data) {
		fail(writer, -ENOMEM);
		return false;
	}
	writer->data = data;
	writer->capacity = capacity;
	return true;
}

static void put(struct json_writer *writer, const char *bytes, size_t length)
{
	if (!reserve(writer, length)) {
		return;
	}
	memcpy(writer->data + writer->length, bytes, length);
	writer->length += length;
	writer->data[writer->length] = '\0';
}

static void put_text(struct json_writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

static void put_newline(struct json_writer *writer)
{
	if (!writer->is_pretty) {
		return;
	}
	put(writer, "\n", 1);
	for (int i = 0; i < writer->depth; i++) {
		put(writer, "\t", 1);
	}
}

static bool is_in_object(const struct json_writer *writer)
{
	return writer->depth > 0 && (writer->objects >> (writer->depth - 1) & 1) != 0;
}

/* What stands between the value or key before and this one. */
static void put_separator(struct json_writer *writer)
{
	if (writer->has_value) {
		put(writer, ",", 1);
	}
	if (writer->depth > 0) {
		put_newline(writer);
	}
}

/* Whether a value may stand here; if so, all that stands before it is written. */
static bool begin_value(struct json_writer *writer)
{
	if (writer->status == 0 && is_in_object(writer) != writer->has_key) {
		fail(writer, -EINVAL);
	}
	if (writer->status == 0 && writer->depth == 0 && writer->has_value) {
		fail(writer, -EINVAL);
	}
	if (writer->status < 0) {
		return false;
	}
	if (!writer->has_key) {
		put_separator(writer);
	}
	writer->has_key = false;
	writer->has_value = true;
	return true;
}

static void put_escape(struct json_writer *writer, unsigned char byte)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	const char *found = memchr(named, byte, sizeof(named) - 1);
	char escape[8];

	if (found) {
		(void)snprintf(escape, sizeof(escape), "\\%c", names[found - named]);
	} else {
		(void)snprintf(escape, sizeof(escape), "\\u%04x", byte);
	}
	put_text(writer, escape);
}

/* How many bytes from the start of `text` can stand in a string as they are. */
static size_t plain_length(const char *text, size_t length)
{
	size_t at = 0, step = 1;

	while (at < length && step > 0 && (unsigned char)text[at] >= 0x20 && text[at] != '"' &&
		text[at] != '\\') {
		step = json_utf8_length(text + at, length - at);
		at += step;
	}
	return at;
}

static void put_string(struct json_writer *writer, const char *text)
{
	size_t length = strlen(text);

	put(writer, "\"", 1);
	while (length > 0) {
		size_t plain = plain_length(text, length);

		put(writer, text, plain);
		text += plain;
		length -= plain;
		if (length == 0) {
			break;
		}
		if ((unsigned char)*text < 0x80) {
			put_escape(writer, (unsigned char)*text);
		} else {
			put_text(writer, "\xef\xbf\xbd");
		}
		text++;
		length--;
	}
	put(writer, "\"", 1);
}

void json_write_begin(struct json_writer *writer, char bracket)
{
	if ((bracket != '{' && bracket != '[') || writer->depth == JSON_DEPTH_MAX) {
		fail(writer, -EINVAL);
	}
	if (!begin_value(writer)) {
		return;
	}
	put(writer, &bracket, 1);
	writer->objects &= ~(UINT64_C(1) << writer->depth);
	writer->objects |= (uint64_t)(bracket == '{') << writer->depth;
	writer->depth++;
	writer->has_value = false;
}

void json_write_end(struct json_writer *writer, char bracket)
{
	bool has_children = writer->has_value;

	if (writer->depth == 0 || writer->has_key ||
		bracket != (is_in_object(writer) ? '}' : ']')) {
		fail(writer, -EINVAL);
	}
	if (writer->status < 0) {
		return;
	}
	writer->depth--;
	if (has_children) {
		put_newline(writer);
	}
	put(writer, &bracket, 1);
	writer->has_value = true;
}

void json_write_key(struct json_writer *writer, const char *key)
{
	if (!is_in_object(writer) || writer->has_key) {
		fail(writer, -EINVAL);
	}
	if (writer->status < 0) {
		return;
	}
	put_separator(writer);
	put_string(writer, key);
	put_text(writer, writer->is_pretty ? ": " : ":");
	writer->has_key = true;
}

void json_write_string(struct json_writer *writer, const char *text)
{
	if (begin_value(writer)) {
		put_string(writer, text);
	}
}

static void write_word(struct json_writer *writer, const char *word)
{
	if (begin_value(writer)) {
		put_text(writer, word);
	}
}

void json_write_u64(struct json_writer *writer, uint64_t number)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
	write_word(writer, digits);
}

void json_write_i64(struct json_writer *writer, int64_t number)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRId64, number);
	write_word(writer, digits);
}

void json_write_bool(struct json_writer *writer, bool is_true)
{
	write_word(writer, is_true ? "true" : "false");
}

void json_write_null(struct json_writer *writer)
{
	write_word(writer, "null");
}

/* An array or object: at most JSON_DEPTH_MAX calls deep, for json_write_begin() refuses more. */
static void write_children(struct json_writer *writer, const struct json_value *value)
{
	bool is_object = value->kind == JSON_OBJECT;

	json_write_begin(writer, is_object ? '{' : '[');
	for (const struct json_value *child = value->first; child && writer->status == 0;
		child = child->next) {
		if (is_object) {
			json_write_key(writer, child->key);
		}
		json_write_value(writer, child);
	}
	json_write_end(writer, is_object ? '}' : ']');
}

void json_write_value(struct json_writer *writer, const struct json_value *value)
{
	switch (value->kind) {
	case JSON_BOOL:
		json_write_bool(writer, value->is_true);
		break;
	case JSON_NUMBER:
		write_word(writer, value->text);
		break;
	case JSON_STRING:
		json_write_string(writer, value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		write_children(writer, value);
		break;
	default:
		json_write_null(writer);
		break;
	}
}

int json_writer_take(struct json_writer *writer, char **ret_text)
{
	int status = writer->status;

	if (status == 0 && (writer->depth > 0 || !writer->has_value)) {
		status = -EINVAL;
	}
	if (status == 0) {
		*ret_text = take_ptr(writer->data);
	}
	json_writer_finish(writer);
	return status;
}
