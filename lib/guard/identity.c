/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"

_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups of the message are those of the kernel");

/* With CAP_SETGID in effect, a user namespace that denies setgroups(2) refuses it, or a filter, under which all groups
 * of the caller would stay: the namespace says which it was. */
static bool is_denied_here(void)
{
	struct sys_caps caps;

	return sys_capget(&caps) == 0 && (caps.effective & UINT64_C(1) << CAP_SETGID) &&
	       sys_is_setgroups_denied();
}

static int groups_set(const struct boot_identity *identity, struct berth_error *err)
{
	const struct wire_u32s *groups = &identity->groups;
	int r;

	if (identity->is_setgroups_denied) {
		return 0;
	}
	r = sys_setgroups(groups->count, groups->items);
	if (r == -EPERM && groups->count == 0 && is_denied_here()) {
		return 0;
	}
	if (r < 0) {
		r = error_call(err, r, "setgroups", "set %zu supplementary groups", groups->count);
		error_add_pointer(err, "/process/user/additionalGids");
	}
	return r;
}

static bool is_all(const uint32_t ids[3], uint32_t id)
{
	return ids[0] == id && ids[1] == id && ids[2] == id;
}

/* Group before user: the user may not change the group any more. Each is read back. */
static int ids_set(uint32_t uid, uint32_t gid, struct berth_error *err)
{
	uid_t uids[3] = {0};
	gid_t gids[3] = {0};
	int r = sys_setresgid(gid);

	if (r < 0) {
		error_system(err, r, "set gid %u", gid);
		error_add_pointer(err, "/process/user/gid");
		return r;
	}
	r = sys_setresuid(uid);
	if (r < 0) {
		error_system(err, r, "set uid %u", uid);
		error_add_pointer(err, "/process/user/uid");
		return r;
	}
	r = sys_getresgid(gids);
	r = r < 0 ? r : sys_getresuid(uids);
	if (r < 0) {
		return error_system(err, r, "read the ids back");
	}
	if (!is_all(gids, gid) || !is_all(uids, uid)) {
		return error_set(err, BERTH_ERROR_INTERNAL,
			"the kernel reports other ids than %u:%u", uid, gid);
	}
	return 0;
}

static int keepcaps_set(bool is_kept, struct berth_error *err)
{
	int r = sys_set_keepcaps(is_kept);

	return r < 0 ? error_system(err, r, "PR_SET_KEEPCAPS %d", is_kept) : 0;
}

int guard_identity(const struct boot_identity *identity, struct berth_error *err)
{
	int r = guard_bounding_drop(identity->bounding, err);

	if (r == 0) {
		r = keepcaps_set(true, err);
	}
	if (r == 0) {
		r = groups_set(identity, err);
	}
	if (r == 0) {
		r = ids_set(identity->uid, identity->gid, err);
	}
	if (r == 0) {
		r = keepcaps_set(false, err);
	}
	return r < 0 ? r : guard_caps_set(identity, err);
}

/* Whether 0 is mapped on both sides, without a change of credentials, which might have no way back:
 * chown(2) of a pipe of our own says EINVAL to an id that is not mapped, before all else. */
static int is_root_mapped(bool *ret_is_mapped, struct berth_error *err)
{
	autofd int write_fd = -1;
	autofd int fd = -1;
	int fds[2];
	int r = sys_pipe(fds);

	if (r < 0) {
		return error_system(err, r, "pipe");
	}
	fd = fds[0];
	write_fd = fds[1];
	r = sys_fchown(fd, 0, (gid_t)-1);
	if (r == 0 || r == -EPERM || r == -EOVERFLOW) {
		r = sys_fchown(fd, (uid_t)-1, 0);
	}
	if (r < 0 && r != -EPERM && r != -EOVERFLOW && r != -EINVAL) {
		return error_system(err, r, "ask whether 0 is mapped in the user namespace");
	}
	*ret_is_mapped = r != -EINVAL;
	return 0;
}

int guard_become_root(bool keeps_groups, struct berth_error *err)
{
	bool is_mapped = false;
	int r = is_root_mapped(&is_mapped, err);

	if (r < 0 || !is_mapped) {
		return r;
	}
	r = keeps_groups ? 0 : sys_setgroups(0, NULL);
	/* The namespace denies it, as one with a map of the caller alone must. The groups of the
	 * outside stay then; they are not mapped. */
	if (r < 0 && r != -EPERM) {
		return error_system(err, r, "drop supplementary groups");
	}
	r = sys_setresgid(0);
	if (r < 0) {
		return error_system(err, r, "become gid 0 of the user namespace");
	}
	r = sys_setresuid(0);
	return r < 0 ? error_system(err, r, "become uid 0 of the user namespace") : 0;
}
