/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H
/*
 * cgroup: the container's control group, one directory in each hierarchy of the host.
 *
 * In: struct host_cgroup of the plan, or the texts of a description. Out: directories that hold the
 * container's processes and limit them. Forbidden here: config.json, policy, processes but to signal those
 * inside. Fails with an error that names the file, and the field where one asked for it; what was made
 * until then is removed again.
 *
 * With systemd as the manager the directory is that of a unit, which systemd makes and removes (unit.c); all else is
 * the same.
 *
 * Every path is resolved once, from the mount point's descriptor, without symbolic links and never out of
 * the mount. A file system that is not a cgroup's is refused. The verbs may each run in a process of their
 * own: cgroup_describe() gives what a state file needs, cgroup_open() takes it, believing none of it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/host_plan.h"

enum { CGROUP_DIRS_MAX = 32 };

struct cgroup_dir {
	int fd;     /* of the container's own directory and no other; -1: there is none (yet) */
	int way_fd; /* while it is made: how far the way there is; -1: not wanted */
	int above_fd; /* of the directory that it was made in, for who removes it; -1: not made here */
	bool is_v2;
	bool is_there; /* while it is made: the last part that was looked at was there */
	int refused; /* version 2: why a controller could not be enabled on the way here; 0: all were */
	bool is_unmounted; /* of a description: there is no hierarchy at its mount point now */
	uint32_t kept;     /* how many leading parts of `path` are not ours to remove */
	const char *mount_point, *path;
};

struct cgroup {
	struct arena arena;
	struct cgroup_dir dirs[CGROUP_DIRS_MAX]; /* in the order of the plan */
	size_t count;                            /* 0: the container has no cgroup */
	const char *unit; /* of systemd, whose the directory is; NULL: it is berth's */
	bool is_unit_user;
	const char *narrowed; /* where cgroup_narrow() has gone, borrowed; NULL: nowhere */
	bool is_unit_due;     /* it is not made before there is a process to put into it */
};

/* Before anything else; and at the end, which closes and removes nothing. */
void cgroup_init(struct cgroup *cgroup);
void cgroup_finish(struct cgroup *cgroup);

/* Looks how much of the directories is there, and changes nothing: what cgroup_describe() says then holds
 * for those that cgroup_create() will make. The last one, where it is there, must hold no process and not be
 * frozen. The plan's texts must live as long as the cgroup. */
int cgroup_find(
	struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err) must_use;

/* Makes the directories. After a failure cgroup_remove() takes away what was made. */
int cgroup_create(
	struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err) must_use;

/* Moves the first process of a new container in, before it does anything. systemd makes a cgroup only around a
 * process: with it as the manager the cgroup is made here, and gets its first limits. */
int cgroup_enter(struct cgroup *cgroup, const struct host_cgroup *plan, pid_t pid,
	struct berth_error *err) must_use;

/* Moves a process, with all its threads, into every hierarchy. A cgroup of version 2 that has given its
 * controllers to those below it takes none (EBUSY): it goes beside the process `near` then, wherever that is
 * inside; 0: there is none. */
int cgroup_join(
	const struct cgroup *cgroup, pid_t pid, pid_t near, struct berth_error *err) must_use;

/* Whether any of its directories is there. */
bool cgroup_is_there(const struct cgroup *cgroup) must_use;

/* From here on cgroup_join() goes into one that is below, and nothing else can be done with it:
 * "[CONTROLLER,...:]PATH". With controllers, in their hierarchies alone. It must be there, and no part of the
 * path leads out of the container's. */
int cgroup_narrow(struct cgroup *cgroup, const char *text, struct berth_error *err) must_use;

/* Writes the limits. Twice: before a process is inside, and with `is_final` when the container's process
 * has built everything and before any code of the image runs: then the rest, and the device filter. */
int cgroup_limit(const struct cgroup *cgroup, const struct host_cgroup *plan, bool is_final,
	struct berth_error *err) must_use;

