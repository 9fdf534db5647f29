/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs on a container that is there: start, kill, delete.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "life/life.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/step.h"

enum {
	LIFE_MEMORY_MAX = 64 * 1024 * 1024,
	LIFE_END_TIMEOUT_MS = 10000, /* what a killed process may take to end */
};

/* A container that was found: its entry, locked, and its record. */
struct found {
	struct arena arena;
	struct store store;
	struct store_entry entry;
	struct store_record record;
	enum store_status status;
};

static void found_finish(struct found *found)
{
	store_entry_close(&found->entry);
	store_close(&found->store);
	arena_finish(&found->arena);
}

#define autofound __attribute__((cleanup(found_finish)))

/* Finds and locks; the record is the caller's to read. */
static int found_lock(
	struct found *found, const char *root, const char *id, struct berth_error *err)
{
	int r;

	*found = (struct found){.store = {.fd = -1}};
	arena_init(&found->arena, LIFE_MEMORY_MAX);
	store_entry_init(&found->entry);
	r = store_open(root, false, &found->store, err);
	return r < 0 ? r : store_find(&found->store, id, true, &found->entry, err);
}

static int found_read(struct found *found, struct berth_error *err)
{
	int r = store_read(&found->entry, &found->arena, &found->record, err);

	if (r == 0) {
		found->status = store_status(&found->entry, &found->record);
	}
	return r;
}

static int found_open(
	struct found *found, const char *root, const char *id, struct berth_error *err)
{
	int r = found_lock(found, root, id, err);

	return r < 0 ? r : found_read(found, err);
}

static int start_refused(const struct found *found, struct berth_error *err)
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
	autofound struct found found;
	autofd int fifo_fd = -1;
	int r = found_open(&found, root, id, err);

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

int life_kill(const char *root, const char *id, int signal, struct berth_error *err)
{
	autofound struct found found;
	autofd int pidfd = -1;
	int r = found_open(&found, root, id, err);

	if (r < 0) {
		return r;
	}
	pidfd = store_process_open(&found.record);
	if (pidfd < 0) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	r = sys_pidfd_send_signal(pidfd, signal);
	if (r == -ESRCH) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	return r < 0 ? error_system(err, r, "send signal %d to the container", signal) : 0;
}

/* SIGKILL, and the end of the process. */
static int end_process(const struct store_record *record, struct berth_error *err)
{
	autofd int pidfd = store_process_open(record);
	int r;

	if (pidfd < 0) {
		return 0;
	}
	r = sys_pidfd_send_signal(pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH) {
		return error_system(err, r, "end the container's process %d", (int)record->pid);
	}
	r = sys_poll(pidfd, POLLIN, LIFE_END_TIMEOUT_MS);
	if (r == 0) {
		return error_set(err, BERTH_ERROR_STATE,
			"the container's process %d has not ended %d seconds after SIGKILL",
			(int)record->pid, LIFE_END_TIMEOUT_MS / 1000);
	}
	return r < 0 ? error_system(err, r, "wait for the container's process") : 0;
}

static int delete_found(struct found *found, bool is_forced, struct berth_error *err)
{
	int r = found_read(found, err);

	/* A record that nobody can read must not keep the id for ever. */
	if (r < 0 && is_forced) {
		error_clear(err);
		return store_remove(&found->store, &found->entry, err);
	}
	if (r < 0) {
		return r;
	}
	if (!is_forced && found->status != STORE_STOPPED && found->status != STORE_CREATED) {
		return error_set(err, BERTH_ERROR_STATE,
			"cannot delete container %s that is not stopped: %s", found->entry.id,
			store_status_name(found->status));
	}
	r = end_process(&found->record, err);
	return r < 0 ? r : store_remove(&found->store, &found->entry, err);
}

int life_delete(const char *root, const char *id, bool is_forced, struct berth_error *err)
{
	autofound struct found found;
	int r = found_lock(&found, root, id, err);

	if (r < 0 && is_forced && err && err->error_class == BERTH_ERROR_NOT_FOUND) {
		error_clear(err);
		return 0;
	}
	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_delete, err);
	}
	return r < 0 ? r : delete_found(&found, is_forced, err);
}
