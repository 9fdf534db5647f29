/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/work.h"

#include <string.h>

#include "base/str.h"

static bool part_is(const char *part, size_t length, const char *text)
{
	return length == strlen(text) && memcmp(part, text, length) == 0;
}

/* The length of `out` without its last part. */
static size_t without_last(const char *out, size_t length)
{
	while (length > 0 && out[length - 1] != '/') {
		length--;
	}
	return length > 0 ? length - 1 : 0;
}

static char *clean(struct arena *arena, const char *path, bool keeps_parent)
{
	char *out = arena_alloc(arena, strlen(path) + 2, 1);
	size_t length = 0;

	if (!out) {
		return NULL;
	}
	while (*path) {
		size_t part = strcspn(path, "/");

		if (part_is(path, part, "..") && !keeps_parent) {
			length = without_last(out, length);
		} else if (part > 0 && !part_is(path, part, ".")) {
			out[length++] = '/';
			memcpy(out + length, path, part);
			length += part;
		}
		path += part + (path[part] == '/');
	}
	if (length == 0) {
		out[length++] = '/';
	}
	out[length] = '\0';
	return out;
}

char *plan_path_inside(struct arena *arena, const char *path)
{
	return clean(arena, path, false);
}

char *plan_path_on_host(struct arena *arena, const char *base, const char *path)
{
	char *whole;

	if (path[0] == '/') {
		return clean(arena, path, true);
	}
	whole = arena_printf(arena, "%s/%s", base, path);
	return whole ? clean(arena, whole, true) : NULL;
}

bool plan_path_is_below(const char *path, const char *parent)
{
	return str_has_prefix(path, parent) && path[strlen(parent)] == '/';
}

const char *plan_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
