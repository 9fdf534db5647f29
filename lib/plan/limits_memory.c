/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.memory. Its "swap" is the limit of memory and swap together, as in version 1; version 2 limits
 * swap alone, so there the one cannot be changed without knowing the other.
 */
#include "plan/limits.h"

enum { SWAPPINESS_MAX = 100 }; /* of memory.swappiness, version 1 */

static const char limit_pointer[] = "/linux/resources/memory/limit";
static const char swap_pointer[] = "/linux/resources/memory/swap";

/* What an update finds. */
struct memory_now {
	int64_t limit;
	int64_t both; /* memory and swap together; on version 2 PLAN_UNLIMITED as well where only one is limited */
};

static struct memory_now find_now(const struct limits *limits)
{
	struct memory_now now;
	int64_t swap;

	if (!plan_limits_is_v2(limits)) {
		now.limit = plan_limits_now(limits, "memory.limit_in_bytes");
		now.both = plan_limits_now(limits, "memory.memsw.limit_in_bytes");
		return now;
	}
	now.limit = plan_limits_now(limits, "memory.max");
	swap = plan_limits_now(limits, "memory.swap.max");
	now.both = swap < 0 || now.limit < 0 ? PLAN_UNLIMITED : now.limit + swap;
	return now;
}

/* The limit of both that is to be, or 0 where its file stays as it is. */
static int64_t find_swap(
	struct limits *limits, const struct spec_memory *memory, const struct memory_now *now)
{
	/* What lifts the limit of memory alone would else leave that of both in its way. */
	if (memory->limit < 0 && memory->swap == 0) {
		return -1;
	}
	if (memory->swap != 0 || memory->limit == 0 || now->both < 0) {
		return memory->swap;
	}
	/* It was not named, so it keeps its value. */
	if (memory->limit > now->both) {
		plan_limits_refuse(limits, limit_pointer,
			"is above the limit of memory and swap together, which is not named",
			plan_limits_number(limits, now->both));
	}
	return plan_limits_is_v2(limits) ? now->both : 0;
}

/* A kernel without accounting of swap limits none, and has none to take away. */
static void put_swap(
	struct limits *limits, const struct spec_memory *memory, const struct memory_now *now)
{
	const char *pointer = memory->swap != 0 ? swap_pointer : limit_pointer;
	int64_t limit = memory->limit != 0 ? memory->limit : now->limit;
	int64_t swap = find_swap(limits, memory, now);
	bool is_v2 = plan_limits_is_v2(limits);

	if (swap > 0 && (limit == PLAN_UNKNOWN || (limit < 0 && !is_v2))) {
		plan_limits_refuse(limits, pointer, "needs a limit of memory as well", NULL);
	} else if (swap > 0 && swap < limit) {
		plan_limits_refuse(limits, pointer,
			"is the limit of memory and swap together, and cannot be below that of memory",
			NULL);
	} else if (swap != 0 && is_v2) {
		/* Without a limit of memory it is one of swap alone. */
		int64_t alone = swap < 0 || limit < 0 ? swap : swap - limit;

		plan_limits_put(limits, pointer, "memory.swap.max",
			plan_limits_number(limits, alone), alone <= 0 ? HOST_CGROUP_OPTIONAL : 0);
	} else if (swap != 0) {
		plan_limits_put(limits, pointer, "memory.memsw.limit_in_bytes",
			plan_limits_number(limits, swap), swap < 0 ? HOST_CGROUP_OPTIONAL : 0);
	}
}

/* memory.checkBeforeUpdate: version 2 ends processes until what is left fits, where version 1 refuses a limit that
 * cannot be reached. It asks for nothing of a new cgroup, which uses none. */
static void check_usage(struct limits *limits, const struct spec_memory *memory)
{
	int64_t used = plan_limits_now(limits, "memory.current");
	int64_t swapped = plan_limits_now(limits, "memory.swap.current");
	int64_t both = used + (swapped > 0 ? swapped : 0);

	if (!memory->check_before_update || used < 0) {
		return;
	}
	if (memory->limit > 0 && memory->limit < used) {
		plan_limits_refuse(limits, limit_pointer, "is below the memory in use",
			plan_limits_number(limits, used));
	}
	if (memory->swap > 0 && memory->swap < both) {
		plan_limits_refuse(limits, swap_pointer, "is below the memory and swap in use",
			plan_limits_number(limits, both));
	}
}

