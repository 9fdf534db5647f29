/* SPDX-License-Identifier: Apache-2.0 */
/* Records: a full struct boot there and back, and every refusal that wire/record.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../kit/boot_sample.h"
#include "wire/frame.h"

enum { MEMORY_MAX = 256 * 1024 * 1024 };

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a) {
		assert_string_equal(a, b);
	}
}

static void assert_same_texts(struct wire_texts a, struct wire_texts b)
{
	assert_int_equal(a.count, b.count);
	for (size_t i = 0; i < a.count; i++) {
		assert_string_equal(a.items[i], b.items[i]);
	}
	/* As execve(2) wants it. */
	assert_non_null(b.items);
	assert_null(b.items[b.count]);
}

static void assert_same_bytes(struct wire_bytes a, struct wire_bytes b)
{
	assert_int_equal(a.length, b.length);
	if (a.length > 0) {
		assert_memory_equal(a.data, b.data, a.length);
	}
}

static void assert_same_mount(const struct boot_mount *a, const struct boot_mount *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->flags, b->flags);
	assert_same_text(a->pointer, b->pointer);
	assert_same_text(a->target, b->target);
	assert_same_text(a->source, b->source);
	assert_same_text(a->fstype, b->fstype);
	assert_same_texts(a->options, b->options);
	assert_true(a->attr_set == b->attr_set && a->attr_clear == b->attr_clear);
	assert_true(a->tree_set == b->tree_set && a->tree_clear == b->tree_clear);
	assert_int_equal(a->propagation, b->propagation);
	assert_int_equal(a->is_propagation_recursive, b->is_propagation_recursive);
}

static void assert_same_device(const struct boot_device *a, const struct boot_device *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_same_text(a->pointer, b->pointer);
	assert_same_text(a->path, b->path);
	assert_same_text(a->target, b->target);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->major, b->major);
	assert_int_equal(a->minor, b->minor);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
}

static void assert_same_identity(const struct boot_identity *a, const struct boot_identity *b)
{
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->groups.count, b->groups.count);
	for (size_t i = 0; i < a->groups.count; i++) {
		assert_int_equal(a->groups.items[i], b->groups.items[i]);
	}
	assert_int_equal(a->is_setgroups_denied, b->is_setgroups_denied);
	assert_true(a->bounding == b->bounding && a->effective == b->effective);
	assert_true(a->permitted == b->permitted && a->inheritable == b->inheritable);
	assert_true(a->ambient == b->ambient);
}

static void assert_same_boot(const struct boot *a, const struct boot *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_same_text(a->root, b->root);
	assert_int_equal(a->root_propagation, b->root_propagation);
	assert_int_equal(a->is_root_propagation_recursive, b->is_root_propagation_recursive);
	assert_int_equal(a->first_propagation, b->first_propagation);
	assert_int_equal(a->mounts.count, b->mounts.count);
	for (size_t i = 0; i < a->mounts.count; i++) {
		assert_same_mount(&a->mounts.items[i], &b->mounts.items[i]);
	}
	assert_int_equal(a->devices.count, b->devices.count);
	for (size_t i = 0; i < a->devices.count; i++) {
		assert_same_device(&a->devices.items[i], &b->devices.items[i]);
	}
	assert_same_texts(a->readonly_paths, b->readonly_paths);
	assert_same_texts(a->masked_paths, b->masked_paths);
	assert_same_text(a->hostname, b->hostname);
	assert_same_text(a->domainname, b->domainname);
	assert_int_equal(a->umask, b->umask);
	assert_int_equal(a->console_rows, b->console_rows);
	assert_int_equal(a->console_columns, b->console_columns);
	assert_same_identity(&a->identity, &b->identity);
	assert_same_text(a->cwd, b->cwd);
	assert_same_texts(a->args, b->args);
	assert_same_texts(a->env, b->env);
	assert_int_equal(a->seccomp.flags, b->seccomp.flags);
	assert_same_bytes(a->seccomp.program, b->seccomp.program);
}

static void there_and_back(const struct boot *boot, struct arena *arena, struct boot *ret_boot)
{
	struct wire_header header = {0};
	const void *message = NULL;
	size_t length = 0;

	assert_int_equal(
		wire_record_encode(&boot_record, WIRE_FRAME_BOOT, boot, arena, &message, &length),
		0);
	assert_int_equal(wire_header_get(message, &header), 0);
	assert_int_equal(header.type, WIRE_FRAME_BOOT);
	assert_int_equal(header.length, length);
	assert_int_equal(length % 8, 0);
	memset(ret_boot, 0, sizeof(*ret_boot));
	assert_int_equal(wire_record_decode(&boot_record, (const char *)message + WIRE_HEADER_BYTES,
				 length - WIRE_HEADER_BYTES, arena, ret_boot),
		0);
}

