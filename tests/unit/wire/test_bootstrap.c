/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder, whole messages cut and moved, and 100,000 random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "../../kit/bootstrap_oracle.h"
#include "base/attr.h"
#include "wire/bootstrap.h"

enum {
	MESSAGE_BYTES = 4096,
	RANDOM_MESSAGES = 100000,
	FULL_BYTES = 16 + 8 + 4 * 65536 + 8,
};

static struct wire_attr text_attr(uint16_t type, const char *text)
{
	return (struct wire_attr){WIRE_ATTR_BYTES, type, 0, text, strlen(text)};
}

/* Messages of every shape that is taken; they are what the random ones are made from. */
static size_t make_seed(unsigned int number, unsigned char *message)
{
	static const struct wire_bootstrap seeds[] = {
		{.clone_flags = 0x6c020000},
		{.clone_flags = 0, .console_path = "/dev/pts/3", .ns_paths = "/proc/42/ns/ipc"},
		{.ns_paths = "/a,/bb,/ccc,/dddd", .has_setgroups = true},
		{.clone_flags = 0x10000000,
			.uid_map = "0 1000 1\n1 100000 65536\n",
			.gid_map = "0 0 4294967295\n",
			.has_setgroups = true,
			.may_setgroups = true},
		{.clone_flags = 0x80, .uid_map = "5 6 7\n", .gid_map = "5 6 7\n12 13 1\n"},
	};
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	size_t count = wire_bootstrap_to_attrs(&seeds[number % ARRAY_COUNT(seeds)], attrs);
	size_t length = 0;

	/* The other half in the reverse order: then the bool is padded. */
	if (number / ARRAY_COUNT(seeds) % 2 == 1) {
		for (size_t i = 0; i < count / 2; i++) {
			struct wire_attr attr = attrs[i];

			attrs[i] = attrs[count - 1 - i];
			attrs[count - 1 - i] = attr;
		}
	}
	assert_int_equal(
		wire_bootstrap_encode(attrs, count, message, MESSAGE_BYTES, &length, NULL), 0);
	return length;
}

static void test_by_name(void **state)
{
	const struct wire_bootstrap full = {
		0x10000000, "/c", "/n", "0 1 1\n", "0 2 1\n", true, true};
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	struct wire_bootstrap back;

	(void)state;
	assert_int_equal(wire_bootstrap_to_attrs(&full, attrs), WIRE_ATTR_COUNT);
	for (size_t i = 0; i < WIRE_ATTR_COUNT; i++) {
		assert_int_equal(attrs[i].type, WIRE_CLONE_FLAGS_ATTR + i);
		assert_int_equal(attrs[i].kind, wire_attr_kind_of(attrs[i].type));
	}
	wire_bootstrap_from_attrs(attrs, WIRE_ATTR_COUNT, &back);
	assert_int_equal(back.clone_flags, 0x10000000);
	assert_string_equal(back.console_path, "/c");
	assert_string_equal(back.ns_paths, "/n");
	assert_string_equal(back.uid_map, "0 1 1\n");
	assert_string_equal(back.gid_map, "0 2 1\n");
	assert_true(back.has_setgroups && back.may_setgroups);
	wire_bootstrap_from_attrs(attrs, 1, &back);
	assert_null(back.console_path);
	assert_false(back.has_setgroups);
	assert_string_equal(wire_attr_name(WIRE_GIDMAP_ATTR), "GidmapAttr");
	assert_null(wire_attr_name(27290));
	assert_int_equal(wire_attr_kind_of(WIRE_INIT_MSG), WIRE_ATTR_KIND_COUNT);
}

