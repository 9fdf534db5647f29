/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's end of the conversation of wire/frame.h. Every frame is checked against the table and by
 * its record; a child that says something else, too much or nothing is ended.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "host/child.h"
#include "host/host.h"
#include "host/idmount.h"
#include "host/proc.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "wire/frame.h"
#include "wire/step.h"

enum {
	HOST_FRAME_TIMEOUT_MS = 120000, /* a slow disk may take its time; a stopped child may not */
	HOST_MEMORY_MAX = 64 * 1024 * 1024,
};

/* A frame as it came. */
struct frame {
	uint16_t type; /* 0: the stream has ended */
	int passed_fd;
	char items[WIRE_FRAME_MAX_BYTES];
	size_t length;
};

static int send_bytes(int fd, const char *bytes, size_t length, int passed_fd)
{
	while (length > 0) {
		ssize_t r = sys_send(fd, bytes, length, passed_fd);

		if (r < 0) {
			return (int)r;
		}
		bytes += r;
		length -= (size_t)r;
		passed_fd = -1;
	}
	return 0;
}

static int send_frame(struct host_child *child, uint16_t type, const void *value, int passed_fd,
	struct berth_error *err)
{
	const struct wire_frame_row *row = wire_frame_find(type);
	autoarena struct arena arena;
	const void *message;
	size_t length;
	int r = wire_frame_step(&child->state, type, WIRE_SIDE_PARENT);

	arena_init(&arena, HOST_MEMORY_MAX);
	if (r == 0) {
		r = wire_record_encode(row->record, type, value, &arena, &message, &length);
	}
	if (r < 0) {
		return error_system(err, r, "encode %s", row->name);
	}
	r = send_bytes(child->stream_fd, message, length, passed_fd);
	/* -EPIPE: the child has ended; its last frame, which says why, is still to be read. */
	return r < 0 && r != -EPIPE ? error_system(err, r, "send %s", row->name) : 0;
}

/* Its hooks may take their time. */
static int frame_timeout_ms(const struct host_child *child)
{
	return child->hooks_ms < 0 ? -1 : HOST_FRAME_TIMEOUT_MS + child->hooks_ms;
}

/* Reads `size` bytes; 1, or 0 at the end of the stream before the first one. */
static int read_bytes(const struct host_child *child, char *bytes, size_t size, int *ret_passed_fd)
{
	size_t done = 0;

	while (done < size) {
		autofd int passed_fd = -1;
		ssize_t r = sys_poll(child->stream_fd, POLLIN, frame_timeout_ms(child));

		if (r <= 0) {
			return r < 0 ? (int)r : -ETIMEDOUT;
		}
		r = sys_recv(child->stream_fd, bytes + done, size - done, &passed_fd);
		if (r == 0 || r == -ECONNRESET) {
			return done == 0 ? 0 : -EPROTO;
		}
		if (r < 0) {
			return (int)r;
		}
		if (passed_fd >= 0) {
			close_fd(ret_passed_fd);
			*ret_passed_fd = take_fd(&passed_fd);
		}
		done += (size_t)r;
	}
	return 1;
}

static int read_frame(struct host_child *child, struct frame *frame)
{
	char bytes[WIRE_HEADER_BYTES];
	struct wire_header header;
	int r;

	frame->type = 0;
	frame->length = 0;
	r = read_bytes(child, bytes, sizeof(bytes), &frame->passed_fd);
	if (r <= 0) {
		return r;
	}
	if (wire_header_get(bytes, &header) < 0 ||
		header.length - WIRE_HEADER_BYTES > sizeof(frame->items) ||
		wire_frame_step(&child->state, header.type, WIRE_SIDE_CHILD) < 0) {
		return -EPROTO;
	}
	frame->length = header.length - WIRE_HEADER_BYTES;
	r = frame->length ? read_bytes(child, frame->items, frame->length, &frame->passed_fd) : 1;
	if (r <= 0) {
		return r < 0 ? r : -EPROTO;
	}
	if ((frame->passed_fd >= 0) != (wire_frame_find(header.type)->descriptors > 0)) {
		return -EPROTO;
	}
	frame->type = header.type;
	return 0;
}

static int decode(const struct frame *frame, struct arena *arena, void *ret_value)
{
	arena_init(arena, HOST_MEMORY_MAX);
	return wire_record_decode(wire_frame_find(frame->type)->record, frame->items, frame->length,
		arena, ret_value);
}

/* The child's own words. */
static int reported_error(const struct frame *frame, struct berth_error *err)
{
	autoarena struct arena arena;
	struct frame_error reported = {0};
	struct berth_error filled = {0};

	if (decode(frame, &arena, &reported) < 0) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "the child's error is malformed");
	}
	frame_error_to(&reported, &filled);
	if (err && err->error_class == BERTH_ERROR_NONE) {
		*err = filled;
	}
	return filled.errnum > 0 ? -filled.errnum : -ECHILD;
}

