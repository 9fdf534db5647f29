/* SPDX-License-Identifier: Apache-2.0 */
/* The section "linux.seccomp" of config.json (config-linux.md). Names of actions, operators, architectures
 * and flags are texts here: plan/seccomp.c knows them. */
#include "spec/spec.h"
#include "spec/table.h"

static const struct spec_row arg_rows[] = {
	{.key = "index",
		.type = SPEC_U32,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp_arg, index)},
	{.key = "value",
		.type = SPEC_U64,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp_arg, value)},
	{.key = "valueTwo",
		.type = SPEC_U64,
		.offset = offsetof(struct spec_seccomp_arg, value_two)},
	{.key = "op",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp_arg, op)},
};

static const struct spec_table arg_table = {
	sizeof(struct spec_seccomp_arg), arg_rows, ARRAY_COUNT(arg_rows)};

static const struct spec_row call_rows[] = {
	{.key = "names",
		.type = SPEC_STRINGS,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp_call, names)},
	{.key = "action",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp_call, action)},
	{.key = "errnoRet",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_seccomp_call, errno_ret),
		.present = offsetof(struct spec_seccomp_call, has_errno)},
	{.key = "args",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_seccomp_call, args),
		.table = &arg_table},
};

static const struct spec_table call_table = {
	sizeof(struct spec_seccomp_call), call_rows, ARRAY_COUNT(call_rows)};

static const struct spec_row seccomp_rows[] = {
	{.key = "defaultAction",
		.type = SPEC_STRING,
		.flags = SPEC_REQUIRED,
		.offset = offsetof(struct spec_seccomp, default_action)},
	{.key = "defaultErrnoRet",
		.type = SPEC_U32,
		.offset = offsetof(struct spec_seccomp, default_errno),
		.present = offsetof(struct spec_seccomp, has_default_errno)},
	{.key = "architectures",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_seccomp, architectures)},
	{.key = "flags",
		.type = SPEC_STRINGS,
		.offset = offsetof(struct spec_seccomp, flags),
		.present = offsetof(struct spec_seccomp, has_flags)},
	{.key = "listenerPath",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_seccomp, listener_path)},
	{.key = "listenerMetadata",
		.type = SPEC_STRING,
		.offset = offsetof(struct spec_seccomp, listener_metadata)},
	{.key = "syscalls",
		.type = SPEC_OBJECTS,
		.offset = offsetof(struct spec_seccomp, calls),
		.table = &call_table},
};

const struct spec_table spec_seccomp_table = {
	sizeof(struct spec_seccomp), seccomp_rows, ARRAY_COUNT(seccomp_rows)};
