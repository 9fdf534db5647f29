/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes before libseccomp's program, on every architecture that config-linux.md names, without libseccomp: so
 * that those of another byte order than this machine's are run as well. Behind it stands a filter that answers ALLOW.
 */
#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <seccomp.h>

#include "base/str.h"
#include "bpf.h"
#include "host/seccomp_newer.h"

enum {
	X32_BIT = 0x40000000,
	EPERM_ANSWER = SECCOMP_RET_ERRNO | EPERM,
	ENOSYS_ANSWER = SECCOMP_RET_ERRNO | ENOSYS,
};

/* Each with the highest number of a profile of its own. */
static const struct host_newer_architecture all[] = {
	{AUDIT_ARCH_I386, 435},
	{AUDIT_ARCH_X86_64, 439},
	{AUDIT_ARCH_ARM, 398},
	{AUDIT_ARCH_AARCH64, 437},
	{AUDIT_ARCH_LOONGARCH64, 441},
	{AUDIT_ARCH_M68K, 430},
	{AUDIT_ARCH_MIPS, 4437},
	{AUDIT_ARCH_MIPS64, 5437},
	{AUDIT_ARCH_MIPS64N32, 6437},
	{AUDIT_ARCH_MIPSEL, 4439},
	{AUDIT_ARCH_MIPSEL64, 5439},
	{AUDIT_ARCH_MIPSEL64N32, 6439},
	{AUDIT_ARCH_PPC, 433},
	{AUDIT_ARCH_PPC64, 434},
	{AUDIT_ARCH_PPC64LE, 436},
	{AUDIT_ARCH_S390, 438},
	{AUDIT_ARCH_S390X, 440},
	{AUDIT_ARCH_SH, 442},
	{AUDIT_ARCH_SHEL, 443},
	{AUDIT_ARCH_PARISC, 444},
	{AUDIT_ARCH_PARISC64, 445},
	{AUDIT_ARCH_RISCV64, 446},
};

static void add(struct host_newer *newer, uint32_t token, int highest)
{
	assert_int_equal(host_newer_add(newer, token), 0);
	host_newer_note(newer, newer->count - 1, highest);
	/* Lower ones, and none, change nothing. */
	host_newer_note(newer, newer->count - 1, highest - 1);
	host_newer_note(newer, newer->count - 1, -10001);
}

static void add_all(struct host_newer *newer)
{
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		add(newer, all[i].token, all[i].highest);
	}
}

static uint32_t answer(
	const struct host_newer *newer, uint32_t action, uint32_t token, uint32_t number)
{
	struct sock_filter program[HOST_NEWER_INSTRUCTIONS_MAX + 1] = {0};
	const struct seccomp_data data = {.nr = (int)number, .arch = token};
	size_t count = host_newer_calls(newer, action, program);

	assert_true(count <= HOST_NEWER_INSTRUCTIONS_MAX);
	program[count] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return (uint32_t)bpf_run(program, count + 1, &data, NULL);
}

static void expect(const struct host_newer *newer, uint32_t token, uint32_t number, bool is_newer)
{
	uint32_t wanted = is_newer ? (uint32_t)ENOSYS_ANSWER : (uint32_t)SECCOMP_RET_ALLOW;

	if (answer(newer, EPERM_ANSWER, token, number) != wanted) {
		fail_msg("architecture %x, call %u: is newer: %d", token, number, !is_newer);
	}
}

/* The highest call of each, the next one, and those of an architecture that is not in the filter. */
static void test_each_architecture(void **state)
{
	struct host_newer newer = {0};

	(void)state;
	add_all(&newer);
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		uint32_t highest = (uint32_t)all[i].highest;

		expect(&newer, all[i].token, 1, false);
		expect(&newer, all[i].token, highest, false);
		expect(&newer, all[i].token, highest + 1, true);
		expect(&newer, all[i].token, highest + 500, true);
	}
	expect(&newer, 0, 5000, false);
}

