/* SPDX-License-Identifier: Apache-2.0 */
/* The section "hooks" of config.json (config.md, "POSIX-platform Hooks"). */
#include "spec/spec.h"
#include "spec/table.h"

static const struct spec_row hook_rows[] = {
	{.key = "path",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_hook, path)},
	{.key = "args", .type = SPEC_STRINGS, .offset = offsetof(struct spec_hook, args)},
	{.key = "env", .type = SPEC_STRINGS, .offset = offsetof(struct spec_hook, env)},
	{.key = "timeout",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_hook, timeout),
		.present = offsetof(struct spec_hook, has_timeout)},
};

static const struct spec_table hook_table = {
	sizeof(struct spec_hook), hook_rows, ARRAY_COUNT(hook_rows)};

static const struct spec_row hooks_rows[] = {
	{.key = "prestart",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, prestart),
		.table = &hook_table},
	{.key = "createRuntime",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, create_runtime),
		.table = &hook_table},
	{.key = "createContainer",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, create_container),
		.table = &hook_table},
	{.key = "startContainer",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, start_container),
		.table = &hook_table},
	{.key = "poststart",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, poststart),
		.table = &hook_table},
	{.key = "poststop",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_hooks, poststop),
		.table = &hook_table},
};

const struct spec_table spec_hooks_table = {
	sizeof(struct spec_hooks), hooks_rows, ARRAY_COUNT(hooks_rows)};
