/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of the runtime's namespaces, at their moments. start and delete have no plan: where the record
 * says that there is a hook for them, they plan it anew from the config that is kept beside the record.
 */
#include "hook/hook.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "life/found.h"
#include "sys/file.h"
#include "wire/step.h"

enum { LIFE_OUTPUT_MODE = 0644 };

/* Written at its end, made where it is missing; a fifo that nobody reads must hold nobody up. */
static int open_append(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
	int fd = sys_open(path, flags);

	if (fd == -ENOENT) {
		autofd int made_fd = sys_create(path, LIFE_OUTPUT_MODE);

		fd = made_fd >= 0 || made_fd == -EEXIST ? sys_open(path, flags) : made_fd;
	}
	return fd;
}

static int open_output(const char *path, const char *pointer, int *ret_fd, struct berth_error *err)
{
	int fd = path ? open_append(path) : -1;

	if (path && fd < 0) {
		error_system(err, fd, "open %s for the output of hooks", path);
		error_add_pointer(err, pointer);
		return fd;
	}
	*ret_fd = fd;
	return 0;
}

int life_hooks_open(const struct plan_hooks *plan, int ret_fds[2], struct berth_error *err)
{
	int r = open_output(
		plan->stdout_path, "/annotations/run.oci.hooks.stdout", &ret_fds[0], err);

	return r < 0 ? r
		     : open_output(plan->stderr_path, "/annotations/run.oci.hooks.stderr",
			       &ret_fds[1], err);
}

int life_hooks_run(int step, const struct plan_hooks *plan, const struct wire_hooks *hooks,
	const struct store_record *record, enum store_status status, struct berth_error *err)
{
	autofd int out_fd = -1;
	autofd int err_fd = -1;
	autoptr char *state = NULL;
	int fds[] = {-1, -1};
	int r;

	if (hooks->count == 0) {
		return 0;
	}
	r = wire_step_enter(step, err);
	if (r == 0) {
		r = life_state_text(record, status, &state, err);
	}
	if (r == 0) {
		r = life_hooks_open(plan, fds, err);
		out_fd = fds[0];
		err_fd = fds[1];
	}
	if (r == 0) {
		const struct hook_output output = {.out_fd = out_fd, .err_fd = err_fd};

		r = hook_run_all(hooks, state, record->bundle, &output, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(step));
	}
	return r;
}

void life_hooks_stop(
	const struct plan_hooks *plan, const struct store_record *record, const struct log *log)
{
	const struct wire_hooks *hooks = &plan->poststop;

	for (size_t i = 0; i < hooks->count; i++) {
		const struct wire_hooks one = {.items = &hooks->items[i], .count = 1};

		struct berth_error err = {0};
		char line[BERTH_ERROR_MESSAGE_SIZE];

		if (life_hooks_run(WIRE_STEP_poststop, plan, &one, record, STORE_STOPPED, &err) <
			0) {
			(void)error_format(&err, line, sizeof(line));
			log_line(log, LOG_LEVEL_WARNING, "container %s: %s", record->id, line);
		}
	}
}

int life_hooks_load(
	struct life_hooks *hooks, const struct life_found *found, struct berth_error *err)
{
	int r;

	*hooks = (struct life_hooks){0};
	if (!found->record.has_hooks) {
		return 0;
	}
	r = life_config_load(&hooks->config, found, err);
	if (r == 0) {
		r = plan_hooks_make(&hooks->config.spec, hooks->config.bundle, &hooks->config.arena,
			&hooks->plan, err);
	}
	return r;
}

void life_hooks_finish(struct life_hooks *hooks)
{
	life_config_finish(&hooks->config);
}
