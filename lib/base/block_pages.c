/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of an arena as mappings: without an allocator. The kernel zeroes them. */
#include <sys/mman.h>

#include "base/block.h"

void *arena_block_new(size_t size)
{
	void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return block == MAP_FAILED ? NULL : block;
}

void arena_block_free(void *block, size_t size)
{
	(void)!munmap(block, size);
}
