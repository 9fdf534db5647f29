/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum { DIRECTORY_MODE = 0755 };

void cgroup_init(struct cgroup *cgroup)
{
	memset(cgroup, 0, sizeof(*cgroup));
	arena_init(&cgroup->arena, CGROUP_MEMORY_MAX);
}

void cgroup_finish(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		close_fd(&cgroup->dirs[i].fd);
	}
	cgroup->count = 0;
	arena_finish(&cgroup->arena);
}

const struct cgroup_driver *cgroup_driver_of(const struct cgroup_dir *dir)
{
	return dir->is_v2 ? &cgroup_v2_driver : &cgroup_v1_driver;
}

/* A directory that was there before: another container may live in it, or one that is paused. */
static int check_free(const struct cgroup_dir *dir, int fd, struct berth_error *err)
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

/* Makes one part of the path in `*fd`, and goes there. */
static int make_part(const struct cgroup_driver *driver, const char *part, const char *controllers,
	int *fd, bool *ret_is_made)
{
	autofd int next = -1;
	int r = driver->enable(*fd, controllers);

	if (r == 0) {
		r = sys_mkdirat(*fd, part, DIRECTORY_MODE);
	}
	*ret_is_made = r == 0;
	if (r < 0 && r != -EEXIST) {
		return r;
	}
	next = cgroup_dir_open(*fd, part);
	if (next < 0) {
		return next;
	}
	r = driver->inherit(*fd, next, controllers);
	close_fd(fd);
	*fd = take_fd(&next);
	return r;
}

/* Goes down the path and makes what is missing. `kept` counts what was there from the start. */
static int make_path(struct cgroup_dir *dir, const char *controllers, int *fd, bool *ret_is_made)
{
	const char *at = dir->path + 1;
	uint32_t parts = 0;
	int r = 0;

	dir->kept = UINT32_MAX;
	for (; r == 0 && *at; parts++) {
		size_t length = strcspn(at, "/");
		char part[256];

		if (length >= sizeof(part)) {
			return -ENAMETOOLONG;
		}
		memcpy(part, at, length);
		part[length] = '\0';
		r = make_part(cgroup_driver_of(dir), part, controllers, fd, ret_is_made);
		if (*ret_is_made && dir->kept == UINT32_MAX) {
			dir->kept = parts;
		}
		at += length + (at[length] == '/');
	}
	if (dir->kept == UINT32_MAX) {
		dir->kept = parts;
	}
	return r;
}

static int create_dir(struct cgroup_dir *dir, const struct host_cgroup_dir *plan, bool is_own_name,
	struct berth_error *err)
{
	bool is_v2 = false;
	bool is_made = false;
	autofd int fd = cgroup_mount_open(dir->mount_point, &is_v2);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && is_v2 != plan->is_v2) {
		r = -ENODEV;
	}
	if (r == 0) {
		dir->is_v2 = is_v2;
		r = make_path(dir, plan->controllers, &fd, &is_made);
	}
	if (r < 0) {
		bool is_denied = r == -EACCES || r == -EPERM || r == -EROFS;

		return is_denied && plan->is_optional ? 0
						      : error_system(err, r, "make the cgroup %s%s",
								dir->mount_point, dir->path);
	}
	if (!is_made) {
		r = check_free(dir, fd, err);
		if (r == 0 && is_own_name) {
			/* One that a killed start of ours has left. */
			dir->kept--;
		}
	}
	dir->fd = r < 0 ? -1 : take_fd(&fd);
	return r;
}

int cgroup_create(struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = 0;

	if (plan->dir_count > CGROUP_DIRS_MAX) {
		return error_set(err, BERTH_ERROR_INTERNAL, "too many cgroup hierarchies");
	}
	for (size_t i = 0; r == 0 && i < plan->dir_count; i++) {
		const struct host_cgroup_dir *wanted = &plan->dirs[i];
		struct cgroup_dir *dir = &cgroup->dirs[cgroup->count];

		*dir = (struct cgroup_dir){
			.fd = -1,
			.mount_point = arena_copy(
				&cgroup->arena, wanted->mount_point, strlen(wanted->mount_point)),
			.path = arena_copy(&cgroup->arena, wanted->path, strlen(wanted->path)),
			.kept = UINT32_MAX,
		};
		if (!dir->mount_point || !dir->path) {
			r = error_system(err, ENOMEM, "memory for a path");
			break;
		}
		cgroup->count++;
		r = create_dir(dir, wanted, plan->is_own_name, err);
	}
	if (r < 0) {
		error_add_pointer(err, plan->pointer);
		(void)!cgroup_remove(cgroup, 0, NULL);
	}
	return r;
}
