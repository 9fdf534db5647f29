/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every field of config.json that the specification 1.3.0 has for Linux is decoded with its type, or
 * refused by name; none is taken silently. A row puts one value at one JSON pointer of a config that is
 * fine without it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "fields.h"
#include "spec/spec.h"

/* Configs that are fine, open at an object. What comes after a member of the same key wins. */
static const struct section {
	const char *pointer, *before, *after;
} sections[] = {
	{"", "{\"ociVersion\": \"1.3.0\"", "}"},
	{"/annotations", "{\"ociVersion\": \"1.3.0\", \"annotations\": {\"k\": \"v\"", "}}"},
	{"/root", "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"r\"", "}}"},
	{"/mounts/0", "{\"ociVersion\": \"1.3.0\", \"mounts\": [{\"destination\": \"/\"", "}]}"},
	{"/process", "{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\"", "}}"},
	{"/process/consoleSize",
		"{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", "
		"\"consoleSize\": {\"height\": 1, \"width\": 1",
		"}}}"},
	{"/process/ioPriority",
		"{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", \"ioPriority\": {\"class\": \"x\"",
		"}}}"},
	{"/process/scheduler",
		"{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", \"scheduler\": {\"policy\": \"x\"",
		"}}}"},
	{"/process/rlimits/0",
		"{\"ociVersion\": \"1.3.0\", \"process\": {\"cwd\": \"/\", "
		"\"rlimits\": [{\"type\": \"t\", \"soft\": 1, \"hard\": 1",
		"}]}}"},
	{"/hooks/prestart/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"prestart\": [{\"path\": \"/x\"", "}]}}"},
	{"/hooks/createRuntime/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"createRuntime\": [{\"path\": \"/x\"",
		"}]}}"},
	{"/hooks/createContainer/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"createContainer\": [{\"path\": \"/x\"",
		"}]}}"},
	{"/hooks/startContainer/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"startContainer\": [{\"path\": \"/x\"",
		"}]}}"},
	{"/hooks/poststart/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"poststart\": [{\"path\": \"/x\"",
		"}]}}"},
	{"/hooks/poststop/0",
		"{\"ociVersion\": \"1.3.0\", \"hooks\": {\"poststop\": [{\"path\": \"/x\"", "}]}}"},
	{"/linux", "{\"ociVersion\": \"1.3.0\", \"linux\": {\"maskedPaths\": []", "}}"},
	{"/linux/namespaces/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"namespaces\": [{\"type\": \"pid\"",
		"}]}}"},
	{"/linux/devices/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"devices\": [{\"type\": \"c\", \"path\": \"x\"",
		"}]}}"},
	{"/linux/resources/blockIO/throttleReadBpsDevice/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"blockIO\": {"
		"\"throttleReadBpsDevice\": [{\"major\": 1, \"minor\": 1, \"rate\": 1",
		"}]}}}}"},
	{"/linux/resources/blockIO/throttleWriteBpsDevice/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"blockIO\": {"
		"\"throttleWriteBpsDevice\": [{\"major\": 1, \"minor\": 1, \"rate\": 1",
		"}]}}}}"},
	{"/linux/resources/blockIO/throttleReadIOPSDevice/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"blockIO\": {"
		"\"throttleReadIOPSDevice\": [{\"major\": 1, \"minor\": 1, \"rate\": 1",
		"}]}}}}"},
	{"/linux/resources/blockIO/throttleWriteIOPSDevice/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"blockIO\": {"
		"\"throttleWriteIOPSDevice\": [{\"major\": 1, \"minor\": 1, \"rate\": 1",
		"}]}}}}"},
	{"/linux/resources/blockIO/weightDevice/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"blockIO\": {"
		"\"weightDevice\": [{\"major\": 1, \"minor\": 1",
		"}]}}}}"},
	{"/linux/resources/hugepageLimits/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {"
		"\"hugepageLimits\": [{\"pageSize\": \"x\", \"limit\": 1",
		"}]}}}"},
	{"/linux/resources/network/priorities/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"resources\": {\"network\": {"
		"\"priorities\": [{\"name\": \"x\", \"priority\": 1",
		"}]}}}}"},
	{"/linux/seccomp",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"seccomp\": {\"defaultAction\": \"x\"",
		"}}}"},
	{"/linux/seccomp/syscalls/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"seccomp\": {\"defaultAction\": \"x\", "
		"\"syscalls\": [{\"names\": [\"x\"], \"action\": \"x\"",
		"}]}}}"},
	{"/linux/seccomp/syscalls/0/args/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"seccomp\": {\"defaultAction\": \"x\", "
		"\"syscalls\": [{\"names\": [\"x\"], \"action\": \"x\", "
		"\"args\": [{\"index\": 1, \"value\": 1, \"op\": \"x\"",
		"}]}]}}}"},
	{"/linux/memoryPolicy",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"memoryPolicy\": {\"mode\": \"x\"",
		"}}}"},
	{"/linux/personality",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {\"personality\": {\"domain\": \"x\"",
		"}}}"},
	{"/mounts/0/uidMappings/0",
		"{\"ociVersion\": \"1.3.0\", \"mounts\": [{\"destination\": \"x\", "
		"\"uidMappings\": [{\"containerID\": 1, \"hostID\": 1, \"size\": 1",
		"}]}]}"},
	{"/mounts/0/gidMappings/0",
		"{\"ociVersion\": \"1.3.0\", \"mounts\": [{\"destination\": \"x\", "
		"\"gidMappings\": [{\"containerID\": 1, \"hostID\": 1, \"size\": 1",
		"}]}]}"},
	{"/linux/uidMappings/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"uidMappings\": [{\"containerID\": 1, \"hostID\": 1, \"size\": 1",
		"}]}}"},
	{"/linux/gidMappings/0",
		"{\"ociVersion\": \"1.3.0\", \"linux\": {"
		"\"gidMappings\": [{\"containerID\": 1, \"hostID\": 1, \"size\": 1",
		"}]}}"},
};

/* The section that is deepest on the way to a pointer. */
static const struct section *find_section(const char *pointer)
{
	const struct section *found = &sections[0];

	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		size_t length = strlen(sections[i].pointer);

		if (length > strlen(found->pointer) &&
			str_has_prefix(pointer, sections[i].pointer) && pointer[length] == '/') {
			found = &sections[i];
		}
	}
	return found;
}

