/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader goes once over the text, without recursion: the open brackets are a stack of fixed size.
 * Where it stands in the grammar follows from the innermost open bracket and its last child.
 */
#include "json/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "json/string.h"

/* Members up to which each is compared with each: it is faster there, and takes no memory. */
enum { FEW_MEMBERS = 16 };

/* One open bracket. */
struct frame {
	struct json_value *container;
	struct json_value *last; /* child, or NULL */
};

struct reader {
	struct arena *arena;
	const char *text;
	size_t length;
	size_t at;
	struct json_value *root;
	struct frame stack[JSON_DEPTH_MAX];
	int depth;
	size_t fault_offset;
	const char *reason;
};

static int refuse(struct reader *reader, int code, size_t offset, const char *reason)
{
	reader->fault_offset = offset;
	reader->reason = reason;
	return code;
}

static int refuse_here(struct reader *reader, const char *reason)
{
	return refuse(reader, -EINVAL, reader->at, reason);
}

static int refuse_memory(struct reader *reader)
{
	return refuse(reader, -ENOMEM, reader->at, "no memory for a text of this size");
}

/* The byte at `at`, or -1 at the end: a NUL byte is not the end. */
static int peek(const struct reader *reader)
{
	return reader->at < reader->length ? (unsigned char)reader->text[reader->at] : -1;
}

static void skip_space(struct reader *reader)
{
	int byte = peek(reader);

	while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
		reader->at++;
		byte = peek(reader);
	}
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

/* The string whose opening quote is at `at`. */
static int read_string(struct reader *reader, const char **ret_text, size_t *ret_length)
{
	struct json_string_fault fault = {0};
	size_t start = reader->at + 1, end = 0;
	int r = json_string_end(reader->text, reader->length, start, &end, &fault);
	char *decoded;

	if (r < 0) {
		return refuse(reader, r, fault.offset, fault.reason);
	}
	decoded = arena_alloc(reader->arena, end - start + 1, 1);
	if (!decoded) {
		return refuse_memory(reader);
	}
	r = json_string_decode(reader->text, start, end, decoded, ret_length, &fault);
	if (r < 0) {
		return refuse(reader, r, fault.offset, fault.reason);
	}
	reader->at = end + 1;
	*ret_text = decoded;
	return 0;
}

static int skip_digits(struct reader *reader, const char *reason)
{
	if (!is_digit(peek(reader))) {
		return refuse_here(reader, reason);
	}
	while (is_digit(peek(reader))) {
		reader->at++;
	}
	return 0;
}

static int skip_integer(struct reader *reader)
{
	if (peek(reader) == '-') {
		reader->at++;
	}
	if (peek(reader) != '0') {
		return skip_digits(reader, "expected a digit");
	}
	reader->at++;
	return is_digit(peek(reader)) ? refuse_here(reader, "number with a leading zero") : 0;
}

static int skip_number(struct reader *reader)
{
	int r = skip_integer(reader);

	if (r == 0 && peek(reader) == '.') {
		reader->at++;
		r = skip_digits(reader, "expected a digit after the point");
	}
	if (r == 0 && (peek(reader) == 'e' || peek(reader) == 'E')) {
		reader->at++;
		if (peek(reader) == '+' || peek(reader) == '-') {
			reader->at++;
		}
		r = skip_digits(reader, "expected a digit in the exponent");
	}
	return r;
}

static int read_number(struct reader *reader, struct json_value *value)
{
	size_t start = reader->at;
	int r = skip_number(reader);

	if (r < 0) {
		return r;
	}
	value->kind = JSON_NUMBER;
	value->length = (uint32_t)(reader->at - start);
	value->text = arena_copy(reader->arena, reader->text + start, value->length);
	return value->text ? 0 : refuse_memory(reader);
}

static int read_word(struct reader *reader, struct json_value *value)
{
	static const struct {
		const char *word;
		enum json_kind kind;
		bool is_true;
	} words[] = {
		{"null", JSON_NULL, false}, {"true", JSON_BOOL, true}, {"false", JSON_BOOL, false}};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		size_t length = strlen(words[i].word);

		if (reader->length - reader->at >= length &&
			memcmp(reader->text + reader->at, words[i].word, length) == 0) {
			value->kind = words[i].kind;
			value->is_true = words[i].is_true;
			reader->at += length;
			return 0;
		}
	}
	return refuse_here(reader, "expected a value");
}

static int open_bracket(struct reader *reader, struct json_value *value, enum json_kind kind)
{
	if (reader->depth == JSON_DEPTH_MAX) {
		return refuse(reader, -E2BIG, reader->at, "too many levels of brackets");
	}
	value->kind = kind;
	reader->stack[reader->depth++] = (struct frame){.container = value};
	reader->at++;
	return 0;
}

static int fill_scalar(struct reader *reader, struct json_value *value)
{
	int byte = peek(reader);
	int r;

	if (byte == '"') {
		size_t length = 0;

		r = read_string(reader, &value->text, &length);
		value->kind = JSON_STRING;
		value->length = (uint32_t)length;
		return r;
	}
	if (byte == '-' || is_digit(byte)) {
		return read_number(reader, value);
	}
	return read_word(reader, value);
}

static int fill_value(struct reader *reader, struct json_value *value)
{
	int byte = peek(reader);
	int r;

	if (byte == '{' || byte == '[') {
		return open_bracket(reader, value, byte == '{' ? JSON_OBJECT : JSON_ARRAY);
	}
	r = fill_scalar(reader, value);
	value->end = (uint32_t)reader->at;
	return r;
}

