/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The foreground: what a person at a terminal expects of a container. Signals go on to it, its terminal
 * is this terminal, and its end is our end.
 *
 * One loop over poll(2). Each direction of the terminal has a buffer of its own, and nothing is read
 * into a full one, so that a reader who does not read blocks only himself.
 *
 * Where standard input is no terminal it may end, and a terminal does not: what ends the input of its reader is the
 * character for that, as somebody would type it, and type again at the next prompt.
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
		4096,       /* what poll(2) promises a pipe to take without blocking: PIPE_BUF */
	PUMP_END = 0x04,    /* VEOF of a new terminal: termios(3) */
	PUMP_ENDS_MAX = 16, /* for somebody who echoes them, that is enough */
};

/* Bytes on their way from one descriptor to another. */
struct pump {
	int from, to;
	char bytes[PUMP_BYTES];
	size_t length;
	bool is_ended;  /* nothing more comes from `from` */
	bool is_paused; /* a terminal that we are in the background of: until SIGCONT */
	char last;      /* byte that was read; 0: none */
	int error;      /* of the write that failed, as a negative errno value: nobody takes more */
};

struct foreground {
	struct host_front *front;
	struct host_child *child;
	struct pump in, out;
	int ends;     /* PUMP_END, so often since the end of the input */
	int ends_due; /* and so often now */
};

static void pump_read(struct pump *pump)
{
	ssize_t r = sys_read(pump->from, pump->bytes + pump->length, PUMP_BYTES - pump->length);

	if (r > 0) {
		pump->length += (size_t)r;
		pump->last = pump->bytes[pump->length - 1];
	} else if (r == -EIO && pump->from == STDIN_FILENO) {
		/* SIGTTIN is blocked, so a process in the background reads an error instead. */
		pump->is_paused = true;
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
		pump->error = (int)r;
		pump->is_ended = true;
		pump->length = 0;
	} else if (r > 0) {
		pump->length -= (size_t)r;
		memmove(pump->bytes, pump->bytes + r, pump->length);
	}
}

static void resize(const struct host_child *child)
{
	uint16_t rows;
	uint16_t columns;

	if (sys_get_winsize(STDIN_FILENO, &rows, &columns) == 0) {
		(void)!sys_set_winsize(child->console_fd, rows, columns);
	}
}

static void forward_signals(struct foreground *fore)
{
	int number;

	while ((number = sys_signalfd_read(fore->front->signal_fd)) > 0) {
		if (number == SIGCONT) {
			fore->in.is_paused = false;
		}
		if (number == SIGWINCH && fore->child->console_fd >= 0) {
			resize(fore->child);
		} else if (number != SIGCHLD && number != SIGPIPE) {
			/* SIGPIPE is of this process's own writes, and says nothing to the container. */
			(void)!sys_signal_child(fore->child->pidfd, fore->child->pid, number);
		}
	}
}

void host_front_init(struct host_front *front)
{
	*front = (struct host_front){.signal_fd = -1};
	host_notify_init(&front->notify);
}

int host_front_begin(
	struct host_front *front, const struct host_child *child, struct berth_error *err)
{
	sigset_t all;
	int r = sys_block_signals(&front->old_mask);

	if (r < 0) {
		return error_system(err, r, "block signals");
	}
	front->is_blocked = true;
	(void)sigfillset(&all);
	front->signal_fd = sys_signalfd(&all);
	if (front->signal_fd < 0) {
		return error_system(err, front->signal_fd, "signalfd");
	}
	if (child->console_fd >= 0) {
		resize(child);
		front->is_raw =
			sys_is_tty(STDIN_FILENO) && sys_tty_raw(STDIN_FILENO, &front->saved) == 0;
	}
	return 0;
}

void host_front_end(struct host_front *front)
{
	if (front->is_raw) {
		sys_tty_restore(STDIN_FILENO, &front->saved);
	}
	/* Those that came too late for the container are not for this process, either. */
	while (front->signal_fd >= 0 && sys_signalfd_read(front->signal_fd) > 0) {
	}
	close_fd(&front->signal_fd);
	host_notify_finish(&front->notify);
	if (front->is_blocked) {
		sys_restore_signals(&front->old_mask);
	}
	host_front_init(front);
}

static short pump_wants_read(const struct pump *pump)
{
	return !pump->is_ended && !pump->is_paused && pump->length < PUMP_BYTES ? POLLIN : 0;
}

static short pump_wants_write(const struct pump *pump)
{
	return pump->length > 0 ? POLLOUT : 0;
}

enum {
	FRONT_CHILD,
	FRONT_SIGNAL,
	FRONT_STDIN,
	FRONT_STDOUT,
	FRONT_MASTER,
	FRONT_NOTIFY,
	FRONT_COUNT
};

/* That the manager cannot be told is no reason to end a container that runs. */
static void front_notify(struct host_front *front)
{
	struct berth_error err = {0};
	char line[BERTH_ERROR_MESSAGE_SIZE];

	if (host_notify_read(&front->notify, sys_getpid(), &err) < 0) {
		(void)error_format(&err, line, sizeof(line));
		log_line(front->notify.log, LOG_LEVEL_WARNING, "%s", line);
		close_fd(&front->notify.container_fd);
	}
}

/* One ends an empty line, and thereby the input; behind part of a line the first one only hands that on. */
static void front_end_input(struct foreground *fore)
{
	struct pump *in = &fore->in;

	while (in->is_ended && fore->ends_due > 0 && fore->ends < PUMP_ENDS_MAX &&
		in->length < PUMP_BYTES && fore->child->console_fd >= 0) {
		in->bytes[in->length++] = PUMP_END;
		fore->ends_due--;
		fore->ends++;
	}
}

