/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: looked up where it will run, with the container's own PATH, and executed. The texts of
 * the errors are those that engines match to tell "not found" from "not executable".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "stage/stage.h"
#include "sys/file.h"
#include "sys/process.h"

static const char stage_pointer[] = "/process/args/0";

const char *stage_env_get(char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp; envp++) {
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=') {
			return *envp + length + 1;
		}
	}
	return NULL;
}

void stage_clean_env(char **envp)
{
	char **kept = envp;

	for (; *envp; envp++) {
		if (!str_has_prefix(*envp, "_LIBCONTAINER_INITPIPE=") &&
			!str_has_prefix(*envp, "_BERTH_INIT_TIMEOUT_MS=")) {
			*kept++ = *envp;
		}
	}
	*kept = NULL;
}

/* 0, -ENOENT and the like, or -EACCES for what this process cannot execute: a directory too. */
static int check_file(const char *file)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, file, 0, &st);

	if (r < 0) {
		return r;
	}
	return S_ISREG(st.st_mode) ? sys_may_execute(file) : -EACCES;
}

static int lookup_error(const char *name, int r, struct berth_error *err)
{
	char text[64];

	if (r == -EACCES || r == -EPERM) {
		return error_field(err, BERTH_ERROR_CONFIG, stage_pointer,
			"exec: \"%.200s\": permission denied", name);
	}
	return error_field(err, BERTH_ERROR_CONFIG, stage_pointer,
		"exec: \"%.200s\": stat %.200s: %s", name, name,
		error_errno_text(-r, text, sizeof(text)));
}

int stage_find_program(
	const char *name, const char *path, char *buffer, size_t size, struct berth_error *err)
{
	const char *at = path ? path : "/bin:/usr/bin";
	bool is_denied = false;

	if (strchr(name, '/')) {
		int r = check_file(name);

		if (r == 0 && str_copy(buffer, size, name) < strlen(name)) {
			r = -ENAMETOOLONG;
		}
		return r < 0 ? lookup_error(name, r, err) : 0;
	}
	for (;;) {
		size_t length = strcspn(at, ":");
		struct strbuf file;

		strbuf_init(&file, buffer, size);
		/* An empty entry is the working directory, as in execvp(3). */
		strbuf_add_bytes(&file, length ? at : ".", length ? length : 1);
		strbuf_add(&file, "/");
		strbuf_add(&file, name);
		if (!file.is_cut && name[0] != '\0') {
			int r = check_file(buffer);

			if (r == 0) {
				return 0;
			}
			is_denied = is_denied || r == -EACCES;
		}
		if (at[length] == '\0') {
			break;
		}
		at += length + 1;
	}
	if (is_denied) {
		return lookup_error(name, -EACCES, err);
	}
	return error_field(err, BERTH_ERROR_CONFIG, stage_pointer,
		"exec: \"%.200s\": executable file not found in $PATH", name);
}

int stage_execute(const char *file, char *const argv[], char *const envp[], struct berth_error *err)
{
	int r = sys_execve(file, argv, envp);

	if (r == -E2BIG) {
		return error_field(err, BERTH_ERROR_CONFIG, "/process/args",
			"exec %.200s: argument list too long: args and env are more than the kernel "
			"takes",
			file);
	}
	if (r == -EACCES) {
		return lookup_error(file, r, err);
	}
	r = error_system(err, r, "exec %.200s", file);
	error_add_pointer(err, stage_pointer);
	return r;
}
