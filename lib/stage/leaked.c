/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that a caller left open. Linux 5.11 marks all of them in one call; before, each is marked by its number in
 * /proc/self/fd, which is the host's here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "stage/stage.h"
#include "sys/abi.h"
#include "sys/copy.h"
#include "sys/file.h"

enum { LEAKED_FIRST = 3, LEAKED_ENTRIES_SIZE = 4096 };

static int mark(const char *name)
{
	uint32_t fd = 0;

	return str_to_u32(name, &fd) < 0 || fd < LEAKED_FIRST ? 0 : sys_set_cloexec((int)fd, true);
}

/* No descriptor is opened or closed meanwhile: no entry is passed over. */
static int mark_listed(void)
{
	alignas(struct sys_entry) char bytes[LEAKED_ENTRIES_SIZE];
	autofd int dir_fd = sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	ssize_t length = dir_fd;
	int r = 0;

	while (length >= 0 && r >= 0) {
		length = sys_entries(dir_fd, bytes, sizeof(bytes));
		if (length <= 0) {
			break;
		}
		for (ssize_t at = 0; r >= 0 && at < length;) {
			const struct sys_entry *entry = (const void *)(bytes + at);

			r = mark(entry->name);
			at += entry->length;
		}
	}
	return length < 0 ? (int)length : r;
}

int stage_mark_leaked(struct berth_error *err)
{
	int r = sys_close_range(LEAKED_FIRST, ~0U, CLOSE_RANGE_CLOEXEC);

	if (r == -EINVAL) {
		r = mark_listed();
	}
	return r < 0 ? error_call(err, r, "close_range", "make all descriptors close-on-exec") : 0;
}
