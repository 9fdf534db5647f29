/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's unit of systemd (systemd.scope(5), systemd.resource-control(5)).
 *
 * systemd writes the files of the cgroups that it makes again whenever it likes, at a daemon-reload for one: so
 * every limit that it has a property for is given to it as well, and the file is only written after it. What it
 * has none for it leaves alone, as the unit is delegated. The device filter is berth's alone: with a list of its
 * own systemd would have one more, with the defaults of another time.
 */
#include "plan/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum {
	UNIT_NAME_MAX = 255,
	UNIT_PROPERTIES_MAX = 48, /* of berth's own */
	SET_BITS_MAX = 8192,      /* CPUs, memory nodes */
	SECOND_US = 1000000,
	TASKS_EARLY_MIN =
		16, /* berth-init needs fewer; of the least that systemd takes, 1, it would be refused */
};

static const char tasks_max[] = "TasksMax";
static const char subgroup_annotation[] = "run.oci.systemd.subgroup";
static const char delegate_annotation[] = "run.oci.delegate-cgroup";

struct unit {
	struct plan_work *work;
	struct host_unit *unit;
	struct host_unit_property *properties;
	struct berth_error *err;
	int status; /* the first failure; later calls do nothing */
};

static struct host_unit_property *next(struct unit *unit, const char *name, int type)
{
	struct host_unit_property *property = &unit->properties[unit->unit->property_count++];

	*property = (struct host_unit_property){.name = name, .type = type};
	return property;
}

static void put_number(struct unit *unit, const char *name, int type, uint64_t number)
{
	next(unit, name, type)->number = number;
}

static void put_text(struct unit *unit, const char *name, const char *text)
{
	const char **texts = arena_alloc(unit->work->arena, 1, sizeof(*texts));
	struct host_unit_property *property;

	if (!texts || !text) {
		unit->status = plan_no_memory(unit->err);
		return;
	}
	*texts = text;
	property = next(unit, name, HOST_UNIT_STRING);
	property->texts = texts;
	property->count = 1;
}

static void put_texts(struct unit *unit, const char *name, const char *text)
{
	put_text(unit, name, text);
	if (unit->status == 0) {
		unit->properties[unit->unit->property_count - 1].type = HOST_UNIT_STRINGS;
	}
}

/* "max" or a number. */
static uint64_t number_of(const char *value)
{
	uint64_t number = UINT64_MAX;

	return str_is_equal(value, "max") || str_to_u64(value, &number) < 0 ? UINT64_MAX : number;
}

/* "0-3,5" as bits, the lowest first. */
static void put_set(struct unit *unit, const char *name, const char *list)
{
	uint8_t *bytes = arena_alloc(unit->work->arena, SET_BITS_MAX / 8, 1);
	struct host_unit_property *property;
	size_t count = 0;

	if (!bytes) {
		unit->status = plan_no_memory(unit->err);
		return;
	}
	list += strspn(list, ", ");
	while (list && *list) {
		unsigned int first;
		unsigned int last;

		list = plan_list_range(list, &first, &last);
		for (unsigned int bit = first; list && bit <= last && bit < SET_BITS_MAX; bit++) {
			bytes[bit / 8] |= (uint8_t)(1U << bit % 8);
			count = bit / 8 + 1 > count ? bit / 8 + 1 : count;
		}
	}
	property = next(unit, name, HOST_UNIT_BYTES);
	property->bytes = bytes;
	property->count = count;
}

/* "QUOTA PERIOD": systemd has the quota in microseconds of each second. */
static void put_cpu_max(struct unit *unit, const char *value)
{
	char *end;
	uint64_t quota_us = strtoull(value, &end, 10);
	uint64_t period_us = 0;
	bool is_unlimited = end == value;

	if (str_to_u64(value + strcspn(value, " ") + (strchr(value, ' ') != NULL), &period_us) <
		0) {
		period_us = 0;
	}
	if (!is_unlimited && period_us > 0) {
		/* Rounded up to what systemd can have: ten milliseconds of a second. */
		quota_us = (quota_us * SECOND_US + period_us - 1) / period_us;
		quota_us = (quota_us + 9999) / 10000 * 10000;
	}
	put_number(unit, "CPUQuotaPerSecUSec", HOST_UNIT_U64, is_unlimited ? UINT64_MAX : quota_us);
	if (period_us > 0) {
		put_number(unit, "CPUQuotaPeriodUSec", HOST_UNIT_U64, period_us);
	}
}

