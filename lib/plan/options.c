/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/options.h"

#include <string.h>

#include "base/str.h"
#include "plan/words.h"

enum effect {
	EFFECT_NOTHING,
	EFFECT_SET,        /* an attribute is set */
	EFFECT_CLEAR,      /* an attribute is cleared */
	EFFECT_ATIME,      /* the access-time field gets this value */
	EFFECT_ATIME_DROP, /* the field loses this value, and is "relatime" then */
	EFFECT_BIND,
	EFFECT_REMOUNT,
	EFFECT_PROPAGATION,
	EFFECT_DATA,      /* a flag of the file system, under its own name */
	EFFECT_DATA_DROP, /* the flag `data` is taken back */
	EFFECT_COPY_UP,
	EFFECT_IDMAP,
	EFFECT_FLAG, /* a BOOT_MOUNT_* */
	EFFECT_IDLE, /* nothing, and `data` says why */
};

struct option_row {
	const char *name;
	enum effect effect;
	uint64_t value;
	const char *data;
};

/* Those that exist with an "r" before them too, for the tree: see row_find(). */
static const struct option_row tree_rows[] = {
	{"ro", EFFECT_SET, MOUNT_ATTR_RDONLY, NULL},
	{"rw", EFFECT_CLEAR, MOUNT_ATTR_RDONLY, NULL},
	{"nosuid", EFFECT_SET, MOUNT_ATTR_NOSUID, NULL},
	{"suid", EFFECT_CLEAR, MOUNT_ATTR_NOSUID, NULL},
	{"nodev", EFFECT_SET, MOUNT_ATTR_NODEV, NULL},
	{"dev", EFFECT_CLEAR, MOUNT_ATTR_NODEV, NULL},
	{"noexec", EFFECT_SET, MOUNT_ATTR_NOEXEC, NULL},
	{"exec", EFFECT_CLEAR, MOUNT_ATTR_NOEXEC, NULL},
	{"noatime", EFFECT_ATIME, MOUNT_ATTR_NOATIME, NULL},
	{"atime", EFFECT_ATIME_DROP, MOUNT_ATTR_NOATIME, NULL},
	{"strictatime", EFFECT_ATIME, MOUNT_ATTR_STRICTATIME, NULL},
	{"nostrictatime", EFFECT_ATIME_DROP, MOUNT_ATTR_STRICTATIME, NULL},
	{"relatime", EFFECT_ATIME, MOUNT_ATTR_RELATIME, NULL},
	/* Without relatime, and without noatime and strictatime, the kernel takes relatime. */
	{"norelatime", EFFECT_NOTHING, 0, NULL},
	{"nodiratime", EFFECT_SET, MOUNT_ATTR_NODIRATIME, NULL},
	{"diratime", EFFECT_CLEAR, MOUNT_ATTR_NODIRATIME, NULL},
	{"nosymfollow", EFFECT_SET, MOUNT_ATTR_NOSYMFOLLOW, NULL},
	{"symfollow", EFFECT_CLEAR, MOUNT_ATTR_NOSYMFOLLOW, NULL},
	{"bind", EFFECT_BIND, 0, NULL},
	{"private", EFFECT_PROPAGATION, MS_PRIVATE, NULL},
	{"shared", EFFECT_PROPAGATION, MS_SHARED, NULL},
	{"slave", EFFECT_PROPAGATION, MS_SLAVE, NULL},
	{"unbindable", EFFECT_PROPAGATION, MS_UNBINDABLE, NULL},
	{"idmap", EFFECT_IDMAP, 0, NULL},
};

