/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics: what both versions have in common. Files of the kernel are lines of words; every one is read
 * whole, into one piece of memory that serves for all, and taken apart there. A program in the container can
 * make some of them long, by devices and by nothing else, so each list ends somewhere.
 */
#include "cgroup/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum {
	TEXT_FIRST_BYTES = 8192,
	TEXT_MAX_BYTES = 1024 * 1024,
	LIST_FIRST = 16,
};

void cgroup_stats_read(
	const struct cgroup *cgroup, struct arena *arena, struct cgroup_stats *ret_stats)
{
	struct cgroup_reader reader = {.arena = arena, .stats = ret_stats};
	autoptr char *text = NULL;

	*ret_stats = (struct cgroup_stats){0};
	/* Version 1 first: on a hybrid host version 2 has the CPU's time as well, but not by CPU. */
	for (size_t i = 0; i < cgroup->count; i++) {
		if (cgroup->dirs[i].fd >= 0 && !cgroup->dirs[i].is_v2) {
			cgroup_stats_v1(&reader, cgroup->dirs[i].fd);
		}
	}
	for (size_t i = 0; i < cgroup->count; i++) {
		if (cgroup->dirs[i].fd >= 0 && cgroup->dirs[i].is_v2) {
			cgroup_stats_v2(&reader, cgroup->dirs[i].fd);
		}
	}
	text = reader.text;
}

static bool grow_text(struct cgroup_reader *reader)
{
	size_t size = reader->size ? reader->size * 2 : TEXT_FIRST_BYTES;
	char *text = size <= TEXT_MAX_BYTES ? realloc(reader->text, size) : NULL;

	if (text) {
		reader->text = text;
		reader->size = size;
	}
	return text != NULL;
}

char *cgroup_stats_text(struct cgroup_reader *reader, int fd, const char *name)
{
	autofd int file_fd = cgroup_file_open(fd, name);
	size_t length = 0;
	ssize_t r = file_fd < 0 ? -1 : 1;

	while (r > 0) {
		if (length + 1 >= reader->size && !grow_text(reader)) {
			break;
		}
		r = sys_read(file_fd, reader->text + length, reader->size - 1 - length);
		length += r > 0 ? (size_t)r : 0;
	}
	if (r < 0 || !reader->text) {
		return NULL;
	}
	/* What was cut off may have cut a number. */
	while (r > 0 && length > 0 && !strchr(" \n", reader->text[length - 1])) {
		length--;
	}
	reader->text[length] = '\0';
	return reader->text;
}

static char *next_part(char **at, const char *separators)
{
	char *part = *at + strspn(*at, separators);
	size_t length = strcspn(part, separators);

	if (*part == '\0') {
		return NULL;
	}
	*at = part + length + (part[length] != '\0');
	part[length] = '\0';
	return part;
}

char *cgroup_stats_line(char **at)
{
	return next_part(at, "\n");
}

char *cgroup_stats_word(char **at)
{
	return next_part(at, " \n");
}

bool cgroup_stats_number(const char *text, uint64_t *ret_number)
{
	if (str_has_prefix(text, "max")) {
		*ret_number = UINT64_MAX;
		return true;
	}
	if (text[0] < '0' || text[0] > '9') {
		return false;
	}
	*ret_number = strtoull(text, NULL, 10);
	return true;
}

bool cgroup_stats_file(struct cgroup_reader *reader, int fd, const char *name, uint64_t *ret_number)
{
	const char *text = cgroup_stats_text(reader, fd, name);

	return text && cgroup_stats_number(text, ret_number);
}

/* Room for one more item behind a list: the items, moved where they had no more; NULL for no more. Their
 * places are a power of two, from which `count` tells when they are full. */
static void *list_grow(struct cgroup_reader *reader, void *items, size_t count, size_t item_size)
{
	void *grown;

	if (count >= CGROUP_LIST_MAX) {
		return NULL;
	}
	if (count != 0 && (count < LIST_FIRST || (count & (count - 1)) != 0)) {
		return items;
	}
	grown = arena_alloc(reader->arena, count ? count * 2 : LIST_FIRST, item_size);
	if (grown && count > 0) {
		memcpy(grown, items, count * item_size);
	}
	return grown;
}

void cgroup_stats_add_number(
	struct cgroup_reader *reader, struct cgroup_numbers *numbers, uint64_t number)
{
	uint64_t *items = list_grow(reader, numbers->items, numbers->count, sizeof(*items));

	if (items) {
		items[numbers->count++] = number;
		numbers->items = items;
	}
}

static void add_named(struct cgroup_reader *reader, struct cgroup_nameds *nameds, const char *name,
	uint64_t value)
{
	struct cgroup_named *items =
		list_grow(reader, nameds->items, nameds->count, sizeof(*items));
	const char *copy = items ? arena_copy(reader->arena, name, strlen(name)) : NULL;

	if (copy) {
		items[nameds->count++] = (struct cgroup_named){.name = copy, .value = value};
		nameds->items = items;
	}
}

