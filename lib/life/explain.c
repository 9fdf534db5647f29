/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "life/life.h"
#include "plan/text.h"

/*
 * explain: what a run would do, decided from the same config and the same facts by the same code, and
 * then not done.
 */
int life_explain(const struct life_request *request, char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(life_config_finish))) struct life_config config;
	struct plan_request plan_request = request->plan;
	struct plan plan;
	int r = life_config_open(&config, request->bundle, request->config, err);

	if (r == 0) {
		plan_request.bundle = config.bundle;
		/* Where nobody has said an id, the word stands where it would. */
		plan_request.id = request->id ? request->id : "ID";
		r = life_config_plan(&config, &plan_request, &plan, err);
	}
	if (r < 0) {
		return r;
	}
	r = plan_text(&plan, ret_text);
	return r < 0 ? error_system(err, r, "memory for the plan's text") : 0;
}

int life_spec(
	bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text, struct berth_error *err)
{
	return spec_example(is_rootless, uid, gid, ret_text, err);
}
