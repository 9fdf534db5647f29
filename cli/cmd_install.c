/* SPDX-License-Identifier: Apache-2.0 */
/*
 * berth install ENGINE: what is there is read, the library says what it becomes, and with consent that takes
 * its place in one step. The file that was there first is kept as a second link to it, so that --undo gives back that
 * very file; a later one does not take its place.
 *
 * Whether a file is as install left it is not remembered but found out: it is what install would make of the
 * backup.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <berth/engine.h>

#include "cli.h"
#include "file.h"

/* In the place of a program's path; a quote comes behind it in every file. */
#define ANY_PROGRAM "/any/program/that/berth/may/be"

/* One file of an engine. */
struct target {
	const char *name;
	enum berth_engine engine;
	const char *source; /* what is read, below the configuration's root */
	const char *file;   /* what is written: often the same */
	const char *after;  /* what makes the engine see it */
	const char *undone; /* and that it is gone */
};

static const struct target targets[] = {
	{"podman", BERTH_ENGINE_PODMAN, "containers/containers.conf",
		"containers/containers.conf.d/berth.conf", "podman reads it with its next command",
		"podman sees it with its next command"},
	/* A reload would do, but docker 20.10 crashes by one that takes its default away. */
	{"docker", BERTH_ENGINE_DOCKER, "docker/daemon.json", "docker/daemon.json",
		"for a daemon that runs: systemctl reload docker",
		"for a daemon that runs: systemctl restart docker"},
	{"containerd", BERTH_ENGINE_CONTAINERD, "containerd/config.toml", "containerd/config.toml",
		"for a daemon that runs: systemctl restart containerd",
		"for a daemon that runs: systemctl restart containerd"},
};

/* What was asked for. */
struct request {
	const struct cli_globals *globals;
	const struct target *target;
	const char *program;
	const char *root;
	bool is_default, is_dry, is_undo, has_consent;
};

/* The files of a request, and what is in them; NULL: there is none. */
struct state {
	char path[PATH_MAX];
	char backup[PATH_MAX];
	char *source;   /* of the target's source */
	char *current;  /* of its file */
	char *original; /* of the backup */
};

static void state_finish(struct state *state)
{
	autoptr char *source = state->source;
	autoptr char *current = state->current;
	autoptr char *original = state->original;

	(void)source;
	(void)current;
	(void)original;
}

#define autostate __attribute__((cleanup(state_finish)))

static const struct target *find_target(const char *name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(targets[i].name, name) == 0) {
			return &targets[i];
		}
	}
	return NULL;
}

/* Root's engines have it in /etc, those of a user in the user's own folder. */
static int default_root(const struct cli_globals *globals, char *buffer, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int length;

	if (geteuid() == 0) {
		length = snprintf(buffer, size, "/etc");
	} else if (config && config[0] == '/') {
		length = snprintf(buffer, size, "%s", config);
	} else if (home && home[0] == '/') {
		length = snprintf(buffer, size, "%s/.config", home);
	} else {
		return cli_fail_text(globals,
			"neither XDG_CONFIG_HOME nor HOME says where the configuration is: "
			"--config-root is needed");
	}
	return length < (int)size ? 0 : cli_fail_text(globals, "HOME is too long");
}

static int default_program(const struct cli_globals *globals, char *buffer, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", buffer, size);

	if (length < 0 || (size_t)length >= size) {
		return cli_fail_errno(globals, length < 0 ? errno : ENAMETOOLONG,
			"find this program: --program is needed");
	}
	buffer[length] = '\0';
	return 0;
}

static int read_state(const struct request *request, struct state *state)
{
	const struct cli_globals *globals = request->globals;
	const struct target *target = request->target;
	char source[PATH_MAX];
	int status = cli_file_find(globals, request->root, target->file, state->path);

	if (status != 0) {
		return status;
	}
	if (snprintf(state->backup, sizeof(state->backup), "%s.before-berth", state->path) >=
			(int)sizeof(state->backup) ||
		snprintf(source, sizeof(source), "%s/%s", request->root, target->source) >=
			(int)sizeof(source)) {
		return cli_fail_errno(globals, ENAMETOOLONG, "%s", state->path);
	}
	status = cli_file_read(globals, state->path, &state->current);
	if (status == 0) {
		status = cli_file_read(globals, state->backup, &state->original);
	}
	return status == 0 ? cli_file_read(globals, source, &state->source) : status;
}

