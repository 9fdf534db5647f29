/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bootstrap.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/str.h"

/* The table of the protocol page. The numbers have the bit NLA_F_NET_BYTEORDER (0x4000) set, so a type
 * is compared as the raw 16 bits and never masked. */
static const struct attr_row {
	uint16_t type;
	uint16_t kind;
	const char *name;
} attr_table[] = {
	{WIRE_CLONE_FLAGS_ATTR, WIRE_ATTR_INT32, "CloneFlagsAttr"},
	{WIRE_CONSOLE_PATH_ATTR, WIRE_ATTR_BYTES, "ConsolePathAttr"},
	{WIRE_NS_PATHS_ATTR, WIRE_ATTR_BYTES, "NsPathsAttr"},
	{WIRE_UIDMAP_ATTR, WIRE_ATTR_BYTES, "UidmapAttr"},
	{WIRE_GIDMAP_ATTR, WIRE_ATTR_BYTES, "GidmapAttr"},
	{WIRE_SETGROUP_ATTR, WIRE_ATTR_BOOL, "SetgroupAttr"},
};

_Static_assert(ARRAY_COUNT(attr_table) == WIRE_ATTR_COUNT, "a row for each attribute");
_Static_assert(sizeof(struct nlattr) == 4, "the attribute's header");
_Static_assert(sizeof(struct nlattr) + WIRE_ATTR_VALUE_MAX_BYTES + 1 == UINT16_MAX,
	"the longest value fills nla_len");

static const struct attr_row *attr_find(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_COUNT(attr_table); i++) {
		if (attr_table[i].type == type) {
			return &attr_table[i];
		}
	}
	return NULL;
}

const char *wire_attr_name(uint16_t type)
{
	const struct attr_row *row = attr_find(type);

	return row ? row->name : NULL;
}

enum wire_attr_kind wire_attr_kind_of(uint16_t type)
{
	const struct attr_row *row = attr_find(type);

	return row ? (enum wire_attr_kind)row->kind : WIRE_ATTR_KIND_COUNT;
}

/* nla_len: header and value, without the padding; 0 for what has no serialized form. */
static size_t attr_bare_len(const struct wire_attr *attr)
{
	switch (attr->kind) {
	case WIRE_ATTR_INT32:
		return sizeof(struct nlattr) + sizeof(attr->number);
	case WIRE_ATTR_BYTES:
		if (attr->length > WIRE_ATTR_VALUE_MAX_BYTES) {
			return 0;
		}
		return sizeof(struct nlattr) + attr->length + 1;
	case WIRE_ATTR_BOOL:
		return sizeof(struct nlattr) + 1;
	default:
		return 0;
	}
}

size_t wire_attr_len(const struct wire_attr *attr)
{
	size_t bare = attr_bare_len(attr);

	return attr->kind == WIRE_ATTR_BOOL ? bare : NLA_ALIGN(bare);
}

int wire_attr_serialize(const struct wire_attr *attr, void *buffer, size_t size)
{
	size_t bare = attr_bare_len(attr);
	size_t whole = wire_attr_len(attr);
	struct nlattr header = {.nla_len = (uint16_t)bare, .nla_type = attr->type};
	unsigned char *value;

	/* A longer value would wrap nla_len, and the rest of it would be read as attributes of its
	 * author's choice (CVE-2021-43784). */
	if (whole == 0) {
		return attr->kind == WIRE_ATTR_BYTES ? -EMSGSIZE : -EINVAL;
	}
	if (size < whole) {
		return -ENOBUFS;
	}
	/* Only now: `buffer` may be NULL where `size` is 0. */
	value = (unsigned char *)buffer + sizeof(header);
	memcpy(buffer, &header, sizeof(header));
	if (attr->kind == WIRE_ATTR_INT32) {
		memcpy(value, &attr->number, sizeof(attr->number));
	} else if (attr->kind == WIRE_ATTR_BOOL) {
		value[0] = attr->number != 0;
	} else {
		memset(value + attr->length, 0, whole - sizeof(header) - attr->length);
		if (attr->length > 0) {
			memcpy(value, attr->bytes, attr->length);
		}
	}
	return (int)whole;
}

void wire_bootstrap_from_attrs(
	const struct wire_attr *attrs, size_t count, struct wire_bootstrap *ret_bootstrap)
{
	struct wire_bootstrap bootstrap = {0};

	for (size_t i = 0; i < count; i++) {
		switch (attrs[i].type) {
		case WIRE_CLONE_FLAGS_ATTR:
			bootstrap.clone_flags = attrs[i].number;
			break;
		case WIRE_CONSOLE_PATH_ATTR:
			bootstrap.console_path = attrs[i].bytes;
			break;
		case WIRE_NS_PATHS_ATTR:
			bootstrap.ns_paths = attrs[i].bytes;
			break;
		case WIRE_UIDMAP_ATTR:
			bootstrap.uid_map = attrs[i].bytes;
			break;
		case WIRE_GIDMAP_ATTR:
			bootstrap.gid_map = attrs[i].bytes;
			break;
		case WIRE_SETGROUP_ATTR:
			bootstrap.has_setgroups = true;
			bootstrap.may_setgroups = attrs[i].number != 0;
			break;
		default:
			break;
		}
	}
	*ret_bootstrap = bootstrap;
}

static size_t add_text(struct wire_attr *attr, uint16_t type, const char *text)
{
	if (!text) {
		return 0;
	}
	*attr = (struct wire_attr){
		.kind = WIRE_ATTR_BYTES,
		.type = type,
		.bytes = text,
		.length = strlen(text),
	};
	return 1;
}

size_t wire_bootstrap_to_attrs(
	const struct wire_bootstrap *bootstrap, struct wire_attr ret_attrs[WIRE_ATTR_COUNT])
{
	size_t count = 0;

	ret_attrs[count++] = (struct wire_attr){
		.kind = WIRE_ATTR_INT32,
		.type = WIRE_CLONE_FLAGS_ATTR,
		.number = bootstrap->clone_flags,
	};
	count += add_text(&ret_attrs[count], WIRE_CONSOLE_PATH_ATTR, bootstrap->console_path);
	count += add_text(&ret_attrs[count], WIRE_NS_PATHS_ATTR, bootstrap->ns_paths);
	count += add_text(&ret_attrs[count], WIRE_UIDMAP_ATTR, bootstrap->uid_map);
	count += add_text(&ret_attrs[count], WIRE_GIDMAP_ATTR, bootstrap->gid_map);
	if (bootstrap->has_setgroups) {
		ret_attrs[count++] = (struct wire_attr){
			.kind = WIRE_ATTR_BOOL,
			.type = WIRE_SETGROUP_ATTR,
			.number = bootstrap->may_setgroups,
		};
	}
	return count;
}
