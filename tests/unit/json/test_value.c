/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static const struct json_value *parse(struct arena *arena, const char *text)
{
	const struct json_value *value = NULL;
	const char *reason = NULL;
	size_t offset;

	arena_init(arena, 1 << 20);
	if (json_parse(arena, text, strlen(text), &value, &offset, &reason) < 0) {
		fail_msg("%s: %s", text, reason);
	}
	return value;
}

enum { FORM = -EINVAL, RANGE = -ERANGE };

/* A number, and what the two conversions say: a status and a value each. */
static const struct number {
	const char *text;
	int i64_status;
	int64_t i64;
	int u64_status;
	uint64_t u64;
} numbers[] = {
	{"0", 0, 0, 0, 0},
	{"-0", 0, 0, 0, 0},
	{"1", 0, 1, 0, 1},
	{"-1", 0, -1, RANGE, 0},
	{"4294967296", 0, 4294967296, 0, 4294967296},
	{"9223372036854775807", 0, INT64_MAX, 0, INT64_MAX},
	{"9223372036854775808", RANGE, 0, 0, UINT64_C(1) << 63},
	{"-9223372036854775808", 0, INT64_MIN, RANGE, 0},
	{"-9223372036854775809", RANGE, 0, RANGE, 0},
	{"18446744073709551615", RANGE, 0, 0, UINT64_MAX},
	{"18446744073709551616", RANGE, 0, RANGE, 0},
	{"-18446744073709551616", RANGE, 0, RANGE, 0},
	{"100000000000000000000000", RANGE, 0, RANGE, 0},
	{"1.0", FORM, 0, FORM, 0},
	{"1.5", FORM, 0, FORM, 0},
	{"-0.0", FORM, 0, FORM, 0},
	{"1e0", FORM, 0, FORM, 0},
	{"1e400", FORM, 0, FORM, 0},
	{"\"1\"", FORM, 0, FORM, 0},
	{"null", FORM, 0, FORM, 0},
	{"true", FORM, 0, FORM, 0},
	{"[]", FORM, 0, FORM, 0},
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		const struct number *row = &numbers[i];
		autoarena struct arena arena;
		const struct json_value *value = parse(&arena, row->text);
		int64_t i64 = 77;
		uint64_t u64 = 77;

		print_message("# %s\n", row->text);
		assert_int_equal(json_to_i64(value, &i64), row->i64_status);
		assert_int_equal(json_to_u64(value, &u64), row->u64_status);
		assert_true(i64 == (row->i64_status ? 77 : row->i64));
		assert_true(u64 == (row->u64_status ? 77 : row->u64));
	}
}

static void test_get(void **state)
{
	autoarena struct arena arena;
	const struct json_value *root = parse(&arena, "{\"a\":1,\"ab\":[2],\"\":3,\"a\":4}");

	(void)state;
	assert_string_equal(json_get(root, "a")->text, "4");
	assert_string_equal(json_get(root, "")->text, "3");
	assert_int_equal(json_get(root, "ab")->kind, JSON_ARRAY);
	assert_null(json_get(root, "b"));
	assert_null(json_get(root, "abc"));
	assert_null(json_get(json_get(root, "ab"), "a"));
	assert_null(json_get(NULL, "a"));
}

/* RFC 6901, section 5, and pointers that name nothing: the value found is told by its offset. */
static const char tree[] = "{\"foo\":[\"bar\",{\"deep\":[7]}],\"\":0,\"a/b\":1,\"m~n\":8,\"~1\":9,"
			   "\"01\":{\"2\":3}}";

static const struct {
	const char *pointer, *found;
} pointers[] = {
	{"", "{\"foo"},
	{"/foo", "[\"bar"},
	{"/foo/0", "\"bar\""},
	{"/foo/1", "{\"deep"},
	{"/foo/1/deep/0", "7]"},
	{"/", "0,\"a/b"},
	{"/a~1b", "1,"},
	{"/m~0n", "8,"},
	{"/~01", "9,"},
	{"/01/2", "3}"},
	/* names nothing */
	{"foo", "{\"foo"},
	{"/absent", "{\"foo"},
	{"/absent/foo", "{\"foo"},
	{"/fo", "{\"foo"},
	{"/fooo", "{\"foo"},
	{"/a/b", "{\"foo"},
	{"/m~n", "{\"foo"},
	{"/m~", "{\"foo"},
	{"/m~2n", "{\"foo"},
	{"/foo/2", "[\"bar"},
	{"/foo/-", "[\"bar"},
	{"/foo/00", "[\"bar"},
	{"/foo/01", "[\"bar"},
	{"/foo/-1", "[\"bar"},
	{"/foo/4294967296", "[\"bar"},
	{"/foo/99999999999999999999999999999999", "[\"bar"},
	{"/foo/", "[\"bar"},
	{"/foo/x/y", "[\"bar"},
	{"/foo/0/x", "\"bar\""},
	{"/foo/1/deep/0/0", "7]"},
};

static void test_find(void **state)
{
	autoarena struct arena arena;
	const struct json_value *root = parse(&arena, tree);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(pointers); i++) {
		const struct json_value *found = json_find(root, pointers[i].pointer);
		const char *at;

		assert_non_null(found);
		at = tree + found->offset;
		if (strncmp(at, pointers[i].found, strlen(pointers[i].found)) != 0) {
			fail_msg("%s finds %s", pointers[i].pointer, at);
		}
	}
	assert_null(json_find(NULL, "/a"));
}

static void test_position(void **state)
{
	static const char text[] = "{\n\t\"a\":\n\n1}";
	static const struct {
		size_t offset;
		uint32_t line, column;
	} rows[] = {{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {3, 2, 2}, {7, 2, 6}, {8, 3, 1}, {9, 4, 1},
		{10, 4, 2}, {11, 4, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint32_t line = 0, column = 0;

		json_position(text, rows[i].offset, &line, &column);
		assert_int_equal(line, rows[i].line);
		assert_int_equal(column, rows[i].column);
	}
}

static void test_kind_names(void **state)
{
	static const char *const names[] = {
		"null", "a boolean", "a number", "a string", "an array", "an object"};

	(void)state;
	for (int kind = 0; kind < JSON_KIND_COUNT; kind++) {
		assert_string_equal(json_kind_name((enum json_kind)kind), names[kind]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
