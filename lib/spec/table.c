/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "spec/spec.h"

/* What every array of spec.h looks like. It is copied in whole, so that no struct is written through
 * the type of another one. */
struct array {
	const void *items;
	size_t count;
};

_Static_assert(sizeof(struct array) == sizeof(struct spec_strings), "strings");
_Static_assert(sizeof(struct array) == sizeof(struct spec_u32s), "numbers");
_Static_assert(sizeof(struct array) == sizeof(struct spec_mounts), "structs");
_Static_assert(sizeof(struct array) == sizeof(struct spec_annotations), "members");

struct decoder {
	struct arena *arena;
	struct berth_error *err;
	struct strbuf pointer; /* JSON pointer of where it is */
	char pointer_text[BERTH_ERROR_POINTER_SIZE];
};

static int decode_object(struct decoder *decoder, const struct spec_table *table,
	const struct json_value *object, void *target);

/* Goes down to a member. Returns what leave() takes. */
static size_t enter_key(struct decoder *decoder, const char *key)
{
	size_t mark = decoder->pointer.length;

	json_pointer_add(&decoder->pointer, key);
	return mark;
}

static size_t enter_index(struct decoder *decoder, size_t index)
{
	size_t mark = decoder->pointer.length;

	strbuf_printf(&decoder->pointer, "/%zu", index);
	return mark;
}

static void leave(struct decoder *decoder, size_t mark)
{
	decoder->pointer.length = mark;
	decoder->pointer.data[mark] = '\0';
}

static int refuse_kind(
	struct decoder *decoder, const char *expected, const struct json_value *value)
{
	return error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
		"must be %s, is %s", expected, json_kind_name(value->kind));
}

static int refuse_memory(struct decoder *decoder)
{
	return error_field(decoder->err, BERTH_ERROR_MEMORY, decoder->pointer.data,
		"no memory for a config of this size");
}

static int refuse_range(struct decoder *decoder, const char *range, const struct json_value *value)
{
	return error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
		"must be a whole number %s, is %.40s", range, value->text);
}

static int decode_bool(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	(void)row;
	if (value->kind != JSON_BOOL) {
		return refuse_kind(decoder, "a boolean", value);
	}
	memcpy(target, &value->is_true, sizeof(value->is_true));
	return 0;
}

static int decode_u64(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	uint64_t number;

	(void)row;
	if (value->kind != JSON_NUMBER) {
		return refuse_kind(decoder, "a number", value);
	}
	if (json_to_u64(value, &number) < 0) {
		return refuse_range(decoder, "from 0 to 18446744073709551615", value);
	}
	memcpy(target, &number, sizeof(number));
	return 0;
}

static int decode_i64(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	int64_t number;

	(void)row;
	if (value->kind != JSON_NUMBER) {
		return refuse_kind(decoder, "a number", value);
	}
	if (json_to_i64(value, &number) < 0) {
		return refuse_range(
			decoder, "from -9223372036854775808 to 9223372036854775807", value);
	}
	memcpy(target, &number, sizeof(number));
	return 0;
}

static int decode_u32(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	uint64_t number;
	uint32_t narrow;

	(void)row;
	if (value->kind != JSON_NUMBER) {
		return refuse_kind(decoder, "a number", value);
	}
	if (json_to_u64(value, &number) < 0 || number > UINT32_MAX) {
		return refuse_range(decoder, "from 0 to 4294967295", value);
	}
	narrow = (uint32_t)number;
	memcpy(target, &narrow, sizeof(narrow));
	return 0;
}

static const struct spec_name *find_name(const struct spec_name *names, const char *text)
{
	while (names->name && !str_is_equal(names->name, text)) {
		names++;
	}
	return names->name ? names : NULL;
}

static int refuse_name(
	struct decoder *decoder, const struct spec_name *names, const struct json_value *value)
{
	char list[256];
	struct strbuf buf;

	strbuf_init(&buf, list, sizeof(list));
	for (; names->name; names++) {
		strbuf_printf(&buf, "%s\"%s\"", buf.length > 0 ? ", " : "", names->name);
	}
	return error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
		"must be one of %s, is \"%.64s\"", list, value->text);
}

