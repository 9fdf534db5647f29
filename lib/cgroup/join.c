/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes in: the first process of a container before it does anything, and those of exec.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "cgroup/unit.h"

struct search {
	pid_t pid;        /* who is looked for */
	const char *text; /* who is to go beside it */
	int result;
};

static int is_pid(pid_t pid, void *argument)
{
	const struct search *search = argument;

	return pid == search->pid;
}

/* 1 where the one who is looked for is. */
static int join_beside(int fd, void *argument)
{
	struct search *search = argument;
	int r = cgroup_dir_pids(fd, is_pid, search);

	if (r > 0) {
		search->result = cgroup_file_write(fd, "cgroup.procs", search->text);
	}
	return r;
}

static int join_one(const struct cgroup_dir *dir, const char *text, pid_t near)
{
	struct search search = {.pid = near, .text = text, .result = -EBUSY};
	int r = cgroup_file_write(dir->fd, "cgroup.procs", text);

	if (r != -EBUSY || !dir->is_v2 || near == 0) {
		return r;
	}
	r = cgroup_walk(dir->fd, join_beside, &search);
	return r < 0 ? r : search.result;
}

/* What version 2 means by an error. */
static const char *refusal_reason(int errnum)
{
	switch (errnum) {
	case -EBUSY:
		return " (it gives controllers to cgroups below it)";
	case -EOPNOTSUPP:
		return " (a cgroup above it is threaded)";
	default:
		return "";
	}
}

int cgroup_join(const struct cgroup *cgroup, pid_t pid, pid_t near, struct berth_error *err)
{
	const struct cgroup_dir *main = cgroup_main(cgroup);
	size_t first = main ? (size_t)(main - cgroup->dirs) : 0;
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[(first + i) % cgroup->count];
		int r = dir->fd < 0 ? 0 : join_one(dir, text, near);

		/* A user may move a process only within what is all his, and his session is not. */
		if ((r == -EACCES || r == -EPERM) && cgroup->is_unit_user) {
			r = cgroup_unit_attach(cgroup, pid, err);
			if (r < 0) {
				return r;
			}
		}
		if (r < 0) {
			return error_system(err, r, "move a process into the cgroup %s%s%s",
				dir->mount_point, dir->path, dir->is_v2 ? refusal_reason(r) : "");
		}
	}
	return 0;
}

int cgroup_enter(
	struct cgroup *cgroup, const struct host_cgroup *plan, pid_t pid, struct berth_error *err)
{
	int r;

	if (!cgroup->is_unit_due) {
		return cgroup_join(cgroup, pid, 0, err);
	}
	r = cgroup_unit_start(cgroup, plan->unit, pid, err);
	if (r == 0) {
		r = cgroup_limit(cgroup, plan, false, err);
	}
	if (r < 0) {
		error_add_pointer(err, plan->pointer);
	}
	return r;
}

/* Whether the hierarchy is one of a controller of the list, as the name of its mount point says:
 * "/sys/fs/cgroup/cpu,cpuacct". */
static bool is_of(const struct cgroup_dir *dir, const char *list, size_t length)
{
	const char *name = strrchr(dir->mount_point, '/') + 1;

	while (length > 0) {
		size_t word = strcspn(list, ",:");

		for (const char *at = name; *at;) {
			size_t part = strcspn(at, ",");

			if (part == word && strncmp(at, list, word) == 0) {
				return true;
			}
			at += part + (at[part] == ',');
		}
		list += word < length ? word + 1 : word;
		length -= word < length ? word + 1 : word;
	}
	return false;
}

static int narrow_one(struct cgroup_dir *dir, const char *path)
{
	int fd = cgroup_dir_open(dir->fd, path);

	if (fd < 0) {
		return fd;
	}
	close_fd(&dir->fd);
	dir->fd = fd;
	return 0;
}

int cgroup_narrow(struct cgroup *cgroup, const char *text, struct berth_error *err)
{
	size_t length = strcspn(text, ":");
	bool has_list = text[length] == ':';
	const char *path = has_list ? text + length + 1 : text;
	bool is_found = false;

	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_dir *dir = &cgroup->dirs[i];
		int r;

		if (dir->fd < 0 || (has_list && !is_of(dir, text, length))) {
			continue;
		}
		is_found = true;
		cgroup->narrowed = path;
		r = narrow_one(dir, path);
		if (r == -EXDEV || r == -ELOOP) {
			return error_set(err, BERTH_ERROR_USAGE,
				"the cgroup \"%s\" is not below the container's", path);
		}
		if (r < 0) {
			return error_system(err, r, "open the cgroup \"%s\" below %s%s", path,
				dir->mount_point, dir->path);
		}
	}
	return is_found ? 0
			: error_set(err, BERTH_ERROR_USAGE, "the container has no cgroup of \"%s\"",
				  text);
}
