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

int life_start(const char *root, const char *id, struct berth_error *err)
{
	autofound struct life_found found;
	autofd int fifo_fd = -1;
	int r = life_found_open(&found, root, id, true, err);

	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_start, err);
	}
	if (r < 0) {
		return r;
	}
	if (found.status != STORE_CREATED) {
		return start_refused(&found, err);
	}
	fifo_fd = store_fifo_open(&found.entry);
	r = fifo_fd < 0 ? fifo_fd : sys_write_once(fifo_fd, "0", 1);
	if (r < 0) {
		return error_system(err, r, "wake the container %s", id);
	}
	/* Its absence is what says "running". */
	return store_fifo_remove(&found.entry, err);
}

/* Of a container that is paused too: what is frozen does not end. */
static int kill_all(const struct life_found *found, int signal, struct berth_error *err)
{
	return cgroup_signal(&found->cgroup, signal, err);
}

static int kill_first(const struct life_found *found, int signal, struct berth_error *err)
{
	autofd int pidfd = store_process_open(&found->record);
	int r = pidfd < 0 ? -ESRCH : sys_pidfd_send_signal(pidfd, signal);

	if (r == -ESRCH) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	return r < 0 ? error_system(err, r, "send signal %d to the container", signal) : 0;
}

int life_kill(const char *root, const char *id, int signal, bool is_all, struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_open(&found, root, id, true, err);

	if (r < 0) {
		return r;
	}
	if (is_all && found.status == STORE_STOPPED) {
		return kill_all(&found, signal, err);
	}
	is_all = is_all && found.cgroup.count > 0;
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

/* SIGKILL for the first process and all others, and their end. */
static int end_processes(const struct life_found *found, struct berth_error *err)
{
	autofd int pidfd = store_process_open(&found->record);
	int pid = (int)found->record.pid;
	int r = pidfd < 0 ? 0 : sys_pidfd_send_signal(pidfd, SIGKILL);

	if (r < 0 && r != -ESRCH) {
		return error_system(err, r, "end the container's process %d", pid);
	}
	/* This thaws as well: what is frozen does not end. */
	r = cgroup_kill(&found->cgroup, LIFE_END_TIMEOUT_MS, err);
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

/* What a record that nobody can read does not tell, the lock's file may; and it must not keep the id for
 * ever. */
static int delete_damaged(struct life_found *found, struct berth_error *err)
{
	if (store_read_rescue(&found->entry, &found->arena, &found->record, NULL) < 0) {
		found->record = (struct store_record){0};
	}
	error_clear(err);
	return life_found_cgroup(found, err);
}

static int delete_found(struct life_found *found, bool is_forced, struct berth_error *err)
{
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
		r = end_processes(found, err);
	}
	if (r == 0) {
		r = life_end_cgroup(&found->cgroup, err);
	}
	return r < 0 ? r : store_remove(&found->store, &found->entry, err);
}

int life_delete(const char *root, const char *id, bool is_forced, struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_lock(&found, root, id, true, err);

	if (r < 0 && is_forced && err && err->error_class == BERTH_ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_delete, err);
	}
	return r < 0 ? r : delete_found(&found, is_forced, err);
}