/* The stream has ended without a word: how the process ended is all that can be said. */
static int silent_end(struct host_child *child, struct berth_error *err)
{
	int *pidfd = child->pidfd >= 0 ? &child->pidfd : &child->init_pidfd;
	int status = 0;

	if (*pidfd < 0 || sys_wait_pidfd(*pidfd, &status) < 0) {
		return error_set(err, BERTH_ERROR_CHILD, "the child ended without a word");
	}
	close_fd(pidfd);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		return error_field(err, BERTH_ERROR_CHILD, "/linux/seccomp",
			"the child was ended by signal %d: the filter forbids a call that is made "
			"before the program runs",
			SIGSYS);
	}
	if (WIFSIGNALED(status)) {
		return error_set(err, BERTH_ERROR_CHILD, "the child was ended by signal %d%s",
			WTERMSIG(status),
			WTERMSIG(status) == SIGKILL ? " (out of memory, or killed)" : "");
	}
	return error_set(err, BERTH_ERROR_CHILD, "the child ended with status %d without a word",
		WEXITSTATUS(status));
}

/* Waits for the next frame: its type, or 0 for a good end (after EXEC). */
static int next_frame(struct host_child *child, struct frame *frame, struct berth_error *err)
{
	int r = read_frame(child, frame);

	if (r == -ETIMEDOUT) {
		return error_set(err, BERTH_ERROR_CHILD,
			"the child has not said anything for %d seconds",
			frame_timeout_ms(child) / 1000);
	}
	if (r == -EPROTO) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "a frame of the child is malformed");
	}
	if (r < 0) {
		return error_system(err, r, "read from the child");
	}
	if (frame->type == WIRE_FRAME_ERROR) {
		return reported_error(frame, err);
	}
	if (frame->type == 0 && child->state != WIRE_STATE_EXEC) {
		return silent_end(child, err);
	}
	return frame->type;
}

/* Step "handover": the intermediate is reaped, the container's process is known by a pidfd. */
static int take_over(struct host_child *child, const struct frame *frame, struct berth_error *err)
{
	autoarena struct arena arena;
	struct frame_child born = {0};
	int status;
	int r = decode(frame, &arena, &born);

	if (r < 0 || born.pid == 0 || born.pid > INT32_MAX) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "CHILD is malformed");
	}
	/* It is a child of this process and not reaped: the pid cannot have gone to another. */
	child->pidfd = sys_pidfd_open((pid_t)born.pid);
	if (child->pidfd < 0) {
		return error_call(err, child->pidfd, "pidfd_open", "find the container's process");
	}
	child->pid = (pid_t)born.pid;
	r = sys_wait_pidfd(child->init_pidfd, &status);
	close_fd(&child->init_pidfd);
	return r < 0 ? error_system(err, r, "wait for the intermediate") : 0;
}

static int hand_over(struct host_child *child, const struct host_plan *plan,
	const struct frame *frame, struct berth_error *err)
{
	int step = WIRE_STEP_handover;
	int r = wire_step_enter(step, err);

	if (r == 0) {
		r = take_over(child, frame, err);
	}
	if (r == 0 && plan->map_way != HOST_MAP_NONE) {
		step = WIRE_STEP_idmaps;
		r = wire_step_enter(step, err);
		if (r == 0) {
			r = host_write_maps(child->pid, plan, err);
		}
	}
	if (r == 0) {
		step = WIRE_STEP_netdevices;
		r = wire_step_enter(step, err);
	}
	if (r == 0) {
		/* Where the child has ended, its last frame, which says why, is still to be read. */
		r = host_net_devices_move(&child->devices, child->pidfd, plan, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(step));
		return r;
	}
	return send_frame(child, WIRE_FRAME_MAPPED, NULL, -1, err);
}

/* A bind source of the child gets its ids. */
static int map_mount(struct host_child *child, const struct host_plan *plan,
	const struct frame *frame, struct berth_error *err)
{
	autoarena struct arena arena;
	struct frame_idmap asked = {0};
	int r = decode(frame, &arena, &asked);

	if (r < 0) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "IDMAP is malformed");
	}
	r = host_idmap_mount(&plan->idmaps, asked.mount, frame->passed_fd, err);
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_sources));
		return r;
	}
	return send_frame(child, WIRE_FRAME_IDMAPPED, NULL, -1, err);
}

static int send_plan(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err)
{
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	size_t count = wire_bootstrap_to_attrs(&plan->init, attrs);
	autoarena struct arena arena;
	size_t length = 0;
	char *message;
	int r;

	arena_init(&arena, HOST_MEMORY_MAX);
	r = wire_bootstrap_encode(attrs, count, NULL, 0, &length, NULL);
	if (r != -ENOBUFS) {
		/* Refused: once more, for the words. */
		return wire_bootstrap_encode(attrs, count, NULL, 0, &length, err);
	}
	message = arena_alloc(&arena, length, 1);
	if (!message) {
		return error_system(err, ENOMEM, "memory for InitMsg");
	}
	r = wire_bootstrap_encode(attrs, count, message, length, &length, err);
	if (r < 0) {
		return r;
	}
	r = send_bytes(child->stream_fd, message, length, -1);
	if (r < 0 && r != -EPIPE) {
		return error_system(err, r, "send InitMsg");
	}
	return send_frame(child, WIRE_FRAME_BOOT, boot, -1, err);
}

