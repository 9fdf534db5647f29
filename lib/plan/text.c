/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "plan/options.h"
#include "plan/work.h"

/* A text that grows. The first failure stays in `status` (-ENOMEM), and later calls do nothing. */
struct text_out {
	char *data; /* ends in NUL; from malloc */
	size_t length;
	size_t capacity;
	int status;
};

/* Makes room for `more` bytes and a NUL. */
static void grow(struct text_out *out, size_t more)
{
	size_t wanted = out->length + more + 1;
	char *data;

	if (out->status < 0 || wanted <= out->capacity) {
		return;
	}
	wanted *= 2;
	data = realloc(out->data, wanted);
	if (!data) {
		out->status = -ENOMEM;
		return;
	}
	out->data = data;
	out->capacity = wanted;
}

printf_like(2, 0) static void add_args(struct text_out *out, const char *format, va_list args)
{
	va_list counted;
	int length;

	va_copy(counted, args);
	length = vsnprintf(NULL, 0, format, counted);
	va_end(counted);
	if (length < 0) {
		out->status = -ENOMEM;
	}
	grow(out, length > 0 ? (size_t)length : 0);
	if (out->status == 0) {
		(void)vsnprintf(out->data + out->length, (size_t)length + 1, format, args);
		out->length += (size_t)length;
	}
}

printf_like(2, 3) static void text_add(struct text_out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_args(out, format, args);
	va_end(args);
}

/* The first half of a row that is put together: it ends with text_add(out, "\n"). */
static void text_label(struct text_out *out, const char *label)
{
	text_add(out, "  %-16s ", label);
}

/* One row: two spaces, the label, and the words in the next column. */
printf_like(3, 4) static void text_row(
	struct text_out *out, const char *label, const char *format, ...)
{
	va_list args;

	text_label(out, label);
	va_start(args, format);
	add_args(out, format, args);
	va_end(args);
	text_add(out, "\n");
}

static bool is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=,@+%~^";

	return text[0] && text[strspn(text, plain)] == '\0';
}

static void quote_byte(struct text_out *out, unsigned char byte)
{
	if (byte == '\n') {
		text_add(out, "\\n");
	} else if (byte == '"' || byte == '\\') {
		text_add(out, "\\%c", byte);
	} else if (byte < 0x20 || byte >= 0x7f) {
		text_add(out, "\\x%02x", byte);
	} else {
		text_add(out, "%c", byte);
	}
}

/* A text of the config: as it is where that is plain, else in quotes with \n, \" and \xNN, so that
 * it can neither break a line nor move a cursor. With `is_always_quoted` in quotes in any case. */
static void text_quote(struct text_out *out, const char *text, bool is_always_quoted)
{
	if (!is_always_quoted && is_plain(text)) {
		text_add(out, "%s", text);
		return;
	}
	text_add(out, "\"");
	for (const char *c = text; *c; c++) {
		quote_byte(out, (unsigned char)*c);
	}
	text_add(out, "\"");
}

/* A row for each of the texts. */
static void text_list(struct text_out *out, const char *label, const struct wire_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		text_label(out, label);
		text_quote(out, texts->items[i], false);
		text_add(out, "\n");
	}
}

/* A row of one text of the config; none where it is absent. */
static void row_text(struct text_out *out, const char *label, const char *text)
{
	if (text) {
		text_label(out, label);
		text_quote(out, text, false);
		text_add(out, "\n");
	}
}

static void write_namespaces(struct text_out *out, uint32_t flags)
{
	/* The user namespace owns the others: it is the first that is made. */
	static const uint32_t order[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWTIME};
	const char *separator = "";

	if (flags == 0) {
		return;
	}
	text_label(out, "create");
	for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
		if (flags & order[i]) {
			text_add(out, "%s%s", separator, plan_namespace_name(order[i]));
			separator = ", ";
		}
	}
	text_add(out, "\n");
}

/* The pieces of a text, a row each. */
static void write_pieces(
	struct text_out *out, const char *label, const char *text, const char *separator)
{
	while (text && *text) {
		size_t length = strcspn(text, separator);

		text_row(out, label, "%.*s", (int)length, text);
		text += length + (text[length] != '\0');
	}
}

