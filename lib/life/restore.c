/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore: a container from images.
 *
 * All around the process is as for run: the record before it, its cgroup, the pid file, the undoing of all that
 * where something fails. In the place of berth-init it is CRIU that makes the namespaces and the processes, as a
 * child of this process that is inside the cgroup before it begins. Hooks run when the namespaces are there
 * (prestart, createRuntime) and when the program runs (poststart); those of the container's namespaces ran when
 * it was made.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "life/criu.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/frame.h"
#include "wire/step.h"

enum { RESTORE_LOOK_MAX = 1024 * 1024 };

struct restore {
	const struct life_request *request;
	const struct life_criu_request *asked;
	const struct life_birth *birth;
	struct life_criu criu;
};

/* The first process, as soon as it has a pid: whatever ends this one then, delete finds it. */
static int take_process(struct restore *restore, pid_t pid, struct berth_error *err)
{
	struct host_child *child = &restore->birth->process->child;
	struct store_record *record = restore->birth->record;
	int r;

	if (child->pidfd >= 0) {
		return 0;
	}
	r = pid > 0 ? sys_pidfd_open(pid) : -ESRCH;
	if (r < 0) {
		return error_system(err, r, "find the process that criu has made");
	}
	child->pidfd = r;
	child->pid = pid;
	r = store_start_time(pid, &record->start_time);
	if (r < 0) {
		return error_system(err, r, "find the start time of the container");
	}
	record->pid = pid;
	return store_write(restore->birth->entry, record, err);
}

static int run_hooks(struct restore *restore, struct berth_error *err)
{
	const struct plan_hooks *hooks = &restore->birth->process->plan.hooks;
	const struct store_record *record = restore->birth->record;
	int r;

	*restore->birth->is_built = true;
	r = life_hooks_run(WIRE_STEP_hooks, hooks, &hooks->prestart, record, STORE_CREATING, err);
	return r < 0 ? r
		     : life_hooks_run(WIRE_STEP_hooks, hooks, &hooks->create_runtime, record,
			       STORE_CREATING, err);
}

/* All is there, and the processes wait: the last moment to do something before they run. */
static int on_restored(struct restore *restore, pid_t pid, struct berth_error *err)
{
	struct life_process *process = restore->birth->process;
	int r = take_process(restore, pid, err);

	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_restored, err);
	}
	if (r == 0) {
		r = cgroup_limit(restore->birth->cgroup, &process->plan.host.cgroup, true, err);
	}
	if (r == 0 && process->console_fd >= 0 && process->child.console_fd >= 0) {
		r = host_console_send(process->console_fd, process->child.console_fd, err);
		close_fd(&process->child.console_fd);
	}
	if (r == 0 && process->wish.is_foreground) {
		r = host_front_begin(&process->front, &process->child, err);
	}
	return r;
}

static int on_notice(void *argument, struct criu_notice *notice, struct berth_error *err)
{
	struct restore *restore = argument;
	int r;

	switch (notice->kind) {
	case CRIU_NOTICE_BORN:
		r = cgroup_enter(restore->birth->cgroup, &restore->birth->process->plan.host.cgroup,
			notice->pid, err);
		return r < 0 ? r : life_process_join(restore->birth->process, notice->pid, err);
	case CRIU_NOTICE_NAMESPACES:
		r = take_process(restore, notice->pid, err);
		return r < 0 ? r : run_hooks(restore, err);
	case CRIU_NOTICE_TERMINAL:
		close_fd(&restore->birth->process->child.console_fd);
		restore->birth->process->child.console_fd = take_fd(&notice->fd);
		return 0;
	case CRIU_NOTICE_RESTORED:
		return on_restored(restore, notice->pid, err);
	default:
		return 0;
	}
}

static int find_root(struct restore *restore, struct berth_error *err)
{
	const struct boot *boot = &restore->birth->process->plan.boot;
	autofd int fd = sys_open(boot->root, O_PATH | O_DIRECTORY);
	int r = fd < 0 ? error_system(err, fd, "open the root file system %s", boot->root) : 0;

	if (r < 0) {
		error_add_pointer(err, "/root/path");
		return r;
	}
	/* CRIU compares it with the paths of mountinfo. */
	r = life_criu_real_path(&restore->criu, fd, &restore->criu.request.root, err);
	return r < 0 ? r : life_criu_restore_mounts(&restore->criu, boot, fd, err);
}

/* In each hierarchy, what was the container's cgroup in the images becomes this one. */
static int find_cgroups(struct restore *restore, struct berth_error *err)
{
	const struct host_cgroup *plan = &restore->birth->process->plan.host.cgroup;
	struct criu_pairs *roots = &restore->criu.request.cgroup_roots;

	roots->items = arena_alloc(restore->criu.arena, plan->dir_count, sizeof(*roots->items));
	if (!roots->items) {
		return error_system(err, ENOMEM, "memory for the cgroups");
	}
	for (size_t i = 0; i < plan->dir_count; i++) {
		const struct host_cgroup_dir *dir = &plan->dirs[i];

		/* A unit is made around the first process, and has its path before. */
		if (restore->birth->cgroup->dirs[i].fd >= 0 ||
			restore->birth->cgroup->is_unit_due) {
			roots->items[roots->count++] = (struct criu_pair){
				.key = dir->is_v2 ? "" : dir->controllers,
				.value = dir->path,
			};
		}
	}
	return 0;
}

