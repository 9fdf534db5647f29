/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The classes: the errno value that stands for each, and its exit status. */
static const struct error_row {
	int errnum;
	int exit_code;
} error_table[] = {
	[BERTH_ERROR_NONE] = {0, 0},
	[BERTH_ERROR_INTERNAL] = {EINVAL, 1},
	[BERTH_ERROR_USAGE] = {EINVAL, 1},
	[BERTH_ERROR_CONFIG] = {EINVAL, 1},
	[BERTH_ERROR_UNSUPPORTED] = {EOPNOTSUPP, 1},
	[BERTH_ERROR_PROTOCOL] = {EPROTO, 1},
	[BERTH_ERROR_SYSTEM] = {EIO, 1},
	[BERTH_ERROR_MEMORY] = {ENOMEM, 1},
	[BERTH_ERROR_EXISTS] = {EEXIST, 1},
	[BERTH_ERROR_NOT_FOUND] = {ENOENT, 1},
	[BERTH_ERROR_STATE] = {EBUSY, 1},
	[BERTH_ERROR_CHILD] = {ECHILD, 1},
};

_Static_assert(ARRAY_COUNT(error_table) == BERTH_ERROR_CLASS_COUNT, "a row for each class");
_Static_assert(sizeof(struct berth_error) == 1024, "the error object is one KiB");

printf_like(5, 0) static void error_fill(struct berth_error *err, int error_class, int errnum,
	const char *pointer, const char *format, va_list args)
{
	if (!err || err->error_class != BERTH_ERROR_NONE) {
		return;
	}
	memset(err, 0, sizeof(*err));
	err->error_class = error_class;
	err->errnum = errnum;
	str_copy(err->pointer, sizeof(err->pointer), pointer);
	(void)vsnprintf(err->message, sizeof(err->message), format, args);
}

int error_system(struct berth_error *err, int errnum, const char *format, ...)
{
	int positive = errnum < 0 ? -errnum : errnum;
	va_list args;

	va_start(args, format);
	error_fill(err, positive == ENOMEM ? BERTH_ERROR_MEMORY : BERTH_ERROR_SYSTEM, positive, "",
		format, args);
	va_end(args);
	return positive ? -positive : -EIO;
}

/* By syscalls(2) and the calls' own pages: since when, and what else than a filter makes it EPERM. */
static const struct call_row {
	const char *name, *since, *cause;
} call_table[] = {
	{"bpf", "4.15", "without CAP_BPF or "}, /* programs for a cgroup's devices */
	{"clone3", "5.3", "without CAP_SYS_ADMIN or "},
	{"close_range", "5.9", ""},
	{"execveat", "3.19", ""},
	{"fsconfig", "5.2", "without CAP_SYS_ADMIN or "},
	{"fsmount", "5.2", "without CAP_SYS_ADMIN or "},
	{"fsopen", "5.2", "without CAP_SYS_ADMIN or "},
	{"keyctl", "2.6.10", ""},
	{"memfd_create", "3.17", ""},
	{"mount_setattr", "5.12", "without CAP_SYS_ADMIN or "},
	{"move_mount", "5.2", "without CAP_SYS_ADMIN or "},
	{"open_tree", "5.2", "without CAP_SYS_ADMIN or "},
	{"openat2", "5.6", ""},
	{"pidfd_open", "5.3", ""},
	{"pidfd_send_signal", "5.1", "without CAP_KILL or "},
	{"seccomp", "3.17", ""},
	{"setns", "3.0", "without CAP_SYS_ADMIN or "},
	{"unshare", "2.6.16", "without CAP_SYS_ADMIN or "},
};

static const struct call_row *find_call(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(call_table); i++) {
		if (strcmp(call_table[i].name, name) == 0) {
			return &call_table[i];
		}
	}
	return NULL;
}

