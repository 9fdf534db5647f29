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

struct plan_words {
	const char *what; /* they are names of, for errors: "resource limit" */
	const struct plan_word *rows;
};

extern const struct plan_words plan_rlimit_words;         /* RLIMIT_* */
extern const struct plan_words plan_policy_words;         /* SCHED_* */
extern const struct plan_words plan_scheduler_flag_words; /* SCHED_FLAG_* */
extern const struct plan_words plan_io_class_words;       /* IOPRIO_CLASS_* */
extern const struct plan_words plan_memory_mode_words;    /* MPOL_* */
extern const struct plan_words plan_memory_flag_words;    /* MPOL_F_* */
extern const struct plan_words plan_personality_words;    /* PER_* */

/* Numbers that the kernel's headers may not have yet, or keep free. */
enum {
	PLAN_SCHED_ISO = 4,
	PLAN_MPOL_PREFERRED_MANY = 5,         /* Linux 5.15 */
	PLAN_MPOL_F_NUMA_BALANCING = 1 << 13, /* Linux 5.12 */
};

enum { PLAN_MEMORY_MODE = 0xff }; /* the flags are the bits above it */

/* The row of a name, or NULL; `name` may be NULL. */
const struct plan_word *plan_word_find(const struct plan_words *words, const char *name);

/* The name of a number, or "?". */
const char *plan_word_name(const struct plan_words *words, uint32_t number);

/* The number of the name that a field holds. What is no such name is an error. */
int plan_word_read(const struct plan_words *words, const char *name, const char *pointer,
	uint32_t *ret_number, struct berth_error *err) must_use;

/* The same for an array of names, each of which is a bit: all of them. `pointer` is that of the array. */
int plan_word_bits(struct plan_work *work, const struct plan_words *words,
	const struct spec_strings *names, const char *pointer, uint32_t *ret_bits,
	struct berth_error *err) must_use;

/* Writes the names of bits, a space before each. */
void plan_word_write_bits(struct plan_out *out, const struct plan_words *words, uint64_t bits);

/* "CAP_CHOWN" of 0; NULL for a number that has none. */
const char *plan_capability_name(uint32_t number);

/* The number of a capability, or -1 for a name that is none. Exactly as capabilities(7) writes it. */
int plan_capability_number(const char *name);

/* Names by their place in the tables, for features.c; NULL behind the last. */
const char *plan_namespace_at(size_t index);
const char *plan_option_at(size_t index, bool *ret_is_tree); /* for the tree: without the "r" */
const char *plan_seccomp_name(enum plan_feature feature, size_t index);

#endif
