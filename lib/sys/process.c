/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/abi.h"
#include "sys/result.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { SYS_VFORK_STACK_BYTES = 65536 };

pid_t sys_fork(uint64_t clone_flags, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = clone_flags | (ret_pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = clone_flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid > 0 && ret_pidfd) {
		*ret_pidfd = pidfd;
	}
	return sys_result(pid);
}

pid_t sys_vfork(int (*function)(void *), void *argument, int *ret_pidfd)
{
	char *stack = mmap(NULL, SYS_VFORK_STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int pidfd = -1;
	int pid;

	if (stack == MAP_FAILED) {
		return -errno;
	}
	pid = sys_result(clone(function, stack + SYS_VFORK_STACK_BYTES,
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, argument, &pidfd));
	(void)munmap(stack, SYS_VFORK_STACK_BYTES);
	if (pid > 0) {
		*ret_pidfd = pidfd;
	}
	return pid;
}

int sys_thread(int (*function)(void *), void *argument, void *stack, size_t size)
{
	uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;

	return sys_result(clone(function, (void *)top,
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		argument));
}

int sys_setns(int fd, int nstype)
{
	return sys_result(syscall(SYS_setns, fd, nstype));
}

int sys_unshare(int flags)
{
	return sys_result(syscall(SYS_unshare, flags));
}

int sys_ns_type(int fd)
{
	return sys_result(ioctl(fd, NS_GET_NSTYPE));
}

int sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return sys_result(execve(path, argv, envp));
}

int sys_execveat(int fd, char *const argv[], char *const envp[])
{
	return sys_result(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

void sys_exit(int status)
{
	(void)syscall(SYS_exit_group, status);
	__builtin_trap();
}

pid_t sys_getpid(void)
{
	return (pid_t)syscall(SYS_getpid);
}

int sys_kernel_release(char *buffer, size_t size)
{
	struct utsname name;

	if (uname(&name) < 0) {
		return -errno;
	}
	return str_copy(buffer, size, name.release) < strlen(name.release) ? -ENAMETOOLONG : 0;
}

pid_t sys_getppid(void)
{
	return (pid_t)syscall(SYS_getppid);
}

int sys_pidfd_open(pid_t pid)
{
	return sys_result(syscall(SYS_pidfd_open, pid, 0));
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	return sys_result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int sys_signal_child(int pidfd, pid_t pid, int signal)
{
	int r = sys_pidfd_send_signal(pidfd, signal);

	return pid > 0 && (r == -ENOSYS || r == -EPERM) ? sys_kill(pid, signal) : r;
}

int sys_kill(pid_t pid, int signal)
{
	return sys_result(kill(pid, signal));
}

int sys_wait_pidfd(int pidfd, int *ret_status)
{
	siginfo_t info = {0};
	int r;

	do {
		r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED);
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		return -errno;
	}
	if (info.si_code == CLD_EXITED) {
		*ret_status = (info.si_status & 0xff) << 8;
	} else {
		*ret_status = info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
	}
	return 0;
}

pid_t sys_waitpid(pid_t pid, int *ret_status, int options)
{
	pid_t r;

	do {
		r = waitpid(pid, ret_status, options);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int sys_set_pdeathsig(int signal)
{
	return sys_result(prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0));
}

int sys_set_dumpable(bool is_dumpable)
{
	return sys_result(prctl(PR_SET_DUMPABLE, is_dumpable ? 1UL : 0UL, 0, 0, 0));
}

bool sys_is_dumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 1;
}

int sys_set_subreaper(bool is_subreaper)
{
	return sys_result(prctl(PR_SET_CHILD_SUBREAPER, is_subreaper ? 1UL : 0UL, 0, 0, 0));
}

int sys_reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		if (i != SIGKILL && i != SIGSTOP) {
			struct sigaction action;

			/* Only those that are ignored: execve resets the caught ones itself. */
			if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
				(void)signal(i, SIG_DFL);
			}
		}
	}
	(void)sigemptyset(&none);
	return sys_result(sigprocmask(SIG_SETMASK, &none, NULL));
}

/* Masks as the kernel has them: 64 bits, signal 1 is bit 0. */
static int set_mask(const sigset_t *mask, sigset_t *ret_old)
{
	return sys_result(
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, ret_old, sizeof(uint64_t)));
}

