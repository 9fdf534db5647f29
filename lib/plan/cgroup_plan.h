/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_CGROUP_PLAN_H
#define PLAN_CGROUP_PLAN_H
/* The container's cgroup in the host half of the plan: who makes it, where, and what is written there. Plain data. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	HOST_CGROUP_FOR_UNDO =
		1 << 5, /* changes nothing: where a later one fails it is written back */
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

struct host_unit; /* plan/host_unit.h */

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

#endif
