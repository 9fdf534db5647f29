/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_CONTAINER_H
#define BERTH_CONTAINER_H
/*
 * Containers: the verbs.
 *
 * No function keeps state between calls, starts a thread, prints or ends the process. Each returns 0,
 * or a negative errno value and fills `err` (may be NULL). Texts that are handed out come from
 * malloc(3) and are the caller's to free(3).
 *
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <berth/error.h>
#include <berth/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a line of the log is about. */
enum berth_log_level {
	BERTH_LOG_WARNING, /**< something that was asked for is not so, and that is no failure */
	BERTH_LOG_DEBUG,   /**< what is done */
};

/** Gets one line, without a newline and without control characters, before the verb returns. It must not
 * call this library. */
typedef void (*berth_log_fn)(void *argument, enum berth_log_level level, const char *line);

/** What every verb works with. Zero is a good value for every member but the first two. */
struct berth_context {
	size_t size;      /**< sizeof(struct berth_context): members added later are then zero */
	const char *root; /**< the state root: the directory that holds a record of each container
			     between calls; create and run make it where it is missing. The command
			     line takes /run/berth, for other users than root $XDG_RUNTIME_DIR/berth,
			     without that variable /tmp/berth-UID */
	berth_log_fn log; /**< NULL: nobody reads what is no error */
	void *log_argument;
	const char
		*notify_socket; /**< create, run and start: a socket on which somebody waits for the
				      READY=1 of the container (sd_notify(3)), "/PATH" or "@NAME";
				      NULL: nobody */
};

/** Who makes the container's cgroup. */
enum berth_cgroups {
	BERTH_CGROUPS_FS,       /**< berth, in the file systems */
	BERTH_CGROUPS_DISABLED, /**< nobody: it stays in the caller's */
	BERTH_CGROUPS_SYSTEMD, /**< systemd, of the host or of the user, where cgroups are of version 2 */
};

/** Whether a cgroup that cannot be made is an error where nothing is asked of it. */
enum berth_rootless {
	BERTH_ROOTLESS_AUTO, /**< for root of the host, it is */
	BERTH_ROOTLESS_YES,
	BERTH_ROOTLESS_NO,
};

/** How to create or run a container. Zero is a good value for every member but the first two. */
struct berth_options {
	size_t size;        /**< sizeof(struct berth_options): members added later are then zero */
	const char *id;     /**< [A-Za-z0-9_+][A-Za-z0-9_+.-]*, at most 255 bytes */
	const char *bundle; /**< the bundle's directory; NULL: the working directory */
	const char *pid_file; /**< gets the pid as digits when the container is there; NULL: none */
	const char *console_socket; /**< gets the master of the terminal (SCM_RIGHTS); NULL: none */
	uint32_t preserved_fds; /**< how many of the caller's descriptors from 3 on it gets too */
	bool dies_with_thread;  /**< the child is ended when the calling thread ends before the
				  container is there (PR_SET_PDEATHSIG is per thread) */
	bool is_detached;       /**< run: return when the program runs */
	bool is_kept;           /**< run: the record stays when the container has ended */
	bool no_pivot; /**< the root becomes "/" by a move and chroot(2), not by pivot_root(2),
				  which an initial ramfs refuses */
	bool no_new_keyring; /**< the container has the caller's session keyring */
	enum berth_cgroups cgroups;
	enum berth_rootless rootless;
	uint32_t
		listen_fds; /**< how many of the caller's descriptors from 3 on, before those that are
				preserved, it gets as listeners (sd_listen_fds(3)) */
	const char
		*listen_fdnames;  /**< LISTEN_FDNAMES: their names, with ":" between; NULL: none */
	const char *pidfd_socket; /**< gets a pidfd of the container (SCM_RIGHTS) before its program
				     runs; NULL: none */
	const char *
		config; /**< a file in the place of the bundle's config.json, relative to the working
				  directory; NULL: that one */
};

/**
 * Creates a container (runtime.md, "create"): everything is there but its program, which waits for
 * berth_start(). SIGCHLD must not be ignored: the container's process is a child of the caller.
 */
BERTH_PUBLIC int berth_create(const struct berth_context *context,
	const struct berth_options *options, struct berth_error *err);

/** Starts the program of a created container (runtime.md, "start"). */
BERTH_PUBLIC int berth_start(
	const struct berth_context *context, const char *id, struct berth_error *err);

/**
 * Runs a container: create and start in one, and in the foreground, until it ends, delete as well.
 *
 * In the foreground, signals of the calling thread are blocked meanwhile and sent on to the container;
 * with process.terminal, descriptors 0 and 1 are its terminal. Where descriptor 1 does not take what the
 * terminal gives, the terminal hangs up, and the end of the container is an error; a reader who has gone
 * away (EPIPE, EIO, ECONNRESET) is none.
 *
 * @param ret_status  its end, as wait(2) gives it; 0 when it is detached; may be NULL
 */
