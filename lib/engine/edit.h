/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_EDIT_H
#define ENGINE_EDIT_H
/* One change of a text after the other. Each reads the text anew, so that a change that is there already makes
 * none. Texts are in the arena. */
#include <stddef.h>

#include "base/arena.h"
#include "engine/engine.h"
#include "toml/toml.h"

struct edit {
	struct arena *arena;
	const char *text;
	struct berth_error *err;
};

/* In the place of `cut` bytes at `at` comes what the format makes. */
int engine_edit_splice(struct edit *edit, size_t at, size_t cut, const char *format, ...) must_use
	printf_like(4, 5);

/* BERTH_ERROR_CONFIG with line and column of the offset. */
int engine_edit_refuse(const struct edit *edit, size_t offset, const char *format, ...)
	printf_like(3, 4);

/* The member that the keys lead to gets a string, in an object of JSON; objects that are missing are made. Keys and
 * value are ASCII without what JSON escapes. */
int engine_edit_json(
	struct edit *edit, const char *const *keys, size_t count, const char *value) must_use;

/* toml_walk() over the text; what is no TOML is refused. */
int engine_edit_walk(const struct edit *edit, toml_visit_fn visit, void *argument) must_use;

/* A key of a table of TOML gets a string; the table is made at the end where it is missing. `table` is a path as in
 * toml.h. */
int engine_edit_toml(
	struct edit *edit, const char *table, const char *key, const char *value) must_use;

/* All changes for an engine. */
int engine_podman(struct edit *edit, const struct engine_entry *entry) must_use;
int engine_containerd(struct edit *edit, const struct engine_entry *entry) must_use;

#endif
