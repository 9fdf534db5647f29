/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU's packets. A message is walked field by field; what is not known, or of another form than it should be,
 * is passed over, and a length that leads beyond the end makes the whole invalid.
 */
#include <errno.h>
#include <string.h>

#include "criu/message.h"

/* The numbers of criu_resp, and of the messages in it. */
enum {
	RESP_type = 1,
	RESP_success = 2,
	RESP_restore = 4,
	RESP_notify = 5,
	RESP_cr_errno = 7,
	RESP_cr_errmsg = 9,
	RESP_version = 10,
	RESTORE_pid = 1,
	NOTIFY_script = 1,
	NOTIFY_pid = 2,
	VERSION_major = 1,
	VERSION_minor = 2,
	VERSION_sublevel = 4,
	INVENTORY_lsmtype = 6,
};

enum { FORM_VARINT = 0, FORM_FIXED64 = 1, FORM_BYTES = 2, FORM_FIXED32 = 5 };

struct in {
	const uint8_t *bytes;
	size_t left;
};

struct field {
	uint64_t number;
	uint32_t form;
	uint64_t value;  /* FORM_VARINT */
	struct in bytes; /* FORM_BYTES */
};

static int get_varint(struct in *in, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (in->left == 0) {
			return -EPROTO;
		}
		byte = *in->bytes++;
		in->left--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_value = value;
			return 0;
		}
	}
	return -EPROTO;
}

static int get_bytes(struct in *in, uint64_t length, struct in *ret_bytes)
{
	if (length > in->left) {
		return -EPROTO;
	}
	*ret_bytes = (struct in){.bytes = in->bytes, .left = (size_t)length};
	in->bytes += length;
	in->left -= (size_t)length;
	return 0;
}

static int get_value(struct in *in, struct field *field)
{
	uint64_t length;
	int r;

	switch (field->form) {
	case FORM_VARINT:
		return get_varint(in, &field->value);
	case FORM_BYTES:
		r = get_varint(in, &length);
		return r < 0 ? r : get_bytes(in, length, &field->bytes);
	case FORM_FIXED64:
		return get_bytes(in, 8, &field->bytes);
	case FORM_FIXED32:
		return get_bytes(in, 4, &field->bytes);
	default:
		return -EPROTO;
	}
}

/* 1 and a field, 0 at the end, or -EPROTO. */
static int next_field(struct in *in, struct field *ret_field)
{
	struct field field = {0};
	uint64_t key;
	int r;

	if (in->left == 0) {
		return 0;
	}
	r = get_varint(in, &key);
	if (r < 0) {
		return r;
	}
	field.number = key >> 3;
	field.form = (uint32_t)(key & 7);
	r = get_value(in, &field);
	*ret_field = field;
	return r < 0 ? r : 1;
}

static bool is_number(const struct field *field, uint64_t number)
{
	return field->number == number && field->form == FORM_VARINT;
}

static bool is_bytes(const struct field *field, uint64_t number)
{
	return field->number == number && field->form == FORM_BYTES;
}

/* One line of a text that a terminal may show. */
static void take_text(const struct field *field, char *text, size_t size)
{
	size_t length = field->bytes.left < size - 1 ? field->bytes.left : size - 1;

	for (size_t i = 0; i < length; i++) {
		uint8_t byte = field->bytes.bytes[i];

		if (byte == '\n' || byte == '\0') {
			length = i;
		} else {
			text[i] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
		}
	}
	text[length] = '\0';
}

static int decode_notice(struct in in, struct criu_reply *reply)
{
	struct field field;
	int r;

	while ((r = next_field(&in, &field)) > 0) {
		if (is_bytes(&field, NOTIFY_script)) {
			take_text(&field, reply->notice, sizeof(reply->notice));
		} else if (is_number(&field, NOTIFY_pid)) {
			reply->pid = (pid_t)field.value;
		}
	}
	return r;
}

static int decode_restore(struct in in, struct criu_reply *reply)
{
	struct field field;
	int r;

	while ((r = next_field(&in, &field)) > 0) {
		if (is_number(&field, RESTORE_pid)) {
			reply->pid = (pid_t)field.value;
		}
	}
	return r;
}

static int decode_version(struct in in, struct criu_reply *reply)
{
	uint32_t parts[VERSION_sublevel + 1] = {0};
	struct field field;
	int r;

	while ((r = next_field(&in, &field)) > 0) {
		if (field.form == FORM_VARINT && field.number <= VERSION_sublevel &&
			field.value < 100) {
			parts[field.number] = (uint32_t)field.value;
		}
	}
	reply->version =
		parts[VERSION_major] * 10000 + parts[VERSION_minor] * 100 + parts[VERSION_sublevel];
	return r;
}

static int decode_field(const struct field *field, struct criu_reply *reply)
{
	if (is_number(field, RESP_type)) {
		reply->type = (uint32_t)field->value;
	} else if (is_number(field, RESP_success)) {
		reply->is_success = field->value != 0;
	} else if (is_number(field, RESP_cr_errno)) {
		reply->error = (int32_t)field->value;
	} else if (is_bytes(field, RESP_cr_errmsg)) {
		take_text(field, reply->message, sizeof(reply->message));
	} else if (is_bytes(field, RESP_notify)) {
		return decode_notice(field->bytes, reply);
	} else if (is_bytes(field, RESP_restore)) {
		return decode_restore(field->bytes, reply);
	} else if (is_bytes(field, RESP_version)) {
		return decode_version(field->bytes, reply);
	}
	return 0;
}

int criu_decode(const void *bytes, size_t length, struct criu_reply *ret_reply)
{
	struct in in = {.bytes = bytes, .left = length};
	struct criu_reply reply = {0};
	struct field field;
	int r;

	while ((r = next_field(&in, &field)) > 0) {
		r = decode_field(&field, &reply);
		if (r < 0) {
			break;
		}
	}
	if (r == 0) {
		*ret_reply = reply;
	}
	return r;
}

int criu_decode_inventory(const void *bytes, size_t length, uint32_t *ret_module)
{
	struct in in = {.bytes = bytes, .left = length};
	uint32_t module = CRIU_MODULE_NONE;
	struct field field;
	int r;

	while ((r = next_field(&in, &field)) > 0) {
		if (is_number(&field, INVENTORY_lsmtype)) {
			module = (uint32_t)field.value;
		}
	}
	if (r == 0) {
		*ret_module = module;
	}
	return r;
}
