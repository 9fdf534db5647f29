/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's end of sd_notify(3): a directory of the container's record, bound into it, and a variable.
 * Where they are is runc's choice, so that an image finds them where it has always found them.
 */
#include "base/str.h"
#include "plan/work.h"

#define NOTIFY_TARGET "/run/notify"

/* Who has set the variable in the config has a socket of his own there (podman with conmon). */
static bool has_own(const struct spec_strings *env)
{
	for (size_t i = 0; i < env->count; i++) {
		if (str_has_prefix(env->items[i], "NOTIFY_SOCKET=")) {
			return true;
		}
	}
	return false;
}

int plan_notify(struct plan_work *work, struct berth_error *err)
{
	struct boot_mounts *mounts = &work->plan->boot.mounts;

	if (!work->request->notify_dir || has_own(&work->spec->process.env)) {
		return 0;
	}
	work->plan->host.has_notify = true;
	/* The directory, not the socket: that is made anew by start. Read-only: connect(2) to a socket is none of
	 * what that forbids. The root of a user namespace cannot reach the state root: its caller can. */
	mounts->items[mounts->count++] = (struct boot_mount){
		.kind = BOOT_MOUNT_BIND,
		.flags = plan_has(work, CLONE_NEWUSER) ? BOOT_MOUNT_FIRST : 0,
		.pointer = "",
		.target = NOTIFY_TARGET,
		.source = work->request->notify_dir,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};
	return plan_env_set(work, "NOTIFY_SOCKET=" NOTIFY_TARGET "/" PLAN_NOTIFY_FILE, err);
}
