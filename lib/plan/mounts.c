/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/mount.h"

#include "base/str.h"

/* Files of procfs that lxcfs(1) and the like bind over; none of them can be written to any effect.
 * */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

int plan_check_proc(const char *target, bool is_procfs, bool is_bind, const char *pointer,
	struct berth_error *err)
{
	if (str_is_equal(target, "/proc")) {
		return is_procfs
			       ? 0
			       : error_field(err, BERTH_ERROR_CONFIG, pointer,
					 "\"%s\" cannot be mounted because it is not of type proc",
					 target);
	}
	if (!plan_path_is_below(target, "/proc")) {
		return 0;
	}
	for (size_t i = 0; is_bind && i < ARRAY_COUNT(proc_files); i++) {
		if (str_is_equal(target, proc_files[i])) {
			return 0;
		}
	}
	return error_field(err, BERTH_ERROR_CONFIG, pointer,
		"\"%s\" cannot be mounted because it is inside /proc", target);
}

struct boot_mount *plan_mounts_next(struct plan_work *work, const struct plan_mount *mount)
{
	struct boot_mounts *mounts = &work->plan->boot.mounts;
	struct boot_mount *next = &mounts->items[mounts->count++];

	*next = (struct boot_mount){
		.pointer = mount->pointer,
		.target = mount->target,
		.attr_set = mount->options.attr.set,
		.attr_clear = mount->options.attr.clear,
		.tree_set = mount->options.tree.set,
		.tree_clear = mount->options.tree.clear,
		.propagation = mount->options.propagation,
		.is_propagation_recursive = mount->options.is_propagation_recursive,
	};
	return next;
}

void plan_mounts_make_fs(struct boot_mount *next, const char *fstype, const char *source)
{
	next->kind = BOOT_MOUNT_FS;
	next->fstype = fstype;
	next->source = source;
	next->attr_set = (next->attr_set & ~next->tree_clear) | next->tree_set;
	next->attr_clear = 0;
	next->tree_set = 0;
	next->tree_clear = 0;
}

static const char *type_of(const struct spec_mount *asked)
{
	return asked->type ? asked->type : "";
}

static bool is_idmapped(const struct plan_mount *mount)
{
	return mount->options.idmap || mount->asked->uid_mappings.count > 0 ||
	       mount->asked->gid_mappings.count > 0;
}

/* What is the file system's own: it would change for all who use it. Of the flags that mount(2) ignores there, a
 * note. */
static int check_bind_data(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const struct plan_options *options = &mount->options;

	for (size_t i = 0; i < options->data.count; i++) {
		const char *text = options->data.items[i];
		const char *pointer = arena_printf(
			work->arena, "%s/options/%u", mount->pointer, options->data_origins[i]);

		if (!pointer) {
			return plan_no_memory(err);
		}
		if (!plan_option_is_flag(text)) {
			return error_field(err, BERTH_ERROR_CONFIG, pointer,
				"a bind mount cannot have the file system option \"%s\"", text);
		}
		log_note(&work->plan->notes, work->arena,
			"%s: \"%s\" has no effect on a bind mount", pointer, text);
	}
	return 0;
}

static int plan_bind(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const struct spec_mount *asked = mount->asked;
	const struct plan_options *options = &mount->options;
	const char *source;
	struct boot_mount *next;
	int r;

	if (!asked->source || asked->source[0] == '\0') {
		return error_field(
			err, BERTH_ERROR_CONFIG, mount->pointer, "a bind mount needs a source");
	}
	r = check_bind_data(work, mount, err);
	if (r < 0) {
		return r;
	}
	source = plan_path_on_host(work->arena, work->request->bundle, asked->source);
	if (!source) {
		return plan_no_memory(err);
	}
	next = plan_mounts_next(work, mount);
	next->kind = BOOT_MOUNT_BIND;
	next->source = source;
	next->flags = options->flags | (options->is_recursive ? BOOT_MOUNT_RECURSIVE : 0);
	next->flags |= str_is_equal(mount->target, "/proc") ? BOOT_MOUNT_STRICT : 0;
	return is_idmapped(mount) ? plan_idmap_mount(work, mount, err) : 0;
}

