/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp: names become numbers, and each name of a system call with its conditions becomes a rule. What
 * the numbers of the system calls are is libseccomp's to say (host/seccomp.c).
 */
#include <errno.h>

#include "base/str.h"
#include "plan/words.h"

enum {
	ERRNO_MAX = 4094, /* libseccomp takes no larger one; the kernel's MAX_ERRNO is 4095 */
	DATA_MAX = 65535, /* SECCOMP_RET_DATA */
	RULES_MAX = 16384,
};

static const char seccomp_pointer[] = "/linux/seccomp";

/* A name and what it stands for; the tables end in NULL. */
struct word {
	const char *name;
	uint32_t value;
};

static const struct word actions[] = {
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
	{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	{NULL, 0},
};

static const struct word operators[] = {
	{"SCMP_CMP_NE", HOST_SECCOMP_NE},
	{"SCMP_CMP_LT", HOST_SECCOMP_LT},
	{"SCMP_CMP_LE", HOST_SECCOMP_LE},
	{"SCMP_CMP_EQ", HOST_SECCOMP_EQ},
	{"SCMP_CMP_GE", HOST_SECCOMP_GE},
	{"SCMP_CMP_GT", HOST_SECCOMP_GT},
	{"SCMP_CMP_MASKED_EQ", HOST_SECCOMP_MASKED_EQ},
	{NULL, 0},
};
_Static_assert(ARRAY_COUNT(operators) == HOST_SECCOMP_OP_COUNT + 1, "a name for each operator");

static const struct word filter_flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	{NULL, 0},
};

/* The names of config-linux.md, and those of libseccomp. */
static const struct architecture {
	const char *name, *library_name;
} architectures[] = {
	{"SCMP_ARCH_X86", "x86"},
	{"SCMP_ARCH_X86_64", "x86_64"},
	{"SCMP_ARCH_X32", "x32"},
	{"SCMP_ARCH_ARM", "arm"},
	{"SCMP_ARCH_AARCH64", "aarch64"},
	{"SCMP_ARCH_LOONGARCH64", "loongarch64"},
	{"SCMP_ARCH_M68K", "m68k"},
	{"SCMP_ARCH_MIPS", "mips"},
	{"SCMP_ARCH_MIPS64", "mips64"},
	{"SCMP_ARCH_MIPS64N32", "mips64n32"},
	{"SCMP_ARCH_MIPSEL", "mipsel"},
	{"SCMP_ARCH_MIPSEL64", "mipsel64"},
	{"SCMP_ARCH_MIPSEL64N32", "mipsel64n32"},
	{"SCMP_ARCH_PPC", "ppc"},
	{"SCMP_ARCH_PPC64", "ppc64"},
	{"SCMP_ARCH_PPC64LE", "ppc64le"},
	{"SCMP_ARCH_S390", "s390"},
	{"SCMP_ARCH_S390X", "s390x"},
	{"SCMP_ARCH_SH", "sh"},
	{"SCMP_ARCH_SHEB", "sheb"},
	{"SCMP_ARCH_PARISC", "parisc"},
	{"SCMP_ARCH_PARISC64", "parisc64"},
	{"SCMP_ARCH_RISCV64", "riscv64"},
};

static const char *word_at(const struct word *words, size_t index, uint32_t left_out)
{
	for (; words->name; words++) {
		if (words->value != left_out && index-- == 0) {
			return words->name;
		}
	}
	return NULL;
}

const char *plan_seccomp_name(enum plan_feature feature, size_t index)
{
	switch (feature) {
	case PLAN_FEATURE_SECCOMP_ACTION:
		return word_at(actions, index, UINT32_MAX);
	case PLAN_FEATURE_SECCOMP_OPERATOR:
		return word_at(operators, index, UINT32_MAX);
	case PLAN_FEATURE_SECCOMP_ARCHITECTURE:
		return index < ARRAY_COUNT(architectures) ? architectures[index].name : NULL;
	case PLAN_FEATURE_SECCOMP_KNOWN_FLAG:
	case PLAN_FEATURE_SECCOMP_FLAG:
		return word_at(filter_flags, index, UINT32_MAX);
	default:
		return NULL;
	}
}

