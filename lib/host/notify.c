/* SPDX-License-Identifier: Apache-2.0 */
#include "host/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/file.h"
#include "sys/socket.h"

enum {
	NOTIFY_MESSAGE_BYTES = 4096, /* of a message; the rest of a longer one is not looked at */
	NOTIFY_BARRIER_MS = 30000,   /* what the manager may take to read */
};

void host_notify_init(struct host_notify *notify)
{
	*notify = (struct host_notify){.host_fd = -1, .container_fd = -1};
}

void host_notify_finish(struct host_notify *notify)
{
	close_fd(&notify->host_fd);
	close_fd(&notify->container_fd);
}

int host_notify_connect(struct host_notify *notify, const char *name, struct berth_error *err)
{
	int fd;

	if ((name[0] != '/' && name[0] != '@') || name[1] == '\0') {
		return error_set(err, BERTH_ERROR_USAGE,
			"NOTIFY_SOCKET is \"%.200s\", neither an absolute path nor @NAME", name);
	}
	fd = sys_connect_datagram(name);
	if (fd < 0) {
		return error_system(err, fd, "connect to NOTIFY_SOCKET %s", name);
	}
	notify->host_fd = fd;
	return 0;
}

int host_notify_bind(
	struct host_notify *notify, int dir_fd, const char *file, struct berth_error *err)
{
	int fd = sys_bind_datagram(dir_fd, file);

	if (fd < 0) {
		return error_system(err, fd, "make the container's notify socket");
	}
	notify->container_fd = fd;
	return 0;
}

/* One of the lines of a message. */
static bool is_ready(const char *message)
{
	static const char ready[] = "READY=1";
	const size_t length = sizeof(ready) - 1;

	while (message) {
		if (strncmp(message, ready, length) == 0 &&
			(message[length] == '\n' || message[length] == '\0')) {
			return true;
		}
		message = strchr(message, '\n');
		message += message ? 1 : 0;
	}
	return false;
}

int host_notify_read(struct host_notify *notify, pid_t pid, struct berth_error *err)
{
	char message[NOTIFY_MESSAGE_BYTES + 1];
	ssize_t r = sys_read(notify->container_fd, message, NOTIFY_MESSAGE_BYTES);

	if (r < 0) {
		return error_system(err, (int)r, "read the container's notify socket");
	}
	message[r] = '\0';
	if (!is_ready(message)) {
		return 0;
	}
	/* Closed: whoever sends more must not wait for a reader. */
	close_fd(&notify->container_fd);
	r = snprintf(message, sizeof(message), "READY=1\nMAINPID=%d", (int)pid);
	r = sys_send(notify->host_fd, message, (size_t)r, -1);
	return r < 0 ? error_system(err, (int)r, "send READY=1 to NOTIFY_SOCKET") : 1;
}

/* The manager closes the pipe when it has read all that came before (sd_notify_barrier(3)). */
static int barrier(const struct host_notify *notify, struct berth_error *err)
{
	static const char message[] = "BARRIER=1";
	autofd int write_fd = -1;
	autofd int read_fd = -1;
	ssize_t sent;
	int fds[2];
	int r = sys_pipe(fds);

	if (r < 0) {
		return error_system(err, r, "pipe");
	}
	read_fd = fds[0];
	write_fd = fds[1];
	sent = sys_send(notify->host_fd, message, sizeof(message) - 1, write_fd);
	close_fd(&write_fd);
	r = sent < 0 ? (int)sent : sys_poll(read_fd, POLLIN, NOTIFY_BARRIER_MS);
	if (r == 0) {
		log_line(notify->log, LOG_LEVEL_WARNING,
			"NOTIFY_SOCKET: nobody has read BARRIER=1 for %d seconds",
			NOTIFY_BARRIER_MS / 1000);
	}
	return r < 0 ? error_system(err, r, "send BARRIER=1 to NOTIFY_SOCKET") : 0;
}

int host_notify_wait(struct host_notify *notify, int pidfd, pid_t pid, struct berth_error *err)
{
	const int fds[] = {notify->container_fd, pidfd};
	int r = 0;

	while (r == 0) {
		short events[2] = {0};

		r = sys_poll_two(fds, POLLIN, events);
		if (r < 0) {
			return error_system(err, r, "wait for READY=1 of the container");
		}
		if (events[0]) {
			r = host_notify_read(notify, pid, err);
		} else if (events[1]) {
			return 0;
		}
	}
	return r < 0 ? r : barrier(notify, err);
}
