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
			     line takes /run/berth, or $XDG_RUNTIME_DIR/berth for a user who is not
			     root */
	berth_log_fn log; /**< NULL: nobody reads what is no error */
	void *log_argument;
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
 * with process.terminal, descriptors 0 and 1 are its terminal.
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
	const char *
		cgroup; /**< "[CONTROLLER,...:]PATH" of a cgroup below the container's; NULL: that one */
	const char *pid_file;       /**< gets the pid as digits when the program runs; NULL: none */
	const char *console_socket; /**< gets the master of the terminal (SCM_RIGHTS); NULL: none */
	uint32_t preserved_fds;
	bool dies_with_thread; /**< as in struct berth_options */
	bool is_detached;      /**< return when the program runs */
	bool ignores_paused;   /**< also in a container that is paused */
	const char *
		pidfd_socket; /**< gets a pidfd of the process (SCM_RIGHTS) before its program runs;
				     NULL: none */
};

/**
 * Runs another process in a container: in the foreground, as berth_run(), to its end.
 *
 * @param ret_status  its end, as wait(2) gives it; 0 when it is detached; may be NULL
 */
BERTH_PUBLIC int berth_exec(const struct berth_context *context,
	const struct berth_exec_options *options, int *ret_status, struct berth_error *err);

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
 */
BERTH_PUBLIC int berth_explain(const char *bundle, char **ret_text, struct berth_error *err);

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
