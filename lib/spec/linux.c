/* SPDX-License-Identifier: Apache-2.0 */
/* The section "linux" of config.json (config-linux.md). */
#include "spec/spec.h"
#include "spec/table.h"
#include "sys/abi.h"

static const struct spec_name namespace_names[] = {
	{"pid", CLONE_NEWPID},
	{"network", CLONE_NEWNET},
	{"mount", CLONE_NEWNS},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
	{NULL, 0},
};

static const struct spec_row namespace_rows[] = {
	{.key = "type",
		.type = SPEC_ENUM,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_namespace, flag),
		.names = namespace_names},
	{.key = "path", .type = SPEC_STRING, .offset = offsetof(struct spec_namespace, path)},
};

static const struct spec_table namespace_table = {
	sizeof(struct spec_namespace), namespace_rows, ARRAY_COUNT(namespace_rows)};

static const struct spec_row mapping_rows[] = {
	{.key = "containerID",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_mapping, container_id)},
	{.key = "hostID",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_mapping, host_id)},
	{.key = "size",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_mapping, size)},
};

const struct spec_table spec_mapping_table = {
	sizeof(struct spec_mapping), mapping_rows, ARRAY_COUNT(mapping_rows)};

/* mknod(1): "u" is an unbuffered character device, "p" a FIFO. */
static const struct spec_name device_types[] = {
	{"c", 0},
	{"u", 0},
	{"b", 0},
	{"p", 0},
	{NULL, 0},
};

static const struct spec_row device_rows[] = {
	{.key = "type",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_device, type),
		.names = device_types},
	{.key = "path",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_device, path)},
	{.key = "major", .type = SPEC_I64, .offset = offsetof(struct spec_device, major)},
	{.key = "minor", .type = SPEC_I64, .offset = offsetof(struct spec_device, minor)},
	{.key = "fileMode",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_device, file_mode),
		.present = offsetof(struct spec_device, has_file_mode)},
	{.key = "uid", .type = SPEC_U32, .offset = offsetof(struct spec_device, uid)},
	{.key = "gid", .type = SPEC_U32, .offset = offsetof(struct spec_device, gid)},
};

static const struct spec_table device_table = {
	sizeof(struct spec_device), device_rows, ARRAY_COUNT(device_rows)};

static const struct spec_row personality_rows[] = {
	{.key = "domain",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_personality, domain)},
	{.key = "flags", .type = SPEC_STRINGS, .offset = offsetof(struct spec_personality, flags)},
};

static const struct spec_table personality_table = {
	sizeof(struct spec_personality), personality_rows, ARRAY_COUNT(personality_rows)};

static const struct spec_row memory_policy_rows[] = {
	{.key = "mode",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_memory_policy, mode)},
	{.key = "nodes", .type = SPEC_STRING, .offset = offsetof(struct spec_memory_policy, nodes)},
	{.key = "flags",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_memory_policy, flags)},
};

static const struct spec_table memory_policy_table = {
	sizeof(struct spec_memory_policy), memory_policy_rows, ARRAY_COUNT(memory_policy_rows)};

static const struct spec_row intel_rdt_rows[] = {
	{.key = "closID", .type = SPEC_STRING, .offset = offsetof(struct spec_intel_rdt, clos_id)},
	{.key = "schemata",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_intel_rdt, schemata)},
	{.key = "l3CacheSchema",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_intel_rdt, l3_cache_schema)},
	{.key = "memBwSchema",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_intel_rdt, mem_bw_schema)},
	{.key = "enableMonitoring",
		.type = SPEC_BOOL,
		.offset = offsetof(struct spec_intel_rdt, enable_monitoring)},
};

const struct spec_table spec_intel_rdt_table = {
	sizeof(struct spec_intel_rdt), intel_rdt_rows, ARRAY_COUNT(intel_rdt_rows)};

static const struct spec_row time_offset_rows[] = {
	{.key = "secs", .type = SPEC_I64, .offset = offsetof(struct spec_time_offset, secs)},
	{.key = "nanosecs",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_time_offset, nanosecs)},
};

static const struct spec_table time_offset_table = {
	sizeof(struct spec_time_offset), time_offset_rows, ARRAY_COUNT(time_offset_rows)};

static const struct spec_row time_offsets_rows[] = {
	{.key = "monotonic",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_time_offsets, monotonic),
		.present = offsetof(struct spec_time_offsets, monotonic.is_present),
		.table = &time_offset_table},
	{.key = "boottime",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_time_offsets, boottime),
		.present = offsetof(struct spec_time_offsets, boottime.is_present),
		.table = &time_offset_table},
};

static const struct spec_table time_offsets_table = {
	sizeof(struct spec_time_offsets), time_offsets_rows, ARRAY_COUNT(time_offsets_rows)};

static const struct spec_row net_device_rows[] = {
	{.key = "name", .type = SPEC_STRING, .offset = offsetof(struct spec_net_device, name)},
};

static const struct spec_table net_device_table = {
	sizeof(struct spec_net_device), net_device_rows, ARRAY_COUNT(net_device_rows)};

static const struct spec_row linux_rows[] = {
	{.key = "namespaces",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_linux, namespaces),
		.table = &namespace_table},
	{.key = "uidMappings",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_linux, uid_mappings),
		.table = &spec_mapping_table},
	{.key = "gidMappings",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_linux, gid_mappings),
		.table = &spec_mapping_table},
	{.key = "devices",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_linux, devices),
		.table = &device_table},
	{.key = "rootfsPropagation",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_linux, rootfs_propagation)},
	{.key = "maskedPaths",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_linux, masked_paths)},
	{.key = "readonlyPaths",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_linux, readonly_paths)},
	{.key = "cgroupsPath",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_linux, cgroups_path)},
	{.key = "resources",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, resources),
		.table = &spec_resources_table},
	{.key = "seccomp",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, seccomp),
		.present = offsetof(struct spec_linux, seccomp.is_present),
		.table = &spec_seccomp_table},
	{.key = "sysctl", .type = SPEC_MAP, .offset = offsetof(struct spec_linux, sysctl)},
	{.key = "netDevices",
		.type = SPEC_MEMBERS,
		.offset = offsetof(struct spec_linux, net_devices),
		.table = &net_device_table},
	{.key = "mountLabel",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_linux, mount_label)},
	{.key = "personality",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, personality),
		.present = offsetof(struct spec_linux, personality.is_present),
		.table = &personality_table},
	{.key = "intelRdt",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, intel_rdt),
		.present = offsetof(struct spec_linux, intel_rdt.is_present),
		.table = &spec_intel_rdt_table},
	{.key = "timeOffsets",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, time_offsets),
		.table = &time_offsets_table},
	{.key = "memoryPolicy",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_linux, memory_policy),
		.present = offsetof(struct spec_linux, memory_policy.is_present),
		.table = &memory_policy_table},
};

const struct spec_table spec_linux_table = {
	sizeof(struct spec_linux), linux_rows, ARRAY_COUNT(linux_rows)};
