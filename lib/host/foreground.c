/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The foreground: what a person at a terminal expects of a container. Signals go on to it, its terminal
 * is this terminal, and its end is our end.
 *
 * One loop over poll(2). Each direction of the terminal has a buffer of its own, and nothing is read
 * into a full one, so that a reader who does not read blocks only himself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	PUMP_BYTES = 16384,
	PUMP_WRITE_BYTES =
		4096, /* what poll(2) promises a pipe to take without blocking: PIPE_BUF */
};

/* Bytes on their way from one descriptor to another. */
struct pump {
	int from, to;
	char bytes[PUMP_BYTES];
	size_t length;
	bool is_ended; /* nothing more comes from `from`, or goes to `to` */
};

struct foreground {
	struct host_child *child;
	int signal_fd;
	bool is_raw;
	struct termios saved;
	sigset_t old_mask;
	struct pump in, out;
};

static void pump_read(struct pump *pump)
{
	ssize_t r = sys_read(pump->from, pump->bytes + pump->length, PUMP_BYTES - pump->length);

	if (r > 0) {
		pump->length += (size_t)r;
	} else if (r != -EAGAIN) {
		/* A master whose last peer has closed reads as EIO. */
		pump->is_ended = true;
	}
}

static void pump_write(struct pump *pump)
{
	size_t size = pump->length < PUMP_WRITE_BYTES ? pump->length : PUMP_WRITE_BYTES;
	ssize_t r = sys_write(pump->to, pump->bytes, size);

	if (r < 0 && r != -EAGAIN) {
		pump->is_ended = true;
		pump->length = 0;
	} else if (r > 0) {
		pump->length -= (size_t)r;
		memmove(pump->bytes, pump->bytes + r, pump->length);
	}
}

static void resize(const struct foreground *front)
{
	uint16_t rows;
	uint16_t columns;

	if (sys_get_winsize(STDIN_FILENO, &rows, &columns) == 0) {
		(void)!sys_set_winsize(front->child->console_fd, rows, columns);
	}
}

static void forward_signals(const struct foreground *front)
{
	int number;

	while ((number = sys_signalfd_read(front->signal_fd)) > 0) {
		if (number == SIGWINCH && front->child->console_fd >= 0) {
			resize(front);
		} else if (number != SIGCHLD) {
			(void)!sys_pidfd_send_signal(front->child->pidfd, number);
		}
	}
}

static int front_begin(struct foreground *front, struct berth_error *err)
{
	sigset_t all;
	int r = sys_block_signals(&front->old_mask);

	(void)sigfillset(&all);
	front->signal_fd = r < 0 ? r : sys_signalfd(&all);
	if (front->signal_fd < 0) {
		return error_system(err, front->signal_fd, "signalfd");
	}
	if (front->child->console_fd >= 0) {
		front->in = (struct pump){.from = STDIN_FILENO, .to = front->child->console_fd};
		front->out = (struct pump){.from = front->child->console_fd, .to = STDOUT_FILENO};
		front->is_raw =
			sys_is_tty(STDIN_FILENO) && sys_tty_raw(STDIN_FILENO, &front->saved) == 0;
		resize(front);
	} else {
		front->in.is_ended = true;
		front->out.is_ended = true;
	}
	return 0;
}

static void front_end(struct foreground *front)
{
	if (front->is_raw) {
		sys_tty_restore(STDIN_FILENO, &front->saved);
	}
	close_fd(&front->signal_fd);
	sys_restore_signals(&front->old_mask);
}

static short pump_wants_read(const struct pump *pump)
{
	return !pump->is_ended && pump->length < PUMP_BYTES ? POLLIN : 0;
}

static short pump_wants_write(const struct pump *pump)
{
	return pump->length > 0 ? POLLOUT : 0;
}

enum { FRONT_CHILD, FRONT_SIGNAL, FRONT_STDIN, FRONT_STDOUT, FRONT_MASTER, FRONT_COUNT };

static void front_pump(struct foreground *front, const struct pollfd polls[FRONT_COUNT])
{
	const short readable = POLLIN | POLLHUP | POLLERR;

	if (polls[FRONT_STDIN].revents & readable) {
		pump_read(&front->in);
	}
	if (polls[FRONT_MASTER].revents & readable && pump_wants_read(&front->out)) {
		pump_read(&front->out);
	}
	if (polls[FRONT_MASTER].revents & POLLOUT) {
		pump_write(&front->in);
	}
	if (polls[FRONT_STDOUT].revents & (POLLOUT | POLLERR | POLLHUP)) {
		pump_write(&front->out);
	}
}

/* One round: 1 when the container has ended. */
static int front_poll(struct foreground *front, struct berth_error *err)
{
	int console = front->child->console_fd;
	short master = (short)(pump_wants_read(&front->out) | pump_wants_write(&front->in));
	struct pollfd polls[FRONT_COUNT] = {
		[FRONT_CHILD] = {.fd = front->child->pidfd, .events = POLLIN},
		[FRONT_SIGNAL] = {.fd = front->signal_fd, .events = POLLIN},
		[FRONT_STDIN] = {.fd = pump_wants_read(&front->in) ? STDIN_FILENO : -1,
			.events = POLLIN},
		[FRONT_STDOUT] = {.fd = front->out.length > 0 ? STDOUT_FILENO : -1,
			.events = POLLOUT},
		[FRONT_MASTER] = {.fd = master ? console : -1, .events = master},
	};

	if (poll(polls, FRONT_COUNT, -1) < 0) {
		return errno == EINTR ? 0 : error_system(err, errno, "poll");
	}
	if (polls[FRONT_SIGNAL].revents) {
		forward_signals(front);
	}
	front_pump(front, polls);
	return polls[FRONT_CHILD].revents ? 1 : 0;
}

/* What the container wrote before it ended is still in the terminal. Others may hold it open, so what
 * is there now is all that is waited for. */
static void front_drain(struct foreground *front)
{
	while (front->out.length > 0 || !front->out.is_ended) {
		if (pump_wants_read(&front->out)) {
			if (sys_poll(front->child->console_fd, POLLIN, 0) > 0) {
				pump_read(&front->out);
			} else {
				front->out.is_ended = true;
			}
		}
		if (front->out.length > 0) {
			pump_write(&front->out);
		}
	}
}

int host_foreground(struct host_child *child, int *ret_status, struct berth_error *err)
{
	struct foreground front = {.child = child, .signal_fd = -1};
	int r = front_begin(&front, err);

	while (r == 0) {
		r = front_poll(&front, err);
	}
	if (r > 0) {
		front_drain(&front);
		r = sys_wait_pidfd(child->pidfd, ret_status);
		if (r < 0) {
			error_system(err, r, "wait for the container");
		}
	}
	front_end(&front);
	return r;
}
