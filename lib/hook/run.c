/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hook. It is a process that shares this one's memory until its execve (sys_vfork), then a program
 * that is fed through one pipe and listened to through two, all at the same time, until it has ended:
 * neither a hook that never reads nor one that writes without end can stop this.
 *
 * The reading end of its stdin is kept open here while there is something to write: a hook that has closed
 * its own gives neither EPIPE nor SIGPIPE, which would be the caller's.
 */
#include "hook/hook.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	HOOK_TAIL_BYTES = 240,       /* of stderr, for the error */
	HOOK_CHUNK_BYTES = PIPE_BUF, /* where a pipe has room at all, this much can be written */
	HOOK_DRAIN_READS = 32,       /* more than a pipe holds */
	HOOK_END_TIMEOUT_MS = 10000, /* what a killed hook may take to end */
};

/* The pipes, by the number that the hook knows them by; and what poll(2) looks at. */
enum { HOOK_STDIN, HOOK_STDOUT, HOOK_STDERR, HOOK_PIPES, HOOK_PIDFD = HOOK_PIPES, HOOK_POLLS };

struct hook_process {
	const struct wire_hook *hook;
	const char *cwd;
	const char *state; /* what is still to be written */
	size_t left;
	int theirs[HOOK_PIPES];
	int ours[HOOK_PIPES];
	int outputs[HOOK_PIPES]; /* in the place of a pipe; -1: none */
	int pidfd;
	pid_t pid;
	const char *doing; /* in the child, until its execve */
	int failure;
	char tail[HOOK_TAIL_BYTES + 1];
	size_t tail_length;
};

static void process_finish(struct hook_process *process)
{
	for (size_t i = 0; i < HOOK_PIPES; i++) {
		close_fd(&process->theirs[i]);
		close_fd(&process->ours[i]);
	}
	close_fd(&process->pidfd);
}

/* A pipe whose ends are none of 0, 1 and 2, which a caller may have closed. */
static int make_pipe(int *ret_reader, int *ret_writer)
{
	autofd int low_reader = -1;
	autofd int low_writer = -1;
	int fds[2];
	int r = sys_pipe(fds);

	if (r < 0) {
		return r;
	}
	*ret_reader = fds[0];
	*ret_writer = fds[1];
	if (fds[0] < HOOK_PIPES) {
		low_reader = fds[0];
		*ret_reader = sys_dup_above(low_reader, HOOK_PIPES);
	}
	if (fds[1] < HOOK_PIPES) {
		low_writer = fds[1];
		*ret_writer = sys_dup_above(low_writer, HOOK_PIPES);
	}
	return *ret_reader < 0 ? *ret_reader : *ret_writer < 0 ? *ret_writer : 0;
}

static int make_pipes(struct hook_process *process)
{
	int r = make_pipe(&process->theirs[HOOK_STDIN], &process->ours[HOOK_STDIN]);

	for (int i = HOOK_STDOUT; r == 0 && i <= HOOK_STDERR; i++) {
		if (process->outputs[i] < 0) {
			r = make_pipe(&process->ours[i], &process->theirs[i]);
		}
	}
	return r;
}

/* Runs in the memory of the caller, who waits: raw calls only. The handlers of the caller are gone before
 * the mask that kept signals from them. */
static int process_exec(void *argument)
{
	struct hook_process *process = argument;
	const struct wire_hook *hook = process->hook;
	const char *const none[] = {NULL};
	const char *const *env = hook->env.count > 0 ? hook->env.items : none;

	process->failure = sys_setsid();
	for (int i = 0; process->failure >= 0 && i < HOOK_PIPES; i++) {
		process->failure = sys_dup2(
			process->outputs[i] < 0 ? process->theirs[i] : process->outputs[i], i);
	}
	if (process->failure >= 0) {
		process->failure = sys_close_range(HOOK_PIPES, ~0U, 0);
	}
	if (process->failure >= 0 && process->cwd) {
		process->doing = "change to its directory";
		process->failure = sys_chdir(process->cwd);
	}
	if (process->failure >= 0) {
		process->doing = "execute";
		process->failure = sys_default_signals();
	}
	if (process->failure >= 0) {
		process->failure = sys_execve(hook->path,
			(char *const *)(uintptr_t)hook->args.items, (char *const *)(uintptr_t)env);
	}
	sys_exit(127);
}

