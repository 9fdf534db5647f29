/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_BOOTSTRAP_H
#define WIRE_BOOTSTRAP_H
/*
 * wire: the only thing that parent and child share.
 *
 * In: values to send, bytes that came. Out: bytes to send, values that are checked. Forbidden here:
 * input and output, and any decision about a container. Fails with a negative errno value; for the
 * bootstrap message `struct berth_error` names the attribute and the offset.
 *
 * This header: the first message, InitMsg, byte for byte as docs/protocol.md fixes it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
	WIRE_INIT_MSG = 62000, /* nlmsg_type */

	WIRE_CLONE_FLAGS_ATTR = 27281, /* int32: CLONE_NEW* of the namespaces to create */
	WIRE_CONSOLE_PATH_ATTR =
		27282, /* bytes: the terminal, opened before any namespace is joined */
	WIRE_NS_PATHS_ATTR =
		27283,            /* bytes: comma-separated paths of namespaces to join, in order */
	WIRE_UIDMAP_ATTR = 27284, /* bytes: lines "container host size\n" */
	WIRE_GIDMAP_ATTR = 27285,
	WIRE_SETGROUP_ATTR = 27286, /* bool: true "allow", false "deny", before gid_map */
	WIRE_ATTR_COUNT = 6,

	WIRE_BOOTSTRAP_HEADER_BYTES = 16,
	WIRE_BOOTSTRAP_MAX_BYTES = 1024 * 1024,
	WIRE_ATTR_VALUE_MAX_BYTES = 65530, /* what a 16-bit nla_len holds beside header and NUL */
};

enum wire_attr_kind { WIRE_ATTR_INT32, WIRE_ATTR_BYTES, WIRE_ATTR_BOOL, WIRE_ATTR_KIND_COUNT };

/* One attribute. `bytes` is borrowed: from the caller in encode, from the message in decode, where a
 * NUL stands behind it. */
struct wire_attr {
	enum wire_attr_kind kind;
	uint16_t type;
	uint32_t number; /* int32, and 0 or 1 for a bool */
	const char *bytes;
	size_t length; /* of `bytes`, without the NUL */
};

/* The serializers: the length in bytes including the zeros behind a byte value (a bool has none), and
 * the writing. -EMSGSIZE when the value does not fit into nla_len, -ENOBUFS when `size` is too small;
 * otherwise the length written. */
size_t wire_attr_len(const struct wire_attr *attr);
int wire_attr_serialize(const struct wire_attr *attr, void *buffer, size_t size) must_use;

/* The name of the protocol page ("CloneFlagsAttr"), or NULL for an unknown number; and its kind. */
const char *wire_attr_name(uint16_t type);
enum wire_attr_kind wire_attr_kind_of(uint16_t type);

/* Encodes in the order given. Refuses what wire_bootstrap_decode() refuses. -ENOBUFS with the length
 * in `ret_length` when `size` is too small. */
int wire_bootstrap_encode(const struct wire_attr *attrs, size_t count, void *buffer, size_t size,
	size_t *ret_length, struct berth_error *err) must_use;

/* Checks a whole message; `length` must be its nlmsg_len. Fills at most WIRE_ATTR_COUNT attributes,
 * which point into `message`. Allocates nothing, loops at most once over the message. */
int wire_bootstrap_decode(const void *message, size_t length,
	struct wire_attr ret_attrs[WIRE_ATTR_COUNT], size_t *ret_count,
	struct berth_error *err) must_use;

/* nlmsg_len of a header of WIRE_BOOTSTRAP_HEADER_BYTES: checks the type and the limits, so that a
 * reader knows how much to read next. */
int wire_bootstrap_header(
	const void *header, uint32_t *ret_length, struct berth_error *err) must_use;

/* The same by name, for those who use the message. Absent texts are NULL. */
struct wire_bootstrap {
	uint32_t clone_flags;
	const char *console_path;
	const char *ns_paths;
	const char *uid_map;
	const char *gid_map;
	bool has_setgroups;
	bool may_setgroups;
};

void wire_bootstrap_from_attrs(
	const struct wire_attr *attrs, size_t count, struct wire_bootstrap *ret_bootstrap);

/* Fills `ret_attrs` in the order of the table; returns how many there are. */
size_t wire_bootstrap_to_attrs(
	const struct wire_bootstrap *bootstrap, struct wire_attr ret_attrs[WIRE_ATTR_COUNT]);

/* One line of an id map. */
struct wire_id_map {
	uint32_t container;
	uint32_t host;
	uint32_t size;
};

/* Parses the lines of a map: three strict decimal numbers and a newline each, size at least 1, no id
 * of 2^32-1, no overlap on either side, at most ABI_ID_MAP_LINES lines in less than ABI_ID_MAP_BYTES.
 * `ret_maps` has room for ABI_ID_MAP_LINES, or is NULL for a check alone. -EINVAL, -ERANGE, -E2BIG. */
int wire_id_map_parse(const char *text, struct wire_id_map *ret_maps, size_t *ret_count) must_use;

/* The same check alone; on failure `ret_why` says why in one line ("line 3 overlaps line 1"). */
int wire_id_map_check(const char *text, char *ret_why, size_t size) must_use;

#endif
