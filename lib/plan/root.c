/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/work.h"

#include "base/str.h"

int plan_propagations(struct plan_work *work, struct berth_error *err)
{
	const char *asked = work->spec->linux_section.rootfs_propagation;
	struct boot *boot = &work->plan->boot;
	bool is_recursive = false;

	/* Slave: what the host mounts later can still be seen, and nothing goes back to it. Where the
	 * root is to be shared, the host's mounts stay its peers: a volume that was made a slave could
	 * never be one again. The root file system itself is taken out of it (rootfs/sources.c). */
	boot->first_propagation = MS_SLAVE;
	if (!asked || asked[0] == '\0') {
		return 0;
	}
	boot->root_propagation = plan_propagation(asked, &is_recursive);
	if (boot->root_propagation == 0) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/rootfsPropagation",
			"is no propagation: \"%s\"", asked);
	}
	boot->is_root_propagation_recursive = is_recursive;
	if (boot->root_propagation == MS_PRIVATE || boot->root_propagation == MS_SHARED) {
		boot->first_propagation = boot->root_propagation;
	}
	return 0;
}

/* readonlyPaths and maskedPaths. */
static int clean_paths(struct plan_work *work, const struct spec_strings *paths,
	const char *pointer, struct wire_texts *ret_paths, struct berth_error *err)
{
	const char **items = arena_alloc(work->arena, paths->count + 1, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < paths->count; i++) {
		if (paths->items[i][0] != '/') {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(work->arena, "%s/%zu", pointer, i),
				"is not an absolute path: \"%s\"", paths->items[i]);
		}
		items[i] = plan_path_inside(work->arena, paths->items[i]);
		if (!items[i]) {
			return plan_no_memory(err);
		}
	}
	*ret_paths = (struct wire_texts){.items = items, .count = paths->count};
	return 0;
}

/* The root itself cannot be covered: it would stay to be seen, or nothing would be left of it. */
static int check_masks(struct plan_work *work, struct berth_error *err)
{
	const struct wire_texts *paths = &work->plan->boot.masked_paths;

	for (size_t i = 0; i < paths->count; i++) {
		if (str_is_equal(paths->items[i], "/")) {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(work->arena, "/linux/maskedPaths/%zu", i),
				"is the root file system itself, which cannot be masked");
		}
	}
	return 0;
}

static const char *unless_empty(const char *text)
{
	return text && text[0] ? text : NULL;
}

int plan_root(struct plan_work *work, struct berth_error *err)
{
	const struct spec *spec = work->spec;
	struct boot *boot = &work->plan->boot;
	int r;

	boot->root = plan_path_on_host(work->arena, work->request->bundle, spec->root.path);
	if (!boot->root) {
		return plan_no_memory(err);
	}
	if (str_is_equal(boot->root, "/")) {
		return error_field(err, BERTH_ERROR_CONFIG, "/root/path",
			"is \"/\", the root file system of the host");
	}
	boot->flags |= spec->root.readonly ? BOOT_ROOT_READONLY : 0;
	boot->flags |= work->request->is_pivot_avoided ? BOOT_NO_PIVOT : 0;
	boot->hostname = unless_empty(spec->hostname);
	boot->domainname = unless_empty(spec->domainname);
	r = plan_propagations(work, err);
	if (r == 0) {
		r = clean_paths(work, &spec->linux_section.readonly_paths, "/linux/readonlyPaths",
			&boot->readonly_paths, err);
	}
	if (r == 0) {
		r = clean_paths(work, &spec->linux_section.masked_paths, "/linux/maskedPaths",
			&boot->masked_paths, err);
	}
	if (r == 0) {
		r = check_masks(work, err);
	}
	return r;
}
