/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a missing path is made. The whole path is tried first; mostly it is there. Otherwise walk_make()
 * looks for the longest prefix that is, from the right: mostly but one name is missing. From there it
 * goes over the prefixes to the right. Each one is looked up from the root by the kernel, which follows
 * every link that is in the image, in the root. The first prefix that gives ENOENT has a parent that is
 * there and pinned, so its last component either is missing, and is made under the parent, or is a link
 * that points to nothing. Such a link is written out in the text of the path (link_expand())
 * and all begins again. The text is thus never resolved here: ".." and links stay in it until the
 * kernel has walked over them.
 */
#include "rootfs/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "sys/abi.h"
#include "sys/file.h"

enum {
	PATH_TRIES = 128, /* EAGAIN: a rename or a mount happened somewhere during the look-up */
	PATH_LINKS = 40,  /* as many as the kernel follows in one look-up */
	PATH_DIR_MODE = 0755,
	PATH_FILE_MODE = 0644,
	WALK_AT_LINK = 1, /* outcome of the walk */
};

/* A path that is being made. */
struct walk {
	int root_fd;
	uint32_t flags;      /* enum rootfs_path_flag */
	const char *subject; /* the path as it was given */
	bool is_made;        /* the last component was made */
	bool is_absent;      /* the component that comes next has been looked for */
	size_t start;        /* of the component that the walk is at */
	size_t link_length;
	char text[PATH_MAX]; /* from the root, with a leading slash */
	char link[PATH_MAX]; /* what the link says that the walk has stopped at */
};

static int open_once(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	int r = -EAGAIN;

	for (int i = 0; i < PATH_TRIES && r == -EAGAIN; i++) {
		r = sys_openat2(dir_fd, path, flags, mode, resolve | RESOLVE_NO_MAGICLINKS);
	}
	return r;
}

static int open_in_root(int root_fd, const char *path, int flags, uint64_t resolve)
{
	return open_once(root_fd, path, O_PATH | flags, 0, resolve | RESOLVE_IN_ROOT);
}

static int find_failed(struct berth_error *err, int r, const char *path)
{
	return rootfs_fail(err, r, ROOTFS_CALL_OPENAT2, path, "find in the root file system");
}

int rootfs_path_find(int root_fd, const char *path, int flags, int *ret_fd, struct berth_error *err)
{
	int fd = open_in_root(root_fd, path, flags, 0);

	if (fd == -ENOENT) {
		return ROOTFS_PATH_ABSENT;
	}
	if (fd < 0) {
		return find_failed(err, fd, path);
	}
	*ret_fd = fd;
	return 0;
}

/* The errors of a strict path are the ones that an image can cause on purpose. */
static int walk_failed(const struct walk *walk, int r, struct berth_error *err)
{
	if (r == -ELOOP && (walk->flags & ROOTFS_PATH_STRICT)) {
		r = error_system(err, r, "mount point is a symbolic link or reached through one:");
	} else if (r == -ENOTDIR) {
		r = error_system(err, r, "mount point is not a directory or not below one:");
	} else {
		return find_failed(err, r, walk->subject);
	}
	error_add_subject(err, walk->subject);
	return r;
}

static int walk_open(const struct walk *walk, bool is_dir)
{
	return open_in_root(walk->root_fd, walk->text, is_dir ? O_DIRECTORY : 0,
		walk->flags & ROOTFS_PATH_STRICT ? RESOLVE_NO_SYMLINKS : 0);
}

