/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: zeroed, aligned, within its limit, and given back at once (the sanitizer's build looks for
 * what is not). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

enum { LIMIT = 1024 * 1024 };

static size_t rounded(size_t size)
{
	size_t align = _Alignof(max_align_t);

	return size == 0 ? align : (size + align - 1) / align * align;
}

static void test_zeroed_and_aligned(void **state)
{
	autoarena struct arena arena;
	size_t used = 0;

	(void)state;
	arena_init(&arena, LIMIT);
	for (size_t size = 0; size < 400; size++) {
		unsigned char *memory = arena_alloc(&arena, size, 1);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(memory[i], 0);
		}
		/* Written full: the next piece is zero nevertheless. */
		memset(memory, 0xff, size);
		used += rounded(size);
		assert_int_equal(arena.used, used);
	}
}

static void test_pieces_do_not_overlap(void **state)
{
	enum { COUNT = 3000 };
	autoarena struct arena arena;
	unsigned char *pieces[COUNT];

	(void)state;
	arena_init(&arena, LIMIT);
	for (size_t i = 0; i < COUNT; i++) {
		pieces[i] = arena_alloc(&arena, i % 50 + 1, 1);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i % 251), i % 50 + 1);
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t at = 0; at < i % 50 + 1; at++) {
			assert_int_equal(pieces[i][at], i % 251);
		}
	}
}

/* Bigger than a block, and a small one before and behind. */
static void test_big_pieces(void **state)
{
	autoarena struct arena arena;
	char *before, *big, *behind;

	(void)state;
	arena_init(&arena, LIMIT);
	before = arena_alloc(&arena, 1, 1);
	big = arena_alloc(&arena, 1000, 500);
	behind = arena_alloc(&arena, 1, 1);
	assert_non_null(before);
	assert_non_null(big);
	assert_non_null(behind);
	memset(big, 0x55, 500000);
	assert_int_equal(*before, 0);
	assert_int_equal(*behind, 0);
}

static void test_size_zero(void **state)
{
	autoarena struct arena arena;
	void *one, *two;

	(void)state;
	arena_init(&arena, LIMIT);
	one = arena_alloc(&arena, 0, 8);
	two = arena_alloc(&arena, 8, 0);
	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
}

static void test_limit(void **state)
{
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_null(arena_alloc(&arena, 65, 1));
	assert_null(arena_alloc(&arena, 1, 65));
	assert_int_equal(arena.used, 0);
	/* Who was refused may ask for less. */
	assert_non_null(arena_alloc(&arena, 48, 1));
	assert_null(arena_alloc(&arena, 17, 1));
	assert_non_null(arena_alloc(&arena, 16, 1));
	assert_int_equal(arena.used, 64);
	assert_null(arena_alloc(&arena, 1, 1));
	assert_null(arena_alloc(&arena, 0, 0));
	assert_null(arena_copy(&arena, "", 0));
	assert_null(arena_printf(&arena, "x"));
}

/* What is handed out is never more than the limit, in whatever pieces it is asked for. */
static void test_limit_in_pieces(void **state)
{
	(void)state;
	for (size_t size = 1; size < 100; size++) {
		autoarena struct arena arena;
		size_t count = 0;

		arena_init(&arena, 40000);
		while (arena_alloc(&arena, size, 1)) {
			count++;
		}
		assert_true(arena.used <= 40000);
		assert_int_equal(count, 40000 / rounded(size));
	}
}

static void test_nothing_allowed(void **state)
{
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_null(arena_alloc(&arena, 0, 1));
	assert_null(arena_alloc(&arena, 1, 1));
}

static void test_overflow(void **state)
{
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, LIMIT);
	assert_null(arena_alloc(&arena, SIZE_MAX, 2));
	assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1, 2));
	assert_null(arena_alloc(&arena, SIZE_MAX, 1));
	assert_null(arena_alloc(&arena, SIZE_MAX / 8 + 2, 8));
	assert_null(arena_copy(&arena, "", SIZE_MAX));
	assert_null(arena_copy(&arena, "", SIZE_MAX - 1));
	assert_int_equal(arena.used, 0);
}

static void test_copy(void **state)
{
	static const char bytes[] = {'a', '\0', 'b', (char)0xff};
	autoarena struct arena arena;
	char *copy;

	(void)state;
	arena_init(&arena, LIMIT);
	copy = arena_copy(&arena, bytes, sizeof(bytes));
	assert_non_null(copy);
	assert_memory_equal(copy, bytes, sizeof(bytes));
	assert_int_equal(copy[sizeof(bytes)], '\0');
	copy = arena_copy(&arena, NULL, 0);
	assert_string_equal(copy, "");
	/* The NUL behind 16 bytes needs room of its own. */
	copy = arena_copy(&arena, "0123456789abcdef", 16);
	assert_string_equal(copy, "0123456789abcdef");
}

static void test_printf(void **state)
{
	autoarena struct arena arena;
	char *text;

	(void)state;
	arena_init(&arena, LIMIT);
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
	assert_string_equal(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	text = arena_printf(&arena, "%0*d", 50000, 1);
	assert_non_null(text);
	assert_int_equal(strlen(text), 50000);
	assert_int_equal(text[49999], '1');
	assert_null(arena_printf(&arena, "%0*d", LIMIT, 1));
}

static void test_finish_and_again(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 100000);
	assert_non_null(arena_alloc(&arena, 90000, 1));
	arena_finish(&arena);
	assert_null(arena.blocks);
	assert_int_equal(arena.used, 0);
	arena_finish(&arena);
	assert_non_null(arena_alloc(&arena, 90000, 1));
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_pieces_do_not_overlap),
		cmocka_unit_test(test_big_pieces),
		cmocka_unit_test(test_size_zero),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_in_pieces),
		cmocka_unit_test(test_nothing_allowed),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_finish_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
