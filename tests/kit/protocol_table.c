/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of docs/protocol.md, made of the tables of lib/wire.
 *
 *     protocol-table PAGE            fails where a table of the page is not the one of the sources
 *     protocol-table --write PAGE    writes them into the page
 *     protocol-table --steps PAGE    fails where docs/security.md lacks a step of wire/step.h, or has another
 *
 * A table stands between the lines "<!-- generated: NAME -->" and "<!-- end of NAME -->".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/boot.h"
#include "wire/frame.h"
#include "wire/step.h"

static const char *const state_names[] = {
	[WIRE_STATE_SENT] = "SENT",
	[WIRE_STATE_CHILD] = "CHILD",
	[WIRE_STATE_BUILD] = "BUILD",
	[WIRE_STATE_IDMAP] = "IDMAP",
	[WIRE_STATE_HOOKS] = "HOOKS",
	[WIRE_STATE_READY] = "READY",
	[WIRE_STATE_GO] = "GO",
	[WIRE_STATE_LISTEN] = "LISTEN",
	[WIRE_STATE_EXEC] = "EXEC",
	[WIRE_STATE_ERROR] = "ERROR",
};
_Static_assert(ARRAY_COUNT(state_names) == WIRE_STATE_COUNT, "a name for each state");

static const char *const type_names[] = {
	[WIRE_U32] = "u32",
	[WIRE_U64] = "u64",
	[WIRE_TEXT] = "text",
	[WIRE_BYTES] = "bytes",
	[WIRE_U32S] = "u32, any number of items",
	[WIRE_TEXTS] = "text, any number of items",
	[WIRE_RECORD] = "struct",
	[WIRE_RECORDS] = "struct, any number of items",
};
_Static_assert(ARRAY_COUNT(type_names) == WIRE_TYPE_COUNT, "a name for each type");

static const struct step_row {
	int number;
	char side;
	const char *name;
} step_rows[] = {
#define STEP_ROW(number, side, name) {number, #side[0], #name},
	WIRE_STEPS(STEP_ROW)
#undef STEP_ROW
};

static void put_states(FILE *out, uint16_t states)
{
	const char *between = "";

	for (size_t i = 0; i < WIRE_STATE_COUNT; i++) {
		if (states & (1U << i)) {
			(void)fprintf(out, "%s%s", between, state_names[i]);
			between = ", ";
		}
	}
}

static void put_frames(FILE *out)
{
	(void)fputs(
		"\n| number | name | sender | may come in | next state | descriptors | items |\n"
		"|---|---|---|---|---|---|---|\n",
		out);
	for (size_t i = 0; i < wire_frame_count; i++) {
		const struct wire_frame_row *row = &wire_frame_table[i];

		(void)fprintf(out, "| %u | %s | %s | ", row->type, row->name,
			row->side == WIRE_SIDE_PARENT ? "parent" : "child");
		put_states(out, row->states);
		(void)fprintf(out, " | %s | %u | %s |\n", state_names[row->next], row->descriptors,
			row->record ? row->record->name : "none");
	}
	(void)fputc('\n', out);
}

/* A struct, and then those inside it. */
static void put_record(FILE *out, const struct wire_record *record)
{
	(void)fprintf(out, "\n**%s**\n\n| kind | name | value |\n|---|---|---|\n", record->name);
	for (size_t i = 0; i < record->count; i++) {
		const struct wire_field *field = &record->fields[i];

		(void)fprintf(out, "| %u | %s | %s%s%s |\n", field->kind, field->name,
			type_names[field->type], field->record ? ": " : "",
			field->record ? field->record->name : "");
	}
	for (size_t i = 0; i < record->count; i++) {
		if (record->fields[i].record) {
			put_record(out, record->fields[i].record);
		}
	}
}

static void put_items(FILE *out)
{
	put_record(out, &boot_record);
	put_record(out, &frame_child_record);
	put_record(out, &frame_error_record);
	(void)fputc('\n', out);
}

static const struct section {
	const char *name;
	void (*put)(FILE *out);
} sections[] = {
	{"frames", put_frames},
	{"items", put_items},
};

/* The whole file, with a NUL behind it; NULL after a complaint. */
static char *read_page(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0) {
		perror(path);
	}
	if (file) {
		(void)fclose(file);
	}
	return text;
}

/* Copies the page up to the section's table, puts the table, and returns where the page goes on; NULL
 * after a complaint. */
