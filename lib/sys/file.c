/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/abi.h"
#include "sys/result.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* openat(3): the open(3) of musl sets close-on-exec a second time. */
int sys_open(const char *path, int flags)
{
	return sys_result(openat(AT_FDCWD, path, flags | O_CLOEXEC));
}

int sys_create(const char *path, mode_t mode)
{
	return sys_result(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
}

int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};

	return sys_result(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
}

int sys_fstat(int fd, struct stat *ret_stat)
{
	return sys_result(fstat(fd, ret_stat));
}

int sys_fstatat(int dirfd, const char *path, int flags, struct stat *ret_stat)
{
	return sys_result(fstatat(dirfd, path, ret_stat, flags));
}

static int may(const char *path, int mode)
{
	int r = sys_result(syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS));

	/* A filter that is older than the call may say EPERM; where it is the kernel's, access(2) says it again. */
	return r == -ENOSYS || r == -EPERM ? sys_result(access(path, mode)) : r;
}

int sys_may_execute(const char *path)
{
	return may(path, X_OK);
}

int sys_may_write(const char *path)
{
	return may(path, W_OK | X_OK);
}

int sys_fs_magic(int fd, uint64_t *ret_magic)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0) {
		return -errno;
	}
	*ret_magic = (uint64_t)(unsigned long)fs.f_type;
	return 0;
}

int sys_fs_flags(int fd, uint64_t *ret_flags)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0) {
		return -errno;
	}
	*ret_flags = (uint64_t)fs.f_flags;
	return 0;
}

static int open_procfs(void)
{
	autofd int fd = sys_open("/proc", O_PATH | O_DIRECTORY);
	uint64_t magic = 0;
	int r = fd < 0 ? fd : sys_fs_magic(fd, &magic);

	if (r < 0) {
		return r;
	}
	return magic == PROC_SUPER_MAGIC ? take_fd(&fd) : -ENODEV;
}

int sys_open_proc(void)
{
	autofd int fd = open_procfs();
	char name[16] = "";
	uint32_t pid = 0;

	if (fd < 0) {
		return fd;
	}
	if (sys_readlinkat(fd, "self", name, sizeof(name) - 1) <= 0 || str_to_u32(name, &pid) < 0 ||
		pid != (uint32_t)getpid()) {
		return -EXDEV;
	}
	return take_fd(&fd);
}

/* In the /proc of another pid namespace too, "self" is who looks. */
bool sys_is_setgroups_denied(void)
{
	autofd int proc_fd = open_procfs();
	autofd int fd = proc_fd < 0 ? proc_fd
				    : sys_openat2(proc_fd, "self/setgroups", O_RDONLY, 0,
					      RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	char text[8] = "";

	return fd >= 0 && sys_read(fd, text, sizeof(text) - 1) > 0 && str_has_prefix(text, "deny");
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return sys_result(mkdirat(dirfd, path, mode));
}

int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
	return sys_result(mknodat(dirfd, path, mode, device));
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return sys_result(symlinkat(target, dirfd, path));
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return sys_result(unlinkat(dirfd, path, flags));
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
	ssize_t r = readlinkat(dirfd, path, buffer, size);

	return r < 0 ? -errno : r;
}

int sys_fchmod(int fd, mode_t mode)
{
	if (fchmod(fd, mode) == 0) {
		return 0;
	}
	if (errno != EBADF) {
		return -errno;
	}
	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0) {
		return 0;
	}
	return errno == ENOSYS ? -EOPNOTSUPP : -errno;
}

