/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the process of a record still there? A pid may have gone to another process, so its start time is
 * compared, after a pidfd has pinned it: a signal then cannot reach a stranger.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/store.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

static const char fifo_name[] = "exec.fifo";

const char *store_status_name(enum store_status status)
{
	static const char *const names[] = {
		[STORE_CREATING] = "creating",
		[STORE_CREATED] = "created",
		[STORE_RUNNING] = "running",
		[STORE_PAUSED] = "paused",
		[STORE_STOPPED] = "stopped",
	};
	_Static_assert(ARRAY_COUNT(names) == STORE_STATUS_COUNT, "a name for each status");

	return names[status];
}

/* "PID (COMM) STATE ..." of /proc/PID/stat: COMM may hold anything, so the last ')' counts. Gives the
 * state's letter and field 22. */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_ticks)
{
	char path[32];
	char text[1024];
	const char *at;
	ssize_t length;
	autofd int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = sys_open(path, O_RDONLY);
	length = fd < 0 ? fd : sys_read(fd, text, sizeof(text) - 1);
	if (length <= 0) {
		return length < 0 ? (int)length : -ESRCH;
	}
	text[length] = '\0';
	at = strrchr(text, ')');
	if (!at || at[1] != ' ') {
		return -ESRCH;
	}
	at += 2;
	*ret_state = *at;
	/* The state is field 3. */
	for (int field = 3; field < 22; field++) {
		at = strchr(at, ' ');
		if (!at) {
			return -ESRCH;
		}
		at++;
	}
	*ret_ticks = strtoull(at, NULL, 10);
	return 0;
}

int store_start_time(pid_t pid, uint64_t *ret_ticks)
{
	char state;

	return read_stat(pid, &state, ret_ticks);
}

/* What /proc does not say of a process that is alive: nothing of another user's, which is not the record's; nothing
 * at all where it is not mounted. */
static int judge_unread(int r)
{
	uint64_t ticks;

	return store_start_time(sys_getpid(), &ticks) == 0 ? -ESRCH : r == -ESRCH ? -EIO : r;
}

int store_process_open(const struct store_record *record)
{
	autofd int pidfd = record->pid > 0 ? sys_pidfd_open(record->pid) : -ESRCH;
	uint64_t ticks;
	char state;
	int r;

	if (pidfd < 0) {
		return pidfd;
	}
	r = read_stat(record->pid, &state, &ticks);
	/* A zombie has ended; its pidfd says so as well. */
	if (sys_poll(pidfd, POLLIN, 0) > 0) {
		return -ESRCH;
	}
	if (r < 0) {
		return judge_unread(r);
	}
	if (ticks != record->start_time || state == 'Z' || state == 'X') {
		return -ESRCH;
	}
	return take_fd(&pidfd);
}

/* Whether somebody waits on the fifo: not where start was killed after it had written, before the fifo was
 * gone. */
static bool is_held(const struct store_entry *entry)
{
	autofd int fd = store_fifo_open(entry);

	return fd >= 0;
}

int store_status(const struct store_entry *entry, const struct store_record *record,
	enum store_status *ret_status, struct berth_error *err)
{
	autofd int pidfd = -1;

	if (record->is_creating) {
		*ret_status = STORE_CREATING;
		return 0;
	}
	pidfd = store_process_open(record);
	if (pidfd < 0 && pidfd != -ESRCH) {
		return error_call(err, pidfd, "pidfd_open",
			"look in /proc for the container's process %d", (int)record->pid);
	}
	*ret_status = pidfd < 0 ? STORE_STOPPED : is_held(entry) ? STORE_CREATED : STORE_RUNNING;
	return 0;
}

int store_fifo_make(const struct store_entry *entry, int *ret_fd, struct berth_error *err)
{
	int r = sys_mkfifoat(entry->fd, fifo_name, 0600);
	int fd;

	if (r < 0) {
		return error_system(err, r, "make the fifo of container %s", entry->id);
	}
	/* For both directions: neither this open nor the child's read fails for want of a writer. */
	fd = sys_openat2(entry->fd, fifo_name, O_RDWR | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0) {
		return error_system(err, fd, "open the fifo of container %s", entry->id);
	}
	*ret_fd = fd;
	return 0;
}

int store_fifo_open(const struct store_entry *entry)
{
	return sys_openat2(entry->fd, fifo_name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int store_fifo_watch(const struct store_entry *entry)
{
	return sys_openat2(entry->fd, fifo_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int store_fifo_wait(int watch_fd)
{
	char byte;
	/* No events: but for the byte that wakes the process, which is not ours to see, there is only the
	 * end of its last writer. */
	int r = sys_poll(watch_fd, 0, -1);

	if (r > 0) {
		r = (int)sys_read(watch_fd, &byte, 1);
	}
	return r > 0 ? -ECHILD : r;
}

int store_fifo_remove(const struct store_entry *entry, struct berth_error *err)
{
	int r = sys_unlinkat(entry->fd, fifo_name, 0);

	return r < 0 && r != -ENOENT
		       ? error_system(err, r, "remove the fifo of container %s", entry->id)
		       : 0;
}
