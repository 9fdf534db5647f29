/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.scheduler, process.ioPriority, process.execCPUAffinity. The kernel says with a number why it does not take what it is given; which of its reasons it can
 * be stands in the error.
 */
#include "host/child.h"

#include <errno.h>
#include <stdbool.h>

#include "host/host.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/schedule.h"

static bool has_sys_nice(void)
{
	struct sys_caps caps;

	return sys_capget(&caps) == 0 && (caps.effective >> CAP_SYS_NICE & 1);
}

static bool is_realtime(const struct host_scheduler *scheduler)
{
	return scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;
}

/* sched(7), sched_setattr(2), and the kernel's sched-rt-group. */
static const char *why_refused(const struct host_scheduler *scheduler, int errnum)
{
	bool is_deadline = scheduler->policy == SCHED_DEADLINE;

	if (errnum == EPERM && (scheduler->is_userns || !has_sys_nice())) {
		return "that needs CAP_SYS_NICE of the initial user namespace";
	}
	if (errnum == EPERM && is_realtime(scheduler)) {
		return "its cgroup has no realtime budget (CONFIG_RT_GROUP_SCHED; cpu.rt_runtime_us "
		       "of cgroup version 1 is /linux/resources/cpu/realtimeRuntime)";
	}
	if (errnum == EPERM && is_deadline) {
		return "it may not run on all CPUs of its scheduling domain (cpuset, affinity), as "
		       "the kernel demands";
	}
	if (errnum == EBUSY && is_deadline) {
		return "there is not so much bandwidth left: the sum of runtime / period over all "
		       "such processes has a limit (/proc/sys/kernel/sched_rt_runtime_us)";
	}
	if (errnum == EINVAL && is_deadline) {
		return "the period must be from /proc/sys/kernel/sched_deadline_period_min_us to "
		       "sched_deadline_period_max_us";
	}
	return errnum == EOPNOTSUPP ? "this kernel has no utilization clamps" : "";
}

static int set_scheduler(pid_t pid, const struct host_scheduler *wanted, struct berth_error *err)
{
	const struct sys_scheduler scheduler = {
		.policy = wanted->policy,
		.flags = wanted->flags,
		.nice = wanted->nice,
		.priority = wanted->priority,
		.runtime_ns = wanted->runtime_ns,
		.deadline_ns = wanted->deadline_ns,
		.period_ns = wanted->period_ns,
	};
	int r = sys_set_scheduler(pid, &scheduler);

	if (r < 0) {
		const char *why = why_refused(wanted, -r);

		error_system(err, r, "set the scheduler%s%s", why[0] ? ": " : "", why);
		error_add_pointer(err, "/process/scheduler");
	}
	return r;
}

static int set_io_priority(pid_t pid, const struct host_plan *plan, struct berth_error *err)
{
	int r = sys_set_io_priority(pid, plan->io_class, plan->io_priority);

	if (r < 0) {
		error_system(err, r, "set the I/O priority%s",
			r == -EPERM ? ": IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN" : "");
		error_add_pointer(err, "/process/ioPriority");
	}
	return r;
}

int host_schedule(pid_t pid, const struct host_plan *plan, struct berth_error *err)
{
	int r = plan->scheduler ? set_scheduler(pid, plan->scheduler, err) : 0;

	return r == 0 && plan->io_class ? set_io_priority(pid, plan, err) : r;
}

static int set_affinity(
	pid_t pid, const struct wire_bytes *cpus, const char *pointer, struct berth_error *err)
{
	int r = cpus->length > 0 ? sys_set_affinity(pid, cpus->data, cpus->length) : 0;

	if (r < 0) {
		error_system(err, r, "set the CPU affinity%s",
			r == -EINVAL ? ": it may use none of these CPUs" : "");
		error_add_pointer(err, pointer);
	}
	return r;
}

int host_child_affinity_first(
	struct host_child *child, const struct host_plan *plan, struct berth_error *err)
{
	return set_affinity(
		child->init_pid, &plan->first_cpus, "/process/execCPUAffinity/initial", err);
}

int host_child_affinity(struct host_child *child, const struct host_plan *plan, bool has_cgroup,
	struct berth_error *err)
{
	/* That it fails is no harm: then the child has what it had. */
	if (plan->cpus.length == 0 && has_cgroup) {
		(void)!sys_set_affinity_all(child->init_pid);
	}
	return set_affinity(child->init_pid, &plan->cpus, "/process/execCPUAffinity/final", err);
}
