/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as protocol buffers: a field is its number and its form in one varint, then a varint, or a length
 * and as many bytes. Fields that are at their default are left out, so that an older CRIU, which does not know
 * them, sees nothing of them.
 */
#include <errno.h>
#include <string.h>

#include "criu/message.h"

/* The numbers of criu_opts. */
enum criu_field {
	FIELD_images_dir_fd = 1,
	FIELD_pid = 2,
	FIELD_leave_running = 3,
	FIELD_ext_unix_sk = 4,
	FIELD_tcp_established = 5,
	FIELD_evasive_devices = 6,
	FIELD_shell_job = 7,
	FIELD_file_locks = 8,
	FIELD_log_level = 9,
	FIELD_log_file = 10,
	FIELD_ps = 11,
	FIELD_notify_scripts = 12,
	FIELD_root = 13,
	FIELD_parent_img = 14,
	FIELD_track_mem = 15,
	FIELD_auto_dedup = 16,
	FIELD_work_dir_fd = 17,
	FIELD_link_remap = 18,
	FIELD_ext_mnt = 23,
	FIELD_cg_root = 25,
	FIELD_rst_sibling = 26,
	FIELD_inherit_fd = 27,
	FIELD_manage_cgroups_mode = 34,
	FIELD_external = 37,
	FIELD_empty_ns = 38,
	FIELD_join_ns = 39,
	FIELD_freeze_cgroup = 44,
	FIELD_tcp_skip_in_flight = 46,
	FIELD_lazy_pages = 48,
	FIELD_orphan_pts_master = 50,
	FIELD_config_file = 51,
	FIELD_tcp_close = 52,
	FIELD_lsm_profile = 53,
	FIELD_lsm_mount_context = 63,
	FIELD_network_lock = 64,
};

/* Of criu_req, and of the small messages, which all have two members. */
enum {
	FIELD_type = 1,
	FIELD_opts = 2,
	FIELD_notify_success = 3,
	FIELD_first = 1,
	FIELD_second = 2
};

enum { FORM_VARINT = 0, FORM_BYTES = 2 };
enum { LOG_LEVEL_DEBUG = 4 };

struct out {
	uint8_t *bytes;
	size_t size, length;
	bool is_cut;
};

static void put_bytes(struct out *out, const void *bytes, size_t length)
{
	if (length > out->size - out->length) {
		out->is_cut = true;
		return;
	}
	memcpy(out->bytes + out->length, bytes, length);
	out->length += length;
}

static void put_varint(struct out *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t length = 0;

	do {
		bytes[length] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
		length++;
	} while (value > 0);
	put_bytes(out, bytes, length);
}

static size_t varint_length(uint64_t value)
{
	size_t length = 1;

	while (value > 0x7f) {
		value >>= 7;
		length++;
	}
	return length;
}

static void put_key(struct out *out, uint32_t field, uint32_t form)
{
	put_varint(out, ((uint64_t)field << 3) | form);
}

/* A number, also a negative one: as 64 bits. */
static void put_number(struct out *out, uint32_t field, int64_t value)
{
	put_key(out, field, FORM_VARINT);
	put_varint(out, (uint64_t)value);
}

static void put_true(struct out *out, uint32_t field, bool value)
{
	if (value) {
		put_number(out, field, 1);
	}
}

static void put_text(struct out *out, uint32_t field, const char *text)
{
	if (text) {
		put_key(out, field, FORM_BYTES);
		put_varint(out, strlen(text));
		put_bytes(out, text, strlen(text));
	}
}

static size_t text_length(const char *text)
{
	return 1 + varint_length(strlen(text)) + strlen(text);
}

/* A message of two members whose keys take one byte: a text, then a text or a number. */
static void put_pair(struct out *out, uint32_t field, const struct criu_pair *pair)
{
	put_key(out, field, FORM_BYTES);
	put_varint(out, text_length(pair->key) + text_length(pair->value));
	put_text(out, FIELD_first, pair->key);
	put_text(out, FIELD_second, pair->value);
}

static void put_counted(struct out *out, uint32_t field, const char *text, uint32_t number)
{
	put_key(out, field, FORM_BYTES);
	put_varint(out, text_length(text) + 1 + varint_length(number));
	put_text(out, FIELD_first, text);
	put_number(out, FIELD_second, number);
}

static void put_pairs(struct out *out, uint32_t field, const struct criu_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		put_pair(out, field, &pairs->items[i]);
	}
}

