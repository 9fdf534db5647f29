/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOML_TOML_H
#define TOML_TOML_H
/*
 * toml: a text to its outline (TOML 1.0): the headers and keys, and where the values are.
 *
 * In: a text of any origin. Out: a call for each header and key, in the order written. Forbidden here: any noun of
 * containers, input and output. What a value means is not looked at, nor whether a key is there twice. Fails with
 * -EINVAL and the place.
 *
 * A path is the keys on the way, each with a newline behind it: "plugins\ncri\n". Keys have no quotes there; an escape
 * in a key stays as it is written.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum {
	TOML_DEPTH_MAX = 64,
	TOML_PATH_MAX = 1024,
};

enum toml_kind {
	TOML_TABLE,       /* [table] */
	TOML_ARRAY_TABLE, /* [[table]] */
	TOML_KEY,         /* key = value */
};

struct toml_item {
	enum toml_kind kind;
	const char *path;    /* valid during the call; of a key: that of its table, and its own */
	size_t table_length; /* how much of the path the header above has */
	size_t offset;       /* of the bracket, or of the key */
	size_t value;        /* of a key: its value's first byte */
	size_t end;          /* behind the value or the bracket */
};

/* Calls visit for each header and key, in the order written, until one call does not return 0: that is the result.
 * -EINVAL where the text is no TOML or passes a limit, with the place and a fixed string. */
typedef int (*toml_visit_fn)(const struct toml_item *item, void *argument);

struct toml_fault {
	size_t offset;
	const char *reason;
};

int toml_walk(const char *text, toml_visit_fn visit, void *argument,
	struct toml_fault *ret_fault) must_use;

/* The next string in a value that toml_walk() has found, from *at to end: its text between the quotes. False where
 * there is no further one. */
bool toml_next_string(
	const char *text, size_t *at, size_t end, size_t *ret_start, size_t *ret_length);

#endif
