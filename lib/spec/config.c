/* SPDX-License-Identifier: Apache-2.0 */
/* The top level of config.json, its root, mounts and annotations (config.md). */
#include "spec/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spec/table.h"

static const struct spec_row root_rows[] = {
	{.key = "path",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_root, path)},
	{.key = "readonly", .type = SPEC_BOOL, .offset = offsetof(struct spec_root, readonly)},
};

static const struct spec_table root_table = {
	sizeof(struct spec_root), root_rows, ARRAY_COUNT(root_rows)};

static const struct spec_row mount_rows[] = {
	{.key = "destination",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_mount, destination)},
	{.key = "type", .type = SPEC_STRING, .offset = offsetof(struct spec_mount, type)},
	{.key = "source", .type = SPEC_STRING, .offset = offsetof(struct spec_mount, source)},
	{.key = "options", .type = SPEC_STRINGS, .offset = offsetof(struct spec_mount, options)},
	{.key = "uidMappings",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_mount, uid_mappings),
		.table = &spec_mapping_table},
	{.key = "gidMappings",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_mount, gid_mappings),
		.table = &spec_mapping_table},
};

static const struct spec_table mount_table = {
	sizeof(struct spec_mount), mount_rows, ARRAY_COUNT(mount_rows)};

/* Sections of other platforms (solaris, windows, vm, zos, freebsd) have no row: they are ignored. */
static const struct spec_row config_rows[] = {
	{.key = "ociVersion",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec, oci_version)},
	{.key = "root",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec, root),
		.present = offsetof(struct spec, root.is_present),
		.table = &root_table},
	{.key = "process",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec, process),
		.present = offsetof(struct spec, process.is_present),
		.table = &spec_process_table},
	{.key = "hostname", .type = SPEC_STRING, .offset = offsetof(struct spec, hostname)},
	{.key = "domainname", .type = SPEC_STRING, .offset = offsetof(struct spec, domainname)},
	{.key = "mounts",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec, mounts),
		.table = &mount_table},
	{.key = "annotations", .type = SPEC_MAP, .offset = offsetof(struct spec, annotations)},
	{.key = "linux",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec, linux_section),
		.present = offsetof(struct spec, linux_section.is_present),
		.table = &spec_linux_table},
	{.key = "hooks",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec, hooks),
		.table = &spec_hooks_table},
};

static const struct spec_table config_table = {
	sizeof(struct spec), config_rows, ARRAY_COUNT(config_rows)};

/* A number of a version: digits without a leading zero. NULL, or what follows. */
static const char *skip_version_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 0 || (text[0] == '0' && digits > 1) ? NULL : text + digits;
}

/* Identifiers with points between them: of a pre-release, where a number has no leading zero, or of a
 * build. NULL, or what follows. */
static const char *skip_version_identifiers(const char *text, bool is_build)
{
	for (;;) {
		size_t length = 0;
		size_t digits = strspn(text, "0123456789");

		while (isalnum((unsigned char)text[length]) || text[length] == '-') {
			length++;
		}
		if (length == 0 ||
			(!is_build && digits == length && length > 1 && text[0] == '0')) {
			return NULL;
		}
		text += length;
		if (*text != '.') {
			return text;
		}
		text++;
	}
}

/* Whether this is a version 1.x.y of semantic versioning 2.0.0, which config.md asks for. */
static bool is_known_version(const char *text)
{
	if (strncmp(text, "1.", 2) != 0) {
		return false;
	}
	text = skip_version_number(text + 2);
	if (!text || *text != '.') {
		return false;
	}
	text = skip_version_number(text + 1);
	if (text && *text == '-') {
		text = skip_version_identifiers(text + 1, false);
	}
	if (text && *text == '+') {
		text = skip_version_identifiers(text + 1, true);
	}
	return text && *text == '\0';
}

static int check_version(const char *text, struct berth_error *err)
{
	return is_known_version(text)
		       ? 0
		       : error_field(err, BERTH_ERROR_CONFIG, "/ociVersion",
				 "must be a version 1.x.y of the specification, is \"%.64s\"",
				 text);
}

int spec_decode(const struct json_value *tree, struct arena *arena, struct spec *ret_spec,
	struct berth_error *err)
{
	struct spec spec = {0};
	int r;

	if (tree->kind != JSON_OBJECT) {
		return error_set(err, BERTH_ERROR_CONFIG, "the config must be an object, is %s",
			json_kind_name(tree->kind));
	}
	r = spec_table_decode(&config_table, tree, arena, &spec, err);
	if (r == 0) {
		r = check_version(spec.oci_version, err);
	}
	if (r == 0) {
		*ret_spec = spec;
	}
	return r;
}

/* config.md: within a major version a newer config may ask for what this runtime does not know, and that is ignored
 * as all that nobody knows. */
