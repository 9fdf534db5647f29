/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/inside.h"
#include "sys/cred.h"
#include "sys/file.h"

enum {
	CACHE_DIR_MODE = 0700,
	CACHE_FILE_MODE = 0600,
	CACHE_NAME_MAX = 32,
};

/* What an entry begins with; the key and the value follow. In the byte order of the machine, as the value may be. */
struct cache_head {
	char magic[8];
	uint64_t checksum; /* of the rest */
	uint32_t key_length, value_length;
};

static const char cache_magic[8] = {'b', 'e', 'r', 't', 'h', ' ', 'c', '1'};

/* A hash finds damage, and a name for a key. It is no proof of anything: that the files are this user's alone is what
 * they are trusted for, and that the key in one is the key that is asked for is compared byte by byte. */
static uint64_t checksum_of(const struct cache_head *head, const void *key, const void *value)
{
	uint64_t hash = str_hash(STR_HASH_BEGIN, &head->key_length, sizeof(head->key_length));

	hash = str_hash(hash, &head->value_length, sizeof(head->value_length));
	hash = str_hash(hash, key, head->key_length);
	return str_hash(hash, value, head->value_length);
}

static void name_of(const struct store_cached *cached, char name[CACHE_NAME_MAX])
{
	struct strbuf buf;

	strbuf_init(&buf, name, CACHE_NAME_MAX);
	strbuf_printf(&buf, "%016llx",
		(unsigned long long)str_hash(STR_HASH_BEGIN, cached->key, cached->key_length));
}

/* The directory of a kind, which must be this user's alone; with `is_made`, made where it is not there. */
static int open_kind(const char *root, const char *kind, bool is_made)
{
	struct store store = {.fd = -1};
	char name[CACHE_NAME_MAX];
	struct strbuf buf;
	struct stat st;
	autofd int root_fd = -1;
	autofd int fd = -1;
	int r = store_open(root, false, &store, NULL);

	root_fd = r < 0 ? r : store.fd;
	if (root_fd < 0) {
		return -ENOENT;
	}
	strbuf_init(&buf, name, sizeof(name));
	strbuf_printf(&buf, ".%s", kind);
	r = is_made ? sys_mkdirat(root_fd, name, CACHE_DIR_MODE) : 0;
	if (r < 0 && r != -EEXIST) {
		return r;
	}
	fd = sys_openat2(root_fd, name, O_RDONLY | O_DIRECTORY, 0, STORE_RESOLVE);
	r = fd < 0 ? fd : sys_fstat(fd, &st);
	if (r < 0 || st.st_uid != sys_geteuid() || (st.st_mode & 07777) != CACHE_DIR_MODE) {
		return -ENOENT;
	}
	return take_fd(&fd);
}

/* A file of this user's alone, under this one name, of a size that can be. */
static bool is_private(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == sys_geteuid() && (st->st_mode & 0077) == 0 &&
	       st->st_nlink == 1 && st->st_size > (off_t)sizeof(struct cache_head) &&
	       st->st_size <= STORE_CACHE_BYTES_MAX;
}

/* All of an entry, in the arena; NULL where it is not to be used. O_NONBLOCK: a fifo must not hold anybody up. */
static const char *read_entry(int dir_fd, const char *name, struct arena *arena, size_t *ret_size)
{
	autofd int fd =
		sys_openat2(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, STORE_RESOLVE);
	struct stat st;
	char *text;

	if (fd < 0 || sys_fstat(fd, &st) < 0 || !is_private(&st)) {
		return NULL;
	}
	text = arena_alloc(arena, (size_t)st.st_size, 1);
	if (!text || sys_read(fd, text, (size_t)st.st_size) != (ssize_t)st.st_size) {
		return NULL;
	}
	*ret_size = (size_t)st.st_size;
	return text;
}

/* Whether an entry is whole, and that of this key; its value then. */
static bool is_entry_of(const char *text, size_t size, struct store_cached *cached)
{
	struct cache_head head;
	const char *key = text + sizeof(head);

	memcpy(&head, text, sizeof(head));
	if (memcmp(head.magic, cache_magic, sizeof(cache_magic)) != 0 ||
		head.key_length != cached->key_length ||
		(uint64_t)head.key_length + head.value_length != size - sizeof(head) ||
		memcmp(key, cached->key, cached->key_length) != 0 ||
		checksum_of(&head, key, key + head.key_length) != head.checksum) {
		return false;
	}
	cached->value = key + head.key_length;
	cached->value_length = head.value_length;
	return true;
}

