/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes to the files of the controllers: those of version 1, which config.json is
 * made after, or their conversion to version 2. What has no conversion is an error, never left out.
 */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

enum {
	FIELD_WRITES_MAX = 24,  /* of all fields but "unified" */
	CPU_PERIOD_US = 100000, /* the kernel's own */
	SWAPPINESS_MAX = 100,   /* of memory.swappiness, version 1 */
	SHARES_MIN = 2,         /* of cpu.shares */
	SHARES_MAX = 262144,
	WEIGHT_MAX = 10000, /* of cpu.weight */
};

struct limits {
	struct plan_work *work;
	struct host_cgroup *cgroup;
	struct host_cgroup_write *writes;
	struct host_cgroup_dir *dirs;
	struct berth_error *err;
	int status; /* the first failure; later calls do nothing */
};

static bool is_v2(const struct limits *limits)
{
	return limits->cgroup->layout == HOST_CGROUP_V2;
}

/* `text` is what the field says; NULL where the words are enough. */
static void refuse(struct limits *limits, const char *pointer, const char *words, const char *text)
{
	if (limits->status == 0) {
		limits->status = error_field(limits->err, BERTH_ERROR_CONFIG, pointer, "%s%s%s",
			words, text ? ": " : "", text ? text : "");
	}
}

static void refuse_v2(struct limits *limits, const char *pointer)
{
	if (limits->status == 0) {
		limits->status = error_field(limits->err, BERTH_ERROR_UNSUPPORTED, pointer,
			"has no equivalent in cgroup version 2");
	}
}

/* Adds a write of `value`; NULL: no memory for it. The file's name begins with its controller. */
static void put(struct limits *limits, const char *pointer, const char *file, const char *value,
	uint32_t flags)
{
	char controller[32] = "";
	int dir;

	if (limits->status < 0) {
		return;
	}
	if (!value) {
		limits->status = plan_no_memory(limits->err);
		return;
	}
	(void)str_copy(controller, sizeof(controller), file);
	controller[strcspn(controller, ".")] = '\0';
	dir = plan_cgroup_find(limits->cgroup, controller);
	if (dir < 0) {
		limits->status = error_field(limits->err, BERTH_ERROR_UNSUPPORTED, pointer,
			"cannot be applied: %s (%s)", plan_cgroup_missing(limits->work),
			controller);
		return;
	}
	limits->dirs[dir].is_optional = false;
	limits->writes[limits->cgroup->write_count++] = (struct host_cgroup_write){
		.dir = (size_t)dir,
		.file = file,
		.value = value,
		.pointer = pointer,
		.flags = flags,
	};
}

/* A number, of which a negative one is no limit. */
static const char *number(const struct limits *limits, int64_t value)
{
	if (value < 0) {
		return is_v2(limits) ? "max" : "-1";
	}
	return arena_printf(limits->work->arena, "%lld", (long long)value);
}

static const char *unsigned_number(const struct limits *limits, uint64_t value)
{
	return arena_printf(limits->work->arena, "%llu", (unsigned long long)value);
}

static void put_swap(struct limits *limits, const struct spec_memory *memory)
{
	static const char pointer[] = "/linux/resources/memory/swap";
	int64_t swap = memory->swap;

	/* What lifts the limit of memory alone would else leave that of both in its way. */
	if (memory->limit < 0 && swap == 0) {
		swap = -1;
	}
	if (swap > 0 && memory->limit <= 0) {
		refuse(limits, pointer, "needs a limit of memory as well", NULL);
	} else if (swap > 0 && swap < memory->limit) {
		refuse(limits, pointer,
			"is the limit of memory and swap together, and cannot be below that of memory",
			NULL);
	} else if (swap != 0 && is_v2(limits)) {
		int64_t alone = swap < 0 ? -1 : swap - memory->limit;

		/* A kernel without accounting of swap limits none, and has none to take away. */
		put(limits, pointer, "memory.swap.max", number(limits, alone),
			alone <= 0 ? HOST_CGROUP_OPTIONAL : 0);
	} else if (swap != 0) {
		put(limits, pointer, "memory.memsw.limit_in_bytes", number(limits, swap),
			swap < 0 ? HOST_CGROUP_OPTIONAL : 0);
	}
}

