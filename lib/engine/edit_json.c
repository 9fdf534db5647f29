/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "engine/edit.h"
#include "json/json.h"

static int parse(struct edit *edit, const struct json_value **ret_root)
{
	const char *reason = "";
	size_t offset = 0;
	int r = json_parse(edit->arena, edit->text, strlen(edit->text), ret_root, &offset, &reason);

	if (r == -ENOMEM) {
		return error_system(edit->err, r, "memory for the values");
	}
	return r < 0 ? engine_edit_refuse(edit, offset, "no JSON: %s", reason) : 0;
}

/* "KEY": {"KEY": "VALUE"} */
static void format_member(
	struct strbuf *out, const char *const *keys, size_t count, const char *value)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(out, "%s\"%s\": ", i > 0 ? "{" : "", keys[i]);
	}
	strbuf_printf(out, "\"%s\"", value);
	for (size_t i = 1; i < count; i++) {
		strbuf_add(out, "}");
	}
}

/* Behind the last member, with the blanks that stand before that one's key. */
static int add_last(struct edit *edit, const struct json_value *object, const char *member)
{
	const struct json_value *last = object->first;
	size_t start;

	while (last->next) {
		last = last->next;
	}
	start = last->key_offset;
	while (strchr(" \t\r\n", edit->text[start - 1])) {
		start--;
	}
	if (start == last->key_offset) {
		return engine_edit_splice(edit, last->end, 0, ", %s", member);
	}
	return engine_edit_splice(edit, last->end, 0, ",%.*s%s", (int)(last->key_offset - start),
		edit->text + start, member);
}

static int add_member(struct edit *edit, const struct json_value *object, const char *member)
{
	bool is_root = object->key == NULL;

	if (object->first) {
		return add_last(edit, object, member);
	}
	return engine_edit_splice(edit, object->offset, object->end - object->offset,
		is_root ? "{\n    %s\n}" : "{%s}", member);
}

static int refuse_kind(const struct edit *edit, const struct json_value *value, const char *wanted)
{
	int r = engine_edit_refuse(
		edit, value->offset, "expected %s, not %s", wanted, json_kind_name(value->kind));

	if (edit->err && value->key) {
		char pointer[BERTH_ERROR_POINTER_SIZE];
		struct strbuf out;

		strbuf_init(&out, pointer, sizeof(pointer));
		json_pointer_add(&out, value->key);
		error_add_pointer(edit->err, pointer);
	}
	return r;
}

static int set_value(struct edit *edit, const struct json_value *found, const char *value)
{
	if (found->kind != JSON_STRING) {
		return refuse_kind(edit, found, "a string");
	}
	if (str_is_equal(found->text, value)) {
		return 0;
	}
	return engine_edit_splice(edit, found->offset, found->end - found->offset, "\"%s\"", value);
}

int engine_edit_json(struct edit *edit, const char *const *keys, size_t count, const char *value)
{
	const struct json_value *found = NULL, *child;
	char member[8192];
	struct strbuf out;
	size_t i = 0;
	int r = parse(edit, &found);

	if (r < 0) {
		return r;
	}
	for (child = found; child && i < count; i++) {
		found = child;
		if (found->kind != JSON_OBJECT) {
			return refuse_kind(edit, found, "an object");
		}
		child = json_get(found, keys[i]);
	}
	if (child) {
		return set_value(edit, child, value);
	}
	strbuf_init(&out, member, sizeof(member));
	format_member(&out, keys + i - 1, count - i + 1, value);
	return add_member(edit, found, member);
}
