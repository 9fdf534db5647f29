/* SPDX-License-Identifier: Apache-2.0 */
#include "toml/toml.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

struct reader {
	const char *text;
	size_t at;
	int depth;
	char path_bytes[TOML_PATH_MAX];
	struct strbuf path;
	struct toml_fault fault;
};

static int refuse(struct reader *reader, const char *reason)
{
	reader->fault = (struct toml_fault){reader->at, reason};
	return -EINVAL;
}

static char peek(const struct reader *reader)
{
	return reader->text[reader->at];
}

static bool is_next(const struct reader *reader, const char *word)
{
	return strncmp(reader->text + reader->at, word, strlen(word)) == 0;
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->text + reader->at, " \t");
}

/* Blanks, comments and ends of lines. */
static void skip_space(struct reader *reader)
{
	for (;;) {
		reader->at += strspn(reader->text + reader->at, " \t\r\n");
		if (peek(reader) != '#') {
			return;
		}
		reader->at += strcspn(reader->text + reader->at, "\n");
	}
}

static int read_line_end(struct reader *reader)
{
	skip_blanks(reader);
	if (peek(reader) == '#') {
		reader->at += strcspn(reader->text + reader->at, "\n");
	}
	if (peek(reader) == '\r') {
		reader->at++;
	}
	if (peek(reader) == '\n') {
		reader->at++;
		return 0;
	}
	return peek(reader) == '\0' ? 0 : refuse(reader, "expected the end of the line");
}

/* From the opening quotes to behind the closing ones: one or three, of `quote`. */
static int skip_quoted(struct reader *reader, char quote, size_t quotes)
{
	const char close[] = {quote, quotes == 3 ? quote : '\0', quotes == 3 ? quote : '\0', '\0'};
	size_t start = reader->at;

	reader->at += quotes;
	while (peek(reader) != '\0' && !is_next(reader, close)) {
		if (peek(reader) == '\n' && quotes == 1) {
			break;
		}
		reader->at++;
		if (quote == '"' && reader->text[reader->at - 1] == '\\' && peek(reader) != '\0') {
			reader->at++;
		}
	}
	if (!is_next(reader, close)) {
		reader->at = start;
		return refuse(reader, "string without closing quotes");
	}
	reader->at += quotes;
	/* Up to two quotes more are the string's last characters. */
	for (int i = 0; quotes == 3 && i < 2 && peek(reader) == quote; i++) {
		reader->at++;
	}
	return 0;
}

static int skip_string(struct reader *reader)
{
	char quote = peek(reader);

	if (quote == '"') {
		return skip_quoted(reader, quote, is_next(reader, "\"\"\"") ? 3 : 1);
	}
	return skip_quoted(reader, quote, is_next(reader, "'''") ? 3 : 1);
}

static size_t bare_length(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

static int read_simple_key(struct reader *reader)
{
	const char *start = reader->text + reader->at;
	size_t length = bare_length(start);
	int r = 0;

	if (*start == '"' || *start == '\'') {
		r = skip_quoted(reader, *start, 1);
		length = (size_t)(reader->text + reader->at - start);
		start++;
		length -= r == 0 ? 2 : 0;
	} else if (length == 0) {
		r = refuse(reader, "expected a key");
	} else {
		reader->at += length;
	}
	if (r < 0) {
		return r;
	}
	strbuf_add_bytes(&reader->path, start, length);
	strbuf_add(&reader->path, "\n");
	return reader->path.is_cut ? refuse(reader, "key too long") : 0;
}

/* Keys with dots between them go to the end of the path. */
static int read_key(struct reader *reader)
{
	int r = read_simple_key(reader);

	skip_blanks(reader);
	while (r == 0 && peek(reader) == '.') {
		reader->at++;
		skip_blanks(reader);
		r = read_simple_key(reader);
		skip_blanks(reader);
	}
	return r;
}

static void cut_path(struct reader *reader, size_t length)
{
	reader->path.length = length;
	reader->path.data[length] = '\0';
}

static int skip_value(struct reader *reader);

/* "=" and the value. */
static int skip_assignment(struct reader *reader, size_t *ret_value)
{
	if (peek(reader) != '=') {
		return refuse(reader, "expected '='");
	}
	reader->at++;
	skip_blanks(reader);
	*ret_value = reader->at;
	return skip_value(reader);
}

static int skip_inline_member(struct reader *reader)
{
	size_t length = reader->path.length, value;
	int r = read_key(reader);

	cut_path(reader, length);
	return r < 0 ? r : skip_assignment(reader, &value);
}

static void skip_inside(struct reader *reader, char close)
{
	if (close == ']') {
		skip_space(reader);
	} else {
		skip_blanks(reader);
	}
}

/* An array or an inline table: what is in it has commas between; behind the last one an array may have one more. */
static int skip_list(struct reader *reader, char close)
{
	bool is_more = true;
	int r = 0;

	reader->at++;
	skip_inside(reader, close);
	while (r == 0 && peek(reader) != close) {
		if (!is_more) {
			return refuse(reader, close == ']' ? "expected a comma or ']'"
							   : "expected a comma or '}'");
		}
		r = close == ']' ? skip_value(reader) : skip_inline_member(reader);
		if (r < 0) {
			return r;
		}
		skip_inside(reader, close);
		is_more = peek(reader) == ',';
		if (is_more) {
			reader->at++;
			skip_inside(reader, close);
		}
	}
	reader->at++;
	return 0;
}

static bool is_word(const char *start, size_t length)
{
	static const char *const words[] = {"true", "false", "inf", "nan"};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (strlen(words[i]) == length && memcmp(words[i], start, length) == 0) {
			return true;
		}
	}
	return false;
}

