/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/words.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/personality.h>
#include <sys/resource.h>

#include "base/str.h"

/* getrlimit(2). */
static const struct plan_word rlimit_rows[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{NULL, 0},
};
const struct plan_words plan_rlimit_words = {"resource limit", rlimit_rows};

/* ioprio_set(2). */
static const struct plan_word io_class_rows[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	{NULL, 0},
};
const struct plan_words plan_io_class_words = {"I/O scheduling class", io_class_rows};

/* set_mempolicy(2). The last one is of Linux 6.9. */
static const struct plan_word memory_mode_rows[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY", PLAN_MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", 6},
	{NULL, 0},
};
const struct plan_words plan_memory_mode_words = {"mode of a memory policy", memory_mode_rows};

static const struct plan_word memory_flag_rows[] = {
	{"MPOL_F_NUMA_BALANCING", PLAN_MPOL_F_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{NULL, 0},
};
const struct plan_words plan_memory_flag_words = {"flag of a memory policy", memory_flag_rows};

/* personality(2): those that config-linux.md has. */
static const struct plan_word personality_rows[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};
const struct plan_words plan_personality_words = {"execution domain", personality_rows};

/* sched(7). The fifth is a number that the kernel keeps free, and the specification has. */
static const struct plan_word policy_rows[] = {
	{"SCHED_OTHER", SCHED_NORMAL},
	{"SCHED_FIFO", SCHED_FIFO},
	{"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},
	{"SCHED_ISO", PLAN_SCHED_ISO},
	{"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
	{NULL, 0},
};
const struct plan_words plan_policy_words = {"scheduling policy", policy_rows};

/* sched_setattr(2). */
static const struct plan_word scheduler_flag_rows[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
	{NULL, 0},
};
const struct plan_words plan_scheduler_flag_words = {"flag of a scheduler", scheduler_flag_rows};

const struct plan_word *plan_word_find(const struct plan_words *words, const char *name)
{
	for (const struct plan_word *row = words->rows; name && row->name; row++) {
		if (str_is_equal(row->name, name)) {
			return row;
		}
	}
	return NULL;
}

const char *plan_word_name(const struct plan_words *words, uint32_t number)
{
	const struct plan_word *row = words->rows;

	while (row->name && row->number != number) {
		row++;
	}
	return row->name ? row->name : "?";
}

int plan_word_read(const struct plan_words *words, const char *name, const char *pointer,
	uint32_t *ret_number, struct berth_error *err)
{
	const struct plan_word *row = plan_word_find(words, name);

	if (!row) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer, "is no %s: \"%.64s\"",
			words->what, name ? name : "");
	}
	*ret_number = row->number;
	return 0;
}

int plan_word_bits(struct plan_work *work, const struct plan_words *words,
	const struct spec_strings *names, const char *pointer, uint32_t *ret_bits,
	struct berth_error *err)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < names->count; i++) {
		const char *item = arena_printf(work->arena, "%s/%zu", pointer, i);
		uint32_t bit = 0;
		int r = item ? plan_word_read(words, names->items[i], item, &bit, err)
			     : plan_no_memory(err);

		if (r < 0) {
			return r;
		}
		bits |= bit;
	}
	*ret_bits = bits;
	return 0;
}

void plan_word_write_bits(struct plan_out *out, const struct plan_words *words, uint64_t bits)
{
	for (const struct plan_word *row = words->rows; row->name; row++) {
		if (bits & row->number) {
			plan_out_add(out, " %s", row->name);
		}
	}
}
