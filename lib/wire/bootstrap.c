/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bootstrap.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sys/abi.h"

/*
 * The reader trusts no length: each one is compared with what is left before a byte behind it is
 * looked at, and every header is copied out, so that the message may start at any address. Each turn of
 * the loop moves on by the 4 bytes of a header at least.
 */

enum { REFUSAL_BYTES = 160 };

_Static_assert(sizeof(struct nlmsghdr) == WIRE_BOOTSTRAP_HEADER_BYTES, "the message's header");

struct reader {
	const unsigned char *message;
	size_t length;
	size_t offset; /* of the attribute that is being read */
	struct berth_error *err;
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	size_t offsets[WIRE_ATTR_COUNT];
	size_t count;
};

/* "UidmapAttr at offset 36: no line", or "attribute 27290 at offset 36: unknown". */
static int refuse(struct berth_error *err, uint16_t type, size_t offset, const char *format, ...)
	printf_like(4, 5);

static int refuse(struct berth_error *err, uint16_t type, size_t offset, const char *format, ...)
{
	const char *name = wire_attr_name(type);
	char reason[REFUSAL_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (!name) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "attribute %u at offset %zu: %s", type,
			offset, reason);
	}
	return error_set(err, BERTH_ERROR_PROTOCOL, "%s at offset %zu: %s", name, offset, reason);
}

/* Every path of the list has at least one byte; what it names is found out when it is opened. */
static int check_paths(const struct reader *reader, const struct wire_attr *attr)
{
	const char *path = attr->bytes;

	for (size_t number = 1;; number++) {
		size_t length = strcspn(path, ",");

		if (length == 0) {
			return refuse(reader->err, attr->type, reader->offset,
				"path %zu of the list is empty", number);
		}
		if (path[length] == '\0') {
			return 0;
		}
		path += length + 1;
	}
}

static int check_map(const struct reader *reader, const struct wire_attr *attr)
{
	char why[REFUSAL_BYTES];

	if (wire_id_map_check(attr->bytes, why, sizeof(why)) < 0) {
		return refuse(reader->err, attr->type, reader->offset, "%s", why);
	}
	return 0;
}

/* What an attribute may say, beyond the form of its kind. */
static int check_meaning(const struct reader *reader, const struct wire_attr *attr)
{
	uint32_t others;

	switch (attr->type) {
	case WIRE_CLONE_FLAGS_ATTR:
		others = attr->number & ~(uint32_t)ABI_NAMESPACE_FLAGS;
		if (others != 0) {
			return refuse(reader->err, attr->type, reader->offset,
				"flags 0x%x are none of the eight CLONE_NEW*", others);
		}
		return 0;
	case WIRE_CONSOLE_PATH_ATTR:
		if (attr->length == 0) {
			return refuse(reader->err, attr->type, reader->offset, "empty path");
		}
		return 0;
	case WIRE_NS_PATHS_ATTR:
		return check_paths(reader, attr);
	case WIRE_UIDMAP_ATTR:
	case WIRE_GIDMAP_ATTR:
		return check_map(reader, attr);
	default:
		return 0;
	}
}

static int read_int32(const struct reader *reader, struct wire_attr *attr, size_t length)
{
	const unsigned char *value = reader->message + reader->offset + sizeof(struct nlattr);

	if (length != sizeof(attr->number)) {
		return refuse(reader->err, attr->type, reader->offset, "nla_len is %zu, not 8",
			length + sizeof(struct nlattr));
	}
	memcpy(&attr->number, value, sizeof(attr->number));
	return 0;
}

/* Also as 4 bytes, which some writers make of a bool: then all 32 bits count. */
static int read_bool(const struct reader *reader, struct wire_attr *attr, size_t length)
{
	const unsigned char *value = reader->message + reader->offset + sizeof(struct nlattr);

	if (length == 1) {
		attr->number = value[0];
	} else if (length == sizeof(attr->number)) {
		memcpy(&attr->number, value, sizeof(attr->number));
	} else {
		return refuse(reader->err, attr->type, reader->offset,
			"nla_len is %zu, neither 5 nor 8", length + sizeof(struct nlattr));
	}
	if (attr->number > 1) {
		return refuse(reader->err, attr->type, reader->offset,
			"value is 0x%x, neither 0 nor 1", attr->number);
	}
	return 0;
}