/* What the file becomes by a text that was there before. The message names the file that the text is from. */
static int make_text(const struct request *request, const char *before, const char *program,
	bool is_default, char **ret_text, struct berth_error *err)
{
	int r = berth_engine_config(
		request->target->engine, program, is_default, before, ret_text, err);

	if (r < 0 && err->line && err->subject[0] == '\0') {
		(void)snprintf(err->subject, sizeof(err->subject), "(%s/%s)", request->root,
			request->target->source);
	}
	return r;
}

/* Whether a text is the pattern, with any program in the place of ANY_PROGRAM. */
static bool is_alike(const char *text, const char *pattern)
{
	const char *any = strstr(pattern, ANY_PROGRAM);
	size_t length = strlen(text), before, after;

	if (!any) {
		return false;
	}
	before = (size_t)(any - pattern);
	after = strlen(any) - strlen(ANY_PROGRAM);
	return length > before + after && strncmp(text, pattern, before) == 0 &&
	       strcmp(text + length - after, any + strlen(ANY_PROGRAM)) == 0 &&
	       before + strcspn(text + before, "\"") == length - after;
}

/* Whether the file is berth's alone, and not one that others write to. */
static bool has_own_file(const struct target *target)
{
	return strcmp(target->source, target->file) != 0;
}

/* Whether the file is what install has made of the original: with any program, as the default or not. */
static bool is_ours(const struct request *request, const struct state *state)
{
	const char *before = has_own_file(request->target) ? state->source : state->original;
	bool is_same = false;

	for (int i = 0; i < 2 && state->current && !is_same; i++) {
		autoptr char *text = NULL;
		struct berth_error err;

		is_same = make_text(request, before, ANY_PROGRAM, i == 1, &text, &err) == 0 &&
			  is_alike(state->current, text);
	}
	return is_same;
}

/* A question on a terminal, where --yes did not answer it. 0: yes. */
static int ask(const struct request *request, const char *what, const char *path)
{
	char answer[16] = "";

	if (request->has_consent) {
		return 0;
	}
	if (!isatty(STDIN_FILENO)) {
		return cli_fail_text(request->globals,
			"%s %s: nothing is done without consent: --yes", what, path);
	}
	(void)fprintf(stderr, "%s %s? [y/N] ", what, path);
	if (!fgets(answer, sizeof(answer), stdin) ||
		(strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0)) {
		return cli_fail_text(request->globals, "nothing was done");
	}
	return 0;
}

static int print_text(const struct request *request, const char *text)
{
	return cli_write(request->globals, text, strlen(text));
}

/* What --dry-run says beside the text, which alone goes to standard output. */
static int tell_dry(const char *what, const char *path)
{
	(void)fprintf(stderr, "would %s %s\n", what, path);
	return 0;
}

static void tell_written(const struct request *request, const struct state *state, bool is_others)
{
	bool is_kept = is_others && state->original;

	if (is_kept) {
		(void)fprintf(stderr,
			"somebody has changed it; what was there before berth is kept: %s\n",
			state->backup);
	} else if (is_others) {
		(void)fprintf(stderr, "the file as it was is kept: %s\n", state->backup);
	}
	(void)fprintf(stderr, "%s is written; %s\n%s", state->path, request->target->after,
		is_kept ? "" : "the same command with --undo undoes it\n");
}

/* The first backup stays the backup: what is there when there is one already was made of it, and changed. */
static int write_file(
	const struct request *request, const struct state *state, const char *text, bool is_others)
{
	const char *backup = is_others && !state->original ? state->backup : NULL;
	int status = ask(request, "write", state->path);

	if (status == 0) {
		status = cli_file_replace(request->globals, state->path, text, backup);
	}
	if (status == 0) {
		tell_written(request, state, is_others);
	}
	return status;
}

static int install(const struct request *request, const struct state *state)
{
	bool is_others = state->current && !is_ours(request, state);
	struct berth_error err = {0};
	autoptr char *text = NULL;
	int status;

	if (make_text(request, state->source, request->program, request->is_default, &text, &err) <
		0) {
		return cli_fail(request->globals, &err);
	}
	if (state->current && strcmp(text, state->current) == 0) {
		(void)fprintf(stderr, "%s has berth already\n", state->path);
		return 0;
	}
	if (is_others && state->original && has_own_file(request->target)) {
		return cli_fail_text(request->globals,
			"%s was changed by somebody, and %s has what was there before: move one of "
			"them away, nothing was done",
			state->path, state->backup);
	}
	status = print_text(request, text);
	if (status != 0) {
		return status;
	}
	return request->is_dry ? tell_dry("write", state->path)
			       : write_file(request, state, text, is_others);
}

