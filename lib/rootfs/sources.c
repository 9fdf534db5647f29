/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken from the host, before anything of the container exists: the propagation of its mounts,
 * the trees that are bound, and the root file system. Paths here are the host's and come from the
 * configuration, so they are followed as open(2) follows them; each is looked up once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "rootfs/change.h"
#include "rootfs/fail.h"
#include "rootfs/host.h"
#include "rootfs/mount.h"
#include "rootfs/rootfs.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

int rootfs_make_private(const struct boot *boot, struct berth_error *err)
{
	const struct rootfs_attr attr = {
		.propagation = boot->first_propagation, .flags = AT_RECURSIVE};
	autofd int fd = sys_open("/", O_PATH | O_DIRECTORY);

	if (fd < 0) {
		return rootfs_fail(err, fd, ROOTFS_CALL_OTHER, "/", "open");
	}
	return rootfs_mount_set(fd, &attr, "/", err);
}

static int tree_open(int dir_fd, const char *path, const struct boot_mount *mount)
{
	unsigned int flags = mount->flags & BOOT_MOUNT_RECURSIVE ? AT_RECURSIVE : 0;

	flags |= mount->flags & BOOT_MOUNT_SOURCE_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
	flags |= path[0] ? 0 : AT_EMPTY_PATH;
	return sys_open_tree(dir_fd, path, OPEN_TREE_CLONE | flags);
}

/* The symbolic link itself, which rootfs_mounts() makes again; or else the tree. */
static int link_open(const struct boot_mount *mount)
{
	autofd int fd = sys_open(mount->source, O_PATH | O_NOFOLLOW);
	struct stat st;
	int r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r < 0) {
		return r;
	}
	return S_ISLNK(st.st_mode) ? take_fd(&fd) : tree_open(fd, "", mount);
}

static int source_open(const struct boot_mount *mount, int *ret_fd, struct berth_error *err)
{
	int fd = mount->flags & BOOT_MOUNT_COPY_LINK ? link_open(mount)
						     : tree_open(AT_FDCWD, mount->source, mount);

	if (fd == -ENOENT && (mount->flags & BOOT_MOUNT_OPTIONAL)) {
		return 0;
	}
	if (fd < 0) {
		rootfs_fail(err, fd, ROOTFS_CALL_OPEN_TREE, mount->source, "open the bind source");
		error_add_pointer(err, mount->pointer);
		return fd;
	}
	*ret_fd = fd;
	return 0;
}

/* The host's node is the device that was asked for, and not something else of the same name. */
static int device_check(int fd, const struct boot_device *device)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	if (r < 0) {
		return r;
	}
	return (st.st_mode & S_IFMT) == (device->mode & S_IFMT) &&
			       st.st_rdev == makedev(device->major, device->minor)
		       ? 0
		       : -ENODEV;
}

static int device_open(const struct boot_device *device, int *ret_fd, struct berth_error *err)
{
	autofd int fd = sys_open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE);
	int r = 0;

	if (fd < 0) {
		r = rootfs_fail(err, fd, ROOTFS_CALL_OPEN_TREE, device->path,
			"open the device of the host, in the place of a node that may not be made");
	} else if (device_check(fd, device) < 0) {
		r = rootfs_fail(err, -ENODEV, ROOTFS_CALL_OTHER, device->path,
			"the host's node is not the wanted device:");
	}
	if (r < 0) {
		error_add_pointer(err, device->pointer);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

enum { SOURCES_AT_ONCE = 256 }; /* of many: as many descriptors at a time */

/* Those that are marked with all of `flags`, and are not open yet. */
static int marked_open(
	struct rootfs *rootfs, const struct boot *boot, uint32_t flags, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];

		if (mount->kind == BOOT_MOUNT_BIND && (mount->flags & flags) == flags &&
			rootfs->source_fds[i] < 0) {
			r = source_open(mount, &rootfs->source_fds[i], err);
		}
	}
	return r;
}

/* From the first on that was not opened: all, or a lot of many. */
static int lot_open(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	bool is_many = boot->flags & BOOT_MANY_SOURCES;
	size_t most = is_many ? SOURCES_AT_ONCE : SIZE_MAX;
	size_t *i = &rootfs->opened;
	int r = 0;

	for (size_t count = 0; r == 0 && *i < boot->mounts.count && count < most; ++*i) {
		const struct boot_mount *mount = &boot->mounts.items[*i];

		if (mount->kind == BOOT_MOUNT_BIND && !(mount->flags & BOOT_MOUNT_FIRST) &&
			rootfs->source_fds[*i] < 0) {
			r = source_open(mount, &rootfs->source_fds[*i], err);
			count++;
		}
	}
	return r;
}

