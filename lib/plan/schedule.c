/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.scheduler, process.ioPriority and process.execCPUAffinity (config.md): sched_setattr(2), ioprio_set(2) and
 * sched_setaffinity(2) of the process.
 */
#include <inttypes.h>

#include "plan/words.h"

enum {
	NICE_MIN = -20, /* sched(7) */
	NICE_MAX = 19,
	PRIORITY_MAX = 99,
	RUNTIME_MIN_NS = 1024, /* sched_setattr(2): SCHED_DEADLINE has no finer clock */
	IO_PRIORITY_MAX = 7,
};

static int refuse_range(
	const char *pointer, int64_t value, int min, int max, struct berth_error *err)
{
	return error_field(err, BERTH_ERROR_CONFIG, pointer, "must be from %d to %d, is %" PRId64,
		min, max, value);
}

static int check_priority(
	const struct spec_scheduler *asked, uint32_t policy, struct berth_error *err)
{
	bool is_realtime = policy == SCHED_FIFO || policy == SCHED_RR;

	if (is_realtime && (asked->priority < 1 || asked->priority > PRIORITY_MAX)) {
		return refuse_range(
			"/process/scheduler/priority", asked->priority, 1, PRIORITY_MAX, err);
	}
	if (!is_realtime && asked->priority != 0) {
		return error_field(err, BERTH_ERROR_CONFIG, "/process/scheduler/priority",
			"%s has no priority: only SCHED_FIFO and SCHED_RR have", asked->policy);
	}
	return 0;
}

/* runtime <= deadline <= period, where a period of 0 is that of the deadline. */
static int check_times(const struct spec_scheduler *asked, struct berth_error *err)
{
	const struct {
		bool is_wrong;
		const char *pointer, *words;
		uint64_t value;
	} rules[] = {
		{asked->runtime < RUNTIME_MIN_NS, "/process/scheduler/runtime",
			"is less than the 1024 ns that SCHED_DEADLINE needs", asked->runtime},
		{asked->deadline == 0, "/process/scheduler/deadline",
			"is no deadline, which SCHED_DEADLINE needs", asked->deadline},
		{asked->deadline > INT64_MAX, "/process/scheduler/deadline", "is 2^63 ns or more",
			asked->deadline},
		{asked->period > INT64_MAX, "/process/scheduler/period", "is 2^63 ns or more",
			asked->period},
		{asked->runtime > asked->deadline, "/process/scheduler/runtime",
			"is more than the deadline", asked->runtime},
		{asked->period != 0 && asked->deadline > asked->period,
			"/process/scheduler/deadline", "is more than the period", asked->deadline},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rules); i++) {
		if (rules[i].is_wrong) {
			return error_field(err, BERTH_ERROR_CONFIG, rules[i].pointer,
				"%" PRIu64 " %s", rules[i].value, rules[i].words);
		}
	}
	return 0;
}

static int refuse_times(const struct spec_scheduler *asked, struct berth_error *err)
{
	const char *pointer = NULL;

	if (asked->runtime) {
		pointer = "/process/scheduler/runtime";
	} else if (asked->deadline) {
		pointer = "/process/scheduler/deadline";
	} else if (asked->period) {
		pointer = "/process/scheduler/period";
	}
	return pointer ? error_field(err, BERTH_ERROR_CONFIG, pointer,
				 "%s has none: only SCHED_DEADLINE has", asked->policy)
		       : 0;
}

/* sched(7): such a process cannot fork, unless what it forks is reset; and berth-init has to, for some. */
static int check_fork(const struct plan_work *work, const struct host_scheduler *scheduler,
	struct berth_error *err)
{
	bool has_hooks = work->spec->hooks.start_container.count > 0 &&
			 !(work->plan->boot.flags & BOOT_ENTER);
	const struct host_seccomp *seccomp = work->plan->host.seccomp;

	if (scheduler->policy != SCHED_DEADLINE || scheduler->flags & SCHED_FLAG_RESET_ON_FORK ||
		(!has_hooks && !(seccomp && seccomp->has_notify))) {
		return 0;
	}
	return error_field(err, BERTH_ERROR_CONFIG, "/process/scheduler/flags",
		"a process of SCHED_DEADLINE cannot fork, which %s needs: "
		"SCHED_FLAG_RESET_ON_FORK is missing",
		has_hooks ? "a hook startContainer" : "a seccomp filter with a listener");
}

