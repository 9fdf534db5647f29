/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp compiler: rules as plain data in, a program out, which is run here on calls of every number
 * and kind. The numbers are those of x86_64; on other machines the tests that need them are skipped.
 */
#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "bpf.h"
#include "host/host.h"

#ifdef __x86_64__
enum { NATIVE = AUDIT_ARCH_X86_64, IS_X86_64 = 1 };
#else
enum { NATIVE = 0, IS_X86_64 = 0 };
#endif

enum {
	X32_BIT = 0x40000000,
	EPERM_ANSWER = SECCOMP_RET_ERRNO | EPERM,
	ENOSYS_ANSWER = SECCOMP_RET_ERRNO | ENOSYS,
};

struct filter {
	struct arena arena;
	struct berth_error err;
	struct wire_bytes program;
	int r;
};

static void filter_make(struct filter *filter, const struct host_seccomp *seccomp)
{
	memset(filter, 0, sizeof(*filter));
	arena_init(&filter->arena, 1 << 22);
	filter->r = host_seccomp_compile(seccomp, &filter->arena, &filter->program, &filter->err);
	if (filter->r == 0) {
		assert_true(filter->program.length > 0);
		assert_int_equal(filter->program.length % sizeof(struct sock_filter), 0);
		assert_true(filter->program.length <= BPF_MAXINSNS * sizeof(struct sock_filter));
	}
}

static void filter_finish(struct filter *filter)
{
	arena_finish(&filter->arena);
}

#define autofilter __attribute__((cleanup(filter_finish)))

static uint32_t run(const struct filter *filter, const struct seccomp_data *data)
{
	int64_t answer = bpf_run(filter->program.data,
		filter->program.length / sizeof(struct sock_filter), data, NULL);

	assert_int_equal(filter->r, 0);
	assert_true(answer >= 0);
	return (uint32_t)answer;
}

static uint32_t run_call(const struct filter *filter, uint32_t arch, long number)
{
	const struct seccomp_data data = {.nr = (int)number, .arch = arch};

	return run(filter, &data);
}

static void need_x86_64(void)
{
	if (!IS_X86_64) {
		skip();
	}
}

static void test_actions(void **state)
{
	static const uint32_t actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 0, SECCOMP_RET_ERRNO | 4094,
		SECCOMP_RET_TRACE | 7, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};

	(void)state;
	need_x86_64();
	for (size_t i = 0; i < ARRAY_COUNT(actions); i++) {
		for (size_t j = 0; j < ARRAY_COUNT(actions); j++) {
			const struct host_seccomp_rule rules[] = {
				{.name = "read", .action = actions[j], .pointer = "/x"},
			};
			const struct host_seccomp seccomp = {
				.default_action = actions[i], .rules = rules, .rule_count = 1};
			autofilter struct filter filter;

			filter_make(&filter, &seccomp);
			assert_int_equal(run_call(&filter, NATIVE, SYS_read), actions[j]);
			/* read is 0, the lowest number: all below the highest is 0 itself. */
			if ((actions[i] & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO) {
				assert_int_equal(run_call(&filter, NATIVE, SYS_write), actions[i]);
			}
			assert_int_equal(run_call(&filter, AUDIT_ARCH_AARCH64, SYS_read),
				SECCOMP_RET_KILL_THREAD);
		}
	}
}

static int holds(uint32_t op, uint64_t value, uint64_t a, uint64_t b)
{
	switch (op) {
	case HOST_SECCOMP_NE:
		return value != a;
	case HOST_SECCOMP_LT:
		return value < a;
	case HOST_SECCOMP_LE:
		return value <= a;
	case HOST_SECCOMP_EQ:
		return value == a;
	case HOST_SECCOMP_GE:
		return value >= a;
	case HOST_SECCOMP_GT:
		return value > a;
	default:
		return (value & a) == b;
	}
}

