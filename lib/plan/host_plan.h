/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_HOST_PLAN_H
#define PLAN_HOST_PLAN_H
/* The host half of the plan: what the parent does while the child works. Plain data. */
#include <stdbool.h>
#include <stdint.h>

#include "wire/bootstrap.h"

struct host_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
	const char *pointer; /* JSON pointer of the rlimit */
};

/* How the id maps are written. */
enum host_map_way {
	HOST_MAP_NONE,
	HOST_MAP_DIRECT, /* into /proc/PID/uid_map and gid_map */
	HOST_MAP_HELPER, /* by newuidmap(1) and newgidmap(1) */
	HOST_MAP_WAY_COUNT
};

/* The condition of a rule on one argument of the system call: ARGUMENT op value; for the last one
 * (ARGUMENT & value) == value_two. */
enum host_seccomp_op {
	HOST_SECCOMP_NE,
	HOST_SECCOMP_LT,
	HOST_SECCOMP_LE,
	HOST_SECCOMP_EQ,
	HOST_SECCOMP_GE,
	HOST_SECCOMP_GT,
	HOST_SECCOMP_MASKED_EQ,
	HOST_SECCOMP_OP_COUNT
};

enum { HOST_SECCOMP_ARGS_MAX = 6 }; /* a system call has no more */

struct host_seccomp_arg {
	uint32_t index; /* below HOST_SECCOMP_ARGS_MAX */
	uint32_t op;    /* enum host_seccomp_op */
	uint64_t value, value_two;
};

/* What becomes of a system call where all of the conditions hold. */
struct host_seccomp_rule {
	const char *name; /* of the system call; one that nobody knows is no error */
	uint32_t action;  /* SECCOMP_RET_*, with its data */
	const struct host_seccomp_arg *args;
	size_t arg_count; /* at most HOST_SECCOMP_ARGS_MAX, each index once */
	const char *pointer;
};

/* The rules from which the filter of struct boot_seccomp is compiled. */
struct host_seccomp {
	uint32_t default_action;          /* SECCOMP_RET_*, with its data */
	const char *const *architectures; /* beside that of this machine, by the names of
					     libseccomp: "x86_64"; in the order of config.json */
	size_t architecture_count;
	const struct host_seccomp_rule *rules;
	size_t rule_count;
};

struct host_plan {
	struct wire_bootstrap init; /* InitMsg: joins, clone flags, maps */
	enum host_map_way map_way;
	bool has_terminal; /* the child sends the master of a pty */
	const struct host_rlimit *rlimits;
	size_t rlimit_count;
	bool has_oom_score_adj; /* without, the child has the caller's */
	int32_t oom_score_adj;
	bool may_keep_oom_score;            /* that the kernel refuses to lower it is no failure */
	const struct host_seccomp *seccomp; /* NULL: no filter */
};

#endif
