/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says when memory has run out in a cgroup: version 1 through an eventfd that is registered in
 * cgroup.event_control (admin-guide/cgroup-v1/memory), version 2 by a change of memory.events, which makes
 * that file exceptional (POLLPRI) for those who have read it.
 *
 * Version 1 says it before it kills, and again for each process that finds no memory until the killed one is
 * gone: with a few of them, five times for one kill. So a signal is the reason to look whether the count
 * of kills has grown, at once and a few times later; where the killer is switched off, it is what happened.
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

enum {
	LATER_FIRST_MS = 5,
	LATER_MAX_MS = 1280, /* two and a half seconds in all: a killer may be throttled, too */
	NS_PER_MS = 1000000,
};

void cgroup_watch_init(struct cgroup_watch *watch)
{
	*watch = (struct cgroup_watch){.fd = -1, .file_fd = -1, .event_fd = -1, .later_fd = -1};
}

void cgroup_watch_finish(struct cgroup_watch *watch)
{
	if (watch->fd != watch->file_fd) {
		close_fd(&watch->fd);
	}
	close_fd(&watch->file_fd);
	close_fd(&watch->event_fd);
	close_fd(&watch->later_fd);
	watch->fd = -1;
}

/* The number behind a word at the start of a line, or 0. */
static uint64_t find_number(const char *text, const char *word)
{
	const char *found = strstr(text, word);

	return found ? strtoull(found + strlen(word), NULL, 10) : 0;
}

/* Reads the file through the descriptor that is polled: what changes from here on makes it exceptional. */
static int read_counts(const struct cgroup_watch *watch, uint64_t *ret_kills, bool *ret_is_disabled)
{
	char text[CGROUP_TEXT_MAX];
	ssize_t length = sys_pread(watch->file_fd, text, sizeof(text) - 1, 0);

	if (length < 0) {
		return (int)length;
	}
	text[length] = '\0';
	*ret_kills = find_number(text, "oom_kill ");
	*ret_is_disabled = find_number(text, "oom_kill_disable ") != 0;
	return 0;
}

static int open_v1(struct cgroup_watch *watch, int dir_fd)
{
	bool is_disabled;
	char line[64];
	int r;

	r = watch->file_fd = cgroup_file_open(dir_fd, "memory.oom_control");
	if (r >= 0) {
		r = watch->event_fd = sys_eventfd();
	}
	if (r >= 0) {
		r = watch->later_fd = sys_timerfd();
	}
	if (r >= 0) {
		r = watch->fd = sys_epoll();
	}
	if (r >= 0) {
		r = sys_epoll_add(watch->fd, watch->event_fd, POLLIN);
	}
	if (r >= 0) {
		r = sys_epoll_add(watch->fd, watch->later_fd, POLLIN);
	}
	if (r >= 0) {
		r = read_counts(watch, &watch->kills, &is_disabled);
	}
	if (r < 0) {
		return r;
	}
	(void)snprintf(line, sizeof(line), "%d %d", watch->event_fd, watch->file_fd);
	watch->events = POLLIN;
	return cgroup_file_write(dir_fd, "cgroup.event_control", line);
}

static int open_v2(struct cgroup_watch *watch, int dir_fd)
{
	bool is_disabled;

	watch->file_fd = cgroup_file_open(dir_fd, "memory.events");
	if (watch->file_fd < 0) {
		return watch->file_fd;
	}
	watch->fd = watch->file_fd;
	watch->events = POLLPRI;
	watch->is_v2 = true;
	return read_counts(watch, &watch->kills, &is_disabled);
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

/* Whether there are more kills than before: 1 or 0. */
static int take_kills(struct cgroup_watch *watch, bool *ret_is_disabled)
{
	uint64_t kills = 0;
	int r = read_counts(watch, &kills, ret_is_disabled);

	if (r == 0) {
		r = kills > watch->kills;
		watch->kills = kills;
	}
	return r;
}

static int look_later(struct cgroup_watch *watch)
{
	if (watch->delay_ms > LATER_MAX_MS) {
		watch->is_told = false; /* there was memory again before anybody was killed */
		return 0;
	}
	watch->delay_ms *= 2;
	return sys_timer_set(watch->later_fd, (uint64_t)watch->delay_ms / 2 * NS_PER_MS, 0);
}

static int take_v1(struct cgroup_watch *watch)
{
	bool was_told = watch->is_told;
	bool is_disabled = false;
	uint64_t count = 0;
	uint64_t expired;
	int r;

	if (sys_counter_take(watch->event_fd, &count) == 0) {
		watch->is_told = true;
		watch->delay_ms = LATER_FIRST_MS;
	}
	(void)!sys_counter_take(watch->later_fd, &expired);
	r = take_kills(watch, &is_disabled);
	if (r < 0 && (was_told || count > 1)) {
		/* The removal of a cgroup is told by its eventfds as well, once. */
		watch->is_told = false;
		return 1;
	}
	if (r > 0 || (r == 0 && watch->is_told && is_disabled)) {
		watch->is_told = false;
		return 1;
	}
	return r == 0 && watch->is_told ? look_later(watch) : r;
}

int cgroup_watch_take(struct cgroup_watch *watch)
{
	bool is_disabled;

	if (watch->fd < 0) {
		return 0;
	}
	return watch->is_v2 ? take_kills(watch, &is_disabled) : take_v1(watch);
}
