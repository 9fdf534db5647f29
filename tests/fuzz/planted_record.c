/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of records with one known mistake: it believes that the first NUL of a text is its last
 * byte. See planted_bootstrap.c for why. */
#include <string.h>

static const void *planted_memchr(const void *bytes, int c, size_t length)
{
	(void)c;
	return (const char *)bytes + length - 1;
}

#undef memchr
#define memchr planted_memchr
#include "../../lib/wire/record.c"
