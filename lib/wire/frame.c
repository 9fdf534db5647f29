/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "wire/boot.h"

static const struct wire_field child_fields[] = {
	{1, WIRE_U32, offsetof(struct frame_child, pid), "pid", NULL},
	{2, WIRE_U32, offsetof(struct frame_child, is_map_wanted), "is_map_wanted", NULL},
};
const struct wire_record frame_child_record = {
	"child", sizeof(struct frame_child), child_fields, ARRAY_COUNT(child_fields)};

static const struct wire_field idmap_fields[] = {
	{1, WIRE_U32, offsetof(struct frame_idmap, mount), "mount", NULL},
};
const struct wire_record frame_idmap_record = {
	"idmap", sizeof(struct frame_idmap), idmap_fields, ARRAY_COUNT(idmap_fields)};

static const struct wire_field error_fields[] = {
	{1, WIRE_U32, offsetof(struct frame_error, error_class), "error_class", NULL},
	{2, WIRE_U32, offsetof(struct frame_error, errnum), "errnum", NULL},
	{3, WIRE_TEXT, offsetof(struct frame_error, step), "step", NULL},
	{4, WIRE_TEXT, offsetof(struct frame_error, pointer), "pointer", NULL},
	{5, WIRE_TEXT, offsetof(struct frame_error, subject), "subject", NULL},
	{6, WIRE_TEXT, offsetof(struct frame_error, message), "message", NULL},
};
const struct wire_record frame_error_record = {
	"error", sizeof(struct frame_error), error_fields, ARRAY_COUNT(error_fields)};

void frame_error_from(const struct berth_error *err, struct frame_error *ret_frame)
{
	*ret_frame = (struct frame_error){
		.error_class = (uint32_t)err->error_class,
		.errnum = (uint32_t)err->errnum,
		.step = err->step,
		.pointer = err->pointer,
		.subject = err->subject,
		.message = err->message,
	};
}

void frame_error_to(const struct frame_error *frame, struct berth_error *ret_err)
{
	error_clear(ret_err);
	ret_err->error_class = BERTH_ERROR_INTERNAL;
	if (frame->error_class > BERTH_ERROR_NONE && frame->error_class < BERTH_ERROR_CLASS_COUNT) {
		ret_err->error_class = (int32_t)frame->error_class;
	}
	ret_err->errnum = frame->errnum < 4096 ? (int32_t)frame->errnum : EPROTO;
	(void)str_copy(ret_err->step, sizeof(ret_err->step), frame->step);
	(void)str_copy(ret_err->pointer, sizeof(ret_err->pointer), frame->pointer);
	(void)str_copy(ret_err->subject, sizeof(ret_err->subject), frame->subject);
	(void)str_copy(ret_err->message, sizeof(ret_err->message), frame->message);
}

#define IN(state) (1U << WIRE_STATE_##state)
/* The child may fail as long as it is the child. */
#define ANYWHERE                                                                                   \
	(IN(SENT) | IN(CHILD) | IN(BUILD) | IN(IDMAP) | IN(HOOKS) | IN(READY) | IN(GO) |           \
		IN(LISTEN) | IN(EXEC))

const struct wire_frame_row wire_frame_table[] = {
	{WIRE_FRAME_CHILD, WIRE_SIDE_CHILD, IN(SENT), WIRE_STATE_CHILD, 0, "CHILD",
		&frame_child_record},
	{WIRE_FRAME_MAPPED, WIRE_SIDE_PARENT, IN(CHILD), WIRE_STATE_BUILD, 0, "MAPPED", NULL},
	{WIRE_FRAME_IDMAP, WIRE_SIDE_CHILD, IN(BUILD), WIRE_STATE_IDMAP, 1, "IDMAP",
		&frame_idmap_record},
	{WIRE_FRAME_IDMAPPED, WIRE_SIDE_PARENT, IN(IDMAP), WIRE_STATE_BUILD, 0, "IDMAPPED", NULL},
	{WIRE_FRAME_CONSOLE, WIRE_SIDE_CHILD, IN(BUILD), WIRE_STATE_BUILD, 1, "CONSOLE", NULL},
	{WIRE_FRAME_HOOKS, WIRE_SIDE_CHILD, IN(BUILD), WIRE_STATE_HOOKS, 0, "HOOKS", NULL},
	{WIRE_FRAME_HOOKED, WIRE_SIDE_PARENT, IN(HOOKS), WIRE_STATE_BUILD, 0, "HOOKED", NULL},
	{WIRE_FRAME_READY, WIRE_SIDE_CHILD, IN(BUILD), WIRE_STATE_READY, 0, "READY", NULL},
	{WIRE_FRAME_GO, WIRE_SIDE_PARENT, IN(READY), WIRE_STATE_GO, 0, "GO", NULL},
	{WIRE_FRAME_HOLD, WIRE_SIDE_PARENT, IN(READY), WIRE_STATE_GO, 1, "HOLD", NULL},
	{WIRE_FRAME_LISTENER, WIRE_SIDE_CHILD, IN(GO), WIRE_STATE_LISTEN, 1, "LISTENER", NULL},
	{WIRE_FRAME_HANDED, WIRE_SIDE_PARENT, IN(LISTEN), WIRE_STATE_GO, 0, "HANDED", NULL},
	{WIRE_FRAME_WAITING, WIRE_SIDE_CHILD, IN(GO), WIRE_STATE_EXEC, 0, "WAITING", NULL},
	{WIRE_FRAME_EXEC, WIRE_SIDE_CHILD, IN(GO), WIRE_STATE_EXEC, 0, "EXEC", NULL},
	{WIRE_FRAME_ERROR, WIRE_SIDE_CHILD, ANYWHERE, WIRE_STATE_ERROR, 0, "ERROR",
		&frame_error_record},
	{WIRE_FRAME_BOOT, WIRE_SIDE_PARENT, IN(SENT), WIRE_STATE_SENT, 0, "BOOT", &boot_record},
};
const size_t wire_frame_count = ARRAY_COUNT(wire_frame_table);

const struct wire_frame_row *wire_frame_find(uint16_t type)
{
	for (size_t i = 0; i < wire_frame_count; i++) {
		if (wire_frame_table[i].type == type) {
			return &wire_frame_table[i];
		}
	}
	return NULL;
}

int wire_frame_step(int *state, uint16_t type, enum wire_side side)
{
	const struct wire_frame_row *row = wire_frame_find(type);

	if (!row || row->side != side || *state < 0 || *state >= WIRE_STATE_COUNT ||
		!(row->states & (1U << *state))) {
		return -EPROTO;
	}
	*state = row->next;
	return 0;
}
