/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.blockIO and hugepageLimits. Weights are those of the scheduler BFQ, which has files of its own on
 * both versions; io.weight of version 2 is the kernel's cost model, on another scale.
 */
#include "plan/limits.h"

#include <string.h>

#include "base/str.h"

enum {
	WEIGHT_MIN = 10, /* of blkio.weight, on which config.json has them */
	WEIGHT_MAX = 1000,
	IO_WEIGHT_MAX = 10000, /* of io.weight, from 1 */
	WEIGHT_WRITES = 2,     /* of one weight */
};

/* A list of rates: its member of blockIO, the file of version 1, and the key in io.max of version 2. */
struct rate_list {
	const char *name, *file, *key;
};

size_t plan_limits_block_max(const struct spec_block_io *block)
{
	return (WEIGHT_WRITES + 1) * block->weight_devices.count + block->read_bytes.count +
	       block->write_bytes.count + block->read_operations.count +
	       block->write_operations.count;
}

/* "MAJOR:MINOR ", or "" for what is not about one device. */
static const char *device_text(
	struct limits *limits, int64_t major, int64_t minor, const char *pointer)
{
	if (major < 0 || major > UINT32_MAX || minor < 0 || minor > UINT32_MAX) {
		plan_limits_refuse(limits, pointer, "has no numbers of a device", NULL);
	}
	return arena_printf(limits->work->arena, "%lld:%lld ", (long long)major, (long long)minor);
}

static uint64_t io_weight(uint32_t weight)
{
	return 1 +
	       (uint64_t)(weight - WEIGHT_MIN) * (IO_WEIGHT_MAX - 1) / (WEIGHT_MAX - WEIGHT_MIN);
}

static bool is_weight(struct limits *limits, const char *pointer, uint32_t weight)
{
	if (weight != 0 && (weight < WEIGHT_MIN || weight > WEIGHT_MAX)) {
		plan_limits_refuse(limits, pointer, "must be from 10 to 1000",
			plan_limits_unsigned(limits, weight));
	}
	return weight != 0;
}

static const char *weight_text(const struct limits *limits, const char *device, uint64_t weight)
{
	return device ? arena_printf(
				limits->work->arena, "%s%llu", device, (unsigned long long)weight)
		      : NULL;
}

/* Where BFQ is not in the kernel, version 2 may have the cost model. */
static void put_weight(
	struct limits *limits, const char *pointer, const char *device, uint32_t weight)
{
	bool is_device = device && device[0] != '\0';

	if (!is_weight(limits, pointer, weight)) {
		return;
	}
	if (!plan_limits_is_v2(limits)) {
		plan_limits_put(limits, pointer,
			is_device ? "blkio.bfq.weight_device" : "blkio.bfq.weight",
			weight_text(limits, device, weight), 0);
		return;
	}
	plan_limits_put(limits, pointer, "io.bfq.weight", weight_text(limits, device, weight),
		HOST_CGROUP_ELSE_NEXT);
	plan_limits_put(
		limits, pointer, "io.weight", weight_text(limits, device, io_weight(weight)), 0);
}

/* Of the scheduler CFQ, which Linux 5.0 has no more: the kernel will say that there is no such file. */
static void put_leaf_weight(
	struct limits *limits, const char *pointer, const char *device, uint32_t weight)
{
	bool is_device = device && device[0] != '\0';

	if (!is_weight(limits, pointer, weight)) {
		return;
	}
	if (plan_limits_is_v2(limits)) {
		plan_limits_refuse_v2(limits, pointer);
	}
	plan_limits_put(limits, pointer,
		is_device ? "blkio.leaf_weight_device" : "blkio.leaf_weight",
		weight_text(limits, device, weight), 0);
}

static void put_weight_device(
	struct limits *limits, const struct spec_block_weight *asked, size_t index)
{
	struct arena *arena = limits->work->arena;
	const char *pointer =
		arena_printf(arena, "/linux/resources/blockIO/weightDevice/%zu", index);
	const char *device = device_text(limits, asked->major, asked->minor, pointer);

