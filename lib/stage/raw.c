/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw mode: berth-init as a program for anybody. One message in, one line out.
 *
 * Two pipes join the intermediate and the child. `gate`: the child waits for one byte until its maps
 * are written; end of file means that the intermediate is gone. `report`: the child writes its error,
 * or one byte just before execve; the write end is close-on-exec, so end of file after that byte says
 * that the program runs.
 *
 * What would end the intermediate between the clone and its answer ends the child as well: it is read
 * from a signalfd there. SIGKILL alone leaves a program that nobody has been told of.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "guard/guard.h"
#include "stage/stage.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "wire/step.h"

/* The child's first step: the maps are there, or the intermediate is gone. */
static int raw_mapped(struct stage *stage, struct berth_error *err)
{
	char byte;

	if (sys_read(stage->gate[0], &byte, 1) != 1) {
		sys_exit(STAGE_EXIT_FAILURE);
	}
	return stage_settle(stage, err);
}

static int raw_session(struct stage *stage, struct berth_error *err)
{
	int r = stage_new_session(err);

	if (r == 0 && stage->console_fd >= 0) {
		r = stage_take_console(stage->console_fd, err);
	}
	return r;
}

static int raw_exec(struct stage *stage, struct berth_error *err)
{
	int r = sys_write_once(stage->report[1], "x", 1);

	if (r < 0) {
		return error_system(err, r, "tell the intermediate");
	}
	return stage_search(stage, err);
}

static const struct stage_step raw_intermediate_steps[] = {
	{WIRE_STEP_bootstrap, stage_read_bootstrap},
	{WIRE_STEP_open, stage_open},
	{WIRE_STEP_join, stage_join},
};

static const struct stage_step raw_child_steps[] = {
	{WIRE_STEP_mapped, raw_mapped},
	{WIRE_STEP_session, raw_session},
	{WIRE_STEP_exec, raw_exec},
};

noreturn_fn static void raw_child(struct stage *stage, struct berth_error *err)
{
	int r;

	close_fd(&stage->stream_fd);
	close_fd(&stage->gate[1]);
	close_fd(&stage->report[0]);
	close_fd(&stage->signal_fd);
	sys_restore_signals(&stage->signals);
	r = stage_run_steps(raw_child_steps, ARRAY_COUNT(raw_child_steps), stage, err);

	if (r < 0) {
		/* Where nobody reads, nobody wants to know. */
		(void)!sys_write_once(stage->report[1], err, sizeof(*err));
	}
	sys_exit(STAGE_EXIT_FAILURE);
}

/* Until there is something of the report to read. What ends this process ends the child. */
static int raw_wait(const struct stage *stage, struct berth_error *err)
{
	const int fds[2] = {stage->signal_fd, stage->report[0]};
	short events[2] = {0};
	int r = sys_poll_two(fds, POLLIN, events);

	if (r < 0) {
		return error_system(err, r, "wait for the child's report");
	}
	r = events[0] ? sys_signalfd_read(stage->signal_fd) : 0;
	return r == 0 ? 0 : error_set(err, BERTH_ERROR_SYSTEM, "ended by signal %d", r);
}

/* Reads the child's report to its end: 0 when its execve has succeeded. A child that is killed in the
 * midst of its execve cannot be told from a program that is killed at its first instruction: the caller
 * sees in both cases by waitpid(2) what has become of it. */
static int raw_await(struct stage *stage, struct berth_error *err)
{
	char bytes[1 + sizeof(struct berth_error)];
	size_t length = 0;
	ssize_t r;

	do {
		r = raw_wait(stage, err);
		if (r < 0) {
			return (int)r;
		}
		r = sys_read(stage->report[0], bytes + length, sizeof(bytes) - length);
		length += r > 0 ? (size_t)r : 0;
	} while (r > 0 && length < sizeof(bytes));
	if (length >= sizeof(*err)) {
		memcpy(err, bytes + length - sizeof(*err), sizeof(*err));
		return -ECHILD;
	}
	if (length == 0) {
		return error_set(err, BERTH_ERROR_CHILD, "the child ended before its execve");
	}
	return 0;
}

