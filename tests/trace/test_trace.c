/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the child's rooms ask of the kernel, call by call, against a fake sys: the whole trace of a
 * sample container is compared with a text file, and then every call is made to fail in turn.
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
#include "guard/guard.h"
#include "rootfs/passwd.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"

/* A character device; these numbers fit into one byte each. */
#define CHR(major, minor) S_IFCHR | 0666, (major) << 8 | (minor)

static const char *const proc_options[] = {NULL};
static const char *const tmpfs_options[] = {"size=64k", "noswap", NULL};

static struct boot_mount mounts[] = {
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_STRICT,
		.pointer = "/mounts/0",
		.target = "/proc",
		.source = "proc",
		.fstype = "proc",
		.options = {proc_options, 0}},
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_RO_LAST | BOOT_MOUNT_COPY_MODE,
		.pointer = "/mounts/1",
		.target = "/dev",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {tmpfs_options, 2},
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID},
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_COPY_MODE,
		.pointer = "/mounts/2",
		.target = "/new/run",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {proc_options, 0}},
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_COPY_MODE | BOOT_MOUNT_COPY_UP | BOOT_MOUNT_COPY_OWNER,
		.pointer = "/mounts/10",
		.target = "/up",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {proc_options, 0}},
	{.kind = BOOT_MOUNT_BIND,
		.flags = BOOT_MOUNT_RECURSIVE,
		.pointer = "/mounts/3",
		.target = "/data",
		.source = "/host/data",
		.attr_set = MOUNT_ATTR_NODEV,
		.attr_clear = MOUNT_ATTR_NOEXEC,
		.tree_set = MOUNT_ATTR_RDONLY,
		.propagation = MS_SLAVE,
		.is_propagation_recursive = 1},
	{.kind = BOOT_MOUNT_BIND,
		.pointer = "/mounts/4",
		.target = "/etc/resolv.conf",
		.source = "/host/resolv.conf",
		.propagation = MS_PRIVATE},
	{.kind = BOOT_MOUNT_BIND,
		.flags = BOOT_MOUNT_OPTIONAL,
		.pointer = "/mounts/5",
		.target = "/never",
		.source = "/host/absent"},
	{.kind = BOOT_MOUNT_LINK,
		.pointer = "/mounts/6",
		.target = "/cgroup/cpu",
		.source = "cpu,cpuacct"},
	{.kind = BOOT_MOUNT_BIND,
		.pointer = "/mounts/7",
		.target = "/link/sub",
		.source = "/host/data"},
	{.kind = BOOT_MOUNT_BIND,
		.flags = BOOT_MOUNT_COPY_LINK,
		.pointer = "/mounts/11",
		.target = "/copied",
		.source = "/host/link"},
	{.kind = BOOT_MOUNT_BIND,
		.flags = BOOT_MOUNT_COPY_LINK | BOOT_MOUNT_TARGET_NOFOLLOW,
		.pointer = "/mounts/12",
		.target = "/placed",
		.source = "/host/data"},
	{.kind = BOOT_MOUNT_FS,
		.pointer = "/mounts/9",
		.target = "/dev/mqueue",
		.source = "mqueue",
		.fstype = "mqueue",
		.options = {proc_options, 0},
		.label = "user_u:object_r:box_t"},
	{.kind = BOOT_MOUNT_FS,
		.pointer = "/mounts/8",
		.target = "/",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {proc_options, 0}},
};

static struct boot_device devices[] = {
	{.kind = BOOT_DEVICE_NODE,
		.pointer = "/linux",
		.path = "/dev/null",
		.mode = S_IFCHR | 0666,
		.major = 1,
		.minor = 3},
	{.kind = BOOT_DEVICE_NODE,
		.pointer = "/linux/devices/0",
		.path = "/dev/kvm",
		.mode = S_IFCHR | 0660,
		.major = 10,
		.minor = 232,
		.uid = 5,
		.gid = 7},
	{.kind = BOOT_DEVICE_BIND,
		.pointer = "/linux/devices/1",
		.path = "/dev/fuse",
		.mode = S_IFCHR | 0666,
		.major = 10,
		.minor = 229},
	{.kind = BOOT_DEVICE_LINK,
		.pointer = "/linux",
		.path = "/dev/fd",
		.target = "/proc/self/fd"},
	{.kind = BOOT_DEVICE_LINK, .pointer = "/linux", .path = "/dev/ptmx", .target = "pts/ptmx"},
};

