/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_PROC_H
#define HOST_PROC_H
/* The files of another process in /proc that this one writes. */
#include <sys/types.h>

#include "base/error.h"
#include "plan/host_plan.h"

/* Writes `text` to /proc/PID/NAME in one write(2). /proc must be a proc file system, and the file is
 * reached through no link and no other mount. `pid` is a child that is not reaped, so that it cannot
 * have gone to another process. */
int host_proc_write(
	pid_t pid, const char *name, const char *text, struct berth_error *err) must_use;

/* Step "oomscore": oom_score_adj of a process that has not hidden itself yet (PR_SET_DUMPABLE), or its
 * file is root's. What it clones inherits the value. */
int host_write_oom_score(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

#endif
