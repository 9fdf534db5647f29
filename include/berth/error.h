/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H
/*
 * The error object: what went wrong, where, and what was tried.
 *
 * Fixed-size, by value, without pointers: it works when memory has run out, and it crosses from the
 * child to the parent in one frame. A function that fails fills it once, where the noun is known.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of failure it is; berth_error_exit_code() gives the exit status of a command line. */
enum berth_error_class {
	BERTH_ERROR_NONE,
	BERTH_ERROR_INTERNAL,    /**< a broken invariant of berth itself */
	BERTH_ERROR_USAGE,       /**< an argument of the call or of the command line */
	BERTH_ERROR_CONFIG,      /**< config.json: malformed, or against the specification */
	BERTH_ERROR_UNSUPPORTED, /**< valid, but not built into this version, or not in this kernel */
	BERTH_ERROR_PROTOCOL,    /**< a message of the bootstrap protocol that is refused */
	BERTH_ERROR_SYSTEM,      /**< a system call failed; see `errnum` */
	BERTH_ERROR_MEMORY,      /**< memory ran out */
	BERTH_ERROR_EXISTS,      /**< a container with that id exists already */
	BERTH_ERROR_NOT_FOUND,   /**< no container with that id */
	BERTH_ERROR_STATE,       /**< the container is not in a state that allows it */
	BERTH_ERROR_CHILD,       /**< the child ended without saying why */
	BERTH_ERROR_CLASS_COUNT
};

/** Sizes of the text fields, the final NUL included. */
enum {
	BERTH_ERROR_STEP_SIZE = 32,
	BERTH_ERROR_POINTER_SIZE = 224,
	BERTH_ERROR_SUBJECT_SIZE = 240,
	BERTH_ERROR_MESSAGE_SIZE = 512,
};

struct berth_error {
	int32_t error_class; /**< enum berth_error_class */
	int32_t errnum;      /**< errno's value, or 0 */
	uint32_t line;       /**< line in config.json, from 1; 0: not known */
	uint32_t column;     /**< column in config.json, in bytes, from 1; 0: not known */
	char step[BERTH_ERROR_STEP_SIZE];       /**< name of the step that failed, or "" */
	char pointer[BERTH_ERROR_POINTER_SIZE]; /**< JSON pointer (RFC 6901) of the field, or "" */
	char subject[BERTH_ERROR_SUBJECT_SIZE]; /**< path or other noun it was about, or "" */
	char message[BERTH_ERROR_MESSAGE_SIZE]; /**< what was tried, without errno's text */
};

#ifdef __cplusplus
}
#endif
#endif