static void put_memory_v1(struct limits *limits, const struct spec_memory *memory)
{
	if (memory->kernel != 0) {
		put(limits, "/linux/resources/memory/kernel", "memory.kmem.limit_in_bytes",
			number(limits, memory->kernel), HOST_CGROUP_OPTIONAL);
	}
	if (memory->kernel_tcp != 0) {
		put(limits, "/linux/resources/memory/kernelTCP", "memory.kmem.tcp.limit_in_bytes",
			number(limits, memory->kernel_tcp), 0);
	}
	if (memory->disable_oom_killer) {
		put(limits, "/linux/resources/memory/disableOOMKiller", "memory.oom_control", "1",
			0);
	}
	if (memory->use_hierarchy) {
		put(limits, "/linux/resources/memory/useHierarchy", "memory.use_hierarchy", "1",
			HOST_CGROUP_OPTIONAL);
	}
}

/* checkBeforeUpdate asks for nothing here: a new cgroup uses no memory that a limit could be below. */
static void put_memory(struct limits *limits, const struct spec_memory *memory)
{
	static const char swappiness[] = "/linux/resources/memory/swappiness";
	/* A caller that has no value sends -1 as an unsigned number. */
	bool has_swappiness = memory->has_swappiness && memory->swappiness != UINT64_MAX;

	if (memory->limit != 0) {
		/* On version 1 no limit of memory may be above the one of both, at any moment. */
		bool is_pair = !is_v2(limits) && (memory->swap != 0 || memory->limit < 0);

		put(limits, "/linux/resources/memory/limit",
			is_v2(limits) ? "memory.max" : "memory.limit_in_bytes",
			number(limits, memory->limit), is_pair ? HOST_CGROUP_WITH_NEXT : 0);
	}
	put_swap(limits, memory);
	if (memory->reservation != 0) {
		put(limits, "/linux/resources/memory/reservation",
			is_v2(limits) ? "memory.low" : "memory.soft_limit_in_bytes",
			number(limits, memory->reservation), 0);
	}
	if (has_swappiness && memory->swappiness > SWAPPINESS_MAX) {
		refuse(limits, swappiness, "must be from 0 to 100",
			unsigned_number(limits, memory->swappiness));
	}
	if (!is_v2(limits)) {
		if (has_swappiness) {
			put(limits, swappiness, "memory.swappiness",
				unsigned_number(limits, memory->swappiness), 0);
		}
		put_memory_v1(limits, memory);
	} else if (has_swappiness) {
		refuse_v2(limits, swappiness);
	} else if (memory->kernel != 0) {
		refuse_v2(limits, "/linux/resources/memory/kernel");
	} else if (memory->kernel_tcp != 0) {
		refuse_v2(limits, "/linux/resources/memory/kernelTCP");
	} else if (memory->disable_oom_killer) {
		refuse_v2(limits, "/linux/resources/memory/disableOOMKiller");
	}
}

/* log2 of a number of at least 1, to about 40 bits: each squaring of the fraction gives one. */
static double log2_of(uint64_t value)
{
	double fraction = (double)value;
	double result = 0;
	double bit = 0.5;

	while (fraction >= 2) {
		fraction /= 2;
		result += 1;
	}
	for (int i = 0; i < 40; i++, bit /= 2) {
		fraction *= fraction;
		if (fraction >= 2) {
			fraction /= 2;
			result += bit;
		}
	}
	return result;
}

/* 10 to the power of a number from 0 to 4, by the series of e. */
static double power_of_ten(double exponent)
{
	double x = exponent * 2.302585092994046 / 16;
	double term = 1;
	double sum = 1;

	for (int i = 1; i < 16; i++) {
		term *= x / i;
		sum += term;
	}
	for (int i = 0; i < 4; i++) {
		sum *= sum;
	}
	return sum;
}

