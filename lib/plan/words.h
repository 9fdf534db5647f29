/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_WORDS_H
#define PLAN_WORDS_H
/*
 * For the files of plan/ alone: names of the specification, and the numbers that the kernel has for them. A table
 * ends in a row without a name. Whoever reads a field and whoever writes the readable plan or the features share
 * the table.
 */
#include "plan/out.h"
#include "plan/work.h"

struct plan_word {
	const char *name;
	uint32_t number;
};

extern const struct plan_word plan_rlimit_words[];      /* RLIMIT_* */
extern const struct plan_word plan_personality_words[]; /* PER_* */

/* The row of a name, or NULL; `name` may be NULL. */
const struct plan_word *plan_word_find(const struct plan_word *words, const char *name);

/* The name of a number, or "?". */
const char *plan_word_name(const struct plan_word *words, uint32_t number);

/* The number of the name that a field holds. What is no such name is an error: "is no `what`". */
int plan_word_read(const struct plan_word *words, const char *name, const char *pointer,
	const char *what, uint32_t *ret_number, struct berth_error *err) must_use;

#endif
