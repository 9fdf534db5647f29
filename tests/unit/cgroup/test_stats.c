/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of files as the kernel writes them, in a directory that is no cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cgroup/inside.h"
#include "cgroup/stats.h"
#include "sys/file.h"

struct fixture {
	char path[64];
	struct arena arena;
	struct cgroup cgroup;
	struct cgroup_stats stats;
};

static int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	(void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/berth-unit-XXXXXX");
	assert_non_null(mkdtemp(fixture->path));
	arena_init(&fixture->arena, 64 << 20);
	cgroup_init(&fixture->cgroup);
	fixture->cgroup.dirs[0] = (struct cgroup_dir){
		.fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.way_fd = -1,
		.mount_point = "/nowhere",
		.path = "/x",
	};
	fixture->cgroup.count = 1;
	assert_true(fixture->cgroup.dirs[0].fd >= 0);
	return 0;
}

static int remove_one(const char *name, bool is_directory, void *argument)
{
	(void)is_directory;
	return unlinkat(*(const int *)argument, name, 0);
}

static int end(void **state)
{
	struct fixture *fixture = *state;
	int fd = fixture->cgroup.dirs[0].fd;

	assert_int_equal(sys_list(fd, remove_one, &fd), 0);
	assert_int_equal(rmdir(fixture->path), 0);
	cgroup_finish(&fixture->cgroup);
	arena_finish(&fixture->arena);
	cleanup_ptr(state);
	return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *text)
{
	autofd int fd = openat(
		fixture->cgroup.dirs[0].fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void read_stats(struct fixture *fixture, bool is_v2)
{
	fixture->cgroup.dirs[0].is_v2 = is_v2;
	cgroup_stats_read(&fixture->cgroup, &fixture->arena, &fixture->stats);
}

static void assert_numbers(
	const struct cgroup_numbers *numbers, size_t count, const uint64_t *items)
{
	assert_int_equal(numbers->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(numbers->items[i], items[i]);
	}
}

static void assert_blkio(
	const struct cgroup_blkio_entries *entries, size_t i, struct cgroup_blkio_entry expected)
{
	assert_true(i < entries->count);
	assert_int_equal(entries->items[i].major, expected.major);
	assert_int_equal(entries->items[i].minor, expected.minor);
	assert_string_equal(entries->items[i].op, expected.op);
	assert_int_equal(entries->items[i].value, expected.value);
}

/* Nothing is there: all is zero, and nothing fails. */
static void test_nothing(void **state)
{
	static const struct cgroup_stats zero;
	struct fixture *fixture = *state;

	for (int is_v2 = 0; is_v2 < 2; is_v2++) {
		memset(&fixture->stats, 0x5a, sizeof(fixture->stats));
		read_stats(fixture, is_v2);
		assert_memory_equal(&fixture->stats, &zero, sizeof(zero));
	}
}

static void test_v1_cpu(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_cpu_stats *cpu = &fixture->stats.cpu;
	uint64_t tick_ns = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);

	put(fixture, "cpuacct.usage", "20020503738990\n");
	put(fixture, "cpuacct.stat", "user 1526623\nsystem 475427\n");
	put(fixture, "cpuacct.usage_percpu", "10057958222793 9962545516197 \n");
	put(fixture, "cpuacct.usage_all",
		"cpu user system\n0 7694135764506 2294138492749\n1 7472294024912 2429053688973\n");
	put(fixture, "cpu.stat",
		"nr_periods 8\nnr_throttled 3\nthrottled_time 77\nnr_bursts 2\nburst_time 5\n"
		"new_word 9\n");
	read_stats(fixture, false);
	assert_int_equal(cpu->total, 20020503738990);
	assert_int_equal(cpu->user, 1526623 * tick_ns);
	assert_int_equal(cpu->kernel, 475427 * tick_ns);
	assert_numbers(&cpu->percpu, 2, (uint64_t[]){10057958222793, 9962545516197});
	assert_numbers(&cpu->percpu_user, 2, (uint64_t[]){7694135764506, 7472294024912});
	assert_numbers(&cpu->percpu_kernel, 2, (uint64_t[]){2294138492749, 2429053688973});
	assert_int_equal(cpu->periods, 8);
	assert_int_equal(cpu->throttled_periods, 3);
	assert_int_equal(cpu->throttled_time, 77);
	assert_int_equal(cpu->bursts, 2);
	assert_int_equal(cpu->burst_time, 5);
	assert_false(cpu->psi.is_present);
}

/* A line for each of many CPUs is longer than any buffer that one would think of. */
static void test_v1_many_cpus(void **state)
{
	struct fixture *fixture = *state;
	autoptr char *text = malloc(4096 * 24);
	char *at = text;

	for (uint64_t i = 0; i < 4096; i++) {
		at += sprintf(at, "%llu ", (unsigned long long)(10000000000000 + i));
	}
	put(fixture, "cpuacct.usage", "1\n");
	put(fixture, "cpuacct.usage_percpu", text);
	put(fixture, "cpuset.cpus", "0-4095\n");
	read_stats(fixture, false);
	assert_int_equal(fixture->stats.cpu.percpu.count, 4096);
	assert_int_equal(fixture->stats.cpu.percpu.items[0], 10000000000000);
	assert_int_equal(fixture->stats.cpu.percpu.items[4095], 10000000004095);
	assert_int_equal(fixture->stats.cpuset.cpus.count, 4096);
	assert_int_equal(fixture->stats.cpuset.cpus.items[4095], 4095);
}

static void test_v1_cpuset(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_cpuset_stats *cpuset = &fixture->stats.cpuset;

	put(fixture, "cpuset.cpus", "0-2,8,10-11\n");
	put(fixture, "cpuset.mems", "0\n");
	put(fixture, "cpuset.cpu_exclusive", "1\n");
	put(fixture, "cpuset.sched_load_balance", "1\n");
	put(fixture, "cpuset.memory_migrate", "1\n");
	put(fixture, "cpuset.memory_pressure", "12\n");
	put(fixture, "cpuset.sched_relax_domain_level", "-1\n");
	read_stats(fixture, false);
	assert_numbers(&cpuset->cpus, 6, (uint64_t[]){0, 1, 2, 8, 10, 11});
	assert_numbers(&cpuset->mems, 1, (uint64_t[]){0});
	assert_int_equal(cpuset->cpu_exclusive, 1);
	assert_int_equal(cpuset->mem_exclusive, 0);
	assert_int_equal(cpuset->sched_load_balance, 1);
	assert_int_equal(cpuset->memory_migrate, 1);
	assert_int_equal(cpuset->memory_pressure, 12);
	assert_int_equal(cpuset->sched_relax_domain_level, -1);
}

static void test_v1_memory(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_memory_stats *memory = &fixture->stats.memory;

	put(fixture, "memory.usage_in_bytes", "663552\n");
	put(fixture, "memory.limit_in_bytes", "9223372036854771712\n");
	put(fixture, "memory.max_usage_in_bytes", "700416\n");
	put(fixture, "memory.failcnt", "4\n");
	put(fixture, "memory.memsw.usage_in_bytes", "763552\n");
	put(fixture, "memory.memsw.limit_in_bytes", "800000\n");
	put(fixture, "memory.kmem.usage_in_bytes", "425984\n");
	put(fixture, "memory.kmem.tcp.max_usage_in_bytes", "1\n"); /* without its usage */
	put(fixture, "memory.stat",
		"cache 8192\nrss 106496\nno-number\nnegative -1\n\ntotal_cache 9000\n"
		"hierarchical_memory_limit 18446744073709551615\n");
	put(fixture, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
	read_stats(fixture, false);
	assert_int_equal(memory->memory.usage, 663552);
	assert_int_equal(memory->memory.limit, 9223372036854771712U);
	assert_int_equal(memory->memory.max, 700416);
	assert_int_equal(memory->memory.failcnt, 4);
	assert_int_equal(memory->swap.usage, 763552);
	assert_int_equal(memory->swap.limit, 800000);
	assert_int_equal(memory->kernel.usage, 425984);
	assert_int_equal(memory->kernel_tcp.max, 0);
	assert_int_equal(memory->cache, 8192);
	assert_int_equal(memory->raw.count, 4);
	assert_string_equal(memory->raw.items[3].name, "hierarchical_memory_limit");
	assert_true(memory->raw.items[3].value == UINT64_MAX);
	assert_int_equal(memory->events.count, 1);
	assert_int_equal(cgroup_stats_find(&memory->events, "oom_kill"), 7);
}

static void test_v1_blkio(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_blkio_entries *tables = fixture->stats.blkio.tables;

	put(fixture, "blkio.reset_stats", "");
	put(fixture, "blkio.bfq.io_service_bytes_recursive", "Total 0\n");
	put(fixture, "blkio.throttle.io_service_bytes_recursive",
		"8:0 Read 4096\n8:0 Write 512\n8:0 Discard 0\n8:0 Total 4608\n254:16 Read 1\n"
		"nonsense\n8: Read 5\nTotal 4609\n");
	put(fixture, "blkio.bfq.io_serviced_recursive", "8:0 Read 3\nTotal 3\n");
	put(fixture, "blkio.throttle.io_serviced_recursive", "8:0 Read 99\nTotal 99\n");
	put(fixture, "blkio.bfq.sectors_recursive", "8:0 6792\n");
	read_stats(fixture, false);
	assert_int_equal(tables[CGROUP_BLKIO_SERVICE_BYTES].count, 5);
	assert_blkio(&tables[CGROUP_BLKIO_SERVICE_BYTES], 0,
		(struct cgroup_blkio_entry){8, 0, "Read", 4096});
	assert_blkio(&tables[CGROUP_BLKIO_SERVICE_BYTES], 2,
		(struct cgroup_blkio_entry){8, 0, "Discard", 0});
	assert_blkio(&tables[CGROUP_BLKIO_SERVICE_BYTES], 4,
		(struct cgroup_blkio_entry){254, 16, "Read", 1});
	assert_int_equal(tables[CGROUP_BLKIO_SERVICED].count, 1);
	assert_blkio(
		&tables[CGROUP_BLKIO_SERVICED], 0, (struct cgroup_blkio_entry){8, 0, "Read", 3});
	assert_blkio(&tables[CGROUP_BLKIO_SECTORS], 0, (struct cgroup_blkio_entry){8, 0, "", 6792});
	assert_int_equal(tables[CGROUP_BLKIO_MERGED].count, 0);
}

static void test_v1_pids_and_hugetlb(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "pids.current", "3\n");
	put(fixture, "pids.max", "max\n");
	put(fixture, "hugetlb.2MB.usage_in_bytes", "1\n");
	put(fixture, "hugetlb.2MB.max_usage_in_bytes", "2\n");
	put(fixture, "hugetlb.2MB.rsvd.usage_in_bytes", "4194304\n");
	put(fixture, "hugetlb.2MB.rsvd.max_usage_in_bytes", "6291456\n");
	put(fixture, "hugetlb.2MB.rsvd.failcnt", "5\n");
	put(fixture, "hugetlb.1GB.usage_in_bytes", "1073741824\n");
	read_stats(fixture, false);
	assert_int_equal(fixture->stats.pids, 3);
	assert_int_equal(fixture->stats.pids_limit, 0);
	assert_int_equal(fixture->stats.hugetlb_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct cgroup_hugetlb *hugetlb = &fixture->stats.hugetlb[i];

		if (strcmp(hugetlb->size, "2MB") == 0) {
			assert_int_equal(hugetlb->usage, 4194304);
			assert_int_equal(hugetlb->max, 6291456);
			assert_int_equal(hugetlb->failcnt, 5);
		} else {
			assert_string_equal(hugetlb->size, "1GB");
			assert_int_equal(hugetlb->usage, 1073741824);
		}
	}
}

static void test_v2_cpu(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_cpu_stats *cpu = &fixture->stats.cpu;

	put(fixture, "cpu.stat",
		"usage_usec 20000\nuser_usec 12000\nsystem_usec 8000\nnice_usec 1\ncore_sched.force_idle_usec 0\n"
		"nr_periods 10\nnr_throttled 4\nthrottled_usec 70\nnr_bursts 3\nburst_usec 6\n");
	put(fixture, "cpu.pressure",
		"some avg10=1.50 avg60=0.07 avg300=100.00 total=11879\n"
		"full avg10=0.00 avg60=0.10 avg300=0.00 total=11692 more=1\nother avg10=9.00\n");
	put(fixture, "cpuset.cpus", "\n");
	put(fixture, "cpuset.cpus.effective", "0-1\n");
	put(fixture, "cpuset.mems.effective", "0\n");
	put(fixture, "pids.current", "12\n");
	put(fixture, "pids.max", "64\n");
	read_stats(fixture, true);
	assert_int_equal(cpu->total, 20000000);
	assert_int_equal(cpu->user, 12000000);
	assert_int_equal(cpu->kernel, 8000000);
	assert_int_equal(cpu->percpu.count, 0);
	assert_int_equal(cpu->periods, 10);
	assert_int_equal(cpu->throttled_periods, 4);
	assert_int_equal(cpu->throttled_time, 70000);
	assert_int_equal(cpu->bursts, 3);
	assert_int_equal(cpu->burst_time, 6000);
	assert_true(cpu->psi.is_present);
	assert_int_equal(cpu->psi.some.avg10, 150);
	assert_int_equal(cpu->psi.some.avg60, 7);
	assert_int_equal(cpu->psi.some.avg300, 10000);
	assert_int_equal(cpu->psi.some.total_us, 11879);
	assert_int_equal(cpu->psi.full.avg60, 10);
	assert_int_equal(cpu->psi.full.total_us, 11692);
	assert_numbers(&fixture->stats.cpuset.cpus, 2, (uint64_t[]){0, 1});
	assert_numbers(&fixture->stats.cpuset.mems, 1, (uint64_t[]){0});
	assert_int_equal(fixture->stats.pids, 12);
	assert_int_equal(fixture->stats.pids_limit, 64);
}

static void test_v2_memory(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_memory_stats *memory = &fixture->stats.memory;

	put(fixture, "memory.current", "1000\n");
	put(fixture, "memory.max", "5000\n");
	put(fixture, "memory.peak", "4000\n");
	put(fixture, "memory.swap.current", "200\n");
	put(fixture, "memory.swap.max", "300\n");
	put(fixture, "memory.swap.events", "high 0\nmax 6\nfail 0\n");
	put(fixture, "memory.events",
		"low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
	put(fixture, "memory.stat", "anon 10\nfile 20\nkernel 30\nsock 40\n");
	put(fixture, "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
	read_stats(fixture, true);
	assert_int_equal(memory->memory.usage, 1000);
	assert_int_equal(memory->memory.limit, 5000);
	assert_int_equal(memory->memory.max, 4000);
	assert_int_equal(memory->memory.failcnt, 3);
	assert_int_equal(memory->swap.usage, 1200);
	assert_int_equal(memory->swap.limit, 5300);
	assert_int_equal(memory->swap.max, 0);
	assert_int_equal(memory->swap.failcnt, 6);
	assert_int_equal(memory->cache, 20);
	assert_int_equal(memory->kernel.usage, 30);
	assert_int_equal(memory->kernel_tcp.usage, 40);
	assert_int_equal(memory->raw.count, 4);
	assert_int_equal(memory->events.count, 6);
	assert_int_equal(cgroup_stats_find(&memory->events, "oom_group_kill"), 6);
	assert_true(memory->psi.is_present);
	assert_int_equal(memory->psi.some.total_us, 1);
	put(fixture, "memory.max", "max\n");
	read_stats(fixture, true);
	assert_true(memory->memory.limit == UINT64_MAX);
	assert_true(memory->swap.limit == UINT64_MAX);
	put(fixture, "memory.max", "5000\n");
	put(fixture, "memory.swap.max", "max\n");
	read_stats(fixture, true);
	assert_true(memory->swap.limit == UINT64_MAX);
}

static void test_v2_io(void **state)
{
	struct fixture *fixture = *state;
	const struct cgroup_blkio_entries *tables = fixture->stats.blkio.tables;

	put(fixture, "io.stat",
		"8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=7 dios=1\n"
		"8:0 \n254:0 rbytes=5 cost.usage=9 rios=x\nbad rbytes=3\n");
	put(fixture, "io.pressure", "some avg10=0.25 avg60=0.00 avg300=0.00 total=3\n");
	read_stats(fixture, true);
	assert_int_equal(tables[CGROUP_BLKIO_SERVICE_BYTES].count, 4);
	assert_int_equal(tables[CGROUP_BLKIO_SERVICED].count, 3);
	assert_blkio(&tables[CGROUP_BLKIO_SERVICE_BYTES], 1,
		(struct cgroup_blkio_entry){8, 16, "Write", 314773504});
	assert_blkio(&tables[CGROUP_BLKIO_SERVICE_BYTES], 3,
		(struct cgroup_blkio_entry){254, 0, "Read", 5});
	assert_blkio(&tables[CGROUP_BLKIO_SERVICED], 2,
		(struct cgroup_blkio_entry){8, 16, "Discard", 1});
	assert_int_equal(fixture->stats.blkio.psi.some.avg10, 25);
}

static void test_v2_hugetlb(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "hugetlb.2MB.current", "0\n");
	put(fixture, "hugetlb.2MB.rsvd.current", "2097152\n");
	put(fixture, "hugetlb.2MB.events", "max 9\n");
	read_stats(fixture, true);
	assert_int_equal(fixture->stats.hugetlb_count, 1);
	assert_string_equal(fixture->stats.hugetlb[0].size, "2MB");
	assert_int_equal(fixture->stats.hugetlb[0].usage, 2097152);
	assert_int_equal(fixture->stats.hugetlb[0].failcnt, 9);
}

/* A hybrid host: the time is that of version 1, the pressure that of version 2. */
static void test_hybrid(void **state)
{
	struct fixture *fixture = *state;

	fixture->cgroup.dirs[1] = fixture->cgroup.dirs[0];
	fixture->cgroup.dirs[1].is_v2 = true;
	fixture->cgroup.dirs[1].fd = dup(fixture->cgroup.dirs[0].fd);
	fixture->cgroup.count = 2;
	put(fixture, "cpuacct.usage", "77\n");
	put(fixture, "cpu.stat", "usage_usec 5\nnr_periods 2\n");
	put(fixture, "io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
	cgroup_stats_read(&fixture->cgroup, &fixture->arena, &fixture->stats);
	assert_int_equal(fixture->stats.cpu.total, 77);
	assert_int_equal(fixture->stats.cpu.periods, 2);
	assert_true(fixture->stats.blkio.psi.is_present);
}

/* More than is read: what was read holds, and no number of it is half of one. */
static void test_too_large(void **state)
{
	static const char line[] = "0:1 rbytes=1234567890 wbytes=1\n";
	const size_t count = 50000; /* one and a half megabytes */
	struct fixture *fixture = *state;
	autoptr char *text = calloc(count, sizeof(line));
	const struct cgroup_blkio_entries *bytes =
		&fixture->stats.blkio.tables[CGROUP_BLKIO_SERVICE_BYTES];

	for (size_t i = 0; i < count; i++) {
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	}
	put(fixture, "io.stat", text);
	read_stats(fixture, true);
	assert_int_equal(bytes->count, CGROUP_LIST_MAX);
	for (size_t i = 0; i < bytes->count; i++) {
		assert_int_equal(bytes->items[i].value, i % 2 ? 1 : 1234567890);
	}
	/* The same of one long line, and no memory for all of it. */
	memset(text, ' ', count);
	for (size_t i = 0; i < count * 30; i += 2) {
		text[i] = '5';
		text[i + 1] = ' ';
	}
	put(fixture, "cpuacct.usage", "1\n");
	put(fixture, "cpuacct.usage_percpu", text);
	arena_finish(&fixture->arena);
	arena_init(&fixture->arena, 1 << 16);
	read_stats(fixture, false);
	assert_true(fixture->stats.cpu.percpu.count > 0);
	for (size_t i = 0; i < fixture->stats.cpu.percpu.count; i++) {
		assert_int_equal(fixture->stats.cpu.percpu.items[i], 5);
	}
}

/* The last word of what is read is whole or not there. */
static void test_cut(void **state)
{
	struct fixture *fixture = *state;
	autoptr char *text = malloc((1 << 20) + 64);

	/* The 1,048,575 bytes that fit end after "12". */
	memset(text, '\n', 1 << 20);
	(void)strcpy(text, "kernel 1\nsock 7\n");
	text[16] = '\n';
	(void)strcpy(text + (1 << 20) - 1 - strlen("kernel 12"), "kernel 123456\n");
	put(fixture, "memory.current", "1\n");
	put(fixture, "memory.stat", text);
	read_stats(fixture, true);
	assert_int_equal(fixture->stats.memory.kernel_tcp.usage, 7);
	assert_int_equal(fixture->stats.memory.raw.count, 2);
	assert_int_equal(fixture->stats.memory.kernel.usage, 1);
}

static void test_watch_v2(void **state)
{
	struct fixture *fixture = *state;
	struct cgroup_watch watch;

	fixture->cgroup.dirs[0].is_v2 = true;
	assert_int_equal(cgroup_watch_open(&fixture->cgroup, &watch, NULL), 0);
	assert_int_equal(watch.fd, -1);
	assert_int_equal(cgroup_watch_take(&watch), 0);
	cgroup_watch_finish(&watch);
	put(fixture, "memory.events", "oom 3\noom_kill 2\noom_group_kill 0\n");
	assert_int_equal(cgroup_watch_open(&fixture->cgroup, &watch, NULL), 0);
	assert_int_equal(watch.events, POLLPRI);
	assert_int_equal(cgroup_watch_take(&watch), 0);
	put(fixture, "memory.events", "oom 9\noom_kill 2\noom_group_kill 0\n");
	assert_int_equal(cgroup_watch_take(&watch), 0);
	put(fixture, "memory.events", "oom 9\noom_kill 4\noom_group_kill 1\n");
	assert_int_equal(cgroup_watch_take(&watch), 1);
	assert_int_equal(cgroup_watch_take(&watch), 0);
	cgroup_watch_finish(&watch);
	assert_int_equal(watch.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_cpu, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_many_cpus, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_cpuset, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_blkio, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_pids_and_hugetlb, begin, end),
		cmocka_unit_test_setup_teardown(test_v2_cpu, begin, end),
		cmocka_unit_test_setup_teardown(test_v2_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_v2_io, begin, end),
		cmocka_unit_test_setup_teardown(test_v2_hugetlb, begin, end),
		cmocka_unit_test_setup_teardown(test_hybrid, begin, end),
		cmocka_unit_test_setup_teardown(test_too_large, begin, end),
		cmocka_unit_test_setup_teardown(test_cut, begin, end),
		cmocka_unit_test_setup_teardown(test_watch_v2, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