/* 10^((l^2 + 125 l) / 612 - 7/34) with l = log2(shares): it takes the smallest, the default (1024) and the
 * greatest value of one scale to those of the other (1, 100, 10000), and is rounded up. */
uint64_t plan_cpu_weight(uint64_t shares)
{
	double l;
	double weight;
	uint64_t rounded;

	if (shares <= SHARES_MIN) {
		return 1;
	}
	if (shares >= SHARES_MAX) {
		return WEIGHT_MAX;
	}
	l = log2_of(shares);
	weight = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34);
	rounded = (uint64_t)weight;
	/* A whole number that came out a little above itself is not to be rounded up. */
	return weight - (double)rounded > 1e-6 ? rounded + 1 : rounded;
}

static void put_cpu_max(struct limits *limits, const struct spec_cpu *cpu)
{
	const char *quota = cpu->quota > 0 ? number(limits, cpu->quota) : "max";
	uint64_t period = cpu->period > 0 ? cpu->period : CPU_PERIOD_US;

	if (cpu->quota != 0 || cpu->period != 0) {
		put(limits,
			cpu->quota != 0 ? "/linux/resources/cpu/quota"
					: "/linux/resources/cpu/period",
			"cpu.max",
			quota ? arena_printf(limits->work->arena, "%s %llu", quota,
					(unsigned long long)period)
			      : NULL,
			0);
	}
}

static void put_cpu_v1(struct limits *limits, const struct spec_cpu *cpu)
{
	if (cpu->realtime_period != 0) {
		put(limits, "/linux/resources/cpu/realtimePeriod", "cpu.rt_period_us",
			unsigned_number(limits, cpu->realtime_period), 0);
	}
	if (cpu->realtime_runtime != 0) {
		put(limits, "/linux/resources/cpu/realtimeRuntime", "cpu.rt_runtime_us",
			number(limits, cpu->realtime_runtime), 0);
	}
	if (cpu->shares != 0) {
		put(limits, "/linux/resources/cpu/shares", "cpu.shares",
			unsigned_number(limits, cpu->shares), 0);
	}
	if (cpu->period != 0) {
		put(limits, "/linux/resources/cpu/period", "cpu.cfs_period_us",
			unsigned_number(limits, cpu->period), 0);
	}
	if (cpu->quota != 0) {
		put(limits, "/linux/resources/cpu/quota", "cpu.cfs_quota_us",
			number(limits, cpu->quota), 0);
	}
}

static void put_cpu_v2(struct limits *limits, const struct spec_cpu *cpu)
{
	if (cpu->realtime_period != 0) {
		refuse_v2(limits, "/linux/resources/cpu/realtimePeriod");
	}
	if (cpu->realtime_runtime != 0) {
		refuse_v2(limits, "/linux/resources/cpu/realtimeRuntime");
	}
	if (cpu->shares != 0) {
		put(limits, "/linux/resources/cpu/shares", "cpu.weight",
			unsigned_number(limits, plan_cpu_weight(cpu->shares)), 0);
	}
	put_cpu_max(limits, cpu);
}

/* A list of numbers, as the kernel takes it. */
static void put_set(struct limits *limits, const char *pointer, const char *file, const char *text)
{
	if (!text || text[0] == '\0') {
		return;
	}
	if (text[strspn(text, "0123456789,-")] != '\0') {
		refuse(limits, pointer, "is no list of numbers and ranges", text);
	}
	put(limits, pointer, file, text, 0);
}

static void put_cpu(struct limits *limits, const struct spec_cpu *cpu)
{
	if (is_v2(limits)) {
		put_cpu_v2(limits, cpu);
	} else {
		put_cpu_v1(limits, cpu);
	}
	if (cpu->has_burst) {
		put(limits, "/linux/resources/cpu/burst",
			is_v2(limits) ? "cpu.max.burst" : "cpu.cfs_burst_us",
			unsigned_number(limits, cpu->burst),
			cpu->burst == 0 ? HOST_CGROUP_OPTIONAL : 0);
	}
	/* Last: a cgroup that is idle takes no weight. */
	if (cpu->has_idle) {
		put(limits, "/linux/resources/cpu/idle", "cpu.idle", number(limits, cpu->idle),
			cpu->idle == 0 ? HOST_CGROUP_OPTIONAL : 0);
	}
	put_set(limits, "/linux/resources/cpu/cpus", "cpuset.cpus", cpu->cpus);
	put_set(limits, "/linux/resources/cpu/mems", "cpuset.mems", cpu->mems);
}

