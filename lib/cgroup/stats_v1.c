/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of version 1 (the kernel's admin-guide/cgroup-v1). A directory is of one controller or of a few,
 * and which they are is told by their files: what is not there is not this directory's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum { NS_PER_S = 1000000000 };

#define AT(member) offsetof(struct cgroup_stats, member)

static bool read_number(struct cgroup_reader *reader, int fd, const char *name, size_t offset)
{
	uint64_t number = 0;
	bool is_there = cgroup_stats_file(reader, fd, name, &number);

	if (is_there) {
		memcpy((char *)reader->stats + offset, &number, sizeof(number));
	}
	return is_there;
}

/* A line of numbers, one for each CPU. */
static void read_numbers(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_numbers *numbers)
{
	char *at = cgroup_stats_text(reader, fd, name);
	uint64_t number;

	for (char *word = at ? cgroup_stats_word(&at) : NULL;
		word && cgroup_stats_number(word, &number); word = cgroup_stats_word(&at)) {
		cgroup_stats_add_number(reader, numbers, number);
	}
}

/* "CPU USER SYSTEM" below a line of titles. */
static void read_by_cpu(struct cgroup_reader *reader, int fd)
{
	char *at = cgroup_stats_text(reader, fd, "cpuacct.usage_all");

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		uint64_t numbers[3];
		size_t count = 0;

		for (char *word = cgroup_stats_word(&line);
			word && count < 3 && cgroup_stats_number(word, &numbers[count]);
			word = cgroup_stats_word(&line)) {
			count++;
		}
		if (count == 3) {
			cgroup_stats_add_number(
				reader, &reader->stats->cpu.percpu_user, numbers[1]);
			cgroup_stats_add_number(
				reader, &reader->stats->cpu.percpu_kernel, numbers[2]);
		}
	}
}

static void read_cpuacct(struct cgroup_reader *reader, int fd)
{
	/* Of cpuacct.usage_user and _sys the sum is not the total: this is what the kernel divides that by. */
	const uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	const struct cgroup_stats_row rows[] = {
		{"user", AT(cpu.user), tick_ns},
		{"system", AT(cpu.kernel), tick_ns},
	};

	if (!cgroup_stats_file(reader, fd, "cpuacct.usage", &reader->stats->cpu.total)) {
		return;
	}
	reader->has_cpuacct = true;
	cgroup_stats_rows(reader, fd, "cpuacct.stat", rows, ARRAY_COUNT(rows));
	read_numbers(reader, fd, "cpuacct.usage_percpu", &reader->stats->cpu.percpu);
	read_by_cpu(reader, fd);
}

static void read_cpu(struct cgroup_reader *reader, int fd)
{
	static const struct cgroup_stats_row rows[] = {
		{"nr_periods", AT(cpu.periods), 1},
		{"nr_throttled", AT(cpu.throttled_periods), 1},
		{"throttled_time", AT(cpu.throttled_time), 1},
		{"nr_bursts", AT(cpu.bursts), 1},
		{"burst_time", AT(cpu.burst_time), 1},
	};

	cgroup_stats_rows(reader, fd, "cpu.stat", rows, ARRAY_COUNT(rows));
}

static void read_cpuset(struct cgroup_reader *reader, int fd)
{
	static const struct {
		const char *name;
		size_t offset;
	} files[] = {
		{"cpuset.cpu_exclusive", AT(cpuset.cpu_exclusive)},
		{"cpuset.mem_exclusive", AT(cpuset.mem_exclusive)},
		{"cpuset.mem_hardwall", AT(cpuset.mem_hardwall)},
		{"cpuset.memory_migrate", AT(cpuset.memory_migrate)},
		{"cpuset.memory_pressure", AT(cpuset.memory_pressure)},
		{"cpuset.memory_spread_page", AT(cpuset.memory_spread_page)},
		{"cpuset.memory_spread_slab", AT(cpuset.memory_spread_slab)},
		{"cpuset.sched_load_balance", AT(cpuset.sched_load_balance)},
	};
	const char *level;

	cgroup_stats_list(reader, fd, "cpuset.cpus", &reader->stats->cpuset.cpus);
	if (reader->stats->cpuset.cpus.count == 0) {
		return;
	}
	cgroup_stats_list(reader, fd, "cpuset.mems", &reader->stats->cpuset.mems);
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		(void)read_number(reader, fd, files[i].name, files[i].offset);
	}
	level = cgroup_stats_text(reader, fd, "cpuset.sched_relax_domain_level");
	reader->stats->cpuset.sched_relax_domain_level = level ? strtoll(level, NULL, 10) : 0;
}

/* PREFIX.usage_in_bytes and its companions: false where there are none. */
static bool read_entry(struct cgroup_reader *reader, int fd, const char *prefix, size_t offset)
{
	static const struct {
		const char *suffix;
		size_t offset;
	} files[] = {
		{"usage_in_bytes", offsetof(struct cgroup_memory_entry, usage)},
		{"limit_in_bytes", offsetof(struct cgroup_memory_entry, limit)},
		{"max_usage_in_bytes", offsetof(struct cgroup_memory_entry, max)},
		{"failcnt", offsetof(struct cgroup_memory_entry, failcnt)},
	};

	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		char name[CGROUP_PART_MAX];

		(void)snprintf(name, sizeof(name), "%s.%s", prefix, files[i].suffix);
		if (!read_number(reader, fd, name, offset + files[i].offset) && i == 0) {
			return false;
		}
	}
	return true;
}

