/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "engine/edit.h"
#include "toml/toml.h"

/* What config.toml says of itself, and of runtimes. */
struct outline {
	const char *text;
	int version; /* 0: none */
	bool is_empty, has_runtimes;
	char runtimes[TOML_PATH_MAX]; /* the table of the runtimes, of either version */
};

static const char cri_2[] = "plugins\nio.containerd.grpc.v1.cri\ncontainerd\n";
static const char cri_3[] = "plugins\nio.containerd.cri.v1.runtime\ncontainerd\n";

static int outline_visit(const struct toml_item *item, void *argument)
{
	struct outline *outline = argument;

	outline->is_empty = false;
	if (str_is_equal(item->path, "version\n") && item->kind == TOML_KEY &&
		item->end == item->value + 1) {
		outline->version = outline->text[item->value] - '0';
	}
	return 0;
}

static int runtimes_visit(const struct toml_item *item, void *argument)
{
	struct outline *outline = argument;
	size_t length = strlen(outline->runtimes);

	if (strncmp(item->path, outline->runtimes, length) == 0 && item->path[length] != '\0') {
		outline->has_runtimes = true;
	}
	return 0;
}

/* The CRI plugin's table has another name since version 3; one of version 2 does not count there, or the other
 * way round. */
static int read_outline(struct edit *edit, struct outline *outline)
{
	struct strbuf out;
	int r = engine_edit_walk(edit, outline_visit, outline);

	if (r < 0) {
		return r;
	}
	if (outline->is_empty) {
		outline->version = 2;
	}
	if (outline->version < 2 || outline->version > 4) {
		return engine_edit_refuse(edit, 0,
			"containerd's configuration is of no version that is known here: \"version = 2\", 3 or 4 is "
			"needed; without it containerd reads version 1, where plugins have other names");
	}
	strbuf_init(&out, outline->runtimes, sizeof(outline->runtimes));
	strbuf_printf(&out, "%sruntimes\n", outline->version == 2 ? cri_2 : cri_3);
	return engine_edit_walk(edit, runtimes_visit, outline);
}

/* A file of runtimes takes the place of all that containerd has by itself: without runc's it would find
 * no default any more. */
static int add_runtime(
	struct edit *edit, const struct outline *outline, const char *name, const char *program)
{
	char table[TOML_PATH_MAX];
	struct strbuf out;
	int r;

	strbuf_init(&out, table, sizeof(table));
	strbuf_printf(&out, "%s%s\n", outline->runtimes, name);
	r = engine_edit_toml(edit, table, "runtime_type", "io.containerd.runc.v2");
	if (r < 0 || !program) {
		return r;
	}
	strbuf_add(&out, "options\n");
	return engine_edit_toml(edit, table, "BinaryName", program);
}

int engine_containerd(struct edit *edit, const struct engine_entry *entry)
{
	struct outline outline = {.text = edit->text, .is_empty = true};
	int r = read_outline(edit, &outline);

	if (r == 0 && outline.is_empty) {
		r = engine_edit_splice(edit, 0, 0, "version = 2\n");
	}
	if (r == 0 && !outline.has_runtimes) {
		r = add_runtime(edit, &outline, "runc", NULL);
	}
	if (r == 0) {
		r = add_runtime(edit, &outline, "berth", entry->program);
	}
	if (r == 0 && entry->is_default) {
		r = engine_edit_toml(edit, outline.version == 2 ? cri_2 : cri_3,
			"default_runtime_name", "berth");
	}
	return r;
}
