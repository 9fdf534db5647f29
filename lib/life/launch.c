/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create and run: the same way until the child is ready.
 *
 * The record of a container that is being made is written before the first process exists, so that
 * whatever kills this one leaves something that delete can find. All that can be refused is refused
 * before that.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "life/found.h"
#include "sys/cred.h"
#include "sys/process.h"
#include "wire/step.h"

/* What a launch owns; its finish undoes whatever is not released. */
struct launch {
	const struct life_request *request;
	struct life_config config;
	struct plan plan;
	struct store store;
	struct store_entry entry;
	struct store_record record;
	struct cgroup cgroup;
	struct host_child child;
	struct host_front front;
	int console_fd; /* the console socket */
	int fifo_fd;
	bool is_built;    /* the environment was there, and hooks may have run: poststop is due */
	bool is_recorded; /* the entry, and the cgroup, are ours to take away */
	char created[40];
};

static void launch_init(struct launch *launch, const struct life_request *request)
{
	memset(launch, 0, sizeof(*launch));
	launch->request = request;
	launch->store.fd = -1;
	launch->console_fd = -1;
	launch->fifo_fd = -1;
	store_entry_init(&launch->entry);
	cgroup_init(&launch->cgroup);
	host_child_init(&launch->child);
	host_front_init(&launch->front);
}

/* In reverse: the process, what else is in its cgroup (without a pid namespace it outlives the first process),
 * the cgroup, and then the record: what cannot be taken away stays on record. */
static int launch_undo(struct launch *launch, struct berth_error *err)
{
	int r;

	host_child_finish(&launch->child);
	host_front_end(&launch->front);
	if (!launch->is_recorded) {
		return 0;
	}
	launch->is_recorded = false;
	r = life_end_cgroup(&launch->cgroup, err);
	if (r == 0 && launch->is_built) {
		life_hooks_stop(&launch->plan.hooks.poststop, &launch->record);
	}
	return r < 0 ? r : store_remove(&launch->store, &launch->entry, err);
}

static void launch_finish(struct launch *launch)
{
	(void)!launch_undo(launch, NULL);
	cgroup_finish(&launch->cgroup);
	store_entry_close(&launch->entry);
	store_close(&launch->store);
	close_fd(&launch->console_fd);
	close_fd(&launch->fifo_fd);
	life_config_finish(&launch->config);
}

#define autolaunch __attribute__((cleanup(launch_finish)))

/* RFC 3339 with nanoseconds, UTC. */
static void format_now(char *text, size_t size)
{
	struct timespec now = {0};
	struct tm parts;
	size_t length;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + length, size - length, ".%09ldZ", now.tv_nsec);
}

static int fill_record(struct launch *launch, struct berth_error *err)
{
	const struct spec *spec = &launch->config.spec;
	struct store_annotation *annotations =
		arena_alloc(&launch->config.arena, spec->annotations.count, sizeof(*annotations));
	const struct plan_hooks *hooks = &launch->plan.hooks;
	struct boot_hooks *child = &launch->plan.boot.hooks;
	struct cgroup_texts cgroups;

	if (!annotations) {
		return error_system(err, ENOMEM, "memory for the annotations");
	}
	if (cgroup_describe(&launch->cgroup, &launch->config.arena, &cgroups) < 0) {
		return error_system(err, ENOMEM, "memory for the cgroup's texts");
	}
	for (size_t i = 0; i < spec->annotations.count; i++) {
		annotations[i] = (struct store_annotation){
			spec->annotations.items[i].key, spec->annotations.items[i].value};
	}
	format_now(launch->created, sizeof(launch->created));
	launch->record = (struct store_record){
		.oci_version = spec->oci_version,
		.id = launch->entry.id,
		.bundle = launch->config.bundle,
		.rootfs = launch->plan.boot.root,
		.created = launch->created,
		.is_creating = true,
		.owner = sys_geteuid(),
		.annotations = annotations,
		.annotation_count = spec->annotations.count,
		.cgroups = cgroups.items,
		.cgroup_count = cgroups.count,
		.has_hooks = hooks->poststart.count + hooks->poststop.count > 0,
	};
	return child->bundle ? life_state_for_child(
				       &launch->record, &launch->config.arena, &child->state, err)
			     : 0;
}

/* One that somebody lives in is refused; the record has what will be made. */
static int launch_find_cgroup(struct launch *launch, struct berth_error *err)
{
	int r = cgroup_find(&launch->cgroup, &launch->plan.host.cgroup, err);

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_cgroup));
	}
	return r;
}

