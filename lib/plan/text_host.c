/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/text_host.h"

#include <inttypes.h>

#include "base/str.h"
#include "plan/unit.h"
#include "plan/words.h"

static void write_namespaces(struct plan_out *out, uint32_t flags)
{
	/* The user namespace owns the others: it is the first that is made. */
	static const uint32_t order[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWTIME};
	const char *separator = "";

	if (flags == 0) {
		return;
	}
	plan_out_label(out, "create");
	for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
		if (flags & order[i]) {
			plan_out_add(out, "%s%s", separator, plan_namespace_name(order[i]));
			separator = ", ";
		}
	}
	plan_out_add(out, "\n");
}

static void write_limit(struct plan_out *out, const char *label, uint64_t value)
{
	if (value == UINT64_MAX) {
		plan_out_add(out, " %s unlimited", label);
	} else {
		plan_out_add(out, " %s %llu", label, (unsigned long long)value);
	}
}

static void write_number(struct plan_out *out, int64_t number)
{
	if (number < 0) {
		plan_out_add(out, "*");
	} else {
		plan_out_add(out, "%lld", (long long)number);
	}
}

static void write_device_rules(struct plan_out *out, const struct host_devices *devices)
{
	plan_out_label(out, "device rules");
	plan_out_add(out, "%s all%s", devices->is_allowed ? "allow" : "deny",
		devices->count > 0 ? " but" : "");
	for (size_t i = 0; i < devices->count; i++) {
		const struct host_device_rule *rule = &devices->rules[i];

		plan_out_add(out, "%s %c ", i > 0 ? "," : "", rule->is_block ? 'b' : 'c');
		write_number(out, rule->major);
		plan_out_add(out, ":");
		write_number(out, rule->minor);
		plan_out_add(out, " %s%s%s", rule->access & HOST_DEVICE_READ ? "r" : "",
			rule->access & HOST_DEVICE_WRITE ? "w" : "",
			rule->access & HOST_DEVICE_MKNOD ? "m" : "");
	}
	plan_out_add(out, "\n");
}

void plan_text_cgroup(struct plan_out *out, const struct host_cgroup *cgroup)
{
	if (cgroup->unit) {
		plan_unit_write(out, cgroup->unit);
	}
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		const struct host_cgroup_dir *dir = &cgroup->dirs[i];

		plan_out_label(out, "cgroup");
		plan_out_quote(out, dir->mount_point, false);
		plan_out_quote(out, dir->path, false);
		if (dir->is_v2 && cgroup->layout == HOST_CGROUP_V1 && dir->controllers[0]) {
			plan_out_add(out, " [with %s]", dir->controllers);
		}
		plan_out_add(out, "%s\n", dir->is_optional ? " [where it can be made]" : "");
	}
	for (size_t i = 0; i < cgroup->write_count; i++) {
		const struct host_cgroup_write *write = &cgroup->writes[i];

		plan_out_label(out, "limit");
		plan_out_add(out, "%s = ", write->file);
		plan_out_quote(out, write->value, false);
		plan_out_add(out, "%s%s%s%s%s\n",
			write->flags & HOST_CGROUP_FINAL ? " [when it is ready]" : "",
			write->flags & HOST_CGROUP_OPTIONAL ? " [where it exists]" : "",
			write->flags & HOST_CGROUP_WITH_NEXT ? " [or after the next]" : "",
			write->flags & HOST_CGROUP_ELSE_NEXT ? " [else the next]" : "",
			write->flags & HOST_CGROUP_CHECKED ? " [and it is so then]" : "");
	}
	if (cgroup->devices.is_present) {
		write_device_rules(out, &cgroup->devices);
	}
}

static void write_rdt(struct plan_out *out, const struct host_rdt *rdt)
{
	if (!rdt) {
		return;
	}
	plan_out_label(out, "resctrl group");
	plan_out_quote(out, rdt->mount_point, false);
	plan_out_add(out, "/");
	plan_out_quote(out, rdt->group, false);
	if (rdt->is_required) {
		plan_out_add(out, " [which is there]");
	} else if (rdt->group[0]) {
		plan_out_add(
			out, "%s", rdt->is_shared ? " [made where it is not there]" : " [made]");
	}
	plan_out_add(out, "\n");
	for (size_t i = 0; i < rdt->lines.count; i++) {
		plan_out_label(out, "schema");
		plan_out_quote(out, rdt->lines.items[i].text, false);
		plan_out_add(out, "\n");
	}
	plan_out_text(out, "monitoring group", rdt->monitor);
}