/* Files of version 2 whose value is a number, or "max". */
static const struct {
	const char *file, *name;
} number_files[] = {
	{"memory.max", "MemoryMax"},
	{"memory.high", "MemoryHigh"},
	{"memory.low", "MemoryLow"},
	{"memory.min", "MemoryMin"},
	{"memory.swap.max", "MemorySwapMax"},
	{"cpu.weight", "CPUWeight"},
};

/* A small limit holds berth-init up while it counts; and 0 is none that systemd takes. */
static void put_tasks(struct unit *unit, uint64_t limit)
{
	struct host_unit_property *late;

	limit = limit > 0 ? limit : 1;
	if (limit >= TASKS_EARLY_MIN || unit->work->is_update) {
		put_number(unit, tasks_max, HOST_UNIT_U64, limit);
		return;
	}
	late = arena_alloc(unit->work->arena, 1, sizeof(*late));
	if (!late) {
		unit->status = plan_no_memory(unit->err);
		return;
	}
	*late = (struct host_unit_property){
		.name = tasks_max, .type = HOST_UNIT_U64, .number = limit};
	unit->unit->late = late;
}

static void put_write(struct unit *unit, const struct host_cgroup_write *write)
{
	if (write->flags & HOST_CGROUP_FOR_UNDO) {
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(number_files); i++) {
		if (str_is_equal(write->file, number_files[i].file)) {
			put_number(
				unit, number_files[i].name, HOST_UNIT_U64, number_of(write->value));
		}
	}
	if (str_is_equal(write->file, "pids.max")) {
		put_tasks(unit, number_of(write->value));
	} else if (str_is_equal(write->file, "cpu.max")) {
		put_cpu_max(unit, write->value);
	} else if (str_is_equal(write->file, "cpu.idle") && str_is_equal(write->value, "1")) {
		/* The weight that means idle (CGROUP_WEIGHT_IDLE of systemd's interface). */
		put_number(unit, "CPUWeight", HOST_UNIT_U64, 0);
	} else if (str_is_equal(write->file, "cpuset.cpus")) {
		put_set(unit, "AllowedCPUs", write->value);
	} else if (str_is_equal(write->file, "cpuset.mems")) {
		put_set(unit, "AllowedMemoryNodes", write->value);
	}
}

/* A character that a unit's name may not have becomes \xNN, as systemd-escape(1) does it. */
static const char *escape_name(struct arena *arena, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:_.-";
	char buffer[UNIT_NAME_MAX + 1];
	struct strbuf buf;

	strbuf_init(&buf, buffer, sizeof(buffer));
	for (; *text; text++) {
		if (strchr(allowed, *text)) {
			strbuf_add_bytes(&buf, text, 1);
		} else {
			strbuf_printf(&buf, "\\x%02x", (unsigned int)(unsigned char)*text);
		}
	}
	return arena_copy(arena, buffer, buf.length);
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t size = strlen(suffix);

	return length > size && strcmp(text + length - size, suffix) == 0;
}

/* The three parts of cgroupsPath. */
struct parts {
	const char *slice, *head, *name;
};

static int read_parts(
	struct plan_work *work, const char *asked, struct parts *parts, struct berth_error *err)
{
	size_t first = strcspn(asked, ":");
	size_t second = asked[first] ? strcspn(asked + first + 1, ":") : 0;
	const char *rest = asked + first + (asked[first] ? 1 + second : 0);

	if (*rest != ':' || rest[1] == '\0' || strchr(rest + 1, ':') || strchr(asked, '/')) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/cgroupsPath",
			"is not SLICE:PREFIX:NAME, as the cgroup manager systemd needs it: \"%s\"",
			asked);
	}
	if (first > 0) {
		parts->slice = arena_copy(work->arena, asked, first);
	}
	parts->head = arena_copy(work->arena, asked + first + 1, second);
	parts->name = rest + 1;
	if (!parts->slice || !parts->head) {
		return plan_no_memory(err);
	}
	return has_suffix(parts->slice, ".slice")
		       ? 0
		       : error_field(err, BERTH_ERROR_CONFIG, "/linux/cgroupsPath",
				 "has a slice that does not end in \".slice\": \"%s\"",
				 parts->slice);
}

/* "a-b.slice" is in "a.slice", and "-.slice" is the root (systemd.slice(5)): the path with a slash in front. NULL
 * when there is no memory. */
static const char *slice_path(struct arena *arena, const char *slice)
{
	const char *path = "";

	for (size_t i = 0; path && slice[i] && slice[i] != '.'; i++) {
		if (slice[i] == '-' && i > 0) {
			path = arena_printf(arena, "%s/%.*s.slice", path, (int)i, slice);
		}
	}
	return path && !str_is_equal(slice, "-.slice") ? arena_printf(arena, "%s/%s", path, slice)
						       : path;
}

