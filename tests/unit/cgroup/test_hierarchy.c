/* SPDX-License-Identifier: Apache-2.0 */
/* The room on the hierarchies of this host: whichever is mounted at the usual places and may be written.
 * Version 2 is tested on a hybrid host's tree as well. What needs its controllers is tested on files that
 * look like a cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"

static const struct host {
	const char *mount_point;
	bool is_v2;
} hosts[] = {
	{"/sys/fs/cgroup/freezer", false},
	{"/sys/fs/cgroup/pids", false},
	{"/sys/fs/cgroup/unified", true},
	{"/sys/fs/cgroup", true},
};

struct fixture {
	char path[64];
	struct host_cgroup_dir dirs[ARRAY_COUNT(hosts)];
	struct host_cgroup plan;
	struct cgroup cgroup;
	struct berth_error err;
};

static bool is_there(const struct host *host)
{
	bool is_v2 = false;
	autofd int fd = cgroup_mount_open(host->mount_point, &is_v2);

	return fd >= 0 && is_v2 == host->is_v2 && access(host->mount_point, W_OK) == 0;
}

/* A plan for the hierarchies of one version, or of both (-1). */
static int begin(void **state, int version)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	(void)snprintf(fixture->path, sizeof(fixture->path), "/berth-unit-%d/a/b", (int)getpid());
	for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
		if (is_there(&hosts[i]) && (version < 0 || hosts[i].is_v2 == (version == 2))) {
			fixture->dirs[fixture->plan.dir_count++] = (struct host_cgroup_dir){
				.mount_point = hosts[i].mount_point,
				.path = fixture->path,
				.controllers = "",
				.is_v2 = hosts[i].is_v2,
			};
		}
	}
	fixture->plan.pointer = "/linux/cgroupsPath";
	fixture->plan.dirs = fixture->dirs;
	cgroup_init(&fixture->cgroup);
	return 0;
}

static int begin_both(void **state)
{
	return begin(state, -1);
}

static int begin_v1(void **state)
{
	return begin(state, 1);
}

static int begin_v2(void **state)
{
	return begin(state, 2);
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	(void)!cgroup_kill(&fixture->cgroup, 5000, NULL);
	(void)!cgroup_remove(&fixture->cgroup, 5000, NULL);
	cgroup_finish(&fixture->cgroup);
	cleanup_ptr(state);
	return 0;
}

static void create(struct fixture *fixture)
{
	if (fixture->plan.dir_count == 0 || getuid() != 0) {
		print_message("# no hierarchy that may be written\n");
		skip();
	}
	if (cgroup_find(&fixture->cgroup, &fixture->plan, &fixture->err) < 0) {
		fail_msg("%s", fixture->err.message);
	}
	/* What is above the container's own directory must be out of reach of kill, freeze and remove. */
	for (size_t i = 0; i < fixture->cgroup.count; i++) {
		assert_int_equal(fixture->cgroup.dirs[i].fd, -1);
	}
	if (cgroup_create(&fixture->cgroup, &fixture->plan, &fixture->err) < 0) {
		fail_msg("%s", fixture->err.message);
	}
}

static pid_t start_inside(struct fixture *fixture)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			(void)pause();
		}
	}
	assert_true(pid > 0);
	assert_int_equal(cgroup_join(&fixture->cgroup, pid, 0, &fixture->err), 0);
	return pid;
}

static bool exists(const struct fixture *fixture, size_t i, const char *below)
{
	char path[256];

	(void)snprintf(
		path, sizeof(path), "%s%s%s", fixture->dirs[i].mount_point, fixture->path, below);
	return access(path, F_OK) == 0;
}

static void assert_gone(const struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->plan.dir_count; i++) {
		assert_false(exists(fixture, i, ""));
		assert_false(exists(fixture, i, "/.."));
		assert_false(exists(fixture, i, "/../.."));
	}
}

static int find_pid(pid_t pid, void *argument)
{
	return pid == *(const pid_t *)argument;
}

