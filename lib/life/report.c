/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state and list: what is known of containers, as text. Neither waits for a lock: state.json is always
 * whole, and a container that is deleted meanwhile is one that is not there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "life/found.h"

enum { LIFE_MEMORY_MAX = 256 * 1024 * 1024 };

#define LIST_TITLE_FORMAT "%-24s %-8s %-10s %-40s %-32s %s\n"
#define LIST_LINE_FORMAT  "%-24s %-8d %-10s %-40s %-32s %s\n"

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	json_write_key(writer, key);
	json_write_string(writer, text ? text : "");
}

static void put_name(struct json_writer *writer, const struct store_record *record)
{
	put_text(writer, "ociVersion", record->oci_version);
	put_text(writer, "id", record->id);
}

static void put_rest(struct json_writer *writer, const struct store_record *record)
{
	char owner[HOST_USER_NAME_MAX];

	put_text(writer, "bundle", record->bundle);
	put_text(writer, "rootfs", record->rootfs);
	put_text(writer, "created", record->created);
	if (record->annotation_count > 0) {
		json_write_key(writer, "annotations");
		json_write_begin(writer, '{');
		for (size_t i = 0; i < record->annotation_count; i++) {
			put_text(writer, record->annotations[i].key, record->annotations[i].value);
		}
		json_write_end(writer, '}');
	}
	host_user_name(record->owner, owner, sizeof(owner));
	put_text(writer, "owner", owner);
}

static void put_members(struct json_writer *writer, const struct store_record *record,
	const char *status, pid_t pid)
{
	json_write_begin(writer, '{');
	put_name(writer, record);
	json_write_key(writer, "pid");
	json_write_u64(writer, (uint64_t)pid);
	put_text(writer, "status", status);
	put_rest(writer, record);
	json_write_end(writer, '}');
}

static void put_state(
	struct json_writer *writer, const struct store_record *record, enum store_status status)
{
	put_members(writer, record, store_status_name(status),
		status == STORE_STOPPED ? 0 : record->pid);
}

static int take_text(struct json_writer *writer, char **ret_text, struct berth_error *err)
{
	int r = json_writer_take(writer, ret_text);

	return r < 0 ? error_system(err, r, "memory for the state's text") : 0;
}

int life_state_text(const struct store_record *record, enum store_status status, char **ret_text,
	struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;

	json_writer_init(&writer, false);
	put_state(&writer, record, status);
	return take_text(&writer, ret_text, err);
}

/* config-linux.md, "The Container Process State". */
int life_process_state_text(const struct store_record *record, enum store_status status, pid_t pid,
	const char *metadata, char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;

	json_writer_init(&writer, false);
	json_write_begin(&writer, '{');
	put_text(&writer, "ociVersion", record->oci_version);
	json_write_key(&writer, "fds");
	json_write_begin(&writer, '[');
	json_write_string(&writer, "seccompFd");
	json_write_end(&writer, ']');
	json_write_key(&writer, "pid");
	json_write_u64(&writer, (uint64_t)pid);
	if (metadata) {
		put_text(&writer, "metadata", metadata);
	}
	json_write_key(&writer, "state");
	put_state(&writer, record, status);
	json_write_end(&writer, '}');
	return take_text(&writer, ret_text, err);
}

int life_state_for_child(const struct store_record *record, struct arena *arena,
	const char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	autoptr char *text = NULL;
	int r;

	json_writer_init(&writer, false);
	json_write_begin(&writer, '{');
	put_name(&writer, record);
	put_rest(&writer, record);
	json_write_end(&writer, '}');
	r = take_text(&writer, &text, err);
	if (r < 0) {
		return r;
	}
	*ret_text = arena_copy(arena, text, strlen(text));
	return *ret_text ? 0 : error_system(err, ENOMEM, "memory for the state's text");
}

int life_state(const struct life_context *context, const char *id, char **ret_text,
	struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	__attribute__((cleanup(store_entry_close))) struct store_entry entry;
	__attribute__((cleanup(store_close))) struct store store = {.fd = -1};
	autoarena struct arena arena;
	struct store_record record;
	enum store_status status;
	int r;

	json_writer_init(&writer, true);
	store_entry_init(&entry);
	arena_init(&arena, LIFE_MEMORY_MAX);
	r = store_open(context->root, false, &store, err);
	if (r == 0) {
		r = store_look(&store, id, &entry, err);
	}
	if (r == 0) {
		r = store_read(&entry, &arena, &record, err);
	}
	if (r == 0) {
		r = life_status(&entry, &record, &status, err);
	}
	if (r < 0) {
		return r;
	}
	put_state(&writer, &record, status);
	return take_text(&writer, ret_text, err);
}

/* One line of the table, or one member of the array. */
struct list_item {
	struct store_record record;
	const char *status; /* "unknown" where nobody can tell */
	pid_t pid;          /* 0: none, or nobody can tell */
};

