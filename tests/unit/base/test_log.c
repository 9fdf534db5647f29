/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the log: one line, cut where it is too long, and nothing without a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "base/str.h"

struct heard {
	int count;
	enum log_level level;
	char text[2048];
};

static void hear(void *argument, enum log_level level, const char *text)
{
	struct heard *heard = argument;

	heard->count++;
	heard->level = level;
	(void)str_copy(heard->text, sizeof(heard->text), text);
}

static void test_one_line(void **state)
{
	struct heard heard = {0};
	const struct log log = {.fn = hear, .argument = &heard};

	(void)state;
	log_line(&log, LOG_LEVEL_DEBUG, "%d\n%s\x7f", 1, "two\t\xc3\xa9");
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, LOG_LEVEL_DEBUG);
	assert_string_equal(heard.text, "1?two?\xc3\xa9?");
}

static void test_long_line(void **state)
{
	struct heard heard = {0};
	const struct log log = {.fn = hear, .argument = &heard};
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_line(&log, LOG_LEVEL_WARNING, "%s", text);
	assert_int_equal(heard.level, LOG_LEVEL_WARNING);
	assert_in_range(strlen(heard.text), 1000, 2000);
}

static void test_no_reader(void **state)
{
	const struct log log = {0};

	(void)state;
	log_line(NULL, LOG_LEVEL_WARNING, "%s", "nobody");
	log_line(&log, LOG_LEVEL_WARNING, "%s", "nobody");
}

static void test_notes(void **state)
{
	struct heard heard = {0};
	const struct log log = {.fn = hear, .argument = &heard};
	struct log_notes notes = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	log_notes_write(&log, LOG_LEVEL_WARNING, "subject", &notes);
	assert_int_equal(heard.count, 0);
	log_note(&notes, &arena, "%s\n%d", "one", 1);
	assert_string_equal(notes.items[0], "one?1");
	log_notes_write(&log, LOG_LEVEL_WARNING, "subject", &notes);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, LOG_LEVEL_WARNING);
	assert_string_equal(heard.text, "subject: one?1");
	for (int i = 1; i < LOG_NOTES_MAX + 3; i++) {
		log_note(&notes, &arena, "%d", i);
	}
	assert_int_equal(notes.count, LOG_NOTES_MAX);
	heard.count = 0;
	log_notes_write(&log, LOG_LEVEL_DEBUG, "subject", &notes);
	assert_int_equal(heard.count, LOG_NOTES_MAX + 1);
	assert_string_equal(heard.text, "subject: 3 more lines like these");
	arena_finish(&arena);
}

static void test_note_without_memory(void **state)
{
	struct log_notes notes = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	log_note(&notes, &arena, "lost");
	assert_int_equal(notes.count, 0);
	assert_int_equal(notes.left_out, 1);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_note_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
