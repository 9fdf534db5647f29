/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device filter of version 2: a program of type BPF_PROG_TYPE_CGROUP_DEVICE (bpf(2), linux/bpf.h,
 * struct bpf_cgroup_dev_ctx), which the kernel runs at each mknod(2) and open(2) of a device by a process
 * inside, and which returns 1 to allow it. Those of the cgroups above must allow it as well.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/inside.h"
#include "sys/file.h"

enum {
	HEAD_INSNS = 6,
	RULE_INSNS_MAX = 8,
	TAIL_INSNS = 2,
	TYPE_BLOCK = BPF_DEVCG_DEV_BLOCK,
	TYPE_CHAR = BPF_DEVCG_DEV_CHAR,
	PROGRAMS_MAX = 64, /* that the kernel attaches to a cgroup in one place */
};

/* By this the filter of an earlier container is told from those of others. */
static const char program_name[] = "berth_devices";

_Static_assert(sizeof(program_name) <= BPF_OBJ_NAME_LEN, "program name");

_Static_assert((int)HOST_DEVICE_MKNOD == (int)BPF_DEVCG_ACC_MKNOD, "mknod");
_Static_assert((int)HOST_DEVICE_READ == (int)BPF_DEVCG_ACC_READ, "read");
_Static_assert((int)HOST_DEVICE_WRITE == (int)BPF_DEVCG_ACC_WRITE, "write");

/* What the head of the program leaves in the registers. R0 is a rule's own. */
enum { CONTEXT = BPF_REG_1, TYPE, ACCESS, MAJOR, MINOR };

struct program {
	struct bpf_insn *insns;
	size_t count;
};

static void emit(struct program *program, uint8_t code, unsigned int target, unsigned int source,
	int32_t immediate)
{
	program->insns[program->count++] = (struct bpf_insn){
		.code = code,
		.dst_reg = target & 0xf,
		.src_reg = source & 0xf,
		.imm = immediate,
	};
}

static void emit_load(struct program *program, unsigned int target, size_t offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_W, target, CONTEXT, 0);
	program->insns[program->count - 1].off = (int16_t)offset;
}

/* Type and access are the halves of one number. */
static void emit_head(struct program *program)
{
	emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(program, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0);
	emit(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
	emit(program, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
	emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static void emit_return(struct program *program, int32_t value)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, value);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* A rule allows what asks for nothing beyond its access, and denies what asks for any of it. Each test
 * that fails jumps behind the rule; how far that is, is known at its end. */
static void emit_rule(
	struct program *program, const struct host_device_rule *rule, bool is_allowed_else)
{
	size_t first = program->count;

	emit(program, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, rule->is_block ? TYPE_BLOCK : TYPE_CHAR);
	if (is_allowed_else) {
		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, ACCESS, 0);
		emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, 0, (int32_t)rule->access);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0);
	} else if (rule->access != HOST_DEVICE_ALL) {
		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, ACCESS, 0);
		emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, 0,
			(int32_t)(HOST_DEVICE_ALL & ~rule->access));
		emit(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0);
	}
	if (rule->major >= 0) {
		emit(program, BPF_JMP32 | BPF_JNE | BPF_K, MAJOR, 0, (int32_t)rule->major);
	}
	if (rule->minor >= 0) {
		emit(program, BPF_JMP32 | BPF_JNE | BPF_K, MINOR, 0, (int32_t)rule->minor);
	}
	emit_return(program, is_allowed_else ? 0 : 1);
	for (size_t i = first; i < program->count; i++) {
		struct bpf_insn *insn = &program->insns[i];
		uint8_t kind = BPF_CLASS(insn->code);

		if ((kind == BPF_JMP || kind == BPF_JMP32) && BPF_OP(insn->code) != BPF_EXIT) {
			insn->off = (int16_t)(program->count - i - 1);
		}
	}
}

int cgroup_devices_program(const struct host_devices *devices, struct arena *arena,
	struct bpf_insn **ret_program, size_t *ret_count)
{
	struct program program = {0};

	program.insns = arena_alloc(arena,
		HEAD_INSNS + TAIL_INSNS + devices->count * RULE_INSNS_MAX, sizeof(*program.insns));
	if (!program.insns) {
		return -ENOMEM;
	}
	emit_head(&program);
	for (size_t i = 0; i < devices->count; i++) {
		emit_rule(&program, &devices->rules[i], devices->is_allowed);
	}
	emit_return(&program, devices->is_allowed ? 1 : 0);
	*ret_program = program.insns;
	*ret_count = program.count;
	return 0;
}

static int load(const struct bpf_insn *insns, size_t count)
{
	static const char licence[] = "Apache-2.0";
	union bpf_attr attr;

	/* Whole and zeroed: some kernels write beyond what they were given (Linux 6.17 to 7.1). */
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uint64_t)(uintptr_t)licence;
	memcpy(attr.prog_name, program_name, sizeof(program_name));
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int fd, int program_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int fd, int program_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr);
}

/* The filters that the cgroup itself has. */
static uint32_t find_attached(int fd, uint32_t ids[PROGRAMS_MAX])
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	return sys_bpf(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

static bool is_ours(int program_fd)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program_fd;
	attr.info.info = (uint64_t)(uintptr_t)&info;
	attr.info.info_len = sizeof(info);
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
	       strncmp(info.name, program_name, sizeof(info.name)) == 0;
}

/* A cgroup that was there before has the filter of the container that was in it before, and the kernel asks
 * all. What cannot be taken away only denies more; what others have attached is theirs. */
static void detach_ours(int fd, const uint32_t *ids, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		union bpf_attr attr;
		autofd int program_fd = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		program_fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (program_fd >= 0 && is_ours(program_fd)) {
			(void)!detach(fd, program_fd);
		}
	}
}

static int attach_new(int fd, const struct host_devices *devices, struct berth_error *err)
{
	autoarena struct arena arena;
	autofd int program_fd = -1;
	struct bpf_insn *insns = NULL;
	size_t count = 0;
	int r;

	arena_init(&arena, CGROUP_MEMORY_MAX);
	r = cgroup_devices_program(devices, &arena, &insns, &count);
	if (r == 0) {
		program_fd = load(insns, count);
		r = program_fd < 0 ? program_fd : attach(fd, program_fd);
	}
	if (r < 0) {
		r = error_call(
			err, r, "bpf", "%s the device filter", program_fd < 0 ? "load" : "attach");
		error_add_pointer(err, devices->pointer);
	}
	return r < 0 ? r : 0;
}

/* The new filter first: there is no moment without one. */
int cgroup_devices_v2(int fd, const struct host_devices *devices, struct berth_error *err)
{
	uint32_t ids[PROGRAMS_MAX];
	uint32_t count = find_attached(fd, ids);
	bool is_all = devices->is_allowed && devices->count == 0;
	int r = is_all ? 0 : attach_new(fd, devices, err);

	if (r == 0) {
		detach_ours(fd, ids, count);
	}
	return r;
}