static void test_full_boot(void **state)
{
	static const size_t counts[] = {1, 2, 3, 41, 2000};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
		autoarena struct arena arena;
		const struct boot *boot;
		struct boot back;

		arena_init(&arena, MEMORY_MAX);
		boot = boot_sample(&arena, counts[i]);
		assert_non_null(boot);
		there_and_back(boot, &arena, &back);
		assert_same_boot(boot, &back);
		assert_int_equal(boot_check(&back), 0);
	}
}

static void test_empty_boot(void **state)
{
	const struct boot empty = {0};
	autoarena struct arena arena;
	struct boot back;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	there_and_back(&empty, &arena, &back);
	assert_same_boot(&empty, &back);
	assert_null(back.root);
	assert_null(back.hostname);
	assert_int_equal(back.mounts.count, 0);
	assert_int_equal(boot_check(&back), -EPROTO);
	/* No item at all is the same. */
	memset(&back, 0, sizeof(back));
	assert_int_equal(wire_record_decode(&boot_record, "", 0, &arena, &back), 0);
	assert_same_boot(&empty, &back);
}

/* Kinds are unique, and no two fields of a struct share a byte. */
static void check_table(const struct wire_record *record, int depth)
{
	unsigned char taken[512] = {0};

	assert_true(depth <= WIRE_RECORD_DEPTH);
	assert_true(record->size <= sizeof(taken));
	assert_true(record->count <= 32);
	for (size_t i = 0; i < record->count; i++) {
		const struct wire_field *field = &record->fields[i];
		size_t size = field->type == WIRE_U32 ? 4
			      : field->type == WIRE_U64 || field->type == WIRE_TEXT
				      ? 8
				      : sizeof(struct wire_array);

		assert_true(field->type < WIRE_TYPE_COUNT);
		assert_true(field->kind > 0);
		assert_true(i == 0 || field->kind > record->fields[i - 1].kind);
		assert_int_equal(field->record != NULL,
			field->type == WIRE_RECORD || field->type == WIRE_RECORDS);
		if (field->record) {
			check_table(field->record, depth + 1);
		}
		size = field->type == WIRE_RECORD ? field->record->size : size;
		assert_true(field->offset + size <= record->size);
		for (size_t at = field->offset; at < field->offset + size; at++) {
			assert_int_equal(taken[at]++, 0);
		}
	}
}

static void test_tables(void **state)
{
	(void)state;
	check_table(&boot_record, 0);
	check_table(&frame_child_record, 0);
	check_table(&frame_error_record, 0);
}

/* One of each type. */
struct inner {
	uint32_t number;
	const char *text;
};

struct sample {
	uint32_t u32;
	uint64_t u64;
	const char *text;
	struct wire_u32s u32s;
	struct wire_texts texts;
	struct inner inner;
	struct wire_array inners;
};

static const struct wire_field inner_fields[] = {
	{1, WIRE_U32, offsetof(struct inner, number), "number", NULL},
	{2, WIRE_TEXT, offsetof(struct inner, text), "text", NULL},
};
static const struct wire_record inner_record = {
	"inner", sizeof(struct inner), inner_fields, ARRAY_COUNT(inner_fields)};
static const struct wire_field sample_fields[] = {
	{1, WIRE_U32, offsetof(struct sample, u32), "u32", NULL},
	{2, WIRE_U64, offsetof(struct sample, u64), "u64", NULL},
	{3, WIRE_TEXT, offsetof(struct sample, text), "text", NULL},
	{4, WIRE_U32S, offsetof(struct sample, u32s), "u32s", NULL},
	{5, WIRE_TEXTS, offsetof(struct sample, texts), "texts", NULL},
	{6, WIRE_RECORD, offsetof(struct sample, inner), "inner", &inner_record},
	{7, WIRE_RECORDS, offsetof(struct sample, inners), "inners", &inner_record},
};
static const struct wire_record sample_record = {
	"sample", sizeof(struct sample), sample_fields, ARRAY_COUNT(sample_fields)};

/* An item as its bytes stand: header, value with its padding. */
struct raw_item {
	uint16_t kind, zero;
	uint32_t length;
	const char *value;
	size_t size;
};

#define ITEM(kind, length, value)                                                                  \
	{                                                                                          \
		kind, 0, length, value, sizeof(value) - 1                                          \
	}
