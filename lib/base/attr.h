/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H
/*
 * base: words that every room uses.
 *
 * In: nothing. Out: attributes, cleanup, error, strings, arena. Forbidden here: input and output, and
 * any noun of containers. Fails with a negative errno value.
 */
#include <stddef.h>

/* The result says whether the call failed: the compiler refuses to drop it. */
#define must_use          __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define noreturn_fn       __attribute__((noreturn))
/* Its frame stays out of that of a caller which calls itself. */
#define own_frame __attribute__((noinline))
#define hidden    __attribute__((visibility("hidden")))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
