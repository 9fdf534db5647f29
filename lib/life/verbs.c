/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs on a container that is there: start, kill, delete.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/cleanup.h"
#include "life/found.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/step.h"

enum { LIFE_END_TIMEOUT_MS = 10000 }; /* what a killed process may take to end */

static int start_refused(const struct life_found *found, struct berth_error *err)
{
	if (found->status == STORE_STOPPED) {
		return error_set(
			err, BERTH_ERROR_STATE, "cannot start a container that has stopped");
	}
	if (found->status == STORE_RUNNING) {
		return error_set(
			err, BERTH_ERROR_STATE, "cannot start an already running container");
	}
	return error_set(err, BERTH_ERROR_STATE, "cannot start a container that is %s",
		store_status_name(found->status));
}

/* SIGKILL for what is in its cgroup. This thaws as well: what is frozen does not end. When the first process has
 * ended, an exec that was on its way may be there, or somebody else: by force, and where berth has made the
 * cgroup, it is the container's. */
static int end_cgroup(const struct life_found *found, bool is_forced, struct berth_error *err)
{
	int r;

	if (life_has_processes(found)) {
		return cgroup_kill(&found->cgroup, LIFE_END_TIMEOUT_MS, err);
	}
	r = is_forced ? cgroup_kill_own(&found->cgroup, LIFE_END_TIMEOUT_MS, err) : 0;
	return r < 0 ? r : 0;
}

/* SIGKILL for the first process and all others, and their end. */
static int end_processes(const struct life_found *found, bool is_forced, struct berth_error *err)
{
	autofd int pidfd = store_process_open(&found->record);
	int pid = (int)found->record.pid;
	int r = pidfd < 0 ? 0 : sys_pidfd_send_signal(pidfd, SIGKILL);

	if (pidfd < 0 && pidfd != -ESRCH) {
		return error_call(err, pidfd, "pidfd_open",
			"look in /proc for the container's process %d", pid);
	}
	if (r < 0 && r != -ESRCH) {
		return error_call(
			err, r, "pidfd_send_signal", "end the container's process %d", pid);
	}
	r = end_cgroup(found, is_forced, err);
	if (r < 0 || pidfd < 0) {
		return r;
	}
	r = sys_poll(pidfd, POLLIN, LIFE_END_TIMEOUT_MS);
	if (r == 0) {
		return error_set(err, BERTH_ERROR_STATE,
			"the container's process %d has not ended %d seconds after SIGKILL", pid,
			LIFE_END_TIMEOUT_MS / 1000);
	}
	return r < 0 ? error_system(err, r, "wait for the container's process") : 0;
}

/* Where resctrl is not mounted any more, its groups are gone with it. */
static int remove_resctrl(struct life_found *found, struct berth_error *err)
{
	int r = life_found_resctrl(found, err);

	if (r == -ENODEV) {
		error_clear(err);
		return 0;
	}
	return r < 0 ? r : resctrl_remove(&found->resctrl, found->record.pid, err);
}

/* Its processes, its cgroup, its resctrl group, its hooks poststop, and its record at last. Where there never was a process, no hook
 * has run before. */
static int destroy(struct life_found *found, const struct life_hooks *hooks, bool is_forced,
	struct berth_error *err)
{
	int r = end_processes(found, is_forced, err);

	if (r == 0) {
		life_watch_tell(&found->watch, "its processes have ended");
		r = life_end_cgroup(&found->cgroup, life_has_processes(found), err);
	}
	if (r == 0) {
		life_watch_tell(&found->watch, "its cgroup is gone");
		r = remove_resctrl(found, err);
	}
	if (r == 0 && found->record.pid > 0) {
		life_hooks_stop(&hooks->plan, &found->record, &found->context->log);
	}
	return r < 0 ? r : store_remove(&found->store, &found->entry, err);
}

/* What start has. */
struct start {
	struct life_found found;
	struct life_hooks hooks;
	struct host_notify notify;
	int pidfd;    /* of the container's process, where READY=1 is waited for; -1: it is not */
	int watch_fd; /* where there are hooks, says when the program runs */
	int fifo_fd;
};

static void start_init(struct start *start)
{
	*start = (struct start){.pidfd = -1, .watch_fd = -1, .fifo_fd = -1};
	life_found_init(&start->found);
	host_notify_init(&start->notify);
}