/* The cgroup of the user's manager, "/user.slice/user-1000.slice/user@1000.service": this process is in it, or in a
 * session beside it. */
static const char *user_root(const struct plan_work *work)
{
	static const char slice[] = "/user.slice/user-";
	const char *own = "";
	uint32_t uid = work->facts->euid;
	const char *found;

	for (size_t i = 0; i < work->facts->hierarchy_count; i++) {
		if (work->facts->hierarchies[i].is_v2) {
			own = work->facts->hierarchies[i].own_path;
		}
	}
	found = strstr(own, "/user@");
	if (found) {
		int length = (int)(found - own) + 1 + (int)strcspn(found + 1, "/");

		return arena_printf(work->arena, "%.*s", length, own);
	}
	if (str_has_prefix(own, slice)) {
		/* In a user namespace the manager's user is another one than this process's. */
		uid = (uint32_t)strtoul(own + strlen(slice), NULL, 10);
	}
	return arena_printf(work->arena, "%s%u.slice/user@%u.service", slice, uid, uid);
}

/* An annotation that names a cgroup; without it, and when it is empty, there is none. */
static int read_name(const struct plan_work *work, const char *annotation, const char **ret_name,
	struct berth_error *err)
{
	const char *asked = plan_annotation(work->spec, annotation);

	if (!asked || asked[0] == '\0') {
		return 0;
	}
	if (strchr(asked, '/') || str_is_equal(asked, ".") || str_is_equal(asked, "..") ||
		strlen(asked) > UNIT_NAME_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "/annotations/%s", annotation),
			"is not the name of a cgroup: \"%s\"", asked);
	}
	*ret_name = asked;
	return 0;
}

/* The id on the host of a user namespace's root. */
static bool find_root(const struct spec_mappings *mappings, uint32_t *ret_id)
{
	for (size_t i = 0; i < mappings->count; i++) {
		if (mappings->items[i].container_id == 0) {
			*ret_id = mappings->items[i].host_id;
			return true;
		}
	}
	return false;
}

/* The annotations of crun. */
static int read_cgroups(
	const struct plan_work *work, struct host_unit *unit, struct berth_error *err)
{
	const struct spec_linux *linux_section = &work->spec->linux_section;
	int r = read_name(work, subgroup_annotation, &unit->subgroup, err);

	if (r == 0) {
		r = read_name(work, delegate_annotation, &unit->delegated, err);
	}
	unit->has_owner = find_root(&linux_section->uid_mappings, &unit->owner_uid) &&
			  find_root(&linux_section->gid_mappings, &unit->owner_gid);
	return r;
}

int plan_unit_place(struct plan_work *work, struct host_cgroup_dir *dir, struct berth_error *err)
{
	const char *asked = work->spec->linux_section.cgroups_path;
	struct host_unit *unit = arena_alloc(work->arena, 1, sizeof(*unit));
	struct parts parts = {
		.head = "berth", .name = work->request->id ? work->request->id : "ID"};
	const char *way;
	int r = 0;

	if (!unit) {
		return plan_no_memory(err);
	}
	unit->is_user = plan_cgroup_is_rootless(work);
	parts.slice = unit->is_user ? "user.slice" : "system.slice";
	if (asked && asked[0] != '\0') {
		work->plan->host.cgroup.pointer = "/linux/cgroupsPath";
		r = read_parts(work, asked, &parts, err);
	}
	if (r < 0) {
		return r;
	}
	unit->slice = parts.slice;
	unit->is_slice = has_suffix(parts.name, ".slice");
	unit->name = escape_name(work->arena, parts.name);
	if (unit->name && !unit->is_slice) {
		unit->name = arena_printf(work->arena, "%s%s%s.scope", parts.head,
			*parts.head ? "-" : "", unit->name);
	}
	if (r == 0) {
		r = read_cgroups(work, unit, err);
	}
	if (r < 0) {
		return r;
	}
	way = unit->name ? slice_path(work->arena, unit->is_slice ? unit->name : unit->slice)
			 : NULL;
	if (way) {
		dir->path = arena_printf(work->arena, "%s%s%s%s%s%s",
			unit->is_user ? user_root(work) : "", way, unit->is_slice ? "" : "/",
			unit->is_slice ? "" : unit->name, unit->subgroup ? "/" : "",
			unit->subgroup ? unit->subgroup : "");
	}
	if (!dir->path) {
		return plan_no_memory(err);
	}
	work->plan->host.cgroup.unit = unit;
	return strlen(unit->name) <= UNIT_NAME_MAX
		       ? 0
		       : error_field(err, BERTH_ERROR_CONFIG, work->plan->host.cgroup.pointer,
				 "the unit's name is longer than %d bytes", UNIT_NAME_MAX);
}