/* A line of the table or of the ids; NULL without memory. */
static char *item_line(struct arena *arena, const struct list_item *item, enum life_format format)
{
	const struct store_record *record = &item->record;
	char owner[HOST_USER_NAME_MAX];

	if (format == LIFE_IDS) {
		return arena_printf(arena, "%s\n", record->id);
	}
	host_user_name(record->owner, owner, sizeof(owner));
	return arena_printf(arena, LIST_LINE_FORMAT, record->id, (int)item->pid, item->status,
		record->bundle ? record->bundle : "", record->created ? record->created : "",
		owner);
}

/* The texts one behind the other, from malloc. */
static char *join_lines(const char *const *lines, size_t count)
{
	size_t length = 0;
	char *text;
	char *at;

	for (size_t i = 0; i < count; i++) {
		length += strlen(lines[i]);
	}
	text = malloc(length + 1);
	at = text;
	for (size_t i = 0; text && i < count; i++) {
		at = stpcpy(at, lines[i]);
	}
	if (text) {
		*at = '\0';
	}
	return text;
}

static int table_text(const struct list_item *items, size_t count, enum life_format format,
	struct arena *arena, char **ret_text, struct berth_error *err)
{
	const char **lines = arena_alloc(arena, count + 1, sizeof(*lines));
	size_t used = 0;
	char *text = NULL;

	if (lines && format == LIFE_TABLE) {
		lines[used] = arena_printf(arena, LIST_TITLE_FORMAT, "ID", "PID", "STATUS",
			"BUNDLE", "CREATED", "OWNER");
		used += lines[used] ? 1 : 0;
	}
	for (size_t i = 0; lines && i < count; i++) {
		lines[used] = item_line(arena, &items[i], format);
		used += lines[used] ? 1 : 0;
	}
	if (lines && used == count + (format == LIFE_TABLE ? 1 : 0)) {
		text = join_lines(lines, used);
	}
	if (!text) {
		return error_system(err, ENOMEM, "memory for the list");
	}
	*ret_text = text;
	return 0;
}

static int array_text(
	const struct list_item *items, size_t count, char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;

	json_writer_init(&writer, false);
	if (count == 0) {
		json_write_null(&writer);
		return take_text(&writer, ret_text, err);
	}
	json_write_begin(&writer, '[');
	for (size_t i = 0; i < count; i++) {
		put_members(&writer, &items[i].record, items[i].status, items[i].pid);
	}
	json_write_end(&writer, ']');
	return take_text(&writer, ret_text, err);
}

/* 1: it is not there any more. A record that cannot be read is listed as what it is. */
static int list_one(const struct store *store, const char *id, struct arena *arena,
	struct list_item *item, struct berth_error *err)
{
	__attribute__((cleanup(store_entry_close))) struct store_entry entry;
	struct berth_error ignored = {0};
	enum store_status status;
	int r;

	store_entry_init(&entry);
	r = store_look(store, id, &entry, &ignored);
	if (r < 0) {
		return 1;
	}
	r = store_read(&entry, arena, &item->record, &ignored);
	if (r == -ENOMEM) {
		return error_system(err, r, "memory for the list");
	}
	if (r == -ENOENT) {
		return 1;
	}
	if (r == 0) {
		r = life_status(&entry, &item->record, &status, &ignored);
	}
	item->status = r < 0 ? "unknown" : store_status_name(status);
	item->pid = r < 0 || status == STORE_STOPPED ? 0 : item->record.pid;
	item->record.id = id;
	return 0;
}

static int list_text(const struct store *store, struct arena *arena, enum life_format format,
	char **ret_text, struct berth_error *err)
{
	const char *const *ids;
	struct list_item *items;
	size_t count;
	size_t kept = 0;
	int r = store_list(store, arena, &ids, &count, err);

	if (r < 0) {
		return r;
	}
	items = arena_alloc(arena, count, sizeof(*items));
	if (!items) {
		return error_system(err, ENOMEM, "memory for the list");
	}
	for (size_t i = 0; i < count; i++) {
		r = list_one(store, ids[i], arena, &items[kept], err);
		if (r < 0) {
			return r;
		}
		kept += r == 0 ? 1 : 0;
	}
	return format == LIFE_JSON ? array_text(items, kept, ret_text, err)
				   : table_text(items, kept, format, arena, ret_text, err);
}

int life_list(const struct life_context *context, enum life_format format, char **ret_text,
	struct berth_error *err)
{
	__attribute__((cleanup(store_close))) struct store store = {.fd = -1};
	autoarena struct arena arena;
	int r;

	arena_init(&arena, LIFE_MEMORY_MAX);
	r = store_open(context->root, false, &store, err);
	return r < 0 ? r : list_text(&store, &arena, format, ret_text, err);
}