int sys_fchown(int fd, uid_t uid, gid_t gid)
{
	return sys_result(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
}

int sys_label(int fd, const char *label)
{
	return sys_result(fsetxattr(fd, "security.selinux", label, strlen(label), 0));
}

int sys_chdir(const char *path)
{
	return sys_result(chdir(path));
}

int sys_fchdir(int fd)
{
	return sys_result(fchdir(fd));
}

int sys_getcwd(char *buffer, size_t size)
{
	return syscall(SYS_getcwd, buffer, size) < 0 ? -errno : 0;
}

ssize_t sys_read(int fd, void *buffer, size_t size)
{
	ssize_t r;

	do {
		r = read(fd, buffer, size);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t sys_pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t r;

	do {
		r = pread(fd, buffer, size, offset);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t sys_write(int fd, const void *buffer, size_t size)
{
	ssize_t r;

	do {
		r = write(fd, buffer, size);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int sys_write_once(int fd, const void *buffer, size_t size)
{
	ssize_t r = sys_write(fd, buffer, size);

	if (r < 0) {
		return (int)r;
	}
	return (size_t)r == size ? 0 : -EIO;
}

int sys_pwrite_once(int fd, const void *buffer, size_t size, off_t offset)
{
	ssize_t r = pwrite(fd, buffer, size, offset);

	if (r < 0) {
		return -errno;
	}
	return (size_t)r == size ? 0 : -EIO;
}

int sys_pipe(int ret_fds[2])
{
	return sys_result(pipe2(ret_fds, O_CLOEXEC));
}

int sys_dup2(int fd, int target)
{
	return sys_result(dup2(fd, target));
}

int sys_dup_above(int fd, int least)
{
	return sys_result(fcntl(fd, F_DUPFD_CLOEXEC, least));
}

int sys_set_cloexec(int fd, bool is_cloexec)
{
	return sys_result(fcntl(fd, F_SETFD, is_cloexec ? FD_CLOEXEC : 0));
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return sys_result(syscall(SYS_close_range, first, last, flags));
}

int sys_poll(int fd, short events, int timeout_ms)
{
	struct pollfd item = {.fd = fd, .events = events};
	uint64_t end_ns = sys_now_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000U;

	for (;;) {
		int r = poll(&item, 1, timeout_ms);
		uint64_t now_ns;

		if (r >= 0) {
			return r == 0 ? 0 : item.revents;
		}
		if (errno != EINTR) {
			return -errno;
		}
		if (timeout_ms < 0) {
			continue;
		}
		now_ns = sys_now_ns();
		timeout_ms = now_ns >= end_ns ? 0 : (int)((end_ns - now_ns + 999999U) / 1000000U);
	}
}

int sys_poll_once(struct pollfd *items, size_t count, int timeout_ms)
{
	int r = poll(items, (nfds_t)count, timeout_ms);

	return r < 0 && errno == EINTR ? 0 : sys_result(r);
}

int sys_poll_two(const int fds[2], short events, short ret_events[2])
{
	struct pollfd items[2] = {
		{.fd = fds[0], .events = events}, {.fd = fds[1], .events = events}};
	int r;

	do {
		r = poll(items, 2, -1);
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		return -errno;
	}
	ret_events[0] = items[0].revents;
	ret_events[1] = items[1].revents;
	return 0;
}

uint64_t sys_now_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int sys_memfd(const char *name, bool is_executable)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	long fd = syscall(
		SYS_memfd_create, name, flags | (is_executable ? MFD_EXEC : MFD_NOEXEC_SEAL));

	if (fd < 0 && errno == EINVAL) {
		fd = syscall(SYS_memfd_create, name, flags);
	}
	return sys_result(fd);
}

int sys_add_seals(int fd, int seals)
{
	return sys_result(fcntl(fd, F_ADD_SEALS, seals));
}

int sys_get_seals(int fd)
{
	return sys_result(fcntl(fd, F_GET_SEALS));
}

int sys_random(void *bytes, size_t size)
{
	ssize_t r = getrandom(bytes, size, 0);

	if (r < 0) {
		return -errno;
	}
	return (size_t)r == size ? 0 : -EIO;
}

mode_t sys_umask(mode_t mask)
{
	return umask(mask);
}

/* Linux 6.17 to 7.1 write 8 bytes at offset 56 after BPF_PROG_QUERY, whatever the size. */
_Static_assert(sizeof(union bpf_attr) >= 64, "room for what the kernel writes");

int sys_bpf(int command, union bpf_attr *attr)
{
	return sys_result(syscall(SYS_bpf, command, attr, sizeof(*attr)));
}
