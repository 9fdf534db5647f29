/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_HOST_PLAN_H
#define PLAN_HOST_PLAN_H
/* The host half of the plan: what the parent does while the child works. Plain data. */
#include <stdbool.h>
#include <stdint.h>

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

enum host_cgroup_layout {
	HOST_CGROUP_NONE, /* the container stays in the caller's cgroups */
	HOST_CGROUP_V1,   /* controllers on version 1; on a hybrid host version 2 beside them */
	HOST_CGROUP_V2,
	HOST_CGROUP_LAYOUT_COUNT
};

/* The container's cgroup in one hierarchy. */
struct host_cgroup_dir {
	const char *mount_point;
	const char *path; /* below it, clean: "/a/berth-x" */
	const char
		*controllers; /* v1: of the hierarchy; v2: to enable down to here where they are */
	bool is_v2;
	bool is_optional; /* nothing is asked of it: it may be missing where it cannot be made */
};

enum host_cgroup_write_flags {
	HOST_CGROUP_FINAL = 1 << 0, /* not before the child is ready: pids.max counts berth-init */
	HOST_CGROUP_OPTIONAL = 1 << 1,  /* asks for nothing where the kernel has no such file */
	HOST_CGROUP_WITH_NEXT = 1 << 2, /* where EINVAL refuses it, the next one goes first */
	HOST_CGROUP_ELSE_NEXT = 1 << 3, /* the next one is for where there is no such file */
	HOST_CGROUP_CHECKED = 1 << 4,   /* a file that holds more afterwards has taken no limit */
};

struct host_cgroup_write {
	size_t dir; /* index of the directory */
	const char *file, *value;
	const char *pointer; /* of the field that asks for it */
	uint32_t flags;
};

/* A file of the container's cgroup whose content an update goes by. */
struct host_cgroup_read {
	size_t dir; /* index of the directory */
	const char *file;
};

enum host_device_access {
	HOST_DEVICE_MKNOD = 1 << 0, /* the bits of BPF_DEVCG_ACC_* */
	HOST_DEVICE_READ = 1 << 1,
	HOST_DEVICE_WRITE = 1 << 2,
	HOST_DEVICE_ALL = 7,
};

/* An exception from what is allowed or denied by default: no two of them for the same numbers. */
struct host_device_rule {
	bool is_block;
	int64_t major, minor; /* -1: any */
	uint32_t access;      /* HOST_DEVICE_* */
	bool is_default; /* what every container has: may be missing where the host denies it */
	const char *pointer;
};

/* The device controller: everything is denied but the rules, or allowed but the rules. */
struct host_devices {
	bool is_present;
	size_t dir; /* index of the directory */
	bool is_allowed;
	const struct host_device_rule *rules;
	size_t count;
	const char *pointer;
};

/* The types of D-Bus that a property of a unit may have, by the letters of its specification; "as" and "ay" by
 * those of what they hold. */
enum host_unit_type {
	HOST_UNIT_BOOL = 'b',
	HOST_UNIT_STRING = 's',
	HOST_UNIT_I32 = 'i',
	HOST_UNIT_U32 = 'u',
	HOST_UNIT_I64 = 'x',
	HOST_UNIT_U64 = 't',
	HOST_UNIT_DOUBLE = 'd',
	HOST_UNIT_STRINGS = 'a',
	HOST_UNIT_BYTES = 'y',
};

struct host_unit_property {
	const char *name;
	int type;        /* enum host_unit_type */
	uint64_t number; /* of all but strings and bytes; negative ones as two's complement */
	double fraction; /* HOST_UNIT_DOUBLE */
	const char *const *texts; /* one, or `count` with HOST_UNIT_STRINGS */
	const uint8_t *bytes;
	size_t count;
};

/* The unit of systemd that holds the container: a scope, or a slice. */
struct host_unit {
	const char *name;
	const char *slice; /* that it is in */
	bool is_slice;
	bool is_user;            /* of the user's manager, not of the system's */
	const char *subgroup;    /* the cgroup in it that holds the container; NULL: its own does */
	const char *controllers; /* for that one */
	const char *other_controllers; /* that systemd does not know, and the config does; or "" */
	const struct host_unit_property *properties;
	size_t property_count;
	const struct host_unit_property *late; /* not before the child is ready; NULL: none */
};

struct host_cgroup {
	const struct host_unit *unit; /* systemd makes the directory; NULL: berth does */
	int layout;                   /* enum host_cgroup_layout */
	bool is_own_name; /* nobody else makes a cgroup of this name: one that is left is taken over */
	const char *pointer; /* of the field that names it, or "" */
	const struct host_cgroup_dir *dirs;
	size_t dir_count;
	const struct host_cgroup_write *writes; /* in this order */
	size_t write_count;
	struct host_devices devices;
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

struct host_plan {
	struct wire_bootstrap init; /* InitMsg: joins, clone flags, maps */
	enum host_map_way map_way;
	bool has_terminal; /* the child sends the master of a pty */
	const struct host_rlimit *rlimits;
	size_t rlimit_count;
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
	struct host_idmaps idmaps;
};

#endif