static int read_scheduler(
	struct plan_work *work, struct host_scheduler *scheduler, struct berth_error *err)
{
	const struct spec_scheduler *asked = &work->spec->process.scheduler;
	uint32_t flags = 0;
	int r = plan_word_read(&plan_policy_words, asked->policy, "/process/scheduler/policy",
		&scheduler->policy, err);

	if (r == 0 && scheduler->policy == PLAN_SCHED_ISO) {
		r = error_field(err, BERTH_ERROR_UNSUPPORTED, "/process/scheduler/policy",
			"SCHED_ISO is a policy that no Linux has");
	}
	if (r == 0) {
		r = plan_word_bits(work, &plan_scheduler_flag_words, &asked->flags,
			"/process/scheduler/flags", &flags, err);
	}
	if (r == 0 && (asked->nice < NICE_MIN || asked->nice > NICE_MAX)) {
		r = refuse_range("/process/scheduler/nice", asked->nice, NICE_MIN, NICE_MAX, err);
	}
	if (r == 0) {
		r = check_priority(asked, scheduler->policy, err);
	}
	if (r == 0) {
		r = scheduler->policy == SCHED_DEADLINE ? check_times(asked, err)
							: refuse_times(asked, err);
	}
	scheduler->flags = flags;
	scheduler->nice = (int32_t)asked->nice;
	scheduler->priority = (uint32_t)asked->priority;
	scheduler->runtime_ns = asked->runtime;
	scheduler->deadline_ns = asked->deadline;
	scheduler->period_ns = asked->period;
	scheduler->is_userns = work->facts->is_userns;
	return r;
}

static int plan_scheduler(struct plan_work *work, struct berth_error *err)
{
	struct host_scheduler *scheduler;
	int r;

	if (!work->spec->process.scheduler.is_present) {
		return 0;
	}
	scheduler = arena_alloc(work->arena, 1, sizeof(*scheduler));
	if (!scheduler) {
		return plan_no_memory(err);
	}
	r = read_scheduler(work, scheduler, err);
	work->plan->host.scheduler = scheduler;
	return r < 0 ? r : check_fork(work, scheduler, err);
}

/* "Of the process group": it is the process's own, and children inherit it. */
static int plan_io_priority(struct plan_work *work, struct berth_error *err)
{
	const struct spec_io_priority *asked = &work->spec->process.io_priority;
	struct host_plan *host = &work->plan->host;
	int r;

	if (!asked->is_present) {
		return 0;
	}
	r = plan_word_read(&plan_io_class_words, asked->io_class, "/process/ioPriority/class",
		&host->io_class, err);
	if (r == 0 && (asked->priority < 0 || asked->priority > IO_PRIORITY_MAX)) {
		r = refuse_range(
			"/process/ioPriority/priority", asked->priority, 0, IO_PRIORITY_MAX, err);
	}
	host->io_priority = (uint32_t)asked->priority;
	return r;
}

/* Of exec alone; for the container's first process it is read, so that what is wrong in it is not found later. */
static int plan_affinity(struct plan_work *work, struct berth_error *err)
{
	const struct spec_affinity *asked = &work->spec->process.exec_affinity;
	struct host_plan *host = &work->plan->host;
	struct wire_bytes first = {0};
	struct wire_bytes last = {0};
	int r = plan_list_read(
		work, asked->initial, "/process/execCPUAffinity/initial", &first, err);

	if (r == 0) {
		r = plan_list_read(
			work, asked->final, "/process/execCPUAffinity/final", &last, err);
	}
	if (r == 0 && work->plan->boot.flags & BOOT_ENTER) {
		host->first_cpus = first;
		host->cpus = last;
	}
	return r;
}

int plan_schedule(struct plan_work *work, struct berth_error *err)
{
	int r = plan_scheduler(work, err);

	if (r == 0) {
		r = plan_io_priority(work, err);
	}
	return r < 0 ? r : plan_affinity(work, err);
}