static void write_scheduler(struct plan_out *out, const struct host_scheduler *scheduler)
{
	if (!scheduler) {
		return;
	}
	plan_out_label(out, "scheduler");
	plan_out_add(out, "%s", plan_word_name(&plan_policy_words, scheduler->policy));
	if (scheduler->policy == SCHED_DEADLINE) {
		plan_out_add(out, " runtime %" PRIu64 " deadline %" PRIu64 " period %" PRIu64 " ns",
			scheduler->runtime_ns, scheduler->deadline_ns, scheduler->period_ns);
	} else if (scheduler->priority > 0) {
		plan_out_add(out, " priority %u", scheduler->priority);
	} else {
		plan_out_add(out, " nice %d", scheduler->nice);
	}
	plan_word_write_bits(out, &plan_scheduler_flag_words, scheduler->flags);
	plan_out_add(out, "\n");
}

/* Of the mounts, by their place in the list of the child. */
static void write_idmaps(struct plan_out *out, const struct host_idmaps *idmaps)
{
	for (size_t i = 0; i < idmaps->count; i++) {
		const struct host_idmap *idmap = &idmaps->items[i];

		plan_out_row(out, "ids of mount", "%u%s", idmap->mount,
			idmap->is_recursive ? " and below" : "");
		plan_out_text(out, "as in", idmap->ns_path);
		plan_out_pieces(out, "uid map", idmap->uid_map, "\n");
		plan_out_pieces(out, "gid map", idmap->gid_map, "\n");
	}
}

void plan_text_host(struct plan_out *out, const struct plan *plan)
{
	const struct host_plan *host = &plan->host;
	static const char *const ways[] = {
		[HOST_MAP_NONE] = NULL,
		[HOST_MAP_DIRECT] = "directly",
		[HOST_MAP_HELPER] = "by newuidmap and newgidmap",
	};

	_Static_assert(ARRAY_COUNT(ways) == HOST_MAP_WAY_COUNT, "a text for each way");
	plan_out_add(out, "host\n");
	plan_out_pieces(out, "join", host->init.ns_paths, ",");
	write_namespaces(
		out, host->init.clone_flags | (plan->boot.time_offsets ? CLONE_NEWTIME : 0));
	plan_out_pieces(out, "uid map", host->init.uid_map, "\n");
	plan_out_pieces(out, "gid map", host->init.gid_map, "\n");
	if (host->init.has_setgroups) {
		plan_out_row(out, "setgroups", "%s", host->init.may_setgroups ? "allow" : "deny");
	}
	if (ways[host->map_way]) {
		plan_out_row(out, "maps written", "%s", ways[host->map_way]);
	}
	if (host->has_terminal) {
		plan_out_row(out, "terminal", "its master comes from the child");
	}
	plan_out_text(out, "pidfd", host->pidfd_receiver);
	if (host->has_oom_score_adj) {
		plan_out_row(out, "oom score adj", "%d%s", host->oom_score_adj,
			host->may_keep_oom_score ? ", or as it is where that is refused" : "");
	}
	write_idmaps(out, &host->idmaps);
	plan_text_cgroup(out, &host->cgroup);
	write_rdt(out, host->rdt);
	for (size_t i = 0; i < host->net_device_count; i++) {
		plan_out_label(out, "net device");
		plan_out_quote(out, host->net_devices[i].host_name, false);
		plan_out_add(out, " -> ");
		plan_out_quote(out, host->net_devices[i].name, false);
		plan_out_add(out, "\n");
	}
	write_scheduler(out, host->scheduler);
	if (host->io_class) {
		plan_out_row(out, "io priority", "%s %u",
			plan_word_name(&plan_io_class_words, host->io_class), host->io_priority);
	}
	for (size_t i = 0; i < host->rlimit_count; i++) {
		plan_out_label(out, "rlimit");
		plan_out_add(out, "%s",
			plan_word_name(&plan_rlimit_words, (uint32_t)host->rlimits[i].resource));
		write_limit(out, "soft", host->rlimits[i].soft);
		write_limit(out, "hard", host->rlimits[i].hard);
		plan_out_add(out, "\n");
	}
}
