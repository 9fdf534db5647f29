/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_EVENTS_H
#define LIFE_EVENTS_H
/* events: what happens to a container, one JSON object after the other, in the form of runc's command. */
#include "cgroup/cgroup.h"
#include "life/life.h"

enum life_event {
	LIFE_EVENT_NONE, /* nothing now */
	LIFE_EVENT_STATS,
	LIFE_EVENT_OOM,
	LIFE_EVENT_END, /* the container has ended, and nothing comes any more */
	LIFE_EVENT_COUNT
};

struct life_events {
	char id[STORE_ID_MAX + 1];
	struct cgroup cgroup;
	struct cgroup_watch watch;
	int poll_fd; /* readable where life_events_next() has something to say */
	int pidfd;
	int timer_fd; /* -1: no statistics */
};

/* A container that is created, running or paused. Statistics come after each such time; 0: never. The caller
 * finishes it, also after a failure. */
int life_events_open(struct life_events *events, const struct life_context *context, const char *id,
	uint64_t interval_ns, struct berth_error *err) must_use;
void life_events_finish(struct life_events *events);

/* Does not wait. `ret_text` is from malloc for statistics and OOM, else NULL. */
int life_events_next(struct life_events *events, enum life_event *ret_event, char **ret_text,
	struct berth_error *err) must_use;

/* The statistics of now, once. */
int life_stats(const struct life_context *context, const char *id, char **ret_text,
	struct berth_error *err) must_use;

/* For the files of life/ alone: the object of one event, from malloc. */
int life_stats_text(const struct cgroup *cgroup, const char *id, char **ret_text,
	struct berth_error *err) must_use;
int life_oom_text(const char *id, char **ret_text, struct berth_error *err) must_use;

#endif
