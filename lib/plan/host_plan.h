/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_HOST_PLAN_H
#define PLAN_HOST_PLAN_H
/* The host half of the plan: what the parent does while the child works. Plain data. */
#include <stdbool.h>
#include <stdint.h>

#include "plan/cgroup_plan.h"
#include "wire/bootstrap.h"
#include "wire/record.h"

struct host_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
	const char *pointer; /* JSON pointer of the rlimit */
};

/* sched_setattr(2) */
struct host_scheduler {
	uint32_t policy; /* SCHED_* */
	uint64_t flags;  /* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
	bool is_userns; /* this process is not in the initial user namespace */
};

/* linux.netDevices */
struct host_net_device {
	const char *host_name;
	const char *name; /* in the container */
	const char *pointer;
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
	bool is_unknown_refused;       /* a name that nobody knows is an error */
	bool has_notify;               /* a rule asks the listener */
	const char *listener_path;     /* absolute; with has_notify */
	const char *listener_pointer;  /* of what names it */
	const char *listener_metadata; /* NULL: none */
};

/* The ids of a bind mount. */
struct host_idmap {
	uint32_t mount;                /* its place in the list of struct boot */
	bool is_recursive;             /* with the mounts below */
	const char *uid_map, *gid_map; /* lines as in uid_map(5); NULL: those of ns_path */
	const char *ns_path;           /* absolute path of a user namespace */
	const char *pointer;           /* JSON pointer of what asked for it */
};

struct host_idmaps {
	struct host_idmap *items;
	size_t count;
};

/* A line for the file "schemata" of a resctrl group. */
struct host_rdt_line {
	const char *text;    /* "L3:0=7f0;1=1f" */
	const char *pointer; /* JSON pointer of the field it is from */
	bool is_compared;    /* a group that was there has it already, or it is an error */
};

struct host_rdt_lines {
	const struct host_rdt_line *items;
	size_t count;
};

/* linux.intelRdt: the resctrl group of the container's processes. */
struct host_rdt {
	const char *mount_point;     /* of resctrl */
	const char *group;           /* its directory there; "": the default group */
	const char *pointer;         /* of what names it */
	const char *monitor;         /* name of its monitoring group in there; NULL: it has none */
	struct host_rdt_lines lines; /* in the order in which they are written */
	bool is_shared;              /* others may be in it, or come */
	bool is_required;            /* it must be there already */
};

struct host_plan {
	struct wire_bootstrap init; /* InitMsg: joins, clone flags, maps */
	enum host_map_way map_way;
	bool has_terminal; /* the child sends the master of a pty */
	const struct host_rlimit *rlimits;
	size_t rlimit_count;
	const struct host_net_device *net_devices;
	size_t net_device_count;
	const struct host_scheduler *scheduler; /* NULL: the caller's */
	uint32_t io_class;                      /* IOPRIO_CLASS_*, of ioprio_set(2); 0: as it is */
	uint32_t io_priority;
	/* sched_setaffinity(2): masks in the order of unsigned long. Before it joins the cgroup; empty: as it is. And
	 * after it; empty: all CPUs of the cgroup, where there is one. */
	struct wire_bytes first_cpus, cpus;
	bool has_oom_score_adj; /* without, the child has the caller's */
	int32_t oom_score_adj;
	bool may_keep_oom_score;            /* that the kernel refuses to lower it is no failure */
	const struct host_seccomp *seccomp; /* NULL: no filter */
	bool has_notify;                    /* the container has a notify socket */
	const char *pidfd_receiver; /* absolute path of a socket that gets a pidfd; NULL: none */
	struct host_cgroup cgroup;
	const struct host_rdt *rdt; /* NULL: nothing of resctrl is touched */
	struct host_idmaps idmaps;
};

#endif
