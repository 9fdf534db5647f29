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

#include "base/cleanup.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/step.h"

enum { LAUNCH_TAG_BYTES = 8 };

/* What a launch owns; its finish undoes whatever is not released. */
struct launch {
	const struct life_request *request;
	struct life_watch watch;
	struct life_config config;
	struct store store;
	struct store_entry entry;
	struct store_record record;
	struct cgroup cgroup;
	struct resctrl resctrl;
	struct life_process process;
	life_birth_fn birth; /* NULL: by berth-init */
	void *birth_argument;
	int fifo_fd;
	bool is_held;     /* it waits for start */
	bool is_built;    /* the environment was there, and hooks may have run: poststop is due */
	bool is_over;     /* run: the first process has ended */
	bool is_recorded; /* the entry, and the cgroup, are ours to take away */
	char created[40];
	char keyring_tag[LAUNCH_TAG_BYTES * 2 + 1];
};

static void launch_init(struct launch *launch, const struct life_request *request, bool is_held)
{
	const struct life_process_wish wish = {
		.root = request->context->root,
		.console_socket = request->console_socket,
		.pidfd_socket = request->pidfd_socket,
		.preserved_fds = request->preserved_fds,
		.is_foreground = !is_held && !request->is_detached,
		.is_first = true,
	};

	memset(launch, 0, sizeof(*launch));
	launch->request = request;
	life_watch_begin(&launch->watch, request->context, request->id);
	launch->is_held = is_held;
	launch->store.fd = -1;
	launch->fifo_fd = -1;
	store_entry_init(&launch->entry);
	cgroup_init(&launch->cgroup);
	resctrl_init(&launch->resctrl);
	life_process_init(&launch->process, &wish);
}

/* And what the host has lent it, comes back. */
static void launch_end_child(struct launch *launch)
{
	struct berth_error wrong = {0};
	char line[BERTH_ERROR_MESSAGE_SIZE];

	if (host_child_finish(&launch->process.child, &wrong) < 0) {
		(void)error_format(&wrong, line, sizeof(line));
		log_line(&launch->request->context->log, LOG_LEVEL_WARNING, "container %s: %s",
			launch->request->id, line);
	}
}

/* In reverse: the process, what else is in its cgroup (without a pid namespace it outlives the first process),
 * the cgroup, and then the record: what cannot be taken away stays on record. */
static int launch_undo(struct launch *launch, struct berth_error *err)
{
	int r;

	launch_end_child(launch);
	if (!launch->is_recorded) {
		return 0;
	}
	launch->is_recorded = false;
	r = life_end_cgroup(&launch->cgroup, !launch->is_over || launch->record.is_pid_shared, err);
	if (r == 0) {
		r = resctrl_remove(&launch->resctrl, launch->record.pid, err);
	}
	if (r == 0 && launch->is_built) {
		life_hooks_stop(&launch->process.plan.hooks, &launch->record,
			&launch->request->context->log);
	}
	return r < 0 ? r : store_remove(&launch->store, &launch->entry, err);
}

static void launch_finish(struct launch *launch)
{
	(void)!launch_undo(launch, NULL);
	/* After it: a signal that comes meanwhile must not leave half of it. */
	life_process_finish(&launch->process);
	resctrl_finish(&launch->resctrl);
	cgroup_finish(&launch->cgroup);
	store_entry_close(&launch->entry);
	store_close(&launch->store);
	close_fd(&launch->fifo_fd);
	life_config_finish(&launch->config);
}

#define autolaunch __attribute__((cleanup(launch_finish)))

static int fill_record(struct launch *launch, struct berth_error *err)
{
	const struct spec *spec = &launch->config.spec;
	struct store_annotation *annotations =
		arena_alloc(&launch->config.arena, spec->annotations.count, sizeof(*annotations));
	const struct plan_hooks *hooks = &launch->process.plan.hooks;
	struct boot_hooks *child = &launch->process.plan.boot.hooks;
	struct cgroup_texts cgroups;
	const char *resctrl = NULL;

	if (!annotations) {
		return error_system(err, ENOMEM, "memory for the annotations");
	}
	if (launch->resctrl.fd >= 0) {
		resctrl = resctrl_describe(&launch->resctrl, &launch->config.arena);
		if (!resctrl) {
			return error_system(err, ENOMEM, "memory for the resctrl group's text");
		}
	}
	if (cgroup_describe(&launch->cgroup, &launch->config.arena, &cgroups) < 0) {
		return error_system(err, ENOMEM, "memory for the cgroup's texts");
	}
	for (size_t i = 0; i < spec->annotations.count; i++) {
		annotations[i] = (struct store_annotation){
			spec->annotations.items[i].key, spec->annotations.items[i].value};
	}
	store_format_now(launch->created, sizeof(launch->created));
	launch->record = (struct store_record){
		.oci_version = spec->oci_version,
		.id = launch->entry.id,
		.bundle = launch->config.bundle,
		.rootfs = launch->process.plan.boot.root,
		.created = launch->created,
		.is_creating = true,
		.owner = sys_geteuid(),
		.is_pid_shared = !(launch->process.plan.host.init.clone_flags & CLONE_NEWPID),
		.keyring_tag = launch->request->plan.is_keyring_kept ? NULL : launch->keyring_tag,
		.annotations = annotations,
		.annotation_count = spec->annotations.count,
		.cgroups = cgroups.items,
		.cgroup_count = cgroups.count,
		.resctrl = resctrl,
		.has_hooks = hooks->poststart.count + hooks->poststop.count > 0,
	};
	return child->bundle ? life_state_for_child(
				       &launch->record, &launch->config.arena, &child->state, err)
			     : 0;
}