static void start_finish(struct start *start)
{
	close_fd(&start->fifo_fd);
	close_fd(&start->watch_fd);
	close_fd(&start->pidfd);
	host_notify_finish(&start->notify);
	life_hooks_finish(&start->hooks);
	life_found_finish(&start->found);
}

/* Before the program is woken. */
static int start_prepare(
	struct start *start, const struct life_context *context, struct berth_error *err)
{
	const struct store_entry *entry = &start->found.entry;
	int r = life_hooks_load(&start->hooks, &start->found, err);

	if (r == 0) {
		r = life_notify_start(&start->notify, context, entry, err);
	}
	if (r < 0) {
		return r;
	}
	if (start->notify.container_fd >= 0) {
		start->pidfd = store_process_open(&start->found.record);
		r = start->pidfd < 0 ? start->pidfd : 0;
	}
	if (r == 0 && start->hooks.plan.poststart.count > 0) {
		start->watch_fd = store_fifo_watch(entry);
		r = start->watch_fd < 0 ? start->watch_fd : 0;
	}
	if (r == 0) {
		start->fifo_fd = store_fifo_open(entry);
		r = start->fifo_fd < 0 ? start->fifo_fd : 0;
	}
	return r < 0 ? error_system(err, r, "wake the container %s", entry->id) : 0;
}

static int start_wake(struct start *start, struct berth_error *err)
{
	int r = sys_write_once(start->fifo_fd, "0", 1);

	close_fd(&start->fifo_fd);
	if (r < 0) {
		return error_system(err, r, "wake the container %s", start->found.entry.id);
	}
	/* Its absence is what says "running". */
	r = store_fifo_remove(&start->found.entry, err);
	if (r == 0) {
		life_watch_tell(
			&start->found.watch, "process %d is woken", (int)start->found.record.pid);
	}
	return r;
}

/* Step "poststart", when the program runs. */
static int start_hooks(struct start *start, struct berth_error *err)
{
	struct life_found *found = &start->found;
	int r = store_fifo_wait(start->watch_fd);

	if (r == -ECHILD) {
		return error_set(err, BERTH_ERROR_CHILD,
			"the program of container %s could not be run: the container's stderr says "
			"why",
			found->entry.id);
	}
	if (r < 0) {
		return error_system(
			err, r, "wait for the program of container %s", found->entry.id);
	}
	r = life_hooks_run(WIRE_STEP_poststart, &start->hooks.plan, &start->hooks.plan.poststart,
		&found->record, STORE_RUNNING, err);
	if (r < 0 && store_entry_relock(&found->entry) == 0) {
		(void)!destroy(found, &start->hooks, false, NULL);
	}
	return r;
}

/* From here on others may look at the container, send it signals and delete it. */
static int start_follow(struct start *start, struct berth_error *err)
{
	int r = 0;

	store_entry_unlock(&start->found.entry);
	if (start->watch_fd >= 0) {
		r = start_hooks(start, err);
	}
	if (r == 0 && start->pidfd >= 0) {
		r = host_notify_wait(&start->notify, start->pidfd, start->found.record.pid, err);
	}
	return r;
}

int life_start(const struct life_context *context, const char *id, struct berth_error *err)
{
	__attribute__((cleanup(start_finish))) struct start start;
	int r;

	start_init(&start);
	r = life_found_open(&start.found, context, id, err);
	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_start, err);
	}
	if (r < 0) {
		return r;
	}
	if (start.found.status != STORE_CREATED) {
		return start_refused(&start.found, err);
	}
	r = start_prepare(&start, context, err);
	if (r == 0) {
		r = start_wake(&start, err);
	}
	return r < 0 ? r : start_follow(&start, err);
}

/* Of a container that is paused too: what is frozen does not end. */
static int kill_all(const struct life_found *found, int signal, struct berth_error *err)
{
	life_watch_tell(&found->watch, "signal %d for all processes of its cgroup", signal);
	return cgroup_signal(&found->cgroup, signal, err);
}

/* While it is being created there is no first process on record, but a cgroup that berth has made: create fails then
 * and takes away the rest. */
