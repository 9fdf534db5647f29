/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_IDMOUNT_H
#define HOST_IDMOUNT_H
/* Bind mounts with ids of their own. */
#include "base/error.h"
#include "plan/host_plan.h"

/* Maps the ids of a mount that is attached nowhere yet; `mount` is its place in the list of struct boot. */
int host_idmap_mount(const struct host_idmaps *idmaps, uint32_t mount, int mount_fd,
	struct berth_error *err) must_use;

#endif
