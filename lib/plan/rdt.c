/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt (config-linux.md, "IntelRdt"): a group of the resctrl file system. */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

enum { GROUP_NAME_MAX = 255 };

static bool is_reserved(const char *name)
{
	static const char *const names[] = {".", "..", "info", "mon_groups", "mon_data"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (str_is_equal(name, names[i])) {
			return true;
		}
	}
	return false;
}

/* One directory's name: the kernel takes no newline in it. */
static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= GROUP_NAME_MAX && !strpbrk(name, "/\n") &&
	       !is_reserved(name);
}

/* What was asked, and the lines of it as far as they are there. */
struct lines {
	struct arena *arena;
	const char *base;
	struct host_rdt_line *items;
	size_t count;
};

static int add_line(struct lines *lines, const char *text, size_t length, const char *pointer,
	bool is_compared, struct berth_error *err)
{
	char *copy = arena_copy(lines->arena, text, length);

	if (!copy || !pointer) {
		return plan_no_memory(err);
	}
	lines->items[lines->count++] = (struct host_rdt_line){copy, pointer, is_compared};
	return 0;
}

/* The lines of l3CacheSchema but those for memory bandwidth, which memBwSchema has. */
static int add_cache(struct lines *lines, const char *text, struct berth_error *err)
{
	const char *pointer = arena_printf(lines->arena, "%s/l3CacheSchema", lines->base);
	int r = 0;

	while (r == 0 && *text) {
		size_t length = strcspn(text, "\n");

		if (length > 0 && !str_has_prefix(text + strspn(text, " "), "MB:")) {
			r = add_line(lines, text, length, pointer, true, err);
		}
		text += length + (text[length] == '\n');
	}
	return r;
}

static int add_bandwidth(struct lines *lines, const char *text, struct berth_error *err)
{
	const char *pointer = arena_printf(lines->arena, "%s/memBwSchema", lines->base);

	if (pointer && (!str_has_prefix(text, "MB:") || strchr(text, '\n'))) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"must be one line that starts with \"MB:\"");
	}
	return add_line(lines, text, strlen(text), pointer, true, err);
}

static int add_schemata(
	struct lines *lines, const struct spec_strings *schemata, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < schemata->count; i++) {
		const char *text = schemata->items[i];
		const char *pointer = arena_printf(lines->arena, "%s/schemata/%zu", lines->base, i);

		if (pointer && (*text == '\0' || strchr(text, '\n'))) {
			return error_field(err, BERTH_ERROR_CONFIG, pointer,
				"must be one line of the file schemata");
		}
		r = add_line(lines, text, strlen(text), pointer, false, err);
	}
	return r;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; text && *text; text++) {
		count += *text == '\n';
	}
	return count;
}

int plan_rdt_lines(const struct spec_intel_rdt *asked, const char *base, struct arena *arena,
	struct host_rdt_lines *ret_lines, struct berth_error *err)
{
	size_t most = asked->schemata.count + count_lines(asked->l3_cache_schema) + 1;
	struct lines lines = {
		.arena = arena,
		.base = base,
		.items = arena_alloc(arena, most, sizeof(*lines.items)),
	};
	int r = lines.items ? 0 : plan_no_memory(err);

	if (r == 0 && str_is_given(asked->l3_cache_schema)) {
		r = add_cache(&lines, asked->l3_cache_schema, err);
	}
	if (r == 0 && str_is_given(asked->mem_bw_schema)) {
		r = add_bandwidth(&lines, asked->mem_bw_schema, err);
	}
	if (r == 0) {
		r = add_schemata(&lines, &asked->schemata, err);
	}
	*ret_lines = (struct host_rdt_lines){lines.items, lines.count};
	return r;
}

/* "/" is the default group; without a name the container has one of its own. */
static int name_group(struct plan_work *work, struct host_rdt *rdt, struct berth_error *err)
{
	const struct spec_intel_rdt *asked = &work->spec->linux_section.intel_rdt;

	rdt->is_shared = str_is_given(asked->clos_id);
	rdt->pointer = rdt->is_shared ? "/linux/intelRdt/closID" : "/linux/intelRdt";
	if (rdt->is_shared && str_is_equal(asked->clos_id, "/")) {
		rdt->group = "";
		return 0;
	}
	rdt->group = rdt->is_shared ? asked->clos_id : work->request->id;
	if (!rdt->group || !is_name(rdt->group)) {
		return error_field(err, BERTH_ERROR_CONFIG, rdt->pointer,
			"\"%.64s\" is no name for a resctrl group", rdt->group ? rdt->group : "");
	}
	return 0;
}

int plan_rdt(struct plan_work *work, struct berth_error *err)
{
	const struct spec_intel_rdt *asked = &work->spec->linux_section.intel_rdt;
	struct host_rdt *rdt;
	int r;

	if (!asked->is_present) {
		return 0;
	}
	rdt = arena_alloc(work->arena, 1, sizeof(*rdt));
	if (!rdt) {
		return plan_no_memory(err);
	}
	rdt->mount_point = work->facts->resctrl;
	rdt->monitor = asked->enable_monitoring ? work->request->id : NULL;
	r = name_group(work, rdt, err);
	if (r == 0) {
		r = plan_rdt_lines(asked, "/linux/intelRdt", work->arena, &rdt->lines, err);
	}
	rdt->is_required = rdt->is_shared && rdt->group && rdt->group[0] && rdt->lines.count == 0;
	work->plan->host.rdt = rdt;
	if (r == 0 && !rdt->mount_point) {
		r = error_field(err, BERTH_ERROR_UNSUPPORTED, "/linux/intelRdt",
			"no resctrl file system is mounted on this host");
	}
	return r;
}
