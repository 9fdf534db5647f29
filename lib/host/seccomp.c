/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp rules become a program of the kernel's, by libseccomp.
 *
 * libseccomp's program is the whole filter, but for calls that are newer than the profile: host/seccomp_newer.c.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "host/seccomp_newer.h"
#include "sys/abi.h"
#include "sys/file.h"

struct compiler {
	const struct host_seccomp *asked;
	struct arena *arena;
	struct berth_error *err;
	scmp_filter_ctx filter;
	struct host_newer newer;
};

static int fail(const struct compiler *compiler, int r, const char *pointer, const char *what)
{
	error_system(compiler->err, r, "libseccomp: %s", what);
	error_add_pointer(compiler->err, pointer);
	return r;
}

static int add_architecture(struct compiler *compiler, size_t index)
{
	const char *name = compiler->asked->architectures[index];
	uint32_t token = seccomp_arch_resolve_name(name);
	int r;

	if (token != 0 && host_newer_has(&compiler->newer, token)) {
		return 0;
	}
	r = token == 0 ? -EINVAL : host_newer_add(&compiler->newer, token);
	r = r < 0 ? r : seccomp_arch_add(compiler->filter, token);
	if (r < 0) {
		return error_field(compiler->err, BERTH_ERROR_UNSUPPORTED,
			arena_printf(compiler->arena, "/linux/seccomp/architectures/%zu", index),
			r == -EDOM ? "%s cannot be in one filter with this machine's own"
				   : "%s is not known to this libseccomp",
			name);
	}
	return 0;
}

/* no_new_privs is berth's to set. A binary tree instead of a list: a call that comes last in a profile of 350
 * takes 10 comparisons. A libseccomp that refuses that makes a list, which is as right. */