static const char *const readonly_paths[] = {"/proc/sys", "/proc/absent", NULL};
static const char *const masked_paths[] = {
	"/proc/kcore", "/proc/acpi", "/sys/firmware", "/proc/keys", "/absent", NULL};
static const uint32_t groups[] = {4, 24};
static const unsigned long nodes_mask[] = {0x81};
static const uint64_t filter[] = {6, 6};

static struct boot_sysctl sysctls[] = {
	{.name = "net/ipv4/ip_forward",
		.value = "1",
		.pointer = "/linux/sysctl/net.ipv4.ip_forward"},
	{.name = "kernel/domainname", .value = "", .pointer = "/linux/sysctl/kernel.domainname"},
};

static const struct boot sample = {
	.flags = BOOT_TERMINAL | BOOT_ROOT_READONLY | BOOT_NO_NEW_PRIVS | BOOT_PERSONALITY |
		 BOOT_MEMORY_POLICY,
	.root = "/bundle/rootfs",
	.root_propagation = MS_PRIVATE,
	.is_root_propagation_recursive = 1,
	.first_propagation = MS_SLAVE,
	.mounts = {mounts, ARRAY_COUNT(mounts)},
	.devices = {devices, ARRAY_COUNT(devices)},
	.readonly_paths = {readonly_paths, 2},
	.masked_paths = {masked_paths, 5},
	.console_rows = 24,
	.console_columns = 80,
	.identity = {.uid = 1000,
		.gid = 1001,
		.groups = {groups, 2},
		.bounding = 0x21,
		.permitted = 0x21,
		.effective = 0x21,
		.inheritable = 0x20,
		.ambient = 0x20},
	.cwd = "/job/dir",
	.seccomp = {{filter, sizeof(filter)}, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	.sysctls = {sysctls, ARRAY_COUNT(sysctls)},
	.keyring = "_ses.box",
	.apparmor_exec = "exec box",
	.mask_option = "context=user_u:object_r:box_t",
	.time_offsets = "monotonic 1 2\n",
	.personality = 8,
	.memory_mode = 0x8002,
	.memory_nodes = {nodes_mask, sizeof(nodes_mask)},
};

/* What the sample finds. */
static const struct fake_node nodes[] = {
	{"?", S_IFIFO | 0600, 0, NULL, false}, /* what the caller has left open: 0, 1 and 2 */
	{"root/new", 0, 0, NULL, true},
	{"root/new/run", 0, 0, NULL, true},
	{"root/up/dir", S_IFDIR | 0750, 0, NULL, false},
	{"root/up/dir/fifo", S_IFIFO | 0600, 0, NULL, false},
	{"root/up/file", S_IFREG | 0640, 0, NULL, false, "text"},
	{"root/up/link", S_IFLNK | 0777, 0, "root/elsewhere", false},
	{"root/up/twice", S_IFREG | 0640, 0, NULL, false, NULL, 2},
	{"mount(tmpfs)/dir", 0, 0, NULL, true},
	{"mount(tmpfs)/dir/fifo", 0, 0, NULL, true},
	{"mount(tmpfs)/file", 0, 0, NULL, true},
	{"mount(tmpfs)/link", 0, 0, NULL, true},
	{"mount(tmpfs)/twice", 0, 0, NULL, true},
	{"mount(tmpfs)/.berth-hard-links", 0, 0, NULL, true},
	{"/host/link", S_IFLNK | 0777, 0, "root/linked", false},
	{"root/copied", 0, 0, NULL, true},
	{"root/placed", 0, 0, NULL, true},
	{"root/etc/resolv.conf", 0, 0, NULL, true},
	{"tree(/host/resolv.conf)", S_IFREG | 0644, 0, NULL, false},
	{"/host/absent", 0, 0, NULL, true},
	{"root/cgroup/cpu", 0, 0, NULL, true},
	{"root/link", S_IFLNK | 0777, 0, "root/far", false},
	{"root/far", 0, 0, NULL, true},
	{"root/far/sub", 0, 0, NULL, true},
	{"mount(tmpfs)/dev/null", S_IFCHR | 0666, 0, NULL, true},
	{"mount(tmpfs)/dev/kvm", S_IFCHR | 0660, 0, NULL, true},
	{"mount(tmpfs)/dev/fuse", 0, 0, NULL, true},
	{"tree(/dev/fuse)", CHR(10, 229), NULL, false},
	{"mount(tmpfs)/dev/fd", 0, 0, NULL, true},
	{"mount(tmpfs)/dev/ptmx", S_IFREG | 0644, 0, NULL, false},
	{"mount(tmpfs)/dev/console", 0, 0, NULL, true},
	{"mount(tmpfs)/dev/pts/ptmx", CHR(5, 2), NULL, false},
	{"mount(tmpfs)/job", 0, 0, NULL, true},
	{"mount(tmpfs)/job/dir", 0, 0, NULL, true},
	{"mount(tmpfs)/proc/absent", 0, 0, NULL, true},
	{"mount(tmpfs)/proc/kcore", S_IFREG | 0400, 0, NULL, false},
	{"mount(tmpfs)/proc/keys", S_IFREG | 0400, 0, NULL, false},
	{"mount(tmpfs)/absent", 0, 0, NULL, true},
	{"mount(tmpfs)/etc/passwd", S_IFREG | 0644, 0, NULL, false,
		"root:x:0:0::/root:/bin/sh\nuser:x:1000:1001::/home/user:/bin/sh\n"},
};

static void sample_reset(int fail_at, int fail_errno)
{
	fake_reset(fail_at, fail_errno);
	for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
		fake_add(&nodes[i]);
	}
}

