/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook_run() in a caller of any kind: with handlers and ignored signals, without 0, 1 and 2. Nothing
 * of a hook may reach the caller but the result: no signal, no descriptor, no zombie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook/hook.h"
#include "sys/file.h"

static volatile sig_atomic_t signal_count;

static void count_signal(int number)
{
	(void)number;
	signal_count++;
}

/* A shell that does what `script` says. */
static int run_script(
	const char *script, const char *state, uint32_t timeout_s, struct berth_error *err)
{
	const char *const args[] = {"sh", "-c", script, NULL};
	const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	const struct wire_hook hook = {
		.kind = "prestart",
		.index = 4,
		.path = "/bin/sh",
		.args = {.items = args, .count = 3},
		.env = {.items = env, .count = 1},
		.timeout_s = timeout_s,
	};

	memset(err, 0, sizeof(*err));
	return hook_run(&hook, state, "/", NULL, err);
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory)) {
		count++;
	}
	assert_int_equal(closedir(directory), 0);
	return count;
}

/* What everything here must leave as it was. */
static int before(void **state)
{
	static int count;

	count = count_descriptors();
	*state = &count;
	signal_count = 0;
	return 0;
}

static int after(void **state)
{
	int status;

	assert_int_equal(count_descriptors(), *(int *)*state);
	assert_true(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

static void test_good(void **state)
{
	struct berth_error err;

	(void)state;
	assert_int_equal(run_script("test \"$(cat)\" = text", "text", 0, &err), 0);
	assert_int_equal(run_script("test \"$(cat)\" = text", "text", 60, &err), 0);
	assert_int_equal(run_script("cat; exit", "", 0, &err), 0);
	assert_int_equal(err.error_class, BERTH_ERROR_NONE);
}

static void test_failures(void **state)
{
	static const char *const args[] = {"x", NULL};
	static const struct {
		const char *script, *message;
	} rows[] = {
		{"exit 1", "error running prestart hook #4 (/bin/sh): exit status 1"},
		{"echo no >&2; exit 255",
			"error running prestart hook #4 (/bin/sh): exit status 255, stderr: no"},
		{"printf 'a\\033[1mb\\n\\nc\\n\\n' >&2; exit 2",
			"error running prestart hook #4 (/bin/sh): exit status 2, stderr: a [1mb  "
			"c"},
		{"kill -TERM $$", "error running prestart hook #4 (/bin/sh): ended by signal 15"},
	};
	const struct wire_hook absent = {
		.kind = "poststop", .path = "/not/there", .args = {.items = args, .count = 1}};
	struct berth_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(run_script(rows[i].script, "text", 0, &err), -EIO);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.pointer, "/hooks/prestart/4");
	}
	memset(&err, 0, sizeof(err));
	assert_int_equal(hook_run(&absent, "text", "/", NULL, &err), -ENOENT);
	assert_string_equal(err.message,
		"error running poststop hook #0 (/not/there): execute: no such file or directory");
	memset(&err, 0, sizeof(err));
	assert_int_equal(hook_run(&absent, "text", "/not/here", NULL, &err), -ENOENT);
	assert_string_equal(err.message, "error running poststop hook #0 (/not/there): change to "
					 "its directory: no such file or directory");
	assert_int_equal(hook_run(&absent, "text", NULL, NULL, NULL), -ENOENT);
}

/* Far more than the pipes hold, in both directions, from hooks that read all, a little and nothing. */
static void test_long_texts(void **state)
{
	static const char *const scripts[] = {
		"test $(wc -c) = 3000000",
		"head -c 100000 | wc -c; exec <&-; sleep 0.1",
		"exec <&-; sleep 0.1",
		"sleep 0.1",
		"head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2; test $(wc -c) = 3000000",
		"exec >&- 2>&-; test $(wc -c) = 3000000",
	};
	char *text = calloc(1, 3000001);
	struct berth_error err;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 3000000);
	assert_true(signal(SIGPIPE, count_signal) != SIG_ERR);
	for (size_t i = 0; i < ARRAY_COUNT(scripts); i++) {
		if (run_script(scripts[i], text, 60, &err) != 0) {
			fail_msg("%s: %s", scripts[i], err.message);
		}
	}
	assert_int_equal(signal_count, 0);
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	free(text);
}

