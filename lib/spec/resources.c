/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources of config.json (config-linux.md, "Control groups"). */
#include "spec/spec.h"
#include "spec/table.h"

/* The type is any text here: which ones there are is for those who make rules of them. */
static const struct spec_row device_rows[] = {
	{.key = "allow", .type = SPEC_BOOL, .offset = offsetof(struct spec_device_rule, allow)},
	{.key = "type", .type = SPEC_STRING, .offset = offsetof(struct spec_device_rule, type)},
	{.key = "major",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_device_rule, major),
		.present = offsetof(struct spec_device_rule, has_major)},
	{.key = "minor",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_device_rule, minor),
		.present = offsetof(struct spec_device_rule, has_minor)},
	{.key = "access", .type = SPEC_STRING, .offset = offsetof(struct spec_device_rule, access)},
};

static const struct spec_table device_table = {
	sizeof(struct spec_device_rule), device_rows, ARRAY_COUNT(device_rows)};

static const struct spec_row memory_rows[] = {
	{.key = "limit", .type = SPEC_I64, .offset = offsetof(struct spec_memory, limit)},
	{.key = "reservation",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_memory, reservation)},
	{.key = "swap", .type = SPEC_I64, .offset = offsetof(struct spec_memory, swap)},
	{.key = "kernel", .type = SPEC_I64, .offset = offsetof(struct spec_memory, kernel)},
	{.key = "kernelTCP", .type = SPEC_I64, .offset = offsetof(struct spec_memory, kernel_tcp)},
	{.key = "swappiness",
		.type = SPEC_U64,
		.offset = offsetof(struct spec_memory, swappiness),
		.present = offsetof(struct spec_memory, has_swappiness)},
	{.key = "disableOOMKiller",
		.type = SPEC_BOOL,
		.offset = offsetof(struct spec_memory, disable_oom_killer),
		.present = offsetof(struct spec_memory, has_disable_oom_killer)},
	{.key = "useHierarchy",
		.type = SPEC_BOOL,
		.offset = offsetof(struct spec_memory, use_hierarchy)},
	{.key = "checkBeforeUpdate",
		.type = SPEC_BOOL,
		.offset = offsetof(struct spec_memory, check_before_update)},
};

static const struct spec_table memory_table = {
	sizeof(struct spec_memory), memory_rows, ARRAY_COUNT(memory_rows)};

static const struct spec_row cpu_rows[] = {
	{.key = "shares", .type = SPEC_U64, .offset = offsetof(struct spec_cpu, shares)},
	{.key = "quota", .type = SPEC_I64, .offset = offsetof(struct spec_cpu, quota)},
	{.key = "burst",
		.type = SPEC_U64,
		.offset = offsetof(struct spec_cpu, burst),
		.present = offsetof(struct spec_cpu, has_burst)},
	{.key = "period", .type = SPEC_U64, .offset = offsetof(struct spec_cpu, period)},
	{.key = "realtimeRuntime",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_cpu, realtime_runtime)},
	{.key = "realtimePeriod",
		.type = SPEC_U64,
		.offset = offsetof(struct spec_cpu, realtime_period)},
	{.key = "cpus", .type = SPEC_STRING, .offset = offsetof(struct spec_cpu, cpus)},
	{.key = "mems", .type = SPEC_STRING, .offset = offsetof(struct spec_cpu, mems)},
	{.key = "idle",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_cpu, idle),
		.present = offsetof(struct spec_cpu, has_idle)},
};

static const struct spec_table cpu_table = {
	sizeof(struct spec_cpu), cpu_rows, ARRAY_COUNT(cpu_rows)};

static const struct spec_row pids_rows[] = {
	{.key = "limit",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_pids, limit),
		.present = offsetof(struct spec_pids, has_limit)},
};

static const struct spec_table pids_table = {
	sizeof(struct spec_pids), pids_rows, ARRAY_COUNT(pids_rows)};

static const struct spec_row weight_rows[] = {
	{.key = "major",
		.type = SPEC_I64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_block_weight, major)},
	{.key = "minor",
		.type = SPEC_I64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_block_weight, minor)},
	{.key = "weight", .type = SPEC_U32, .offset = offsetof(struct spec_block_weight, weight)},
	{.key = "leafWeight",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_block_weight, leaf_weight)},
};

