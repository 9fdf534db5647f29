/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/schedule.h"

#include <linux/ioprio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/result.h"

/* Linux can be built for 8192 CPUs on most processors, and ignores what is beyond its own. */
enum { AFFINITY_BYTES = 8192 };

/* As sched_setattr(2) has it, with what Linux 5.3 has added: newer libcs have a struct of this name, older ones none. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
_Static_assert(sizeof(struct attributes) == 56, "the second version of the kernel's struct");

int sys_set_scheduler(pid_t pid, const struct sys_scheduler *scheduler)
{
	const struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime_ns,
		.deadline = scheduler->deadline_ns,
		.period = scheduler->period_ns,
	};

	return sys_result(syscall(SYS_sched_setattr, pid, &attributes, 0U));
}

int sys_set_io_priority(pid_t pid, uint32_t io_class, uint32_t priority)
{
	return sys_result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
		io_class << IOPRIO_CLASS_SHIFT | priority));
}

/* Raw: a libc would refuse what is beyond its own cpu_set_t. */
int sys_set_affinity(pid_t pid, const void *mask, size_t size)
{
	return sys_result(syscall(SYS_sched_setaffinity, pid, size, mask));
}

int sys_set_affinity_all(pid_t pid)
{
	unsigned char mask[AFFINITY_BYTES];

	memset(mask, 0xff, sizeof(mask));
	return sys_set_affinity(pid, mask, sizeof(mask));
}
