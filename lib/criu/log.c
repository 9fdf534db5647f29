/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU's log: "(00.012345)      1: Error (criu/files.c:12): Can't ...". It begins with what CRIU finds out about
 * the kernel, where some errors are none; a line of "=" follows. That a program of CRIU's has ended badly is said
 * after what the matter was.
 */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "criu/message.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { LOG_CHUNK_BYTES = 4096, LOG_READ_MAX = 16 * 1024 * 1024 };

/* What follows "Error", and the place in CRIU's source that comes with it. */
static const char *reason_of(const char *line)
{
	const char *error = strstr(line, "Error");
	const char *colon = error ? strstr(error, "): ") : NULL;

	return !error || strstr(error, "exited, status=") ? NULL : colon ? colon + 3 : error;
}

/* The first reason; that of a probe is forgotten. */
static void take_line(const char *line, char *text, size_t size)
{
	const char *reason = reason_of(line);
	size_t length = 0;

	if (strstr(line, "=====")) {
		text[0] = '\0';
	}
	if (!reason || text[0]) {
		return;
	}
	while (reason[length] && length < size - 1) {
		unsigned char byte = (unsigned char)reason[length];

		text[length++] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
	}
	text[length] = '\0';
}

void criu_error_text(const char *line, char *text, size_t size)
{
	text[0] = '\0';
	take_line(line, text, size);
}

void criu_log_error(int work_fd, const char *name, char *text, size_t size)
{
	autofd int fd = sys_openat2(work_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	char chunk[LOG_CHUNK_BYTES];
	char line[CRIU_TEXT_MAX];
	size_t length = 0;
	ssize_t r = 1;

	text[0] = '\0';
	for (size_t total = 0; fd >= 0 && r > 0 && total < LOG_READ_MAX; total += (size_t)r) {
		r = sys_read(fd, chunk, sizeof(chunk));
		for (ssize_t i = 0; i < r; i++) {
			if (chunk[i] != '\n') {
				line[length] = chunk[i];
				length += length < sizeof(line) - 1 ? 1 : 0;
				continue;
			}
			line[length] = '\0';
			length = 0;
			take_line(line, text, size);
		}
	}
}