/* A value that `at` stands on. `frame` is where it belongs, NULL for the root. */
static int read_value(
	struct reader *reader, struct frame *frame, const char *key, size_t key_offset)
{
	struct json_value *value = arena_alloc(reader->arena, 1, sizeof(*value));

	if (!value) {
		return refuse_memory(reader);
	}
	value->offset = (uint32_t)reader->at;
	value->key = key;
	value->key_offset = (uint32_t)key_offset;
	if (!frame) {
		reader->root = value;
		return fill_value(reader, value);
	}
	if (frame->last) {
		frame->last->next = value;
	} else {
		frame->container->first = value;
	}
	frame->last = value;
	frame->container->length++;
	return fill_value(reader, value);
}

static int read_member(struct reader *reader, struct frame *frame)
{
	size_t key_offset = reader->at, length;
	const char *key = NULL;
	int r;

	if (peek(reader) != '"') {
		return refuse_here(reader, frame->last ? "expected a key in quotes"
						       : "expected a key in quotes or '}'");
	}
	r = read_string(reader, &key, &length);
	if (r < 0) {
		return r;
	}
	skip_space(reader);
	if (peek(reader) != ':') {
		return refuse_here(reader, "expected a colon after the key");
	}
	reader->at++;
	skip_space(reader);
	return read_value(reader, frame, key, key_offset);
}

/* The tree is const for its readers; here it is still being made. */
static struct json_value *unsealed(const struct json_value *value)
{
	return (struct json_value *)(uintptr_t)value;
}

static int compare_members(const void *a, const void *b)
{
	const struct json_value *left = *(const struct json_value *const *)a;
	const struct json_value *right = *(const struct json_value *const *)b;
	int order = strcmp(left->key, right->key);

	if (order != 0) {
		return order;
	}
	return left->key_offset < right->key_offset ? -1 : 1;
}

/* Marks a member that a later one of the same key replaces: no key stays on it. */
static void mark_few(const struct json_value *object)
{
	for (const struct json_value *early = object->first; early; early = early->next) {
		const struct json_value *late = early->next;

		while (late && strcmp(early->key, late->key) != 0) {
			late = late->next;
		}
		if (late) {
			unsealed(early)->key = NULL;
		}
	}
}

static int mark_many(const struct json_value *object)
{
	autoptr struct json_value **sorted = calloc(object->length, sizeof(struct json_value *));
	size_t count = 0;

	if (!sorted) {
		return -ENOMEM;
	}
	for (const struct json_value *member = object->first; member; member = member->next) {
		sorted[count++] = unsealed(member);
	}
	qsort(sorted, count, sizeof(struct json_value *), compare_members);
	for (size_t i = 0; i + 1 < count; i++) {
		if (strcmp(sorted[i]->key, sorted[i + 1]->key) == 0) {
			sorted[i]->key = NULL;
		}
	}
	return 0;
}

static int drop_replaced(struct reader *reader, struct json_value *object)
{
	const struct json_value **link = &object->first;

	if (object->length > FEW_MEMBERS) {
		if (mark_many(object) < 0) {
			return refuse_memory(reader);
		}
	} else {
		mark_few(object);
	}
	while (*link) {
		if ((*link)->key) {
			link = &unsealed(*link)->next;
		} else {
			*link = (*link)->next;
			object->length--;
		}
	}
	return 0;
}

static int close_bracket(struct reader *reader, struct frame *frame)
{
	reader->at++;
	reader->depth--;
	frame->container->end = (uint32_t)reader->at;
	return frame->container->kind == JSON_OBJECT ? drop_replaced(reader, frame->container) : 0;
}

/* What follows inside the innermost bracket: its end, or one more child. */
static int read_step(struct reader *reader)
{
	struct frame *frame = &reader->stack[reader->depth - 1];
	bool is_object = frame->container->kind == JSON_OBJECT;

	skip_space(reader);
	if (peek(reader) == (is_object ? '}' : ']')) {
		return close_bracket(reader, frame);
	}
	if (frame->last) {
		if (peek(reader) != ',') {
			return refuse_here(reader,
				is_object ? "expected a comma or '}'" : "expected a comma or ']'");
		}
		reader->at++;
		skip_space(reader);
	}
	return is_object ? read_member(reader, frame) : read_value(reader, frame, NULL, 0);
}

static int read_text(struct reader *reader)
{
	int r;

	if (reader->length > JSON_TEXT_MAX_BYTES) {
		return refuse(reader, -E2BIG, 0, "text over 16 MiB");
	}
	if (reader->length >= 3 && memcmp(reader->text, "\xef\xbb\xbf", 3) == 0) {
		return refuse_here(reader, "byte order mark before the text");
	}
	skip_space(reader);
	if (peek(reader) < 0) {
		return refuse_here(reader, "empty text");
	}
	r = read_value(reader, NULL, NULL, 0);
	while (r == 0 && reader->depth > 0) {
		r = read_step(reader);
	}
	if (r < 0) {
		return r;
	}
	skip_space(reader);
	return peek(reader) < 0 ? 0 : refuse_here(reader, "text after the value");
}

int json_parse(struct arena *arena, const char *text, size_t length,
	const struct json_value **ret_value, size_t *ret_offset, const char **ret_reason)
{
	struct reader reader = {.arena = arena, .text = text, .length = length};
	int r = read_text(&reader);

	if (r < 0) {
		*ret_offset = reader.fault_offset;
		*ret_reason = reader.reason;
		return r;
	}
	*ret_value = reader.root;
	return 0;
}