static void write_limit(struct text_out *out, const char *label, uint64_t value)
{
	if (value == UINT64_MAX) {
		text_add(out, " %s unlimited", label);
	} else {
		text_add(out, " %s %llu", label, (unsigned long long)value);
	}
}

static void write_number(struct text_out *out, int64_t number)
{
	if (number < 0) {
		text_add(out, "*");
	} else {
		text_add(out, "%lld", (long long)number);
	}
}

static void write_device_rules(struct text_out *out, const struct host_devices *devices)
{
	text_label(out, "device rules");
	text_add(out, "%s all%s", devices->is_allowed ? "allow" : "deny",
		devices->count > 0 ? " but" : "");
	for (size_t i = 0; i < devices->count; i++) {
		const struct host_device_rule *rule = &devices->rules[i];

		text_add(out, "%s %c ", i > 0 ? "," : "", rule->is_block ? 'b' : 'c');
		write_number(out, rule->major);
		text_add(out, ":");
		write_number(out, rule->minor);
		text_add(out, " %s%s%s", rule->access & HOST_DEVICE_READ ? "r" : "",
			rule->access & HOST_DEVICE_WRITE ? "w" : "",
			rule->access & HOST_DEVICE_MKNOD ? "m" : "");
	}
	text_add(out, "\n");
}

static void write_property(
	struct text_out *out, const char *label, const struct host_unit_property *property)
{
	text_label(out, label);
	text_add(out, "%s = %c", property->name, property->type);
	if (property->type == HOST_UNIT_DOUBLE) {
		text_add(out, " %g", property->fraction);
	} else if (property->type == HOST_UNIT_BYTES) {
		for (size_t i = 0; i < property->count; i++) {
			text_add(out, " %02x", property->bytes[i]);
		}
	} else if (!property->texts) {
		text_add(out, " %llu", (unsigned long long)property->number);
	}
	for (size_t i = 0; property->texts && i < property->count; i++) {
		text_add(out, " ");
		text_quote(out, property->texts[i], true);
	}
	text_add(out, "\n");
}

static void write_unit(struct text_out *out, const struct host_unit *unit)
{
	row_text(out, unit->is_user ? "user's unit" : "unit", unit->name);
	for (size_t i = 0; i < unit->property_count; i++) {
		write_property(out, "property", &unit->properties[i]);
	}
	if (unit->late) {
		write_property(out, "late property", unit->late);
	}
}

static void write_cgroup(struct text_out *out, const struct host_cgroup *cgroup)
{
	if (cgroup->unit) {
		write_unit(out, cgroup->unit);
	}
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		const struct host_cgroup_dir *dir = &cgroup->dirs[i];

		text_label(out, "cgroup");
		text_quote(out, dir->mount_point, false);
		text_quote(out, dir->path, false);
		text_add(out, "%s\n", dir->is_optional ? " [where it can be made]" : "");
	}
	for (size_t i = 0; i < cgroup->write_count; i++) {
		const struct host_cgroup_write *write = &cgroup->writes[i];

		text_label(out, "limit");
		text_add(out, "%s = ", write->file);
		text_quote(out, write->value, false);
		text_add(out, "%s%s%s\n",
			write->flags & HOST_CGROUP_FINAL ? " [when it is ready]" : "",
			write->flags & HOST_CGROUP_OPTIONAL ? " [where it exists]" : "",
			write->flags & HOST_CGROUP_WITH_NEXT ? " [or after the next]" : "");
	}
	if (cgroup->devices.is_present) {
		write_device_rules(out, &cgroup->devices);
	}
}

