/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations "org.systemd.property.NAME": a property of the container's unit, as text of GVariant, which has a
 * type for every value: true, 5, uint64 5, 'text', ['a', 'b'], @as []. The annotations of crun and runc.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan/unit.h"

enum { PROPERTY_NAME_MIN = 3 };

static const char prefix[] = "org.systemd.property.";

/* The reader of one value. */
struct reader {
	const char *at;
	struct arena *arena;
	struct host_unit_property *property;
};

static void skip_space(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\n");
}

static bool take(struct reader *reader, const char *word)
{
	if (!str_has_prefix(reader->at, word)) {
		return false;
	}
	reader->at += strlen(word);
	skip_space(reader);
	return true;
}

/* One character of a string, which may be escaped: false where it is cut short. */
static bool take_character(struct reader *reader, char *ret_character)
{
	char c = *reader->at++;

	if (c == '\\') {
		c = *reader->at++;
		c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
	}
	*ret_character = c;
	return c != '\0';
}

/* 'text' or "text": 0, -EINVAL, -ENOMEM. */
static int take_string(struct reader *reader, const char **ret_text)
{
	char quote = *reader->at;
	char *text = arena_copy(reader->arena, reader->at, strlen(reader->at));
	size_t length = 0;

	if (quote != '\'' && quote != '"') {
		return -EINVAL;
	}
	if (!text) {
		return -ENOMEM;
	}
	reader->at++;
	while (*reader->at != quote) {
		if (*reader->at == '\0' || !take_character(reader, &text[length++])) {
			return -EINVAL;
		}
	}
	text[length] = '\0';
	reader->at++;
	skip_space(reader);
	*ret_text = text;
	return 0;
}

static int take_strings(struct reader *reader)
{
	struct host_unit_property *property = reader->property;
	/* No more of them than there are characters. */
	const char **texts = arena_alloc(reader->arena, strlen(reader->at), sizeof(*texts));
	int r = texts ? 0 : -ENOMEM;

	property->type = HOST_UNIT_STRINGS;
	property->texts = texts;
	if (r < 0 || !take(reader, "[")) {
		return r < 0 ? r : -EINVAL;
	}
	while (r == 0 && !take(reader, "]")) {
		if (property->count > 0 && !take(reader, ",")) {
			return -EINVAL;
		}
		r = take_string(reader, &texts[property->count]);
		property->count++;
	}
	return r;
}

/* A number of a type that is known, in its range. */
static int take_number(struct reader *reader, int type)
{
	struct host_unit_property *property = reader->property;
	bool is_negative = *reader->at == '-';
	const char *digits = reader->at + is_negative;
	bool is_signed = type == HOST_UNIT_I32 || type == HOST_UNIT_I64;
	bool is_narrow = type == HOST_UNIT_I32 || type == HOST_UNIT_U32;
	uint64_t most = is_narrow ? UINT32_MAX : UINT64_MAX;
	char *end;
	uint64_t number;

	if (*digits < '0' || *digits > '9' || (is_negative && !is_signed)) {
		return -EINVAL;
	}
	errno = 0;
	number = strtoull(digits, &end, 0);
	most = is_signed ? most / 2 + is_negative : most;
	if (errno != 0 || number > most) {
		return -ERANGE;
	}
	reader->at = end;
	skip_space(reader);
	property->type = type;
	property->number = is_negative ? -number : number;
	return 0;
}

static bool is_fraction(const char *text)
{
	text += *text == '-';
	text += strspn(text, "0123456789");
	return *text == '.' || *text == 'e' || *text == 'E';
}

static int take_fraction(struct reader *reader)
{
	char *end;

	reader->property->type = HOST_UNIT_DOUBLE;
	reader->property->fraction = strtod(reader->at, &end);
	if (end == reader->at) {
		return -EINVAL;
	}
	reader->at = end;
	skip_space(reader);
	return 0;
}

