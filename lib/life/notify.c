/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3): create makes a directory beside the record, which the container has as well; whoever starts its
 * program, run or start, makes the socket there and passes READY=1 on (docs/decisions/0006-notify-socket.md).
 */
#include <errno.h>

#include "base/cleanup.h"
#include "life/found.h"
#include "life/process.h"
#include "sys/file.h"

int life_notify_dir(const struct life_context *context, const char *id, struct arena *arena,
	const char **ret_dir, struct berth_error *err)
{
	const char *root;
	int r;

	if (!context->notify_socket) {
		return 0;
	}
	r = life_absolute_path(arena, context->root, &root, err);
	if (r < 0) {
		return r;
	}
	*ret_dir = arena_printf(arena, "%s/%s/" STORE_NOTIFY_NAME, root, id);
	return *ret_dir ? 0 : error_system(err, ENOMEM, "memory for a path");
}

int life_notify_connect(
	struct host_notify *notify, const struct life_context *context, struct berth_error *err)
{
	notify->log = &context->log;
	return host_notify_connect(notify, context->notify_socket, err);
}

int life_notify_bind(
	struct host_notify *notify, const struct store_entry *entry, struct berth_error *err)
{
	autofd int fd = store_notify_open(entry);

	if (fd < 0) {
		return error_system(
			err, fd, "open the notify directory of container %s", entry->id);
	}
	/* That of a start which has failed. */
	(void)!sys_unlinkat(fd, PLAN_NOTIFY_FILE, 0);
	return host_notify_bind(notify, fd, PLAN_NOTIFY_FILE, err);
}

int life_notify_start(struct host_notify *notify, const struct life_context *context,
	const struct store_entry *entry, struct berth_error *err)
{
	autofd int fd = context->notify_socket ? store_notify_open(entry) : -ENOENT;
	int r;

	/* Made without: nobody in the container knows of a socket. */
	if (fd == -ENOENT) {
		return 0;
	}
	r = life_notify_connect(notify, context, err);
	return r < 0 ? r : life_notify_bind(notify, entry, err);
}
