/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: the writes of a new container's limits, for a cgroup that is there. What was not named keeps its value:
 * where that takes more than leaving a file alone, the value is in the facts.
 */
#include <string.h>

#include "base/str.h"
#include "plan/unit.h"

/* What one field holds in the way of another, or with it. A file that the version does not have is not there. */
static const char *const files[] = {
	"cpu.max",
	"cpu.max.burst",
	"cpu.weight",
	"cpu.shares",
	"cpu.idle",
	"cpu.cfs_quota_us",
	"cpu.cfs_burst_us",
	"memory.max",
	"memory.swap.max",
	"memory.current",
	"memory.swap.current",
	"memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes",
};

static const char *find_controllers(const struct facts *facts, const struct host_cgroup_dir *dir)
{
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (str_is_equal(facts->hierarchies[i].mount_point, dir->mount_point)) {
			return facts->hierarchies[i].controllers;
		}
	}
	return "";
}

/* The container's directories, in their order, with the controllers that they have here and now. */
static int make_dirs(const struct plan_update *asked, const struct facts *facts,
	struct arena *arena, struct host_cgroup *cgroup, struct berth_error *err)
{
	struct host_cgroup_dir *dirs = arena_alloc(arena, asked->dir_count, sizeof(*dirs));
	bool has_v1 = false;
	bool has_v2 = false;

	if (!dirs) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->dir_count; i++) {
		dirs[i] = asked->dirs[i];
		/* Those of version 2 are enabled since the container was made. */
		dirs[i].controllers = dirs[i].is_v2 ? "" : find_controllers(facts, &dirs[i]);
		has_v2 = has_v2 || dirs[i].is_v2;
		has_v1 = has_v1 || (dirs[i].controllers[0] != '\0' &&
					   !str_has_prefix(dirs[i].controllers, "name="));
	}
	cgroup->pointer = "";
	cgroup->dirs = dirs;
	cgroup->dir_count = asked->dir_count;
	cgroup->layout = has_v1 ? HOST_CGROUP_V1 : has_v2 ? HOST_CGROUP_V2 : HOST_CGROUP_NONE;
	return 0;
}

int plan_update_reads(const struct plan_update *asked, const struct facts *facts,
	struct arena *arena, struct plan_reads *ret_reads, struct berth_error *err)
{
	struct host_cgroup_read *reads = arena_alloc(arena, ARRAY_COUNT(files), sizeof(*reads));
	struct host_cgroup cgroup = {0};
	size_t count = 0;
	int r = reads ? make_dirs(asked, facts, arena, &cgroup, err) : plan_no_memory(err);

	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		char controller[16];
		int dir;

		(void)str_copy(controller, sizeof(controller), files[i]);
		controller[strcspn(controller, ".")] = '\0';
		dir = plan_cgroup_find(&cgroup, controller);
		if (dir >= 0) {
			reads[count++] =
				(struct host_cgroup_read){.dir = (size_t)dir, .file = files[i]};
		}
	}
	*ret_reads = (struct plan_reads){.items = reads, .count = count};
	return 0;
}

/* The rules of the container from its config, and those that are asked for, as what they amount to. */
static bool is_same_filter(const struct host_devices *a, const struct host_devices *b)
{
	bool is_same = a->is_allowed == b->is_allowed && a->count == b->count;

	for (size_t i = 0; is_same && i < a->count; i++) {
		const struct host_device_rule *left = &a->rules[i];
		const struct host_device_rule *right = &b->rules[i];

		is_same = left->is_block == right->is_block && left->major == right->major &&
			  left->minor == right->minor && left->access == right->access;
	}
	return is_same;
}

static int plan_filter(const struct plan_work *work, const struct spec_resources *resources,
	struct plan *ret_plan, struct berth_error *err)
{
	struct spec spec = {.linux_section = {.resources = *resources}};
	struct plan plan = {.host = {.cgroup = work->plan->host.cgroup}};
	struct plan_work own = *work;
	int r;

	own.spec = &spec;
	own.plan = &plan;
	r = plan_device_rules(&own, err);
	if (r == 0) {
		*ret_plan = plan;
	}
	return r;
}

/* Some callers send all that they sent when the container was made: those rules are not set anew, as somebody else may
 * have allowed more since (GPUs are given to a container that way). */
static int update_devices(
	struct plan_work *work, const struct plan_update *asked, struct berth_error *err)
{
	struct host_devices *devices = &work->plan->host.cgroup.devices;
	const struct host_devices *was;
	struct plan before = {0};
	struct plan after;
	int r;

	if (asked->resources->devices.count == 0) {
		return 0;
	}
	r = plan_filter(work, asked->resources, &after, err);
	if (r == 0 && asked->config) {
		r = plan_filter(work, asked->config, &before, err);
	}
	if (r < 0) {
		return r;
	}
	work->plan->notes = after.notes;
	was = &before.host.cgroup.devices;
	if (!after.host.cgroup.devices.is_present ||
		(was->is_present && is_same_filter(was, &after.host.cgroup.devices))) {
		return 0;
	}
	*devices = after.host.cgroup.devices;
	if (!work->plan->host.cgroup.dirs[devices->dir].is_v2 && devices->is_allowed &&
		devices->count > 0) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, devices->pointer,
			"allow everything but what they name: in cgroup version 1 there is no way to "
			"that without a moment in which everything is allowed");
	}
	return 0;
}

int plan_update_make(const struct plan_update *asked, const struct facts *facts,
	struct arena *arena, struct plan *ret_plan, struct berth_error *err)
{
	static const struct plan_request request = {0};
	struct spec spec = {
		.oci_version = asked->version,
		.linux_section = {.resources = *asked->resources},
	};
	struct plan plan = {0};
	struct plan_work work = {
		.spec = &spec,
		.request = &request,
		.facts = facts,
		.arena = arena,
		.plan = &plan,
		.is_update = true,
	};
	int r = make_dirs(asked, facts, arena, &plan.host.cgroup, err);

	if (r == 0) {
		r = plan_limits(&work, err);
	}
	if (r == 0 && asked->unit) {
		r = plan_unit_update(&work, asked->unit, err);
	}
	if (r == 0) {
		r = update_devices(&work, asked, err);
	}
	if (r == 0) {
		*ret_plan = plan;
	}
	return r;
}
