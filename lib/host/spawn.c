/* SPDX-License-Identifier: Apache-2.0 */
/*
 * berth-init is executed from a sealed memfd: what runs in reach of an image is a copy that nobody can
 * write to, and never a file of the host (CVE-2019-5736).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/child.h"
#include "host/host.h"
#include "host/payload.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "wire/frame.h"
#include "wire/step.h"

enum { HOST_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

void host_child_init(struct host_child *child)
{
	*child = (struct host_child){
		.binary_fd = -1,
		.hook_fds = {-1, -1},
		.stream_fd = -1,
		.state = WIRE_STATE_SENT,
		.init_pidfd = -1,
		.pidfd = -1,
		.console_fd = -1,
		.listener_fd = -1,
	};
}

static void end_process(int *pidfd, pid_t pid)
{
	int status;

	if (*pidfd >= 0) {
		(void)!sys_signal_child(*pidfd, pid, SIGKILL);
		(void)!sys_wait_pidfd(*pidfd, &status);
		close_fd(pidfd);
	}
}

int host_child_finish(struct host_child *child, struct berth_error *err)
{
	/* First, so that it does not complain that the stream has ended. */
	end_process(&child->init_pidfd, child->init_pid);
	/* The end of the stream ends a child whose pid was never told. */
	close_fd(&child->binary_fd);
	close_fd(&child->stream_fd);
	close_fd(&child->console_fd);
	close_fd(&child->listener_fd);
	if (child->state == WIRE_STATE_EXEC) {
		close_fd(&child->pidfd);
	}
	end_process(&child->pidfd, child->pid);
	/* When nobody in the container uses them. */
	return host_net_devices_return(&child->devices, err);
}

void host_child_settle(struct host_child *child)
{
	host_net_devices_keep(&child->devices);
}

void host_child_recall(struct host_child *child)
{
	child->state = WIRE_STATE_ERROR;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t r = sys_write(fd, bytes, length);

		if (r < 0) {
			return (int)r;
		}
		bytes += r;
		length -= (size_t)r;
	}
	return 0;
}

static int memfd_failed(int r, struct berth_error *err)
{
	if (r == -EACCES) {
		return error_system(err, r,
			"memfd_create for berth-init: an executable one is refused, by vm.memfd_noexec = 2");
	}
	return error_call(err, r, "memfd_create", "make a memfd for berth-init");
}

