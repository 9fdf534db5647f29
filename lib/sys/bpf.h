/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_BPF_H
#define SYS_BPF_H
/* bpf(2). The union is linux/bpf.h's, whole and zeroed but for what the command takes. */
#include "base/attr.h"

union bpf_attr;

/* A descriptor, close-on-exec, or 0, as the command has it. */
int sys_bpf(int command, union bpf_attr *attr) must_use;

#endif
