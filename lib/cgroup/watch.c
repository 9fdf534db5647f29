/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says when memory has run out in a cgroup: version 1 through an eventfd that is registered in
 * cgroup.event_control (admin-guide/cgroup-v1/memory), version 2 by a change of memory.events, which makes
 * that file exceptional (POLLPRI) for those who have read it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/event.h"
#include "sys/file.h"

static const char event_word[] = "oom_kill ";

void cgroup_watch_init(struct cgroup_watch *watch)
{
	*watch = (struct cgroup_watch){.fd = -1, .file_fd = -1};
}

void cgroup_watch_finish(struct cgroup_watch *watch)
{
	if (watch->fd != watch->file_fd) {
		close_fd(&watch->fd);
	}
	close_fd(&watch->file_fd);
	watch->fd = -1;
}

/* Reads the file through the descriptor that is polled: what changes from here on makes it exceptional. */
static int read_kills(const struct cgroup_watch *watch, uint64_t *ret_kills)
{
	char text[CGROUP_TEXT_MAX];
	ssize_t length = sys_pread(watch->file_fd, text, sizeof(text) - 1, 0);
	const char *found;

	if (length < 0) {
		return (int)length;
	}
	text[length] = '\0';
	found = strstr(text, event_word);
	*ret_kills = found ? strtoull(found + strlen(event_word), NULL, 10) : 0;
	return 0;
}

static int open_v1(struct cgroup_watch *watch, int dir_fd)
{
	char line[64];
	int r;

	watch->file_fd = cgroup_file_open(dir_fd, "memory.oom_control");
	if (watch->file_fd < 0) {
		return watch->file_fd;
	}
	watch->fd = sys_eventfd();
	if (watch->fd < 0) {
		return watch->fd;
	}
	(void)snprintf(line, sizeof(line), "%d %d", watch->fd, watch->file_fd);
	r = cgroup_file_write(dir_fd, "cgroup.event_control", line);
	watch->events = POLLIN;
	return r;
}

static int open_v2(struct cgroup_watch *watch, int dir_fd)
{
	watch->file_fd = cgroup_file_open(dir_fd, "memory.events");
	if (watch->file_fd < 0) {
		return watch->file_fd;
	}
	watch->fd = watch->file_fd;
	watch->events = POLLPRI;
	watch->is_v2 = true;
	return read_kills(watch, &watch->kills);
}

int cgroup_watch_open(
	const struct cgroup *cgroup, struct cgroup_watch *ret_watch, struct berth_error *err)
{
	cgroup_watch_init(ret_watch);
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];
		int r = dir->fd < 0  ? -ENOENT
			: dir->is_v2 ? open_v2(ret_watch, dir->fd)
				     : open_v1(ret_watch, dir->fd);

		if (r == 0) {
			return 0;
		}
		cgroup_watch_finish(ret_watch);
		cgroup_watch_init(ret_watch);
		if (r != -ENOENT && r != -ENODEV) {
			return error_system(err, r, "watch the memory of the cgroup %s%s",
				dir->mount_point, dir->path);
		}
	}
	return 0;
}

static int take_v2(struct cgroup_watch *watch)
{
	uint64_t kills = 0;
	int r = read_kills(watch, &kills);

	if (r == 0) {
		r = kills > watch->kills;
		watch->kills = kills;
	}
	return r;
}

/* The removal of a cgroup is told by its eventfds as well, by one more. */
static int take_v1(struct cgroup_watch *watch)
{
	uint64_t kills = 0;
	uint64_t count = 0;
	int r = sys_counter_take(watch->fd, &count);
	int gone = read_kills(watch, &kills);

	if (r == -EAGAIN) {
		count = 0;
		r = 0;
	}
	if (r < 0) {
		return r;
	}
	return gone == 0 ? count > 0 : count > 1 ? 1 : gone;
}

int cgroup_watch_take(struct cgroup_watch *watch)
{
	if (watch->fd < 0) {
		return 0;
	}
	return watch->is_v2 ? take_v2(watch) : take_v1(watch);
}