#define FOUR "\1\0\0\0\0\0\0\0"

struct row {
	const char *what;
	struct raw_item items[3];
	bool is_taken;
	size_t cut; /* bytes that are missing at the end */
};

static const struct row rows[] = {
	{"nothing", {{0}}, true, 0},
	{"a number", {ITEM(1, 4, FOUR)}, true, 0},
	{"a long number", {ITEM(2, 8, "12345678")}, true, 0},
	{"a text", {ITEM(3, 3, "ab\0\0\0\0\0\0")}, true, 0},
	{"an empty text", {ITEM(3, 1, "\0\0\0\0\0\0\0\0")}, true, 0},
	{"a text that fills its place", {ITEM(3, 8, "abcdefg\0")}, true, 0},
	{"two numbers of a list", {ITEM(4, 4, FOUR), ITEM(4, 4, FOUR)}, true, 0},
	{"a list with others between",
		{ITEM(5, 1, "\0\0\0\0\0\0\0\0"), ITEM(1, 4, FOUR), ITEM(5, 2, "a\0\0\0\0\0\0\0")},
		true, 0},
	{"another order", {ITEM(2, 8, "12345678"), ITEM(1, 4, FOUR)}, true, 0},
	{"an empty struct", {ITEM(6, 0, "")}, true, 0},
	{"empty structs of a list", {ITEM(7, 0, ""), ITEM(7, 0, "")}, true, 0},
	{"a struct", {ITEM(6, 16, "\1\0\0\0\4\0\0\0" FOUR)}, true, 0},

	{"kind 0", {ITEM(0, 4, FOUR)}, false, 0},
	{"an unknown kind", {ITEM(8, 4, FOUR)}, false, 0},
	{"an unknown kind behind others", {ITEM(1, 4, FOUR), ITEM(8, 0, "")}, false, 0},
	{"the last kind", {ITEM(0xffff, 4, FOUR)}, false, 0},
	{"a kind with a high bit", {ITEM(0x8001, 4, FOUR)}, false, 0},
	{"a zero that is 1", {{1, 1, 4, FOUR, 8}}, false, 0},
	{"a zero that is 256", {{1, 0x100, 4, FOUR, 8}}, false, 0},
	{"a zero with its high bit", {{6, 0x8000, 0, "", 0}}, false, 0},

	{"a second number", {ITEM(1, 4, FOUR), ITEM(1, 4, FOUR)}, false, 0},
	{"a second long number", {ITEM(2, 8, FOUR), ITEM(2, 8, FOUR)}, false, 0},
	{"a second text", {ITEM(3, 1, "\0\0\0\0\0\0\0\0"), ITEM(3, 1, "\0\0\0\0\0\0\0\0")}, false,
		0},
	{"a second struct", {ITEM(6, 0, ""), ITEM(1, 4, FOUR), ITEM(6, 0, "")}, false, 0},
	{"a second number in a struct",
		{ITEM(6, 32, "\1\0\0\0\4\0\0\0" FOUR "\1\0\0\0\4\0\0\0" FOUR)}, false, 0},

	{"a number of 0 bytes", {ITEM(1, 0, "")}, false, 0},
	{"a number of 3 bytes", {ITEM(1, 3, "\1\0\0\0\0\0\0\0")}, false, 0},
	{"a number of 5 bytes", {ITEM(1, 5, FOUR)}, false, 0},
	{"a number of 8 bytes", {ITEM(1, 8, FOUR)}, false, 0},
	{"a long number of 0 bytes", {ITEM(2, 0, "")}, false, 0},
	{"a long number of 4 bytes", {ITEM(2, 4, FOUR)}, false, 0},
	{"a long number of 7 bytes", {ITEM(2, 7, FOUR)}, false, 0},
	{"a long number of 9 bytes", {ITEM(2, 9, FOUR FOUR)}, false, 0},
	{"a list's number of 0 bytes", {ITEM(4, 0, "")}, false, 0},
	{"a list's number of 8 bytes", {ITEM(4, 8, FOUR)}, false, 0},
	{"a struct of 4 bytes", {ITEM(6, 4, "\0\0\0\0\0\0\0\0")}, false, 0},
	{"a struct of 15 bytes", {ITEM(6, 15, "\1\0\0\0\4\0\0\0" FOUR)}, false, 0},
	{"a list's struct of 1 byte", {ITEM(7, 1, "\0\0\0\0\0\0\0\0")}, false, 0},

	{"a text of 0 bytes", {ITEM(3, 0, "")}, false, 0},
	{"a list's text of 0 bytes", {ITEM(5, 0, "")}, false, 0},
	{"a text without NUL", {ITEM(3, 3, "abc\0\0\0\0\0")}, false, 0},
	{"a text without NUL that fills its place", {ITEM(3, 8, "abcdefgh")}, false, 0},
	{"a text with a NUL inside", {ITEM(3, 4, "a\0b\0\0\0\0\0")}, false, 0},
	{"a text with two NULs at its end", {ITEM(3, 3, "a\0\0\0\0\0\0\0")}, false, 0},
	{"a list's text with a NUL inside", {ITEM(5, 4, "a\0b\0\0\0\0\0")}, false, 0},
	{"a text in a struct without NUL", {ITEM(6, 16, "\2\0\0\0\1\0\0\0a\0\0\0\0\0\0\0")}, false,
		0},

	{"padding whose first byte is not 0", {ITEM(1, 4, "\1\0\0\0\1\0\0\0")}, false, 0},
	{"padding whose last byte is not 0", {ITEM(1, 4, "\1\0\0\0\0\0\0\x80")}, false, 0},
	{"padding of a text", {ITEM(3, 2, "a\0b\0\0\0\0\0")}, false, 0},
	{"padding in a struct", {ITEM(6, 16, "\1\0\0\0\4\0\0\0\1\0\0\0\0\0\0\1")}, false, 0},

	{"a value past the end", {ITEM(3, 9, "abcdefg\0")}, false, 0},
	{"a value far past the end", {ITEM(3, 0x7fffffff, "abcdefg\0")}, false, 0},
	{"a length that wraps when padded", {ITEM(3, 0xffffffff, "abcdefg\0")}, false, 0},
	{"a struct whose length wraps when padded", {ITEM(6, 0xfffffff8, FOUR)}, false, 0},
	{"no padding at the end", {ITEM(1, 4, "\1\0\0\0")}, false, 0},
	{"half a padding at the end", {ITEM(3, 3, "ab\0\0\0\0\0")}, false, 0},
	{"a header that is cut off", {ITEM(1, 4, FOUR), ITEM(6, 0, "")}, false, 1},
	{"1 byte of a header", {ITEM(1, 4, FOUR), ITEM(6, 0, "")}, false, 7},
	{"an unknown kind in a struct", {ITEM(6, 8, "\3\0\0\0\0\0\0\0")}, false, 0},
	{"a value past the end of its struct, but not of the message",
		{ITEM(6, 8, "\2\0\0\0\1\0\0\0"), ITEM(1, 4, FOUR)}, false, 0},
	{"a header past the end of its struct", {ITEM(7, 8, "\2\0\0\0\x8\0\0\0")}, false, 0},
};

