/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts add and mounts remove: the mounts of a new container, in one that is there.
 *
 * The child joins all of its namespaces at first but the mount namespace, in the place of which it has a new
 * one: a copy of the host's mounts, in which it opens the bind sources. With a user namespace the copy
 * belongs to that one, so the flags of the host's mounts are locked in it (mount_namespaces(7)): what is
 * read-only on the host, the container cannot make writable.
 */
#include <string.h>

#include "base/str.h"
#include "plan/mount.h"

static int target_error(struct plan_work *work, const struct boot_mount *mount, const char *reason,
	struct berth_error *err)
{
	return error_field(err, BERTH_ERROR_CONFIG,
		arena_printf(work->arena, "%s/destination", mount->pointer), "\"%s\" %s",
		mount->target, reason);
}

/* What was made with the container. */
static int check_added(struct plan_work *work, struct berth_error *err)
{
	const struct boot_mounts *mounts = &work->plan->boot.mounts;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct boot_mount *mount = &mounts->items[i];

		if (str_is_equal(mount->target, "/") || str_is_equal(mount->target, "/proc")) {
			return target_error(work, mount,
				"of a container that is there cannot be mounted over", err);
		}
	}
	return 0;
}

/* Which cgroups the container has is not on its config alone. */
static int check_types(struct plan_work *work, struct berth_error *err)
{
	const struct spec_mounts *asked = &work->spec->mounts;

	for (size_t i = 0; i < asked->count; i++) {
		if (plan_is_cgroup_mount(&asked->items[i])) {
			return error_field(err, BERTH_ERROR_UNSUPPORTED,
				arena_printf(work->arena, "/mounts/%zu/type", i),
				"\"%s\" can be mounted only when the container is made",
				asked->items[i].type);
		}
	}
	return 0;
}

static int find_below(struct plan_work *work, const struct spec_strings *paths, const char *place,
	const char **ret_path, struct berth_error *err)
{
	size_t length = strlen(place);

	for (size_t i = 0; i < paths->count; i++) {
		const char *path = plan_path_inside(work->arena, paths->items[i]);

		if (!path) {
			return plan_no_memory(err);
		}
		if (strncmp(path, place, length) == 0 &&
			(path[length] == '/' || path[length] == '\0')) {
			*ret_path = paths->items[i];
		}
	}
	return 0;
}

static bool is_bind(const struct spec_mount *mount)
{
	bool is_bind = false;

	for (size_t i = 0; i < mount->options.count; i++) {
		is_bind = is_bind || plan_option_is_bind(mount->options.items[i]);
	}
	return is_bind;
}

/* A new procfs or sysfs shows what is covered in the one that is there. */
static int check_covered(struct plan_work *work, const struct spec_mount *mount, size_t index,
	struct berth_error *err)
{
	const struct spec_linux *config = &work->spec->linux_section;
	const char *type = mount->type ? mount->type : "";
	bool is_proc = str_is_equal(type, "proc");
	const char *place = is_proc ? "/proc" : "/sys";
	const char *path = NULL;
	int r = 0;

	if ((!is_proc && !str_is_equal(type, "sysfs")) || is_bind(mount)) {
		return 0;
	}
	r = find_below(work, &config->masked_paths, place, &path, err);
	if (r == 0) {
		r = find_below(work, &config->readonly_paths, place, &path, err);
	}
	if (r == 0 && path) {
		r = error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "/mounts/%zu/type", index),
			"\"%s\" would show what the container has masked or read-only: %s", type,
			path);
	}
	return r;
}

static int check_all_covered(struct plan_work *work, struct berth_error *err)
{
	const struct spec_mounts *asked = &work->spec->mounts;
	int r = 0;

	for (size_t i = 0; r == 0 && i < asked->count; i++) {
		r = check_covered(work, &asked->items[i], i, err);
	}
	return r;
}

static int plan_add(struct plan_work *work, struct berth_error *err)
{
	int r = check_types(work, err);

	if (r == 0) {
		r = plan_propagations(work, err);
	}
	if (r == 0) {
		r = plan_mount_label(work, err);
	}
	if (r == 0) {
		r = plan_mounts(work, err);
	}
	if (r == 0) {
		r = check_added(work, err);
	}
	return r < 0 ? r : check_all_covered(work, err);
}

