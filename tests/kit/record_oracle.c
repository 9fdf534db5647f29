/* SPDX-License-Identifier: Apache-2.0 */
#include "record_oracle.h"

#include <errno.h>
#include <string.h>

#include "wire/boot.h"
#include "wire/frame.h"

enum { MEMORY_MAX = 256 * 1024 * 1024 };

/* Whatever a frame's record describes. */
union value {
	struct boot boot;
	struct frame_child child;
	struct frame_error error;
};

/* What goes out of a value that came in: encoded, decoded, encoded. */
static const char *check_again(
	const struct wire_frame_row *row, const union value *value, struct arena *arena)
{
	const void *once, *twice;
	size_t once_length, twice_length;
	union value again = {0};
	int r = wire_record_encode(row->record, row->type, value, arena, &once, &once_length);

	if (r == -E2BIG) {
		return NULL; /* the numbers that were left out are written */
	}
	if (r < 0) {
		return "what was decoded cannot be encoded";
	}
	if (wire_record_decode(row->record, (const char *)once + WIRE_HEADER_BYTES,
		    once_length - WIRE_HEADER_BYTES, arena, &again) < 0) {
		return "what was encoded is refused";
	}
	if (wire_record_encode(row->record, row->type, &again, arena, &twice, &twice_length) < 0 ||
		once_length != twice_length || memcmp(once, twice, once_length) != 0) {
		return "a value changes on its way";
	}
	return NULL;
}

static const struct wire_field *find_field(const struct wire_record *record, uint16_t kind)
{
	for (size_t i = 0; i < record->count; i++) {
		if (record->fields[i].kind == kind) {
			return &record->fields[i];
		}
	}
	return NULL;
}

/* Items that were taken: their kinds are known, and each text has one NUL, at its end. */
static const char *check_items(const struct wire_record *record, const char *items, size_t length)
{
	const char *broken = NULL;
	size_t at = 0;

	while (at < length && !broken) {
		const struct wire_field *field;
		uint16_t kind;
		uint32_t size;

		memcpy(&kind, items + at, sizeof(kind));
		memcpy(&size, items + at + 4, sizeof(size));
		at += 8;
		field = find_field(record, kind);
		if (!field || size > length - at) {
			return "an unknown item or one past the end was taken";
		}
		if (field->record) {
			broken = check_items(field->record, items + at, size);
		} else if ((field->type == WIRE_TEXT || field->type == WIRE_TEXTS) &&
			   (size == 0 || strnlen(items + at, size) != size - 1)) {
			broken = "a text whose first NUL is not at its end was taken";
		}
		at += ((size_t)size + 7) / 8 * 8;
	}
	return broken;
}

/* Those who get a value use it. */
static const char *check_use(const struct wire_frame_row *row, const union value *value,
	enum record_outcome *ret_outcome)
{
	struct berth_error err;
	char line[2048];

	*ret_outcome = RECORD_TAKEN;
	if (row->type == WIRE_FRAME_BOOT && boot_check(&value->boot) < 0) {
		*ret_outcome = RECORD_INCOMPLETE;
	}
	if (row->type == WIRE_FRAME_ERROR) {
		frame_error_to(&value->error, &err);
		if (err.error_class <= BERTH_ERROR_NONE ||
			err.error_class >= BERTH_ERROR_CLASS_COUNT || err.errnum < 0) {
			return "an error of the child is no error";
		}
		(void)error_format(&err, line, sizeof(line));
	}
	return NULL;
}

static const char *check_frame(const struct wire_frame_row *row, const char *items, size_t length,
	enum record_outcome *ret_outcome, size_t *ret_used)
{
	autoarena struct arena arena;
	union value value = {0};
	const char *broken;
	int r;

	arena_init(&arena, MEMORY_MAX);
	r = wire_record_decode(row->record, items, length, &arena, &value);
	*ret_used = arena.used;
	if (arena.used > RECORD_MEMORY_FACTOR * length + RECORD_MEMORY_CONSTANT) {
		return "more memory than a small multiple of the message";
	}
	if (r != 0) {
		*ret_outcome = RECORD_REFUSED;
		return r == -EPROTO ? NULL : "a refusal is not -EPROTO";
	}
	if (!row->record) {
		*ret_outcome = RECORD_TAKEN;
		return NULL;
	}
	broken = check_items(row->record, items, length);
	if (!broken) {
		broken = check_use(row, &value, ret_outcome);
	}
	return broken ? broken : check_again(row, &value, &arena);
}

const char *record_oracle(
	const void *message, size_t length, enum record_outcome *ret_outcome, size_t *ret_used)
{
	enum record_outcome outcome = RECORD_NO_FRAME;
	const struct wire_frame_row *row = NULL;
	struct wire_header header;
	const char *broken = NULL;
	size_t used = 0;

	if (length >= WIRE_HEADER_BYTES && wire_header_get(message, &header) == 0 &&
		header.length == length) {
		row = wire_frame_find(header.type);
	}
	if (row) {
		broken = check_frame(row, (const char *)message + WIRE_HEADER_BYTES,
			length - WIRE_HEADER_BYTES, &outcome, &used);
	}
	if (ret_outcome) {
		*ret_outcome = outcome;
	}
	if (ret_used) {
		*ret_used = used;
	}
	return broken;
}