static int process_start(struct hook_process *process)
{
	sigset_t old;
	int r = sys_block_signals(&old);

	if (r < 0) {
		return r;
	}
	process->pid = sys_vfork(process_exec, process, &process->pidfd);
	sys_restore_signals(&old);
	close_fd(&process->theirs[HOOK_STDOUT]);
	close_fd(&process->theirs[HOOK_STDERR]);
	return process->pid < 0 ? process->pid : 0;
}

static int feed(struct hook_process *process)
{
	size_t size = process->left < HOOK_CHUNK_BYTES ? process->left : HOOK_CHUNK_BYTES;
	ssize_t r = sys_write(process->ours[HOOK_STDIN], process->state, size);

	if (r < 0) {
		return (int)r;
	}
	process->state += r;
	process->left -= (size_t)r;
	if (process->left == 0) {
		close_fd(&process->ours[HOOK_STDIN]);
		close_fd(&process->theirs[HOOK_STDIN]);
	}
	return 0;
}

/* The last of all that was written to stderr. */
static void keep_tail(struct hook_process *process, const char *bytes, size_t length)
{
	size_t kept;

	if (length > HOOK_TAIL_BYTES) {
		bytes += length - HOOK_TAIL_BYTES;
		length = HOOK_TAIL_BYTES;
	}
	kept = HOOK_TAIL_BYTES - length;
	if (process->tail_length > kept) {
		memmove(process->tail, process->tail + process->tail_length - kept, kept);
		process->tail_length = kept;
	}
	memcpy(process->tail + process->tail_length, bytes, length);
	process->tail_length += length;
}

static int listen_to(struct hook_process *process, int pipe)
{
	char bytes[HOOK_CHUNK_BYTES];
	ssize_t r = sys_read(process->ours[pipe], bytes, sizeof(bytes));

	if (r < 0) {
		return (int)r;
	}
	if (r == 0) {
		close_fd(&process->ours[pipe]);
	} else if (pipe == HOOK_STDERR) {
		keep_tail(process, bytes, (size_t)r);
	}
	return 0;
}

/* How long poll(2) may wait; 0 when the time is over. */
static int rest_ms(uint64_t end_ns)
{
	uint64_t now_ns = sys_now_ns();
	uint64_t rest;

	if (end_ns == UINT64_MAX) {
		return -1;
	}
	rest = end_ns > now_ns ? (end_ns - now_ns + 999999) / 1000000 : 0;
	return rest < INT_MAX ? (int)rest : INT_MAX;
}

/* Until it has ended (0), or its time is over (1). */
static int process_serve(struct hook_process *process)
{
	uint64_t timeout_ns = (uint64_t)process->hook->timeout_s * 1000000000U;
	uint64_t end_ns = timeout_ns > 0 ? sys_now_ns() + timeout_ns : UINT64_MAX;
	int r = 0;

	while (r >= 0) {
		struct pollfd items[HOOK_POLLS] = {
			[HOOK_STDIN] = {.fd = process->ours[HOOK_STDIN], .events = POLLOUT},
			[HOOK_STDOUT] = {.fd = process->ours[HOOK_STDOUT], .events = POLLIN},
			[HOOK_STDERR] = {.fd = process->ours[HOOK_STDERR], .events = POLLIN},
			[HOOK_PIDFD] = {.fd = process->pidfd, .events = POLLIN},
		};
		int wait_ms = rest_ms(end_ns);

		if (wait_ms == 0) {
			return 1;
		}
		r = sys_poll_once(items, HOOK_POLLS, wait_ms);
		if (r > 0 && items[HOOK_STDIN].revents) {
			r = feed(process);
		}
		for (int i = HOOK_STDOUT; r >= 0 && i <= HOOK_STDERR; i++) {
			r = items[i].revents ? listen_to(process, i) : r;
		}
		if (r >= 0 && items[HOOK_PIDFD].revents) {
			return 0;
		}
	}
	return r;
}

/* What is still in the pipe of stderr when it has ended: no more than a pipe holds, for its children may be
 * writing. */
