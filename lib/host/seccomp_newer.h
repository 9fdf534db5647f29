/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_SECCOMP_NEWER_H
#define HOST_SECCOMP_NEWER_H
/*
 * For seccomp.c alone: what goes before libseccomp's program, for the system calls that are newer than the profile.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	HOST_NEWER_ARCHITECTURES_MAX = 32,
	HOST_NEWER_BLOCK_MAX = 7, /* instructions for one architecture */
	HOST_NEWER_INSTRUCTIONS_MAX = HOST_NEWER_ARCHITECTURES_MAX * HOST_NEWER_BLOCK_MAX,
};

/* The architectures of the filter, this machine's first. */
struct host_newer {
	struct host_newer_architecture {
		uint32_t token; /* AUDIT_ARCH_*, and that of libseccomp for x32 */
		int highest;    /* number that the profile names in it; -1: none */
	} items[HOST_NEWER_ARCHITECTURES_MAX];
	size_t count;
};

/* All zero is empty. -EINVAL where there are too many. */
int host_newer_add(struct host_newer *newer, uint32_t token) must_use;
bool host_newer_has(const struct host_newer *newer, uint32_t token);

/* The profile names a system call that has this number in the architecture at `index`; below 0: it has none there. */
void host_newer_note(struct host_newer *newer, size_t index, int number);

/* The instructions, and how many; 0 where the default action (SECCOMP_RET_*, with its data) is no errno, or ENOSYS
 * itself. Behind the last one follows the filter. */
size_t host_newer_calls(const struct host_newer *newer, uint32_t default_action,
	struct sock_filter out[HOST_NEWER_INSTRUCTIONS_MAX]);

#endif