int store_cache_get(const char *root, struct arena *arena, struct store_cached *cached)
{
	autofd int fd = open_kind(root, cached->kind, false);
	char name[CACHE_NAME_MAX];
	const char *text;
	size_t size = 0;

	if (fd < 0) {
		return -ENOENT;
	}
	name_of(cached, name);
	text = read_entry(fd, name, arena, &size);
	return text && is_entry_of(text, size, cached) ? 0 : -ENOENT;
}

/* Who comes first when one must go. */
struct oldest {
	int dir_fd;
	size_t count;
	struct timespec time;
	char name[256]; /* NAME_MAX */
};

static int visit_entry(const char *name, bool is_directory, void *argument)
{
	struct oldest *oldest = argument;
	struct stat st;

	(void)is_directory;
	if (sys_fstatat(oldest->dir_fd, name, AT_SYMLINK_NOFOLLOW, &st) < 0) {
		return 0;
	}
	if (oldest->count++ == 0 || st.st_mtim.tv_sec < oldest->time.tv_sec ||
		(st.st_mtim.tv_sec == oldest->time.tv_sec &&
			st.st_mtim.tv_nsec < oldest->time.tv_nsec)) {
		oldest->time = st.st_mtim;
		str_copy(oldest->name, sizeof(oldest->name), name);
	}
	return 0;
}

/* Room for one more. What a killed command has left is an entry here. */
static int make_room(int dir_fd)
{
	for (;;) {
		struct oldest oldest = {.dir_fd = dir_fd};
		int r = sys_list(dir_fd, visit_entry, &oldest);

		if (r == 0 && oldest.count >= STORE_CACHE_ENTRIES_MAX) {
			r = sys_unlinkat(dir_fd, oldest.name, 0);
		} else {
			return r;
		}
		if (r < 0) {
			return r;
		}
	}
}

static int write_piece(int fd, const void *bytes, size_t length)
{
	return length > 0 ? sys_write_once(fd, bytes, length) : 0;
}

static int write_entry(int fd, const struct store_cached *cached)
{
	struct cache_head head = {
		.key_length = (uint32_t)cached->key_length,
		.value_length = (uint32_t)cached->value_length,
	};
	int r;

	memcpy(head.magic, cache_magic, sizeof(cache_magic));
	head.checksum = checksum_of(&head, cached->key, cached->value);
	r = write_piece(fd, &head, sizeof(head));
	r = r < 0 ? r : write_piece(fd, cached->key, cached->key_length);
	return r < 0 ? r : write_piece(fd, cached->value, cached->value_length);
}

void store_cache_put(const char *root, const struct store_cached *cached)
{
	autofd int dir_fd = -1;
	autofd int fd = -1;
	char new_name[CACHE_NAME_MAX], name[CACHE_NAME_MAX];
	struct strbuf buf;
	uint64_t number;

	if (cached->key_length > STORE_CACHE_BYTES_MAX / 2 ||
		cached->value_length > STORE_CACHE_BYTES_MAX / 2 - sizeof(struct cache_head)) {
		return;
	}
	dir_fd = open_kind(root, cached->kind, true);
	if (dir_fd < 0 || make_room(dir_fd) < 0 || sys_random(&number, sizeof(number)) < 0) {
		return;
	}
	/* A name of its own, as two commands may write the same entry. */
	strbuf_init(&buf, new_name, sizeof(new_name));
	strbuf_printf(&buf, "new-%016llx", (unsigned long long)number);
	fd = sys_openat2(dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		CACHE_FILE_MODE, STORE_RESOLVE);
	if (fd < 0) {
		return;
	}
	name_of(cached, name);
	if (write_entry(fd, cached) < 0 || sys_renameat(dir_fd, new_name, name) < 0) {
		(void)!sys_unlinkat(dir_fd, new_name, 0);
	}
}