typedef int (*rootfs_step)(struct rootfs *, const struct boot *, struct berth_error *);

static int rootfs_run(struct berth_error *err)
{
	static const rootfs_step before[] = {rootfs_open_sources, rootfs_attach_root, rootfs_mounts,
		rootfs_devices, rootfs_workdir, rootfs_pivot};
	static const rootfs_step after[] = {rootfs_readonly, rootfs_masks, rootfs_remount};
	int fds[ARRAY_COUNT(mounts) * 2 + ARRAY_COUNT(devices)];
	struct rootfs rootfs;
	autofd int master_fd = -1;
	autofd int peer_fd = -1;
	autofd int attr_fd = -1;
	char home[ROOTFS_PASSWD_LINE_MAX];
	int r = rootfs_make_private(&sample, err);

	rootfs_init(&rootfs, &sample, fds);
	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(before); i++) {
		r = before[i](&rootfs, &sample, err);
	}
	if (r == 0) {
		r = rootfs_console(&rootfs, &sample, &master_fd, &peer_fd, err);
	}
	r = r < 0 ? r : rootfs_sysctls(&sample, err);
	r = r < 0 ? r : rootfs_attr_open("self/attr/apparmor/exec", &attr_fd, err);
	r = r < 0 ? r : rootfs_time(sample.time_offsets, err);
	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(after); i++) {
		r = after[i](&rootfs, &sample, err);
	}
	r = r < 0 ? r : rootfs_home(&rootfs, &sample, home, sizeof(home), err);
	rootfs_finish(&rootfs);
	return r;
}

static int guard_run(struct berth_error *err)
{
	int r = guard_pdeathsig(true, err);

	r = r < 0 ? r : guard_become_root(false, err);
	r = r < 0 ? r : guard_undumpable(err);
	r = r < 0 ? r : guard_session_keyring(sample.keyring, err);
	r = r < 0 ? r : guard_give_pipes(sample.identity.uid, err);
	r = r < 0 ? r : guard_inherit(&sample, err);
	r = r < 0 ? r : guard_label(-1, "self/attr/apparmor/exec", sample.apparmor_exec, err);
	r = r < 0 ? r : guard_identity(&sample.identity, err);
	r = r < 0 ? r : guard_no_new_privs(err);
	return r < 0 ? r : guard_seccomp(&sample.seccomp, err);
}

