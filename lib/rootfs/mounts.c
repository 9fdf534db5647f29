/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of mounts. Each is complete before it is attached: its attributes are set while it is
 * detached, so nothing is writable even for a moment that is to be read-only, and it is never found
 * again by its path (D6).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "rootfs/copyup.h"
#include "rootfs/fail.h"
#include "rootfs/host.h"
#include "rootfs/mount.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

/* What one mount needs while it is made. */
struct mounting {
	const struct boot_mount *mount;
	uint64_t attr_set;  /* those that are set at once */
	int target_fd;      /* O_PATH */
	bool is_target_new; /* the directory was missing */
};

static bool link_is(int dir_fd, const char *name, const char *text)
{
	char there[PATH_MAX];
	ssize_t length = sys_readlinkat(dir_fd, name, there, sizeof(there));

	return length >= 0 && (size_t)length == strlen(text) &&
	       memcmp(there, text, (size_t)length) == 0;
}

/* Names of cgroup v1 hierarchies, and copies of links. What is there already stays, if it is no copy: another name
 * of the same hierarchy. */
static int link_make(struct rootfs *rootfs, const struct boot_mount *mount, const char *text,
	struct berth_error *err)
{
	autofd int dir_fd = -1;
	const char *name;
	int r = rootfs_path_parent(rootfs->root_fd, mount->target, &dir_fd, &name, err);

	if (r < 0) {
		return r;
	}
	r = sys_symlinkat(text, dir_fd, name);
	if (r == -EEXIST && mount->kind == BOOT_MOUNT_BIND && link_is(dir_fd, name, text)) {
		return 0;
	}
	if (r < 0 && (r != -EEXIST || mount->kind == BOOT_MOUNT_BIND)) {
		return rootfs_fail(
			err, r, ROOTFS_CALL_OTHER, mount->target, "make the symbolic link");
	}
	return 0;
}

/* The source is a symbolic link, and shall be one in the container. */
static int link_copy(
	struct rootfs *rootfs, const struct boot_mount *mount, int link_fd, struct berth_error *err)
{
	char text[PATH_MAX];
	ssize_t length = sys_readlinkat(link_fd, "", text, sizeof(text) - 1);

	if (length < 0) {
		return rootfs_fail(
			err, (int)length, ROOTFS_CALL_OTHER, mount->source, "read the link");
	}
	text[length] = '\0';
	return link_make(rootfs, mount, text, err);
}

static int target_open(
	struct rootfs *rootfs, struct mounting *mounting, int source_fd, struct berth_error *err)
{
	const struct boot_mount *mount = mounting->mount;
	uint32_t flags = mount->flags & BOOT_MOUNT_STRICT ? ROOTFS_PATH_STRICT : 0;
	struct stat st = {.st_mode = S_IFDIR};
	int r = source_fd >= 0 ? sys_fstat(source_fd, &st) : 0;

	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, mount->source, "examine");
	}
	if (!S_ISDIR(st.st_mode)) {
		flags |= ROOTFS_PATH_FILE;
	}
	r = mount->flags & BOOT_MOUNT_TARGET_NOFOLLOW
		    ? rootfs_path_place(
			      rootfs->root_fd, mount->target, flags, &mounting->target_fd, err)
		    : rootfs_path_make(
			      rootfs->root_fd, mount->target, flags, &mounting->target_fd, err);
	mounting->is_target_new = r == ROOTFS_PATH_MADE;
	return r < 0 ? r : 0;
}

/* A tmpfs has the mode of the directory that it covers; where there was none, its own default. */
static int fs_make(const struct mounting *mounting, int *ret_fd, struct berth_error *err)
{
	const struct boot_mount *mount = mounting->mount;
	bool is_mode_copied = (mount->flags & BOOT_MOUNT_COPY_MODE) && !mounting->is_target_new;
	char mode[16];
	struct stat st;
	int r;

	if (is_mode_copied) {
		r = sys_fstat(mounting->target_fd, &st);
		if (r < 0) {
			return rootfs_fail(err, r, ROOTFS_CALL_OTHER, mount->target, "examine");
		}
		(void)snprintf(mode, sizeof(mode), "%o", (unsigned int)(st.st_mode & 07777));
	}
	return rootfs_mount_new(
		mount, mounting->attr_set, is_mode_copied ? mode : NULL, ret_fd, err);
}

/* A file system that all of an ipc namespace share, mqueue, takes no option for this: it is there already. In a
 * user namespace that root of the host has made it is not the container's, and keeps the policy's label. */
static int label_set(const struct boot_mount *mount, int mount_fd, struct berth_error *err)
{
	autofd int fd = -1;
	int r;

	if (!mount->label) {
		return 0;
	}
	fd = sys_openat2(mount_fd, ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);
	r = fd < 0 ? fd : sys_label(fd, mount->label);
	return r < 0 && r != -EPERM
		       ? error_system(err, r, "set the label \"%.200s\" of the file system %s",
				 mount->label, mount->fstype)
		       : 0;
}

/* tmpcopyup, where there was something to be covered. */
static int covered_copy(const struct mounting *mounting, int mount_fd, struct berth_error *err)
{
	const struct boot_mount *mount = mounting->mount;
	struct stat st;
	int r = 0;

	if (mounting->is_target_new || !(mount->flags & BOOT_MOUNT_COPY_UP)) {
		return 0;
	}
	if (mount->flags & BOOT_MOUNT_COPY_OWNER) {
		r = sys_fstat(mounting->target_fd, &st);
		r = r < 0 ? r : sys_fchown(mount_fd, st.st_uid, st.st_gid);
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, mount->target, "copy the owner of")
		     : rootfs_copy_up(mounting->target_fd, mount_fd, mount->target, err);
}