	if (asked->weight == 0 && asked->leaf_weight == 0) {
		plan_limits_refuse(limits, pointer, "needs a weight or a leafWeight", NULL);
	}
	put_weight(limits, arena_printf(arena, "%s/weight", pointer), device, asked->weight);
	put_leaf_weight(
		limits, arena_printf(arena, "%s/leafWeight", pointer), device, asked->leaf_weight);
}

/* A rate of 0 takes the limit away, as version 1 has it. */
static void put_rate(struct limits *limits, const struct rate_list *list,
	const struct spec_block_rate *asked, size_t index)
{
	struct arena *arena = limits->work->arena;
	const char *pointer =
		arena_printf(arena, "/linux/resources/blockIO/%s/%zu", list->name, index);
	const char *device = device_text(limits, asked->major, asked->minor, pointer);
	const char *rate = plan_limits_unsigned(limits, asked->rate);

	if (!device || !rate) {
		plan_limits_put(limits, pointer, list->file, NULL, 0);
	} else if (!plan_limits_is_v2(limits)) {
		plan_limits_put(
			limits, pointer, list->file, arena_printf(arena, "%s%s", device, rate), 0);
	} else {
		plan_limits_put(limits, pointer, "io.max",
			arena_printf(arena, "%s%s=%s", device, list->key,
				asked->rate == 0 ? "max" : rate),
			0);
	}
}

static void put_rates(
	struct limits *limits, const struct rate_list *list, const struct spec_block_rates *asked)
{
	for (size_t i = 0; i < asked->count; i++) {
		put_rate(limits, list, &asked->items[i], i);
	}
}

void plan_limits_block(struct limits *limits, const struct spec_block_io *block)
{
	static const struct rate_list read_bytes = {
		"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"};
	static const struct rate_list write_bytes = {
		"throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"};
	static const struct rate_list read_operations = {
		"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"};
	static const struct rate_list write_operations = {
		"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"};

	put_weight(limits, "/linux/resources/blockIO/weight", "", block->weight);
	put_leaf_weight(limits, "/linux/resources/blockIO/leafWeight", "", block->leaf_weight);
	for (size_t i = 0; i < block->weight_devices.count; i++) {
		put_weight_device(limits, &block->weight_devices.items[i], i);
	}
	put_rates(limits, &read_bytes, &block->read_bytes);
	put_rates(limits, &write_bytes, &block->write_bytes);
	put_rates(limits, &read_operations, &block->read_operations);
	put_rates(limits, &write_operations, &block->write_operations);
}

/* "64KB", "2MB", "1GB": it becomes a part of a file's name. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;

	return digits > 0 && digits <= 9 && text[0] != '0' &&
	       (str_is_equal(unit, "KB") || str_is_equal(unit, "MB") || str_is_equal(unit, "GB"));
}

/* Both the use and, where the kernel counts them (Linux 5.7), the reservations: one that is refused is an error of
 * mmap(2), where a page that is missing is a SIGBUS. */
void plan_limits_hugepages(struct limits *limits, const struct spec_hugepage_limits *hugepages)
{
	struct arena *arena = limits->work->arena;
	bool is_v2 = plan_limits_is_v2(limits) || plan_cgroup_find(limits->cgroup, "hugetlb") < 0;
	const char *end = is_v2 ? "max" : "limit_in_bytes";

	for (size_t i = 0; i < hugepages->count; i++) {
		const struct spec_hugepage_limit *asked = &hugepages->items[i];
		const char *size = asked->page_size;
		const char *limit = plan_limits_unsigned(limits, asked->limit);
		const char *pointer = arena_printf(arena, "/linux/resources/hugepageLimits/%zu", i);

		if (!is_page_size(size)) {
			plan_limits_refuse(limits, arena_printf(arena, "%s/pageSize", pointer),
				"is no size of a page like 2MB", size);
		}
		plan_limits_put(
			limits, pointer, arena_printf(arena, "hugetlb.%s.%s", size, end), limit, 0);
		plan_limits_put(limits, pointer,
			arena_printf(arena, "hugetlb.%s.rsvd.%s", size, end), limit,
			HOST_CGROUP_OPTIONAL);
	}
}
