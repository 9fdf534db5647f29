/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execvp(3), for raw mode: execve(2) itself is tried on each candidate, so the kernel decides what can
 * be executed and a caller finds what he would have found without berth-init. Container mode looks
 * before it executes (program.c): its words are those that engines match.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "stage/stage.h"
#include "sys/file.h"
#include "sys/process.h"

/* A file in no known format is a script of the shell. */
static int execute_script(struct stage *stage, char *file)
{
	char shell[] = "/bin/sh";
	size_t count = 0;
	char **argv;

	while (stage->argv[count]) {
		count++;
	}
	argv = arena_alloc(&stage->arena, count + 2, sizeof(*argv));
	if (!argv) {
		return -ENOMEM;
	}
	argv[0] = shell;
	argv[1] = file;
	/* The arguments behind the name, and the NULL. */
	memcpy(argv + 2, stage->argv + 1, count * sizeof(*argv));
	return sys_execve(shell, argv, stage->envp);
}

static int execute(struct stage *stage, char *file)
{
	int r = sys_execve(file, stage->argv, stage->envp);

	return r == -ENOEXEC ? execute_script(stage, file) : r;
}

/* Whether a candidate that was refused this way is passed over. */
static bool is_passed_over(int r)
{
	switch (-r) {
	case EACCES:
	case ENODEV:
	case ENOENT:
	case ENOTDIR:
	case ESTALE:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

static int failed(const char *name, int r, struct berth_error *err)
{
	struct stat st;

	if (r == -ENOENT && strchr(name, '/') && sys_fstatat(AT_FDCWD, name, 0, &st) == 0) {
		return error_system(err, r, "exec: \"%.200s\": its interpreter", name);
	}
	return error_system(err, r, "exec: \"%.200s\"", name);
}

/* -ENOENT where no candidate was there, -EACCES where one was refused, or what stopped the search. */
static int search(struct stage *stage, const char *name, const char *path)
{
	int result = -ENOENT;

	for (;;) {
		size_t length = strcspn(path, ":");
		struct strbuf file;

		strbuf_init(&file, stage->program, sizeof(stage->program));
		/* An empty entry is the working directory. */
		strbuf_add_bytes(&file, path, length);
		strbuf_add(&file, length > 0 ? "/" : "");
		strbuf_add(&file, name);
		if (!file.is_cut) {
			int r = execute(stage, stage->program);

			if (!is_passed_over(r)) {
				return r;
			}
			result = r == -EACCES ? r : result;
		}
		if (path[length] == '\0') {
			return result;
		}
		path += length + 1;
	}
}

int stage_search(struct stage *stage, struct berth_error *err)
{
	const char *path = stage_env_get(stage->envp, "PATH");
	char *name = stage->argv[0];
	int r;

	if (strchr(name, '/')) {
		return failed(name, execute(stage, name), err);
	}
	r = name[0] == '\0' ? -ENOENT : search(stage, name, path ? path : "/bin:/usr/bin");
	if (r == -ENOENT) {
		return error_set(err, BERTH_ERROR_SYSTEM,
			"exec: \"%.200s\": executable file not found in $PATH", name);
	}
	return failed(name, r, err);
}
