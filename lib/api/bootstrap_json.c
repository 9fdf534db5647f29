/* SPDX-License-Identifier: Apache-2.0 */
#include <berth/bootstrap.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/bootstrap.h"
#include "json/json.h"
#include "json/string.h"

/*
 * The bootstrap message as JSON, for those who write a program that sends one. encode reads "kind",
 * "type" and "value" of each attribute and nothing else, so that what decode prints goes back in.
 */
enum {
	TREE_MAX_BYTES = 256 * 1024 * 1024,
	POINTER_BYTES = 64,
	HEX_MAX_DIGITS = 2 * WIRE_ATTR_VALUE_MAX_BYTES,
};

static const char *const kind_names[] = {
	[WIRE_ATTR_INT32] = "int32",
	[WIRE_ATTR_BYTES] = "bytes",
	[WIRE_ATTR_BOOL] = "bool",
};
_Static_assert(ARRAY_COUNT(kind_names) == WIRE_ATTR_KIND_COUNT, "a name for each kind");

struct json_source {
	struct arena *arena;
	const char *text;
	size_t length;
	struct berth_error *err;
	size_t index; /* of the attribute that is read */
};

/* Line and column of what was refused, once the error is filled. */
static int place(const struct json_source *source, size_t offset, int code)
{
	if (source->err && source->err->line == 0) {
		json_position(source->text, offset, &source->err->line, &source->err->column);
	}
	return code;
}

/* Refuses a member of the attribute, or the attribute itself where `key` is NULL. */
static int refuse_member(const struct json_source *source, const struct json_value *value,
	const char *key, const char *reason)
{
	char pointer[POINTER_BYTES];

	(void)snprintf(pointer, sizeof(pointer), "/attributes/%zu%s%s", source->index,
		key ? "/" : "", key ? key : "");
	return place(source, value->offset,
		error_field(source->err, BERTH_ERROR_USAGE, pointer, "%s", reason));
}

/* A member that has to be there and to be of a kind. */
static int get_member(const struct json_source *source, const struct json_value *object,
	const char *key, enum json_kind kind, const struct json_value **ret_member)
{
	const struct json_value *member = json_get(object, key);
	char reason[POINTER_BYTES];

	if (!member) {
		return refuse_member(source, object, key, "missing");
	}
	if (member->kind != kind) {
		(void)snprintf(reason, sizeof(reason), "is %s, not %s",
			json_kind_name(member->kind), json_kind_name(kind));
		return refuse_member(source, member, key, reason);
	}
	*ret_member = member;
	return 0;
}

static int get_number(const struct json_source *source, const struct json_value *object,
	const char *key, uint32_t max, uint32_t *ret_number)
{
	const struct json_value *member = NULL;
	char reason[POINTER_BYTES];
	uint64_t number = 0;
	int r = get_member(source, object, key, JSON_NUMBER, &member);

	if (r < 0) {
		return r;
	}
	r = json_to_u64(member, &number);
	if (r < 0 || number > max) {
		(void)snprintf(reason, sizeof(reason), "is no integer from 0 to %u", max);
		return refuse_member(source, member, key, reason);
	}
	*ret_number = (uint32_t)number;
	return 0;
}

