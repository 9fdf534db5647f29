/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor ROOT [CGROUP_DIRECTORY ...]: the least that a container costs. One clone3 into six namespaces, a
 * cgroup made, joined and removed below each directory given, the mounts, devices, masked and read-only
 * paths of `berth spec` (its cgroup mount apart), pivot_root, and ROOT's /bin/true, waited for. It reads no config, keeps no state,
 * checks nothing of the image and resolves paths as they come: a figure to compare with, not a runtime.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)
#define CHILD_FAILED    70
#define NOT_EXECUTED    71
#define REMOVE_TRIES    1000
#define REMOVE_PAUSE_US 200

static const struct {
	const char *type;
	const char *target;
	const char *data;
	unsigned long flags;
} file_systems[] = {
	{"proc", "proc", NULL, 0},
	{"tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME},
	{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC},
	{"tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV},
	{"mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV},
	{"sysfs", "sys", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY},
};

static const struct {
	const char *path;
	unsigned int major_number;
	unsigned int minor_number;
} devices[] = {
	{"dev/null", 1, 3},
	{"dev/zero", 1, 5},
	{"dev/full", 1, 7},
	{"dev/random", 1, 8},
	{"dev/urandom", 1, 9},
	{"dev/tty", 5, 0},
};

static const char *const links[][2] = {
	{"/proc/self/fd", "dev/fd"},
	{"/proc/self/fd/0", "dev/stdin"},
	{"/proc/self/fd/1", "dev/stdout"},
	{"/proc/self/fd/2", "dev/stderr"},
	{"pts/ptmx", "dev/ptmx"},
};

static const char *const read_only[] = {
	"proc/bus",
	"proc/fs",
	"proc/irq",
	"proc/sys",
	"proc/sysrq-trigger",
};

/* Those that are files. */
static const char *const masked[] = {
	"proc/kcore",
	"proc/keys",
	"proc/latency_stats",
	"proc/timer_list",
	"proc/timer_stats",
	"proc/sched_debug",
};

static void must(bool is_good, const char *what)
{
	if (!is_good) {
		perror(what);
		_exit(CHILD_FAILED);
	}
}

/* A process may join a cpuset only when it has processors and memory nodes: those of its parent. */
static void cpuset_copy(const char *parent, const char *own, const char *file)
{
	char from[300];
	char to[300];
	char value[256];
	ssize_t length;
	int fd;

	(void)snprintf(from, sizeof(from), "%s/%s", parent, file);
	(void)snprintf(to, sizeof(to), "%s/%s", own, file);
	fd = open(from, O_RDONLY | O_CLOEXEC);
	must(fd >= 0, from);
	length = read(fd, value, sizeof(value));
	close(fd);
	fd = open(to, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && length > 0 && write(fd, value, (size_t)length) == length, to);
	close(fd);
}

static void cgroup_path(char path[256], const char *parent)
{
	must(snprintf(path, 256, "%s/floor-%d", parent, (int)getpid()) < 256, parent);
}

static void cgroup_make(const char *parent)
{
	const char *name = strrchr(parent, '/');
	char path[256];

	cgroup_path(path, parent);
	must(mkdir(path, 0755) == 0, path);
	if (name && strcmp(name, "/cpuset") == 0) {
		cpuset_copy(parent, path, "cpuset.cpus");
		cpuset_copy(parent, path, "cpuset.mems");
	}
}

static void cgroup_join(const char *parent, pid_t pid)
{
	char path[256];
	char procs[300];
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid);
	int fd;

	cgroup_path(path, parent);
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, text, (size_t)length) == length, procs);
	close(fd);
}

/* A process that has just been waited for may still hold its cgroup for a moment. */
static void cgroup_remove(const char *parent)
{
	char path[256];
	int tries = 0;

	cgroup_path(path, parent);
	while (rmdir(path) != 0) {
		must(errno == EBUSY && tries++ < REMOVE_TRIES, path);
		(void)usleep(REMOVE_PAUSE_US);
	}
}

static void make_file_systems(void)
{
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++) {
		const char *target = file_systems[i].target;

		if (strncmp(target, "dev/", 4) == 0) {
			must(mkdir(target, 0755) == 0, target);
		}
		must(mount(file_systems[i].type, target, file_systems[i].type,
			     file_systems[i].flags, file_systems[i].data) == 0,
			target);
	}
}

static void make_devices(void)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		dev_t number = makedev(devices[i].major_number, devices[i].minor_number);

		must(mknod(devices[i].path, S_IFCHR | 0666, number) == 0, devices[i].path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
	}
}

/* What is not there is passed over, as a runtime does. */
static void hide_paths(void)
{
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		must(mount("dev/null", masked[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT,
			masked[i]);
	}
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		const char *path = read_only[i];

		if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
			must(errno == ENOENT, path);
			continue;
		}
		must(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0, path);
	}
}

static _Noreturn void become_container(const char *root, int wait_fd)
{
	char byte;

	/* The end of file is an answer as well: the parent has failed. */
	must(read(wait_fd, &byte, 1) == 1, "the parent");
	must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0, "/");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL) == 0 && chdir(root) == 0, root);
	make_file_systems();
	make_devices();
	hide_paths();
	must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	must(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "the old root");
	must(sethostname("floor", 5) == 0, "sethostname");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	(void)execl("/bin/true", "true", (char *)NULL);
	_exit(NOT_EXECUTED);
}

int main(int argc, char **argv)
{
	struct clone_args args = {.flags = NEW_NAMESPACES, .exit_signal = SIGCHLD};
	int status = 0;
	int ends[2];
	pid_t child;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: floor ROOT [CGROUP_DIRECTORY ...]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		cgroup_make(argv[i]);
	}
	must(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(child >= 0, "clone3");
	if (child == 0) {
		close(ends[1]);
		become_container(argv[1], ends[0]);
	}
	close(ends[0]);
	for (int i = 2; i < argc; i++) {
		cgroup_join(argv[i], child);
	}
	must(write(ends[1], "", 1) == 1, "the child");
	must(waitpid(child, &status, 0) == child, "waitpid");
	for (int i = 2; i < argc; i++) {
		cgroup_remove(argv[i]);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_FAILED;
}
