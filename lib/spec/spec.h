/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H
/*
 * spec: what was asked.
 *
 * In: a JSON tree. Out: struct spec, the fields of config.json (OCI runtime-spec 1.3.0, config.md and
 * config-linux.md) with their types, in an arena. Forbidden here: defaults that depend on the host,
 * checks between fields (plan/rules.c), system calls. Fails with an error that has the field's JSON
 * pointer. A field of the specification that is not built yet is refused unless it is null, empty,
 * zero or false; a key that the specification does not know is ignored.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "json/json.h"

/* The specification that is known here: 1.3. */
enum { SPEC_VERSION_MINOR = 3 };

/* Arrays are `items` and `count`; an absent array has count 0 and items NULL. Absent texts are NULL. */
struct spec_strings {
	const char *const *items;
	size_t count;
};

struct spec_u32s {
	const uint32_t *items;
	size_t count;
};

/* process.user */
struct spec_user {
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask;
	struct spec_u32s additional_gids;
};

/* process.capabilities: names as written ("CAP_KILL"). */
struct spec_capabilities {
	bool is_present;
	struct spec_strings bounding, effective, inheritable, permitted, ambient;
};

/* process.rlimits[] */
struct spec_rlimit {
	const char *type; /* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

struct spec_rlimits {
	const struct spec_rlimit *items;
	size_t count;
};

/* process.scheduler: times in nanoseconds */
struct spec_scheduler {
	bool is_present;
	const char *policy; /* "SCHED_OTHER" */
	int64_t nice, priority;
	struct spec_strings flags;
	uint64_t runtime, deadline, period;
};

/* process.ioPriority */
struct spec_io_priority {
	bool is_present;
	const char *io_class; /* "IOPRIO_CLASS_BE" */
	int64_t priority;
};

/* process.execCPUAffinity: lists of CPUs, "0-3,7" */
struct spec_affinity {
	bool is_present;
	const char *initial, *final;
};

struct spec_process {
	bool is_present;
	bool terminal;
	uint32_t console_height, console_width; /* 0: not given */
	struct spec_user user;
	struct spec_strings args, env;
	const char *cwd;
	struct spec_capabilities capabilities;
	struct spec_rlimits rlimits;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label;
	bool has_oom_score_adj;
	int64_t oom_score_adj;
	struct spec_scheduler scheduler;
	struct spec_io_priority io_priority;
	struct spec_affinity exec_affinity;
};

struct spec_root {
	bool is_present;
	const char *path;
	bool readonly;
};

/* linux.uidMappings[], linux.gidMappings[], and those of a mount */
struct spec_mapping {
	uint32_t container_id, host_id, size;
};

struct spec_mappings {
	const struct spec_mapping *items;
	size_t count;
};

struct spec_mount {
	const char *destination, *type, *source;
	struct spec_strings options;
	struct spec_mappings uid_mappings, gid_mappings;
};

struct spec_mounts {
	const struct spec_mount *items;
	size_t count;
};

/* linux.namespaces[] */
struct spec_namespace {
	uint32_t flag; /* CLONE_NEW* of the type */
	const char *path;
};

struct spec_namespaces {
	const struct spec_namespace *items;
	size_t count;
};

/* linux.devices[] */
struct spec_device {
	const char *type; /* "c", "u", "b" or "p" */
	const char *path;
	int64_t major, minor;
	bool has_file_mode;
	uint32_t file_mode;
	uint32_t uid, gid;
};

struct spec_devices {
	const struct spec_device *items;
	size_t count;
};

/* linux.seccomp.syscalls[].args[] */
struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	const char *op; /* "SCMP_CMP_EQ" */
};

struct spec_seccomp_args {
	const struct spec_seccomp_arg *items;
	size_t count;
};

/* linux.seccomp.syscalls[] */
struct spec_seccomp_call {
	struct spec_strings names;
	const char *action; /* "SCMP_ACT_ALLOW" */
	bool has_errno;
	uint32_t errno_ret;
	struct spec_seccomp_args args;
};

struct spec_seccomp_calls {
	const struct spec_seccomp_call *items;
	size_t count;
};