static int get_kind(const struct json_source *source, const struct json_value *object,
	enum wire_attr_kind *ret_kind)
{
	const struct json_value *member = NULL;
	int r = get_member(source, object, "kind", JSON_STRING, &member);

	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < ARRAY_COUNT(kind_names); i++) {
		if (str_is_equal(member->text, kind_names[i])) {
			*ret_kind = (enum wire_attr_kind)i;
			return 0;
		}
	}
	return refuse_member(source, member, "kind", "is none of int32, bytes and bool");
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static int get_bytes(
	const struct json_source *source, const struct json_value *object, struct wire_attr *attr)
{
	const struct json_value *member = NULL;
	char *bytes;
	int r = get_member(source, object, "value", JSON_STRING, &member);

	if (r < 0) {
		return r;
	}
	if (member->length % 2 != 0) {
		return refuse_member(source, member, "value", "odd number of hexadecimal digits");
	}
	bytes = arena_alloc(source->arena, member->length / 2 + 1, 1);
	if (!bytes) {
		return error_set(source->err, BERTH_ERROR_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < member->length / 2; i++) {
		int high = hex_digit(member->text[2 * i]);
		int low = hex_digit(member->text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return refuse_member(source, member, "value", "is not hexadecimal");
		}
		bytes[i] = (char)(high * 16 + low);
	}
	attr->bytes = bytes;
	attr->length = member->length / 2;
	return 0;
}

static int get_bool(
	const struct json_source *source, const struct json_value *object, struct wire_attr *attr)
{
	const struct json_value *member = NULL;
	int r = get_member(source, object, "value", JSON_BOOL, &member);

	if (r < 0) {
		return r;
	}
	attr->number = member->is_true;
	return 0;
}

static int get_attr(const struct json_source *source, const struct json_value *object,
	struct wire_attr *ret_attr)
{
	struct wire_attr attr = {0};
	uint32_t type = 0;
	int r;

	if (object->kind != JSON_OBJECT) {
		return refuse_member(source, object, NULL, "is no object");
	}
	r = get_kind(source, object, &attr.kind);
	if (r < 0) {
		return r;
	}
	r = get_number(source, object, "type", UINT16_MAX, &type);
	if (r < 0) {
		return r;
	}
	attr.type = (uint16_t)type;
	if (attr.kind == WIRE_ATTR_INT32) {
		r = get_number(source, object, "value", UINT32_MAX, &attr.number);
	} else if (attr.kind == WIRE_ATTR_BYTES) {
		r = get_bytes(source, object, &attr);
	} else {
		r = get_bool(source, object, &attr);
	}
	if (r < 0) {
		return r;
	}
	*ret_attr = attr;
	return 0;
}

static int get_attrs(
	struct json_source *source, const struct wire_attr **ret_attrs, size_t *ret_count)
{
	const struct json_value *root = NULL;
	const struct json_value *list;
	struct wire_attr *attrs;
	const char *reason = "";
	size_t offset = 0;
	int r = json_parse(source->arena, source->text, source->length, &root, &offset, &reason);

	if (r == -ENOMEM) {
		return error_set(source->err, BERTH_ERROR_MEMORY, "out of memory");
	}
	if (r < 0) {
		return place(
			source, offset, error_set(source->err, BERTH_ERROR_USAGE, "%s", reason));
	}
	list = json_get(root, "attributes");
	if (!list || list->kind != JSON_ARRAY) {
		return place(source, list ? list->offset : root->offset,
			error_field(source->err, BERTH_ERROR_USAGE, "/attributes", "%s",
				list ? "is no array" : "missing"));
	}
	attrs = arena_alloc(source->arena, list->length, sizeof(*attrs));
	if (!attrs) {
		return error_set(source->err, BERTH_ERROR_MEMORY, "out of memory");
	}
	for (const struct json_value *item = list->first; item; item = item->next) {
		r = get_attr(source, item, &attrs[source->index]);
		if (r < 0) {
			return r;
		}
		source->index++;
	}
	*ret_attrs = attrs;
	*ret_count = source->index;
	return 0;
}

int berth_bootstrap_from_json(const char *json, size_t length, void **ret_message,
	size_t *ret_length, struct berth_error *err)
{
	autoarena struct arena arena;
	struct json_source source = {.arena = &arena, .text = json, .length = length, .err = err};
	const struct wire_attr *attrs = NULL;
	autoptr void *message = NULL;
	size_t count = 0;
	size_t size = 0;
	int r;

	error_clear(err);
	arena_init(&arena, TREE_MAX_BYTES);
	r = get_attrs(&source, &attrs, &count);
	if (r < 0) {
		return r;
	}
	size = WIRE_BOOTSTRAP_MAX_BYTES;
	message = malloc(size);
	if (!message) {
		return error_set(err, BERTH_ERROR_MEMORY, "out of memory");
	}
	r = wire_bootstrap_encode(attrs, count, message, size, &size, err);
	if (r < 0) {
		return r;
	}
	*ret_message = take_ptr(message);
	*ret_length = size;
	return 0;
}

static bool is_utf8(const char *text, size_t length)
{
	while (length > 0) {
		size_t taken = json_utf8_length(text, length);

		if (taken == 0) {
			return false;
		}
		text += taken;
		length -= taken;
	}
	return true;
}

/* `hex` has room for the longest value. */
static void put_bytes(struct json_writer *writer, const struct wire_attr *attr, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < attr->length; i++) {
		unsigned char byte = (unsigned char)attr->bytes[i];

		hex[2 * i] = digits[byte >> 4];
		hex[2 * i + 1] = digits[byte & 0xf];
	}
	hex[2 * attr->length] = '\0';
	json_write_string(writer, hex);
	if (is_utf8(attr->bytes, attr->length)) {
		json_write_key(writer, "text");
		json_write_string(writer, attr->bytes);
	}
}

static void put_attr(struct json_writer *writer, const struct wire_attr *attr, char *hex)
{
	json_write_begin(writer, '{');
	json_write_key(writer, "kind");
	json_write_string(writer, kind_names[attr->kind]);
	json_write_key(writer, "type");
	json_write_u64(writer, attr->type);
	json_write_key(writer, "name");
	json_write_string(writer, wire_attr_name(attr->type));
	json_write_key(writer, "value");
	if (attr->kind == WIRE_ATTR_INT32) {
		json_write_u64(writer, attr->number);
	} else if (attr->kind == WIRE_ATTR_BOOL) {
		json_write_bool(writer, attr->number != 0);
	} else {
		put_bytes(writer, attr, hex);
	}
	json_write_end(writer, '}');
}

int berth_bootstrap_to_json(
	const void *message, size_t length, char **ret_json, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	autoptr char *hex = NULL;
	size_t count = 0;
	int r;

	error_clear(err);
	json_writer_init(&writer, true);
	r = wire_bootstrap_decode(message, length, attrs, &count, err);
	if (r < 0) {
		return r;
	}
	hex = malloc(HEX_MAX_DIGITS + 1);
	if (!hex) {
		return error_set(err, BERTH_ERROR_MEMORY, "out of memory");
	}
	json_write_begin(&writer, '{');
	json_write_key(&writer, "attributes");
	json_write_begin(&writer, '[');
	for (size_t i = 0; i < count; i++) {
		put_attr(&writer, &attrs[i], hex);
	}
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	r = json_writer_take(&writer, ret_json);
	if (r < 0) {
		return error_system(err, r, "writing JSON");
	}
	return 0;
}
