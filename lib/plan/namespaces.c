/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/words.h"

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
