/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of the runtime's namespaces, at their moments. start and delete have no plan: where the record
 * says that there is a hook for them, they plan it anew from the config that is kept beside the record.
 */
#include "hook/hook.h"

#include "base/cleanup.h"
#include "life/found.h"
#include "wire/step.h"

int life_hooks_run(int step, const struct wire_hooks *hooks, const struct store_record *record,
	enum store_status status, struct berth_error *err)
{
	autoptr char *state = NULL;
	int r;

	if (hooks->count == 0) {
		return 0;
	}
	r = wire_step_enter(step, err);
	if (r == 0) {
		r = life_state_text(record, status, &state, err);
	}
	if (r == 0) {
		r = hook_run_all(hooks, state, record->bundle, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(step));
	}
	return r;
}

void life_hooks_stop(
	const struct wire_hooks *hooks, const struct store_record *record, const struct log *log)
{
	for (size_t i = 0; i < hooks->count; i++) {
		const struct wire_hooks one = {.items = &hooks->items[i], .count = 1};

		struct berth_error err = {0};
		char line[BERTH_ERROR_MESSAGE_SIZE];

		if (life_hooks_run(WIRE_STEP_poststop, &one, record, STORE_STOPPED, &err) < 0) {
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
		r = plan_hooks_make(
			&hooks->config.spec.hooks, &hooks->config.arena, &hooks->plan, err);
	}
	return r;
}

void life_hooks_finish(struct life_hooks *hooks)
{
	life_config_finish(&hooks->config);
}
