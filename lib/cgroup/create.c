/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "cgroup/unit.h"
#include "sys/file.h"

enum {
	DIRECTORY_MODE = 0755,
	LEFTOVER_TIMEOUT_MS = 1000, /* what a killed start has left may still be ending */
};

void cgroup_init(struct cgroup *cgroup)
{
	memset(cgroup, 0, sizeof(*cgroup));
	arena_init(&cgroup->arena, CGROUP_MEMORY_MAX);
}

void cgroup_finish(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		close_fd(&cgroup->dirs[i].fd);
		close_fd(&cgroup->dirs[i].way_fd);
		close_fd(&cgroup->dirs[i].above_fd);
	}
	cgroup->count = 0;
	arena_finish(&cgroup->arena);
}

const struct cgroup_driver *cgroup_driver_of(const struct cgroup_dir *dir)
{
	return dir->is_v2 ? &cgroup_v2_driver : &cgroup_v1_driver;
}

/* A directory that was there before: another container may live in it, or one that is paused. */
static int check_empty(const struct cgroup_dir *dir, int fd, struct berth_error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_of(dir);
	char pids[128];
	int r = driver->is_populated(fd);

	if (r > 0) {
		cgroup_list_pids(fd, pids, sizeof(pids));
		return error_set(err, BERTH_ERROR_STATE,
			"container's cgroup is not empty: %s%s holds%s", dir->mount_point,
			dir->path, pids);
	}
	if (r == 0) {
		r = driver->is_frozen(fd);
	}
	if (r > 0) {
		return error_set(err, BERTH_ERROR_STATE, "container's cgroup is frozen: %s%s",
			dir->mount_point, dir->path);
	}
	return r < 0 && r != -ENOENT ? error_system(err, r, "look into the cgroup %s%s",
					       dir->mount_point, dir->path)
				     : 0;
}

/* The next part of a path, in front of which `*at` stands; false at its end. */
static bool next_part(const char **at, char part[CGROUP_PART_MAX])
{
	size_t length = strcspn(*at, "/");

	if (length == 0 || length >= CGROUP_PART_MAX) {
		return false;
	}
	memcpy(part, *at, length);
	part[length] = '\0';
	*at += length + ((*at)[length] == '/');
	return true;
}

/* Replaces `*fd` by the directory `part` in it. */
static int enter(int *fd, const char *part)
{
	int next = cgroup_dir_open(*fd, part);

	if (next < 0) {
		return next;
	}
	close_fd(fd);
	*fd = next;
	return 0;
}

/* What is below one that others have made would have to be told from what the container makes. */
static int check_free(const struct cgroup_dir *dir, int fd, struct berth_error *err)
{
	int r = check_empty(dir, fd, err);

	if (r < 0) {
		return r;
	}
	r = cgroup_has_below(fd);
	if (r > 0) {
		return error_set(err, BERTH_ERROR_STATE,
			"container's cgroup is not empty: %s%s has cgroups below it",
			dir->mount_point, dir->path);
	}
	return r < 0 ? error_system(
			       err, r, "look into the cgroup %s%s", dir->mount_point, dir->path)
		     : 0;
}

/* Goes down so many parts of the path, as far as they are there: `kept` counts them. */
static int find_path(struct cgroup_dir *dir, uint32_t parts)
{
	const char *at = dir->path + 1;
	char part[CGROUP_PART_MAX];
	int r = 0;

	while (r == 0 && dir->kept < parts && next_part(&at, part)) {
		r = enter(&dir->way_fd, part);
		dir->kept += r == 0 ? 1 : 0;
	}
	return r == -ENOENT ? 0 : r;
}

/* One of our own name that is there and empty has been left by a start that was killed: it is made anew, with
 * none of its limits. */
static int find_own(struct cgroup_dir *dir, struct berth_error *err)
{
	autofd int fd = cgroup_dir_open(dir->way_fd, strrchr(dir->path, '/') + 1);

	if (fd < 0) {
		return fd == -ENOENT ? 0 : fd;
	}
	dir->is_there = true;
	return check_empty(dir, fd, err);
}

static int find_dir(struct cgroup_dir *dir, bool is_own_name, struct berth_error *err)
{
	uint32_t parts = cgroup_count_parts(dir->path);
	uint32_t wanted = is_own_name ? parts - 1 : parts;
	int r = find_path(dir, wanted);

	if (r == 0 && dir->kept == wanted && is_own_name) {
		r = find_own(dir, err);
	} else if (r == 0 && dir->kept == wanted) {
		dir->is_there = true;
		r = check_free(dir, dir->way_fd, err);
	}
	if (r < 0) {
		dir->kept = parts;
	}
	return r;
}

static int open_mount(struct cgroup_dir *dir, const struct host_cgroup_dir *plan)
{
	bool is_v2 = false;
	autofd int fd = cgroup_mount_open(dir->mount_point, &is_v2);

	if (fd >= 0 && is_v2 != plan->is_v2) {
		return -ENODEV;
	}
	if (fd < 0) {
		return fd;
	}
	dir->is_v2 = is_v2;
	dir->way_fd = take_fd(&fd);
	return 0;
}

static int failed(
	const struct cgroup_dir *dir, const char *verb, int errnum, struct berth_error *err)
{
	return error_system(err, errnum, "%s the cgroup %s%s", verb, dir->mount_point, dir->path);
}

