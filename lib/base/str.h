/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H
/* Bounded strings: a builder over a caller's buffer, strict numbers, and comparisons. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* A text that grows in memory of the caller. It always ends in NUL; what does not fit is cut, and
 * `is_cut` says so. */
struct strbuf {
	char *data;
	size_t size;   /* of `data`, in bytes, at least 1 */
	size_t length; /* of the text, without the NUL */
	bool is_cut;
};

void strbuf_init(struct strbuf *buf, char *data, size_t size);
void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length);
void strbuf_printf(struct strbuf *buf, const char *format, ...) printf_like(2, 3);

/* Copies what fits, always with a NUL; `source` may be NULL (as ""). Returns the length copied. */
size_t str_copy(char *target, size_t size, const char *source);

bool str_is_equal(const char *a, const char *b);
bool str_has_prefix(const char *text, const char *prefix);
bool str_is_given(const char *text); /* neither NULL nor "" */

/* FNV-1a of the bytes, going on from `hash`: a number for a text, and no proof of anything. */
#define STR_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t str_hash(uint64_t hash, const void *bytes, size_t length);

/* Decimal digits and nothing else: no sign, no space, no leading zero but "0" itself, in range.
 * 0, -EINVAL for the form, -ERANGE for the value. */
int str_to_u32(const char *text, uint32_t *ret_value) must_use;
int str_to_u64(const char *text, uint64_t *ret_value) must_use;

#endif