static void note_version(
	const struct json_value *tree, struct arena *arena, struct log_notes *notes)
{
	const struct json_value *version = json_get(tree, "ociVersion");

	if (version && version->kind == JSON_STRING && is_known_version(version->text) &&
		strtoul(version->text + 2, NULL, 10) > SPEC_VERSION_MINOR) {
		log_note(notes, arena,
			"/ociVersion is %.64s, newer than 1.%d: what it has more is ignored",
			version->text, SPEC_VERSION_MINOR);
	}
}

void spec_note_unknown(const struct json_value *tree, struct arena *arena, struct log_notes *notes)
{
	note_version(tree, arena, notes);
	spec_table_note_unknown(&config_table, tree, arena, notes);
}

static const struct spec_row exec_rows[] = {
	{.key = "process",
		.type = SPEC_OBJECT,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec, process),
		.present = offsetof(struct spec, process.is_present),
		.table = &spec_process_table},
};

static const struct spec_table exec_table = {
	sizeof(struct spec), exec_rows, ARRAY_COUNT(exec_rows)};

static const struct spec_row live_rows[] = {
	{.key = "mounts",
		.type = SPEC_OBJECTS,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec, mounts),
		.table = &mount_table},
};

static const struct spec_table live_table = {
	sizeof(struct spec), live_rows, ARRAY_COUNT(live_rows)};

/* Decodes a tree as the only field of a config, which has the name of the table's only row. */
static int decode_field(const struct spec_table *table, const struct json_value *tree,
	struct arena *arena, struct spec *spec, const struct json_value **ret_tree,
	struct berth_error *err)
{
	struct json_value *values = arena_alloc(arena, 2, sizeof(*values));

	if (!values) {
		return error_system(err, ENOMEM, "memory for the %s", table->rows[0].key);
	}
	values[0] = *tree;
	values[0].key = table->rows[0].key;
	values[0].next = NULL;
	values[1] = (struct json_value){.kind = JSON_OBJECT, .length = 1, .first = &values[0]};
	*ret_tree = &values[1];
	return spec_table_decode(table, &values[1], arena, spec, err);
}

int spec_decode_process(const struct json_value *tree, struct arena *arena,
	struct spec_process *ret_process, const struct json_value **ret_tree,
	struct berth_error *err)
{
	struct spec spec = {0};
	int r = decode_field(&exec_table, tree, arena, &spec, ret_tree, err);

	if (r == 0) {
		*ret_process = spec.process;
	}
	return r;
}

int spec_decode_mounts(const struct json_value *tree, struct arena *arena,
	struct spec_mounts *ret_mounts, const struct json_value **ret_tree, struct berth_error *err)
{
	struct spec spec = {0};
	int r = decode_field(&live_table, tree, arena, &spec, ret_tree, err);

	if (r == 0) {
		*ret_mounts = spec.mounts;
	}
	return r;
}

static const struct spec_row update_rows[] = {
	{.key = "ociVersion",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_update, oci_version)},
	{.key = "intelRdt",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_update, intel_rdt),
		.present = offsetof(struct spec_update, intel_rdt.is_present),
		.table = &spec_intel_rdt_table},
};

static const struct spec_table update_table = {
	sizeof(struct spec_update), update_rows, ARRAY_COUNT(update_rows)};

/* Both tables are about the same object. */
void spec_note_unknown_update(
	const struct json_value *tree, struct arena *arena, struct log_notes *notes)
{
	struct json_value rest = *tree;
	struct json_value *members = arena_alloc(arena, tree->length + 1, sizeof(*members));
	size_t count = 0;

	for (const struct json_value *at = tree->first; members && at; at = at->next) {
		if (!str_is_equal(at->key, update_rows[0].key) &&
			!str_is_equal(at->key, update_rows[1].key)) {
			members[count] = *at;
			members[count].next = NULL;
			if (count > 0) {
				members[count - 1].next = &members[count];
			}
			count++;
		}
	}
	rest.first = count > 0 ? members : NULL;
	spec_table_note_unknown(&spec_resources_table, &rest, arena, notes);
}

int spec_decode_update(const struct json_value *tree, struct arena *arena,
	struct spec_update *ret_update, struct berth_error *err)
{
	struct spec_update update = {0};
	int r;

	if (tree->kind != JSON_OBJECT) {
		return error_set(err, BERTH_ERROR_CONFIG, "the resources must be an object, are %s",
			json_kind_name(tree->kind));
	}
	r = spec_table_decode(&update_table, tree, arena, &update, err);
	if (r == 0 && update.oci_version) {
		r = check_version(update.oci_version, err);
	}
	if (r == 0) {
		r = spec_table_decode(&spec_resources_table, tree, arena, &update.resources, err);
	}
	if (r == 0) {
		*ret_update = update;
	}
	return r;
}