/* One of which the profile names no call means nothing newer either. */
static void test_nothing_named(void **state)
{
	struct host_newer newer = {0};

	(void)state;
	add(&newer, AUDIT_ARCH_X86_64, 439);
	assert_int_equal(host_newer_add(&newer, AUDIT_ARCH_AARCH64), 0);
	host_newer_note(&newer, 1, -1);
	expect(&newer, AUDIT_ARCH_X86_64, 440, true);
	expect(&newer, AUDIT_ARCH_AARCH64, 5000, false);
}

/* The private calls of arm are far above: they are not the highest of a row, and none is newer. */
static void test_arm(void **state)
{
	struct host_newer newer = {0};

	(void)state;
	add(&newer, AUDIT_ARCH_ARM, 397);
	host_newer_note(&newer, 0, 0x0f0002); /* cacheflush */
	host_newer_note(&newer, 0, 0x0f0005); /* set_tls */
	expect(&newer, AUDIT_ARCH_ARM, 397, false);
	expect(&newer, AUDIT_ARCH_ARM, 398, true);
	expect(&newer, AUDIT_ARCH_ARM, 0x0effff, true);
	expect(&newer, AUDIT_ARCH_ARM, 0x0f0002, false);
	expect(&newer, AUDIT_ARCH_ARM, 0x0f0006, false);
}

/* What the kernel does not know comes as number 0. */
static void test_s390(void **state)
{
	static const uint32_t tokens[] = {AUDIT_ARCH_S390, AUDIT_ARCH_S390X};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(tokens); i++) {
		struct host_newer newer = {0};

		add(&newer, tokens[i], 439);
		expect(&newer, tokens[i], 0, true);
		expect(&newer, tokens[i], 1, false);
		expect(&newer, tokens[i], 440, true);
	}
}

static void test_x32(void **state)
{
	struct host_newer newer = {0};

	(void)state;
	add(&newer, AUDIT_ARCH_X86_64, 439);
	expect(&newer, AUDIT_ARCH_X86_64, X32_BIT - 1, true);
	expect(&newer, AUDIT_ARCH_X86_64, X32_BIT, false);
	expect(&newer, AUDIT_ARCH_X86_64, X32_BIT + 5000, false);
	add(&newer, SCMP_ARCH_X32, X32_BIT + 547);
	expect(&newer, AUDIT_ARCH_X86_64, 440, true);
	expect(&newer, AUDIT_ARCH_X86_64, X32_BIT + 547, false);
	expect(&newer, AUDIT_ARCH_X86_64, X32_BIT + 548, true);
}

/* ENOSYS stands in the place of another errno, and of nothing else. */
static void test_default_actions(void **state)
{
	static const uint32_t others[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP, SECCOMP_RET_TRACE | 5, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
		ENOSYS_ANSWER};
	struct sock_filter program[HOST_NEWER_INSTRUCTIONS_MAX];
	struct host_newer newer = {0};

	(void)state;
	add_all(&newer);
	assert_int_equal(
		answer(&newer, SECCOMP_RET_ERRNO, AUDIT_ARCH_AARCH64, 5000), ENOSYS_ANSWER);
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		assert_int_equal(host_newer_calls(&newer, others[i], program), 0);
	}
}

static void test_too_many(void **state)
{
	struct host_newer newer = {0};

	(void)state;
	for (uint32_t i = 0; i < HOST_NEWER_ARCHITECTURES_MAX; i++) {
		add(&newer, 1000 + i, 100);
	}
	assert_int_equal(host_newer_add(&newer, 1), -EINVAL);
	assert_true(host_newer_has(&newer, 1000));
	assert_false(host_newer_has(&newer, 1));
	/* The jumps reach from the first block to the end. */
	expect(&newer, 1000, 100, false);
	expect(&newer, 1000 + HOST_NEWER_ARCHITECTURES_MAX - 1, 101, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_architecture),
		cmocka_unit_test(test_nothing_named),
		cmocka_unit_test(test_arm),
		cmocka_unit_test(test_s390),
		cmocka_unit_test(test_x32),
		cmocka_unit_test(test_default_actions),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
