/* SPDX-License-Identifier: Apache-2.0 */
/* The container's passwd and group, honest and hostile. Nothing here may take long or wait. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/passwd.h"
#include "sandbox.h"

enum { TIME_LIMIT_S = 2, SPARSE_MIB = 2048 };

static const char line_1000[] = "user:x:1000:1001:A User:/home/user:/bin/sh\n";

static int by_uid(struct sandbox *sandbox, uint32_t uid, struct rootfs_passwd *user)
{
	memset(user, 'x', sizeof(*user));
	return rootfs_passwd_by_uid(sandbox->root_fd, uid, user, &sandbox->err);
}

/* The home of uid 1000, or that there is none. */
static void expect_home(struct sandbox *sandbox, const char *home)
{
	struct rootfs_passwd user;
	int r;

	(void)alarm(TIME_LIMIT_S);
	r = by_uid(sandbox, 1000, &user);
	(void)alarm(0);
	CHECK_OK(sandbox, r);
	CHECK(r == (home ? 0 : ROOTFS_PASSWD_ABSENT));
	CHECK(sandbox->err.error_class == BERTH_ERROR_NONE);
	if (home && !str_is_equal(user.home, home)) {
		(void)fprintf(stderr, "home is %.100s\n", user.home);
	}
	CHECK(!home || str_is_equal(user.home, home));
}

static void passwd_is(struct sandbox *sandbox, const char *text)
{
	(void)unlinkat(sandbox->root_fd, "etc/passwd", 0);
	sandbox_file(sandbox->root_fd, "etc/passwd", text);
}

static void plain(struct sandbox *sandbox)
{
	struct rootfs_passwd user;
	uint32_t gid = 0;

	sandbox_dir(sandbox->root_fd, "etc");
	passwd_is(sandbox, "root:x:0:0:root:/root:/bin/sh\n"
			   "user:x:1000:1001:A User:/home/user:/bin/sh\n"
			   "again:x:1000:7::/home/again:\n"
			   "last:x:4294967294:5::/:");
	CHECK(by_uid(sandbox, 1000, &user) == 0);
	CHECK(user.uid == 1000 && user.gid == 1001 && str_is_equal(user.home, "/home/user"));
	CHECK(by_uid(sandbox, 4294967294U, &user) == 0 && user.gid == 5);
	CHECK(by_uid(sandbox, 1001, &user) == ROOTFS_PASSWD_ABSENT);
	CHECK(rootfs_passwd_by_name(sandbox->root_fd, "again", &user, &sandbox->err) == 0);
	CHECK(user.uid == 1000 && user.gid == 7 && str_is_equal(user.home, "/home/again"));
	CHECK(rootfs_passwd_by_name(sandbox->root_fd, "use", &user, &sandbox->err) == 1);
	CHECK(rootfs_passwd_by_name(sandbox->root_fd, "", &user, &sandbox->err) == 1);
	CHECK(rootfs_group_by_name(sandbox->root_fd, "tty", &gid, &sandbox->err) == 1);
	sandbox_file(sandbox->root_fd, "etc/group", "root:x:0:\ntty:x:5:a,b\ntty:x:6:\n");
	CHECK(rootfs_group_by_name(sandbox->root_fd, "tty", &gid, &sandbox->err) == 0 && gid == 5);
	CHECK(rootfs_group_by_name(sandbox->root_fd, "a", &gid, &sandbox->err) == 1);
}

static void odd_lines(struct sandbox *sandbox)
{
	sandbox_dir(sandbox->root_fd, "etc");
	passwd_is(sandbox, "\n:\n::::::\nx\n+::::::\n#user:x:x:1:\n"
			   "u:x:1000:1000::/h:\n");
	expect_home(sandbox, "/h");
	passwd_is(sandbox, "a:x:1000:5\n");
	expect_home(sandbox, "");
	passwd_is(sandbox, "a:x:1000:5:c\n");
	expect_home(sandbox, "");
	passwd_is(sandbox, "a:x:1000:5:c::/bin/sh\n");
	expect_home(sandbox, "");
	passwd_is(sandbox, "a:x:1000\n");
	expect_home(sandbox, NULL);
	/* Numbers are numbers: nothing wraps, nothing is a prefix (CVE-2016-3697 and others). */
	passwd_is(sandbox, "a:x:01000:0::/a:\nb:x: 1000:0::/b:\nc:x:1000x:0::/c:\n"
			   "d:x:4294968296:0::/d:\ne:x:1000:-1::/e:\nf:x:1000:::/f:\n"
			   "1000:x:0:0::/g:\n");
	expect_home(sandbox, NULL);
	passwd_is(sandbox, "u:x:1000:0::/a\033[31m:b:c:d:e\n");
	expect_home(sandbox, "/a\033[31m");
}

