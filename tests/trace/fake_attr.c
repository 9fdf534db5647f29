/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the fake that is about files of /proc, about labels, and about what a process hands on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

static int called(const char *call, int fd, const char *rest)
{
	char line[FAKE_LABEL_SIZE * 2];

	(void)snprintf(
		line, sizeof(line), "%s %s%s%s", call, fake_label(fd), *rest ? " " : "", rest);
	return fake_called(line);
}

bool fake_was_call(int number, const char *name)
{
	const char *line = fake_get()->trace;

	for (int n = 1; line && n < number; n++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line && strncmp(line, name, strlen(name)) == 0;
}

int sys_mount_change(const char *path, unsigned long flags)
{
	char line[FAKE_LABEL_SIZE];

	(void)snprintf(line, sizeof(line), "mount %s flags 0x%lx", path, flags);
	return fake_called(line);
}

int sys_fs_flags(int fd, uint64_t *ret_flags)
{
	*ret_flags = 0;
	return called("fs_flags", fd, "");
}

int sys_fs_magic(int fd, uint64_t *ret_magic)
{
	const char *label = fake_label(fd);
	bool is_proc = strstr(label, "/proc/") ||
		       (strcmp(label, "/proc") == 0 && !fake_get()->is_proc_forged);
	int r = called("fstatfs", fd, "");

	if (r == 0) {
		*ret_magic = strstr(label, "/dev/pts") ? DEVPTS_SUPER_MAGIC : 0;
		*ret_magic = is_proc ? PROC_SUPER_MAGIC : *ret_magic;
	}
	return r;
}

/* One byte, whatever was written. */
ssize_t sys_pread(int fd, void *buffer, size_t size, off_t offset)
{
	int r = called("pread", fd, offset == 0 ? "at 0" : "elsewhere");

	memset(buffer, 'x', size);
	return r < 0 || fake_get()->is_attr_empty ? r : (ssize_t)size;
}

int sys_label(int fd, const char *label)
{
	return called("label", fd, label);
}

int sys_personality(uint32_t personality)
{
	char line[FAKE_LABEL_SIZE];

	(void)snprintf(line, sizeof(line), "personality 0x%x", personality);
	return fake_called(line);
}

int sys_set_mempolicy(int mode, const void *nodes, size_t size)
{
	char line[FAKE_LABEL_SIZE];

	(void)snprintf(line, sizeof(line), "set_mempolicy 0x%x nodes 0x%lx of %zu bytes",
		(unsigned int)mode, *(const unsigned long *)nodes, size);
	return fake_called(line);
}

/* What is asked only after a refusal, and is no call of the trace. */
bool sys_is_setgroups_denied(void)
{
	return fake_get()->is_setgroups_denied;
}

int sys_keyring_session(void)
{
	return fake_get()->has_keyctl ? 1 : -EPERM;
}