static int filter_begin(struct compiler *compiler)
{
	int r;

	compiler->filter = seccomp_init(compiler->asked->default_action);
	if (!compiler->filter) {
		return fail(compiler, -EINVAL, "/linux/seccomp/defaultAction",
			"begin a filter with this default action");
	}
	r = seccomp_attr_set(compiler->filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r < 0) {
		return fail(compiler, r, "/linux/seccomp", "set an attribute");
	}
	(void)seccomp_attr_set(compiler->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = host_newer_add(&compiler->newer, seccomp_arch_native());
	for (size_t i = 0; r == 0 && i < compiler->asked->architecture_count; i++) {
		r = add_architecture(compiler, i);
	}
	return r;
}

/* The number of the call in each architecture may be the highest one. */
static void note_number(struct compiler *compiler, const char *name)
{
	for (size_t i = 0; i < compiler->newer.count; i++) {
		host_newer_note(&compiler->newer, i,
			seccomp_syscall_resolve_name_arch(compiler->newer.items[i].token, name));
	}
}

static int add_rule(struct compiler *compiler, const struct host_seccomp_rule *rule)
{
	static const enum scmp_compare compares[] = {
		[HOST_SECCOMP_NE] = SCMP_CMP_NE,
		[HOST_SECCOMP_LT] = SCMP_CMP_LT,
		[HOST_SECCOMP_LE] = SCMP_CMP_LE,
		[HOST_SECCOMP_EQ] = SCMP_CMP_EQ,
		[HOST_SECCOMP_GE] = SCMP_CMP_GE,
		[HOST_SECCOMP_GT] = SCMP_CMP_GT,
		[HOST_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp args[HOST_SECCOMP_ARGS_MAX];
	int number = seccomp_syscall_resolve_name(rule->name);
	int r;

	_Static_assert(ARRAY_COUNT(compares) == HOST_SECCOMP_OP_COUNT, "one for each operator");
	/* Profiles name calls that only a newer libseccomp knows. */
	if (number == __NR_SCMP_ERROR) {
		return compiler->asked->is_unknown_refused
			       ? error_field(compiler->err, BERTH_ERROR_CONFIG, rule->pointer,
					 "names the unknown system call %s", rule->name)
			       : 0;
	}
	note_number(compiler, rule->name);
	/* Says nothing new, and libseccomp refuses it. */
	if (rule->action == compiler->asked->default_action) {
		return 0;
	}
	for (size_t i = 0; i < rule->arg_count; i++) {
		args[i] = (struct scmp_arg_cmp){
			.arg = rule->args[i].index,
			.op = compares[rule->args[i].op],
			.datum_a = rule->args[i].value,
			.datum_b = rule->args[i].value_two,
		};
	}
	r = seccomp_rule_add_array(
		compiler->filter, rule->action, number, (unsigned int)rule->arg_count, args);
	if (r == -EEXIST) {
		return error_field(compiler->err, BERTH_ERROR_CONFIG, rule->pointer,
			"%s: the same condition has another action above", rule->name);
	}
	return r < 0 ? fail(compiler, r, rule->pointer,
			       arena_printf(compiler->arena, "add a rule for %s", rule->name))
		     : 0;
}

/* Both parts in one piece of the arena. libseccomp writes to a descriptor alone. */
static int take_program(struct compiler *compiler, struct wire_bytes *ret_program)
{
	struct sock_filter before[HOST_NEWER_INSTRUCTIONS_MAX] = {0};
	size_t before_count =
		host_newer_calls(&compiler->newer, compiler->asked->default_action, before);
	size_t before_bytes = before_count * sizeof(before[0]);
	autofd int fd = sys_memfd("berth-seccomp", false);
	struct stat st = {0};
	size_t size;
	char *program;
	int r;

	if (fd < 0) {
		r = error_call(compiler->err, fd, "memfd_create", "make a memfd for the filter");
		error_add_pointer(compiler->err, "/linux/seccomp");
		return r;
	}
	r = seccomp_export_bpf(compiler->filter, fd);
	r = r < 0 ? r : sys_fstat(fd, &st);
	if (r < 0) {
		return fail(compiler, r, "/linux/seccomp", "make the program");
	}
	size = (size_t)st.st_size;
	if (before_bytes + size > BPF_MAXINSNS * sizeof(before[0])) {
		return error_field(compiler->err, BERTH_ERROR_CONFIG, "/linux/seccomp",
			"becomes %zu instructions, the kernel takes %d",
			(before_bytes + size) / sizeof(before[0]), BPF_MAXINSNS);
	}
	program = arena_alloc(compiler->arena, before_bytes + size, 1);
	if (!program) {
		return fail(compiler, -ENOMEM, "/linux/seccomp", "memory for the program");
	}
	memcpy(program, before, before_bytes);
	if (sys_pread(fd, program + before_bytes, size, 0) != (ssize_t)size) {
		return fail(compiler, -EIO, "/linux/seccomp", "read the program");
	}
	*ret_program = (struct wire_bytes){program, before_bytes + size};
	return 0;
}

static int compile(struct compiler *compiler, struct wire_bytes *ret_program)
{
	int r = filter_begin(compiler);

	for (size_t i = 0; r == 0 && i < compiler->asked->rule_count; i++) {
		r = add_rule(compiler, &compiler->asked->rules[i]);
	}
	return r < 0 ? r : take_program(compiler, ret_program);
}

int host_seccomp_compile(const struct host_seccomp *seccomp, struct arena *arena,
	struct wire_bytes *ret_program, struct berth_error *err)
{
	struct compiler compiler = {.asked = seccomp, .arena = arena, .err = err};
	int r = compile(&compiler, ret_program);

	seccomp_release(compiler.filter);
	return r;
}

bool host_seccomp_is_built(void)
{
	return true;
}

/* libseccomp may know the name of one whose numbers or byte order do not go with this machine's. */
bool host_seccomp_has_architecture(const char *name)
{
	uint32_t token = seccomp_arch_resolve_name(name);
	scmp_filter_ctx filter = token == 0 ? NULL : seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? seccomp_arch_add(filter, token) : -1;

	if (filter) {
		seccomp_release(filter);
	}
	return r == 0 || r == -EEXIST;
}

bool host_seccomp_version(char buffer[HOST_SECCOMP_VERSION_MAX])
{
	const struct scmp_version *version = seccomp_version();

	buffer[0] = '\0';
	if (version) {
		(void)snprintf(buffer, HOST_SECCOMP_VERSION_MAX, "%u.%u.%u", version->major,
			version->minor, version->micro);
	}
	return version != NULL;
}
