/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_TABLE_H
#define SPEC_TABLE_H
/*
 * Inside spec: one table describes a section of the specification, and one engine decodes by it.
 *
 * A row names a field: its key, its type and where it goes. null is the same as absent. Keys without a
 * row are ignored. Each error has the field's JSON pointer, array indices included, and says what was
 * expected and what is there.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "json/json.h"

enum spec_type {
	SPEC_BOOL,
	SPEC_U32,
	SPEC_I64,
	SPEC_U64,
	SPEC_STRING,  /* const char *; one of `names` where the row has them */
	SPEC_STRINGS, /* struct spec_strings */
	SPEC_U32S,    /* struct spec_u32s */
	SPEC_ENUM,    /* uint32_t, the value of one of `names` */
	SPEC_OBJECT,  /* the struct of `table`, in place */
	SPEC_OBJECTS, /* items and count of the structs of `table` */
	SPEC_MEMBERS, /* the same for an object with keys of the user's choice: a struct for each of its members, which
			 begins with the key (const char *) */
	SPEC_MAP, /* struct spec_annotations: keys of the user's choice, values that are strings */
	SPEC_UNBUILT, /* refused, unless it asks for nothing */
	SPEC_TYPE_COUNT
};

enum spec_row_flags {
	SPEC_REQUIRED = 1 << 0, /* must be there; a string must not be empty */
};

struct spec_name {
	const char *name;
	uint32_t value;
};

/* A list of names ends in one that is NULL. */
struct spec_row {
	const char *key;
	uint8_t type;     /* enum spec_type */
	uint8_t flags;    /* enum spec_row_flags */
	uint32_t offset;  /* in the struct of the table */
	uint32_t present; /* offset of a bool that says the field is there; 0: none */
	const struct spec_name *names;
	const struct spec_table *table;
};

struct spec_table {
	size_t size; /* of the struct */
	const struct spec_row *rows;
	size_t count;
};

/* Decodes an object into the zeroed struct of a table. Texts point into the tree, arrays come from the
 * arena. On failure the struct's content is undefined. */
int spec_table_decode(const struct spec_table *table, const struct json_value *object,
	struct arena *arena, void *ret_struct, struct berth_error *err) must_use;

/* Notes each member of an object that no row names, and of the objects below it; those of a map have keys of the
 * user's choice (unknown.c). */
void spec_table_note_unknown(const struct spec_table *table, const struct json_value *object,
	struct arena *arena, struct log_notes *notes);

/* The sections that have a file of their own. */
extern const struct spec_table spec_process_table;   /* struct spec_process */
extern const struct spec_table spec_intel_rdt_table; /* struct spec_intel_rdt */
extern const struct spec_table spec_mapping_table;   /* struct spec_mapping */
extern const struct spec_table spec_linux_table;     /* struct spec_linux */
extern const struct spec_table spec_seccomp_table;   /* struct spec_seccomp */
extern const struct spec_table spec_resources_table; /* struct spec_resources */
extern const struct spec_table spec_hooks_table;     /* struct spec_hooks */

#endif
