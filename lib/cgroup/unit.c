/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd as the manager: the directory is that of a transient unit. It is delegated (systemd.resource-control(5)),
 * so what is in it and below is berth's to arrange; making and removing it is systemd's.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "bus/bus.h"
#include "cgroup/inside.h"

int cgroup_unit_start(
	struct cgroup *cgroup, const struct host_unit *unit, pid_t pid, struct berth_error *err)
{
	struct cgroup_dir *dir = &cgroup->dirs[0];
	autobus struct bus bus = {0};
	int r = bus_open(&bus, unit->is_user, err);

	if (r == 0) {
		r = bus_unit_start(&bus, unit, pid, err);
	}
	if (r < 0) {
		return r;
	}
	cgroup->is_unit_due = false;
	dir->fd = cgroup_dir_open(dir->way_fd, dir->path);
	if (dir->fd < 0) {
		return error_system(err, dir->fd, "open the cgroup of the unit %s, %s%s",
			unit->name, dir->mount_point, dir->path);
	}
	close_fd(&dir->way_fd);
	return 0;
}

/* A unit whose processes have all ended is gone with its directory, and systemd need not be asked. */
static bool is_there(const struct cgroup_dir *dir)
{
	bool is_v2 = false;
	autofd int mount_fd = cgroup_mount_open(dir->mount_point, &is_v2);
	autofd int fd = mount_fd < 0 ? mount_fd : cgroup_dir_open(mount_fd, dir->path);

	return fd >= 0;
}

int cgroup_unit_stop(const struct cgroup *cgroup, struct berth_error *err)
{
	autobus struct bus bus = {0};
	int r;

	if (cgroup->count == 0 || !is_there(&cgroup->dirs[0])) {
		return 0;
	}
	r = bus_open(&bus, cgroup->is_unit_user, err);
	return r < 0 ? r : bus_unit_stop(&bus, cgroup->unit, err);
}

int cgroup_unit_set(const struct cgroup *cgroup, const struct host_unit_property *properties,
	size_t count, struct berth_error *err)
{
	autobus struct bus bus = {0};
	int r = bus_open(&bus, cgroup->is_unit_user, err);

	return r < 0 ? r : bus_unit_set(&bus, cgroup->unit, properties, count, err);
}

int cgroup_unit_attach(const struct cgroup *cgroup, pid_t pid, struct berth_error *err)
{
	autobus struct bus bus = {0};
	int r = bus_open(&bus, cgroup->is_unit_user, err);

	return r < 0 ? r : bus_unit_attach(&bus, cgroup->unit, pid, err);
}