static void add_key(struct strbuf *text, const char *token, size_t length)
{
	strbuf_add(text, "\"");
	for (size_t i = 0; i < length; i++) {
		if (token[i] == '~') {
			i++;
			strbuf_add(text, token[i] == '0' ? "~" : "/");
		} else {
			strbuf_add_bytes(text, &token[i], 1);
		}
	}
	strbuf_add(text, "\": ");
}

/* The config that has `value` at `pointer`. */
static void place(struct strbuf *text, const char *pointer, const char *value)
{
	const struct section *section = find_section(pointer);
	const char *token = pointer + strlen(section->pointer);
	char closing[16];
	size_t depth = 0;

	strbuf_add(text, section->before);
	strbuf_add(text, ", ");
	for (bool is_first = true; *token == '/'; is_first = false) {
		size_t length = strcspn(token + 1, "/");

		if (token[1] == '0') {
			strbuf_add(text, "[");
			closing[depth++] = ']';
		} else {
			if (!is_first) {
				strbuf_add(text, "{");
				closing[depth++] = '}';
			}
			add_key(text, token + 1, length);
		}
		token += 1 + length;
	}
	strbuf_add(text, value);
	while (depth > 0) {
		strbuf_add_bytes(text, &closing[--depth], 1);
	}
	strbuf_add(text, section->after);
	assert_false(text->is_cut);
}

static int decode_with(const struct field *field, const char *value, struct berth_error *err)
{
	char text[1024];
	struct strbuf buf;
	autoarena struct arena arena;
	const struct json_value *tree = NULL;
	const char *reason = NULL;
	size_t offset = 0;
	struct spec spec;

	memset(err, 0, sizeof(*err));
	strbuf_init(&buf, text, sizeof(text));
	place(&buf, field->pointer, value);
	arena_init(&arena, 1 << 20);
	if (json_parse(&arena, text, buf.length, &tree, &offset, &reason) < 0) {
		fail_msg("%s: %s at %zu", text, reason, offset);
	}
	return spec_decode(tree, &arena, &spec, err);
}

static void expect_good(const struct field *field, const char *value)
{
	struct berth_error err;
	int r = decode_with(field, value, &err);

	if (r != 0 || err.error_class != BERTH_ERROR_NONE) {
		fail_msg("%s is %s: %s %s", field->pointer, value, err.pointer, err.message);
	}
}

static void expect_bad(
	const struct field *field, const char *value, const char *pointer, const char *message)
{
	struct berth_error err;
	int r = decode_with(field, value, &err);

	if (r != -EINVAL || err.error_class != BERTH_ERROR_CONFIG ||
		strcmp(err.pointer, pointer) != 0 || strcmp(err.message, message) != 0) {
		fail_msg(
			"%s is %s: %d, %s: %s", field->pointer, value, r, err.pointer, err.message);
	}
}