static void test_tail_is_the_end(void **state)
{
	struct berth_error err;
	size_t length;

	(void)state;
	assert_int_equal(run_script("head -c 70000 /dev/zero | tr '\\0' x >&2; for i in 1 2 3 4; "
				    "do sleep 0.02; echo part $i >&2; done; exit 1",
				 "", 0, &err),
		-EIO);
	length = strlen(err.message);
	assert_true(length < sizeof(err.message) - 1);
	assert_string_equal(err.message + length - 27, "part 1 part 2 part 3 part 4");
	assert_non_null(strstr(err.message, ", stderr: xxx"));
}

static void test_timeout(void **state)
{
	struct berth_error err;
	uint64_t began = sys_now_ns();

	(void)state;
	assert_int_equal(
		run_script("trap '' TERM; echo busy >&2; sleep 20 & sleep 20", "", 1, &err), -EIO);
	assert_string_equal(err.message, "error running prestart hook #4 (/bin/sh): killed: it was "
					 "not done after 1 second, stderr: busy");
	assert_true(sys_now_ns() - began >= 1000000000U);
	assert_true(sys_now_ns() - began < 10000000000U);
}

/* Its end counts, not that of the pipes. */
static void test_daemon(void **state)
{
	struct berth_error err;
	uint64_t began = sys_now_ns();

	(void)state;
	assert_int_equal(run_script("sleep 3 & exit 0", "", 0, &err), 0);
	assert_int_equal(
		run_script("(for i in $(seq 300); do echo x >&2; sleep 0.01; done) & exit 9", "", 0,
			&err),
		-EIO);
	assert_true(sys_now_ns() - began < 2500000000U);
}

static void test_signals(void **state)
{
	struct berth_error err;

	(void)state;
	assert_true(signal(SIGUSR1, count_signal) != SIG_ERR);
	assert_true(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	/* Neither the handler, nor what is ignored, is the hook's. */
	assert_int_equal(run_script("kill -USR1 $$", "", 0, &err), -EIO);
	assert_non_null(strstr(err.message, "ended by signal 10"));
	assert_int_equal(run_script("kill -USR2 $$", "", 0, &err), -EIO);
	assert_non_null(strstr(err.message, "ended by signal 12"));
	assert_int_equal(signal_count, 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(signal_count, 1);
	assert_true(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
	assert_true(signal(SIGUSR2, SIG_DFL) != SIG_ERR);
}

/* A caller without 0, 1 and 2: in a process of its own, as the test needs them. */
static void test_closed_descriptors(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct berth_error err;
		int r;

		(void)close_range(0, 2, 0);
		r = run_script("test \"$(cat)\" = text && echo out && echo err >&2 && exit 5",
			"text", 0, &err);
		_exit(r == -EIO && strstr(err.message, "exit status 5, stderr: err") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_all(void **state)
{
	const char *good[] = {"/bin/true", NULL};
	const char *bad[] = {"/bin/false", NULL};
	struct wire_hook items[] = {
		{.kind = "prestart", .path = good[0], .args = {good, 1}, .timeout_s = 2},
		{.kind = "prestart", .index = 1, .path = bad[0], .args = {bad, 1}, .timeout_s = 3},
		{.kind = "prestart", .index = 2, .path = bad[0], .args = {bad, 1}},
	};
	const struct wire_hooks hooks = {.items = items, .count = 3};
	const struct wire_hooks first = {.items = items, .count = 2};
	const struct wire_hooks none = {0};
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(hook_run_all(&hooks, "", NULL, NULL, &err), -EIO);
	assert_string_equal(err.pointer, "/hooks/prestart/1");
	assert_int_equal(hook_run_all(&none, "", NULL, NULL, &err), 0);
	assert_int_equal(wire_hooks_time_ms(&hooks), -1);
	assert_int_equal(wire_hooks_time_ms(&first), 5000);
	assert_int_equal(wire_hooks_time_ms(&none), 0);
	items[0].timeout_s = UINT32_MAX;
	assert_int_equal(wire_hooks_time_ms(&first), 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, before, after),
		cmocka_unit_test_setup_teardown(test_failures, before, after),
		cmocka_unit_test_setup_teardown(test_long_texts, before, after),
		cmocka_unit_test_setup_teardown(test_tail_is_the_end, before, after),
		cmocka_unit_test_setup_teardown(test_timeout, before, after),
		cmocka_unit_test_setup_teardown(test_daemon, before, after),
		cmocka_unit_test_setup_teardown(test_signals, before, after),
		cmocka_unit_test_setup_teardown(test_closed_descriptors, before, after),
		cmocka_unit_test_setup_teardown(test_all, before, after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
