/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks that run inside: createContainer in the container's namespaces but at the host's root,
 * startContainer where the program runs and as who it runs. The pid in their state is the one by which the
 * container knows this process (runtime.md, "State").
 */
#include <errno.h>

#include "hook/hook.h"
#include "stage/talk.h"
#include "sys/file.h"
#include "sys/process.h"

enum { STAGE_HOOK_UMASK = 0022 };

static int run_hooks(struct stage *stage, const struct wire_hooks *hooks, const char *status,
	struct berth_error *err)
{
	/* The parent's text is an object: these two become its first members. */
	const char *state = arena_printf(&stage->arena, "{\"pid\":%d,\"status\":\"%s\",%s",
		(int)sys_getpid(), status, stage->boot.hooks.state + 1);

	const struct hook_output output = {
		.out_fd = stage->boot.hooks.stdout_fd ? (int)stage->boot.hooks.stdout_fd : -1,
		.err_fd = stage->boot.hooks.stderr_fd ? (int)stage->boot.hooks.stderr_fd : -1,
	};

	if (!state) {
		return error_system(err, ENOMEM, "memory for the state");
	}
	return hook_run_all(hooks, state, NULL, &output, err);
}

int stage_create_hooks(struct stage *stage, struct berth_error *err)
{
	const struct boot_hooks *hooks = &stage->boot.hooks;
	int r;

	if (!(stage->boot.flags & BOOT_HOOKS)) {
		return 0;
	}
	r = stage_send(stage, WIRE_FRAME_HOOKS, NULL, -1, err);
	if (r == 0) {
		r = stage_receive(stage, WIRE_FRAME_HOOKED, NULL, err);
	}
	if (r < 0 || hooks->create_container.count == 0) {
		return r;
	}
	/* In the bundle, as the other hooks of the host's root, but where a user namespace cannot enter it; and
	 * never in the root file system: a program of the host must not begin among files of the image. */
	r = sys_chdir(hooks->bundle);
	if (r < 0) {
		r = sys_chdir("/");
	}
	if (r < 0) {
		return error_system(err, r, "chdir to /");
	}
	(void)sys_umask(STAGE_HOOK_UMASK);
	r = run_hooks(stage, &hooks->create_container, "creating", err);
	(void)sys_umask(0);
	return r;
}

int stage_start_hooks(struct stage *stage, struct berth_error *err)
{
	const struct wire_hooks *hooks = &stage->boot.hooks.start_container;

	return hooks->count > 0 ? run_hooks(stage, hooks, "created", err) : 0;
}