/* Each operator, on each argument, with 64 bits. */
static void test_operators(void **state)
{
	static const uint64_t values[] = {0, 1, 5, 6, 7, 0xffffffff, 0x100000000, 0x100000005,
		0x100000006, 0x500000000, UINT64_MAX - 1, UINT64_MAX};
	static const uint64_t data[][2] = {{6, 4}, {0x100000006, 0x100000004}, {UINT64_MAX, 5},
		{0xffffffff00000000, 0x100000000}};

	(void)state;
	need_x86_64();
	for (uint32_t n = 0; n < HOST_SECCOMP_OP_COUNT * ARRAY_COUNT(data); n++) {
		uint32_t op = n % HOST_SECCOMP_OP_COUNT;
		uint32_t index = n % HOST_SECCOMP_ARGS_MAX;
		const uint64_t *datum = data[n / HOST_SECCOMP_OP_COUNT];
		const struct host_seccomp_arg arg = {index, op, datum[0], datum[1]};
		const struct host_seccomp_rule rule = {"mmap", EPERM_ANSWER, &arg, 1, "/x"};
		const struct host_seccomp seccomp = {
			.default_action = SECCOMP_RET_ALLOW, .rules = &rule, .rule_count = 1};
		autofilter struct filter filter;

		filter_make(&filter, &seccomp);
		for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
			struct seccomp_data call = {.nr = SYS_mmap, .arch = NATIVE};
			uint32_t wanted = holds(op, values[i], datum[0], datum[1])
						  ? (uint32_t)EPERM_ANSWER
						  : (uint32_t)SECCOMP_RET_ALLOW;

			call.args[index] = values[i];
			if (run(&filter, &call) != wanted) {
				fail_msg("operator %u, %llx and %llx, argument %llx", op,
					(unsigned long long)datum[0], (unsigned long long)datum[1],
					(unsigned long long)values[i]);
			}
		}
	}
}

/* All conditions of a rule must hold; two rules are two ways. */
static void test_and_or(void **state)
{
	static const struct host_seccomp_arg both[] = {
		{0, HOST_SECCOMP_EQ, 1, 0}, {2, HOST_SECCOMP_GT, 9, 0}};
	static const struct host_seccomp_arg other[] = {{1, HOST_SECCOMP_EQ, 3, 0}};
	static const struct host_seccomp_rule rules[] = {
		{"mmap", SECCOMP_RET_ALLOW, both, 2, "/x"},
		{"mmap", SECCOMP_RET_ALLOW, other, 1, "/x"},
	};
	static const struct host_seccomp seccomp = {
		.default_action = SECCOMP_RET_KILL_PROCESS, .rules = rules, .rule_count = 2};
	static const struct {
		uint64_t args[3];
		uint32_t answer;
	} cases[] = {
		{{1, 0, 10}, SECCOMP_RET_ALLOW},
		{{1, 0, 9}, SECCOMP_RET_KILL_PROCESS},
		{{0, 0, 10}, SECCOMP_RET_KILL_PROCESS},
		{{0, 3, 0}, SECCOMP_RET_ALLOW},
		{{1, 3, 10}, SECCOMP_RET_ALLOW},
	};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	filter_make(&filter, &seccomp);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct seccomp_data call = {.nr = SYS_mmap, .arch = NATIVE};

		memcpy(call.args, cases[i].args, sizeof(cases[i].args));
		assert_int_equal(run(&filter, &call), cases[i].answer);
	}
}

/* Names that nobody knows, rules that say what the default says, rules that are there twice. */
static void test_rules_that_add_nothing(void **state)
{
	static const struct host_seccomp_rule rules[] = {
		{.name = "call_of_the_future", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "getpid", .action = EPERM_ANSWER, .pointer = "/x"},
		{.name = "getppid", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "getppid", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
	};
	static const struct host_seccomp seccomp = {
		.default_action = EPERM_ANSWER, .rules = rules, .rule_count = ARRAY_COUNT(rules)};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	filter_make(&filter, &seccomp);
	assert_int_equal(run_call(&filter, NATIVE, SYS_getpid), EPERM_ANSWER);
	assert_int_equal(run_call(&filter, NATIVE, SYS_getppid), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, NATIVE, SYS_read), EPERM_ANSWER);
}

