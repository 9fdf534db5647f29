/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static void write_sample(struct json_writer *writer)
{
	json_write_begin(writer, '{');
	json_write_key(writer, "name");
	json_write_string(writer, "a \"b\" \\ / \x01\x1f\n\x7f \xe2\x82\xac");
	json_write_key(writer, "numbers");
	json_write_begin(writer, '[');
	json_write_u64(writer, UINT64_MAX);
	json_write_i64(writer, INT64_MIN);
	json_write_u64(writer, 0);
	json_write_end(writer, ']');
	json_write_key(writer, "none");
	json_write_begin(writer, '[');
	json_write_end(writer, ']');
	json_write_key(writer, "inner");
	json_write_begin(writer, '{');
	json_write_key(writer, "");
	json_write_bool(writer, true);
	json_write_key(writer, "k\"");
	json_write_bool(writer, false);
	json_write_key(writer, "empty");
	json_write_begin(writer, '{');
	json_write_end(writer, '}');
	json_write_key(writer, "null");
	json_write_null(writer);
	json_write_end(writer, '}');
	json_write_end(writer, '}');
}

static const char sample_line[] =
	"{\"name\":\"a \\\"b\\\" \\\\ / \\u0001\\u001f\\n\x7f \xe2\x82\xac\","
	"\"numbers\":[18446744073709551615,-9223372036854775808,0],\"none\":[],"
	"\"inner\":{\"\":true,\"k\\\"\":false,\"empty\":{},\"null\":null}}";

static const char sample_pretty[] =
	"{\n\t\"name\": \"a \\\"b\\\" \\\\ / \\u0001\\u001f\\n\x7f \xe2\x82\xac\",\n"
	"\t\"numbers\": [\n\t\t18446744073709551615,\n\t\t-9223372036854775808,\n\t\t0\n\t],\n"
	"\t\"none\": [],\n"
	"\t\"inner\": {\n\t\t\"\": true,\n\t\t\"k\\\"\": false,\n\t\t\"empty\": {},\n"
	"\t\t\"null\": null\n\t}\n}";

static char *take(struct json_writer *writer)
{
	char *text = NULL;

	assert_int_equal(json_writer_take(writer, &text), 0);
	assert_non_null(text);
	return text;
}

static void test_sample(void **state)
{
	(void)state;
	for (int is_pretty = 0; is_pretty < 2; is_pretty++) {
		struct json_writer writer;
		char *text;

		json_writer_init(&writer, is_pretty != 0);
		write_sample(&writer);
		assert_int_equal(writer.length, strlen(writer.data));
		text = take(&writer);
		assert_string_equal(text, is_pretty ? sample_pretty : sample_line);
		free(text);
		assert_null(writer.data);
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	for (int is_pretty = 0; is_pretty < 2; is_pretty++) {
		const char *expected = is_pretty ? sample_pretty : sample_line;
		autoarena struct arena arena;
		const struct json_value *value = NULL;
		struct json_writer writer;
		const char *reason;
		size_t offset;
		char *text;

		arena_init(&arena, 1 << 20);
		assert_int_equal(
			json_parse(&arena, expected, strlen(expected), &value, &offset, &reason),
			0);
		json_writer_init(&writer, is_pretty != 0);
		json_write_value(&writer, value);
		text = take(&writer);
		assert_string_equal(text, expected);
		free(text);
	}
}

static void test_bad_utf8(void **state)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
		{"a\xff", "\"a\xef\xbf\xbd\""},
		{"\xc3", "\"\xef\xbf\xbd\""},
		{"\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc3\xa9\x80\"", "\"\xc3\xa9\xef\xbf\xbd\\\"\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_writer writer;
		char *text;

		json_writer_init(&writer, false);
		json_write_string(&writer, rows[i].text);
		text = take(&writer);
		assert_string_equal(text, rows[i].written);
		free(text);
	}
}

/* Calls, one letter each, that make no JSON. */
static void play(struct json_writer *writer, const char *calls)
{
	for (; *calls; calls++) {
		switch (*calls) {
		case '{':
		case '[':
		case '(':
			json_write_begin(writer, *calls);
			break;
		case '}':
		case ']':
			json_write_end(writer, *calls);
			break;
		case 'k':
			json_write_key(writer, "k");
			break;
		default:
			json_write_u64(writer, 1);
			break;
		}
	}
}

static void test_misuse(void **state)
{
	static const char *const bad[] = {"", "{", "[", "}", "]", "11", "{}{}", "1[", "{1}", "{k}",
		"{kk1}", "{k1", "[k1]", "k1", "[}", "{]", "[1}", "[[]", "[]]", "(", "{k1]",
		"{k11}"};
	static const char *const good[] = {"1", "{}", "[]", "[11[]{k1}1]", "{k{k[]}k1}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct json_writer writer;
		char *text = NULL;

		json_writer_init(&writer, false);
		play(&writer, bad[i]);
		if (json_writer_take(&writer, &text) != -EINVAL) {
			fail_msg("%s made %s", bad[i], text);
		}
		assert_null(text);
		assert_null(writer.data);
	}
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		struct json_writer writer;

		json_writer_init(&writer, true);
		play(&writer, good[i]);
		free(take(&writer));
	}
}

static void test_depth(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct json_writer writer;

		json_writer_init(&writer, true);
		for (int i = 0; i < JSON_DEPTH_MAX + extra; i++) {
			json_write_begin(&writer, '[');
		}
		assert_int_equal(writer.status, extra ? -EINVAL : 0);
		for (int i = 0; i < JSON_DEPTH_MAX; i++) {
			json_write_end(&writer, ']');
		}
		assert_int_equal(writer.status, extra ? -EINVAL : 0);
		json_writer_finish(&writer);
		assert_null(writer.data);
	}
}

static void test_big(void **state)
{
	struct json_writer writer;
	char *text;

	(void)state;
	json_writer_init(&writer, false);
	json_write_begin(&writer, '[');
	for (int i = 0; i < 100000; i++) {
		json_write_u64(&writer, 1234567);
	}
	json_write_end(&writer, ']');
	text = take(&writer);
	assert_int_equal(strlen(text), 100000 * 8 + 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bad_utf8),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
