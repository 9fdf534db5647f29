/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_STRING_H
#define JSON_STRING_H
/* The text between two quotes, for the reader and the writer; and the bytes of UTF-8, for anybody. */
#include <stdint.h>

#include "base/attr.h"

/* How many of the `length` bytes make the first character of UTF-8 (RFC 3629): 1 to 4, or 0 where they
 * start with none. Overlong forms and surrogates are none. */
size_t json_utf8_length(const char *bytes, size_t length) must_use;

/* Where a string goes wrong, and why. */
struct json_string_fault {
	size_t offset;
	const char *reason;
};

/* Finds the closing quote of a string whose first byte behind the opening quote is `start`. -EINVAL
 * with the fault. */
int json_string_end(const char *text, size_t length, size_t start, size_t *ret_end,
	struct json_string_fault *ret_fault) must_use;

/* Decodes text[start..end), found by json_string_end(), into `target`, which has end - start + 1 bytes;
 * ends it with a NUL. -EINVAL with the fault. */
int json_string_decode(const char *text, size_t start, size_t end, char *target, size_t *ret_length,
	struct json_string_fault *ret_fault) must_use;

#endif
