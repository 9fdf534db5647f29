/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: the processes of a container into images.
 *
 * The config that was kept with the record is planned anew: from the plan is known what comes from outside.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "life/criu.h"
#include "life/found.h"
#include "sys/file.h"
#include "wire/step.h"

struct checkpoint {
	struct life_config config;
	struct plan plan;
	struct life_criu criu;
	int status_fd;
};

static void checkpoint_finish(struct checkpoint *checkpoint)
{
	life_criu_finish(&checkpoint->criu);
	life_config_finish(&checkpoint->config);
}

static int check_status(const struct life_found *found, struct berth_error *err)
{
	if (found->status == STORE_STOPPED) {
		return error_set(err, BERTH_ERROR_STATE, "container not running");
	}
	if (found->status != STORE_RUNNING && found->status != STORE_PAUSED) {
		return error_set(err, BERTH_ERROR_STATE, "cannot checkpoint a container that is %s",
			store_status_name(found->status));
	}
	return 0;
}

/* Who serves the pages is told when somebody may ask for them: by a byte, and by the end of the file. */
static int on_notice(void *argument, struct criu_notice *notice, struct berth_error *err)
{
	struct checkpoint *checkpoint = argument;
	int r;

	if (notice->kind != CRIU_NOTICE_READY || checkpoint->status_fd <= 0) {
		return 0;
	}
	r = sys_write_once(checkpoint->status_fd, "\0", 1);
	close_fd(&checkpoint->status_fd);
	return r < 0 ? error_system(err, r, "write to the descriptor of status-fd") : 0;
}

/* What is outside: of a dump of memory alone, nothing. */
static int find_outside(
	struct checkpoint *checkpoint, const struct life_found *found, struct berth_error *err)
{
	struct life_criu *criu = &checkpoint->criu;
	pid_t pid = found->record.pid;
	const struct spec_namespaces *namespaces =
		&checkpoint->config.spec.linux_section.namespaces;
	int r = life_criu_dump_namespaces(criu, namespaces, pid, err);

	if (criu->asked->is_pre_dump || r < 0) {
		return r;
	}
	r = life_criu_dump_mounts(criu, &checkpoint->plan.boot, pid, err);
	return r < 0 ? r : life_criu_dump_stdio(criu, pid, err);
}

static int prepare(
	struct checkpoint *checkpoint, const struct life_found *found, struct berth_error *err)
{
	const struct plan_request request = {
		.id = found->entry.id,
		.cgroups = found->cgroup.count == 0 ? PLAN_CGROUPS_DISABLED : PLAN_CGROUPS_FS,
	};
	struct plan_request with_bundle = request;
	struct life_criu *criu = &checkpoint->criu;
	int r = life_config_load(&checkpoint->config, found, err);

	if (r == 0) {
		with_bundle.bundle = checkpoint->config.bundle;
		r = life_config_plan(&checkpoint->config, &with_bundle, &checkpoint->plan, err);
	}
	if (r == 0) {
		r = life_criu_prepare(criu, &checkpoint->config.spec, err);
	}
	criu->request.pid = found->record.pid;
	criu->request.freeze_cgroup = cgroup_freezer_path(&found->cgroup, criu->arena);
	criu->setting.notice = on_notice;
	criu->setting.argument = checkpoint;
	criu->setting.is_pdeathsig = criu->asked->is_pdeathsig;
	return r < 0 ? r : find_outside(checkpoint, found, err);
}

int life_checkpoint(const struct life_context *context, const char *id,
	const struct life_criu_request *asked, struct berth_error *err)
{
	autofound struct life_found found;
	__attribute__((cleanup(checkpoint_finish))) struct checkpoint checkpoint = {
		.status_fd = asked->status_fd};
	struct criu_result result = {0};
	int r = life_found_open(&found, context, id, err);

	life_criu_init(&checkpoint.criu, asked, &checkpoint.config.arena,
		asked->is_pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP);
	if (r == 0) {
		r = check_status(&found, err);
	}
	if (r == 0) {
		r = wire_step_enter(WIRE_STEP_checkpoint, err);
	}
	if (r == 0) {
		r = prepare(&checkpoint, &found, err);
	}
	if (r == 0) {
		r = criu_run(&checkpoint.criu.request, &checkpoint.criu.setting,
			checkpoint.criu.arena, &result, err);
	}
	r = life_criu_dump_end(&checkpoint.criu, r, err);
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_checkpoint));
	}
	return r;
}
