/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.json: the members that `state` prints (runtime.md, "State"), and a few of our own. Unknown ones
 * are ignored, so that a newer berth's file can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "store/inside.h"
#include "sys/file.h"
#include "json/json.h"

enum {
	STORE_STATE_MAX_BYTES = 4 * 1024 * 1024,
	STORE_PID_MAX = 1 << 22, /* PID_MAX_LIMIT of the kernel */
};

static const char state_name[] = "state.json";

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	if (text) {
		json_write_key(writer, key);
		json_write_string(writer, text);
	}
}

static void put_number(struct json_writer *writer, const char *key, uint64_t number)
{
	json_write_key(writer, key);
	json_write_u64(writer, number);
}

static void put_bool(struct json_writer *writer, const char *key, bool is_true)
{
	json_write_key(writer, key);
	json_write_bool(writer, is_true);
}

static void put_record(struct json_writer *writer, const struct store_record *record)
{
	json_write_begin(writer, '{');
	put_text(writer, "ociVersion", record->oci_version);
	put_text(writer, "id", record->id);
	put_text(writer, "bundle", record->bundle);
	put_text(writer, "rootfs", record->rootfs);
	put_text(writer, "created", record->created);
	put_bool(writer, "creating", record->is_creating);
	put_number(writer, "pid", (uint64_t)record->pid);
	put_number(writer, "startTime", record->start_time);
	put_number(writer, "owner", record->owner);
	put_bool(writer, "pidShared", record->is_pid_shared);
	put_text(writer, "keyringTag", record->keyring_tag);
	json_write_key(writer, "annotations");
	json_write_begin(writer, '{');
	for (size_t i = 0; i < record->annotation_count; i++) {
		put_text(writer, record->annotations[i].key, record->annotations[i].value);
	}
	json_write_end(writer, '}');
	json_write_key(writer, "cgroups");
	json_write_begin(writer, '[');
	for (size_t i = 0; i < record->cgroup_count; i++) {
		json_write_string(writer, record->cgroups[i]);
	}
	json_write_end(writer, ']');
	put_text(writer, "resctrl", record->resctrl);
	if (record->has_hooks) {
		put_bool(writer, "hooks", true);
	}
	if (record->has_new_devices) {
		put_bool(writer, "newDevices", true);
	}
	json_write_end(writer, '}');
}

bool store_has_state(const struct store_entry *entry)
{
	struct stat st;

	return sys_fstatat(entry->fd, state_name, AT_SYMLINK_NOFOLLOW, &st) == 0 ||
	       sys_fstatat(entry->fd, STORE_CONFIG_NAME, AT_SYMLINK_NOFOLLOW, &st) == 0;
}

int store_write(
	const struct store_entry *entry, const struct store_record *record, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	autoptr char *text = NULL;
	int r;

	json_writer_init(&writer, false);
	put_record(&writer, record);
	r = json_writer_take(&writer, &text);
	if (r == 0 && record->is_creating) {
		r = store_write_rescue(entry, record);
	}
	if (r == 0) {
		r = store_file_write(entry, state_name, text, strlen(text));
	}
	return r < 0 ? error_system(err, r, "write the state of container %s", entry->id) : 0;
}

/* The text of a member, or NULL where there is none of that kind. */
static const char *get_text(const struct json_value *tree, const char *key)
{
	const struct json_value *value = json_get(tree, key);

	return value && value->kind == JSON_STRING ? value->text : NULL;
}

static uint64_t get_number(const struct json_value *tree, const char *key)
{
	const struct json_value *value = json_get(tree, key);
	uint64_t number = 0;

	return value && value->kind == JSON_NUMBER && json_to_u64(value, &number) == 0 ? number : 0;
}