static int read_bytes(const struct reader *reader, struct wire_attr *attr, size_t length)
{
	const char *value = (const char *)reader->message + reader->offset + sizeof(struct nlattr);
	const char *inner;

	if (length == 0 || value[length - 1] != '\0') {
		return refuse(reader->err, attr->type, reader->offset, "no NUL at the end");
	}
	inner = memchr(value, '\0', length - 1);
	if (inner) {
		return refuse(reader->err, attr->type, reader->offset,
			"NUL inside, at byte %zu of the value", (size_t)(inner - value));
	}
	attr->bytes = value;
	attr->length = length - 1;
	return 0;
}

static int read_value(const struct reader *reader, struct wire_attr *attr, size_t length)
{
	switch (attr->kind) {
	case WIRE_ATTR_INT32:
		return read_int32(reader, attr, length);
	case WIRE_ATTR_BYTES:
		return read_bytes(reader, attr, length);
	case WIRE_ATTR_BOOL:
		return read_bool(reader, attr, length);
	default:
		return refuse(reader->err, attr->type, reader->offset, "unknown");
	}
}

static int check_first(const struct reader *reader, uint16_t type)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (reader->attrs[i].type == type) {
			return refuse(reader->err, type, reader->offset,
				"a second one, the first is at offset %zu", reader->offsets[i]);
		}
	}
	return 0;
}

/* The header of the next attribute, its nla_len within what is left. */
static int read_header(const struct reader *reader, struct nlattr *ret_header)
{
	size_t rest = reader->length - reader->offset;
	struct nlattr header;

	if (rest < sizeof(header)) {
		return error_set(reader->err, BERTH_ERROR_PROTOCOL,
			"attribute at offset %zu: its header is cut off, %zu bytes are left",
			reader->offset, rest);
	}
	memcpy(&header, reader->message + reader->offset, sizeof(header));
	if (header.nla_len < sizeof(header)) {
		return refuse(reader->err, header.nla_type, reader->offset,
			"nla_len is %u, less than its header", header.nla_len);
	}
	if (header.nla_len > rest) {
		return refuse(reader->err, header.nla_type, reader->offset,
			"nla_len is %u, but %zu bytes are left", header.nla_len, rest);
	}
	*ret_header = header;
	return 0;
}

/* Moves on to the next attribute. Padding belongs to the message, whatever is in it; only a bool has
 * none where it is the last. */
static int skip_attr(struct reader *reader, const struct wire_attr *attr, uint16_t nla_len)
{
	size_t rest = reader->length - reader->offset;
	size_t whole = NLA_ALIGN(nla_len);

	if (attr->kind == WIRE_ATTR_BOOL && nla_len == rest) {
		whole = rest;
	}
	if (whole > rest) {
		return refuse(reader->err, attr->type, reader->offset,
			"its padding runs past the end, %zu bytes of %zu are left", rest, whole);
	}
	reader->offset += whole;
	return 0;
}

static int read_attr(struct reader *reader)
{
	struct wire_attr attr = {0};
	struct nlattr header = {0};
	int r = read_header(reader, &header);

	if (r < 0) {
		return r;
	}
	attr.type = header.nla_type;
	attr.kind = wire_attr_kind_of(header.nla_type);
	r = check_first(reader, attr.type);
	if (r < 0) {
		return r;
	}
	r = read_value(reader, &attr, header.nla_len - sizeof(header));
	if (r < 0) {
		return r;
	}
	r = check_meaning(reader, &attr);
	if (r < 0) {
		return r;
	}
	/* Each known type once: there is room. */
	reader->attrs[reader->count] = attr;
	reader->offsets[reader->count] = reader->offset;
	reader->count++;
	return skip_attr(reader, &attr, header.nla_len);
}

int wire_bootstrap_header(const void *header, uint32_t *ret_length, struct berth_error *err)
{
	struct nlmsghdr copy;

	memcpy(&copy, header, sizeof(copy));
	if (copy.nlmsg_type != WIRE_INIT_MSG) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"header at offset 4: nlmsg_type is %u, not %d (InitMsg)", copy.nlmsg_type,
			WIRE_INIT_MSG);
	}
	if (copy.nlmsg_len < sizeof(copy)) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"header at offset 0: nlmsg_len is %u, less than the header's %zu",
			copy.nlmsg_len, sizeof(copy));
	}
	if (copy.nlmsg_len > WIRE_BOOTSTRAP_MAX_BYTES) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"header at offset 0: nlmsg_len is %u, above the limit of %d",
			copy.nlmsg_len, WIRE_BOOTSTRAP_MAX_BYTES);
	}
	*ret_length = copy.nlmsg_len;
	return 0;
}

