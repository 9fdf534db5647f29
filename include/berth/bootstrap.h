/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_BOOTSTRAP_H
#define BERTH_BOOTSTRAP_H
/*
 * The bootstrap message: what tells berth-init which namespaces to join and which to create.
 *
 * One netlink header (struct nlmsghdr, 16 bytes) and then attributes (struct nlattr, 4 bytes, and the
 * value), native endian; see netlink(7) for the two structs, and the project's protocol page for the
 * rest. Every attribute starts at a multiple of 4. No function here keeps a pointer that it was given,
 * holds state, or prints; all may be called from any thread. Buffers may start at any address.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/error.h>
#include <berth/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers of the message and of its attributes, and the limits. */
enum {
	BERTH_INIT_MSG = 62000, /**< nlmsg_type: the bootstrap message */

	BERTH_CLONE_FLAGS_ATTR = 27281,  /**< int32: CLONE_NEW* bits of the namespaces to create */
	BERTH_CONSOLE_PATH_ATTR = 27282, /**< bytes: the terminal's path, opened before all joins */
	BERTH_NS_PATHS_ATTR = 27283,     /**< bytes: comma-separated paths to join, in order */
	BERTH_UIDMAP_ATTR = 27284,       /**< bytes: lines "container host size\n" */
	BERTH_GIDMAP_ATTR = 27285,       /**< bytes: likewise */
	BERTH_SETGROUP_ATTR = 27286,     /**< bool: "allow" or "deny" to setgroups before gid_map */
	BERTH_ATTR_COUNT = 6,            /**< how many there are */

	BERTH_BOOTSTRAP_MAX_BYTES = 1048576, /**< of a whole message */
	BERTH_ATTR_VALUE_MAX_BYTES = 65530,  /**< of a bytes value, without its NUL */
};

/** An attribute with a number: nla_len is 8. */
struct berth_int32msg {
	uint16_t type;
	uint32_t value;
};

/** An attribute with bytes: nla_len is 4 + length + 1, for the NUL that is written behind the value;
 * zeros up to a multiple of 4 follow, which nla_len does not count. */
struct berth_bytemsg {
	uint16_t type;
	const void *value; /**< borrowed; without the NUL; may be NULL where `length` is 0 */
	size_t length;     /**< in bytes, at most BERTH_ATTR_VALUE_MAX_BYTES */
};

/** An attribute with a truth value: nla_len is 5, one byte 0 or 1, no padding of its own. */
struct berth_boolmsg {
	uint16_t type;
	bool value;
};

/**
 * The length of the serialized attribute in bytes, with the zeros behind a bytes value. 0 for a value
 * above BERTH_ATTR_VALUE_MAX_BYTES, which has no serialized form.
 */
BERTH_PUBLIC size_t berth_int32msg_len(const struct berth_int32msg *msg);
BERTH_PUBLIC size_t berth_bytemsg_len(const struct berth_bytemsg *msg);
BERTH_PUBLIC size_t berth_boolmsg_len(const struct berth_boolmsg *msg);

/**
 * Writes one attribute into `buffer`, which has room for `size` bytes. Any type number is taken, and
 * the value is not looked at: berth_bootstrap_encode() is what checks. Where another attribute follows
 * a bool, the 3 bytes between them are the caller's to write.
 *
 * Returns the number of bytes written; -ENOBUFS when `size` is too small; -EMSGSIZE for a value above
 * BERTH_ATTR_VALUE_MAX_BYTES (a 16-bit nla_len would wrap).
 */
BERTH_PUBLIC int berth_int32msg_serialize(
	const struct berth_int32msg *msg, void *buffer, size_t size);
BERTH_PUBLIC int berth_bytemsg_serialize(
	const struct berth_bytemsg *msg, void *buffer, size_t size);
BERTH_PUBLIC int berth_boolmsg_serialize(
	const struct berth_boolmsg *msg, void *buffer, size_t size);

/** Which member of berth_attr.as holds the attribute. */
enum berth_attr_kind {
	BERTH_ATTR_INT32,
	BERTH_ATTR_BYTES,
	BERTH_ATTR_BOOL,
};

/** One attribute of a whole message. */
struct berth_attr {
	enum berth_attr_kind kind;
	union {
		struct berth_int32msg int32;
		struct berth_bytemsg bytes;
		struct berth_boolmsg boolean;
	} as;
};

/**
 * Encodes a whole message, the attributes in the order given.
 *
 * `buffer` is the caller's and has room for `size` bytes; its content is undefined after a failure.
 * The length in bytes goes to `ret_length`. Returns 0; -ENOBUFS when `size` is too small, with the
 * length that is needed in `ret_length` (so a call with size 0 asks for it); -EPROTO for what
 * berth_bootstrap_decode() refuses, for a value that is too long, and for a kind that is not that of
 * the type; -EINVAL for a kind that is none. `err` may be NULL; else it says which attribute it was,
 * and at which offset of the message.
 */
BERTH_PUBLIC int berth_bootstrap_encode(const struct berth_attr *attrs, size_t count, void *buffer,
	size_t size, size_t *ret_length, struct berth_error *err);

/**
 * Checks and decodes a whole message of `length` bytes, which must be its nlmsg_len.
 *
 * `ret_attrs` has room for BERTH_ATTR_COUNT; `ret_count` says how many were filled, in the order of the
 * message. Values of bytes point into `message` and have a NUL behind them. Nothing is allocated.
 * Returns 0, or -EPROTO with one line in `err` (which may be NULL) that names the attribute and the
 * offset; the outputs are then untouched.
 */
BERTH_PUBLIC int berth_bootstrap_decode(const void *message, size_t length,
	struct berth_attr ret_attrs[BERTH_ATTR_COUNT], size_t *ret_count, struct berth_error *err);

/**
 * Makes a message of its description in JSON: an object with "attributes", an array of
 * {"kind": "int32"|"bytes"|"bool", "type": number, "value": ...}, where the value of bytes is in
 * hexadecimal. Other keys are ignored.
 *
 * `json` has `length` bytes and needs no NUL. The message comes from malloc(3) and is the caller's to
 * free(3); `ret_length` is in bytes. Returns 0; -EINVAL for what is not such a text, with the JSON
 * pointer, line and column in `err`; -EPROTO as berth_bootstrap_encode(); -ENOMEM.
 */
BERTH_PUBLIC int berth_bootstrap_from_json(const char *json, size_t length, void **ret_message,
	size_t *ret_length, struct berth_error *err);

/**
 * The reverse: checks a message of `length` bytes as berth_bootstrap_decode() does and describes it in
 * the same form, with "name" (of the protocol page) and "text" (bytes that are UTF-8) added.
 *
 * The text ends in NUL, comes from malloc(3) and is the caller's to free(3). Returns 0, -EPROTO or
 * -ENOMEM.
 */
BERTH_PUBLIC int berth_bootstrap_to_json(
	const void *message, size_t length, char **ret_json, struct berth_error *err);

#ifdef __cplusplus
}
#endif
#endif
