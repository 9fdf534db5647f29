/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H
/*
 * guard: the child gives up what it must not have. One change that cannot be undone for each function.
 *
 * In: struct boot_identity, or nothing. Out: a thread with other credentials. Forbidden here: looking
 * names up (nothing of the container's passwd is read), paths, any memory but the caller's, and making
 * an identity wider than it was asked for. Fails with an error; the caller must not go on then, for the
 * thread is between two identities.
 */
#include <stdbool.h>

#include "base/error.h"
#include "wire/boot.h"

/*
 * "identity": becomes who the container's process is to be, in the one order that works:
 * bounding set (needs CAP_SETPCAP), keep capabilities, supplementary groups, gid (needs CAP_SETGID),
 * uid, checks, the capability sets exactly, ambient set exactly. setgroups(2) is called for an empty
 * list too, so that no group of the host stays, unless the identity says that it is denied; that a user
 * namespace denies it is no failure of an empty list. Clears the parent-death signal.
 */
int guard_identity(const struct boot_identity *identity, struct berth_error *err) must_use;

/* The parts of guard_identity() that are about capabilities (caps.c). The second one comes after the
 * ids: setuid(2) takes capabilities away. */
int guard_bounding_drop(uint64_t wanted, struct berth_error *err) must_use;
int guard_caps_set(const struct boot_identity *identity, struct berth_error *err) must_use;

/* "mapped": becomes 0:0 in a user namespace whose maps are written, and drops supplementary groups
 * where that is allowed, unless `keeps_groups`. Where no uid or no gid 0 is mapped nothing changes and that is no
 * failure. */
int guard_become_root(bool keeps_groups, struct berth_error *err) must_use;

/* "session": a session keyring of this name, so that the caller's keys are out of reach. The user may
 * search it: that is how a process that comes later joins it by its name. A kernel without keyrings, a
 * filter that denies them and a quota that is used up are no failure; the caller's keyring stays then. */
int guard_session_keyring(const char *name, struct berth_error *err) must_use;

/* "descriptors": pipes at 0, 1 and 2 become the user's, who opens /dev/stdout anew: engines hand over pipes of
 * their own. Files and terminals stay the caller's. Where a user namespace does not permit it, so do the pipes. */
int guard_give_pipes(uint32_t uid, struct berth_error *err) must_use;

/* "inherit": what the kernel does for a process, and for its children and its program as well: the execution
 * domain (personality(2)) and the NUMA policy (set_mempolicy(2)). Before a filter, which may forbid the calls, and in
 * its cgroup, whose cpuset says which nodes there are. */
int guard_inherit(const struct boot *boot, struct berth_error *err) must_use;

/* "label": writes a label to an open file below /proc, whose path is for errors, and makes sure that something
 * is there then. The kernel takes it for an execve or for keys that are still to come. */
int guard_label(int fd, const char *path, const char *label, struct berth_error *err) must_use;

/* PR_SET_NO_NEW_PRIVS. */
int guard_no_new_privs(struct berth_error *err) must_use;

/* Loads a filter that has a program: see struct boot_seccomp for when. Every later call is judged by it, this
 * room's too. */
int guard_seccomp(const struct boot_seccomp *seccomp, struct berth_error *err) must_use;

/* The same for a filter with SECCOMP_FILTER_FLAG_NEW_LISTENER: gives the listener, close-on-exec. Makes no other
 * system call: whatever comes after it may be one that the listener is asked about. */
int guard_seccomp_listen(const struct boot_seccomp *seccomp, struct berth_error *err) must_use;

/* PR_SET_DUMPABLE 0: hides this process from those that it is about to live with, until execve(2).
 * Its files in /proc belong to root from then on. */
int guard_undumpable(struct berth_error *err) must_use;

/* SIGKILL when the thread of the parent ends, or no longer. Cleared by a change of ids; a parent that
 * has ended before the call is not noticed. */
int guard_pdeathsig(bool is_wanted, struct berth_error *err) must_use;

#endif
