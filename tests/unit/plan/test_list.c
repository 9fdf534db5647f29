/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/work.h"

enum { MEMORY_MAX = 1024 * 1024, WORD_BITS = 8 * sizeof(unsigned long) };

static int list_read(
	struct arena *arena, const char *text, struct wire_bytes *ret_mask, struct berth_error *err)
{
	struct plan_work work = {.arena = arena};

	memset(err, 0, sizeof(*err));
	*ret_mask = (struct wire_bytes){0};
	return plan_list_read(&work, text, "/list", ret_mask, err);
}

static bool has_bit(const struct wire_bytes *mask, unsigned int bit)
{
	const unsigned long *words = mask->data;

	return bit / 8 < mask->length && (words[bit / WORD_BITS] >> bit % WORD_BITS & 1);
}

/* Exactly the numbers of `wanted`, which ends in -1. */
static void check_list(const char *text, const int *wanted)
{
	autoarena struct arena arena;
	struct wire_bytes mask;
	struct berth_error err;
	size_t count = 0;

	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(list_read(&arena, text, &mask, &err), 0);
	assert_int_equal(mask.length % sizeof(unsigned long), 0);
	for (unsigned int i = 0; i < mask.length * 8; i++) {
		count += has_bit(&mask, i);
	}
	for (; *wanted >= 0; wanted++) {
		assert_true(has_bit(&mask, (unsigned int)*wanted));
		count--;
	}
	assert_int_equal(count, 0);
}

static void test_lists(void **state)
{
	(void)state;
	check_list("0", (const int[]){0, -1});
	check_list("0-3,7", (const int[]){0, 1, 2, 3, 7, -1});
	check_list("3-3,3", (const int[]){3, -1});
	check_list(" 1, 5 ,,2-3, ", (const int[]){1, 2, 3, 5, -1});
	check_list("63-64", (const int[]){63, 64, -1});
	check_list("0,5000", (const int[]){0, 5000, -1});
	check_list("65535", (const int[]){65535, -1});
	check_list("007", (const int[]){7, -1});
}

static void test_empty(void **state)
{
	static const char *const texts[] = {NULL, "", " ", ",", ", ,"};
	autoarena struct arena arena;
	struct wire_bytes mask;
	struct berth_error err;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		assert_int_equal(list_read(&arena, texts[i], &mask, &err), 0);
		assert_int_equal(mask.length, 0);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {"x", "-", "-1", "1-", "3-1", "1 -2", "1- 2", "0x1",
		"1;2", "1-2-3", "+1", "65536", "0-65536", "4294967296", "99999999999999999999",
		"1\t", "1.5"};
	autoarena struct arena arena;
	struct wire_bytes mask;
	struct berth_error err;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		int r = list_read(&arena, texts[i], &mask, &err);

		if (r != -EINVAL || mask.length != 0 || strcmp(err.pointer, "/list") != 0) {
			fail_msg("\"%s\": %d, %s: %s", texts[i], r, err.pointer, err.message);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
