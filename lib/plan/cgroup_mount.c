/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount of type cgroup shows the hierarchies of the host as the host has them: one of version 2,
 * or a tmpfs with one directory for each of version 1 (and, where both are in use, one for version
 * 2).
 *
 * With a cgroup namespace the hierarchy is mounted anew, and its root is what the namespace shows.
 * Without one a new mount would show the whole host: the container's own part is bound instead.
 */
#include <string.h>

#include "base/str.h"
#include "plan/mount.h"

bool plan_is_cgroup_mount(const struct spec_mount *asked)
{
	for (size_t i = 0; i < asked->options.count; i++) {
		if (plan_option_is_bind(asked->options.items[i])) {
			return false;
		}
	}
	return asked->type &&
	       (str_is_equal(asked->type, "cgroup") || str_is_equal(asked->type, "cgroup2"));
}

size_t plan_cgroup_mount_max(const struct facts *facts)
{
	return 1 + facts->hierarchy_count + facts->link_count;
}

static const struct facts_hierarchy *find_v2(const struct facts *facts)
{
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (facts->hierarchies[i].is_v2) {
			return &facts->hierarchies[i];
		}
	}
	return NULL;
}

static bool has_v1(const struct facts *facts)
{
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (!facts->hierarchies[i].is_v2) {
			return true;
		}
	}
	return false;
}

/* The parameters of a hierarchy of version 1: "cpu,cpuacct" is two flags, "name=systemd" is the
 * name of one without controllers. */
static int v1_options(
	struct plan_work *work, const char *controllers, struct wire_texts *ret_options)
{
	struct plan_options parsed;
	struct spec_strings texts = {.items = &controllers, .count = 1};
	const char **named;

	if (!str_has_prefix(controllers, "name=")) {
		/* None of them is in the table of mount options: they come back as data. */
		int r = plan_options_parse(
			&texts, "", work->arena, &work->plan->notes, &parsed, NULL);

		*ret_options = parsed.data;
		return r;
	}
	named = arena_alloc(work->arena, 3, sizeof(*named));
	if (!named) {
		return -1;
	}
	named[0] = "none";
	named[1] = controllers;
	*ret_options = (struct wire_texts){.items = named, .count = 2};
	return 0;
}

/* The container's part of a hierarchy: the cgroup that is made for it, or else the one it stays in. */
static const char *own_part(const struct plan_work *work, const struct facts_hierarchy *hierarchy)
{
	const struct host_cgroup *cgroup = &work->plan->host.cgroup;

	for (size_t i = 0; i < cgroup->dir_count; i++) {
		if (!cgroup->dirs[i].is_optional &&
			str_is_equal(cgroup->dirs[i].mount_point, hierarchy->mount_point)) {
			return cgroup->dirs[i].path;
		}
	}
	return hierarchy->own_path;
}

static int bind_own_part(struct plan_work *work, const struct facts_hierarchy *hierarchy,
	struct boot_mount *next, struct berth_error *err)
{
	char *path = arena_printf(
		work->arena, "%s/%s", hierarchy->mount_point, own_part(work, hierarchy));

	next->kind = BOOT_MOUNT_BIND;
	/* In a user namespace the mounts below are locked to the one above: all of them or none. */
	next->flags |= BOOT_MOUNT_RECURSIVE;
	next->source = path ? plan_path_on_host(work->arena, "/", path) : NULL;
	if (plan_creates(work, CLONE_NEWUSER) && (next->attr_set & MOUNT_ATTR_RDONLY)) {
		next->tree_set |= MOUNT_ATTR_RDONLY;
	}
	return next->source ? 0 : plan_no_memory(err);
}

static int mount_hierarchy(struct plan_work *work, const struct facts_hierarchy *hierarchy,
	struct boot_mount *next, struct berth_error *err)
{
	if (!plan_has(work, CLONE_NEWCGROUP)) {
		return bind_own_part(work, hierarchy, next, err);
	}
	plan_mounts_make_fs(next, hierarchy->is_v2 ? "cgroup2" : "cgroup", "cgroup");
	if (hierarchy->is_v2) {
		return 0;
	}
	return v1_options(work, hierarchy->controllers, &next->options) < 0 ? plan_no_memory(err)
									    : 0;
}

/* The directory that holds the hierarchies of version 1. */
static int mount_tmpfs(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	static const char *const options[] = {"mode=755", NULL};
	struct boot_mount *next = plan_mounts_next(work, mount);

	plan_mounts_make_fs(next, "tmpfs", "tmpfs");
	next->options = (struct wire_texts){.items = options, .count = 1};
	next->attr_set |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	/* The directories are still to be made in it. */
	next->flags |= next->attr_set & MOUNT_ATTR_RDONLY ? BOOT_MOUNT_RO_LAST : 0;
	return plan_label_mount(work, next, err);
}

/* An entry with another target: DESTINATION/NAME, and without the propagation, which is that of the
 * directory. */
static int mount_below(struct plan_work *work, const struct plan_mount *mount, const char *name,
	struct plan_mount *ret_mount, struct berth_error *err)
{
	*ret_mount = *mount;
	ret_mount->options.propagation = 0;
	ret_mount->options.is_propagation_recursive = false;
	ret_mount->target = arena_printf(
		work->arena, "%s/%s", str_is_equal(mount->target, "/") ? "" : mount->target, name);
	return ret_mount->target ? 0 : plan_no_memory(err);
}

static int mount_links(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const struct facts *facts = work->facts;

	for (size_t i = 0; i < facts->link_count; i++) {
		struct plan_mount below;
		struct boot_mount *next;
		int r = mount_below(work, mount, facts->links[i].name, &below, err);

		if (r < 0) {
			return r;
		}
		below.options = (struct plan_options){0};
		next = plan_mounts_next(work, &below);
		next->kind = BOOT_MOUNT_LINK;
		next->source = facts->links[i].target;
	}
	return 0;
}

static int mount_all(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const struct facts *facts = work->facts;
	int r = mount_tmpfs(work, mount, err);

	for (size_t i = 0; r == 0 && i < facts->hierarchy_count; i++) {
		const struct facts_hierarchy *hierarchy = &facts->hierarchies[i];
		struct plan_mount below;

		r = mount_below(work, mount, plan_path_base(hierarchy->mount_point), &below, err);
		if (r == 0) {
			r = mount_hierarchy(work, hierarchy, plan_mounts_next(work, &below), err);
		}
	}
	return r < 0 ? r : mount_links(work, mount, err);
}

int plan_cgroup_mount(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const struct facts_hierarchy *v2 = find_v2(work->facts);

	if (work->facts->hierarchy_count == 0) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, mount->pointer,
			"no cgroup hierarchy is mounted on this host");
	}
	if (str_is_equal(mount->asked->type, "cgroup2") && !v2) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, mount->pointer,
			"no cgroup hierarchy of version 2 is mounted on this host");
	}
	if (!has_v1(work->facts) || str_is_equal(mount->asked->type, "cgroup2")) {
		struct boot_mount *next = plan_mounts_next(work, mount);
		int r = mount_hierarchy(work, v2, next, err);

		if (next->kind == BOOT_MOUNT_FS) {
			next->options = mount->options.data;
		}
		return r;
	}
	return mount_all(work, mount, err);
}
