/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESCTRL_RESCTRL_H
#define RESCTRL_RESCTRL_H
/*
 * resctrl: the group of linux.intelRdt, in the resctrl file system (Documentation/filesystems/resctrl.rst).
 *
 * In: struct host_rdt, or what describes a group that was made. Out: a directory, its schemata, who is in it, and its
 * removal. Forbidden here: finding the mount, reading config.json. Fails with the JSON pointer of the field.
 *
 * A build with failpoints takes a tmpfs for resctrl as well, and makes there the files that a kernel would: for
 * tests on machines without the hardware.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/host_plan.h"

enum { RESCTRL_NAME_MAX = 255 };

struct resctrl {
	int fd;                             /* of the mount; -1: the container has no group */
	char group[RESCTRL_NAME_MAX + 1];   /* "": the default one */
	char monitor[RESCTRL_NAME_MAX + 1]; /* "": none */
	bool is_made;   /* what follows may be there: before, nothing is removed */
	bool is_own;    /* the group is ours to remove */
	bool is_shared; /* but for others that are in it */
};

void resctrl_init(struct resctrl *resctrl);
void resctrl_finish(struct resctrl *resctrl);

/* Opens the mount, and looks whether the group will be made. Makes nothing. */
int resctrl_find(
	struct resctrl *resctrl, const struct host_rdt *plan, struct berth_error *err) must_use;

/* Makes what is missing, and writes the schemata. What was made is removed by resctrl_remove(), also after a
 * failure. */
int resctrl_make(
	struct resctrl *resctrl, const struct host_rdt *plan, struct berth_error *err) must_use;

/* What the record keeps, in the arena (NULL: no memory), and back again: `id` is the container's. -EINVAL where it
 * is none. */
const char *resctrl_describe(const struct resctrl *resctrl, struct arena *arena) must_use;
int resctrl_open(struct resctrl *resctrl, const char *mount_point, const char *text, const char *id,
	struct berth_error *err) must_use;

/* A process, and all that it forks. */
int resctrl_join(const struct resctrl *resctrl, pid_t pid, struct berth_error *err) must_use;

/* One write for each line, so that an error can say which the kernel refuses. */
int resctrl_write(const struct resctrl *resctrl, const struct host_rdt_lines *lines,
	struct berth_error *err) must_use;

/* The monitoring group, and the group where it is ours; one with a name of its own stays as long as others than `pid`
 * are in it. That something is gone already is no error. */
int resctrl_remove(struct resctrl *resctrl, pid_t pid, struct berth_error *err) must_use;

/* Whether a schemata file says what a line says: each of its domains has the value. */
bool resctrl_schema_has(const char *schemata, const char *line);

#endif
