/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a container's directory: a reader sees the old one or the new one, whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/inside.h"
#include "sys/file.h"

/* What json/ reads at most. */
enum { STORE_CONFIG_MAX_BYTES = 16 * 1024 * 1024 };

int store_damaged(const struct store_entry *entry, const char *what, struct berth_error *err)
{
	return error_set(err, BERTH_ERROR_STATE, "the state of container %s is damaged: %s",
		entry->id, what);
}

static int write_all(int fd, const char *text, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t r = sys_write(fd, text + done, length - done);

		if (r <= 0) {
			return r < 0 ? (int)r : -EIO;
		}
		done += (size_t)r;
	}
	return 0;
}

int store_file_write(
	const struct store_entry *entry, const char *name, const char *text, size_t length)
{
	char new_name[STORE_NAME_MAX + 4];
	autofd int fd = -1;
	struct strbuf buf;
	int r;

	strbuf_init(&buf, new_name, sizeof(new_name));
	strbuf_printf(&buf, "%s.new", name);
	/* One that a killed command has left would be in the way. */
	(void)!sys_unlinkat(entry->fd, new_name, 0);
	fd = sys_openat2(
		entry->fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, STORE_RESOLVE);
	r = fd < 0 ? fd : write_all(fd, text, length);
	return r < 0 ? r : sys_renameat(entry->fd, new_name, name);
}

/* O_NONBLOCK: a fifo in its place must not hold anybody up. -ESTALE: it is missing because another command makes
 * the container, or deletes it. */
static int open_settled(const struct store_entry *entry, const char *name)
{
	for (int i = 0;; i++) {
		int fd = sys_openat2(
			entry->fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, STORE_RESOLVE);

		if (fd != -ENOENT || entry->lock_fd >= 0 || i == STORE_SETTLE_MS) {
			return fd;
		}
		if (store_is_changing(entry)) {
			return -ESTALE;
		}
		(void)!sys_poll(-1, 0, 1);
	}
}

static int open_regular(const struct store_entry *entry, const struct store_file *file,
	size_t *ret_size, struct berth_error *err)
{
	autofd int fd = open_settled(entry, file->name);
	char what[STORE_NAME_MAX + 40];
	struct strbuf buf;
	struct stat st;
	int r = fd < 0 ? fd : sys_fstat(fd, &st);

	if (r == -ESTALE) {
		return store_not_found(entry->id, err);
	}
	strbuf_init(&buf, what, sizeof(what));
	if (r < 0) {
		strbuf_printf(&buf, "%s %s", file->name,
			r == -ENOENT ? "is missing" : "cannot be opened");
		return store_damaged(entry, what, err);
	}
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > file->max) {
		strbuf_printf(&buf, "%s is no file of a fitting size", file->name);
		return store_damaged(entry, what, err);
	}
	*ret_size = (size_t)st.st_size;
	return take_fd(&fd);
}

int store_file_read(const struct store_entry *entry, struct store_file *file, struct arena *arena,
	struct berth_error *err)
{
	size_t size = 0;
	autofd int fd = open_regular(entry, file, &size, err);

	if (fd < 0) {
		return fd;
	}
	file->length = 0;
	file->text = arena_alloc(arena, size + 1, 1);
	if (!file->text) {
		return error_system(err, ENOMEM, "memory for the state");
	}
	while (file->length < size) {
		ssize_t got = sys_read(fd, file->text + file->length, size - file->length);

		if (got <= 0) {
			break;
		}
		file->length += (size_t)got;
	}
	return 0;
}

int store_write_config(
	const struct store_entry *entry, const char *text, size_t length, struct berth_error *err)
{
	int r = store_file_write(entry, STORE_CONFIG_NAME, text, length);

	return r < 0 ? error_system(err, r, "write the config of container %s", entry->id) : 0;
}

int store_read_config(const struct store_entry *entry, struct arena *arena, const char **ret_text,
	size_t *ret_length, struct berth_error *err)
{
	struct store_file file = {.name = STORE_CONFIG_NAME, .max = STORE_CONFIG_MAX_BYTES};
	int r = store_file_read(entry, &file, arena, err);

	if (r == 0) {
		*ret_text = file.text;
		*ret_length = file.length;
	}
	return r;
}
