/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of version 2 (the kernel's admin-guide/cgroup-v2), and what presses there (accounting/psi). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/inside.h"

#define AT(member) offsetof(struct cgroup_stats, member)

enum { NS_PER_US = 1000 };

/* "12.34" in hundredths. */
static uint32_t take_hundredths(const char *text)
{
	char *end;
	unsigned long whole = strtoul(text, &end, 10);
	uint32_t hundredths = (uint32_t)(whole < 1000 ? whole : 1000) * 100;

	if (end[0] == '.' && end[1] >= '0' && end[1] <= '9') {
		hundredths += (uint32_t)(end[1] - '0') * 10;
		hundredths += end[2] >= '0' && end[2] <= '9' ? (uint32_t)(end[2] - '0') : 0;
	}
	return hundredths;
}

/* "avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void take_psi_line(char *line, struct cgroup_psi_line *ret_line)
{
	for (char *word = cgroup_stats_word(&line); word; word = cgroup_stats_word(&line)) {
		if (str_has_prefix(word, "avg10=")) {
			ret_line->avg10 = take_hundredths(word + strlen("avg10="));
		} else if (str_has_prefix(word, "avg60=")) {
			ret_line->avg60 = take_hundredths(word + strlen("avg60="));
		} else if (str_has_prefix(word, "avg300=")) {
			ret_line->avg300 = take_hundredths(word + strlen("avg300="));
		} else if (str_has_prefix(word, "total=")) {
			(void)cgroup_stats_number(word + strlen("total="), &ret_line->total_us);
		}
	}
}

/* Where it is switched off the file is missing, or cannot be read (EOPNOTSUPP). */
static void read_psi(
	struct cgroup_reader *reader, int fd, const char *name, struct cgroup_psi *ret_psi)
{
	char *at = cgroup_stats_text(reader, fd, name);

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		const char *kind = cgroup_stats_word(&line);

		if (str_is_equal(kind, "some") || str_is_equal(kind, "full")) {
			ret_psi->is_present = true;
			take_psi_line(line, *kind == 's' ? &ret_psi->some : &ret_psi->full);
		}
	}
}

