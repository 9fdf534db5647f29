/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H
/*
 * The conversation after InitMsg: which message may come from whom, when. One table, which both ends
 * use and from which docs/protocol.md is generated.
 */
#include "base/error.h"
#include "wire/record.h"

enum wire_frame {
	WIRE_FRAME_BOOT = 62001, /* P: struct boot */
	WIRE_FRAME_MAPPED =
		62002, /* P: CHILD was read, the id maps are written where wanted: always sent */
	WIRE_FRAME_IDMAPPED = 62006, /* P: the ids of the mount are mapped */
	WIRE_FRAME_GO = 62003,       /* P: limits are set, go on to the execve */
	WIRE_FRAME_HOLD = 62004,     /* P: like GO, with the fifo to wait on, or with BOOT_LIVE the
				       mount namespace to join */
	WIRE_FRAME_HOOKED = 62008,   /* P: its hooks have run, the child's may */
	WIRE_FRAME_HANDED = 62009,   /* P: the seccomp listener is where it belongs */
	WIRE_FRAME_CHILD = 62010,    /* I: struct frame_child */
	WIRE_FRAME_CONSOLE = 62011,  /* C: the master of the terminal is passed beside it */
	WIRE_FRAME_READY = 62012,    /* C: all is built; waits for GO */
	WIRE_FRAME_EXEC = 62013,     /* C: execve is next; then end of file is success */
	WIRE_FRAME_WAITING =
		62015, /* C: created, nobody is needed any more until the fifo is written; with
			  BOOT_LIVE: all is done */
	WIRE_FRAME_HOOKS = 62018, /* C: the mounts are made, the hooks are due; waits for HOOKED */
	WIRE_FRAME_LISTENER = 62019, /* C: the filter is loaded, its listener is passed beside this;
					waits for HANDED */
	WIRE_FRAME_IDMAP = 62020, /* C: struct frame_idmap, the mount is passed beside it; waits for
				     IDMAPPED */
	WIRE_FRAME_ERROR = 62014, /* I, C: struct berth_error; the last frame */
};

enum wire_side { WIRE_SIDE_PARENT, WIRE_SIDE_CHILD };

/* States of the conversation, as both ends count them. */
enum wire_state {
	WIRE_STATE_SENT,   /* InitMsg and BOOT are on their way */
	WIRE_STATE_CHILD,  /* C exists; MAPPED is due where it was asked for */
	WIRE_STATE_BUILD,  /* C builds */
	WIRE_STATE_IDMAP,  /* P maps the ids of a mount, C waits */
	WIRE_STATE_HOOKS,  /* P runs hooks, C waits */
	WIRE_STATE_READY,  /* C waits for GO */
	WIRE_STATE_GO,     /* C becomes the process */
	WIRE_STATE_LISTEN, /* P hands the listener on, C waits */
	WIRE_STATE_EXEC,   /* nothing but end of file or ERROR may come */
	WIRE_STATE_ERROR,  /* over */
	WIRE_STATE_COUNT
};

/* The clone's result, as I sees it. */
struct frame_child {
	uint32_t pid;
	uint32_t is_map_wanted; /* P writes the id maps before it sends MAPPED */
};

/* A mount whose ids are to be mapped. */
struct frame_idmap {
	uint32_t mount; /* its place in the list of struct boot */
};

extern const struct wire_record frame_child_record;
extern const struct wire_record frame_idmap_record;
extern const struct wire_record frame_error_record; /* struct frame_error */

/* struct berth_error as texts, which is how it travels. */
struct frame_error {
	uint32_t error_class;
	uint32_t errnum;
	const char *step;
	const char *pointer;
	const char *subject;
	const char *message;
};
void frame_error_from(const struct berth_error *err, struct frame_error *ret_frame);
void frame_error_to(const struct frame_error *frame, struct berth_error *ret_err);

/* A row of the table of the conversation. */
struct wire_frame_row {
	uint16_t type;
	uint16_t side;        /* enum wire_side: who sends it */
	uint16_t states;      /* bit set of enum wire_state in which it may come */
	uint16_t next;        /* enum wire_state after it */
	uint16_t descriptors; /* how many are passed beside it */
	const char *name;
	const struct wire_record *record; /* NULL: no items */
};

extern const struct wire_frame_row wire_frame_table[];
extern const size_t wire_frame_count;

const struct wire_frame_row *wire_frame_find(uint16_t type);

/* Checks that `side` may send `type` in `*state` and moves the state on; -EPROTO otherwise. */
int wire_frame_step(int *state, uint16_t type, enum wire_side side) must_use;

enum { WIRE_FRAME_MAX_BYTES = 8192 }; /* of a frame of the child; BOOT has the limit of records */

#endif
