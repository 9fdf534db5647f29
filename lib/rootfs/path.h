/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_PATH_H
#define ROOTFS_PATH_H
/*
 * Paths inside the root, found and made.
 *
 * Three rules, and every name of the image goes through them:
 * 1. A lookup begins at the descriptor of the root and is one openat2(2) with RESOLVE_IN_ROOT and
 *    RESOLVE_NO_MAGICLINKS: absolute links and ".." end inside the root, links of procfs end nowhere.
 *    The kernel holds that promise even while somebody renames directories; it gives EAGAIN where it
 *    cannot, and after a bound so does the look-up.
 * 2. A name is made under the descriptor of its parent, found so, as one component, exclusively, and
 *    never through a link: mkdirat(2), mknodat(2), symlinkat(2), O_CREAT | O_EXCL | O_NOFOLLOW.
 * 3. What was found or made is used by its descriptor (O_PATH), not by its name again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
	ROOTFS_PATH_ABSENT = 1, /* outcome of rootfs_path_find() */
	ROOTFS_PATH_MADE = 1,   /* outcome of rootfs_path_make() */
};

enum rootfs_path_flag {
	ROOTFS_PATH_FILE = 1 << 0, /* an empty file is made, or anything but a directory accepted */
	ROOTFS_PATH_STRICT = 1 << 1, /* no symbolic link on the way or at the end */
};

/* Opens `path` with O_PATH and `flags` (O_DIRECTORY, O_NOFOLLOW or 0). 0, or ROOTFS_PATH_ABSENT where
 * the path or a part of it is not there (ENOENT). The descriptor is the caller's. */
int rootfs_path_find(
	int root_fd, const char *path, int flags, int *ret_fd, struct berth_error *err) must_use;

/* The same, and makes what is missing: directories with mode 0755 and, with ROOTFS_PATH_FILE, an empty
 * file with mode 0644 at the end (umask(2) is 0). A symbolic link that points to nothing is followed
 * inside the root and its target is made. Others who make the same names at the same time are no
 * failure. 0, or ROOTFS_PATH_MADE where the last component was made. `flags`: enum rootfs_path_flag. */
int rootfs_path_make(int root_fd, const char *path, uint32_t flags, int *ret_fd,
	struct berth_error *err) must_use;

/* The same, and the last component is not followed: a symbolic link gives the link itself, as the place of a
 * mount. */
int rootfs_path_place(int root_fd, const char *path, uint32_t flags, int *ret_fd,
	struct berth_error *err) must_use;

/* The directory of the last component, made if it is missing, and that component: it points into
 * `path`, is not followed, and may be missing. A last component of "." or ".." is refused. */
int rootfs_path_parent(int root_fd, const char *path, int *ret_dir_fd, const char **ret_name,
	struct berth_error *err) must_use;

/* Opens one component under its parent, O_PATH, without following it: a link gives the link itself.
 * `path` is what an error names. */
int rootfs_path_child(int dir_fd, const char *name, const char *path, int *ret_fd,
	struct berth_error *err) must_use;

/* Opens a regular file to read, links inside the root followed. 0, or ROOTFS_PATH_ABSENT where there is
 * none that this process may read: nothing, a directory, a node, a link that leads nowhere or is one of
 * procfs, a file without a size. The last are empty, or made up by the kernel as they are read, which may
 * wait or use up what is read. Neither the open nor a read ever waits for somebody else. */
int rootfs_path_read(int root_fd, const char *path, int *ret_fd, struct berth_error *err) must_use;

/* A place to bind a node on: the last component is a file (made if missing) and no symbolic link. */
int rootfs_path_node(int root_fd, const char *path, int *ret_fd, struct berth_error *err) must_use;

#endif
