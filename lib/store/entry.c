/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/inside.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	STORE_DIR_MODE = 0700,
	STORE_FILE_MODE = 0600,
	STORE_NOTIFY_MODE = 0755,
	REMOVE_DEPTH_MAX = 8, /* of directories in a container's */
};

static const char lock_name[] = "lock";

/* The path and what is missing of its parents. */
static int make_root(const char *root)
{
	char path[4096];
	size_t length = str_copy(path, sizeof(path), root);
	int r = 0;

	if (length < strlen(root)) {
		return -ENAMETOOLONG;
	}
	for (size_t i = 1; i <= length && (r == 0 || r == -EEXIST); i++) {
		char kept = path[i];

		if (kept == '/' || kept == '\0') {
			path[i] = '\0';
			r = sys_mkdirat(AT_FDCWD, path, STORE_DIR_MODE);
			path[i] = kept;
		}
	}
	return r == -EEXIST ? 0 : r;
}

/* Whoever can write to the root can put any record there: it must be ours, or root's, and nobody else's. */
static int check_root(int fd, const char *root, struct berth_error *err)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	if (r < 0) {
		return error_system(err, r, "examine the state root %s", root);
	}
	if ((st.st_uid != sys_geteuid() && st.st_uid != 0) || (st.st_mode & 0022)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"the state root %s may be written by others (owner %u, mode %o)", root,
			(unsigned int)st.st_uid, (unsigned int)(st.st_mode & 07777));
	}
	return 0;
}

int store_open(const char *root, bool is_created, struct store *ret_store, struct berth_error *err)
{
	autofd int fd = sys_open(root, O_RDONLY | O_DIRECTORY);
	int r = 0;

	if (fd == -ENOENT && is_created) {
		r = make_root(root);
		if (r < 0) {
			return error_system(err, r, "make the state root %s", root);
		}
		fd = sys_open(root, O_RDONLY | O_DIRECTORY);
	}
	if (fd < 0 && (fd != -ENOENT || is_created)) {
		return error_system(err, fd, "open the state root %s", root);
	}
	r = fd < 0 ? 0 : check_root(fd, root, err);
	if (r == 0) {
		ret_store->fd = fd < 0 ? -1 : take_fd(&fd);
	}
	return r;
}

void store_close(struct store *store)
{
	close_fd(&store->fd);
}

void store_entry_init(struct store_entry *entry)
{
	*entry = (struct store_entry){.fd = -1, .lock_fd = -1};
}

void store_entry_close(struct store_entry *entry)
{
	close_fd(&entry->fd);
	close_fd(&entry->lock_fd);
}

static bool is_id_char(char c, bool is_first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || (!is_first && (c == '.' || c == '-'));
}

int store_check_id(const char *id, struct berth_error *err)
{
	size_t length = strlen(id);
	bool is_good = length > 0 && length <= STORE_ID_MAX;

	for (size_t i = 0; is_good && i < length; i++) {
		is_good = is_id_char(id[i], i == 0);
	}
	return is_good ? 0
		       : error_set(err, BERTH_ERROR_USAGE, "invalid container ID format: \"%.64s\"",
				 id);
}

int store_not_found(const char *id, struct berth_error *err)
{
	return error_set(err, BERTH_ERROR_NOT_FOUND, "container does not exist: %s", id);
}

static int open_directory(const struct store *store, const char *id)
{
	return store->fd < 0 ? -ENOENT
			     : sys_openat2(store->fd, id, O_RDONLY | O_DIRECTORY, 0, STORE_RESOLVE);
}

static int already_exists(const char *id, struct berth_error *err)
{
	return error_set(err, BERTH_ERROR_EXISTS, "container with given ID already exists: %s", id);
}

/* Opens the lock's file, which is made where it is not there, and takes the lock; -ENOENT where who had it has
 * removed it. */
static int take_lock(int fd, int flags)
{
	autofd int lock_fd = sys_openat2(fd, lock_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | flags,
		flags & O_CREAT ? STORE_FILE_MODE : 0, STORE_RESOLVE);
	struct stat st;
	int r = lock_fd < 0 ? lock_fd : sys_flock(lock_fd, STORE_LOCK_TIMEOUT_MS);

	if (r == 0) {
		r = sys_fstat(lock_fd, &st);
	}
	if (r == 0 && st.st_nlink == 0) {
		r = -ENOENT;
	}
	return r < 0 ? r : take_fd(&lock_fd);
}

int store_create(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err)
{
	autofd int fd = -1;
	autofd int lock_fd = -1;
	int r = sys_mkdirat(store->fd, id, STORE_DIR_MODE);

	if (r == -EEXIST) {
		return already_exists(id, err);
	}
	if (r < 0) {
		return error_system(err, r, "make the container's directory %s", id);
	}
	fd = open_directory(store, id);
	lock_fd = fd < 0 ? fd : take_lock(fd, O_CREAT);
	if (lock_fd == -ENOENT) {
		/* A delete has got between, has found nothing, and has taken it away. */
		return already_exists(id, err);
	}
	if (lock_fd < 0) {
		if (fd >= 0) {
			(void)!sys_unlinkat(fd, lock_name, 0);
		}
		(void)!sys_unlinkat(store->fd, id, AT_REMOVEDIR);
		return error_call(err, lock_fd, fd < 0 ? "openat2" : "flock",
			"make and lock the container's directory %s", id);
	}
	ret_entry->fd = take_fd(&fd);
	ret_entry->lock_fd = take_fd(&lock_fd);
	(void)str_copy(ret_entry->id, sizeof(ret_entry->id), id);
	return 0;
}

