/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the child is before it becomes anybody: the maps of its user namespace, its root, its session.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "guard/guard.h"
#include "stage/stage.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/process.h"

static int write_proc(const struct stage *stage, int pid, const char *name, const char *text,
	struct berth_error *err)
{
	autofd int fd = -1;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = sys_openat2(stage->proc_fd, path, O_WRONLY, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	if (fd == -EACCES && !sys_is_dumpable()) {
		/* Its files in /proc belong to root (prctl(2), PR_SET_DUMPABLE). */
		return error_system(err, fd, "open /proc/%s (%s)", path,
			stage->join_count > 0
				? "where namespaces are joined, that takes root or CAP_DAC_OVERRIDE"
				: "berth-init is not dumpable: its user must be able to read its file");
	}
	if (fd < 0) {
		return error_system(err, fd, "open /proc/%s", path);
	}
	/* One write: the kernel takes no second one for a map. */
	r = sys_write_once(fd, text, strlen(text));
	return r < 0 ? error_system(err, r, "write /proc/%s", path) : 0;
}

/* Absent: left as it is, but an unprivileged caller may write a gid_map of one line only after "deny"
 * (user_namespaces(7)). */
static bool must_deny_setgroups(const struct wire_bootstrap *message)
{
	const char *map = message->gid_map;
	struct sys_caps caps;

	if (!map || strchr(map, '\n') != map + strlen(map) - 1 || sys_capget(&caps) < 0) {
		return false;
	}
	return !(caps.effective & (1ULL << CAP_SETGID));
}

int stage_write_maps(const struct stage *stage, int pid, struct berth_error *err)
{
	const struct wire_bootstrap *message = &stage->message;
	int r = 0;

	if (stage->proc_fd < 0) {
		return 0;
	}
	if (message->has_setgroups) {
		r = write_proc(
			stage, pid, "setgroups", message->may_setgroups ? "allow" : "deny", err);
	} else if (must_deny_setgroups(message)) {
		r = write_proc(stage, pid, "setgroups", "deny", err);
	}
	if (r == 0 && message->uid_map) {
		r = write_proc(stage, pid, "uid_map", message->uid_map, err);
	}
	if (r == 0 && message->gid_map) {
		r = write_proc(stage, pid, "gid_map", message->gid_map, err);
	}
	return r;
}

int stage_settle(struct stage *stage, struct berth_error *err)
{
	int r = 0;

	if ((stage->message.clone_flags | stage->joined) & CLONE_NEWUSER) {
		r = guard_become_root((stage->boot.flags & BOOT_KEEP_GROUPS) != 0, err);
	}
	/* Inherited from the intermediate, but a change of ids sets it to
	 * /proc/sys/fs/suid_dumpable. execve(2) makes the program dumpable again. */
	if (r == 0 && stage->join_count > 0) {
		r = guard_undumpable(err);
	}
	return r;
}

int stage_new_session(struct berth_error *err)
{
	int r = sys_setsid();

	return r < 0 ? error_call(err, r, "setsid", "leave the caller's session") : 0;
}

int stage_take_console(int fd, struct berth_error *err)
{
	int r = sys_set_ctty(fd);

	for (int i = 0; r >= 0 && i < 3; i++) {
		r = sys_dup2(fd, i);
	}
	return r < 0 ? error_system(err, r, "take the console as controlling terminal") : 0;
}
