/* SPDX-License-Identifier: Apache-2.0 */
/* The steps, and the failpoints: compiled twice, with BERTH_FAILPOINTS and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/step.h"

static const struct step {
	int number;
	char side;
	const char *name;
} steps[] = {
#define STEP(number, side, name) {number, #side[0], #name},
	WIRE_STEPS(STEP)
#undef STEP
};

static void test_names_and_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		assert_string_equal(wire_step_name(steps[i].number), steps[i].name);
		assert_true(strlen(steps[i].name) < BERTH_ERROR_STEP_SIZE);
		assert_non_null(strchr("PIC", steps[i].side));
		assert_true(i == 0 || steps[i].number > steps[i - 1].number);
		for (size_t other = 0; other < i; other++) {
			assert_string_not_equal(steps[i].name, steps[other].name);
		}
	}
	assert_string_equal(wire_step_name(0), "?");
	assert_string_equal(wire_step_name(-1), "?");
	assert_string_equal(wire_step_name(12345), "?");
}

/* What a step does under a wish: its code, and that the error is filled or left alone. */
static int enter(const char *wish, int step)
{
	struct berth_error err = {0};
	int r;

	assert_int_equal(wish ? setenv("BERTH_FAIL", wish, 1) : unsetenv("BERTH_FAIL"), 0);
	r = wire_step_enter(step, &err);
	if (r < 0) {
		assert_int_equal(err.error_class, BERTH_ERROR_SYSTEM);
		assert_int_equal(err.errnum, EIO);
		assert_string_equal(err.step, wire_step_name(step));
		assert_string_equal(err.message, "failpoint");
	} else {
		assert_int_equal(err.error_class, BERTH_ERROR_NONE);
	}
	return r;
}

#ifndef BERTH_FAILPOINTS

static void test_a_release_has_none(void **state)
{
	char wish[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		assert_int_equal(enter(NULL, steps[i].number), 0);
		(void)snprintf(wish, sizeof(wish), "%s:fail", steps[i].name);
		assert_int_equal(enter(wish, steps[i].number), 0);
		(void)snprintf(wish, sizeof(wish), "%s:die", steps[i].name);
		assert_int_equal(enter(wish, steps[i].number), 0);
	}
}

#else

static void test_fail_by_name_and_number(void **state)
{
	char wish[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		for (size_t other = 0; other < ARRAY_COUNT(steps); other++) {
			int expected = i == other ? -EIO : 0;

			(void)snprintf(wish, sizeof(wish), "%s:fail", steps[i].name);
			assert_int_equal(enter(wish, steps[other].number), expected);
			(void)snprintf(wish, sizeof(wish), "%d:fail", steps[i].number);
			assert_int_equal(enter(wish, steps[other].number), expected);
		}
	}
	/* Nobody has to listen. */
	assert_int_equal(setenv("BERTH_FAIL", "mounts:fail", 1), 0);
	assert_int_equal(wire_step_enter(WIRE_STEP_mounts, NULL), -EIO);
}

static void test_garbage_does_nothing(void **state)
{
	static const char *const wishes[] = {NULL, "", ":", "::", "mounts", "mounts:", ":fail",
		"mounts:FAIL", "mounts:fail ", "mounts:failed", "mounts:fai", " mounts:fail",
		"mount:fail", "mountss:fail", "MOUNTS:fail", "mounts,pivot:fail",
		"mounts:fail:fail", "pivot:fail,mounts:fail", "0140:fail", "+140:fail",
		"140.0:fail", "14:fail", "1400:fail", "-140:fail", "4294967436:fail",
		"0000000000000000000000000000000000140:fail", "?:fail", "99999:fail",
		"a very long name that no step has, longer than any buffer of the failpoints:fail"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wishes); i++) {
		assert_int_equal(enter(wishes[i], WIRE_STEP_mounts), 0);
	}
	assert_int_equal(enter("mounts:fail", WIRE_STEP_mounts), -EIO);
}

/* A process that enters the step under the wish and then exits with 7. */
static pid_t start(const char *wish)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		_exit(enter(wish, WIRE_STEP_mounts) == 0 ? 7 : 1);
	}
	return pid;
}

static void test_die(void **state)
{
	pid_t pid = start("mounts:die");
	int status = 0;

	(void)state;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_stop(void **state)
{
	pid_t pid = start("mounts:stop");
	char path[64], name[32] = "";
	int status = 0;
	int fd;

	(void)state;
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, name, sizeof(name) - 1) > 0);
	(void)close(fd);
	assert_string_equal(name, "stopped\n");
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_numbers),
#ifndef BERTH_FAILPOINTS
		cmocka_unit_test(test_a_release_has_none),
#else
		cmocka_unit_test(test_fail_by_name_and_number),
		cmocka_unit_test(test_garbage_does_nothing),
		cmocka_unit_test(test_die),
		cmocka_unit_test(test_stop),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