static void drain(struct hook_process *process)
{
	for (size_t i = 0; i < HOOK_DRAIN_READS && process->ours[HOOK_STDERR] >= 0; i++) {
		if (sys_poll(process->ours[HOOK_STDERR], POLLIN, 0) <= 0 ||
			listen_to(process, HOOK_STDERR) < 0) {
			return;
		}
	}
}

/* One line, without what a terminal would take for a command. */
static const char *tail_text(struct hook_process *process)
{
	char *text = process->tail;

	drain(process);
	while (process->tail_length > 0 && (unsigned char)text[process->tail_length - 1] <= ' ') {
		process->tail_length--;
	}
	text[process->tail_length] = '\0';
	for (size_t i = 0; i < process->tail_length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			text[i] = ' ';
		}
	}
	return text;
}

/* What is left of it when its time is over, or when it cannot be served. It has not been waited for: the
 * number of its group is nobody else's. */
static void process_kill(struct hook_process *process)
{
	(void)!sys_kill(-process->pid, SIGKILL);
	(void)!sys_poll(process->pidfd, POLLIN, HOOK_END_TIMEOUT_MS);
}

/* The words that callers of runtimes look for, and what is the matter. */
printf_like(3, 4) static int failed(
	struct hook_process *process, struct berth_error *err, const char *format, ...)
{
	const struct wire_hook *hook = process->hook;
	const char *tail = tail_text(process);
	char pointer[64];
	char reason[128];
	va_list args;

	(void)snprintf(pointer, sizeof(pointer), "/hooks/%s/%u", hook->kind, hook->index);
	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return error_field(err, BERTH_ERROR_SYSTEM, pointer,
		"error running %s hook #%u (%.100s): %s%s%s", hook->kind, hook->index, hook->path,
		reason, tail[0] ? ", stderr: " : "", tail);
}

/* Where a call has failed the program has not run: what stderr has is not its words. */
static int failed_call(
	struct hook_process *process, int r, const char *doing, struct berth_error *err)
{
	char text[64];

	close_fd(&process->ours[HOOK_STDERR]);
	process->tail_length = 0;
	(void)failed(process, err, "%s: %s", doing, error_errno_text(-r, text, sizeof(text)));
	return r;
}

/* It is reaped in any case, but where it does not even end when it is killed. */
static int process_end(struct hook_process *process, int served, struct berth_error *err)
{
	int status = 0;
	int r;

	if (served != 0) {
		process_kill(process);
	}
	r = sys_poll(process->pidfd, POLLIN, 0);
	if (r > 0) {
		r = sys_wait_pidfd(process->pidfd, &status);
	} else if (r == 0) {
		r = -ETIMEDOUT;
	}
	if (served > 0) {
		return failed(process, err, "killed: it was not done after %u second%s",
			process->hook->timeout_s, process->hook->timeout_s == 1 ? "" : "s");
	}
	r = served < 0 ? served : r;
	if (r < 0) {
		return failed_call(process, r, "wait for it", err);
	}
	if (process->failure < 0) {
		return failed_call(process, process->failure, process->doing, err);
	}
	if (WIFSIGNALED(status)) {
		return failed(process, err, "ended by signal %d", WTERMSIG(status));
	}
	return WEXITSTATUS(status) == 0
		       ? 0
		       : failed(process, err, "exit status %d", WEXITSTATUS(status));
}

int hook_run(const struct wire_hook *hook, const char *state, const char *cwd,
	const struct hook_output *output, struct berth_error *err)
{
	__attribute__((cleanup(process_finish))) struct hook_process process = {
		.hook = hook,
		.cwd = cwd,
		.state = state,
		.left = strlen(state),
		.theirs = {-1, -1, -1},
		.ours = {-1, -1, -1},
		.outputs = {-1, output ? output->out_fd : -1, output ? output->err_fd : -1},
		.pidfd = -1,
		.doing = "start",
	};
	int r = make_pipes(&process);

	if (r < 0) {
		return failed_call(&process, r, "pipe", err);
	}
	r = process_start(&process);
	if (r < 0) {
		return failed_call(&process, r, "clone a process", err);
	}
	return process_end(&process, process_serve(&process), err);
}

int hook_run_all(const struct wire_hooks *hooks, const char *state, const char *cwd,
	const struct hook_output *output, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < hooks->count; i++) {
		r = hook_run(&hooks->items[i], state, cwd, output, err);
	}
	return r;
}
