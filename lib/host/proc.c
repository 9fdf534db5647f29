/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/abi.h"
#include "sys/file.h"

int host_proc_write(pid_t pid, const char *name, const char *text, struct berth_error *err)
{
	autofd int proc_fd = sys_open_proc();
	autofd int fd = -1;
	char path[64];
	int r;

	if (proc_fd == -EXDEV) {
		return error_set(err, BERTH_ERROR_SYSTEM, "/proc is that of another pid namespace");
	}
	if (proc_fd < 0) {
		return error_system(err, proc_fd, "open the proc file system /proc");
	}
	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	fd = sys_openat2(proc_fd, path, O_WRONLY, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	r = fd < 0 ? fd : sys_write_once(fd, text, strlen(text));
	return r < 0 ? error_system(err, r, "write /proc/%s", path) : 0;
}

int host_write_oom_score(pid_t pid, const struct host_plan *plan, struct berth_error *err)
{
	struct berth_error local = {0};
	char text[16];
	int r;

	if (!plan->has_oom_score_adj) {
		return 0;
	}
	(void)snprintf(text, sizeof(text), "%d", plan->oom_score_adj);
	r = host_proc_write(pid, "oom_score_adj", text, &local);
	if (r == 0 || (r == -EACCES && plan->may_keep_oom_score)) {
		return 0;
	}
	if (r == -EACCES) {
		error_clear(&local);
		r = error_system(&local, r,
			"set oom_score_adj to %s: less than it is needs CAP_SYS_RESOURCE", text);
	}
	error_add_pointer(&local, "/process/oomScoreAdj");
	if (err && err->error_class == BERTH_ERROR_NONE) {
		*err = local;
	}
	return r;
}