static void write_hooks(struct text_out *out, const struct wire_hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++) {
		const struct wire_hook *hook = &hooks->items[i];

		text_label(out, hook->kind);
		text_quote(out, hook->path, false);
		for (size_t n = 0; n < hook->args.count; n++) {
			text_add(out, " ");
			text_quote(out, hook->args.items[n], true);
		}
		for (size_t n = 0; n < hook->env.count; n++) {
			text_add(out, " env ");
			text_quote(out, hook->env.items[n], false);
		}
		if (hook->timeout_s > 0) {
			text_add(out, " [at most %u s]", hook->timeout_s);
		}
		text_add(out, "\n");
	}
}

static void write_host(struct text_out *out, const struct host_plan *host)
{
	static const char *const ways[] = {
		[HOST_MAP_NONE] = NULL,
		[HOST_MAP_DIRECT] = "directly",
		[HOST_MAP_HELPER] = "by newuidmap and newgidmap",
	};

	_Static_assert(ARRAY_COUNT(ways) == HOST_MAP_WAY_COUNT, "a text for each way");
	text_add(out, "host\n");
	write_pieces(out, "join", host->init.ns_paths, ",");
	write_namespaces(out, host->init.clone_flags);
	write_pieces(out, "uid map", host->init.uid_map, "\n");
	write_pieces(out, "gid map", host->init.gid_map, "\n");
	if (host->init.has_setgroups) {
		text_row(out, "setgroups", "%s", host->init.may_setgroups ? "allow" : "deny");
	}
	if (ways[host->map_way]) {
		text_row(out, "maps written", "%s", ways[host->map_way]);
	}
	if (host->has_terminal) {
		text_row(out, "terminal", "its master comes from the child");
	}
	row_text(out, "pidfd", host->pidfd_receiver);
	if (host->has_oom_score_adj) {
		text_row(out, "oom score adj", "%d%s", host->oom_score_adj,
			host->may_keep_oom_score ? ", or as it is where that is refused" : "");
	}
	write_cgroup(out, &host->cgroup);
	for (size_t i = 0; i < host->rlimit_count; i++) {
		const char *name = plan_rlimit_name(host->rlimits[i].resource);

		text_label(out, "rlimit");
		text_add(out, "%s", name ? name : "?");
		write_limit(out, "soft", host->rlimits[i].soft);
		write_limit(out, "hard", host->rlimits[i].hard);
		text_add(out, "\n");
	}
}

/* Attributes as options, with `prefix` "r" for those of the tree. Returns the next separator. */
static const char *write_attrs(struct text_out *out, const struct plan_attrs *attrs,
	const char *prefix, const char *separator)
{
	size_t place = 0;
	const char *name;

	while ((name = plan_attrs_name(attrs, &place))) {
		text_add(out, "%s%s%s", separator, prefix, name);
		separator = ",";
	}
	return separator;
}

static void write_mount_details(struct text_out *out, const struct boot_mount *mount)
{
	const struct plan_attrs attr = {mount->attr_set, mount->attr_clear};
	const struct plan_attrs tree = {mount->tree_set, mount->tree_clear};
	const char *propagation =
		plan_propagation_name(mount->propagation, mount->is_propagation_recursive != 0);
	const char *separator = write_attrs(out, &attr, "", " ");

	separator = write_attrs(out, &tree, "r", separator);
	if (propagation) {
		text_add(out, "%s%s", separator, propagation);
	}
	for (size_t i = 0; i < mount->options.count; i++) {
		text_add(out, "%s", i == 0 ? " " : ",");
		text_quote(out, mount->options.items[i], false);
	}
	if (mount->source) {
		text_add(out, " source=");
		text_quote(out, mount->source, false);
	}
	text_add(out, "%s%s%s%s\n", mount->flags & BOOT_MOUNT_STRICT ? " [strict target]" : "",
		mount->flags & BOOT_MOUNT_RO_LAST ? " [read-only last]" : "",
		mount->flags & BOOT_MOUNT_COPY_MODE ? " [mode of the target]" : "",
		mount->flags & BOOT_MOUNT_OPTIONAL ? " [where it exists]" : "");
}

