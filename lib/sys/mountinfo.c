/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "sys/file.h"

void sys_mountinfo_unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] && in[3]) {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

static bool parse(char *text, struct sys_mountinfo_line *ret_line)
{
	char *field = strsep(&text, " ");
	char *point;

	if (!field || str_to_u64(field, &ret_line->id) < 0) {
		return false;
	}
	for (int i = 1; field && i < 5; i++) {
		field = strsep(&text, " ");
	}
	point = field;
	while (field && !str_is_equal(field, "-")) {
		field = strsep(&text, " ");
	}
	if (!field) {
		return false;
	}
	sys_mountinfo_unescape(point);
	ret_line->point = point;
	ret_line->fstype = strsep(&text, " ");
	return ret_line->fstype != NULL;
}

int sys_mountinfo_next(struct sys_mountinfo *mounts, struct sys_mountinfo_line *ret_line)
{
	for (;;) {
		char *text = mounts->data + mounts->start;
		char *newline = memchr(text, '\n', mounts->end - mounts->start);
		ssize_t r;

		if (newline) {
			*newline = '\0';
			mounts->start = (size_t)(newline + 1 - mounts->data);
			if (parse(text, ret_line)) {
				return 1;
			}
			continue;
		}
		memmove(mounts->data, text, mounts->end - mounts->start);
		mounts->end -= mounts->start;
		mounts->start = 0;
		if (mounts->end == sizeof(mounts->data)) {
			return -E2BIG;
		}
		r = sys_read(
			mounts->fd, mounts->data + mounts->end, sizeof(mounts->data) - mounts->end);
		if (r <= 0) {
			return (int)r;
		}
		mounts->end += (size_t)r;
	}
}
