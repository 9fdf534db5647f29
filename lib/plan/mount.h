/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_MOUNT_H
#define PLAN_MOUNT_H
/* For the files of plan/ alone: mounts.c, and what it hands single mounts to. */
#include "plan/work.h"

/* One entry of "mounts", read. */
struct plan_mount {
	const struct spec_mount *asked;
	struct plan_options options;
	const char *pointer; /* "/mounts/3" */
	const char *target;  /* the destination, clean */
};

/* The next mount operation of the plan, with what every kind takes from the entry: pointer, target,
 * attributes, propagation. plan_mounts() has made room. */
struct boot_mount *plan_mounts_next(struct plan_work *work, const struct plan_mount *mount);

/* Makes an operation that of a new file system: nothing is there to be cleared, nor a tree below,
 * so all its attributes are those of the mount itself. */
void plan_mounts_make_fs(struct boot_mount *next, const char *fstype, const char *source);

/* A list of layers that is too long for one value becomes one option for each (overlay.c). */
int plan_overlay_layers(
	struct plan_work *work, struct plan_options *options, struct berth_error *err) must_use;

/* A bind mount that is the last of the plan gets ids of its own, as its option idmap or its mappings say. */
int plan_idmap_mount(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err) must_use;

/* Whether an entry is a mount of type cgroup, which depends on the host's hierarchies. */
bool plan_is_cgroup_mount(const struct spec_mount *asked);

/* The most operations that such an entry becomes. */
size_t plan_cgroup_mount_max(const struct facts *facts);

int plan_cgroup_mount(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err) must_use;

#endif