static int decode_string(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	if (value->kind != JSON_STRING) {
		return refuse_kind(decoder, "a string", value);
	}
	if ((row->flags & SPEC_REQUIRED) != 0 && value->length == 0) {
		return error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
			"must not be empty");
	}
	if (row->names && !find_name(row->names, value->text)) {
		return refuse_name(decoder, row->names, value);
	}
	memcpy(target, &value->text, sizeof(value->text));
	return 0;
}

static int decode_enum(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	const struct spec_name *found;

	if (value->kind != JSON_STRING) {
		return refuse_kind(decoder, "a string", value);
	}
	found = find_name(row->names, value->text);
	if (!found) {
		return refuse_name(decoder, row->names, value);
	}
	memcpy(target, &found->value, sizeof(found->value));
	return 0;
}

static int decode_table(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_object(decoder, row->table, value, target);
}

typedef int (*decode_fn)(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target);

/* An array whose items have `size` bytes and are decoded by `decode`. */
static int decode_items(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, decode_fn decode, size_t size, void *target)
{
	struct array array = {0};
	unsigned char *items;

	if (value->kind != JSON_ARRAY) {
		return refuse_kind(decoder, "an array", value);
	}
	if (value->length == 0) {
		return 0;
	}
	items = arena_alloc(decoder->arena, value->length, size);
	if (!items) {
		return refuse_memory(decoder);
	}
	for (const struct json_value *item = value->first; item; item = item->next) {
		size_t mark = enter_index(decoder, array.count);
		int r = decode(decoder, row, item, items + array.count * size);

		if (r < 0) {
			return r;
		}
		leave(decoder, mark);
		array.count++;
	}
	array.items = items;
	memcpy(target, &array, sizeof(array));
	return 0;
}

static int decode_strings(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_items(decoder, row, value, decode_string, sizeof(const char *), target);
}

static int decode_u32s(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_items(decoder, row, value, decode_u32, sizeof(uint32_t), target);
}

static int decode_objects(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_items(decoder, row, value, decode_table, row->table->size, target);
}

/* A member whose key is of the user's choice: no error where it has one. */
static int check_key(struct decoder *decoder, const struct json_value *member)
{
	return member->key[0] != '\0'
		       ? 0
		       : error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
				 "must not have an empty key");
}

static int decode_member(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *member, void *target)
{
	const struct spec_annotation item = {.key = member->key, .value = member->text};

	(void)row;
	if (member->kind != JSON_STRING) {
		return refuse_kind(decoder, "a string", member);
	}
	memcpy(target, &item, sizeof(item));
	return 0;
}

static int decode_keyed(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *member, void *target)
{
	memcpy(target, &member->key, sizeof(member->key));
	return decode_table(decoder, row, member, target);
}

/* An object as an array: its members have `size` bytes each and are decoded by `decode`. */
static int decode_members_by(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, decode_fn decode, size_t size, void *target)
{
	struct array array = {0};
	unsigned char *items;

	if (value->kind != JSON_OBJECT) {
		return refuse_kind(decoder, "an object", value);
	}
	if (value->length == 0) {
		return 0;
	}
	items = arena_alloc(decoder->arena, value->length, size);
	if (!items) {
		return refuse_memory(decoder);
	}
	for (const struct json_value *member = value->first; member; member = member->next) {
		size_t mark = enter_key(decoder, member->key);
		int r = check_key(decoder, member);

		if (r == 0) {
			r = decode(decoder, row, member, items + array.count * size);
		}
		if (r < 0) {
			return r;
		}
		leave(decoder, mark);
		array.count++;
	}
	array.items = items;
	memcpy(target, &array, sizeof(array));
	return 0;
}

static int decode_map(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_members_by(
		decoder, row, value, decode_member, sizeof(struct spec_annotation), target);
}

static int decode_members(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	return decode_members_by(decoder, row, value, decode_keyed, row->table->size, target);
}

