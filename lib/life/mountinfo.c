/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/mountinfo of another process: "ID PARENT MAJOR:MINOR ROOT POINT ...", proc(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "life/criu.h"
#include "sys/file.h"
#include "sys/mountinfo.h"

enum { MOUNTINFO_MAX = 8 * 1024 * 1024, MOUNTINFO_PATH_BYTES = 64, MOUNTINFO_FIRST = 64 * 1024 };

/* All of it, whose size nothing tells before. */
static int read_all(int fd, struct arena *arena, struct life_mountinfo *info)
{
	size_t size = MOUNTINFO_FIRST;

	for (;;) {
		char *text = arena_alloc(arena, size, 1);
		ssize_t r = 1;

		if (!text) {
			return -ENOMEM;
		}
		memcpy(text, info->text ? info->text : "", info->length);
		info->text = text;
		while (r > 0 && info->length < size - 1) {
			r = sys_read(fd, text + info->length, size - 1 - info->length);
			info->length += r > 0 ? (size_t)r : 0;
		}
		text[info->length] = '\0';
		if (r <= 0 || size >= MOUNTINFO_MAX) {
			return r < 0 ? (int)r : r > 0 ? -E2BIG : 0;
		}
		size *= 4;
	}
}

int life_mountinfo_read(struct life_mountinfo *info, pid_t pid, struct arena *arena)
{
	char path[MOUNTINFO_PATH_BYTES];
	autofd int fd = -1;

	*info = (struct life_mountinfo){0};
	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	fd = sys_open(path, O_RDONLY);
	return fd < 0 ? fd : read_all(fd, arena, info);
}

static const char *point_of(const char *line, struct arena *arena)
{
	char *point;

	for (int i = 0; i < 4; i++) {
		line += strcspn(line, " \n");
		if (*line != ' ') {
			return NULL;
		}
		line++;
	}
	point = arena_copy(arena, line, strcspn(line, " \n"));
	if (point) {
		sys_mountinfo_unescape(point);
	}
	return point;
}

const char *life_mountinfo_point(
	const struct life_mountinfo *info, uint64_t id, struct arena *arena)
{
	const char *line = info->text;

	while (line && *line) {
		if (strtoull(line, NULL, 10) == id) {
			return point_of(line, arena);
		}
		line += strcspn(line, "\n");
		line += *line ? 1 : 0;
	}
	return NULL;
}
