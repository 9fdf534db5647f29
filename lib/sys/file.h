/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_FILE_H
#define SYS_FILE_H
/*
 * sys: one thin function for each system call, and nothing more.
 *
 * In: numbers, descriptors, strings. Out: the result, or a negative errno value; errno itself is not
 * read by anybody else. Forbidden here: policy, messages, more than one purpose. Every descriptor is
 * close-on-exec at birth. The trace tests put another sys in the place of this one.
 *
 * This header: files, directories and descriptors.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/attr.h"

/* open(2) relative to the caller's directory; O_CLOEXEC is added. For paths of the host only. */
int sys_open(const char *path, int flags) must_use;

/* Creates a file of the host for writing, exclusively; O_CLOEXEC and O_NOFOLLOW are added. */
int sys_create(const char *path, mode_t mode) must_use;

/* openat2(2); O_CLOEXEC is added. `resolve` is RESOLVE_*. EAGAIN is the caller's to repeat. */
int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve) must_use;

int sys_fstat(int fd, struct stat *ret_stat) must_use;
int sys_fstatat(int dirfd, const char *path, int flags, struct stat *ret_stat) must_use;

/* faccessat2(2), X_OK: 0 where execve(2) by the effective ids would be permitted. Before Linux 5.8
 * the real ids are asked. */
int sys_may_execute(const char *path) must_use;

/* The same for W_OK and X_OK: 0 where something may be made in the directory. */
int sys_may_write(const char *path) must_use;

int sys_fs_magic(int fd, uint64_t *ret_magic) must_use; /* fstatfs(2), f_type alone */
int sys_fs_flags(int fd, uint64_t *ret_flags) must_use; /* f_flags alone: ST_* */

/* /proc, O_PATH. -ENODEV where it is no proc file system, -EXDEV where it is that of another pid
 * namespace: it knows processes by other numbers, and those of ours lead to somebody else. */
int sys_open_proc(void) must_use;

/* The user namespace denies setgroups(2); false as well where /proc does not say so. */
bool sys_is_setgroups_denied(void) must_use;

int sys_mkdirat(int dirfd, const char *path, mode_t mode) must_use;
int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t device) must_use;
int sys_symlinkat(const char *target, int dirfd, const char *path) must_use;
int sys_unlinkat(int dirfd, const char *path, int flags) must_use;
ssize_t sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size) must_use;

/* Modes and owners through the descriptor; an O_PATH descriptor will do for both: fchmod goes by
 * fchmodat2(2) where the kernel has it (6.6), else -EOPNOTSUPP for an O_PATH descriptor. */
int sys_fchmod(int fd, mode_t mode) must_use;
int sys_fchown(int fd, uid_t uid, gid_t gid) must_use;

int sys_label(int fd, const char *label) must_use; /* fsetxattr(2), security.selinux */

int sys_chdir(const char *path) must_use;
int sys_fchdir(int fd) must_use;
int sys_getcwd(char *buffer, size_t size) must_use; /* 0; the kernel may prefix "(unreachable)" */

/* read(2) and write(2), repeated after EINTR. A short count is returned as it is. */
ssize_t sys_read(int fd, void *buffer, size_t size) must_use;
ssize_t sys_pread(int fd, void *buffer, size_t size, off_t offset) must_use;
ssize_t sys_write(int fd, const void *buffer, size_t size) must_use;

/* Writes all of it in one write(2), as files of /proc want it: 0, or -EIO after a short write. */
int sys_write_once(int fd, const void *buffer, size_t size) must_use;
int sys_pwrite_once(int fd, const void *buffer, size_t size, off_t offset) must_use; /* likewise */

int sys_pipe(int ret_fds[2]) must_use;
int sys_dup2(int fd, int target) must_use; /* the copy is not close-on-exec: for 0, 1 and 2 */
/* A close-on-exec copy with the lowest free number that is at least `least`. */
int sys_dup_above(int fd, int least) must_use;
int sys_set_cloexec(int fd, bool is_cloexec) must_use;
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags) must_use;

/* poll(2) for one descriptor, repeated after EINTR with the rest of the time. `timeout_ms` -1 waits
 * for ever. Returns the events, or 0 when the time is over. */
int sys_poll(int fd, short events, int timeout_ms) must_use;

/* poll(2) for two descriptors without an end, repeated after EINTR. */
int sys_poll_two(const int fds[2], short events, short ret_events[2]) must_use;

/* poll(2), once: a signal is the same as a time that is over, and so is 0. */
struct pollfd;
int sys_poll_once(struct pollfd *items, size_t count, int timeout_ms) must_use;

uint64_t sys_now_ns(void); /* CLOCK_MONOTONIC */

/* memfd_create(2) with MFD_CLOEXEC | MFD_ALLOW_SEALING, and MFD_EXEC or MFD_NOEXEC_SEAL where they are known. */
int sys_memfd(const char *name, bool is_executable) must_use;
int sys_add_seals(int fd, int seals) must_use;
int sys_get_seals(int fd) must_use;

/* getrandom(2): all of the bytes. */
int sys_random(void *bytes, size_t size) must_use;

mode_t sys_umask(mode_t mask);

int sys_renameat(int dirfd, const char *from, const char *to) must_use;
int sys_mkfifoat(int dirfd, const char *path, mode_t mode) must_use;

/* flock(2) on an open file, exclusive, tried again until the time is over: -ETIMEDOUT. The lock goes with the last
 * descriptor. */
int sys_flock(int fd, int timeout_ms) must_use;

/* 1 where somebody else holds it, 0 where not: it is taken for as long as the descriptor lives, together with
 * others who ask. */
int sys_flock_test(int fd) must_use;

/* Calls visit(name, is_directory, argument) for each entry of a directory but "." and "..", in no order, until one
 * call does not return 0: that is the result. */
typedef int (*sys_list_fn)(const char *name, bool is_directory, void *argument);
int sys_list(int dirfd, sys_list_fn visit, void *argument) must_use;

/* bpf(2): a descriptor, close-on-exec, or 0, as the command has it. `attr` is whole (linux/bpf.h), and zero
 * but for what the command takes: some kernels write behind what they were told the size of. */
union bpf_attr;
int sys_bpf(int command, union bpf_attr *attr) must_use;

#endif
