/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter with a listener (seccomp_unotify(2)). From its loading on, any system call of this thread may be one that
 * waits for an answer of whoever has the listener, and nobody has it yet: the very call that would hand it over could
 * wait for ever.
 *
 * So a second thread is made before, to which the filter does not apply. It shares the descriptors, finds the number
 * of the listener in memory, sends it to the parent and waits for HANDED; the first one makes no call meanwhile, and
 * can only spin. It is a matter of one round trip to the parent, who has connected to the listener's socket before
 * this process was made.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdatomic.h>

#include "base/cleanup.h"
#include "guard/guard.h"
#include "stage/talk.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	LISTENER_STACK_BYTES = 65536,
	LISTENER_POLL_MS = 1,
	LISTENER_NOT_YET = -1,
	LISTENER_NEVER = -2, /* the filter could not be loaded */
};

/* What the two threads share. */
struct handover {
	struct stage *stage;
	atomic_int fd; /* the listener, or LISTENER_NOT_YET, LISTENER_NEVER */
	atomic_bool is_done;
};

bool stage_has_listener(const struct stage *stage)
{
	return (stage->boot.seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

/* The first thread touches nothing of the stage until this is done. */
static int hand_over(void *argument)
{
	struct handover *handover = argument;
	struct stage *stage = handover->stage;
	int fd = LISTENER_NOT_YET;
	int r;

	while (fd == LISTENER_NOT_YET) {
		(void)!sys_poll_once(NULL, 0, LISTENER_POLL_MS);
		fd = atomic_load(&handover->fd);
	}
	if (fd >= 0) {
		/* The fifo of HOLD; what is received next would take its place. */
		int kept_fd = take_fd(&stage->passed_fd);

		r = stage_send(stage, WIRE_FRAME_LISTENER, NULL, fd, NULL);
		if (r == 0) {
			r = stage_receive(stage, WIRE_FRAME_HANDED, NULL, NULL);
		}
		/* The parent says what went wrong there; here nobody can go on. */
		if (r < 0) {
			sys_exit(STAGE_EXIT_FAILURE);
		}
		stage->passed_fd = kept_fd;
		/* Where whoever answers is gone, a call that waits for him is to fail. */
		close_fd(&fd);
	}
	atomic_store(&handover->is_done, true);
	return 0;
}

int stage_listen(struct stage *stage, struct berth_error *err)
{
	/* Not on this stack: the thread ends a little later than it is done. */
	struct handover *handover = arena_alloc(&stage->arena, 1, sizeof(*handover));
	void *stack = arena_alloc(&stage->arena, LISTENER_STACK_BYTES, 1);
	int r;

	if (!handover || !stack) {
		return error_system(err, ENOMEM, "memory for a thread");
	}
	handover->stage = stage;
	atomic_init(&handover->fd, LISTENER_NOT_YET);
	atomic_init(&handover->is_done, false);
	r = sys_thread(hand_over, handover, stack, LISTENER_STACK_BYTES);
	if (r < 0) {
		return error_system(err, r, "clone a thread for the seccomp listener");
	}
	r = guard_seccomp_listen(&stage->boot.seccomp, err);
	atomic_store(&handover->fd, r < 0 ? LISTENER_NEVER : r);
	while (!atomic_load(&handover->is_done)) {
	}
	return r < 0 ? r : 0;
}
