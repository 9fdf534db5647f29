/* SPDX-License-Identifier: Apache-2.0 */
#include "life/process.h"

#include <string.h>

#include "base/cleanup.h"
#include "life/found.h"
#include "wire/step.h"

void life_process_init(struct life_process *process, const struct life_process_wish *wish)
{
	memset(process, 0, sizeof(*process));
	process->wish = *wish;
	process->console_fd = -1;
	process->listener_socket_fd = -1;
	for (size_t i = 0; i < LIFE_PIDFD_SOCKETS; i++) {
		process->pidfd_fds[i] = -1;
	}
	host_child_init(&process->child);
	host_front_init(&process->front);
}

void life_process_finish(struct life_process *process)
{
	(void)!host_child_finish(&process->child, NULL);
	host_front_end(&process->front);
	close_fd(&process->console_fd);
	close_fd(&process->listener_socket_fd);
	for (size_t i = 0; i < HOST_HOOK_FDS; i++) {
		close_fd(&process->child.hook_fds[i]);
	}
	for (size_t i = 0; i < LIFE_PIDFD_SOCKETS; i++) {
		close_fd(&process->pidfd_fds[i]);
	}
}

/* A terminal goes to the console socket, or is served in the foreground. */
static int check_terminal(const struct life_process *process, struct berth_error *err)
{
	const struct life_process_wish *wish = &process->wish;
	bool has_terminal = process->plan.host.has_terminal;

	if (has_terminal && !wish->console_socket && !wish->is_foreground) {
		return error_field(err, BERTH_ERROR_USAGE, "/process/terminal",
			"cannot allocate tty if berth will detach without setting console socket");
	}
	if (wish->console_socket && (!has_terminal || wish->is_foreground)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"cannot use console socket if berth will not detach or allocate tty");
	}
	return 0;
}

static int connect_listener(struct life_process *process, struct berth_error *err)
{
	const struct host_seccomp *seccomp = process->plan.host.seccomp;
	int r = 0;

	if (seccomp && seccomp->has_notify) {
		r = host_connect(seccomp->listener_path, "seccomp listener",
			&process->listener_socket_fd, err);
		if (r < 0) {
			error_add_pointer(err, seccomp->listener_pointer);
		}
	}
	return r;
}

static int connect_sockets(struct life_process *process, struct berth_error *err)
{
	const struct life_process_wish *wish = &process->wish;
	const char *receiver = process->plan.host.pidfd_receiver;
	int r = 0;

	if (wish->console_socket) {
		r = host_connect(wish->console_socket, "console socket", &process->console_fd, err);
	}
	if (r == 0 && wish->pidfd_socket) {
		r = host_connect(wish->pidfd_socket, "pidfd socket",
			&process->pidfd_fds[LIFE_PIDFD_FLAG], err);
	}
	if (r == 0 && receiver) {
		r = host_connect(
			receiver, "pidfd socket", &process->pidfd_fds[LIFE_PIDFD_ANNOTATION], err);
		if (r < 0) {
			error_add_pointer(err, "/annotations/run.oci.pidfd_receiver");
		}
	}
	return r < 0 ? r : connect_listener(process, err);
}

/* The files for the child's hooks are behind the descriptors that the program gets. */
static int open_hook_output(struct life_process *process, struct berth_error *err)
{
	struct boot_hooks *hooks = &process->plan.boot.hooks;
	int *fds = process->child.hook_fds;
	uint32_t number = 3 + process->wish.preserved_fds;
	int r;

	if (hooks->create_container.count + hooks->start_container.count == 0) {
		return 0;
	}
	r = life_hooks_open(&process->plan.hooks, fds, err);
	hooks->stdout_fd = fds[0] >= 0 ? number++ : 0;
	hooks->stderr_fd = fds[1] >= 0 ? number : 0;
	return r;
}

int life_process_prepare(struct life_process *process, struct arena *arena, struct berth_error *err)
{
	int r = check_terminal(process, err);

	process->plan.boot.preserved_fds = process->wish.preserved_fds;
	if (r == 0) {
		r = life_seccomp_prepare(process, arena, err);
	}
	if (r == 0) {
		r = connect_sockets(process, err);
	}
	if (r == 0) {
		r = open_hook_output(process, err);
	}
	return r < 0 ? r : host_child_seal(&process->child, err);
}

