/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_INSIDE_H
#define CGROUP_INSIDE_H
/* For the files of cgroup/ alone: the drivers, and files relative to a directory's descriptor. */
#include "cgroup/cgroup.h"

enum {
	CGROUP_PART_MAX = 256, /* of a path, with a NUL */
	CGROUP_TEXT_MAX = 4096,
	CGROUP_MEMORY_MAX = 1024 * 1024,
};

/* What differs between the versions. Descriptors are those of directories. */
struct cgroup_driver {
	/* Before a directory is made in `fd`. That the kernel refuses a controller is no failure, but kept in
	 * `*refused`. */
	int (*enable)(int fd, const char *controllers, int *refused);
	/* After the directory `fd` was made in `parent_fd`. */
	int (*inherit)(int parent_fd, int fd, const char *controllers);
	/* 1, 0, or -ENOENT where there is no freezer. */
	int (*is_frozen)(int fd);
	/* Waits until it is done. -ENOENT as above, -ETIMEDOUT. */
	int (*freeze)(int fd, bool is_frozen);
	/* 1 where processes are inside or below, 0 where not. */
	int (*is_populated)(int fd);
	/* Returns when it may have become empty, at the latest after this time. */
	void (*wait_empty)(int fd, int timeout_ms);
	const char *oom_file;
};

extern const struct cgroup_driver cgroup_v1_driver;
extern const struct cgroup_driver cgroup_v2_driver;

const struct cgroup_driver *cgroup_driver_of(const struct cgroup_dir *dir);

/* The root of a hierarchy; its version. -ENODEV for another file system. */
int cgroup_mount_open(const char *mount_point, bool *ret_is_v2) must_use;

/* A directory below `fd`; "" is `fd` once more. Leading slashes are passed over. */
int cgroup_dir_open(int fd, const char *path) must_use;

/* A small file, with a NUL; what does not fit is left out. The length. */
int cgroup_file_read(int fd, const char *name, char *buffer, size_t size) must_use;
int cgroup_file_write(int fd, const char *name, const char *text) must_use;

/* The number behind a word at the start of a line: "populated 1". -ENODATA where the word is not. */
int cgroup_file_number(int fd, const char *name, const char *word, uint64_t *ret_number) must_use;

/* Calls `fn` for the processes of one directory alone, until it returns non-zero. */
int cgroup_dir_pids(int fd, cgroup_pid_fn fn, void *argument) must_use;

/* Goes through all directories below `fd`. `visit` is called when one was entered, `leave` with the directory above
 * when all below one are done; either may be NULL, and stops with what is not 0: negative is the result. One that
 * vanishes meanwhile is passed over. -ELOOP for a way of more than a megabyte. */
typedef int (*cgroup_walk_fn)(int fd, void *argument);
typedef int (*cgroup_leave_fn)(int parent_fd, const char *name, void *argument);
struct cgroup_walk {
	cgroup_walk_fn visit;
	cgroup_leave_fn leave;
	void *argument;
};
int cgroup_walk_below(int fd, const struct cgroup_walk *walk) must_use;

/* Calls `fn` for the directory and all below it, until it returns non-zero. */
int cgroup_walk(int fd, cgroup_walk_fn fn, void *argument) must_use;

/* 1 where there is a directory below, 0 where not. */
int cgroup_has_below(int fd) must_use;

/* Removes a directory and all below it; waits until the time is over for processes that are ending. */
int cgroup_tree_remove(int parent_fd, const char *name, const struct cgroup_driver *driver,
	uint64_t end_ns) must_use;

/* The pids that are inside and below, as text for an error: the first few. */
void cgroup_list_pids(int fd, char *buffer, size_t size);

/* How many names a clean path has. */
uint32_t cgroup_count_parts(const char *path);

/* The time that is left until a moment of sys_now_ns(), in milliseconds, rounded up. */
int cgroup_time_left(uint64_t end_ns);

/* Takes `*delay_ms` of time, and doubles it up to a tenth of a second. */
void cgroup_back_off(int *delay_ms);

/* Has systemd make the planned unit around a process, and opens its directory. */
int cgroup_unit_start(struct cgroup *cgroup, const struct host_unit *unit, pid_t pid,
	struct berth_error *err) must_use;

/* Has it stop the unit, which ends what is left in it, where its directory is still there. */
int cgroup_unit_stop(const struct cgroup *cgroup, struct berth_error *err) must_use;

/* Changes properties of the unit. */
int cgroup_unit_set(const struct cgroup *cgroup, const struct host_unit_property *properties,
	size_t count, struct berth_error *err) must_use;

/* Has it move a process into the unit. */
int cgroup_unit_attach(const struct cgroup *cgroup, pid_t pid, struct berth_error *err) must_use;

/* The device filter. */
int cgroup_devices_v1(int fd, const struct host_devices *devices, struct berth_error *err) must_use;
int cgroup_devices_v2(int fd, const struct host_devices *devices, struct berth_error *err) must_use;

/* The program of the filter, for tests as well; instructions in the arena. */
struct bpf_insn;
int cgroup_devices_program(const struct host_devices *devices, struct arena *arena,
	struct bpf_insn **ret_program, size_t *ret_count) must_use;

#endif