static void test_long_values(void **state)
{
	char *value = malloc(65532);
	unsigned char *buffer = malloc(FULL_BYTES);
	struct wire_attr attrs[2] = {{.kind = WIRE_ATTR_INT32, .type = WIRE_CLONE_FLAGS_ATTR}};
	struct wire_attr out[WIRE_ATTR_COUNT];
	struct berth_error err = {0};
	size_t length = 0;
	size_t count = 0;

	(void)state;
	assert_non_null(value);
	assert_non_null(buffer);
	memset(value, 'x', 65531);
	value[65531] = '\0';
	attrs[1] = text_attr(WIRE_NS_PATHS_ATTR, value);
	assert_int_equal(attrs[1].length, 65531);
	assert_int_equal(wire_attr_len(&attrs[1]), 0);
	assert_int_equal(wire_attr_serialize(&attrs[1], buffer, FULL_BYTES), -EMSGSIZE);
	assert_int_equal(
		wire_bootstrap_encode(attrs, 2, buffer, FULL_BYTES, &length, &err), -EPROTO);
	assert_string_equal(
		err.message, "NsPathsAttr at offset 24: value of 65531 bytes, at most 65530 fit");
	/* A length that wraps 16 bits, and one that wraps everything. */
	attrs[1].length = SIZE_MAX;
	assert_int_equal(wire_attr_serialize(&attrs[1], buffer, FULL_BYTES), -EMSGSIZE);
	attrs[1].length = 65530;
	assert_int_equal(wire_attr_len(&attrs[1]), 65536);
	assert_int_equal(wire_bootstrap_encode(attrs, 2, buffer, FULL_BYTES, &length, NULL), 0);
	assert_int_equal(length, 16 + 8 + 65536);
	assert_int_equal(wire_bootstrap_decode(buffer, length, out, &count, NULL), 0);
	assert_int_equal(out[1].length, 65530);
	free(value);
	free(buffer);
}

static void test_encode_refusals(void **state)
{
	static char value[65530];
	struct wire_attr attrs[17] = {{.kind = WIRE_ATTR_INT32, .type = WIRE_CLONE_FLAGS_ATTR}};
	unsigned char buffer[MESSAGE_BYTES];
	struct berth_error err = {0};
	size_t length = 0;

	(void)state;
	assert_int_equal(wire_bootstrap_encode(attrs, 1, NULL, 0, &length, &err), -ENOBUFS);
	assert_int_equal(length, 24);
	assert_int_equal(err.errnum, ENOBUFS);
	assert_int_equal(wire_bootstrap_encode(attrs, 1, buffer, 23, &length, NULL), -ENOBUFS);
	assert_int_equal(wire_attr_serialize(&attrs[0], buffer, 7), -ENOBUFS);
	/* No arithmetic on NULL: UndefinedBehaviorSanitizer sees it. */
	assert_int_equal(wire_attr_serialize(&attrs[0], NULL, 0), -ENOBUFS);
	attrs[0].kind = WIRE_ATTR_KIND_COUNT;
	assert_int_equal(wire_attr_serialize(&attrs[0], buffer, sizeof(buffer)), -EINVAL);
	attrs[0].kind = WIRE_ATTR_BOOL;
	err = (struct berth_error){0};
	assert_int_equal(wire_bootstrap_encode(attrs, 1, buffer, 100, &length, &err), -EPROTO);
	assert_string_equal(err.message, "CloneFlagsAttr at offset 16: value of another kind");
	attrs[0].kind = WIRE_ATTR_INT32;
	attrs[1] = text_attr(27290, "x");
	err = (struct berth_error){0};
	assert_int_equal(wire_bootstrap_encode(attrs, 2, buffer, 100, &length, &err), -EPROTO);
	assert_string_equal(err.message, "attribute 27290 at offset 24: unknown");
	/* An inner NUL is the decoder's to see. */
	attrs[1] = (struct wire_attr){WIRE_ATTR_BYTES, WIRE_NS_PATHS_ATTR, 0, "/a\0b", 4};
	err = (struct berth_error){0};
	assert_int_equal(wire_bootstrap_encode(attrs, 2, buffer, 100, &length, &err), -EPROTO);
	assert_string_equal(
		err.message, "NsPathsAttr at offset 24: NUL inside, at byte 2 of the value");
	for (size_t i = 1; i < ARRAY_COUNT(attrs); i++) {
		attrs[i] = (struct wire_attr){
			WIRE_ATTR_BYTES, WIRE_NS_PATHS_ATTR, 0, value, sizeof(value)};
	}
	err = (struct berth_error){0};
	assert_int_equal(wire_bootstrap_encode(attrs, 17, buffer, 100, &length, &err), -EPROTO);
	assert_string_equal(err.message,
		"NsPathsAttr at offset 983064: the message passes the limit of 1048576 bytes");
	assert_int_equal(length, 24);
}

