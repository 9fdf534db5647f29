/* SPDX-License-Identifier: Apache-2.0 */
/* A build without libseccomp refuses a filter; it does not leave it out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"

static void test_refused(void **state)
{
	static const struct host_seccomp seccomp = {0};
	struct wire_bytes program = {NULL, 0};
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(host_seccomp_compile(&seccomp, NULL, &program, &err), -EOPNOTSUPP);
	assert_int_equal(err.error_class, BERTH_ERROR_UNSUPPORTED);
	assert_string_equal(err.pointer, "/linux/seccomp");
	assert_string_equal(err.message, "needs libseccomp: this berth was built without it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