BERTH_PUBLIC int berth_run(const struct berth_context *context, const struct berth_options *options,
	int *ret_status, struct berth_error *err);

/** A list of texts, borrowed. */
struct berth_texts {
	const char *const *items;
	size_t count;
};

/**
 * How to start another process in a container. Zero is a good value for every member but the first two,
 * and one of `process` and `args`.
 */
struct berth_exec_options {
	size_t size;    /**< sizeof(struct berth_exec_options) */
	const char *id; /**< the container */
	const char *
		process; /**< a file with an object like the "process" of config.json: it is taken whole,
			       and the members from `args` to `no_new_privs` are not looked at */
	struct berth_texts args; /**< the program and its arguments */
	struct berth_texts env;  /**< "NAME=VALUE", beside or instead of the config's */
	const char *cwd;         /**< NULL: that of the config */
	const char *user;        /**< "USER[:GROUP]", numbers or names of the container's passwd and
					   group; NULL: that of the config */
	const uint32_t *additional_gids; /**< beside those of the config */
	size_t additional_gid_count;
	struct berth_texts
		capabilities; /**< "CAP_...", beside the bounding, permitted and effective ones of
					   the config */
	bool has_terminal;
	bool no_new_privs;
	struct berth_texts
		cgroups;      /**< "[CONTROLLER,...:]PATH" of cgroups below the container's, each of
				       hierarchies of its own; none: the container's */
	const char *pid_file; /**< gets the pid as digits when the program runs; NULL: none */
	const char *console_socket; /**< gets the master of the terminal (SCM_RIGHTS); NULL: none */
	uint32_t preserved_fds;
	bool dies_with_thread; /**< as in struct berth_options */
	bool is_detached;      /**< return when the program runs */
	bool ignores_paused;   /**< also in a container that is paused */
	const char *
		pidfd_socket; /**< gets a pidfd of the process (SCM_RIGHTS) before its program runs;
				     NULL: none */
	uint32_t listen_fds;  /**< as in struct berth_options */
	const char *listen_fdnames; /**< as in struct berth_options */
	const char
		*apparmor_profile; /**< NULL or "": that of `process`, and where it has none that of
					   the config */
	const char *selinux_label; /**< likewise */
};

/**
 * Runs another process in a container: in the foreground, as berth_run(), to its end.
 *
 * @param ret_status  its end, as wait(2) gives it; 0 when it is detached; may be NULL
 */
BERTH_PUBLIC int berth_exec(const struct berth_context *context,
	const struct berth_exec_options *options, int *ret_status, struct berth_error *err);

/**
 * Adds mounts to a container that runs or is created, or removes them. `text` is JSON: an array like "mounts" of
 * config.json. All are added or none, in their order; mount points that were made stay. Sources are looked up in
 * the caller's mount namespace, relative ones in the bundle. Of mounts that are to be removed, the last one first,
 * only "destination" counts; none goes where one of them cannot. Not "/" and /proc, no mount of type cgroup, and none of
 * proc or sysfs that would show what maskedPaths and readonlyPaths cover; nor are those removed,
 * or what has one of them, or a mount of config.json that was not removed before it, below it. The container's record stays as it is: what is added is
 * in no config.json.
 */
BERTH_PUBLIC int berth_mounts_add(const struct berth_context *context, const char *id,
	const char *text, size_t length, struct berth_error *err);
BERTH_PUBLIC int berth_mounts_remove(const struct berth_context *context, const char *id,
	const char *text, size_t length, struct berth_error *err);

/**
 * Sends a signal to the container's first process (runtime.md, "kill"); with `is_all` to all of its
 * processes, and then one that has stopped is no failure. SIGKILL reaches all of them also where they have no
 * pid namespace of their own.
 */
BERTH_PUBLIC int berth_kill(const struct berth_context *context, const char *id, int signal,
	bool is_all, struct berth_error *err);

/**
 * Freezes all processes of a container, or thaws them. A frozen one is "paused"; it can be killed and deleted.
 * Needs a cgroup that can be frozen: version 2, or the controller freezer.
 */
BERTH_PUBLIC int berth_pause(
	const struct berth_context *context, const char *id, struct berth_error *err);
BERTH_PUBLIC int berth_resume(
	const struct berth_context *context, const char *id, struct berth_error *err);

/**
 * Sets other limits for a container that is created, running or paused: `resources` is a JSON object like the
 * "linux.resources" of config.json (config-linux.md). What it does not name keeps its value, and so do device rules
 * where "devices" is empty. Where the kernel refuses one limit, those that were set before it are put back.
 *
 * A zero that asks for nothing there asks for nothing here. What "pids": {"limit": 0} means depends on the version of
 * the specification: that of a member "ociVersion" of the object, or else of the container's config.
 */
BERTH_PUBLIC int berth_update(const struct berth_context *context, const char *id,
	const char *resources, size_t length, struct berth_error *err);

