/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "plan/options.h"
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

/* The pieces of a text, a row each. */
static void write_pieces(
	struct plan_out *out, const char *label, const char *text, const char *separator)
{
	while (text && *text) {
		size_t length = strcspn(text, separator);

		plan_out_row(out, label, "%.*s", (int)length, text);
		text += length + (text[length] != '\0');
	}
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

static void write_property(
	struct plan_out *out, const char *label, const struct host_unit_property *property)
{
	plan_out_label(out, label);
	plan_out_add(out, "%s = %c", property->name, property->type);
	if (property->type == HOST_UNIT_DOUBLE) {
		plan_out_add(out, " %g", property->fraction);
	} else if (property->type == HOST_UNIT_BYTES) {
		for (size_t i = 0; i < property->count; i++) {
			plan_out_add(out, " %02x", property->bytes[i]);
		}
	} else if (!property->texts) {
		plan_out_add(out, " %llu", (unsigned long long)property->number);
	}
	for (size_t i = 0; property->texts && i < property->count; i++) {
		plan_out_add(out, " ");
		plan_out_quote(out, property->texts[i], true);
	}
	plan_out_add(out, "\n");
}

static void write_unit(struct plan_out *out, const struct host_unit *unit)
{
	plan_out_text(out, unit->is_user ? "user's unit" : "unit", unit->name);
	for (size_t i = 0; i < unit->property_count; i++) {
		write_property(out, "property", &unit->properties[i]);
	}
	if (unit->late) {
		write_property(out, "late property", unit->late);
	}
}

static void write_cgroup(struct plan_out *out, const struct host_cgroup *cgroup)
{
	if (cgroup->unit) {
		write_unit(out, cgroup->unit);
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

static void write_hooks(struct plan_out *out, const struct wire_hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++) {
		const struct wire_hook *hook = &hooks->items[i];

		plan_out_label(out, hook->kind);
		plan_out_quote(out, hook->path, false);
		for (size_t n = 0; n < hook->args.count; n++) {
			plan_out_add(out, " ");
			plan_out_quote(out, hook->args.items[n], true);
		}
		for (size_t n = 0; n < hook->env.count; n++) {
			plan_out_add(out, " env ");
			plan_out_quote(out, hook->env.items[n], false);
		}
		if (hook->timeout_s > 0) {
			plan_out_add(out, " [at most %u s]", hook->timeout_s);
		}
		plan_out_add(out, "\n");
	}
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
		write_pieces(out, "uid map", idmap->uid_map, "\n");
		write_pieces(out, "gid map", idmap->gid_map, "\n");
	}
}

static void write_host(struct plan_out *out, const struct plan *plan)
{
	const struct host_plan *host = &plan->host;
	static const char *const ways[] = {
		[HOST_MAP_NONE] = NULL,
		[HOST_MAP_DIRECT] = "directly",
		[HOST_MAP_HELPER] = "by newuidmap and newgidmap",
	};

	_Static_assert(ARRAY_COUNT(ways) == HOST_MAP_WAY_COUNT, "a text for each way");
	plan_out_add(out, "host\n");
	write_pieces(out, "join", host->init.ns_paths, ",");
	write_namespaces(
		out, host->init.clone_flags | (plan->boot.time_offsets ? CLONE_NEWTIME : 0));
	write_pieces(out, "uid map", host->init.uid_map, "\n");
	write_pieces(out, "gid map", host->init.gid_map, "\n");
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
	write_cgroup(out, &host->cgroup);
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

/* Attributes as options, with `prefix` "r" for those of the tree. Returns the next separator. */
static const char *write_attrs(struct plan_out *out, const struct plan_attrs *attrs,
	const char *prefix, const char *separator)
{
	size_t place = 0;
	const char *name;

	while ((name = plan_attrs_name(attrs, &place))) {
		plan_out_add(out, "%s%s%s", separator, prefix, name);
		separator = ",";
	}
	return separator;
}

static void write_mount_details(struct plan_out *out, const struct boot_mount *mount)
{
	const struct plan_attrs attr = {mount->attr_set, mount->attr_clear};
	const struct plan_attrs tree = {mount->tree_set, mount->tree_clear};
	const char *propagation =
		plan_propagation_name(mount->propagation, mount->is_propagation_recursive != 0);
	const char *separator = write_attrs(out, &attr, "", " ");

	separator = write_attrs(out, &tree, "r", separator);
	if (propagation) {
		plan_out_add(out, "%s%s", separator, propagation);
	}
	for (size_t i = 0; i < mount->options.count; i++) {
		plan_out_add(out, "%s", i == 0 ? " " : ",");
		plan_out_quote(out, mount->options.items[i], false);
	}
	if (mount->label) {
		plan_out_add(out, " label=");
		plan_out_quote(out, mount->label, false);
	}
	if (mount->source) {
		plan_out_add(out, " source=");
		plan_out_quote(out, mount->source, false);
	}
	plan_out_add(out, "%s%s%s%s%s%s%s\n",
		mount->flags & BOOT_MOUNT_STRICT ? " [strict target]" : "",
		mount->flags & BOOT_MOUNT_RO_LAST ? " [read-only last]" : "",
		mount->flags & BOOT_MOUNT_COPY_MODE ? " [mode of the target]" : "",
		mount->flags & BOOT_MOUNT_IDMAP ? " [ids mapped]" : "",
		mount->flags & BOOT_MOUNT_COPY_UP ? " [content of the target]" : "",
		mount->flags & BOOT_MOUNT_COPY_OWNER ? " [owner of the target]" : "",
		mount->flags & BOOT_MOUNT_OPTIONAL ? " [where it exists]" : "");
}

static void write_mount(struct plan_out *out, const struct boot_mount *mount)
{
	const char *kind = mount->flags & BOOT_MOUNT_RECURSIVE ? "rbind" : "bind";
	char label[32];

	/* "/mounts/3" is "mount 3": the entry of the config that asked for it. */
	(void)snprintf(label, sizeof(label), "mount %s",
		str_has_prefix(mount->pointer, "/mounts/") ? mount->pointer + strlen("/mounts/")
							   : "");
	plan_out_label(out, label);
	if (mount->kind == BOOT_MOUNT_LINK) {
		plan_out_add(out, "link ");
		plan_out_quote(out, mount->target, false);
		plan_out_add(out, " -> ");
		plan_out_quote(out, mount->source, false);
		plan_out_add(out, "\n");
		return;
	}
	if (mount->kind == BOOT_MOUNT_FS) {
		plan_out_quote(out, mount->fstype, false);
	} else {
		plan_out_add(out, "%s", kind);
	}
	plan_out_add(out, " ");
	plan_out_quote(out, mount->target, false);
	write_mount_details(out, mount);
}

static char type_letter(uint32_t mode)
{
	if (S_ISFIFO(mode)) {
		return 'p';
	}
	return S_ISBLK(mode) ? 'b' : 'c';
}

static void write_device(struct plan_out *out, const struct boot_device *device)
{
	plan_out_label(out, device->kind == BOOT_DEVICE_LINK ? "link" : "device");
	plan_out_quote(out, device->path, false);
	if (device->kind == BOOT_DEVICE_LINK) {
		plan_out_add(out, " -> ");
		plan_out_quote(out, device->target, false);
		plan_out_add(out, "\n");
		return;
	}
	plan_out_add(out, " %c %u:%u", type_letter(device->mode), device->major, device->minor);
	if (device->kind == BOOT_DEVICE_BIND) {
		plan_out_add(out, " bound from the host\n");
		return;
	}
	plan_out_add(
		out, " mode %04o owner %u:%u\n", device->mode & 07777, device->uid, device->gid);
}

static void write_capabilities(struct plan_out *out, const char *label, uint64_t set)
{
	const char *separator = "";

	plan_out_label(out, label);
	for (uint32_t i = 0; i < 64; i++) {
		const char *name = set >> i & 1 ? plan_capability_name(i) : NULL;

		if (name) {
			plan_out_add(out, "%s%s", separator, name);
			separator = " ";
		}
	}
	plan_out_add(out, "%s\n", set ? "" : "none");
}

static void write_identity(struct plan_out *out, const struct boot_identity *identity)
{
	write_capabilities(out, "bounding", identity->bounding);
	plan_out_label(out, "groups");
	for (size_t i = 0; i < identity->groups.count; i++) {
		plan_out_add(out, "%s%u", i == 0 ? "" : " ", identity->groups.items[i]);
	}
	if (identity->is_setgroups_denied) {
		plan_out_add(out, "as they are: no setgroups\n");
	} else {
		plan_out_add(out, "%s\n", identity->groups.count ? "" : "none");
	}
	plan_out_row(out, "user", "%u:%u", identity->uid, identity->gid);
	write_capabilities(out, "permitted", identity->permitted);
	write_capabilities(out, "effective", identity->effective);
	write_capabilities(out, "inheritable", identity->inheritable);
	write_capabilities(out, "ambient", identity->ambient);
}

/* Up to the pivot: what is done to the root from outside. */
static void write_before_pivot(struct plan_out *out, const struct boot *boot)
{
	if (boot->flags & BOOT_PDEATHSIG) {
		plan_out_row(out, "parent", "its death is this process's, until the image runs");
	}
	if (boot->flags & BOOT_USERNS) {
		plan_out_row(out, "become", "0:0 in the user namespace");
	}
	write_pieces(out, "time", boot->time_offsets, "\n");
	plan_out_text(out, "keyring", boot->keyring);
	if (boot->flags & BOOT_LOOPBACK) {
		plan_out_row(out, "loopback", "up");
	}
	plan_out_row(out, "host mounts", "become %s",
		plan_propagation_name(boot->first_propagation, true));
	plan_out_text(out, "root", boot->root);
	for (size_t i = 0; i < boot->mounts.count; i++) {
		write_mount(out, &boot->mounts.items[i]);
	}
	for (size_t i = 0; i < boot->devices.count; i++) {
		write_device(out, &boot->devices.items[i]);
	}
	write_hooks(out, &boot->hooks.create_container);
	plan_out_row(out, "pivot", "%s",
		boot->flags & BOOT_NO_PIVOT ? "none: the root is moved over the host's"
					    : "to the root; the host's mounts are gone");
}

static void write_terminal(struct plan_out *out, const struct boot *boot)
{
	if (!(boot->flags & BOOT_TERMINAL)) {
		return;
	}
	plan_out_label(out, "terminal");
	if (boot->console_rows || boot->console_columns) {
		plan_out_add(
			out, "%u rows, %u columns\n", boot->console_rows, boot->console_columns);
	} else {
		plan_out_add(out, "of any size\n");
	}
}

/* One row, where the filter is loaded. */
static void write_seccomp(struct plan_out *out, const struct host_seccomp *seccomp, uint32_t flags)
{
	const char *separator = ", flags ";
	const char *name;

	if (!seccomp) {
		return;
	}
	plan_out_label(out, "seccomp");
	plan_out_add(out, "default %s", plan_seccomp_action_name(seccomp->default_action));
	if (plan_seccomp_has_data(seccomp->default_action)) {
		plan_out_add(out, " %u", seccomp->default_action & SECCOMP_RET_DATA);
	}
	plan_out_add(out, ", %zu rule%s, architectures native", seccomp->rule_count,
		seccomp->rule_count == 1 ? "" : "s");
	for (size_t i = 0; i < seccomp->architecture_count; i++) {
		plan_out_add(out, " %s", seccomp->architectures[i]);
	}
	while ((name = plan_seccomp_flag_name(&flags))) {
		plan_out_add(out, "%s%s", separator, name);
		separator = " ";
	}
	plan_out_add(out, "\n");
	plan_out_text(out, "listener", seccomp->listener_path);
}

/* The numbers of the bits of a mask, as ranges. */
static void write_mask(struct plan_out *out, const struct wire_bytes *mask)
{
	const unsigned long *words = mask->data;
	const size_t word_bits = 8 * sizeof(*words);
	const char *separator = " ";
	size_t first = SIZE_MAX;

	for (size_t i = 0; i <= mask->length * 8; i++) {
		bool is_set = i < mask->length * 8 && (words[i / word_bits] >> i % word_bits & 1);

		if (is_set && first == SIZE_MAX) {
			first = i;
		} else if (!is_set && first != SIZE_MAX) {
			plan_out_add(out, "%s%zu", separator, first);
			if (i - first > 1) {
				plan_out_add(out, "-%zu", i - 1);
			}
			separator = ",";
			first = SIZE_MAX;
		}
	}
}

static void write_memory_policy(struct plan_out *out, const struct boot *boot)
{
	uint32_t mode = boot->memory_mode;

	if (!(boot->flags & BOOT_MEMORY_POLICY)) {
		return;
	}
	plan_out_label(out, "memory policy");
	plan_out_add(out, "%s", plan_word_name(&plan_memory_mode_words, mode & PLAN_MEMORY_MODE));
	write_mask(out, &boot->memory_nodes);
	plan_word_write_bits(out, &plan_memory_flag_words, mode & ~(uint32_t)PLAN_MEMORY_MODE);
	plan_out_add(out, "\n");
}

static void write_after_pivot(struct plan_out *out, const struct plan *plan)
{
	const struct boot *boot = &plan->boot;
	const char *propagation = plan_propagation_name(
		boot->root_propagation, boot->is_root_propagation_recursive != 0);

	plan_out_text(out, "propagation", propagation);
	write_terminal(out, boot);
	plan_out_text(out, "hostname", boot->hostname);
	plan_out_text(out, "domainname", boot->domainname);
	for (size_t i = 0; i < boot->sysctls.count; i++) {
		plan_out_label(out, "sysctl");
		plan_out_quote(out, boot->sysctls.items[i].name, false);
		plan_out_add(out, " = ");
		plan_out_quote(out, boot->sysctls.items[i].value, true);
		plan_out_add(out, "\n");
	}
	plan_out_text(out, "apparmor",
		boot->apparmor_exec ? boot->apparmor_exec + strlen("exec ") : NULL);
	plan_out_text(out, "selinux", boot->selinux_label);
	plan_out_list(out, "read-only", &boot->readonly_paths);
	plan_out_list(out, "masked", &boot->masked_paths);
	plan_out_text(out, "mask option", boot->mask_option);
	if (boot->flags & BOOT_ROOT_READONLY) {
		plan_out_row(out, "read-only", "/");
	}
	if (boot->flags & BOOT_HOME) {
		plan_out_row(out, "home", "of the user in /etc/passwd there");
	}
	if (boot->flags & BOOT_LISTEN_PID) {
		plan_out_row(out, "listen pid", "that of the process");
	}
	if (boot->flags & BOOT_PERSONALITY) {
		plan_out_row(out, "personality", "%s",
			plan_word_name(&plan_personality_words, boot->personality));
	}
	write_memory_policy(out, boot);
	plan_out_row(out, "umask", "%04o", boot->umask);
	if (!(boot->flags & BOOT_NO_NEW_PRIVS)) {
		write_seccomp(out, plan->host.seccomp, boot->seccomp.flags);
	}
	plan_out_text(out, "directory", boot->cwd);
	write_identity(out, &boot->identity);
	write_hooks(out, &boot->hooks.start_container);
	if (boot->flags & BOOT_NO_NEW_PRIVS) {
		plan_out_row(out, "no new privs", "set");
		write_seccomp(out, plan->host.seccomp, boot->seccomp.flags);
	}
	plan_out_list(out, "env", &boot->env);
	for (size_t i = 0; i < boot->args.count; i++) {
		plan_out_label(out, "arg");
		plan_out_quote(out, boot->args.items[i], true);
		plan_out_add(out, "\n");
	}
}

static int text_take(struct plan_out *out, char **ret_text)
{
	autoptr char *data = out->data;

	if (out->status < 0) {
		return out->status;
	}
	*ret_text = take_ptr(data);
	return 0;
}

static void write_notes(struct plan_out *out, const struct log_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		plan_out_add(out, "%s", i == 0 ? "warnings\n" : "");
		plan_out_add(out, "  %s\n", notes->items[i]);
	}
}

int plan_text(const struct plan *plan, char **ret_text)
{
	struct plan_out out = {0};

	write_host(&out, plan);
	write_hooks(&out, &plan->hooks.prestart);
	write_hooks(&out, &plan->hooks.create_runtime);
	write_hooks(&out, &plan->hooks.poststart);
	write_hooks(&out, &plan->hooks.poststop);
	plan_out_text(&out, "hooks' stdout", plan->hooks.stdout_path);
	plan_out_text(&out, "hooks' stderr", plan->hooks.stderr_path);
	plan_out_add(&out, "child\n");
	write_before_pivot(&out, &plan->boot);
	write_after_pivot(&out, plan);
	write_notes(&out, &plan->notes);
	return text_take(&out, ret_text);
}

int plan_update_text(const struct plan *plan, char **ret_text)
{
	struct plan_out out = {0};

	plan_out_add(&out, "update\n");
	write_cgroup(&out, &plan->host.cgroup);
	write_notes(&out, &plan->notes);
	return text_take(&out, ret_text);
}
