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

struct host_plan {
	struct wire_bootstrap init; /* InitMsg: joins, clone flags, maps */
	enum host_map_way map_way;
	bool has_terminal; /* the child sends the master of a pty */
	const struct host_rlimit *rlimits;
	size_t rlimit_count;
	bool has_oom_score_adj; /* without, the child has the caller's */
	int32_t oom_score_adj;
	bool may_keep_oom_score; /* that the kernel refuses to lower it is no failure */
};

#endif
