/* SPDX-License-Identifier: Apache-2.0 */
/* What the golden tests cannot say in a config.json: the limits of memory and of maps, texts that
 * would break a line, and that each plan passes the check of the one who carries it out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/text.h"
#include "plan/work.h"

enum { MEMORY_MAX = 1024 * 1024, MAPPINGS_MAX = 400 };

static const struct plan_request request = {.bundle = "/bundle"};
static const struct facts host_facts = {
	.bounding = UINT64_MAX, .effective = UINT64_MAX, .last_capability = 40};

/* A spec with all that is required, and its arrays beside it so that a test can change them. */
struct sample {
	struct spec spec;
	const char *args[1];
	const char *options[4];
	struct spec_namespace namespaces[2];
	struct spec_mount mounts[2];
	struct spec_mapping uid_mappings[MAPPINGS_MAX];
	struct spec_mapping gid_mappings[1];
};

static void sample_init(struct sample *sample)
{
	struct spec *spec = &sample->spec;

	*sample = (struct sample){
		.args = {"sh"},
		.options = {"nosuid", "mode=755", "size=1m", "ro"},
		.namespaces = {{CLONE_NEWNS, NULL}, {CLONE_NEWUSER, NULL}},
		.mounts = {{.destination = "/proc", .type = "proc", .source = "proc"},
			{.destination = "/dev", .type = "tmpfs", .source = "tmpfs"}},
		.gid_mappings = {{0, 1000, 1}},
	};
	for (uint32_t i = 0; i < MAPPINGS_MAX; i++) {
		sample->uid_mappings[i] = (struct spec_mapping){i, 1000 + i, 1};
	}
	sample->mounts[1].options = (struct spec_strings){sample->options, 4};
	spec->process.is_present = true;
	spec->process.cwd = "/";
	spec->process.args = (struct spec_strings){sample->args, 1};
	spec->root = (struct spec_root){.is_present = true, .path = "rootfs"};
	spec->mounts = (struct spec_mounts){sample->mounts, 2};
	spec->linux_section.is_present = true;
	spec->linux_section.namespaces = (struct spec_namespaces){sample->namespaces, 1};
}

static void sample_add_userns(struct sample *sample, size_t uid_mapping_count)
{
	struct spec_linux *section = &sample->spec.linux_section;

	section->namespaces.count = 2;
	section->uid_mappings = (struct spec_mappings){sample->uid_mappings, uid_mapping_count};
	section->gid_mappings = (struct spec_mappings){sample->gid_mappings, 1};
}

static void test_passes_the_check(void **state)
{
	struct sample sample;
	autoarena struct arena arena;
	struct plan plan;

	(void)state;
	sample_init(&sample);
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(plan_make(&sample.spec, &request, &host_facts, &arena, &plan, NULL), 0);
	assert_int_equal(boot_check(&plan.boot), 0);
	assert_string_equal(plan.boot.root, "/bundle/rootfs");
	assert_int_equal(plan.boot.mounts.count, 2);
	assert_int_equal(plan.boot.mounts.items[0].flags, BOOT_MOUNT_STRICT);
	assert_int_equal(plan.boot.mounts.items[1].flags, BOOT_MOUNT_RO_LAST);
	assert_null(plan.boot.args.items[1]);
	assert_null(plan.boot.mounts.items[1].options.items[2]);
}

/* Every amount of memory gives the plan or a clean failure, and leaves the result untouched then.
 * */
static void test_every_amount_of_memory(void **state)
{
	struct sample sample;
	int r = -1;
	size_t failures = 0;

	(void)state;
	sample_init(&sample);
	sample_add_userns(&sample, 3);
	for (size_t limit = 0; r < 0; limit += 8) {
		autoarena struct arena arena;
		struct berth_error err = {0};
		struct plan plan = {.boot.umask = 12345};

		arena_init(&arena, limit);
		r = plan_make(&sample.spec, &request, &host_facts, &arena, &plan, &err);
		if (r < 0) {
			assert_int_equal(err.error_class, BERTH_ERROR_MEMORY);
			assert_int_equal(plan.boot.umask, 12345);
			failures++;
		}
		assert_true(limit < MEMORY_MAX);
	}
	assert_true(failures > 50);
}

static int make_with_mappings(size_t count, struct berth_error *err)
{
	struct sample sample;
	autoarena struct arena arena;
	struct plan plan;

	sample_init(&sample);
	sample_add_userns(&sample, count);
	arena_init(&arena, MEMORY_MAX);
	return plan_make(&sample.spec, &request, &host_facts, &arena, &plan, err);
}

