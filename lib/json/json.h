/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_JSON_H
#define JSON_JSON_H
/*
 * json: bytes to a tree, and a tree's worth of calls to bytes (RFC 8259).
 *
 * In: bytes of any origin. Out: a tree in an arena; every value and every key knows its offset.
 * Forbidden here: any noun of containers, input and output. Fails with -EINVAL (syntax; the offset
 * says where), -E2BIG (a limit) or -ENOMEM. Refused: NUL in a string (escaped or not), invalid UTF-8,
 * lone surrogates, a byte order mark, depth over JSON_DEPTH_MAX, text after the value.
 *
 * Of duplicate keys the last wins, as in Go: the reader drops the earlier members when it reaches the
 * end of their object, so that a look-up and a walk over the members see the same one. It takes
 * n log n comparisons for n members; all else is linear in the text.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	JSON_DEPTH_MAX = 64,
	JSON_TEXT_MAX_BYTES = 16 * 1024 * 1024,
};

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_KIND_COUNT
};

/* What a kind is called in an error: "a number", "an object" ... */
const char *json_kind_name(enum json_kind kind);

struct json_value {
	enum json_kind kind;
	uint32_t offset;                /* of the value's first byte */
	uint32_t key_offset;            /* of the key's first byte, for a member of an object */
	uint32_t end;                   /* the offset behind the value's last byte */
	const char *key;                /* of a member of an object; else NULL */
	const char *text;               /* string: decoded, ends in NUL; number: as written */
	uint32_t length;                /* of `text`; or how many children there are */
	bool is_true;                   /* bool */
	const struct json_value *first; /* child of an array or object, in the order written */
	const struct json_value *next;  /* next child of the same parent */
};

/* Parses a whole text. -E2BIG for a text over JSON_TEXT_MAX_BYTES or too deep, -ENOMEM when the arena
 * gives no more (a value takes 64 bytes of it, and its texts). On failure `ret_offset` is where;
 * `ret_reason` a fixed string that says what, such as "expected a comma or ']'". */
int json_parse(struct arena *arena, const char *text, size_t length,
	const struct json_value **ret_value, size_t *ret_offset, const char **ret_reason) must_use;

/* The member of an object, or NULL; also NULL where `object` is NULL or no object. */
const struct json_value *json_get(const struct json_value *object, const char *key);

/* The value that a JSON pointer (RFC 6901) names; where it names nothing, the deepest value on its way
 * that is there. Never NULL for a tree. */
const struct json_value *json_find(const struct json_value *root, const char *pointer);

struct strbuf;

/* Adds "/KEY" to a JSON pointer, the key escaped. */
void json_pointer_add(struct strbuf *pointer, const char *key);

/* Exact integers: a number without fraction and exponent, in range; -0 is 0. -EINVAL for the form or
 * for another kind of value, -ERANGE for the value. */
int json_to_i64(const struct json_value *value, int64_t *ret_number) must_use;
int json_to_u64(const struct json_value *value, uint64_t *ret_number) must_use;

/* Line and column of an offset that is at most the text's length, both from 1, the column in bytes. */
void json_position(const char *text, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

/*
 * The writer: values in the order of the calls, into memory that grows. The first failure stays in
 * `status` and later calls do nothing. A tab for each level when `is_pretty`, else one line; no newline
 * at the end. Bytes of a text or key that are no UTF-8 come out as U+FFFD, as in Go: the result is JSON
 * whatever a path or a name contains.
 */
struct json_writer {
	char *data; /* ends in NUL; owned by the writer until json_writer_take() */
	size_t length;
	size_t capacity;
	int status; /* 0, or -ENOMEM, or -EINVAL for calls that make no JSON */
	int depth;
	uint64_t objects; /* bit n: the bracket of level n is '{' */
	bool is_pretty;
	bool has_value; /* a value stands before, in this array or object */
	bool has_key;   /* a key waits for its value */
};

void json_writer_init(struct json_writer *writer, bool is_pretty);
void json_writer_finish(struct json_writer *writer);
void json_write_begin(struct json_writer *writer, char bracket); /* '{' or '[' */
void json_write_end(struct json_writer *writer, char bracket);   /* '}' or ']' */
void json_write_key(struct json_writer *writer, const char *key);
void json_write_string(struct json_writer *writer, const char *text);
void json_write_u64(struct json_writer *writer, uint64_t number);
void json_write_i64(struct json_writer *writer, int64_t number);
void json_write_bool(struct json_writer *writer, bool is_true);
void json_write_null(struct json_writer *writer);

/* A value of a tree with all that is in it, without its key; numbers as they were written. */
void json_write_value(struct json_writer *writer, const struct json_value *value);

/* The text, from malloc, the caller's to free; the writer is empty afterwards. Fails with the writer's
 * status, or with -EINVAL where a bracket is open or nothing was written. */
int json_writer_take(struct json_writer *writer, char **ret_text) must_use;

#endif