const char *plan_seccomp_architecture(size_t index)
{
	return index < ARRAY_COUNT(architectures) ? architectures[index].library_name : NULL;
}

static const struct word *word_find(const struct word *words, const char *name)
{
	while (words->name && !str_is_equal(words->name, name)) {
		words++;
	}
	return words->name ? words : NULL;
}

const char *plan_seccomp_action_name(uint32_t action)
{
	const struct word *word = actions;

	while (word->name && word->value != (action & SECCOMP_RET_ACTION_FULL)) {
		word++;
	}
	return word->name;
}

bool plan_seccomp_has_data(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE;
}

const char *plan_seccomp_flag_name(uint32_t *flags)
{
	for (const struct word *word = filter_flags; word->name; word++) {
		if (*flags & word->value) {
			*flags &= ~word->value;
			return word->name + sizeof("SECCOMP_FILTER_FLAG_") - 1;
		}
	}
	return NULL;
}

/* An action as config.json has it: its name, and errnoRet or defaultErrnoRet where that is given. */
struct asked_action {
	const char *name;
	bool has_errno;
	bool is_default;
	uint32_t errno_ret;
	const char *pointer, *errno_pointer;
};

/* config-linux.md: errnoRet is EPERM where it is absent, and an error where the action has none. */
static int read_action(
	const struct asked_action *asked, uint32_t *ret_action, struct berth_error *err)
{
	const struct word *word = word_find(actions, asked->name);
	uint32_t data = asked->has_errno ? asked->errno_ret : EPERM;
	uint32_t most;

	if (!word) {
		return error_field(err, BERTH_ERROR_CONFIG, asked->pointer,
			"is no action of seccomp: \"%.64s\"", asked->name);
	}
	/* As runc has it: berth-init's own calls would be asked about as well, every one. */
	if (word->value == SECCOMP_RET_USER_NOTIF && asked->is_default) {
		return error_field(err, BERTH_ERROR_CONFIG, asked->pointer,
			"cannot be %s, which goes with single system calls", word->name);
	}
	if (!plan_seccomp_has_data(word->value)) {
		*ret_action = word->value;
		return asked->has_errno
			       ? error_field(err, BERTH_ERROR_CONFIG, asked->errno_pointer,
					 "cannot go with %s, which has no errno", word->name)
			       : 0;
	}
	most = word->value == SECCOMP_RET_ERRNO ? ERRNO_MAX : DATA_MAX;
	if (data > most) {
		return error_field(err, BERTH_ERROR_CONFIG, asked->errno_pointer,
			"must be at most %u with %s, is %u", most, word->name, data);
	}
	*ret_action = word->value | data;
	return 0;
}

static int read_architectures(
	struct plan_work *work, struct host_seccomp *seccomp, struct berth_error *err)
{
	const struct spec_strings *asked = &work->spec->linux_section.seccomp.architectures;
	const char **names = arena_alloc(work->arena, asked->count, sizeof(*names));

	if (!names) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->count; i++) {
		for (size_t j = 0; j < ARRAY_COUNT(architectures) && !names[i]; j++) {
			if (str_is_equal(architectures[j].name, asked->items[i])) {
				names[i] = architectures[j].library_name;
			}
		}
		if (!names[i]) {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(
					work->arena, "%s/architectures/%zu", seccomp_pointer, i),
				"is no architecture of seccomp: \"%.64s\"", asked->items[i]);
		}
	}
	seccomp->architectures = names;
	seccomp->architecture_count = asked->count;
	return 0;
}

/* Without "flags" as runc and crun do: the mitigations of speculative store bypass cost more than the
 * filter, and the kernel gives them no longer either (Linux 5.16). */
