/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source is the image's, and others may change it meanwhile. So each entry is pinned by its one name under the
 * descriptor of its directory, no link followed and no mount crossed; what was pinned decides what is made, and
 * what is read is the very same file. What is made is made exclusively in a tmpfs that is mounted nowhere.
 *
 * Hard links need to be known again. The tmpfs itself remembers them: a directory in it, while the copy is
 * made, has each file that has more links under a name from its numbers in the source.
 */
#include "rootfs/copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "sys/abi.h"
#include "sys/copy.h"
#include "sys/file.h"

enum {
	COPY_DEPTH_MAX = 128, /* two descriptors each, and a frame of the stack */
	COPY_ENTRIES_SIZE = 1024,
	COPY_ATTRIBUTES_SIZE = 4096,
	COPY_KEY_SIZE = 40,
	COPY_CHUNK = 1 << 30,
};

static const char links_name[] = ".berth-hard-links";

struct copying {
	int to_fd;    /* the top of the copy */
	int links_fd; /* its directory links_name; -1: not yet needed */
	int depth;
	struct strbuf path; /* of what is being copied, for errors */
	char text[PATH_MAX];
	struct berth_error *err;
};

/* A directory and its copy, both open to be read. */
struct pair {
	int from_fd, to_fd;
};

static int copy_failed(struct copying *copying, int r)
{
	return rootfs_fail(
		copying->err, r, ROOTFS_CALL_OTHER, copying->text, "copy into the tmpfs");
}

