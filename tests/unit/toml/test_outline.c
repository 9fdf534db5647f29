/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "toml/toml.h"

/* The outline as one line: "[a/b]", "[[c]]", "a/key=VALUE", with blanks between. */
struct outline {
	const char *text;
	struct strbuf out;
	char bytes[2048];
};

static int visit(const struct toml_item *item, void *argument)
{
	struct outline *outline = argument;
	char path[TOML_PATH_MAX];
	size_t length = str_copy(path, sizeof(path), item->path);

	for (size_t i = 0; i < length; i++) {
		path[i] = path[i] == '\n' ? '/' : path[i];
	}
	path[length - 1] = '\0';
	strbuf_add(&outline->out, outline->out.length ? " " : "");
	if (item->kind == TOML_KEY) {
		strbuf_printf(&outline->out, "%s=%.*s", path, (int)(item->end - item->value),
			outline->text + item->value);
	} else {
		strbuf_printf(&outline->out, item->kind == TOML_TABLE ? "[%s]" : "[[%s]]", path);
	}
	return 0;
}

/* Walks over a copy that ends where the text ends, so that a read past it is found by the sanitizer. */
static int walk(const char *text, struct outline *outline, struct toml_fault *fault)
{
	char *copy = strdup(text);
	int r;

	assert_non_null(copy);
	outline->text = copy;
	strbuf_init(&outline->out, outline->bytes, sizeof(outline->bytes));
	r = toml_walk(copy, visit, outline, fault);
	free(copy);
	return r;
}

static const struct {
	const char *text, *outline;
} goods[] = {
	{"", ""},
	{"# a comment", ""},
	{"\n\r\n \t\n", ""},
	{"a=1", "a=1"},
	{"a = 1 # one\nb = 2\n", "a=1 b=2"},
	{"[a]\nb=1\n[c.d]\r\ne=2\r\n", "[a] a/b=1 [c/d] c/d/e=2"},
	{"[ a . 'b.c' . \"d\" ]\n  e.f = 1", "[a/b.c/d] a/b.c/d/e/f=1"},
	{"[[a]]\nb=1\n[[a]]\n", "[[a]] a/b=1 [[a]]"},
	{"a = \"[x] # \\\" = \\\\\"\nb='\\'", "a=\"[x] # \\\" = \\\\\" b='\\'"},
	{"a = \"\"\"\n[x]\n\\\"\"\" \"\"\nb = 1\n\"\"\"\"\"\nc = 2",
		"a=\"\"\"\n[x]\n\\\"\"\" \"\"\nb = 1\n\"\"\"\"\" c=2"},
	{"a = '''\n[x]\n'''\nb = ''", "a='''\n[x]\n''' b=''"},
	{"a = [1, # ]\n [2,\n],\n \"]\",]\nb=1", "a=[1, # ]\n [2,\n],\n \"]\",] b=1"},
	{"a = []\nb = {}\nc = { d = 1, e.f = [ 2 ] }", "a=[] b={} c={ d = 1, e.f = [ 2 ] }"},
	{"a = true\nb = -1_000.5e+3\nc = 0xdead\nd = inf\ne = +nan",
		"a=true b=-1_000.5e+3 c=0xdead d=inf e=+nan"},
	{"a = 1979-05-27 07:32:00.5Z\nb = 07:32:00\nc = 1979-05-27 # x",
		"a=1979-05-27 07:32:00.5Z b=07:32:00 c=1979-05-27"},
};

static void outlines_of_good_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(goods); i++) {
		struct outline outline;
		struct toml_fault fault = {0, "none"};

		if (walk(goods[i].text, &outline, &fault) != 0) {
			fail_msg("%s: %s at %zu", goods[i].text, fault.reason, fault.offset);
		}
		assert_string_equal(outline.bytes, goods[i].outline);
	}
}

static const struct {
	const char *text;
	size_t offset;
	const char *reason;
} bads[] = {
	{"a", 1, "expected '='"},
	{"= 1", 0, "expected a key"},
	{"a = ", 4, "expected a value"},
	{"a = yes", 4, "expected a value"},
	{"a = 1 2", 6, "expected the end of the line"},
	{"a = \"x", 4, "string without closing quotes"},
	{"a = \"x\n\"", 4, "string without closing quotes"},
	{"a = \"x\\", 4, "string without closing quotes"},
	{"a = '''x''", 4, "string without closing quotes"},
	{"a = [1 2]", 7, "expected a comma or ']'"},
	{"a = [1,", 7, "expected a value"},
	{"a = {b = 1 c = 2}", 11, "expected a comma or '}'"},
	{"a = {\nb = 1}", 5, "expected a key"},
	{"[a", 2, "expected ']' behind the table's name"},
	{"[a]]", 3, "expected the end of the line"},
	{"[[a]", 3, "expected ']' behind the table's name"},
	{"[]", 1, "expected a key"},
	{"[a..b]", 3, "expected a key"},
	{"a. = 1", 3, "expected a key"},
	{"{\"runtimes\": {}}", 0, "expected a key"},
};

static void bad_texts_are_refused_with_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bads); i++) {
		struct outline outline;
		struct toml_fault fault = {0, "none"};

		if (walk(bads[i].text, &outline, &fault) != -EINVAL) {
			fail_msg("%s is taken", bads[i].text);
		}
		assert_string_equal(fault.reason, bads[i].reason);
		assert_int_equal(fault.offset, bads[i].offset);
	}
}

static void limits(void **state)
{
	struct outline outline;
	struct toml_fault fault;
	char text[4096] = "a = ";

	(void)state;
	memset(text + 4, '[', TOML_DEPTH_MAX);
	memset(text + 4 + TOML_DEPTH_MAX, ']', TOML_DEPTH_MAX);
	assert_int_equal(walk(text, &outline, &fault), 0);
	memset(text + 4, '[', TOML_DEPTH_MAX + 1);
	assert_int_equal(walk(text, &outline, &fault), -EINVAL);
	assert_string_equal(fault.reason, "too many levels of brackets");
	memset(text, 'a', TOML_PATH_MAX);
	(void)strcpy(text + TOML_PATH_MAX, "=1");
	assert_int_equal(walk(text, &outline, &fault), -EINVAL);
	assert_string_equal(fault.reason, "key too long");
}

static void strings_of_an_array(void **state)
{
	static const char text[] = "[ 'a', # \"no\"\n \"b c\", { append = true } ] \"no\"";
	size_t at = 0, end = strlen(text) - strlen(" \"no\""), start, length;

	(void)state;
	assert_true(toml_next_string(text, &at, end, &start, &length));
	assert_true(length == 1 && text[start] == 'a');
	assert_true(toml_next_string(text, &at, end, &start, &length));
	assert_true(length == 3 && strncmp(text + start, "b c", length) == 0);
	assert_false(toml_next_string(text, &at, end, &start, &length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outlines_of_good_texts),
		cmocka_unit_test(bad_texts_are_refused_with_their_place),
		cmocka_unit_test(limits),
		cmocka_unit_test(strings_of_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
