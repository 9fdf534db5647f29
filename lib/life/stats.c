/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics of a cgroup as JSON. The members and their names are those of runc's types/events.go, which
 * containerd and others parse, and as there a number that is zero is left out where its reader takes that
 * for zero. What is beside them: "burst", and "events" of the memory.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/stats.h"
#include "life/events.h"

enum { STATS_MEMORY_MAX = 64 * 1024 * 1024 };

static void begin_member(struct json_writer *writer, const char *key, char bracket)
{
	json_write_key(writer, key);
	json_write_begin(writer, bracket);
}

static void put_number(struct json_writer *writer, const char *key, uint64_t number)
{
	json_write_key(writer, key);
	json_write_u64(writer, number);
}

static void put_nonzero(struct json_writer *writer, const char *key, uint64_t number)
{
	if (number != 0) {
		put_number(writer, key, number);
	}
}

static void put_numbers(
	struct json_writer *writer, const char *key, const struct cgroup_numbers *numbers)
{
	if (numbers->count == 0) {
		return;
	}
	begin_member(writer, key, '[');
	for (size_t i = 0; i < numbers->count; i++) {
		json_write_u64(writer, numbers->items[i]);
	}
	json_write_end(writer, ']');
}

static void put_nameds(
	struct json_writer *writer, const char *key, const struct cgroup_nameds *nameds)
{
	if (nameds->count == 0) {
		return;
	}
	begin_member(writer, key, '{');
	for (size_t i = 0; i < nameds->count; i++) {
		put_number(writer, nameds->items[i].name, nameds->items[i].value);
	}
	json_write_end(writer, '}');
}

static void put_percent(struct json_writer *writer, const char *key, uint32_t hundredths)
{
	char text[16];
	struct json_value value = {.kind = JSON_NUMBER, .text = text};

	value.length = (uint32_t)snprintf(
		text, sizeof(text), "%u.%02u", hundredths / 100, hundredths % 100);
	json_write_key(writer, key);
	json_write_value(writer, &value);
}

static void put_psi_line(
	struct json_writer *writer, const char *key, const struct cgroup_psi_line *line)
{
	begin_member(writer, key, '{');
	put_percent(writer, "avg10", line->avg10);
	put_percent(writer, "avg60", line->avg60);
	put_percent(writer, "avg300", line->avg300);
	put_number(writer, "total", line->total_us);
	json_write_end(writer, '}');
}

static void put_psi(struct json_writer *writer, const struct cgroup_psi *psi)
{
	if (!psi->is_present) {
		return;
	}
	begin_member(writer, "psi", '{');
	put_psi_line(writer, "some", &psi->some);
	put_psi_line(writer, "full", &psi->full);
	json_write_end(writer, '}');
}

static void put_cpu(struct json_writer *writer, const struct cgroup_cpu_stats *cpu)
{
	begin_member(writer, "cpu", '{');
	begin_member(writer, "usage", '{');
	put_nonzero(writer, "total", cpu->total);
	put_numbers(writer, "percpu", &cpu->percpu);
	put_numbers(writer, "percpu_kernel", &cpu->percpu_kernel);
	put_numbers(writer, "percpu_user", &cpu->percpu_user);
	put_number(writer, "kernel", cpu->kernel);
	put_number(writer, "user", cpu->user);
	json_write_end(writer, '}');
	begin_member(writer, "throttling", '{');
	put_nonzero(writer, "periods", cpu->periods);
	put_nonzero(writer, "throttledPeriods", cpu->throttled_periods);
	put_nonzero(writer, "throttledTime", cpu->throttled_time);
	json_write_end(writer, '}');
	begin_member(writer, "burst", '{');
	put_nonzero(writer, "burstsPeriods", cpu->bursts);
	put_nonzero(writer, "burstTime", cpu->burst_time);
	json_write_end(writer, '}');
	put_psi(writer, &cpu->psi);
	json_write_end(writer, '}');
}

static void put_cpuset(struct json_writer *writer, const struct cgroup_cpuset_stats *cpuset)
{
	begin_member(writer, "cpuset", '{');
	put_numbers(writer, "cpus", &cpuset->cpus);
	put_number(writer, "cpu_exclusive", cpuset->cpu_exclusive);
	put_numbers(writer, "mems", &cpuset->mems);
	put_number(writer, "mem_hardwall", cpuset->mem_hardwall);
	put_number(writer, "mem_exclusive", cpuset->mem_exclusive);
	put_number(writer, "memory_migrate", cpuset->memory_migrate);
	put_number(writer, "memory_spread_page", cpuset->memory_spread_page);
	put_number(writer, "memory_spread_slab", cpuset->memory_spread_slab);
	put_number(writer, "memory_pressure", cpuset->memory_pressure);
	put_number(writer, "sched_load_balance", cpuset->sched_load_balance);
	json_write_key(writer, "sched_relax_domain_level");
	json_write_i64(writer, cpuset->sched_relax_domain_level);
	json_write_end(writer, '}');
}

static void put_entry(
	struct json_writer *writer, const char *key, const struct cgroup_memory_entry *entry)
{
	begin_member(writer, key, '{');
	put_number(writer, "limit", entry->limit);
	put_nonzero(writer, "usage", entry->usage);
	put_nonzero(writer, "max", entry->max);
	put_number(writer, "failcnt", entry->failcnt);
	json_write_end(writer, '}');
}

