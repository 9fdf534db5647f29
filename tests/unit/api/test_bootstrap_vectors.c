/* SPDX-License-Identifier: Apache-2.0 */
/* Every vector of the bootstrap message, byte for byte: the serializers of the wire and of the public
 * header, whole messages both ways, and JSON both ways. The argument is the file of vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/bootstrap.h>

#include "base/arena.h"
#include "wire/bootstrap.h"
#include "json/json.h"

enum { FILE_BYTES = 1024 * 1024, TREE_BYTES = 64 * 1024 * 1024 };

struct vectors {
	struct arena arena;
	char *text;
	const struct json_value *root;
};

struct bytes {
	unsigned char *data;
	size_t length;
};

static struct bytes from_hex(struct vectors *vectors, const struct json_value *hex)
{
	struct bytes bytes = {.length = hex->length / 2};

	bytes.data = arena_alloc(&vectors->arena, bytes.length + 1, 1);
	assert_non_null(bytes.data);
	for (size_t i = 0; i < bytes.length; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex->text + 2 * i, "%2x", &byte), 1);
		bytes.data[i] = (unsigned char)byte;
	}
	return bytes;
}

static struct berth_attr get_attr(struct vectors *vectors, const struct json_value *vector)
{
	const char *kind = json_get(vector, "kind")->text;
	const struct json_value *value = json_get(vector, "value");
	struct berth_attr attr;
	uint64_t type;
	uint64_t number;

	assert_int_equal(json_to_u64(json_get(vector, "type"), &type), 0);
	if (strcmp(kind, "int32") == 0) {
		assert_int_equal(json_to_u64(value, &number), 0);
		attr.kind = BERTH_ATTR_INT32;
		attr.as.int32 = (struct berth_int32msg){(uint16_t)type, (uint32_t)number};
	} else if (strcmp(kind, "bytes") == 0) {
		struct bytes bytes = from_hex(vectors, value);

		attr.kind = BERTH_ATTR_BYTES;
		attr.as.bytes = (struct berth_bytemsg){(uint16_t)type, bytes.data, bytes.length};
	} else {
		assert_string_equal(kind, "bool");
		attr.kind = BERTH_ATTR_BOOL;
		attr.as.boolean = (struct berth_boolmsg){(uint16_t)type, value->is_true};
	}
	return attr;
}

static size_t public_len(const struct berth_attr *attr)
{
	switch (attr->kind) {
	case BERTH_ATTR_INT32:
		return berth_int32msg_len(&attr->as.int32);
	case BERTH_ATTR_BYTES:
		return berth_bytemsg_len(&attr->as.bytes);
	default:
		return berth_boolmsg_len(&attr->as.boolean);
	}
}

static int public_serialize(const struct berth_attr *attr, void *buffer, size_t size)
{
	switch (attr->kind) {
	case BERTH_ATTR_INT32:
		return berth_int32msg_serialize(&attr->as.int32, buffer, size);
	case BERTH_ATTR_BYTES:
		return berth_bytemsg_serialize(&attr->as.bytes, buffer, size);
	default:
		return berth_boolmsg_serialize(&attr->as.boolean, buffer, size);
	}
}

static struct wire_attr to_wire(const struct berth_attr *attr)
{
	switch (attr->kind) {
	case BERTH_ATTR_INT32:
		return (struct wire_attr){.kind = WIRE_ATTR_INT32,
			.type = attr->as.int32.type,
			.number = attr->as.int32.value};
	case BERTH_ATTR_BYTES:
		return (struct wire_attr){.kind = WIRE_ATTR_BYTES,
			.type = attr->as.bytes.type,
			.bytes = attr->as.bytes.value,
			.length = attr->as.bytes.length};
	default:
		return (struct wire_attr){.kind = WIRE_ATTR_BOOL,
			.type = attr->as.boolean.type,
			.number = attr->as.boolean.value};
	}
}

static void test_serializers(void **state)
{
	struct vectors *vectors = *state;
	const struct json_value *list = json_get(vectors->root, "attributes");
	size_t count = 0;

	for (const struct json_value *item = list->first; item; item = item->next, count++) {
		struct bytes expected = from_hex(vectors, json_get(item, "hex"));
		struct berth_attr attr = get_attr(vectors, item);
		struct wire_attr wire = to_wire(&attr);
		/* Of its exact size, and full of what must be overwritten. */
		unsigned char *buffer = malloc(expected.length);

		assert_non_null(buffer);
		assert_int_equal(public_len(&attr), expected.length);
		assert_int_equal(wire_attr_len(&wire), expected.length);
		memset(buffer, 0xa5, expected.length);
		assert_int_equal(public_serialize(&attr, buffer, expected.length - 1), -ENOBUFS);
		assert_int_equal(public_serialize(&attr, buffer, expected.length), expected.length);
		assert_memory_equal(buffer, expected.data, expected.length);
		memset(buffer, 0xa5, expected.length);
		assert_int_equal(
			wire_attr_serialize(&wire, buffer, expected.length), expected.length);
		assert_memory_equal(buffer, expected.data, expected.length);
		free(buffer);
	}
	assert_int_equal(count, 49);
}

