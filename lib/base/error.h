/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H
/*
 * Filling and reading the error object. Each error_* that fills returns the code for `return`:
 * negative, -errnum where there is one. `err` may be NULL. An error that is filled already is never
 * replaced: the lowest level, which knows the noun, wins.
 */
#include <berth/error.h>

#include "base/attr.h"

/* A system call failed: `errnum` is positive or negative errno. Returns -|errnum|. */
int error_system(struct berth_error *err, int errnum, const char *format, ...) printf_like(3, 4);

/* The same of a call that an old kernel lacks or a filter refuses: `call` is its name. ENOSYS: class UNSUPPORTED, "TEXT:
 * kernel lacks CALL (Linux VERSION)", returns -EOPNOTSUPP. EPERM: "TEXT: CALL refused (EPERM), by a seccomp filter?". */
int error_call(struct berth_error *err, int errnum, const char *call, const char *format, ...)
	printf_like(4, 5);

/* Anything else; `error_class` is enum berth_error_class. Returns -EINVAL, or the errno value that
 * suits the class (-ENOMEM, -EEXIST, -ENOENT, -EPROTO, -EOPNOTSUPP). */
int error_set(struct berth_error *err, int error_class, const char *format, ...) printf_like(3, 4);

/* The same about a field of config.json, named by its JSON pointer, e.g. "/mounts/3/destination". */
int error_field(struct berth_error *err, int error_class, const char *pointer, const char *format,
	...) printf_like(4, 5);

/* Adds the noun, the pointer or the step where it is still missing; "" and NULL add nothing. */
void error_add_subject(struct berth_error *err, const char *subject);
void error_add_pointer(struct berth_error *err, const char *pointer);
void error_add_step(struct berth_error *err, const char *step);

/* Prefixes the message: "mount 7 of 23: ...". */
void error_prefix(struct berth_error *err, const char *format, ...) printf_like(2, 3);

void error_clear(struct berth_error *err);

/* errno's text in the field's spelling: lower case at the start, as Go prints it and callers match it.
 * Writes at most `size` bytes with the NUL and returns `buffer`. */
const char *error_errno_text(int errnum, char *buffer, size_t size);

/* One line without a newline: pointer, position, message, subject, errno's text, step. Control
 * characters come out as '?'. Returns the length that was written. */
size_t error_format(const struct berth_error *err, char *buffer, size_t size);

/* The exit status of a command that failed this way: one table, in error.c. */
int error_exit_code(const struct berth_error *err);

#endif