static void put_what(struct out *out, const struct criu_request *request)
{
	put_number(out, FIELD_images_dir_fd, request->images_fd);
	put_number(out, FIELD_work_dir_fd, request->work_fd);
	put_number(out, FIELD_log_level, LOG_LEVEL_DEBUG);
	put_text(out, FIELD_log_file, request->log_file);
	put_text(out, FIELD_root, request->root);
	put_text(out, FIELD_parent_img, request->parent_image);
	put_text(out, FIELD_config_file, request->config_file);
	put_true(out, FIELD_notify_scripts, true);
	put_true(out, FIELD_orphan_pts_master, true);
	put_number(out, FIELD_manage_cgroups_mode, request->cgroup_mode);
	if (request->task == CRIU_RESTORE) {
		put_true(out, FIELD_rst_sibling, true);
		put_true(out, FIELD_evasive_devices, true);
	} else {
		put_number(out, FIELD_pid, request->pid);
		put_text(out, FIELD_freeze_cgroup, request->freeze_cgroup);
	}
	if (request->page_server) {
		put_counted(out, FIELD_ps, request->page_server, request->page_server_port);
	}
	if (request->network_lock) {
		put_number(out, FIELD_network_lock, request->network_lock);
	}
	if (request->empty_ns) {
		put_number(out, FIELD_empty_ns, request->empty_ns);
	}
}

static void put_flags(struct out *out, const struct criu_request *request)
{
	put_true(out, FIELD_leave_running, request->is_left_running);
	put_true(out, FIELD_track_mem, request->is_memory_tracked);
	put_true(out, FIELD_lazy_pages, request->is_lazy);
	put_true(out, FIELD_auto_dedup, request->is_deduplicated);
	put_true(out, FIELD_link_remap, request->may_link);
	put_true(out, FIELD_tcp_established, request->has_tcp);
	put_true(out, FIELD_tcp_close, request->is_tcp_closed);
	put_true(out, FIELD_tcp_skip_in_flight, request->is_tcp_in_flight_skipped);
	put_true(out, FIELD_ext_unix_sk, request->has_ext_unix);
	put_true(out, FIELD_shell_job, request->has_shell_job);
	put_true(out, FIELD_file_locks, request->has_file_locks);
	put_text(out, FIELD_lsm_profile, request->lsm_profile);
	put_text(out, FIELD_lsm_mount_context, request->lsm_mount_context);
}

static void put_lists(struct out *out, const struct criu_request *request)
{
	put_pairs(out, FIELD_ext_mnt, &request->ext_mounts);
	put_pairs(out, FIELD_join_ns, &request->join_ns);
	put_pairs(out, FIELD_cg_root, &request->cgroup_roots);
	for (size_t i = 0; i < request->externals.count; i++) {
		put_text(out, FIELD_external, request->externals.items[i]);
	}
	for (size_t i = 0; i < request->inherits.count; i++) {
		put_counted(out, FIELD_inherit_fd, request->inherits.items[i].key,
			(uint32_t)request->inherits.items[i].fd);
	}
}

int criu_encode(const struct criu_request *request, struct arena *arena, const void **ret_bytes,
	size_t *ret_length)
{
	struct out out = {
		.bytes = arena_alloc(arena, CRIU_MESSAGE_MAX, 1), .size = CRIU_MESSAGE_MAX};
	struct out opts = {
		.bytes = arena_alloc(arena, CRIU_MESSAGE_MAX, 1), .size = CRIU_MESSAGE_MAX};

	if (!out.bytes || !opts.bytes) {
		return -ENOMEM;
	}
	put_number(&out, FIELD_type, request->task);
	if (request->task != CRIU_VERSION) {
		put_what(&opts, request);
		put_flags(&opts, request);
		put_lists(&opts, request);
		put_key(&out, FIELD_opts, FORM_BYTES);
		put_varint(&out, opts.length);
		put_bytes(&out, opts.bytes, opts.length);
	}
	if (out.is_cut || opts.is_cut) {
		return -E2BIG;
	}
	*ret_bytes = out.bytes;
	*ret_length = out.length;
	return 0;
}

size_t criu_encode_answer(bool is_success, uint8_t bytes[8])
{
	struct out out = {.bytes = bytes, .size = 8};

	put_number(&out, FIELD_type, CRIU_REQ_NOTIFY);
	put_number(&out, FIELD_notify_success, is_success ? 1 : 0);
	return out.length;
}
