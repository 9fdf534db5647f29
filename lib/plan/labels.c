/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor and SELinux: who the program is for them, and what the files of the container's mounts are. A
 * label is a limit that was asked for: on a kernel that does not know it, nothing is run without it.
 */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

static const char profile_pointer[] = "/process/apparmorProfile";
static const char label_pointer[] = "/process/selinuxLabel";
static const char mount_pointer[] = "/linux/mountLabel";
static const char context_annotation[] = "run.oci.mount_context_type";
static const char context_pointer[] = "/annotations/run.oci.mount_context_type";

/* mount(8): the options that label the files of a file system, in one way or another. */
static const char *const context_types[] = {"context", "fscontext", "defcontext", "rootcontext"};

uint32_t plan_labels_wanted(const struct spec_process *process, const char *mount_label)
{
	bool is_selinux_asked = str_is_given(process->selinux_label) || str_is_given(mount_label);

	return (str_is_given(process->apparmor_profile) ? FACTS_APPARMOR : 0) |
	       (is_selinux_asked ? FACTS_SELINUX : 0);
}

static int no_selinux(const char *pointer, struct berth_error *err)
{
	return error_field(err, BERTH_ERROR_UNSUPPORTED, pointer,
		"SELinux is not enabled in this kernel, or has no policy");
}

int plan_process_labels(struct plan_work *work, struct berth_error *err)
{
	const struct spec_process *process = &work->spec->process;
	struct boot *boot = &work->plan->boot;

	if (str_is_given(process->apparmor_profile)) {
		if (!work->facts->has_apparmor) {
			return error_field(err, BERTH_ERROR_UNSUPPORTED, profile_pointer,
				"AppArmor is not enabled in this kernel");
		}
		boot->apparmor_exec =
			arena_printf(work->arena, "exec %s", process->apparmor_profile);
		if (!boot->apparmor_exec) {
			return plan_no_memory(err);
		}
	}
	if (str_is_given(process->selinux_label)) {
		if (!work->facts->has_selinux) {
			return no_selinux(label_pointer, err);
		}
		boot->selinux_label = process->selinux_label;
	}
	return 0;
}

/* The option that labels a mount: "context", unless an annotation names another one. */
static int context_type(
	const struct plan_work *work, const char **ret_type, struct berth_error *err)
{
	const struct spec_annotations *annotations = &work->spec->annotations;

	*ret_type = context_types[0];
	for (size_t i = 0; i < annotations->count; i++) {
		const char *asked = annotations->items[i].value;
		bool is_known = false;

		if (!str_is_equal(annotations->items[i].key, context_annotation)) {
			continue;
		}
		for (size_t j = 0; j < ARRAY_COUNT(context_types) && !is_known; j++) {
			is_known = str_is_equal(context_types[j], asked);
		}
		if (!is_known) {
			return error_field(err, BERTH_ERROR_CONFIG, context_pointer,
				"is \"%s\", not context, fscontext, defcontext or rootcontext",
				asked);
		}
		*ret_type = asked;
	}
	return 0;
}

int plan_mount_label(struct plan_work *work, struct berth_error *err)
{
	const char *label = work->spec->linux_section.mount_label;
	const char *type = NULL;
	int r = context_type(work, &type, err);

	if (r < 0 || !str_is_given(label)) {
		return r;
	}
	if (!work->facts->has_selinux) {
		return no_selinux(mount_pointer, err);
	}
	work->label_option = arena_printf(work->arena, "%s=%s", type, label);
	if (!work->label_option) {
		return plan_no_memory(err);
	}
	if (work->spec->linux_section.masked_paths.count > 0) {
		work->plan->boot.mask_option = work->label_option;
	}
	return 0;
}

/* Those whose files the policy labels, or that are mounted already by the kernel, with one label for all. */
static bool takes_option(const char *fstype)
{
	static const char *const others[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue"};

	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		if (str_is_equal(fstype, others[i])) {
			return false;
		}
	}
	return true;
}

bool plan_is_label_option(const char *option)
{
	size_t length = strcspn(option, "=");

	for (size_t i = 0; i < ARRAY_COUNT(context_types); i++) {
		if (option[length] == '=' && strlen(context_types[i]) == length &&
			strncmp(option, context_types[i], length) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether the entry itself says what the label is. */
static bool has_label(const struct wire_texts *options)
{
	for (size_t i = 0; i < options->count; i++) {
		if (plan_is_label_option(options->items[i])) {
			return true;
		}
	}
	return false;
}

int plan_label_mount(struct plan_work *work, struct boot_mount *mount, struct berth_error *err)
{
	const struct wire_texts *old = &mount->options;
	const char **items;

	if (!work->label_option || mount->kind != BOOT_MOUNT_FS) {
		return 0;
	}
	if (!takes_option(mount->fstype)) {
		mount->label = str_is_equal(mount->fstype, "mqueue")
				       ? work->spec->linux_section.mount_label
				       : NULL;
		return 0;
	}
	if (has_label(old)) {
		return 0;
	}
	items = arena_alloc(work->arena, old->count + 2, sizeof(*items));
	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < old->count; i++) {
		items[i] = old->items[i];
	}
	items[old->count] = work->label_option;
	mount->options = (struct wire_texts){.items = items, .count = old->count + 1};
	return 0;
}
