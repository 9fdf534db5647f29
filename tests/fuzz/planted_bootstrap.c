/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder with one known mistake: it looks for no NUL inside a value. A fuzzer that does not find
 * this one within its budget says nothing when it is silent about the real decoder.
 */
#include <string.h>

static void *planted_memchr(const void *bytes, int c, size_t length)
{
	(void)bytes;
	(void)c;
	(void)length;
	return NULL;
}

#undef memchr
#define memchr planted_memchr
#include "../../lib/wire/bootstrap.c"
