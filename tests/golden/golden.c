/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden tests of plan/: each directory beside this file is a case. Its config.json, on the host
 * that its file "facts" describes, must become exactly the text of plan.txt: the readable plan, or
 * one line "error: ...". To add a case, add the two files and run with --write; then read what was
 * written.
 *
 * facts: one "key value ..." a line, "#" starts a comment; without the file, root on a host without
 * cgroups.
 *   euid N | egid N | bounding all|HEX | effective HEX | last_capability N
 *   userns 0|1 | ids FIRST COUNT   (those that there are in that user namespace, of both kinds)
 *   bundle PATH | id ID | keyring_kept 0|1 | pdeathsig 0|1 | cgroup_disabled 0|1
 *   cgroup_systemd 0|1
 *   apparmor 0|1 | selinux 0|1 | resctrl MOUNT_POINT
 *   hierarchy MOUNT_POINT CONTROLLERS OWN_PATH [WRITABLE]   ("-" for controllers: version 2; writable are
 *     "root", "own" or "none" of it; without the word both; "read-only": none, as the mount is)
 *   link NAME TARGET
 *
 * A case with a resources.json is an update of a container that has "/berth-ID" in each hierarchy; its config.json,
 * where there is one, is the container's, and its facts say as well what the files of the cgroup hold:
 *   value FILE TEXT
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "plan/plan.h"
#include "plan/text.h"
#include "json/json.h"

enum {
	MEMORY_MAX = 16 * 1024 * 1024,
	LIST_MAX = 32,
	WORDS_MAX = 5,
	LINE_BYTES = 1200,
};

struct host {
	struct facts facts;
	struct facts_hierarchy hierarchies[LIST_MAX];
	struct facts_link links[LIST_MAX];
	struct facts_value values[LIST_MAX];
	struct facts_ids uids[LIST_MAX], gids[LIST_MAX];
	struct plan_request request;
};

/* The whole of a file in the arena; NULL where there is none. */
static char *file_read(struct arena *arena, const char *directory, const char *name)
{
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	FILE *file = path ? fopen(path, "re") : NULL;
	char *text = NULL;
	long size;

	if (!file) {
		return NULL;
	}
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		text = arena_alloc(arena, (size_t)size + 1, 1);
		if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
			text = NULL;
		}
	}
	(void)fclose(file);
	return text;
}

static int file_write(
	struct arena *arena, const char *directory, const char *name, const char *text)
{
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	FILE *file = path ? fopen(path, "we") : NULL;
	int r;

	if (!file) {
		return -1;
	}
	r = fputs(text, file);
	return fclose(file) == 0 && r >= 0 ? 0 : -1;
}

static int fact_list(struct host *host, char *words[WORDS_MAX])
{
	struct facts *facts = &host->facts;

	if (str_is_equal(words[0], "hierarchy") && words[3] && facts->hierarchy_count < LIST_MAX) {
		bool is_v2 = str_is_equal(words[2], "-");
		const char *writable = words[4] ? words[4] : "all";
		bool is_all = str_is_equal(writable, "all");

		host->hierarchies[facts->hierarchy_count++] = (struct facts_hierarchy){
			.mount_point = words[1],
			.controllers = is_v2 ? "" : words[2],
			.own_path = words[3],
			.is_v2 = is_v2,
			.is_root_writable = is_all || str_is_equal(writable, "root"),
			.is_base_writable = is_all || str_is_equal(writable, "own"),
			.is_read_only = str_is_equal(writable, "read-only"),
		};
		return 0;
	}
	if (str_is_equal(words[0], "link") && words[2] && facts->link_count < LIST_MAX) {
		host->links[facts->link_count++] =
			(struct facts_link){.name = words[1], .target = words[2]};
		return 0;
	}
	if (str_is_equal(words[0], "ids") && words[2] && facts->uid_count < LIST_MAX) {
		const struct facts_ids ids = {.first = (uint32_t)strtoul(words[1], NULL, 10),
			.count = (uint32_t)strtoul(words[2], NULL, 10)};

		host->uids[facts->uid_count++] = ids;
		host->gids[facts->gid_count++] = ids;
		return 0;
	}
	if (str_is_equal(words[0], "value") && words[2] && facts->value_count < LIST_MAX) {
		/* All behind the name of the file: the space between two words has become a NUL. */
		for (size_t i = 3; i < WORDS_MAX && words[i]; i++) {
			words[i][-1] = ' ';
		}
		host->values[facts->value_count++] =
			(struct facts_value){.file = words[1], .text = words[2]};
		return 0;
	}
	return -1;
}