static void write_mount(struct text_out *out, const struct boot_mount *mount)
{
	const char *kind = mount->flags & BOOT_MOUNT_RECURSIVE ? "rbind" : "bind";
	char label[32];

	/* "/mounts/3" is "mount 3": the entry of the config that asked for it. */
	(void)snprintf(label, sizeof(label), "mount %s",
		str_has_prefix(mount->pointer, "/mounts/") ? mount->pointer + strlen("/mounts/")
							   : "");
	text_label(out, label);
	if (mount->kind == BOOT_MOUNT_LINK) {
		text_add(out, "link ");
		text_quote(out, mount->target, false);
		text_add(out, " -> ");
		text_quote(out, mount->source, false);
		text_add(out, "\n");
		return;
	}
	if (mount->kind == BOOT_MOUNT_FS) {
		text_quote(out, mount->fstype, false);
	} else {
		text_add(out, "%s", kind);
	}
	text_add(out, " ");
	text_quote(out, mount->target, false);
	write_mount_details(out, mount);
}

static char type_letter(uint32_t mode)
{
	if (S_ISFIFO(mode)) {
		return 'p';
	}
	return S_ISBLK(mode) ? 'b' : 'c';
}

static void write_device(struct text_out *out, const struct boot_device *device)
{
	text_label(out, device->kind == BOOT_DEVICE_LINK ? "link" : "device");
	text_quote(out, device->path, false);
	if (device->kind == BOOT_DEVICE_LINK) {
		text_add(out, " -> ");
		text_quote(out, device->target, false);
		text_add(out, "\n");
		return;
	}
	text_add(out, " %c %u:%u", type_letter(device->mode), device->major, device->minor);
	if (device->kind == BOOT_DEVICE_BIND) {
		text_add(out, " bound from the host\n");
		return;
	}
	text_add(out, " mode %04o owner %u:%u\n", device->mode & 07777, device->uid, device->gid);
}

static void write_capabilities(struct text_out *out, const char *label, uint64_t set)
{
	const char *separator = "";

	text_label(out, label);
	for (uint32_t i = 0; i < 64; i++) {
		const char *name = set >> i & 1 ? plan_capability_name(i) : NULL;

		if (name) {
			text_add(out, "%s%s", separator, name);
			separator = " ";
		}
	}
	text_add(out, "%s\n", set ? "" : "none");
}

static void write_identity(struct text_out *out, const struct boot_identity *identity)
{
	write_capabilities(out, "bounding", identity->bounding);
	text_label(out, "groups");
	for (size_t i = 0; i < identity->groups.count; i++) {
		text_add(out, "%s%u", i == 0 ? "" : " ", identity->groups.items[i]);
	}
	if (identity->is_setgroups_denied) {
		text_add(out, "as they are: setgroups is denied\n");
	} else {
		text_add(out, "%s\n", identity->groups.count ? "" : "none");
	}
	text_row(out, "user", "%u:%u", identity->uid, identity->gid);
	write_capabilities(out, "permitted", identity->permitted);
	write_capabilities(out, "effective", identity->effective);
	write_capabilities(out, "inheritable", identity->inheritable);
	write_capabilities(out, "ambient", identity->ambient);
}

/* Up to the pivot: what is done to the root from outside. */
static void write_before_pivot(struct text_out *out, const struct boot *boot)
{
	if (boot->flags & BOOT_PDEATHSIG) {
		text_row(out, "parent", "its death is this process's, until the image runs");
	}
	if (boot->flags & BOOT_USERNS) {
		text_row(out, "become", "0:0 in the user namespace");
	}
	row_text(out, "keyring", boot->keyring);
	if (boot->flags & BOOT_LOOPBACK) {
		text_row(out, "loopback", "up");
	}
	text_row(out, "host mounts", "become %s",
		plan_propagation_name(boot->first_propagation, true));
	row_text(out, "root", boot->root);
	for (size_t i = 0; i < boot->mounts.count; i++) {
		write_mount(out, &boot->mounts.items[i]);
	}
	for (size_t i = 0; i < boot->devices.count; i++) {
		write_device(out, &boot->devices.items[i]);
	}
	write_hooks(out, &boot->hooks.create_container);
	text_row(out, "pivot", "%s",
		boot->flags & BOOT_NO_PIVOT ? "none: the root is moved over the host's"
					    : "to the root; the host's mounts are gone");
}