static const struct option_row plain_rows[] = {
	{"defaults", EFFECT_NOTHING, 0, NULL},
	{"remount", EFFECT_REMOUNT, 0, NULL},
	{"sync", EFFECT_DATA, 0, "sync"},
	{"async", EFFECT_DATA_DROP, 0, "sync"},
	{"dirsync", EFFECT_DATA, 0, "dirsync"},
	{"lazytime", EFFECT_DATA, 0, "lazytime"},
	{"nolazytime", EFFECT_DATA_DROP, 0, "lazytime"},
	{"mand", EFFECT_IDLE, 0, "Linux has no mandatory locks since 5.15"},
	{"nomand", EFFECT_NOTHING, 0, NULL},
	/* Flags of mount(2) that fsconfig(2) does not know. */
	{"iversion", EFFECT_IDLE, 0, "file systems that count the versions of files do so unasked"},
	{"noiversion", EFFECT_NOTHING, 0, NULL},
	{"silent", EFFECT_IDLE, 0, "the kernel's words about a mount go into berth's error alone"},
	{"loud", EFFECT_NOTHING, 0, NULL},
	{"tmpcopyup", EFFECT_COPY_UP, 0, NULL},
	{"copy-symlink", EFFECT_FLAG, BOOT_MOUNT_COPY_LINK, NULL},
	{"src-nofollow", EFFECT_FLAG, BOOT_MOUNT_SOURCE_NOFOLLOW, NULL},
	{"dest-nofollow", EFFECT_FLAG, BOOT_MOUNT_TARGET_NOFOLLOW, NULL},
};

static const struct option_row *row_among(
	const struct option_row *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_is_equal(rows[i].name, name)) {
			return &rows[i];
		}
	}
	return NULL;
}

static const struct option_row *row_find(const char *name, bool *ret_is_tree)
{
	const struct option_row *row = row_among(tree_rows, ARRAY_COUNT(tree_rows), name);

	*ret_is_tree = false;
	if (!row) {
		row = row_among(plain_rows, ARRAY_COUNT(plain_rows), name);
	}
	if (!row && name[0] == 'r') {
		*ret_is_tree = true;
		row = row_among(tree_rows, ARRAY_COUNT(tree_rows), name + 1);
	}
	return row;
}

const char *plan_option_at(size_t index, bool *ret_is_tree)
{
	size_t tree = ARRAY_COUNT(tree_rows);
	size_t plain = ARRAY_COUNT(plain_rows);

	for (size_t i = 0; i < tree * 2 + plain; i++) {
		const struct option_row *row = i < tree           ? &tree_rows[i]
					       : i < tree + plain ? &plain_rows[i - tree]
								  : &tree_rows[i - tree - plain];

		*ret_is_tree = i >= tree + plain;
		if (index-- == 0) {
			return row->name;
		}
	}
	return NULL;
}

uint32_t plan_propagation(const char *name, bool *ret_is_recursive)
{
	const struct option_row *row = row_find(name, ret_is_recursive);

	return row && row->effect == EFFECT_PROPAGATION ? (uint32_t)row->value : 0;
}

const char *plan_propagation_name(uint32_t propagation, bool is_recursive)
{
	switch (propagation) {
	case MS_PRIVATE:
		return is_recursive ? "rprivate" : "private";
	case MS_SHARED:
		return is_recursive ? "rshared" : "shared";
	case MS_SLAVE:
		return is_recursive ? "rslave" : "slave";
	case MS_UNBINDABLE:
		return is_recursive ? "runbindable" : "unbindable";
	default:
		return NULL;
	}
}

bool plan_option_is_bind(const char *option)
{
	bool is_tree;
	const struct option_row *row = row_find(option, &is_tree);

	return row && row->effect == EFFECT_BIND;
}

bool plan_option_is_flag(const char *text)
{
	bool is_tree;
	const struct option_row *row = row_find(text, &is_tree);

	return row && row->effect == EFFECT_DATA;
}

/* The parser's state: the result, and the data as arrays that are being filled. */
struct parse {
	struct plan_options options;
	struct arena *arena;
	struct log_notes *notes;
	const char **texts;
	uint32_t *origins;
	size_t count;
};

static void data_add(struct parse *parse, const char *text, size_t origin)
{
	parse->texts[parse->count] = text;
	parse->origins[parse->count] = (uint32_t)origin;
	parse->count++;
}