/* The lock's file is missing while another command makes the directory, or takes it away. A creator that died
 * between mkdir and lock has left none for good: it is made here, for delete. */
static int lock_entry(int fd)
{
	int lock_fd = take_lock(fd, 0);

	for (int i = 0; lock_fd == -ENOENT && i < STORE_SETTLE_MS; i++) {
		(void)!sys_poll(-1, 0, 1);
		lock_fd = take_lock(fd, 0);
	}
	return lock_fd == -ENOENT ? take_lock(fd, O_CREAT) : lock_fd;
}

int store_is_changing(const struct store_entry *entry)
{
	autofd int lock_fd = sys_openat2(
		entry->fd, lock_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, STORE_RESOLVE);
	struct stat st;
	int r = sys_fstat(entry->fd, &st);

	if (r == 0 && st.st_nlink == 0) {
		return 1;
	}
	return r == 0 && lock_fd >= 0 && sys_flock_test(lock_fd) > 0;
}

void store_entry_unlock(struct store_entry *entry)
{
	close_fd(&entry->lock_fd);
}

int store_entry_relock(struct store_entry *entry)
{
	int lock_fd = take_lock(entry->fd, 0);

	if (lock_fd < 0) {
		return lock_fd;
	}
	entry->lock_fd = lock_fd;
	return 0;
}

int store_look(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err)
{
	int r = store_check_id(id, err);
	int fd;

	if (r < 0) {
		return r;
	}
	fd = open_directory(store, id);
	if (fd == -ENOENT) {
		return store_not_found(id, err);
	}
	if (fd < 0) {
		return error_call(err, fd, "openat2", "open the container's directory %s", id);
	}
	ret_entry->fd = fd;
	(void)str_copy(ret_entry->id, sizeof(ret_entry->id), id);
	return 0;
}

int store_find(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err)
{
	autofd int fd = -1;
	autofd int lock_fd = -1;
	int r = store_check_id(id, err);

	if (r < 0) {
		return r;
	}
	fd = open_directory(store, id);
	if (fd == -ENOENT) {
		return store_not_found(id, err);
	}
	if (fd < 0) {
		return error_call(err, fd, "openat2", "open the container's directory %s", id);
	}
	lock_fd = lock_entry(fd);
	if (lock_fd == -ETIMEDOUT) {
		return error_set(err, BERTH_ERROR_STATE,
			"container %s is busy: another command has held its lock for %d seconds",
			id, STORE_LOCK_TIMEOUT_MS / 1000);
	}
	if (lock_fd == -ENOENT) {
		return store_not_found(id, err);
	}
	if (lock_fd < 0) {
		return error_system(err, lock_fd, "lock the container %s", id);
	}
	ret_entry->fd = take_fd(&fd);
	ret_entry->lock_fd = take_fd(&lock_fd);
	(void)str_copy(ret_entry->id, sizeof(ret_entry->id), id);
	return 0;
}

int store_notify_make(const struct store_entry *entry, struct berth_error *err)
{
	autofd int fd = -1;
	int r = sys_mkdirat(entry->fd, STORE_NOTIFY_NAME, STORE_NOTIFY_MODE);

	if (r == 0) {
		fd = store_notify_open(entry);
		/* Whoever the container's process is must find it, whatever the umask. */
		r = fd < 0 ? fd : sys_fchmod(fd, STORE_NOTIFY_MODE);
	}
	return r < 0 ? error_system(err, r, "make the notify directory of container %s", entry->id)
		     : 0;
}

int store_notify_open(const struct store_entry *entry)
{
	return sys_openat2(entry->fd, STORE_NOTIFY_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
		STORE_RESOLVE);
}

/* What somebody has put into the container's directory goes with it. */
struct removal {
	int fd;
	int depth;
};

static int remove_file(const char *name, bool is_directory, void *argument)
{
	const struct removal *removal = argument;
	struct removal below = {.depth = removal->depth - 1};
	autofd int fd = -1;
	int r;

	if (str_is_equal(name, lock_name) && removal->depth == REMOVE_DEPTH_MAX) {
		return 0;
	}
	if (!is_directory || removal->depth == 0) {
		return sys_unlinkat(removal->fd, name, 0);
	}
	fd = sys_openat2(removal->fd, name, O_RDONLY | O_DIRECTORY, 0, STORE_RESOLVE);
	if (fd < 0) {
		return fd;
	}
	below.fd = fd;
	r = sys_list(fd, remove_file, &below);
	return r < 0 ? r : sys_unlinkat(removal->fd, name, AT_REMOVEDIR);
}

int store_remove(const struct store *store, struct store_entry *entry, struct berth_error *err)
{
	/* The lock goes last: whoever waits for it sees then that the container is gone. */
	struct removal removal = {.fd = entry->fd, .depth = REMOVE_DEPTH_MAX};
	int r = sys_list(entry->fd, remove_file, &removal);

	if (r >= 0) {
		r = sys_unlinkat(entry->fd, lock_name, 0);
	}
	if (r >= 0 || r == -ENOENT) {
		r = sys_unlinkat(store->fd, entry->id, AT_REMOVEDIR);
	}
	if (r < 0) {
		return error_system(err, r, "remove the container's directory %s", entry->id);
	}
	store_entry_close(entry);
	return 0;
}
