/* SPDX-License-Identifier: Apache-2.0 */
/* The error object: filled once, one printable line, one table of codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"

/* The line is this one. */
static void assert_line(const struct berth_error *err, const char *expected)
{
	char line[1400];
	size_t length = error_format(err, line, sizeof(line));

	assert_string_equal(line, expected);
	assert_int_equal(length, strlen(expected));
}

static void test_system(void **state)
{
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(error_system(&err, ENOENT, "open %s", "/x"), -ENOENT);
	assert_int_equal(err.error_class, BERTH_ERROR_SYSTEM);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.message, "open /x");
	assert_line(&err, "open /x: no such file or directory");

	error_clear(&err);
	assert_int_equal(error_system(&err, -EPERM, "setns"), -EPERM);
	assert_int_equal(err.errnum, EPERM);

	error_clear(&err);
	assert_int_equal(error_system(&err, -ENOMEM, "memory"), -ENOMEM);
	assert_int_equal(err.error_class, BERTH_ERROR_MEMORY);

	/* Without a reason it is a failure nevertheless. */
	error_clear(&err);
	assert_int_equal(error_system(&err, 0, "nothing"), -EIO);
	assert_int_equal(err.error_class, BERTH_ERROR_SYSTEM);
	assert_line(&err, "nothing");
	assert_int_equal(error_system(NULL, EPERM, "nobody listens"), -EPERM);
}

static const struct class_row {
	int error_class;
	int code;
} class_rows[] = {
	{BERTH_ERROR_NONE, 0},
	{BERTH_ERROR_INTERNAL, -EINVAL},
	{BERTH_ERROR_USAGE, -EINVAL},
	{BERTH_ERROR_CONFIG, -EINVAL},
	{BERTH_ERROR_UNSUPPORTED, -EOPNOTSUPP},
	{BERTH_ERROR_PROTOCOL, -EPROTO},
	{BERTH_ERROR_SYSTEM, -EIO},
	{BERTH_ERROR_MEMORY, -ENOMEM},
	{BERTH_ERROR_EXISTS, -EEXIST},
	{BERTH_ERROR_NOT_FOUND, -ENOENT},
	{BERTH_ERROR_STATE, -EBUSY},
	{BERTH_ERROR_CHILD, -ECHILD},
};

static void test_classes(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_COUNT(class_rows), BERTH_ERROR_CLASS_COUNT);
	for (size_t i = 1; i < ARRAY_COUNT(class_rows); i++) {
		const struct class_row *row = &class_rows[i];
		struct berth_error err = {0};

		assert_int_equal(error_set(&err, row->error_class, "n %d", 5), row->code);
		assert_int_equal(err.error_class, row->error_class);
		assert_int_equal(err.errnum, 0);
		assert_string_equal(err.message, "n 5");
		assert_int_equal(error_exit_code(&err), 1);
		error_clear(&err);
		assert_int_equal(error_field(&err, row->error_class, "/a/0", "bad"), row->code);
		assert_string_equal(err.pointer, "/a/0");
		assert_line(&err, "/a/0: bad");
		assert_int_equal(error_set(NULL, row->error_class, "x"), row->code);
		assert_int_equal(error_field(NULL, row->error_class, "/x", "x"), row->code);
	}
}

/* A class from elsewhere (another version, a hostile frame) is a failure and no index. */
static void test_exit_codes_of_no_class(void **state)
{
	struct berth_error err = {0};

	(void)state;
	assert_true(error_exit_code(&err) != 0);
	err.error_class = BERTH_ERROR_CLASS_COUNT;
	assert_int_equal(error_exit_code(&err), 1);
	err.error_class = INT32_MAX;
	assert_int_equal(error_exit_code(&err), 1);
	err.error_class = INT32_MIN;
	assert_int_equal(error_exit_code(&err), 1);
}

static void test_filled_once(void **state)
{
	struct berth_error err = {0};
	struct berth_error first;

	(void)state;
	assert_int_equal(error_field(&err, BERTH_ERROR_CONFIG, "/mounts/3", "the first"), -EINVAL);
	first = err;
	/* The code is that of each call; the words are those of the first. */
	assert_int_equal(error_system(&err, EPERM, "the second"), -EPERM);
	assert_int_equal(error_set(&err, BERTH_ERROR_CHILD, "the third"), -ECHILD);
	assert_int_equal(error_field(&err, BERTH_ERROR_USAGE, "/x", "the fourth"), -EINVAL);
	assert_memory_equal(&err, &first, sizeof(err));
	error_clear(&err);
	assert_int_equal(err.error_class, BERTH_ERROR_NONE);
	assert_int_equal(error_system(&err, EPERM, "the fifth"), -EPERM);
	assert_string_equal(err.message, "the fifth");
	assert_string_equal(err.pointer, "");
	error_clear(NULL);
}

static void test_add(void **state)
{
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(error_system(&err, EBUSY, "mount"), -EBUSY);
	error_add_subject(&err, NULL);
	error_add_subject(&err, "");
	assert_string_equal(err.subject, "");
	error_add_subject(&err, "/data");
	error_add_subject(&err, "/other");
	assert_string_equal(err.subject, "/data");
	error_add_pointer(&err, "/mounts/1");
	error_add_pointer(&err, "/mounts/2");
	assert_string_equal(err.pointer, "/mounts/1");
	error_add_step(&err, "mounts");
	error_add_step(&err, "exec");
	assert_string_equal(err.step, "mounts");
	assert_line(&err, "/mounts/1: mount /data: device or resource busy (step mounts)");
	err.line = 12;
	err.column = 5;
	assert_line(&err, "/mounts/1 (line 12, column 5): mount /data: device or "
			  "resource busy (step mounts)");
	err.pointer[0] = '\0';
	assert_line(&err, "line 12, column 5: mount /data: device or resource busy (step mounts)");
	error_add_subject(NULL, "x");
	error_add_pointer(NULL, "x");
	error_add_step(NULL, "x");
}

