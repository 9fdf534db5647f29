/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the container's cgroup is: one directory in each hierarchy.
 *
 * An absolute cgroupsPath is below each mount point as it is. A relative one is below this process's own
 * cgroup; on version 2 below that one's parent, as a cgroup that holds processes cannot give controllers
 * to those below it. Without cgroupsPath it is "/berth-ID"; where this process may not make that, it is
 * looked for as a relative one is, and where that may not be made either there is none.
 */
#include <string.h>

#include "base/str.h"
#include "plan/unit.h"

/* What a container's cgroup of version 2 gets where the host has it: limits that are set later and
 * counters need them as well. */
static const char v2_controllers[] = "cpuset,cpu,io,memory,hugetlb,pids,rdma,misc";

enum {
	OWN_ID_MAX = 240,
	OWN_ID_CUT = 200,
};

enum where {
	WHERE_NONE,
	WHERE_ROOT, /* below the mount point */
	WHERE_BASE, /* below this process's own cgroup */
};

bool plan_cgroup_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (*list) {
		size_t item = strcspn(list, ",");

		if (item == length && strncmp(list, word, length) == 0) {
			return true;
		}
		list += item + (list[item] == ',');
	}
	return false;
}

int plan_cgroup_find(const struct host_cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		const struct host_cgroup_dir *dir = &cgroup->dirs[i];

		if (cgroup->layout == HOST_CGROUP_V2 && dir->is_v2) {
			return (int)i;
		}
		if (cgroup->layout == HOST_CGROUP_V1 && !dir->is_v2 &&
			plan_cgroup_has(dir->controllers, controller)) {
			return (int)i;
		}
	}
	return -1;
}

bool plan_cgroup_is_rootless(const struct plan_work *work)
{
	if (work->request->rootless != PLAN_ROOTLESS_AUTO) {
		return work->request->rootless == PLAN_ROOTLESS_YES;
	}
	return work->facts->euid != 0 || work->facts->is_userns;
}

static bool is_all_read_only(const struct facts *facts)
{
	bool is_all = true;

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		is_all = is_all && facts->hierarchies[i].is_read_only;
	}
	return is_all;
}

const char *plan_cgroup_missing(const struct plan_work *work)
{
	if (work->is_update) {
		return work->plan->host.cgroup.dir_count == 0
			       ? "the container has no cgroup"
			       : "no cgroup of the container has the controller";
	}
	if (work->request->cgroups == PLAN_CGROUPS_DISABLED) {
		return "cgroups are disabled for this container";
	}
	if (work->facts->hierarchy_count == 0) {
		return "no cgroup hierarchy is mounted on this host";
	}
	if (work->plan->host.cgroup.layout != HOST_CGROUP_NONE) {
		return "no cgroup that this user may make has the controller";
	}
	return is_all_read_only(work->facts) ? "the cgroups are mounted read-only here"
					     : "this user may not make a cgroup here";
}

static int layout_of(const struct facts *facts)
{
	bool has_v2 = false;

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		const struct facts_hierarchy *hierarchy = &facts->hierarchies[i];

		if (!hierarchy->is_v2 && !str_has_prefix(hierarchy->controllers, "name=")) {
			return HOST_CGROUP_V1;
		}
		has_v2 = has_v2 || hierarchy->is_v2;
	}
	return has_v2 ? HOST_CGROUP_V2 : HOST_CGROUP_NONE;
}

/* Where a cgroup without cgroupsPath is. */
static enum where where_default(const struct facts *facts)
{
	enum where found = WHERE_NONE;

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (facts->hierarchies[i].is_root_writable) {
			return WHERE_ROOT;
		}
		if (facts->hierarchies[i].is_base_writable) {
			found = WHERE_BASE;
		}
	}
	return found;
}

static bool is_writable(const struct facts_hierarchy *hierarchy, enum where where)
{
	return where == WHERE_ROOT ? hierarchy->is_root_writable : hierarchy->is_base_writable;
}

/* The directory in one hierarchy: `name` is clean and begins with a slash. */
static const char *path_in(struct arena *arena, const struct facts_hierarchy *hierarchy,
	enum where where, const char *name)
{
	const char *own = hierarchy->own_path;
	size_t length = strlen(own);

	if (where == WHERE_ROOT) {
		return name;
	}
	if (hierarchy->is_v2 && length > 1) {
		length = (size_t)(strrchr(own, '/') - own);
	}
	length = length == 1 ? 0 : length;
	return arena_printf(arena, "%.*s%s", (int)length, own, name);
}