/* The conversation until the child is ready (0) or waits for the hooks (1), which it does once, and only
 * where there are any. */
static int converse(struct host_child *child, const struct host_plan *plan, bool may_hook,
	struct berth_error *err)
{
	struct frame frame = {.passed_fd = -1};
	int r;

	for (;;) {
		r = next_frame(child, &frame, err);
		child->hooks_ms = 0;
		if (r == WIRE_FRAME_CHILD) {
			r = hand_over(child, plan, &frame, err);
		} else if (r == WIRE_FRAME_IDMAP) {
			r = map_mount(child, plan, &frame, err);
			close_fd(&frame.passed_fd);
		} else if (r == WIRE_FRAME_CONSOLE) {
			close_fd(&child->console_fd);
			child->console_fd = take_fd(&frame.passed_fd);
		} else {
			break;
		}
		if (r < 0) {
			break;
		}
	}
	close_fd(&frame.passed_fd);
	if (r == WIRE_FRAME_HOOKS && !may_hook) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "HOOKS, where none are due");
	}
	if (r == WIRE_FRAME_READY) {
		return 0;
	}
	return r == WIRE_FRAME_HOOKS ? 1 : r;
}

int host_child_resume(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err)
{
	int r = send_frame(child, WIRE_FRAME_HOOKED, NULL, -1, err);

	if (r < 0) {
		return r;
	}
	child->hooks_ms = wire_hooks_time_ms(&boot->hooks.create_container);
	return converse(child, plan, false, err);
}

int host_child_build(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err)
{
	int step = WIRE_STEP_oomscore;
	int r = wire_step_enter(step, err);

	if (r == 0 && plan->seccomp && boot->seccomp.program.length == 0) {
		/* Never without the filter that was asked for, whatever a verb forgets. */
		r = error_field(err, BERTH_ERROR_INTERNAL, "/linux/seccomp", "is not compiled");
	}
	if (r == 0) {
		r = host_write_oom_score(child->init_pid, plan, err);
	}
	if (r == 0) {
		step = WIRE_STEP_send;
		r = wire_step_enter(step, err);
	}
	if (r == 0) {
		r = send_plan(child, plan, boot, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(step));
		return r;
	}
	child->start_ms = wire_hooks_time_ms(&boot->hooks.start_container);
	return converse(child, plan, (boot->flags & BOOT_HOOKS) != 0, err);
}

/* Step "limits": by the parent, who may be allowed to raise what the child may not. */
static int set_limits(
	const struct host_child *child, const struct host_plan *plan, struct berth_error *err)
{
	for (size_t i = 0; i < plan->rlimit_count; i++) {
		const struct host_rlimit *item = &plan->rlimits[i];
		struct rlimit limit = {.rlim_cur = item->soft, .rlim_max = item->hard};
		int r = sys_prlimit(child->pid, item->resource, &limit);

		if (r < 0) {
			error_system(err, r, "set the rlimit to soft %llu, hard %llu",
				(unsigned long long)item->soft, (unsigned long long)item->hard);
			error_add_pointer(err, item->pointer);
			return r;
		}
	}
	return host_schedule(child->pid, plan, err);
}

/* Until the program runs or the child waits for start (0), or it has a listener (1), which it has once. */
static int await_program(struct host_child *child, struct berth_error *err)
{
	struct frame frame = {.passed_fd = -1};
	int r;

	do {
		r = next_frame(child, &frame, err);
	} while (r == WIRE_FRAME_EXEC);
	if (r == WIRE_FRAME_LISTENER) {
		close_fd(&child->listener_fd);
		child->listener_fd = take_fd(&frame.passed_fd);
		return 1;
	}
	close_fd(&frame.passed_fd);
	if (r == 0 || r == WIRE_FRAME_WAITING) {
		close_fd(&child->stream_fd);
		return 0;
	}
	return r;
}

int host_child_go(struct host_child *child, const struct host_plan *plan, int fifo_fd,
	struct berth_error *err)
{
	int step = WIRE_STEP_limits;
	int r = wire_step_enter(step, err);

	if (r == 0) {
		r = set_limits(child, plan, err);
	}
	if (r == 0) {
		step = WIRE_STEP_go;
		r = wire_step_enter(step, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(step));
		return r;
	}
	child->hooks_ms = fifo_fd >= 0 ? 0 : child->start_ms;
	r = send_frame(child, fifo_fd >= 0 ? WIRE_FRAME_HOLD : WIRE_FRAME_GO, NULL, fifo_fd, err);
	return r < 0 ? r : await_program(child, err);
}

int host_child_handed(struct host_child *child, struct berth_error *err)
{
	int r = send_frame(child, WIRE_FRAME_HANDED, NULL, -1, err);

	if (r == 0) {
		r = await_program(child, err);
	}
	return r > 0 ? error_set(err, BERTH_ERROR_PROTOCOL, "a second LISTENER") : r;
}