static void test_prefix(void **state)
{
	struct berth_error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, BERTH_ERROR_CONFIG, "bad"), -EINVAL);
	error_prefix(&err, "mount %d of %d: ", 7, 23);
	assert_string_equal(err.message, "mount 7 of 23: bad");
	error_prefix(&err, "%s", "");
	assert_string_equal(err.message, "mount 7 of 23: bad");
	error_prefix(NULL, "x");
}

static void test_prefix_is_cut(void **state)
{
	struct berth_error err = {0};
	char text[2 * BERTH_ERROR_MESSAGE_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(error_set(&err, BERTH_ERROR_CONFIG, "%s", text), -EINVAL);
	assert_int_equal(strlen(err.message), BERTH_ERROR_MESSAGE_SIZE - 1);
	error_prefix(&err, "mount 7: ");
	assert_int_equal(strlen(err.message), BERTH_ERROR_MESSAGE_SIZE - 1);
	assert_memory_equal(err.message, "mount 7: xxx", 12);
	/* A prefix that fills it all leaves nothing of the old text, and no byte behind the field. */
	memset(text, 'y', sizeof(text) - 1);
	error_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.message), BERTH_ERROR_MESSAGE_SIZE - 1);
	assert_int_equal(err.message[BERTH_ERROR_MESSAGE_SIZE - 2], 'y');
}

/* Every text is cut to its field and ends in NUL; the line holds all fields at their longest. */
static void test_longest(void **state)
{
	struct berth_error err = {0};
	char text[2048];
	char line[1188]; /* what berth-init has for it */

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(error_field(&err, BERTH_ERROR_CONFIG, text, "%s", text), -EINVAL);
	error_add_subject(&err, text);
	error_add_step(&err, text);
	err.errnum = ENOTEMPTY;
	err.line = UINT32_MAX;
	err.column = UINT32_MAX;
	assert_int_equal(strlen(err.pointer), BERTH_ERROR_POINTER_SIZE - 1);
	assert_int_equal(strlen(err.subject), BERTH_ERROR_SUBJECT_SIZE - 1);
	assert_int_equal(strlen(err.step), BERTH_ERROR_STEP_SIZE - 1);
	assert_true(error_format(&err, line, sizeof(line)) < sizeof(line) - 1);
	assert_non_null(strstr(line, ": directory not empty (step xxx"));
}

static void test_format_is_cut(void **state)
{
	struct berth_error err = {0};
	char whole[256];
	size_t length;

	(void)state;
	assert_int_equal(error_field(&err, BERTH_ERROR_CONFIG, "/hostname", "too\tlong"), -EINVAL);
	err.errnum = EINVAL;
	length = error_format(&err, whole, sizeof(whole));
	assert_string_equal(whole, "/hostname: too?long: invalid argument");
	for (size_t size = 1; size <= length + 1; size++) {
		char line[256];

		memset(line, 'Z', sizeof(line));
		assert_int_equal(error_format(&err, line, size), size - 1);
		assert_memory_equal(line, whole, size - 1);
		assert_int_equal(line[size - 1], '\0');
		assert_int_equal(line[size], 'Z');
	}
}

/* Names of an image reach a person's terminal through this line. */
static void test_control_characters(void **state)
{
	struct berth_error err = {0};
	char text[40];
	size_t length = 0;

	(void)state;
	for (char c = 1; c < 0x20; c++) {
		text[length++] = c;
	}
	text[length++] = 0x7f;
	text[length] = '\0';
	assert_int_equal(error_field(&err, BERTH_ERROR_CONFIG, "/a\nb", "x%sy\r\n", text), -EINVAL);
	error_add_subject(&err, "\x1b[31mred");
	error_add_step(&err, "a\nb");
	assert_line(&err, "/a?b: x????????????????????????????????y?? ?[31mred "
			  "(step a?b)");
	/* What is no ASCII is left as it is. */
	error_clear(&err);
	assert_int_equal(error_set(&err, BERTH_ERROR_CONFIG, "K\xc3\xa4se \xff"), -EINVAL);
	assert_line(&err, "K\xc3\xa4se \xff");
}

static void test_errno_text(void **state)
{
	char text[64];
	char small[8];

	(void)state;
	assert_ptr_equal(error_errno_text(ENOENT, text, sizeof(text)), text);
	assert_string_equal(text, "no such file or directory");
	assert_string_equal(error_errno_text(EPERM, text, sizeof(text)), "operation not permitted");
	assert_string_equal(error_errno_text(EACCES, text, sizeof(text)), "permission denied");
	assert_string_equal(error_errno_text(ENOEXEC, text, sizeof(text)), "exec format error");
	assert_true(strlen(error_errno_text(99999, text, sizeof(text))) > 0);
	assert_true(strlen(error_errno_text(-1, text, sizeof(text))) > 0);
	assert_string_equal(error_errno_text(ENOENT, small, sizeof(small)), "no such");
	small[0] = small[1] = 'Z';
	assert_string_equal(error_errno_text(ENOENT, small, 1), "");
	assert_int_equal(small[1], 'Z');
	(void)error_errno_text(ENOENT, small + 1, 0);
	assert_int_equal(small[1], 'Z');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_exit_codes_of_no_class),
		cmocka_unit_test(test_filled_once),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_prefix_is_cut),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_format_is_cut),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_errno_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
