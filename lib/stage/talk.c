/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/talk.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

static int send_bytes(int fd, const char *bytes, size_t length, int passed_fd)
{
	while (length > 0) {
		ssize_t r = sys_send(fd, bytes, length, passed_fd);

		if (r <= 0) {
			return r < 0 ? (int)r : -EPIPE;
		}
		bytes += r;
		length -= (size_t)r;
		passed_fd = -1;
	}
	return 0;
}

static int send_frame(const struct stage *stage, uint16_t type, const void *value, int passed_fd)
{
	const struct wire_frame_row *row = wire_frame_find(type);
	autoarena struct arena arena;
	const void *message;
	size_t length;
	int r;

	arena_init(&arena, WIRE_FRAME_MAX_BYTES);
	r = wire_record_encode(row->record, type, value, &arena, &message, &length);
	return r < 0 ? r : send_bytes(stage->stream_fd, message, length, passed_fd);
}

int stage_send(struct stage *stage, uint16_t type, const void *value, int passed_fd,
	struct berth_error *err)
{
	int r = wire_frame_step(&stage->state, type, WIRE_SIDE_CHILD);

	if (r == 0) {
		r = send_frame(stage, type, value, passed_fd);
	}
	return r < 0 ? error_system(err, r, "send %s", wire_frame_find(type)->name) : 0;
}

/* Reads all of it; there is no deadline: the parent may be waiting for a helper. */
static int read_all(struct stage *stage, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		autofd int passed_fd = -1;
		ssize_t r =
			sys_recv(stage->stream_fd, (char *)buffer + done, size - done, &passed_fd);

		if (r == 0 || r == -ECONNRESET) {
			sys_exit(STAGE_EXIT_FAILURE);
		}
		if (r < 0) {
			return (int)r;
		}
		if (passed_fd >= 0) {
			close_fd(&stage->passed_fd);
			stage->passed_fd = take_fd(&passed_fd);
		}
		done += (size_t)r;
	}
	return 0;
}

static int receive_items(struct stage *stage, const struct wire_frame_row *row, size_t length,
	void *ret_value, struct berth_error *err)
{
	char *items = arena_alloc(&stage->arena, length, 1);
	int r;

	if (!items) {
		return error_system(err, ENOMEM, "memory for %s", row->name);
	}
	r = read_all(stage, items, length);
	if (r < 0) {
		return error_system(err, r, "read %s", row->name);
	}
	r = wire_record_decode(row->record, items, length, &stage->arena, ret_value);
	if (r == -ENOMEM) {
		return error_system(err, r, "memory for %s", row->name);
	}
	return r < 0 ? error_set(err, BERTH_ERROR_PROTOCOL, "%s is malformed", row->name) : 0;
}

int stage_receive(struct stage *stage, uint16_t type, void *ret_value, struct berth_error *err)
{
	const struct wire_frame_row *row = wire_frame_find(type);
	char bytes[WIRE_HEADER_BYTES];
	struct wire_header header = {0};
	int r;

	close_fd(&stage->passed_fd);
	r = read_all(stage, bytes, sizeof(bytes));
	if (r < 0) {
		return error_system(err, r, "read %s", row->name);
	}
	if (wire_header_get(bytes, &header) < 0 || header.type != type ||
		(stage->passed_fd >= 0) != (row->descriptors > 0) ||
		wire_frame_step(&stage->state, type, WIRE_SIDE_PARENT) < 0) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "%s was due, not a message of type %u",
			row->name, header.type);
	}
	return receive_items(stage, row, header.length - WIRE_HEADER_BYTES, ret_value, err);
}

int stage_send_error(struct stage *stage, const struct berth_error *err)
{
	struct frame_error frame;
	char line[1200];

	if (stage->stream_fd < 0) {
		/* Started, and alone: the program's stderr is all that is left. */
		size_t length = error_format(err, line, sizeof(line) - 1);

		line[length] = '\n';
		/* And the fifo, which tells start that the program does not run. */
		if (stage->passed_fd >= 0) {
			(void)!sys_write(stage->passed_fd, line, 1);
		}
		return sys_write_once(STDERR_FILENO, line, length + 1);
	}
	frame_error_from(err, &frame);
	return send_frame(stage, WIRE_FRAME_ERROR, &frame, -1);
}