/* A file of a controller, not one of those by which berth itself holds the cgroup. */
static bool is_unified_key(const char *key)
{
	/* Capitals: hugetlb.2MB.max. */
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
	static const char *const refused[] = {"cgroup.procs", "cgroup.threads", "cgroup.type",
		"cgroup.subtree_control", "cgroup.kill", "cgroup.freeze"};

	if (key[0] == '.' || !strchr(key, '.') || strstr(key, "..") ||
		key[strspn(key, chars)] != '\0') {
		return false;
	}
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		if (str_is_equal(key, refused[i])) {
			return false;
		}
	}
	return true;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++) {
		count += *text == '\n';
	}
	return count;
}

/* The kernel takes one line in one write. */
static void put_unified(struct limits *limits, const struct spec_annotation *item)
{
	const char *pointer =
		arena_printf(limits->work->arena, "/linux/resources/unified/%s", item->key);
	const char *value = item->value;

	if (!pointer) {
		limits->status = plan_no_memory(limits->err);
	} else if (!is_unified_key(item->key)) {
		refuse(limits, "/linux/resources/unified",
			"has a key that is no file of a controller", item->key);
	} else if (!is_v2(limits)) {
		refuse(limits, pointer, "needs cgroup version 2", NULL);
	}
	while (limits->status == 0 && value) {
		size_t length = strcspn(value, "\n");
		bool is_last = value[length] == '\0' || value[length + 1] == '\0';

		put(limits, pointer, item->key, arena_copy(limits->work->arena, value, length),
			str_has_prefix(item->key, "pids.") ? HOST_CGROUP_FINAL : 0);
		value = is_last ? NULL : value + length + 1;
	}
}

/* Since version 1.3 of the specification a limit of 0 is one. Before, 0 was what a caller wrote who wanted
 * none, and no runtime set it: podman 4.3 does for --pids-limit 0 and -1. `version` NULL: the newest. */
static void put_pids(struct limits *limits, const struct spec_pids *pids, const char *version)
{
	bool is_old = version && version[2] >= '0' && version[2] < '3' && version[3] == '.';

	if (!pids->has_limit || (pids->limit == 0 && is_old)) {
		return;
	}
	put(limits, "/linux/resources/pids/limit", "pids.max",
		pids->limit < 0 ? "max" : number(limits, pids->limit), HOST_CGROUP_FINAL);
}

int plan_limits(struct plan_work *work, struct berth_error *err)
{
	const struct spec_resources *asked = &work->spec->linux_section.resources;
	size_t most = FIELD_WRITES_MAX;
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	struct limits limits = {.work = work, .cgroup = cgroup, .err = err};

	for (size_t i = 0; i < asked->unified.count; i++) {
		most += count_lines(asked->unified.items[i].value);
	}
	limits.writes = arena_alloc(work->arena, most, sizeof(*limits.writes));
	limits.dirs = arena_alloc(work->arena, cgroup->dir_count, sizeof(*limits.dirs));
	if (!limits.writes || !limits.dirs) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		limits.dirs[i] = cgroup->dirs[i];
	}
	cgroup->dirs = limits.dirs;
	cgroup->writes = limits.writes;
	put_memory(&limits, &asked->memory);
	put_cpu(&limits, &asked->cpu);
	put_pids(&limits, &asked->pids, work->spec->oci_version);
	for (size_t i = 0; limits.status == 0 && i < asked->unified.count; i++) {
		put_unified(&limits, &asked->unified.items[i]);
	}
	return limits.status;
}
