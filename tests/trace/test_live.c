/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts in a container that is there, against the fake sys: whichever call fails, what was mounted before
 * is unmounted, by its own descriptor and in reverse.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "fake.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"

enum { LINES_MAX = 512, NS_FD = 900 };

static struct boot_mount added[] = {
	{.kind = BOOT_MOUNT_BIND,
		.pointer = "/mounts/0",
		.target = "/data",
		.source = "/host/data",
		.attr_set = MOUNT_ATTR_RDONLY},
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_RO_LAST,
		.pointer = "/mounts/1",
		.target = "/new",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.attr_set = MOUNT_ATTR_RDONLY},
	{.kind = BOOT_MOUNT_BIND,
		.pointer = "/mounts/2",
		.target = "/file",
		.source = "/host/file"},
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_RO_LAST,
		.pointer = "/mounts/3",
		.target = "/last",
		.source = "tmpfs",
		.fstype = "ramfs",
		.attr_set = MOUNT_ATTR_RDONLY},
};

static struct boot_mount removed[] = {
	{.kind = BOOT_MOUNT_GONE, .pointer = "/mounts/1/destination", .target = "/mnt/b"},
	{.kind = BOOT_MOUNT_GONE, .pointer = "/mounts/0/destination", .target = "/mnt/a"},
};

static const char *const kept[] = {"/", "/proc", "/absent", NULL};

static const struct boot to_add = {
	.flags = BOOT_LIVE, .first_propagation = MS_SLAVE, .mounts = {added, ARRAY_COUNT(added)}};
static const struct boot to_remove = {
	.flags = BOOT_LIVE,
	.first_propagation = MS_SLAVE,
	.mounts = {removed, ARRAY_COUNT(removed)},
	.masked_paths = {kept, 3},
};

static const struct fake_node nodes[] = {
	{"//new", 0, 0, NULL, true, NULL},
	{"//file", 0, 0, NULL, true, NULL},
	{"//absent", 0, 0, NULL, true, NULL},
	{"tree(/host/file)", S_IFREG | 0644, 0, NULL, false, NULL},
};

static int live_run(const struct boot *boot, int fail_at, int errnum, struct berth_error *err)
{
	int fds[ARRAY_COUNT(added) * 2];
	struct rootfs rootfs;
	int r;

	fake_reset(fail_at, errnum);
	for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
		fake_add(&nodes[i]);
	}
	rootfs_init(&rootfs, boot, fds);
	r = rootfs_open_sources(&rootfs, boot, err);
	r = r < 0 ? r : rootfs_live(&rootfs, boot, NS_FD, err);
	rootfs_finish(&rootfs);
	assert_int_equal(fake_open_count(), 0);
	assert_int_equal(fake_get()->bad_closes, 0);
	return r;
}

/* The lines of the trace: cuts it up. */
static size_t trace_lines(char *lines[LINES_MAX])
{
	size_t count = 0;
	char *rest = fake_get()->trace;

	for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_true(count < LINES_MAX);
		lines[count++] = line;
	}
	return count;
}

/* What a line "umount NUMBER FLAGS" unmounts; NULL for another line. */
static const char *unmounted(const char *line)
{
	int fd = 0;

	return sscanf(line, "umount %d 2", &fd) == 1 && fd >= FAKE_FD_FIRST
		       ? fake_get()->fds[fd - FAKE_FD_FIRST].label
		       : NULL;
}

/* Each mount that was attached before call `fail_at` is unmounted after it, the last one first. */
static void assert_undone(int fail_at)
{
	char *lines[LINES_MAX];
	size_t count = trace_lines(lines);
	size_t at = (size_t)fail_at;

	for (size_t i = at - 1; i-- > 0;) {
		char label[FAKE_LABEL_SIZE];

		if (sscanf(lines[i], "move_mount %191s ->", label) != 1) {
			continue;
		}
		while (at < count &&
			(!unmounted(lines[at]) || strcmp(unmounted(lines[at]), label))) {
			at++;
		}
		if (at == count) {
			fail_msg("call %d fails, and %s stays mounted", fail_at, label);
		}
		at++;
	}
}

static void test_all_or_nothing(void **state)
{
	struct berth_error err = {0};
	int calls;
	int undone = 0;

	(void)state;
	assert_int_equal(live_run(&to_add, 0, 0, &err), 0);
	assert_null(strstr(fake_get()->trace, "umount"));
	calls = fake_get()->calls;
	for (int n = 1; n <= calls; n++) {
		memset(&err, 0, sizeof(err));
		assert_true(live_run(&to_add, n, EIO, &err) < 0);
		assert_true(err.message[0] != '\0');
		undone += strstr(fake_get()->trace, "move_mount") &&
			  strstr(fake_get()->trace, "umount");
		assert_undone(n);
	}
	/* Some failed when all four were mounted: the last steps. */
	assert_true(undone > 20);
}