static void read_cpu(struct cgroup_reader *reader, int fd)
{
	static const struct cgroup_stats_row usage[] = {
		{"usage_usec", AT(cpu.total), NS_PER_US},
		{"user_usec", AT(cpu.user), NS_PER_US},
		{"system_usec", AT(cpu.kernel), NS_PER_US},
	};
	static const struct cgroup_stats_row rows[] = {
		{"nr_periods", AT(cpu.periods), 1},
		{"nr_throttled", AT(cpu.throttled_periods), 1},
		{"throttled_usec", AT(cpu.throttled_time), NS_PER_US},
		{"nr_bursts", AT(cpu.bursts), 1},
		{"burst_usec", AT(cpu.burst_time), NS_PER_US},
	};

	if (!reader->has_cpuacct) {
		cgroup_stats_rows(reader, fd, "cpu.stat", usage, ARRAY_COUNT(usage));
	}
	cgroup_stats_rows(reader, fd, "cpu.stat", rows, ARRAY_COUNT(rows));
	read_psi(reader, fd, "cpu.pressure", &reader->stats->cpu.psi);
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Swap by itself here; with memory, as version 1 counts. Where the kernel does not count it there is none. The
 * peak of both together is not known. */
static void read_swap(struct cgroup_reader *reader, int fd)
{
	const struct cgroup_memory_entry *memory = &reader->stats->memory.memory;
	struct cgroup_memory_entry swap = {0};
	struct cgroup_nameds events = {0};

	if (!cgroup_stats_file(reader, fd, "memory.swap.current", &swap.usage)) {
		return;
	}
	(void)cgroup_stats_file(reader, fd, "memory.swap.max", &swap.limit);
	cgroup_stats_named(reader, fd, "memory.swap.events", &events);
	reader->stats->memory.swap = (struct cgroup_memory_entry){
		.usage = add_saturated(swap.usage, memory->usage),
		.limit = add_saturated(swap.limit, memory->limit),
		.failcnt = cgroup_stats_find(&events, "max"),
	};
}

static void read_memory(struct cgroup_reader *reader, int fd)
{
	struct cgroup_memory_stats *memory = &reader->stats->memory;

	if (!cgroup_stats_file(reader, fd, "memory.current", &memory->memory.usage)) {
		return;
	}
	(void)cgroup_stats_file(reader, fd, "memory.max", &memory->memory.limit);
	(void)cgroup_stats_file(reader, fd, "memory.peak", &memory->memory.max); /* Linux 5.19 */
	cgroup_stats_named(reader, fd, "memory.events", &memory->events);
	memory->memory.failcnt = cgroup_stats_find(&memory->events, "max");
	cgroup_stats_named(reader, fd, "memory.stat", &memory->raw);
	memory->cache = cgroup_stats_find(&memory->raw, "file");
	memory->kernel.usage = cgroup_stats_find(&memory->raw, "kernel"); /* Linux 5.18 */
	memory->kernel_tcp.usage = cgroup_stats_find(&memory->raw, "sock");
	read_swap(reader, fd);
}

/* "rbytes=4096": into the table that version 1 has it in. */
static void add_io(struct cgroup_reader *reader, struct cgroup_blkio_entry *entry, char *word)
{
	static const struct {
		const char *key, *op;
		enum cgroup_blkio_table table;
	} keys[] = {
		{"rbytes=", "Read", CGROUP_BLKIO_SERVICE_BYTES},
		{"wbytes=", "Write", CGROUP_BLKIO_SERVICE_BYTES},
		{"dbytes=", "Discard", CGROUP_BLKIO_SERVICE_BYTES},
		{"rios=", "Read", CGROUP_BLKIO_SERVICED},
		{"wios=", "Write", CGROUP_BLKIO_SERVICED},
		{"dios=", "Discard", CGROUP_BLKIO_SERVICED},
	};

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		entry->op = keys[i].op;
		if (str_has_prefix(word, keys[i].key) &&
			cgroup_stats_number(word + strlen(keys[i].key), &entry->value)) {
			cgroup_stats_add_blkio(reader, keys[i].table, entry);
		}
	}
}

static void read_io(struct cgroup_reader *reader, int fd)
{
	char *at = cgroup_stats_text(reader, fd, "io.stat");

	for (char *line = at ? cgroup_stats_line(&at) : NULL; line; line = cgroup_stats_line(&at)) {
		struct cgroup_blkio_entry entry = {0};
		char *word = cgroup_stats_word(&line);

		if (!word || !cgroup_stats_device(word, &entry)) {
			continue;
		}
		while ((word = cgroup_stats_word(&line))) {
			add_io(reader, &entry, word);
		}
	}
	read_psi(reader, fd, "io.pressure", &reader->stats->blkio.psi);
}

static void fill_hugetlb(struct cgroup_reader *reader, int fd, struct cgroup_hugetlb *hugetlb)
{
	struct cgroup_nameds events = {0};
	char name[CGROUP_PART_MAX];

	(void)snprintf(name, sizeof(name), "hugetlb.%s.rsvd.current", hugetlb->size);
	if (!cgroup_stats_file(reader, fd, name, &hugetlb->usage)) {
		(void)snprintf(name, sizeof(name), "hugetlb.%s.current", hugetlb->size);
		(void)cgroup_stats_file(reader, fd, name, &hugetlb->usage);
	}
	(void)snprintf(name, sizeof(name), "hugetlb.%s.events", hugetlb->size);
	cgroup_stats_named(reader, fd, name, &events);
	hugetlb->failcnt = cgroup_stats_find(&events, "max");
}

void cgroup_stats_v2(struct cgroup_reader *reader, int fd)
{
	read_cpu(reader, fd);
	cgroup_stats_list(reader, fd, "cpuset.cpus.effective", &reader->stats->cpuset.cpus);
	cgroup_stats_list(reader, fd, "cpuset.mems.effective", &reader->stats->cpuset.mems);
	read_memory(reader, fd);
	read_psi(reader, fd, "memory.pressure", &reader->stats->memory.psi);
	cgroup_stats_pids(reader, fd);
	read_io(reader, fd);
	cgroup_stats_hugetlb(reader, fd, ".current", fill_hugetlb);
}