static const char *put_section(FILE *out, const char *at, const struct section *section)
{
	char begin[64], end[64];
	const char *table, *behind;

	(void)snprintf(begin, sizeof(begin), "<!-- generated: %s -->\n", section->name);
	(void)snprintf(end, sizeof(end), "<!-- end of %s -->\n", section->name);
	table = strstr(at, begin);
	behind = table ? strstr(table, end) : NULL;
	if (!behind) {
		(void)fprintf(stderr, "the page has no lines \"%.*s\" and \"%.*s\"\n",
			(int)strlen(begin) - 1, begin, (int)strlen(end) - 1, end);
		return NULL;
	}
	(void)fwrite(at, 1, (size_t)(table - at) + strlen(begin), out);
	section->put(out);
	return behind;
}

/* The page as it should be; NULL after a complaint. */
static char *make_page(const char *page)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && page && i < ARRAY_COUNT(sections); i++) {
		page = put_section(out, page, &sections[i]);
	}
	if (!out || !page) {
		return NULL;
	}
	(void)fputs(page, out);
	return fclose(out) == 0 ? text : NULL;
}

/* The first line that is another one. */
static int compare_pages(const char *path, const char *page, const char *wanted)
{
	size_t line = 1;

	if (strcmp(page, wanted) == 0) {
		return 0;
	}
	while (strncmp(page, wanted, strcspn(wanted, "\n") + 1) == 0) {
		page += strcspn(page, "\n") + 1;
		wanted += strcspn(wanted, "\n") + 1;
		line++;
	}
	(void)fprintf(stderr,
		"%s:%zu: not the table of lib/wire (protocol-table --write PAGE writes it)\n"
		"  there is: %.*s\n  there should be: %.*s\n",
		path, line, (int)strcspn(page, "\n"), page, (int)strcspn(wanted, "\n"), wanted);
	return 1;
}

static int write_page(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

static int update_page(const char *path, bool is_writing)
{
	char *page = read_page(path);
	char *wanted = page ? make_page(page) : NULL;
	int status = 1;

	if (wanted) {
		status = is_writing ? write_page(path, wanted) : compare_pages(path, page, wanted);
	}
	free(wanted);
	free(page);
	return status;
}

/* "10 config" of a first cell, whose second cell is `sides`: the step's index, or -1 after a complaint. */
static int find_step(const char *item, const char *sides)
{
	char text[64];

	for (size_t i = 0; i < ARRAY_COUNT(step_rows); i++) {
		(void)snprintf(text, sizeof(text), "%d %s", step_rows[i].number, step_rows[i].name);
		if (strcmp(text, item) == 0 && strchr(sides, step_rows[i].side)) {
			return (int)i;
		}
	}
	(void)fprintf(stderr, "\"%s\" of %s is no step of wire/step.h\n", item, sides);
	return -1;
}

/* One row of the table "| 10 config, 11 plan | P | why |": the steps in their order. */
static int check_row(char *row, size_t *next)
{
	char *rest = row + strlen("| ");
	char *cell = strsep(&rest, "|");
	char *sides = rest ? strsep(&rest, "|") : NULL;
	char *item;

	cell[strlen(cell) - 1] = '\0';
	while (sides && (item = strsep(&cell, ",")) != NULL) {
		int index = find_step(item + (item[0] == ' ' ? 1 : 0), sides);

		if (index < 0) {
			return 1;
		}
		if ((size_t)index != *next) {
			(void)fprintf(stderr, "step %s is missing, or not before %s\n",
				*next < ARRAY_COUNT(step_rows) ? step_rows[*next].name : "?",
				step_rows[index].name);
			return 1;
		}
		(*next)++;
	}
	return 0;
}

static int check_steps(const char *path)
{
	char *page = read_page(path);
	char *rest = page;
	char *line;
	size_t next = 0;
	int status = page ? 0 : 1;

	while (status == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '|' && line[1] == ' ' && line[2] >= '0' && line[2] <= '9') {
			status = check_row(line, &next);
		}
	}
	if (status == 0 && next != ARRAY_COUNT(step_rows)) {
		(void)fprintf(stderr, "step %s is missing\n", step_rows[next].name);
		status = 1;
	}
	free(page);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		return update_page(argv[1], false);
	}
	if (argc == 3 && str_is_equal(argv[1], "--write")) {
		return update_page(argv[2], true);
	}
	if (argc == 3 && str_is_equal(argv[1], "--steps")) {
		return check_steps(argv[2]);
	}
	(void)fputs("usage: protocol-table [--write | --steps] PAGE\n", stderr);
	return 1;
}
