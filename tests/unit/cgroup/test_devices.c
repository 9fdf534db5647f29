/* SPDX-License-Identifier: Apache-2.0 */
/* The device filter's program, run by a small interpreter, and by the kernel's verifier where it may be
 * loaded. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum { ANY = -1, BLOCK = BPF_DEVCG_DEV_BLOCK, CHAR = BPF_DEVCG_DEV_CHAR };

static bool jumps(const struct bpf_insn *insn, const uint64_t *registers)
{
	bool is_32 = BPF_CLASS(insn->code) == BPF_JMP32;
	uint64_t left = registers[insn->dst_reg];
	uint64_t right = (uint64_t)(int64_t)insn->imm;

	if (is_32) {
		left = (uint32_t)left;
		right = (uint32_t)right;
	}
	return BPF_OP(insn->code) == BPF_JNE ? left != right : left == right;
}

/* The few instructions that the program is made of. */
static void step(const struct bpf_insn *insn, uint64_t *registers, const char *context)
{
	uint32_t word;

	switch (insn->code) {
	case BPF_LDX | BPF_MEM | BPF_W:
		assert_int_equal(insn->src_reg, BPF_REG_1);
		memcpy(&word, context + insn->off, sizeof(word));
		registers[insn->dst_reg] = word;
		return;
	case BPF_ALU64 | BPF_MOV | BPF_X:
		registers[insn->dst_reg] = registers[insn->src_reg];
		return;
	case BPF_ALU64 | BPF_MOV | BPF_K:
		registers[insn->dst_reg] = (uint64_t)(int64_t)insn->imm;
		return;
	case BPF_ALU | BPF_AND | BPF_K:
		registers[insn->dst_reg] = (uint32_t)registers[insn->dst_reg] & (uint32_t)insn->imm;
		return;
	case BPF_ALU | BPF_RSH | BPF_K:
		registers[insn->dst_reg] = (uint32_t)registers[insn->dst_reg] >> insn->imm;
		return;
	default:
		fail_msg("instruction %02x", insn->code);
	}
}

static uint64_t run(const struct host_devices *devices, const struct bpf_cgroup_dev_ctx *context)
{
	autoarena struct arena arena;
	struct bpf_insn *program = NULL;
	uint64_t registers[11] = {0};
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	assert_int_equal(cgroup_devices_program(devices, &arena, &program, &count), 0);
	for (size_t i = 0; i < count; i++) {
		const struct bpf_insn *insn = &program[i];
		uint8_t kind = BPF_CLASS(insn->code);

		if (insn->code == (BPF_JMP | BPF_EXIT)) {
			return registers[0];
		}
		if (kind == BPF_JMP || kind == BPF_JMP32) {
			assert_true(insn->off >= 0);
			i += jumps(insn, registers) ? (size_t)insn->off : 0;
		} else {
			step(insn, registers, (const char *)context);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

static bool is_allowed(const struct host_devices *devices, uint32_t type, uint32_t major,
	uint32_t minor, uint32_t access)
{
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = access << 16 | type, .major = major, .minor = minor};

	return run(devices, &context) == 1;
}

static const struct host_device_rule rules[] = {
	{.is_block = false, .major = ANY, .minor = ANY, .access = HOST_DEVICE_MKNOD},
	{.is_block = false, .major = 1, .minor = 3, .access = HOST_DEVICE_ALL},
	{.is_block = true, .major = 8, .minor = ANY, .access = HOST_DEVICE_READ},
	{.is_block = false, .major = UINT32_MAX, .minor = UINT32_MAX, .access = HOST_DEVICE_ALL},
};

static void test_denied_but(void **state)
{
	const struct host_devices devices = {.rules = rules, .count = 4};

	(void)state;
	assert_true(is_allowed(&devices, CHAR, 1, 3, HOST_DEVICE_READ | HOST_DEVICE_WRITE));
	assert_true(is_allowed(&devices, CHAR, 1, 3, HOST_DEVICE_ALL));
	assert_true(is_allowed(&devices, CHAR, 9, 9, HOST_DEVICE_MKNOD));
	assert_true(is_allowed(&devices, BLOCK, 8, 77, HOST_DEVICE_READ));
	assert_true(is_allowed(&devices, CHAR, UINT32_MAX, UINT32_MAX, HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, BLOCK, 1, 3, HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, BLOCK, 9, 9, HOST_DEVICE_MKNOD));
	assert_false(is_allowed(&devices, CHAR, 1, 4, HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, CHAR, 2, 3, HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, CHAR, 9, 9, HOST_DEVICE_MKNOD | HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, BLOCK, 8, 77, HOST_DEVICE_READ | HOST_DEVICE_WRITE));
	assert_false(is_allowed(&devices, CHAR, 8, 77, HOST_DEVICE_READ));
}

static void test_allowed_but(void **state)
{
	const struct host_devices devices = {.is_allowed = true, .rules = rules, .count = 4};

	(void)state;
	assert_false(is_allowed(&devices, CHAR, 1, 3, HOST_DEVICE_READ));
	assert_false(is_allowed(&devices, CHAR, 5, 5, HOST_DEVICE_MKNOD));
	assert_false(is_allowed(&devices, BLOCK, 8, 0, HOST_DEVICE_READ | HOST_DEVICE_WRITE));
	assert_true(is_allowed(&devices, BLOCK, 8, 0, HOST_DEVICE_WRITE));
	assert_true(is_allowed(&devices, CHAR, 5, 5, HOST_DEVICE_READ | HOST_DEVICE_WRITE));
	assert_true(is_allowed(&devices, BLOCK, 1, 3, HOST_DEVICE_ALL));
}

static void test_nothing_but_the_default(void **state)
{
	const struct host_devices denied = {0};
	const struct host_devices allowed = {.is_allowed = true};

	(void)state;
	assert_false(is_allowed(&denied, CHAR, 1, 3, HOST_DEVICE_MKNOD));
	assert_true(is_allowed(&allowed, CHAR, 1, 3, HOST_DEVICE_ALL));
}

/* C7: what the kernel writes back stays inside what it was given. */
static void test_kernel_takes_it(void **state)
{
	struct {
		union bpf_attr attr;
		unsigned char canary[64];
	} guarded;
	const struct host_devices sets[] = {{.rules = rules, .count = 4},
		{.is_allowed = true, .rules = rules, .count = 4}, {0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++) {
		autoarena struct arena arena;
		struct bpf_insn *program = NULL;
		size_t count = 0;
		autofd int fd = -1;

		arena_init(&arena, 1 << 20);
		assert_int_equal(cgroup_devices_program(&sets[i], &arena, &program, &count), 0);
		memset(&guarded, 0, sizeof(guarded));
		memset(guarded.canary, 0x5a, sizeof(guarded.canary));
		guarded.attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
		guarded.attr.insns = (uint64_t)(uintptr_t)program;
		guarded.attr.insn_cnt = (uint32_t)count;
		guarded.attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
		fd = sys_bpf(BPF_PROG_LOAD, &guarded.attr);
		if (fd == -EPERM || fd == -ENOSYS) {
			print_message("# bpf(2) may not be used here\n");
			skip();
		}
		assert_true(fd >= 0);
		for (size_t c = 0; c < sizeof(guarded.canary); c++) {
			assert_int_equal(guarded.canary[c], 0x5a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied_but),
		cmocka_unit_test(test_allowed_but),
		cmocka_unit_test(test_nothing_but_the_default),
		cmocka_unit_test(test_kernel_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
