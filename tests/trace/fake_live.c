/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the fake sys that only mounts in a container that is there make. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "sys/mount.h"
#include "sys/process.h"

/* One line of the trace. 0, or the failure that this call is to have. */
static int called(const char *name, int fd)
{
	struct fake *fake = fake_get();
	int i = fd - FAKE_FD_FIRST;
	const char *label =
		i >= 0 && i < fake->fd_count && fake->fds[i].is_open ? fake->fds[i].label : "?";

	fake->calls++;
	fake->length += (size_t)snprintf(fake->trace + fake->length,
		sizeof(fake->trace) - fake->length, "%s %s\n", name, label);
	return fake->calls == fake->fail_at ? -fake->fail_errno : 0;
}

int sys_setns(int fd, int nstype)
{
	(void)nstype;
	return called("setns", fd);
}

int sys_unshare(int flags)
{
	char line[FAKE_LABEL_SIZE];

	(void)snprintf(line, sizeof(line), "unshare 0x%x", (unsigned int)flags);
	return fake_called(line);
}

/* Of the paths of the sample, those below /mnt. */
int sys_is_mount_root(int fd, bool *ret_is_root)
{
	int r = called("is_mount_root", fd);

	if (r == 0) {
		*ret_is_root = strncmp(fake_get()->fds[fd - FAKE_FD_FIRST].label, "//mnt", 5) == 0;
	}
	return r;
}

ssize_t fake_fd_link(const char *number, char *buffer, size_t size)
{
	int fd = (int)strtol(number, NULL, 10);
	const char *label = fake_label(fd);
	int r = called("readlink", fd);
	size_t length = strnlen(label, size);

	memcpy(buffer, label, length);
	return r < 0 ? r : (ssize_t)length;
}
