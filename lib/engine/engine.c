/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "engine/edit.h"

enum {
	ENGINE_TEXT_MAX_BYTES = 1024 * 1024,
	ENGINE_PROGRAM_MAX_BYTES = 4096,
	ENGINE_MEMORY_MAX = 512 * 1024 * 1024, /* such a text a few times, and its values */
};

static int edit_docker(struct edit *edit, const struct engine_entry *entry)
{
	static const char *const program[] = {"runtimes", "berth", "path"};
	static const char *const standard[] = {"default-runtime"};
	int r = 0;

	if (edit->text[strspn(edit->text, " \t\r\n")] == '\0') {
		r = engine_edit_splice(edit, 0, strlen(edit->text), "{}\n");
	}
	if (r == 0) {
		r = engine_edit_json(edit, program, ARRAY_COUNT(program), entry->program);
	}
	if (r == 0 && entry->is_default) {
		r = engine_edit_json(edit, standard, ARRAY_COUNT(standard), "berth");
	}
	return r;
}

static int (*const writers[])(struct edit *edit, const struct engine_entry *entry) = {
	[ENGINE_PODMAN] = engine_podman,
	[ENGINE_DOCKER] = edit_docker,
	[ENGINE_CONTAINERD] = engine_containerd,
};

_Static_assert(ARRAY_COUNT(writers) == ENGINE_KIND_COUNT, "a writer for each kind");

/* Such a text is the same between quotes, in JSON and in TOML. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\') {
			return false;
		}
	}
	return true;
}

int engine_config(enum engine_kind kind, const struct engine_entry *entry, const char *text,
	char **ret_text, struct berth_error *err)
{
	autoarena struct arena arena = {.limit = ENGINE_MEMORY_MAX};
	struct edit edit = {.arena = &arena, .text = text ? text : "", .err = err};
	int r;

	if (entry->program[0] != '/' || strlen(entry->program) >= ENGINE_PROGRAM_MAX_BYTES ||
		!is_plain(entry->program)) {
		return error_set(err, BERTH_ERROR_USAGE,
			"the program is \"%s\": an absolute path of printable ASCII characters "
			"without quotes and backslashes is needed",
			entry->program);
	}
	if (strlen(edit.text) > ENGINE_TEXT_MAX_BYTES) {
		return error_set(err, BERTH_ERROR_CONFIG, "the configuration is larger than 1 MiB");
	}
	r = writers[kind](&edit, entry);
	if (r == 0) {
		char *copy = strdup(edit.text);

		r = copy ? 0 : error_system(err, ENOMEM, "memory for the new text");
		*ret_text = copy ? copy : *ret_text;
	}
	return r;
}
