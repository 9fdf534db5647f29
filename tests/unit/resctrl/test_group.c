/* SPDX-License-Identifier: Apache-2.0 */
/* What the record keeps of a group, and what is not taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "resctrl/resctrl.h"

static void describes(const struct resctrl *resctrl, const char *text)
{
	autoarena struct arena arena;

	arena_init(&arena, 4096);
	assert_string_equal(resctrl_describe(resctrl, &arena), text);
}

static void test_describe(void **state)
{
	struct resctrl resctrl = {.fd = -1, .group = "gold", .monitor = "c1", .is_shared = true};

	(void)state;
	describes(&resctrl, "-sm:gold");
	resctrl = (struct resctrl){.fd = -1, .group = "c1", .is_own = true};
	describes(&resctrl, "o--:c1");
	resctrl = (struct resctrl){.fd = -1, .is_shared = true};
	describes(&resctrl, "-s-:");
}

/* A record that somebody has changed must not lead out of resctrl, nor to no group at all. */
static void test_refused(void **state)
{
	static const char *const texts[] = {"", "o", "o--", "o--c", "x--:c1", "ox-:c1", "o-x:c1",
		"o--:..", "o--:.", "o--:../x", "o--:/", "o--:a/b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct resctrl resctrl;
		struct berth_error err = {0};

		resctrl_init(&resctrl);
		if (resctrl_open(&resctrl, "/", texts[i], "c1", &err) >= 0 ||
			err.error_class != BERTH_ERROR_STATE || resctrl.fd != -1) {
			fail_msg("\"%s\" is taken: %s", texts[i], err.message);
		}
	}
}

/* Another file system in the place of resctrl is an error, and nothing is opened. */
static void test_no_resctrl(void **state)
{
	struct resctrl resctrl;
	struct berth_error err = {0};

	(void)state;
	resctrl_init(&resctrl);
	assert_true(resctrl_open(&resctrl, "/proc", "o--:c1", "c1", &err) < 0);
	assert_int_equal(err.error_class, BERTH_ERROR_SYSTEM);
	assert_int_equal(resctrl.fd, -1);
	assert_int_equal(resctrl_remove(&resctrl, 0, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_resctrl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