static int read_message(struct reader *reader)
{
	uint32_t nlmsg_len;
	int r;

	if (reader->length < WIRE_BOOTSTRAP_HEADER_BYTES) {
		return error_set(reader->err, BERTH_ERROR_PROTOCOL,
			"header at offset 0: cut off, %zu bytes of %d are there", reader->length,
			WIRE_BOOTSTRAP_HEADER_BYTES);
	}
	r = wire_bootstrap_header(reader->message, &nlmsg_len, reader->err);
	if (r < 0) {
		return r;
	}
	if (nlmsg_len != reader->length) {
		return error_set(reader->err, BERTH_ERROR_PROTOCOL,
			"header at offset 0: nlmsg_len is %u, but %zu bytes are there", nlmsg_len,
			reader->length);
	}
	while (reader->offset < reader->length) {
		r = read_attr(reader);
		if (r < 0) {
			return r;
		}
	}
	for (size_t i = 0; i < reader->count; i++) {
		if (reader->attrs[i].type == WIRE_CLONE_FLAGS_ATTR) {
			return 0;
		}
	}
	return refuse(reader->err, WIRE_CLONE_FLAGS_ATTR, reader->length,
		"missing, the message ends here");
}

int wire_bootstrap_decode(const void *message, size_t length,
	struct wire_attr ret_attrs[WIRE_ATTR_COUNT], size_t *ret_count, struct berth_error *err)
{
	struct reader reader = {
		.message = message,
		.length = length,
		.offset = WIRE_BOOTSTRAP_HEADER_BYTES,
		.err = err,
	};
	int r = read_message(&reader);

	if (r < 0) {
		return r;
	}
	memcpy(ret_attrs, reader.attrs, reader.count * sizeof(ret_attrs[0]));
	*ret_count = reader.count;
	return 0;
}

/* The length of the whole message. What a reader could not see in the bytes is refused here: a value
 * that does not fit, and a kind that is not the type's. */
static int measure(
	const struct wire_attr *attrs, size_t count, size_t *ret_length, struct berth_error *err)
{
	size_t length = WIRE_BOOTSTRAP_HEADER_BYTES;

	for (size_t i = 0; i < count; i++) {
		const struct wire_attr *attr = &attrs[i];
		size_t offset = NLA_ALIGN(length);

		if (attr->kind == WIRE_ATTR_BYTES && attr->length > WIRE_ATTR_VALUE_MAX_BYTES) {
			return refuse(err, attr->type, offset, "value of %zu bytes, at most %d fit",
				attr->length, WIRE_ATTR_VALUE_MAX_BYTES);
		}
		if (!wire_attr_name(attr->type)) {
			return refuse(err, attr->type, offset, "unknown");
		}
		if (attr->kind != wire_attr_kind_of(attr->type)) {
			return refuse(err, attr->type, offset, "value of another kind");
		}
		length = offset + wire_attr_len(attr);
		if (length > WIRE_BOOTSTRAP_MAX_BYTES) {
			return refuse(err, attr->type, offset,
				"the message passes the limit of %d bytes",
				WIRE_BOOTSTRAP_MAX_BYTES);
		}
	}
	*ret_length = length;
	return 0;
}

static int write_message(
	const struct wire_attr *attrs, size_t count, unsigned char *buffer, size_t length)
{
	struct nlmsghdr header = {
		.nlmsg_len = (uint32_t)length,
		.nlmsg_type = WIRE_INIT_MSG,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	size_t offset = sizeof(header);

	memset(buffer, 0, length);
	memcpy(buffer, &header, sizeof(header));
	for (size_t i = 0; i < count; i++) {
		int r;

		/* The zeros behind a bool, where another attribute follows. */
		offset = NLA_ALIGN(offset);
		r = wire_attr_serialize(&attrs[i], buffer + offset, length - offset);
		if (r < 0) {
			return r;
		}
		offset += (size_t)r;
	}
	return 0;
}

int wire_bootstrap_encode(const struct wire_attr *attrs, size_t count, void *buffer, size_t size,
	size_t *ret_length, struct berth_error *err)
{
	struct wire_attr decoded[WIRE_ATTR_COUNT];
	size_t decoded_count;
	size_t length = 0;
	int r = measure(attrs, count, &length, err);

	if (r < 0) {
		return r;
	}
	if (size < length) {
		*ret_length = length;
		return error_system(
			err, ENOBUFS, "a message of %zu bytes into a buffer of %zu", length, size);
	}
	r = write_message(attrs, count, buffer, length);
	if (r < 0) {
		return error_system(err, r, "writing a bootstrap message");
	}
	/* The reader is the one list of what is refused. */
	r = wire_bootstrap_decode(buffer, length, decoded, &decoded_count, err);
	if (r < 0) {
		return r;
	}
	*ret_length = length;
	return 0;
}
