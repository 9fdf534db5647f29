/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation: every state, type and side against a list that was written down apart from the table;
 * and errors on their way to the parent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire/frame.h"

/* All that may ever be said. */
static const struct move {
	int state;
	uint16_t type;
	enum wire_side side;
	int next;
} moves[] = {
	{WIRE_STATE_SENT, 62001, WIRE_SIDE_PARENT, WIRE_STATE_SENT},
	{WIRE_STATE_SENT, 62010, WIRE_SIDE_CHILD, WIRE_STATE_CHILD},
	{WIRE_STATE_CHILD, 62002, WIRE_SIDE_PARENT, WIRE_STATE_BUILD},
	{WIRE_STATE_BUILD, 62011, WIRE_SIDE_CHILD, WIRE_STATE_BUILD},
	{WIRE_STATE_BUILD, 62012, WIRE_SIDE_CHILD, WIRE_STATE_READY},
	{WIRE_STATE_BUILD, 62020, WIRE_SIDE_CHILD, WIRE_STATE_IDMAP},
	{WIRE_STATE_IDMAP, 62006, WIRE_SIDE_PARENT, WIRE_STATE_BUILD},
	{WIRE_STATE_IDMAP, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_BUILD, 62018, WIRE_SIDE_CHILD, WIRE_STATE_HOOKS},
	{WIRE_STATE_HOOKS, 62008, WIRE_SIDE_PARENT, WIRE_STATE_BUILD},
	{WIRE_STATE_HOOKS, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_READY, 62003, WIRE_SIDE_PARENT, WIRE_STATE_GO},
	{WIRE_STATE_READY, 62004, WIRE_SIDE_PARENT, WIRE_STATE_GO},
	{WIRE_STATE_GO, 62015, WIRE_SIDE_CHILD, WIRE_STATE_EXEC},
	{WIRE_STATE_GO, 62013, WIRE_SIDE_CHILD, WIRE_STATE_EXEC},
	{WIRE_STATE_SENT, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_CHILD, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_BUILD, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_READY, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_GO, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_GO, 62019, WIRE_SIDE_CHILD, WIRE_STATE_LISTEN},
	{WIRE_STATE_LISTEN, 62009, WIRE_SIDE_PARENT, WIRE_STATE_GO},
	{WIRE_STATE_LISTEN, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
	{WIRE_STATE_EXEC, 62014, WIRE_SIDE_CHILD, WIRE_STATE_ERROR},
};

static const struct move *find_move(int state, uint16_t type, enum wire_side side)
{
	for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
		if (moves[i].state == state && moves[i].type == type && moves[i].side == side) {
			return &moves[i];
		}
	}
	return NULL;
}

static void check_type(int state, uint16_t type, size_t *count)
{
	for (int side = WIRE_SIDE_PARENT; side <= WIRE_SIDE_CHILD; side++) {
		const struct move *move = find_move(state, type, (enum wire_side)side);
		int after = state;
		int r = wire_frame_step(&after, type, (enum wire_side)side);

		assert_int_equal(r, move ? 0 : -EPROTO);
		assert_int_equal(after, move ? move->next : state);
		*count += move ? 1 : 0;
	}
}

static void test_all_moves(void **state)
{
	size_t count = 0;

	(void)state;
	for (int at = -2; at <= WIRE_STATE_COUNT + 40; at++) {
		for (uint32_t type = 0; type <= UINT16_MAX; type++) {
			check_type(at, (uint16_t)type, &count);
		}
	}
	assert_int_equal(count, ARRAY_COUNT(moves));
}

static void test_states_far_off(void **state)
{
	static const int states[] = {INT32_MIN, -1, WIRE_STATE_COUNT, 32, 64, INT32_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
		int at = states[i];

		assert_int_equal(wire_frame_step(&at, WIRE_FRAME_ERROR, WIRE_SIDE_CHILD), -EPROTO);
		assert_int_equal(at, states[i]);
	}
}

