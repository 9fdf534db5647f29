/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_HOST_H
#define HOST_HOST_H
/*
 * host: the parent's hands.
 *
 * In: the host half of the plan. Out: a child that has done its half, and facts about this host.
 * Forbidden here: config.json, policy, the rooms of the child. Fails with an error that names the step;
 * whatever was started is ended again.
 *
 * The parent may be any process with any number of threads; nothing here changes what it shares with
 * others, except where a function says so.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/facts.h"
#include "plan/host_plan.h"
#include "wire/boot.h"

/* Finds the facts that `wanted` (FACTS_*) asks for, beside those that cost nothing. Texts live in the
 * arena. */
int host_probe(uint32_t wanted, struct arena *arena, struct facts *ret_facts,
	struct berth_error *err) must_use;

/* A child on its way to become a container. */
struct host_child {
	int binary_fd; /* berth-init, sealed; -1: not yet, or spawned */
	int stream_fd;
	int state;      /* of the conversation: enum wire_state */
	int init_pidfd; /* the intermediate, until it is reaped; then -1 */
	pid_t init_pid;
	int pidfd; /* the container's process; -1 before it exists */
	pid_t pid;
	int console_fd; /* master of its terminal; -1: none */
};

void host_child_init(struct host_child *child);

/* Ends what is still under way (SIGKILL), reaps it, closes everything. A container that runs, i.e.
 * after host_child_go(), is left alone. */
void host_child_finish(struct host_child *child);

/* Step "seal": berth-init in a sealed memfd. */
int host_child_seal(struct host_child *child, struct berth_error *err) must_use;

/* Step "spawn": berth-init from that memfd, with a stream to it. It waits for InitMsg. */
int host_child_spawn(struct host_child *child, struct berth_error *err) must_use;

/* Step "send", and the conversation until the child is ready: maps, handover, console. */
int host_child_build(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err) must_use;

/* Steps "limits" and "go": returns when the child's execve has succeeded. */
int host_child_go(
	struct host_child *child, const struct host_plan *plan, struct berth_error *err) must_use;

/* Step "idmaps": setgroups, uid_map, gid_map of a process, directly or by newuidmap(1). */
int host_write_maps(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

/*
 * Step "wait": stays in the foreground until the container ends. Every signal that arrives is sent on to
 * it (SIGWINCH resizes its terminal); with a console, its bytes are carried between the terminal and
 * descriptors 0 and 1, which are in raw mode meanwhile where they are a terminal. All signals of the
 * calling thread are blocked while it lasts. `ret_status` is a wait status.
 */
int host_foreground(struct host_child *child, int *ret_status, struct berth_error *err) must_use;

#endif
