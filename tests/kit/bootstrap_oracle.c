/* SPDX-License-Identifier: Apache-2.0 */
#include "bootstrap_oracle.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/bootstrap.h"

enum { UNTOUCHED = 12345 };

static const char *check_refusal(int r, size_t count, const struct berth_error *err)
{
	if (r != -EPROTO || err->error_class != BERTH_ERROR_PROTOCOL) {
		return "a refusal that is not -EPROTO";
	}
	if (count != UNTOUCHED) {
		return "a refusal that wrote an output";
	}
	if (!strstr(err->message, " at offset ")) {
		return "a refusal without the offset";
	}
	for (const char *c = err->message; *c; c++) {
		if (*c < 0x20 || *c > 0x7e) {
			return "a refusal that is not one printable line";
		}
	}
	return NULL;
}

static const char *check_attr(const struct wire_attr *attr, const char *begin, const char *end)
{
	if (!wire_attr_name(attr->type) || attr->kind != wire_attr_kind_of(attr->type)) {
		return "an attribute that is none";
	}
	if (attr->kind == WIRE_ATTR_BOOL && attr->number > 1) {
		return "a bool that is neither 0 nor 1";
	}
	if (attr->kind != WIRE_ATTR_BYTES) {
		return NULL;
	}
	if (attr->bytes < begin || attr->bytes + attr->length >= end) {
		return "bytes outside the message";
	}
	if (strlen(attr->bytes) != attr->length) {
		return "bytes whose first NUL is not behind them";
	}
	if (attr->type == WIRE_NS_PATHS_ATTR &&
		(attr->length == 0 || attr->bytes[0] == ',' ||
			attr->bytes[attr->length - 1] == ',' || strstr(attr->bytes, ",,"))) {
		return "an empty path";
	}
	return NULL;
}

static bool is_same(const struct wire_attr *a, const struct wire_attr *b)
{
	if (a->kind != b->kind || a->type != b->type || a->number != b->number ||
		a->length != b->length) {
		return false;
	}
	return a->kind != WIRE_ATTR_BYTES || memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* Turns a message that was taken into the one form that is written: flags, and zeros where nothing is
 * looked at. False where a bool has a form that is only read. */
static bool normalize(unsigned char *message, size_t length)
{
	struct nlmsghdr header;
	size_t offset = sizeof(header);

	memcpy(&header, message, sizeof(header));
	header.nlmsg_flags = NLM_F_REQUEST;
	header.nlmsg_seq = 0;
	header.nlmsg_pid = 0;
	memcpy(message, &header, sizeof(header));
	while (offset < length) {
		struct nlattr attr;
		size_t bare_end;
		size_t end;

		memcpy(&attr, message + offset, sizeof(attr));
		bare_end = offset + attr.nla_len;
		end = offset + NLA_ALIGN(attr.nla_len);
		if (attr.nla_type == WIRE_SETGROUP_ATTR && (attr.nla_len == 8 || end == length)) {
			return false;
		}
		if (end < length || attr.nla_type != WIRE_SETGROUP_ATTR) {
			memset(message + bare_end, 0, end - bare_end);
		}
		offset = end;
	}
	return true;
}

static const char *check_again(
	const struct wire_attr *attrs, size_t count, const unsigned char *message, size_t length)
{
	struct wire_attr second[WIRE_ATTR_COUNT];
	autoptr unsigned char *normal = malloc(length);
	autoptr unsigned char *again = malloc(length);
	size_t second_count = 0;
	size_t again_length = 0;

	if (!normal || !again) {
		return "out of memory";
	}
	if (wire_bootstrap_encode(attrs, count, again, length, &again_length, NULL) < 0 ||
		again_length > length) {
		return "what was taken does not encode";
	}
	if (wire_bootstrap_decode(again, again_length, second, &second_count, NULL) < 0 ||
		second_count != count) {
		return "what was encoded is not taken";
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_same(&attrs[i], &second[i])) {
			return "an attribute that changed on the way";
		}
	}
	memcpy(normal, message, length);
	if (normalize(normal, length) &&
		(again_length != length || memcmp(normal, again, length) != 0)) {
		return "other bytes than those that were taken";
	}
	return NULL;
}

const char *bootstrap_oracle(const void *message, size_t length, bool *ret_is_taken)
{
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	struct berth_error err = {0};
	size_t count = UNTOUCHED;
	const char *begin = message;
	int r = wire_bootstrap_decode(message, length, attrs, &count, &err);

	if (ret_is_taken) {
		*ret_is_taken = r == 0;
	}
	if (r != 0) {
		return check_refusal(r, count, &err);
	}
	if (count == 0 || count > WIRE_ATTR_COUNT || err.error_class != BERTH_ERROR_NONE) {
		return "a count that cannot be";
	}
	for (size_t i = 0; i < count; i++) {
		const char *broken = check_attr(&attrs[i], begin, begin + length);

		if (broken) {
			return broken;
		}
	}
	return check_again(attrs, count, message, length);
}
