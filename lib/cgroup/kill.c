/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing, and signals to all. On version 2 a write to cgroup.kill (Linux 5.14) ends everything at once;
 * else the processes are frozen, signalled and thawed: thawed on every path, as one that is frozen cannot
 * die on version 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"
#include "sys/process.h"

const struct cgroup_dir *cgroup_main(const struct cgroup *cgroup)
{
	const struct cgroup_dir *found = NULL;

	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];

		if (dir->fd >= 0 && (!found || dir->is_v2)) {
			found = dir;
		}
	}
	return found;
}

/* The directory that can be frozen; NULL where there is none. */
static const struct cgroup_dir *find_freezer(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];

		if (dir->fd >= 0 && cgroup_driver_of(dir)->is_frozen(dir->fd) >= 0) {
			return dir;
		}
	}
	return NULL;
}

int cgroup_is_frozen(const struct cgroup *cgroup)
{
	const struct cgroup_dir *dir = find_freezer(cgroup);

	return dir ? cgroup_driver_of(dir)->is_frozen(dir->fd) > 0 : 0;
}

int cgroup_freeze(const struct cgroup *cgroup, bool is_frozen, struct berth_error *err)
{
	const struct cgroup_dir *dir = find_freezer(cgroup);
	int r;

	if (!dir) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED,
			"the container has no cgroup that can be frozen");
	}
	r = cgroup_driver_of(dir)->freeze(dir->fd, is_frozen);
	return r < 0 ? error_system(err, r, "%s the cgroup %s%s", is_frozen ? "freeze" : "thaw",
			       dir->mount_point, dir->path)
		     : 0;
}

const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena)
{
	const struct cgroup_dir *dir = find_freezer(cgroup);

	return dir ? arena_printf(arena, "%s%s", dir->mount_point, dir->path) : NULL;
}

struct call {
	cgroup_pid_fn fn;
	void *argument;
};

static int call_pids(int fd, void *argument)
{
	const struct call *call = argument;

	return cgroup_dir_pids(fd, call->fn, call->argument);
}

int cgroup_pids(const struct cgroup *cgroup, cgroup_pid_fn fn, void *argument)
{
	const struct cgroup_dir *dir = cgroup_main(cgroup);
	struct call call = {.fn = fn, .argument = argument};

	return dir ? cgroup_walk(dir->fd, call_pids, &call) : 0;
}

static int add_pid(pid_t pid, void *argument)
{
	struct strbuf *buf = argument;

	if (buf->size - buf->length < 16) {
		strbuf_add(buf, " ...");
		return 1;
	}
	strbuf_printf(buf, " %d", (int)pid);
	return 0;
}

void cgroup_list_pids(int fd, char *buffer, size_t size)
{
	struct strbuf buf;
	struct call call = {.fn = add_pid, .argument = &buf};

	strbuf_init(&buf, buffer, size);
	(void)!cgroup_walk(fd, call_pids, &call);
}

/* While they are frozen, or when they are to end in any case, a number cannot have gone to another. */
static int signal_pid(pid_t pid, void *argument)
{
	const int *number = argument;
	int r = pid == sys_getpid() ? 0 : sys_kill(pid, *number);

	return r == -ESRCH ? 0 : r;
}

static int thaw_one(int fd, void *argument)
{
	const struct cgroup_dir *dir = argument;
	int r = cgroup_driver_of(dir)->freeze(fd, false);

	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* The ones below too: each may have been frozen by itself. */
static int thaw_all(const struct cgroup_dir *freezer)
{
	struct cgroup_dir dir = *freezer;

	return cgroup_walk(freezer->fd, thaw_one, &dir);
}

/* Ends all by version 2; false where there is no cgroup.kill. */
static bool kill_by_file(const struct cgroup *cgroup)
{
	bool is_done = false;

	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];

		if (dir->fd >= 0 && dir->is_v2) {
			is_done = cgroup_file_write(dir->fd, "cgroup.kill", "1") == 0;
		}
	}
	return is_done;
}

int cgroup_signal(const struct cgroup *cgroup, int number, struct berth_error *err)
{
	const struct cgroup_dir *freezer = find_freezer(cgroup);
	bool was_frozen = cgroup_is_frozen(cgroup) > 0;
	bool is_kill = number == SIGKILL;
	int r = 0;

	if (!is_kill || !kill_by_file(cgroup)) {
		/* Those who cannot be frozen are signalled all the same. */
		if (freezer && !was_frozen) {
			(void)!cgroup_freeze(cgroup, true, NULL);
		}
		r = cgroup_pids(cgroup, signal_pid, &number);
	}
	if (freezer && (is_kill || !was_frozen)) {
		int thawed = thaw_all(freezer);

		r = r < 0 ? r : thawed;
	}
	return r < 0 ? error_system(err, r, "signal the processes of the cgroup") : 0;
}

int cgroup_kill(const struct cgroup *cgroup, int timeout_ms, struct berth_error *err)
{
	const struct cgroup_dir *dir = cgroup_main(cgroup);
	uint64_t end_ns = sys_now_ns() + (uint64_t)timeout_ms * 1000000U;
	int delay_ms = 1;
	char pids[128];

	while (dir && cgroup_driver_of(dir)->is_populated(dir->fd) != 0) {
		int r = cgroup_signal(cgroup, SIGKILL, err);

		if (r < 0) {
			return r;
		}
		if (cgroup_time_left(end_ns) == 0) {
			cgroup_list_pids(dir->fd, pids, sizeof(pids));
			return error_set(err, BERTH_ERROR_STATE,
				"processes do not end in the cgroup %s%s:%s", dir->mount_point,
				dir->path, pids);
		}
		cgroup_driver_of(dir)->wait_empty(dir->fd, delay_ms);
		delay_ms = delay_ms < 64 ? delay_ms * 2 : delay_ms;
	}
	return 0;
}

int cgroup_kill_own(const struct cgroup *cgroup, int timeout_ms, struct berth_error *err)
{
	struct cgroup own = *cgroup; /* its descriptors are borrowed, and nobody closes them */
	int r;

	/* A unit is always made for its container. */
	for (size_t i = 0; i < own.count && !own.unit; i++) {
		if (own.dirs[i].kept >= cgroup_count_parts(own.dirs[i].path)) {
			own.dirs[i].fd = -1;
		}
	}
	if (!cgroup_is_there(&own)) {
		return 0;
	}
	r = cgroup_kill(&own, timeout_ms, err);
	return r < 0 ? r : 1;
}
