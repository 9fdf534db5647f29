/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: refused with a reason and an offset within them, or a tree that is the same after
 * it was written and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

enum { FUZZ_ARENA_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_true, const char *promise)
{
	if (!is_true) {
		(void)fprintf(stderr, "BROKEN PROMISE: %s\n", promise);
		abort();
	}
}

static const struct json_value *parse(struct arena *arena, const char *text, size_t length)
{
	const struct json_value *value = NULL;
	const char *reason = NULL;
	size_t offset = SIZE_MAX;
	int r;

	arena_init(arena, FUZZ_ARENA_BYTES);
	r = json_parse(arena, text, length, &value, &offset, &reason);
	expect((r == 0) == (value != NULL), "a tree is there on success only");
	expect(r == 0 || (reason && offset <= length), "a refusal has a reason and a place");
	return value;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void compare(const struct json_value *a, const struct json_value *b)
{
	const struct json_value *left = a->first, *right = b->first;

	expect(a->kind == b->kind && a->is_true == b->is_true && a->length == b->length,
		"a value stays what it was");
	expect(is_same_text(a->key, b->key) && is_same_text(a->text, b->text),
		"a text stays what it was");
	expect(!a->text || strlen(a->text) == a->length, "a text has no NUL inside");
	while (left && right) {
		compare(left, right);
		left = left->next;
		right = right->next;
	}
	expect(left == right, "the number of children stays what it was");
}

/* Each key of an object is there once, and json_get() finds its member. Only for objects so small that
 * the look-ups cost nothing. */
static void check_members(const struct json_value *value)
{
	for (const struct json_value *child = value->first; child; child = child->next) {
		if (value->kind == JSON_OBJECT && value->length < 100) {
			expect(json_get(value, child->key) == child, "a key is there once");
		}
		check_members(child);
	}
}

static void check_written(const struct json_value *value, bool is_pretty)
{
	autoarena struct arena arena;
	const struct json_value *again;
	struct json_writer writer;
	char *text = NULL;

	json_writer_init(&writer, is_pretty);
	json_write_value(&writer, value);
	expect(json_writer_take(&writer, &text) == 0, "a tree can be written");
	again = parse(&arena, text, strlen(text));
	/* A control character takes six bytes where one escape took two: a long text may pass a limit. */
	if (strlen(text) < JSON_TEXT_MAX_BYTES / 64) {
		expect(again != NULL, "what is written can be read");
		compare(value, again);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoarena struct arena arena;
	const struct json_value *value = parse(&arena, (const char *)data, size);

	if (value) {
		check_members(value);
		check_written(value, false);
		check_written(value, true);
	}
	return 0;
}
