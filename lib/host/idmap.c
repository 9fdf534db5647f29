/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id maps of the child's user namespace: written here where this process may, or by the set-uid
 * helpers newuidmap(1) and newgidmap(1), which know the subordinate ids of the user (subuid(5)).
 *
 * The helpers are looked for in fixed directories and get no environment; whatever ends them but exit 0
 * is a failure, a signal too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "host/proc.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	HELPER_ARGS_MAX = 2 + 3 * ABI_ID_MAP_LINES + 1,
	HELPER_WORDS_BYTES = ABI_ID_MAP_BYTES + 16,
	HELPER_MESSAGE_BYTES = 256,
};

struct helper {
	const char *path;
	char *argv[HELPER_ARGS_MAX];
	int stderr_fd;
	int failure;
};

/* Runs in the memory of the caller, who waits: raw calls only. */
static int helper_exec(void *argument)
{
	struct helper *helper = argument;
	char *const envp[] = {NULL};

	helper->failure = sys_dup2(helper->stderr_fd, STDERR_FILENO);
	if (helper->failure >= 0) {
		helper->failure = sys_execve(helper->path, helper->argv, envp);
	}
	sys_exit(127);
}

/* "newuidmap PID CONTAINER HOST SIZE ...": `words` holds the numbers and is cut up in place. */
static void helper_arguments(struct helper *helper, char *name, char *words)
{
	size_t count = 0;
	char *rest = words;
	char *word;

	helper->argv[count++] = name;
	while ((word = strsep(&rest, " \n")) && count < HELPER_ARGS_MAX - 1) {
		if (*word) {
			helper->argv[count++] = word;
		}
	}
	helper->argv[count] = NULL;
}

/* What the helper said, one line. */
static void helper_message(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t r;

	do {
		r = sys_read(fd, text + length, size - 1 - length);
		length += r > 0 ? (size_t)r : 0;
	} while (r > 0 && length < size - 1);
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int helper_start(struct helper *helper, int *ret_pidfd)
{
	sigset_t old;
	int r = sys_block_signals(&old);

	if (r < 0) {
		return r;
	}
	r = sys_vfork(helper_exec, helper, ret_pidfd);
	sys_restore_signals(&old);
	return r < 0 ? r : 0;
}

static int helper_wait(const char *path, int pidfd, int output_fd, struct berth_error *err)
{
	char text[HELPER_MESSAGE_BYTES];
	int status;
	int r;

	helper_message(output_fd, text, sizeof(text));
	r = sys_wait_pidfd(pidfd, &status);
	if (r < 0) {
		return error_system(err, r, "wait for %s", path);
	}
	if (WIFSIGNALED(status)) {
		return error_set(err, BERTH_ERROR_SYSTEM, "%s was ended by signal %d", path,
			WTERMSIG(status));
	}
	if (WEXITSTATUS(status) != 0) {
		return error_set(err, BERTH_ERROR_SYSTEM, "%s failed with status %d: %s", path,
			WEXITSTATUS(status), text);
	}
	return 0;
}

static int helper_run(struct helper *helper, struct berth_error *err)
{
	autofd int pidfd = -1;
	autofd int output_fd = -1;
	int fds[2];
	int r = sys_pipe(fds);

	if (r < 0) {
		return error_system(err, r, "pipe");
	}
	output_fd = fds[0];
	helper->stderr_fd = fds[1];
	helper->failure = 0;
	r = helper_start(helper, &pidfd);
	close_fd(&helper->stderr_fd);
	if (r < 0) {
		return error_system(err, r, "clone a process for %s", helper->path);
	}
	r = helper_wait(helper->path, pidfd, output_fd, err);
	if (helper->failure < 0) {
		error_clear(err);
		return error_system(err, helper->failure, "execute %s", helper->path);
	}
	return r;
}

static int write_by_helper(const char *name, pid_t pid, const char *map, struct berth_error *err)
{
	static const char *const folders[] = {
		"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"};
	char words[HELPER_WORDS_BYTES];
	char argv0[16];
	char path[64];
	struct helper helper = {.path = path};
	struct stat st;

	(void)str_copy(argv0, sizeof(argv0), name);
	for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (sys_fstatat(AT_FDCWD, path, 0, &st) == 0) {
			(void)snprintf(words, sizeof(words), "%d %s", (int)pid, map);
			helper_arguments(&helper, argv0, words);
			return helper_run(&helper, err);
		}
	}
	return error_set(err, BERTH_ERROR_SYSTEM,
		"%s is not installed (package uidmap), and without it a user may map no id but his own",
		name);
}

static int write_direct(pid_t pid, const struct wire_bootstrap *init, struct berth_error *err)
{
	int r = 0;

	if (init->has_setgroups) {
		r = host_proc_write(pid, "setgroups", init->may_setgroups ? "allow" : "deny", err);
	}
	if (r == 0 && init->uid_map) {
		r = host_proc_write(pid, "uid_map", init->uid_map, err);
	}
	if (r == 0 && init->gid_map) {
		r = host_proc_write(pid, "gid_map", init->gid_map, err);
	}
	return r;
}

int host_write_maps(pid_t pid, const struct host_plan *plan, struct berth_error *err)
{
	int r;

	if (plan->map_way != HOST_MAP_HELPER) {
		return write_direct(pid, &plan->init, err);
	}
	r = write_by_helper("newuidmap", pid, plan->init.uid_map, err);
	return r < 0 ? r : write_by_helper("newgidmap", pid, plan->init.gid_map, err);
}