static void assert_same_attr(const struct berth_attr *a, const struct berth_attr *b)
{
	struct wire_attr one = to_wire(a);
	struct wire_attr other = to_wire(b);

	assert_int_equal(one.kind, other.kind);
	assert_int_equal(one.type, other.type);
	assert_int_equal(one.number, other.number);
	assert_int_equal(one.length, other.length);
	if (one.length > 0) {
		assert_memory_equal(one.bytes, other.bytes, one.length);
	}
}

static void check_message(struct vectors *vectors, const struct json_value *item)
{
	struct bytes expected = from_hex(vectors, json_get(item, "message_hex"));
	struct berth_attr attrs[BERTH_ATTR_COUNT];
	struct berth_attr decoded[BERTH_ATTR_COUNT];
	struct berth_error err = {0};
	unsigned char *buffer = malloc(expected.length);
	size_t count = 0;
	size_t decoded_count = 0;
	size_t length = 0;

	assert_non_null(buffer);
	for (const struct json_value *attr = json_get(item, "attributes")->first; attr;
		attr = attr->next) {
		attrs[count++] = get_attr(vectors, attr);
	}
	assert_int_equal(
		berth_bootstrap_encode(attrs, count, buffer, expected.length, &length, &err), 0);
	assert_int_equal(length, expected.length);
	assert_memory_equal(buffer, expected.data, expected.length);
	assert_int_equal(berth_bootstrap_decode(
				 expected.data, expected.length, decoded, &decoded_count, &err),
		0);
	assert_int_equal(decoded_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_same_attr(&attrs[i], &decoded[i]);
	}
	free(buffer);
}

static void test_messages(void **state)
{
	struct vectors *vectors = *state;
	const struct json_value *list = json_get(vectors->root, "messages");
	size_t count = 0;

	for (const struct json_value *item = list->first; item; item = item->next, count++) {
		check_message(vectors, item);
	}
	assert_int_equal(count, 4);
}

/* The text of an object without a brace in its strings. */
static size_t object_length(const char *text)
{
	size_t length = 0;
	int depth = 0;

	do {
		depth += text[length] == '{';
		depth -= text[length] == '}';
		length++;
	} while (depth > 0);
	return length;
}

/* What decode prints has the attributes of the vector; and goes back in. */
static void check_description(
	struct vectors *vectors, const struct json_value *item, const struct bytes *expected)
{
	const struct json_value *described = NULL;
	const struct json_value *attr = json_get(item, "attributes")->first;
	const struct json_value *other;
	struct berth_error err = {0};
	const char *reason;
	size_t offset;
	size_t length = 0;
	void *message = NULL;
	char *json = NULL;

	assert_int_equal(berth_bootstrap_to_json(expected->data, expected->length, &json, &err), 0);
	assert_int_equal(
		json_parse(&vectors->arena, json, strlen(json), &described, &offset, &reason), 0);
	other = json_get(described, "attributes")->first;
	for (; attr && other; attr = attr->next, other = other->next) {
		struct berth_attr one = get_attr(vectors, attr);
		struct berth_attr two = get_attr(vectors, other);

		assert_same_attr(&one, &two);
		assert_string_equal(
			json_get(other, "name")->text, wire_attr_name(to_wire(&one).type));
		if (one.kind == BERTH_ATTR_BYTES) {
			assert_string_equal(json_get(other, "text")->text, one.as.bytes.value);
			assert_string_equal(
				json_get(other, "value")->text, json_get(attr, "value")->text);
		} else {
			assert_null(json_get(other, "text"));
		}
	}
	assert_null(attr);
	assert_null(other);
	assert_int_equal(berth_bootstrap_from_json(json, strlen(json), &message, &length, &err), 0);
	assert_int_equal(length, expected->length);
	assert_memory_equal(message, expected->data, length);
	free(message);
	free(json);
}

static void test_json(void **state)
{
	struct vectors *vectors = *state;
	const struct json_value *list = json_get(vectors->root, "messages");

	for (const struct json_value *item = list->first; item; item = item->next) {
		struct bytes expected = from_hex(vectors, json_get(item, "message_hex"));
		const char *text = vectors->text + item->offset;
		struct berth_error err = {0};
		void *message = NULL;
		size_t length = 0;

		/* The vector as it stands: its other keys are ignored. */
		assert_int_equal(berth_bootstrap_from_json(
					 text, object_length(text), &message, &length, &err),
			0);
		assert_int_equal(length, expected.length);
		assert_memory_equal(message, expected.data, length);
		free(message);
		check_description(vectors, item, &expected);
	}
}

static int load(struct vectors *vectors, const char *path)
{
	FILE *file = fopen(path, "rb");
	const char *reason;
	size_t offset;
	size_t length;

	arena_init(&vectors->arena, TREE_BYTES);
	vectors->text = arena_alloc(&vectors->arena, FILE_BYTES, 1);
	if (!file || !vectors->text) {
		return -1;
	}
	length = fread(vectors->text, 1, FILE_BYTES, file);
	(void)fclose(file);
	return json_parse(&vectors->arena, vectors->text, length, &vectors->root, &offset, &reason);
}

int main(int argc, char **argv)
{
	struct vectors vectors = {0};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_serializers, &vectors),
		cmocka_unit_test_prestate(test_messages, &vectors),
		cmocka_unit_test_prestate(test_json, &vectors),
	};
	int failed;

	if (argc != 2 || load(&vectors, argv[1]) < 0) {
		(void)fprintf(stderr, "no vectors\n");
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_finish(&vectors.arena);
	return failed;
}