/* What a file holds, without the last newline, in the arena; NULL where there is no such file. */
int cgroup_read(const struct cgroup *cgroup, const struct host_cgroup_read *read,
	struct arena *arena, const char **ret_text) must_use;

/* Writes the limits of a cgroup that is in use, and its device filter. Where one is refused, those that were written
 * before are put back; an error says what could not be. */
int cgroup_update(
	struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err) must_use;

/* Freezes and waits until all are frozen, or thaws. After a failure to freeze it is thawed. */
int cgroup_freeze(const struct cgroup *cgroup, bool is_frozen, struct berth_error *err) must_use;

/* 1 where it is frozen, or on its way; 0 where not. */
int cgroup_is_frozen(const struct cgroup *cgroup) must_use;

/* The path on the host of the directory that can be frozen, in the arena; NULL where there is none. */
const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena) must_use;

/* Calls `fn` for the processes inside and below, until it returns non-zero. One that this pid namespace
 * does not show is left out. */
typedef int (*cgroup_pid_fn)(pid_t pid, void *argument);
int cgroup_pids(const struct cgroup *cgroup, cgroup_pid_fn fn, void *argument) must_use;

/* A signal to all processes inside and below. They are frozen meanwhile, so that none forks out of sight;
 * what was frozen before stays frozen, but for SIGKILL. */
int cgroup_signal(const struct cgroup *cgroup, int signal, struct berth_error *err) must_use;

/* Ends all processes and waits for their end, at most so long. An error names those that are left. */
int cgroup_kill(const struct cgroup *cgroup, int timeout_ms, struct berth_error *err) must_use;

/* The same for the directories that berth has made alone: those that were there before may be others'.
 * 0: there is none; else 1. */
int cgroup_kill_own(const struct cgroup *cgroup, int timeout_ms, struct berth_error *err) must_use;

/* How many processes the kernel has ended here for want of memory; 0 where that is not counted. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/* When memory has run out here, without asking again and again. */
struct cgroup_watch {
	int fd;       /* to poll; -1: nothing tells */
	short events; /* for which: POLLIN, or POLLPRI */
	bool is_v2;
	int file_fd; /* of the file that counts; `fd` itself on version 2 */
	uint64_t kills;
	int event_fd,
		later_fd; /* version 1: behind `fd`, what the kernel signals, and when to look again */
	bool is_told;     /* version 1: it has run out, and nobody was killed by now */
	int delay_ms;     /* until the next look */
};

/* From here on. A cgroup whose memory is not counted, or none, gives one with nothing to poll. */
void cgroup_watch_init(struct cgroup_watch *watch);
int cgroup_watch_open(const struct cgroup *cgroup, struct cgroup_watch *ret_watch,
	struct berth_error *err) must_use;
void cgroup_watch_finish(struct cgroup_watch *watch);

/* 1 where it has since the last call, or since the start; 0 where not. Negative where nothing will be told any
 * more (-ENODEV: the cgroup is gone): `fd` may not be polled again then. */
int cgroup_watch_take(struct cgroup_watch *watch) must_use;

/* Removes what cgroup_create() made, and what was made below it. Directories that lead there and are in
 * use by others stay. Waits for processes that are ending; an error names those that are left. What is
 * gone already is no error. */
int cgroup_remove(struct cgroup *cgroup, int timeout_ms, struct berth_error *err) must_use;

/* One text for each directory, in the arena: "KEPT/MOUNT_POINT/PATH", where both begin with a slash; and one for
 * the unit: "system:NAME" or "user:NAME". */
struct cgroup_texts {
	const char *const *items;
	size_t count;
};
int cgroup_describe(
	const struct cgroup *cgroup, struct arena *arena, struct cgroup_texts *ret_texts) must_use;

/* The cgroup of a description. Each text is checked: it must lead below the mount of a hierarchy. A
 * directory that is not there any more is no error, nor is a hierarchy; but what is in one that is not mounted
 * cannot be removed. */
int cgroup_open(
	struct cgroup *cgroup, const struct cgroup_texts *texts, struct berth_error *err) must_use;

#endif
