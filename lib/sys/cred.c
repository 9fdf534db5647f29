/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/cred.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/result.h"

uid_t sys_geteuid(void)
{
	return geteuid();
}

gid_t sys_getegid(void)
{
	return getegid();
}

int sys_setgroups(size_t count, const gid_t *groups)
{
	return sys_result(syscall(SYS_setgroups, count, groups));
}

int sys_setresgid(gid_t gid)
{
	return sys_result(syscall(SYS_setresgid, gid, gid, gid));
}

int sys_setresuid(uid_t uid)
{
	return sys_result(syscall(SYS_setresuid, uid, uid, uid));
}

int sys_getresuid(uid_t ret_uids[3])
{
	return sys_result(syscall(SYS_getresuid, ret_uids, ret_uids + 1, ret_uids + 2));
}

int sys_getresgid(gid_t ret_gids[3])
{
	return sys_result(syscall(SYS_getresgid, ret_gids, ret_gids + 1, ret_gids + 2));
}

int sys_capget(struct sys_caps *ret_caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0) {
		return -errno;
	}
	ret_caps->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret_caps->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret_caps->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

int sys_capset(const struct sys_caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{(uint32_t)caps->effective, (uint32_t)caps->permitted, (uint32_t)caps->inheritable},
		{(uint32_t)(caps->effective >> 32), (uint32_t)(caps->permitted >> 32),
			(uint32_t)(caps->inheritable >> 32)},
	};

	return sys_result(syscall(SYS_capset, &header, data));
}

int sys_bounding_has(int capability)
{
	return sys_result(prctl(PR_CAPBSET_READ, (unsigned long)capability, 0, 0, 0));
}

int sys_bounding_drop(int capability)
{
	return sys_result(prctl(PR_CAPBSET_DROP, (unsigned long)capability, 0, 0, 0));
}

int sys_ambient_clear(void)
{
	return sys_result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

int sys_ambient_raise(int capability)
{
	return sys_result(
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)capability, 0, 0));
}

int sys_set_keepcaps(bool is_kept)
{
	return sys_result(prctl(PR_SET_KEEPCAPS, is_kept ? 1UL : 0UL, 0, 0, 0));
}

int sys_set_no_new_privs(void)
{
	return sys_result(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0, 0, 0));
}

int sys_keyring_join(const char *name)
{
	return sys_result(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
}

int sys_keyring_session(void)
{
	return sys_result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}

int sys_keyring_set_permissions(int keyring, uint32_t permissions)
{
	return sys_result(syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions));
}

int sys_seccomp_load(const void *program, size_t count, uint32_t flags)
{
	const struct sock_fprog filter = {
		.len = (unsigned short)count,
		.filter = (struct sock_filter *)(uintptr_t)program,
	};

	return sys_result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
}
