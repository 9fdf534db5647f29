/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_CHILD_H
#define HOST_CHILD_H
/* What the parent does to a child that waits: it may be allowed what the child may not. */
#include <sys/types.h>

#include "base/error.h"
#include "plan/host_plan.h"

/* Step "netdevices": moves the network devices of the plan from this process's network namespace to the child's. */
int host_move_devices(
	pid_t pid, int pidfd, const struct host_plan *plan, struct berth_error *err) must_use;

/* Part of step "limits": the scheduler and the I/O priority. What the child executes and clones inherits them. */
int host_schedule(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

#endif
