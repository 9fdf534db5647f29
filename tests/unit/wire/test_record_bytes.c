/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a field of a record: what goes in comes out, and what no encoder writes is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/boot.h"
#include "wire/record.h"

struct sample {
	uint32_t before;
	struct wire_bytes bytes;
	uint32_t after;
};

static const struct wire_field fields[] = {
	{1, WIRE_U32, offsetof(struct sample, before), "before", NULL},
	{2, WIRE_BYTES, offsetof(struct sample, bytes), "bytes", NULL},
	{3, WIRE_U32, offsetof(struct sample, after), "after", NULL},
};
static const struct wire_record record = {
	"sample", sizeof(struct sample), fields, ARRAY_COUNT(fields)};

enum { TYPE = 62099 };

static const unsigned char *encode(
	const struct sample *sample, struct arena *arena, size_t *ret_length)
{
	const void *message = NULL;

	assert_int_equal(wire_record_encode(&record, TYPE, sample, arena, &message, ret_length), 0);
	return message;
}

static void test_round_trip(void **state)
{
	static const unsigned char bytes[] = {0, 1, 2, 0xff, 0, 5, 6, 7, 8, 9, 0};

	(void)state;
	for (size_t length = 1; length <= sizeof(bytes); length++) {
		const struct sample sample = {7, {bytes, length}, 9};
		struct sample got = {0};
		autoarena struct arena arena;
		const unsigned char *message;
		size_t size = 0;

		arena_init(&arena, 4096);
		message = encode(&sample, &arena, &size);
		assert_int_equal(size, WIRE_HEADER_BYTES + 16 + 8 + (length + 7) / 8 * 8 + 16);
		assert_int_equal(wire_record_decode(&record, message + WIRE_HEADER_BYTES,
					 size - WIRE_HEADER_BYTES, &arena, &got),
			0);
		assert_int_equal(got.before, 7);
		assert_int_equal(got.after, 9);
		assert_int_equal(got.bytes.length, length);
		assert_memory_equal(got.bytes.data, bytes, length);
		assert_int_equal(((const unsigned char *)got.bytes.data - message) % 8, 0);
	}
}

static void test_empty_is_not_sent(void **state)
{
	const struct sample sample = {7, {"", 0}, 9};
	struct sample got = {0};
	autoarena struct arena arena;
	const unsigned char *message;
	size_t size = 0;

	(void)state;
	arena_init(&arena, 4096);
	message = encode(&sample, &arena, &size);
	assert_int_equal(size, WIRE_HEADER_BYTES + 16 + 16);
	assert_int_equal(wire_record_decode(&record, message + WIRE_HEADER_BYTES,
				 size - WIRE_HEADER_BYTES, &arena, &got),
		0);
	assert_null(got.bytes.data);
	assert_int_equal(got.bytes.length, 0);
}

/* An item: kind, zero, length, and a value of eight bytes. */
struct item {
	uint16_t kind, zero;
	uint32_t length;
	unsigned char value[8];
};

static void test_refused(void **state)
{
	static const struct {
		struct item items[2];
		size_t size; /* of the items */
		int expected;
	} cases[] = {
		{{{2, 0, 8, {1, 2, 3, 4, 5, 6, 7, 8}}}, 16, 0}, {{{2, 0, 3, {1, 2, 3}}}, 16, 0},
		{{{2, 0, 3, {1, 2, 3, 4}}}, 16, -EPROTO},        /* padding */
		{{{2, 0, 0, {0}}}, 8, -EPROTO},                  /* nothing */
		{{{2, 1, 8, {1}}}, 16, -EPROTO},                 /* not zero */
		{{{2, 0, 9, {1}}}, 16, -EPROTO},                 /* past the end */
		{{{2, 0, UINT32_MAX, {1}}}, 16, -EPROTO},        /* far past it */
		{{{2, 0, 8, {1}}, {2, 0, 8, {1}}}, 32, -EPROTO}, /* twice */
		{{{2, 0, 3, {1}}}, 15, -EPROTO},                 /* cut in the padding */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sample got = {0};
		autoarena struct arena arena;
		int r;

		arena_init(&arena, 4096);
		r = wire_record_decode(&record, cases[i].items, cases[i].size, &arena, &got);
		if (r != cases[i].expected) {
			fail_msg("case %zu: %d", i, r);
		}
	}
}

static void test_boot_carries_a_filter(void **state)
{
	static const uint64_t program[] = {6, 0x7fff000000000006};
	static const char *const args[] = {"true", NULL};
	const struct boot boot = {.root = "/r",
		.cwd = "/",
		.args = {args, 1},
		.seccomp = {{program, sizeof(program)}, 4}};
	struct boot got = {0};
	autoarena struct arena arena;
	const void *message = NULL;
	size_t size = 0;

	(void)state;
	arena_init(&arena, 1 << 16);
	assert_int_equal(wire_record_encode(&boot_record, TYPE, &boot, &arena, &message, &size), 0);
	assert_int_equal(wire_record_decode(&boot_record, (const char *)message + WIRE_HEADER_BYTES,
				 size - WIRE_HEADER_BYTES, &arena, &got),
		0);
	assert_int_equal(boot_check(&got), 0);
	assert_int_equal(got.seccomp.flags, 4);
	assert_int_equal(got.seccomp.program.length, sizeof(program));
	assert_memory_equal(got.seccomp.program.data, program, sizeof(program));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty_is_not_sent),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_boot_carries_a_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