/* Step "record": the container's directory, its lock, and that it is being made. */
static int launch_record(struct launch *launch, bool is_held, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_record, err);

	if (r == 0) {
		r = store_open(launch->request->root, true, &launch->store, err);
	}
	if (r == 0) {
		r = store_create(&launch->store, launch->request->id, &launch->entry, err);
	}
	if (r < 0) {
		return r;
	}
	launch->is_recorded = true;
	r = launch_find_cgroup(launch, err);
	if (r == 0) {
		r = fill_record(launch, err);
	}
	if (r == 0) {
		r = store_write(&launch->entry, &launch->record, err);
	}
	if (r == 0) {
		r = store_write_config(
			&launch->entry, launch->config.text, launch->config.length, err);
	}
	if (r == 0 && is_held) {
		r = store_fifo_make(&launch->entry, &launch->fifo_fd, err);
	}
	return r;
}

/* A terminal goes to the console socket, or is served in the foreground. */
static int check_terminal(const struct launch *launch, bool is_foreground, struct berth_error *err)
{
	bool has_terminal = launch->plan.host.has_terminal;
	bool has_socket = launch->request->console_socket != NULL;

	if (has_terminal && !has_socket && !is_foreground) {
		return error_field(err, BERTH_ERROR_USAGE, "/process/terminal",
			"cannot allocate tty if berth will detach without setting console socket");
	}
	if (has_socket && (!has_terminal || is_foreground)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"cannot use console socket if berth will not detach or allocate tty");
	}
	return 0;
}

/* Step "compile": before the first side effect, as all that can be refused. */
static int launch_compile(struct launch *launch, struct berth_error *err)
{
	const struct host_seccomp *seccomp = launch->plan.host.seccomp;
	int r = wire_step_enter(WIRE_STEP_compile, err);

	if (r == 0 && seccomp) {
		r = host_seccomp_compile(
			seccomp, &launch->config.arena, &launch->plan.boot.seccomp.program, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_compile));
	}
	return r;
}

/* Step "cgroup": before there is a process that it would not hold. */
static int launch_cgroup(struct launch *launch, struct berth_error *err)
{
	const struct host_cgroup *plan = &launch->plan.host.cgroup;
	int r = wire_step_enter(WIRE_STEP_cgroup, err);

	if (r == 0) {
		r = cgroup_create(&launch->cgroup, plan, err);
	}
	if (r == 0) {
		r = cgroup_limit(&launch->cgroup, plan, false, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_cgroup));
	}
	return r;
}

static int launch_prepare(struct launch *launch, bool is_held, struct berth_error *err)
{
	const struct life_request *request = launch->request;
	struct plan_request plan_request = {.is_pdeathsig = request->is_pdeathsig};
	int r = host_check_preserved(request->preserved_fds, err);

	if (r == 0) {
		r = life_config_open(&launch->config, request->bundle, err);
	}

	if (r == 0) {
		r = store_check_id(request->id, err);
	}
	if (r == 0) {
		plan_request.bundle = launch->config.bundle;
		plan_request.id = request->id;
		r = life_config_plan(&launch->config, &plan_request, &launch->plan, err);
	}
	if (r == 0) {
		r = check_terminal(launch, !is_held && !request->is_detached, err);
	}
	if (r == 0) {
		r = launch_compile(launch, err);
	}
	if (r == 0 && request->console_socket) {
		r = host_console_connect(request->console_socket, &launch->console_fd, err);
	}
	if (r == 0) {
		launch->plan.boot.preserved_fds = request->preserved_fds;
		launch->plan.boot.flags |= is_held ? BOOT_HOLD : 0;
	}
	return r;
}

/* The process, before it can live without this one: whatever ends this one then, delete finds it. */
static int record_process(struct launch *launch, struct berth_error *err)
{
	int r = store_start_time(launch->child.pid, &launch->record.start_time);

	if (r < 0) {
		return error_system(err, r, "find the start time of the container");
	}
	launch->record.pid = launch->child.pid;
	return store_write(&launch->entry, &launch->record, err);
}

/* berth-init waits for its first message meanwhile: all that it does happens inside the cgroup. */
static int launch_spawn(struct launch *launch, struct berth_error *err)
{
	int r = host_child_spawn(&launch->child, launch->request->preserved_fds, err);

	if (r == 0) {
		r = cgroup_join(&launch->cgroup, launch->child.init_pid, err);
		if (r < 0) {
			error_add_step(err, wire_step_name(WIRE_STEP_spawn));
		}
	}
	return r;
}

/* The rest of the limits, when the child has built everything. */
static int launch_limit(struct launch *launch, struct berth_error *err)
{
	int r = cgroup_limit(&launch->cgroup, &launch->plan.host.cgroup, true, err);

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_limits));
	}
	return r;
}