/* An id in an option is one of the container, and the kernel refuses an unmapped one without saying
 * which option it was. What is no plain number is left to the file system. */
static int check_id_option(struct plan_work *work, const struct plan_mount *mount, const char *key,
	enum plan_ids kind, struct berth_error *err)
{
	size_t place = 0;
	const char *value = plan_options_value(&mount->options, key, &place);
	uint32_t id;

	if (!value || str_to_u32(value, &id) < 0 || plan_is_mapped(work, kind, id)) {
		return 0;
	}
	return error_field(err, BERTH_ERROR_CONFIG,
		arena_printf(work->arena, "%s/options/%u", mount->pointer,
			mount->options.data_origins[place]),
		"mount option \"%s=%s\": %s %s is not mapped in the user namespace", key, value,
		key, value);
}

static int check_ids(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	const char *type = mount->asked->type;
	int r;

	if (!str_is_equal(type, "tmpfs") && !str_is_equal(type, "devpts")) {
		return 0;
	}
	r = check_id_option(work, mount, "uid", PLAN_UIDS, err);
	if (r == 0) {
		r = check_id_option(work, mount, "gid", PLAN_GIDS, err);
	}
	return r;
}

static uint32_t copy_up_flags(const struct plan_options *options)
{
	bool has_owner = plan_options_value(options, "uid", NULL) ||
			 plan_options_value(options, "gid", NULL);

	if (!options->tmpcopyup) {
		return 0;
	}
	return has_owner ? BOOT_MOUNT_COPY_UP : BOOT_MOUNT_COPY_UP | BOOT_MOUNT_COPY_OWNER;
}

/* What is peculiar to a type of file system. */
static uint32_t type_flags(const struct plan_mount *mount, uint64_t attr_set)
{
	const char *type = mount->asked->type;
	uint32_t flags = 0;

	if (str_is_equal(type, "proc") || str_is_equal(type, "sysfs")) {
		return BOOT_MOUNT_STRICT;
	}
	if (str_is_equal(type, "tmpfs")) {
		/* Mount points may have to be made in it by later mounts. */
		flags |= attr_set & MOUNT_ATTR_RDONLY ? BOOT_MOUNT_RO_LAST : 0;
		flags |= plan_options_value(&mount->options, "mode", NULL) ? 0
									   : BOOT_MOUNT_COPY_MODE;
		flags |= copy_up_flags(&mount->options);
	}
	return flags;
}

static int plan_fs(struct plan_work *work, struct plan_mount *mount, struct berth_error *err)
{
	struct boot_mount *next;
	int r;

	if (str_is_equal(type_of(mount->asked), "") || str_is_equal(mount->asked->type, "none")) {
		return error_field(err, BERTH_ERROR_CONFIG, mount->pointer,
			"a mount that is no bind mount needs a type");
	}
	r = check_ids(work, mount, err);
	if (r == 0 && str_is_equal(mount->asked->type, "overlay")) {
		r = plan_overlay_layers(work, &mount->options, err);
	}
	if (r < 0) {
		return r;
	}
	next = plan_mounts_next(work, mount);
	plan_mounts_make_fs(next, mount->asked->type, mount->asked->source);
	next->options = mount->options.data;
	next->origins = (struct wire_u32s){mount->options.data_origins, mount->options.data.count};
	next->flags = type_flags(mount, next->attr_set) |
		      (mount->options.flags & BOOT_MOUNT_TARGET_NOFOLLOW);
	return plan_label_mount(work, next, err);
}

/* What is asked for and has no effect on a mount of this kind. */
static void note_idle(struct plan_work *work, const struct plan_mount *mount)
{
	if (mount->options.tmpcopyup &&
		(mount->options.is_bind || !str_is_equal(type_of(mount->asked), "tmpfs"))) {
		log_note(&work->plan->notes, work->arena,
			"%s: \"tmpcopyup\" has an effect on tmpfs alone", mount->options.tmpcopyup);
	}
}

