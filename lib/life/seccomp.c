/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Step "compile". A profile of an engine's takes longer to compile than the rest of a start, and is the same for one
 * container after another: what is compiled is kept below the state root, and taken from there.
 */
#include "life/process.h"
#include "store/cache.h"
#include "wire/step.h"

static struct store_cached cached_program(const struct life_process *process)
{
	const struct wire_bytes *program = &process->plan.boot.seccomp.program;

	return (struct store_cached){
		.kind = "seccomp",
		.key = process->seccomp_key.data,
		.key_length = process->seccomp_key.length,
		.value = program->data,
		.value_length = program->length,
	};
}

static int find_or_compile(
	struct life_process *process, struct arena *arena, struct berth_error *err)
{
	const struct host_seccomp *seccomp = process->plan.host.seccomp;
	struct wire_bytes *program = &process->plan.boot.seccomp.program;

	if (process->wish.root && host_seccomp_key(seccomp, arena, &process->seccomp_key) == 0) {
		struct store_cached cached = cached_program(process);

		if (store_cache_get(process->wish.root, arena, &cached) == 0) {
			*program = (struct wire_bytes){cached.value, cached.value_length};
			process->seccomp_key.length = 0;
			return 0;
		}
	}
	return host_seccomp_compile(seccomp, arena, program, err);
}

int life_seccomp_prepare(struct life_process *process, struct arena *arena, struct berth_error *err)
{
	int r = wire_step_enter(WIRE_STEP_compile, err);

	if (r == 0 && process->plan.host.seccomp) {
		r = find_or_compile(process, arena, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_compile));
	}
	return r;
}

void life_seccomp_keep(const struct life_process *process)
{
	if (process->seccomp_key.length > 0) {
		const struct store_cached cached = cached_program(process);

		store_cache_put(process->wish.root, &cached);
	}
}
