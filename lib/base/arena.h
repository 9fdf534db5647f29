/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
/*
 * Memory with one end: an operation takes all that it needs from an arena and gives it back at once.
 * Blocks (base/block.h) are zeroed and aligned for any type. `limit` bounds the whole, so that no
 * input decides how much memory is taken.
 */
#include <stdint.h>

#include "base/attr.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes handed out in all */
	size_t limit; /* most bytes to hand out */
};

void arena_init(struct arena *arena, size_t limit);
void arena_finish(struct arena *arena);

/* Zeroed memory, or NULL when there is none or `count * size` overflows or passes the limit. A size of
 * zero gives a pointer that is not NULL. */
void *arena_alloc(struct arena *arena, size_t count, size_t size) must_use;

/* Copies with a NUL after the end. NULL as above. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length) must_use;
char *arena_printf(struct arena *arena, const char *format, ...) must_use printf_like(2, 3);

#define autoarena __attribute__((cleanup(arena_finish)))

#endif
