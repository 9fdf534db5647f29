/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: the way of create and run with another message. The container is there, so nothing is recorded and
 * nothing has to be undone but the process itself.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/file.h"
#include "wire/step.h"

enum { EXEC_END_TIMEOUT_MS = 200 };

struct exec {
	const struct life_exec_request *request;
	struct life_found found;
	struct life_config config; /* the container's */
	struct life_config asked;  /* --process */
	struct life_process process;
	int init_pidfd; /* the container's first process */
};

static void exec_init(struct exec *exec, const struct life_exec_request *request)
{
	const struct life_process_wish wish = {
		.root = request->context->root,
		.console_socket = request->console_socket,
		.pidfd_socket = request->pidfd_socket,
		.preserved_fds = request->preserved_fds,
		.is_foreground = !request->is_detached,
	};

	memset(exec, 0, sizeof(*exec));
	exec->request = request;
	exec->init_pidfd = -1;
	life_found_init(&exec->found);
	life_process_init(&exec->process, &wish);
}

static void exec_finish(struct exec *exec)
{
	life_process_finish(&exec->process);
	close_fd(&exec->init_pidfd);
	life_config_finish(&exec->asked);
	life_config_finish(&exec->config);
	life_found_finish(&exec->found);
}

#define autoexec __attribute__((cleanup(exec_finish)))

static int check_status(const struct exec *exec, struct berth_error *err)
{
	enum store_status status = exec->found.status;

	if (status == STORE_STOPPED) {
		return error_set(err, BERTH_ERROR_STATE, "cannot exec in a stopped container");
	}
	if (status == STORE_CREATING) {
		return error_set(
			err, BERTH_ERROR_STATE, "cannot exec in a container that is being created");
	}
	if (status == STORE_PAUSED && !exec->request->is_paused_ignored) {
		return error_set(err, BERTH_ERROR_STATE,
			"cannot exec in a paused container (use --ignore-paused to override)");
	}
	return 0;
}

static int exec_find(struct exec *exec, struct berth_error *err)
{
	const struct life_exec_request *request = exec->request;
	int r = life_found_look(&exec->found, request->context, request->id, err);

	if (r == 0) {
		r = check_status(exec, err);
	}
	if (r < 0) {
		return r;
	}
	exec->init_pidfd = store_process_open(&exec->found.record);
	if (exec->init_pidfd < 0) {
		return error_set(err, BERTH_ERROR_STATE, "cannot exec in a stopped container");
	}
	exec->process.resctrl = &exec->found.resctrl;
	r = life_found_resctrl(&exec->found, err);
	for (size_t i = 0; r == 0 && i < request->cgroups.count; i++) {
		r = cgroup_narrow(&exec->found.cgroup, request->cgroups.items[i], err);
	}
	return r;
}

static int exec_plan(struct exec *exec, struct berth_error *err)
{
	const struct life_exec_request *request = exec->request;
	const struct plan_request plan_request = {
		.bundle = exec->found.record.bundle,
		.id = request->id,
		.is_pdeathsig = request->is_pdeathsig,
		.is_keyring_kept = !exec->found.record.keyring_tag,
		.keyring_tag = exec->found.record.keyring_tag,
		.listen_fds = request->listen_fds,
		.listen_fdnames = request->listen_fdnames,
	};
	struct plan_exec wish = request->wish;
	struct facts facts;
	int r;

	wish.request = &plan_request;
	wish.pid = (int)exec->found.record.pid;
	wish.process = request->process ? &exec->asked.spec.process : NULL;
	r = host_probe(plan_exec_facts_wanted(&exec->config.spec, &wish), &exec->config.arena,
		&facts, err);
	return r < 0 ? r
		     : plan_exec_make(&exec->config.spec, &wish, &facts, &exec->config.arena,
			       &exec->process.plan, err);
}

