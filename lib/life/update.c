/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: other limits for a container that is there.
 *
 * The kernel's files are the only memory of what the limits are: an update reads them, and writes nothing else. The
 * config that the record keeps stays that of the create, also for exec and the hooks, which read none of its
 * resources. Two things of it matter here: its version, and its device rules, as long as they are the container's.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "life/found.h"

struct update {
	struct life_found found;
	struct life_config asked;  /* the text alone */
	struct life_config config; /* the container's */
	struct spec_update resources;
	struct facts facts;
};

static void update_init(struct update *update)
{
	*update = (struct update){0};
	life_found_init(&update->found);
}

static void update_finish(struct update *update)
{
	life_config_finish(&update->config);
	life_config_finish(&update->asked);
	life_found_finish(&update->found);
}

#define autoupdate __attribute__((cleanup(update_finish)))

static int find(struct update *update, const struct life_context *context, const char *id,
	struct berth_error *err)
{
	struct life_found *found = &update->found;
	int r = life_found_open(found, context, id, err);

	if (r < 0) {
		return r;
	}
	if (found->status == STORE_STOPPED || found->status == STORE_CREATING) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	return life_config_load(&update->config, found, err);
}

/* The directories of the record: those that are open here, in their order. */
static int fill_wish(struct update *update, struct plan_update *wish, struct berth_error *err)
{
	const struct cgroup *cgroup = &update->found.cgroup;
	const struct spec *config = &update->config.spec;
	struct host_cgroup_dir *dirs =
		arena_alloc(&update->asked.arena, cgroup->count, sizeof(*dirs));

	if (!dirs) {
		return error_system(err, ENOMEM, "memory for the cgroup");
	}
	for (size_t i = 0; i < cgroup->count; i++) {
		dirs[i] = (struct host_cgroup_dir){
			.mount_point = cgroup->dirs[i].mount_point,
			.path = cgroup->dirs[i].path,
			.is_v2 = cgroup->dirs[i].is_v2,
		};
	}
	*wish = (struct plan_update){
		.resources = &update->resources.resources,
		.version = update->resources.oci_version ? update->resources.oci_version
							 : config->oci_version,
		.config = update->found.record.has_new_devices ? NULL
							       : &config->linux_section.resources,
		.dirs = dirs,
		.dir_count = cgroup->count,
		.unit = cgroup->unit,
	};
	return 0;
}

/* What is there now, for the plan. */
static int read_values(
	struct update *update, const struct plan_update *wish, struct berth_error *err)
{
	struct arena *arena = &update->asked.arena;
	struct facts_value *values;
	struct plan_reads reads;
	int r = plan_update_reads(wish, &update->facts, arena, &reads, err);

	if (r < 0) {
		return r;
	}
	values = arena_alloc(arena, reads.count, sizeof(*values));
	r = values ? 0 : error_system(err, ENOMEM, "memory for the limits");
	for (size_t i = 0; r == 0 && i < reads.count; i++) {
		values[i].file = reads.items[i].file;
		r = cgroup_read(&update->found.cgroup, &reads.items[i], arena, &values[i].text);
		if (r < 0) {
			r = error_system(
				err, r, "read %s of the container's cgroup", values[i].file);
		}
	}
	update->facts.values = values;
	update->facts.value_count = r == 0 ? reads.count : 0;
	return r;
}

/* That the rules are not those of the config any more is on record before they are not: as long as they may be,
 * nothing is taken for theirs. */
static int note_devices(
	struct life_found *found, const struct host_devices *devices, struct berth_error *err)
{
	if (!devices->is_present || found->record.has_new_devices) {
		return 0;
	}
	found->record.has_new_devices = true;
	return store_write(&found->entry, &found->record, err);
}

static int apply(struct update *update, struct berth_error *err)
{
	struct arena *arena = &update->asked.arena;
	struct plan_update wish;
	const struct life_watch *watch = &update->found.watch;
	struct plan plan;
	int r = host_probe(FACTS_CGROUP, arena, &update->facts, err);

	if (r == 0) {
		r = fill_wish(update, &wish, err);
	}
	if (r == 0) {
		r = read_values(update, &wish, err);
	}
	if (r == 0) {
		r = plan_update_make(&wish, &update->facts, arena, &plan, err);
	}
	if (r == 0) {
		r = note_devices(&update->found, &plan.host.cgroup.devices, err);
	}
	if (r == 0) {
		r = cgroup_update(&update->found.cgroup, &plan.host.cgroup, err);
	}
	if (r == 0) {
		life_watch_plan(watch, &plan);
		life_watch_tell(watch, "its limits are set: %zu writes%s",
			plan.host.cgroup.write_count,
			plan.host.cgroup.devices.is_present ? " and device rules" : "");
	}
	return r;
}

/* The lines for the group's schemata are known to be lines before anything is changed. */
static int find_schemata(
	struct update *update, struct host_rdt_lines *ret_lines, struct berth_error *err)
{
	int r;

	*ret_lines = (struct host_rdt_lines){0};
	if (!update->resources.intel_rdt.is_present) {
		return 0;
	}
	r = plan_rdt_lines(
		&update->resources.intel_rdt, "/intelRdt", &update->asked.arena, ret_lines, err);
	if (r == 0 && ret_lines->count > 0 && !update->found.record.resctrl) {
		return error_field(err, BERTH_ERROR_STATE, ret_lines->items[0].pointer,
			"the container has no intelRdt group");
	}
	return r < 0 ? r : life_found_resctrl(&update->found, err);
}

int life_update(const struct life_context *context, const char *id, const char *resources,
	size_t length, struct berth_error *err)
{
	autoupdate struct update update;
	struct host_rdt_lines lines;
	int r;

	update_init(&update);
	r = life_config_read_update(&update.asked, resources, length, &update.resources, err);
	if (r < 0) {
		return r;
	}
	r = find(&update, context, id, err);
	if (r == 0) {
		life_watch_update(&update.found.watch, &update.asked);
		r = find_schemata(&update, &lines, err);
		if (r == 0) {
			r = apply(&update, err);
		}
		if (r == 0) {
			r = resctrl_write(&update.found.resctrl, &lines, err);
		}
		if (r < 0) {
			life_config_locate(&update.asked, err);
		}
	}
	return r;
}