static int kill_creating(const struct life_found *found, int signal, struct berth_error *err)
{
	int r = signal == SIGKILL ? cgroup_kill_own(&found->cgroup, LIFE_END_TIMEOUT_MS, err) : 0;

	if (r == 0) {
		return error_set(err, BERTH_ERROR_STATE,
			"container not running: it is being created, and only SIGKILL ends it, in "
			"a cgroup of its own");
	}
	if (r > 0) {
		life_watch_tell(&found->watch, "it is being created: its processes are ended");
	}
	return r < 0 ? r : 0;
}

static int kill_first(const struct life_found *found, int signal, struct berth_error *err)
{
	autofd int pidfd = store_process_open(&found->record);
	int r = pidfd < 0 ? pidfd : sys_pidfd_send_signal(pidfd, signal);

	if (r == -ESRCH) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	if (r < 0) {
		return error_call(
			err, r, "pidfd_send_signal", "send signal %d to the container", signal);
	}
	if (signal > 0) {
		life_watch_tell(
			&found->watch, "signal %d for process %d", signal, (int)found->record.pid);
	}
	return 0;
}

int life_kill(const struct life_context *context, const char *id, int signal, bool is_all,
	struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_look(&found, context, id, err);

	if (r < 0) {
		return r;
	}
	if (is_all && found.status == STORE_STOPPED) {
		return life_has_processes(&found) ? kill_all(&found, signal, err) : 0;
	}
	if (found.status == STORE_CREATING && found.record.pid == 0) {
		return kill_creating(&found, signal, err);
	}
	is_all = is_all && cgroup_is_there(&found.cgroup);
	r = kill_first(&found, is_all ? 0 : signal, err);
	if (r < 0) {
		return r;
	}
	/* In a pid namespace of its own, all others end with the first one. */
	if (is_all || (signal == SIGKILL &&
			      (found.record.is_pid_shared || found.status == STORE_PAUSED))) {
		return kill_all(&found, signal, err);
	}
	return 0;
}

/* What a record that nobody can read does not tell, the lock's file may. Where that is damaged as well, what is
 * left of the container cannot be told from what is others'. */
static int delete_damaged(struct life_found *found, struct berth_error *err)
{
	char line[BERTH_ERROR_MESSAGE_SIZE];
	int r;

	(void)error_format(err, line, sizeof(line));
	log_line(&found->context->log, LOG_LEVEL_WARNING,
		"container %s: its record is damaged, its lock's file says what is left: %s",
		found->entry.id, line);
	error_clear(err);
	r = store_read_rescue(&found->entry, &found->arena, &found->record, err);
	return r < 0 ? r : life_found_cgroup(found, err);
}

/* With force, a config that cannot be read does not keep a container. */
static int load_hooks(
	struct life_found *found, struct life_hooks *hooks, bool is_forced, struct berth_error *err)
{
	struct berth_error own = {0};
	char line[BERTH_ERROR_MESSAGE_SIZE];
	int r = life_hooks_load(hooks, found, is_forced ? &own : err);

	if (r == 0 || !is_forced) {
		return r;
	}
	(void)error_format(&own, line, sizeof(line));
	log_line(&found->context->log, LOG_LEVEL_WARNING,
		"container %s: its hooks poststop do not run: %s", found->entry.id, line);
	return 0;
}

static int delete_found(struct life_found *found, bool is_forced, struct berth_error *err)
{
	autohooks struct life_hooks hooks = {0};
	int r = life_found_read(found, err);

	if (r < 0 && is_forced) {
		r = delete_damaged(found, err);
	} else if (r == 0 && !is_forced && found->status != STORE_STOPPED &&
		   found->status != STORE_CREATED) {
		r = error_set(err, BERTH_ERROR_STATE,
			"cannot delete container %s that is not stopped: %s", found->entry.id,
			store_status_name(found->status));
	}
	if (r == 0) {
		r = load_hooks(found, &hooks, is_forced, err);
	}
	return r < 0 ? r : destroy(found, &hooks, is_forced, err);
}

int life_delete(
	const struct life_context *context, const char *id, bool is_forced, struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_lock(&found, context, id, err);

	if (r < 0 && is_forced && err && err->error_class == BERTH_ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_delete, err);
	}
	return r < 0 ? r : delete_found(&found, is_forced, err);
}
