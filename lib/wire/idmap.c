/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sys/abi.h"
#include "wire/bootstrap.h"

/*
 * The grammar of uid_map and gid_map, see user_namespaces(7). The kernel takes more forms than this
 * (runs of blanks, octal, a last line without its newline); one form means that what was checked here
 * is what the kernel reads.
 */

/* Says why in one line, where somebody asked; returns the code. */
static int map_refuse(int code, char *ret_why, size_t size, const char *format, ...)
	printf_like(4, 5);

static int map_refuse(int code, char *ret_why, size_t size, const char *format, ...)
{
	va_list args;

	if (ret_why) {
		va_start(args, format);
		(void)vsnprintf(ret_why, size, format, args);
		va_end(args);
	}
	return code;
}

/* One number and the byte that must follow it. Moves `at` behind both. */
static int map_number(const char **at, char end, uint32_t *ret_number)
{
	char digits[sizeof("4294967295")];
	size_t length = strspn(*at, "0123456789");
	int r;

	if ((*at)[length] != end) {
		return -EINVAL;
	}
	if (length >= sizeof(digits)) {
		return (*at)[0] == '0' ? -EINVAL : -ERANGE;
	}
	memcpy(digits, *at, length);
	digits[length] = '\0';
	r = str_to_u32(digits, ret_number);
	if (r < 0) {
		return r;
	}
	*at += length + 1;
	return 0;
}

static int map_line(const char **at, struct wire_id_map *ret_map)
{
	struct wire_id_map map;
	int r = map_number(at, ' ', &map.container);

	if (r == 0) {
		r = map_number(at, ' ', &map.host);
	}
	if (r == 0) {
		r = map_number(at, '\n', &map.size);
	}
	if (r < 0) {
		return r;
	}
	/* The last id is 2^32-2: 2^32-1 means "no id" (setresuid(2)). */
	if (map.size == 0 || map.size > UINT32_MAX - map.container ||
		map.size > UINT32_MAX - map.host) {
		return -ERANGE;
	}
	*ret_map = map;
	return 0;
}

static bool map_is_crossing(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

/* The index of a line before the last that shares an id with it, or `count - 1`. */
static size_t map_overlap(const struct wire_id_map *maps, size_t count)
{
	const struct wire_id_map *last = &maps[count - 1];
	size_t i;

	for (i = 0; i < count - 1; i++) {
		if (map_is_crossing(maps[i].container, maps[i].size, last->container, last->size) ||
			map_is_crossing(maps[i].host, maps[i].size, last->host, last->size)) {
			break;
		}
	}
	return i;
}

/* All lines into `maps`, which has room for ABI_ID_MAP_LINES. */
static int map_lines(
	const char *text, struct wire_id_map *maps, size_t *ret_count, char *ret_why, size_t size)
{
	size_t count = 0;

	while (*text) {
		size_t other;
		int r;

		if (count == ABI_ID_MAP_LINES) {
			return map_refuse(
				-E2BIG, ret_why, size, "more than %d lines", ABI_ID_MAP_LINES);
		}
		r = map_line(&text, &maps[count]);
		count++;
		if (r == -ERANGE) {
			return map_refuse(r, ret_why, size,
				"line %zu has a size of 0 or an id above 4294967294", count);
		}
		if (r < 0) {
			return map_refuse(r, ret_why, size,
				"line %zu is not \"container host size\" and a newline", count);
		}
		other = map_overlap(maps, count);
		if (other != count - 1) {
			return map_refuse(-EINVAL, ret_why, size, "line %zu overlaps line %zu",
				count, other + 1);
		}
	}
	if (count == 0) {
		return map_refuse(-EINVAL, ret_why, size, "no line");
	}
	*ret_count = count;
	return 0;
}

static int map_read(const char *text, struct wire_id_map *ret_maps, size_t *ret_count,
	char *ret_why, size_t size)
{
	struct wire_id_map maps[ABI_ID_MAP_LINES];
	size_t count = 0;
	int r;

	if (strnlen(text, ABI_ID_MAP_BYTES) == ABI_ID_MAP_BYTES) {
		return map_refuse(-E2BIG, ret_why, size, "%d bytes or more", ABI_ID_MAP_BYTES);
	}
	r = map_lines(text, maps, &count, ret_why, size);
	if (r < 0) {
		return r;
	}
	if (ret_maps) {
		memcpy(ret_maps, maps, count * sizeof(maps[0]));
	}
	if (ret_count) {
		*ret_count = count;
	}
	return 0;
}

int wire_id_map_parse(const char *text, struct wire_id_map *ret_maps, size_t *ret_count)
{
	return map_read(text, ret_maps, ret_count, NULL, 0);
}

int wire_id_map_check(const char *text, char *ret_why, size_t size)
{
	return map_read(text, NULL, NULL, ret_why, size);
}
