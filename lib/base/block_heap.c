/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of an arena from the program's allocator: that of the library's user, who may have one of his own. */
#include <stdlib.h>

#include "base/block.h"

void *arena_block_new(size_t size)
{
	return calloc(1, size);
}

void arena_block_free(void *block, size_t size)
{
	(void)size;
	free(block);
}
