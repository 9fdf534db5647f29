/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_INSIDE_H
#define CGROUP_INSIDE_H
/* For the files of cgroup/ alone: the drivers, and files relative to a directory's descriptor. */
#include "cgroup/cgroup.h"
#include "cgroup/stats.h"

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

/* The directory by which the processes are found, NULL where there is none: version 2's, which says in one read
 * whether there are any. A process joins it first: whoever is in any is in this one. */
const struct cgroup_dir *cgroup_main(const struct cgroup *cgroup);

/* The root of a hierarchy; its version. -ENODEV for another file system. */
int cgroup_mount_open(const char *mount_point, bool *ret_is_v2) must_use;

/* A directory below `fd`; "" is `fd` once more. Leading slashes are passed over. */
int cgroup_dir_open(int fd, const char *path) must_use;

int cgroup_file_open(int fd, const char *name) must_use; /* for reading */
int cgroup_file_open_to_write(int fd, const char *name) must_use;

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

/* What files held before they were written, and how to write that back: update.c. */
struct cgroup_undo_item {
	int fd; /* of the directory, borrowed */
	const char *file, *text;
};

struct cgroup_undo {
	struct arena arena;
	struct cgroup_undo_item *items;
	size_t count;
};

/* Before a write. A file that cannot be read, or whose content is not to be written, is left out. */
void cgroup_undo_push(struct cgroup_undo *undo, int fd, const struct host_cgroup_write *write);

/* The text that brings back what a file held, when `value` has been written to it; NULL: none is known. In the arena. */
const char *cgroup_undo_text(
	struct arena *arena, const char *file, const char *value, const char *held);

/* Those writes of a plan whose flags under the mask are these, in their order. */
struct cgroup_writer {
	const struct cgroup *cgroup;
	const struct host_cgroup *plan;
	struct cgroup_undo *undo; /* NULL: nothing is remembered */
};
int cgroup_write_all(const struct cgroup_writer *writer, uint32_t mask, uint32_t flags,
	struct berth_error *err) must_use;

/* Version 2: enables controllers for what is below so many leading parts of the path, the root's among them. */
int cgroup_enable_way(struct cgroup_dir *dir, uint32_t parts, const char *controllers) must_use;

/* The device filter. */
int cgroup_devices_v1(int fd, const struct host_devices *devices, struct berth_error *err) must_use;
int cgroup_devices_v2(int fd, const struct host_devices *devices, struct berth_error *err) must_use;

/* The same for a cgroup that is in use: nothing that is allowed before and after is denied in between, and after a failure
 * the old rules hold. What is denied but for rules alone, or allowed without any. */
int cgroup_devices_v1_update(
	int fd, const struct host_devices *devices, struct berth_error *err) must_use;

/* The program of the filter, for tests as well; instructions in the arena. */
struct bpf_insn;
int cgroup_devices_program(const struct host_devices *devices, struct arena *arena,
	struct bpf_insn **ret_program, size_t *ret_count) must_use;

/* Where statistics are read to. */
struct cgroup_reader {
	struct arena *arena;
	struct cgroup_stats *stats;
	char *text; /* of the file that was read last, from malloc */
	size_t size;
	bool has_cpuacct; /* version 1 has said what the CPUs were used for */
};

/* Those of one directory. */
void cgroup_stats_v1(struct cgroup_reader *reader, int fd);
void cgroup_stats_v2(struct cgroup_reader *reader, int fd);

/* The file's text, of which the caller may change every byte until the next one is read; NULL where there is
 * none. What is behind the first megabyte is left out, from the last word's start. */
char *cgroup_stats_text(struct cgroup_reader *reader, int fd, const char *name);

/* The next line, or the next word, of a text: it ends in NUL then, and `*at` is behind it. NULL at the end. */
char *cgroup_stats_line(char **at);
char *cgroup_stats_word(char **at);

/* A decimal number at the start of a text, or "max": false where there is none. */
bool cgroup_stats_number(const char *text, uint64_t *ret_number);

/* The number that a file is; it is left as it was where there is none: false. */
bool cgroup_stats_file(
	struct cgroup_reader *reader, int fd, const char *name, uint64_t *ret_number);

/* Lines "NAME NUMBER": all of them, and those of a table into the statistics, times a factor. */
struct cgroup_stats_row {
	const char *name;
	size_t offset; /* in struct cgroup_stats */
	uint64_t factor;
};
void cgroup_stats_named(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_nameds *ret_nameds);
void cgroup_stats_rows(struct cgroup_reader *reader, int fd, const char *name,
	const struct cgroup_stats_row *rows, size_t count);
uint64_t cgroup_stats_find(const struct cgroup_nameds *nameds, const char *name);

/* "0-3,8" */
void cgroup_stats_list(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_numbers *ret_numbers);

void cgroup_stats_add_number(
	struct cgroup_reader *reader, struct cgroup_numbers *numbers, uint64_t number);
void cgroup_stats_add_blkio(struct cgroup_reader *reader, enum cgroup_blkio_table table,
	const struct cgroup_blkio_entry *entry);

/* "MAJOR:MINOR" at the start of a line; false for another word. */
bool cgroup_stats_device(const char *text, struct cgroup_blkio_entry *ret_entry);

/* pids.current and pids.max, which both versions have. */
void cgroup_stats_pids(struct cgroup_reader *reader, int fd);

/* Huge pages: `fill` fills one for each size that a directory has files "hugetlb.SIZE.SUFFIX" of. */
typedef void (*cgroup_hugetlb_fn)(
	struct cgroup_reader *reader, int fd, struct cgroup_hugetlb *hugetlb);
void cgroup_stats_hugetlb(
	struct cgroup_reader *reader, int fd, const char *suffix, cgroup_hugetlb_fn fill);

#endif
