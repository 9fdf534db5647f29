/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a bootstrap message in JSON: what is refused, with its line, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <berth/bootstrap.h>

#include "base/error.h"

#define INT32(value) "{\"kind\":\"int32\",\"type\":27281,\"value\":" value "}"
#define BYTES(value) "{\"kind\":\"bytes\",\"type\":27283,\"value\":" value "}"
#define BOOL(value)  "{\"kind\":\"bool\",\"type\":27286,\"value\":" value "}"
#define LIST(items)  "{\"attributes\":[" items "]}"

struct row {
	const char *json;
	int code;
	const char *line;
};

static const struct row rows[] = {
	{LIST(INT32("0")), 0, ""},
	{LIST(INT32("2114060416")), 0, ""},
	{LIST(INT32("0") "," BYTES("\"2F\"") "," BOOL("true")), 0, ""},
	{LIST(BOOL("false") "," BYTES("\"2f2C2f\"") "," INT32("0")), 0, ""},
	{"{\"x\":null,\"attributes\":[{\"name\":7,\"hex\":[],\"kind\":\"int32\",\"type\":27281,"
	 "\"value\":0}],\"messages\":{}}",
		0, ""},
	{"{}", -EINVAL, "/attributes (line 1, column 1): missing"},
	{"[]", -EINVAL, "/attributes (line 1, column 1): missing"},
	{"null", -EINVAL, "/attributes (line 1, column 1): missing"},
	{"{\n \"attributes\": {}}", -EINVAL, "/attributes (line 2, column 16): is no array"},
	{LIST("1"), -EINVAL, "/attributes/0 (line 1, column 16): is no object"},
	{LIST("{}"), -EINVAL, "/attributes/0/kind (line 1, column 16): missing"},
	{LIST("{\"kind\":1}"), -EINVAL,
		"/attributes/0/kind (line 1, column 24): is a number, not a string"},
	{LIST("{\"kind\":\"int\"}"), -EINVAL,
		"/attributes/0/kind (line 1, column 24): is none of int32, bytes and bool"},
	{LIST("{\"kind\":\"bool\"}"), -EINVAL, "/attributes/0/type (line 1, column 16): missing"},
	{LIST("{\"kind\":\"bool\",\"type\":\"27286\"}"), -EINVAL,
		"/attributes/0/type (line 1, column 38): is a string, not a number"},
	{LIST("{\"kind\":\"bool\",\"type\":65536}"), -EINVAL,
		"/attributes/0/type (line 1, column 38): is no integer from 0 to 65535"},
	{LIST("{\"kind\":\"bool\",\"type\":-1}"), -EINVAL,
		"/attributes/0/type (line 1, column 38): is no integer from 0 to 65535"},
	{LIST("{\"kind\":\"bool\",\"type\":1.5}"), -EINVAL,
		"/attributes/0/type (line 1, column 38): is no integer from 0 to 65535"},
	{LIST("{\"kind\":\"bool\",\"type\":27286}"), -EINVAL,
		"/attributes/0/value (line 1, column 16): missing"},
	{LIST(INT32("4294967296")), -EINVAL,
		"/attributes/0/value (line 1, column 53): is no integer from 0 to 4294967295"},
	{LIST(INT32("-1")), -EINVAL,
		"/attributes/0/value (line 1, column 53): is no integer from 0 to 4294967295"},
	{LIST(INT32("true")), -EINVAL,
		"/attributes/0/value (line 1, column 53): is a boolean, not a number"},
	{LIST(INT32("0") "," BYTES("\"2\"")), -EINVAL,
		"/attributes/1/value (line 1, column 93): odd number of hexadecimal digits"},
	{LIST(INT32("0") "," BYTES("\"2g\"")), -EINVAL,
		"/attributes/1/value (line 1, column 93): is not hexadecimal"},
	{LIST(INT32("0") "," BYTES("\" 2\"")), -EINVAL,
		"/attributes/1/value (line 1, column 93): is not hexadecimal"},
	{LIST(INT32("0") "," BYTES("\"\xc3\xa9\"")), -EINVAL,
		"/attributes/1/value (line 1, column 93): is not hexadecimal"},
	{LIST(INT32("0") "," BYTES("2")), -EINVAL,
		"/attributes/1/value (line 1, column 93): is a number, not a string"},
	{LIST(BOOL("1")), -EINVAL,
		"/attributes/0/value (line 1, column 52): is a number, not a boolean"},
	{LIST(BOOL("\"true\"")), -EINVAL,
		"/attributes/0/value (line 1, column 52): is a string, not a boolean"},
	{LIST(""), -EPROTO, "CloneFlagsAttr at offset 16: missing, the message ends here"},
	{LIST(BYTES("\"2f\"")), -EPROTO,
		"CloneFlagsAttr at offset 24: missing, the message ends here"},
	{LIST(INT32("256")), -EPROTO,
		"CloneFlagsAttr at offset 16: flags 0x100 are none of the eight CLONE_NEW*"},
	{LIST(INT32("0") "," INT32("0")), -EPROTO,
		"CloneFlagsAttr at offset 24: a second one, the first is at offset 16"},
	{LIST(INT32("0") "," BYTES("\"\"")), -EPROTO,
		"NsPathsAttr at offset 24: path 1 of the list is empty"},
	{LIST(INT32("0") "," BYTES("\"2f0061\"")), -EPROTO,
		"NsPathsAttr at offset 24: NUL inside, at byte 1 of the value"},
	{LIST(INT32("0") ",{\"kind\":\"int32\",\"type\":27286,\"value\":1}"), -EPROTO,
		"SetgroupAttr at offset 24: value of another kind"},
	{LIST(INT32("0") ",{\"kind\":\"bool\",\"type\":27290,\"value\":true}"), -EPROTO,
		"attribute 27290 at offset 24: unknown"},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		/* What was in the error before is not what is read afterwards. */
		struct berth_error err = {.error_class = BERTH_ERROR_SYSTEM, .message = "old"};
		char line[1024] = "";
		void *message = NULL;
		size_t length = 0;
		int r = berth_bootstrap_from_json(
			rows[i].json, strlen(rows[i].json), &message, &length, &err);

		(void)error_format(&err, line, sizeof(line));
		assert_string_equal(line, rows[i].line);
		assert_int_equal(r, rows[i].code);
		assert_true((message != NULL) == (r == 0));
		free(message);
		assert_int_equal(berth_bootstrap_from_json(rows[i].json, strlen(rows[i].json),
					 &message, &length, NULL),
			r);
		if (r == 0) {
			free(message);
		}
	}
}