/* Whether a value asks for nothing. Recursion is bounded by JSON_DEPTH_MAX. */
static bool is_empty(const struct json_value *value)
{
	int64_t number;

	switch (value->kind) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !value->is_true;
	case JSON_NUMBER:
		return json_to_i64(value, &number) == 0 && number == 0;
	case JSON_OBJECT:
		for (const struct json_value *member = value->first; member;
			member = member->next) {
			if (!is_empty(member)) {
				return false;
			}
		}
		return true;
	default:
		return value->length == 0;
	}
}

/* The field as people write it: "/mounts/3/uidMappings" is "mounts[3].uidMappings". */
static void name_field(const char *pointer, struct strbuf *name)
{
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");
		bool is_index = pointer[1] >= '0' && pointer[1] <= '9';

		if (!is_index && name->length > 0) {
			strbuf_add(name, ".");
		}
		strbuf_add(name, is_index ? "[" : "");
		strbuf_add_bytes(name, pointer + 1, length);
		strbuf_add(name, is_index ? "]" : "");
		pointer += 1 + length;
	}
}

static int refuse_unbuilt(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, void *target)
{
	char text[BERTH_ERROR_POINTER_SIZE * 2];
	struct strbuf name;

	(void)row;
	(void)target;
	if (is_empty(value)) {
		return 0;
	}
	strbuf_init(&name, text, sizeof(text));
	name_field(decoder->pointer.data, &name);
	return error_field(decoder->err, BERTH_ERROR_UNSUPPORTED, decoder->pointer.data,
		"%s is not supported by this version of berth", text);
}

static const decode_fn decoders[] = {
	[SPEC_BOOL] = decode_bool,
	[SPEC_U32] = decode_u32,
	[SPEC_I64] = decode_i64,
	[SPEC_U64] = decode_u64,
	[SPEC_STRING] = decode_string,
	[SPEC_STRINGS] = decode_strings,
	[SPEC_U32S] = decode_u32s,
	[SPEC_ENUM] = decode_enum,
	[SPEC_OBJECT] = decode_table,
	[SPEC_OBJECTS] = decode_objects,
	[SPEC_MAP] = decode_map,
	[SPEC_MEMBERS] = decode_members,
	[SPEC_UNBUILT] = refuse_unbuilt,
};

_Static_assert(ARRAY_COUNT(decoders) == SPEC_TYPE_COUNT, "a decoder for each type");

static int decode_row(struct decoder *decoder, const struct spec_row *row,
	const struct json_value *value, unsigned char *target)
{
	const bool is_present = true;
	int r;

	if (!value || value->kind == JSON_NULL) {
		if ((row->flags & SPEC_REQUIRED) == 0) {
			return 0;
		}
		return error_field(decoder->err, BERTH_ERROR_CONFIG, decoder->pointer.data,
			"is required, is %s", value ? "null" : "missing");
	}
	r = decoders[row->type](decoder, row, value, target + row->offset);
	if (r == 0 && row->present != 0) {
		memcpy(target + row->present, &is_present, sizeof(is_present));
	}
	return r;
}

/* Recursion is as deep as the tables are nested. */
static int decode_object(struct decoder *decoder, const struct spec_table *table,
	const struct json_value *object, void *target)
{
	if (object->kind != JSON_OBJECT) {
		return refuse_kind(decoder, "an object", object);
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct spec_row *row = &table->rows[i];
		size_t mark = enter_key(decoder, row->key);
		int r = decode_row(decoder, row, json_get(object, row->key), target);

		if (r < 0) {
			return r;
		}
		leave(decoder, mark);
	}
	return 0;
}

int spec_table_decode(const struct spec_table *table, const struct json_value *object,
	struct arena *arena, void *ret_struct, struct berth_error *err)
{
	struct decoder decoder = {.arena = arena, .err = err};

	strbuf_init(&decoder.pointer, decoder.pointer_text, sizeof(decoder.pointer_text));
	return decode_object(&decoder, table, object, ret_struct);
}