/* Whether a text has the runtime's name, as a word that is no part of a path. */
static bool names_berth(const char *text)
{
	static const char name[] = "berth";
	static const char others[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";

	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
		char before = at > text ? at[-1] : ' ';
		char after = at[strlen(name)];

		if (!strchr(others, before) && (after == '\0' || !strchr(others, after))) {
			return true;
		}
	}
	return false;
}

static int put_back(const struct request *request, const struct state *state)
{
	bool has_original = state->original != NULL;

	if ((has_original ? rename(state->backup, state->path) : unlink(state->path)) < 0) {
		return cli_fail_errno(request->globals, errno, "put back %s", state->path);
	}
	if (has_original && names_berth(state->original)) {
		(void)fprintf(stderr,
			"%s is as it was when %s was last told of berth, and had berth in it: take "
			"that out by hand; %s\n",
			state->path, request->target->name, request->target->undone);
		return 0;
	}
	(void)fprintf(stderr, "%s is %s; %s\n", state->path, has_original ? "as it was" : "removed",
		request->target->undone);
	return 0;
}

static int undo(const struct request *request, const struct state *state)
{
	const struct cli_globals *globals = request->globals;
	bool has_original = state->original != NULL;
	const char *what = has_original ? "put back" : "remove";
	const char *path = has_original ? state->backup : state->path;
	int status;

	if (!state->current) {
		(void)fprintf(stderr, "%s is not there: nothing is to be undone\n", state->path);
		return 0;
	}
	if (!is_ours(request, state)) {
		return cli_fail_text(globals,
			"%s is not as berth install %s leaves it: somebody has changed it since; take "
			"berth out by hand%s%s",
			state->path, request->target->name, has_original ? ", or put back " : "",
			has_original ? state->backup : "");
	}
	status = has_original ? print_text(request, state->original) : 0;
	if (status != 0 || request->is_dry) {
		return status != 0 ? status : tell_dry(what, path);
	}
	status = ask(request, what, path);
	return status == 0 ? put_back(request, state) : status;
}

/* Pairs of which one would be ignored. */
static int check_request(const struct request *request)
{
	const char *pair = NULL;

	if (request->is_undo && request->is_default) {
		pair = "--undo and --default";
	} else if (request->is_undo && request->program) {
		pair = "--undo and --program";
	} else if (request->is_dry && request->has_consent) {
		pair = "--dry-run and --yes";
	}
	return pair ? cli_fail_text(request->globals, "install: %s cannot be there together", pair)
		    : 0;
}

static int run_request(struct request *request)
{
	autostate struct state state = {0};
	char program[PATH_MAX], root[PATH_MAX];
	int status = check_request(request);

	if (status == 0 && !request->program) {
		status = default_program(request->globals, program, sizeof(program));
		request->program = program;
	}
	if (status == 0 && !request->root) {
		status = default_root(request->globals, root, sizeof(root));
		request->root = root;
	}
	if (status == 0) {
		status = read_state(request, &state);
	}
	if (status != 0) {
		return status;
	}
	return request->is_undo ? undo(request, &state) : install(request, &state);
}

int cmd_install(const struct cli_globals *globals, int argc, char **argv)
{
	struct request request = {.globals = globals};
	const struct cli_option options[] = {
		{"dry-run", 0, NULL, &request.is_dry,
			"print the file, and where it would be, and write nothing", NULL},
		{"yes", 'y', NULL, &request.has_consent, "write it without a question", NULL},
		{"default", 0, NULL, &request.is_default,
			"for containers that ask for no runtime, too", NULL},
		{"program", 0, &request.program, NULL,
			"how the engine calls berth (default: this program's path)", NULL},
		{"config-root", 0, &request.root, NULL,
			"where the engines' configuration is (default: /etc, for other users "
			"$XDG_CONFIG_HOME or ~/.config)",
			NULL},
		{"undo", 0, NULL, &request.is_undo, "put back the file that was there before",
			NULL},
	};
	int taken = cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	if (taken + 1 != argc) {
		return cli_need_arguments(globals, "install", 1);
	}
	request.target = find_target(argv[taken]);
	if (!request.target) {
		return cli_fail_text(globals,
			"install: \"%s\" is none of podman, docker, containerd", argv[taken]);
	}
	return run_request(&request);
}