static void put_memory(struct json_writer *writer, const struct cgroup_memory_stats *memory)
{
	begin_member(writer, "memory", '{');
	put_nonzero(writer, "cache", memory->cache);
	put_entry(writer, "usage", &memory->memory);
	put_entry(writer, "swap", &memory->swap);
	put_entry(writer, "kernel", &memory->kernel);
	put_entry(writer, "kernelTCP", &memory->kernel_tcp);
	put_nameds(writer, "raw", &memory->raw);
	put_nameds(writer, "events", &memory->events);
	put_psi(writer, &memory->psi);
	json_write_end(writer, '}');
}

static void put_pids(struct json_writer *writer, const struct cgroup_stats *stats)
{
	begin_member(writer, "pids", '{');
	put_nonzero(writer, "current", stats->pids);
	put_nonzero(writer, "limit", stats->pids_limit);
	json_write_end(writer, '}');
}

static void put_table(
	struct json_writer *writer, const char *key, const struct cgroup_blkio_entries *entries)
{
	if (entries->count == 0) {
		return;
	}
	begin_member(writer, key, '[');
	for (size_t i = 0; i < entries->count; i++) {
		const struct cgroup_blkio_entry *entry = &entries->items[i];

		json_write_begin(writer, '{');
		put_nonzero(writer, "major", entry->major);
		put_nonzero(writer, "minor", entry->minor);
		if (entry->op[0] != '\0') {
			json_write_key(writer, "op");
			json_write_string(writer, entry->op);
		}
		put_nonzero(writer, "value", entry->value);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}

static void put_blkio(struct json_writer *writer, const struct cgroup_blkio_stats *blkio)
{
	static const char *const names[] = {
		[CGROUP_BLKIO_SERVICE_BYTES] = "ioServiceBytesRecursive",
		[CGROUP_BLKIO_SERVICED] = "ioServicedRecursive",
		[CGROUP_BLKIO_QUEUED] = "ioQueueRecursive",
		[CGROUP_BLKIO_SERVICE_TIME] = "ioServiceTimeRecursive",
		[CGROUP_BLKIO_WAIT_TIME] = "ioWaitTimeRecursive",
		[CGROUP_BLKIO_MERGED] = "ioMergedRecursive",
		[CGROUP_BLKIO_TIME] = "ioTimeRecursive",
		[CGROUP_BLKIO_SECTORS] = "sectorsRecursive",
	};
	_Static_assert(ARRAY_COUNT(names) == CGROUP_BLKIO_TABLE_COUNT, "a name for each table");

	begin_member(writer, "blkio", '{');
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		put_table(writer, names[i], &blkio->tables[i]);
	}
	put_psi(writer, &blkio->psi);
	json_write_end(writer, '}');
}

static void put_hugetlb(struct json_writer *writer, const struct cgroup_stats *stats)
{
	begin_member(writer, "hugetlb", '{');
	for (size_t i = 0; i < stats->hugetlb_count; i++) {
		const struct cgroup_hugetlb *hugetlb = &stats->hugetlb[i];

		begin_member(writer, hugetlb->size, '{');
		put_nonzero(writer, "usage", hugetlb->usage);
		put_nonzero(writer, "max", hugetlb->max);
		put_number(writer, "failcnt", hugetlb->failcnt);
		json_write_end(writer, '}');
	}
	json_write_end(writer, '}');
}

static void put_data(struct json_writer *writer, const struct cgroup_stats *stats)
{
	begin_member(writer, "data", '{');
	put_cpu(writer, &stats->cpu);
	put_cpuset(writer, &stats->cpuset);
	put_memory(writer, &stats->memory);
	put_pids(writer, stats);
	put_blkio(writer, &stats->blkio);
	put_hugetlb(writer, stats);
	/* Resource control and network devices: berth makes neither, so it knows of none. */
	begin_member(writer, "intel_rdt", '{');
	json_write_end(writer, '}');
	json_write_key(writer, "network_interfaces");
	json_write_null(writer);
	json_write_end(writer, '}');
}

static int event_text(const char *type, const char *id, const struct cgroup_stats *stats,
	char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	int r;

	json_writer_init(&writer, false);
	json_write_begin(&writer, '{');
	json_write_key(&writer, "type");
	json_write_string(&writer, type);
	json_write_key(&writer, "id");
	json_write_string(&writer, id);
	if (stats) {
		put_data(&writer, stats);
	}
	json_write_end(&writer, '}');
	r = json_writer_take(&writer, ret_text);
	return r < 0 ? error_system(err, r, "memory for the event's text") : 0;
}

int life_stats_text(
	const struct cgroup *cgroup, const char *id, char **ret_text, struct berth_error *err)
{
	autoarena struct arena arena;
	struct cgroup_stats stats;

	arena_init(&arena, STATS_MEMORY_MAX);
	cgroup_stats_read(cgroup, &arena, &stats);
	return event_text("stats", id, &stats, ret_text, err);
}

int life_oom_text(const char *id, char **ret_text, struct berth_error *err)
{
	return event_text("oom", id, NULL, ret_text, err);
}
