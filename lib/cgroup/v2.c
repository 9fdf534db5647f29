/* SPDX-License-Identifier: Apache-2.0 */
/* Version 2 (the kernel's admin-guide/cgroup-v2): one hierarchy, controllers enabled from the top down. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { FREEZE_TIMEOUT_MS = 5000 };

/* Is a word one of those that a separator divides? */
static bool has_word(const char *text, const char *word, size_t length)
{
	while (*text) {
		size_t item = strcspn(text, " \n");

		if (item == length && strncmp(text, word, length) == 0) {
			return true;
		}
		text += item + (text[item] != '\0');
	}
	return false;
}

/* What gives controllers to those below it holds no process, but for the root, which has no type. The kernel
 * refuses some controllers then; but those that can be divided between threads it enables, and with that the
 * directory below takes no process any more. */
static bool holds_processes(int fd)
{
	char text[32];

	return cgroup_file_read(fd, "cgroup.type", text, sizeof(text)) > 0 &&
	       cgroup_file_read(fd, "cgroup.procs", text, sizeof(text)) > 0;
}

static int enable_one(int fd, const char *controller, size_t length)
{
	char text[64];
	struct strbuf buf;

	strbuf_init(&buf, text, sizeof(text));
	strbuf_add(&buf, "+");
	strbuf_add_bytes(&buf, controller, length);
	return cgroup_file_write(fd, "cgroup.subtree_control", text);
}

/* Those that are there and not enabled yet, one by one: a refusal of one must not keep the others away. A
 * limit whose controller is missing fails when it is written. */
static int enable(int fd, const char *controllers, int *refused)
{
	char available[CGROUP_TEXT_MAX];
	char enabled[CGROUP_TEXT_MAX];
	bool is_held = false;
	int r = 0;

	if (*controllers == '\0') {
		return 0;
	}
	r = cgroup_file_read(fd, "cgroup.controllers", available, sizeof(available));
	if (r >= 0) {
		r = cgroup_file_read(fd, "cgroup.subtree_control", enabled, sizeof(enabled));
	}
	while (r >= 0 && *controllers && !is_held) {
		size_t length = strcspn(controllers, ",");

		if (has_word(available, controllers, length) &&
			!has_word(enabled, controllers, length)) {
			int result;

			is_held = holds_processes(fd);
			result = is_held ? -EBUSY : enable_one(fd, controllers, length);
			*refused = result < 0 ? result : *refused;
		}
		controllers += length + (controllers[length] == ',');
	}
	return r < 0 ? r : 0;
}

static int inherit(int parent_fd, int fd, const char *controllers)
{
	(void)controllers;
	(void)parent_fd;
	(void)fd;
	return 0;
}

static int is_frozen(int fd)
{
	char text[32];
	int r = cgroup_file_read(fd, "cgroup.freeze", text, sizeof(text));

	return r < 0 ? r : text[0] == '1';
}

/* Waits until a line of cgroup.events has the value. A change makes the file exceptional (POLLPRI) for
 * those who have read it. */
static int wait_event(int fd, const char *word, uint64_t wanted, int timeout_ms)
{
	uint64_t end_ns = sys_now_ns() + (uint64_t)timeout_ms * 1000000U;
	autofd int events_fd = sys_openat2(fd, "cgroup.events", O_RDONLY, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	char text[256];

	if (events_fd < 0) {
		return events_fd;
	}
	for (;;) {
		uint64_t value = 0;
		int left_ms = cgroup_time_left(end_ns);
		/* poll(2) compares with what was read last through this very descriptor. */
		ssize_t length = sys_pread(events_fd, text, sizeof(text), 0);
		int r = length < 0 ? (int)length
				   : cgroup_file_number(fd, "cgroup.events", word, &value);

		if (r < 0 || value == wanted) {
			return r;
		}
		if (left_ms == 0) {
			return -ETIMEDOUT;
		}
		r = sys_poll(events_fd, POLLPRI, left_ms);
		if (r < 0) {
			return r;
		}
	}
}

static int freeze(int fd, bool is_wanted)
{
	int r = cgroup_file_write(fd, "cgroup.freeze", is_wanted ? "1" : "0");

	if (r == 0 && is_wanted) {
		r = wait_event(fd, "frozen", 1, FREEZE_TIMEOUT_MS);
		if (r < 0) {
			(void)!cgroup_file_write(fd, "cgroup.freeze", "0");
		}
	}
	return r;
}

static int is_populated(int fd)
{
	uint64_t value = 0;
	int r = cgroup_file_number(fd, "cgroup.events", "populated", &value);

	/* ENODEV: it has been removed while it was read. */
	return r == -ENOENT || r == -ENODEV ? 0 : r < 0 ? r : value != 0;
}

static void wait_empty(int fd, int timeout_ms)
{
	(void)!wait_event(fd, "populated", 0, timeout_ms);
}

const struct cgroup_driver cgroup_v2_driver = {
	.enable = enable,
	.inherit = inherit,
	.is_frozen = is_frozen,
	.freeze = freeze,
	.is_populated = is_populated,
	.wait_empty = wait_empty,
	.oom_file = "memory.events",
};
