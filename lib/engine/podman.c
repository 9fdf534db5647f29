/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "engine/edit.h"
#include "toml/toml.h"

enum { NAMES_MAX_BYTES = 16 * 1024 };

/* The runtimes that podman knows by itself to have a feature: a list in a file takes the place of that one. */
static const char json_names[] = "\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", \"krun\"";
static const char nocgroup_names[] = "\"crun\", \"krun\"";

/* A list of names that containers.conf may have, and what it becomes: those, podman's own and berth. */
struct names {
	const char *path;
	const char *text; /* while it is walked through */
	struct strbuf out;
	char bytes[NAMES_MAX_BYTES];
};

static void names_add(struct names *names, const char *name, size_t length)
{
	char quoted[256];
	struct strbuf out;

	strbuf_init(&out, quoted, sizeof(quoted));
	strbuf_printf(&out, "\"%.*s\"", (int)length, name);
	if (!out.is_cut && !strstr(names->bytes, quoted)) {
		strbuf_printf(&names->out, ", %s", quoted);
	}
}

static int names_visit(const struct toml_item *item, void *argument)
{
	struct names *names = argument;
	size_t at = item->value, start, length;

	if (item->kind != TOML_KEY || !str_is_equal(item->path, names->path)) {
		return 0;
	}
	while (toml_next_string(names->text, &at, item->end, &start, &length)) {
		names_add(names, names->text + start, length);
	}
	return 0;
}

static int names_read(
	struct names *names, const struct edit *edit, const char *path, const char *known)
{
	int r;

	names->path = path;
	names->text = edit->text;
	strbuf_init(&names->out, names->bytes, sizeof(names->bytes));
	strbuf_add(&names->out, known);
	r = engine_edit_walk(edit, names_visit, names);
	if (r < 0) {
		return r;
	}
	names_add(names, "berth", strlen("berth"));
	return names->out.is_cut
		       ? engine_edit_refuse(edit, 0, "more than %d KiB of names of runtimes",
				 NAMES_MAX_BYTES / 1024)
		       : 0;
}

int engine_podman(struct edit *edit, const struct engine_entry *entry)
{
	struct names json, nocgroup;
	int r = names_read(&json, edit, "engine\nruntime_supports_json\n", json_names);

	if (r == 0) {
		r = names_read(
			&nocgroup, edit, "engine\nruntime_supports_nocgroup\n", nocgroup_names);
	}
	if (r < 0) {
		return r;
	}
	return engine_edit_splice(edit, 0, strlen(edit->text),
		"# Written by \"berth install podman\"; the same with --undo takes it away.\n"
		"[engine]\n"
		"%s"
		"runtime_supports_json = [%s]\n"
		"runtime_supports_nocgroup = [%s]\n"
		"\n"
		"[engine.runtimes]\n"
		"berth = [\"%s\"]\n",
		entry->is_default ? "runtime = \"berth\"\n" : "", json.bytes, nocgroup.bytes,
		entry->program);
}
