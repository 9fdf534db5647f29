/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/passwd.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/fail.h"
#include "rootfs/path.h"
#include "rootfs/rootfs.h"
#include "sys/file.h"

/* Fields of a line, from the left. */
enum {
	FIELD_NAME = 0,
	PASSWD_FIELD_UID = 2,
	PASSWD_FIELD_GID = 3,
	PASSWD_FIELD_HOME = 5,
	PASSWD_FIELDS_NEEDED = 4, /* the rest may be missing */
	GROUP_FIELD_GID = 2,
	GROUP_FIELDS_NEEDED = 3,
	FIELDS_MAX = 7,
};

/* A file, line by line. */
struct reader {
	int fd;
	size_t left;       /* bytes that may still be read */
	size_t start, end; /* what is in `data` and no line yet */
	bool is_at_end;    /* of the file, not of what may be read of it */
	bool is_dropping;  /* the line began with more than there is room for */
	char data[ROOTFS_PASSWD_LINE_MAX + 1];
};

/* A line that is looked for: by its name, or where that is NULL by its id. */
struct wanted {
	const char *name;
	uint32_t id;
};

/* More bytes into `data`. 0 also at the end. */
static int reader_fill(struct reader *reader)
{
	size_t room;
	ssize_t r;

	if (reader->start > 0) {
		memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (reader->end == ROOTFS_PASSWD_LINE_MAX) {
		reader->is_dropping = true;
		reader->end = 0;
	}
	room = ROOTFS_PASSWD_LINE_MAX - reader->end;
	room = room < reader->left ? room : reader->left;
	if (room == 0) {
		return 0;
	}
	r = sys_read(reader->fd, reader->data + reader->end, room);
	if (r < 0) {
		return (int)r;
	}
	reader->is_at_end = r == 0;
	reader->end += (size_t)r;
	reader->left -= (size_t)r;
	return 0;
}

/* Takes `length` bytes, and one more for the newline, from what was read. NULL for a line that does not
 * count. */
static char *reader_take(struct reader *reader, size_t length)
{
	char *line = reader->data + reader->start;
	bool is_good = !reader->is_dropping && !memchr(line, '\0', length);

	line[length] = '\0';
	reader->start += length + 1;
	reader->start = reader->start < reader->end ? reader->start : reader->end;
	reader->is_dropping = false;
	return is_good ? line : NULL;
}

/* The next line that counts, valid until the next call; NULL at the end. */
static int reader_next(struct reader *reader, char **ret_line)
{
	char *line = NULL;

	while (!line) {
		char *at = reader->data + reader->start;
		size_t length = reader->end - reader->start;
		char *newline = memchr(at, '\n', length);
		int r;

		if (newline) {
			line = reader_take(reader, (size_t)(newline - at));
			continue;
		}
		if (reader->is_at_end || reader->left == 0) {
			/* The last line may lack its newline; one that is cut is none. */
			line = reader->is_at_end && length > 0 ? reader_take(reader, length) : NULL;
			break;
		}
		r = reader_fill(reader);
		if (r < 0) {
			return r;
		}
	}
	*ret_line = line;
	return 0;
}

static size_t fields_split(char *line, char *fields[FIELDS_MAX])
{
	size_t count = 0;

	while (line && count < FIELDS_MAX) {
		fields[count++] = strsep(&line, ":");
	}
	return count;
}

static bool is_wanted(const struct wanted *wanted, const char *name, uint32_t id)
{
	return wanted->name ? str_is_equal(wanted->name, name) : wanted->id == id;
}

typedef bool (*match_fn)(const struct wanted *wanted, char *line, void *ret_found);

static int search(int root_fd, const char *path, const struct wanted *wanted, match_fn match,
	void *ret_found, struct berth_error *err)
{
	struct reader reader = {.fd = -1, .left = ROOTFS_PASSWD_BYTES_MAX};
	autofd int fd = -1;
	int r = rootfs_path_read(root_fd, path, &fd, err);

	reader.fd = fd;
	while (r == 0) {
		char *line = NULL;

		r = reader_next(&reader, &line);
		if (r < 0) {
			return rootfs_fail(err, r, ROOTFS_CALL_OTHER, path, "read");
		}
		if (!line) {
			return ROOTFS_PASSWD_ABSENT;
		}
		if (match(wanted, line, ret_found)) {
			return 0;
		}
	}
	return r < 0 ? r : ROOTFS_PASSWD_ABSENT;
}

/* name:password:uid:gid:comment:home:shell */
static bool match_user(const struct wanted *wanted, char *line, void *ret_found)
{
	struct rootfs_passwd *user = ret_found;
	char *fields[FIELDS_MAX];
	size_t count = fields_split(line, fields);
	uint32_t uid, gid;

	if (count < PASSWD_FIELDS_NEEDED || str_to_u32(fields[PASSWD_FIELD_UID], &uid) < 0 ||
		str_to_u32(fields[PASSWD_FIELD_GID], &gid) < 0 ||
		!is_wanted(wanted, fields[FIELD_NAME], uid)) {
		return false;
	}
	user->uid = uid;
	user->gid = gid;
	(void)str_copy(user->home, sizeof(user->home),
		count > PASSWD_FIELD_HOME ? fields[PASSWD_FIELD_HOME] : "");
	return true;
}

/* name:password:gid:members */
static bool match_group(const struct wanted *wanted, char *line, void *ret_found)
{
	char *fields[FIELDS_MAX];
	size_t count = fields_split(line, fields);
	uint32_t gid;

	if (count < GROUP_FIELDS_NEEDED || str_to_u32(fields[GROUP_FIELD_GID], &gid) < 0 ||
		!is_wanted(wanted, fields[FIELD_NAME], gid)) {
		return false;
	}
	memcpy(ret_found, &gid, sizeof(gid));
	return true;
}

int rootfs_passwd_by_uid(
	int root_fd, uint32_t uid, struct rootfs_passwd *ret_user, struct berth_error *err)
{
	const struct wanted wanted = {.id = uid};

	return search(root_fd, "/etc/passwd", &wanted, match_user, ret_user, err);
}

int rootfs_passwd_by_name(
	int root_fd, const char *name, struct rootfs_passwd *ret_user, struct berth_error *err)
{
	const struct wanted wanted = {.name = name};

	return search(root_fd, "/etc/passwd", &wanted, match_user, ret_user, err);
}

int rootfs_group_by_name(int root_fd, const char *name, uint32_t *ret_gid, struct berth_error *err)
{
	const struct wanted wanted = {.name = name};

	return search(root_fd, "/etc/group", &wanted, match_group, ret_gid, err);
}

int rootfs_home(struct rootfs *rootfs, const struct boot *boot, char *home, size_t size,
	struct berth_error *err)
{
	struct rootfs_passwd user;
	int r = rootfs_passwd_by_uid(rootfs->root_fd, boot->identity.uid, &user, err);

	if (r < 0) {
		return r;
	}
	(void)str_copy(home, size, r == 0 && user.home[0] ? user.home : "/");
	return 0;
}
