/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the fake sys that only a copy of a directory makes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "sys/copy.h"

static int called(const char *call, int fd, const char *rest)
{
	char line[FAKE_LABEL_SIZE * 2];

	(void)snprintf(
		line, sizeof(line), "%s %s%s%s", call, fake_label(fd), *rest ? " " : "", rest);
	return fake_called(line);
}

static size_t entry_add(char *buffer, const char *name)
{
	struct sys_entry *entry = (void *)buffer;
	size_t length = (sizeof(*entry) + strlen(name) + 1 + 7) & ~(size_t)7;

	memset(entry, 0, length);
	entry->length = (uint16_t)length;
	memcpy(entry->name, name, strlen(name));
	return length;
}

/* Those of the nodes that stand in it, all at once; and then the end. */
ssize_t sys_entries(int dir_fd, void *buffer, size_t size)
{
	struct fake *fake = fake_get();
	const char *label = fake_label(dir_fd);
	size_t parent = strlen(label);
	size_t used = 0;
	int r = called("entries", dir_fd, "");

	(void)size;
	if (r < 0 || fake->fds[dir_fd - FAKE_FD_FIRST].offset++ > 0) {
		return r;
	}
	used += entry_add((char *)buffer + used, ".");
	for (size_t i = 0; i < fake->node_count; i++) {
		const struct fake_node *node = &fake->nodes[i];

		if (!node->is_absent && strncmp(node->label, label, parent) == 0 &&
			node->label[parent] == '/' && !strchr(node->label + parent + 1, '/')) {
			used += entry_add((char *)buffer + used, node->label + parent + 1);
		}
	}
	return (ssize_t)used;
}

/* A first name is not there yet. */
int sys_linkat(int dirfd, const char *path, int new_dirfd, const char *new_path)
{
	char rest[FAKE_LABEL_SIZE];
	bool is_key = strstr(fake_label(dirfd), ".berth-hard-links") != NULL;
	int r;

	(void)snprintf(rest, sizeof(rest), "%s -> %s %s", is_key ? "KEY" : path,
		fake_label(new_dirfd), is_key ? new_path : "KEY");
	r = called("linkat", dirfd, rest);
	return r == 0 && is_key ? -ENOENT : r;
}

/* Data up to the end. */
off_t sys_seek(int fd, off_t offset, int whence)
{
	int r = called("seek", fd,
		whence == SEEK_DATA   ? "data"
		: whence == SEEK_HOLE ? "hole"
				      : "set");

	if (r == 0 && whence == SEEK_DATA && offset > 0) {
		return -ENXIO;
	}
	return r < 0 || whence != SEEK_HOLE ? r : 4;
}

ssize_t sys_send_file(int to_fd, int from_fd, size_t size)
{
	int r = called("send_file", to_fd, fake_label(from_fd));

	return r < 0 ? r : (ssize_t)size;
}

int sys_set_size(int fd, off_t size)
{
	(void)size;
	return called("set_size", fd, "");
}

int sys_set_times(int fd, const struct stat *st)
{
	(void)st;
	return called("set_times", fd, "");
}

ssize_t sys_attribute_names(int fd, char *names, size_t size)
{
	static const char name[] = "user.x";
	int r = called("attribute_names", fd, "");

	if (r < 0 || size < sizeof(name)) {
		return r;
	}
	memcpy(names, name, sizeof(name));
	return sizeof(name);
}

ssize_t sys_attribute_get(int fd, const char *name, void *value, size_t size)
{
	int r = called("attribute_get", fd, name);

	(void)value;
	(void)size;
	return r;
}

int sys_attribute_set(int fd, const char *name, const void *value, size_t size)
{
	(void)value;
	(void)size;
	return called("attribute_set", fd, name);
}