/* What a link is to be, where there is none. */
static void note_link(struct plan_work *work, const struct plan_mount *mount)
{
	if (mount->options.flags & (BOOT_MOUNT_COPY_LINK | BOOT_MOUNT_SOURCE_NOFOLLOW)) {
		log_note(&work->plan->notes, work->arena,
			"%s: \"copy-symlink\" and \"src-nofollow\" have an effect on bind mounts alone",
			mount->pointer);
	}
}

static int plan_one(struct plan_work *work, const struct spec_mount *asked, size_t index,
	struct berth_error *err)
{
	struct plan_mount mount = {
		.asked = asked,
		.pointer = arena_printf(work->arena, "/mounts/%zu", index),
	};
	bool is_procfs = str_is_equal(type_of(asked), "proc");
	int r;

	if (!mount.pointer) {
		return plan_no_memory(err);
	}
	if (!asked->destination || asked->destination[0] == '\0') {
		return error_field(err, BERTH_ERROR_CONFIG, mount.pointer, "has no destination");
	}
	if (asked->destination[0] != '/') {
		log_note(&work->plan->notes, work->arena,
			"%s/destination: \"%s\" is relative, which is deprecated: it begins at \"/\"",
			mount.pointer, asked->destination);
	}
	mount.target = plan_path_inside(work->arena, asked->destination);
	if (!mount.target) {
		return plan_no_memory(err);
	}
	r = plan_options_parse(&asked->options, mount.pointer, work->arena, &work->plan->notes,
		&mount.options, err);
	if (r < 0) {
		return r;
	}
	if (str_is_equal(type_of(asked), "bind")) {
		mount.options.is_bind = true;
	}
	if (mount.options.is_bind) {
		is_procfs = asked->source && str_is_equal(asked->source, "/proc");
	}
	r = plan_check_proc(mount.target, is_procfs, mount.options.is_bind,
		arena_printf(work->arena, "%s/destination", mount.pointer), err);
	if (r < 0) {
		return r;
	}
	note_idle(work, &mount);
	if (mount.options.is_bind) {
		return plan_bind(work, &mount, err);
	}
	note_link(work, &mount);
	if (is_idmapped(&mount)) {
		return error_field(err, BERTH_ERROR_CONFIG,
			mount.options.idmap ? mount.options.idmap : mount.pointer,
			"only a bind mount can have mapped ids");
	}
	if (mount.options.remount) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, mount.options.remount,
			"mount option \"remount\" is supported on bind mounts only");
	}
	if (plan_is_cgroup_mount(asked)) {
		return plan_cgroup_mount(work, &mount, err);
	}
	return plan_fs(work, &mount, err);
}

enum { SOURCES_MANY = 256 }; /* more of them could be more than there may be descriptors */

/* Where the mount namespace is not the container's own there is no way to another one and back. */
static void mark_many(struct plan_work *work)
{
	struct boot *boot = &work->plan->boot;
	size_t count = 0;

	for (size_t i = 0; i < boot->mounts.count; i++) {
		count += boot->mounts.items[i].kind == BOOT_MOUNT_BIND;
	}
	if (count > SOURCES_MANY && plan_creates(work, CLONE_NEWNS) && !(boot->flags & BOOT_LIVE)) {
		boot->flags |= BOOT_MANY_SOURCES;
	}
}

int plan_mounts(struct plan_work *work, struct berth_error *err)
{
	const struct spec_mounts *asked = &work->spec->mounts;
	struct boot_mounts *mounts = &work->plan->boot.mounts;
	struct host_idmaps *idmaps = &work->plan->host.idmaps;
	size_t max = plan_cgroup_mount_max(work->facts);

	if (asked->count >= SIZE_MAX / max) {
		return plan_no_memory(err);
	}
	/* And one for plan_notify(). */
	mounts->items = arena_alloc(work->arena, asked->count * max + 1, sizeof(*mounts->items));
	idmaps->items = arena_alloc(work->arena, asked->count, sizeof(*idmaps->items));
	if (!mounts->items || !idmaps->items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->count; i++) {
		int r = plan_one(work, &asked->items[i], i, err);

		if (r < 0) {
			return r;
		}
	}
	mark_many(work);
	return 0;
}
