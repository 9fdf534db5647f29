/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_CHILD_H
#define HOST_CHILD_H
/* What the parent does to a child that waits: it may be allowed what the child may not. */
#include <sys/types.h>

#include "base/error.h"
#include "plan/host_plan.h"

/*
 * Step "netdevices": moves the network devices of the plan, which must stay, from this process's network namespace to
 * the child's. What is needed to take them back is in `ret_devices` then, also after a failure in the middle (NULL:
 * there are none). 1: the child has ended, and has none.
 */
struct host_net_devices;
int host_net_devices_move(struct host_net_devices **ret_devices, int pidfd,
	const struct host_plan *plan, struct berth_error *err) must_use;

/* The devices come back, with name, addresses, state and, where it is free, index; also when the child has ended. As
 * far as it goes: the first failure is the error. NULL afterwards. */
int host_net_devices_return(struct host_net_devices **devices, struct berth_error *err) must_use;

/* The devices stay where they are. NULL afterwards. */
void host_net_devices_keep(struct host_net_devices **devices);

/* Part of step "limits": the scheduler and the I/O priority. What the child executes and clones inherits them. */
int host_schedule(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

#endif
