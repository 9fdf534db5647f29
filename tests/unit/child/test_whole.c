/* SPDX-License-Identifier: Apache-2.0 */
/* A whole root file system, pivot and console included, and an identity, on the real kernel. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/guard.h"
#include "sandbox.h"
#include "sys/abi.h"
#include "sys/cred.h"

static const char *const none[] = {NULL};
static const char *const pts_options[] = {"newinstance", "ptmxmode=0666", "mode=0620", NULL};
static const char *const dev_options[] = {"mode=755", "size=65536k", NULL};

static struct boot_mount mounts[] = {
	{.kind = BOOT_MOUNT_FS,
		.flags = BOOT_MOUNT_STRICT,
		.pointer = "/mounts/0",
		.target = "/proc",
		.source = "proc",
		.fstype = "proc",
		.options = {none, 0}},
	{.kind = BOOT_MOUNT_FS,
		.pointer = "/mounts/1",
		.target = "/dev",
		.source = "tmpfs",
		.fstype = "tmpfs",
		.options = {dev_options, 2},
		.attr_set = MOUNT_ATTR_NOSUID},
	{.kind = BOOT_MOUNT_FS,
		.pointer = "/mounts/2",
		.target = "/dev/pts",
		.source = "devpts",
		.fstype = "devpts",
		.options = {pts_options, 3}},
};
static struct boot_device devices[] = {
	{.kind = BOOT_DEVICE_NODE,
		.pointer = "",
		.path = "/dev/null",
		.mode = S_IFCHR | 0666,
		.major = 1,
		.minor = 3},
	{.kind = BOOT_DEVICE_LINK, .pointer = "", .path = "/dev/ptmx", .target = "pts/ptmx"},
};
static const char *const masked[] = {"/proc/version", "/proc/bus", "/secret", NULL};
static const char *const readonly[] = {"/proc/sys", "/proc/irq", NULL};

static struct boot whole(const struct sandbox *sandbox)
{
	return (struct boot){
		.root = sandbox->root,
		.flags = BOOT_ROOT_READONLY | BOOT_TERMINAL,
		.first_propagation = MS_SLAVE,
		.root_propagation = MS_PRIVATE,
		.mounts = {mounts, ARRAY_COUNT(mounts)},
		.devices = {devices, ARRAY_COUNT(devices)},
		.masked_paths = {masked, 3},
		.readonly_paths = {readonly, 2},
		.console_rows = 33,
		.console_columns = 99,
		.identity = {.uid = 1000},
		.cwd = "/job",
	};
}

static void until_pivot(struct sandbox *sandbox, struct rootfs *rootfs, const struct boot *boot)
{
	struct berth_error *err = &sandbox->err;

	rootfs_init(rootfs, boot, sandbox->fds);
	CHECK_OK(sandbox, rootfs_make_private(boot, err));
	CHECK_OK(sandbox, rootfs_open_sources(rootfs, boot, err));
	CHECK_OK(sandbox, rootfs_attach_root(rootfs, boot, err));
	CHECK_OK(sandbox, rootfs_mounts(rootfs, boot, err));
	CHECK_OK(sandbox, rootfs_devices(rootfs, boot, err));
	CHECK_OK(sandbox, rootfs_workdir(rootfs, boot, err));
	CHECK_OK(sandbox, rootfs_pivot(rootfs, boot, err));
}

/* Every mount that the process can see. */
static void mounts_check(void)
{
	static char text[16384];
	autofd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int lines = 0;

	CHECK(length > 0);
	text[length] = '\0';
	for (const char *c = text; *c; c++) {
		lines += *c == '\n';
	}
	/* root, proc, dev, pts, console; version, bus, secret; sys, irq: nothing of the host */
	if (lines != 10) {
		(void)fprintf(stderr, "%s", text);
	}
	CHECK(lines == 10);
	CHECK(!strstr(text, "shared:") && !strstr(text, "master:"));
}

static void console_check(int master_fd, int peer_fd)
{
	char text[16] = "";
	struct stat peer, console;

	CHECK(fstat(peer_fd, &peer) == 0 && stat("/dev/console", &console) == 0);
	CHECK(S_ISCHR(console.st_mode) && console.st_rdev == peer.st_rdev);
	CHECK(peer.st_uid == 1000);
	CHECK(write(peer_fd, "hi", 2) == 2);
	CHECK(read(master_fd, text, sizeof(text) - 1) == 2 && str_is_equal(text, "hi"));
}

