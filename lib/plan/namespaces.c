/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "plan/words.h"

enum { NANOSECONDS = 1000000000 }; /* in a second */

static const struct namespace_row {
	uint32_t flag;
	const char *name;
} namespace_table[] = {
	{CLONE_NEWNS, "mount"},
	{CLONE_NEWUTS, "uts"},
	{CLONE_NEWIPC, "ipc"},
	{CLONE_NEWNET, "network"},
	{CLONE_NEWPID, "pid"},
	{CLONE_NEWUSER, "user"},
	{CLONE_NEWCGROUP, "cgroup"},
	{CLONE_NEWTIME, "time"},
};

const char *plan_namespace_name(uint32_t flag)
{
	for (size_t i = 0; i < ARRAY_COUNT(namespace_table); i++) {
		if (namespace_table[i].flag == flag) {
			return namespace_table[i].name;
		}
	}
	return NULL;
}

const char *plan_namespace_at(size_t index)
{
	return index < ARRAY_COUNT(namespace_table) ? namespace_table[index].name : NULL;
}

/* A path as InitMsg can carry it: its list is separated by commas, without any escape. */
static int path_check(
	struct plan_work *work, const char *path, size_t index, struct berth_error *err)
{
	const char *reason = path[0] != '/' ? "is not absolute" : "has a comma in it";

	if (path[0] == '/' && !strchr(path, ',')) {
		return 0;
	}
	return error_field(err, BERTH_ERROR_CONFIG,
		arena_printf(work->arena, "/linux/namespaces/%zu/path", index),
		"the path of a namespace %s: \"%s\"", reason, path);
}

static int namespace_add(struct plan_work *work, const struct spec_namespace *wanted, size_t index,
	struct berth_error *err)
{
	struct wire_bootstrap *init = &work->plan->host.init;
	int r;

	if (plan_has(work, wanted->flag)) {
		const char *name = plan_namespace_name(wanted->flag);

		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "/linux/namespaces/%zu", index),
			"a second namespace of type \"%s\"", name ? name : "?");
	}
	if (!wanted->path || wanted->path[0] == '\0') {
		init->clone_flags |= wanted->flag;
		return 0;
	}
	r = path_check(work, wanted->path, index, err);
	if (r < 0) {
		return r;
	}
	work->joined |= wanted->flag;
	init->ns_paths = init->ns_paths
				 ? arena_printf(work->arena, "%s,%s", init->ns_paths, wanted->path)
				 : wanted->path;
	return init->ns_paths ? 0 : plan_no_memory(err);
}

int plan_namespaces(struct plan_work *work, struct berth_error *err)
{
	const struct spec_namespaces *wanted = &work->spec->linux_section.namespaces;
	uint32_t *flags = &work->plan->boot.flags;

	for (size_t i = 0; i < wanted->count; i++) {
		int r = namespace_add(work, &wanted->items[i], i, err);

		if (r < 0) {
			return r;
		}
	}
	work->is_map_known = plan_creates(work, CLONE_NEWUSER);
	*flags |= plan_has(work, CLONE_NEWUSER) ? BOOT_USERNS : 0;
	*flags |= plan_creates(work, CLONE_NEWNET) ? BOOT_LOOPBACK : 0;
	return 0;
}

/* One line for the kernel: the clock, and how much later than the host's it is. */
static int add_offset(struct plan_work *work, const struct spec_time_offset *offset,
	const char *clock, struct berth_error *err)
{
	const char **text = &work->plan->boot.time_offsets;

	if (!offset->is_present) {
		return 0;
	}
	if (offset->nanosecs >= NANOSECONDS) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "/linux/timeOffsets/%s/nanosecs", clock),
			"must be below %d, is %u", NANOSECONDS, offset->nanosecs);
	}
	*text = arena_printf(work->arena, "%s%s %" PRId64 " %u\n", *text ? *text : "", clock,
		offset->secs, offset->nanosecs);
	return *text ? 0 : plan_no_memory(err);
}

/* A namespace takes offsets until a process is in it: the child makes it, sets them and enters it. */
int plan_time(struct plan_work *work, struct berth_error *err)
{
	const struct spec_time_offsets *asked = &work->spec->linux_section.time_offsets;
	int r = add_offset(work, &asked->monotonic, "monotonic", err);

	if (r == 0) {
		r = add_offset(work, &asked->boottime, "boottime", err);
	}
	if (r < 0 || !work->plan->boot.time_offsets) {
		return r;
	}
	if (!plan_creates(work, CLONE_NEWTIME)) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/timeOffsets",
			work->joined & CLONE_NEWTIME
				? "the time namespace that is joined has its own offsets"
				: "offsets need a time namespace in /linux/namespaces");
	}
	work->plan->host.init.clone_flags &= ~(uint32_t)CLONE_NEWTIME;
	return 0;
}
