/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call NAME|NUMBER [ARGUMENT]...: makes one system call in a container and prints what came of it: "ok", or the
 * number of the errno. "trapped" for a SIGSYS that a filter sent. call int80 NUMBER: by the gate of i386 (on x86_64).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} calls[] = {
	{"getpid", SYS_getpid},
	{"getppid", SYS_getppid},
	{"ioctl", SYS_ioctl},
	{"keyctl", SYS_keyctl},
	{"mkdirat", SYS_mkdirat},
	{"personality", SYS_personality},
	{"socket", SYS_socket},
	{"unshare", SYS_unshare},
	{"dup3", SYS_dup3},
};

static void trapped(int signal)
{
	(void)signal;
	(void)!write(STDOUT_FILENO, "trapped\n", 8);
	_exit(0);
}

static long by_gate(long number)
{
	long result = -ENOSYS;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(0) : "memory");
#else
	(void)number;
#endif
	return result;
}

static long number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0) {
			return calls[i].number;
		}
	}
	return strtol(name, NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned long args[6] = {0};
	long result;

	if (argc < 2) {
		return 2;
	}
	(void)signal(SIGSYS, trapped);
	for (int i = 2; i < argc && i < 8; i++) {
		args[i - 2] = strtoul(argv[i], NULL, 0);
	}
	if (strcmp(argv[1], "int80") == 0) {
		result = by_gate((long)args[0]);
		errno = result < 0 ? (int)-result : 0;
	} else {
		result = syscall(
			number_of(argv[1]), args[0], args[1], args[2], args[3], args[4], args[5]);
	}
	if (result < 0) {
		(void)printf("%d\n", errno);
	} else {
		(void)printf("ok\n");
	}
	return 0;
}