/* From the first word to the last, and no other way. */
static void test_whole_conversation(void **state)
{
	static const struct {
		uint16_t type;
		enum wire_side side;
	} words[] = {
		{WIRE_FRAME_BOOT, WIRE_SIDE_PARENT},
		{WIRE_FRAME_CHILD, WIRE_SIDE_CHILD},
		{WIRE_FRAME_MAPPED, WIRE_SIDE_PARENT},
		{WIRE_FRAME_IDMAP, WIRE_SIDE_CHILD},
		{WIRE_FRAME_IDMAPPED, WIRE_SIDE_PARENT},
		{WIRE_FRAME_HOOKS, WIRE_SIDE_CHILD},
		{WIRE_FRAME_HOOKED, WIRE_SIDE_PARENT},
		{WIRE_FRAME_CONSOLE, WIRE_SIDE_CHILD},
		{WIRE_FRAME_READY, WIRE_SIDE_CHILD},
		{WIRE_FRAME_GO, WIRE_SIDE_PARENT},
		{WIRE_FRAME_EXEC, WIRE_SIDE_CHILD},
	};
	int at = WIRE_STATE_SENT;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		assert_int_equal(wire_frame_step(&at, words[i].type, words[i].side), 0);
	}
	assert_int_equal(at, WIRE_STATE_EXEC);
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(wire_frame_count, 16);
	for (size_t i = 0; i < wire_frame_count; i++) {
		const struct wire_frame_row *row = &wire_frame_table[i];

		assert_ptr_equal(wire_frame_find(row->type), row);
		assert_true(row->type > 62000 && row->next < WIRE_STATE_COUNT);
		assert_true(row->states != 0 && row->states < 1U << WIRE_STATE_COUNT);
		assert_int_equal(row->descriptors, row->type == WIRE_FRAME_CONSOLE ||
								   row->type == WIRE_FRAME_IDMAP ||
								   row->type == WIRE_FRAME_HOLD ||
								   row->type == WIRE_FRAME_LISTENER
							   ? 1
							   : 0);
		for (size_t other = 0; other < i; other++) {
			assert_string_not_equal(row->name, wire_frame_table[other].name);
		}
	}
	assert_null(wire_frame_find(0));
	assert_null(wire_frame_find(62000));
	assert_null(wire_frame_find(UINT16_MAX));
}

/* As it travels: encoded, decoded, and filled in. */
static void send_error(const struct berth_error *err, struct berth_error *ret_err)
{
	autoarena struct arena arena;
	struct frame_error sent, received = {0};
	const void *message = NULL;
	size_t length = 0;

	arena_init(&arena, 65536);
	frame_error_from(err, &sent);
	assert_int_equal(wire_record_encode(&frame_error_record, WIRE_FRAME_ERROR, &sent, &arena,
				 &message, &length),
		0);
	/* It fits into what the parent reads. */
	assert_true(length <= WIRE_FRAME_MAX_BYTES);
	assert_int_equal(
		wire_record_decode(&frame_error_record, (const char *)message + WIRE_HEADER_BYTES,
			length - WIRE_HEADER_BYTES, &arena, &received),
		0);
	memset(ret_err, 0xff, sizeof(*ret_err));
	frame_error_to(&received, ret_err);
}

static void test_error_there_and_back(void **state)
{
	struct berth_error err, back;

	(void)state;
	for (int error_class = 1; error_class < BERTH_ERROR_CLASS_COUNT; error_class++) {
		memset(&err, 0, sizeof(err));
		err.error_class = error_class;
		err.errnum = error_class * 10;
		/* Each text at its longest. */
		memset(err.step, 's', sizeof(err.step) - 1);
		memset(err.pointer, 'p', sizeof(err.pointer) - 1);
		memset(err.subject, 'u', sizeof(err.subject) - 1);
		memset(err.message, 'm', sizeof(err.message) - 1);
		send_error(&err, &back);
		assert_memory_equal(&err, &back, sizeof(err));
	}
	memset(&err, 0, sizeof(err));
	err.error_class = BERTH_ERROR_CHILD;
	send_error(&err, &back);
	assert_memory_equal(&err, &back, sizeof(err));
}

static void test_error_of_an_enemy(void **state)
{
	static const uint32_t classes[] = {0, BERTH_ERROR_CLASS_COUNT, 0x80000000, UINT32_MAX};
	char text[2000];
	struct berth_error err;
	struct frame_error frame = {
		.step = text, .pointer = text, .subject = text, .message = text};

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(classes); i++) {
		frame.error_class = classes[i];
		frame.errnum = UINT32_MAX;
		frame_error_to(&frame, &err);
		/* It is an error whatever it says. */
		assert_int_equal(err.error_class, BERTH_ERROR_INTERNAL);
		assert_int_equal(err.errnum, EPROTO);
		assert_int_equal(strlen(err.step), sizeof(err.step) - 1);
		assert_int_equal(strlen(err.pointer), sizeof(err.pointer) - 1);
		assert_int_equal(strlen(err.subject), sizeof(err.subject) - 1);
		assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	}
	frame = (struct frame_error){.error_class = BERTH_ERROR_SYSTEM, .errnum = 4095};
	frame_error_to(&frame, &err);
	assert_int_equal(err.error_class, BERTH_ERROR_SYSTEM);
	assert_int_equal(err.errnum, 4095);
	assert_string_equal(err.message, "");
	frame.errnum = 4096;
	frame_error_to(&frame, &err);
	assert_int_equal(err.errnum, EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_moves),
		cmocka_unit_test(test_states_far_off),
		cmocka_unit_test(test_whole_conversation),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_error_there_and_back),
		cmocka_unit_test(test_error_of_an_enemy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