int sys_default_signals(void)
{
	/* All zero is SIG_DFL without flags, however the architecture orders the members. */
	static const uint64_t action[8];
	sigset_t none;
	int r = 0;

	for (int i = 1; r == 0 && i <= 64; i++) {
		if (i != SIGKILL && i != SIGSTOP) {
			r = sys_result(
				syscall(SYS_rt_sigaction, i, action, NULL, sizeof(uint64_t)));
		}
	}
	memset(&none, 0, sizeof(none));
	return r < 0 ? r : set_mask(&none, NULL);
}

int sys_ignore_signal(int number)
{
	return signal(number, SIG_IGN) == SIG_ERR ? -errno : 0;
}

int sys_block_signals(sigset_t *ret_old)
{
	sigset_t all;

	memset(&all, 0xff, sizeof(all));
	memset(ret_old, 0, sizeof(*ret_old));
	return set_mask(&all, ret_old);
}

void sys_restore_signals(const sigset_t *old)
{
	(void)set_mask(old, NULL);
}

void sys_fatal_signals(const sigset_t *old, sigset_t *ret_fatal)
{
	static const int harmless[] = {
		SIGCHLD, SIGCONT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
	uint64_t bits;

	memcpy(&bits, old, sizeof(bits));
	for (size_t i = 0; i < ARRAY_COUNT(harmless); i++) {
		bits |= UINT64_C(1) << (harmless[i] - 1);
	}
	for (int i = 1; i <= 64; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
			bits |= UINT64_C(1) << (i - 1);
		}
	}
	bits = ~bits;
	memset(ret_fatal, 0, sizeof(*ret_fatal));
	memcpy(ret_fatal, &bits, sizeof(bits));
}

int sys_signalfd(const sigset_t *signals)
{
	return sys_result(signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

int sys_signalfd_read(int fd)
{
	struct signalfd_siginfo info;
	ssize_t r;

	do {
		r = read(fd, &info, sizeof(info));
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	return (int)info.ssi_signo;
}

int sys_prlimit(pid_t pid, int resource, const struct rlimit *limit)
{
	struct {
		uint64_t current;
		uint64_t maximum;
	} kernel_limit = {limit->rlim_cur, limit->rlim_max};

	return sys_result(syscall(SYS_prlimit64, pid, resource, &kernel_limit, NULL));
}

int sys_get_rlimit(int resource, struct rlimit *ret_limit)
{
	return sys_result(getrlimit(resource, ret_limit));
}

int sys_personality(uint32_t personality)
{
	return syscall(SYS_personality, personality) < 0 ? -errno : 0;
}

int sys_set_mempolicy(int mode, const void *nodes, size_t size)
{
	/* The kernel takes one bit less than it is told. */
	return sys_result(
		syscall(SYS_set_mempolicy, mode, size ? nodes : NULL, size ? size * 8 + 1 : 0));
}

int sys_setsid(void)
{
	return setsid() < 0 ? -errno : 0;
}

int sys_set_ctty(int fd)
{
	return sys_result(ioctl(fd, TIOCSCTTY, 0));
}

bool sys_is_tty(int fd)
{
	return isatty(fd) == 1;
}

bool sys_is_pty_master(int fd)
{
	unsigned int number;

	return ioctl(fd, TIOCGPTN, &number) == 0;
}

int sys_pty_unlock(int master_fd)
{
	int locked = 0;

	return sys_result(ioctl(master_fd, TIOCSPTLCK, &locked));
}

int sys_pty_peer(int master_fd)
{
	return sys_result(ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int sys_set_winsize(int fd, uint16_t rows, uint16_t columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	return sys_result(ioctl(fd, TIOCSWINSZ, &size));
}

int sys_tty_raw(int fd, struct termios *ret_old)
{
	struct termios raw;

	if (tcgetattr(fd, &raw) < 0) {
		return -errno;
	}
	*ret_old = raw;
	cfmakeraw(&raw);
	return sys_result(tcsetattr(fd, TCSANOW, &raw));
}

void sys_tty_restore(int fd, const struct termios *old)
{
	(void)tcsetattr(fd, TCSANOW, old);
}

int sys_get_winsize(int fd, uint16_t *ret_rows, uint16_t *ret_columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0) {
		return -errno;
	}
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
	return 0;
}

int sys_sethostname(const char *name)
{
	return sys_result(sethostname(name, strlen(name)));
}

int sys_setdomainname(const char *name)
{
	return sys_result(syscall(SYS_setdomainname, name, strlen(name)));
}

int sys_loopback_up(void)
{
	autofd int fd = sys_result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	struct ifreq request = {.ifr_name = "lo"};

	if (fd < 0) {
		return fd;
	}
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		return -errno;
	}
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	return sys_result(ioctl(fd, SIOCSIFFLAGS, &request));
}