static const struct spec_table weight_table = {
	sizeof(struct spec_block_weight), weight_rows, ARRAY_COUNT(weight_rows)};

static const struct spec_row rate_rows[] = {
	{.key = "major",
		.type = SPEC_I64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_block_rate, major)},
	{.key = "minor",
		.type = SPEC_I64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_block_rate, minor)},
	{.key = "rate",
		.type = SPEC_U64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_block_rate, rate)},
};

static const struct spec_table rate_table = {
	sizeof(struct spec_block_rate), rate_rows, ARRAY_COUNT(rate_rows)};

static const struct spec_row block_rows[] = {
	{.key = "weight", .type = SPEC_U32, .offset = offsetof(struct spec_block_io, weight)},
	{.key = "leafWeight",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_block_io, leaf_weight)},
	{.key = "weightDevice",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_block_io, weight_devices),
		.table = &weight_table},
	{.key = "throttleReadBpsDevice",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_block_io, read_bytes),
		.table = &rate_table},
	{.key = "throttleWriteBpsDevice",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_block_io, write_bytes),
		.table = &rate_table},
	{.key = "throttleReadIOPSDevice",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_block_io, read_operations),
		.table = &rate_table},
	{.key = "throttleWriteIOPSDevice",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_block_io, write_operations),
		.table = &rate_table},
};

static const struct spec_table block_table = {
	sizeof(struct spec_block_io), block_rows, ARRAY_COUNT(block_rows)};

static const struct spec_row hugepage_rows[] = {
	{.key = "pageSize",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_hugepage_limit, page_size)},
	{.key = "limit",
		.type = SPEC_U64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_hugepage_limit, limit)},
};

static const struct spec_table hugepage_table = {
	sizeof(struct spec_hugepage_limit), hugepage_rows, ARRAY_COUNT(hugepage_rows)};

static const struct spec_row net_priority_rows[] = {
	{.key = "name",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_net_priority, name)},
	{.key = "priority",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_net_priority, priority)},
};

static const struct spec_table net_priority_table = {
	sizeof(struct spec_net_priority), net_priority_rows, ARRAY_COUNT(net_priority_rows)};

static const struct spec_row network_rows[] = {
	{.key = "classID", .type = SPEC_U32, .offset = offsetof(struct spec_network, class_id)},
	{.key = "priorities",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_network, priorities),
		.table = &net_priority_table},
};

static const struct spec_table network_table = {
	sizeof(struct spec_network), network_rows, ARRAY_COUNT(network_rows)};

static const struct spec_row rdma_rows[] = {
	{.key = "hcaHandles",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_rdma_limit, handles),
		.present = offsetof(struct spec_rdma_limit, has_handles)},
	{.key = "hcaObjects",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_rdma_limit, objects),
		.present = offsetof(struct spec_rdma_limit, has_objects)},
};

static const struct spec_table rdma_table = {
	sizeof(struct spec_rdma_limit), rdma_rows, ARRAY_COUNT(rdma_rows)};

static const struct spec_row resources_rows[] = {
	{.key = "devices",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_resources, devices),
		.table = &device_table},
	{.key = "memory",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_resources, memory),
		.table = &memory_table},
	{.key = "cpu",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_resources, cpu),
		.table = &cpu_table},
	{.key = "pids",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_resources, pids),
		.table = &pids_table},
	{.key = "unified", .type = SPEC_MAP, .offset = offsetof(struct spec_resources, unified)},
	{.key = "blockIO",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_resources, block_io),
		.table = &block_table},
	{.key = "hugepageLimits",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_resources, hugepage_limits),
		.table = &hugepage_table},
	{.key = "network",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_resources, network),
		.table = &network_table},
	{.key = "rdma",
		.type = SPEC_MEMBERS,
		.offset = offsetof(struct spec_resources, rdma),
		.table = &rdma_table},
};

const struct spec_table spec_resources_table = {
	sizeof(struct spec_resources), resources_rows, ARRAY_COUNT(resources_rows)};
