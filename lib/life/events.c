/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of events. Three descriptors tell all: the pidfd of the first process, a timer, and the cgroup's
 * watch for memory. They are behind one, so that a caller can wait for it beside its own; nothing is asked
 * in rounds. The lock of the container is not held, as a stream may last as long as it.
 */
#include "life/events.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "life/found.h"
#include "sys/event.h"
#include "sys/file.h"

void life_events_finish(struct life_events *events)
{
	cgroup_watch_finish(&events->watch);
	close_fd(&events->timer_fd);
	close_fd(&events->pidfd);
	close_fd(&events->poll_fd);
	cgroup_finish(&events->cgroup);
}

static int find_container(struct life_events *events, const struct life_context *context,
	const char *id, struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_look(&found, context, id, err);

	if (r < 0) {
		return r;
	}
	events->pidfd = store_process_open(&found.record);
	if (found.status == STORE_CREATING || events->pidfd < 0) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	(void)str_copy(events->id, sizeof(events->id), id);
	events->cgroup = found.cgroup;
	cgroup_init(&found.cgroup);
	return 0;
}

static int prepare(struct life_events *events, uint64_t interval_ns)
{
	int r;

	events->poll_fd = sys_epoll();
	if (events->poll_fd < 0) {
		return events->poll_fd;
	}
	r = sys_epoll_add(events->poll_fd, events->pidfd, POLLIN);
	if (r == 0 && events->watch.fd >= 0) {
		r = sys_epoll_add(events->poll_fd, events->watch.fd,
			(uint32_t)(unsigned short)events->watch.events);
	}
	if (r == 0 && interval_ns > 0) {
		r = events->timer_fd = sys_timerfd();
	}
	if (r >= 0 && events->timer_fd >= 0) {
		r = sys_timer_set(events->timer_fd, interval_ns, interval_ns);
	}
	if (r >= 0 && events->timer_fd >= 0) {
		r = sys_epoll_add(events->poll_fd, events->timer_fd, POLLIN);
	}
	return r < 0 ? r : 0;
}

static void init(struct life_events *events)
{
	*events = (struct life_events){.poll_fd = -1, .pidfd = -1, .timer_fd = -1};
	cgroup_init(&events->cgroup);
	cgroup_watch_init(&events->watch);
}

int life_events_open(struct life_events *events, const struct life_context *context, const char *id,
	uint64_t interval_ns, struct berth_error *err)
{
	int r;

	init(events);
	r = find_container(events, context, id, err);
	if (r == 0) {
		r = cgroup_watch_open(&events->cgroup, &events->watch, err);
	}
	if (r < 0) {
		return r;
	}
	r = prepare(events, interval_ns);
	return r < 0 ? error_system(err, r, "watch container %s", id) : 0;
}

static bool has_ended(const struct life_events *events)
{
	return sys_poll(events->pidfd, POLLIN, 0) != 0;
}

/* Whether memory has run out. A watch that has nothing more to say must not wake anybody. */
static bool take_oom(struct life_events *events)
{
	int r = cgroup_watch_take(&events->watch);

	if (r < 0) {
		(void)!sys_epoll_remove(events->poll_fd, events->watch.fd);
		cgroup_watch_finish(&events->watch);
	}
	return r > 0;
}

static bool take_tick(const struct life_events *events)
{
	uint64_t ticks;

	return events->timer_fd >= 0 && sys_counter_take(events->timer_fd, &ticks) == 0;
}

int life_events_next(struct life_events *events, enum life_event *ret_event, char **ret_text,
	struct berth_error *err)
{
	/* In this order: the kernel counts a kill before the process can end by it. */
	bool is_over = has_ended(events);
	autoptr char *text = NULL;
	int r = 0;

	*ret_text = NULL;
	*ret_event = LIFE_EVENT_NONE;
	if (take_oom(events)) {
		*ret_event = LIFE_EVENT_OOM;
		return life_oom_text(events->id, ret_text, err);
	}
	if (!is_over && take_tick(events)) {
		r = life_stats_text(&events->cgroup, events->id, &text, err);
		/* Those of a container that has ended meanwhile may be of nothing. */
		is_over = has_ended(events);
		if (r == 0 && !is_over) {
			*ret_event = LIFE_EVENT_STATS;
			*ret_text = take_ptr(text);
			return 0;
		}
	}
	if (r == 0 && is_over) {
		/* What was counted since, before anybody can remove the cgroup. */
		*ret_event = take_oom(events) ? LIFE_EVENT_OOM : LIFE_EVENT_END;
		r = *ret_event == LIFE_EVENT_OOM ? life_oom_text(events->id, ret_text, err) : 0;
	}
	return r;
}

int life_stats(const struct life_context *context, const char *id, char **ret_text,
	struct berth_error *err)
{
	__attribute__((cleanup(life_events_finish))) struct life_events events;
	autoptr char *text = NULL;
	int r;

	init(&events);
	r = find_container(&events, context, id, err);
	if (r == 0) {
		r = life_stats_text(&events.cgroup, id, &text, err);
	}
	if (r < 0) {
		return r;
	}
	if (has_ended(&events)) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	*ret_text = take_ptr(text);
	return 0;
}
