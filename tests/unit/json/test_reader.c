/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "json/json.h"

enum { TEST_ARENA_BYTES = 1 << 30 };

struct outcome {
	int status;
	const struct json_value *value;
	size_t offset;
	const char *reason;
};

/* Parses a copy that ends where the text ends, so that a read past it is found by the sanitizer. */
static struct outcome parse(struct arena *arena, const char *text, size_t length)
{
	struct outcome outcome = {.reason = "none", .offset = SIZE_MAX};
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	arena_init(arena, TEST_ARENA_BYTES);
	outcome.status =
		json_parse(arena, copy, length, &outcome.value, &outcome.offset, &outcome.reason);
	free(copy);
	return outcome;
}

static char *rewrite(const struct json_value *value)
{
	struct json_writer writer;
	char *text = NULL;

	json_writer_init(&writer, false);
	json_write_value(&writer, value);
	assert_int_equal(json_writer_take(&writer, &text), 0);
	return text;
}

/* A text and what the writer makes of its tree. */
static const struct good {
	const char *text, *written;
} goods[] = {
	{"null", "null"},
	{"true", "true"},
	{" \t\r\n false \n", "false"},
	{"0", "0"},
	{"-0", "-0"},
	{"-1", "-1"},
	{"1.0", "1.0"},
	{"1e400", "1e400"},
	{"1E+2", "1E+2"},
	{"0.5e-3", "0.5e-3"},
	{"123456789012345678901234567890", "123456789012345678901234567890"},
	{"\"\"", "\"\""},
	{"\"a\"", "\"a\""},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
	{"\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7f\""},
	{"\"\\u00e9\\u20AC\\u20ac\"", "\"\xc3\xa9\xe2\x82\xac\xe2\x82\xac\""},
	{"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	{"\"\\uD800\\uDC00\\udbff\\udfff\"", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""},
	{"\"\\uffff\\ud7ff\\ue000\"", "\"\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80\""},
	{"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf\"",
		"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf\""},
	{"\"\xef\xbb\xbf\"", "\"\xef\xbb\xbf\""},
	{"[]", "[]"},
	{"[ ]", "[]"},
	{"[1,[2,[3]],{}]", "[1,[2,[3]],{}]"},
	{"{}", "{}"},
	{"{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"},
	{"{\"\":{\"\":null}}", "{\"\":{\"\":null}}"},
	{"{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"},
	{"{\"a\":1,\"a\":2,\"a\":{\"b\":1,\"b\":2}}", "{\"a\":{\"b\":2}}"},
	{"{\"a\":1,\"\\u0061\":2}", "{\"a\":2}"},
	{"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(goods); i++) {
		autoarena struct arena arena;
		struct outcome outcome = parse(&arena, goods[i].text, strlen(goods[i].text));
		char *written;

		if (outcome.status != 0) {
			fail_msg("%s: %s at %zu", goods[i].text, outcome.reason, outcome.offset);
		}
		written = rewrite(outcome.value);
		assert_string_equal(written, goods[i].written);
		free(written);
	}
}

