/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_HOST_UNIT_H
#define PLAN_HOST_UNIT_H
/* The part of the host plan that systemd is asked for. Plain data. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types of D-Bus that a property of a unit may have, by the letters of its specification; "as" and "ay" by
 * those of what they hold. */
enum host_unit_type {
	HOST_UNIT_BOOL = 'b',
	HOST_UNIT_STRING = 's',
	HOST_UNIT_I32 = 'i',
	HOST_UNIT_U32 = 'u',
	HOST_UNIT_I64 = 'x',
	HOST_UNIT_U64 = 't',
	HOST_UNIT_DOUBLE = 'd',
	HOST_UNIT_STRINGS = 'a',
	HOST_UNIT_BYTES = 'y',
};

struct host_unit_property {
	const char *name;
	int type;        /* enum host_unit_type */
	uint64_t number; /* of all but strings and bytes; negative ones as two's complement */
	double fraction; /* HOST_UNIT_DOUBLE */
	const char *const *texts; /* one, or `count` with HOST_UNIT_STRINGS */
	const uint8_t *bytes;
	size_t count;
};

/* The unit of systemd that holds the container: a scope, or a slice. */
struct host_unit {
	const char *name;
	const char *slice; /* that it is in */
	bool is_slice;
	bool is_user;            /* of the user's manager, not of the system's */
	const char *subgroup;    /* the cgroup in it that holds the container; NULL: its own does */
	const char *controllers; /* for that one */
	const char *
		delegated; /* the cgroup below that, which is the container's to arrange; NULL: none */
	bool has_owner;    /* and which belongs to the root of its user namespace, on the host: */
	uint32_t owner_uid, owner_gid;
	const char *other_controllers; /* that systemd does not know, and the config does; or "" */
	const struct host_unit_property *properties;
	size_t property_count;
	const struct host_unit_property *late; /* not before the child is ready; NULL: none */
};

#endif