static int fact_apply(struct host *host, char *words[WORDS_MAX])
{
	struct facts *facts = &host->facts;
	unsigned long number = words[1] ? strtoul(words[1], NULL, 10) : 0;

	if (!words[1]) {
		return -1;
	}
	if (str_is_equal(words[0], "euid")) {
		facts->euid = (uint32_t)number;
	} else if (str_is_equal(words[0], "egid")) {
		facts->egid = (uint32_t)number;
	} else if (str_is_equal(words[0], "userns")) {
		facts->is_userns = number != 0;
	} else if (str_is_equal(words[0], "apparmor")) {
		facts->has_apparmor = number != 0;
	} else if (str_is_equal(words[0], "selinux")) {
		facts->has_selinux = number != 0;
	} else if (str_is_equal(words[0], "resctrl")) {
		facts->resctrl = words[1];
	} else if (str_is_equal(words[0], "last_capability")) {
		facts->last_capability = (uint32_t)number;
	} else if (str_is_equal(words[0], "pdeathsig")) {
		host->request.is_pdeathsig = number != 0;
	} else if (str_is_equal(words[0], "keyring_kept")) {
		host->request.is_keyring_kept = number != 0;
	} else if (str_is_equal(words[0], "id")) {
		host->request.id = words[1];
	} else if (str_is_equal(words[0], "bundle")) {
		host->request.bundle = words[1];
	} else if (str_is_equal(words[0], "cgroup_disabled")) {
		host->request.cgroups = number != 0 ? PLAN_CGROUPS_DISABLED : PLAN_CGROUPS_FS;
	} else if (str_is_equal(words[0], "cgroup_systemd")) {
		host->request.cgroups = number != 0 ? PLAN_CGROUPS_SYSTEMD : PLAN_CGROUPS_FS;
	} else if (str_is_equal(words[0], "effective")) {
		facts->effective = strtoull(words[1], NULL, 16);
	} else if (str_is_equal(words[0], "bounding")) {
		facts->bounding =
			str_is_equal(words[1], "all") ? UINT64_MAX : strtoull(words[1], NULL, 16);
	} else {
		return fact_list(host, words);
	}
	return 0;
}

/* Reads the facts; `text` is cut into words, which the result points into. */
static int host_read(struct host *host, char *text)
{
	char *lines = NULL;

	*host = (struct host){
		.facts = {.bounding = UINT64_MAX, .effective = UINT64_MAX, .last_capability = 40},
		.request = {.bundle = "/bundle"},
	};
	host->facts.hierarchies = host->hierarchies;
	host->facts.uids = host->uids;
	host->facts.gids = host->gids;
	host->facts.links = host->links;
	host->facts.values = host->values;
	for (char *line = text ? strtok_r(text, "\n", &lines) : NULL; line;
		line = strtok_r(NULL, "\n", &lines)) {
		char *words[WORDS_MAX] = {NULL};
		char *rest = NULL;

		words[0] = strtok_r(line, " ", &rest);
		for (size_t i = 1; i < WORDS_MAX && words[i - 1]; i++) {
			words[i] = strtok_r(NULL, " ", &rest);
		}
		if (words[0] && words[0][0] != '#' && fact_apply(host, words) < 0) {
			return -1;
		}
	}
	return 0;
}

static int parse(struct arena *arena, const char *text, const struct json_value **ret_tree,
	struct berth_error *err)
{
	const char *reason = "";
	size_t offset = 0;
	int r = json_parse(arena, text, strlen(text), ret_tree, &offset, &reason);

	return r < 0 ? error_set(err, BERTH_ERROR_CONFIG, "JSON, byte %zu: %s", offset, reason) : 0;
}

static int plan_of(struct arena *arena, const char *config, const struct host *host,
	struct plan *ret_plan, struct berth_error *err)
{
	const struct json_value *tree = NULL;
	struct spec *spec = arena_alloc(arena, 1, sizeof(*spec));
	int r = spec ? parse(arena, config, &tree, err) : -ENOMEM;

	if (r == 0) {
		r = spec_decode(tree, arena, spec, err);
	}
	if (r == 0) {
		r = plan_make(spec, &host->request, &host->facts, arena, ret_plan, err);
	}
	/* What is read must have been asked for. */
	if (r == 0 && host->facts.hierarchy_count > 0 &&
		!(plan_facts_wanted(spec, &host->request) & FACTS_CGROUP)) {
		r = error_set(err, BERTH_ERROR_INTERNAL, "facts of cgroups that nobody wants");
	}
	return r;
}

