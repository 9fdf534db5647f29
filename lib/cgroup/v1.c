/* SPDX-License-Identifier: Apache-2.0 */
/* Version 1 (the kernel's admin-guide/cgroup-v1): a hierarchy for each controller, or for a few. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum {
	FREEZE_TIMEOUT_MS = 5000,
	FREEZE_ROUNDS = 50, /* after so many looks it is thawed and frozen anew */
};

static int enable(int fd, const char *controllers, int *refused)
{
	(void)fd;
	(void)controllers;
	(void)refused;
	return 0;
}

static int inherit_file(int parent_fd, int fd, const char *name)
{
	char text[CGROUP_TEXT_MAX];
	int r = cgroup_file_read(fd, name, text, sizeof(text));

	if (r < 0 || text[strspn(text, "\n")] != '\0') {
		return r == -ENOENT ? 0 : r;
	}
	r = cgroup_file_read(parent_fd, name, text, sizeof(text));
	return r < 0 ? r : cgroup_file_write(fd, name, text);
}

/* A new cpuset has no CPU and no memory node, and takes no process until it has. */
static int inherit(int parent_fd, int fd, const char *controllers)
{
	int r;

	if (!strstr(controllers, "cpuset")) {
		return 0;
	}
	r = inherit_file(parent_fd, fd, "cpuset.cpus");
	return r < 0 ? r : inherit_file(parent_fd, fd, "cpuset.mems");
}

static int is_frozen(int fd)
{
	char text[32];
	int r = cgroup_file_read(fd, "freezer.state", text, sizeof(text));

	return r < 0 ? r : !str_has_prefix(text, "THAWED");
}

/* A process that forks or waits in the kernel may escape one attempt: FREEZING lasts then. */
static int freeze_wait(int fd)
{
	uint64_t end_ns = sys_now_ns() + (uint64_t)FREEZE_TIMEOUT_MS * 1000000U;
	int delay_ms = 1;

	for (int round = 1; cgroup_time_left(end_ns) > 0; round++) {
		char text[32];
		int r = cgroup_file_read(fd, "freezer.state", text, sizeof(text));

		if (r < 0 || str_has_prefix(text, "FROZEN")) {
			return r < 0 ? r : 0;
		}
		if (round % FREEZE_ROUNDS == 0) {
			(void)!cgroup_file_write(fd, "freezer.state", "THAWED");
		}
		if (round > 1) {
			cgroup_back_off(&delay_ms);
		}
		r = cgroup_file_write(fd, "freezer.state", "FROZEN");
		if (r < 0) {
			return r;
		}
	}
	return -ETIMEDOUT;
}

static int freeze(int fd, bool is_wanted)
{
	int r = cgroup_file_write(fd, "freezer.state", is_wanted ? "FROZEN" : "THAWED");

	if (r == 0 && is_wanted) {
		r = freeze_wait(fd);
		if (r < 0) {
			(void)!cgroup_file_write(fd, "freezer.state", "THAWED");
		}
	}
	return r;
}

static int stop_at_first(pid_t pid, void *argument)
{
	(void)pid;
	(void)argument;
	return 1;
}

static int has_pids(int fd, void *argument)
{
	return cgroup_dir_pids(fd, stop_at_first, argument);
}

static int is_populated(int fd)
{
	return cgroup_walk(fd, has_pids, NULL);
}

/* Nothing tells when the last process has left. */
static void wait_empty(int fd, int timeout_ms)
{
	(void)fd;
	(void)!sys_poll(-1, 0, timeout_ms);
}

const struct cgroup_driver cgroup_v1_driver = {
	.enable = enable,
	.inherit = inherit,
	.is_frozen = is_frozen,
	.freeze = freeze,
	.is_populated = is_populated,
	.wait_empty = wait_empty,
	.oom_file = "memory.oom_control",
};
