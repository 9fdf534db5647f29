/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile that answers with an errno what it does not name means the calls of its time. To one that is newer, "no
 * permission" is the wrong answer: a C library that hears ENOSYS takes the older call instead, one that hears EPERM
 * fails. So a few instructions go before libseccomp's: a number above the highest one that the profile names, for an
 * architecture, gives ENOSYS there. runc has the same rule.
 *
 * Three architectures have numbers that are no row of calls, the newest last:
 *   x86_64  x32's calls are x86_64's to the kernel, with a bit in the number
 *   arm     private calls of the architecture (cacheflush, set_tls) are far above all others
 *   s390    a call of which the kernel knows no number comes as number 0, which nobody calls
 */
#include "host/seccomp_newer.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

enum {
	X32_BIT = 0x40000000,
	ARM_PRIVATE = 0x0f0000, /* __ARM_NR_BASE with the EABI */
	TO_THE_END =
		UINT8_MAX, /* the offset of a jump to the end of all blocks, until that is known */
};

_Static_assert((int)HOST_NEWER_INSTRUCTIONS_MAX < (int)TO_THE_END, "a jump reaches the end");

int host_newer_add(struct host_newer *newer, uint32_t token)
{
	if (newer->count == HOST_NEWER_ARCHITECTURES_MAX) {
		return -EINVAL;
	}
	newer->items[newer->count++] =
		(struct host_newer_architecture){.token = token, .highest = -1};
	return 0;
}

bool host_newer_has(const struct host_newer *newer, uint32_t token)
{
	for (size_t i = 0; i < newer->count; i++) {
		if (newer->items[i].token == token) {
			return true;
		}
	}
	return false;
}

void host_newer_note(struct host_newer *newer, size_t index, int number)
{
	struct host_newer_architecture *arch = &newer->items[index];

	if (number > arch->highest && (arch->token != AUDIT_ARCH_ARM || number < ARM_PRIVATE)) {
		arch->highest = number;
	}
}

static int highest_of(const struct host_newer *newer, uint32_t token)
{
	for (size_t i = 0; i < newer->count; i++) {
		if (newer->items[i].token == token) {
			return newer->items[i].highest;
		}
	}
	return -1;
}

static size_t put(struct sock_filter *out, size_t n, uint32_t comparison, uint32_t value,
	uint8_t jt, uint8_t jf)
{
	out[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, value, jt, jf);
	return n + 1;
}

/* With the number loaded: falls through for ENOSYS, or jumps to the end. */
static size_t put_comparison(const struct host_newer *newer,
	const struct host_newer_architecture *arch, struct sock_filter *out, size_t n)
{
	const uint32_t highest = (uint32_t)arch->highest;
	int highest_x32;

	switch (arch->token) {
	case AUDIT_ARCH_X86_64:
		highest_x32 = highest_of(newer, SCMP_ARCH_X32);
		n = put(out, n, BPF_JGT, highest, 0, TO_THE_END);
		/* What libseccomp says to x32 where it is not permitted stays as it is. */
		if (highest_x32 < 0) {
			return put(out, n, BPF_JGE, X32_BIT, TO_THE_END, 0);
		}
		n = put(out, n, BPF_JGE, X32_BIT, 0, 1);
		return put(out, n, BPF_JGT, (uint32_t)highest_x32, 0, TO_THE_END);
	case AUDIT_ARCH_ARM:
		n = put(out, n, BPF_JGE, ARM_PRIVATE, TO_THE_END, 0);
		break;
	case AUDIT_ARCH_S390:
	case AUDIT_ARCH_S390X:
		n = put(out, n, BPF_JEQ, 0, 1, 0);
		break;
	default:
		break;
	}
	return put(out, n, BPF_JGT, highest, 0, TO_THE_END);
}

static size_t put_block(const struct host_newer *newer, const struct host_newer_architecture *arch,
	struct sock_filter out[HOST_NEWER_BLOCK_MAX])
{
	size_t n = 0;

	out[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	n = put(out, n, BPF_JEQ, arch->token, 0, 0);
	out[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	n = put_comparison(newer, arch, out, n);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	/* Of another architecture: the next block. */
	out[1].jf = (uint8_t)(n - 2);
	return n;
}

size_t host_newer_calls(const struct host_newer *newer, uint32_t default_action,
	struct sock_filter out[HOST_NEWER_INSTRUCTIONS_MAX])
{
	size_t count = 0;

	if ((default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO ||
		(default_action & SECCOMP_RET_DATA) == ENOSYS) {
		return 0;
	}
	for (size_t i = 0; i < newer->count; i++) {
		const struct host_newer_architecture *arch = &newer->items[i];

		if (arch->highest >= 0 && arch->token != SCMP_ARCH_X32) {
			count += put_block(newer, arch, out + count);
		}
	}
	for (size_t i = 0; i < count; i++) {
		uint8_t rest = (uint8_t)(count - i - 1);

		out[i].jt = out[i].jt == TO_THE_END ? rest : out[i].jt;
		out[i].jf = out[i].jf == TO_THE_END ? rest : out[i].jf;
	}
	return count;
}