static void test_life(void **state)
{
	struct fixture *fixture = *state;
	autoarena struct arena arena;
	struct cgroup_texts texts;
	pid_t pid;

	create(fixture);
	pid = start_inside(fixture);
	assert_int_equal(cgroup_pids(&fixture->cgroup, find_pid, &pid), 1);
	arena_init(&arena, 1 << 20);
	assert_int_equal(cgroup_describe(&fixture->cgroup, &arena, &texts), 0);
	assert_int_equal(texts.count, fixture->plan.dir_count);
	cgroup_finish(&fixture->cgroup);
	/* Another process would begin here. */
	cgroup_init(&fixture->cgroup);
	assert_int_equal(cgroup_open(&fixture->cgroup, &texts, &fixture->err), 0);
	assert_int_equal(cgroup_pids(&fixture->cgroup, find_pid, &pid), 1);
	assert_true(cgroup_remove(&fixture->cgroup, 20, &fixture->err) < 0);
	assert_non_null(strstr(fixture->err.message, "which holds"));
	cgroup_finish(&fixture->cgroup);
	cgroup_init(&fixture->cgroup);
	assert_int_equal(cgroup_open(&fixture->cgroup, &texts, NULL), 0);
	assert_int_equal(cgroup_kill(&fixture->cgroup, 5000, NULL), 0);
	assert_int_equal(cgroup_remove(&fixture->cgroup, 5000, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_gone(fixture);
	/* What is gone is no error. */
	cgroup_finish(&fixture->cgroup);
	cgroup_init(&fixture->cgroup);
	assert_int_equal(cgroup_open(&fixture->cgroup, &texts, NULL), 0);
	assert_int_equal(cgroup_kill(&fixture->cgroup, 0, NULL), 0);
	assert_int_equal(cgroup_remove(&fixture->cgroup, 0, NULL), 0);
}

static void test_freeze(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;
	pid_t pid;

	create(fixture);
	pid = start_inside(fixture);
	assert_int_equal(cgroup_is_frozen(&fixture->cgroup), 0);
	assert_int_equal(cgroup_freeze(&fixture->cgroup, true, NULL), 0);
	assert_int_equal(cgroup_is_frozen(&fixture->cgroup), 1);
	/* A signal that does not kill leaves it frozen. */
	assert_int_equal(cgroup_signal(&fixture->cgroup, SIGURG, NULL), 0);
	assert_int_equal(cgroup_is_frozen(&fixture->cgroup), 1);
	assert_int_equal(cgroup_freeze(&fixture->cgroup, false, NULL), 0);
	assert_int_equal(cgroup_is_frozen(&fixture->cgroup), 0);
	assert_int_equal(cgroup_signal(&fixture->cgroup, SIGTERM, NULL), 0);
	assert_int_equal(cgroup_is_frozen(&fixture->cgroup), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* A process in a child that is frozen by itself. */
static void test_kill_frozen_child(void **state)
{
	struct fixture *fixture = *state;
	char file[256];
	int status = 0;
	pid_t pid;

	create(fixture);
	pid = start_inside(fixture);
	for (size_t i = 0; i < fixture->plan.dir_count; i++) {
		int dir_fd = fixture->cgroup.dirs[i].fd;
		autofd int fd = -1;
		char text[16];

		assert_int_equal(mkdirat(dir_fd, "child", 0755), 0);
		fd = openat(dir_fd, "child", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)snprintf(text, sizeof(text), "%d", (int)pid);
		assert_int_equal(cgroup_file_write(fd, "cgroup.procs", text), 0);
		(void)!cgroup_file_write(fd, "freezer.state", "FROZEN");
		(void)!cgroup_file_write(fd, "cgroup.freeze", "1");
	}
	(void)snprintf(file, sizeof(file), "%s", fixture->path);
	assert_int_equal(cgroup_kill(&fixture->cgroup, 5000, &fixture->err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(cgroup_remove(&fixture->cgroup, 5000, &fixture->err), 0);
	assert_gone(fixture);
}

static void test_not_empty(void **state)
{
	struct fixture *fixture = *state;
	struct cgroup second;
	pid_t pid;

	create(fixture);
	pid = start_inside(fixture);
	cgroup_init(&second);
	assert_true(cgroup_find(&second, &fixture->plan, &fixture->err) < 0);
	assert_int_equal(fixture->err.error_class, BERTH_ERROR_STATE);
	assert_non_null(strstr(fixture->err.message, "container's cgroup is not empty"));
	assert_string_equal(fixture->err.pointer, "/linux/cgroupsPath");
	cgroup_finish(&second);
	/* The one who failed has removed nothing of the other. */
	assert_true(exists(fixture, 0, ""));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The filter of version 2, in force: a device that is not allowed cannot be opened. */
static void test_filter(void **state)
{
	static const struct host_device_rule null = {
		.major = 1, .minor = 3, .access = HOST_DEVICE_ALL};
	struct fixture *fixture = *state;
	int status = 0;
	int go[2];
	pid_t pid;

	create(fixture);
	fixture->plan.devices =
		(struct host_devices){.is_present = true, .rules = &null, .count = 1};
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char byte;
		bool is_denied;

		(void)!read(go[0], &byte, 1);
		is_denied = open("/dev/zero", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM;
		_exit(is_denied && open("/dev/null", O_RDWR | O_CLOEXEC) >= 0 ? 0 : 1);
	}
	assert_int_equal(cgroup_join(&fixture->cgroup, pid, 0, NULL), 0);
	assert_int_equal(cgroup_limit(&fixture->cgroup, &fixture->plan, true, &fixture->err), 0);
	assert_int_equal(write(go[1], "x", 1), 1);
	close_fd(&go[0]);
	close_fd(&go[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_texts_refused(void **state)
{
	static const char *const bad[] = {"", "0", "0//", "x//sys/fs/cgroup/pids//a",
		"0//sys/fs/cgroup/pids/a", "0//sys/fs/cgroup/pids//../a",
		"0//sys/fs/cgroup/pids//a/../../b", "0//sys/fs/../etc//a",
		"-1//sys/fs/cgroup/pids//a", "0//sys/fs/cgroup/pids//a/",
		"0//sys/fs/cgroup/pids///a"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		const struct cgroup_texts texts = {.items = &bad[i], .count = 1};

		if (cgroup_open(&fixture->cgroup, &texts, &fixture->err) >= 0) {
			fail_msg("taken: %s", bad[i]);
		}
	}
}

/* Where no hierarchy is mounted nothing is opened, and nothing removed: it may be mounted again. */
static void test_texts_elsewhere(void **state)
{
	static const char *const elsewhere[] = {"0//etc//passwd", "0//tmp//a", "0//no/such//a"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(elsewhere); i++) {
		const struct cgroup_texts texts = {.items = &elsewhere[i], .count = 1};

		assert_int_equal(cgroup_open(&fixture->cgroup, &texts, &fixture->err), 0);
		assert_int_equal(fixture->cgroup.dirs[0].fd, -1);
		assert_false(cgroup_is_there(&fixture->cgroup));
		assert_true(cgroup_remove(&fixture->cgroup, 0, NULL) < 0);
	}
}

static void put_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Version 2 without its controllers: files that look like a cgroup, which keep what was written. */
static void test_v2_files(void **state)
{
	char directory[] = "/tmp/berth-cgroup-XXXXXX";
	char text[CGROUP_TEXT_MAX];
	uint64_t value = 0;
	autofd int fd = -1;
	int refused = 0;

	(void)state;
	assert_non_null(mkdtemp(directory));
	put_file(directory, "cgroup.controllers", "cpu memory pids\n");
	put_file(directory, "cgroup.subtree_control", "cpu\n");
	put_file(directory, "cgroup.events", "populated 0\nfrozen 1\n");
	put_file(directory, "cgroup.freeze", "0\n");
	put_file(directory, "memory.events", "oom 7\noom_kill 3\noom_group_kill 0\n");
	put_file(directory, "cgroup.procs", "0\n12\n345\n");
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* cpu is enabled, io is not there: what was asked for is pids alone. */
	assert_int_equal(cgroup_v2_driver.enable(fd, "cpu,io,pids", &refused), 0);
	assert_int_equal(refused, 0);
	assert_true(cgroup_file_read(fd, "cgroup.subtree_control", text, sizeof(text)) > 0);
	assert_true(str_has_prefix(text, "+pid"));
	assert_int_equal(cgroup_v2_driver.is_populated(fd), 0);
	assert_int_equal(cgroup_v2_driver.is_frozen(fd), 0);
	assert_int_equal(cgroup_v2_driver.freeze(fd, true), 0);
	assert_int_equal(cgroup_v2_driver.is_frozen(fd), 1);
	assert_int_equal(cgroup_file_number(fd, "memory.events", "oom_kill", &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(cgroup_file_number(fd, "memory.events", "oom_k", &value), -ENODATA);
	cgroup_list_pids(fd, text, 64);
	assert_string_equal(text, " 12 345");
	(void)snprintf(text, sizeof(text), "rm -r %s", directory);
	assert_int_equal(system(text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, begin_both, end),
		cmocka_unit_test_setup_teardown(test_life, begin_v1, end),
		cmocka_unit_test_setup_teardown(test_life, begin_v2, end),
		cmocka_unit_test_setup_teardown(test_freeze, begin_v1, end),
		cmocka_unit_test_setup_teardown(test_freeze, begin_v2, end),
		cmocka_unit_test_setup_teardown(test_kill_frozen_child, begin_both, end),
		cmocka_unit_test_setup_teardown(test_kill_frozen_child, begin_v1, end),
		cmocka_unit_test_setup_teardown(test_kill_frozen_child, begin_v2, end),
		cmocka_unit_test_setup_teardown(test_not_empty, begin_both, end),
		cmocka_unit_test_setup_teardown(test_filter, begin_v2, end),
		cmocka_unit_test_setup_teardown(test_texts_refused, begin_both, end),
		cmocka_unit_test_setup_teardown(test_texts_elsewhere, begin_both, end),
		cmocka_unit_test(test_v2_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