/* A file of `length` times `c`, and then a line. */
static void passwd_long(struct sandbox *sandbox, size_t length, char c, const char *line)
{
	char *text = calloc(1, length + strlen(line) + 1);

	CHECK(text != NULL);
	memset(text, c, length);
	memcpy(text + length, line, strlen(line));
	passwd_is(sandbox, text);
	free(text);
}

static void long_lines(struct sandbox *sandbox)
{
	static const size_t lengths[] = {
		1, 100, 4050, 4094, 4095, 4096, 4097, 8191, 8192, 8193, 12288, 1000000};
	char line[128];
	char home[ROOTFS_PASSWD_LINE_MAX + 64];
	size_t rest = ROOTFS_PASSWD_LINE_MAX - strlen("u:x:1000:0::/:\n");

	sandbox_dir(sandbox->root_fd, "etc");
	(void)snprintf(line, sizeof(line), "\n%s", line_1000);
	for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
		passwd_long(sandbox, lengths[i], 'a', line);
		expect_home(sandbox, "/home/user");
		/* What follows in a line that is too long is no line. */
		passwd_long(sandbox, lengths[i], 'a', line_1000);
		expect_home(sandbox, lengths[i] < 4096 - strlen(line_1000) ? "/home/user" : NULL);
	}
	/* The longest line that counts, and one byte more. */
	for (size_t more = 0; more < 2; more++) {
		size_t length = (size_t)snprintf(home, sizeof(home), "u:x:1000:0::/");

		memset(home + length, 'h', rest + more);
		(void)snprintf(home + length + rest + more, 16, ":\n");
		passwd_is(sandbox, home);
		home[length + rest + more] = '\0';
		expect_home(sandbox, more ? NULL : home + strlen("u:x:1000:0::"));
	}
	/* Behind the first MiB nothing is read; a line that lies across is cut, and none. */
	passwd_long(sandbox, ROOTFS_PASSWD_BYTES_MAX, '\n', line_1000);
	expect_home(sandbox, NULL);
	passwd_long(sandbox, ROOTFS_PASSWD_BYTES_MAX - strlen(line_1000) + 2, '\n', line_1000);
	expect_home(sandbox, NULL);
	passwd_long(sandbox, ROOTFS_PASSWD_BYTES_MAX - strlen(line_1000), '\n', line_1000);
	expect_home(sandbox, "/home/user");
	passwd_long(sandbox, (size_t)8 << 20, 'a', line);
	expect_home(sandbox, NULL);
}

static void with_nul(struct sandbox *sandbox)
{
	static const char text[] = "u:x:1000:0::/a\0b:\nu\0:x:1000:0::/c:\nu:x:1000:0::/d:\n";
	autofd int fd = -1;

	sandbox_dir(sandbox->root_fd, "etc");
	fd = openat(sandbox->root_fd, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
	expect_home(sandbox, "/d");
}

static void sparse(struct sandbox *sandbox)
{
	autofd int fd = -1;

	sandbox_dir(sandbox->root_fd, "etc");
	fd = openat(sandbox->root_fd, "etc/passwd", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)SPARSE_MIB << 20) == 0);
	expect_home(sandbox, NULL);
	CHECK(pwrite(fd, line_1000, strlen(line_1000), 0) == (ssize_t)strlen(line_1000));
	expect_home(sandbox, "/home/user");
}

