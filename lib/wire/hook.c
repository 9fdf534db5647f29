/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of struct boot. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "wire/boot.h"

enum { HOOKS_TIME_MAX_MS = 1000000000 }; /* eleven days: no timeout of a poll(2) overflows */

static const struct wire_field hook_fields[] = {
	{1, WIRE_TEXT, offsetof(struct wire_hook, kind), "kind", NULL},
	{2, WIRE_U32, offsetof(struct wire_hook, index), "index", NULL},
	{3, WIRE_TEXT, offsetof(struct wire_hook, path), "path", NULL},
	{4, WIRE_TEXTS, offsetof(struct wire_hook, args), "args", NULL},
	{5, WIRE_TEXTS, offsetof(struct wire_hook, env), "env", NULL},
	{6, WIRE_U32, offsetof(struct wire_hook, timeout_s), "timeout_s", NULL},
};
static const struct wire_record hook_record = {
	"hook", sizeof(struct wire_hook), hook_fields, ARRAY_COUNT(hook_fields)};

_Static_assert(sizeof(struct wire_hooks) == sizeof(struct wire_array) &&
		       offsetof(struct wire_hooks, items) == offsetof(struct wire_array, items) &&
		       offsetof(struct wire_hooks, count) == offsetof(struct wire_array, count),
	"an array has items and count");

static const struct wire_field hooks_fields[] = {
	{1, WIRE_TEXT, offsetof(struct boot_hooks, state), "state", NULL},
	{2, WIRE_TEXT, offsetof(struct boot_hooks, bundle), "bundle", NULL},
	{3, WIRE_RECORDS, offsetof(struct boot_hooks, create_container), "create_container",
		&hook_record},
	{4, WIRE_RECORDS, offsetof(struct boot_hooks, start_container), "start_container",
		&hook_record},
	{5, WIRE_U32, offsetof(struct boot_hooks, stdout_fd), "stdout_fd", NULL},
	{6, WIRE_U32, offsetof(struct boot_hooks, stderr_fd), "stderr_fd", NULL},
};
const struct wire_record boot_hooks_record = {
	"hooks", sizeof(struct boot_hooks), hooks_fields, ARRAY_COUNT(hooks_fields)};

static int list_check(const struct wire_hooks *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct wire_hook *hook = &list->items[i];

		if (!hook->kind || !hook->path || hook->args.count == 0) {
			return -EPROTO;
		}
	}
	return 0;
}

int boot_hooks_check(const struct boot_hooks *hooks)
{
	bool is_any = hooks->create_container.count + hooks->start_container.count > 0;

	/* The child writes members of its own behind the bracket. */
	if (is_any && (!hooks->state || hooks->state[0] != '{' || !hooks->bundle)) {
		return -EPROTO;
	}
	return list_check(&hooks->create_container) < 0 || list_check(&hooks->start_container) < 0
		       ? -EPROTO
		       : 0;
}

int wire_hooks_time_ms(const struct wire_hooks *hooks)
{
	uint64_t sum_ms = 0;

	for (size_t i = 0; i < hooks->count; i++) {
		if (hooks->items[i].timeout_s == 0) {
			return -1;
		}
		sum_ms += (uint64_t)hooks->items[i].timeout_s * 1000;
	}
	return sum_ms < HOOKS_TIME_MAX_MS ? (int)sum_ms : HOOKS_TIME_MAX_MS;
}
