/* SPDX-License-Identifier: Apache-2.0 */
/* The engine alone, on a table with a row of each type. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"
#include "spec/table.h"

struct inner {
	uint32_t number;
	const char *text;
};

struct inners {
	const struct inner *items;
	size_t count;
};

struct member {
	const char *key;
	uint32_t number;
};

struct members {
	const struct member *items;
	size_t count;
};

struct outer {
	int64_t canary;
	bool is_true;
	bool has_narrow, has_object, has_unbuilt;
	uint32_t narrow;
	int64_t wide;
	uint64_t unsigned_wide;
	const char *text, *choice;
	struct spec_strings texts;
	struct spec_u32s numbers;
	uint32_t enumerated;
	struct inner object;
	struct inners objects;
	struct spec_annotations map;
	struct members keyed;
};

static const struct spec_name names[] = {{"one", 1}, {"two", 2}, {NULL, 0}};

static const struct spec_row inner_rows[] = {
	{.key = "number",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct inner, number)},
	{.key = "text", .type = SPEC_STRING, .offset = offsetof(struct inner, text)},
	{.key = "none", .type = SPEC_UNBUILT},
};

static const struct spec_table inner_table = {
	sizeof(struct inner), inner_rows, ARRAY_COUNT(inner_rows)};

static const struct spec_row member_rows[] = {
	{.key = "number", .type = SPEC_U32, .offset = offsetof(struct member, number)},
};

static const struct spec_table member_table = {
	sizeof(struct member), member_rows, ARRAY_COUNT(member_rows)};

static const struct spec_row outer_rows[] = {
	{.key = "bool", .type = SPEC_BOOL, .offset = offsetof(struct outer, is_true)},
	{.key = "u32",
		.type = SPEC_U32,
		.offset = offsetof(struct outer, narrow),
		.present = offsetof(struct outer, has_narrow)},
	{.key = "i64", .type = SPEC_I64, .offset = offsetof(struct outer, wide)},
	{.key = "u64", .type = SPEC_U64, .offset = offsetof(struct outer, unsigned_wide)},
	{.key = "string", .type = SPEC_STRING, .offset = offsetof(struct outer, text)},
	{.key = "choice",
		.type = SPEC_STRING,
		.offset = offsetof(struct outer, choice),
		.names = names},
	{.key = "strings", .type = SPEC_STRINGS, .offset = offsetof(struct outer, texts)},
	{.key = "u32s", .type = SPEC_U32S, .offset = offsetof(struct outer, numbers)},
	{.key = "enum",
		.type = SPEC_ENUM,
		.offset = offsetof(struct outer, enumerated),
		.names = names},
	{.key = "object",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct outer, object),
		.present = offsetof(struct outer, has_object),
		.table = &inner_table},
	{.key = "objects",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct outer, objects),
		.table = &inner_table},
	{.key = "map", .type = SPEC_MAP, .offset = offsetof(struct outer, map)},
	{.key = "unbuilt", .type = SPEC_UNBUILT},
	{.key = "keyed",
		.type = SPEC_MEMBERS,
		.offset = offsetof(struct outer, keyed),
		.table = &member_table},
};

static const struct spec_table outer_table = {
	sizeof(struct outer), outer_rows, ARRAY_COUNT(outer_rows)};

static int decode(
	struct arena *arena, const char *text, struct outer *outer, struct berth_error *err)
{
	const struct json_value *tree = NULL;
	const char *reason = NULL;
	size_t offset = 0;

	memset(outer, 0, sizeof(*outer));
	memset(err, 0, sizeof(*err));
	outer->canary = 77;
	arena_init(arena, 1 << 20);
	if (json_parse(arena, text, strlen(text), &tree, &offset, &reason) < 0) {
		fail_msg("%s: %s at %zu", text, reason, offset);
	}
	return spec_table_decode(&outer_table, tree, arena, outer, err);
}

static void test_all(void **state)
{
	static const char text[] =
		"{\"bool\": true, \"u32\": 0, \"i64\": -5, \"u64\": 18446744073709551615,"
		" \"string\": \"s\", \"choice\": \"two\", \"strings\": [\"a\", \"\"],"
		" \"u32s\": [7, 8, 9], \"enum\": \"two\","
		" \"object\": {\"number\": 3, \"text\": \"t\"},"
		" \"objects\": [{\"number\": 4}, {\"number\": 5, \"text\": \"u\"}],"
		" \"map\": {\"k\": \"v\", \"l\": \"\"}, \"other\": {},"
		" \"keyed\": {\"m\": {\"number\": 6}, \"n\": {}}}";
	autoarena struct arena arena;
	struct berth_error err;
	struct outer outer;

	(void)state;
	assert_int_equal(decode(&arena, text, &outer, &err), 0);
	assert_int_equal(outer.canary, 77);
	assert_true(outer.is_true);
	assert_true(outer.has_narrow);
	assert_int_equal(outer.narrow, 0);
	assert_int_equal(outer.wide, -5);
	assert_true(outer.unsigned_wide == UINT64_MAX);
	assert_string_equal(outer.text, "s");
	assert_string_equal(outer.choice, "two");
	assert_int_equal(outer.texts.count, 2);
	assert_string_equal(outer.texts.items[1], "");
	assert_int_equal(outer.numbers.count, 3);
	assert_int_equal(outer.numbers.items[2], 9);
	assert_int_equal(outer.enumerated, 2);
	assert_true(outer.has_object);
	assert_int_equal(outer.object.number, 3);
	assert_string_equal(outer.object.text, "t");
	assert_int_equal(outer.objects.count, 2);
	assert_int_equal(outer.objects.items[0].number, 4);
	assert_null(outer.objects.items[0].text);
	assert_int_equal(outer.objects.items[1].number, 5);
	assert_int_equal(outer.map.count, 2);
	assert_string_equal(outer.map.items[1].key, "l");
	assert_int_equal(outer.keyed.count, 2);
	assert_string_equal(outer.keyed.items[0].key, "m");
	assert_int_equal(outer.keyed.items[0].number, 6);
	assert_string_equal(outer.keyed.items[1].key, "n");
	assert_int_equal(outer.keyed.items[1].number, 0);
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {"{}",
		"{\"bool\": null, \"u32\": null, \"i64\": null, \"u64\": null, \"string\": null,"
		" \"choice\": null, \"strings\": null, \"u32s\": null, \"enum\": null,"
		" \"object\": null, \"objects\": null, \"map\": null, \"unbuilt\": null,"
		" \"keyed\": null}",
		"{\"strings\": [], \"u32s\": [], \"objects\": [], \"map\": {}, \"keyed\": {}}"};
	struct outer nothing = {.canary = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		autoarena struct arena arena;
		struct berth_error err;
		struct outer outer;

		assert_int_equal(decode(&arena, texts[i], &outer, &err), 0);
		assert_memory_equal(&outer, &nothing, sizeof(outer));
	}
}

static const struct {
	const char *text, *pointer, *message;
} refusals[] = {
	{"[]", "", "must be an object, is an array"},
	{"{\"bool\": 1}", "/bool", "must be a boolean, is a number"},
	{"{\"bool\": \"true\"}", "/bool", "must be a boolean, is a string"},
	{"{\"u32\": \"1\"}", "/u32", "must be a number, is a string"},
	{"{\"u32\": 4294967296}", "/u32",
		"must be a whole number from 0 to 4294967295, is 4294967296"},
	{"{\"u32\": -1}", "/u32", "must be a whole number from 0 to 4294967295, is -1"},
	{"{\"u32\": 1.5}", "/u32", "must be a whole number from 0 to 4294967295, is 1.5"},
	{"{\"u32\": 11111111112222222222333333333344444444445555555555}", "/u32",
		"must be a whole number from 0 to 4294967295, is "
		"1111111111222222222233333333334444444444"},
	{"{\"i64\": 9223372036854775808}", "/i64",
		"must be a whole number from -9223372036854775808 to 9223372036854775807, is "
		"9223372036854775808"},
	{"{\"u64\": 18446744073709551616}", "/u64",
		"must be a whole number from 0 to 18446744073709551615, is 18446744073709551616"},
	{"{\"string\": []}", "/string", "must be a string, is an array"},
	{"{\"choice\": \"three\"}", "/choice", "must be one of \"one\", \"two\", is \"three\""},
	{"{\"strings\": \"a\"}", "/strings", "must be an array, is a string"},
	{"{\"strings\": [\"a\", null]}", "/strings/1", "must be a string, is null"},
	{"{\"strings\": [\"a\", \"b\", {}]}", "/strings/2", "must be a string, is an object"},
	{"{\"u32s\": {}}", "/u32s", "must be an array, is an object"},
	{"{\"u32s\": [1, -1]}", "/u32s/1", "must be a whole number from 0 to 4294967295, is -1"},
	{"{\"enum\": 1}", "/enum", "must be a string, is a number"},
	{"{\"enum\": \"\"}", "/enum", "must be one of \"one\", \"two\", is \"\""},
	{"{\"enum\": \"One\"}", "/enum", "must be one of \"one\", \"two\", is \"One\""},
	{"{\"object\": {}}", "/object/number", "is required, is missing"},
	{"{\"object\": {\"number\": null}}", "/object/number", "is required, is null"},
	{"{\"object\": []}", "/object", "must be an object, is an array"},
	{"{\"objects\": {}}", "/objects", "must be an array, is an object"},
	{"{\"objects\": [{\"number\": 1}, 2]}", "/objects/1", "must be an object, is a number"},
	{"{\"objects\": [{\"number\": 1}, {\"number\": 1, \"text\": true}]}", "/objects/1/text",
		"must be a string, is a boolean"},
	{"{\"objects\": [{\"number\": 1, \"none\": 1}]}", "/objects/0/none",
		"objects[0].none is not supported by this version of berth"},
	{"{\"map\": []}", "/map", "must be an object, is an array"},
	{"{\"map\": {\"a/b\": \"x\", \"~\": 1}}", "/map/~0", "must be a string, is a number"},
	{"{\"map\": {\"a\": null}}", "/map/a", "must be a string, is null"},
	{"{\"map\": {\"\": \"\"}}", "/map/", "must not have an empty key"},
	{"{\"unbuilt\": {\"a\": {\"b\": 1}}}", "/unbuilt",
		"unbuilt is not supported by this version of berth"},
	{"{\"keyed\": {\"a\": \"\"}}", "/keyed/a", "must be an object, is a string"},
	{"{\"keyed\": {\"a\": null}}", "/keyed/a", "must be an object, is null"},
	{"{\"keyed\": {\"a\": {}, \"b/c\": {\"number\": -1}}}", "/keyed/b~1c/number",
		"must be a whole number from 0 to 4294967295, is -1"},
	{"{\"keyed\": {\"\": {}}}", "/keyed/", "must not have an empty key"},
	{"{\"keyed\": true}", "/keyed", "must be an object, is a boolean"},
	{"{\"keyed\": []}", "/keyed", "must be an object, is an array"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		autoarena struct arena arena;
		struct berth_error err;
		struct outer outer;
		int r = decode(&arena, refusals[i].text, &outer, &err);

		if (r >= 0 || strcmp(err.pointer, refusals[i].pointer) != 0 ||
			strcmp(err.message, refusals[i].message) != 0) {
			fail_msg("%s: %d %s: %s", refusals[i].text, r, err.pointer, err.message);
		}
	}
}

static void test_no_request(void **state)
{
	static const char *const texts[] = {"{\"unbuilt\": false}", "{\"unbuilt\": 0}",
		"{\"unbuilt\": -0}", "{\"unbuilt\": \"\"}", "{\"unbuilt\": []}",
		"{\"unbuilt\": {\"a\": {\"b\": [], \"c\": null}, \"d\": 0}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		autoarena struct arena arena;
		struct berth_error err;
		struct outer outer;

		assert_int_equal(decode(&arena, texts[i], &outer, &err), 0);
	}
}

/* Each key without a row, wherever there is a table; a map's keys and what is not built are nobody's to judge. */
static void test_unknown(void **state)
{
	static const char text[] =
		"{\"Bool\": true, \"a/b~c\": {\"below\": 1}, \"object\": {\"number\": 1, \"Text\": 2},"
		" \"objects\": [{\"number\": 1}, {\"more\": null, \"none\": {}}, 5],"
		" \"map\": {\"any\": \"x\"}, \"unbuilt\": {\"x\": 0}, \"strings\": [\"a\"], \"u32\": {}}";
	static const char *const expected[] = {
		"/Bool", "/a~1b~0c", "/object/Text", "/objects/1/more"};
	autoarena struct arena arena;
	const struct json_value *tree = NULL;
	const char *reason = NULL;
	size_t offset = 0;
	struct log_notes notes = {0};

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(json_parse(&arena, text, strlen(text), &tree, &offset, &reason), 0);
	spec_table_note_unknown(&outer_table, tree, &arena, &notes);
	assert_int_equal(notes.count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		size_t length = strlen(expected[i]);

		assert_int_equal(strncmp(notes.items[i], expected[i], length), 0);
		assert_string_equal(
			notes.items[i] + length, " is no field that is known here: ignored");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_request),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
