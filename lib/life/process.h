/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_PROCESS_H
#define LIFE_PROCESS_H
/*
 * For the files of life/ alone: a process on its way into a container, the first one of a new container or
 * another one of a container that is there. The way is the same; the plan is not.
 */
#include "cgroup/cgroup.h"
#include "host/host.h"
#include "life/life.h"
#include "resctrl/resctrl.h"

/* What the caller of the verb wants of it. */
struct life_process_wish {
	const char *root;           /* the state root */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	uint32_t preserved_fds;
	bool is_foreground;
	bool is_first; /* of a new container: a pidfd of it is called "standard", else "setns" */
};

/* Sockets that get a pidfd of the process: that of the flag and that of the annotation. */
enum { LIFE_PIDFD_FLAG, LIFE_PIDFD_ANNOTATION, LIFE_PIDFD_SOCKETS };

struct life_process {
	struct life_process_wish wish;
	struct plan plan;
	struct host_child child;
	struct host_front front;
	const struct resctrl *resctrl; /* its group there; NULL: none */
	int console_fd;                /* the console socket */
	int listener_socket_fd;        /* gets the listener of the seccomp filter */
	struct wire_bytes
		seccomp_key; /* of a program that was compiled, and is to be kept; or empty */
	int pidfd_fds[LIFE_PIDFD_SOCKETS];
};

void life_process_init(struct life_process *process, const struct life_process_wish *wish);

/* Ends what is still under way, and the foreground. */
void life_process_finish(struct life_process *process);

/* What comes before the first side effect, when the plan is there: the terminal and the console socket fit,
 * the seccomp filter is found or compiled, whoever is to get a descriptor listens, berth-init is sealed. */
int life_process_prepare(
	struct life_process *process, struct arena *arena, struct berth_error *err) must_use;

/* Of that: before the first side effect, as all that can be refused. */
int life_seccomp_prepare(
	struct life_process *process, struct arena *arena, struct berth_error *err) must_use;

/* When the process is on its way, and need not wait for it: keeps what was compiled. */
void life_seccomp_keep(const struct life_process *process);

/* The child, inside the cgroup (NULL: the caller's) before it gets its first message, until it is ready. `near` is the pid of the
 * container's first process, beside which it goes where the cgroup itself takes none; 0: there is none. 1 where
 * it waits for hooks, as host_child_build() has it. */
int life_process_build(struct life_process *process, struct cgroup *cgroup, pid_t near,
	struct berth_error *err) must_use;

/* A process, and what it forks, into the resctrl group. */
int life_process_join(
	const struct life_process *process, pid_t pid, struct berth_error *err) must_use;

/* From there until its program runs; with a fifo (not -1), until it waits on that. The record is the container's,
 * and `status` the one of which whoever answers for a seccomp filter hears. */
int life_process_go(struct life_process *process, int fifo_fd, const struct store_record *record,
	enum store_status status, struct berth_error *err) must_use;

/* The path as it is from "/", in the arena. */
int life_absolute_path(struct arena *arena, const char *path, const char **ret_path,
	struct berth_error *err) must_use;

/*
 * Another way to a running process than berth-init: a container that is made from something else. It is called in
 * the place of the steps from "spawn" to "exec", with what a launch has by then; it joins its process to the
 * cgroup, puts it on record, and runs the hooks before the program.
 */
struct life_birth {
	struct life_config *config;
	struct life_process *process;
	struct cgroup *cgroup;
	const struct store_entry *entry;
	struct store_record *record;
	bool *is_built; /* set where hooks may have run: then those of poststop are due */
};
typedef int (*life_birth_fn)(
	void *argument, const struct life_birth *birth, struct berth_error *err);

/* run, by another way. */
int life_run_by(const struct life_request *request, life_birth_fn birth, void *argument,
	int *ret_status, struct berth_error *err) must_use;

/* Gives the error of a step that knows no field of the config the one on which it works. */
void life_point_at_field(struct berth_error *err);

#endif
