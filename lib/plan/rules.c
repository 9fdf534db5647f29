/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/work.h"

enum { HOST_NAME_MAX_BYTES = 64 }; /* __NEW_UTS_LEN of sethostname(2) */

/* What the OCI specification leaves optional, but no process can run without. */
static int rule_required(const char *missing, struct berth_error *err)
{
	return missing ? error_field(err, BERTH_ERROR_CONFIG, missing,
				 "is required, and missing or empty")
		       : 0;
}

int plan_rule_process(struct plan_work *work, struct berth_error *err)
{
	const struct spec_process *process = &work->spec->process;
	const char *missing = NULL;
	int r;

	if (!process->is_present) {
		missing = "/process";
	} else if (process->args.count == 0) {
		missing = "/process/args";
	} else if (!process->cwd) {
		missing = "/process/cwd";
	}
	r = rule_required(missing, err);
	if (r == 0 && process->cwd[0] != '/') {
		r = error_field(err, BERTH_ERROR_CONFIG, "/process/cwd",
			"is not an absolute path: \"%s\"", process->cwd);
	}
	return r;
}

static int rule_root(const struct plan_work *work, struct berth_error *err)
{
	const struct spec *spec = work->spec;
	const char *missing = NULL;

	if (!spec->root.is_present) {
		missing = "/root";
	} else if (!spec->root.path || spec->root.path[0] == '\0') {
		missing = "/root/path";
	} else if (!spec->linux_section.is_present) {
		missing = "/linux";
	}
	return rule_required(missing, err);
}

/* Without a mount namespace of its own the container would change the mounts of the host. */
static int rule_mount_namespace(const struct plan_work *work, struct berth_error *err)
{
	if (plan_has(work, CLONE_NEWNS)) {
		return 0;
	}
	return error_field(
		err, BERTH_ERROR_CONFIG, "/linux/namespaces", "a mount namespace is required");
}

static int rule_name(const struct plan_work *work, const char *name, const char *pointer,
	struct berth_error *err)
{
	if (!name || name[0] == '\0') {
		return 0;
	}
	if (!plan_has(work, CLONE_NEWUTS)) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"cannot be set without a uts namespace in /linux/namespaces");
	}
	if (strlen(name) > HOST_NAME_MAX_BYTES) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer, "is longer than %d bytes",
			HOST_NAME_MAX_BYTES);
	}
	return 0;
}

/* Id maps belong to a user namespace that is made: one that is joined has its maps already, and
 * without one they would be ignored, and the container root of the host. */
static int rule_mappings(const struct plan_work *work, const struct spec_mappings *mappings,
	const char *pointer, struct berth_error *err)
{
	if (plan_creates(work, CLONE_NEWUSER)) {
		return mappings->count > 0
			       ? 0
			       : error_field(err, BERTH_ERROR_CONFIG, pointer,
					 "a new user namespace needs at least one mapping");
	}
	if (mappings->count == 0) {
		return 0;
	}
	return error_field(err, BERTH_ERROR_CONFIG, pointer,
		work->joined & CLONE_NEWUSER
			? "the user namespace that is joined has its own mappings"
			: "mappings need a user namespace in /linux/namespaces");
}

int plan_rules(struct plan_work *work, struct berth_error *err)
{
	const struct spec *spec = work->spec;
	int r = plan_rule_process(work, err);

	if (r == 0) {
		r = rule_root(work, err);
	}
	if (r == 0) {
		r = rule_mount_namespace(work, err);
	}
	if (r == 0) {
		r = rule_mappings(
			work, &spec->linux_section.uid_mappings, "/linux/uidMappings", err);
	}
	if (r == 0) {
		r = rule_mappings(
			work, &spec->linux_section.gid_mappings, "/linux/gidMappings", err);
	}
	if (r == 0) {
		r = rule_name(work, spec->hostname, "/hostname", err);
	}
	if (r == 0) {
		r = rule_name(work, spec->domainname, "/domainname", err);
	}
	return r;
}
