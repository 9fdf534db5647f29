/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H
/*
 * What was made once and can be made again, kept below the state root: values by keys, of a kind ("seccomp").
 *
 * Nothing that is found there is believed that could be somebody else's or half written: the directory of the kind
 * (".seccomp", which no id of a container is) and the file must belong to this user alone, the file must be whole,
 * and have the very key that is asked for. All else is as if there were nothing. Nothing here is a failure: who finds
 * nothing makes it, and what cannot be kept is made again.
 */
#include <stddef.h>

#include "base/arena.h"

enum {
	STORE_CACHE_ENTRIES_MAX = 64,       /* of a kind; the oldest go */
	STORE_CACHE_BYTES_MAX = 1024 * 128, /* of an entry; larger ones are not kept */
};

struct store_cached {
	const char *kind;
	const void *key;
	size_t key_length;
	const void *value;
	size_t value_length;
};

/* Sets the value, in the arena, of the key. Returns 0, or -ENOENT: none that can be used. */
int store_cache_get(const char *root, struct arena *arena, struct store_cached *cached) must_use;

/* Keeps it; the state root is there already, or nothing is kept. An entry appears whole or not at all. */
void store_cache_put(const char *root, const struct store_cached *cached);

#endif
