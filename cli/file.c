/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 1024 * 1024 };

int cli_file_find(const struct cli_globals *globals, const char *root, const char *file,
	char ret_path[PATH_MAX])
{
	char resolved[PATH_MAX];
	struct stat st;

	if (snprintf(ret_path, PATH_MAX, "%s/%s", root, file) >= PATH_MAX) {
		return cli_fail_errno(globals, ENAMETOOLONG, "%s", root);
	}
	if (stat(root, &st) < 0 || (!S_ISDIR(st.st_mode) && (errno = ENOTDIR))) {
		return cli_fail_errno(globals, errno, "open %s", root);
	}
	if (lstat(ret_path, &st) < 0) {
		return errno == ENOENT ? 0 : cli_fail_errno(globals, errno, "open %s", ret_path);
	}
	if (!realpath(ret_path, resolved)) {
		return cli_fail_errno(globals, errno, "follow %s", ret_path);
	}
	memcpy(ret_path, resolved, sizeof(resolved));
	return 0;
}

int cli_file_read(const struct cli_globals *globals, const char *path, char **ret_text)
{
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	autoptr char *text = NULL;
	struct stat st;
	ssize_t got = 0;
	size_t length = 0;

	if (fd < 0 && errno == ENOENT) {
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return cli_fail_errno(globals, errno, "open %s", path);
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES) {
		return cli_fail_text(globals, "%s is no regular file of at most 1 MiB", path);
	}
	text = malloc((size_t)st.st_size + 1);
	while (text && length < (size_t)st.st_size) {
		got = read(fd, text + length, (size_t)st.st_size - length);
		if (got <= 0) {
			break;
		}
		length += (size_t)got;
	}
	if (!text || got < 0) {
		return cli_fail_errno(globals, errno, "read %s", path);
	}
	text[length] = '\0';
	if (strlen(text) != length) {
		return cli_fail_text(globals, "%s has a zero byte in it: it is no text", path);
	}
	*ret_text = text;
	text = NULL;
	return 0;
}

/* The directories that a path goes through. */
static int make_parents(const struct cli_globals *globals, const char *path)
{
	char parent[PATH_MAX];

	(void)snprintf(parent, sizeof(parent), "%s", path);
	for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST) {
			return cli_fail_errno(globals, errno, "make %s", parent);
		}
		*slash = '/';
	}
	return 0;
}

/* The new file, under a name of its own. */
static int fill_file(int fd, const char *path, const char *text)
{
	size_t length = strlen(text), written = 0;
	struct stat st;
	bool is_there = stat(path, &st) == 0;

	if (is_there && fchown(fd, st.st_uid, st.st_gid) < 0) {
		return -1;
	}
	if (fchmod(fd, is_there ? st.st_mode & 07777 : 0644) < 0) {
		return -1;
	}
	while (written < length) {
		ssize_t count = write(fd, text + written, length - written);

		if (count < 0) {
			return -1;
		}
		written += (size_t)count;
	}
	return fsync(fd);
}

int cli_file_replace(
	const struct cli_globals *globals, const char *path, const char *text, const char *backup)
{
	char temporary[PATH_MAX + 16];
	int status = make_parents(globals, path);
	autofd int fd = -1;

	if (status != 0) {
		return status;
	}
	(void)snprintf(temporary, sizeof(temporary), "%s.berth-XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return cli_fail_errno(globals, errno, "create %s", temporary);
	}
	if (fill_file(fd, path, text) < 0) {
		status = cli_fail_errno(globals, errno, "write %s", temporary);
	} else if (backup && link(path, backup) < 0) {
		status = cli_fail_errno(globals, errno, "keep %s as %s", path, backup);
	} else if (rename(temporary, path) < 0) {
		status = cli_fail_errno(globals, errno, "put the new file at %s", path);
	}
	if (status != 0) {
		(void)unlink(temporary);
	}
	return status;
}