static const char *const samples[JSON_KIND_COUNT] = {
	[JSON_NULL] = "null",
	[JSON_BOOL] = "true",
	[JSON_NUMBER] = "1",
	[JSON_STRING] = "\"c\"",
	[JSON_ARRAY] = "[]",
	[JSON_OBJECT] = "{\"a\": \"b\"}",
};

static int wanted_kind(const struct field *field)
{
	static const int kinds[] = {
		[IS_BOOL] = JSON_BOOL,
		[IS_U32] = JSON_NUMBER,
		[IS_I64] = JSON_NUMBER,
		[IS_U64] = JSON_NUMBER,
		[IS_STRING] = JSON_STRING,
		[IS_ARRAY] = JSON_ARRAY,
		[IS_OBJECT] = JSON_OBJECT,
	};

	return kinds[field->expectation & KINDS];
}

static bool is_item(const struct field *field)
{
	return str_is_equal(strrchr(field->pointer, '/'), "/0");
}

/* Of an object whose keys are the user's: null is no string there, as in an array. */
static bool is_member(const struct field *field)
{
	return str_has_prefix(field->pointer, "/annotations/") ||
	       str_has_prefix(field->pointer, "/linux/sysctl/") ||
	       str_is_equal(strrchr(field->pointer, '/'), "/eth0");
}

static void check_wrong_kinds(const struct field *field)
{
	int wanted = wanted_kind(field);

	for (int kind = JSON_NULL + 1; kind < JSON_KIND_COUNT; kind++) {
		char message[128];
		struct strbuf buf;

		if (kind == wanted) {
			continue;
		}
		strbuf_init(&buf, message, sizeof(message));
		strbuf_printf(&buf, "must be %s, is %s", json_kind_name((enum json_kind)wanted),
			json_kind_name((enum json_kind)kind));
		expect_bad(field, samples[kind], field->pointer, message);
	}
}

static void check_null(const struct field *field)
{
	char message[128];
	struct strbuf buf;

	if (is_member(field) || is_item(field)) {
		strbuf_init(&buf, message, sizeof(message));
		strbuf_printf(&buf, "must be %s, is null",
			json_kind_name((enum json_kind)wanted_kind(field)));
		expect_bad(field, "null", field->pointer, message);
	} else if ((field->expectation & REQUIRED) != 0) {
		expect_bad(field, "null", field->pointer, "is required, is null");
	} else {
		expect_good(field, "null");
	}
}

static void check_numbers(const struct field *field)
{
	static const struct {
		int expectation;
		const char *range, *good[4], *bad[8];
	} rows[] = {
		{IS_U32, "from 0 to 4294967295", {"0", "-0", "4294967295", NULL},
			{"-1", "1.5", "1.0", "1e3", "4294967296", "18446744073709551616", NULL}},
		{IS_U64, "from 0 to 18446744073709551615",
			{"0", "4294967296", "18446744073709551615", NULL},
			{"-1", "0.5", "1e400", "18446744073709551616", NULL}},
		{IS_I64, "from -9223372036854775808 to 9223372036854775807",
			{"-1", "9223372036854775807", "-9223372036854775808", NULL},
			{"0.5", "1e1", "9223372036854775808", "-9223372036854775809", NULL}},
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if ((field->expectation & KINDS) != rows[i].expectation) {
			continue;
		}
		for (const char *const *good = rows[i].good; *good; good++) {
			expect_good(field, *good);
		}
		for (const char *const *bad = rows[i].bad; *bad; bad++) {
			char message[128];
			struct strbuf buf;

			strbuf_init(&buf, message, sizeof(message));
			strbuf_printf(
				&buf, "must be a whole number %s, is %s", rows[i].range, *bad);
			expect_bad(field, *bad, field->pointer, message);
		}
	}
}

static void test_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];

		if (field->expectation == IGNORED) {
			continue;
		}
		expect_good(field, field->value);
		check_wrong_kinds(field);
		check_null(field);
		check_numbers(field);
	}
}

static void test_ignored(void **state)
{
	(void)state;
	for (size_t i = 0; i < field_count; i++) {
		if (fields[i].expectation != IGNORED) {
			continue;
		}
		expect_good(&fields[i], fields[i].value);
		for (int kind = 0; kind < JSON_KIND_COUNT; kind++) {
			expect_good(&fields[i], samples[kind]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoded),
		cmocka_unit_test(test_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
