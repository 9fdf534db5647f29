/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside the root: every shape by which an image leads a runtime outside, and its control. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "rootfs/path.h"
#include "sandbox.h"

/* Makes the path; the result, and the descriptor closed. */
static int make(struct sandbox *sandbox, const char *path, uint32_t flags)
{
	int fd = -1;
	int r;

	error_clear(&sandbox->err);
	r = rootfs_path_make(sandbox->root_fd, path, flags, &fd, &sandbox->err);
	CHECK((r < 0) == (fd < 0));
	CHECK((r < 0) == (sandbox->err.message[0] != '\0'));
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

static void plain(struct sandbox *sandbox)
{
	struct stat st;

	CHECK(make(sandbox, "/a/b/c", 0) == ROOTFS_PATH_MADE);
	CHECK(make(sandbox, "/a/b/c", 0) == 0);
	CHECK(make(sandbox, "a//b/./c/", 0) == 0);
	CHECK(make(sandbox, "/a/f", ROOTFS_PATH_FILE) == ROOTFS_PATH_MADE);
	CHECK(make(sandbox, "/a/f", ROOTFS_PATH_FILE) == 0);
	CHECK(make(sandbox, "/", 0) == 0);
	CHECK(make(sandbox, "", 0) == 0);
	CHECK(make(sandbox, "top", 0) == ROOTFS_PATH_MADE);
	CHECK(make(sandbox, "//a///d//e/", 0) == ROOTFS_PATH_MADE);
	CHECK(make(sandbox, "/a/gone/../g", 0) == ROOTFS_PATH_MADE);
	CHECK(sandbox_exists(sandbox->root_fd, "top") && sandbox_exists(sandbox->root_fd, "a/d/e"));
	CHECK(sandbox_exists(sandbox->root_fd, "a/gone") &&
		sandbox_exists(sandbox->root_fd, "a/g"));
	CHECK(fstatat(sandbox->root_fd, "a/b/c", &st, 0) == 0 && st.st_mode == (S_IFDIR | 0755));
	CHECK(fstatat(sandbox->root_fd, "a/f", &st, 0) == 0 && st.st_mode == (S_IFREG | 0644));
	/* What stands there is of the other type. */
	CHECK(make(sandbox, "/a/f", 0) == -ENOTDIR);
	CHECK(make(sandbox, "/a/f/x", 0) == -ENOTDIR);
	CHECK(make(sandbox, "/a/b", ROOTFS_PATH_FILE) == -EISDIR);
}

static void too_long(struct sandbox *sandbox)
{
	char path[5001];
	char name[301];

	memset(path, '/', sizeof(path) - 1);
	for (size_t i = 1; i < sizeof(path) - 1; i += 2) {
		path[i] = 'd';
	}
	path[sizeof(path) - 1] = '\0';
	CHECK(make(sandbox, path, 0) == -ENAMETOOLONG);
	path[4094] = '\0'; /* the longest that the kernel takes, 2,047 levels */
	CHECK(make(sandbox, path, 0) == ROOTFS_PATH_MADE);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(make(sandbox, name, 0) == -ENAMETOOLONG);
}

/* Links that lead outside by their text: absolute, by dots, in the middle, over another link. */
static void links(struct sandbox *sandbox)
{
	char inside[SANDBOX_PATH_SIZE + 16];

	sandbox_file(sandbox->outside_fd, "decoy", "decoy");
	sandbox_link(sandbox->root_fd, "abs", sandbox->outside);
	sandbox_link(sandbox->root_fd, "dots", "../../../../../../outside");
	sandbox_link(sandbox->root_fd, "up", "..");
	sandbox_link(sandbox->root_fd, "two", "abs");
	sandbox_dir(sandbox->root_fd, "dir");
	sandbox_link(sandbox->root_fd, "dir/abs", sandbox->outside);
	CHECK(make(sandbox, "/abs/x/y", 0) >= 0);
	CHECK(make(sandbox, "/abs/f", ROOTFS_PATH_FILE) >= 0);
	CHECK(make(sandbox, "/abs/decoy", ROOTFS_PATH_FILE) >= 0);
	CHECK(make(sandbox, "/dots/x", 0) >= 0);
	CHECK(make(sandbox, "/up/outside/x", 0) >= 0);
	CHECK(make(sandbox, "/two/z", 0) >= 0);
	CHECK(make(sandbox, "/dir/abs/w", 0) >= 0);
	CHECK(make(sandbox, "/dir/../../../outside/v", 0) >= 0);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 1);
	CHECK(sandbox_has(sandbox->outside_fd, "decoy", "decoy"));
	/* It was made, in the root. */
	(void)snprintf(inside, sizeof(inside), "%s/x/y", sandbox->outside + 1);
	CHECK(sandbox_exists(sandbox->root_fd, inside));
	CHECK(sandbox_exists(sandbox->root_fd, "outside/x"));
	CHECK(sandbox_exists(sandbox->root_fd, "outside/v"));
}