static void write_terminal(struct text_out *out, const struct boot *boot)
{
	if (!(boot->flags & BOOT_TERMINAL)) {
		return;
	}
	text_label(out, "terminal");
	if (boot->console_rows || boot->console_columns) {
		text_add(out, "%u rows, %u columns\n", boot->console_rows, boot->console_columns);
	} else {
		text_add(out, "of any size\n");
	}
}

/* One row, where the filter is loaded. */
static void write_seccomp(struct text_out *out, const struct host_seccomp *seccomp, uint32_t flags)
{
	const char *separator = ", flags ";
	const char *name;

	if (!seccomp) {
		return;
	}
	text_label(out, "seccomp");
	text_add(out, "default %s", plan_seccomp_action_name(seccomp->default_action));
	if (plan_seccomp_has_data(seccomp->default_action)) {
		text_add(out, " %u", seccomp->default_action & SECCOMP_RET_DATA);
	}
	text_add(out, ", %zu rule%s, architectures native", seccomp->rule_count,
		seccomp->rule_count == 1 ? "" : "s");
	for (size_t i = 0; i < seccomp->architecture_count; i++) {
		text_add(out, " %s", seccomp->architectures[i]);
	}
	while ((name = plan_seccomp_flag_name(&flags))) {
		text_add(out, "%s%s", separator, name);
		separator = " ";
	}
	text_add(out, "\n");
}

static void write_after_pivot(struct text_out *out, const struct plan *plan)
{
	const struct boot *boot = &plan->boot;
	const char *propagation = plan_propagation_name(
		boot->root_propagation, boot->is_root_propagation_recursive != 0);

	row_text(out, "propagation", propagation);
	write_terminal(out, boot);
	row_text(out, "hostname", boot->hostname);
	row_text(out, "domainname", boot->domainname);
	for (size_t i = 0; i < boot->sysctls.count; i++) {
		text_label(out, "sysctl");
		text_quote(out, boot->sysctls.items[i].name, false);
		text_add(out, " = ");
		text_quote(out, boot->sysctls.items[i].value, true);
		text_add(out, "\n");
	}
	text_list(out, "read-only", &boot->readonly_paths);
	text_list(out, "masked", &boot->masked_paths);
	if (boot->flags & BOOT_ROOT_READONLY) {
		text_row(out, "read-only", "/");
	}
	if (boot->flags & BOOT_HOME) {
		text_row(out, "home", "of the user in /etc/passwd there");
	}
	text_row(out, "umask", "%04o", boot->umask);
	if (!(boot->flags & BOOT_NO_NEW_PRIVS)) {
		write_seccomp(out, plan->host.seccomp, boot->seccomp.flags);
	}
	row_text(out, "directory", boot->cwd);
	write_identity(out, &boot->identity);
	write_hooks(out, &boot->hooks.start_container);
	if (boot->flags & BOOT_NO_NEW_PRIVS) {
		text_row(out, "no new privs", "set");
		write_seccomp(out, plan->host.seccomp, boot->seccomp.flags);
	}
	text_list(out, "env", &boot->env);
	for (size_t i = 0; i < boot->args.count; i++) {
		text_label(out, "arg");
		text_quote(out, boot->args.items[i], true);
		text_add(out, "\n");
	}
}

int plan_text(const struct plan *plan, char **ret_text)
{
	struct text_out out = {0};
	autoptr char *data = NULL;

	write_host(&out, &plan->host);
	write_hooks(&out, &plan->hooks.prestart);
	write_hooks(&out, &plan->hooks.create_runtime);
	write_hooks(&out, &plan->hooks.poststart);
	write_hooks(&out, &plan->hooks.poststop);
	text_add(&out, "child\n");
	write_before_pivot(&out, &plan->boot);
	write_after_pivot(&out, plan);
	data = out.data;
	if (out.status < 0) {
		return out.status;
	}
	*ret_text = take_ptr(data);
	return 0;
}
