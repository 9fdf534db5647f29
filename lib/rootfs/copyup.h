/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTFS_COPYUP_H
#define ROOTFS_COPYUP_H
/* tmpcopyup: a new tmpfs begins with what is in the directory that it will cover. */
#include "base/error.h"

/*
 * Copies what is below the directory `from_fd` (O_PATH) into the empty directory `to_fd`, which nobody else sees
 * yet: with modes, owners, times, extended attributes, hard links, symbolic links, nodes and holes. Not what other
 * mounts bring below, nor attributes that the new file system does not have or this process may not set. The
 * directory itself gets times and attributes alone. `subject` is its path, for errors.
 */
int rootfs_copy_up(int from_fd, int to_fd, const char *subject, struct berth_error *err) must_use;

#endif