int error_call(struct berth_error *err, int errnum, const char *call, const char *format, ...)
{
	const struct call_row *row = find_call(call);
	int positive = errnum < 0 ? -errnum : errnum;
	char tried[BERTH_ERROR_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(tried, sizeof(tried), format, args);
	va_end(args);
	if (positive == ENOSYS) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED, "%s: kernel lacks %s%s%s%s", tried,
			call, row ? " (Linux " : "", row ? row->since : "", row ? ")" : "");
	}
	if (positive == EPERM) {
		return error_system(err, errnum, "%s: %s refused (EPERM), %sby a seccomp filter?",
			tried, call, row ? row->cause : "");
	}
	return error_system(err, errnum, "%s", tried);
}

int error_set(struct berth_error *err, int error_class, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_fill(err, error_class, 0, "", format, args);
	va_end(args);
	return -error_table[error_class].errnum;
}

int error_field(
	struct berth_error *err, int error_class, const char *pointer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_fill(err, error_class, 0, pointer, format, args);
	va_end(args);
	return -error_table[error_class].errnum;
}

static void error_add(char *field, size_t size, const char *text)
{
	if (field[0] == '\0' && text) {
		str_copy(field, size, text);
	}
}

void error_add_subject(struct berth_error *err, const char *subject)
{
	if (err) {
		error_add(err->subject, sizeof(err->subject), subject);
	}
}

void error_add_pointer(struct berth_error *err, const char *pointer)
{
	if (err) {
		error_add(err->pointer, sizeof(err->pointer), pointer);
	}
}

void error_add_step(struct berth_error *err, const char *step)
{
	if (err) {
		error_add(err->step, sizeof(err->step), step);
	}
}

void error_prefix(struct berth_error *err, const char *format, ...)
{
	char old[BERTH_ERROR_MESSAGE_SIZE];
	char prefix[BERTH_ERROR_MESSAGE_SIZE];
	va_list args;
	size_t used;

	if (!err) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	str_copy(old, sizeof(old), err->message);
	used = str_copy(err->message, sizeof(err->message), prefix);
	(void)str_copy(err->message + used, sizeof(err->message) - used, old);
}

void error_clear(struct berth_error *err)
{
	if (err) {
		memset(err, 0, sizeof(*err));
	}
}

const char *error_errno_text(int errnum, char *buffer, size_t size)
{
	str_copy(buffer, size, strerror(errnum));
	/* "I/O error" and other abbreviations keep their capitals. */
	if (size > 1 && islower((unsigned char)buffer[1])) {
		buffer[0] = (char)tolower((unsigned char)buffer[0]);
	}
	return buffer;
}

size_t error_format(const struct berth_error *err, char *buffer, size_t size)
{
	struct strbuf out;

	strbuf_init(&out, buffer, size);
	if (err->pointer[0]) {
		strbuf_add(&out, err->pointer);
		if (err->line) {
			strbuf_printf(&out, " (line %u, column %u)", err->line, err->column);
		}
		strbuf_add(&out, ": ");
	} else if (err->line) {
		strbuf_printf(&out, "line %u, column %u: ", err->line, err->column);
	}
	strbuf_add(&out, err->message);
	if (err->subject[0]) {
		strbuf_printf(&out, " %s", err->subject);
	}
	if (err->errnum) {
		char text[64];

		strbuf_printf(&out, ": %s", error_errno_text(err->errnum, text, sizeof(text)));
	}
	if (err->step[0]) {
		strbuf_printf(&out, " (step %s)", err->step);
	}
	for (size_t i = 0; i < out.length; i++) {
		unsigned char c = (unsigned char)buffer[i];

		if (c < 0x20 || c == 0x7f) {
			buffer[i] = '?';
		}
	}
	return out.length;
}

int error_exit_code(const struct berth_error *err)
{
	if (err->error_class <= 0 || err->error_class >= BERTH_ERROR_CLASS_COUNT) {
		return 1;
	}
	return error_table[err->error_class].exit_code;
}
