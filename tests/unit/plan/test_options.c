/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "plan/options.h"
#include "plan/work.h"

enum { MEMORY_MAX = 1024 * 1024, OPTIONS_MAX = 16 };

/* The options of a comma-separated text, parsed: commas separate the entries of the array here. */
static int parse(struct arena *arena, const char *text, struct plan_options *ret_options,
	struct berth_error *err)
{
	const char *items[OPTIONS_MAX];
	struct spec_strings strings = {.items = items};
	struct log_notes notes = {0};

	while (*text) {
		size_t length = strcspn(text, ",");

		assert_true(strings.count < OPTIONS_MAX);
		items[strings.count] = arena_copy(arena, text, length);
		assert_non_null(items[strings.count]);
		strings.count++;
		text += length + (text[length] == ',');
	}
	return plan_options_parse(&strings, "/mounts/7", arena, &notes, ret_options, err);
}

/* What the options of config.md become. */
static const struct attr_case {
	const char *text;
	uint64_t set, clear;
} attr_cases[] = {
	{"", 0, 0},
	{"defaults", 0, 0},
	{"ro", MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID, 0},
	{"suid", 0, MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV, 0},
	{"dev", 0, MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"atime", 0, MOUNT_ATTR__ATIME},
	{"relatime", 0, MOUNT_ATTR__ATIME},
	{"norelatime", 0, 0},
	{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"nostrictatime", 0, MOUNT_ATTR__ATIME},
	/* A later one overrides an earlier one, and only that. */
	{"ro,rw", 0, MOUNT_ATTR_RDONLY},
	{"rw,ro", MOUNT_ATTR_RDONLY, 0},
	{"ro,nosuid,suid", MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID},
	{"ro,rw,ro", MOUNT_ATTR_RDONLY, 0},
	{"noatime,strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"strictatime,noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"noatime,relatime", 0, MOUNT_ATTR__ATIME},
	{"noatime,atime", 0, MOUNT_ATTR__ATIME},
	{"strictatime,atime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"noatime,nostrictatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"nodiratime,noatime", MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	/* Without effect on the mount. */
	{"mand,nomand,silent,loud,iversion,noiversion", 0, 0},
	{"nosuid,noexec,nodev,ro",
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, 0},
};

static void test_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(attr_cases); i++) {
		autoarena struct arena arena;
		struct plan_options options;

		arena_init(&arena, MEMORY_MAX);
		print_message("# %s\n", attr_cases[i].text);
		assert_int_equal(parse(&arena, attr_cases[i].text, &options, NULL), 0);
		assert_int_equal(options.attr.set, attr_cases[i].set);
		assert_int_equal(options.attr.clear, attr_cases[i].clear);
		assert_int_equal(options.tree.set | options.tree.clear, 0);
		assert_int_equal(options.data.count, 0);
		assert_false(options.is_bind);
		assert_int_equal(options.propagation, 0);
	}
}

/* Each has a form with an "r" in front, for the mounts below as well. */
static void test_tree(void **state)
{
	static const char *const names[] = {"ro", "rw", "suid", "nosuid", "dev", "nodev", "exec",
		"noexec", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
		"strictatime", "nostrictatime", "symfollow", "nosymfollow"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		autoarena struct arena arena;
		struct plan_options one, tree;

		arena_init(&arena, MEMORY_MAX);
		assert_int_equal(parse(&arena, names[i], &one, NULL), 0);
		assert_int_equal(
			parse(&arena, arena_printf(&arena, "r%s", names[i]), &tree, NULL), 0);
		assert_int_equal(tree.tree.set, one.attr.set);
		assert_int_equal(tree.tree.clear, one.attr.clear);
		assert_int_equal(tree.attr.set | tree.attr.clear, 0);
		assert_int_equal(tree.data.count, 0);
	}
}

static void test_tree_and_mount_are_apart(void **state)
{
	autoarena struct arena arena;
	struct plan_options options;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(parse(&arena, "rro,rw,rnosuid,rsuid", &options, NULL), 0);
	assert_int_equal(options.tree.set, MOUNT_ATTR_RDONLY);
	assert_int_equal(options.tree.clear, MOUNT_ATTR_NOSUID);
	assert_int_equal(options.attr.set, 0);
	assert_int_equal(options.attr.clear, MOUNT_ATTR_RDONLY);
}