/* The words and the signatures by which a text may say the type; 0: it says none. */
static int take_type(struct reader *reader)
{
	static const struct {
		const char *word;
		int type;
	} types[] = {
		{"uint32 ", HOST_UNIT_U32},
		{"uint64 ", HOST_UNIT_U64},
		{"int32 ", HOST_UNIT_I32},
		{"int64 ", HOST_UNIT_I64},
		{"boolean ", HOST_UNIT_BOOL},
		{"string ", HOST_UNIT_STRING},
		{"double ", HOST_UNIT_DOUBLE},
		{"@u ", HOST_UNIT_U32},
		{"@t ", HOST_UNIT_U64},
		{"@i ", HOST_UNIT_I32},
		{"@x ", HOST_UNIT_I64},
		{"@b ", HOST_UNIT_BOOL},
		{"@s ", HOST_UNIT_STRING},
		{"@d ", HOST_UNIT_DOUBLE},
		{"@as ", HOST_UNIT_STRINGS},
	};

	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		if (take(reader, types[i].word)) {
			return types[i].type;
		}
	}
	return 0;
}

/* The type of a text that says none. */
static int guess_type(const char *text)
{
	if (*text == '\'' || *text == '"') {
		return HOST_UNIT_STRING;
	}
	if (*text == '[') {
		return HOST_UNIT_STRINGS;
	}
	if (str_has_prefix(text, "true") || str_has_prefix(text, "false")) {
		return HOST_UNIT_BOOL;
	}
	return is_fraction(text) ? HOST_UNIT_DOUBLE : HOST_UNIT_I32;
}

static int take_value(struct reader *reader, int type)
{
	struct host_unit_property *property = reader->property;
	const char **text;
	int r;

	switch (type) {
	case HOST_UNIT_STRINGS:
		return take_strings(reader);
	case HOST_UNIT_DOUBLE:
		return take_fraction(reader);
	case HOST_UNIT_BOOL:
		property->type = type;
		property->number = take(reader, "true");
		return property->number || take(reader, "false") ? 0 : -EINVAL;
	case HOST_UNIT_STRING:
		text = arena_alloc(reader->arena, 1, sizeof(*text));
		r = text ? take_string(reader, text) : -ENOMEM;
		property->type = type;
		property->texts = text;
		property->count = 1;
		return r;
	default:
		return take_number(reader, type);
	}
}

/* "TimeoutStopSec" is what people write, "TimeoutStopUSec" is what the bus knows. */
static int seconds_to_microseconds(struct arena *arena, struct host_unit_property *property)
{
	const double million = 1000000;
	size_t length = strlen(property->name);
	double value = property->fraction;

	if (length <= 4 || !str_is_equal(property->name + length - 3, "Sec") ||
		property->name[length - 4] == 'U') {
		return 0;
	}
	if (property->type == HOST_UNIT_I32 || property->type == HOST_UNIT_U32 ||
		property->type == HOST_UNIT_I64 || property->type == HOST_UNIT_U64) {
		value = (double)(int64_t)property->number;
	} else if (property->type != HOST_UNIT_DOUBLE) {
		return -EINVAL;
	}
	if (!(value >= 0 && value < (double)UINT64_MAX / million)) {
		return -ERANGE;
	}
	property->name = arena_printf(arena, "%.*sUSec", (int)(length - 3), property->name);
	property->type = HOST_UNIT_U64;
	property->number = (uint64_t)(value * million);
	return property->name ? 0 : -ENOMEM;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length >= PROPERTY_NAME_MIN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == length;
}

int plan_property_read(const struct spec_annotation *annotation, struct arena *arena,
	struct host_unit_property *ret_property, struct berth_error *err)
{
	struct host_unit_property property = {.name = annotation->key + strlen(prefix)};
	struct reader reader = {.at = annotation->value, .arena = arena, .property = &property};
	int r = is_name(property.name) ? 0 : -EINVAL;
	int type;

	skip_space(&reader);
	type = take_type(&reader);
	if (r == 0) {
		r = take_value(&reader, type ? type : guess_type(reader.at));
	}
	if (r == 0) {
		r = *reader.at == '\0' ? seconds_to_microseconds(arena, &property) : -EINVAL;
	}
	if (r == -ENOMEM) {
		return plan_no_memory(err);
	}
	if (r < 0) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(arena, "/annotations/%s", annotation->key),
			"is no property of a unit in GVariant text%s: %s",
			r == -ERANGE ? " (out of range)" : "", annotation->value);
	}
	*ret_property = property;
	return 0;
}

bool plan_property_is(const struct spec_annotation *annotation)
{
	return str_has_prefix(annotation->key, prefix);
}
