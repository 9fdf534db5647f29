/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are cut and never run over, and numbers in the one form that is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { GUARD = 0x5a };

/* A buffer with a guard behind it. */
struct guarded {
	char data[8];
	char guard[8];
};

static void guarded_init(struct guarded *guarded, struct strbuf *buf, size_t size)
{
	memset(guarded, GUARD, sizeof(*guarded));
	strbuf_init(buf, guarded->data, size);
}

static void assert_guarded(const struct guarded *guarded, size_t size)
{
	const char *bytes = guarded->data;

	for (size_t i = size; i < sizeof(*guarded); i++) {
		assert_int_equal(bytes[i], GUARD);
	}
}

static void test_strbuf_exact_fit(void **state)
{
	struct guarded guarded;
	struct strbuf buf;

	(void)state;
	guarded_init(&guarded, &buf, 8);
	assert_string_equal(buf.data, "");
	strbuf_add(&buf, "abc");
	strbuf_printf(&buf, "%s%d", "de", 67);
	assert_string_equal(buf.data, "abcde67");
	assert_int_equal(buf.length, 7);
	assert_false(buf.is_cut);
	/* Nothing more, and nothing is cut by it. */
	strbuf_add(&buf, "");
	strbuf_add_bytes(&buf, "x", 0);
	strbuf_printf(&buf, "%s", "");
	assert_false(buf.is_cut);
	assert_guarded(&guarded, 8);
}

static void test_strbuf_cut(void **state)
{
	struct guarded guarded;
	struct strbuf buf;

	(void)state;
	guarded_init(&guarded, &buf, 8);
	strbuf_add(&buf, "abcdefgh");
	assert_string_equal(buf.data, "abcdefg");
	assert_int_equal(buf.length, 7);
	assert_true(buf.is_cut);
	assert_guarded(&guarded, 8);
	/* It stays cut, and stays a text. */
	strbuf_add(&buf, "");
	strbuf_add(&buf, "x");
	strbuf_printf(&buf, "%d", 5);
	assert_string_equal(buf.data, "abcdefg");
	assert_int_equal(buf.length, 7);
	assert_true(buf.is_cut);
	assert_guarded(&guarded, 8);
}

static void test_strbuf_printf_cut(void **state)
{
	struct guarded guarded;
	struct strbuf buf;

	(void)state;
	guarded_init(&guarded, &buf, 8);
	strbuf_add(&buf, "ab");
	strbuf_printf(&buf, "%s", "cdefgh");
	assert_string_equal(buf.data, "abcdefg");
	assert_int_equal(buf.length, 7);
	assert_true(buf.is_cut);
	assert_guarded(&guarded, 8);
}

static void test_strbuf_size_one(void **state)
{
	struct guarded guarded;
	struct strbuf buf;

	(void)state;
	guarded_init(&guarded, &buf, 1);
	strbuf_add(&buf, "");
	assert_false(buf.is_cut);
	strbuf_add(&buf, "a");
	assert_true(buf.is_cut);
	strbuf_printf(&buf, "%d", 1);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.length, 0);
	assert_guarded(&guarded, 1);
}

static void test_strbuf_bytes(void **state)
{
	struct guarded guarded;
	struct strbuf buf;

	(void)state;
	guarded_init(&guarded, &buf, 8);
	strbuf_add_bytes(&buf, "a\0b", 3);
	strbuf_add(&buf, "c");
	assert_int_equal(buf.length, 4);
	assert_memory_equal(buf.data, "a\0bc", 5);
	assert_false(buf.is_cut);
}

/* Every length of text into every size of buffer. */
static void test_strbuf_all_lengths(void **state)
{
	static const char text[] = "0123456789abcde";

	(void)state;
	for (size_t size = 1; size <= 8; size++) {
		for (size_t length = 0; length < sizeof(text); length++) {
			struct guarded guarded;
			struct strbuf buf;
			size_t fits = length < size ? length : size - 1;

			guarded_init(&guarded, &buf, size);
			strbuf_printf(&buf, "%.*s", (int)length, text);
			assert_int_equal(buf.length, fits);
			assert_int_equal(strlen(buf.data), fits);
			assert_int_equal(buf.is_cut, length >= size);
			assert_guarded(&guarded, size);
		}
	}
}

