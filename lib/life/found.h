/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_FOUND_H
#define LIFE_FOUND_H
/* For the files of life/ alone: a container that is there, with its lock, its record and its cgroup. */
#include "cgroup/cgroup.h"
#include "life/life.h"

struct life_found {
	struct arena arena;
	struct store store;
	struct store_entry entry;
	struct store_record record;
	struct cgroup cgroup;
	enum store_status status;
};

/* Nothing is found yet; what finds begins with it. */
void life_found_init(struct life_found *found);
void life_found_finish(struct life_found *found);
#define autofound __attribute__((cleanup(life_found_finish)))

/* Finds and locks; the record is the caller's to read. The caller finishes it, also after a failure. */
int life_found_lock(struct life_found *found, const char *root, const char *id, bool is_exclusive,
	struct berth_error *err) must_use;

/* Reads the record, and opens the cgroup that it names. */
int life_found_read(struct life_found *found, struct berth_error *err) must_use;
int life_found_cgroup(struct life_found *found, struct berth_error *err) must_use;

/* Both. */
int life_found_open(struct life_found *found, const char *root, const char *id, bool is_exclusive,
	struct berth_error *err) must_use;

/* The config of the container as it was when it was made. The caller finishes it, also after a failure; it may
 * not outlive `found`. */
int life_config_load(struct life_config *config, const struct life_found *found,
	struct berth_error *err) must_use;

/* A file that holds an object like the config's "process": all that there is in `config`. */
int life_config_open_process(
	struct life_config *config, const char *path, struct berth_error *err) must_use;

/* What the record, the kernel and the cgroup say. */
enum store_status life_status(const struct store_entry *entry, const struct store_record *record);

/* Ends what is left in a cgroup and removes it. */
int life_end_cgroup(struct cgroup *cgroup, struct berth_error *err) must_use;

#endif