/* Before the first side effect. */
static int exec_prepare(struct exec *exec, struct berth_error *err)
{
	const struct life_exec_request *request = exec->request;
	int r = host_check_preserved(request->listen_fds, request->preserved_fds, err);

	if (r == 0) {
		r = host_check_pid_file(request->pid_file, err);
	}
	if (r == 0) {
		r = exec_find(exec, err);
	}
	if (r == 0) {
		r = life_config_load(&exec->config, &exec->found, err);
	}
	if (r == 0 && request->process) {
		r = life_config_open_process(&exec->asked, request->process, err);
		if (r == 0) {
			life_watch_config(&exec->found.watch, &exec->asked);
		}
	}
	if (r == 0) {
		r = exec_plan(exec, err);
	}
	if (r == 0) {
		life_watch_plan(&exec->found.watch, &exec->process.plan);
		life_watch_tell(&exec->found.watch, "the plan of another process is made");
	}
	return r < 0 ? r : life_process_prepare(&exec->process, &exec->config.arena, err);
}

/* The namespaces were found by the pid of the container's first process: they are its own if it has not ended
 * since its pid was looked at, as then nobody else can have got that number. */
static int check_container(const struct exec *exec, struct berth_error *err)
{
	return sys_poll(exec->init_pidfd, POLLIN, 0) == 0
		       ? 0
		       : error_set(err, BERTH_ERROR_STATE, "cannot exec in a stopped container");
}

/* Where the container has ended meanwhile, that is why an exec has failed. Its namespaces and its cgroup go a little
 * before its first process has: for what needs these, its end is waited for. */
static int exec_explain(const struct exec *exec, int failure, struct berth_error *err)
{
	bool is_outside = err && (strcmp(err->step, wire_step_name(WIRE_STEP_open)) == 0 ||
					 strcmp(err->step, wire_step_name(WIRE_STEP_join)) == 0 ||
					 strcmp(err->step, wire_step_name(WIRE_STEP_spawn)) == 0);
	int r = sys_poll(exec->init_pidfd, POLLIN, is_outside ? EXEC_END_TIMEOUT_MS : 0);

	if (r <= 0) {
		return failure;
	}
	error_clear(err);
	return check_container(exec, err);
}

static int exec_start(struct exec *exec, struct berth_error *err)
{
	int r = life_process_build(
		&exec->process, &exec->found.cgroup, exec->found.record.pid, err);

	if (r == 0) {
		r = check_container(exec, err);
	}
	if (r == 0) {
		life_watch_tell(&exec->found.watch, "process %d is in the container",
			(int)exec->process.child.pid);
		r = life_process_go(
			&exec->process, -1, &exec->found.record, exec->found.status, err);
	}
	if (r == 0) {
		life_watch_tell(&exec->found.watch, "process %d runs its program",
			(int)exec->process.child.pid);
	}
	if (r == 0 && exec->request->pid_file) {
		r = host_write_pid_file(exec->request->pid_file, exec->process.child.pid, err);
		if (r < 0) {
			host_child_recall(&exec->process.child);
		}
	}
	return r;
}

/* A field of --process is in that file, but for the labels that are given beside it. */
static void exec_locate(const struct exec *exec, struct berth_error *err)
{
	const struct plan_exec *wish = &exec->request->wish;
	bool is_label;

	life_point_at_field(err);
	is_label = err && ((str_is_given(wish->apparmor_profile) &&
				   str_is_equal(err->pointer, "/process/apparmorProfile")) ||
				  (str_is_given(wish->selinux_label) &&
					  str_is_equal(err->pointer, "/process/selinuxLabel")));
	if (err && exec->request->process && !is_label &&
		str_has_prefix(err->pointer, "/process")) {
		life_config_locate(&exec->asked, err);
	}
}

int life_exec(const struct life_exec_request *request, int *ret_status, struct berth_error *err)
{
	autoexec struct exec exec;
	int r;

	exec_init(&exec, request);
	r = exec_prepare(&exec, err);
	if (r == 0) {
		r = exec_start(&exec, err);
		r = r < 0 ? exec_explain(&exec, r, err) : r;
	}
	if (r < 0) {
		exec_locate(&exec, err);
		return r;
	}
	life_seccomp_keep(&exec.process);
	if (request->is_detached) {
		*ret_status = 0;
		return 0;
	}
	r = host_front_wait(&exec.process.front, &exec.process.child, ret_status, err);
	return r < 0 ? r : host_front_lost(&exec.process.front, err);
}
