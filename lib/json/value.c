/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

static const char *const kind_names[] = {
	[JSON_NULL] = "null",
	[JSON_BOOL] = "a boolean",
	[JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string",
	[JSON_ARRAY] = "an array",
	[JSON_OBJECT] = "an object",
};

_Static_assert(ARRAY_COUNT(kind_names) == JSON_KIND_COUNT, "a name for each kind");

const char *json_kind_name(enum json_kind kind)
{
	return kind_names[kind];
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
	if (!object || object->kind != JSON_OBJECT) {
		return NULL;
	}
	for (const struct json_value *member = object->first; member; member = member->next) {
		if (str_is_equal(member->key, key)) {
			return member;
		}
	}
	return NULL;
}

/* Whether a token of a JSON pointer, with ~0 for '~' and ~1 for '/', is this key. */
static bool token_is_key(const char *token, size_t length, const char *key)
{
	for (size_t i = 0; i < length; i++) {
		char byte = token[i];

		if (byte == '~') {
			i++;
			if (i == length || (token[i] != '0' && token[i] != '1')) {
				return false;
			}
			byte = token[i] == '0' ? '~' : '/';
		}
		if (*key == '\0' || *key != byte) {
			return false;
		}
		key++;
	}
	return *key == '\0';
}

/* Whether a token is an index of an array (RFC 6901, section 4). */
static bool token_is_index(const char *token, size_t length, uint32_t *ret_index)
{
	char digits[16];

	if (length >= sizeof(digits)) {
		return false;
	}
	memcpy(digits, token, length);
	digits[length] = '\0';
	return str_to_u32(digits, ret_index) == 0;
}

static const struct json_value *find_child(
	const struct json_value *parent, const char *token, size_t length)
{
	const struct json_value *child = parent->first;
	uint32_t index;

	if (parent->kind == JSON_OBJECT) {
		while (child && !token_is_key(token, length, child->key)) {
			child = child->next;
		}
		return child;
	}
	if (parent->kind != JSON_ARRAY || !token_is_index(token, length, &index)) {
		return NULL;
	}
	while (child && index > 0) {
		child = child->next;
		index--;
	}
	return child;
}

const struct json_value *json_find(const struct json_value *root, const char *pointer)
{
	const struct json_value *found = root;

	while (found && *pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");
		const struct json_value *child = find_child(found, pointer + 1, length);

		if (!child) {
			break;
		}
		found = child;
		pointer += 1 + length;
	}
	return found;
}

void json_pointer_add(struct strbuf *pointer, const char *key)
{
	strbuf_add(pointer, "/");
	for (; *key; key++) {
		if (*key == '~' || *key == '/') {
			strbuf_add(pointer, *key == '~' ? "~0" : "~1");
		} else {
			strbuf_add_bytes(pointer, key, 1);
		}
	}
}

/* The digits of a number without fraction and exponent, and its sign. */
static int integer_digits(
	const struct json_value *value, bool *ret_is_negative, uint64_t *ret_magnitude)
{
	const char *text;

	if (value->kind != JSON_NUMBER) {
		return -EINVAL;
	}
	text = value->text;
	*ret_is_negative = text[0] == '-';
	return str_to_u64(text[0] == '-' ? text + 1 : text, ret_magnitude);
}

int json_to_u64(const struct json_value *value, uint64_t *ret_number)
{
	bool is_negative = false;
	uint64_t magnitude = 0;
	int r = integer_digits(value, &is_negative, &magnitude);

	if (r < 0) {
		return r;
	}
	if (is_negative && magnitude != 0) {
		return -ERANGE;
	}
	*ret_number = magnitude;
	return 0;
}

int json_to_i64(const struct json_value *value, int64_t *ret_number)
{
	bool is_negative = false;
	uint64_t magnitude = 0;
	int r = integer_digits(value, &is_negative, &magnitude);

	if (r < 0) {
		return r;
	}
	if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) {
		return -ERANGE;
	}
	/* The conversion of 2^63 wraps to INT64_MIN, as gcc and clang define it. */
	*ret_number = (int64_t)(is_negative ? -magnitude : magnitude);
	return 0;
}

void json_position(const char *text, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	uint32_t line = 1;
	size_t start = 0;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	*ret_line = line;
	*ret_column = (uint32_t)(offset - start) + 1;
}
