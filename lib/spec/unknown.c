/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that the specification tells a runtime to ignore (config.md, "Extensibility"): a misspelt one is
 * ignored with them, so whoever asks for it may hear of them. A walk of its own: those who do not ask pay nothing.
 */
#include "base/str.h"
#include "spec/table.h"

struct search {
	struct arena *arena;
	struct log_notes *notes;
	struct strbuf pointer;
	char pointer_text[BERTH_ERROR_POINTER_SIZE];
};

static void search_object(
	struct search *search, const struct spec_table *table, const struct json_value *object);

static const struct spec_row *find_row(const struct spec_table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++) {
		if (str_is_equal(table->rows[i].key, key)) {
			return &table->rows[i];
		}
	}
	return NULL;
}

static void leave(struct search *search, size_t mark)
{
	search->pointer.length = mark;
	search->pointer.data[mark] = '\0';
}

static void search_items(
	struct search *search, const struct spec_table *table, const struct json_value *array)
{
	size_t index = 0;

	for (const struct json_value *item = array->first; item; item = item->next) {
		size_t mark = search->pointer.length;

		strbuf_printf(&search->pointer, "/%zu", index++);
		search_object(search, table, item);
		leave(search, mark);
	}
}

static void search_keyed(
	struct search *search, const struct spec_table *table, const struct json_value *object)
{
	for (const struct json_value *member = object->first; member; member = member->next) {
		size_t mark = search->pointer.length;

		json_pointer_add(&search->pointer, member->key);
		search_object(search, table, member);
		leave(search, mark);
	}
}

static void search_member(
	struct search *search, const struct spec_row *row, const struct json_value *member)
{
	if (!row) {
		log_note(search->notes, search->arena, "%s is no field that is known here: ignored",
			search->pointer.data);
	} else if (row->type == SPEC_OBJECT) {
		search_object(search, row->table, member);
	} else if (row->type == SPEC_OBJECTS && member->kind == JSON_ARRAY) {
		search_items(search, row->table, member);
	} else if (row->type == SPEC_MEMBERS && member->kind == JSON_OBJECT) {
		search_keyed(search, row->table, member);
	}
}

/* Recursion is as deep as the tables are nested. */
static void search_object(
	struct search *search, const struct spec_table *table, const struct json_value *object)
{
	if (object->kind != JSON_OBJECT) {
		return;
	}
	for (const struct json_value *member = object->first; member; member = member->next) {
		size_t mark = search->pointer.length;

		json_pointer_add(&search->pointer, member->key);
		search_member(search, find_row(table, member->key), member);
		leave(search, mark);
	}
}

void spec_table_note_unknown(const struct spec_table *table, const struct json_value *object,
	struct arena *arena, struct log_notes *notes)
{
	struct search search = {.arena = arena, .notes = notes};

	strbuf_init(&search.pointer, search.pointer_text, sizeof(search.pointer_text));
	search_object(&search, table, object);
}
