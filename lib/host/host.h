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
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/notify.h"
#include "plan/facts.h"
#include "plan/host_plan.h"
#include "wire/boot.h"

/* Finds the facts that `wanted` (FACTS_*) asks for, beside those that cost nothing. Texts live in the
 * arena. */
int host_probe(uint32_t wanted, struct arena *arena, struct facts *ret_facts,
	struct berth_error *err) must_use;

/* The part of it that is about security modules. What cannot be found out is not there. */
void host_probe_labels(uint32_t wanted, struct facts *facts);

/* Whether this berth was built with libseccomp. */
bool host_seccomp_is_built(void);

/* Whether it makes a filter for an architecture, by libseccomp's name, beside that of this machine. */
bool host_seccomp_has_architecture(const char *name);

/* The version of libseccomp, "X.Y.Z"; false without one. */
enum { HOST_SECCOMP_VERSION_MAX = 40 };
bool host_seccomp_version(char buffer[HOST_SECCOMP_VERSION_MAX]);

/* Step "compile": the rules of a seccomp filter as the kernel's program, in memory of the arena. */
int host_seccomp_compile(const struct host_seccomp *seccomp, struct arena *arena,
	struct wire_bytes *ret_program, struct berth_error *err) must_use;

/* All that decides what that program is, the code that makes it too, as bytes in the arena: who has kept a program
 * by them need not compile. -ENOTSUP where the linker gave this code no identity, or -ENOMEM. */
int host_seccomp_key(const struct host_seccomp *seccomp, struct arena *arena,
	struct wire_bytes *ret_key) must_use;

enum { HOST_HOOK_FDS = 2 };

/* A child on its way to become a container. */
struct host_child {
	int binary_fd;               /* berth-init, sealed; -1: not yet, or spawned */
	int hook_fds[HOST_HOOK_FDS]; /* it gets these as the numbers behind those that are
					preserved, in this order; -1: not. The caller's to set and
					to close */
	int stream_fd;
	int state;      /* of the conversation: enum wire_state */
	int init_pidfd; /* the intermediate, until it is reaped; then -1 */
	pid_t init_pid;
	int pidfd; /* the container's process; -1 before it exists */
	pid_t pid;
	int console_fd;                   /* master of its terminal; -1: none */
	int listener_fd;                  /* of its seccomp filter; -1: none */
	struct host_net_devices *devices; /* network devices that it has got; NULL: none */
	int hooks_ms; /* how long the hooks that it runs now may take; -1: any time */
	int start_ms; /* the same for those before its execve */
};

void host_child_init(struct host_child *child);

/* Ends what is still under way (SIGKILL), reaps it, closes everything. A container that runs, i.e.
 * after host_child_go(), is left alone. The network devices that it has got come back, unless host_child_settle() was
 * called; that one cannot, or not as it was, is the error. The host plan must still be there. */
int host_child_finish(struct host_child *child, struct berth_error *err) must_use;

/* The start has succeeded: the child keeps its network devices. */
void host_child_settle(struct host_child *child);

/* Makes the child one that host_child_finish() ends, although it runs or waits. */
void host_child_recall(struct host_child *child);

/* Are descriptors 3 and following, so many, open, of which the first are listeners? To be asked before this process opens any of its own. */
int host_check_preserved(
	uint32_t listen_fds, uint32_t preserved_fds, struct berth_error *err) must_use;

/* Step "seal": berth-init in a sealed memfd. */
int host_child_seal(struct host_child *child, struct berth_error *err) must_use;

/* Step "spawn": berth-init from that memfd, with a stream to it; it waits for InitMsg. It gets this process's
 * descriptors from 3 on, `preserved_fds` of them, which must be open. */
int host_child_spawn(
	struct host_child *child, uint32_t preserved_fds, struct berth_error *err) must_use;

/* Part of step "spawn": the CPUs of a child before it joins its cgroup, and after that (`has_cgroup`: there is one).
 * Where the plan says nothing it gets all of its cgroup's then, and not those that this process is confined to. */
