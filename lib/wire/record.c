/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/*
 * Theory of operation: encoding measures first and writes then, into one piece of memory of exactly
 * that size. Decoding goes over the items of a struct twice: the first time to check their frames and
 * to count what goes into arrays, the second time to fill them. Both follow the same table, so neither
 * end can know a field that the other does not.
 */

enum {
	WIRE_ITEM_BYTES = 8, /* u16 kind, u16 zero, u32 length */
	WIRE_FIELDS_MAX = 32,
};

struct wire_item {
	uint16_t kind;
	uint32_t length;
	const unsigned char *value;
};

static size_t padded(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

static const void *member(const void *value, const struct wire_field *field)
{
	return (const char *)value + field->offset;
}

static void *member_mut(void *value, const struct wire_field *field)
{
	return (char *)value + field->offset;
}

static const char *text_at(const void *value, const struct wire_field *field)
{
	const char *text;

	memcpy(&text, member(value, field), sizeof(text));
	return text;
}

static struct wire_bytes bytes_at(const void *value, const struct wire_field *field)
{
	struct wire_bytes bytes;

	memcpy(&bytes, member(value, field), sizeof(bytes));
	return bytes;
}

static struct wire_array array_at(const void *value, const struct wire_field *field)
{
	struct wire_array array;

	memcpy(&array, member(value, field), sizeof(array));
	return array;
}

static size_t record_measure(const struct wire_record *record, const void *value);

static size_t texts_measure(struct wire_array array)
{
	const char *const *texts = array.items;
	size_t size = 0;

	for (size_t i = 0; i < array.count; i++) {
		size += WIRE_ITEM_BYTES + padded(strlen(texts[i]) + 1);
	}
	return size;
}

static size_t records_measure(const struct wire_record *record, struct wire_array array)
{
	size_t size = 0;

	for (size_t i = 0; i < array.count; i++) {
		const char *item = (const char *)array.items + i * record->size;

		size += WIRE_ITEM_BYTES + padded(record_measure(record, item));
	}
	return size;
}

static size_t field_measure(const struct wire_field *field, const void *value)
{
	const char *text;
	size_t length;

	switch ((enum wire_type)field->type) {
	case WIRE_U32:
	case WIRE_U64:
		return WIRE_ITEM_BYTES + 8;
	case WIRE_TEXT:
		text = text_at(value, field);
		return text ? WIRE_ITEM_BYTES + padded(strlen(text) + 1) : 0;
	case WIRE_BYTES:
		length = bytes_at(value, field).length;
		return length ? WIRE_ITEM_BYTES + padded(length) : 0;
	case WIRE_U32S:
		return array_at(value, field).count * (WIRE_ITEM_BYTES + 8);
	case WIRE_TEXTS:
		return texts_measure(array_at(value, field));
	case WIRE_RECORD:
		return WIRE_ITEM_BYTES +
		       padded(record_measure(field->record, member(value, field)));
	case WIRE_RECORDS:
		return records_measure(field->record, array_at(value, field));
	case WIRE_TYPE_COUNT:
		break;
	}
	return 0;
}

static size_t record_measure(const struct wire_record *record, const void *value)
{
	size_t size = 0;

	for (size_t i = 0; i < record->count; i++) {
		size += field_measure(&record->fields[i], value);
	}
	return size;
}

/* The writers return where the next item begins; the memory is zeroed, so padding is there already. */
static unsigned char *item_put(unsigned char *out, uint16_t kind, const void *bytes, size_t length)
{
	uint32_t length32 = (uint32_t)length;

	memcpy(out, &kind, sizeof(kind));
	memcpy(out + 4, &length32, sizeof(length32));
	if (bytes) {
		memcpy(out + WIRE_ITEM_BYTES, bytes, length);
	}
	return out + WIRE_ITEM_BYTES + padded(length);
}

static unsigned char *record_put(
	unsigned char *out, const struct wire_record *record, const void *value);

static unsigned char *nested_put(
	unsigned char *out, const struct wire_field *field, const void *value)
{
	unsigned char *end = record_put(out + WIRE_ITEM_BYTES, field->record, value);

	(void)item_put(out, field->kind, NULL, (size_t)(end - out) - WIRE_ITEM_BYTES);
	return end;
}

static unsigned char *field_put(
	unsigned char *out, const struct wire_field *field, const void *value)
{
	struct wire_array array;
	struct wire_bytes bytes;
	const char *text;

	switch ((enum wire_type)field->type) {
	case WIRE_U32:
		return item_put(out, field->kind, member(value, field), sizeof(uint32_t));
	case WIRE_U64:
		return item_put(out, field->kind, member(value, field), sizeof(uint64_t));
	case WIRE_TEXT:
		text = text_at(value, field);
		return text ? item_put(out, field->kind, text, strlen(text) + 1) : out;
	case WIRE_BYTES:
		bytes = bytes_at(value, field);
		return bytes.length ? item_put(out, field->kind, bytes.data, bytes.length) : out;
	case WIRE_RECORD:
		return nested_put(out, field, member(value, field));
	case WIRE_U32S:
	case WIRE_TEXTS:
	case WIRE_RECORDS:
		break;
	case WIRE_TYPE_COUNT:
		return out;
	}
	array = array_at(value, field);
	for (size_t i = 0; i < array.count; i++) {
		if (field->type == WIRE_U32S) {
			out = item_put(out, field->kind, (const uint32_t *)array.items + i, 4);
		} else if (field->type == WIRE_TEXTS) {
			text = ((const char *const *)array.items)[i];
			out = item_put(out, field->kind, text, strlen(text) + 1);
		} else {
			out = nested_put(
				out, field, (const char *)array.items + i * field->record->size);
		}
	}
	return out;
}

static unsigned char *record_put(
	unsigned char *out, const struct wire_record *record, const void *value)
{
	for (size_t i = 0; i < record->count; i++) {
		out = field_put(out, &record->fields[i], value);
	}
	return out;
}

int wire_record_encode(const struct wire_record *record, uint16_t type, const void *value,
	struct arena *arena, const void **ret_message, size_t *ret_length)
{
	size_t length = WIRE_HEADER_BYTES + (record ? record_measure(record, value) : 0);
	unsigned char *message;

	if (length > WIRE_RECORD_MAX_BYTES) {
		return -E2BIG;
	}
	message = arena_alloc(arena, length, 1);
	if (!message) {
		return -ENOMEM;
	}
	wire_header_put(message, type, (uint32_t)length);
	if (record) {
		(void)record_put(message + WIRE_HEADER_BYTES, record, value);
	}
	*ret_message = message;
	*ret_length = length;
	return 0;
}

static int item_get(const unsigned char **at, const unsigned char *end, struct wire_item *ret_item)
{
	size_t rest = (size_t)(end - *at);
	uint16_t zero;

	if (rest < WIRE_ITEM_BYTES) {
		return -EPROTO;
	}
	memcpy(&ret_item->kind, *at, sizeof(ret_item->kind));
	memcpy(&zero, *at + 2, sizeof(zero));
	memcpy(&ret_item->length, *at + 4, sizeof(ret_item->length));
	rest -= WIRE_ITEM_BYTES;
	if (zero != 0 || ret_item->length > rest || padded(ret_item->length) > rest) {
		return -EPROTO;
	}
	ret_item->value = *at + WIRE_ITEM_BYTES;
	for (size_t i = ret_item->length; i < padded(ret_item->length); i++) {
		if (ret_item->value[i] != 0) {
			return -EPROTO;
		}
	}
	*at = ret_item->value + padded(ret_item->length);
	return 0;
}

static int field_find(const struct wire_record *record, uint16_t kind)
{
	for (size_t i = 0; i < record->count; i++) {
		if (record->fields[i].kind == kind) {
			return (int)i;
		}
	}
	return -EPROTO;
}

static bool field_is_array(const struct wire_field *field)
{
	return field->type == WIRE_U32S || field->type == WIRE_TEXTS || field->type == WIRE_RECORDS;
}

static int item_check(const struct wire_field *field, const struct wire_item *item)
{
	switch ((enum wire_type)field->type) {
	case WIRE_U32:
	case WIRE_U32S:
		return item->length == 4 ? 0 : -EPROTO;
	case WIRE_U64:
		return item->length == 8 ? 0 : -EPROTO;
	case WIRE_TEXT:
	case WIRE_TEXTS:
		if (item->length == 0 ||
			memchr(item->value, '\0', item->length) != item->value + item->length - 1) {
			return -EPROTO;
		}
		return 0;
	case WIRE_BYTES:
		return item->length > 0 ? 0 : -EPROTO;
	case WIRE_RECORD:
	case WIRE_RECORDS:
		return item->length % 8 == 0 ? 0 : -EPROTO;
	case WIRE_TYPE_COUNT:
		break;
	}
	return -EPROTO;
}

/* First pass: every frame is sound, and how many items each field has. */
static int record_count(const struct wire_record *record, const unsigned char *at,
	const unsigned char *end, uint32_t counts[WIRE_FIELDS_MAX])
{
	while (at < end) {
		struct wire_item item;
		int r = item_get(&at, end, &item);
		int index;

		if (r < 0) {
			return r;
		}
		index = field_find(record, item.kind);
		if (index < 0) {
			return index;
		}
		r = item_check(&record->fields[index], &item);
		if (r < 0) {
			return r;
		}
		if (counts[index]++ > 0 && !field_is_array(&record->fields[index])) {
			return -EPROTO;
		}
	}
	return 0;
}

static size_t element_size(const struct wire_field *field)
{
	if (field->type == WIRE_U32S) {
		return sizeof(uint32_t);
	}
	return field->type == WIRE_TEXTS ? sizeof(char *) : field->record->size;
}

static int arrays_allocate(const struct wire_record *record, const uint32_t counts[WIRE_FIELDS_MAX],
	struct arena *arena, void *ret_value)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct wire_field *field = &record->fields[i];
		struct wire_array array = {0};

		if (!field_is_array(field)) {
			continue;
		}
		/* One more than counted: the NULL that ends argv and envp. */
		array.items = arena_alloc(arena, (size_t)counts[i] + 1, element_size(field));
		if (!array.items) {
			return -ENOMEM;
		}
		memcpy(member_mut(ret_value, field), &array, sizeof(array));
	}
	return 0;
}

