/* SPDX-License-Identifier: Apache-2.0 */
/* What of the program's environment only the child knows. */
#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "rootfs/passwd.h"
#include "stage/stage.h"
#include "sys/process.h"

/* A variable in the place of what the environment has of that name; `name` ends in "=". */
static int env_set(
	struct stage *stage, const char *name, const char *value, struct berth_error *err)
{
	struct wire_texts *env = &stage->boot.env;
	const char **items = arena_alloc(&stage->arena, env->count + 2, sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; items && i < env->count; i++) {
		if (!str_has_prefix(env->items[i], name)) {
			items[count++] = env->items[i];
		}
	}
	if (items) {
		items[count] = arena_printf(&stage->arena, "%s%s", name, value);
	}
	if (!items || !items[count]) {
		return error_system(err, ENOMEM, "memory for the environment");
	}
	*env = (struct wire_texts){.items = items, .count = count + 1};
	return 0;
}

/* HOME in the place of what is empty: as root, who can read the file in any image, and before the limits, which
 * the process of the image has and the start has not. And the pid, by which sd_listen_fds(3) knows whether the
 * descriptors are meant for the program. */
int stage_home(struct stage *stage, struct berth_error *err)
{
	char value[ROOTFS_PASSWD_LINE_MAX];
	int r = 0;

	if (stage->boot.flags & BOOT_LISTEN_PID) {
		(void)snprintf(value, sizeof(value), "%d", (int)sys_getpid());
		r = env_set(stage, "LISTEN_PID=", value, err);
	}
	if (r == 0 && (stage->boot.flags & BOOT_HOME)) {
		r = rootfs_home(&stage->rootfs, &stage->boot, value, sizeof(value), err);
		if (r == 0) {
			r = env_set(stage, "HOME=", value, err);
		}
	}
	return r;
}
