/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an enemy: cut at each byte, changed at random, and made to cost memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kit/boot_sample.h"
#include "../../kit/record_oracle.h"
#include "wire/frame.h"

enum { MEMORY_MAX = 256 * 1024 * 1024, MUTANTS = 100000 };

static enum record_outcome judge(const void *message, size_t length, size_t *ret_used)
{
	enum record_outcome outcome = RECORD_NO_FRAME;
	const char *broken = record_oracle(message, length, &outcome, ret_used);

	if (broken) {
		fail_msg("%s", broken);
	}
	return outcome;
}

/* A copy in a block of exactly its size: the sanitizer sees a read past its end. */
static char *copy_of(const void *message, size_t length)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, message, length);
	return copy;
}

static void set_length(char *message, uint32_t length)
{
	memcpy(message, &length, sizeof(length));
}

/* Where the items of the outermost struct begin. */
static size_t mark_ends(const char *message, size_t length, bool *ret_is_end)
{
	size_t count = 0;

	for (size_t at = WIRE_HEADER_BYTES; at < length;) {
		uint32_t size;

		ret_is_end[at] = true;
		count++;
		memcpy(&size, message + at + 4, sizeof(size));
		at += 8 + (size + 7) / 8 * 8;
	}
	return count;
}

/* Cut between two items it is another sound message; cut anywhere else it is refused. */
static void test_cut_at_each_byte(void **state)
{
	autoarena struct arena arena;
	const void *message = NULL;
	size_t length = 0;
	bool *is_end;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(boot_sample_message(&arena, 4, &message, &length), 0);
	is_end = arena_alloc(&arena, length, sizeof(*is_end));
	assert_non_null(is_end);
	assert_true(mark_ends(message, length, is_end) > 20);
	for (size_t cut = 0; cut < length; cut++) {
		char *copy = copy_of(message, cut);
		enum record_outcome outcome;

		if (cut >= WIRE_HEADER_BYTES) {
			set_length(copy, (uint32_t)cut);
		}
		outcome = judge(copy, cut, NULL);
		if (cut < WIRE_HEADER_BYTES) {
			assert_int_equal(outcome, RECORD_NO_FRAME);
		} else if (cut == WIRE_HEADER_BYTES || is_end[cut]) {
			assert_true(outcome == RECORD_INCOMPLETE || outcome == RECORD_TAKEN);
		} else {
			assert_int_equal(outcome, RECORD_REFUSED);
		}
		free(copy);
	}
	assert_int_equal(judge(message, length, NULL), RECORD_TAKEN);
}

/* xorshift64*: the same numbers in each run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static size_t random_below(uint64_t *seed, size_t limit)
{
	return (size_t)(next_random(seed) >> 16) % limit;
}

/* One change at a place that is a multiple of 8 (headers of items are) or at any byte. */
static size_t mutate(char *message, size_t length, uint64_t *seed)
{
	static const uint32_t lengths[] = {
		0, 1, 3, 4, 7, 8, 9, 16, 24, 4096, 0x7fffffff, 0xfffffff8, 0xffffffff};
	size_t items = length - WIRE_HEADER_BYTES;
	size_t word = WIRE_HEADER_BYTES + random_below(seed, items / 8) * 8;
	size_t byte = WIRE_HEADER_BYTES + random_below(seed, items);
	size_t other = WIRE_HEADER_BYTES + random_below(seed, items / 8) * 8;
	uint32_t size = lengths[random_below(seed, ARRAY_COUNT(lengths))];
	uint16_t kind = (uint16_t)random_below(seed, 20);

	switch (random_below(seed, 7)) {
	case 0:
		message[byte] ^= (char)(1 << random_below(seed, 8));
		return length;
	case 1:
		message[byte] = (char)next_random(seed);
		return length;
	case 2:
		memcpy(message + word + 4, &size, sizeof(size));
		return length;
	case 3:
		memcpy(message + word, &kind, sizeof(kind));
		return length;
	case 4:
		memmove(message + word, message + word + 8, length - word - 8);
		return length - 8;
	case 5:
		memmove(message + word, message + other, 8);
		return length;
	default:
		return word > WIRE_HEADER_BYTES ? word : length;
	}
}

/* Up to three changes to a sound message; its own length is that of the bytes. */
static enum record_outcome judge_mutant(const void *message, size_t length, uint64_t *seed)
{
	char *copy = copy_of(message, length);
	size_t changes = 1 + random_below(seed, 3);
	enum record_outcome outcome;
	char *exact;

	for (size_t i = 0; i < changes && length >= WIRE_HEADER_BYTES + 16; i++) {
		length = mutate(copy, length, seed);
	}
	set_length(copy, (uint32_t)length);
	exact = copy_of(copy, length);
	outcome = judge(exact, length, NULL);
	free(exact);
	free(copy);
	return outcome;
}

