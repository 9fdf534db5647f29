/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_BPF_H
#define UNIT_BPF_H
/* What the kernel would make of a seccomp filter: classic BPF on struct seccomp_data, the part of it that
 * filters use (linux/filter.h, seccomp(2)). */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* The filter's answer (SECCOMP_RET_*), or -1 for a program that the kernel would refuse or that uses what is
 * not known here. `ret_steps` (may be NULL) receives the number of instructions. */
int64_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
	size_t *ret_steps);

#endif
