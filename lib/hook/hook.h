/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOOK_HOOK_H
#define HOOK_HOOK_H
/*
 * hook: runs the hooks of config.json, for the parent and for the child.
 *
 * In: a hook, the container's state as JSON. Out: 0 when it has ended well. Forbidden here: when which
 * hook runs, and what its failure means. Fails with an error that has the hook's JSON pointer, how it
 * ended, and the end of what it wrote to stderr.
 *
 * A hook gets the state on its stdin, its arguments and environment from the config and nothing else of
 * this process: a session of its own, no descriptors, default signals. What it writes is read and dropped, or
 * goes to a descriptor that the caller names: then the error has no end of stderr.
 * When its time is over, its process group is killed. What it leaves behind, a daemon say, is not waited
 * for, even where it has kept the hook's stdout.
 */
#include "base/error.h"
#include "wire/boot.h"

/* Where what a hook writes goes: descriptors above 2, or -1: it is read and dropped. */
struct hook_output {
	int out_fd, err_fd;
};

/* Runs one hook, in the directory `cwd` (NULL: that of this process). `output` may be NULL. */
int hook_run(const struct wire_hook *hook, const char *state, const char *cwd,
	const struct hook_output *output, struct berth_error *err) must_use;

/* Runs them in order, up to the first that fails. */
int hook_run_all(const struct wire_hooks *hooks, const char *state, const char *cwd,
	const struct hook_output *output, struct berth_error *err) must_use;

#endif
