/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_SCHEDULE_H
#define HOST_SCHEDULE_H
/* How the kernel's schedulers treat a child, by the parent, who may be allowed what the child may not. */
#include <sys/types.h>

#include "base/error.h"
#include "plan/host_plan.h"

/* Part of step "limits": the scheduler and the I/O priority. What the child executes and clones inherits it. */
int host_schedule(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

#endif