static void front_read(struct foreground *fore, const struct pollfd polls[FRONT_COUNT])
{
	const short readable = POLLIN | POLLHUP | POLLERR;

	if (polls[FRONT_STDIN].revents & readable) {
		pump_read(&fore->in);
		if (fore->in.is_ended) {
			fore->ends_due = fore->in.last == '\n' || fore->in.last == 0 ? 1 : 2;
		}
	}
	if (polls[FRONT_MASTER].revents & readable && pump_wants_read(&fore->out)) {
		pump_read(&fore->out);
		/* It may be a prompt: of somebody who has thrown away what was typed before it. */
		fore->ends_due = fore->in.is_ended && fore->in.length == 0 ? 1 : fore->ends_due;
	}
	front_end_input(fore);
}

static void front_pump(struct foreground *fore, const struct pollfd polls[FRONT_COUNT])
{
	front_read(fore, polls);
	if (polls[FRONT_MASTER].revents & POLLOUT) {
		pump_write(&fore->in);
	}
	if (polls[FRONT_STDOUT].revents & (POLLOUT | POLLERR | POLLHUP)) {
		pump_write(&fore->out);
	}
	if (fore->out.error < 0) {
		/* Nobody looks at the terminal any more: it hangs up, as a line would. */
		close_fd(&fore->child->console_fd);
		fore->in.is_ended = true;
		fore->in.length = 0;
	}
}

/* One round: 1 when the container has ended. */
static int front_poll(struct foreground *fore, struct berth_error *err)
{
	short master = (short)(pump_wants_read(&fore->out) | pump_wants_write(&fore->in));
	struct pollfd polls[FRONT_COUNT] = {
		[FRONT_CHILD] = {.fd = fore->child->pidfd, .events = POLLIN},
		[FRONT_SIGNAL] = {.fd = fore->front->signal_fd, .events = POLLIN},
		[FRONT_STDIN] = {.fd = pump_wants_read(&fore->in) ? STDIN_FILENO : -1,
			.events = POLLIN},
		[FRONT_STDOUT] = {.fd = fore->out.length > 0 ? STDOUT_FILENO : -1,
			.events = POLLOUT},
		[FRONT_MASTER] = {.fd = master ? fore->child->console_fd : -1, .events = master},
		[FRONT_NOTIFY] = {.fd = fore->front->notify.container_fd, .events = POLLIN},
	};

	if (poll(polls, FRONT_COUNT, -1) < 0) {
		return errno == EINTR ? 0 : error_system(err, errno, "poll");
	}
	if (polls[FRONT_SIGNAL].revents) {
		forward_signals(fore);
	}
	front_pump(fore, polls);
	if (polls[FRONT_NOTIFY].revents) {
		front_notify(fore->front);
	}
	return polls[FRONT_CHILD].revents ? 1 : 0;
}

static bool is_ending(int number)
{
	return number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
}

/* Writes some of what is left: false when somebody asks for the end instead. */
static bool drain_write(struct foreground *fore)
{
	struct pollfd polls[] = {
		{.fd = STDOUT_FILENO, .events = POLLOUT},
		{.fd = fore->front->signal_fd, .events = POLLIN},
	};

	if (poll(polls, ARRAY_COUNT(polls), -1) < 0) {
		return errno == EINTR;
	}
	if (polls[1].revents && is_ending(sys_signalfd_read(fore->front->signal_fd))) {
		return false;
	}
	if (polls[0].revents) {
		pump_write(&fore->out);
	}
	return true;
}

/* What the container wrote before it ended is still in the terminal. Others may hold it open, so what
 * is there now is all that is waited for; and a signal ends the wait for a reader who does not read. */
static void front_drain(struct foreground *fore)
{
	struct pump *out = &fore->out;

	while (out->length > 0 || !out->is_ended) {
		if (pump_wants_read(out)) {
			if (sys_poll(out->from, POLLIN, 0) > 0) {
				pump_read(out);
			} else {
				out->is_ended = true;
			}
		}
		if (out->length > 0 && !drain_write(fore)) {
			return;
		}
	}
}

/* A reader who went away has what he wanted; anything else that a write(2) fails of loses output. */
static bool is_reader_gone(int error)
{
	return error == -EPIPE || error == -EIO || error == -ECONNRESET;
}

int host_front_lost(const struct host_front *front, struct berth_error *err)
{
	return front->lost < 0 ? error_system(err, front->lost, "write to standard output") : 0;
}

int host_front_wait(struct host_front *front, struct host_child *child, int *ret_status,
	struct berth_error *err)
{
	struct foreground fore = {.front = front, .child = child};
	bool has_console = child->console_fd >= 0;
	int r = 0;

	fore.in = (struct pump){
		.from = STDIN_FILENO, .to = child->console_fd, .is_ended = !has_console};
	fore.out = (struct pump){
		.from = child->console_fd, .to = STDOUT_FILENO, .is_ended = !has_console};
	while (r == 0) {
		r = front_poll(&fore, err);
	}
	if (r > 0) {
		front_drain(&fore);
		front->lost = is_reader_gone(fore.out.error) ? 0 : fore.out.error;
		r = sys_wait_pidfd(child->pidfd, ret_status);
		if (r < 0) {
			error_system(err, r, "wait for the container");
		}
	}
	return r;
}