/* The trace is that of the file beside this one. */
static void assert_trace(const char *name)
{
	const struct fake *fake = fake_get();
	static char wanted[FAKE_TRACE_SIZE];
	char path[4096];
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof(path), "%s/%s", getenv("TRACE_DIR"), name);
	file = fopen(path, "re");
	assert_non_null(file);
	length = fread(wanted, 1, sizeof(wanted) - 1, file);
	wanted[length] = '\0';
	(void)fclose(file);
	if (strcmp(wanted, fake->trace) != 0) {
		(void)fprintf(stderr, "--- the trace is now:\n%s---\n", fake->trace);
		fail_msg("the trace differs from %s", name);
	}
}

static void test_rootfs_trace(void **state)
{
	struct berth_error err = {0};

	(void)state;
	sample_reset(0, 0);
	if (rootfs_run(&err) != 0) {
		fail_msg("%s %s %d", err.message, err.subject, err.errnum);
	}
	assert_int_equal(fake_open_count(), 0);
	assert_int_equal(fake_get()->bad_closes, 0);
	assert_trace("rootfs.trace");
}

static void test_guard_trace(void **state)
{
	struct berth_error err = {0};

	(void)state;
	sample_reset(0, 0);
	assert_int_equal(guard_run(&err), 0);
	assert_trace("guard.trace");
	assert_int_equal(fake_get()->bounding, 0x21);
}

/* The last line of the trace, for messages. */
static const char *last_call(void)
{
	struct fake *fake = fake_get();

	fake->trace[fake->length ? fake->length - 1 : 0] = '\0';
	return strrchr(fake->trace, '\n') ? strrchr(fake->trace, '\n') + 1 : fake->trace;
}

/* There is another way where mount_setattr(2) is missing, as on Linux 5.10. */
static bool is_replaced(int number, int errnum)
{
	return errnum == ENOSYS && fake_was_call(number, "mount_setattr");
}

/* Lets each call fail in turn. With `is_strict`, each failure must end the run there and then. */
static void each_fails(int (*run)(struct berth_error *), int errnum, bool is_strict)
{
	struct berth_error err = {0};
	int calls;

	sample_reset(0, 0);
	assert_int_equal(run(&err), 0);
	calls = fake_get()->calls;
	assert_true(calls > 10);
	for (int n = 1; n <= calls; n++) {
		int r;

		memset(&err, 0, sizeof(err));
		sample_reset(n, errnum);
		r = run(&err);
		if (is_strict && !is_replaced(n, errnum) && (r >= 0 || fake_get()->calls != n)) {
			fail_msg("call %d (%s) failed by %d: result %d after %d calls", n,
				last_call(), errnum, r, fake_get()->calls);
		}
		if ((r < 0) != (err.message[0] != '\0') || r > 0) {
			fail_msg("call %d (%s): result %d, message \"%s\"", n, last_call(), r,
				err.message);
		}
		if (fake_open_count() != 0 || fake_get()->bad_closes != 0) {
			fail_msg("call %d (%s): %d descriptors left, %d closed twice", n,
				last_call(), fake_open_count(), fake_get()->bad_closes);
		}
	}
}

static void test_rootfs_each_call_fails(void **state)
{
	static const int strict[] = {EIO, ENOSYS, EMFILE};
	static const int others[] = {EPERM, ENOENT, EEXIST, EINVAL, ENOSPC, EAGAIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(strict); i++) {
		each_fails(rootfs_run, strict[i], true);
	}
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		each_fails(rootfs_run, others[i], false);
	}
}

