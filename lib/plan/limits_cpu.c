/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.cpu. Where the kernel holds two fields in one file, or one in the way of another, an update goes by
 * what is there: quota and period (cpu.max of version 2), burst and quota, idle and weight.
 */
#include "plan/limits.h"

#include <string.h>

#include "base/str.h"

enum {
	CPU_PERIOD_US = 100000, /* the kernel's own */
	SHARES_MIN = 2,         /* of cpu.shares */
	SHARES_MAX = 262144,
	WEIGHT_MAX = 10000, /* of cpu.weight */
};

static const char quota_pointer[] = "/linux/resources/cpu/quota";
static const char period_pointer[] = "/linux/resources/cpu/period";
static const char burst_pointer[] = "/linux/resources/cpu/burst";
static const char idle_pointer[] = "/linux/resources/cpu/idle";

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

/* "QUOTA PERIOD", each the one that was asked for, else the one that is there. */
static void put_cpu_max(struct limits *limits, const struct spec_cpu *cpu)
{
	const char *now = plan_limits_text_now(limits, "cpu.max");
	const char *second = now ? strchr(now, ' ') : NULL;
	int64_t quota = cpu->quota != 0 ? cpu->quota : plan_limits_now(limits, "cpu.max");
	const char *text = plan_limits_number(limits, quota);
	uint64_t period = cpu->period;

	if (period == 0 && (!second || str_to_u64(second + 1, &period) < 0)) {
		period = CPU_PERIOD_US;
	}
	if (cpu->quota != 0 || cpu->period != 0) {
		plan_limits_put(limits, cpu->quota != 0 ? quota_pointer : period_pointer, "cpu.max",
			text ? arena_printf(limits->work->arena, "%s %llu", text,
				       (unsigned long long)period)
			     : NULL,
			0);
	}
}

/* The share of a processor that the two make must be within that of the cgroup above after each of them. */
static void put_cfs(struct limits *limits, const struct spec_cpu *cpu)
{
	bool is_pair = limits->work->is_update && cpu->quota != 0;

	if (cpu->period != 0) {
		plan_limits_put(limits, period_pointer, "cpu.cfs_period_us",
			plan_limits_unsigned(limits, cpu->period),
			is_pair ? HOST_CGROUP_WITH_NEXT : 0);
	}
	if (cpu->quota != 0) {
		plan_limits_put(limits, quota_pointer, "cpu.cfs_quota_us",
			plan_limits_number(limits, cpu->quota), 0);
	}
}

/* The burst may never be above the quota: where what is there would be, the new one goes first. Before Linux 6.10 a
 * write to cpu.max leaves a thousandth of the burst: it is written again behind it, and, for that which is put back
 * when a later write fails, before it. */
static void put_bandwidth(struct limits *limits, const struct spec_cpu *cpu)
{
	bool is_v2 = plan_limits_is_v2(limits);
	const char *pointer = cpu->has_burst    ? burst_pointer
			      : cpu->quota != 0 ? quota_pointer
						: period_pointer;
	const char *file = is_v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
	int64_t now = plan_limits_now(limits, file);
	bool is_in_way = cpu->quota > 0 && now > cpu->quota;
	bool is_lost = is_v2 && now > 0 && (cpu->quota != 0 || cpu->period != 0);
	const char *kept = plan_limits_number(limits, now);
	const char *burst = cpu->has_burst ? plan_limits_unsigned(limits, cpu->burst) : kept;
	uint32_t flags = cpu->has_burst && cpu->burst == 0 ? HOST_CGROUP_OPTIONAL : 0;

	if (is_in_way && !cpu->has_burst) {
		plan_limits_refuse(
			limits, quota_pointer, "is below the burst, which is not named", kept);
	}
	if (is_in_way || is_lost) {
		plan_limits_put(limits, pointer, file, is_in_way ? burst : kept, flags);
	}
	if (is_v2) {
		put_cpu_max(limits, cpu);
	} else {
		put_cfs(limits, cpu);
	}
	if (cpu->has_burst || is_lost) {
		plan_limits_put(limits, pointer, file, burst, flags);
	}
}

