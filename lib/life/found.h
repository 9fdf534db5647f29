/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_FOUND_H
#define LIFE_FOUND_H
/* For the files of life/ alone: a container that is there, with its lock, its record and its cgroup. */
#include "cgroup/cgroup.h"
#include "host/notify.h"
#include "life/life.h"
#include "resctrl/resctrl.h"

/* Tells the log what a verb does to a container, and how long after its beginning. */
struct life_watch {
	const struct life_context *context;
	const char *id;
	uint64_t began_us;
};
void life_watch_begin(struct life_watch *watch, const struct life_context *context, const char *id);
void life_watch_tell(const struct life_watch *watch, const char *format, ...) printf_like(2, 3);

/* What was read and is ignored, and what of it will not be so. */
void life_watch_config(const struct life_watch *watch, struct life_config *config);
void life_watch_update(const struct life_watch *watch, struct life_config *asked);
void life_watch_plan(const struct life_watch *watch, const struct plan *plan);

struct life_found {
	const struct life_context *context; /* from life_found_lock() or life_found_look() on */
	struct life_watch watch;            /* the same */
	struct arena arena;
	struct store store;
	struct store_entry entry;
	struct store_record record;
	struct cgroup cgroup;
	struct resctrl resctrl; /* after life_found_resctrl() */
	enum store_status status;
};

/* Nothing is found yet; what finds begins with it. */
void life_found_init(struct life_found *found);
void life_found_finish(struct life_found *found);
#define autofound __attribute__((cleanup(life_found_finish)))

/* Finds and locks; the record is the caller's to read. The caller finishes it, also after a failure. */
int life_found_lock(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err) must_use;

/* Reads the record, and opens the cgroup that it names. */
int life_found_read(struct life_found *found, struct berth_error *err) must_use;
int life_found_cgroup(struct life_found *found, struct berth_error *err) must_use;

/* Opens its resctrl group, where the record has one; -ENODEV, with an error, where no resctrl is mounted. */
int life_found_resctrl(struct life_found *found, struct berth_error *err) must_use;

/* The first two. */
int life_found_open(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err) must_use;

/* The same without the lock, for those who change nothing on record: a pidfd says whether the container is still
 * the one of the record, and who holds the lock, or wants it, must not be kept waiting by a container. */
int life_found_look(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err) must_use;

/* The config of the container as it was when it was made. The caller finishes it, also after a failure; it may
 * not outlive `found`. */
int life_config_load(struct life_config *config, const struct life_found *found,
	struct berth_error *err) must_use;

/* A file that holds an object like the config's "process": all that there is in `config`. */
int life_config_open_process(
	struct life_config *config, const char *path, struct berth_error *err) must_use;

/* A text with an array like the config's "mounts": all that there is in `config`. */
int life_config_open_mounts(struct life_config *config, const char *text, size_t length,
	struct berth_error *err) must_use;

/* The same of a text with an object like the config's "linux.resources", which must live as long. */
int life_config_read_update(struct life_config *config, const char *text, size_t length,
	struct spec_update *ret_update, struct berth_error *err) must_use;

/* The state of runtime.md in one line, from malloc, with the status that it is to have; the state of one of its
 * processes, which has a seccomp listener; and the first one without pid and status, which the child adds, in
 * the arena. */
int life_state_text(const struct store_record *record, enum store_status status, char **ret_text,
	struct berth_error *err) must_use;
int life_process_state_text(const struct store_record *record, enum store_status status, pid_t pid,
	const char *metadata, char **ret_text, struct berth_error *err) must_use;
int life_state_for_child(const struct store_record *record, struct arena *arena,
	const char **ret_text, struct berth_error *err) must_use;

/* The hooks of a container that is there: none where its record says so, and then nothing is read. The caller
 * finishes them, also after a failure; they may not outlive `found`. */
struct life_hooks {
	struct life_config config;
	struct plan_hooks plan;
};
int life_hooks_load(
	struct life_hooks *hooks, const struct life_found *found, struct berth_error *err) must_use;
void life_hooks_finish(struct life_hooks *hooks);
#define autohooks __attribute__((cleanup(life_hooks_finish)))

/* Runs hooks of the runtime's namespaces, some of the plan's, at a step, up to the first that fails. */
int life_hooks_run(int step, const struct plan_hooks *plan, const struct wire_hooks *hooks,
	const struct store_record *record, enum store_status status,
	struct berth_error *err) must_use;

/* Step "poststop": all of them; a failure is a line of the log (runtime.md, "Lifecycle"). */
void life_hooks_stop(
	const struct plan_hooks *plan, const struct store_record *record, const struct log *log);

/* The files that the plan's hooks write to; -1 where there is none. Both are the caller's to close, also after a
 * failure. */
int life_hooks_open(
	const struct plan_hooks *plan, int ret_fds[2], struct berth_error *err) must_use;

/* Where READY=1 is waited for (notify.c): the path of the container's directory for it, NULL where nobody waits;
 * the host's socket, before the first side effect; the container's own, before its program runs. The last one
 * is both for start, where the container has such a directory. */
int life_notify_dir(const struct life_context *context, const char *id, struct arena *arena,
	const char **ret_dir, struct berth_error *err) must_use;
int life_notify_connect(struct host_notify *notify, const struct life_context *context,
	struct berth_error *err) must_use;
int life_notify_bind(struct host_notify *notify, const struct store_entry *entry,
	struct berth_error *err) must_use;
int life_notify_start(struct host_notify *notify, const struct life_context *context,
	const struct store_entry *entry, struct berth_error *err) must_use;

/* What the record, the kernel and the cgroup say. */
int life_status(const struct store_entry *entry, const struct store_record *record,
	enum store_status *ret_status, struct berth_error *err) must_use;

/* Whether some of its processes may be alive. With the first one all others in its pid namespace have ended: what
 * is in its cgroup then is somebody else's. */
bool life_has_processes(const struct life_found *found);

/* Ends what is left in a cgroup, where `is_killed`, and removes it. */
int life_end_cgroup(struct cgroup *cgroup, bool is_killed, struct berth_error *err) must_use;

#endif