static int file_make(int dir_fd, const char *name)
{
	autofd int fd = open_once(dir_fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY,
		PATH_FILE_MODE, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	return fd < 0 ? fd : 0;
}

/* Makes the component that was not found. A link that points to nothing is an outcome. */
static int component_make(struct walk *walk, int dir_fd, bool is_dir, struct berth_error *err)
{
	const char *name = walk->text + walk->start;
	int r = is_dir ? sys_mkdirat(dir_fd, name, PATH_DIR_MODE) : file_make(dir_fd, name);
	ssize_t length;

	if (r == 0) {
		return 0;
	}
	if (r == -EEXIST) {
		length = sys_readlinkat(dir_fd, name, walk->link, sizeof(walk->link));
		if (length > 0 && (walk->flags & ROOTFS_PATH_STRICT)) {
			return walk_failed(walk, -ELOOP, err);
		}
		if (length > 0 && (size_t)length < sizeof(walk->link)) {
			walk->link_length = (size_t)length;
			return WALK_AT_LINK;
		}
		if (length == -EINVAL) {
			return 0; /* no link: somebody has made it since the look-up, which comes again */
		}
		r = length < 0 ? (int)length : -ENAMETOOLONG;
	}
	return rootfs_fail(
		err, r, ROOTFS_CALL_OTHER, walk->subject, "make in the root file system");
}

/* One component, with walk->text cut behind it: `dir_fd` becomes its descriptor. */
static int walk_step(struct walk *walk, bool is_dir, int *dir_fd, struct berth_error *err)
{
	int fd = walk->is_absent ? -ENOENT : walk_open(walk, is_dir);
	int r;

	walk->is_made = walk->is_absent = false;
	if (fd == -ENOENT) {
		r = component_make(walk, *dir_fd, is_dir, err);
		if (r != 0) {
			return r;
		}
		walk->is_made = true; /* or by another runtime a moment ago, which is the same */
		fd = walk_open(walk, is_dir);
	}
	if (fd < 0) {
		return walk_failed(walk, fd, err);
	}
	close_fd(dir_fd);
	*dir_fd = fd;
	return 0;
}

/* Replaces the component at walk->start, which ends at `end` and is a link, by what the link says. */
static int link_expand(struct walk *walk, size_t end)
{
	char rest[PATH_MAX];
	struct strbuf text = {.data = walk->text, .size = sizeof(walk->text)};

	str_copy(rest, sizeof(rest), walk->text + end);
	text.length = walk->link[0] == '/' ? 0 : walk->start;
	strbuf_add_bytes(&text, walk->link, walk->link_length);
	strbuf_add(&text, rest);
	return text.is_cut ? -ENAMETOOLONG : 0;
}

/* The descriptor of the first `end` bytes of the text, which are a directory. */
static int walk_open_prefix(struct walk *walk, size_t end)
{
	char kept = walk->text[end];
	int fd;

	if (end == 0) {
		return open_in_root(walk->root_fd, ".", O_DIRECTORY, 0);
	}
	walk->text[end] = '\0';
	fd = walk_open(walk, true);
	walk->text[end] = kept;
	return fd;
}

/* Where the slashes that end the first `end` bytes begin, or the name that does. */
static size_t back_over(const char *text, size_t end, bool is_slash)
{
	while (end > 0 && (text[end - 1] == '/') == is_slash) {
		end--;
	}
	return end;
}

/* The longest prefix that is there, of a text that is not: where it ends, and its descriptor. */
static int walk_find(struct walk *walk, size_t *ret_end)
{
	size_t end = strlen(walk->text);
	int fd = -ENOENT;

	while (fd == -ENOENT && end > 0) {
		end = back_over(walk->text, end, true);
		end = back_over(walk->text, end, false);
		end = back_over(walk->text, end, true);
		fd = walk_open_prefix(walk, end);
	}
	walk->is_absent = true;
	*ret_end = end;
	return fd;
}

/* Makes what is missing. 0 and the descriptor of the whole; WALK_AT_LINK when the text has changed and
 * the walk is to begin again. */
static int walk_make(struct walk *walk, int *ret_fd, struct berth_error *err)
{
	size_t end;
	autofd int dir_fd = walk_find(walk, &end);
	int r = dir_fd < 0 ? walk_failed(walk, dir_fd, err) : 0;

	while (r == 0) {
		char *cut;
		char kept;
		bool is_last;

		walk->start = end + strspn(walk->text + end, "/");
		end = walk->start + strcspn(walk->text + walk->start, "/");
		if (end == walk->start) {
			*ret_fd = take_fd(&dir_fd);
			return 0;
		}
		is_last = walk->text[end + strspn(walk->text + end, "/")] == '\0';
		cut = walk->text + end;
		kept = *cut;
		*cut = '\0';
		r = walk_step(walk, !is_last || !(walk->flags & ROOTFS_PATH_FILE), &dir_fd, err);
		*cut = kept;
	}
	if (r == WALK_AT_LINK) {
		int failure = link_expand(walk, end);

		r = failure < 0 ? walk_failed(walk, failure, err) : r;
	}
	return r;
}

/* A file is wanted, and this is what stands there. */
static int file_check(const struct walk *walk, int fd, struct berth_error *err)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	if (r == 0 && S_ISDIR(st.st_mode)) {
		r = -EISDIR;
	}
	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_OTHER, walk->subject, "use as mount point")
		     : 0;
}

static int walk_init(struct walk *walk, int root_fd, const char *path, uint32_t flags)
{
	struct strbuf text;

	walk->root_fd = root_fd;
	walk->flags = flags;
	walk->subject = path;
	walk->is_made = walk->is_absent = false;
	strbuf_init(&text, walk->text, sizeof(walk->text));
	strbuf_add(&text, "/");
	strbuf_add(&text, path + strspn(path, "/"));
	return text.is_cut ? -ENAMETOOLONG : 0;
}