static int add_dirs(
	struct plan_work *work, enum where where, const char *name, struct berth_error *err)
{
	const struct facts *facts = work->facts;
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	bool is_asked = cgroup->pointer[0] != '\0';
	struct host_cgroup_dir *dirs =
		arena_alloc(work->arena, facts->hierarchy_count, sizeof(*dirs));

	for (size_t i = 0; dirs && i < facts->hierarchy_count; i++) {
		const struct facts_hierarchy *hierarchy = &facts->hierarchies[i];
		bool is_hybrid = hierarchy->is_v2 && cgroup->layout == HOST_CGROUP_V1;
		struct host_cgroup_dir dir = {
			.mount_point = hierarchy->mount_point,
			.path = path_in(work->arena, hierarchy, where, name),
			.controllers = hierarchy->is_v2 ? v2_controllers : hierarchy->controllers,
			.is_v2 = hierarchy->is_v2,
			.is_optional = plan_cgroup_is_rootless(work),
		};

		if (!dir.path) {
			return plan_no_memory(err);
		}
		if (where == WHERE_BASE && strstr(hierarchy->own_path, "/..")) {
			return error_field(err, BERTH_ERROR_UNSUPPORTED, cgroup->pointer,
				"is relative, and this process's own cgroup is out of its sight: "
				"\"%s\"",
				hierarchy->own_path);
		}
		if (is_hybrid) {
			/* It is there to find and end processes by; the limits are on version 1. */
			dir.controllers = "";
		}
		/* Whether a path of the config may be made, only trying it tells. */
		if (is_asked || is_writable(hierarchy, where)) {
			dirs[cgroup->dir_count++] = dir;
		}
	}
	cgroup->dirs = dirs;
	return dirs ? 0 : plan_no_memory(err);
}

/* "/berth-ID"; a long id would make a name that is none (NAME_MAX): its end becomes a number then. */
static const char *own_name(struct arena *arena, const char *id)
{
	uint64_t hash = str_hash(STR_HASH_BEGIN, id, strlen(id));

	if (strlen(id) <= OWN_ID_MAX) {
		return arena_printf(arena, "/berth-%s", id);
	}
	return arena_printf(arena, "/berth-%.*s-%016llx", OWN_ID_CUT, id, (unsigned long long)hash);
}

static int place(struct plan_work *work, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	const char *asked = work->spec->linux_section.cgroups_path;
	const char *id = work->request->id ? work->request->id : "ID";
	enum where where;
	const char *name;

	if (asked && asked[0] != '\0') {
		cgroup->pointer = "/linux/cgroupsPath";
		/* Cleaned before it is put below anything: ".." leads no further up than there. */
		name = plan_path_inside(work->arena, asked);
		where = asked[0] == '/' ? WHERE_ROOT : WHERE_BASE;
		if (name && str_is_equal(name, "/")) {
			return error_field(err, BERTH_ERROR_CONFIG, cgroup->pointer,
				"is no cgroup below another: \"%s\"", asked);
		}
	} else {
		name = own_name(work->arena, id);
		where = where_default(work->facts);
		cgroup->is_own_name = true;
	}
	if (!name) {
		return plan_no_memory(err);
	}
	if (where == WHERE_NONE) {
		cgroup->layout = HOST_CGROUP_NONE;
		return 0;
	}
	return add_dirs(work, where, name, err);
}

/* One directory, which systemd makes. */
static int place_unit(struct plan_work *work, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	struct host_cgroup_dir *dir = arena_alloc(work->arena, 1, sizeof(*dir));

	if (cgroup->layout != HOST_CGROUP_V2) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED,
			"the cgroup manager systemd needs cgroup version 2, which this host does "
			"not have alone");
	}
	if (!dir) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < work->facts->hierarchy_count; i++) {
		if (work->facts->hierarchies[i].is_v2) {
			dir->mount_point = work->facts->hierarchies[i].mount_point;
		}
	}
	dir->controllers = v2_controllers;
	dir->is_v2 = true;
	cgroup->dirs = dir;
	cgroup->dir_count = 1;
	return plan_unit_place(work, dir, err);
}

int plan_cgroup(struct plan_work *work, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	enum plan_cgroups manager = work->request->cgroups;
	int r = 0;

	cgroup->pointer = "";
	cgroup->layout =
		manager == PLAN_CGROUPS_DISABLED ? HOST_CGROUP_NONE : layout_of(work->facts);
	if (manager == PLAN_CGROUPS_SYSTEMD) {
		r = place_unit(work, err);
	} else if (cgroup->layout != HOST_CGROUP_NONE) {
		r = place(work, err);
	}
	if (r == 0) {
		r = plan_limits(work, err);
	}
	return r < 0 || manager != PLAN_CGROUPS_SYSTEMD ? r : plan_unit_fill(work, err);
}
