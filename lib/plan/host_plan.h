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
};

struct host_cgroup_write {
	size_t dir; /* index of the directory */
	const char *file, *value;
	const char *pointer; /* of the field that asks for it */
	uint32_t flags;
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

struct host_cgroup {
	int layout;       /* enum host_cgroup_layout */
	bool is_own_name; /* nobody else makes a cgroup of this name: one that is left is taken over */
	const char *pointer; /* of the field that names it, or "" */
	const struct host_cgroup_dir *dirs;
	size_t dir_count;
	const struct host_cgroup_write *writes; /* in this order */
	size_t write_count;
	struct host_devices devices;
};

struct host_plan {
	struct wire_bootstrap init; /* InitMsg: joins, clone flags, maps */
	enum host_map_way map_way;
	bool has_terminal; /* the child sends the master of a pty */
	const struct host_rlimit *rlimits;
	size_t rlimit_count;
	struct host_cgroup cgroup;
};

#endif