/* Attributes of this mount, then those of the tree, by rootfs_mount_prepare() or rootfs_mount_set(); propagation goes with
 * the one that it is for. A new file system has got its attributes with its birth. */
static int attributes_set(const struct mounting *mounting, int mount_fd,
	int (*set)(int, const struct rootfs_attr *, const char *, struct berth_error *),
	struct berth_error *err)
{
	const struct boot_mount *mount = mounting->mount;
	bool is_bind = mount->kind == BOOT_MOUNT_BIND;
	const struct rootfs_attr own = {
		.set = is_bind ? mounting->attr_set : 0,
		.clear = is_bind ? mount->attr_clear : 0,
		.propagation = mount->is_propagation_recursive ? 0 : mount->propagation,
	};
	const struct rootfs_attr tree = {
		.set = mount->tree_set,
		.clear = mount->tree_clear,
		.propagation = mount->is_propagation_recursive ? mount->propagation : 0,
		.flags = AT_RECURSIVE,
	};
	int r = set(mount_fd, &own, mount->target, err);

	return r != 0 ? r : set(mount_fd, &tree, mount->target, err);
}

static int root_replace(struct rootfs *rootfs, int mount_fd, struct berth_error *err)
{
	int fd = sys_openat2(mount_fd, ".", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);

	if (fd < 0) {
		return rootfs_fail(err, fd, ROOTFS_CALL_OPENAT2, "/", "open the new root");
	}
	close_fd(&rootfs->root_fd);
	rootfs->root_fd = fd;
	return 0;
}

static int mount_attach(struct rootfs *rootfs, const struct mounting *mounting, int mount_fd,
	struct berth_error *err)
{
	bool is_on_root = false;
	int r = rootfs_mount_same(rootfs->root_fd, mounting->target_fd, &is_on_root);

	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, mounting->mount->target, "examine");
	}
	if (is_on_root && rootfs->is_live) {
		return error_set(
			err, BERTH_ERROR_CONFIG, "is the root of a container that is there");
	}
	r = rootfs_mount_attach(mount_fd, mounting->target_fd, mounting->mount->target, err);
	return r == 0 && is_on_root ? root_replace(rootfs, mount_fd, err) : r;
}

/* What a container that is there could see is never attached without its attributes. */
static int mount_place(struct rootfs *rootfs, const struct mounting *mounting, int mount_fd,
	struct berth_error *err)
{
	int r = attributes_set(mounting, mount_fd, rootfs_mount_prepare, err);
	bool is_after = r > 0;

	if (is_after && rootfs->is_live) {
		return rootfs_fail(err, -ENOSYS, ROOTFS_CALL_MOUNT_SETATTR, mounting->mount->target,
			"set the attributes of the mount");
	}
	r = r < 0 ? r : mount_attach(rootfs, mounting, mount_fd, err);
	return r == 0 && is_after ? attributes_set(mounting, mount_fd, rootfs_mount_set, err) : r;
}

static int is_link(int fd)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	return r < 0 ? r : S_ISLNK(st.st_mode);
}

static int mount_make(
	struct rootfs *rootfs, const struct boot_mount *mount, size_t i, struct berth_error *err)
{
	bool is_late = (mount->flags & BOOT_MOUNT_RO_LAST) && (mount->attr_set & MOUNT_ATTR_RDONLY);
	struct mounting mounting = {.mount = mount, .attr_set = mount->attr_set, .target_fd = -1};
	autofd int mount_fd = take_fd(&rootfs->source_fds[i]);
	int r = mount->flags & BOOT_MOUNT_COPY_LINK ? is_link(mount_fd) : 0;

	if (r != 0) {
		return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, mount->source, "examine")
			     : link_copy(rootfs, mount, mount_fd, err);
	}
	if (is_late) {
		mounting.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	r = target_open(rootfs, &mounting, mount_fd, err);
	if (r == 0 && mount->kind == BOOT_MOUNT_FS) {
		r = fs_make(&mounting, &mount_fd, err);
		r = r < 0 ? r : label_set(mount, mount_fd, err);
		r = r < 0 ? r : covered_copy(&mounting, mount_fd, err);
	}
	if (r == 0) {
		r = mount_place(rootfs, &mounting, mount_fd, err);
	}
	close_fd(&mounting.target_fd);
	if (r == 0 && is_late) {
		rootfs->late_fds[i] = take_fd(&mount_fd);
	} else if (r == 0 && rootfs->is_live) {
		rootfs->source_fds[i] = take_fd(&mount_fd); /* to be unmounted by, if need be */
	}
	return r;
}

static int mount_one(
	struct rootfs *rootfs, const struct boot_mount *mount, size_t i, struct berth_error *err)
{
	if (mount->kind == BOOT_MOUNT_LINK) {
		return link_make(rootfs, mount, mount->source, err);
	}
	if (mount->kind == BOOT_MOUNT_BIND && rootfs->source_fds[i] < 0) {
		return 0; /* optional, and not there */
	}
	return mount_make(rootfs, mount, i, err);
}

int rootfs_mounts(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	for (size_t i = 0; i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];
		bool is_due = boot->flags & BOOT_MANY_SOURCES && i == rootfs->opened;
		int r = is_due ? rootfs_open_more(rootfs, boot, err) : 0;

		r = r < 0 ? r : mount_one(rootfs, mount, i, err);

		if (r < 0) {
			error_add_subject(err, mount->target);
			error_add_pointer(err, mount->pointer);
			return r;
		}
	}
	rootfs_host_leave(rootfs);
	return 0;
}
