/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_FIELDS_H
#define SPEC_FIELDS_H
/* The fields of config.json, one row for each, and what becomes of a value there. */
#include <stddef.h>

enum expectation {
	IS_BOOL,
	IS_U32,
	IS_I64,
	IS_U64,
	IS_STRING,
	IS_ARRAY,
	IS_OBJECT,
	IGNORED, /* of another platform, or unknown */
	KINDS = 15,
	REQUIRED = 16,
};

struct field {
	const char *pointer, *value;
	int expectation;
	const char *refused;
};

extern const struct field fields[];
extern const size_t field_count;

#endif
