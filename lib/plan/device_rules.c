/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices as a filter: everything is denied or everything is allowed, but for exceptions.
 *
 * The entries of the config are applied in their order to "deny all", with which every container begins
 * (an empty list allows nothing: GHSA-g54h-m393-cpwq). An entry that takes a part out of a wider exception
 * has no equivalent in version 1, which would ignore it: it is refused on every host.
 */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

static const char config_pointer[] = "/linux/resources/devices";
static const char update_pointer[] = "/devices";

/* What every container may use, as engines expect: making any node, and the default devices. The
 * console is a pty (136). */
static const struct host_device_rule default_rules[] = {
	{.is_block = false, .major = -1, .minor = -1, .access = HOST_DEVICE_MKNOD},
	{.is_block = true, .major = -1, .minor = -1, .access = HOST_DEVICE_MKNOD},
	{.major = 1, .minor = 3, .access = HOST_DEVICE_ALL},    /* null */
	{.major = 1, .minor = 5, .access = HOST_DEVICE_ALL},    /* zero */
	{.major = 1, .minor = 7, .access = HOST_DEVICE_ALL},    /* full */
	{.major = 1, .minor = 8, .access = HOST_DEVICE_ALL},    /* random */
	{.major = 1, .minor = 9, .access = HOST_DEVICE_ALL},    /* urandom */
	{.major = 5, .minor = 0, .access = HOST_DEVICE_ALL},    /* tty */
	{.major = 5, .minor = 2, .access = HOST_DEVICE_ALL},    /* ptmx */
	{.major = 136, .minor = -1, .access = HOST_DEVICE_ALL}, /* pts */
};

struct filter {
	struct host_device_rule *rules;
	size_t count;
	bool is_allowed;
};

static bool covers(int64_t wide, int64_t narrow)
{
	return wide == -1 || wide == narrow;
}

static bool overlaps(int64_t a, int64_t b)
{
	return a == -1 || b == -1 || a == b;
}

static void filter_add(struct filter *filter, const struct host_device_rule *rule)
{
	for (size_t i = 0; i < filter->count; i++) {
		struct host_device_rule *old = &filter->rules[i];

		if (old->is_block == rule->is_block && old->major == rule->major &&
			old->minor == rule->minor) {
			old->access |= rule->access;
			return;
		}
	}
	filter->rules[filter->count++] = *rule;
}

static int filter_remove(
	struct filter *filter, const struct host_device_rule *rule, struct berth_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < filter->count; i++) {
		struct host_device_rule old = filter->rules[i];

		if (old.is_block == rule->is_block && covers(rule->major, old.major) &&
			covers(rule->minor, old.minor)) {
			old.access &= ~rule->access;
		} else if (old.is_block == rule->is_block && overlaps(rule->major, old.major) &&
			   overlaps(rule->minor, old.minor) && (old.access & rule->access) != 0) {
			return error_field(err, BERTH_ERROR_UNSUPPORTED, rule->pointer,
				"takes a part out of a wider rule (%s), which no device filter of "
				"version 1 can express",
				old.pointer);
		}
		if (old.access != 0) {
			filter->rules[kept++] = old;
		}
	}
	filter->count = kept;
	return 0;
}

static int read_access(
	const char *text, const char *pointer, uint32_t *ret_access, struct berth_error *err)
{
	static const char letters[] = "mrw";
	uint32_t access = 0;

	for (const char *c = text ? text : ""; *c; c++) {
		const char *letter = strchr(letters, *c);

		if (!letter) {
			return error_field(err, BERTH_ERROR_CONFIG, pointer,
				"access is made of r, w and m, is \"%s\"", text);
		}
		access |= 1U << (letter - letters);
	}
	*ret_access = access;
	return 0;
}

static int read_number(bool is_present, int64_t value, int64_t most, const char *pointer,
	int64_t *ret_number, struct berth_error *err)
{
	if (!is_present) {
		value = -1;
	}
	if (value < -1 || value > most) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"%lld is no number of a device, nor -1 for any", (long long)value);
	}
	*ret_number = value;
	return 0;
}

static int read_rule(const struct spec_device_rule *asked, const char *pointer,
	struct host_device_rule *ret_rule, struct berth_error *err)
{
	struct host_device_rule rule = {.pointer = pointer};
	int r = read_access(asked->access, pointer, &rule.access, err);

	if (r == 0) {
		r = read_number(
			asked->has_major, asked->major, UINT32_MAX, pointer, &rule.major, err);
	}
	if (r == 0) {
		r = read_number(
			asked->has_minor, asked->minor, UINT32_MAX, pointer, &rule.minor, err);
	}
	if (r == 0) {
		*ret_rule = rule;
	}
	return r;
}