static void put_realtime(struct limits *limits, const struct spec_cpu *cpu)
{
	static const char period[] = "/linux/resources/cpu/realtimePeriod";
	static const char runtime[] = "/linux/resources/cpu/realtimeRuntime";
	bool is_pair = limits->work->is_update && cpu->realtime_runtime != 0;

	if (plan_limits_is_v2(limits) && cpu->realtime_period != 0) {
		plan_limits_refuse_v2(limits, period);
	} else if (cpu->realtime_period != 0) {
		plan_limits_put(limits, period, "cpu.rt_period_us",
			plan_limits_unsigned(limits, cpu->realtime_period),
			is_pair ? HOST_CGROUP_WITH_NEXT : 0);
	}
	if (plan_limits_is_v2(limits) && cpu->realtime_runtime != 0) {
		plan_limits_refuse_v2(limits, runtime);
	} else if (cpu->realtime_runtime != 0) {
		plan_limits_put(limits, runtime, "cpu.rt_runtime_us",
			plan_limits_number(limits, cpu->realtime_runtime), 0);
	}
}

static void put_idle(struct limits *limits, const struct spec_cpu *cpu)
{
	plan_limits_put(limits, idle_pointer, "cpu.idle", plan_limits_number(limits, cpu->idle),
		cpu->idle == 0 ? HOST_CGROUP_OPTIONAL : 0);
}

/* A cgroup that is idle takes no weight; one that becomes idle loses it, and has the default when it is idle no
 * more. */
static void put_weight(struct limits *limits, const struct spec_cpu *cpu)
{
	static const char pointer[] = "/linux/resources/cpu/shares";
	bool is_v2 = plan_limits_is_v2(limits);
	const char *file = is_v2 ? "cpu.weight" : "cpu.shares";
	const char *now = plan_limits_text_now(limits, file);
	bool is_idle = plan_limits_now(limits, "cpu.idle") > 0;

	if (limits->work->is_update && cpu->shares != 0 && cpu->has_idle && cpu->idle != 0) {
		plan_limits_refuse(
			limits, pointer, "cannot be set for a cgroup that becomes idle", NULL);
	} else if (cpu->shares != 0 && is_idle && !cpu->has_idle) {
		plan_limits_refuse(
			limits, pointer, "cannot be set while the cgroup is idle (cpu.idle)", NULL);
	} else if (cpu->shares != 0) {
		plan_limits_put(limits, pointer, file,
			plan_limits_unsigned(
				limits, is_v2 ? plan_cpu_weight(cpu->shares) : cpu->shares),
			0);
	} else if (now && !is_idle && cpu->has_idle && cpu->idle != 0) {
		plan_limits_put(limits, idle_pointer, file, now, HOST_CGROUP_FOR_UNDO);
	}
}

/* A list of numbers, as the kernel takes it. */
static void put_set(struct limits *limits, const char *pointer, const char *file, const char *text)
{
	if (!text || text[0] == '\0') {
		return;
	}
	if (text[strspn(text, "0123456789,-")] != '\0') {
		plan_limits_refuse(limits, pointer, "is no list of numbers and ranges", text);
	}
	plan_limits_put(limits, pointer, file, text, 0);
}

void plan_limits_cpu(struct limits *limits, const struct spec_cpu *cpu)
{
	bool is_wakened =
		cpu->has_idle && cpu->idle == 0 && plan_limits_now(limits, "cpu.idle") > 0;

	put_realtime(limits, cpu);
	if (is_wakened) {
		put_idle(limits, cpu);
	}
	put_weight(limits, cpu);
	put_bandwidth(limits, cpu);
	if (cpu->has_idle && !is_wakened) {
		put_idle(limits, cpu);
	}
	put_set(limits, "/linux/resources/cpu/cpus", "cpuset.cpus", cpu->cpus);
	put_set(limits, "/linux/resources/cpu/mems", "cpuset.mems", cpu->mems);
}