/* Those controllers that systemd has no properties for, where the config asks for something of theirs. */
static const char *other_controllers(const struct plan_work *work)
{
	static const char *const others[] = {"hugetlb", "rdma", "misc"};
	const struct host_cgroup *cgroup = &work->plan->host.cgroup;
	const char *list = "";

	for (size_t i = 0; list && i < ARRAY_COUNT(others); i++) {
		for (size_t j = 0; list && j < cgroup->write_count; j++) {
			const char *file = cgroup->writes[j].file;

			if (str_has_prefix(file, others[i]) && file[strlen(others[i])] == '.') {
				list = arena_printf(
					work->arena, "%s%s%s", list, *list ? "," : "", others[i]);
				break;
			}
		}
	}
	return list;
}

static void put_base(struct unit *unit)
{
	const char *slice = unit->unit->slice;
	const char *id = unit->work->request->id;

	put_text(unit, "Description",
		arena_printf(unit->work->arena, "berth container %s", id ? id : "ID"));
	if (unit->unit->is_slice) {
		put_texts(unit, "Wants", slice);
	} else {
		put_text(unit, "Slice", slice);
		put_number(unit, "Delegate", HOST_UNIT_BOOL, 1);
		/* One that has failed is not kept: its name is free again. */
		put_text(unit, "CollectMode", "inactive-or-failed");
	}
	put_number(unit, "DefaultDependencies", HOST_UNIT_BOOL, 0);
	put_number(unit, "MemoryAccounting", HOST_UNIT_BOOL, 1);
	put_number(unit, "CPUAccounting", HOST_UNIT_BOOL, 1);
	put_number(unit, "IOAccounting", HOST_UNIT_BOOL, 1);
	put_number(unit, "TasksAccounting", HOST_UNIT_BOOL, 1);
}

/* What the config says of the unit by name comes last, and so it wins. */
static int put_annotations(struct unit *unit)
{
	const struct spec_annotations *asked = &unit->work->spec->annotations;
	int r = 0;

	for (size_t i = 0; r == 0 && i < asked->count; i++) {
		if (plan_property_is(&asked->items[i])) {
			r = plan_property_read(&asked->items[i], unit->work->arena,
				&unit->properties[unit->unit->property_count++], unit->err);
		}
	}
	return r;
}

/* `planned` with room for its properties; those of the writes come last. */
static int begin(struct plan_work *work, struct host_unit *planned, struct unit *ret_unit,
	struct berth_error *err)
{
	size_t most = UNIT_PROPERTIES_MAX + 2 * work->plan->host.cgroup.write_count +
		      work->spec->annotations.count;

	*ret_unit = (struct unit){
		.work = work,
		.unit = planned,
		.properties = arena_alloc(work->arena, most, sizeof(*ret_unit->properties)),
		.err = err,
	};
	if (!planned || !ret_unit->properties) {
		return plan_no_memory(err);
	}
	planned->properties = ret_unit->properties;
	return 0;
}

static int put_writes(struct unit *unit)
{
	const struct host_cgroup *cgroup = &unit->work->plan->host.cgroup;

	for (size_t i = 0; unit->status == 0 && i < cgroup->write_count; i++) {
		put_write(unit, &cgroup->writes[i]);
	}
	return unit->status;
}

int plan_unit_fill(struct plan_work *work, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	struct host_unit *planned = arena_alloc(work->arena, 1, sizeof(*planned));
	struct unit unit;
	int r;

	if (planned) {
		*planned = *cgroup->unit;
		planned->controllers = cgroup->dirs[0].controllers;
		planned->other_controllers = other_controllers(work);
	}
	r = begin(work, planned && planned->other_controllers ? planned : NULL, &unit, err);
	if (r == 0) {
		put_base(&unit);
		r = put_writes(&unit);
	}
	if (r == 0) {
		r = put_annotations(&unit);
	}
	cgroup->unit = planned;
	return r;
}

int plan_unit_update(struct plan_work *work, const char *name, struct berth_error *err)
{
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	struct host_unit *planned = arena_alloc(work->arena, 1, sizeof(*planned));
	struct unit unit;
	int r = begin(work, planned, &unit, err);

	if (r == 0) {
		planned->name = name;
		r = put_writes(&unit);
		cgroup->unit = planned;
	}
	return r;
}
