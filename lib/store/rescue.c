/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is needed to end a container, once more: in the lock's file, which every container has and which is
 * open anyway. A line "PID START_TIME", a line for each cgroup and for the resctrl group, and a last line without which it is not
 * whole. It is read only where state.json cannot be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/inside.h"
#include "sys/file.h"

enum { RESCUE_MAX_BYTES = 64 * 1024 };

static const char last_line[] = "end\n";
static const char resctrl_word[] = "resctrl ";

int store_write_rescue(const struct store_entry *entry, const struct store_record *record)
{
	autoptr char *text = malloc(RESCUE_MAX_BYTES);
	struct strbuf buf;

	if (!text) {
		return -ENOMEM;
	}
	strbuf_init(&buf, text, RESCUE_MAX_BYTES);
	strbuf_printf(&buf, "%d %llu\n", (int)record->pid, (unsigned long long)record->start_time);
	for (size_t i = 0; i < record->cgroup_count; i++) {
		strbuf_add(&buf, record->cgroups[i]);
		strbuf_add(&buf, "\n");
	}
	if (record->resctrl) {
		strbuf_printf(&buf, "%s%s\n", resctrl_word, record->resctrl);
	}
	strbuf_add(&buf, last_line);
	/* Each one is as long as the one before it, or longer. */
	return buf.is_cut ? -ENAMETOOLONG : sys_pwrite_once(entry->lock_fd, text, buf.length, 0);
}

/* The lines between the first and the last. */
static int take_cgroups(char *text, struct arena *arena, struct store_record *record)
{
	const char **items = arena_alloc(arena, strlen(text), sizeof(*items));
	char *rest = text;
	char *line;

	if (!items) {
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		if (str_has_prefix(line, resctrl_word)) {
			record->resctrl = line + sizeof(resctrl_word) - 1;
		} else if (*line) {
			items[record->cgroup_count++] = line;
		}
	}
	record->cgroups = items;
	return 0;
}

/* The start of the last line, which is not there in a text that is not whole. */
static char *find_last(char *text)
{
	for (char *line = text; line && *line;) {
		if (str_has_prefix(line, last_line)) {
			return line;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static int parse(char *text, struct arena *arena, struct store_record *record)
{
	char *last = find_last(text);
	char *line;
	char *end;
	long pid;

	if (!last) {
		return -EINVAL;
	}
	*last = '\0';
	line = strsep(&text, "\n");
	pid = strtol(line, &end, 10);
	if (!text || end == line || *end != ' ' || pid < 0 || pid > INT32_MAX) {
		return -EINVAL;
	}
	record->pid = (pid_t)pid;
	record->start_time = strtoull(end + 1, NULL, 10);
	return take_cgroups(text, arena, record);
}

int store_read_rescue(const struct store_entry *entry, struct arena *arena,
	struct store_record *ret_record, struct berth_error *err)
{
	char *text = arena_alloc(arena, RESCUE_MAX_BYTES, 1);
	struct store_record record = {.id = entry->id};
	ssize_t length;
	int r;

	if (!text) {
		return error_system(err, ENOMEM, "memory for the state");
	}
	length = sys_pread(entry->lock_fd, text, RESCUE_MAX_BYTES - 1, 0);
	if (length < 0) {
		return error_system(err, (int)length, "read the lock of container %s", entry->id);
	}
	text[length] = '\0';
	/* Where nothing was ever written, nothing was ever started. */
	r = length == 0 && !store_has_state(entry) ? 0 : parse(text, arena, &record);
	if (r == -EINVAL) {
		return error_set(err, BERTH_ERROR_STATE,
			"the state of container %s is damaged, and its lock's file too: what is left "
			"of it must be ended and removed by hand",
			entry->id);
	}
	if (r < 0) {
		return error_system(err, r, "memory for the state");
	}
	*ret_record = record;
	return 0;
}
