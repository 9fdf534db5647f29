/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/block.h"

enum { ARENA_BLOCK_BYTES = 16384 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void arena_finish(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		arena_block_free(block, sizeof(*block) + block->size);
	}
	arena->used = 0;
}

static struct arena_block *arena_grow(struct arena *arena, size_t wanted)
{
	size_t size = wanted > ARENA_BLOCK_BYTES ? wanted : ARENA_BLOCK_BYTES;
	struct arena_block *block = arena_block_new(sizeof(*block) + size);

	if (!block) {
		return NULL;
	}
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t wanted;
	void *memory;

	if (__builtin_mul_overflow(count, size, &wanted) || wanted > arena->limit) {
		return NULL;
	}
	wanted = (wanted + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (wanted == 0) {
		wanted = alignof(max_align_t);
	}
	if (wanted > arena->limit - arena->used) {
		return NULL;
	}
	if (!block || wanted > block->size - block->used) {
		block = arena_grow(arena, wanted);
		if (!block) {
			return NULL;
		}
	}
	memory = block->bytes + block->used;
	block->used += wanted;
	arena->used += wanted;
	return memory;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	char *copy;

	if (length == SIZE_MAX) {
		return NULL;
	}
	copy = arena_alloc(arena, length + 1, 1);
	if (copy && length > 0) {
		memcpy(copy, bytes, length);
	}
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0) {
		return NULL;
	}
	text = arena_alloc(arena, (size_t)length + 1, 1);
	if (!text) {
		return NULL;
	}
	va_start(args, format);
	(void)vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