/* The control of links(): the same names by plain calls do reach outside. */
static void links_control(struct sandbox *sandbox)
{
	sandbox_link(sandbox->root_fd, "abs", sandbox->outside);
	sandbox_link(sandbox->root_fd, "dots", "../outside");
	CHECK(mkdirat(sandbox->root_fd, "abs/x", 0755) == 0);
	CHECK(mkdirat(sandbox->root_fd, "dots/y", 0755) == 0);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 2);
}

/* Links to nothing are completed in the root (images have them: /var/run, /etc/resolv.conf). */
static void dangling(struct sandbox *sandbox)
{
	struct stat st;

	sandbox_dir(sandbox->root_fd, "etc");
	sandbox_link(sandbox->root_fd, "etc/resolv.conf", "../run/resolve/stub.conf");
	sandbox_link(sandbox->root_fd, "middle", "/no/such/../place");
	sandbox_link(sandbox->root_fd, "first", "second");
	sandbox_link(sandbox->root_fd, "second", "third/deep");
	sandbox_link(sandbox->root_fd, "loop", "loop");
	sandbox_link(sandbox->root_fd, "grow", "grow2/x");
	sandbox_link(sandbox->root_fd, "grow2", "grow/x");
	CHECK(make(sandbox, "/etc/resolv.conf", ROOTFS_PATH_FILE) == ROOTFS_PATH_MADE);
	CHECK(fstatat(sandbox->root_fd, "run/resolve/stub.conf", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK(make(sandbox, "/middle/x", 0) == ROOTFS_PATH_MADE);
	CHECK(sandbox_exists(sandbox->root_fd, "no/place/x"));
	CHECK(make(sandbox, "/first/x", 0) == ROOTFS_PATH_MADE);
	CHECK(sandbox_exists(sandbox->root_fd, "third/deep/x"));
	CHECK(make(sandbox, "/loop/x", 0) == -ELOOP);
	CHECK(make(sandbox, "/grow/x", 0) == -ELOOP);
}

/* P4: where a real directory is wanted, no link is followed, whatever it points to. */
static void strict(struct sandbox *sandbox)
{
	static const char *const names[] = {"abs", "dangling", "relative", "out", "mid/x"};

	sandbox_dir(sandbox->root_fd, "bad");
	sandbox_dir(sandbox->root_fd, "bad/x");
	sandbox_dir(sandbox->root_fd, "real");
	sandbox_file(sandbox->root_fd, "file", "");
	sandbox_link(sandbox->root_fd, "abs", "/bad");
	sandbox_link(sandbox->root_fd, "dangling", "/nothing");
	sandbox_link(sandbox->root_fd, "relative", "bad");
	sandbox_link(sandbox->root_fd, "out", sandbox->outside);
	sandbox_link(sandbox->root_fd, "mid", "bad");
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		CHECK(make(sandbox, names[i], ROOTFS_PATH_STRICT) == -ELOOP);
		CHECK(sandbox_error_has(sandbox, "", "is a symbolic link"));
	}
	CHECK(make(sandbox, "file", ROOTFS_PATH_STRICT) == -ENOTDIR);
	CHECK(sandbox_error_has(sandbox, "", "is not a directory"));
	CHECK(!sandbox_exists(sandbox->root_fd, "nothing"));
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
	/* Controls: a real one, a missing one, and the same links without the flag. */
	CHECK(make(sandbox, "real", ROOTFS_PATH_STRICT) == 0);
	CHECK(make(sandbox, "new/proc", ROOTFS_PATH_STRICT) == ROOTFS_PATH_MADE);
	CHECK(make(sandbox, "abs", 0) == 0);
	CHECK(make(sandbox, "dangling", 0) == ROOTFS_PATH_MADE);
}

/* Links of procfs say one thing and lead to another place. */
static void magic_links(struct sandbox *sandbox)
{
	char path[64];

	sandbox_dir(sandbox->root_fd, "proc");
	CHECK(fchdir(sandbox->root_fd) == 0);
	CHECK(syscall(SYS_mount, "proc", "proc", "proc", 0, NULL) == 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/x", sandbox->outside_fd);
	CHECK(make(sandbox, path, 0) == -ELOOP);
	CHECK(make(sandbox, "/proc/self/root/x", 0) == -ELOOP);
	CHECK(make(sandbox, "/proc/self/cwd/x", 0) == -ELOOP);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
	CHECK(make(sandbox, "/proc/self/net", 0) == 0); /* control */
}

/* P6: the place of a node is no link, existing or not. */
static void node(struct sandbox *sandbox)
{
	char target[SANDBOX_PATH_SIZE + 16];
	struct berth_error *err = &sandbox->err;
	int fd = -1;

	(void)snprintf(target, sizeof(target), "%s/new", sandbox->outside);
	sandbox_dir(sandbox->root_fd, "dev");
	sandbox_link(sandbox->root_fd, "dev/out", target);
	sandbox_file(sandbox->root_fd, "plain", "plain");
	sandbox_link(sandbox->root_fd, "dev/in", "../plain");
	sandbox_dir(sandbox->root_fd, "dev/dir");
	CHECK(rootfs_path_node(sandbox->root_fd, "/dev/out", &fd, err) == -ELOOP);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
	error_clear(err);
	CHECK(rootfs_path_node(sandbox->root_fd, "/dev/in", &fd, err) == -ELOOP);
	error_clear(err);
	CHECK(rootfs_path_node(sandbox->root_fd, "/dev/dir", &fd, err) == -EISDIR);
	error_clear(err);
	CHECK(rootfs_path_node(sandbox->root_fd, "/dev/..", &fd, err) == -EINVAL);
	error_clear(err);
	CHECK(fd == -1);
	/* Controls: missing, and a plain file. */
	CHECK(rootfs_path_node(sandbox->root_fd, "/dev/console", &fd, err) == 0);
	CHECK(rootfs_path_node(sandbox->root_fd, "/plain", &fd, err) == 0);
	CHECK(sandbox_has(sandbox->root_fd, "plain", "plain"));
}

/* Many runtimes make the same mount points in one image: nobody fails. */
static void same_time(struct sandbox *sandbox)
{
	enum { MAKERS = 6, PATHS = 150 };
	pid_t pids[MAKERS];

	for (int m = 0; m < MAKERS; m++) {
		pids[m] = fork();
		CHECK(pids[m] >= 0);
		for (int i = 0; pids[m] == 0 && i < PATHS; i++) {
			char path[64];

			(void)snprintf(path, sizeof(path), "/p%d/q/r", i);
			CHECK_OK(sandbox, make(sandbox, path, 0));
			(void)snprintf(path, sizeof(path), "/p%d/q/f", i);
			CHECK_OK(sandbox, make(sandbox, path, ROOTFS_PATH_FILE));
			if (i % 8 == 0) {
				(void)sched_yield();
			}
		}
		if (pids[m] == 0) {
			_exit(0);
		}
	}
	for (int m = 0; m < MAKERS; m++) {
		int status = 1;

		CHECK(waitpid(pids[m], &status, 0) == pids[m] && status == 0);
	}
}

/* Another container exchanges a directory and a link to the outside, as fast as it can. */
static pid_t exchanger(struct sandbox *sandbox)
{
	pid_t pid;

	sandbox_dir(sandbox->root_fd, "v");
	sandbox_dir(sandbox->root_fd, "v/d");
	sandbox_link(sandbox->root_fd, "v/l", sandbox->outside);
	pid = fork();
	CHECK(pid >= 0);
	while (pid == 0) {
		(void)syscall(SYS_renameat2, sandbox->root_fd, "v/d", sandbox->root_fd, "v/l",
			RENAME_EXCHANGE);
	}
	return pid;
}

static void exchanger_end(pid_t pid)
{
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

enum { RACES = 4000 };

/* P2, P3: nothing appears outside, whichever of the two the name is at the moment. */
static void race(struct sandbox *sandbox)
{
	pid_t pid = exchanger(sandbox);
	int made = 0;

	for (int i = 0; i < RACES; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/v/d/x%d/y", i);
		made += make(sandbox, path, i % 2 ? ROOTFS_PATH_FILE : 0) >= 0;
	}
	exchanger_end(pid);
	CHECK(sandbox_count(sandbox->outside_fd, ".") == 0);
	CHECK(made > RACES / 20); /* it did not simply refuse */
}

/* The control of race(): by names, something does land outside. */
static void race_control(struct sandbox *sandbox)
{
	pid_t pid = exchanger(sandbox);

	for (int i = 0; i < RACES * 10 && sandbox_count(sandbox->outside_fd, ".") == 0; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "v/d/x%d", i);
		(void)mkdirat(sandbox->root_fd, path, 0755);
	}
	exchanger_end(pid);
	CHECK(sandbox_count(sandbox->outside_fd, ".") > 0);
}

#define IN_SANDBOX(name)                                                                           \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		sandbox_run(name);                                                                 \
	}
IN_SANDBOX(plain)
IN_SANDBOX(too_long)
IN_SANDBOX(links)
IN_SANDBOX(links_control)
IN_SANDBOX(dangling)
IN_SANDBOX(strict)
IN_SANDBOX(magic_links)
IN_SANDBOX(node)
IN_SANDBOX(same_time)
IN_SANDBOX(race)
IN_SANDBOX(race_control)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_control),
		cmocka_unit_test(test_dangling),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_magic_links),
		cmocka_unit_test(test_node),
		cmocka_unit_test(test_same_time),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_race_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
