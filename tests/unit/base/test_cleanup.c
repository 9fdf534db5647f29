/* SPDX-License-Identifier: Apache-2.0 */
/* Owning locals: closed and freed at the end of the scope, unless they were handed over. That memory is
 * freed is what the sanitizer's build sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_fd_is_closed(void **state)
{
	int seen;

	(void)state;
	{
		autofd int fd = open_null();

		seen = fd;
		assert_true(is_open(seen));
	}
	assert_false(is_open(seen));
}

/* -1 is no descriptor; 0 is one, and is not taken for none. */
static void test_fd_none(void **state)
{
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 3);
	int none = -1;

	(void)state;
	errno = 0;
	cleanup_fd(&none);
	close_fd(&none);
	assert_int_equal(errno, 0);
	assert_int_equal(none, -1);
	{
		autofd int zero = open_null();

		assert_int_equal(dup2(zero, 0), 0);
	}
	{
		autofd int zero = 0;

		assert_true(is_open(zero));
	}
	assert_false(is_open(0));
	if (saved >= 0) {
		assert_int_equal(dup2(saved, 0), 0);
		close_fd(&saved);
	}
}

static void test_take_fd(void **state)
{
	int taken;

	(void)state;
	{
		autofd int fd = open_null();

		taken = take_fd(&fd);
		assert_int_equal(fd, -1);
	}
	assert_true(is_open(taken));
	close_fd(&taken);
	assert_int_equal(taken, -1);
	assert_int_equal(take_fd(&taken), -1);
}

static void test_close_fd(void **state)
{
	autofd int fd = open_null();
	int seen = fd;

	(void)state;
	close_fd(&fd);
	assert_int_equal(fd, -1);
	assert_false(is_open(seen));
	/* A second time it is nobody's. */
	close_fd(&fd);
}

static void test_pointers(void **state)
{
	autoptr char *none = NULL;
	autoptr char *freed = strdup("freed");
	char *kept;

	(void)state;
	assert_null(none);
	assert_non_null(freed);
	{
		autoptr char *owned = strdup("kept");

		kept = take_ptr(owned);
		assert_null(owned);
	}
	assert_string_equal(kept, "kept");
	cleanup_ptr(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fd_is_closed),
		cmocka_unit_test(test_fd_none),
		cmocka_unit_test(test_take_fd),
		cmocka_unit_test(test_close_fd),
		cmocka_unit_test(test_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
