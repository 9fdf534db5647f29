/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H
/*
 * Structs on the wire: one table describes a struct, and both ends use that table.
 *
 * A message is a netlink header (16 bytes, its nlmsg_len the whole length) and then items: u16 kind,
 * u16 zero, u32 length of the value, the value, zeros up to a multiple of 8. An item's value is a
 * number (4 or 8 bytes), a text (with its NUL), bytes, or items again. A kind that the table does not
 * know, a second item of a kind that is not an array, a wrong length, a text with an inner NUL or without
 * its last one, padding that is not zero: each is refused (-EPROTO).
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

enum wire_type {
	WIRE_U32,     /* uint32_t */
	WIRE_U64,     /* uint64_t */
	WIRE_TEXT,    /* const char *; NULL is not sent */
	WIRE_BYTES,   /* struct wire_bytes; a length of 0 is not sent, and refused */
	WIRE_U32S,    /* struct wire_u32s */
	WIRE_TEXTS,   /* struct wire_texts, one item for each */
	WIRE_RECORD,  /* a struct inside */
	WIRE_RECORDS, /* struct wire_array of structs, one item for each */
	WIRE_TYPE_COUNT
};

/* Bytes of any value. Decoded ones begin at a multiple of 8 of the message. */
struct wire_bytes {
	const void *data;
	size_t length;
};

struct wire_u32s {
	const uint32_t *items;
	size_t count;
};

/* `items` has a NULL behind the last one, as execve(2) wants it. */
struct wire_texts {
	const char *const *items;
	size_t count;
};

/* The member of a struct that WIRE_RECORDS describes: any struct with these two members. */
struct wire_array {
	void *items;
	size_t count;
};

struct wire_field {
	uint16_t kind;
	uint16_t type; /* enum wire_type */
	uint32_t offset;
	const char *name;
	const struct wire_record *record; /* for WIRE_RECORD and WIRE_RECORDS */
};

struct wire_record {
	const char *name;
	size_t size;
	const struct wire_field *fields;
	size_t count;
};

enum {
	WIRE_HEADER_BYTES = 16,
	WIRE_RECORD_MAX_BYTES = 16 * 1024 * 1024,
	WIRE_RECORD_DEPTH = 4,
};

/* Encodes a whole message into memory of the arena. -E2BIG above WIRE_RECORD_MAX_BYTES, -ENOMEM. */
int wire_record_encode(const struct wire_record *record, uint16_t type, const void *value,
	struct arena *arena, const void **ret_message, size_t *ret_length) must_use;

/* Decodes the items behind a header. Texts and bytes point into `items`; arrays come from the arena. `ret_value`
 * is a zeroed struct of the record's size. -EPROTO, -ENOMEM. */
int wire_record_decode(const struct wire_record *record, const void *items, size_t length,
	struct arena *arena, void *ret_value) must_use;

/* A header: type and whole length; -EPROTO for a length out of bounds. */
struct wire_header {
	uint32_t length;
	uint16_t type;
};
int wire_header_get(const void *bytes, struct wire_header *ret_header) must_use;
void wire_header_put(void *bytes, uint16_t type, uint32_t length);

#endif
