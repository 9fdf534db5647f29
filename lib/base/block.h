/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H
/*
 * Where the blocks of an arena come from: malloc in the library (block_heap.c); in berth-init mappings of their
 * own (block_pages.c), as it takes a few large ones in its whole life, and musl's allocator is 7 kB of program.
 */
#include <stddef.h>

#include "base/attr.h"

/* Zeroed memory, aligned for any type, or NULL. The caller's, until arena_block_free() with the same size. */
void *arena_block_new(size_t size) must_use;
void arena_block_free(void *block, size_t size);

#endif