static void test_mutants(void **state)
{
	static const size_t mounts[] = {1, 2, 3, 12};
	const void *messages[ARRAY_COUNT(mounts)];
	size_t lengths[ARRAY_COUNT(mounts)];
	size_t outcomes[RECORD_INCOMPLETE + 1] = {0};
	uint64_t seed = 20240229;
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(mounts); i++) {
		assert_int_equal(
			boot_sample_message(&arena, mounts[i], &messages[i], &lengths[i]), 0);
	}
	for (size_t i = 0; i < MUTANTS; i++) {
		size_t which = i % ARRAY_COUNT(mounts);

		outcomes[judge_mutant(messages[which], lengths[which], &seed)]++;
	}
	printf("# %d mutants: %zu refused, %zu taken, %zu incomplete\n", MUTANTS,
		outcomes[RECORD_REFUSED], outcomes[RECORD_TAKEN], outcomes[RECORD_INCOMPLETE]);
	/* They are no test of one branch alone. */
	assert_true(outcomes[RECORD_REFUSED] > MUTANTS / 10);
	assert_true(outcomes[RECORD_TAKEN] > MUTANTS / 20);
	assert_true(outcomes[RECORD_INCOMPLETE] > MUTANTS / 100);
}

/* The frames of the child, which the parent reads while code of the image may run beside it. */
static void test_mutants_of_an_error(void **state)
{
	struct berth_error err = {
		.error_class = BERTH_ERROR_SYSTEM, .errnum = EPERM, .step = "exec"};
	size_t outcomes[RECORD_INCOMPLETE + 1] = {0};
	uint64_t seed = 4711;
	autoarena struct arena arena;
	struct frame_error frame;
	const void *message = NULL;
	size_t length = 0;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	(void)strcpy(err.message, "exec /bin/sh");
	frame_error_from(&err, &frame);
	assert_int_equal(wire_record_encode(&frame_error_record, WIRE_FRAME_ERROR, &frame, &arena,
				 &message, &length),
		0);
	for (size_t i = 0; i < MUTANTS / 10; i++) {
		outcomes[judge_mutant(message, length, &seed)]++;
	}
	assert_true(outcomes[RECORD_REFUSED] > MUTANTS / 100);
	assert_true(outcomes[RECORD_TAKEN] > MUTANTS / 100);
}

/* Bytes that calloc(3) was asked for, the arena's blocks. */
void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);

static size_t *allocated(void)
{
	static size_t bytes;

	return &bytes;
}

void *__wrap_calloc(size_t count, size_t size)
{
	*allocated() += count * size;
	return __real_calloc(count, size);
}

/* A pattern of items, again and again; what it costs for each byte of the message. */
static size_t cost_of(const char *pattern, size_t size, size_t times)
{
	size_t length = WIRE_HEADER_BYTES + size * times;
	char *message = malloc(length);
	struct boot boot = {0};
	autoarena struct arena arena;
	size_t used = 0;
	size_t before;
	int r;

	assert_non_null(message);
	wire_header_put(message, WIRE_FRAME_BOOT, (uint32_t)length);
	for (size_t i = 0; i < times; i++) {
		memcpy(message + WIRE_HEADER_BYTES + i * size, pattern, size);
	}
	(void)judge(message, length, &used);
	/* Once more by hand: what malloc(3) was asked for, with what is left over in blocks. */
	arena_init(&arena, MEMORY_MAX);
	before = *allocated();
	r = wire_record_decode(&boot_record, message + WIRE_HEADER_BYTES,
		length - WIRE_HEADER_BYTES, &arena, &boot);
	assert_int_equal(r, 0);
	assert_true(*allocated() > before);
	assert_true(*allocated() - before <=
		    RECORD_MEMORY_FACTOR * length + 4 * (size_t)RECORD_MEMORY_CONSTANT + 1024);
	free(message);
	return (*allocated() - before) / length;
}

/* What is small on the wire and big in memory: a struct without items, and one whose list has one. */
static void test_memory(void **state)
{
	static const struct {
		const char *what;
		const char *pattern;
		size_t size;
	} rows[] = {
#define PATTERN(what, bytes) {what, bytes, sizeof(bytes) - 1}
		PATTERN("empty mounts", "\6\0\0\0\0\0\0\0"),
		PATTERN("empty devices", "\7\0\0\0\0\0\0\0"),
		PATTERN("both in turn", "\6\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0"),
		PATTERN("mounts with an option",
			"\6\0\0\0\x10\0\0\0\7\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0"),
		PATTERN("empty args", "\x11\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0"),
#undef PATTERN
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t least = cost_of(rows[i].pattern, rows[i].size, 1000);
		size_t cost = cost_of(rows[i].pattern, rows[i].size, 50000);

		printf("# %s: %zu bytes for each of the message\n", rows[i].what, cost);
		assert_true(least < 32);
		assert_true(cost < 32);
	}
}

/* The child's own limit holds for a message of the greatest length. */
static void test_memory_limit(void **state)
{
	enum { LIMIT = 64 * 1024 * 1024 };
	size_t length = WIRE_RECORD_MAX_BYTES - WIRE_HEADER_BYTES;
	char *items = calloc(length, 1);
	struct boot boot = {0};
	autoarena struct arena arena;

	(void)state;
	assert_non_null(items);
	for (size_t at = 0; at < length; at += 8) {
		items[at] = 6;
	}
	arena_init(&arena, LIMIT);
	assert_int_equal(wire_record_decode(&boot_record, items, length, &arena, &boot), -ENOMEM);
	assert_true(arena.used <= LIMIT);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_each_byte),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_mutants_of_an_error),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