/* The items' bytes; how many they are. */
static size_t write_row(const struct row *row, char bytes[256])
{
	size_t length = 0;

	for (size_t i = 0; i < ARRAY_COUNT(row->items) && row->items[i].value; i++) {
		const struct raw_item *item = &row->items[i];

		memcpy(bytes + length, &item->kind, 2);
		memcpy(bytes + length + 2, &item->zero, 2);
		memcpy(bytes + length + 4, &item->length, 4);
		memcpy(bytes + length + 8, item->value, item->size);
		length += 8 + item->size;
	}
	return length - row->cut;
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		autoarena struct arena arena;
		struct sample value = {0};
		char bytes[256];
		size_t length = write_row(&rows[i], bytes);
		char *items = malloc(length + 1);
		int r;

		arena_init(&arena, MEMORY_MAX);
		/* At an odd address, and at the end of its block. */
		memcpy(items + 1, bytes, length);
		r = wire_record_decode(&sample_record, items + 1, length, &arena, &value);
		if (r != (rows[i].is_taken ? 0 : -EPROTO)) {
			fail_msg("%s: %d", rows[i].what, r);
		}
		free(items);
	}
}

/* A record that holds itself, which no table of ours does. */
struct tree {
	struct wire_array children;
};
static const struct wire_record tree_record;
static const struct wire_field tree_fields[] = {
	{1, WIRE_RECORDS, offsetof(struct tree, children), "children", &tree_record},
};
static const struct wire_record tree_record = {"tree", sizeof(struct tree), tree_fields, 1};