static void no_file(struct sandbox *sandbox)
{
	expect_home(sandbox, NULL);
	sandbox_file(sandbox->root_fd, "etc", line_1000);
	expect_home(sandbox, NULL);
	CHECK(unlinkat(sandbox->root_fd, "etc", 0) == 0);
	sandbox_dir(sandbox->root_fd, "etc");
	expect_home(sandbox, NULL);
	sandbox_dir(sandbox->root_fd, "etc/passwd");
	expect_home(sandbox, NULL);
	CHECK(unlinkat(sandbox->root_fd, "etc/passwd", AT_REMOVEDIR) == 0);
	CHECK(mkfifoat(sandbox->root_fd, "etc/passwd", 0644) == 0);
	expect_home(sandbox, NULL);
	CHECK(unlinkat(sandbox->root_fd, "etc/passwd", 0) == 0);
	CHECK(mknodat(sandbox->root_fd, "etc/passwd", S_IFSOCK | 0644, 0) == 0);
	expect_home(sandbox, NULL);
	CHECK(unlinkat(sandbox->root_fd, "etc/passwd", 0) == 0);
	CHECK(mknodat(sandbox->root_fd, "etc/passwd", S_IFCHR | 0666, makedev(1, 5)) == 0);
	expect_home(sandbox, NULL);
	passwd_is(sandbox, "");
	expect_home(sandbox, NULL);
}

static void link_is(struct sandbox *sandbox, const char *target)
{
	(void)unlinkat(sandbox->root_fd, "etc/passwd", 0);
	sandbox_link(sandbox->root_fd, "etc/passwd", target);
}

static void links(struct sandbox *sandbox)
{
	char magic[64];
	autofd int fd = -1;

	sandbox_dir(sandbox->root_fd, "etc");
	sandbox_dir(sandbox->root_fd, "dev");
	sandbox_dir(sandbox->root_fd, "proc");
	sandbox_file(sandbox->outside_fd, "passwd", line_1000);
	CHECK(mknodat(sandbox->root_fd, "dev/zero", S_IFCHR | 0666, makedev(1, 5)) == 0);
	CHECK(syscall(SYS_mount, "proc", "/root/proc", "proc", 0, NULL) == 0);
	/* Inside the root a link is as good as the file: the control. */
	sandbox_dir(sandbox->root_fd, "usr");
	sandbox_file(sandbox->root_fd, "usr/users", line_1000);
	link_is(sandbox, "/usr/users");
	expect_home(sandbox, "/home/user");
	link_is(sandbox, "../../../usr/users");
	expect_home(sandbox, "/home/user");
	link_is(sandbox, "/dev/zero");
	expect_home(sandbox, NULL);
	link_is(sandbox, "/outside/passwd");
	expect_home(sandbox, NULL);
	link_is(sandbox, "../../outside/passwd");
	expect_home(sandbox, NULL);
	link_is(sandbox, "passwd");
	expect_home(sandbox, NULL);
	fd = openat(sandbox->outside_fd, "passwd", O_RDONLY | O_CLOEXEC);
	(void)snprintf(magic, sizeof(magic), "/proc/self/fd/%d", fd);
	link_is(sandbox, magic);
	expect_home(sandbox, NULL);
	link_is(sandbox, "/proc/kmsg");
	expect_home(sandbox, NULL);
	link_is(sandbox, "/proc/self/mem");
	expect_home(sandbox, NULL);
	link_is(sandbox, "/proc/self/environ");
	expect_home(sandbox, NULL);
}

/* "home": never empty. */
static void home_is(struct sandbox *sandbox, const char *wanted)
{
	const struct boot boot = {.identity = {.uid = 1000}};
	struct rootfs rootfs = {.root_fd = sandbox->root_fd};
	char home[ROOTFS_PASSWD_LINE_MAX] = "";

	CHECK_OK(sandbox, rootfs_home(&rootfs, &boot, home, sizeof(home), &sandbox->err));
	CHECK(str_is_equal(home, wanted));
}

static void home(struct sandbox *sandbox)
{
	home_is(sandbox, "/");
	sandbox_dir(sandbox->root_fd, "etc");
	passwd_is(sandbox, line_1000);
	home_is(sandbox, "/home/user");
	passwd_is(sandbox, "user:x:1000:1000:::\n");
	home_is(sandbox, "/");
}

#define IN_SANDBOX(name)                                                                           \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		sandbox_run(name);                                                                 \
	}
IN_SANDBOX(plain)
IN_SANDBOX(odd_lines)
IN_SANDBOX(long_lines)
IN_SANDBOX(with_nul)
IN_SANDBOX(sparse)
IN_SANDBOX(no_file)
IN_SANDBOX(links)
IN_SANDBOX(home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_odd_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_with_nul),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
