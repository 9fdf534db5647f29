/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_STATS_H
#define CGROUP_STATS_H
/*
 * What the kernel counts in a container's cgroup, as plain data: the same members for both versions, and on
 * a hybrid host from both. A file that is not there, cannot be read or has lines that nobody knows leaves its
 * members zero; none of it is an error.
 *
 * Bytes, nanoseconds and counts since the cgroup was made, where nothing else is said.
 */
#include "cgroup/cgroup.h"

enum { CGROUP_LIST_MAX = 65536 }; /* of any list below; what is more is left out */

struct cgroup_numbers {
	uint64_t *items;
	size_t count;
};

/* "NAME NUMBER", as memory.stat has it. */
struct cgroup_named {
	const char *name;
	uint64_t value;
};

struct cgroup_nameds {
	struct cgroup_named *items;
	size_t count;
};

/* Pressure stall information (the kernel's accounting/psi): version 2 alone, where it is enabled. */
struct cgroup_psi_line {
	uint32_t avg10, avg60, avg300; /* hundredths of a percent of the last seconds */
	uint64_t total_us;
};

struct cgroup_psi {
	bool is_present;
	struct cgroup_psi_line some, full;
};

struct cgroup_cpu_stats {
	uint64_t total, kernel, user;
	struct cgroup_numbers percpu, percpu_kernel, percpu_user; /* version 1 */
	uint64_t periods, throttled_periods, throttled_time;
	uint64_t bursts, burst_time; /* periods in which it was over the quota, and for how long */
	struct cgroup_psi psi;
};

/* Flags are 0 or 1. On version 2 there are cpus and mems alone. */
struct cgroup_cpuset_stats {
	struct cgroup_numbers cpus, mems; /* those that processes may use */
	uint64_t cpu_exclusive, mem_exclusive, mem_hardwall;
	uint64_t memory_migrate, memory_spread_page, memory_spread_slab, memory_pressure;
	uint64_t sched_load_balance;
	int64_t sched_relax_domain_level;
};

/* UINT64_MAX is no limit; version 1 has a large number. `failcnt`: how often the limit was met. */
struct cgroup_memory_entry {
	uint64_t limit, usage, max, failcnt;
};

struct cgroup_memory_stats {
	uint64_t cache;
	struct cgroup_memory_entry memory;
	struct cgroup_memory_entry swap; /* memory and swap together, as version 1 counts */
	struct cgroup_memory_entry kernel, kernel_tcp;
	struct cgroup_nameds raw;    /* memory.stat */
	struct cgroup_nameds events; /* memory.events; of version 1 oom_kill alone */
	struct cgroup_psi psi;
};

/* The tables of version 1's blkio; version 2 has the first two. */
enum cgroup_blkio_table {
	CGROUP_BLKIO_SERVICE_BYTES,
	CGROUP_BLKIO_SERVICED,
	CGROUP_BLKIO_QUEUED,
	CGROUP_BLKIO_SERVICE_TIME,
	CGROUP_BLKIO_WAIT_TIME,
	CGROUP_BLKIO_MERGED,
	CGROUP_BLKIO_TIME,
	CGROUP_BLKIO_SECTORS,
	CGROUP_BLKIO_TABLE_COUNT
};

struct cgroup_blkio_entry {
	uint64_t major, minor;
	const char *op; /* "Read", "Write", "Discard" ...; "" where there is none */
	uint64_t value;
};

struct cgroup_blkio_entries {
	struct cgroup_blkio_entry *items;
	size_t count;
};

struct cgroup_blkio_stats {
	struct cgroup_blkio_entries tables[CGROUP_BLKIO_TABLE_COUNT];
	struct cgroup_psi psi;
};

/* Of one size of pages: the reserved ones, where the kernel counts them (Linux 5.7), else those in use. */
struct cgroup_hugetlb {
	const char *size; /* "2MB" */
	uint64_t usage, max, failcnt;
};

struct cgroup_stats {
	struct cgroup_cpu_stats cpu;
	struct cgroup_cpuset_stats cpuset;
	struct cgroup_memory_stats memory;
	uint64_t pids, pids_limit; /* a limit of 0 is none */
	struct cgroup_blkio_stats blkio;
	struct cgroup_hugetlb *hugetlb;
	size_t hugetlb_count;
};

/* Lists and texts are in the arena; what it has no room for is left out. */
void cgroup_stats_read(
	const struct cgroup *cgroup, struct arena *arena, struct cgroup_stats *ret_stats);

#endif