/**
 * The processes of a container: those in its cgroup and below, as this pid namespace sees them; without a
 * cgroup the first one alone.
 *
 * @param ret_pids  from malloc(3), the caller's to free(3); NULL where there are none
 */
BERTH_PUBLIC int berth_pids(const struct berth_context *context, const char *id, pid_t **ret_pids,
	size_t *ret_count, struct berth_error *err);

/**
 * Deletes what is left of a container that has stopped, or was only created (runtime.md, "delete"). With
 * `is_forced` one that runs is killed first, a record that is damaged is removed, and one that is not
 * there is no failure.
 */
BERTH_PUBLIC int berth_delete(const struct berth_context *context, const char *id, bool is_forced,
	struct berth_error *err);

/** The state of a container as JSON (runtime.md, "State"). */
BERTH_PUBLIC int berth_state(const struct berth_context *context, const char *id, char **ret_text,
	struct berth_error *err);

/**
 * What the kernel counts for a container that is created, running or paused, as one line of JSON without a
 * newline: {"type":"stats","id":...,"data":{...}}, in the members and names of runc's "events" (berth(1) has
 * them). What the kernel does not count is zero or not there.
 */
BERTH_PUBLIC int berth_stats(const struct berth_context *context, const char *id, char **ret_text,
	struct berth_error *err);

/** What berth_events_next() gives. */
enum berth_event {
	BERTH_EVENT_NONE,  /**< nothing now: poll the descriptor */
	BERTH_EVENT_STATS, /**< a line as berth_stats() has it */
	BERTH_EVENT_OOM,   /**< memory has run out in the container: {"type":"oom","id":...} */
	BERTH_EVENT_END,   /**< the container has ended, and nothing comes any more */
};

/** The events of one container, for a program with an event loop of its own. One owner; no thread. */
struct berth_events;

/**
 * Begins a stream of events of a container that is created, running or paused.
 *
 * @param interval_ns  statistics come after each such time; 0: never
 * @param ret_events   berth_events_close() gives it back
 */
BERTH_PUBLIC int berth_events_open(const struct berth_context *context, const char *id,
	uint64_t interval_ns, struct berth_events **ret_events, struct berth_error *err);

/**
 * A descriptor that is readable (POLLIN) when there is something for berth_events_next(): to poll(2) and
 * nothing else. The stream keeps it. After the end it stays readable.
 */
BERTH_PUBLIC int berth_events_fd(const struct berth_events *events);

/**
 * Takes the next event, and does not wait: call it until it gives BERTH_EVENT_NONE, then poll. What is due
 * is told once, however long nobody asked: several kills for want of memory, or intervals, can be one event.
 *
 * @param ret_text  the line of JSON, without a newline, for statistics and OOM; else NULL
 */
BERTH_PUBLIC int berth_events_next(struct berth_events *events, enum berth_event *ret_event,
	char **ret_text, struct berth_error *err);

/** Ends a stream; NULL is none. Returns NULL. */
BERTH_PUBLIC struct berth_events *berth_events_close(struct berth_events *events);

/** The forms of a list. */
enum berth_list_format {
	BERTH_LIST_TABLE, /**< for people, with a line of titles */
	BERTH_LIST_JSON,  /**< an array of states, or null */
	BERTH_LIST_IDS,   /**< one id a line */
};

/** All containers of a state root, sorted by id. */
BERTH_PUBLIC int berth_list(const struct berth_context *context, enum berth_list_format format,
	char **ret_text, struct berth_error *err);

/**
 * The plan of a run, as text for people: what the parent and what the child would do, in order.
 * Nothing is started.
 *
 * @param options   as for berth_run(); without an id the word ID stands where it would
 * @param ret_text  from malloc(3), the caller's to free(3)
 */
BERTH_PUBLIC int berth_explain(
	const struct berth_options *options, char **ret_text, struct berth_error *err);

/** What a config may ask of this library, as JSON (features.md): what is not built is not among it. */
BERTH_PUBLIC int berth_features(char **ret_text, struct berth_error *err);

/**
 * A config.json to begin with (config.md). For a user without privileges `is_rootless` gives one with
 * a user namespace in which `uid` and `gid` are root.
 */
BERTH_PUBLIC int berth_spec(
	bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text, struct berth_error *err);

/**
 * The error in one line, without a newline: JSON pointer, line and column, what was tried, errno's text,
 * the step. Writes at most `size` bytes with the NUL.
 * @return the length of the line
 */
BERTH_PUBLIC size_t berth_error_text(const struct berth_error *err, char *buffer, size_t size);

/** The exit status with which a command that failed this way ends. */
BERTH_PUBLIC int berth_error_exit_status(const struct berth_error *err);

/** "X.Y.Z" of the library. */
BERTH_PUBLIC const char *berth_version(void);

#ifdef __cplusplus
}
#endif
#endif