static int seal_payload(int *ret_fd, struct berth_error *err)
{
	autofd int fd = sys_memfd("berth-init", true);
	int r = fd < 0 ? fd : 0;

	if (r < 0) {
		return memfd_failed(r, err);
	}
	r = write_all(fd, host_payload, (size_t)(host_payload_end - host_payload));
	if (r == 0) {
		r = sys_add_seals(fd, HOST_SEALS);
	}
	if (r < 0) {
		return error_system(err, r, "write and seal berth-init");
	}
	r = sys_get_seals(fd);
	if (r < 0 || (r & HOST_SEALS) != HOST_SEALS) {
		return error_set(err, BERTH_ERROR_INTERNAL, "berth-init is not sealed");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

struct spawn {
	int binary_fd;
	int stream_fd;
	unsigned int preserved_fds;
	const int *hook_fds;
	char *envp[3];
	pid_t pid;
	int failure; /* what execveat(2) returned */
};

static unsigned int count_hook_fds(const int hook_fds[HOST_HOOK_FDS])
{
	unsigned int count = 0;

	for (size_t i = 0; i < HOST_HOOK_FDS; i++) {
		count += hook_fds[i] >= 0 ? 1 : 0;
	}
	return count;
}

/* Out of the way first: any of them may have the number that is another's. */
static int place_hook_fds(struct spawn *spawn)
{
	int first = (int)(3 + spawn->preserved_fds);
	int top = first + (int)count_hook_fds(spawn->hook_fds);
	int fds[HOST_HOOK_FDS];
	int r = 0;

	if (top == first) {
		return 0;
	}
	for (size_t i = 0; r >= 0 && i < HOST_HOOK_FDS; i++) {
		fds[i] = spawn->hook_fds[i] < 0 ? -1 : sys_dup_above(spawn->hook_fds[i], top);
		r = spawn->hook_fds[i] < 0 ? 0 : fds[i];
	}
	if (r >= 0) {
		r = sys_dup_above(spawn->binary_fd, top);
		spawn->binary_fd = r;
	}
	for (size_t i = 0; r >= 0 && i < HOST_HOOK_FDS; i++) {
		if (fds[i] >= 0) {
			r = sys_dup2(fds[i], first++);
		}
	}
	return r < 0 ? r : 0;
}

/* Runs in the memory of the caller, who waits: raw calls only. */
static int spawn_exec(void *argument)
{
	struct spawn *spawn = argument;
	char name[] = "berth-init";
	char *const argv[] = {name, NULL};

	spawn->failure = sys_set_cloexec(spawn->stream_fd, false);
	/* The table of descriptors is a copy: the caller's flags stay as they are. */
	for (unsigned int i = 0; spawn->failure >= 0 && i < spawn->preserved_fds; i++) {
		spawn->failure = sys_set_cloexec((int)(3 + i), false);
	}
	if (spawn->failure >= 0) {
		spawn->failure = place_hook_fds(spawn);
	}
	if (spawn->failure >= 0) {
		spawn->failure = sys_execveat(spawn->binary_fd, argv, spawn->envp);
	}
	sys_exit(127);
}

static int spawn_process(struct spawn *spawn, int *ret_pidfd, struct berth_error *err)
{
	sigset_t old;
	int r = sys_block_signals(&old);

	if (r < 0) {
		return error_system(err, r, "block signals");
	}
	spawn->pid = sys_vfork(spawn_exec, spawn, ret_pidfd);
	sys_restore_signals(&old);
	if (spawn->pid < 0) {
		return error_call(err, spawn->pid, "clone", "make a process for berth-init");
	}
	if (spawn->failure < 0) {
		end_process(ret_pidfd, spawn->pid);
		return error_call(
			err, spawn->failure, "execveat", "execute berth-init from its memfd");
	}
	return 0;
}

#ifdef BERTH_FAILPOINTS
/* A test build hands the wish on to the child's steps. */
static void spawn_env(struct spawn *spawn, char *text, size_t size)
{
	const char *wish = getenv("BERTH_FAIL");

	if (wish && snprintf(text, size, "BERTH_FAIL=%s", wish) < (int)size) {
		spawn->envp[1] = text;
	}
}
#else
static void spawn_env(struct spawn *spawn, char *text, size_t size)
{
	(void)spawn;
	(void)text;
	(void)size;
}
#endif

/* The child's end has a number above those that the program gets. */
static int make_stream(unsigned int preserved_fds, int ret_fds[2])
{
	int r = sys_socketpair(ret_fds);

	if (r < 0 || ret_fds[1] >= (int)(3 + preserved_fds)) {
		return r;
	}
	r = sys_dup_above(ret_fds[1], (int)(3 + preserved_fds));
	close_fd(&ret_fds[1]);
	if (r < 0) {
		close_fd(&ret_fds[0]);
		return r;
	}
	ret_fds[1] = r;
	return 0;
}

int host_check_preserved(uint32_t listen_fds, uint32_t preserved_fds, struct berth_error *err)
{
	struct stat st;

	for (unsigned int i = 0; i < preserved_fds; i++) {
		int r = sys_fstat((int)(3 + i), &st);

		if (r < 0) {
			return error_system(err, r, "%s: descriptor %u",
				i < listen_fds ? "LISTEN_FDS" : "preserve-fds", 3 + i);
		}
	}
	return 0;
}

static int spawn_with(struct host_child *child, unsigned int preserved_fds, struct berth_error *err)
{
	struct spawn spawn = {.binary_fd = child->binary_fd,
		.preserved_fds = preserved_fds,
		.hook_fds = child->hook_fds};
	char stream[sizeof("_LIBCONTAINER_INITPIPE=") + 12];
	char extra[64];
	int fds[2];
	int r = make_stream(preserved_fds + count_hook_fds(child->hook_fds), fds);

	if (r < 0) {
		return error_system(err, r, "socketpair");
	}
	child->stream_fd = fds[0];
	spawn.stream_fd = fds[1];
	(void)snprintf(stream, sizeof(stream), "_LIBCONTAINER_INITPIPE=%d", spawn.stream_fd);
	spawn.envp[0] = stream;
	spawn_env(&spawn, extra, sizeof(extra));
	r = spawn_process(&spawn, &child->init_pidfd, err);
	child->init_pid = spawn.pid;
	close_fd(&fds[1]);
	return r;
}

int host_child_seal(struct host_child *child, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_seal, err);

	if (r == 0) {
		r = seal_payload(&child->binary_fd, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_seal));
	}
	return r;
}

int host_child_spawn(struct host_child *child, uint32_t preserved_fds, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_spawn, err);

	if (r == 0) {
		r = spawn_with(child, preserved_fds, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_spawn));
	}
	close_fd(&child->binary_fd);
	return r;
}
