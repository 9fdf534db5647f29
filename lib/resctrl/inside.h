/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESCTRL_INSIDE_H
#define RESCTRL_INSIDE_H
/* For the files of resctrl/ alone: what a kernel does by itself, where a tmpfs is in the place of resctrl. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#ifdef BERTH_FAILPOINTS
bool resctrl_is_imitated(uint64_t magic);

/* The files of a new group, and their end before it is removed. In resctrl they do nothing. */
int resctrl_imitate_made(int fd, const char *path, bool is_monitor) must_use;
int resctrl_imitate_removed(int fd, const char *path) must_use;
#else
static inline bool resctrl_is_imitated(uint64_t magic)
{
	(void)magic;
	return false;
}

static inline int resctrl_imitate_made(int fd, const char *path, bool is_monitor)
{
	(void)fd;
	(void)path;
	(void)is_monitor;
	return 0;
}

static inline int resctrl_imitate_removed(int fd, const char *path)
{
	(void)fd;
	(void)path;
	return 0;
}
#endif

#endif