int rootfs_path_make(
	int root_fd, const char *path, uint32_t flags, int *ret_fd, struct berth_error *err)
{
	struct walk walk;
	autofd int fd = -1;
	int r = walk_init(&walk, root_fd, path, flags);

	if (r < 0) {
		return walk_failed(&walk, r, err);
	}
	r = WALK_AT_LINK;
	for (int i = 0; i <= PATH_LINKS && r == WALK_AT_LINK; i++) {
		fd = walk_open(&walk, !(flags & ROOTFS_PATH_FILE));
		if (fd != -ENOENT) {
			r = fd < 0 ? walk_failed(&walk, fd, err) : 0;
		} else {
			r = walk_make(&walk, &fd, err);
		}
	}
	if (r == WALK_AT_LINK) {
		return walk_failed(&walk, -ELOOP, err);
	}
	if (r == 0 && (flags & ROOTFS_PATH_FILE)) {
		r = file_check(&walk, fd, err);
	}
	if (r < 0) {
		return r;
	}
	*ret_fd = take_fd(&fd);
	return walk.is_made ? ROOTFS_PATH_MADE : 0;
}

int rootfs_path_parent(int root_fd, const char *path, int *ret_dir_fd, const char **ret_name,
	struct berth_error *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = (size_t)(name - path);
	int r;

	if (name[0] == '\0' || str_is_equal(name, ".") || str_is_equal(name, "..")) {
		r = -EINVAL;
	} else {
		r = length < sizeof(dir) ? 0 : -ENAMETOOLONG;
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "name in the root file system");
	}
	memcpy(dir, path, length);
	dir[length] = '\0';
	r = rootfs_path_make(root_fd, dir, 0, ret_dir_fd, err);
	if (r < 0) {
		return r;
	}
	*ret_name = name;
	return 0;
}

int rootfs_path_place(
	int root_fd, const char *path, uint32_t flags, int *ret_fd, struct berth_error *err)
{
	bool is_file = flags & ROOTFS_PATH_FILE;
	autofd int dir_fd = -1;
	const char *name;
	int made;
	int r = rootfs_path_parent(root_fd, path, &dir_fd, &name, err);

	if (r < 0) {
		return r;
	}
	made = is_file ? file_make(dir_fd, name) : sys_mkdirat(dir_fd, name, PATH_DIR_MODE);
	if (made < 0 && made != -EEXIST) {
		return rootfs_fail(
			err, made, ROOTFS_CALL_OTHER, path, "make in the root file system");
	}
	r = rootfs_path_child(dir_fd, name, path, ret_fd, err);
	return r < 0 ? r : made == 0 ? ROOTFS_PATH_MADE : 0;
}

int rootfs_path_child(
	int dir_fd, const char *name, const char *path, int *ret_fd, struct berth_error *err)
{
	int fd = open_once(dir_fd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH);

	if (fd < 0) {
		return find_failed(err, fd, path);
	}
	*ret_fd = fd;
	return 0;
}

int rootfs_path_node(int root_fd, const char *path, int *ret_fd, struct berth_error *err)
{
	autofd int dir_fd = -1;
	autofd int fd = -1;
	const char *name;
	struct stat st;
	int r = rootfs_path_parent(root_fd, path, &dir_fd, &name, err);

	if (r < 0) {
		return r;
	}
	r = file_make(dir_fd, name);
	if (r < 0 && r != -EEXIST) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "make in the root file system");
	}
	r = rootfs_path_child(dir_fd, name, path, &fd, err);
	if (r < 0) {
		return r;
	}
	r = sys_fstat(fd, &st);
	if (r == 0 && S_ISLNK(st.st_mode)) {
		r = -ELOOP;
	}
	if (r == 0 && S_ISDIR(st.st_mode)) {
		r = -EISDIR;
	}
	if (r < 0) {
		return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path,
			"bind on a symbolic link or a directory in place of a node:");
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* What an image can put in the place of a file. */
static bool is_no_file(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EXDEV || r == -EACCES ||
	       r == -EPERM || r == -ENXIO || r == -ENODEV || r == -ENAMETOOLONG;
}

/* Looked at before it is opened: the open of a device may do something. */
int rootfs_path_read(int root_fd, const char *path, int *ret_fd, struct berth_error *err)
{
	autofd int seen_fd = open_in_root(root_fd, path, 0, 0);
	autofd int fd = -1;
	struct stat seen = {0};
	struct stat st = {0};
	int r = seen_fd < 0 ? seen_fd : sys_fstat(seen_fd, &seen);

	if (r == 0 && (!S_ISREG(seen.st_mode) || seen.st_size == 0)) {
		return ROOTFS_PATH_ABSENT;
	}
	if (r == 0) {
		fd = open_once(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_IN_ROOT);
		r = fd < 0 ? fd : sys_fstat(fd, &st);
	}
	if (is_no_file(r)) {
		return ROOTFS_PATH_ABSENT;
	}
	if (r < 0) {
		return rootfs_fail(
			err, r, ROOTFS_CALL_OPENAT2, path, "open in the root file system");
	}
	/* Exchanged between the two: there is no file that stays. */
	if (!S_ISREG(st.st_mode) || st.st_dev != seen.st_dev || st.st_ino != seen.st_ino) {
		return ROOTFS_PATH_ABSENT;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}