/* A text with its length where it has a NUL, the offset of the fault, and the reason. */
static const struct bad {
	const char *text;
	size_t length; /* 0: strlen */
	int status;
	size_t offset;
	const char *reason;
} bads[] = {
	{"", 0, -EINVAL, 0, "empty text"},
	{" \n ", 0, -EINVAL, 3, "empty text"},
	{"\xef\xbb\xbf{}", 0, -EINVAL, 0, "byte order mark before the text"},
	{"\xef\xbb\xbf", 0, -EINVAL, 0, "byte order mark before the text"},
	{"\xff\xfe{\0", 4, -EINVAL, 0, "expected a value"},
	{"\0", 1, -EINVAL, 0, "expected a value"},
	{"{}\0", 3, -EINVAL, 2, "text after the value"},
	{"1 2", 0, -EINVAL, 2, "text after the value"},
	{"[]]", 0, -EINVAL, 2, "text after the value"},
	{"truex", 0, -EINVAL, 4, "text after the value"},
	{"tru", 0, -EINVAL, 0, "expected a value"},
	{"True", 0, -EINVAL, 0, "expected a value"},
	{"nul", 0, -EINVAL, 0, "expected a value"},
	{"NaN", 0, -EINVAL, 0, "expected a value"},
	{"Infinity", 0, -EINVAL, 0, "expected a value"},
	{"'a'", 0, -EINVAL, 0, "expected a value"},
	{"// c\n1", 0, -EINVAL, 0, "expected a value"},
	{"[1,/**/2]", 0, -EINVAL, 3, "expected a value"},
	{"\f1", 0, -EINVAL, 0, "expected a value"},
	{"+1", 0, -EINVAL, 0, "expected a value"},
	{".5", 0, -EINVAL, 0, "expected a value"},
	{"01", 0, -EINVAL, 1, "number with a leading zero"},
	{"-01", 0, -EINVAL, 2, "number with a leading zero"},
	{"-", 0, -EINVAL, 1, "expected a digit"},
	{"-a", 0, -EINVAL, 1, "expected a digit"},
	{"1.", 0, -EINVAL, 2, "expected a digit after the point"},
	{"1.e1", 0, -EINVAL, 2, "expected a digit after the point"},
	{"1e", 0, -EINVAL, 2, "expected a digit in the exponent"},
	{"1e+", 0, -EINVAL, 3, "expected a digit in the exponent"},
	{"0x10", 0, -EINVAL, 1, "text after the value"},
	{"1_0", 0, -EINVAL, 1, "text after the value"},
	{"[", 0, -EINVAL, 1, "expected a value"},
	{"[1", 0, -EINVAL, 2, "expected a comma or ']'"},
	{"[1}", 0, -EINVAL, 2, "expected a comma or ']'"},
	{"[1 2]", 0, -EINVAL, 3, "expected a comma or ']'"},
	{"[1,]", 0, -EINVAL, 3, "expected a value"},
	{"[,1]", 0, -EINVAL, 1, "expected a value"},
	{"[1,,2]", 0, -EINVAL, 3, "expected a value"},
	{"]", 0, -EINVAL, 0, "expected a value"},
	{"{", 0, -EINVAL, 1, "expected a key in quotes or '}'"},
	{"{]", 0, -EINVAL, 1, "expected a key in quotes or '}'"},
	{"{a:1}", 0, -EINVAL, 1, "expected a key in quotes or '}'"},
	{"{1:1}", 0, -EINVAL, 1, "expected a key in quotes or '}'"},
	{"{\"a\"}", 0, -EINVAL, 4, "expected a colon after the key"},
	{"{\"a\" 1}", 0, -EINVAL, 5, "expected a colon after the key"},
	{"{\"a\":}", 0, -EINVAL, 5, "expected a value"},
	{"{\"a\":1", 0, -EINVAL, 6, "expected a comma or '}'"},
	{"{\"a\":1]", 0, -EINVAL, 6, "expected a comma or '}'"},
	{"{\"a\":1,}", 0, -EINVAL, 7, "expected a key in quotes"},
	{"{\"a\":1 \"b\":2}", 0, -EINVAL, 7, "expected a comma or '}'"},
	{"\"abc", 0, -EINVAL, 0, "string without a closing quote"},
	{"[\"abc]", 0, -EINVAL, 1, "string without a closing quote"},
	{"\"abc\\", 0, -EINVAL, 0, "string without a closing quote"},
	{"\"abc\\\"", 0, -EINVAL, 0, "string without a closing quote"},
	{"\"a\nb\"", 0, -EINVAL, 2, "control character in a string"},
	{"\"a\x1f\"", 0, -EINVAL, 2, "control character in a string"},
	{"\"a\0b\"", 5, -EINVAL, 2, "NUL in a string"},
	{"\"a\\u0000b\"", 0, -EINVAL, 2, "NUL in a string"},
	{"{\"a\\u0000\":1}", 0, -EINVAL, 3, "NUL in a string"},
	{"\"\\\0\"", 4, -EINVAL, 1, "unknown escape in a string"},
	{"\"\\a\"", 0, -EINVAL, 1, "unknown escape in a string"},
	{"\"\\'\"", 0, -EINVAL, 1, "unknown escape in a string"},
	{"\"\\\n\"", 0, -EINVAL, 1, "unknown escape in a string"},
	{"\"\\U0041\"", 0, -EINVAL, 1, "unknown escape in a string"},
	{"\"\\u12\"", 0, -EINVAL, 1, "expected four hexadecimal digits after \\u"},
	{"\"\\u12g4\"", 0, -EINVAL, 1, "expected four hexadecimal digits after \\u"},
	{"\"\\u+123\"", 0, -EINVAL, 1, "expected four hexadecimal digits after \\u"},
	{"\"\\ud800\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\\ud800\\u0041\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\\ud800\\ud800\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\\ud800\\ue000\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\\udc00\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\\ud800\\n\"", 0, -EINVAL, 1, "lone surrogate in a string"},
	{"\"\x80\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"a\xc3\"", 0, -EINVAL, 2, "invalid UTF-8 in a string"},
	{"\"\xc0\x80\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xc1\xbf\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xe0\x9f\xbf\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xed\xa0\x80\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xe2\x82\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xe2\x82\x41\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xf0\x8f\xbf\xbf\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xf4\x90\x80\x80\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xf5\x80\x80\x80\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"\"\xff\"", 0, -EINVAL, 1, "invalid UTF-8 in a string"},
	{"{\"\xff\":1}", 0, -EINVAL, 2, "invalid UTF-8 in a string"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bads); i++) {
		const struct bad *bad = &bads[i];
		autoarena struct arena arena;
		struct outcome outcome =
			parse(&arena, bad->text, bad->length ? bad->length : strlen(bad->text));

		if (outcome.status != bad->status || outcome.offset != bad->offset ||
			strcmp(outcome.reason, bad->reason) != 0) {
			fail_msg("row %zu, %s: status %d, %s at %zu", i, bad->text, outcome.status,
				outcome.reason, outcome.offset);
		}
		assert_null(outcome.value);
	}
}

