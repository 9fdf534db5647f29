/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/result.h"

/*
 * The kernel makes descriptors of programs close-on-exec. The size is that of the whole union: a kernel
 * that knows less of it takes it while the rest is zero, and one that writes back what was not asked for
 * stays inside.
 */
int sys_bpf(int command, union bpf_attr *attr)
{
	return sys_result(syscall(SYS_bpf, command, attr, sizeof(*attr)));
}

_Static_assert(sizeof(union bpf_attr) >= 64, "room for what BPF_PROG_QUERY of Linux 6.17 writes");
