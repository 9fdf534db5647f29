/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal of the container. It is allocated by the container's own devpts, found as that: the
 * directory is pinned and is a devpts, and ptmx is opened in it without crossing a mount, a link or
 * anything else that could stand there (CVE-2025-52565). In a devpts nobody can make names, so what is
 * opened is the multiplexer and opening it does not wait. The peer comes from the master, not from a
 * path, and is bound by its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "rootfs/fail.h"
#include "rootfs/mount.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

static const char pts_path[] = "/dev/pts";
static const char ptmx_path[] = "/dev/pts/ptmx";
static const char console_path[] = "/dev/console";

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

static int pts_open(int root_fd, int *ret_fd, struct berth_error *err)
{
	autofd int fd = -1;
	uint64_t magic;
	int r = rootfs_path_find(root_fd, pts_path, O_DIRECTORY, &fd, err);

	if (r == ROOTFS_PATH_ABSENT) {
		r = rootfs_fail(err, -ENOENT, ROOTFS_CALL_OTHER, pts_path, "open");
	}
	if (r < 0) {
		return r;
	}
	r = sys_fs_magic(fd, &magic);
	if (r == 0 && magic != DEVPTS_SUPER_MAGIC) {
		r = -ENODEV;
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, pts_path,
			"allocate a terminal: no devpts is mounted on");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int master_open(int root_fd, int *ret_fd, struct berth_error *err)
{
	autofd int pts_fd = -1;
	autofd int fd = -1;
	struct stat st;
	int r = pts_open(root_fd, &pts_fd, err);

	if (r < 0) {
		return r;
	}
	fd = sys_openat2(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd < 0) {
		return rootfs_fail(err, fd, ROOTFS_CALL_OPENAT2, ptmx_path, "open");
	}
	r = sys_fstat(fd, &st);
	if (r == 0 && (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))) {
		r = -ENODEV;
	}
	r = r < 0 ? r : sys_pty_unlock(fd);
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, ptmx_path, "allocate a terminal by");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The peer, its size and its owner. The group stays: devpts has given it that of its gid= option. */
static int peer_open(int master_fd, const struct boot *boot, int *ret_fd, struct berth_error *err)
{
	autofd int fd = sys_pty_peer(master_fd);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && boot->console_rows && boot->console_columns) {
		r = sys_set_winsize(
			fd, (uint16_t)boot->console_rows, (uint16_t)boot->console_columns);
	}
	if (r == 0 && boot->identity.uid != 0) {
		r = sys_fchown(fd, boot->identity.uid, (gid_t)-1);
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, NULL, "set up the terminal");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int console_bind(int root_fd, int peer_fd, struct berth_error *err)
{
	autofd int target_fd = -1;
	autofd int mount_fd = -1;
	int r = rootfs_path_node(root_fd, console_path, &target_fd, err);

	if (r == 0) {
		r = rootfs_mount_clone(peer_fd, 0, console_path, &mount_fd, err);
	}
	return r < 0 ? r : rootfs_mount_attach(mount_fd, target_fd, console_path, err);
}

int rootfs_console(struct rootfs *rootfs, const struct boot *boot, int *ret_master_fd,
	int *ret_peer_fd, struct berth_error *err)
{
	autofd int master_fd = -1;
	autofd int peer_fd = -1;
	int r = master_open(rootfs->root_fd, &master_fd, err);

	if (r == 0) {
		r = peer_open(master_fd, boot, &peer_fd, err);
	}
	if (r == 0 && !(boot->flags & BOOT_ENTER)) {
		r = console_bind(rootfs->root_fd, peer_fd, err);
	}
	if (r < 0) {
		error_add_pointer(err, "/process/terminal");
		return r;
	}
	*ret_master_fd = take_fd(&master_fd);
	*ret_peer_fd = take_fd(&peer_fd);
	return 0;
}