/* Every number, in a profile as large as an engine's. */
static void test_every_number(void **state)
{
	static const char *const architectures[] = {"x86_64", "x86", "x32"};
	static const char *const names[] = {"read", "write", "open", "close", "mmap", "mprotect",
		"munmap", "brk", "ioctl", "readv", "writev", "pipe", "select", "madvise", "dup",
		"nanosleep", "getpid", "socket", "connect", "clone", "fork", "execve", "exit",
		"kill", "uname", "fcntl", "getdents64", "openat", "pipe2", "epoll_wait", "gettid",
		"futex", "exit_group", "statx", "clone3", "openat2", "faccessat2"};
	static const long numbers[] = {0, 1, 2, 3, 9, 10, 11, 12, 16, 19, 20, 22, 23, 28, 32, 35,
		39, 41, 42, 56, 57, 59, 60, 62, 63, 72, 217, 257, 293, 232, 186, 202, 231, 332, 435,
		437, 439};
	struct host_seccomp_rule rules[ARRAY_COUNT(names)] = {0};
	const struct host_seccomp seccomp = {.default_action = EPERM_ANSWER,
		.architectures = architectures,
		.architecture_count = 3,
		.rules = rules,
		.rule_count = ARRAY_COUNT(rules)};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	_Static_assert(ARRAY_COUNT(names) == ARRAY_COUNT(numbers), "a number for each name");
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		rules[i] = (struct host_seccomp_rule){
			.name = names[i], .action = SECCOMP_RET_ALLOW, .pointer = "/x"};
	}
	filter_make(&filter, &seccomp);
	for (long number = 0; number < 1000; number++) {
		uint32_t wanted = number > 439 ? ENOSYS_ANSWER : EPERM_ANSWER;

		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
			wanted = numbers[i] == number ? SECCOMP_RET_ALLOW : wanted;
		}
		if (run_call(&filter, NATIVE, number) != wanted) {
			fail_msg("number %ld: %x", number, run_call(&filter, NATIVE, number));
		}
	}
	/* i386: fork 2, getpid 20, faccessat2 439; x32: its own numbers from 512 up. */
	assert_int_equal(run_call(&filter, AUDIT_ARCH_I386, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_I386, 20), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_I386, 21), EPERM_ANSWER);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_I386, 440), ENOSYS_ANSWER);
	assert_int_equal(run_call(&filter, NATIVE, X32_BIT + 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, NATIVE, X32_BIT + 520), SECCOMP_RET_ALLOW); /* execve */
	assert_int_equal(run_call(&filter, NATIVE, X32_BIT + 4), EPERM_ANSWER);
	assert_int_equal(run_call(&filter, NATIVE, X32_BIT + 2000), ENOSYS_ANSWER);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_AARCH64, 0), SECCOMP_RET_KILL_THREAD);
}

/* Other architectures in the filter: the numbers are theirs. openat2 is 437 on these but for mips, where a range
 * begins at 5000; private calls of arm are above all. */
static void test_other_architectures(void **state)
{
	static const char *const architectures[] = {
		"arm", "aarch64", "riscv64", "ppc64le", "mipsel64"};
	static const struct host_seccomp_rule rules[] = {
		{.name = "openat2", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "cacheflush", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "set_tls", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
	};
	static const struct host_seccomp seccomp = {.default_action = EPERM_ANSWER,
		.architectures = architectures,
		.architecture_count = ARRAY_COUNT(architectures),
		.rules = rules,
		.rule_count = ARRAY_COUNT(rules)};
	static const struct {
		uint32_t arch;
		long openat2;
	} cases[] = {
		{NATIVE, 437},
		{AUDIT_ARCH_ARM, 437},
		{AUDIT_ARCH_AARCH64, 437},
		{AUDIT_ARCH_RISCV64, 437},
		{AUDIT_ARCH_PPC64LE, 437},
		{AUDIT_ARCH_MIPSEL64, 5437},
	};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	filter_make(&filter, &seccomp);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		long number = cases[i].openat2;

		assert_int_equal(run_call(&filter, cases[i].arch, number - 1), EPERM_ANSWER);
		assert_int_equal(run_call(&filter, cases[i].arch, number), SECCOMP_RET_ALLOW);
		assert_int_equal(run_call(&filter, cases[i].arch, number + 1), ENOSYS_ANSWER);
	}
	assert_int_equal(run_call(&filter, AUDIT_ARCH_ARM, 0x0f0002), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_ARM, 0x0f0005), SECCOMP_RET_ALLOW);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_ARM, 0x0f0001), EPERM_ANSWER);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_AARCH64, 0x0f0002), ENOSYS_ANSWER);
	assert_int_equal(run_call(&filter, AUDIT_ARCH_I386, 437), SECCOMP_RET_KILL_THREAD);
}