static void test_copy(void **state)
{
	struct guarded guarded;

	(void)state;
	memset(&guarded, GUARD, sizeof(guarded));
	assert_int_equal(str_copy(guarded.data, 0, "abc"), 0);
	assert_guarded(&guarded, 0);
	assert_int_equal(str_copy(guarded.data, 1, "abc"), 0);
	assert_string_equal(guarded.data, "");
	assert_guarded(&guarded, 1);
	assert_int_equal(str_copy(guarded.data, 8, "abcdefgh"), 7);
	assert_string_equal(guarded.data, "abcdefg");
	assert_guarded(&guarded, 8);
	assert_int_equal(str_copy(guarded.data, 8, NULL), 0);
	assert_string_equal(guarded.data, "");
	/* A source without a NUL is read as far as it is needed, and not behind that. */
	assert_int_equal(str_copy(guarded.data, 4, (const char[]){'a', 'b', 'c'}), 3);
	assert_string_equal(guarded.data, "abc");
	/* Within one buffer. */
	assert_int_equal(str_copy(guarded.data, 8, guarded.data + 1), 2);
	assert_string_equal(guarded.data, "bc");
}

static void test_comparisons(void **state)
{
	(void)state;
	assert_true(str_is_equal("", ""));
	assert_true(str_is_equal("ab", "ab"));
	assert_false(str_is_equal("ab", "abc"));
	assert_false(str_is_equal("ab", "aB"));
	assert_true(str_has_prefix("abc", "ab"));
	assert_true(str_has_prefix("abc", ""));
	assert_true(str_has_prefix("abc", "abc"));
	assert_false(str_has_prefix("ab", "abc"));
	assert_false(str_has_prefix("", "a"));
}

static const struct number_row {
	const char *text;
	int r32, r64;
	uint64_t value;
} number_rows[] = {
	{"0", 0, 0, 0}, {"7", 0, 0, 7}, {"10", 0, 0, 10}, {"4294967295", 0, 0, UINT32_MAX},
	{"4294967296", -ERANGE, 0, 4294967296}, {"18446744073709551615", -ERANGE, 0, UINT64_MAX},
	{"18446744073709551616", -ERANGE, -ERANGE, 0},
	{"18446744073709551620", -ERANGE, -ERANGE, 0},
	{"99999999999999999999999999", -ERANGE, -ERANGE, 0}, {"", -EINVAL, -EINVAL, 0},
	{"00", -EINVAL, -EINVAL, 0}, {"01", -EINVAL, -EINVAL, 0}, {"0x1", -EINVAL, -EINVAL, 0},
	{"-1", -EINVAL, -EINVAL, 0}, {"-0", -EINVAL, -EINVAL, 0}, {"+1", -EINVAL, -EINVAL, 0},
	{" 1", -EINVAL, -EINVAL, 0}, {"1 ", -EINVAL, -EINVAL, 0}, {"1\n", -EINVAL, -EINVAL, 0},
	{"1.0", -EINVAL, -EINVAL, 0}, {"1e3", -EINVAL, -EINVAL, 0}, {"1,000", -EINVAL, -EINVAL, 0},
	{"/", -EINVAL, -EINVAL, 0}, {":", -EINVAL, -EINVAL, 0},
	{"\xd9\xa3", -EINVAL, -EINVAL, 0}, /* a digit, but of another script */
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(number_rows); i++) {
		const struct number_row *row = &number_rows[i];
		uint32_t small = 4711;
		uint64_t big = 4711;

		assert_int_equal(str_to_u32(row->text, &small), row->r32);
		assert_int_equal(small, row->r32 == 0 ? row->value : 4711);
		assert_int_equal(str_to_u64(row->text, &big), row->r64);
		assert_true(big == (row->r64 == 0 ? row->value : 4711));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strbuf_exact_fit),
		cmocka_unit_test(test_strbuf_cut),
		cmocka_unit_test(test_strbuf_printf_cut),
		cmocka_unit_test(test_strbuf_size_one),
		cmocka_unit_test(test_strbuf_bytes),
		cmocka_unit_test(test_strbuf_all_lengths),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