/* One that somebody lives in is refused; the record has what will be made. */
static int launch_find_cgroup(struct launch *launch, struct berth_error *err)
{
	int r = cgroup_find(&launch->cgroup, &launch->process.plan.host.cgroup, err);

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_cgroup));
	}
	return r;
}

/* Likewise. From here on the process is to be in it. */
static int launch_find_resctrl(struct launch *launch, struct berth_error *err)
{
	const struct host_rdt *plan = launch->process.plan.host.rdt;
	int r = plan ? resctrl_find(&launch->resctrl, plan, err) : 0;

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_resctrl));
	}
	launch->process.resctrl = plan ? &launch->resctrl : NULL;
	return r;
}

/* run passes READY=1 on itself; of create, start does. */
static int launch_connect_notify(struct launch *launch, struct berth_error *err)
{
	if (launch->is_held || !launch->process.plan.host.has_notify) {
		return 0;
	}
	return life_notify_connect(&launch->process.front.notify, launch->request->context, err);
}

static int launch_make_notify(struct launch *launch, struct berth_error *err)
{
	int r = 0;

	if (launch->process.plan.host.has_notify) {
		r = store_notify_make(&launch->entry, err);
		if (r == 0 && !launch->is_held) {
			r = life_notify_bind(&launch->process.front.notify, &launch->entry, err);
		}
	}
	return r;
}

/* Step "record": the container's directory, its lock, and that it is being made. */
static int launch_record(struct launch *launch, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_record, err);

	if (r == 0) {
		r = store_open(launch->request->context->root, true, &launch->store, err);
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
		r = launch_find_resctrl(launch, err);
	}
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
	if (r == 0 && launch->is_held) {
		r = store_fifo_make(&launch->entry, &launch->fifo_fd, err);
	}
	return r < 0 ? r : launch_make_notify(launch, err);
}

/* A cgroup that may be missing, and is; that of a unit comes later. */
static void warn_of_cgroups(const struct launch *launch)
{
	for (size_t i = 0; i < launch->cgroup.count; i++) {
		const struct cgroup_dir *dir = &launch->cgroup.dirs[i];

		if (dir->fd < 0 && !launch->cgroup.is_unit_due) {
			log_line(&launch->request->context->log, LOG_LEVEL_WARNING,
				"container %s: the cgroup %s%s may not be made: it stays in the "
				"caller's there",
				launch->request->id, dir->mount_point, dir->path);
		}
	}
}

/* Step "cgroup": before there is a process that it would not hold. */
static int launch_cgroup(struct launch *launch, struct berth_error *err)
{
	const struct host_cgroup *plan = &launch->process.plan.host.cgroup;
	int r = wire_step_enter(WIRE_STEP_cgroup, err);

	if (r == 0) {
		r = cgroup_create(&launch->cgroup, plan, err);
	}
	if (r == 0) {
		r = cgroup_limit(&launch->cgroup, plan, false, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_cgroup));
		return r;
	}
	warn_of_cgroups(launch);
	return 0;
}

/* Step "resctrl", as that. */
static int launch_resctrl(struct launch *launch, struct berth_error *err)
{
	int r = 0;

	if (launch->process.resctrl) {
		r = wire_step_enter(WIRE_STEP_resctrl, err);
		if (r == 0) {
			r = resctrl_make(&launch->resctrl, launch->process.plan.host.rdt, err);
		}
		if (r < 0) {
			error_add_step(err, wire_step_name(WIRE_STEP_resctrl));
		} else {
			life_watch_tell(&launch->watch, "the resctrl group is there");
		}
	}
	return r;
}

