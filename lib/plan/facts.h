/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_FACTS_H
#define PLAN_FACTS_H
/* What this host can do: host/ finds out, plan/ decides from it. Plain data. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Facts that cost something to find, so that they are asked for only where the config needs them. */
enum facts_wanted {
	FACTS_CGROUP = 1 << 0,   /* the hierarchies */
	FACTS_APPARMOR = 1 << 4, /* whether AppArmor is enabled */
	FACTS_SELINUX = 1 << 5,  /* whether SELinux is, and has a policy */
	FACTS_RESCTRL = 1 << 6,  /* where resctrl is mounted */
};

/* One mounted cgroup hierarchy of the host. */
struct facts_hierarchy {
	const char *mount_point; /* "/sys/fs/cgroup/cpu" */
	const char *controllers; /* of v1: "cpu,cpuacct" or "name=systemd"; of v2: "" */
	const char *own_path; /* this process's cgroup in it, from its root: "/", "/user.slice" */
	bool is_v2;
	bool is_root_writable; /* this process may make a cgroup at the mount point */
	bool is_base_writable; /* ... below own_path; on version 2 beside it */
	bool is_read_only;     /* nobody may: the mount is read-only, as in most containers */
};

/* A link beside the hierarchies: "cpu" -> "cpu,cpuacct". */
struct facts_link {
	const char *name;
	const char *target;
};

/* For an update: what a file of the container's cgroup holds, without the last newline. */
struct facts_value {
	const char *file; /* "cpu.max" */
	const char *text; /* NULL: there is no such file */
};

/* A line of uid_map or gid_map: ids that there are in this process's user namespace. */
struct facts_ids {
	uint32_t first, count;
};

struct facts {
	uint32_t euid, egid;
	bool is_userns; /* this process is in a user namespace that is not the initial one */
	const struct facts_ids *uids, *gids; /* then alone */
	size_t uid_count, gid_count;
	uint64_t bounding; /* capabilities in this process's bounding set, one bit each */
	uint64_t effective;
	uint32_t last_capability;
	const struct facts_hierarchy *hierarchies;
	size_t hierarchy_count;
	const struct facts_link *links;
	size_t link_count;
	bool has_apparmor, has_selinux;
	const char *resctrl; /* mount point of the resctrl file system; NULL: there is none */
	const struct facts_value *values;
	size_t value_count;
};

#endif