static const char sample[] =
	"{ \"ociVersion\": \"1.0.2\", \"list\" : [1, -2.5e3, true, false, null, "
	"\"\\u00e9\\ud83d\\ude00 \xe2\x82\xac\\n\"],\n \"nested\": {\"a\": {\"b\": [[], {}]}}}";

static void test_every_prefix(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof(sample) - 1; length++) {
		autoarena struct arena arena;
		struct outcome outcome = parse(&arena, sample, length);

		assert_int_equal(outcome.status, -EINVAL);
		assert_true(outcome.offset <= length);
	}
	autoarena struct arena arena;
	assert_int_equal(parse(&arena, sample, sizeof(sample) - 1).status, 0);
}

/* Every single byte of the sample replaced by every value: no crash, and an offset within the text. */
static void test_every_byte(void **state)
{
	char text[sizeof(sample)];

	(void)state;
	for (size_t at = 0; at < sizeof(sample) - 1; at++) {
		for (int byte = 0; byte < 256; byte++) {
			autoarena struct arena arena;
			struct outcome outcome;

			memcpy(text, sample, sizeof(sample));
			text[at] = (char)byte;
			outcome = parse(&arena, text, sizeof(sample) - 1);
			assert_true(outcome.status == 0 ||
				    (outcome.status == -EINVAL && outcome.offset < sizeof(sample)));
		}
	}
}

static void test_offsets(void **state)
{
	autoarena struct arena arena;
	static const char text[] = " { \"a\" : [ 10, \"b\" ] , \"c\":{ } }";
	struct outcome outcome = parse(&arena, text, strlen(text));
	const struct json_value *a = json_get(outcome.value, "a");
	const struct json_value *c = json_get(outcome.value, "c");

	(void)state;
	assert_int_equal(outcome.value->offset, 1);
	assert_int_equal(outcome.value->length, 2);
	assert_null(outcome.value->key);
	assert_int_equal(a->key_offset, 3);
	assert_int_equal(a->offset, 9);
	assert_int_equal(a->length, 2);
	assert_int_equal(a->first->offset, 11);
	assert_null(a->first->key);
	assert_int_equal(a->first->next->offset, 15);
	assert_ptr_equal(a->next, c);
	assert_int_equal(c->key_offset, 23);
	assert_int_equal(c->offset, 27);
	assert_null(c->next);
}

static void check_depth(char opening, char closing, int depth, int expected)
{
	char text[JSON_DEPTH_MAX * 16];
	size_t length = 0;
	autoarena struct arena arena;
	struct outcome outcome;

	for (int i = 0; i < depth; i++) {
		if (opening == '{' && i > 0) {
			memcpy(text + length, "\"a\":", 4);
			length += 4;
		}
		text[length++] = opening;
	}
	for (int i = 0; i < depth; i++) {
		text[length++] = closing;
	}
	outcome = parse(&arena, text, length);
	assert_int_equal(outcome.status, expected);
	if (expected < 0) {
		assert_string_equal(outcome.reason, "too many levels of brackets");
		assert_int_equal(outcome.offset, JSON_DEPTH_MAX * (opening == '{' ? 5 : 1));
	}
}

static void test_depth(void **state)
{
	(void)state;
	check_depth('[', ']', JSON_DEPTH_MAX, 0);
	check_depth('[', ']', JSON_DEPTH_MAX + 1, -E2BIG);
	check_depth('{', '}', JSON_DEPTH_MAX, 0);
	check_depth('{', '}', JSON_DEPTH_MAX + 1, -E2BIG);
}