static int entry_open(int dir_fd, const char *name, int flags, mode_t mode)
{
	return sys_openat2(dir_fd, name, flags | O_NOFOLLOW, mode,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* What was seen, opened to be read. -ESTALE: something else has come into its place. */
static int entry_read(int dir_fd, const char *name, const struct stat *seen)
{
	autofd int fd = entry_open(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	int r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == 0 && (st.st_dev != seen->st_dev || st.st_ino != seen->st_ino)) {
		r = -ESTALE;
	}
	return r < 0 ? r : take_fd(&fd);
}

/* What neither has nor takes such an attribute goes without. */
own_frame static int attributes_copy(int from_fd, int to_fd)
{
	char names[COPY_ATTRIBUTES_SIZE];
	char value[COPY_ATTRIBUTES_SIZE];
	ssize_t size = sys_attribute_names(from_fd, names, sizeof(names));

	if (size < 0) {
		return size == -EOPNOTSUPP ? 0 : (int)size;
	}
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t length = sys_attribute_get(from_fd, name, value, sizeof(value));
		int r = length < 0 ? (int)length
				   : sys_attribute_set(to_fd, name, value, (size_t)length);

		if (r < 0 && r != -EOPNOTSUPP && r != -EPERM && r != -ENODATA) {
			return r;
		}
	}
	return 0;
}

/* A file or directory after its content. The mode comes behind the owner, and attributes too: chown(2) clears
 * set-id bits and the capabilities of a file. */
static int settle(int from_fd, int to_fd, const struct stat *st)
{
	int r = sys_fchown(to_fd, st->st_uid, st->st_gid);

	r = r < 0 ? r : attributes_copy(from_fd, to_fd);
	r = r < 0 ? r : sys_fchmod(to_fd, st->st_mode & 07777);
	return r < 0 ? r : sys_set_times(to_fd, st);
}

/* The data between holes. */
static int data_copy(int from_fd, int to_fd, off_t size)
{
	off_t data = sys_seek(from_fd, 0, SEEK_DATA);

	while (data >= 0) {
		off_t hole = sys_seek(from_fd, data, SEEK_HOLE);
		ssize_t sent = hole < 0 ? hole : 1;

		data = hole < 0 ? hole : sys_seek(from_fd, data, SEEK_SET);
		data = data < 0 ? data : sys_seek(to_fd, data, SEEK_SET);
		while (data >= 0 && data < hole && sent > 0) {
			off_t rest = hole - data;

			sent = sys_send_file(to_fd, from_fd,
				rest < COPY_CHUNK ? (size_t)rest : (size_t)COPY_CHUNK);
			data = sent < 0 ? sent : data + sent;
		}
		/* A file that becomes shorter meanwhile has no more data. */
		data = data < 0 ? data : sys_seek(from_fd, hole, SEEK_DATA);
	}
	return data == -ENXIO ? sys_set_size(to_fd, size) : (int)data;
}

static int file_copy(const struct pair *dir, const char *name, const struct stat *st)
{
	autofd int from_fd = entry_read(dir->from_fd, name, st);
	autofd int to_fd = -1;
	int r = from_fd < 0 ? from_fd : 0;

	if (r == 0) {
		to_fd = entry_open(
			dir->to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		r = to_fd < 0 ? to_fd : data_copy(from_fd, to_fd, st->st_size);
	}
	return r < 0 ? r : settle(from_fd, to_fd, st);
}

/* A link or a node. `fd` is that of the source (O_PATH). */
own_frame static int node_copy(
	const struct pair *dir, const char *name, int fd, const struct stat *st)
{
	char target[PATH_MAX];
	autofd int to_fd = -1;
	ssize_t length = 0;
	int r;

	if (S_ISLNK(st->st_mode)) {
		length = sys_readlinkat(fd, "", target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		r = length < 0 ? (int)length : sys_symlinkat(target, dir->to_fd, name);
	} else {
		r = sys_mknodat(dir->to_fd, name, st->st_mode, st->st_rdev);
	}
	if (r == 0) {
		to_fd = entry_open(dir->to_fd, name, O_PATH, 0);
		r = to_fd < 0 ? to_fd : sys_fchown(to_fd, st->st_uid, st->st_gid);
	}
	return r < 0 ? r : sys_set_times(to_fd, st);
}

static int leaf_copy(const struct pair *dir, const char *name, int fd, const struct stat *st)
{
	return S_ISREG(st->st_mode) ? file_copy(dir, name, st) : node_copy(dir, name, fd, st);
}

static int links_open(struct copying *copying)
{
	int r = copying->links_fd < 0 ? sys_mkdirat(copying->to_fd, links_name, 0700) : 0;

	if (r == 0 && copying->links_fd < 0) {
		r = entry_open(copying->to_fd, links_name, O_RDONLY | O_DIRECTORY, 0);
		copying->links_fd = r;
	}
	return r < 0 ? r : 0;
}

/* Another name of what was copied already, or the first of more. */
static int linked_copy(struct copying *copying, const struct pair *dir, const char *name, int fd,
	const struct stat *st)
{
	char key[COPY_KEY_SIZE];
	int r = links_open(copying);

	(void)snprintf(key, sizeof(key), "%llx-%llx", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino);
	r = r < 0 ? r : sys_linkat(copying->links_fd, key, dir->to_fd, name);
	if (r == -ENOENT) {
		r = leaf_copy(dir, name, fd, st);
		r = r < 0 ? r : sys_linkat(dir->to_fd, name, copying->links_fd, key);
	}
	return r;
}

typedef int (*entry_fn)(struct copying *copying, const struct pair *dir, const char *name);

/* Calls `visit` for each entry of `dir_fd`. */
static int entries_visit(
	struct copying *copying, int dir_fd, const struct pair *dir, entry_fn visit)
{
	alignas(struct sys_entry) char bytes[COPY_ENTRIES_SIZE];
	ssize_t size;
	int r = 0;

	while (r == 0 && (size = sys_entries(dir_fd, bytes, sizeof(bytes))) != 0) {
		if (size < 0) {
			return copy_failed(copying, (int)size);
		}
		for (ssize_t at = 0; r == 0 && at < size;) {
			const struct sys_entry *entry = (const void *)(bytes + at);

			at += entry->length;
			r = str_is_equal(entry->name, ".") || str_is_equal(entry->name, "..")
				    ? 0
				    : visit(copying, dir, entry->name);
		}
	}
	return r;
}

static int entry_copy(struct copying *copying, const struct pair *dir, const char *name);

static int directory_copy(
	struct copying *copying, const struct pair *dir, const char *name, const struct stat *st)
{
	autofd int from_fd = entry_read(dir->from_fd, name, st);
	autofd int to_fd = -1;
	int r = from_fd < 0 ? from_fd : sys_mkdirat(dir->to_fd, name, 0700);

	if (r == 0) {
		to_fd = entry_open(dir->to_fd, name, O_RDONLY | O_DIRECTORY, 0);
		r = to_fd < 0 ? to_fd : 0;
	}
	if (r == 0 && copying->depth == COPY_DEPTH_MAX) {
		r = rootfs_fail(copying->err, -ENAMETOOLONG, ROOTFS_CALL_OTHER, copying->text,
			"copy more than 128 levels of directories into the tmpfs");
	}
	if (r == 0) {
		const struct pair below = {.from_fd = from_fd, .to_fd = to_fd};

		copying->depth++;
		r = entries_visit(copying, from_fd, &below, entry_copy);
		copying->depth--;
	}
	return r < 0 ? r : settle(from_fd, to_fd, st);
}

static int entry_copy(struct copying *copying, const struct pair *dir, const char *name)
{
	autofd int fd = entry_open(dir->from_fd, name, O_PATH, 0);
	size_t length = copying->path.length;
	struct stat st;
	int r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == -EXDEV || r == -ENOENT) {
		return 0; /* another mount, or it has gone meanwhile */
	}
	strbuf_printf(&copying->path, "/%s", name);
	if (r == 0 && S_ISDIR(st.st_mode)) {
		r = directory_copy(copying, dir, name, &st);
	} else if (r == 0) {
		r = st.st_nlink > 1 ? linked_copy(copying, dir, name, fd, &st)
				    : leaf_copy(dir, name, fd, &st);
	}
	if (r < 0) {
		return copy_failed(copying, r);
	}
	copying->path.length = length;
	copying->text[length] = '\0';
	return 0;
}

static int key_forget(struct copying *copying, const struct pair *dir, const char *name)
{
	int r = sys_unlinkat(dir->to_fd, name, 0);

	return r < 0 ? copy_failed(copying, r) : 0;
}

static int links_forget(struct copying *copying)
{
	const struct pair links = {.from_fd = -1, .to_fd = copying->links_fd};
	int r;

	if (copying->links_fd < 0) {
		return 0;
	}
	r = entries_visit(copying, copying->links_fd, &links, key_forget);
	if (r == 0) {
		r = sys_unlinkat(copying->to_fd, links_name, AT_REMOVEDIR);
		r = r < 0 ? copy_failed(copying, r) : 0;
	}
	return r;
}

static int top_copy(struct copying *copying, int from_fd)
{
	const struct pair top = {.from_fd = from_fd, .to_fd = copying->to_fd};
	struct stat st;
	int r = entries_visit(copying, from_fd, &top, entry_copy);

	r = r < 0 ? r : links_forget(copying);
	if (r < 0) {
		return r;
	}
	r = sys_fstat(from_fd, &st);
	r = r < 0 ? r : attributes_copy(from_fd, copying->to_fd);
	r = r < 0 ? r : sys_set_times(copying->to_fd, &st);
	return r < 0 ? copy_failed(copying, r) : 0;
}

static int top_open(int fd)
{
	return entry_open(fd, ".", O_RDONLY | O_DIRECTORY, 0);
}

int rootfs_copy_up(int from_fd, int to_fd, const char *subject, struct berth_error *err)
{
	struct copying copying = {.to_fd = -1, .links_fd = -1, .err = err};
	autofd int read_fd = top_open(from_fd);
	int r = read_fd < 0 ? read_fd : top_open(to_fd);

	strbuf_init(&copying.path, copying.text, sizeof(copying.text));
	strbuf_add(&copying.path, subject);
	if (r < 0) {
		return copy_failed(&copying, r);
	}
	copying.to_fd = r;
	r = top_copy(&copying, read_fd);
	close_fd(&copying.links_fd);
	close_fd(&copying.to_fd);
	return r;
}
