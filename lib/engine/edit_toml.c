/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "engine/edit.h"
#include "toml/toml.h"

/* Where a key belongs. */
struct place {
	const char *table;
	const char *path; /* the table's, and the key */
	struct toml_item found;
	struct toml_item header;
	struct toml_item
		obstacle; /* what makes the table where nothing can be added to it by a header */
	bool is_found, has_header, has_obstacle;
};

/* An inline table or an array of tables on the way; or the table itself, made by dots in a key. */
static bool is_obstacle(const struct toml_item *item, const struct place *place)
{
	if (item->kind != TOML_TABLE && str_has_prefix(place->table, item->path)) {
		return true;
	}
	return item->kind == TOML_KEY && item->table_length < strlen(place->table) &&
	       str_has_prefix(item->path, place->table);
}

static int look(const struct toml_item *item, void *argument)
{
	struct place *place = argument;

	if (item->kind == TOML_KEY && str_is_equal(item->path, place->path)) {
		place->found = *item;
		place->is_found = true;
	} else if (item->kind == TOML_TABLE && str_is_equal(item->path, place->table)) {
		place->header = *item;
		place->has_header = true;
	} else if (!place->has_obstacle && is_obstacle(item, place)) {
		place->obstacle = *item;
		place->has_obstacle = true;
	}
	return 0;
}

/* A path as a header has it: dots between the keys, quotes where a key needs them. */
static void format_table(struct strbuf *out, const char *table)
{
	while (*table) {
		size_t length = strcspn(table, "\n");
		bool is_bare = strcspn(table, ".\n") == length;

		strbuf_printf(out, is_bare ? "%.*s" : "\"%.*s\"", (int)length, table);
		table += length + 1;
		strbuf_add(out, *table ? "." : "");
	}
}

static int set_value(struct edit *edit, const struct toml_item *found, const char *value)
{
	size_t length = found->end - found->value, value_length = strlen(value);
	const char *text = edit->text + found->value;
	bool is_string = length >= 2 && (*text == '"' || *text == '\'');

	if (!is_string) {
		return engine_edit_refuse(edit, found->value, "expected a string");
	}
	if (length == value_length + 2 && memcmp(text + 1, value, value_length) == 0) {
		return 0;
	}
	return engine_edit_splice(edit, found->value, length, "\"%s\"", value);
}

/* On a line of its own behind the header's, with the blanks before the header's and two more. */
static int add_key(
	struct edit *edit, const struct toml_item *header, const char *key, const char *value)
{
	size_t start = header->offset, end = header->end;
	bool has_newline;

	while (start > 0 && (edit->text[start - 1] == ' ' || edit->text[start - 1] == '\t')) {
		start--;
	}
	end += strcspn(edit->text + end, "\n");
	has_newline = edit->text[end] == '\n';
	return engine_edit_splice(edit, has_newline ? end + 1 : end, 0, "%s%.*s  %s = \"%s\"\n",
		has_newline ? "" : "\n", (int)(header->offset - start), edit->text + start, key,
		value);
}

static int add_table(struct edit *edit, const char *table, const char *key, const char *value)
{
	size_t end = strlen(edit->text);
	char header[TOML_PATH_MAX];
	struct strbuf out;

	strbuf_init(&out, header, sizeof(header));
	format_table(&out, table);
	return engine_edit_splice(edit, end, 0, "%s%s[%s]\n  %s = \"%s\"\n",
		end > 0 && edit->text[end - 1] != '\n' ? "\n" : "", end > 0 ? "\n" : "", header,
		key, value);
}

int engine_edit_walk(const struct edit *edit, toml_visit_fn visit, void *argument)
{
	struct toml_fault fault = {0};
	int r = toml_walk(edit->text, visit, argument, &fault);

	return r < 0 ? engine_edit_refuse(edit, fault.offset, "no TOML: %s", fault.reason) : r;
}

int engine_edit_toml(struct edit *edit, const char *table, const char *key, const char *value)
{
	char path[TOML_PATH_MAX];
	struct strbuf out;
	struct place place = {.table = table, .path = path};
	int r;

	strbuf_init(&out, path, sizeof(path));
	strbuf_printf(&out, "%s%s\n", table, key);
	r = engine_edit_walk(edit, look, &place);
	if (r < 0) {
		return r;
	}
	if (place.is_found) {
		return set_value(edit, &place.found, value);
	}
	if (place.has_obstacle) {
		return engine_edit_refuse(edit, place.obstacle.offset,
			"a table that cannot be added to: write it as a header, [table], or add \"berth\" by hand");
	}
	return place.has_header ? add_key(edit, &place.header, key, value)
				: add_table(edit, table, key, value);
}