static void test_depth_bomb(void **state)
{
	size_t length = JSON_TEXT_MAX_BYTES;
	char *bomb = malloc(length);
	autoarena struct arena arena;

	(void)state;
	assert_non_null(bomb);
	memset(bomb, '[', length);
	assert_int_equal(parse(&arena, bomb, length).status, -E2BIG);
	free(bomb);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Texts that a quadratic reader would work on for minutes. The bound is for a sanitizer build. */
static void check_big(char *text, size_t length, uint32_t children)
{
	double start = seconds();
	autoarena struct arena arena;
	struct outcome outcome = parse(&arena, text, length);
	uint32_t count = 0;

	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.value->length, children);
	for (const struct json_value *child = outcome.value->first; child; child = child->next) {
		count++;
	}
	assert_int_equal(count, children);
	assert_true(seconds() - start < 10);
	free(text);
}

static void test_big_array(void **state)
{
	size_t count = 1000000, length = 0;
	char *text = malloc(count * 2 + 2);

	(void)state;
	assert_non_null(text);
	text[length++] = '[';
	for (size_t i = 0; i < count; i++) {
		text[length++] = '0';
		text[length++] = ',';
	}
	text[length - 1] = ']';
	check_big(text, length, (uint32_t)count);
}

/* `count` members, of which `distinct` have a key of their own. */
static void check_big_object(size_t count, size_t distinct)
{
	char *text = malloc(count * 24 + 2);
	size_t length = 0;

	assert_non_null(text);
	text[length++] = '{';
	for (size_t i = 0; i < count; i++) {
		length += (size_t)sprintf(text + length, "\"key%zu\":%zu,", i % distinct, i);
	}
	text[length - 1] = '}';
	check_big(text, length, (uint32_t)distinct);
}

static void test_big_object(void **state)
{
	(void)state;
	check_big_object(300000, 300000);
	check_big_object(300000, 1);
	check_big_object(300000, 1000);
}

static void test_big_string(void **state)
{
	size_t length = JSON_TEXT_MAX_BYTES;
	char *text = malloc(length + 1);
	autoarena struct arena arena;
	autoarena struct arena second;
	struct outcome outcome;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length + 1);
	text[0] = '"';
	text[length - 1] = '"';
	outcome = parse(&arena, text, length);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.value->length, length - 2);
	outcome = parse(&second, text, length + 1);
	assert_int_equal(outcome.status, -E2BIG);
	assert_string_equal(outcome.reason, "text over 16 MiB");
	free(text);
}

/* Duplicates at the limit between the two ways of finding them, and around it. */
static void test_duplicates(void **state)
{
	(void)state;
	for (size_t count = 2; count < 40; count++) {
		char text[40 * 16] = "{\"twin\":0";
		autoarena struct arena arena;
		struct outcome outcome;
		size_t length = strlen(text);
		int64_t number = -1;

		for (size_t i = 2; i < count; i++) {
			length += (size_t)sprintf(text + length, ",\"k%zu\":%zu", i, i);
		}
		length += (size_t)sprintf(text + length, ",\"twin\":%zu}", count);
		outcome = parse(&arena, text, length);
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.value->length, count - 1);
		assert_int_equal(json_to_i64(json_get(outcome.value, "twin"), &number), 0);
		assert_int_equal(number, count);
		assert_string_not_equal(outcome.value->first->key, count == 2 ? "k2" : "twin");
	}
}

static void test_memory(void **state)
{
	autoarena struct arena arena;
	const struct json_value *value = NULL;
	size_t offset = SIZE_MAX, whole;
	const char *reason = NULL;

	(void)state;
	arena_init(&arena, TEST_ARENA_BYTES);
	assert_int_equal(json_parse(&arena, sample, strlen(sample), &value, &offset, &reason), 0);
	whole = arena.used;
	assert_true(whole > 0);
	for (size_t limit = 0; limit < whole; limit += 16) {
		autoarena struct arena small;

		value = NULL;
		arena_init(&small, limit);
		assert_int_equal(
			json_parse(&small, sample, strlen(sample), &value, &offset, &reason),
			-ENOMEM);
		assert_null(value);
		assert_string_equal(reason, "no memory for a text of this size");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_bomb),
		cmocka_unit_test(test_big_array),
		cmocka_unit_test(test_big_object),
		cmocka_unit_test(test_big_string),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