void cgroup_stats_add_blkio(struct cgroup_reader *reader, enum cgroup_blkio_table table,
	const struct cgroup_blkio_entry *entry)
{
	struct cgroup_blkio_entries *entries = &reader->stats->blkio.tables[table];
	struct cgroup_blkio_entry *items =
		list_grow(reader, entries->items, entries->count, sizeof(*items));
	const char *op = items ? arena_copy(reader->arena, entry->op, strlen(entry->op)) : NULL;

	if (op) {
		items[entries->count] = *entry;
		items[entries->count++].op = op;
		entries->items = items;
	}
}

/* "NAME NUMBER": the name, or NULL for any other line. */
static const char *take_named(char *line, uint64_t *ret_value)
{
	const char *name = cgroup_stats_word(&line);
	const char *value = name ? cgroup_stats_word(&line) : NULL;

	return value && cgroup_stats_number(value, ret_value) ? name : NULL;
}

void cgroup_stats_named(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_nameds *ret_nameds)
{
	char *at = cgroup_stats_text(reader, fd, name);

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		uint64_t value = 0;
		const char *word = take_named(line, &value);

		if (word) {
			add_named(reader, ret_nameds, word, value);
		}
	}
}

uint64_t cgroup_stats_find(const struct cgroup_nameds *nameds, const char *name)
{
	for (size_t i = 0; i < nameds->count; i++) {
		if (strcmp(nameds->items[i].name, name) == 0) {
			return nameds->items[i].value;
		}
	}
	return 0;
}

void cgroup_stats_rows(struct cgroup_reader *reader, int fd, const char *name,
	const struct cgroup_stats_row *rows, size_t count)
{
	char *at = cgroup_stats_text(reader, fd, name);

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		uint64_t value = 0;
		const char *word = take_named(line, &value);

		for (size_t i = 0; word && i < count; i++) {
			if (strcmp(rows[i].name, word) == 0) {
				memcpy((char *)reader->stats + rows[i].offset,
					&(uint64_t){value * rows[i].factor}, sizeof(value));
			}
		}
	}
}

void cgroup_stats_list(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_numbers *ret_numbers)
{
	const char *at = cgroup_stats_text(reader, fd, name);

	while (at && *at >= '0' && *at <= '9') {
		char *end;
		uint64_t first = strtoull(at, &end, 10);
		uint64_t last = *end == '-' ? strtoull(end + 1, &end, 10) : first;

		for (uint64_t i = first; i <= last && ret_numbers->count < CGROUP_LIST_MAX; i++) {
			cgroup_stats_add_number(reader, ret_numbers, i);
		}
		at = end + (*end == ',');
	}
}

void cgroup_stats_pids(struct cgroup_reader *reader, int fd)
{
	uint64_t limit = 0;

	if (cgroup_stats_file(reader, fd, "pids.current", &reader->stats->pids) &&
		cgroup_stats_file(reader, fd, "pids.max", &limit)) {
		reader->stats->pids_limit = limit == UINT64_MAX ? 0 : limit;
	}
}

bool cgroup_stats_device(const char *text, struct cgroup_blkio_entry *ret_entry)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits] == ':' && cgroup_stats_number(text, &ret_entry->major) &&
	       cgroup_stats_number(text + digits + 1, &ret_entry->minor);
}

/* The sizes for which there are files, each once. */
struct sizes {
	struct cgroup_reader *reader;
	const char *suffix;
};

static int add_size(const char *name, bool is_directory, void *argument)
{
	const struct sizes *sizes = argument;
	struct cgroup_reader *reader = sizes->reader;
	const char *size = name + strlen("hugetlb.");
	struct cgroup_hugetlb *items;
	size_t length;
	char *copy;

	if (is_directory || !str_has_prefix(name, "hugetlb.")) {
		return 0;
	}
	/* "2MB.current", but not "2MB.rsvd.current" */
	length = strcspn(size, ".");
	if (strcmp(size + length, sizes->suffix) != 0) {
		return 0;
	}
	items = list_grow(
		reader, reader->stats->hugetlb, reader->stats->hugetlb_count, sizeof(*items));
	copy = items ? arena_copy(reader->arena, size, length) : NULL;
	if (copy) {
		items[reader->stats->hugetlb_count++] = (struct cgroup_hugetlb){.size = copy};
		reader->stats->hugetlb = items;
	}
	return 0;
}

void cgroup_stats_hugetlb(
	struct cgroup_reader *reader, int fd, const char *suffix, cgroup_hugetlb_fn fill)
{
	struct sizes sizes = {.reader = reader, .suffix = suffix};
	size_t first = reader->stats->hugetlb_count;

	(void)!sys_list(fd, add_size, &sizes);
	for (size_t i = first; i < reader->stats->hugetlb_count; i++) {
		fill(reader, fd, &reader->stats->hugetlb[i]);
	}
}
