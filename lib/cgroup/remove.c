/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing directories. rmdir(2) gives EBUSY while a process is on its way out and while there is a
 * directory below; version 2 tells when the last process has left, version 1 is asked again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup/inside.h"
#include "cgroup/unit.h"
#include "sys/file.h"

static int rmdir_at(int fd, const char *name)
{
	int r = sys_unlinkat(fd, name, AT_REMOVEDIR);
	struct stat st;

	/* A read-only mount refuses before it looks whether there is anything. */
	if (r == -EROFS && sys_fstatat(fd, name, AT_SYMLINK_NOFOLLOW, &st) == -ENOENT) {
		return 0;
	}
	/* ENOTDIR: a file, and no directory that a start has made. */
	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* Whoever is busy is left for the next round. */
static int leave_removed(int parent_fd, const char *name, void *argument)
{
	int *result = argument;
	int r = rmdir_at(parent_fd, name);

	*result = r == 0 ? *result : r;
	return r == -EBUSY ? 0 : r;
}

static int remove_below(int fd)
{
	int result = 0;
	const struct cgroup_walk walk = {.leave = leave_removed, .argument = &result};
	int r = cgroup_walk_below(fd, &walk);

	return r < 0 ? r : result;
}

int cgroup_tree_remove(
	int parent_fd, const char *name, const struct cgroup_driver *driver, uint64_t end_ns)
{
	autofd int fd = -1;
	int delay_ms = 1;
	int r = rmdir_at(parent_fd, name);

	if (r != -EBUSY) {
		return r;
	}
	fd = cgroup_dir_open(parent_fd, name);
	if (fd < 0) {
		return fd == -ENOENT ? 0 : fd;
	}
	for (;;) {
		int left_ms = cgroup_time_left(end_ns);

		r = remove_below(fd);
		if (r == 0) {
			r = rmdir_at(parent_fd, name);
		}
		if (r != -EBUSY || left_ms == 0) {
			return r;
		}
		/* On version 2 too not longer than that: it may be populated by a child's process. */
		driver->wait_empty(fd, delay_ms < left_ms ? delay_ms : left_ms);
		delay_ms = delay_ms < 64 ? delay_ms * 2 : delay_ms;
	}
}

/* The path of so many parts. */
static size_t length_of(const char *path, uint32_t parts)
{
	size_t length = 0;

	for (; parts > 0 && path[length]; parts--) {
		length += 1 + strcspn(path + length + 1, "/");
	}
	return length;
}

/* Removes the directory that ends the first `parts` parts of the path; of one that leads there alone. */
static int remove_part(const struct cgroup_dir *dir, int mount_fd, uint32_t parts, uint64_t end_ns)
{
	size_t end = length_of(dir->path, parts);
	size_t start = length_of(dir->path, parts - 1);
	char path[CGROUP_TEXT_MAX];
	autofd int parent_fd = -1;
	bool is_last = dir->path[end] == '\0';
	int r;

	if (end >= sizeof(path)) {
		return -ENAMETOOLONG;
	}
	memcpy(path, dir->path, end);
	path[end] = '\0';
	path[start] = '\0';
	if (start > 0) {
		parent_fd = cgroup_dir_open(mount_fd, path);
		if (parent_fd < 0) {
			return parent_fd == -ENOENT || parent_fd == -ENOTDIR ? 0 : parent_fd;
		}
		mount_fd = parent_fd;
	}
	if (is_last) {
		return cgroup_tree_remove(
			mount_fd, path + start + 1, cgroup_driver_of(dir), end_ns);
	}
	/* Others may have made theirs in it meanwhile. */
	r = rmdir_at(mount_fd, path + start + 1);
	return r == -EBUSY ? 0 : r;
}

static int remove_dir(const struct cgroup_dir *dir, uint64_t end_ns)
{
	bool is_v2;
	autofd int mount_fd = -1;
	uint32_t parts = cgroup_count_parts(dir->path);
	int r;

	/* Made by this process, in a directory that is not ours: there is no way to look for. */
	if (dir->fd >= 0 && dir->above_fd >= 0 && dir->kept + 1 == parts) {
		return cgroup_tree_remove(
			dir->above_fd, strrchr(dir->path, '/') + 1, cgroup_driver_of(dir), end_ns);
	}
	mount_fd = cgroup_mount_open(dir->mount_point, &is_v2);
	r = mount_fd < 0 ? mount_fd : 0;
	if (dir->is_unmounted) {
		return dir->kept < parts ? -ENODEV : 0;
	}
	if (r == -ENOENT) {
		return 0;
	}
	if (dir->kept >= parts && dir->fd >= 0) {
		/* Not ours; but it had nothing below it when the container came. */
		return remove_below(dir->fd);
	}
	for (; r == 0 && parts > dir->kept; parts--) {
		r = remove_part(dir, mount_fd, parts, end_ns);
	}
	return r;
}

static int not_removed(const struct cgroup_dir *dir, int r, struct berth_error *err)
{
	char pids[128] = "";

	if (dir->fd >= 0) {
		cgroup_list_pids(dir->fd, pids, sizeof(pids));
	}
	return error_system(err, r, "remove the cgroup %s%s%s%s", dir->mount_point, dir->path,
		*pids ? ", which holds" : "", pids);
}

/* systemd would end whoever is in it; without systemd, a cgroup that holds a process is not removed. */
static int unit_remove(const struct cgroup *cgroup, uint64_t end_ns, struct berth_error *err)
{
	const struct cgroup_dir *dir = cgroup_main(cgroup);
	int left_ms = cgroup_time_left(end_ns);

	while (dir && cgroup_driver_of(dir)->is_populated(dir->fd) > 0) {
		if (left_ms == 0) {
			return not_removed(dir, -EBUSY, err);
		}
		cgroup_driver_of(dir)->wait_empty(dir->fd, left_ms);
		left_ms = cgroup_time_left(end_ns);
	}
	return cgroup_unit_stop(cgroup, err);
}

int cgroup_remove(struct cgroup *cgroup, int timeout_ms, struct berth_error *err)
{
	uint64_t end_ns = sys_now_ns() + (uint64_t)timeout_ms * 1000000U;
	int result = cgroup->unit ? unit_remove(cgroup, end_ns, err) : 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_dir *dir = &cgroup->dirs[i];
		int r = remove_dir(dir, end_ns);

		if (r < 0 && dir->is_unmounted) {
			result = error_set(err, BERTH_ERROR_STATE,
				"the cgroup %s%s cannot be removed: no hierarchy is mounted there",
				dir->mount_point, dir->path);
		} else if (r < 0) {
			result = not_removed(dir, r, err);
		}
		close_fd(&dir->fd);
		close_fd(&dir->above_fd);
	}
	return result;
}
