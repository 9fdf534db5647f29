/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel is told through /proc: parameters, and labels of this process. The container's /proc is not
 * used where there is a choice: what stands there is the image's or the config's affair, and a write that is led
 * to another file of the kernel's would be the host's undoing (CVE-2019-16884, CVE-2025-52881). A proc file
 * system of our own, mounted nowhere, cannot be changed by anybody, and lives no longer than its step.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

enum { SYSCTL_PATH_SIZE = 4096 };

/* Without options it is the full one, with /proc/sys. */
static int proc_new(const struct wire_texts *options, int *ret_fd, struct berth_error *err)
{
	const struct boot_mount proc = {.source = "proc", .fstype = "proc", .options = *options};

	return rootfs_mount_new(
		&proc, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL, ret_fd, err);
}

static int sysctl_open(int *ret_fd, struct berth_error *err)
{
	static const char *const none[] = {NULL};
	const struct wire_texts options = {.items = none, .count = 0};
	struct berth_error local = {0};
	int r = proc_new(&options, ret_fd, &local);

	if (r == -EPERM) {
		return error_system(err, r,
			"a proc file system to set kernel parameters with is refused: in a user namespace "
			"it needs one at /proc that nothing covers, or a pid namespace of its own");
	}
	if (r < 0 && err) {
		*err = local;
	}
	return r;
}

/* The newline is what sysctl(8) writes: by it, an empty value is one, too. */
static int write_value(int fd, const char *value)
{
	char line[BOOT_SYSCTL_VALUE_MAX + 2];
	struct strbuf text;

	strbuf_init(&text, line, sizeof(line));
	strbuf_add(&text, value);
	strbuf_add(&text, "\n");
	return text.is_cut ? -E2BIG : sys_write_once(fd, line, text.length);
}

static int sysctl_write(int proc_fd, const struct boot_sysctl *sysctl, struct berth_error *err)
{
	char path[SYSCTL_PATH_SIZE];
	autofd int fd = -1;
	int r;

	if (snprintf(path, sizeof(path), "sys/%s", sysctl->name) >= (int)sizeof(path)) {
		return rootfs_fail(err, -ENAMETOOLONG, ROOTFS_CALL_OTHER, sysctl->name, "open");
	}
	fd = sys_openat2(proc_fd, path, O_WRONLY, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	if (fd == -ENOENT) {
		return rootfs_fail(err, fd, ROOTFS_CALL_OTHER, sysctl->name,
			"the kernel has no such parameter here:");
	}
	if (fd < 0) {
		return rootfs_fail(
			err, fd, ROOTFS_CALL_OPENAT2, sysctl->name, "open the kernel parameter");
	}
	r = write_value(fd, sysctl->value);
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, sysctl->name,
			       "the kernel refuses the value of")
		     : 0;
}

int rootfs_sysctls(const struct boot *boot, struct berth_error *err)
{
	autofd int proc_fd = -1;
	int r = boot->sysctls.count > 0 ? sysctl_open(&proc_fd, err) : 0;

	if (r < 0) {
		error_add_pointer(err, "/linux/sysctl");
	}
	for (size_t i = 0; r == 0 && i < boot->sysctls.count; i++) {
		r = sysctl_write(proc_fd, &boot->sysctls.items[i], err);
		if (r < 0) {
			error_add_pointer(err, boot->sysctls.items[i].pointer);
		}
	}
	return r;
}

/* What is mounted at /proc: "self" in it, if it is there at all, is this process. */
static int proc_mounted(void)
{
	autofd int fd = sys_open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW);
	uint64_t magic = 0;
	int r = fd < 0 ? fd : sys_fs_magic(fd, &magic);

	if (r < 0) {
		return r;
	}
	return magic == PROC_SUPER_MAGIC ? take_fd(&fd) : -ENODEV;
}

/* A file of this process, through no mount: what covers it is an error. The link "self" is the kernel's. */
static int proc_open(int proc_fd, const char *path, int flags)
{
	return sys_openat2(
		proc_fd, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

static int proc_find(bool is_mounted, struct berth_error *err)
{
	static const char *const pid_only[] = {"subset=pid", NULL};
	const struct wire_texts options = {.items = pid_only, .count = 1};
	int fd = -1;
	int r = is_mounted ? proc_mounted() : proc_new(&options, &fd, err);

	return is_mounted || r < 0 ? r : fd;
}

/* A proc file system in which `path` opens, and that file. Where there is none, the error may say why. */
static int open_own(const char *path, int flags, int *ret_proc_fd, struct berth_error *err)
{
	struct berth_error local;
	int r = -EPERM;

	/* A user namespace without a pid namespace of its own gets none, nor one inside another whose /proc has
	 * covers; a profile of AppArmor that berth is under may forbid files that are mounted nowhere. */
	for (int is_mounted = 0; is_mounted < 2 && (r == -EPERM || r == -EACCES); is_mounted++) {
		autofd int proc_fd = -1;

		error_clear(&local);
		proc_fd = proc_find(is_mounted, &local);
		r = proc_fd < 0 ? proc_fd : proc_open(proc_fd, path, flags);
		if (r >= 0) {
			*ret_proc_fd = take_fd(&proc_fd);
		}
	}
	if (r < 0) {
		*err = local;
	}
	return r;
}

int rootfs_attr_open(const char *path, int *ret_fd, struct berth_error *err)
{
	autofd int proc_fd = -1;
	int r = open_own(path, O_RDWR, &proc_fd, err);

	if (r < 0) {
		return error_system(err, r, "open `/proc/%s`", path);
	}
	*ret_fd = r;
	return 0;
}

int rootfs_fds_open(int *ret_fd)
{
	struct berth_error unused; /* the caller says what this was for */
	autofd int proc_fd = -1;
	int r = open_own("self/fd", O_PATH | O_DIRECTORY, &proc_fd, &unused);

	if (r < 0) {
		return r;
	}
	*ret_fd = r;
	return 0;
}

static int set_offsets(const char *offsets, int *ret_proc_fd, struct berth_error *err)
{
	autofd int fd = open_own("self/timens_offsets", O_WRONLY, ret_proc_fd, err);
	int r = fd < 0 ? fd : sys_write_once(fd, offsets, strlen(offsets));

	return r < 0 ? error_system(err, r,
			       r == -ERANGE ? "set the offsets: a clock would be before its start "
					      "or 146 years after it"
					    : "set the offsets")
		     : 0;
}

static int enter_time(const char *offsets, struct berth_error *err)
{
	autofd int proc_fd = -1;
	autofd int ns_fd = -1;
	int r = sys_unshare(CLONE_NEWTIME);

	if (r < 0) {
		return error_call(err, r, "unshare", "make a time namespace");
	}
	r = set_offsets(offsets, &proc_fd, err);
	if (r < 0) {
		return r;
	}
	/* A link of the kernel's own, to which RESOLVE_NO_MAGICLINKS does not lead. */
	ns_fd = sys_openat2(proc_fd, "self/ns/time_for_children", O_RDONLY, 0, 0);
	r = ns_fd < 0 ? ns_fd : sys_setns(ns_fd, CLONE_NEWTIME);
	return r < 0 ? error_call(err, r, "setns", "enter the time namespace") : 0;
}

int rootfs_time(const char *offsets, struct berth_error *err)
{
	int r = enter_time(offsets, err);

	if (r < 0) {
		error_add_pointer(err, "/linux/timeOffsets");
	}
	return r;
}