static int read_flags(struct plan_work *work, struct berth_error *err)
{
	const struct spec_seccomp *asked = &work->spec->linux_section.seccomp;
	uint32_t flags = asked->has_flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < asked->flags.count; i++) {
		const char *name = asked->flags.items[i];
		const struct word *word = word_find(filter_flags, name);
		const char *pointer = arena_printf(work->arena, "%s/flags/%zu", seccomp_pointer, i);

		if (!word) {
			return error_field(err, BERTH_ERROR_CONFIG, pointer,
				"is no flag of seccomp: \"%.64s\"", name);
		}
		flags |= word->value;
	}
	work->plan->boot.seccomp.flags = flags;
	return 0;
}

static int read_arg(struct plan_work *work, const struct spec_seccomp_arg *asked,
	const char *pointer, struct host_seccomp_arg *ret_arg, struct berth_error *err)
{
	const struct word *word = word_find(operators, asked->op);

	if (asked->index >= HOST_SECCOMP_ARGS_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/index", pointer),
			"must be from 0 to %d, is %u", HOST_SECCOMP_ARGS_MAX - 1, asked->index);
	}
	if (!word) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/op", pointer),
			"is no operator of seccomp: \"%.64s\"", asked->op);
	}
	*ret_arg = (struct host_seccomp_arg){
		.index = asked->index,
		.op = word->value,
		.value = asked->value,
		.value_two = asked->value_two,
	};
	return 0;
}

/* What the names of one entry of "syscalls" share. */
struct call {
	const struct spec_seccomp_call *asked;
	const char *pointer; /* "/linux/seccomp/syscalls/3" */
	uint32_t action;
	struct host_seccomp_arg *args;
	bool is_split;
};

/* Two conditions on one argument cannot be in one rule of libseccomp. As runc has it, each condition of
 * such an entry is a rule of its own then: the action is taken where any of them holds. */
static int read_args(struct plan_work *work, struct call *call, struct berth_error *err)
{
	const struct spec_seccomp_args *asked = &call->asked->args;
	uint32_t seen = 0;

	call->args = arena_alloc(work->arena, asked->count, sizeof(*call->args));
	if (!call->args) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->count; i++) {
		const char *pointer = arena_printf(work->arena, "%s/args/%zu", call->pointer, i);
		int r = read_arg(work, &asked->items[i], pointer, &call->args[i], err);

		if (r < 0) {
			return r;
		}
		call->is_split = call->is_split || (seen & 1U << call->args[i].index);
		seen |= 1U << call->args[i].index;
	}
	return 0;
}

static int read_call(struct plan_work *work, struct call *call, struct berth_error *err)
{
	const struct asked_action action = {
		.name = call->asked->action,
		.has_errno = call->asked->has_errno,
		.errno_ret = call->asked->errno_ret,
		.pointer = arena_printf(work->arena, "%s/action", call->pointer),
		.errno_pointer = arena_printf(work->arena, "%s/errnoRet", call->pointer),
	};
	int r;

	if (call->asked->names.count == 0) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/names", call->pointer),
			"must name a system call");
	}
	r = read_action(&action, &call->action, err);
	return r < 0 ? r : read_args(work, call, err);
}

/* The rules of an entry behind those that are there; the memory is enough. */
static void add_rules(const struct call *call, struct host_seccomp_rule *rules, size_t *count)
{
	size_t arg_count = call->asked->args.count;
	size_t pieces = call->is_split ? arg_count : 1;

	for (size_t i = 0; i < call->asked->names.count; i++) {
		for (size_t j = 0; j < pieces; j++) {
			rules[(*count)++] = (struct host_seccomp_rule){
				.name = call->asked->names.items[i],
				.action = call->action,
				.args = call->args + j,
				.arg_count = call->is_split ? 1 : arg_count,
				.pointer = call->pointer,
			};
		}
	}
}

/* The most rules that an entry becomes; what is above RULES_MAX is just that. */
static size_t rules_max(const struct spec_seccomp_call *asked)
{
	size_t pieces = asked->args.count > 0 ? asked->args.count : 1;

	if (asked->names.count > RULES_MAX || pieces > RULES_MAX) {
		return RULES_MAX + 1;
	}
	return asked->names.count * pieces;
}

