/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "plan/mount.h"

/* The order: what a planner reads of the plan is written by those above it. */
static const plan_fn planners[] = {
	plan_namespaces,
	plan_rules,
	plan_time,
	plan_idmap,
	plan_root,
	plan_process,
	plan_process_labels,
	plan_identity,
	plan_seccomp,
	plan_cgroup,
	plan_rdt,
	plan_mount_label,
	plan_mounts,
	plan_notify,
	plan_devices,
	plan_device_rules,
	plan_schedule,
	plan_personality,
	plan_memory_policy,
	plan_net_devices,
	plan_sysctls,
	plan_hooks,
	plan_annotations,
};

int plan_no_memory(struct berth_error *err)
{
	return error_set(err, BERTH_ERROR_MEMORY, "out of memory for the plan");
}

int plan_texts(struct arena *arena, const struct spec_strings *strings,
	struct wire_texts *ret_texts, struct berth_error *err)
{
	const char **items = arena_alloc(arena, strings->count + 1, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < strings->count; i++) {
		items[i] = strings->items[i];
	}
	*ret_texts = (struct wire_texts){.items = items, .count = strings->count};
	return 0;
}

uint32_t plan_facts_wanted(const struct spec *spec, const struct plan_request *request)
{
	uint32_t wanted = plan_labels_wanted(&spec->process, spec->linux_section.mount_label);

	if (request->cgroups != PLAN_CGROUPS_DISABLED) {
		wanted |= FACTS_CGROUP;
	}
	if (spec->linux_section.intel_rdt.is_present) {
		wanted |= FACTS_RESCTRL;
	}
	for (size_t i = 0; i < spec->mounts.count; i++) {
		if (plan_is_cgroup_mount(&spec->mounts.items[i])) {
			wanted |= FACTS_CGROUP;
		}
	}
	return wanted;
}

int plan_make(const struct spec *spec, const struct plan_request *request,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err)
{
	struct plan plan = {0};
	struct plan_work work = {
		.spec = spec,
		.request = request,
		.facts = facts,
		.arena = arena,
		.plan = &plan,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(planners); i++) {
		r = planners[i](&work, err);
	}
	if (r == 0) {
		*ret_plan = plan;
	}
	return r;
}