static void data_drop(struct parse *parse, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < parse->count; i++) {
		if (!str_is_equal(parse->texts[i], text)) {
			parse->texts[kept] = parse->texts[i];
			parse->origins[kept] = parse->origins[i];
			kept++;
		}
	}
	parse->count = kept;
}

/* The length of the first of the comma-separated options in a text. A comma inside double quotes,
 * or behind a backslash, belongs to the value (labels of SELinux, layers of overlay). */
static size_t piece_length(const char *text)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; text[i] && (is_quoted || text[i] != ','); i++) {
		if (text[i] == '"') {
			is_quoted = !is_quoted;
		} else if (text[i] == '\\' && text[i + 1]) {
			i++;
		}
	}
	return i;
}

/* The quotes around a label of SELinux are for mount(2): fsconfig(2) would take them for a part of it. */
static void unquote_label(char *text)
{
	char *value = plan_is_label_option(text) ? strchr(text, '=') + 1 : text;
	size_t length = strlen(value);

	if (value != text && length >= 2 && value[0] == '"' && value[length - 1] == '"') {
		value[length - 1] = '\0';
		memmove(value, value + 1, length - 1);
	}
}

/* mount(2) takes "mode=755,size=1m" in one text, fsconfig(2) does not. */
static int data_add_pieces(struct parse *parse, const char *text, size_t origin)
{
	while (*text) {
		size_t length = piece_length(text);
		char *piece = arena_copy(parse->arena, text, length);

		if (!piece) {
			return -1;
		}
		unquote_label(piece);
		if (length > 0) {
			data_add(parse, piece, origin);
		}
		text += length + (text[length] == ',');
	}
	return 0;
}

/* The most texts that the options can become. */
static size_t data_max(const struct spec_strings *options)
{
	size_t count = options->count;

	for (size_t i = 0; i < options->count; i++) {
		for (const char *c = options->items[i]; *c; c++) {
			count += *c == ',';
		}
	}
	return count;
}

/* The access-time field is one value in several bits: mount_setattr(2) wants it cleared as a whole.
 * */
static void atime_apply(struct plan_attrs *attrs, const struct option_row *row)
{
	attrs->clear |= MOUNT_ATTR__ATIME;
	if (row->effect == EFFECT_ATIME) {
		attrs->set = (attrs->set & ~(uint64_t)MOUNT_ATTR__ATIME) | row->value;
	} else if ((attrs->set & MOUNT_ATTR__ATIME) == row->value) {
		attrs->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	}
}

static void attr_apply(struct plan_attrs *attrs, const struct option_row *row)
{
	if (row->effect == EFFECT_SET) {
		attrs->set |= row->value;
		attrs->clear &= ~row->value;
	} else if (row->effect == EFFECT_CLEAR) {
		attrs->clear |= row->value;
		attrs->set &= ~row->value;
	} else {
		atime_apply(attrs, row);
	}
}

static void row_apply(
	struct parse *parse, const struct option_row *row, bool is_tree, size_t origin)
{
	switch (row->effect) {
	case EFFECT_SET:
	case EFFECT_CLEAR:
	case EFFECT_ATIME:
	case EFFECT_ATIME_DROP:
		attr_apply(is_tree ? &parse->options.tree : &parse->options.attr, row);
		break;
	case EFFECT_BIND:
		parse->options.is_bind = true;
		parse->options.is_recursive = is_tree;
		break;
	case EFFECT_PROPAGATION:
		parse->options.propagation = (uint32_t)row->value;
		parse->options.is_propagation_recursive = is_tree;
		break;
	case EFFECT_DATA:
		data_drop(parse, row->data);
		data_add(parse, row->data, origin);
		break;
	case EFFECT_DATA_DROP:
		data_drop(parse, row->data);
		break;
	case EFFECT_FLAG:
		parse->options.flags |= (uint32_t)row->value;
		break;
	case EFFECT_NOTHING:
	case EFFECT_IDLE:
	case EFFECT_REMOUNT:
	case EFFECT_COPY_UP:
	case EFFECT_IDMAP:
		break;
	}
}

