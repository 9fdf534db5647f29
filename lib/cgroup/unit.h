/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_UNIT_H
#define CGROUP_UNIT_H
/* For the files of cgroup/ alone: a directory that is systemd's. Each function asks the bus once, or not at all. */
#include "cgroup/cgroup.h"
#include "plan/host_unit.h"

/* Has systemd make the planned unit around a process, makes the directory below that is asked for, and opens the last
 * one. */
int cgroup_unit_start(struct cgroup *cgroup, const struct host_unit *unit, pid_t pid,
	struct berth_error *err) must_use;

/* Has it stop the unit, which ends what is left in it; or, where its directory is not there any more, forget it. */
int cgroup_unit_stop(const struct cgroup *cgroup, struct berth_error *err) must_use;

/* Changes properties of the unit. */
int cgroup_unit_set(const struct cgroup *cgroup, const struct host_unit_property *properties,
	size_t count, struct berth_error *err) must_use;

/* Has it move a process into the unit. */
int cgroup_unit_attach(const struct cgroup *cgroup, pid_t pid, struct berth_error *err) must_use;

/* Moves the container's processes, which wait, into the delegated cgroup below, which is theirs to arrange. */
int cgroup_unit_delegate(const struct cgroup *cgroup, const struct host_unit *unit,
	struct berth_error *err) must_use;

#endif
