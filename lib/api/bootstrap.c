/* SPDX-License-Identifier: Apache-2.0 */
#include <berth/bootstrap.h>

#include "base/error.h"
#include "wire/bootstrap.h"

/* The public structs are a promise and the wire's are not, so one is copied to the other here. */
_Static_assert((int)BERTH_INIT_MSG == (int)WIRE_INIT_MSG, "one number");
_Static_assert((int)BERTH_CLONE_FLAGS_ATTR == (int)WIRE_CLONE_FLAGS_ATTR, "one number");
_Static_assert((int)BERTH_CONSOLE_PATH_ATTR == (int)WIRE_CONSOLE_PATH_ATTR, "one number");
_Static_assert((int)BERTH_NS_PATHS_ATTR == (int)WIRE_NS_PATHS_ATTR, "one number");
_Static_assert((int)BERTH_UIDMAP_ATTR == (int)WIRE_UIDMAP_ATTR, "one number");
_Static_assert((int)BERTH_GIDMAP_ATTR == (int)WIRE_GIDMAP_ATTR, "one number");
_Static_assert((int)BERTH_SETGROUP_ATTR == (int)WIRE_SETGROUP_ATTR, "one number");
_Static_assert((int)BERTH_ATTR_COUNT == (int)WIRE_ATTR_COUNT, "one table");
_Static_assert((int)BERTH_BOOTSTRAP_MAX_BYTES == (int)WIRE_BOOTSTRAP_MAX_BYTES, "one limit");
_Static_assert((int)BERTH_ATTR_VALUE_MAX_BYTES == (int)WIRE_ATTR_VALUE_MAX_BYTES, "one limit");
_Static_assert((int)BERTH_ATTR_INT32 == (int)WIRE_ATTR_INT32, "one list of kinds");
_Static_assert((int)BERTH_ATTR_BYTES == (int)WIRE_ATTR_BYTES, "one list of kinds");
_Static_assert((int)BERTH_ATTR_BOOL == (int)WIRE_ATTR_BOOL, "one list of kinds");

static struct wire_attr from_int32(const struct berth_int32msg *msg)
{
	return (struct wire_attr){
		.kind = WIRE_ATTR_INT32,
		.type = msg->type,
		.number = msg->value,
	};
}

static struct wire_attr from_bytes(const struct berth_bytemsg *msg)
{
	return (struct wire_attr){
		.kind = WIRE_ATTR_BYTES,
		.type = msg->type,
		.bytes = msg->value,
		.length = msg->length,
	};
}

static struct wire_attr from_bool(const struct berth_boolmsg *msg)
{
	return (struct wire_attr){
		.kind = WIRE_ATTR_BOOL,
		.type = msg->type,
		.number = msg->value,
	};
}

size_t berth_int32msg_len(const struct berth_int32msg *msg)
{
	struct wire_attr attr = from_int32(msg);

	return wire_attr_len(&attr);
}

int berth_int32msg_serialize(const struct berth_int32msg *msg, void *buffer, size_t size)
{
	struct wire_attr attr = from_int32(msg);

	return wire_attr_serialize(&attr, buffer, size);
}

size_t berth_bytemsg_len(const struct berth_bytemsg *msg)
{
	struct wire_attr attr = from_bytes(msg);

	return wire_attr_len(&attr);
}

int berth_bytemsg_serialize(const struct berth_bytemsg *msg, void *buffer, size_t size)
{
	struct wire_attr attr = from_bytes(msg);

	return wire_attr_serialize(&attr, buffer, size);
}

size_t berth_boolmsg_len(const struct berth_boolmsg *msg)
{
	struct wire_attr attr = from_bool(msg);

	return wire_attr_len(&attr);
}

int berth_boolmsg_serialize(const struct berth_boolmsg *msg, void *buffer, size_t size)
{
	struct wire_attr attr = from_bool(msg);

	return wire_attr_serialize(&attr, buffer, size);
}

static int attr_from_public(
	const struct berth_attr *attr, struct wire_attr *ret_attr, struct berth_error *err)
{
	switch (attr->kind) {
	case BERTH_ATTR_INT32:
		*ret_attr = from_int32(&attr->as.int32);
		return 0;
	case BERTH_ATTR_BYTES:
		*ret_attr = from_bytes(&attr->as.bytes);
		return 0;
	case BERTH_ATTR_BOOL:
		*ret_attr = from_bool(&attr->as.boolean);
		return 0;
	}
	return error_set(
		err, BERTH_ERROR_USAGE, "an attribute of the unknown kind %d", (int)attr->kind);
}

static struct berth_attr attr_to_public(const struct wire_attr *attr)
{
	struct berth_attr public = {.kind = (enum berth_attr_kind)attr->kind};

	switch (public.kind) {
	case BERTH_ATTR_INT32:
		public
		.as.int32 = (struct berth_int32msg){attr->type, attr->number};
		break;
	case BERTH_ATTR_BYTES:
		public
		.as.bytes = (struct berth_bytemsg){attr->type, attr->bytes, attr->length};
		break;
	case BERTH_ATTR_BOOL:
		public
		.as.boolean = (struct berth_boolmsg){attr->type, attr->number != 0};
		break;
	}
	return public;
}

int berth_bootstrap_encode(const struct berth_attr *attrs, size_t count, void *buffer, size_t size,
	size_t *ret_length, struct berth_error *err)
{
	/* One more than there are types is one too many: the encoder says which. */
	struct wire_attr copies[WIRE_ATTR_COUNT + 1];

	error_clear(err);
	if (count > ARRAY_COUNT(copies)) {
		count = ARRAY_COUNT(copies);
	}
	for (size_t i = 0; i < count; i++) {
		int r = attr_from_public(&attrs[i], &copies[i], err);

		if (r < 0) {
			return r;
		}
	}
	return wire_bootstrap_encode(copies, count, buffer, size, ret_length, err);
}

int berth_bootstrap_decode(const void *message, size_t length,
	struct berth_attr ret_attrs[BERTH_ATTR_COUNT], size_t *ret_count, struct berth_error *err)
{
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	size_t count = 0;
	int r;

	error_clear(err);
	r = wire_bootstrap_decode(message, length, attrs, &count, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < count; i++) {
		ret_attrs[i] = attr_to_public(&attrs[i]);
	}
	*ret_count = count;
	return 0;
}