/* The child waits before the pivot: whoever asks for the container's state now, a hook as well, finds it. */
static int launch_hooks(struct launch *launch, struct berth_error *err)
{
	const struct plan_hooks *hooks = &launch->plan.hooks;
	int r = record_process(launch, err);

	if (r == 0) {
		r = life_hooks_run(
			WIRE_STEP_hooks, &hooks->prestart, &launch->record, STORE_CREATING, err);
	}
	if (r == 0) {
		r = life_hooks_run(WIRE_STEP_hooks, &hooks->create_runtime, &launch->record,
			STORE_CREATING, err);
	}
	return r < 0 ? r
		     : host_child_resume(
			       &launch->child, &launch->plan.host, &launch->plan.boot, err);
}

static int launch_child(struct launch *launch, bool is_foreground, struct berth_error *err)
{
	const struct plan *plan = &launch->plan;
	int r = launch_spawn(launch, err);

	if (r == 0) {
		r = host_child_build(&launch->child, &plan->host, &plan->boot, err);
		launch->is_built = r >= 0;
	}
	if (r > 0) {
		r = launch_hooks(launch, err);
	}
	if (r == 0) {
		r = record_process(launch, err);
	}
	if (r == 0) {
		r = launch_limit(launch, err);
	}
	if (r == 0 && launch->console_fd >= 0) {
		r = host_console_send(launch->console_fd, launch->child.console_fd, err);
		close_fd(&launch->child.console_fd);
	}
	if (r == 0 && is_foreground) {
		r = host_front_begin(&launch->front, &launch->child, err);
	}
	if (r == 0) {
		r = host_child_go(&launch->child, &plan->host, launch->fifo_fd, err);
	}
	if (r < 0 && cgroup_oom_kills(&launch->cgroup) > 0) {
		error_prefix(err, "container init was OOM-killed (memory limit too low?)");
	}
	return r;
}

/* Step "created": the container is there, and everybody may know. */
static int launch_publish(struct launch *launch, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_created, err);

	if (r == 0) {
		launch->record.is_creating = false;
		r = store_write(&launch->entry, &launch->record, err);
	}
	if (r == 0 && launch->request->pid_file) {
		r = host_write_pid_file(launch->request->pid_file, launch->child.pid, err);
	}
	return r;
}

/* Step "poststart": as from here on, others may look at the container, send it signals and delete it. */
static int launch_poststart(struct launch *launch, struct berth_error *err)
{
	const struct wire_hooks *hooks = &launch->plan.hooks.poststart;
	int r;

	if (hooks->count == 0) {
		return 0;
	}
	store_entry_unlock(&launch->entry);
	r = life_hooks_run(WIRE_STEP_poststart, hooks, &launch->record, STORE_RUNNING, err);
	if (r < 0) {
		launch->is_recorded = store_entry_relock(&launch->entry) == 0;
	}
	return r;
}

/* Steps that know no field of the config, but work on one. */
static void point_at_field(struct berth_error *err)
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

static int launch_all(struct launch *launch, bool is_held, struct berth_error *err)
{
	int r = launch_prepare(launch, is_held, err);

	if (r == 0) {
		r = host_child_seal(&launch->child, err);
	}
	if (r == 0) {
		r = launch_record(launch, is_held, err);
	}
	if (r == 0) {
		r = launch_cgroup(launch, err);
	}
	if (r == 0) {
		r = launch_child(launch, !is_held && !launch->request->is_detached, err);
	}
	if (r == 0) {
		r = launch_publish(launch, err);
		if (r == 0 && !is_held) {
			r = launch_poststart(launch, err);
		}
		if (r < 0) {
			/* It runs, or waits; but nobody would know of it. */
			host_child_recall(&launch->child);
		}
	}
	if (r < 0) {
		point_at_field(err);
		life_config_locate(&launch->config, err);
	}
	return r;
}

int life_create(const struct life_request *request, struct berth_error *err)
{
	autolaunch struct launch launch;
	int r;

	launch_init(&launch, request);
	r = launch_all(&launch, true, err);
	if (r == 0) {
		launch.is_recorded = false;
	}
	return r;
}

int life_run(const struct life_request *request, int *ret_status, struct berth_error *err)
{
	autolaunch struct launch launch;
	int ended;
	int r;

	launch_init(&launch, request);
	r = launch_all(&launch, false, err);
	if (r < 0) {
		return r;
	}
	if (request->is_detached) {
		launch.is_recorded = false;
		*ret_status = 0;
		return 0;
	}
	/* Others may look at it, send it signals and delete it while it runs. */
	store_entry_unlock(&launch.entry);
	r = host_front_wait(&launch.front, &launch.child, ret_status, err);
	launch.is_recorded = !request->is_kept && store_entry_relock(&launch.entry) == 0;
	ended = launch_undo(&launch, r < 0 ? NULL : err);
	return r < 0 ? r : ended;
}