/* Nothing but the whole message is taken, whether its nlmsg_len says so or not. */
static void test_truncated(void **state)
{
	(void)state;
	for (unsigned int number = 0; number < 10; number++) {
		unsigned char message[MESSAGE_BYTES];
		size_t length = make_seed(number, message);

		for (size_t cut = 0; cut < length; cut++) {
			unsigned char *copy = malloc(cut ? cut : 1);
			uint32_t nlmsg_len = (uint32_t)cut;
			bool is_taken = true;

			assert_non_null(copy);
			memcpy(copy, message, cut);
			assert_null(bootstrap_oracle(copy, cut, &is_taken));
			assert_false(is_taken);
			if (cut >= sizeof(nlmsg_len)) {
				memcpy(copy, &nlmsg_len, sizeof(nlmsg_len));
			}
			/* A cut between two attributes leaves a message. */
			assert_null(bootstrap_oracle(copy, cut, NULL));
			free(copy);
		}
	}
}

static void test_any_address(void **state)
{
	(void)state;
	for (unsigned int number = 0; number < 10; number++) {
		unsigned char message[MESSAGE_BYTES];
		size_t length = make_seed(number, message);

		for (size_t shift = 0; shift < 4; shift++) {
			unsigned char *copy = malloc(length + shift);
			struct wire_attr attrs[WIRE_ATTR_COUNT];
			size_t again = 0;
			size_t count = 0;
			bool is_taken = false;

			assert_non_null(copy);
			memcpy(copy + shift, message, length);
			assert_null(bootstrap_oracle(copy + shift, length, &is_taken));
			assert_true(is_taken);
			/* And written to any address. */
			assert_int_equal(
				wire_bootstrap_decode(message, length, attrs, &count, NULL), 0);
			assert_int_equal(wire_bootstrap_encode(
						 attrs, count, copy + shift, length, &again, NULL),
				0);
			assert_int_equal(again, length);
			assert_memory_equal(copy + shift, message, length);
			free(copy);
		}
	}
}

