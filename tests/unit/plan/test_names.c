/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "plan/words.h"

enum { MEMORY_MAX = 1024 * 1024 };

static void test_path_inside(void **state)
{
	static const char *const cases[][2] = {
		{"/", "/"},
		{"", "/"},
		{".", "/"},
		{"..", "/"},
		{"/dev", "/dev"},
		{"dev", "/dev"},
		{"/dev/", "/dev"},
		{"//dev///shm//", "/dev/shm"},
		{"/./dev/./shm/.", "/dev/shm"},
		{"/dev/../proc", "/proc"},
		{"/a/b/../../c", "/c"},
		{"/../../../etc", "/etc"},
		{"/a/../../b/..", "/"},
		{"../x", "/x"},
		{"/a/...", "/a/..."},
		{"/a/.b/..c", "/a/.b/..c"},
		{"/proc/../proc/./self/..", "/proc"},
	};
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_string_equal(plan_path_inside(&arena, cases[i][0]), cases[i][1]);
	}
}

static void test_path_on_host(void **state)
{
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_string_equal(plan_path_on_host(&arena, "/b", "rootfs"), "/b/rootfs");
	assert_string_equal(plan_path_on_host(&arena, "/b/", "./rootfs//"), "/b/rootfs");
	assert_string_equal(plan_path_on_host(&arena, "/b", "/abs/x"), "/abs/x");
	/* The kernel decides where ".." leads: "/b/link/.." may be another directory than "/b". */
	assert_string_equal(plan_path_on_host(&arena, "/b", "link/../x"), "/b/link/../x");
	assert_string_equal(plan_path_on_host(&arena, "/", "x"), "/x");
}

static void test_path_parts(void **state)
{
	(void)state;
	assert_true(plan_path_is_below("/proc/x", "/proc"));
	assert_false(plan_path_is_below("/proc", "/proc"));
	assert_false(plan_path_is_below("/process", "/proc"));
	assert_string_equal(plan_path_base("/sys/fs/cgroup/cpu,cpuacct"), "cpu,cpuacct");
	assert_string_equal(plan_path_base("x"), "x");
}

static void test_capabilities(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= 40; i++) {
		const char *name = plan_capability_name(i);

		assert_non_null(name);
		assert_memory_equal(name, "CAP_", 4);
		assert_int_equal(plan_capability_number(name), i);
	}
	assert_null(plan_capability_name(41));
	assert_int_equal(plan_capability_number("CAP_CHOWN"), 0);
	assert_int_equal(plan_capability_number("CAP_SYS_ADMIN"), 21);
	assert_int_equal(plan_capability_number("CAP_SETFCAP"), 31);
	assert_int_equal(plan_capability_number("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(plan_capability_number("cap_chown"), -1);
	assert_int_equal(plan_capability_number("CHOWN"), -1);
	assert_int_equal(plan_capability_number("CAP_CHOW"), -1);
	assert_int_equal(plan_capability_number(""), -1);
}

static void test_namespaces(void **state)
{
	(void)state;
	for (uint32_t bit = 1; bit; bit <<= 1) {
		assert_true(!(bit & ABI_NAMESPACE_FLAGS) == !plan_namespace_name(bit));
	}
	assert_string_equal(plan_namespace_name(CLONE_NEWNET), "network");
}

static void test_rlimits(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++) {
		const char *name = plan_word_name(&plan_rlimit_words, (uint32_t)i);

		assert_true(str_has_prefix(name, "RLIMIT_"));
		assert_int_equal(plan_word_find(&plan_rlimit_words, name)->number, i);
	}
	assert_string_equal(plan_word_name(&plan_rlimit_words, 16), "?");
	assert_null(plan_word_find(&plan_rlimit_words, "RLIMIT_"));
	assert_null(plan_word_find(&plan_rlimit_words, NULL));
}

static void test_mapped(void **state)
{
	static const struct spec_mapping items[] = {{0, 1000, 1}, {10, 100000, 5}};
	static const struct spec spec = {
		.linux_section.uid_mappings = {.items = items, .count = ARRAY_COUNT(items)}};
	const struct plan_work work = {.spec = &spec, .is_map_known = true};

	(void)state;
	assert_true(plan_is_mapped(&work, PLAN_UIDS, 0));
	assert_false(plan_is_mapped(&work, PLAN_UIDS, 1));
	assert_true(plan_is_mapped(&work, PLAN_UIDS, 10));
	assert_true(plan_is_mapped(&work, PLAN_UIDS, 14));
	assert_false(plan_is_mapped(&work, PLAN_UIDS, 15));
	assert_false(plan_is_mapped(&work, PLAN_UIDS, 9));
	assert_false(plan_is_mapped(&work, PLAN_UIDS, 1000));
	assert_false(plan_is_mapped(&work, PLAN_GIDS, 0));
}

/* The ids of the user namespace that berth is in, where the container has none of its own. */
static void test_mapped_here(void **state)
{
	static const struct facts_ids uids[] = {{0, 1}, {UINT32_MAX - 1, 1}};
	static const struct spec spec = {0};
	struct facts facts = {.is_userns = true, .uids = uids, .uid_count = ARRAY_COUNT(uids)};
	struct plan plan = {0};
	struct plan_work work = {.spec = &spec, .facts = &facts, .plan = &plan};

	(void)state;
	assert_true(plan_is_mapped(&work, PLAN_UIDS, 0));
	assert_false(plan_is_mapped(&work, PLAN_UIDS, 1));
	assert_true(plan_is_mapped(&work, PLAN_UIDS, UINT32_MAX - 1));
	assert_true(plan_is_mapped(&work, PLAN_GIDS, 1)); /* nobody knows */
	work.joined = CLONE_NEWUSER;
	assert_true(plan_is_mapped(&work, PLAN_UIDS, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_inside),
		cmocka_unit_test(test_path_on_host),
		cmocka_unit_test(test_path_parts),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_mapped_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