static int items_decode(const struct wire_record *record, const unsigned char *at,
	const unsigned char *end, struct arena *arena, void *ret_value, int depth);

/* Where the next element of an array goes; counts it. */
static void *array_next(const struct wire_field *field, void *value)
{
	struct wire_array array = array_at(value, field);
	void *element = (char *)array.items + array.count * element_size(field);

	array.count++;
	memcpy(member_mut(value, field), &array, sizeof(array));
	return element;
}

static int item_decode(const struct wire_field *field, const struct wire_item *item,
	struct arena *arena, void *ret_value, int depth)
{
	void *place =
		field_is_array(field) ? array_next(field, ret_value) : member_mut(ret_value, field);
	const struct wire_bytes bytes = {item->value, item->length};
	const char *text = (const char *)item->value;

	switch ((enum wire_type)field->type) {
	case WIRE_U32:
	case WIRE_U32S:
	case WIRE_U64:
		memcpy(place, item->value, item->length);
		return 0;
	case WIRE_TEXT:
	case WIRE_TEXTS:
		memcpy(place, &text, sizeof(text));
		return 0;
	case WIRE_BYTES:
		memcpy(place, &bytes, sizeof(bytes));
		return 0;
	case WIRE_RECORD:
	case WIRE_RECORDS:
		return items_decode(field->record, item->value, item->value + item->length, arena,
			place, depth + 1);
	case WIRE_TYPE_COUNT:
		break;
	}
	return -EPROTO;
}