/* The C library's calls, behind a count: the linker sends the rooms' calls here (--wrap). */
static size_t *allocations(void)
{
	static size_t count;

	return &count;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

void *__wrap_malloc(size_t size)
{
	++*allocations();
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	++*allocations();
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	++*allocations();
	return __real_realloc(pointer, size);
}

static void test_allocates_nothing(void **state)
{
	unsigned char message[MESSAGE_BYTES];
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	struct berth_error err = {0};
	size_t before = *allocations();
	void *volatile block;
	size_t count;

	(void)state;
	for (unsigned int number = 0; number < 10; number++) {
		size_t length = make_seed(number, message);

		assert_int_equal(wire_bootstrap_decode(message, length, attrs, &count, &err), 0);
		message[4] ^= 1;
		assert_int_not_equal(
			wire_bootstrap_decode(message, length, attrs, &count, &err), 0);
	}
	assert_int_equal(*allocations(), before);
	/* The control: the count counts. */
	block = malloc(1);
	free(block);
	assert_int_equal(*allocations(), before + 1);
}

/* xorshift64*: the same messages in every run. */
static uint32_t next_random(uint64_t *random)
{
	*random ^= *random >> 12;
	*random ^= *random << 25;
	*random ^= *random >> 27;
	return (uint32_t)((*random * 2685821657736338717ULL) >> 32);
}

/* The offset of a random attribute's header; or of the end. */
static size_t some_attr(const unsigned char *message, size_t length, uint64_t *random)
{
	size_t offset = sizeof(struct nlmsghdr);

	while (offset + sizeof(struct nlattr) <= length && next_random(random) % 3 != 0) {
		uint16_t nla_len;

		memcpy(&nla_len, message + offset, sizeof(nla_len));
		offset += NLA_ALIGN(nla_len) ? NLA_ALIGN(nla_len) : sizeof(struct nlattr);
	}
	return offset < length ? offset : length;
}

static void set_u16(unsigned char *message, size_t length, size_t offset, uint32_t number)
{
	uint16_t value = (uint16_t)number;

	if (offset + sizeof(value) <= length) {
		memcpy(message + offset, &value, sizeof(value));
	}
}

/* One change of a message; returns its new length, at most MESSAGE_BYTES. */
static size_t mutate(unsigned char *message, size_t length, uint64_t *random)
{
	static const uint16_t edges[] = {0, 1, 3, 4, 5, 7, 8, 9, 12, 0x7fff, 0xfffc, 0xffff};
	unsigned char other[MESSAGE_BYTES];
	size_t offset = some_attr(message, length, random);
	size_t from;
	size_t more;

	switch (next_random(random) % 7) {
	case 0: /* a bit */
		if (length > 0) {
			message[next_random(random) % length] ^=
				(unsigned char)(1u << next_random(random) % 8);
		}
		return length;
	case 1: /* a byte that the grammars know */
		if (length > 0) {
			message[next_random(random) % length] =
				(unsigned char)"\0\n ,/019\xff"[next_random(random) % 10];
		}
		return length;
	case 2: /* the end */
		return length ? next_random(random) % length : 0;
	case 3: /* nla_len, to an edge */
		set_u16(message, length, offset, edges[next_random(random) % ARRAY_COUNT(edges)]);
		return length;
	case 4: /* nla_len, by a little */
		set_u16(message, length, offset, next_random(random) % 32);
		return length;
	case 5: /* the type */
		set_u16(message, length, offset + 2, 27280 + next_random(random) % 8);
		return length;
	default: /* the end of another message */
		more = make_seed(next_random(random), other);
		from = some_attr(other, more, random);
		more -= from;
		if (offset + more > MESSAGE_BYTES) {
			return length;
		}
		memcpy(message + offset, other + from, more);
		return offset + more;
	}
}

static size_t make_random(unsigned char *message, uint64_t *random)
{
	size_t length = make_seed(next_random(random), message);
	uint32_t changes = next_random(random) % 5;
	uint32_t nlmsg_len;

	if (next_random(random) % 16 == 0) {
		length = next_random(random) % 64;
		for (size_t i = 0; i < length; i++) {
			message[i] = (unsigned char)next_random(random);
		}
		return length;
	}
	for (uint32_t i = 0; i < changes; i++) {
		length = mutate(message, length, random);
	}
	/* Mostly a header that fits, so that what is behind it is read. */
	nlmsg_len = (uint32_t)length;
	if (length >= sizeof(struct nlmsghdr) && next_random(random) % 8 != 0) {
		memcpy(message, &nlmsg_len, sizeof(nlmsg_len));
	}
	return length;
}

static void test_random(void **state)
{
	uint64_t random = 0x62657274680001ULL;
	unsigned int taken = 0;

	(void)state;
	for (unsigned int i = 0; i < RANDOM_MESSAGES; i++) {
		unsigned char message[MESSAGE_BYTES];
		size_t length = make_random(message, &random);
		size_t shift = next_random(&random) % 4;
		unsigned char *copy = malloc(length + shift + !(length + shift));
		bool is_taken = false;
		const char *broken;

		assert_non_null(copy);
		memcpy(copy + shift, message, length);
		broken = bootstrap_oracle(copy + shift, length, &is_taken);
		if (broken) {
			fail_msg("message %u: %s", i, broken);
		}
		taken += is_taken;
		free(copy);
	}
	/* Both ways are walked: neither all refused nor all taken. */
	assert_in_range(taken, RANDOM_MESSAGES / 10, RANDOM_MESSAGES * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_encode_refusals),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_any_address),
		cmocka_unit_test(test_allocates_nothing),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