static int make_tag(struct launch *launch, struct berth_error *err)
{
	unsigned char bytes[LAUNCH_TAG_BYTES];
	int r = sys_random(bytes, sizeof(bytes));

	for (size_t i = 0; r == 0 && i < sizeof(bytes); i++) {
		(void)snprintf(launch->keyring_tag + 2 * i, 3, "%02x", bytes[i]);
	}
	return r < 0 ? error_system(err, r, "random bytes for the keyring's name") : 0;
}

static int launch_prepare(struct launch *launch, struct berth_error *err)
{
	const struct life_request *request = launch->request;
	struct plan_request plan_request = request->plan;
	struct plan *plan = &launch->process.plan;
	int r = host_check_preserved(request->plan.listen_fds, request->preserved_fds, err);

	if (r == 0) {
		r = host_check_pid_file(request->pid_file, err);
	}
	if (r == 0) {
		r = life_config_open(&launch->config, request->bundle, request->config, err);
	}
	if (r == 0) {
		r = store_check_id(request->id, err);
	}
	if (r == 0) {
		r = make_tag(launch, err);
	}
	if (r == 0) {
		life_watch_tell(&launch->watch, "config.json of %s is read: %zu bytes",
			launch->config.bundle, launch->config.length);
		life_watch_config(&launch->watch, &launch->config);
	}
	/* What is restored has said that it is ready before it was saved. */
	if (r == 0 && !launch->birth) {
		r = life_notify_dir(request->context, request->id, &launch->config.arena,
			&plan_request.notify_dir, err);
	}
	if (r == 0) {
		plan_request.keyring_tag = launch->keyring_tag;
		plan_request.bundle = launch->config.bundle;
		plan_request.id = request->id;
		r = life_config_plan(&launch->config, &plan_request, plan, err);
	}
	if (r == 0) {
		life_watch_plan(&launch->watch, plan);
		plan->boot.flags |= launch->is_held ? BOOT_HOLD : 0;
		r = launch_connect_notify(launch, err);
	}
	if (r == 0) {
		r = life_process_prepare(&launch->process, &launch->config.arena, err);
	}
	return r;
}

/* The process, before it can live without this one: whatever ends this one then, delete finds it. */
static int record_process(struct launch *launch, struct berth_error *err)
{
	int r = store_start_time(launch->process.child.pid, &launch->record.start_time);

	if (r < 0) {
		return error_system(err, r, "find the start time of the container");
	}
	launch->record.pid = launch->process.child.pid;
	return store_write(&launch->entry, &launch->record, err);
}

/* The rest of the limits, when the child has built everything. */
static int launch_limit(struct launch *launch, struct berth_error *err)
{
	int r = cgroup_limit(&launch->cgroup, &launch->process.plan.host.cgroup, true, err);

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_limits));
	}
	return r;
}

/* The child waits before the pivot: whoever asks for the container's state now, a hook as well, finds it. */
static int launch_hooks(struct launch *launch, struct berth_error *err)
{
	const struct plan_hooks *hooks = &launch->process.plan.hooks;
	int r = life_hooks_run(
		WIRE_STEP_hooks, hooks, &hooks->prestart, &launch->record, STORE_CREATING, err);

	if (r == 0) {
		r = life_hooks_run(WIRE_STEP_hooks, hooks, &hooks->create_runtime, &launch->record,
			STORE_CREATING, err);
	}
	return r < 0 ? r
		     : host_child_resume(&launch->process.child, &launch->process.plan.host,
			       &launch->process.plan.boot, err);
}

/* By another way than berth-init. */
static int launch_birth(struct launch *launch, struct berth_error *err)
{
	const struct life_birth birth = {
		.config = &launch->config,
		.process = &launch->process,
		.cgroup = &launch->cgroup,
		.entry = &launch->entry,
		.record = &launch->record,
		.is_built = &launch->is_built,
	};

	return launch->birth(launch->birth_argument, &birth, err);
}

static int launch_process(struct launch *launch, struct berth_error *err)
{
	int r;

	if (launch->birth) {
		return launch_birth(launch, err);
	}
	r = life_process_build(&launch->process, &launch->cgroup, 0, err);
	launch->is_built = r >= 0;
	if (r >= 0) {
		bool has_hooks = r > 0;

		life_watch_tell(&launch->watch, "process %d has built its environment%s",
			(int)launch->process.child.pid, has_hooks ? ", up to the hooks" : "");
		r = record_process(launch, err);
		if (r == 0 && has_hooks) {
			r = launch_hooks(launch, err);
		}
	}
	if (r == 0) {
		r = launch_limit(launch, err);
	}
	if (r == 0) {
		r = life_process_go(
			&launch->process, launch->fifo_fd, &launch->record, STORE_CREATING, err);
	}
	if (r < 0 && cgroup_oom_kills(&launch->cgroup) > 0) {
		error_prefix(err, "container init was OOM-killed (memory limit too low?): ");
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
		r = host_write_pid_file(launch->request->pid_file, launch->process.child.pid, err);
	}
	return r;
}

