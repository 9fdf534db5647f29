/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "life/life.h"

enum { LIFE_ID_MAX = 255 };

static bool is_id_char(char c, bool is_first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || (!is_first && (c == '.' || c == '-'));
}

int life_check_id(const char *id, struct berth_error *err)
{
	size_t length = strlen(id);
	bool is_good = length > 0 && length <= LIFE_ID_MAX;

	for (size_t i = 0; is_good && i < length; i++) {
		is_good = is_id_char(id[i], i == 0);
	}
	return is_good ? 0
		       : error_set(err, BERTH_ERROR_USAGE, "invalid container ID format: \"%.64s\"",
				 id);
}

static int run_child(
	struct host_child *child, const struct plan *plan, int *ret_status, struct berth_error *err)
{
	int r = host_child_spawn(child, err);

	if (r == 0) {
		r = host_child_build(child, &plan->host, &plan->boot, err);
	}
	if (r == 0) {
		r = host_child_go(child, &plan->host, err);
	}
	return r < 0 ? r : host_foreground(child, ret_status, err);
}

int life_run(const char *bundle, const char *id, bool is_pdeathsig, int *ret_status,
	struct berth_error *err)
{
	__attribute__((cleanup(life_config_finish))) struct life_config config;
	__attribute__((cleanup(host_child_finish))) struct host_child child;
	const struct plan_request request = {.id = id, .is_pdeathsig = is_pdeathsig};
	struct plan plan;
	int r;

	host_child_init(&child);
	r = life_config_open(&config, bundle, err);
	if (r == 0) {
		r = life_check_id(id, err);
	}
	if (r == 0) {
		r = life_config_plan(&config, &request, &plan, err);
	}
	if (r == 0) {
		r = run_child(&child, &plan, ret_status, err);
	}
	if (r < 0) {
		life_config_locate(&config, err);
	}
	return r;
}
