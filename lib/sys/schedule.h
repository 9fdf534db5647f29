/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_SCHEDULE_H
#define SYS_SCHEDULE_H
/* How the kernel's schedulers treat a process. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* sched_setattr(2). */
struct sys_scheduler {
	uint32_t policy;                             /* SCHED_* */
	uint64_t flags;                              /* SCHED_FLAG_* */
	int32_t nice;                                /* SCHED_OTHER and SCHED_BATCH alone */
	uint32_t priority;                           /* SCHED_FIFO and SCHED_RR alone */
	uint64_t runtime_ns, deadline_ns, period_ns; /* SCHED_DEADLINE alone */
};
int sys_set_scheduler(pid_t pid, const struct sys_scheduler *scheduler) must_use;

/* ioprio_set(2): IOPRIO_CLASS_*, and the priority in that class. */
int sys_set_io_priority(pid_t pid, uint32_t io_class, uint32_t priority) must_use;

/* sched_setaffinity(2): a mask of bits in the order of unsigned long; and every CPU that there may be. */
int sys_set_affinity(pid_t pid, const void *mask, size_t size) must_use;
int sys_set_affinity_all(pid_t pid) must_use;

#endif
