/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H
/* Processes, namespaces, sessions and terminals. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

#include "base/attr.h"

/* clone3(2) as fork(2) does it, with CLONE_* added and SIGCHLD as the exit signal (none with
 * CLONE_PARENT, which inherits it). 0 in the child; in the parent its pid, and a pidfd. `ret_pidfd`
 * may be NULL. */
pid_t sys_fork(uint64_t clone_flags, int *ret_pidfd) must_use;

/* Runs function(argument) in a child that shares this memory (CLONE_VM | CLONE_VFORK): the caller
 * stops until the child has executed a program or ended. The function makes raw calls only, changes no
 * ids, and ends in execve or sys_exit. `ret_pidfd` receives a pidfd. */
pid_t sys_vfork(int (*function)(void *), void *argument, int *ret_pidfd) must_use;

/* Runs function(argument) in a thread of this process without a libc's knowledge, on a stack that stays until it
 * has ended; this thread goes on. Both must not use at once what a libc keeps for a thread, errno say. */
int sys_thread(int (*function)(void *), void *argument, void *stack, size_t size) must_use;

int sys_setns(int fd, int nstype) must_use;
int sys_unshare(int flags) must_use;

/* The CLONE_NEW* bit of the namespace behind a file of nsfs (NS_GET_NSTYPE); -ENOTTY for any other. */
int sys_ns_type(int fd) must_use;

int sys_execve(const char *path, char *const argv[], char *const envp[]) must_use;
int sys_execveat(int fd, char *const argv[], char *const envp[]) must_use; /* AT_EMPTY_PATH */

/* exit_group(2); where a seccomp filter refuses that, a fault ends the process: the libc's _exit(3) would try
 * for ever. */
noreturn_fn void sys_exit(int status);

/* uname(2): "6.1.0-18-amd64". -ENAMETOOLONG where it does not fit. */
int sys_kernel_release(char *buffer, size_t size) must_use;

pid_t sys_getpid(void);
pid_t sys_getppid(void);
int sys_pidfd_open(pid_t pid) must_use;
int sys_pidfd_send_signal(int pidfd, int signal) must_use;
/* The same for a child of this process that nobody has reaped, so that its pid is its own: by kill(2) as well. */
int sys_signal_child(int pidfd, pid_t pid, int signal) must_use;
int sys_kill(pid_t pid, int signal) must_use;

/* waitid(2) on a pidfd for its end, repeated after EINTR. Gives a wait status as wait(2) does. */
int sys_wait_pidfd(int pidfd, int *ret_status) must_use;
pid_t sys_waitpid(pid_t pid, int *ret_status, int options) must_use;

int sys_set_pdeathsig(int signal) must_use;
int sys_set_dumpable(bool is_dumpable) must_use;
bool sys_is_dumpable(void);
int sys_set_subreaper(bool is_subreaper) must_use;

/* Every signal to its default disposition, and the mask empty. */
int sys_reset_signals(void) must_use;
int sys_ignore_signal(int signal) must_use;

/* The same for a program that is about to be executed in a child of sys_vfork(): caught signals too, before
 * the mask is taken away, for the handlers are the caller's. Raw calls. */
int sys_default_signals(void) must_use;

/* Blocks every signal of this thread and gives the mask from before. Raw calls: the libc keeps some
 * signals for itself and leaves them out, so that a program would not inherit its caller's mask. */
int sys_block_signals(sigset_t *ret_old) must_use;
void sys_restore_signals(const sigset_t *old);

/* The signals that would end this process under the mask `old`: what is not ignored, neither by
 * disposition nor by default, and does not stop it. Without SIGPIPE, which a write tells by EPIPE. */
void sys_fatal_signals(const sigset_t *old, sigset_t *ret_fatal);

/* A descriptor from which the blocked signals of this thread are read (signalfd(2)), and reading one:
 * its number, 0 when there is none. */
int sys_signalfd(const sigset_t *signals) must_use;
int sys_signalfd_read(int fd) must_use;

int sys_prlimit(pid_t pid, int resource, const struct rlimit *limit) must_use;
int sys_get_rlimit(int resource, struct rlimit *ret_limit) must_use;

/* personality(2); children and programs inherit it. */
int sys_personality(uint32_t personality) must_use;

/* set_mempolicy(2): MPOL_* and its flags, and a mask of nodes in the order of unsigned long, of `size` bytes (NULL where
 * that is 0). Children and programs inherit it. */
int sys_set_mempolicy(int mode, const void *nodes, size_t size) must_use;

int sys_setsid(void) must_use;
int sys_set_ctty(int fd) must_use; /* TIOCSCTTY */
bool sys_is_tty(int fd);
bool sys_is_pty_master(int fd);
int sys_pty_unlock(int master_fd) must_use;
int sys_pty_peer(int master_fd) must_use; /* TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC */
int sys_set_winsize(int fd, uint16_t rows, uint16_t columns) must_use;

/* Raw mode (cfmakeraw(3)), and back. */
int sys_tty_raw(int fd, struct termios *ret_old) must_use;
void sys_tty_restore(int fd, const struct termios *old);
int sys_get_winsize(int fd, uint16_t *ret_rows, uint16_t *ret_columns) must_use;

int sys_sethostname(const char *name) must_use;
int sys_setdomainname(const char *name) must_use;

/* Sets the loopback device of this network namespace up. */
int sys_loopback_up(void) must_use;

#endif