static void test_guard_each_call_fails(void **state)
{
	(void)state;
	each_fails(guard_run, EIO, true);
	each_fails(guard_run, ENOSYS, false);
	each_fails(guard_run, EDQUOT, false);
	each_fails(guard_run, EPERM, false);
	each_fails(guard_run, EINVAL, false);
}

/* A machine without keyrings, or without room for one more, runs containers all the same. */
static void test_keyring_may_be_refused(void **state)
{
	static const int refusals[] = {ENOSYS, EPERM, EACCES, EDQUOT};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		for (int n = 1; n <= 2; n++) {
			struct berth_error err = {0};

			fake_reset(n, refusals[i]);
			assert_int_equal(guard_session_keyring("_ses.box", &err), 0);
			assert_int_equal(err.error_class, BERTH_ERROR_NONE);
			assert_int_equal(fake_get()->calls, n);
		}
	}
	fake_reset(1, ENOMEM);
	assert_int_equal(guard_session_keyring("_ses.box", NULL), -ENOMEM);
	/* The rest of keyctl(2) is not: the caller's keys would be in reach. */
	fake_reset(1, EPERM);
	fake_get()->has_keyctl = true;
	assert_int_equal(guard_session_keyring("_ses.box", NULL), -EPERM);
}

/* Who may not drop any needs not to drop what is not there; and what is there is refused, by name. */
static void test_bounding_without_setpcap(void **state)
{
	const uint64_t wanted = 0x21;
	struct berth_error err = {0};

	(void)state;
	fake_reset(0, 0);
	fake_get()->is_setpcap_missing = true;
	fake_get()->bounding = wanted;
	assert_int_equal(guard_bounding_drop(wanted, &err), 0);
	assert_int_equal(fake_get()->calls, FAKE_LAST_CAP - 1);
	fake_get()->bounding |= 1 << 6;
	assert_int_equal(guard_bounding_drop(wanted, &err), -EPERM);
	assert_non_null(strstr(err.message, "drop capability 6"));
	assert_string_equal(err.pointer, "/process/capabilities/bounding");
}

/* Opens the attribute where fsopen(2) gives this; the error of the result. */
static int attr_open(int errnum, bool is_proc_forged, struct berth_error *err)
{
	autofd int fd = -1;

	memset(err, 0, sizeof(*err));
	fake_reset(errnum ? 1 : 0, errnum);
	fake_get()->is_proc_forged = is_proc_forged;
	return rootfs_attr_open("self/attr/exec", &fd, err);
}

/* Our own proc file system; where it is refused, a real one at /proc; and never anything else. */
static void test_attr_is_opened_in_a_proc(void **state)
{
	struct berth_error err;

	(void)state;
	assert_int_equal(attr_open(0, true, &err), 0);
	assert_null(strstr(fake_get()->trace, "open /proc"));
	assert_non_null(strstr(
		fake_get()->trace, "openat2 mount(proc) self/attr/exec beneath no-mounts\n"));
	assert_int_equal(attr_open(EPERM, false, &err), 0);
	assert_non_null(
		strstr(fake_get()->trace, "openat2 /proc self/attr/exec beneath no-mounts\n"));
	assert_int_equal(attr_open(EPERM, true, &err), -ENODEV);
	assert_null(strstr(fake_get()->trace, "openat2"));
	assert_non_null(strstr(err.message, "`/proc/self/attr/exec`"));
	assert_int_equal(attr_open(ENOMEM, false, &err), -ENOMEM);
	assert_null(strstr(fake_get()->trace, "open /proc"));
	assert_int_equal(fake_open_count(), 0);
}

/* A label that the kernel has not taken is an error, however the write ended. */
static void test_label_is_read_back(void **state)
{
	struct berth_error err = {0};

	(void)state;
	fake_reset(0, 0);
	fake_get()->is_attr_empty = true;
	assert_int_equal(guard_label(-1, "self/attr/exec", "box_t", &err), -EIO);
	assert_non_null(strstr(err.message, "has nothing of \"box_t\""));
	memset(&err, 0, sizeof(err));
	fake_reset(1, ENOENT);
	assert_int_equal(guard_label(-1, "self/attr/apparmor/exec", "exec box", &err), -EINVAL);
	assert_string_equal(err.message,
		"write \"exec box\" to `/proc/self/attr/apparmor/exec`: the profile is not loaded");
	memset(&err, 0, sizeof(err));
	fake_reset(1, EINVAL);
	assert_int_equal(guard_label(-1, "self/attr/keycreate", "x", &err), -EINVAL);
	assert_int_equal(err.errnum, EINVAL);
	assert_string_equal(err.message, "write \"x\" to `/proc/self/attr/keycreate`");
}

