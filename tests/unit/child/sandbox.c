/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "sys/abi.h"

enum { STATUS_SKIP = 77 };

static int mount_plain(
	const char *source, const char *target, const char *type, unsigned long flags)
{
	return (int)syscall(SYS_mount, source, target, type, flags, NULL);
}

/* The code under test is what might be wrong, and it runs as root: the host's files are out of its reach
 * before it starts, so that a bug, or a mutant, can change nothing but this tmpfs. */
static void leave_host(const char *place)
{
	struct statfs fs;

	CHECK(mount_plain(NULL, "/", NULL, MS_REC | MS_PRIVATE) == 0);
	CHECK(mount_plain("tmpfs", place, "tmpfs", 0) == 0);
	CHECK(chdir(place) == 0);
	CHECK(syscall(SYS_pivot_root, ".", ".") == 0);
	CHECK(syscall(SYS_umount2, ".", MNT_DETACH) == 0);
	CHECK(chdir("/") == 0);
	CHECK(statfs("/", &fs) == 0 && fs.f_type == TMPFS_MAGIC);
	CHECK(sandbox_count(AT_FDCWD, "/") == 0);
}

static void child_main(const char *place, void (*test)(struct sandbox *))
{
	struct sandbox sandbox = {.root = "/root", .outside = "/outside"};

	if (unshare(CLONE_NEWNS) < 0) {
		_exit(STATUS_SKIP);
	}
	(void)umask(0);
	leave_host(place);
	sandbox_dir(AT_FDCWD, "/proc");
	CHECK(mount_plain("proc", "/proc", "proc", 0) == 0);
	sandbox_dir(AT_FDCWD, "/dev");
	CHECK(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	sandbox_dir(AT_FDCWD, sandbox.root);
	sandbox_dir(AT_FDCWD, sandbox.outside);
	sandbox.root_fd = open(sandbox.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox.outside_fd = open(sandbox.outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(sandbox.root_fd >= 0 && sandbox.outside_fd >= 0);
	test(&sandbox);
	_exit(0);
}

static void skip_for(const char *fact)
{
	if (getenv("MUST_RUN")) {
		fail_msg("MUST_RUN, but %s", fact);
	}
	print_message("skipped: %s\n", fact);
	skip();
}

void sandbox_run(void (*test)(struct sandbox *sandbox))
{
	char place[] = "/tmp/berth-child-XXXXXX";
	int status = 0;
	pid_t pid;

	if (geteuid() != 0) {
		skip_for("not root");
	}
	assert_non_null(mkdtemp(place));
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		child_main(place, test);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)rmdir(place);
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP) {
		skip_for("unshare(CLONE_NEWNS) is refused");
	}
	assert_int_equal(status, 0);
}

void sandbox_dir(int dir_fd, const char *path)
{
	CHECK(mkdirat(dir_fd, path, 0755) == 0);
}

void sandbox_file(int dir_fd, const char *path, const char *text)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
}

void sandbox_link(int dir_fd, const char *path, const char *target)
{
	CHECK(symlinkat(target, dir_fd, path) == 0);
}

bool sandbox_exists(int dir_fd, const char *path)
{
	struct stat st;

	return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool sandbox_has(int dir_fd, const char *path, const char *text)
{
	char found[256];
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, found, sizeof(found));

	if (fd >= 0) {
		(void)close(fd);
	}
	return length == (ssize_t)strlen(text) && memcmp(found, text, (size_t)length) == 0;
}

int sandbox_count(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int count = 0;

	CHECK(dir != NULL);
	while (readdir(dir)) {
		count++;
	}
	(void)closedir(dir);
	return count - 2;
}

int sandbox_try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		return -errno;
	}
	(void)close(fd);
	return 0;
}

bool sandbox_error_has(const struct sandbox *sandbox, const char *pointer, const char *text)
{
	bool is_so = strcmp(sandbox->err.pointer, pointer) == 0 &&
		     strstr(sandbox->err.message, text) != NULL;

	if (!is_so) {
		(void)fprintf(stderr, "the error is: %s: %s %s (%d)\n", sandbox->err.pointer,
			sandbox->err.message, sandbox->err.subject, sandbox->err.errnum);
	}
	return is_so;
}
