/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All directories below one. A container that may write to its cgroup makes as many below it, and as deep, as
 * it likes: so this goes down and up by descriptors, one at a time, and remembers nothing but the names of the
 * way. The next one of a directory is the one with the next name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { WALK_WAY_BYTES = 1024 * 1024 }; /* of names on the way, each with a NUL; -ELOOP for more */

struct next {
	const char *after;
	char *name; /* CGROUP_PART_MAX bytes */
	bool is_found;
};

static int compare_next(const char *name, bool is_directory, void *argument)
{
	struct next *next = argument;

	if (is_directory && strcmp(name, next->after) > 0 &&
		(!next->is_found || strcmp(name, next->name) < 0)) {
		(void)str_copy(next->name, CGROUP_PART_MAX, name);
		next->is_found = true;
	}
	return 0;
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* The directory with the name that follows `after`: 1; 0 where there is none. */
static int find_next(int fd, const char *after, char name[CGROUP_PART_MAX])
{
	struct next next = {.after = after, .name = name};
	int r = sys_list(fd, compare_next, &next);

	return r < 0 && !is_gone(r) ? r : next.is_found;
}

struct place {
	int fd;
	char *way; /* the names that lead here */
	size_t length;
	char last[CGROUP_PART_MAX]; /* that was dealt with here */
};

/* 1 where it has gone into the directory, 0 where that is not there any more. */
static int place_enter(struct place *place, const char *name)
{
	size_t size = strlen(name) + 1;
	int next = cgroup_dir_open(place->fd, name);

	if (next < 0) {
		return is_gone(next) ? 0 : next;
	}
	if (place->length + size > WALK_WAY_BYTES) {
		close_fd(&next);
		return -ELOOP;
	}
	memcpy(place->way + place->length, name, size);
	place->length += size;
	place->last[0] = '\0';
	close_fd(&place->fd);
	place->fd = next;
	return 1;
}

static int place_leave(struct place *place)
{
	int parent = sys_openat2(place->fd, "..", O_RDONLY | O_DIRECTORY, 0,
		RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	size_t start = place->length - 1;

	if (parent < 0) {
		return parent;
	}
	while (start > 0 && place->way[start - 1] != '\0') {
		start--;
	}
	(void)str_copy(place->last, sizeof(place->last), place->way + start);
	place->length = start;
	close_fd(&place->fd);
	place->fd = parent;
	return 0;
}

/* One step: into the next directory, or back out of this one. 1 when all is done. */
static int walk_step(struct place *place, const struct cgroup_walk *walk)
{
	char name[CGROUP_PART_MAX];
	int r = find_next(place->fd, place->last, name);

	if (r < 0) {
		return r;
	}
	if (r > 0) {
		r = place_enter(place, name);
		if (r == 0) {
			(void)str_copy(place->last, sizeof(place->last), name);
		}
		return r > 0 && walk->visit ? walk->visit(place->fd, walk->argument)
		       : r < 0              ? r
					    : 0;
	}
	if (place->length == 0) {
		return 1;
	}
	r = place_leave(place);
	return r == 0 && walk->leave ? walk->leave(place->fd, place->last, walk->argument) : r;
}

int cgroup_walk_below(int fd, const struct cgroup_walk *walk)
{
	autoptr char *way = malloc(WALK_WAY_BYTES);
	struct place place = {.fd = -1, .way = way};
	int r = way ? 0 : -ENOMEM;

	if (r == 0) {
		place.fd = cgroup_dir_open(fd, "");
		r = place.fd < 0 ? place.fd : 0;
	}
	while (r == 0) {
		r = walk_step(&place, walk);
	}
	close_fd(&place.fd);
	return r > 0 || is_gone(r) ? 0 : r;
}

struct call {
	cgroup_walk_fn fn;
	void *argument;
	int result;
};

static int call_visit(int fd, void *argument)
{
	struct call *call = argument;

	call->result = call->fn(fd, call->argument);
	return call->result == 0 ? 0 : 1;
}

int cgroup_walk(int fd, cgroup_walk_fn fn, void *argument)
{
	struct call call = {.fn = fn, .argument = argument};
	const struct cgroup_walk walk = {.visit = call_visit, .argument = &call};
	int r = call_visit(fd, &call);

	if (r == 0) {
		r = cgroup_walk_below(fd, &walk);
	}
	return r < 0 ? r : call.result;
}

static int stop_at_first(int fd, void *argument)
{
	(void)fd;
	*(bool *)argument = true;
	return 1;
}

int cgroup_has_below(int fd)
{
	bool has_any = false;
	const struct cgroup_walk walk = {.visit = stop_at_first, .argument = &has_any};
	int r = cgroup_walk_below(fd, &walk);

	return r < 0 ? r : has_any;
}
