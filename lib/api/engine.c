/* SPDX-License-Identifier: Apache-2.0 */
/* Engines: the numbers of the public header are those of the room, and the arguments are checked. */
#include <berth/engine.h>

#include <stddef.h>

#include "base/error.h"
#include "engine/engine.h"

_Static_assert((int)BERTH_ENGINE_PODMAN == (int)ENGINE_PODMAN &&
		       (int)BERTH_ENGINE_DOCKER == (int)ENGINE_DOCKER &&
		       (int)BERTH_ENGINE_CONTAINERD == (int)ENGINE_CONTAINERD &&
		       (int)BERTH_ENGINE_COUNT == (int)ENGINE_KIND_COUNT,
	"the same numbers");

int berth_engine_config(enum berth_engine engine, const char *program, bool is_default,
	const char *text, char **ret_text, struct berth_error *err)
{
	const struct engine_entry entry = {.program = program, .is_default = is_default};

	error_clear(err);
	/* A caller in another language may have any number in it. */
	if (engine >= BERTH_ENGINE_COUNT) {
		return error_set(err, BERTH_ERROR_USAGE, "the engine is none of its values");
	}
	if (!program || !ret_text) {
		return error_set(err, BERTH_ERROR_USAGE,
			"an engine's configuration needs a program and a place for the text");
	}
	return engine_config((enum engine_kind)engine, &entry, text, ret_text, err);
}
