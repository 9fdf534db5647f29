/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny CALL[:N=VALUE|:N&BITS][,CALL...] ERRNO COMMAND [ARGUMENT...]: runs the command where the kernel answers these
 * system calls with this error, as one without them would (ENOSYS), or a filter that forbids them (EPERM). With ":" only
 * where argument N, from 0, has this value, or one of these bits: "bpf:0=5", "memfd_create:1&0x10". The lower 32 bits count.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the lower half of an argument is looked for at its beginning"
#endif
#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

enum { RULE_INSNS = 5, HEAD_INSNS = 3, RULES_MAX = 16 };

#define CALL(name)                                                                                 \
	{                                                                                          \
#name, SYS_##name                                                                  \
	}

static const struct number {
	const char *name;
	long number;
} calls[] = {
	CALL(add_key),
	CALL(bpf),
	CALL(capget),
	CALL(capset),
	CALL(chroot),
	CALL(clone),
	CALL(clone3),
	CALL(close_range),
	CALL(copy_file_range),
	CALL(epoll_create1),
	CALL(execveat),
	CALL(faccessat2),
	CALL(fchmodat2),
	CALL(fchownat),
	CALL(fcntl),
	CALL(flock),
	CALL(fsconfig),
	CALL(fsetxattr),
	CALL(fsmount),
	CALL(fsopen),
	CALL(getrandom),
	CALL(ioctl),
	CALL(ioprio_set),
	CALL(keyctl),
	CALL(kill),
	CALL(memfd_create),
	CALL(mknodat),
	CALL(mount),
	CALL(mount_setattr),
	CALL(move_mount),
	CALL(open_tree),
	CALL(openat2),
	CALL(personality),
	CALL(pidfd_getfd),
	CALL(pidfd_open),
	CALL(pidfd_send_signal),
	CALL(pivot_root),
	CALL(prctl),
	CALL(prlimit64),
	CALL(sched_setaffinity),
	CALL(sched_setattr),
	CALL(seccomp),
	CALL(set_mempolicy),
	CALL(setdomainname),
	CALL(setgroups),
	CALL(sethostname),
	CALL(setns),
	CALL(setresgid),
	CALL(setresuid),
	CALL(setsid),
	CALL(signalfd4),
	CALL(statx),
	CALL(timerfd_create),
	CALL(umount2),
	CALL(unshare),
	CALL(waitid),
};

static const struct number errors[] = {
	{"EACCES", EACCES},
	{"EDQUOT", EDQUOT},
	{"EINVAL", EINVAL},
	{"ENOSYS", ENOSYS},
	{"EPERM", EPERM},
};

#define NUMBER_IN(table, name) number_in(table, sizeof(table) / sizeof((table)[0]), name)

static long number_in(const struct number *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0) {
			return table[i].number;
		}
	}
	(void)fprintf(stderr, "deny: no %s\n", name);
	exit(2);
}

/* One rule: with the number of the call loaded or not, the answer or the next rule. */
static struct sock_filter *emit_rule(struct sock_filter *at, char *rule, long error)
{
	char *condition = strchr(rule, ':');
	char *operator= NULL;
	unsigned long argument = 0;

	if (condition) {
		*condition = '\0';
		argument = strtoul(condition + 1, &operator, 10);
	}
	*at++ = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		(unsigned int)NUMBER_IN(calls, rule), 0, condition ? 3 : 1);
	if (condition) {
		*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			(unsigned int)(offsetof(struct seccomp_data, args) + 8 * argument));
		*at++ = (struct sock_filter)BPF_JUMP(
			BPF_JMP | (*operator== '&' ? BPF_JSET : BPF_JEQ) | BPF_K,
			(unsigned int)strtoul(operator+ 1, NULL, 0), 0, 1);
	}
	*at++ = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error);
	return at;
}

int main(int argc, char **argv)
{
	struct sock_filter filter[HEAD_INSNS + RULES_MAX * RULE_INSNS + 1] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter *end = filter + HEAD_INSNS;
	struct sock_fprog program = {.filter = filter};
	char *rest = NULL;
	int count = 0;

	if (argc < 4) {
		(void)fprintf(stderr, "deny CALL[:N=VALUE|:N&BITS][,CALL...] ERRNO COMMAND...\n");
		return 2;
	}
	for (char *rule = strtok_r(argv[1], ",", &rest); rule && count < RULES_MAX;
		rule = strtok_r(NULL, ",", &rest)) {
		end = emit_rule(end, rule, NUMBER_IN(errors, argv[2]));
		count++;
	}
	*end++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)(end - filter);
	/* Root needs no no_new_privs, which the container would inherit. */
	if (geteuid() != 0) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("deny: seccomp");
		return 2;
	}
	(void)execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