int host_child_affinity_first(
	struct host_child *child, const struct host_plan *plan, struct berth_error *err) must_use;
int host_child_affinity(struct host_child *child, const struct host_plan *plan, bool has_cgroup,
	struct berth_error *err) must_use;

/* Steps "oomscore" and "send", and the conversation until the child is ready: maps, handover, console.
 * 1 where the child waits for hooks (BOOT_HOOKS): the caller runs them and calls host_child_resume(). */
int host_child_build(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err) must_use;

/* The hooks have run: the rest of the conversation. 0 or an error. */
int host_child_resume(struct host_child *child, const struct host_plan *plan,
	const struct boot *boot, struct berth_error *err) must_use;

/* Steps "limits" and "go": returns when the child's execve has succeeded; with a fifo (not -1), when
 * the child waits on it and needs this process no more. 1 where the child has a listener of its seccomp filter, and
 * waits: the caller hands it on, closes it, and calls host_child_handed(). */
int host_child_go(struct host_child *child, const struct host_plan *plan, int fifo_fd,
	struct berth_error *err) must_use;

/* The listener is where it belongs: the rest of host_child_go(). 0 or an error. */
int host_child_handed(struct host_child *child, struct berth_error *err) must_use;

/* Step "idmaps": setgroups, uid_map, gid_map of a process, directly or by newuidmap(1). */
int host_write_maps(pid_t pid, const struct host_plan *plan, struct berth_error *err) must_use;

/*
 * The foreground: what a person at a terminal expects. Every signal that arrives is sent on to the
 * container (SIGWINCH resizes its terminal); with a console, its bytes are carried between the terminal
 * and descriptors 0 and 1, which are in raw mode meanwhile where they are a terminal.
 *
 * It begins before the program runs, so that no signal and no size is lost: all signals of the calling
 * thread are blocked from there to host_front_end().
 */
struct host_front {
	int signal_fd;
	int lost; /* why output of the terminal is lost, as a negative errno value; 0: it is not */
	bool is_blocked;
	bool is_raw;
	sigset_t old_mask;
	struct termios saved;
	struct host_notify notify; /* served meanwhile: the service's process is this one */
};

void host_front_init(struct host_front *front);
int host_front_begin(
	struct host_front *front, const struct host_child *child, struct berth_error *err) must_use;
void host_front_end(struct host_front *front);

/* Step "wait": until the container ends. `ret_status` is a wait status. */
int host_front_wait(struct host_front *front, struct host_child *child, int *ret_status,
	struct berth_error *err) must_use;

/* After it: an error where standard output did not take what the terminal gave, and its reader was there. */
int host_front_lost(const struct host_front *front, struct berth_error *err) must_use;

/*
 * Whoever wants a descriptor of the container's listens on a socket of the file system and gets it there
 * (SCM_RIGHTS). Connected before anything is started, so that a listener who is not there is an early
 * error. `what` is what the error calls the socket.
 */
int host_connect(const char *path, const char *what, int *ret_fd, struct berth_error *err) must_use;

/* The console socket gets the master of the terminal. */
int host_console_send(int socket_fd, int master_fd, struct berth_error *err) must_use;

/* The pidfd socket gets a pidfd of the process; the bytes beside it are `name`. */
int host_pidfd_send(int socket_fd, int pidfd, const char *name, struct berth_error *err) must_use;

/* Whoever answers for a seccomp filter gets its listener, and beside it a text that says whose it is. */
int host_listener_send(
	int socket_fd, const char *text, int listener_fd, struct berth_error *err) must_use;

/* Writes a pid as decimal digits, without a newline, to a file that appears whole or not at all. */
/* Before the program runs: whether a file can be made where that one will be. NULL: none is wanted. */
int host_check_pid_file(const char *path, struct berth_error *err) must_use;
int host_write_pid_file(const char *path, pid_t pid, struct berth_error *err) must_use;

/* What a user is called on the host, "#UID" where nobody has that number. */
enum { HOST_USER_NAME_MAX = 256 };
void host_user_name(uint32_t uid, char *buffer, size_t size);

#endif
