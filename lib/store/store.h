/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H
/*
 * store: what is known of containers between commands.
 *
 * In: a state root, an id, a record. Out: directories below the state root, one for each container, with
 * a lock, state.json, and the fifo on which a created container waits. Forbidden here: ending processes,
 * cgroups, config.json. Fails with an error that has the class NOT_FOUND, EXISTS or STATE where that is
 * what it is.
 *
 * Nothing that is read here is trusted as a path: entries are found below the descriptor of the root by
 * an id of the grammar, without following links, and a process is known by its pid and its start time.
 * state.json is written to a new file and renamed, so a reader sees the old one or the new one, whole.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

enum {
	STORE_ID_MAX = 255,
	STORE_LOCK_TIMEOUT_MS = 10000,
};

/* "state" of runtime.md, and paused, which is a matter of the cgroup. */
enum store_status {
	STORE_CREATING,
	STORE_CREATED,
	STORE_RUNNING,
	STORE_PAUSED, /* never from store_status() */
	STORE_STOPPED,
	STORE_STATUS_COUNT
};
const char *store_status_name(enum store_status status);

struct store_annotation {
	const char *key, *value;
};

/* state.json. Texts are borrowed; those that were read live in the arena of the reader. */
struct store_record {
	const char *oci_version;
	const char *id;
	const char *bundle;
	const char *rootfs;
	const char *created;     /* RFC 3339, UTC */
	bool is_creating;        /* written first: what is there may be half made */
	pid_t pid;               /* of the container's process; 0: none yet */
	uint64_t start_time;     /* of that process, clock ticks since boot (proc(5), field 22) */
	uint32_t owner;          /* uid of the creator */
	bool is_pid_shared;      /* it has no pid namespace of its own */
	const char *keyring_tag; /* of its session keyring's name; NULL: it has the creator's */
	const struct store_annotation *annotations;
	size_t annotation_count;
	const char *const *cgroups; /* descriptions of its directories (cgroup/cgroup.h) */
	size_t cgroup_count;
	const char *resctrl;  /* description of its resctrl group (resctrl/resctrl.h); NULL: none */
	bool has_hooks;       /* its config has hooks for start or for delete */
	bool has_new_devices; /* an update has set other device rules than those of its config */
};

/* The state root. */
struct store {
	int fd; /* -1: it is not there, and so is no container */
};

/* The time as `created` of a record has it: RFC 3339 with nanoseconds, UTC. */
void store_format_now(char *text, size_t size);

/* Opens the root; makes it, with mode 0700, where `is_created`. Without it a missing root is an empty
 * store. */
int store_open(const char *root, bool is_created, struct store *ret_store,
	struct berth_error *err) must_use;
void store_close(struct store *store);

/* One container's directory, locked. */
struct store_entry {
	int fd;
	int lock_fd;
	char id[STORE_ID_MAX + 1];
};

void store_entry_init(struct store_entry *entry);

/* Gives the lock back. */
void store_entry_close(struct store_entry *entry);

/* Gives the lock back for a while, and takes it again: NOT_FOUND (-ENOENT) where the container was deleted
 * meanwhile. */
void store_entry_unlock(struct store_entry *entry);
int store_entry_relock(struct store_entry *entry) must_use;

/* An id: [A-Za-z0-9_+][A-Za-z0-9_+.-]*, at most STORE_ID_MAX bytes. */
int store_check_id(const char *id, struct berth_error *err) must_use;

/* Makes the directory of a new container and locks it. EXISTS where there is one. */
int store_create(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err) must_use;

/* Opens the directory of a container that is there and waits for its lock, at most
 * STORE_LOCK_TIMEOUT_MS. NOT_FOUND; STATE when the lock is not given back in time. */
int store_find(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err) must_use;

/* The same without a lock, for those who only look. */
int store_look(const struct store *store, const char *id, struct store_entry *ret_entry,
	struct berth_error *err) must_use;

/* Takes the directory away, whatever is in it, and gives the lock back. */
int store_remove(
	const struct store *store, struct store_entry *entry, struct berth_error *err) must_use;

/* The ids that there are, in the order of their names. */
int store_list(const struct store *store, struct arena *arena, const char *const **ret_ids,
	size_t *ret_count, struct berth_error *err) must_use;

int store_write(const struct store_entry *entry, const struct store_record *record,
	struct berth_error *err) must_use;

/* What is needed to end the container, pid, start time and cgroups alone: kept in the lock's file as well, for
 * when state.json is damaged. */
int store_read_rescue(const struct store_entry *entry, struct arena *arena,
	struct store_record *ret_record, struct berth_error *err) must_use;

/* A state.json that is missing, too large, no JSON or of another shape is an error of class STATE. */
int store_read(const struct store_entry *entry, struct arena *arena,
	struct store_record *ret_record, struct berth_error *err) must_use;

/* The config of the container as it was when it was made: what exec and the hooks go by, whatever becomes of the
 * bundle. Written once; a reader gets it whole, in the arena, or an error of class STATE. */
int store_write_config(const struct store_entry *entry, const char *text, size_t length,
	struct berth_error *err) must_use;
int store_read_config(const struct store_entry *entry, struct arena *arena, const char **ret_text,
	size_t *ret_length, struct berth_error *err) must_use;

/* The fifo: made and opened for both directions by the creator, whose descriptor goes to the child;
 * opened for writing by who starts it (-ENXIO or -ENOENT: nobody waits); taken away when it has started.
 */
int store_fifo_make(const struct store_entry *entry, int *ret_fd, struct berth_error *err) must_use;
int store_fifo_open(const struct store_entry *entry) must_use;
int store_fifo_remove(const struct store_entry *entry, struct berth_error *err) must_use;

/* The container's process keeps the fifo open until its execve. Whoever wants to know when that is watches
 * from before it is woken: opens it for reading; then waits, with no descriptor for writing of its own, until
 * the program runs or the process is gone (0), or until it has said that it could not run it (-ECHILD). */
int store_fifo_watch(const struct store_entry *entry) must_use;
int store_fifo_wait(int watch_fd) must_use;

/* The directory of the container's notify socket, which the container has as well, as STORE_NOTIFY_NAME in its
 * own: made with it, and opened by who makes the socket; -ENOENT where there is none. */
#define STORE_NOTIFY_NAME "notify"
int store_notify_make(const struct store_entry *entry, struct berth_error *err) must_use;
int store_notify_open(const struct store_entry *entry) must_use;

/* The start time of a process, or -ESRCH. */
int store_start_time(pid_t pid, uint64_t *ret_ticks) must_use;

/* A pidfd of the record's process, or -ESRCH where it is gone, or its pid belongs to another;
 * another error where nobody can say so. */
int store_process_open(const struct store_record *record) must_use;

/* What the record and the kernel say. Fails where /proc cannot be read. */
int store_status(const struct store_entry *entry, const struct store_record *record,
	enum store_status *ret_status, struct berth_error *err) must_use;

#endif
