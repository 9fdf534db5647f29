/* SPDX-License-Identifier: Apache-2.0 */
#include "json/string.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	SURROGATE_HIGH = 0xd800, /* to 0xdbff: the first of a pair (RFC 8259, section 7) */
	SURROGATE_LOW = 0xdc00,  /* to 0xdfff: the second */
	SURROGATE_END = 0xe000,
};

/* The well-formed byte sequences of RFC 3629, section 4: the range of the first byte, that of the second
 * one, and how many bytes there are. The third and fourth are 80 to BF. */
static const struct utf8_row {
	unsigned char first_min, first_max, second_min, second_max, length;
} utf8_table[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

static size_t utf8_row_length(const struct utf8_row *row, const unsigned char *bytes, size_t length)
{
	if (length < row->length || bytes[1] < row->second_min || bytes[1] > row->second_max) {
		return 0;
	}
	for (size_t i = 2; i < row->length; i++) {
		if (bytes[i] < 0x80 || bytes[i] > 0xbf) {
			return 0;
		}
	}
	return row->length;
}

size_t json_utf8_length(const char *bytes, size_t length)
{
	const unsigned char *octets = (const unsigned char *)bytes;

	if (length == 0) {
		return 0;
	}
	if (octets[0] < 0x80) {
		return 1;
	}
	for (size_t i = 0; i < ARRAY_COUNT(utf8_table); i++) {
		const struct utf8_row *row = &utf8_table[i];

		if (octets[0] >= row->first_min && octets[0] <= row->first_max) {
			return utf8_row_length(row, octets, length);
		}
	}
	return 0;
}

static int fault(struct json_string_fault *ret_fault, size_t offset, const char *reason)
{
	*ret_fault = (struct json_string_fault){.offset = offset, .reason = reason};
	return -EINVAL;
}

int json_string_end(const char *text, size_t length, size_t start, size_t *ret_end,
	struct json_string_fault *ret_fault)
{
	size_t at = start;

	while (at < length) {
		unsigned char byte = (unsigned char)text[at];

		if (byte == '"') {
			*ret_end = at;
			return 0;
		}
		if (byte == '\0') {
			return fault(ret_fault, at, "NUL in a string");
		}
		if (byte < 0x20) {
			return fault(ret_fault, at, "control character in a string");
		}
		at += byte == '\\' ? 2 : 1;
	}
	return fault(ret_fault, start - 1, "string without a closing quote");
}

struct decoder {
	const char *text;
	size_t at, end;
	char *out;
	struct json_string_fault *fault;
};

static void put_code_point(struct decoder *decoder, uint32_t code)
{
	if (code < 0x80) {
		*decoder->out++ = (char)code;
		return;
	}
	if (code < 0x800) {
		*decoder->out++ = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		*decoder->out++ = (char)(0xe0 | code >> 12);
		*decoder->out++ = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		*decoder->out++ = (char)(0xf0 | code >> 18);
		*decoder->out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*decoder->out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*decoder->out++ = (char)(0x80 | (code & 0x3f));
}

static bool hex_digit(char byte, uint32_t *ret_digit)
{
	if (byte >= '0' && byte <= '9') {
		*ret_digit = (uint32_t)(byte - '0');
		return true;
	}
	byte |= 0x20;
	if (byte >= 'a' && byte <= 'f') {
		*ret_digit = (uint32_t)(byte - 'a' + 10);
		return true;
	}
	return false;
}

/* "\uXXXX" at decoder->at, to be consumed only when it is whole. */
static bool take_unit(struct decoder *decoder, uint32_t *ret_unit)
{
	const char *text = decoder->text + decoder->at;
	uint32_t unit = 0;

	if (decoder->end - decoder->at < 6 || text[0] != '\\' || text[1] != 'u') {
		return false;
	}
	for (int i = 2; i < 6; i++) {
		uint32_t digit;

		if (!hex_digit(text[i], &digit)) {
			return false;
		}
		unit = unit << 4 | digit;
	}
	decoder->at += 6;
	*ret_unit = unit;
	return true;
}

static int decode_unicode(struct decoder *decoder)
{
	size_t start = decoder->at;
	uint32_t unit, low;

	if (!take_unit(decoder, &unit)) {
		return fault(decoder->fault, start, "expected four hexadecimal digits after \\u");
	}
	if (unit == 0) {
		return fault(decoder->fault, start, "NUL in a string");
	}
	if (unit >= SURROGATE_HIGH && unit < SURROGATE_LOW) {
		if (!take_unit(decoder, &low) || low < SURROGATE_LOW || low >= SURROGATE_END) {
			return fault(decoder->fault, start, "lone surrogate in a string");
		}
		unit = 0x10000 + ((unit - SURROGATE_HIGH) << 10) + (low - SURROGATE_LOW);
	} else if (unit >= SURROGATE_LOW && unit < SURROGATE_END) {
		return fault(decoder->fault, start, "lone surrogate in a string");
	}
	put_code_point(decoder, unit);
	return 0;
}

static int decode_escape(struct decoder *decoder)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	char name = decoder->text[decoder->at + 1];
	const char *found = strchr(names, name);

	if (name == 'u') {
		return decode_unicode(decoder);
	}
	if (!found || name == '\0') {
		return fault(decoder->fault, decoder->at, "unknown escape in a string");
	}
	*decoder->out++ = values[found - names];
	decoder->at += 2;
	return 0;
}

static int decode_plain(struct decoder *decoder)
{
	const char *bytes = decoder->text + decoder->at;
	size_t length = json_utf8_length(bytes, decoder->end - decoder->at);

	if (length == 0) {
		return fault(decoder->fault, decoder->at, "invalid UTF-8 in a string");
	}
	memcpy(decoder->out, bytes, length);
	decoder->out += length;
	decoder->at += length;
	return 0;
}

int json_string_decode(const char *text, size_t start, size_t end, char *target, size_t *ret_length,
	struct json_string_fault *ret_fault)
{
	struct decoder decoder = {
		.text = text, .at = start, .end = end, .out = target, .fault = ret_fault};

	while (decoder.at < end) {
		int r = text[decoder.at] == '\\' ? decode_escape(&decoder) : decode_plain(&decoder);

		if (r < 0) {
			return r;
		}
	}
	*decoder.out = '\0';
	*ret_length = (size_t)(decoder.out - target);
	return 0;
}