static void test_depth(void **state)
{
	(void)state;
	for (int depth = 0; depth < 60; depth++) {
		autoarena struct arena arena;
		struct tree trees[61] = {0};
		struct tree back = {0};
		const void *message = NULL;
		size_t length = 0;

		arena_init(&arena, MEMORY_MAX);
		for (int i = 0; i < depth; i++) {
			trees[i].children = (struct wire_array){&trees[i + 1], 1};
		}
		assert_int_equal(
			wire_record_encode(&tree_record, 1, trees, &arena, &message, &length), 0);
		assert_int_equal(
			wire_record_decode(&tree_record, (const char *)message + WIRE_HEADER_BYTES,
				length - WIRE_HEADER_BYTES, &arena, &back),
			depth <= WIRE_RECORD_DEPTH ? 0 : -EPROTO);
	}
}

static void test_encode_limits(void **state)
{
	/* Header, the item's header, and a text with its NUL: exactly the limit. */
	const size_t longest = WIRE_RECORD_MAX_BYTES - WIRE_HEADER_BYTES - 8 - 1;
	autoarena struct arena arena, narrow;
	struct inner value = {0};
	struct inner back = {0};
	const void *message = NULL;
	size_t length = 0;
	char *text;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	arena_init(&narrow, 64);
	text = arena_alloc(&arena, longest + 2, 1);
	assert_non_null(text);
	memset(text, 'x', longest + 1);
	value.text = text;
	/* The number takes 16 bytes of it. */
	text[longest - 16] = '\0';
	assert_int_equal(
		wire_record_encode(&inner_record, 1, &value, &arena, &message, &length), 0);
	assert_int_equal(length, WIRE_RECORD_MAX_BYTES);
	assert_int_equal(
		wire_record_decode(&inner_record, (const char *)message + WIRE_HEADER_BYTES,
			length - WIRE_HEADER_BYTES, &arena, &back),
		0);
	assert_string_equal(back.text, text);
	text[longest - 16] = 'x';
	message = NULL;
	length = 4711;
	assert_int_equal(
		wire_record_encode(&inner_record, 1, &value, &arena, &message, &length), -E2BIG);
	value.text = "a text that is longer than all the memory that there is for it";
	assert_int_equal(
		wire_record_encode(&inner_record, 1, &value, &narrow, &message, &length), -ENOMEM);
	assert_null(message);
	assert_int_equal(length, 4711);
}

static void test_decode_without_memory(void **state)
{
	autoarena struct arena arena;
	const void *message = NULL;
	size_t length = 0;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(boot_sample_message(&arena, 9, &message, &length), 0);
	/* Every amount of memory that is too little. */
	for (size_t limit = 0;; limit += 16) {
		autoarena struct arena narrow;
		struct boot back = {0};
		int r;

		arena_init(&narrow, limit);
		r = wire_record_decode(&boot_record, (const char *)message + WIRE_HEADER_BYTES,
			length - WIRE_HEADER_BYTES, &narrow, &back);
		if (r == 0) {
			assert_true(limit > 0);
			break;
		}
		assert_int_equal(r, -ENOMEM);
	}
}

static void test_no_record(void **state)
{
	autoarena struct arena arena;
	const void *message = NULL;
	size_t length = 0;

	(void)state;
	arena_init(&arena, MEMORY_MAX);
	assert_int_equal(wire_record_encode(NULL, 62003, NULL, &arena, &message, &length), 0);
	assert_int_equal(length, WIRE_HEADER_BYTES);
	assert_int_equal(wire_record_decode(NULL, message, 0, &arena, NULL), 0);
	assert_int_equal(wire_record_decode(NULL, message, 8, &arena, NULL), -EPROTO);
}

static void test_header(void **state)
{
	static const struct {
		uint32_t length;
		int r;
	} lengths[] = {
		{0, -EPROTO},
		{15, -EPROTO},
		{16, 0},
		{17, 0},
		{WIRE_RECORD_MAX_BYTES, 0},
		{WIRE_RECORD_MAX_BYTES + 1, -EPROTO},
		{0x80000000, -EPROTO},
		{0xffffffff, -EPROTO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
		struct wire_header header = {.length = 4711, .type = 12};
		unsigned char bytes[WIRE_HEADER_BYTES];

		memset(bytes, 0xff, sizeof(bytes));
		wire_header_put(bytes, 62001, lengths[i].length);
		/* NLM_F_REQUEST, no sequence, no port: as InitMsg has it. */
		assert_memory_equal(bytes + 6, "\1\0\0\0\0\0\0\0\0\0", 10);
		assert_int_equal(wire_header_get(bytes, &header), lengths[i].r);
		assert_int_equal(header.length, lengths[i].r ? 4711 : lengths[i].length);
		assert_int_equal(header.type, lengths[i].r ? 12 : 62001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_boot),
		cmocka_unit_test(test_empty_boot),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_encode_limits),
		cmocka_unit_test(test_decode_without_memory),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
