/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void strbuf_init(struct strbuf *buf, char *data, size_t size)
{
	*buf = (struct strbuf){.data = data, .size = size};
	data[0] = '\0';
}

void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length)
{
	size_t room = buf->size - buf->length - 1;

	if (length > room) {
		length = room;
		buf->is_cut = true;
	}
	memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
	strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	size_t room = buf->size - buf->length;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(buf->data + buf->length, room, format, args);
	va_end(args);
	if (wanted < 0) {
		buf->data[buf->length] = '\0';
		buf->is_cut = true;
		return;
	}
	if ((size_t)wanted >= room) {
		buf->length = buf->size - 1;
		buf->is_cut = true;
		return;
	}
	buf->length += (size_t)wanted;
}

size_t str_copy(char *target, size_t size, const char *source)
{
	size_t length;

	if (size == 0) {
		return 0;
	}
	length = source ? strnlen(source, size - 1) : 0;
	if (length > 0) {
		memmove(target, source, length);
	}
	target[length] = '\0';
	return length;
}

bool str_is_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool str_is_given(const char *text)
{
	return text && text[0] != '\0';
}

uint64_t str_hash(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *data = bytes;

	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

bool str_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int str_to_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
		return -EINVAL;
	}
	for (; *text; text++) {
		if (*text < '0' || *text > '9') {
			return -EINVAL;
		}
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value)) {
			return -ERANGE;
		}
	}
	*ret_value = value;
	return 0;
}

int str_to_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int r = str_to_u64(text, &value);

	if (r < 0) {
		return r;
	}
	if (value > UINT32_MAX) {
		return -ERANGE;
	}
	*ret_value = (uint32_t)value;
	return 0;
}