/* A kernel or a filter without a call is named, with the version that has it. */
static void test_missing_call_is_named(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"openat2", "lacks openat2 (Linux 5.6)"},
		{"fsopen", "lacks fsopen (Linux 5.2)"},
		{"move_mount", "lacks move_mount (Linux 5.2)"},
		{"open_tree", "lacks open_tree (Linux 5.2)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		bool is_seen = false;

		for (int n = 1; n < 30 && !is_seen; n++) {
			struct berth_error err = {0};

			sample_reset(n, ENOSYS);
			is_seen = rootfs_run(&err) < 0 && fake_was_call(n, cases[i].line);
			assert_true(err.message[0] || is_replaced(n, ENOSYS));
			if (is_seen) {
				assert_non_null(strstr(err.message, cases[i].text));
				assert_int_equal(err.error_class, BERTH_ERROR_UNSUPPORTED);
			}
		}
		assert_true(is_seen);
	}
}

/* A racer that keeps the kernel from promising anything ends in a refusal, not in a loop. */
static void test_eagain_is_bounded(void **state)
{
	struct berth_error err = {0};
	int seen = 0;

	(void)state;
	sample_reset(0, 0);
	assert_int_equal(rootfs_run(&err), 0);
	for (int n = 1; n <= 160; n++) {
		sample_reset(n, EAGAIN);
		seen += rootfs_run(&err) == 0; /* one EAGAIN was repeated */
	}
	assert_true(seen > 10);
}

static void test_groups(void **state)
{
	struct boot_identity identity = sample.identity;
	struct berth_error err = {0};

	(void)state;
	/* Denied by the user namespace: no failure of an empty list, with CAP_SETGID. */
	identity.groups.count = 0;
	fake_reset(0, 0);
	fake_get()->setgroups_errno = EPERM;
	fake_get()->is_setgroups_denied = true;
	assert_int_equal(guard_identity(&identity, &err), 0);
	/* By something else, and without CAP_SETGID, it means that groups of the caller stay. */
	fake_get()->is_setgroups_denied = false;
	assert_true(guard_identity(&identity, &err) < 0);
	fake_get()->is_setgroups_denied = true;
	fake_get()->effective = 0;
	error_clear(&err);
	assert_true(guard_identity(&identity, &err) < 0);
	assert_string_equal(err.pointer, "/process/user/additionalGids");
	error_clear(&err); /* a list that was asked for is never dropped */
	identity.groups.count = 2;
	fake_reset(0, 0);
	fake_get()->setgroups_errno = EPERM;
	assert_true(guard_identity(&identity, &err) < 0);
	/* Not tried at all. */
	error_clear(&err);
	identity.is_setgroups_denied = 1;
	fake_reset(0, 0);
	fake_get()->setgroups_errno = EPERM;
	assert_int_equal(guard_identity(&identity, &err), 0);
	assert_null(strstr(fake_get()->trace, "setgroups"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rootfs_trace),
		cmocka_unit_test(test_guard_trace),
		cmocka_unit_test(test_rootfs_each_call_fails),
		cmocka_unit_test(test_guard_each_call_fails),
		cmocka_unit_test(test_keyring_may_be_refused),
		cmocka_unit_test(test_bounding_without_setpcap),
		cmocka_unit_test(test_attr_is_opened_in_a_proc),
		cmocka_unit_test(test_label_is_read_back),
		cmocka_unit_test(test_missing_call_is_named),
		cmocka_unit_test(test_eagain_is_bounded),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
