/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to a container's cgroup as a whole: pause and resume, and the list of its processes.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "life/found.h"

int life_pause(
	const struct life_context *context, const char *id, bool is_paused, struct berth_error *err)
{
	autofound struct life_found found;
	int r = life_found_open(&found, context, id, err);
	bool is_running;

	if (r < 0) {
		return r;
	}
	is_running = found.status == STORE_RUNNING || found.status == STORE_CREATED;
	if (is_paused && !is_running) {
		return error_set(err, BERTH_ERROR_STATE,
			found.status == STORE_PAUSED ? "container paused"
						     : "container not running");
	}
	if (!is_paused && found.status != STORE_PAUSED) {
		return error_set(err, BERTH_ERROR_STATE, "container not paused");
	}
	r = cgroup_freeze(&found.cgroup, is_paused, err);
	if (r == 0) {
		life_watch_tell(&found.watch, "it is %s", is_paused ? "frozen" : "thawed");
	}
	return r;
}

struct pids {
	pid_t *items;
	size_t count;
	size_t capacity;
};

static int add_pid(pid_t pid, void *argument)
{
	struct pids *pids = argument;

	if (pids->count == pids->capacity) {
		size_t capacity = pids->capacity ? pids->capacity * 2 : 64;
		pid_t *items = realloc(pids->items, capacity * sizeof(*items));

		if (!items) {
			return -ENOMEM;
		}
		pids->items = items;
		pids->capacity = capacity;
	}
	pids->items[pids->count++] = pid;
	return 0;
}

/* Without a cgroup the first process is all that is known. */
static int find_pids(const struct life_found *found, struct pids *pids)
{
	autofd int pidfd = -1;

	if (cgroup_is_there(&found->cgroup)) {
		return life_has_processes(found) ? cgroup_pids(&found->cgroup, add_pid, pids) : 0;
	}
	pidfd = store_process_open(&found->record);
	return pidfd < 0 ? 0 : add_pid(found->record.pid, pids);
}

int life_pids(const struct life_context *context, const char *id, pid_t **ret_pids,
	size_t *ret_count, struct berth_error *err)
{
	autofound struct life_found found;
	struct pids pids = {0};
	autoptr pid_t *items = NULL;
	int r = life_found_look(&found, context, id, err);

	if (r < 0) {
		return r;
	}
	r = find_pids(&found, &pids);
	items = pids.items;
	if (r < 0) {
		return error_system(err, r, "list the processes of container %s", id);
	}
	*ret_pids = take_ptr(items);
	*ret_count = pids.count;
	return 0;
}
