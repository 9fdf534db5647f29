/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H
/* For the files of store/ alone. */
#include "store/store.h"
#include "sys/abi.h"

/* How a name is resolved: no link on the way, and nothing outside of the state root. */
#define STORE_RESOLVE                                                                              \
	(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

enum {
	STORE_NAME_MAX = 32, /* of a file in a container's directory, with a NUL */
	/* Milliseconds, in which another command gets from mkdir to the lock, or from the lock to rmdir. */
	STORE_SETTLE_MS = 20,
};

/* For who looks without the lock, and finds a file missing: 1 where another command holds the lock, so that the
 * container is not there yet, or not any more; 0 where nobody does. */
int store_is_changing(const struct store_entry *entry) must_use;
int store_not_found(const char *id, struct berth_error *err) must_use;

/* A file in the container's directory, written beside it and renamed. */
int store_file_write(const struct store_entry *entry, const char *name, const char *text,
	size_t length) must_use;

/* All of a file, with a NUL behind it, in the arena. One that is missing, no regular file or larger than
 * `max` is damage. */
struct store_file {
	const char *name;
	size_t max; /* bytes */
	char *text;
	size_t length;
};
int store_file_read(const struct store_entry *entry, struct store_file *file, struct arena *arena,
	struct berth_error *err) must_use;

/* An error of class STATE. */
int store_damaged(
	const struct store_entry *entry, const char *what, struct berth_error *err) must_use;

#define STORE_CONFIG_NAME "config.json"

/* Whether there is anything by the name of state.json, or of what is written after it. */
bool store_has_state(const struct store_entry *entry);

/* Writes into the lock's file what store_read_rescue() reads. */
int store_write_rescue(const struct store_entry *entry, const struct store_record *record) must_use;

#endif