/* user_namespaces(7): 340 lines; and less than a page, which is the narrower limit for long
 * numbers. */
static void test_limits_of_maps(void **state)
{
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(make_with_mappings(340, NULL), 0);
	assert_true(make_with_mappings(341, &err) < 0);
	assert_string_equal(err.pointer, "/linux/uidMappings");
	assert_non_null(strstr(err.message, "341"));
}

static void test_long_map(void **state)
{
	struct sample sample;
	autoarena struct arena arena;
	struct plan plan;
	struct berth_error err = {0};

	(void)state;
	sample_init(&sample);
	sample_add_userns(&sample, 200);
	for (uint32_t i = 1; i < MAPPINGS_MAX; i++) {
		sample.uid_mappings[i].container_id += 1000000000;
		sample.uid_mappings[i].host_id += 1000000000;
	}
	arena_init(&arena, MEMORY_MAX);
	assert_true(plan_make(&sample.spec, &request, &host_facts, &arena, &plan, &err) < 0);
	assert_string_equal(err.pointer, "/linux/uidMappings");
	assert_non_null(strstr(err.message, "4096"));
}

/* Each map that comes out is one that the reader of InitMsg takes. */
static void test_maps_are_taken(void **state)
{
	struct sample sample;
	autoarena struct arena arena;
	struct plan plan;
	size_t count = 0;

	(void)state;
	sample_init(&sample);
	sample_add_userns(&sample, 340);
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(plan_make(&sample.spec, &request, &host_facts, &arena, &plan, NULL), 0);
	assert_int_equal(wire_id_map_parse(plan.host.init.uid_map, NULL, &count), 0);
	assert_int_equal(count, 340);
	assert_int_equal(wire_id_map_parse(plan.host.init.gid_map, NULL, &count), 0);
}

static void test_facts_wanted(void **state)
{
	const struct plan_request disabled = {
		.bundle = "/bundle", .cgroups = PLAN_CGROUPS_DISABLED};
	struct sample sample;

	(void)state;
	sample_init(&sample);
	assert_int_equal(plan_facts_wanted(&sample.spec, &request), FACTS_CGROUP);
	assert_int_equal(plan_facts_wanted(&sample.spec, &disabled), 0);
	sample.mounts[0].type = "cgroup";
	assert_int_equal(plan_facts_wanted(&sample.spec, &disabled), FACTS_CGROUP);
	sample.mounts[0].type = "cgroup2";
	assert_int_equal(plan_facts_wanted(&sample.spec, &disabled), FACTS_CGROUP);
	sample.options[0] = "rbind";
	sample.mounts[0].options = (struct spec_strings){sample.options, 1};
	assert_int_equal(plan_facts_wanted(&sample.spec, &disabled), 0);
}

/* Computed with the formula in more digits than are asked for. */
static void test_cpu_weight(void **state)
{
	static const uint64_t rows[][2] = {{0, 1}, {1, 1}, {2, 1}, {3, 2}, {10, 4}, {100, 17},
		{512, 59}, {1000, 99}, {1024, 100}, {1025, 101}, {2048, 174}, {4096, 303},
		{10000, 627}, {65536, 3023}, {100000, 4340}, {262143, 10000}, {262144, 10000},
		{UINT64_MAX, 10000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(plan_cpu_weight(rows[i][0]), rows[i][1]);
	}
}

/* A text of the config can neither make a line of its own nor reach the terminal. */
static void test_text_is_quoted(void **state)
{
	struct sample sample;
	autoarena struct arena arena;
	struct plan plan;
	char *text = NULL;

	(void)state;
	sample_init(&sample);
	sample.args[0] = "a\nchild \"x\" \\ \033[2J\xc3\xa9";
	sample.spec.root.path = "/root fs";
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(plan_make(&sample.spec, &request, &host_facts, &arena, &plan, NULL), 0);
	assert_int_equal(plan_text(&plan, &text), 0);
	assert_non_null(strstr(text, "\"a\\nchild \\\"x\\\" \\\\ \\x1b[2J\\xc3\\xa9\"\n"));
	assert_non_null(strstr(text, "\"/root fs\"\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_the_check),
		cmocka_unit_test(test_every_amount_of_memory),
		cmocka_unit_test(test_limits_of_maps),
		cmocka_unit_test(test_long_map),
		cmocka_unit_test(test_maps_are_taken),
		cmocka_unit_test(test_facts_wanted),
		cmocka_unit_test(test_cpu_weight),
		cmocka_unit_test(test_text_is_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