/* crun's form "idmap=uids=...": what follows, or NULL for any other option. */
static const char *idmap_text(const char *option)
{
	const char *name = option + (option[0] == 'r' ? 1 : 0);

	return str_has_prefix(name, "idmap=") ? name + strlen("idmap=") : NULL;
}

/* Those that the mount as a whole has to be judged for. */
static void judged_apply(struct parse *parse, const struct option_row *row, const char *option,
	const char *option_pointer)
{
	if (row->effect == EFFECT_REMOUNT) {
		parse->options.remount = option_pointer;
	} else if (row->effect == EFFECT_COPY_UP) {
		parse->options.tmpcopyup = option_pointer;
	} else if (row->effect == EFFECT_IDMAP) {
		parse->options.idmap = option_pointer;
		parse->options.idmap_text = idmap_text(option);
		parse->options.is_idmap_recursive = option[0] == 'r';
	}
}

static int option_apply(struct parse *parse, const char *option, size_t origin, const char *pointer,
	struct berth_error *err)
{
	bool is_tree;
	const struct option_row *row = row_find(idmap_text(option) ? "idmap" : option, &is_tree);
	const char *own_pointer;

	if (!row) {
		return data_add_pieces(parse, option, origin) < 0 ? plan_no_memory(err) : 0;
	}
	own_pointer = arena_printf(parse->arena, "%s/options/%zu", pointer, origin);
	if (!own_pointer) {
		return plan_no_memory(err);
	}
	if (row->effect == EFFECT_IDLE) {
		log_note(parse->notes, parse->arena, "%s: \"%s\" has no effect: %s", own_pointer,
			row->name, row->data);
	}
	judged_apply(parse, row, option, own_pointer);
	row_apply(parse, row, is_tree, origin);
	return 0;
}

int plan_options_parse(const struct spec_strings *options, const char *pointer, struct arena *arena,
	struct log_notes *notes, struct plan_options *ret_options, struct berth_error *err)
{
	size_t max = data_max(options);
	struct parse parse = {
		.arena = arena,
		.notes = notes,
		.texts = arena_alloc(arena, max + 1, sizeof(*parse.texts)),
		.origins = arena_alloc(arena, max, sizeof(*parse.origins)),
	};

	if (!parse.texts || !parse.origins) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < options->count; i++) {
		int r = option_apply(&parse, options->items[i], i, pointer, err);

		if (r < 0) {
			return r;
		}
	}
	parse.texts[parse.count] = NULL;
	parse.options.data = (struct wire_texts){.items = parse.texts, .count = parse.count};
	parse.options.data_origins = parse.origins;
	*ret_options = parse.options;
	return 0;
}

const char *plan_options_value(
	const struct plan_options *options, const char *key, size_t *ret_place)
{
	size_t length = strlen(key);

	for (size_t i = options->data.count; i > 0; i--) {
		const char *text = options->data.items[i - 1];

		if (str_has_prefix(text, key) && text[length] == '=') {
			if (ret_place) {
				*ret_place = i - 1;
			}
			return text + length + 1;
		}
	}
	return NULL;
}

/* Whether the attributes say exactly what the option of this row says. */
static bool attrs_say(const struct plan_attrs *attrs, const struct option_row *row)
{
	switch (row->effect) {
	case EFFECT_SET:
		return (attrs->set & row->value) != 0;
	case EFFECT_CLEAR:
		return (attrs->clear & row->value) != 0;
	case EFFECT_ATIME:
		if (row->value == MOUNT_ATTR_RELATIME && !(attrs->clear & MOUNT_ATTR__ATIME)) {
			return false;
		}
		return (attrs->set & MOUNT_ATTR__ATIME) == row->value;
	default:
		return false;
	}
}

const char *plan_attrs_name(const struct plan_attrs *attrs, size_t *place)
{
	while (*place < ARRAY_COUNT(tree_rows)) {
		const struct option_row *row = &tree_rows[(*place)++];

		if (attrs_say(attrs, row)) {
			return row->name;
		}
	}
	return NULL;
}