int cgroup_find(struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = 0;

	if (plan->dir_count > CGROUP_DIRS_MAX) {
		return error_set(err, BERTH_ERROR_INTERNAL, "too many cgroup hierarchies");
	}
	if (plan->unit) {
		cgroup->unit = plan->unit->name;
		cgroup->is_unit_user = plan->unit->is_user;
		cgroup->is_unit_due = true;
	}
	for (size_t i = 0; r == 0 && i < plan->dir_count; i++) {
		const struct host_cgroup_dir *wanted = &plan->dirs[i];
		struct cgroup_dir *dir = &cgroup->dirs[cgroup->count++];

		*dir = (struct cgroup_dir){
			.fd = -1,
			.way_fd = -1,
			.above_fd = -1,
			.mount_point = wanted->mount_point,
			.path = wanted->path,
		};
		r = open_mount(dir, wanted);
		if (r == 0 && plan->unit) {
			dir->kept = cgroup_count_parts(dir->path);
		} else if (r == 0) {
			r = find_dir(dir, plan->is_own_name, err);
		}
		if (r < 0) {
			r = failed(dir, "find", r, err);
		}
	}
	if (r < 0) {
		error_add_pointer(err, plan->pointer);
	}
	return r;
}

/* Makes one part of the path in `dir->way_fd`, and goes there. */
static int make_part(struct cgroup_dir *dir, const char *part, const char *controllers)
{
	const struct cgroup_driver *driver = cgroup_driver_of(dir);
	autofd int next = -1;
	int r = driver->enable(dir->way_fd, controllers, &dir->refused);

	if (r == 0) {
		r = sys_mkdirat(dir->way_fd, part, DIRECTORY_MODE);
	}
	dir->is_there = r == -EEXIST;
	if (r < 0 && r != -EEXIST) {
		return r;
	}
	next = cgroup_dir_open(dir->way_fd, part);
	if (next < 0) {
		return next;
	}
	r = driver->inherit(dir->way_fd, next, controllers);
	close_fd(&dir->above_fd);
	dir->above_fd = dir->way_fd;
	dir->way_fd = take_fd(&next);
	return r;
}

/* The controllers reach a directory only through all above it. */
int cgroup_enable_way(struct cgroup_dir *dir, uint32_t parts, const char *controllers)
{
	const char *at = dir->path + 1;
	char part[CGROUP_PART_MAX];
	bool is_v2;
	autofd int fd = -1;
	int r;

	if (!dir->is_v2 || parts == 0 || *controllers == '\0') {
		return 0;
	}
	fd = cgroup_mount_open(dir->mount_point, &is_v2);
	r = fd < 0 ? fd : 0;
	for (; r == 0 && parts > 0 && next_part(&at, part); parts--) {
		r = cgroup_v2_driver.enable(fd, controllers, &dir->refused);
		if (r == 0) {
			r = enter(&fd, part);
		}
	}
	return r;
}

/* Makes what cgroup_find() has not found. */
static int make_path(struct cgroup_dir *dir, bool is_own_name, const char *controllers)
{
	const char *at = dir->path + 1;
	uint32_t there = dir->kept;
	bool is_leftover = is_own_name && dir->is_there;
	char part[CGROUP_PART_MAX];
	uint32_t parts = 0;
	int r = cgroup_enable_way(dir, there, controllers);

	while (r == 0 && next_part(&at, part)) {
		if (parts++ < there) {
			continue;
		}
		if (*at == '\0' && is_leftover) {
			r = cgroup_tree_remove(dir->way_fd, part, cgroup_driver_of(dir),
				sys_now_ns() + (uint64_t)LEFTOVER_TIMEOUT_MS * 1000000U);
		}
		if (r == 0) {
			r = make_part(dir, part, controllers);
		}
		if (r == 0 && dir->is_there && *at) {
			/* Somebody has made it meanwhile, and whose it is it stays. */
			dir->kept = parts;
		}
	}
	return r == 0 && *at ? -ENAMETOOLONG : r;
}

/* Another start may have come so far with the same cgroup, and have nobody in it yet: one of them gets the lock
 * of the directory, which goes with the descriptor. */
static int claim(struct cgroup_dir *dir, struct berth_error *err)
{
	int r = sys_flock(dir->way_fd, 0);

	if (r == -ETIMEDOUT) {
		return error_set(err, BERTH_ERROR_STATE,
			"container's cgroup is not empty: another start has taken %s%s",
			dir->mount_point, dir->path);
	}
	return r < 0 ? failed(dir, "lock", r, err) : 0;
}

static int create_dir(struct cgroup_dir *dir, const struct host_cgroup *plan, size_t index,
	struct berth_error *err)
{
	const struct host_cgroup_dir *wanted = &plan->dirs[index];
	int r;

	if (dir->way_fd < 0) {
		return 0;
	}
	r = make_path(dir, plan->is_own_name, wanted->controllers);
	if (r < 0) {
		bool is_denied = r == -EACCES || r == -EPERM || r == -EROFS;

		if (is_denied && wanted->is_optional) {
			close_fd(&dir->way_fd);
			return 0;
		}
		return failed(dir, "make", r, err);
	}
	r = index == 0 ? claim(dir, err) : 0;
	if (r == 0 && dir->is_there) {
		r = check_empty(dir, dir->way_fd, err);
	}
	if (r < 0) {
		dir->kept = cgroup_count_parts(dir->path);
	} else {
		dir->fd = take_fd(&dir->way_fd);
	}
	return r;
}

int cgroup_create(struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cgroup->count && !cgroup->is_unit_due; i++) {
		r = create_dir(&cgroup->dirs[i], plan, i, err);
		if (r < 0) {
			/* The rest has not been made, and must not be removed. */
			cgroup->count = i + 1;
		}
	}
	if (r < 0) {
		error_add_pointer(err, plan->pointer);
	}
	return r;
}