static int read_calls(struct plan_work *work, struct host_seccomp *seccomp, struct berth_error *err)
{
	const struct spec_seccomp_calls *asked = &work->spec->linux_section.seccomp.calls;
	struct host_seccomp_rule *rules;
	size_t most = 0;

	for (size_t i = 0; i < asked->count && most <= RULES_MAX; i++) {
		most += rules_max(&asked->items[i]);
	}
	if (most > RULES_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/seccomp/syscalls",
			"are more than %d rules; the kernel takes 4096 instructions", RULES_MAX);
	}
	rules = arena_alloc(work->arena, most, sizeof(*rules));
	if (!rules) {
		return plan_no_memory(err);
	}
	seccomp->rules = rules;
	for (size_t i = 0; i < asked->count; i++) {
		struct call call = {
			.asked = &asked->items[i],
			.pointer = arena_printf(work->arena, "%s/syscalls/%zu", seccomp_pointer, i),
		};
		int r = call.pointer ? read_call(work, &call, err) : plan_no_memory(err);

		if (r < 0) {
			return r;
		}
		add_rules(&call, rules, &seccomp->rule_count);
	}
	return 0;
}

/* Who answers for SCMP_ACT_NOTIFY. TSYNC says nothing to a process of one thread, and with a listener the kernel
 * wants yet another flag; WAIT_KILLABLE_RECV it takes with a listener alone. */
static int read_listener(
	struct plan_work *work, struct host_seccomp *seccomp, struct berth_error *err)
{
	const struct spec_seccomp *asked = &work->spec->linux_section.seccomp;
	uint32_t *flags = &work->plan->boot.seccomp.flags;
	const char *path = asked->listener_path;

	if (asked->listener_metadata && !path) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/seccomp/listenerMetadata",
			"cannot be set without /linux/seccomp/listenerPath");
	}
	for (size_t i = 0; i < seccomp->rule_count && !seccomp->has_notify; i++) {
		seccomp->has_notify = seccomp->rules[i].action == SECCOMP_RET_USER_NOTIF;
	}
	if (!seccomp->has_notify) {
		*flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		return 0;
	}
	*flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC;
	*flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	seccomp->listener_pointer = "/linux/seccomp/listenerPath";
	if (!path) {
		path = plan_annotation(work->spec, "run.oci.seccomp.receiver");
		seccomp->listener_pointer =
			path ? "/annotations/run.oci.seccomp.receiver" : seccomp->listener_pointer;
	}
	if (!path || path[0] == '\0') {
		return error_field(err, BERTH_ERROR_CONFIG, seccomp->listener_pointer,
			"is required with SCMP_ACT_NOTIFY, and missing or empty");
	}
	seccomp->listener_metadata = asked->listener_metadata;
	seccomp->listener_path = plan_path_on_host(work->arena, work->request->bundle, path);
	return seccomp->listener_path ? 0 : plan_no_memory(err);
}

int plan_seccomp(struct plan_work *work, struct berth_error *err)
{
	const struct spec_seccomp *asked = &work->spec->linux_section.seccomp;
	const struct asked_action action = {
		.name = asked->default_action,
		.has_errno = asked->has_default_errno,
		.is_default = true,
		.errno_ret = asked->default_errno,
		.pointer = "/linux/seccomp/defaultAction",
		.errno_pointer = "/linux/seccomp/defaultErrnoRet",
	};
	struct host_seccomp *seccomp;
	int r;

	if (!asked->is_present) {
		return 0;
	}
	seccomp = arena_alloc(work->arena, 1, sizeof(*seccomp));
	if (!seccomp) {
		return plan_no_memory(err);
	}
	r = read_action(&action, &seccomp->default_action, err);
	if (r == 0) {
		r = read_architectures(work, seccomp, err);
	}
	if (r == 0) {
		r = read_flags(work, err);
	}
	if (r == 0) {
		r = read_calls(work, seccomp, err);
	}
	if (r == 0) {
		r = read_listener(work, seccomp, err);
	}
	seccomp->is_unknown_refused =
		plan_annotation_is_set(work->spec, "run.oci.seccomp_fail_unknown_syscall");
	work->plan->host.seccomp = seccomp;
	return r;
}