/* A CRIU that was built without SELinux, as Debian's, saves a process without its label, and restores it under
 * that of its own: it would run as the caller. */
static int check_labels(struct restore *restore, struct berth_error *err)
{
	const struct spec_process *process = &restore->birth->config->spec.process;
	bool is_profile = str_is_given(process->apparmor_profile);
	bool is_label = str_is_given(process->selinux_label);
	uint32_t module = CRIU_MODULE_NONE;
	int r;

	if ((!is_profile && !is_label) || restore->asked->lsm_profile) {
		return 0;
	}
	r = criu_images_module(restore->criu.images_fd, &module);
	if (r < 0) {
		return error_system(err, r, "read %s/inventory.img", restore->criu.image_path);
	}
	if (is_label && module != CRIU_MODULE_SELINUX) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, "/process/selinuxLabel",
			"the images have no labels of SELinux, which criu did not know");
	}
	if (is_profile && module != CRIU_MODULE_APPARMOR) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, "/process/apparmorProfile",
			"the images have no profiles of AppArmor, which criu did not know");
	}
	return 0;
}

static int prepare(struct restore *restore, struct berth_error *err)
{
	const struct spec *spec = &restore->birth->config->spec;
	struct life_criu *criu = &restore->criu;
	int r = life_criu_restore_namespaces(criu, &spec->linux_section.namespaces, err);

	if (r == 0) {
		r = life_criu_restore_stdio(criu, err);
	}
	if (r == 0) {
		r = check_labels(restore, err);
	}
	if (r == 0) {
		r = find_root(restore, err);
	}
	if (r == 0) {
		r = life_criu_real_path(criu, criu->images_fd, &criu->setting.images_path, err);
	}
	if (r == 0) {
		r = life_criu_real_path(criu, criu->work_fd, &criu->setting.work_path, err);
	}
	criu->setting.is_root_mounted = true;
	criu->setting.is_root_moved = restore->request->plan.is_pivot_avoided;
	criu->setting.is_pdeathsig = restore->request->plan.is_pdeathsig;
	criu->setting.notice = on_notice;
	criu->setting.argument = restore;
	return r < 0 ? r : find_cgroups(restore, err);
}

static int restore_process(void *argument, const struct life_birth *birth, struct berth_error *err)
{
	struct restore *restore = argument;
	struct criu_result result = {0};
	int r = wire_step_enter(WIRE_STEP_restore, err);

	restore->birth = birth;
	life_criu_init(&restore->criu, restore->asked, &birth->config->arena, CRIU_RESTORE);
	if (r == 0) {
		r = life_criu_prepare(&restore->criu, &birth->config->spec, err);
	}
	if (r == 0) {
		r = prepare(restore, err);
	}
	if (r == 0) {
		r = criu_run(&restore->criu.request, &restore->criu.setting, restore->criu.arena,
			&result, err);
	}
	if (r == 0 && birth->process->child.pidfd < 0) {
		r = error_set(err, BERTH_ERROR_PROTOCOL,
			"criu has restored a process that it has not told of");
	}
	if (r == 0) {
		birth->process->child.state = WIRE_STATE_EXEC;
	} else {
		error_add_step(err, wire_step_name(WIRE_STEP_restore));
	}
	life_criu_finish(&restore->criu);
	return r;
}

/* Whether there is something to restore from, before anything is done. */
static int look(const struct life_criu_request *asked, struct berth_error *err)
{
	autoarena struct arena arena;
	struct life_criu criu;
	int r = life_criu_check_profile(asked, err);

	arena_init(&arena, RESTORE_LOOK_MAX);
	if (r < 0) {
		return r;
	}
	life_criu_init(&criu, asked, &arena, CRIU_RESTORE);
	r = life_criu_look(&criu, err);
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_restore));
	}
	life_criu_finish(&criu);
	return r;
}

/* After a checkpoint the container is still on record, as one that has stopped. */
static int give_way(const struct life_request *request, struct berth_error *err)
{
	enum store_status status = STORE_CREATING;
	struct life_found found;
	int r = life_found_look(&found, request->context, request->id, NULL);

	status = r == 0 ? found.status : status;
	life_found_finish(&found);
	return status == STORE_STOPPED ? life_delete(request->context, request->id, false, err) : 0;
}

int life_restore(const struct life_request *request, const struct life_criu_request *asked,
	int *ret_status, struct berth_error *err)
{
	struct restore restore = {.request = request, .asked = asked};
	int r = store_check_id(request->id, err);

	if (r == 0) {
		r = look(asked, err);
	}
	if (r == 0) {
		r = give_way(request, err);
	}
	return r < 0 ? r : life_run_by(request, restore_process, &restore, ret_status, err);
}