/* The host's /proc and its sources are opened before the namespace of the container is joined. */
static void test_order(void **state)
{
	const char *trace = fake_get()->trace;

	(void)state;
	assert_int_equal(live_run(&to_add, 0, 0, NULL), 0);
	assert_true(strstr(trace, "open_tree /host/file clone") < strstr(trace, "setns"));
	assert_true(strstr(trace, "open /proc/self/fd path") < strstr(trace, "setns"));
	assert_true(strstr(trace, "setns") < strstr(trace, "openat2"));
	assert_true(strstr(trace, "mount_setattr tree(/host/data) set 0x1") <
		    strstr(trace, "move_mount tree(/host/data)"));
}

/* The line with which the namespace of the container is joined for good, as its index; `count` where it is not. */
static size_t second_setns(char *const *lines, size_t count)
{
	size_t seen = 0;

	for (size_t i = 0; i < count; i++) {
		seen += strncmp(lines[i], "setns ", 6) == 0;
		if (seen == 2) {
			return i;
		}
	}
	return count;
}

/* All is unmounted in a copy, of which nobody else has a mount; then in the container. */
static void test_removal(void **state)
{
	static const char *const wanted[] = {"//mnt/b", "//mnt/a", "//mnt/b", "//mnt/a"};
	char *lines[LINES_MAX];
	size_t count;
	size_t second;
	size_t done = 0;
	bool is_alone = false;

	(void)state;
	assert_int_equal(live_run(&to_remove, 0, 0, NULL), 0);
	assert_true(strstr(fake_get()->trace, "setns") < strstr(fake_get()->trace, "unshare"));
	count = trace_lines(lines);
	second = second_setns(lines, count);
	for (size_t i = 0; i < count; i++) {
		is_alone = is_alone || strncmp(lines[i], "mount_setattr /", 15) == 0;
		if (!unmounted(lines[i])) {
			continue;
		}
		assert_true(is_alone && done < ARRAY_COUNT(wanted));
		assert_string_equal(unmounted(lines[i]), wanted[done++]);
		assert_true(done > 2 ? i > second : i < second);
	}
	assert_int_equal(done, ARRAY_COUNT(wanted));
}

/* Whichever call fails up to there, nothing of the container is unmounted. */
static void test_removal_fails(void **state)
{
	struct berth_error err = {0};
	char *lines[LINES_MAX];
	int calls;
	int before = 0;

	(void)state;
	assert_int_equal(live_run(&to_remove, 0, 0, NULL), 0);
	calls = fake_get()->calls;
	for (int n = 1; n <= calls; n++) {
		size_t count;
		size_t second;

		memset(&err, 0, sizeof(err));
		assert_true(live_run(&to_remove, n, EIO, &err) < 0);
		assert_true(err.message[0] != '\0');
		count = trace_lines(lines);
		second = second_setns(lines, count);
		if (second < (size_t)n - 1) {
			break;
		}
		for (size_t i = second; i < count; i++) {
			assert_null(unmounted(lines[i]));
		}
		before = n;
	}
	assert_true(before > 10 && before < calls);
}

/* A mount goes neither with one of masked_paths below it nor with one of readonly_paths; beside it is not below. */
static void test_removal_below(void **state)
{
	static const char *const beside[] = {"/mnt/ab", "/mnt", "/a/mnt"};
	static const char *const below[] = {"/mnt/a/kept"};
	const struct wire_texts none = {.items = beside, .count = ARRAY_COUNT(beside)};
	const struct wire_texts one = {.items = below, .count = ARRAY_COUNT(below)};
	struct boot boot = to_remove;

	(void)state;
	boot.masked_paths = none;
	boot.readonly_paths = none;
	assert_int_equal(live_run(&boot, 0, 0, NULL), 0);
	for (int i = 0; i < 2; i++) {
		struct berth_error err = {0};
		char *lines[LINES_MAX];
		size_t count;

		boot.masked_paths = i == 0 ? one : none;
		boot.readonly_paths = i == 0 ? none : one;
		assert_true(live_run(&boot, 0, 0, &err) < 0);
		assert_string_equal(err.pointer, "/mounts/0/destination");
		assert_string_equal(err.message, "/mnt/a/kept would go with what is mounted on");
		assert_string_equal(err.subject, "/mnt/a");
		count = trace_lines(lines);
		assert_int_equal(second_setns(lines, count), count);
	}
}

/* A /proc that is none of procfs is no help. */
static void test_proc_is_checked(void **state)
{
	struct berth_error err = {0};

	(void)state;
	for (int n = 1; n < 10; n++) {
		memset(&err, 0, sizeof(err));
		if (live_run(&to_add, n, ENODEV, &err) < 0 &&
			strstr(fake_get()->trace, "fstatfs") &&
			!strstr(fake_get()->trace, "setns")) {
			assert_string_equal(err.subject, "/proc/self/fd");
			return;
		}
	}
	fail_msg("fstatfs was not asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_removal_fails),
		cmocka_unit_test(test_removal_below),
		cmocka_unit_test(test_proc_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