/* 0: there is none yet. The first process of the host is nobody's container. */
static bool get_pid(const struct json_value *tree, pid_t *ret_pid)
{
	const struct json_value *value = json_get(tree, "pid");
	uint64_t number = 0;

	if (!value || value->kind != JSON_NUMBER || json_to_u64(value, &number) < 0 ||
		number == 1 || number > STORE_PID_MAX) {
		return false;
	}
	*ret_pid = (pid_t)number;
	return true;
}

static bool get_bool(const struct json_value *tree, const char *key)
{
	const struct json_value *value = json_get(tree, key);

	return value && value->kind == JSON_BOOL && value->is_true;
}

static int get_annotations(
	const struct json_value *tree, struct arena *arena, struct store_record *record)
{
	const struct json_value *map = json_get(tree, "annotations");
	struct store_annotation *items;

	if (!map || map->kind != JSON_OBJECT) {
		return 0;
	}
	items = arena_alloc(arena, map->length, sizeof(*items));
	if (!items) {
		return -ENOMEM;
	}
	for (const struct json_value *at = map->first; at; at = at->next) {
		if (at->kind == JSON_STRING) {
			items[record->annotation_count++] =
				(struct store_annotation){at->key, at->text};
		}
	}
	record->annotations = items;
	return 0;
}

static int get_cgroups(
	const struct json_value *tree, struct arena *arena, struct store_record *record)
{
	const struct json_value *list = json_get(tree, "cgroups");
	const char **items;

	if (!list || list->kind != JSON_ARRAY) {
		return 0;
	}
	items = arena_alloc(arena, list->length, sizeof(*items));
	if (!items) {
		return -ENOMEM;
	}
	for (const struct json_value *at = list->first; at; at = at->next) {
		if (at->kind == JSON_STRING) {
			items[record->cgroup_count++] = at->text;
		}
	}
	record->cgroups = items;
	return 0;
}

int store_read(const struct store_entry *entry, struct arena *arena,
	struct store_record *ret_record, struct berth_error *err)
{
	const struct json_value *tree;
	struct store_record record = {0};
	const char *reason;
	size_t offset;
	struct store_file file = {.name = state_name, .max = STORE_STATE_MAX_BYTES};
	int r = store_file_read(entry, &file, arena, err);

	if (r < 0) {
		return r;
	}
	r = json_parse(arena, file.text, file.length, &tree, &offset, &reason);
	if (r == 0 && (get_annotations(tree, arena, &record) < 0 ||
			      get_cgroups(tree, arena, &record) < 0)) {
		r = -ENOMEM;
	}
	if (r == -ENOMEM) {
		return error_system(err, ENOMEM, "memory for the state");
	}
	if (r < 0 || tree->kind != JSON_OBJECT) {
		return store_damaged(entry, r < 0 ? reason : "it is not an object", err);
	}
	record.oci_version = get_text(tree, "ociVersion");
	record.id = get_text(tree, "id");
	record.bundle = get_text(tree, "bundle");
	record.rootfs = get_text(tree, "rootfs");
	record.created = get_text(tree, "created");
	record.start_time = get_number(tree, "startTime");
	record.owner = (uint32_t)get_number(tree, "owner");
	record.is_creating = get_bool(tree, "creating");
	record.is_pid_shared = get_bool(tree, "pidShared");
	record.keyring_tag = get_text(tree, "keyringTag");
	record.resctrl = get_text(tree, "resctrl");
	record.has_hooks = get_bool(tree, "hooks");
	record.has_new_devices = get_bool(tree, "newDevices");
	if (!record.oci_version || !record.bundle || !record.id ||
		strcmp(record.id, entry->id) != 0) {
		return store_damaged(entry, "a member is missing, or is another container's", err);
	}
	if (!get_pid(tree, &record.pid)) {
		return store_damaged(entry, "its pid is none of a container", err);
	}
	*ret_record = record;
	return 0;
}

void store_format_now(char *text, size_t size)
{
	struct timespec now = {0};
	struct tm parts;
	size_t length;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text + length, size - length, ".%09ldZ", now.tv_nsec);
}
