/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd as the manager: the directory is that of a transient unit, or one below it. The unit is delegated
 * (systemd.resource-control(5)), so what is in it and below is berth's to arrange; making and removing it is systemd's.
 */
#include "cgroup/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "bus/bus.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum { UNIT_DIRECTORY_MODE = 0755 };

/* What follows the unit's own directory in the path: "" or "/NAME". */
static const char *below_unit(const struct cgroup *cgroup)
{
	const char *path = cgroup->dirs[0].path;
	size_t length = strlen(cgroup->unit);

	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		if (strncmp(at + 1, cgroup->unit, length) == 0 &&
			(at[1 + length] == '/' || at[1 + length] == '\0')) {
			return at + 1 + length;
		}
	}
	return "";
}

static int move(int fd, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return cgroup_file_write(fd, "cgroup.procs", text);
}

/* Replaces the directory by a new one in it. Its controllers can be given there only when it holds no process. */
static int enter_below(struct cgroup_dir *dir, const char *name, const char *controllers, pid_t pid)
{
	autofd int next = -1;
	int r = sys_mkdirat(dir->fd, name, UNIT_DIRECTORY_MODE);

	if (r < 0) {
		return r;
	}
	next = cgroup_dir_open(dir->fd, name);
	r = next < 0 ? next : move(next, pid);
	if (r == 0) {
		r = cgroup_v2_driver.enable(dir->fd, controllers, &dir->refused);
	}
	if (r == 0) {
		close_fd(&dir->fd);
		dir->fd = take_fd(&next);
	}
	return r;
}

/* The unit's directory, from the mount's. */
static int open_unit(struct cgroup *cgroup)
{
	struct cgroup_dir *dir = &cgroup->dirs[0];
	size_t length = (size_t)(below_unit(cgroup) - dir->path);
	char *path = arena_copy(&cgroup->arena, dir->path, length);

	return path ? cgroup_dir_open(dir->way_fd, path) : -ENOMEM;
}

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
	dir->fd = open_unit(cgroup);
	r = dir->fd < 0 ? dir->fd : 0;
	if (r == 0 && unit->is_slice) {
		r = move(dir->fd, pid);
	}
	if (r == 0) {
		/* systemd gives those controllers that it knows. */
		r = cgroup_enable_way(dir, cgroup_count_parts(dir->path) - (unit->subgroup != NULL),
			unit->other_controllers);
	}
	if (r == 0 && unit->subgroup) {
		r = enter_below(dir, unit->subgroup, unit->controllers, pid);
	}
	if (r < 0) {
		return error_system(err, r, "go into the cgroup of the unit %s, %s%s", unit->name,
			dir->mount_point, dir->path);
	}
	close_fd(&dir->way_fd);
	return 0;
}

/* A unit whose processes have all ended is gone with its directory. */
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

	if (cgroup->count == 0 || cgroup->is_unit_due) {
		return 0;
	}
	if (is_there(&cgroup->dirs[0])) {
		r = bus_open(&bus, cgroup->is_unit_user, err);
		return r < 0 ? r : bus_unit_stop(&bus, cgroup->unit, err);
	}
	/* Where nobody answers any more, nobody remembers a failure either. */
	r = bus_open(&bus, cgroup->is_unit_user, NULL);
	return r < 0 ? 0 : bus_unit_forget(&bus, cgroup->unit, err);
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
	const char *narrowed = cgroup->narrowed ? cgroup->narrowed : "";
	char below[CGROUP_TEXT_MAX];
	int length = snprintf(
		below, sizeof(below), "%s%s%s", below_unit(cgroup), *narrowed ? "/" : "", narrowed);
	int r = length < (int)sizeof(below)
			? bus_open(&bus, cgroup->is_unit_user, err)
			: error_system(err, ENAMETOOLONG, "the cgroup \"%s\"", narrowed);

	return r < 0 ? r : bus_unit_attach(&bus, cgroup->unit, below, pid, err);
}

/* Of crun, runc and the kernel ("Delegation" of its admin-guide/cgroup-v2): the directory and these of its files. */
static int give(int fd, const struct host_unit *unit)
{
	static const char *const files[] = {
		"cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
	int r = sys_fchown(fd, unit->owner_uid, unit->owner_gid);

	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(files); i++) {
		autofd int file_fd = cgroup_file_open(fd, files[i]);

		r = file_fd < 0 ? file_fd : sys_fchown(file_fd, unit->owner_uid, unit->owner_gid);
	}
	return r;
}

struct moving {
	int fd;
	int status;
};

static int move_one(pid_t pid, void *argument)
{
	struct moving *moving = argument;

	moving->status = move(moving->fd, pid);
	return moving->status;
}

static int make_delegated(const struct cgroup_dir *dir, const struct host_unit *unit)
{
	int refused = 0;
	struct moving moving = {.fd = -1};
	autofd int fd = -1;
	int r = sys_mkdirat(dir->fd, unit->delegated, UNIT_DIRECTORY_MODE);

	if (r < 0) {
		return r;
	}
	fd = cgroup_dir_open(dir->fd, unit->delegated);
	if (fd < 0) {
		return fd;
	}
	moving.fd = fd;
	r = cgroup_dir_pids(dir->fd, move_one, &moving);
	r = moving.status < 0 ? moving.status : r;
	if (r == 0) {
		r = cgroup_v2_driver.enable(dir->fd, unit->controllers, &refused);
	}
	return r == 0 && unit->has_owner ? give(fd, unit) : r;
}

int cgroup_unit_delegate(
	const struct cgroup *cgroup, const struct host_unit *unit, struct berth_error *err)
{
	const struct cgroup_dir *dir = &cgroup->dirs[0];
	int r = unit->delegated ? make_delegated(dir, unit) : 0;

	if (r < 0) {
		(void)error_system(err, r, "delegate the cgroup \"%s\" below %s%s", unit->delegated,
			dir->mount_point, dir->path);
		error_add_pointer(err, "/annotations/run.oci.delegate-cgroup");
	}
	return r;
}