static void put_v1(struct limits *limits, const struct spec_memory *memory)
{
	/* The kernel's file may be there without a limit behind it (since Linux 5.16). A config of the time when
	 * there was one does no harm; an update that was asked for that very thing has failed. */
	uint32_t kernel_flags = limits->work->is_update && memory->kernel > 0
					? HOST_CGROUP_CHECKED
					: HOST_CGROUP_OPTIONAL;

	if (memory->kernel != 0) {
		plan_limits_put(limits, "/linux/resources/memory/kernel",
			"memory.kmem.limit_in_bytes", plan_limits_number(limits, memory->kernel),
			kernel_flags);
	}
	if (memory->kernel_tcp != 0) {
		plan_limits_put(limits, "/linux/resources/memory/kernelTCP",
			"memory.kmem.tcp.limit_in_bytes",
			plan_limits_number(limits, memory->kernel_tcp), 0);
	}
	/* A new cgroup has it: only an update can ask for it. */
	if (memory->disable_oom_killer ||
		(memory->has_disable_oom_killer && limits->work->is_update)) {
		plan_limits_put(limits, "/linux/resources/memory/disableOOMKiller",
			"memory.oom_control", memory->disable_oom_killer ? "1" : "0", 0);
	}
	if (memory->use_hierarchy) {
		plan_limits_put(limits, "/linux/resources/memory/useHierarchy",
			"memory.use_hierarchy", "1", HOST_CGROUP_OPTIONAL);
	}
}

static void refuse_v2(struct limits *limits, const struct spec_memory *memory)
{
	if (memory->kernel != 0) {
		plan_limits_refuse_v2(limits, "/linux/resources/memory/kernel");
	} else if (memory->kernel_tcp != 0) {
		plan_limits_refuse_v2(limits, "/linux/resources/memory/kernelTCP");
	} else if (memory->disable_oom_killer) {
		plan_limits_refuse_v2(limits, "/linux/resources/memory/disableOOMKiller");
	}
}

static void put_swappiness(struct limits *limits, const struct spec_memory *memory)
{
	static const char pointer[] = "/linux/resources/memory/swappiness";

	/* A caller that has no value sends -1 as an unsigned number. */
	if (!memory->has_swappiness || memory->swappiness == UINT64_MAX) {
		return;
	}
	if (memory->swappiness > SWAPPINESS_MAX) {
		plan_limits_refuse(limits, pointer, "must be from 0 to 100",
			plan_limits_unsigned(limits, memory->swappiness));
	} else if (plan_limits_is_v2(limits)) {
		plan_limits_refuse_v2(limits, pointer);
	} else {
		plan_limits_put(limits, pointer, "memory.swappiness",
			plan_limits_unsigned(limits, memory->swappiness), 0);
	}
}

void plan_limits_memory(struct limits *limits, const struct spec_memory *memory)
{
	struct memory_now now = find_now(limits);
	bool is_v2 = plan_limits_is_v2(limits);

	/* Version 2: what a lower limit of memory pushes out needs its place in swap then. */
	if (is_v2) {
		put_swap(limits, memory, &now);
	}
	if (memory->limit != 0) {
		/* On version 1 no limit of memory may be above the one of both, at any moment. */
		bool is_pair = !is_v2 && (memory->swap != 0 || memory->limit < 0);

		plan_limits_put(limits, limit_pointer,
			is_v2 ? "memory.max" : "memory.limit_in_bytes",
			plan_limits_number(limits, memory->limit),
			is_pair ? HOST_CGROUP_WITH_NEXT : 0);
	}
	if (!is_v2) {
		put_swap(limits, memory, &now);
	}
	check_usage(limits, memory);
	if (memory->reservation != 0) {
		plan_limits_put(limits, "/linux/resources/memory/reservation",
			is_v2 ? "memory.low" : "memory.soft_limit_in_bytes",
			plan_limits_number(limits, memory->reservation), 0);
	}
	put_swappiness(limits, memory);
	if (is_v2) {
		refuse_v2(limits, memory);
	} else {
		put_v1(limits, memory);
	}
}