struct spec_seccomp {
	bool is_present;
	const char *default_action;
	bool has_default_errno;
	uint32_t default_errno;
	struct spec_strings architectures;
	bool has_flags; /* an empty array is not the same as none */
	struct spec_strings flags;
	const char *listener_path, *listener_metadata;
	struct spec_seccomp_calls calls;
};

/* annotations, linux.sysctl, linux.resources.unified: the keys and values, in the order written */
struct spec_annotation {
	const char *key, *value;
};

struct spec_annotations {
	const struct spec_annotation *items;
	size_t count;
};

/* linux.resources.devices[]: a rule of the device controller */
struct spec_device_rule {
	bool allow;
	const char *type; /* "a", "c" or "b" */
	bool has_major, has_minor;
	int64_t major, minor;
	const char *access; /* of "r", "w" and "m" */
};

struct spec_device_rules {
	const struct spec_device_rule *items;
	size_t count;
};

/* linux.resources.memory: bytes. 0 is the same as absent, but for swappiness; -1 is no limit. */
struct spec_memory {
	int64_t limit, reservation, swap, kernel, kernel_tcp;
	bool has_swappiness;
	uint64_t swappiness; /* 0 to 100; UINT64_MAX is -1 of a caller that has no value */
	bool has_disable_oom_killer;
	bool disable_oom_killer, use_hierarchy, check_before_update;
};

/* linux.resources.cpu: microseconds. 0 is the same as absent, but for burst and idle. */
struct spec_cpu {
	uint64_t shares, period, burst, realtime_period;
	int64_t quota, realtime_runtime, idle;
	bool has_burst, has_idle;
	const char *cpus, *mems;
};

/* linux.resources.pids: 0 is a limit, -1 is none */
struct spec_pids {
	int64_t limit;
	bool has_limit;
};

/* linux.resources.blockIO.weightDevice[]: a weight of 0 is the same as absent */
struct spec_block_weight {
	int64_t major, minor;
	uint32_t weight, leaf_weight;
};

struct spec_block_weights {
	const struct spec_block_weight *items;
	size_t count;
};

/* linux.resources.blockIO.throttle*[]: a rate of 0 is no limit */
struct spec_block_rate {
	int64_t major, minor;
	uint64_t rate;
};

struct spec_block_rates {
	const struct spec_block_rate *items;
	size_t count;
};

/* linux.resources.blockIO: weights of 0 are the same as absent. Rates are bytes and operations a second. */
struct spec_block_io {
	uint32_t weight, leaf_weight;
	struct spec_block_weights weight_devices;
	struct spec_block_rates read_bytes, write_bytes, read_operations, write_operations;
};

/* linux.resources.hugepageLimits[] */
struct spec_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;        /* bytes */
};

struct spec_hugepage_limits {
	const struct spec_hugepage_limit *items;
	size_t count;
};

/* linux.resources.network.priorities[] */
struct spec_net_priority {
	const char *name; /* of the interface */
	uint32_t priority;
};

struct spec_net_priorities {
	const struct spec_net_priority *items;
	size_t count;
};

/* linux.resources.network: a class of 0 is the same as absent */
struct spec_network {
	uint32_t class_id;
	struct spec_net_priorities priorities;
};

/* linux.resources.rdma: by the name of the device */
struct spec_rdma_limit {
	const char *device;
	bool has_handles, has_objects;
	uint32_t handles, objects;
};

struct spec_rdma_limits {
	const struct spec_rdma_limit *items;
	size_t count;
};

struct spec_resources {
	struct spec_device_rules devices;
	struct spec_memory memory;
	struct spec_cpu cpu;
	struct spec_pids pids;
	struct spec_block_io block_io;
	struct spec_hugepage_limits hugepage_limits;
	struct spec_network network;
	struct spec_rdma_limits rdma;
	struct spec_annotations unified;
};

/* linux.personality */
struct spec_personality {
	bool is_present;
	const char *domain; /* "LINUX32" */
	struct spec_strings flags;
};