static void end_to_end(struct sandbox *sandbox)
{
	struct boot boot = whole(sandbox);
	struct rootfs rootfs;
	struct berth_error *err = &sandbox->err;
	int master_fd = -1;
	int peer_fd = -1;

	sandbox_file(sandbox->root_fd, "secret", "secret");
	sandbox_file(sandbox->root_fd, "marker", "image");
	until_pivot(sandbox, &rootfs, &boot);
	CHECK_OK(sandbox, rootfs_console(&rootfs, &boot, &master_fd, &peer_fd, err));
	console_check(master_fd, peer_fd);
	CHECK_OK(sandbox, rootfs_readonly(&rootfs, &boot, err));
	CHECK_OK(sandbox, rootfs_masks(&rootfs, &boot, err));
	CHECK_OK(sandbox, rootfs_remount(&rootfs, &boot, err));
	rootfs_finish(&rootfs);
	CHECK(sandbox_has(AT_FDCWD, "/marker", "image"));
	CHECK(!sandbox_exists(AT_FDCWD, sandbox->outside));
	CHECK(sandbox_try_write("/x") == -EROFS);
	CHECK(sandbox_try_write("/proc/sys/vm/swappiness") == -EROFS);
	CHECK(sandbox_has(AT_FDCWD, "/secret", ""));
	CHECK(sandbox_count(AT_FDCWD, "/proc/bus") == 0);
	CHECK(sandbox_try_write("/dev/null") == 0);
	CHECK(sandbox_try_write("/dev/x") == 0);
	CHECK(chdir("/job") == 0);
	mounts_check();
}