/* A boolean, a number or a date, which may have one blank in it. */
static int skip_bare(struct reader *reader)
{
	const char *start = reader->text + reader->at;
	size_t length = strspn(start, "+-.:") + bare_length(start + strspn(start, "+-.:"));
	size_t more;

	while (start[length] != '\0' && strchr("+-.:", start[length])) {
		length += 1 + bare_length(start + length + 1);
	}
	if (length == 0 || (!is_word(start, length) && !strchr("+-0123456789", *start))) {
		return refuse(reader, "expected a value");
	}
	more = start[length] == ' ' ? strspn(start + length + 1, "0123456789:.+-Zz") : 0;
	if (more > 0 && length == 10 && start[4] == '-' && start[7] == '-') {
		length += 1 + more;
	}
	reader->at += length;
	return 0;
}

static int skip_value(struct reader *reader)
{
	char byte = peek(reader);
	int r;

	if (byte == '"' || byte == '\'') {
		return skip_string(reader);
	}
	if (byte != '[' && byte != '{') {
		return skip_bare(reader);
	}
	if (reader->depth == TOML_DEPTH_MAX) {
		return refuse(reader, "too many levels of brackets");
	}
	reader->depth++;
	r = skip_list(reader, byte == '[' ? ']' : '}');
	reader->depth--;
	return r;
}

static int read_header(struct reader *reader, struct toml_item *item)
{
	const char *close;
	int r;

	item->kind = is_next(reader, "[[") ? TOML_ARRAY_TABLE : TOML_TABLE;
	close = item->kind == TOML_ARRAY_TABLE ? "]]" : "]";
	reader->at += strlen(close);
	cut_path(reader, 0);
	skip_blanks(reader);
	r = read_key(reader);
	if (r < 0) {
		return r;
	}
	if (!is_next(reader, close)) {
		return refuse(reader, "expected ']' behind the table's name");
	}
	reader->at += strlen(close);
	item->table_length = reader->path.length;
	return 0;
}

static int read_item(struct reader *reader, struct toml_item *item)
{
	int r;

	item->offset = reader->at;
	if (peek(reader) == '[') {
		r = read_header(reader, item);
	} else {
		item->kind = TOML_KEY;
		cut_path(reader, item->table_length);
		r = read_key(reader);
		r = r < 0 ? r : skip_assignment(reader, &item->value);
	}
	item->end = reader->at;
	return r < 0 ? r : read_line_end(reader);
}

int toml_walk(const char *text, toml_visit_fn visit, void *argument, struct toml_fault *ret_fault)
{
	struct reader reader = {.text = text};
	struct toml_item item = {0};
	int r = 0;

	strbuf_init(&reader.path, reader.path_bytes, sizeof(reader.path_bytes));
	item.path = reader.path_bytes;
	skip_space(&reader);
	while (r == 0 && peek(&reader) != '\0') {
		r = read_item(&reader, &item);
		if (r < 0) {
			*ret_fault = reader.fault;
			return r;
		}
		r = visit(&item, argument);
		skip_space(&reader);
	}
	return r;
}

bool toml_next_string(
	const char *text, size_t *at, size_t end, size_t *ret_start, size_t *ret_length)
{
	struct reader reader = {.text = text, .at = *at};

	while (reader.at < end && peek(&reader) != '"' && peek(&reader) != '\'') {
		if (peek(&reader) == '#') {
			skip_space(&reader);
		} else {
			reader.at++;
		}
	}
	*ret_start = reader.at + 1;
	if (reader.at >= end || skip_string(&reader) < 0) {
		return false;
	}
	*at = reader.at;
	*ret_length = reader.at - *ret_start - 1;
	return true;
}