/* linux.memoryPolicy */
struct spec_memory_policy {
	bool is_present;
	const char *mode;  /* "MPOL_BIND" */
	const char *nodes; /* "0-3,7" */
	struct spec_strings flags;
};

/* linux.intelRdt */
struct spec_intel_rdt {
	bool is_present;
	const char *clos_id;
	struct spec_strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring;
};

/* linux.timeOffsets.monotonic, .boottime */
struct spec_time_offset {
	int64_t secs;
	uint32_t nanosecs;
	bool is_present;
};

struct spec_time_offsets {
	struct spec_time_offset monotonic, boottime;
};

/* linux.netDevices: by the name on the host */
struct spec_net_device {
	const char *host_name;
	const char *name; /* in the container; absent or empty: the same */
};

struct spec_net_devices {
	const struct spec_net_device *items;
	size_t count;
};

struct spec_linux {
	bool is_present;
	struct spec_namespaces namespaces;
	struct spec_mappings uid_mappings, gid_mappings;
	struct spec_devices devices;
	const char *rootfs_propagation, *mount_label;
	struct spec_strings masked_paths, readonly_paths;
	struct spec_seccomp seccomp;
	struct spec_annotations sysctl;
	struct spec_net_devices net_devices;
	struct spec_personality personality;
	struct spec_time_offsets time_offsets;
	struct spec_memory_policy memory_policy;
	struct spec_intel_rdt intel_rdt;
	const char *cgroups_path;
	struct spec_resources resources;
};

/* hooks.prestart[] and the like */
struct spec_hook {
	const char *path;
	struct spec_strings args, env;
	bool has_timeout;
	int64_t timeout; /* seconds */
};

struct spec_hook_list {
	const struct spec_hook *items;
	size_t count;
};

struct spec_hooks {
	struct spec_hook_list prestart, create_runtime, create_container;
	struct spec_hook_list start_container, poststart, poststop;
};

struct spec {
	const char *oci_version;
	struct spec_root root;
	struct spec_process process;
	const char *hostname, *domainname;
	struct spec_mounts mounts;
	struct spec_annotations annotations;
	struct spec_linux linux_section;
	struct spec_hooks hooks;
};

/* Decodes a tree. Texts point into the tree or into the arena, which must outlive `ret_spec`. */
int spec_decode(const struct json_value *tree, struct arena *arena, struct spec *ret_spec,
	struct berth_error *err) must_use;

/* Notes the keys of a tree that were ignored, and a version that is newer than what is known here. */
void spec_note_unknown(const struct json_value *tree, struct arena *arena, struct log_notes *notes);

/* The same for an object of its own that is like the config's "process": exec --process. `ret_tree` is a config
 * that has nothing else, in the arena: the pointers of errors lead there. */
int spec_decode_process(const struct json_value *tree, struct arena *arena,
	struct spec_process *ret_process, const struct json_value **ret_tree,
	struct berth_error *err) must_use;

/* The same for an array like the config's "mounts": mounts add and remove. */
int spec_decode_mounts(const struct json_value *tree, struct arena *arena,
	struct spec_mounts *ret_mounts, const struct json_value **ret_tree,
	struct berth_error *err) must_use;

/* The same for an object like the config's "linux.resources": update. The pointers of errors begin there
 * ("/memory/limit"). Beside its members there may be an "ociVersion", else NULL: by which version of the
 * specification it is written, as that says what a zero means; and an "intelRdt" like that of "linux". */
struct spec_update {
	const char *oci_version;
	struct spec_resources resources;
	struct spec_intel_rdt intel_rdt;
};
int spec_decode_update(const struct json_value *tree, struct arena *arena,
	struct spec_update *ret_update, struct berth_error *err) must_use;

/* The keys of such an object that were ignored. */
void spec_note_unknown_update(
	const struct json_value *tree, struct arena *arena, struct log_notes *notes);

/* The config that `berth spec` writes, as text from malloc: the starting point that people edit. With
 * `is_rootless` for a user with these ids: a user namespace that maps them to root, no new network. */
int spec_example(bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text,
	struct berth_error *err) must_use;

#endif
