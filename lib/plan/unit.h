/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_UNIT_H
#define PLAN_UNIT_H
/* For the files of plan/ alone: the container's unit of systemd. */
#include "plan/host_unit.h"
#include "plan/out.h"
#include "plan/work.h"

/* cgroup.c: whether a cgroup that cannot be made is no error; and with systemd, whether it is the user's. */
bool plan_cgroup_is_rootless(const struct plan_work *work);

/* The unit of cgroupsPath, "SLICE:PREFIX:NAME", and where systemd will make its cgroup. */
int plan_unit_place(
	struct plan_work *work, struct host_cgroup_dir *dir, struct berth_error *err) must_use;

/* What it is to have; after the writes of plan_limits(). */
int plan_unit_fill(struct plan_work *work, struct berth_error *err) must_use;

/* The properties that an update of a unit's limits is to change; after the writes too. */
int plan_unit_update(struct plan_work *work, const char *name, struct berth_error *err) must_use;

/* Whether an annotation is a property of the unit, and which. */
bool plan_property_is(const struct spec_annotation *annotation);
int plan_property_read(const struct spec_annotation *annotation, struct arena *arena,
	struct host_unit_property *ret_property, struct berth_error *err) must_use;

/* unit_text.c: its rows of the plan as text. */
void plan_unit_write(struct plan_out *out, const struct host_unit *unit);

#endif