static void test_propagation(void **state)
{
	static const struct {
		const char *text;
		uint32_t propagation;
		bool is_recursive;
	} cases[] = {
		{"private", MS_PRIVATE, false},
		{"rprivate", MS_PRIVATE, true},
		{"shared", MS_SHARED, false},
		{"rshared", MS_SHARED, true},
		{"slave", MS_SLAVE, false},
		{"rslave", MS_SLAVE, true},
		{"unbindable", MS_UNBINDABLE, false},
		{"runbindable", MS_UNBINDABLE, true},
		{"rshared,slave", MS_SLAVE, false},
		{"private,shared,rslave", MS_SLAVE, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		autoarena struct arena arena;
		struct plan_options options;

		arena_init(&arena, MEMORY_MAX);
		assert_int_equal(parse(&arena, cases[i].text, &options, NULL), 0);
		assert_int_equal(options.propagation, cases[i].propagation);
		assert_int_equal(options.is_propagation_recursive, cases[i].is_recursive);
	}
}

static void test_bind(void **state)
{
	autoarena struct arena arena;
	struct plan_options options;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(parse(&arena, "bind,ro", &options, NULL), 0);
	assert_true(options.is_bind);
	assert_false(options.is_recursive);
	assert_int_equal(parse(&arena, "rbind,remount", &options, NULL), 0);
	assert_true(options.is_bind);
	assert_true(options.is_recursive);
	assert_string_equal(options.remount, "/mounts/7/options/1");
	assert_true(plan_option_is_bind("bind"));
	assert_true(plan_option_is_bind("rbind"));
	assert_false(plan_option_is_bind("rrbind"));
	assert_false(plan_option_is_bind("ro"));
}

static void assert_data(const struct plan_options *options, const char *expected)
{
	char text[256];
	struct strbuf joined;

	strbuf_init(&joined, text, sizeof(text));
	for (size_t i = 0; i < options->data.count; i++) {
		strbuf_printf(&joined, "%s%s@%u", i ? "|" : "", options->data.items[i],
			options->data_origins[i]);
	}
	assert_null(options->data.items[options->data.count]);
	assert_string_equal(text, expected);
}

static void test_data(void **state)
{
	static const char *const cases[][2] = {
		{"ro,mode=755,size=65536k", "mode=755@1|size=65536k@2"},
		{"sync", "sync@0"},
		{"sync,async", ""},
		{"async,sync", "sync@1"},
		{"sync,sync", "sync@1"},
		{"dirsync,lazytime", "dirsync@0|lazytime@1"},
		{"lazytime,nolazytime", ""},
		{"newinstance,x,y=", "newinstance@0|x@1|y=@2"},
		/* No option of the specification has two "r", or another upper and lower case. */
		{"rrro,RO,rsync,rdefaults", "rrro@0|RO@1|rsync@2|rdefaults@3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		autoarena struct arena arena;
		struct plan_options options;

		arena_init(&arena, MEMORY_MAX);
		assert_int_equal(parse(&arena, cases[i][0], &options, NULL), 0);
		assert_data(&options, cases[i][1]);
	}
}

/* Several options in one text of the array. */
static void test_pieces(void **state)
{
	static const char *const items[] = {
		"mode=755,size=1m",
		"context=\"a:b:s0:c1,c2\",,x",
		"lowerdir=a\\,b:c,upperdir=d",
		"y\\",
	};
	struct spec_strings strings = {.items = items, .count = ARRAY_COUNT(items)};
	autoarena struct arena arena;
	struct plan_options options;
	struct log_notes notes = {0};

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(plan_options_parse(&strings, "", &arena, &notes, &options, NULL), 0);
	assert_data(&options, "mode=755@0|size=1m@0|context=a:b:s0:c1,c2@1|x@1|"
			      "lowerdir=a\\,b:c@2|upperdir=d@2|y\\@3");
}

static void test_values(void **state)
{
	autoarena struct arena arena;
	struct plan_options options;
	size_t place = 0;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(parse(&arena, "gid=5,mode=1,gid=6,ro,modem=3", &options, NULL), 0);
	assert_string_equal(plan_options_value(&options, "gid", &place), "6");
	assert_int_equal(place, 2);
	assert_string_equal(plan_options_value(&options, "mode", NULL), "1");
	assert_null(plan_options_value(&options, "mod", NULL));
	assert_null(plan_options_value(&options, "ro", NULL));
}

static void test_idmap(void **state)
{
	static const struct {
		const char *text;
		const char *pointer, *maps;
		bool is_recursive;
	} cases[] = {
		{"ro", NULL, NULL, false},
		{"idmap", "/mounts/7/options/0", NULL, false},
		{"ro;ridmap", "/mounts/7/options/1", NULL, true},
		{"idmap;ridmap=uids=0-1-2", "/mounts/7/options/1", "uids=0-1-2", true},
		{"ridmap=x;idmap", "/mounts/7/options/1", NULL, false},
		{"idmap=", "/mounts/7/options/0", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		autoarena struct arena arena;
		struct plan_options options;
		char text[64];

		(void)str_copy(text, sizeof(text), cases[i].text);
		for (char *c = text; *c; c++) {
			*c = *c == ';' ? ',' : *c;
		}
		arena_init(&arena, MEMORY_MAX);
		assert_int_equal(parse(&arena, text, &options, NULL), 0);
		assert_true(!options.idmap == !cases[i].pointer);
		assert_true(!options.idmap || str_is_equal(options.idmap, cases[i].pointer));
		assert_true(!options.idmap_text == !cases[i].maps);
		assert_true(!cases[i].maps || str_is_equal(options.idmap_text, cases[i].maps));
		assert_int_equal(options.is_idmap_recursive, cases[i].is_recursive);
		assert_int_equal(options.data.count, 0);
	}
}

/* The attributes as options say the same when they are parsed again. */
static void test_names_go_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(attr_cases); i++) {
		autoarena struct arena arena;
		struct plan_options options;
		const struct plan_attrs attrs = {attr_cases[i].set, attr_cases[i].clear};
		char text[128];
		struct strbuf joined;
		size_t place = 0;
		const char *name;

		arena_init(&arena, MEMORY_MAX);
		strbuf_init(&joined, text, sizeof(text));
		while ((name = plan_attrs_name(&attrs, &place))) {
			strbuf_printf(&joined, "%s%s", joined.length ? "," : "", name);
		}
		assert_int_equal(parse(&arena, text, &options, NULL), 0);
		assert_int_equal(options.attr.set, attrs.set);
		assert_int_equal(options.attr.clear, attrs.clear);
	}
}

static void test_no_memory(void **state)
{
	autoarena struct arena arena;
	struct plan_options options;
	struct log_notes notes = {0};
	struct berth_error err = {0};
	const char *const items[] = {"mode=755"};
	const struct spec_strings strings = {.items = items, .count = 1};

	(void)state;
	arena_init(&arena, 1);
	assert_int_equal(plan_options_parse(&strings, "", &arena, &notes, &options, &err), -12);
	assert_int_equal(err.error_class, BERTH_ERROR_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_tree_and_mount_are_apart),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_idmap),
		cmocka_unit_test(test_names_go_round),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
