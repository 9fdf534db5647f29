/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_LIFE_H
#define LIFE_LIFE_H
/*
 * life: one verb each.
 *
 * In: what the caller asked. Out: a container that did it, or one error and nothing left behind.
 * Forbidden here: terminals of the caller, text for people. A verb is a list of steps; what it took is
 * given back by the cleanup of the locals that own it, in reverse.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "json/json.h"

/* A config, read and decoded. Everything lives in the arena. */
struct life_config {
	struct arena arena;
	const char *bundle; /* absolute */
	const char *text;
	size_t length;
	const struct json_value *tree;
	struct spec spec;
};

/* Step "config": reads BUNDLE/config.json, once. The caller finishes it, also after a failure. */
int life_config_open(
	struct life_config *config, const char *bundle, struct berth_error *err) must_use;
void life_config_finish(struct life_config *config);

/* Adds line and column of config.json to an error that names a field. */
void life_config_locate(const struct life_config *config, struct berth_error *err);

/* Step "plan": `request` without the bundle, which is the config's. The plan lives as long as the config
 * and what the request points to. */
int life_config_plan(struct life_config *config, const struct plan_request *request,
	struct plan *ret_plan, struct berth_error *err) must_use;

/* An id: [A-Za-z0-9_+][A-Za-z0-9_+.-]*, at most 255 bytes. */
int life_check_id(const char *id, struct berth_error *err) must_use;

/* run: a container from its start to its end, in the foreground. `ret_status` is a wait status. */
int life_run(const char *bundle, const char *id, bool is_pdeathsig, int *ret_status,
	struct berth_error *err) must_use;

/* explain: the plan as text, from malloc. Nothing is started. */
int life_explain(const char *bundle, char **ret_text, struct berth_error *err) must_use;

/* spec: a config to begin with, from malloc. */
int life_spec(bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text,
	struct berth_error *err) must_use;

#endif
