/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_LIFE_H
#define LIFE_LIFE_H
/*
 * life: one verb each.
 *
 * In: what the caller asked. Out: a container that did it, or one error and nothing left behind.
 * Forbidden here: terminals of the caller, text for people. A verb is a list of steps; what it took is
 * given back by the cleanup of the locals that own it, in reverse.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "store/store.h"
#include "json/json.h"

/* What every verb is called with. */
struct life_context {
	const char *root; /* the state root */
	struct log log;
	const char *notify_socket; /* where READY=1 is waited for (sd_notify(3)); NULL: nowhere */
};

/* A config, read and decoded. Everything lives in the arena. */
struct life_config {
	struct arena arena;
	const char *bundle; /* absolute */
	const char *file;   /* what was read in the place of BUNDLE/config.json; NULL: that one */
	const char *text;
	size_t length;
	const struct json_value *tree;
	struct spec spec;
};

/* Step "config": reads BUNDLE/config.json, once, or the file that is named (not NULL). The caller finishes it, also
 * after a failure. */
int life_config_open(struct life_config *config, const char *bundle, const char *file,
	struct berth_error *err) must_use;
void life_config_finish(struct life_config *config);

/* Adds line and column of config.json to an error that names a field, and the name of a file that is another. */
void life_config_locate(const struct life_config *config, struct berth_error *err);

/* Step "plan". The plan lives as long as the config. */
int life_config_plan(struct life_config *config, const struct plan_request *request,
	struct plan *ret_plan, struct berth_error *err) must_use;

/* What create and run are asked for. */
struct life_request {
	const struct life_context *context;
	const char *id;
	const char *bundle;
	const char *config;         /* a file in the place of its config.json; NULL: that one */
	const char *pid_file;       /* NULL: none */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	uint32_t preserved_fds;
	struct plan_request plan; /* but for bundle, id and the like */
	bool is_detached;         /* run: return when the program runs */
	bool is_kept;             /* run: the record stays when the container has ended */
};

/* create: a container that waits for start. */
int life_create(const struct life_request *request, struct berth_error *err) must_use;

/* run: a container from its start; in the foreground to its end, with `ret_status` a wait status; detached,
 * until the program runs, and `ret_status` is 0. */
int life_run(const struct life_request *request, int *ret_status, struct berth_error *err) must_use;

/* start: the program of a created container. */
int life_start(
	const struct life_context *context, const char *id, struct berth_error *err) must_use;

/* What exec is asked for. */
struct life_exec_request {
	const struct life_context *context;
	const char *id;
	const char *process;   /* a file with an object like the config's "process"; NULL: none */
	struct plan_exec wish; /* but for request, pid and process */
	struct spec_strings cgroups; /* below the container's; none: that one */
	const char *pid_file;        /* NULL: none */
	const char *console_socket;  /* NULL: none */
	const char *pidfd_socket;    /* NULL: none */
	uint32_t preserved_fds;
	uint32_t listen_fds;        /* so many of these are listeners (sd_listen_fds(3)) */
	const char *listen_fdnames; /* NULL: they have no names */
	bool is_pdeathsig;
	bool is_detached;
	bool is_paused_ignored;
};

/* exec: another process in a container, to its end, with `ret_status` a wait status; detached, until its program
 * runs, and `ret_status` is 0. */
int life_exec(
	const struct life_exec_request *request, int *ret_status, struct berth_error *err) must_use;

/* mounts add and mounts remove: `text` is an array like the config's "mounts". */
int life_mounts(const struct life_context *context, const char *id, const char *text, size_t length,
	bool is_removal, struct berth_error *err) must_use;

/* kill: a signal to the container's first process, or to all; then one that has stopped is no failure. */
int life_kill(const struct life_context *context, const char *id, int signal, bool is_all,
	struct berth_error *err) must_use;

/* pause and resume: all processes are frozen, or thawed. */
int life_pause(const struct life_context *context, const char *id, bool is_paused,
	struct berth_error *err) must_use;

/* update: other limits for a container that is not stopped, from a text with an object like the config's
 * "linux.resources". What it does not name stays as it is. */
int life_update(const struct life_context *context, const char *id, const char *resources,
	size_t length, struct berth_error *err) must_use;

/* ps: the processes in the container's cgroup, in an array from malloc, NULL for none. */
int life_pids(const struct life_context *context, const char *id, pid_t **ret_pids,
	size_t *ret_count, struct berth_error *err) must_use;

/* delete: what is left of a stopped container; with `is_forced` it is stopped first, a record that is
 * damaged or not there is no failure. */
int life_delete(const struct life_context *context, const char *id, bool is_forced,
	struct berth_error *err) must_use;

/* What checkpoint and restore are asked for. Some is of one of them alone. */
struct life_criu_request {
	const char *image_path;  /* NULL: "checkpoint" */
	const char *work_path;   /* of CRIU's log; NULL: the image path */
	const char *parent_path; /* checkpoint: of earlier images, relative to the image path */
	const char *page_server; /* checkpoint: "ADDRESS:PORT" */
	const char *lsm_profile, *lsm_mount_context; /* restore */
	uint32_t cgroup_mode;                        /* enum criu_cgroup_mode */
	uint32_t network_lock;                       /* enum criu_network_lock */
	int status_fd; /* checkpoint: gets a byte of zero when the pages are served; 0: none */
	bool is_left_running, is_pre_dump, is_lazy, is_deduplicated, may_link;
	bool has_tcp, is_tcp_closed, is_tcp_in_flight_skipped;
	bool has_ext_unix, has_shell_job, has_file_locks, is_network_empty;
	bool is_pdeathsig; /* CRIU dies with the calling thread */
};

/* checkpoint: the processes of a container into images; they are ended then, unless they are left running. */
int life_checkpoint(const struct life_context *context, const char *id,
	const struct life_criu_request *asked, struct berth_error *err) must_use;

/* restore: a container from images. As run; one of the same id that has stopped gives way. */
int life_restore(const struct life_request *request, const struct life_criu_request *asked,
	int *ret_status, struct berth_error *err) must_use;

/* state: the state of runtime.md as JSON. list: all of them, as a table, JSON or ids. From malloc. */
enum life_format { LIFE_TABLE, LIFE_JSON, LIFE_IDS };
int life_state(const struct life_context *context, const char *id, char **ret_text,
	struct berth_error *err) must_use;
int life_list(const struct life_context *context, enum life_format format, char **ret_text,
	struct berth_error *err) must_use;

/* explain: the plan as text, from malloc. Nothing is started. */
int life_explain(
	const struct life_request *request, char **ret_text, struct berth_error *err) must_use;

/* features: what this berth can do, as JSON from malloc. */
int life_features(
	const char *version, const char *commit, char **ret_text, struct berth_error *err) must_use;

/* spec: a config to begin with, from malloc. */
int life_spec(bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text,
	struct berth_error *err) must_use;

#endif