static int items_decode(const struct wire_record *record, const unsigned char *at,
	const unsigned char *end, struct arena *arena, void *ret_value, int depth)
{
	uint32_t counts[WIRE_FIELDS_MAX] = {0};
	int r;

	if (depth > WIRE_RECORD_DEPTH || record->count > WIRE_FIELDS_MAX) {
		return -EPROTO;
	}
	r = record_count(record, at, end, counts);
	if (r < 0) {
		return r;
	}
	r = arrays_allocate(record, counts, arena, ret_value);
	while (r == 0 && at < end) {
		struct wire_item item;

		r = item_get(&at, end, &item);
		if (r == 0) {
			int index = field_find(record, item.kind);

			r = item_decode(&record->fields[index], &item, arena, ret_value, depth);
		}
	}
	return r;
}

int wire_record_decode(const struct wire_record *record, const void *items, size_t length,
	struct arena *arena, void *ret_value)
{
	const unsigned char *at = items;

	if (!record) {
		return length == 0 ? 0 : -EPROTO;
	}
	return items_decode(record, at, at + length, arena, ret_value, 0);
}

int wire_header_get(const void *bytes, struct wire_header *ret_header)
{
	struct wire_header header;

	memcpy(&header.length, bytes, sizeof(header.length));
	memcpy(&header.type, (const char *)bytes + 4, sizeof(header.type));
	if (header.length < WIRE_HEADER_BYTES || header.length > WIRE_RECORD_MAX_BYTES) {
		return -EPROTO;
	}
	*ret_header = header;
	return 0;
}

void wire_header_put(void *bytes, uint16_t type, uint32_t length)
{
	uint16_t flags = 1; /* NLM_F_REQUEST */

	memset(bytes, 0, WIRE_HEADER_BYTES);
	memcpy(bytes, &length, sizeof(length));
	memcpy((char *)bytes + 4, &type, sizeof(type));
	memcpy((char *)bytes + 6, &flags, sizeof(flags));
}
