/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "stage/stage.h"
#include "wire/frame.h"
#include "wire/step.h"

void stage_init(struct stage *stage, int stream_fd, int timeout_ms)
{
	*stage = (struct stage){
		.stream_fd = stream_fd,
		.timeout_ms = timeout_ms,
		.state = WIRE_STATE_SENT,
		.console_fd = -1,
		.proc_fd = -1,
		.pidfd = -1,
		.passed_fd = -1,
		.signal_fd = -1,
		.gate = {-1, -1},
		.report = {-1, -1},
	};
	for (size_t i = 0; i < STAGE_JOINS_MAX; i++) {
		stage->joins[i].fd = -1;
	}
	arena_init(&stage->arena, STAGE_MEMORY_MAX);
}

void stage_finish(struct stage *stage)
{
	for (size_t i = 0; i < STAGE_JOINS_MAX; i++) {
		close_fd(&stage->joins[i].fd);
	}
	for (size_t i = 0; i < 2; i++) {
		close_fd(&stage->gate[i]);
		close_fd(&stage->report[i]);
	}
	close_fd(&stage->console_fd);
	close_fd(&stage->proc_fd);
	close_fd(&stage->pidfd);
	close_fd(&stage->passed_fd);
	close_fd(&stage->signal_fd);
	arena_finish(&stage->arena);
}

int stage_run_steps(
	const struct stage_step *steps, size_t count, struct stage *stage, struct berth_error *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = wire_step_enter(steps[i].step, err);

		if (r == 0) {
			r = steps[i].run(stage, err);
		}
		if (r < 0) {
			error_add_step(err, wire_step_name(steps[i].step));
			return r;
		}
	}
	return 0;
}