/* One rule for one kind of device. An exception is what differs from the default. */
static int filter_apply(struct filter *filter, const struct host_device_rule *rule, bool is_allowed,
	struct berth_error *err)
{
	if (is_allowed == filter->is_allowed) {
		return filter_remove(filter, rule, err);
	}
	filter_add(filter, rule);
	return 0;
}

static int apply_asked(struct filter *filter, const struct spec_device_rule *asked,
	const char *pointer, struct berth_error *err)
{
	bool is_any = !asked->type || asked->type[0] == '\0' || str_is_equal(asked->type, "a");
	bool is_block = asked->type && str_is_equal(asked->type, "b");
	struct host_device_rule rule = {0};
	int r = read_rule(asked, pointer, &rule, err);

	if (r < 0) {
		return r;
	}
	if (!is_any && !is_block && !str_is_equal(asked->type, "c")) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"type must be a, b or c, is \"%s\"", asked->type);
	}
	if (is_any && rule.major == -1 && rule.minor == -1 &&
		(rule.access == HOST_DEVICE_ALL || (rule.access == 0 && !asked->allow))) {
		filter->is_allowed = asked->allow;
		filter->count = 0;
		return 0;
	}
	if (rule.access == 0) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer, "needs an access");
	}
	rule.is_block = is_block;
	r = filter_apply(filter, &rule, asked->allow, err);
	if (r == 0 && is_any) {
		rule.is_block = true;
		r = filter_apply(filter, &rule, asked->allow, err);
	}
	return r;
}

/* After the config's own, as engines expect; but what is denied by name to a container that may use all
 * others stays denied. */
static void add_defaults(struct filter *filter, const char *pointer)
{
	for (size_t i = 0; !filter->is_allowed && i < ARRAY_COUNT(default_rules); i++) {
		struct host_device_rule rule = default_rules[i];

		rule.is_default = true;
		rule.pointer = pointer;
		filter_add(filter, &rule);
	}
}

static int make_filter(
	struct plan_work *work, const char *base, struct filter *filter, struct berth_error *err)
{
	const struct spec_device_rules *asked = &work->spec->linux_section.resources.devices;

	filter->rules = arena_alloc(
		work->arena, 2 * asked->count + ARRAY_COUNT(default_rules), sizeof(*filter->rules));
	if (!filter->rules) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->count; i++) {
		const char *pointer = arena_printf(work->arena, "%s/%zu", base, i);
		int r = pointer ? apply_asked(filter, &asked->items[i], pointer, err)
				: plan_no_memory(err);

		if (r < 0) {
			return r;
		}
	}
	add_defaults(filter, base);
	return 0;
}

/* The directory that enforces the filter: that of the controller of version 1, else version 2. */
static int find_dir(const struct host_cgroup *cgroup)
{
	int dir = plan_cgroup_find(cgroup, "devices");

	for (size_t i = 0; dir < 0 && i < cgroup->dir_count; i++) {
		dir = cgroup->dirs[i].is_v2 ? (int)i : -1;
	}
	return dir;
}

/* Who is not root on the host may set no filter, and may use no device that the user may not. */
static const char *why_none(const struct plan_work *work)
{
	if (work->request->cgroups == PLAN_CGROUPS_DISABLED) {
		return "cgroups are disabled for this container";
	}
	return work->facts->euid != 0 || work->facts->is_userns
		       ? "only root of the host can set a device filter"
		       : NULL;
}

int plan_device_rules(struct plan_work *work, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	const struct spec_device_rules *asked = &work->spec->linux_section.resources.devices;
	const char *pointer = work->is_update ? update_pointer : config_pointer;
	struct filter filter = {0};
	int dir = find_dir(cgroup);
	const char *reason = why_none(work);
	int r = make_filter(work, pointer, &filter, err);

	if (r == 0 && reason && asked->count > 0) {
		log_note(
			&work->plan->notes, work->arena, "%s are not applied: %s", pointer, reason);
	}
	if (r < 0 || reason) {
		return r;
	}
	if (dir < 0) {
		return asked->count == 0 ? 0
					 : error_field(err, BERTH_ERROR_UNSUPPORTED, pointer,
						   "cannot be applied: %s (devices)",
						   plan_cgroup_missing(work));
	}
	cgroup->devices = (struct host_devices){
		.is_present = true,
		.dir = (size_t)dir,
		.is_allowed = filter.is_allowed,
		.rules = filter.rules,
		.count = filter.count,
		.pointer = pointer,
	};
	return 0;
}
