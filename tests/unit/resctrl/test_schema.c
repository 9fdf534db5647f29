/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a group's schemata say what a line says, in the forms that the kernel writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "resctrl/resctrl.h"

static const char there[] = "    MB:0= 20;1=100\n"
			    "    L3:0=007f0;1=0001f\n"
			    "L3CODE:0=3\n";

static void test_has(void **state)
{
	static const char *const lines[] = {"L3:0=7f0;1=1f", "L3:1=1f;0=7f0", "L3:0=7F0",
		"L3:1=01f", "MB:1=100", "MB:1=100;", "L3CODE:0=3", " L3:0=7f0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		if (!resctrl_schema_has(there, lines[i])) {
			fail_msg("%s is not found", lines[i]);
		}
	}
}

static void test_has_not(void **state)
{
	static const char *const lines[] = {"L3:0=7f1", "L3:0=7f0;1=ff", "L3:2=7f0", "L3:", "L3",
		"", "L2:0=7f0", "MB:1=256", "MB:1=0100x", "L3:0", "L3:0=", "L3:=7f0",
		"L3:0=7f0,1=1f", "L3:-0=7f0", "L3COD:0=3", "L3:0=7f0;;1=1f"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		if (resctrl_schema_has(there, lines[i])) {
			fail_msg("%s is found", lines[i]);
		}
	}
	assert_false(resctrl_schema_has("", "L3:0=7f0"));
	assert_false(resctrl_schema_has("L3:0=\n7f0\n", "L3:0=7f0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_has_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