int rootfs_open_first(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	return marked_open(rootfs, boot, BOOT_MOUNT_FIRST, err);
}

int rootfs_open_sources(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	int r = boot->flags & BOOT_MANY_SOURCES ? rootfs_host_keep(rootfs, err) : 0;

	/* The ids of these are mapped in the next moment. */
	r = r < 0 ? r : marked_open(rootfs, boot, BOOT_MOUNT_IDMAP, err);
	r = r < 0 ? r : lot_open(rootfs, boot, err);
	for (size_t i = 0; r == 0 && i < boot->devices.count; i++) {
		if (boot->devices.items[i].kind == BOOT_DEVICE_BIND) {
			r = device_open(&boot->devices.items[i], &rootfs->device_fds[i], err);
		}
	}
	return r;
}

int rootfs_open_more(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	int r = rootfs_host_enter(rootfs, true, err);

	r = r < 0 ? r : lot_open(rootfs, boot, err);
	return r < 0 ? r : rootfs_host_enter(rootfs, false, err);
}

/* The mount in which the root file system lies becomes private: pivot_root(2) refuses a shared one,
 * and a clone of a shared one would tell the host of every mount of the container. A mount is changed
 * at its root alone, so the way goes up until the kernel accepts. */
static int parent_make_private(int root_fd, struct berth_error *err)
{
	const struct rootfs_attr attr = {.propagation = MS_PRIVATE};
	autofd int fd = sys_openat2(root_fd, ".", O_PATH | O_DIRECTORY, 0, 0);
	int r = fd < 0 ? fd : rootfs_mount_change(fd, &attr);

	while (r == -EINVAL) {
		int up = sys_openat2(fd, "..", O_PATH | O_DIRECTORY, 0, 0);
		struct stat here, above;

		if (up < 0) {
			r = up;
			break;
		}
		r = sys_fstat(fd, &here);
		r = r < 0 ? r : sys_fstat(up, &above);
		close_fd(&fd);
		fd = up;
		if (r == 0 && here.st_dev == above.st_dev && here.st_ino == above.st_ino) {
			r = -ENOENT; /* "/" is no mount: a chroot, in which nothing can be pivoted */
		}
		r = r < 0 ? r : rootfs_mount_change(fd, &attr);
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_MOUNT_SETATTR, NULL,
			       "make the mount of the root file system private")
		     : 0;
}

/* By whatever path it was named, the root of the host is none of a container. */
static int host_root_refuse(int place_fd, struct berth_error *err)
{
	autofd int host_fd = sys_open("/", O_PATH | O_DIRECTORY);
	bool is_same = false;
	int r = host_fd < 0 ? host_fd : rootfs_mount_same(place_fd, host_fd, &is_same);

	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, "/", "examine");
	}
	return is_same ? error_set(err, BERTH_ERROR_CONFIG,
				 "is \"/\", the root file system of the host")
		       : 0;
}

int rootfs_attach_root(struct rootfs *rootfs, const struct boot *boot, struct berth_error *err)
{
	autofd int place_fd = sys_open(boot->root, O_PATH | O_DIRECTORY);
	autofd int mount_fd = -1;
	int r = 0;

	if (place_fd < 0) {
		r = rootfs_fail(
			err, place_fd, ROOTFS_CALL_OTHER, boot->root, "open the root file system");
	}
	if (r == 0) {
		r = host_root_refuse(place_fd, err);
	}
	if (r == 0 && boot->first_propagation == MS_SHARED) {
		r = parent_make_private(place_fd, err);
	}
	/* The clone is taken of the descriptor and attached to the descriptor: the path is not
	 * looked up again, and the clone's own descriptor is that of the mount (D1). */
	if (r == 0) {
		r = rootfs_mount_clone(place_fd, AT_RECURSIVE, boot->root, &mount_fd, err);
	}
	if (r == 0) {
		r = rootfs_mount_attach(mount_fd, place_fd, boot->root, err);
	}
	if (r < 0) {
		error_add_pointer(err, "/root/path");
		return r;
	}
	close_fd(&rootfs->root_fd);
	rootfs->root_fd = take_fd(&mount_fd);
	return 0;
}
