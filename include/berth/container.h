/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_CONTAINER_H
#define BERTH_CONTAINER_H
/*
 * Containers: the verbs.
 *
 * No function keeps state between calls, starts a thread, prints or ends the process. Each returns 0,
 * or a negative errno value and fills `err` (may be NULL). Texts that are handed out come from
 * malloc(3) and are the caller's to free(3).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/error.h>
#include <berth/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to run a container. Zero is a good value for every member but `size` and `id`. */
struct berth_run_options {
	size_t size;    /**< sizeof(struct berth_run_options): members added later are then zero */
	const char *id; /**< [A-Za-z0-9_+][A-Za-z0-9_+.-]*, at most 255 bytes */
	const char *bundle;    /**< the bundle's directory; NULL: the working directory */
	bool dies_with_thread; /**< the child is ended when the calling thread ends before the
				  container runs (PR_SET_PDEATHSIG is per thread) */
};

/**
 * Runs a container in the foreground until it ends (runtime.md, "create", "start", "kill" in one).
 *
 * Signals of the calling thread are blocked meanwhile and sent on to the container. With
 * process.terminal, descriptors 0 and 1 are its terminal. SIGCHLD must not be ignored: the container's
 * process is a child of the caller.
 *
 * @param ret_status  its end, as wait(2) gives it
 */
BERTH_PUBLIC int berth_run(
	const struct berth_run_options *options, int *ret_status, struct berth_error *err);

/**
 * The plan of a run, as text for people: what the parent and what the child would do, in order.
 * Nothing is started.
 */
BERTH_PUBLIC int berth_explain(const char *bundle, char **ret_text, struct berth_error *err);

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
