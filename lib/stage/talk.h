/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STAGE_TALK_H
#define STAGE_TALK_H
/* The child's end of the conversation of wire/frame.h. */
#include "stage/stage.h"
#include "wire/frame.h"

/* Sends a frame of a kind that may be sent now, with at most one descriptor (-1: none). `value` is what
 * the frame's record describes, NULL where it has none. */
int stage_send(struct stage *stage, uint16_t type, const void *value, int passed_fd,
	struct berth_error *err) must_use;

/* Waits for a frame of exactly this kind. Texts of `ret_value` live in the stage's arena; a
 * descriptor that the table says comes beside it is stage->passed_fd. End of file means that
 * the parent is gone: the process ends at once, for there is nobody to tell. */
int stage_receive(
	struct stage *stage, uint16_t type, void *ret_value, struct berth_error *err) must_use;

/* The last frame: what went wrong. Fails where nobody is at the other end, or it is no socket. */
int stage_send_error(struct stage *stage, const struct berth_error *err) must_use;

#endif