/* "shared" at first, as rootfsPropagation wants it: nothing of the container reaches the outside. */
static void shared_first(struct sandbox *sandbox)
{
	struct boot boot = whole(sandbox);
	struct rootfs rootfs;
	char inside[SANDBOX_PATH_SIZE + 16];

	CHECK(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	(void)snprintf(inside, sizeof(inside), "%s/proc/self", sandbox->root);
	boot.first_propagation = MS_SHARED;
	boot.root_propagation = MS_SHARED;
	rootfs_init(&rootfs, &boot, sandbox->fds);
	CHECK_OK(sandbox, rootfs_make_private(&boot, &sandbox->err));
	CHECK_OK(sandbox, rootfs_attach_root(&rootfs, &boot, &sandbox->err));
	CHECK_OK(sandbox, rootfs_mounts(&rootfs, &boot, &sandbox->err));
	/* The sandbox's descriptor is that of the mount below, a peer if anything had gone wrong. */
	CHECK(!sandbox_exists(sandbox->root_fd, "proc/self"));
	CHECK(sandbox_exists(rootfs.root_fd, "proc/self"));
	CHECK_OK(sandbox, rootfs_pivot(&rootfs, &boot, &sandbox->err));
	CHECK(sandbox_exists(AT_FDCWD, "/proc/self"));
}

/* M7: what stands on /dev/pts is no devpts, what stands on ptmx is no ptmx; none of it waits. */
static int console_with(struct sandbox *sandbox, void (*lie)(struct sandbox *sandbox))
{
	struct boot boot = whole(sandbox);
	struct rootfs rootfs;
	int master_fd = -1;
	int peer_fd = -1;
	int r;

	until_pivot(sandbox, &rootfs, &boot);
	lie(sandbox);
	(void)alarm(5);
	r = rootfs_console(&rootfs, &boot, &master_fd, &peer_fd, &sandbox->err);
	CHECK((r < 0) == (master_fd < 0) && (r < 0) == (peer_fd < 0));
	return r;
}

static void over_ptmx(const char *source)
{
	CHECK(syscall(SYS_mount, source, "/dev/pts/ptmx", NULL, MS_BIND, NULL) == 0);
}

static void lie_fifo(struct sandbox *sandbox)
{
	(void)sandbox;
	CHECK(mkfifo("/fifo", 0666) == 0);
	over_ptmx("/fifo");
}

static void lie_zero(struct sandbox *sandbox)
{
	(void)sandbox;
	CHECK(mknod("/zero", S_IFCHR | 0666, makedev(1, 5)) == 0);
	over_ptmx("/zero");
}

static void lie_tmpfs(struct sandbox *sandbox)
{
	(void)sandbox;
	CHECK(syscall(SYS_mount, "tmpfs", "/dev/pts", "tmpfs", 0, NULL) == 0);
	CHECK(mknod("/dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
}

static void lie_console(struct sandbox *sandbox)
{
	(void)sandbox;
	sandbox_link(AT_FDCWD, "/dev/console", "/new");
}

static void no_lie(struct sandbox *sandbox)
{
	(void)sandbox;
}

static void console_fifo(struct sandbox *sandbox)
{
	CHECK(console_with(sandbox, lie_fifo) == -EXDEV);
	CHECK(sandbox_error_has(sandbox, "/process/terminal", "open"));
}

static void console_zero(struct sandbox *sandbox)
{
	CHECK(console_with(sandbox, lie_zero) == -EXDEV);
}

static void console_tmpfs(struct sandbox *sandbox)
{
	CHECK(console_with(sandbox, lie_tmpfs) == -ENODEV);
	CHECK(sandbox_error_has(sandbox, "/process/terminal", "no devpts is mounted on"));
}

static void console_link(struct sandbox *sandbox)
{
	CHECK(console_with(sandbox, lie_console) == -ELOOP);
	CHECK(!sandbox_exists(AT_FDCWD, "/new"));
}

static void console_control(struct sandbox *sandbox)
{
	CHECK_OK(sandbox, console_with(sandbox, no_lie));
}

static uint64_t bounding_read(void)
{
	uint64_t set = 0;

	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		set |= (uint64_t)(sys_bounding_has(i) == 1) << i;
	}
	return set;
}

static void identity(struct sandbox *sandbox)
{
	static const uint32_t groups[] = {4, 24};
	const uint64_t kill_and_chown = UINT64_C(1) << CAP_KILL | UINT64_C(1) << CAP_CHOWN;
	const struct boot_identity wanted = {.uid = 1000,
		.gid = 1001,
		.groups = {groups, 2},
		.bounding = kill_and_chown,
		.permitted = kill_and_chown,
		.effective = UINT64_C(1) << CAP_KILL,
		.inheritable = UINT64_C(1) << CAP_KILL,
		.ambient = UINT64_C(1) << CAP_KILL};
	struct sys_caps caps;
	gid_t found[8];

	CHECK(setgroups(3, (const gid_t[]){0, 27, 999}) == 0);
	CHECK_OK(sandbox, guard_identity(&wanted, &sandbox->err));
	CHECK(getuid() == 1000 && geteuid() == 1000 && getgid() == 1001 && getegid() == 1001);
	CHECK(getgroups(8, found) == 2 && found[0] == 4 && found[1] == 24);
	CHECK(sys_capget(&caps) == 0);
	CHECK(caps.permitted == wanted.permitted && caps.effective == wanted.effective);
	CHECK(caps.inheritable == wanted.inheritable);
	CHECK(bounding_read() == kill_and_chown);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 0);
	CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
	CHECK(setuid(0) < 0);
}

/* Nothing is asked for: nothing is left, no group of the caller either. */
static void identity_bare(struct sandbox *sandbox)
{
	const struct boot_identity wanted = {.uid = 0, .gid = 0};
	struct sys_caps caps;

	CHECK(setgroups(3, (const gid_t[]){0, 27, 999}) == 0);
	CHECK_OK(sandbox, guard_identity(&wanted, &sandbox->err));
	CHECK(getgroups(0, NULL) == 0);
	CHECK(sys_capget(&caps) == 0);
	CHECK(!caps.permitted && !caps.effective && !caps.inheritable && !bounding_read());
}

/* What is not held cannot be had, and is named. */
static void identity_missing(struct sandbox *sandbox)
{
	const struct boot_identity first = {.bounding = UINT64_MAX,
		.permitted = UINT64_C(1) << CAP_SETPCAP | UINT64_C(1) << CAP_SETGID |
			     UINT64_C(1) << CAP_SETUID,
		.effective = UINT64_C(1) << CAP_SETPCAP | UINT64_C(1) << CAP_SETGID |
			     UINT64_C(1) << CAP_SETUID};
	struct boot_identity more = first;

	CHECK_OK(sandbox, guard_identity(&first, &sandbox->err));
	more.permitted |= UINT64_C(1) << CAP_KILL;
	CHECK(guard_identity(&more, &sandbox->err) == -EPERM);
	CHECK(sandbox_error_has(sandbox, "/process/capabilities", "number 5 is not held here"));
	/* An id that means "no change" to the kernel is no identity. */
	error_clear(&sandbox->err);
	more = first;
	more.uid = UINT32_MAX;
	CHECK(guard_identity(&more, &sandbox->err) < 0);
}

static void flags(struct sandbox *sandbox)
{
	int number = 0;

	CHECK_OK(sandbox, guard_no_new_privs(&sandbox->err));
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK_OK(sandbox, guard_undumpable(&sandbox->err));
	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	CHECK_OK(sandbox, guard_pdeathsig(true, &sandbox->err));
	CHECK(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0 && number == SIGKILL);
	CHECK_OK(sandbox, guard_pdeathsig(false, &sandbox->err));
	CHECK(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0 && number == 0);
}

#define IN_SANDBOX(name)                                                                           \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		sandbox_run(name);                                                                 \
	}
IN_SANDBOX(end_to_end)
IN_SANDBOX(shared_first)
IN_SANDBOX(console_fifo)
IN_SANDBOX(console_zero)
IN_SANDBOX(console_tmpfs)
IN_SANDBOX(console_link)
IN_SANDBOX(console_control)
IN_SANDBOX(identity)
IN_SANDBOX(identity_bare)
IN_SANDBOX(identity_missing)
IN_SANDBOX(flags)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_to_end),
		cmocka_unit_test(test_shared_first),
		cmocka_unit_test(test_console_fifo),
		cmocka_unit_test(test_console_zero),
		cmocka_unit_test(test_console_tmpfs),
		cmocka_unit_test(test_console_link),
		cmocka_unit_test(test_console_control),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_identity_bare),
		cmocka_unit_test(test_identity_missing),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