static uint32_t answer_to(uint32_t default_action, uint32_t arch, long number)
{
	static const struct host_seccomp_rule rules[] = {
		{.name = "openat", .action = SECCOMP_RET_ALLOW, .pointer = "/x"},
		{.name = "mkdir", .action = SECCOMP_RET_KILL_PROCESS, .pointer = "/x"},
	};
	const struct host_seccomp seccomp = {
		.default_action = default_action, .rules = rules, .rule_count = 2};
	autofilter struct filter filter;

	filter_make(&filter, &seccomp);
	return run_call(&filter, arch, number);
}

/* Calls above the highest one that is named: ENOSYS in the place of another errno, and of nothing else. */
static void test_newer_calls(void **state)
{
	(void)state;
	need_x86_64();
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, SYS_openat - 1), EPERM_ANSWER);
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, SYS_openat), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, SYS_openat + 1), ENOSYS_ANSWER);
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, X32_BIT - 1), ENOSYS_ANSWER);
	/* x32 is not permitted, and killed as it is without this; -1 is no call at all. */
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, X32_BIT), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_to(EPERM_ANSWER, NATIVE, X32_BIT + 5000), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_to(EPERM_ANSWER, AUDIT_ARCH_I386, 5000), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_to(ENOSYS_ANSWER, NATIVE, 5000), ENOSYS_ANSWER);
	assert_int_equal(answer_to(SECCOMP_RET_ERRNO, NATIVE, 5000), ENOSYS_ANSWER);
	assert_int_equal(
		answer_to(SECCOMP_RET_KILL_PROCESS, NATIVE, 5000), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(answer_to(SECCOMP_RET_TRAP, NATIVE, 5000), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(SECCOMP_RET_LOG, NATIVE, 5000), SECCOMP_RET_LOG);
	assert_int_equal(answer_to(SECCOMP_RET_TRACE | 5, NATIVE, 5000), SECCOMP_RET_TRACE | 5);
}

/* A profile that names nothing means nothing newer either. */
static void test_no_rules(void **state)
{
	static const struct host_seccomp seccomp = {.default_action = EPERM_ANSWER};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	filter_make(&filter, &seccomp);
	assert_int_equal(run_call(&filter, NATIVE, 0), EPERM_ANSWER);
	assert_int_equal(run_call(&filter, NATIVE, 5000), EPERM_ANSWER);
}

static void expect_refused(const struct host_seccomp *seccomp, int error_class, const char *pointer,
	const char *message)
{
	autofilter struct filter filter;

	filter_make(&filter, seccomp);
	assert_true(filter.r < 0);
	assert_int_equal(filter.err.error_class, error_class);
	assert_string_equal(filter.err.pointer, pointer);
	assert_non_null(strstr(filter.err.message, message));
	assert_null(filter.program.data);
}

static void test_architectures_refused(void **state)
{
	static const char *const names[] = {"x86_64", "nosuch"};
	static const char *const big_endian[] = {"x86_64", "x86", "s390x"};
	struct host_seccomp seccomp = {.default_action = SECCOMP_RET_ALLOW,
		.architectures = names,
		.architecture_count = 2};

	(void)state;
	need_x86_64();
	expect_refused(&seccomp, BERTH_ERROR_UNSUPPORTED, "/linux/seccomp/architectures/1",
		"nosuch is not known");
	seccomp.architectures = big_endian;
	seccomp.architecture_count = 3;
	expect_refused(&seccomp, BERTH_ERROR_UNSUPPORTED, "/linux/seccomp/architectures/2",
		"s390x cannot be in one filter");
}

/* More instructions than the kernel takes. */
static void test_too_long(void **state)
{
	enum { COUNT = 4000 };
	static struct host_seccomp_arg args[COUNT];
	static struct host_seccomp_rule rules[COUNT];
	const struct host_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW, .rules = rules, .rule_count = COUNT};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		args[i] = (struct host_seccomp_arg){0, HOST_SECCOMP_EQ, i << 32 | i, 0};
		rules[i] = (struct host_seccomp_rule){"close", EPERM_ANSWER, &args[i], 1, "/x"};
	}
	expect_refused(&seccomp, BERTH_ERROR_CONFIG, "/linux/seccomp", "the kernel takes 4096");
}

/* Two rules of one condition that contradict each other are named. A rule without a condition goes before those
 * with one, wherever it stands: so libseccomp has it. */
