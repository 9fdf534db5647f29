/* SPDX-License-Identifier: Apache-2.0 */
/* The section "process" of config.json (config.md). commandLine and user.username are of another
 * platform. */
#include "spec/spec.h"
#include "spec/table.h"

/* The members of consoleSize are members of struct spec_process. */
static const struct spec_row console_rows[] = {
	{.key = "height",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_process, console_height)},
	{.key = "width",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_process, console_width)},
};

static const struct spec_table console_table = {
	sizeof(struct spec_process), console_rows, ARRAY_COUNT(console_rows)};

static const struct spec_row user_rows[] = {
	{.key = "uid", .type = SPEC_U32, .offset = offsetof(struct spec_user, uid)},
	{.key = "gid", .type = SPEC_U32, .offset = offsetof(struct spec_user, gid)},
	{.key = "umask",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_user, umask),
		.present = offsetof(struct spec_user, has_umask)},
	{.key = "additionalGids",
		.type = SPEC_U32S,
		.offset = offsetof(struct spec_user, additional_gids)},
};

static const struct spec_table user_table = {
	sizeof(struct spec_user), user_rows, ARRAY_COUNT(user_rows)};

static const struct spec_row capability_rows[] = {
	{.key = "bounding",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_capabilities, bounding)},
	{.key = "effective",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_capabilities, effective)},
	{.key = "inheritable",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_capabilities, inheritable)},
	{.key = "permitted",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_capabilities, permitted)},
	{.key = "ambient",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_capabilities, ambient)},
};

static const struct spec_table capability_table = {
	sizeof(struct spec_capabilities), capability_rows, ARRAY_COUNT(capability_rows)};

static const struct spec_row rlimit_rows[] = {
	{.key = "type",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_rlimit, type)},
	{.key = "soft",
		.type = SPEC_U64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_rlimit, soft)},
	{.key = "hard",
		.type = SPEC_U64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_rlimit, hard)},
};

static const struct spec_table rlimit_table = {
	sizeof(struct spec_rlimit), rlimit_rows, ARRAY_COUNT(rlimit_rows)};

static const struct spec_row scheduler_rows[] = {
	{.key = "policy",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_scheduler, policy)},
	{.key = "nice", .type = SPEC_I64, .offset = offsetof(struct spec_scheduler, nice)},
	{.key = "priority", .type = SPEC_I64, .offset = offsetof(struct spec_scheduler, priority)},
	{.key = "flags", .type = SPEC_STRINGS, .offset = offsetof(struct spec_scheduler, flags)},
	{.key = "runtime", .type = SPEC_U64, .offset = offsetof(struct spec_scheduler, runtime)},
	{.key = "deadline", .type = SPEC_U64, .offset = offsetof(struct spec_scheduler, deadline)},
	{.key = "period", .type = SPEC_U64, .offset = offsetof(struct spec_scheduler, period)},
};

static const struct spec_table scheduler_table = {
	sizeof(struct spec_scheduler), scheduler_rows, ARRAY_COUNT(scheduler_rows)};

static const struct spec_row io_priority_rows[] = {
	{.key = "class",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_io_priority, io_class)},
	{.key = "priority",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_io_priority, priority)},
};

static const struct spec_table io_priority_table = {
	sizeof(struct spec_io_priority), io_priority_rows, ARRAY_COUNT(io_priority_rows)};

static const struct spec_row affinity_rows[] = {
	{.key = "initial", .type = SPEC_STRING, .offset = offsetof(struct spec_affinity, initial)},
	{.key = "final", .type = SPEC_STRING, .offset = offsetof(struct spec_affinity, final)},
};

static const struct spec_table affinity_table = {
	sizeof(struct spec_affinity), affinity_rows, ARRAY_COUNT(affinity_rows)};

static const struct spec_row process_rows[] = {
	{.key = "terminal", .type = SPEC_BOOL, .offset = offsetof(struct spec_process, terminal)},
	{.key = "consoleSize", .type = SPEC_OBJECT, .table = &console_table},
	{.key = "user",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_process, user),
		.table = &user_table},
	{.key = "args", .type = SPEC_STRINGS, .offset = offsetof(struct spec_process, args)},
	{.key = "env", .type = SPEC_STRINGS, .offset = offsetof(struct spec_process, env)},
	{.key = "cwd",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_process, cwd)},
	{.key = "capabilities",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_process, capabilities),
		.present = offsetof(struct spec_process, capabilities.is_present),
		.table = &capability_table},
	{.key = "rlimits",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_process, rlimits),
		.table = &rlimit_table},
	{.key = "noNewPrivileges",
		.type = SPEC_BOOL,
		.offset = offsetof(struct spec_process, no_new_privileges)},
	{.key = "apparmorProfile",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_process, apparmor_profile)},
	{.key = "selinuxLabel",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_process, selinux_label)},
	/* 0 is not what the process would have without: it inherits the caller's value. */
	{.key = "oomScoreAdj",
		.type = SPEC_I64,
		.offset = offsetof(struct spec_process, oom_score_adj),
		.present = offsetof(struct spec_process, has_oom_score_adj)},
	{.key = "scheduler",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_process, scheduler),
		.present = offsetof(struct spec_process, scheduler.is_present),
		.table = &scheduler_table},
	{.key = "ioPriority",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_process, io_priority),
		.present = offsetof(struct spec_process, io_priority.is_present),
		.table = &io_priority_table},
	{.key = "execCPUAffinity",
		.type = SPEC_OBJECT,
		.offset = offsetof(struct spec_process, exec_affinity),
		.present = offsetof(struct spec_process, exec_affinity.is_present),
		.table = &affinity_table},
};

const struct spec_table spec_process_table = {
	sizeof(struct spec_process), process_rows, ARRAY_COUNT(process_rows)};