static void read_memory(struct cgroup_reader *reader, int fd)
{
	struct cgroup_memory_stats *memory = &reader->stats->memory;
	struct cgroup_nameds control = {0};

	if (!read_entry(reader, fd, "memory", AT(memory.memory))) {
		return;
	}
	(void)read_entry(reader, fd, "memory.memsw", AT(memory.swap));
	(void)read_entry(reader, fd, "memory.kmem", AT(memory.kernel));
	(void)read_entry(reader, fd, "memory.kmem.tcp", AT(memory.kernel_tcp));
	cgroup_stats_named(reader, fd, "memory.stat", &memory->raw);
	memory->cache = cgroup_stats_find(&memory->raw, "cache");
	cgroup_stats_named(reader, fd, "memory.oom_control", &control);
	for (size_t i = 0; i < control.count; i++) {
		/* The others there say what is set, and not what has happened. */
		if (strcmp(control.items[i].name, "oom_kill") == 0) {
			memory->events = (struct cgroup_nameds){&control.items[i], 1};
		}
	}
}

/* "8:0 Read 4096", or "8:0 4096"; and a last line "Total 4096". */
static void read_table(
	struct cgroup_reader *reader, int fd, const char *name, enum cgroup_blkio_table table)
{
	char *at = cgroup_stats_text(reader, fd, name);

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		struct cgroup_blkio_entry entry = {.op = ""};
		char *word = cgroup_stats_word(&line);
		bool is_device = word && cgroup_stats_device(word, &entry);

		word = is_device ? cgroup_stats_word(&line) : NULL;
		if (word && !cgroup_stats_number(word, &entry.value)) {
			entry.op = word;
			word = cgroup_stats_word(&line);
		}
		if (word && cgroup_stats_number(word, &entry.value)) {
			cgroup_stats_add_blkio(reader, table, &entry);
		}
	}
}

/* Who counts depends on the scheduler of the device: of each table the first file that has a device in it. */
static void read_blkio(struct cgroup_reader *reader, int fd)
{
	static const char *const prefixes[] = {"blkio.bfq", "blkio", "blkio.throttle"};
	static const struct {
		const char *name;
		enum cgroup_blkio_table table;
	} files[] = {
		{"io_service_bytes_recursive", CGROUP_BLKIO_SERVICE_BYTES},
		{"io_serviced_recursive", CGROUP_BLKIO_SERVICED},
		{"io_queued_recursive", CGROUP_BLKIO_QUEUED},
		{"io_service_time_recursive", CGROUP_BLKIO_SERVICE_TIME},
		{"io_wait_time_recursive", CGROUP_BLKIO_WAIT_TIME},
		{"io_merged_recursive", CGROUP_BLKIO_MERGED},
		{"time_recursive", CGROUP_BLKIO_TIME},
		{"sectors_recursive", CGROUP_BLKIO_SECTORS},
	};
	struct stat stat;

	/* Each is asked for by name, and most are not there: in no directory but this controller's. */
	if (sys_fstatat(fd, "blkio.reset_stats", AT_SYMLINK_NOFOLLOW, &stat) < 0) {
		return;
	}
	for (size_t p = 0; p < ARRAY_COUNT(prefixes); p++) {
		for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
			char name[CGROUP_PART_MAX];

			(void)snprintf(name, sizeof(name), "%s.%s", prefixes[p], files[i].name);
			if (reader->stats->blkio.tables[files[i].table].count == 0) {
				read_table(reader, fd, name, files[i].table);
			}
		}
	}
}

static void fill_hugetlb(struct cgroup_reader *reader, int fd, struct cgroup_hugetlb *hugetlb)
{
	const struct {
		const char *suffix;
		uint64_t *number;
	} files[] = {
		{"usage_in_bytes", &hugetlb->usage},
		{"max_usage_in_bytes", &hugetlb->max},
		{"failcnt", &hugetlb->failcnt},
	};

	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		char name[CGROUP_PART_MAX];

		(void)snprintf(
			name, sizeof(name), "hugetlb.%s.rsvd.%s", hugetlb->size, files[i].suffix);
		if (!cgroup_stats_file(reader, fd, name, files[i].number)) {
			(void)snprintf(name, sizeof(name), "hugetlb.%s.%s", hugetlb->size,
				files[i].suffix);
			(void)cgroup_stats_file(reader, fd, name, files[i].number);
		}
	}
}

void cgroup_stats_v1(struct cgroup_reader *reader, int fd)
{
	read_cpuacct(reader, fd);
	read_cpu(reader, fd);
	read_cpuset(reader, fd);
	read_memory(reader, fd);
	cgroup_stats_pids(reader, fd);
	read_blkio(reader, fd);
	cgroup_stats_hugetlb(reader, fd, ".usage_in_bytes", fill_hugetlb);
}
