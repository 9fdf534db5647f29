/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_COPY_H
#define SYS_COPY_H
/* The calls that a copy of a directory takes beside those of sys/file.h. */
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/attr.h"

/* An entry of a directory as getdents64(2) gives it. */
struct sys_entry {
	uint64_t ino;
	int64_t offset;
	uint16_t length; /* of the entry: where the next one begins */
	uint8_t type;
	char name[];
};

/* The next entries, one behind the other; the bytes of them, 0 at the end. `buffer` is aligned for a uint64_t. */
ssize_t sys_entries(int dir_fd, void *buffer, size_t size) must_use;

int sys_linkat(int dirfd, const char *path, int new_dirfd, const char *new_path) must_use;

/* Where from `offset` on there is data (SEEK_DATA), or a hole or the end (SEEK_HOLE). -ENXIO: no more data. */
off_t sys_seek(int fd, off_t offset, int whence) must_use;

/* sendfile(2): from the place of one file to the place of another, at most `size` bytes. */
ssize_t sys_send_file(int to_fd, int from_fd, size_t size) must_use;

int sys_set_size(int fd, off_t size) must_use;

/* The times of the last access and change of `st`, through a descriptor; an O_PATH one will do (Linux 5.8). */
int sys_set_times(int fd, const struct stat *st) must_use;

/* Extended attributes: flistxattr(2), fgetxattr(2), fsetxattr(2). */
ssize_t sys_attribute_names(int fd, char *names, size_t size) must_use;
ssize_t sys_attribute_get(int fd, const char *name, void *value, size_t size) must_use;
int sys_attribute_set(int fd, const char *name, const void *value, size_t size) must_use;

#endif