/* The program is not let go for a caller who is not there any more, or who cannot be told: nothing
 * at all to send fails as an answer would. */
static int raw_check_stream(const struct stage *stage, struct berth_error *err)
{
	int r = sys_poll(stage->stream_fd, 0, 0);

	if (r > 0 && (r & (POLLHUP | POLLERR))) {
		r = -EPIPE;
	} else if (r >= 0) {
		r = (int)sys_send(stage->stream_fd, "", 0, -1);
		r = r == -ENOTSOCK ? 0 : r;
	}
	return r < 0 ? error_system(err, r, "write the child's pid") : 0;
}

/* Step "maps": the child may go on after it. */
static int raw_maps(struct stage *stage, int pid, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_maps, err);

	if (r == 0) {
		r = stage_write_maps(stage, pid, err);
	}
	if (r == 0) {
		r = raw_check_stream(stage, err);
	}
	if (r == 0) {
		r = sys_write_once(stage->gate[1], "g", 1);
		/* It has ended already: its report says why. */
		r = r == -EPIPE ? 0 : r;
		if (r < 0) {
			r = error_system(err, r, "wake the child");
		}
	}
	error_add_step(r < 0 ? err : NULL, wire_step_name(WIRE_STEP_maps));
	return r;
}

static int raw_answer(const struct stage *stage, int pid, struct berth_error *err)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "{ \"pid\" : %d }\n", pid);
	int r = sys_write_once(stage->stream_fd, line, (size_t)length);

	return r < 0 ? error_system(err, r, "write the child's pid") : 0;
}

static int raw_intermediate(struct stage *stage, int pid, struct berth_error *err)
{
	int r;

	close_fd(&stage->gate[0]);
	close_fd(&stage->report[1]);
	r = raw_maps(stage, pid, err);
	if (r == 0) {
		r = raw_await(stage, err);
	} else if (sys_poll(stage->report[0], POLLIN, 0) > 0) {
		/* The child has ended before its maps were written: what it says is the cause. */
		error_clear(err);
		r = raw_await(stage, err);
	}
	if (r == 0) {
		r = raw_answer(stage, pid, err);
	}
	if (r < 0) {
		(void)!sys_pidfd_send_signal(stage->pidfd, SIGKILL);
	}
	return r;
}

/* The pipes, and all signals blocked: a write to a stream that is gone is told by EPIPE then. */
static int raw_prepare(struct stage *stage, struct berth_error *err)
{
	sigset_t fatal;
	int r = sys_pipe(stage->gate);

	if (r == 0) {
		r = sys_pipe(stage->report);
	}
	if (r < 0) {
		return error_system(err, r, "pipe");
	}
	r = sys_block_signals(&stage->signals);
	if (r < 0) {
		return error_system(err, r, "block the signals");
	}
	sys_fatal_signals(&stage->signals, &fatal);
	stage->signal_fd = sys_signalfd(&fatal);
	return stage->signal_fd < 0 ? error_system(err, stage->signal_fd, "signalfd") : 0;
}

int stage_run_raw(struct stage *stage, char **argv, char **envp, struct berth_error *err)
{
	int r;

	stage->argv = argv;
	stage->envp = envp;
	stage->is_map_writer = true;
	r = stage_run_steps(
		raw_intermediate_steps, ARRAY_COUNT(raw_intermediate_steps), stage, err);
	if (r < 0) {
		return r;
	}
	r = raw_prepare(stage, err);
	if (r < 0) {
		return r;
	}
	r = wire_step_enter(WIRE_STEP_clone, err);
	if (r == 0) {
		r = stage_clone(stage, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_clone));
		return r;
	}
	if (r == 0) {
		raw_child(stage, err);
	}
	return raw_intermediate(stage, r, err);
}