/* What the container cannot be without: its root, its procfs, and what covers something of them. */
static int keep(struct plan_work *work, struct berth_error *err)
{
	static const char *const always[] = {"/", "/proc"};
	const struct spec_strings *masked = &work->spec->linux_section.masked_paths;
	const struct spec_strings *readonly = &work->spec->linux_section.readonly_paths;
	size_t count = 0;
	const char **items = arena_alloc(work->arena,
		ARRAY_COUNT(always) + masked->count + readonly->count + 1, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < ARRAY_COUNT(always); i++) {
		items[count++] = always[i];
	}
	for (size_t i = 0; i < masked->count; i++) {
		items[count++] = masked->items[i];
	}
	for (size_t i = 0; i < readonly->count; i++) {
		items[count++] = readonly->items[i];
	}
	work->plan->boot.masked_paths = (struct wire_texts){.items = items, .count = count};
	return 0;
}

/* What was mounted with the container goes by its own name. */
static int keep_below(
	struct plan_work *work, const struct spec_mounts *own, struct berth_error *err)
{
	const char **items = arena_alloc(work->arena, own->count + 1, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < own->count; i++) {
		items[i] = plan_path_inside(work->arena, own->items[i].destination);
		if (!items[i]) {
			return plan_no_memory(err);
		}
	}
	work->plan->boot.readonly_paths = (struct wire_texts){.items = items, .count = own->count};
	return 0;
}

/* By the names alone, whatever the container has made of the directories between. The child finds what lies
 * there by a link; "/" and "/proc" it refuses themselves. */
static int check_below(
	struct plan_work *work, const struct boot_mount *mount, struct berth_error *err)
{
	const struct wire_texts *kept = &work->plan->boot.masked_paths;

	if (str_is_equal(mount->target, "/") || str_is_equal(mount->target, "/proc")) {
		return 0;
	}
	for (size_t i = 0; i < kept->count; i++) {
		const char *path = plan_path_inside(work->arena, kept->items[i]);

		if (!path) {
			return plan_no_memory(err);
		}
		if (plan_path_is_below(path, mount->target)) {
			return error_field(err, BERTH_ERROR_CONFIG, mount->pointer,
				"%s would go with what is mounted on %s", path, mount->target);
		}
	}
	return 0;
}

/* The last one first: it may lie in one before it. */
static int plan_remove(
	struct plan_work *work, const struct spec_mounts *own, struct berth_error *err)
{
	const struct spec_mounts *asked = &work->spec->mounts;
	struct boot_mounts *mounts = &work->plan->boot.mounts;
	int r = keep(work, err);

	if (r == 0) {
		r = keep_below(work, own, err);
	}
	mounts->items = arena_alloc(work->arena, asked->count, sizeof(*mounts->items));
	if (!mounts->items) {
		return plan_no_memory(err);
	}
	for (size_t i = asked->count; r == 0 && i > 0; i--) {
		struct boot_mount mount = {
			.kind = BOOT_MOUNT_GONE,
			.pointer = arena_printf(work->arena, "/mounts/%zu/destination", i - 1),
			.target = plan_path_inside(work->arena, asked->items[i - 1].destination),
		};

		if (!mount.pointer || !mount.target) {
			return plan_no_memory(err);
		}
		mounts->items[mounts->count++] = mount;
		r = check_below(work, &mount, err);
	}
	return r;
}

uint32_t plan_live_facts_wanted(const struct spec *spec)
{
	const struct spec_process none = {0};

	return plan_labels_wanted(&none, spec->linux_section.mount_label);
}

int plan_live_make(const struct spec *container, const struct plan_live *asked,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err)
{
	const struct plan_request request = {.bundle = asked->bundle};
	struct spec spec = *container;
	struct plan plan = {0};
	struct plan_work work = {
		.spec = &spec,
		.request = &request,
		.facts = facts,
		.arena = arena,
		.plan = &plan,
	};
	int r = plan_join_namespaces(&work, asked->pid, CLONE_NEWNS, err);

	plan.host.init.clone_flags = CLONE_NEWNS;
	plan.boot.flags |= BOOT_LIVE | BOOT_HOLD;
	spec.mounts = asked->mounts;
	if (r == 0) {
		r = asked->is_removal ? plan_remove(&work, &container->mounts, err)
				      : plan_add(&work, err);
	}
	if (r == 0) {
		*ret_plan = plan;
	}
	return r;
}