int life_process_join(const struct life_process *process, pid_t pid, struct berth_error *err)
{
	return process->resctrl ? resctrl_join(process->resctrl, pid, err) : 0;
}

/* berth-init waits for its first message meanwhile: all that it does happens inside the cgroup. */
static int spawn(
	struct life_process *process, struct cgroup *cgroup, pid_t near, struct berth_error *err)
{
	struct host_child *child = &process->child;
	const struct host_plan *plan = &process->plan.host;
	int r = host_child_spawn(child, process->wish.preserved_fds, err);

	if (r < 0) {
		return r;
	}
	r = host_child_affinity_first(child, plan, err);
	if (r == 0 && cgroup) {
		r = process->wish.is_first
			    ? cgroup_enter(cgroup, &process->plan.host.cgroup, child->init_pid, err)
			    : cgroup_join(cgroup, child->init_pid, near, err);
	}
	if (r == 0) {
		r = life_process_join(process, child->init_pid, err);
	}
	if (r == 0) {
		r = host_child_affinity(child, plan, cgroup && cgroup->count > 0, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_spawn));
	}
	return r;
}

int life_process_build(
	struct life_process *process, struct cgroup *cgroup, pid_t near, struct berth_error *err)
{
	const struct plan *plan = &process->plan;
	int r = spawn(process, cgroup, near, err);

	return r < 0 ? r : host_child_build(&process->child, &plan->host, &plan->boot, err);
}

/* As runc has it, also in the bytes beside it: the process is in its namespaces, and nothing of the image has
 * run. */
static int send_pidfd(struct life_process *process, struct berth_error *err)
{
	const char *name = process->wish.is_first ? "standard" : "setns";
	int r = 0;

	for (size_t i = 0; r == 0 && i < LIFE_PIDFD_SOCKETS; i++) {
		if (process->pidfd_fds[i] >= 0) {
			r = host_pidfd_send(process->pidfd_fds[i], process->child.pidfd, name, err);
			close_fd(&process->pidfd_fds[i]);
		}
	}
	return r;
}

static int send_listener(struct life_process *process, const struct store_record *record,
	enum store_status status, struct berth_error *err)
{
	const struct host_seccomp *seccomp = process->plan.host.seccomp;
	struct host_child *child = &process->child;
	autoptr char *text = NULL;
	int r = life_process_state_text(
		record, status, child->pid, seccomp->listener_metadata, &text, err);

	if (r == 0) {
		r = host_listener_send(process->listener_socket_fd, text, child->listener_fd, err);
		if (r < 0) {
			error_add_pointer(err, seccomp->listener_pointer);
		}
	}
	/* The connection is for one state. */
	close_fd(&process->listener_socket_fd);
	close_fd(&child->listener_fd);
	return r;
}

int life_process_go(struct life_process *process, int fifo_fd, const struct store_record *record,
	enum store_status status, struct berth_error *err)
{
	struct host_child *child = &process->child;
	int r = send_pidfd(process, err);

	if (r == 0 && process->console_fd >= 0) {
		r = host_console_send(process->console_fd, child->console_fd, err);
		close_fd(&child->console_fd);
	}
	if (r == 0 && process->wish.is_foreground) {
		r = host_front_begin(&process->front, child, err);
	}
	if (r == 0) {
		r = host_child_go(child, &process->plan.host, fifo_fd, err);
	}
	if (r > 0) {
		r = send_listener(process, record, status, err);
		r = r < 0 ? r : host_child_handed(child, err);
	}
	return r;
}

/* Steps that know no field of the config, but work on one. */
void life_point_at_field(struct berth_error *err)
{
	static const struct {
		int step;
		const char *pointer;
	} fields[] = {
		{WIRE_STEP_open, "/linux/namespaces"},
		{WIRE_STEP_join, "/linux/namespaces"},
		{WIRE_STEP_idmaps, "/linux/uidMappings"},
	};

	for (size_t i = 0; err && i < ARRAY_COUNT(fields); i++) {
		if (strcmp(err->step, wire_step_name(fields[i].step)) == 0) {
			error_add_pointer(err, fields[i].pointer);
		}
	}
}
