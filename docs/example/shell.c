/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell in namespaces of your choice, with libberth's encoder and berth-init:
 *
 *     cc -o shell shell.c $(pkg-config --cflags --libs berth)
 *     ./shell [--join PATH]... [--new pid,net,uts,ipc,mnt,user,cgroup,time] [--] [PROGRAM ARG...]
 *
 * Write one message to a socket, start berth-init with its other end, read one line: the pid. The
 * program is then a child of this process. An ordinary user asks for "--new user,..." and is root inside.
 * BERTH_INIT names berth-init; without that variable it is found by PATH.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <berth/bootstrap.h>
#include <berth/container.h>

static const struct {
	const char *name;
	uint32_t flag;
} kinds[] = {
	{"pid", CLONE_NEWPID},
	{"net", CLONE_NEWNET},
	{"uts", CLONE_NEWUTS},
	{"ipc", CLONE_NEWIPC},
	{"mnt", CLONE_NEWNS},
	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", 0x80 /* CLONE_NEWTIME: older headers lack it */},
};

struct wish {
	uint32_t flags;
	char paths[4096]; /* comma-separated */
};

static void die(const char *what)
{
	fprintf(stderr, "shell: %s\n", what);
	exit(1);
}

static void add_kinds(struct wish *wish, char *list)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;

		while (i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].name, name) != 0) {
			i++;
		}
		if (i == sizeof(kinds) / sizeof(kinds[0])) {
			die("--new: unknown namespace");
		}
		wish->flags |= kinds[i].flag;
	}
}

static void add_path(struct wish *wish, const char *path)
{
	size_t length = strlen(wish->paths);

	if (length + strlen(path) + 2 > sizeof(wish->paths)) {
		die("--join: too long");
	}
	snprintf(wish->paths + length, sizeof(wish->paths) - length, "%s%s", length ? "," : "",
		path);
}

static struct berth_attr text_attr(uint16_t type, const char *text)
{
	return (struct berth_attr){
		.kind = BERTH_ATTR_BYTES,
		.as.bytes = {type, text, strlen(text)},
	};
}

/* The message for a wish: its bytes, from malloc. */
static void *make_message(const struct wish *wish, size_t *ret_length)
{
	char uid_map[32];
	char gid_map[32];
	struct berth_attr attrs[BERTH_ATTR_COUNT];
	struct berth_error err = {0};
	size_t count = 0;
	void *message = malloc(65536);

	snprintf(uid_map, sizeof(uid_map), "0 %u 1\n", (unsigned int)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1\n", (unsigned int)getegid());
	attrs[count++] = (struct berth_attr){
		.kind = BERTH_ATTR_INT32,
		.as.int32 = {BERTH_CLONE_FLAGS_ATTR, wish->flags},
	};
	if (wish->paths[0]) {
		attrs[count++] = text_attr(BERTH_NS_PATHS_ATTR, wish->paths);
	}
	if (wish->flags & CLONE_NEWUSER) {
		attrs[count++] = text_attr(BERTH_UIDMAP_ATTR, uid_map);
		attrs[count++] = text_attr(BERTH_GIDMAP_ATTR, gid_map);
	}
	if (!message ||
		berth_bootstrap_encode(attrs, count, message, 65536, ret_length, &err) < 0) {
		die(message ? err.message : "out of memory");
	}
	return message;
}

/* Starts berth-init with one end of a socket; gives the other. */
static int start_init(char **program, pid_t *ret_pid)
{
	const char *init = getenv("BERTH_INIT") ? getenv("BERTH_INIT") : "berth-init";
	char *argv[64] = {(char *)"berth-init", (char *)"--"};
	int ends[2];

	for (size_t i = 0; program[i] && i < 61; i++) {
		argv[i + 2] = program[i];
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
		die("socketpair failed");
	}
	*ret_pid = fork();
	if (*ret_pid == 0) {
		char number[16];

		close(ends[0]);
		snprintf(number, sizeof(number), "%d", ends[1]);
		setenv("_LIBCONTAINER_INITPIPE", number, 1);
		execvp(init, argv);
		fprintf(stderr,
			"shell: %s cannot be started: %s: BERTH_INIT names it, or it is found by PATH\n",
			init, strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

int main(int argc, char **argv)
{
	char *shell[] = {(char *)"sh", NULL};
	struct wish wish = {0};
	int at = 1;
	size_t length;
	void *message;
	char line[64] = "";
	pid_t init;
	int pid = 0;
	int status;
	int fd;
	bool is_sent;

	for (; at + 1 < argc && argv[at][0] == '-' && strcmp(argv[at], "--") != 0; at += 2) {
		if (strcmp(argv[at], "--new") == 0) {
			add_kinds(&wish, argv[at + 1]);
		} else if (strcmp(argv[at], "--join") == 0) {
			add_path(&wish, argv[at + 1]);
		} else {
			die("usage: shell [--join PATH]... [--new KINDS] [--] [PROGRAM ARG...]");
		}
	}
	at += at < argc && strcmp(argv[at], "--") == 0 ? 1 : 0;

	message = make_message(&wish, &length);
	fd = start_init(at < argc ? argv + at : shell, &init);
	is_sent = send(fd, message, length, MSG_NOSIGNAL) == (ssize_t)length;
	free(message);
	/* One line, `{ "pid" : 123 }`, or nothing: then berth-init has said why on stderr, and where it
	 * had made a child already, that one is killed and ours to reap. */
	if (is_sent && read(fd, line, sizeof(line) - 1) > 0) {
		sscanf(line, "{ \"pid\" : %d", &pid);
	}
	waitpid(init, NULL, 0);
	if (pid == 0) {
		while (waitpid(-1, NULL, 0) > 0) {
		}
		return 1;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
