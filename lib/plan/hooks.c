/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks: four kinds are the parent's, two are the child's (config.md, "POSIX-platform Hooks"). A hook without
 * arguments gets its path as the first one, as any program does.
 */
#include <inttypes.h>

#include "plan/work.h"

static int check_hook(const struct spec_hook *asked, const char *pointer, struct arena *arena,
	struct berth_error *err)
{
	if (asked->path[0] != '/') {
		return error_field(err, BERTH_ERROR_CONFIG, arena_printf(arena, "%s/path", pointer),
			"must be an absolute path, is \"%.64s\"", asked->path);
	}
	if (asked->has_timeout && (asked->timeout <= 0 || asked->timeout > UINT32_MAX)) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(arena, "%s/timeout", pointer),
			"must be a number of seconds from 1 to 4294967295, is %" PRId64,
			asked->timeout);
	}
	return 0;
}

static int plan_hook(const struct spec_hook *asked, struct arena *arena, struct wire_hook *hook,
	struct berth_error *err)
{
	const char *pointer = arena_printf(arena, "/hooks/%s/%u", hook->kind, hook->index);
	const struct spec_strings name = {.items = &asked->path, .count = 1};
	int r = pointer ? check_hook(asked, pointer, arena, err) : plan_no_memory(err);

	if (r == 0) {
		r = plan_texts(
			arena, asked->args.count > 0 ? &asked->args : &name, &hook->args, err);
	}
	if (r == 0) {
		r = plan_texts(arena, &asked->env, &hook->env, err);
	}
	hook->path = asked->path;
	hook->timeout_s = (uint32_t)asked->timeout;
	return r;
}

static int plan_list(const char *kind, const struct spec_hook_list *asked, struct arena *arena,
	struct wire_hooks *ret_hooks, struct berth_error *err)
{
	struct wire_hooks hooks = {.count = asked->count};
	int r = 0;

	if (asked->count == 0) {
		return 0;
	}
	hooks.items = arena_alloc(arena, asked->count, sizeof(*hooks.items));
	if (!hooks.items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; r == 0 && i < asked->count; i++) {
		hooks.items[i] = (struct wire_hook){.kind = kind, .index = (uint32_t)i};
		r = plan_hook(&asked->items[i], arena, &hooks.items[i], err);
	}
	*ret_hooks = hooks;
	return r;
}

int plan_hooks_make(const struct spec *spec, const char *bundle, struct arena *arena,
	struct plan_hooks *ret_hooks, struct berth_error *err)
{
	const struct spec_hooks *asked = &spec->hooks;
	struct plan_hooks hooks = {0};
	int r = plan_list("prestart", &asked->prestart, arena, &hooks.prestart, err);

	if (r == 0) {
		r = plan_list(
			"createRuntime", &asked->create_runtime, arena, &hooks.create_runtime, err);
	}
	if (r == 0) {
		r = plan_list("poststart", &asked->poststart, arena, &hooks.poststart, err);
	}
	if (r == 0) {
		r = plan_list("poststop", &asked->poststop, arena, &hooks.poststop, err);
	}
	if (r == 0) {
		r = plan_annotation_path(
			spec, "run.oci.hooks.stdout", bundle, arena, &hooks.stdout_path, err);
	}
	if (r == 0) {
		r = plan_annotation_path(
			spec, "run.oci.hooks.stderr", bundle, arena, &hooks.stderr_path, err);
	}
	if (r == 0) {
		*ret_hooks = hooks;
	}
	return r;
}

int plan_hooks(struct plan_work *work, struct berth_error *err)
{
	const struct spec_hooks *asked = &work->spec->hooks;
	struct plan_hooks *host = &work->plan->hooks;
	struct boot *boot = &work->plan->boot;
	struct boot_hooks *child = &boot->hooks;
	int r = plan_hooks_make(work->spec, work->request->bundle, work->arena, host, err);

	if (r == 0) {
		r = plan_list("createContainer", &asked->create_container, work->arena,
			&child->create_container, err);
	}
	if (r == 0) {
		r = plan_list("startContainer", &asked->start_container, work->arena,
			&child->start_container, err);
	}
	if (child->create_container.count + child->start_container.count > 0) {
		child->bundle = work->request->bundle;
	}
	if (host->prestart.count + host->create_runtime.count + child->create_container.count > 0) {
		boot->flags |= BOOT_HOOKS;
	}
	return r;
}
