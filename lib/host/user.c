/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user of the host is called: passwd(5), read by ourselves, as the libc would load what nsswitch.conf names into
 * a process with the rights of root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "sys/file.h"

enum { PASSWD_BYTES_MAX = 1024 * 1024 };

/* All of /etc/passwd, or as much as fits, from malloc; NULL where it cannot be read. */
static char *read_passwd(void)
{
	autofd int fd = sys_open("/etc/passwd", O_RDONLY);
	autoptr char *text = fd < 0 ? NULL : malloc(PASSWD_BYTES_MAX + 1);
	size_t length = 0;
	ssize_t got = text ? 1 : 0;

	while (got > 0 && length < PASSWD_BYTES_MAX) {
		got = sys_read(fd, text + length, PASSWD_BYTES_MAX - length);
		length += got > 0 ? (size_t)got : 0;
	}
	if (text) {
		text[length] = '\0';
	}
	return take_ptr(text);
}

/* "NAME:PASSWORD:UID:...": the length of the name where the line is about that user, else 0. */
static size_t match_line(const char *line, uint32_t uid)
{
	size_t length = strcspn(line, ":\n");
	const char *second = line[length] == ':' ? line + length + 1 : "";
	const char *number = second + strcspn(second, ":\n");
	char text[16];
	uint32_t found;
	size_t digits;

	if (*number++ != ':') {
		return 0;
	}
	digits = strcspn(number, ":\n");
	if (digits >= sizeof(text) || number[digits] != ':') {
		return 0;
	}
	memcpy(text, number, digits);
	text[digits] = '\0';
	return str_to_u32(text, &found) == 0 && found == uid ? length : 0;
}

void host_user_name(uint32_t uid, char *buffer, size_t size)
{
	autoptr char *text = uid == 0 ? NULL : read_passwd();

	if (uid == 0) {
		(void)str_copy(buffer, size, "root");
		return;
	}
	(void)snprintf(buffer, size, "#%u", uid);
	for (const char *line = text; line && *line;) {
		size_t length = match_line(line, uid);

		if (length > 0) {
			(void)snprintf(buffer, size, "%.*s", (int)length, line);
			return;
		}
		line += strcspn(line, "\n");
		line += *line == '\n' ? 1 : 0;
	}
}