/* Each directory has all that is asked for in it: what is read, and what is written. */
static int update_of(struct arena *arena, const char *resources, const char *config,
	const struct host *host, struct plan *ret_plan, struct berth_error *err)
{
	const struct facts *facts = &host->facts;
	struct host_cgroup_dir dirs[LIST_MAX] = {{0}};
	struct spec *spec = arena_alloc(arena, 1, sizeof(*spec));
	struct spec_update *asked = arena_alloc(arena, 1, sizeof(*asked));
	bool has_unit = host->request.cgroups == PLAN_CGROUPS_SYSTEMD;
	struct plan_update update = {.dirs = dirs,
		.dir_count = facts->hierarchy_count,
		.unit = has_unit ? "berth-ID.scope" : NULL};
	const struct json_value *tree = NULL;
	int r = parse(arena, resources, &tree, err);

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		dirs[i] = (struct host_cgroup_dir){
			.mount_point = facts->hierarchies[i].mount_point,
			.path = "/berth-ID",
			.is_v2 = facts->hierarchies[i].is_v2,
		};
	}
	if (r == 0) {
		r = spec_decode_update(tree, arena, asked, err);
	}
	if (r == 0 && config) {
		r = parse(arena, config, &tree, err);
		r = r < 0 ? r : spec_decode(tree, arena, spec, err);
		update.config = &spec->linux_section.resources;
	}
	if (r == 0) {
		update.resources = &asked->resources;
		update.version = asked->oci_version ? asked->oci_version : spec->oci_version;
		r = plan_update_make(&update, facts, arena, ret_plan, err);
	}
	return r;
}

static char *update_run(
	struct arena *arena, const char *resources, const char *config, const struct host *host)
{
	struct plan plan;
	struct berth_error err = {0};
	char line[LINE_BYTES];
	autoptr char *text = NULL;

	if (update_of(arena, resources, config, host, &plan, &err) < 0) {
		(void)error_format(&err, line, sizeof(line));
		return arena_printf(arena, "error: %s\n", line);
	}
	return plan_update_text(&plan, &text) < 0 ? NULL : arena_copy(arena, text, strlen(text));
}

/* The text that a case becomes; NULL where its files cannot be read. */
static char *case_run(struct arena *arena, const char *directory)
{
	char *config = file_read(arena, directory, "config.json");
	char *resources = file_read(arena, directory, "resources.json");
	struct host host;
	struct plan plan;
	struct berth_error err = {0};
	char line[LINE_BYTES];
	autoptr char *text = NULL;

	if ((!config && !resources) || host_read(&host, file_read(arena, directory, "facts")) < 0) {
		return NULL;
	}
	if (resources) {
		return update_run(arena, resources, config, &host);
	}
	if (plan_of(arena, config, &host, &plan, &err) < 0) {
		(void)error_format(&err, line, sizeof(line));
		return arena_printf(arena, "error: %s\n", line);
	}
	/* What the verb adds to the plan, and the child insists on. */
	plan.boot.hooks.state = "{}";
	if (boot_check(&plan.boot) < 0) {
		return arena_printf(arena, "error: the child would refuse this plan\n");
	}
	return plan_text(&plan, &text) < 0 ? NULL : arena_copy(arena, text, strlen(text));
}

/* Says at which line two texts part. */
static void say_difference(const char *wanted, const char *got)
{
	size_t line = 1;

	while (*wanted && strncmp(wanted, got, strcspn(wanted, "\n") + 1) == 0) {
		size_t length = strcspn(wanted, "\n") + 1;

		wanted += length;
		got += length;
		line++;
	}
	printf("# line %zu\n# wanted: %.*s\n# got:    %.*s\n", line, (int)strcspn(wanted, "\n"),
		wanted, (int)strcspn(got, "\n"), got);
}

static bool case_check(const char *directory, bool is_writing)
{
	autoarena struct arena arena;
	const char *got, *wanted;

	arena_init(&arena, MEMORY_MAX);
	got = case_run(&arena, directory);
	if (!got) {
		printf("# the files of the case cannot be read\n");
		return false;
	}
	if (is_writing) {
		return file_write(&arena, directory, "plan.txt", got) == 0;
	}
	wanted = file_read(&arena, directory, "plan.txt");
	if (!wanted) {
		printf("# no plan.txt\n");
		return false;
	}
	if (!str_is_equal(wanted, got)) {
		say_difference(wanted, got);
		return false;
	}
	return true;
}

static int is_case(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	bool is_writing = argc == 3 && str_is_equal(argv[1], "--write");
	struct dirent **entries = NULL;
	int failures = 0;
	int count;

	if (argc != 2 && !is_writing) {
		(void)fprintf(stderr, "usage: %s [--write] DIRECTORY\n", argv[0]);
		return 2;
	}
	count = scandir(argv[argc - 1], &entries, is_case, alphasort);
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char directory[LINE_BYTES];
		autoptr struct dirent *entry = entries[i];
		bool is_right;

		(void)snprintf(
			directory, sizeof(directory), "%s/%s", argv[argc - 1], entry->d_name);
		is_right = case_check(directory, is_writing);
		printf("%sok %d - %s\n", is_right ? "" : "not ", i + 1, entry->d_name);
		failures += !is_right;
	}
	cleanup_ptr(&entries);
	return count <= 0 || failures > 0;
}