/* Step "poststart", and until the container is ready, where this process does not stay: as from here on, others
 * may look at the container, send it signals and delete it. */
static int launch_poststart(struct launch *launch, struct berth_error *err)
{
	const struct wire_hooks *hooks = &launch->process.plan.hooks.poststart;
	struct host_notify *notify = &launch->process.front.notify;
	bool is_waiting = notify->container_fd >= 0 && launch->request->is_detached;
	int r;

	if (hooks->count == 0 && !is_waiting) {
		return 0;
	}
	store_entry_unlock(&launch->entry);
	r = life_hooks_run(WIRE_STEP_poststart, &launch->process.plan.hooks, hooks, &launch->record,
		STORE_RUNNING, err);
	if (r == 0 && is_waiting) {
		r = host_notify_wait(
			notify, launch->process.child.pidfd, launch->process.child.pid, err);
	}
	if (r < 0) {
		launch->is_recorded = store_entry_relock(&launch->entry) == 0;
	}
	return r;
}

/* In this order, up to the first that fails; and what the log says of each. */
static const struct launch_stage {
	int (*run)(struct launch *launch, struct berth_error *err);
	const char *done; /* NULL: it says so itself, where there was something to do */
} launch_stages[] = {
	{launch_prepare, "the plan is made"},
	{launch_record, "the record is written"},
	{launch_cgroup, "the cgroup is there"},
	{launch_resctrl, NULL},
	{launch_process, "the process is on its way to its program"},
};

static int launch_all(struct launch *launch, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(launch_stages); i++) {
		r = launch_stages[i].run(launch, err);
		if (r == 0 && launch_stages[i].done) {
			life_watch_tell(&launch->watch, "%s", launch_stages[i].done);
		}
	}
	if (r == 0) {
		r = launch_publish(launch, err);
		if (r == 0 && !launch->is_held) {
			r = launch_poststart(launch, err);
		}
		if (r < 0) {
			/* It runs, or waits; but nobody would know of it. */
			host_child_recall(&launch->process.child);
		} else {
			life_watch_tell(&launch->watch, "process %d %s",
				(int)launch->process.child.pid,
				launch->is_held ? "waits for start" : "runs its program");
			life_seccomp_keep(&launch->process);
			host_child_settle(&launch->process.child);
		}
	}
	if (r < 0) {
		life_point_at_field(err);
		life_config_locate(&launch->config, err);
	}
	return r;
}

/* The end of a run in the foreground; somebody else may have deleted it already. */
static int launch_end(struct launch *launch, struct berth_error *err)
{
	int r = store_entry_relock(&launch->entry);

	if (r == -ENOENT) {
		return 0;
	}
	if (r < 0) {
		return error_system(err, r,
			"lock the container %s, which has ended and is not deleted",
			launch->entry.id);
	}
	launch->is_recorded = true;
	return launch_undo(launch, err);
}

int life_create(const struct life_request *request, struct berth_error *err)
{
	autolaunch struct launch launch;
	int r;

	launch_init(&launch, request, true);
	r = launch_all(&launch, err);
	if (r == 0) {
		launch.is_recorded = false;
	}
	return r;
}

int life_run(const struct life_request *request, int *ret_status, struct berth_error *err)
{
	return life_run_by(request, NULL, NULL, ret_status, err);
}

int life_run_by(const struct life_request *request, life_birth_fn birth, void *argument,
	int *ret_status, struct berth_error *err)
{
	autolaunch struct launch launch;
	int ended;
	int r;

	launch_init(&launch, request, false);
	launch.birth = birth;
	launch.birth_argument = argument;
	r = launch_all(&launch, err);
	if (r < 0) {
		return r;
	}
	launch.is_recorded = false;
	if (request->is_detached) {
		*ret_status = 0;
		return 0;
	}
	/* Others may look at it, send it signals and delete it while it runs. */
	store_entry_unlock(&launch.entry);
	r = host_front_wait(&launch.process.front, &launch.process.child, ret_status, err);
	launch.is_over = r == 0;
	if (r == 0) {
		life_watch_tell(&launch.watch, "process %d has ended, wait status 0x%04x",
			(int)launch.process.child.pid, (unsigned int)*ret_status);
		r = host_front_lost(&launch.process.front, err);
	}
	ended = request->is_kept ? 0 : launch_end(&launch, r < 0 ? NULL : err);
	return r < 0 ? r : ended;
}