static void test_syntax(void **state)
{
	static const char *const texts[] = {"", "{", "{\"attributes\":[}", "{\"attributes\":[]} x",
		"{\"attributes\":[\n\n\"\\ud800\"]}", "\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct berth_error err = {0};
		void *message = NULL;
		size_t length = 0;

		assert_int_equal(berth_bootstrap_from_json(
					 texts[i], strlen(texts[i]), &message, &length, &err),
			-EINVAL);
		assert_int_equal(err.error_class, BERTH_ERROR_USAGE);
		assert_int_equal(err.line, i == 4 ? 3 : 1);
		assert_string_not_equal(err.message, "");
		assert_null(message);
	}
}

/* One byte more than a 16-bit length holds. */
static void test_long_value(void **state)
{
	enum { DIGITS = 2 * BERTH_ATTR_VALUE_MAX_BYTES };
	char *json = malloc(DIGITS + 1024);
	struct berth_error err = {0};
	void *message = NULL;
	size_t length = 0;
	int used;

	(void)state;
	assert_non_null(json);
	for (int more = 0; more <= 2; more += 2) {
		used = sprintf(json,
			"{\"attributes\":[%s,{\"kind\":\"bytes\",\"type\":27283,\"value\":\"",
			INT32("0"));
		memset(json + used, '6', DIGITS + (size_t)more);
		(void)strcpy(json + used + DIGITS + more, "\"}]}");
		assert_int_equal(
			berth_bootstrap_from_json(json, strlen(json), &message, &length, &err),
			more ? -EPROTO : 0);
	}
	assert_string_equal(
		err.message, "NsPathsAttr at offset 24: value of 65531 bytes, at most 65530 fit");
	free(message);
	message = NULL;
	free(json);
}