static void test_contradiction(void **state)
{
	static const struct host_seccomp_arg arg = {0, HOST_SECCOMP_EQ, 7, 0};
	static const struct host_seccomp_rule rules[] = {
		{"close", EPERM_ANSWER, &arg, 1, "/linux/seccomp/syscalls/0"},
		{"close", ENOSYS_ANSWER, &arg, 1, "/linux/seccomp/syscalls/1"},
	};
	static const struct host_seccomp_rule general[] = {
		{"close", SECCOMP_RET_KILL_PROCESS, &arg, 1, "/linux/seccomp/syscalls/0"},
		{"close", EPERM_ANSWER, NULL, 0, "/linux/seccomp/syscalls/1"},
	};
	struct host_seccomp seccomp = {
		.default_action = SECCOMP_RET_ALLOW, .rules = rules, .rule_count = 2};
	struct seccomp_data call = {.nr = SYS_close, .arch = NATIVE, .args = {7}};
	autofilter struct filter filter;

	(void)state;
	need_x86_64();
	expect_refused(&seccomp, BERTH_ERROR_CONFIG, "/linux/seccomp/syscalls/1",
		"close: the same condition has another action");
	seccomp.rules = general;
	filter_make(&filter, &seccomp);
	assert_int_equal(run(&filter, &call), EPERM_ANSWER);
}

/* A key of a filter, in memory of `arena`. */
static struct wire_bytes key_of(struct arena *arena, const struct host_seccomp *seccomp)
{
	struct wire_bytes key = {0};

	assert_int_equal(host_seccomp_key(seccomp, arena, &key), 0);
	assert_true(key.length > 0);
	return key;
}

/* Filters that differ in one thing, or have the same texts with other ends. */
static void test_keys(void **state)
{
	static const struct host_seccomp_arg arg = {1, HOST_SECCOMP_EQ, 2, 3};
	static const struct host_seccomp_arg args[][2] = {{{0, HOST_SECCOMP_EQ, 2, 3}},
		{{1, HOST_SECCOMP_NE, 2, 3}}, {{1, HOST_SECCOMP_EQ, 4, 3}},
		{{1, HOST_SECCOMP_EQ, 2, 4}}, {{1, HOST_SECCOMP_EQ, 2, 3}, {0}}};
	static const char *const x86[] = {"x86", "x32"};
	static const char *const x32[] = {"x32", "x86"};
	static const struct host_seccomp_rule rules[][2] = {
		{{"ab", EPERM_ANSWER, &arg, 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"a", EPERM_ANSWER, &arg, 1, "/x"}, {"bc", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", ENOSYS_ANSWER, &arg, 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, &arg, 0, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, args[0], 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, args[1], 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, args[2], 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, args[3], 1, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
		{{"ab", EPERM_ANSWER, args[4], 2, "/x"}, {"c", EPERM_ANSWER, &arg, 1, "/x"}},
	};
	enum { OTHERS = 6, COUNT = ARRAY_COUNT(rules) + OTHERS };
	struct host_seccomp filters[COUNT] = {
		{.default_action = SECCOMP_RET_LOG, .rules = rules[0], .rule_count = 2},
		{.is_unknown_refused = true, .rules = rules[0], .rule_count = 2},
		{.rules = rules[0], .rule_count = 1},
		{.architectures = x86, .architecture_count = 1},
		{.architectures = x86, .architecture_count = 2},
		{.architectures = x32, .architecture_count = 2},
	};
	struct wire_bytes keys[COUNT];
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < COUNT; i++) {
		if (i >= OTHERS) {
			filters[i].rules = rules[i - OTHERS];
			filters[i].rule_count = 2;
		}
		keys[i] = key_of(&arena, &filters[i]);
		for (size_t j = 0; j < i; j++) {
			assert_true(keys[i].length != keys[j].length ||
				    memcmp(keys[i].data, keys[j].data, keys[i].length) != 0);
		}
		/* The same again is the same. */
		assert_memory_equal(keys[i].data, key_of(&arena, &filters[i]).data, keys[i].length);
	}
	/* What is no matter of the program: where a rule stands in the config, and who listens. */
	filters[0].listener_path = "/run/agent";
	assert_memory_equal(keys[0].data, key_of(&arena, &filters[0]).data, keys[0].length);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_and_or),
		cmocka_unit_test(test_rules_that_add_nothing),
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_other_architectures),
		cmocka_unit_test(test_newer_calls),
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_architectures_refused),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
