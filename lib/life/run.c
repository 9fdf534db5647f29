/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "host/host.h"
#include "life/life.h"
#include "wire/step.h"

enum { LIFE_ID_MAX = 255 };

static bool is_id_char(char c, bool is_first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || (!is_first && (c == '.' || c == '-'));
}

int life_check_id(const char *id, struct berth_error *err)
{
	size_t length = strlen(id);
	bool is_good = length > 0 && length <= LIFE_ID_MAX;

	for (size_t i = 0; is_good && i < length; i++) {
		is_good = is_id_char(id[i], i == 0);
	}
	return is_good ? 0
		       : error_set(err, BERTH_ERROR_USAGE, "invalid container ID format: \"%.64s\"",
				 id);
}

/* What a container leaves ends with it; a process that waits for a disk may take its time to end. */
enum { RUN_END_TIMEOUT_MS = 5000 };

/* What a run has made, which the end of the run takes down: the child first, then its cgroup. */
struct run {
	struct host_child child;
	struct cgroup cgroup;
};

static void run_init(struct run *run)
{
	host_child_init(&run->child);
	cgroup_init(&run->cgroup);
}

static void run_finish(struct run *run)
{
	host_child_finish(&run->child);
	cgroup_finish(&run->cgroup);
}

/* Step "cgroup": before anything is spawned that it would not hold. */
static int make_cgroup(struct run *run, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_cgroup, err);

	if (r == 0) {
		r = cgroup_create(&run->cgroup, plan, err);
	}
	if (r == 0) {
		r = cgroup_limit(&run->cgroup, plan, false, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_cgroup));
	}
	return r;
}

/* berth-init waits for its first message meanwhile: all that it does happens inside the cgroup. */
static int spawn_inside(struct run *run, struct berth_error *err)
{
	int r = host_child_spawn(&run->child, err);

	if (r == 0) {
		r = cgroup_join(&run->cgroup, run->child.init_pid, err);
		if (r < 0) {
			error_add_step(err, wire_step_name(WIRE_STEP_spawn));
		}
	}
	return r;
}

static int limit_finally(struct run *run, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = cgroup_limit(&run->cgroup, plan, true, err);

	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_limits));
	}
	return r;
}

static int run_start(struct run *run, const struct plan *plan, struct berth_error *err)
{
	int r = host_child_seal(&run->child, err);

	if (r == 0) {
		r = make_cgroup(run, &plan->host.cgroup, err);
	}
	if (r == 0) {
		r = spawn_inside(run, err);
	}
	if (r == 0) {
		r = host_child_build(&run->child, &plan->host, &plan->boot, err);
	}
	if (r == 0) {
		r = limit_finally(run, &plan->host.cgroup, err);
	}
	if (r == 0) {
		r = host_child_go(&run->child, &plan->host, err);
	}
	if (r < 0 && cgroup_oom_kills(&run->cgroup) > 0) {
		error_prefix(err, "container init was OOM-killed (memory limit too low?)");
	}
	return r;
}

/* Without a pid namespace the container's processes outlive its first one. */
static int run_end(struct run *run, struct berth_error *err)
{
	int r = cgroup_kill(&run->cgroup, RUN_END_TIMEOUT_MS, err);
	int removed = cgroup_remove(&run->cgroup, RUN_END_TIMEOUT_MS, err);

	return r < 0 ? r : removed;
}

static int run_plan(const struct plan *plan, int *ret_status, struct berth_error *err)
{
	__attribute__((cleanup(run_finish))) struct run run;
	int status = 0;
	int ended;
	int r;

	run_init(&run);
	r = run_start(&run, plan, err);
	if (r == 0) {
		r = host_foreground(&run.child, &status, err);
	}
	host_child_finish(&run.child);
	ended = run_end(&run, r < 0 ? NULL : err);
	if (r < 0 || ended < 0) {
		return r < 0 ? r : ended;
	}
	*ret_status = status;
	return 0;
}

int life_run(const char *bundle, const char *id, bool is_pdeathsig, int *ret_status,
	struct berth_error *err)
{
	__attribute__((cleanup(life_config_finish))) struct life_config config;
	const struct plan_request request = {.id = id, .is_pdeathsig = is_pdeathsig};
	struct plan plan;
	int r = life_config_open(&config, bundle, err);

	if (r == 0) {
		r = life_check_id(id, err);
	}
	if (r == 0) {
		r = life_config_plan(&config, &request, &plan, err);
	}
	if (r == 0) {
		r = run_plan(&plan, ret_status, err);
	}
	if (r < 0) {
		life_config_locate(&config, err);
	}
	return r;
}
