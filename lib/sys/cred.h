/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_CRED_H
#define SYS_CRED_H
/* Credentials of the calling thread: ids, groups, capabilities. Raw calls: they change this thread and
 * no other, which is right in a program with one thread. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* One bit for each capability, CAP_CHOWN is bit 0; see capabilities(7). */
struct sys_caps {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

uid_t sys_geteuid(void);
gid_t sys_getegid(void);
int sys_setgroups(size_t count, const gid_t *groups) must_use;
int sys_setresgid(gid_t gid) must_use; /* real, effective and saved */
int sys_setresuid(uid_t uid) must_use;
int sys_getresuid(uid_t ret_uids[3]) must_use;
int sys_getresgid(gid_t ret_gids[3]) must_use;

int sys_capget(struct sys_caps *ret_caps) must_use;
int sys_capset(const struct sys_caps *caps) must_use;
int sys_bounding_has(int capability) must_use; /* 1, 0, or -EINVAL above the last one */
int sys_bounding_drop(int capability) must_use;
int sys_ambient_clear(void) must_use;
int sys_ambient_raise(int capability) must_use;
int sys_set_keepcaps(bool is_kept) must_use;
int sys_set_no_new_privs(void) must_use;

/* The session keyring of this name, made if it is not there, becomes the thread's
 * (KEYCTL_JOIN_SESSION_KEYRING): its serial number. */
int sys_keyring_join(const char *name) must_use;
int sys_keyring_session(void) must_use; /* the number of the one that it has */
int sys_keyring_set_permissions(int keyring, uint32_t permissions) must_use; /* KEYCTL_SETPERM */

/* seccomp(2), SECCOMP_SET_MODE_FILTER: `program` is `count` of struct sock_filter, at most 65535. With
 * SECCOMP_FILTER_FLAG_TSYNC the id of a thread that could not follow is no success. */
int sys_seccomp_load(const void *program, size_t count, uint32_t flags) must_use;

#endif
