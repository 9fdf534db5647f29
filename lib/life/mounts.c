/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts add and mounts remove: the way of exec, of which the child does no more than the mounts. It stays in the
 * caller's cgroup, so that neither a limit of the container nor its freezer holds it up on the way.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/file.h"

struct live {
	bool is_removal;
	struct life_found found;
	struct life_config config; /* the container's */
	struct life_config asked;  /* the list */
	struct life_process process;
	int init_pidfd; /* the container's first process */
};

static void live_init(struct live *live, bool is_removal)
{
	const struct life_process_wish wish = {0};

	memset(live, 0, sizeof(*live));
	live->is_removal = is_removal;
	live->init_pidfd = -1;
	life_found_init(&live->found);
	life_process_init(&live->process, &wish);
}

static void live_finish(struct live *live)
{
	life_process_finish(&live->process);
	close_fd(&live->init_pidfd);
	life_config_finish(&live->asked);
	life_config_finish(&live->config);
	life_found_finish(&live->found);
}

#define autolive __attribute__((cleanup(live_finish)))

static int refuse(const struct live *live, const char *status, struct berth_error *err)
{
	return error_set(err, BERTH_ERROR_STATE, "cannot %s mounts %s a container that is %s",
		live->is_removal ? "remove" : "add", live->is_removal ? "of" : "to", status);
}

static int live_find(struct live *live, const struct life_context *context, const char *id,
	struct berth_error *err)
{
	enum store_status status;
	int r = life_found_look(&live->found, context, id, err);

	if (r < 0) {
		return r;
	}
	status = live->found.status;
	if (status != STORE_RUNNING && status != STORE_CREATED) {
		return refuse(live, store_status_name(status), err);
	}
	live->init_pidfd = store_process_open(&live->found.record);
	return live->init_pidfd < 0 ? refuse(live, store_status_name(STORE_STOPPED), err) : 0;
}

static int live_plan(struct live *live, struct berth_error *err)
{
	const struct plan_live wish = {
		.bundle = live->found.record.bundle,
		.pid = (int)live->found.record.pid,
		.is_removal = live->is_removal,
		.mounts = live->asked.spec.mounts,
	};
	struct facts facts;
	int r = host_probe(
		plan_live_facts_wanted(&live->config.spec), &live->config.arena, &facts, err);

	return r < 0 ? r
		     : plan_live_make(&live->config.spec, &wish, &facts, &live->config.arena,
			       &live->process.plan, err);
}

/* Opened when the child has joined the others, so that one look at the container's first process, by a pidfd,
 * tells of all of them that they are its own. */
static int open_namespace(const struct live *live, struct berth_error *err)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)live->found.record.pid);
	fd = sys_open(path, O_RDONLY);
	if (fd < 0) {
		return error_system(err, fd, "open the namespace %s", path);
	}
	if (sys_poll(live->init_pidfd, POLLIN, 0) != 0) {
		close_fd(&fd);
		return refuse(live, store_status_name(STORE_STOPPED), err);
	}
	return fd;
}

static int live_run(struct live *live, struct berth_error *err)
{
	int r = life_process_prepare(&live->process, &live->config.arena, err);
	autofd int ns_fd = -1;

	if (r == 0) {
		r = life_process_build(&live->process, NULL, 0, err);
	}
	if (r == 0) {
		ns_fd = open_namespace(live, err);
		r = ns_fd < 0 ? ns_fd : 0;
	}
	if (r == 0) {
		r = life_process_go(
			&live->process, ns_fd, &live->found.record, live->found.status, err);
	}
	if (r == 0) {
		/* All is done: it is only to be reaped. */
		host_child_recall(&live->process.child);
	}
	return r;
}

int life_mounts(const struct life_context *context, const char *id, const char *text, size_t length,
	bool is_removal, struct berth_error *err)
{
	autolive struct live live;
	int r;

	live_init(&live, is_removal);
	r = live_find(&live, context, id, err);
	if (r == 0) {
		r = life_config_load(&live.config, &live.found, err);
	}
	if (r == 0) {
		r = life_config_open_mounts(&live.asked, text, length, err);
	}
	if (r == 0) {
		life_watch_config(&live.found.watch, &live.asked);
		r = live_plan(&live, err);
	}
	if (r == 0) {
		r = live_run(&live, err);
	}
	if (r < 0) {
		life_point_at_field(err);
		if (err && str_has_prefix(err->pointer, "/mounts")) {
			life_config_locate(&live.asked, err);
		}
	}
	return r;
}
