/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
/*
 * engine: how container engines are told of a runtime.
 *
 * In: the text of an engine's configuration. Out: the text with berth in it, every other byte as it was.
 * Forbidden here: input and output, and a guess: where berth has no place that is certain, the text is
 * refused with the line and the column.
 */
#include <stdbool.h>

#include "base/error.h"

enum engine_kind { ENGINE_PODMAN, ENGINE_DOCKER, ENGINE_CONTAINERD, ENGINE_KIND_COUNT };

struct engine_entry {
	const char *program; /* how the engine calls berth: an absolute path */
	bool is_default;
};

/* The new text from malloc, the caller's. `text` may be NULL, and has at most 1 MiB. BERTH_ERROR_CONFIG with line
 * and column for a text that cannot be read or changed, BERTH_ERROR_USAGE for a program that cannot be written
 * into one: it is printable ASCII without quotes and backslashes. */
int engine_config(enum engine_kind kind, const struct engine_entry *entry, const char *text,
	char **ret_text, struct berth_error *err) must_use;

#endif