/* The bytes of a path and of what is printed for it. */
struct text_row {
	const char *bytes;
	const char *printed; /* NULL: no "text" */
};

static const struct text_row text_rows[] = {
	{"/a", "\"text\": \"/a\""},
	{"/\xc3\xa9", "\"text\": \"/\xc3\xa9\""},
	{"\xe2\x82\xac", "\"text\": \"\xe2\x82\xac\""},
	{"\xf0\x9f\x98\x80", "\"text\": \"\xf0\x9f\x98\x80\""},
	{"\xf4\x8f\xbf\xbf", "\"text\": \"\xf4\x8f\xbf\xbf\""},
	{"/a\n\"", "\"text\": \"/a\\n\\\"\""},
	{"\xff", NULL},
	{"/\xc3", NULL},
	{"\xc3(", NULL},
	{"\x80", NULL},
	{"\xc0\xaf", NULL},         /* a longer form of "/" */
	{"\xe0\x80\xaf", NULL},     /* likewise */
	{"\xf0\x80\x80\xaf", NULL}, /* likewise */
	{"\xed\xa0\x80", NULL},     /* a surrogate */
	{"\xf4\x90\x80\x80", NULL}, /* above U+10FFFF */
	{"\xe2\x82", NULL},
	{"\xf0\x9f\x98", NULL},
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(text_rows); i++) {
		const struct berth_attr attrs[] = {
			{BERTH_ATTR_INT32, {.int32 = {BERTH_CLONE_FLAGS_ATTR, 0}}},
			{BERTH_ATTR_BYTES, {.bytes = {BERTH_NS_PATHS_ATTR, text_rows[i].bytes,
						    strlen(text_rows[i].bytes)}}},
		};
		unsigned char message[128];
		size_t length = 0;
		char *json = NULL;

		assert_int_equal(
			berth_bootstrap_encode(attrs, 2, message, sizeof(message), &length, NULL),
			0);
		assert_int_equal(berth_bootstrap_to_json(message, length, &json, NULL), 0);
		if (text_rows[i].printed) {
			assert_non_null(strstr(json, text_rows[i].printed));
		} else {
			assert_null(strstr(json, "\"text\""));
		}
		free(json);
	}
}

static void test_decode_refusals(void **state)
{
	unsigned char message[64];
	const struct berth_attr flags = {
		BERTH_ATTR_INT32, {.int32 = {BERTH_CLONE_FLAGS_ATTR, 0x10000000}}};
	struct berth_attr odd = {.kind = (enum berth_attr_kind)3};
	struct berth_attr many[9];
	struct berth_error err = {0};
	size_t length = 0;
	char *json = NULL;

	(void)state;
	assert_int_equal(
		berth_bootstrap_encode(&odd, 1, message, sizeof(message), &length, &err), -EINVAL);
	for (size_t i = 0; i < ARRAY_COUNT(many); i++) {
		many[i] = flags;
	}
	assert_int_equal(berth_bootstrap_encode(
				 many, ARRAY_COUNT(many), message, sizeof(message), &length, &err),
		-ENOBUFS);
	assert_int_equal(
		berth_bootstrap_encode(&flags, 1, message, sizeof(message), &length, &err), 0);
	assert_int_equal(err.error_class, BERTH_ERROR_NONE);
	memset(message + length, 0, 4);
	assert_int_equal(berth_bootstrap_to_json(message, length + 4, &json, &err), -EPROTO);
	assert_string_equal(
		err.message, "header at offset 0: nlmsg_len is 24, but 28 bytes are there");
	assert_int_equal(berth_bootstrap_to_json(message, 0, &json, &err), -EPROTO);
	assert_string_equal(err.message, "header at offset 0: cut off, 0 bytes of 16 are there");
	assert_null(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_long_value),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_decode_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
