/* SPDX-License-Identifier: Apache-2.0 */
/* A filter on the real kernel, each in a process of its own; and the programs that are no filter. */
#include <errno.h>
#include <linux/filter.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "guard/guard.h"
#include "sys/abi.h"
#include "sys/process.h"

/* getppid(2) gets `action`, all else is allowed. */
static struct wire_bytes filter_of(struct sock_filter program[4], uint32_t action)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	memcpy(program, filter, sizeof(filter));
	return (struct wire_bytes){program, sizeof(filter)};
}

/* What a child reports by its exit status, or 128 + the signal that ended it. */
static int in_child(
	int (*function)(const struct boot_seccomp *), const struct boot_seccomp *seccomp)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(function(seccomp));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Loads it, and gives the errno of getppid(2). */
static int load_and_call(const struct boot_seccomp *seccomp)
{
	struct berth_error err = {0};

	if (guard_no_new_privs(&err) < 0 || guard_seccomp(seccomp, &err) < 0) {
		return 200;
	}
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER) {
		return 201;
	}
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

static void test_loaded(void **state)
{
	struct sock_filter program[4];
	struct boot_seccomp seccomp = {.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW};

	(void)state;
	seccomp.program = filter_of(program, SECCOMP_RET_ALLOW);
	assert_int_equal(in_child(load_and_call, &seccomp), 0);
	seccomp.program = filter_of(program, SECCOMP_RET_ERRNO | ENOTTY);
	assert_int_equal(in_child(load_and_call, &seccomp), ENOTTY);
	seccomp.flags = SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC;
	assert_int_equal(in_child(load_and_call, &seccomp), ENOTTY);
	seccomp.program = filter_of(program, SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(in_child(load_and_call, &seccomp), 128 + SIGSYS);
}

static void expect_refused(const struct boot_seccomp *seccomp, int error_class, const char *message)
{
	struct berth_error err = {0};

	assert_true(guard_seccomp(seccomp, &err) < 0);
	assert_int_equal(err.error_class, error_class);
	assert_string_equal(err.pointer, "/linux/seccomp");
	assert_non_null(strstr(err.message, message));
}

/* Nothing here is loaded: the process of the tests has no filter afterwards. */
static void test_refused(void **state)
{
	static struct sock_filter program[BPF_MAXINSNS + 1];
	struct boot_seccomp seccomp = {{program, 0}, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(program); i++) {
		program[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	expect_refused(&seccomp, BERTH_ERROR_CONFIG, "0 instructions");
	seccomp.program.length = sizeof(program);
	expect_refused(
		&seccomp, BERTH_ERROR_CONFIG, "4097 instructions, the kernel takes 1 to 4096");
	seccomp.program.length = 12;
	expect_refused(&seccomp, BERTH_ERROR_PROTOCOL, "12 bytes");
	/* A program without an end. */
	seccomp.program.length = sizeof(program[0]);
	program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	expect_refused(&seccomp, BERTH_ERROR_SYSTEM, "load the seccomp filter");
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
}

/* A filter that refuses exit_group(2) ends the process all the same. */
static int forbid_exit(const struct boot_seccomp *seccomp)
{
	struct berth_error err = {0};

	if (guard_no_new_privs(&err) < 0 || guard_seccomp(seccomp, &err) < 0) {
		return 200;
	}
	/* The one of cmocka would go on. */
	(void)signal(SIGILL, SIG_DFL);
	(void)signal(SIGTRAP, SIG_DFL);
	sys_exit(0);
}

static void test_exit_forbidden(void **state)
{
	struct sock_filter program[4];
	struct boot_seccomp seccomp = {.program = filter_of(program, SECCOMP_RET_ERRNO | EPERM)};

	(void)state;
	program[1].k = SYS_exit_group;
	assert_true(in_child(forbid_exit, &seccomp) > 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exit_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
