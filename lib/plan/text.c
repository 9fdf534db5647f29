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
#include "plan/text_host.h"
#include "plan/words.h"

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
	plan_out_add(out, "%s%s%s%s%s%s%s%s%s%s\n",
		mount->flags & BOOT_MOUNT_STRICT ? " [strict target]" : "",
		mount->flags & BOOT_MOUNT_RO_LAST ? " [read-only last]" : "",
		mount->flags & BOOT_MOUNT_COPY_MODE ? " [mode of the target]" : "",
		mount->flags & BOOT_MOUNT_COPY_LINK ? " [a link is made again]" : "",
		mount->flags & BOOT_MOUNT_SOURCE_NOFOLLOW ? " [source not followed]" : "",
		mount->flags & BOOT_MOUNT_TARGET_NOFOLLOW ? " [target not followed]" : "",
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
	plan_out_pieces(out, "time", boot->time_offsets, "\n");
	plan_out_text(out, "keyring", boot->keyring);
	if (boot->flags & BOOT_LOOPBACK) {
		plan_out_row(out, "loopback", "up");
	}
	plan_out_row(out, "host mounts", "become %s",
		plan_propagation_name(boot->first_propagation, true));
	if (boot->flags & BOOT_MANY_SOURCES) {
		plan_out_row(out, "bind sources",
			"in lots, from a mount namespace that is kept for them");
	}
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

	plan_text_host(&out, plan);
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
	plan_text_cgroup(&out, &plan->host.cgroup);
	write_notes(&out, &plan->notes);
	return text_take(&out, ret_text);
}
