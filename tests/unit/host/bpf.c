/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <stdbool.h>
#include <string.h>

static bool is_jump_taken(const struct sock_filter *at, uint32_t accumulator)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return accumulator == at->k;
	case BPF_JGT:
		return accumulator > at->k;
	case BPF_JGE:
		return accumulator >= at->k;
	default:
		return (accumulator & at->k) != 0;
	}
}

int64_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
	size_t *ret_steps)
{
	uint32_t accumulator = 0;
	size_t steps = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *at = &program[pc];

		steps++;
		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (at->k % 4 != 0 || at->k >= sizeof(*data)) {
				return -1;
			}
			memcpy(&accumulator, (const char *)data + at->k, sizeof(accumulator));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= at->k;
			break;
		case BPF_JMP | BPF_JA | BPF_K:
			pc += at->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += is_jump_taken(at, accumulator) ? at->jt : at->jf;
			break;
		case BPF_RET | BPF_K:
			if (ret_steps) {
				*ret_steps = steps;
			}
			return at->k;
		default:
			return -1;
		}
	}
	return -1;
}
