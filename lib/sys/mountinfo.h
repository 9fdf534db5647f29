/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_MOUNTINFO_H
#define SYS_MOUNTINFO_H
/* /proc/PID/mountinfo, line by line (proc_pid_mountinfo(5)). The kernel goes on after what was read last also
 * when mounts go away meanwhile. No memory but the caller's: for berth-init and after a vfork. */
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { SYS_MOUNTINFO_LINE_MAX = 4 * 4096 };

/* All zero but the descriptor of the file, which stays the caller's. */
struct sys_mountinfo {
	int fd;
	size_t start, end;
	char data[SYS_MOUNTINFO_LINE_MAX];
};

/* A line of it; the texts are in the struct above until the next call. */
struct sys_mountinfo_line {
	uint64_t id;
	const char *point; /* the mount point as a path, not escaped */
	const char *fstype;
};

/* In place: "\040" and the like (blank, tab, newline, backslash) become single bytes. */
void sys_mountinfo_unescape(char *text);

/* 1 with a line, 0 at the end; -E2BIG for a line that is too long. */
int sys_mountinfo_next(struct sys_mountinfo *mounts, struct sys_mountinfo_line *ret_line) must_use;

#endif
