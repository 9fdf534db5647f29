/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_ROOTFS_H
#define ROOTFS_ROOTFS_H
/*
 * rootfs: the child builds the container's file system.
 *
 * In: struct boot, checked. Out: a mount namespace whose "/" is the container's. Forbidden here: paths
 * of the root file system that are not resolved from the descriptor of the root, mount(2), its /proc (but
 * see proc.c), any memory but the caller's, and every decision that plan/ can make. Fails with an error that names the
 * path and the JSON pointer; what was mounted until then dies with the mount namespace.
 *
 * The root file system is hostile: it is an image, and another container may change it meanwhile.
 * So nothing in it is found twice by its name. A target is looked up once, by the kernel, inside the
 * root (openat2(2), RESOLVE_IN_ROOT), and everything after that is done to the descriptor. A mount is
 * made detached, gets its attributes through its descriptor, and is then moved onto the target's. What
 * is missing is made exclusively, under a pinned parent. path.h has the rules.
 *
 * The functions stand in the order in which they are called: one for each step of the same name.
 */
#include <stdbool.h>

#include "base/error.h"
#include "wire/boot.h"

/* A mount namespace, and the directory in it that is "/" of this process. */
struct rootfs_place {
	int ns_fd, root_fd;
};

struct rootfs {
	int root_fd;     /* O_PATH: the container's root, the topmost mount there; -1 before */
	bool is_live;    /* in a container that is there */
	int *source_fds; /* for each mount: the detached tree of a bind source, -1: none or moved;
			    live, the mount itself when it is made */
	int *late_fds;   /* for each mount: kept for the step "remount", else -1 */
	int *device_fds; /* for each device: the detached node of the host, -1: none or moved */
	size_t opened;   /* the sources of so many mounts are open, or were */
	struct rootfs_place host, work; /* with BOOT_MANY_SOURCES: where sources are opened, and
					   where the container is built; else -1 */
	size_t mount_count;
	size_t device_count;
};

/* Nothing is open yet. `fds` is the caller's memory for mounts.count * 2 + devices.count numbers and
 * outlives `rootfs`. */
void rootfs_init(struct rootfs *rootfs, const struct boot *boot, int *fds);

/* Closes every descriptor. NULL and zero are fine. */
void rootfs_finish(struct rootfs *rootfs);

/* "private": first_propagation for every mount of the new mount namespace. */
int rootfs_make_private(const struct boot *boot, struct berth_error *err) must_use;

/* "mapped": the sources that are marked as first (BOOT_MOUNT_FIRST). */
int rootfs_open_first(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "sources": a detached clone of every other bind source, and of the host's node of every device that is
 * bound. Before the first mount, so that no mount of the container can change what a path means. With BOOT_MANY_SOURCES the first lot alone. */
int rootfs_open_sources(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* In "mounts": the next lot of them, in the mount namespace that was kept for that. */
int rootfs_open_more(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "root": the root file system becomes a mount of its own, over its own place; root_fd is that mount. */
int rootfs_attach_root(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "root" of exec: root_fd is the "/" of the mount namespace that was joined. */
int rootfs_enter(struct rootfs *rootfs, struct berth_error *err) must_use;

/* "user": the ids of the names in the identity, from the container's /etc/passwd and /etc/group. Where no
 * group is given, that of the user's line. */
int rootfs_user(
	struct rootfs *rootfs, struct boot_identity *identity, struct berth_error *err) must_use;

/* "mounts": in the order of the list; missing targets are made. */
int rootfs_mounts(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/*
 * "mounts" of BOOT_LIVE: joins the mount namespace behind `ns_fd` and mounts, or unmounts, in the root file
 * system that is there; then this process must end, as its working directory is one of the host's procfs. All
 * is mounted or nothing, but for mount points that were made. What is to be unmounted is unmounted in a copy of the
 * namespace before: each must be the root of a mount then, and none of the places of masked_paths, nor have one of them or of
 * readonly_paths, which are the container's own mounts here, below it.
 */
int rootfs_live(struct rootfs *rootfs, const struct boot *boot, int ns_fd,
	struct berth_error *err) must_use;

/* "devices": nodes and links; umask(2) is 0. What exists already is accepted only if it is the very
 * thing that is wanted; links give way to what is there, but for ptmx, which replaces it. */
int rootfs_devices(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "workdir": the working directory, if it is missing and can be made; chdir(2) judges the result. */
int rootfs_workdir(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "pivot": root_fd becomes "/", the host's mounts are detached, root_propagation is set. With BOOT_NO_PIVOT by the
 * second one, after which the host's mounts are still there, but no proc or sysfs of them. */
int rootfs_move_root(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;
int rootfs_pivot(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "console": a new pty of the container's own devpts, owned by the user, its peer bound on
 * /dev/console, but for exec. Both descriptors are the caller's. */
int rootfs_console(struct rootfs *rootfs, const struct boot *boot, int *ret_master_fd,
	int *ret_peer_fd, struct berth_error *err) must_use;

/* "sysctl": writes kernel parameters, as they are in the namespaces of this process. After the pivot: in
 * a user namespace the kernel asks for a /proc without covers, which the next steps bring. */
int rootfs_sysctls(const struct boot *boot, struct berth_error *err) must_use;

/* A file of this process in /proc for reading and writing, "self/attr/exec": in a proc file system of our own, or,
 * where the kernel refuses one, in that at /proc. Works before and after the pivot. */
int rootfs_attr_open(const char *path, int *ret_fd, struct berth_error *err) must_use;

/* The directory of this process's descriptors, in a procfs as above: each name in it leads to what the descriptor is of. */
int rootfs_fds_open(int *ret_fd) must_use;

/* "mapped": this process enters a time namespace that it makes, with offsets as /proc/PID/timens_offsets takes them: they
 * cannot be set any more when a process is in it. While its files in /proc are its own: before a change of ids. */
int rootfs_time(const char *offsets, struct berth_error *err) must_use;

/* "readonly": a read-only bind of each path upon itself; absent ones are skipped. */
int rootfs_readonly(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "masks": /dev/null on each file, an empty read-only directory on each directory; absent targets are
 * skipped, a /dev/null that is not the null device is an error. */
int rootfs_masks(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "remount": what becomes read-only last, the root at the end, by the descriptors that were kept. */
int rootfs_remount(
	struct rootfs *rootfs, const struct boot *boot, struct berth_error *err) must_use;

/* "home": the home directory of the identity's uid in the container's /etc/passwd, or "/". `size` is
 * ROOTFS_PASSWD_LINE_MAX (rootfs/passwd.h). */
int rootfs_home(struct rootfs *rootfs, const struct boot *boot, char *home, size_t size,
	struct berth_error *err) must_use;

#endif
