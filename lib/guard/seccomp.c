/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <errno.h>
#include <linux/filter.h>

#include "sys/cred.h"

static const char seccomp_pointer[] = "/linux/seccomp";

/* The kernel says EINVAL for each of these, and no more. */
static int program_check(const struct wire_bytes *program, struct berth_error *err)
{
	size_t count = program->length / sizeof(struct sock_filter);

	if (program->length % sizeof(struct sock_filter) != 0) {
		return error_field(err, BERTH_ERROR_PROTOCOL, seccomp_pointer,
			"the filter has %zu bytes, which is no number of whole instructions",
			program->length);
	}
	if (count == 0 || count > BPF_MAXINSNS) {
		return error_field(err, BERTH_ERROR_CONFIG, seccomp_pointer,
			"the filter has %zu instructions, the kernel takes 1 to %d", count,
			BPF_MAXINSNS);
	}
	return 0;
}

int guard_seccomp_listen(const struct boot_seccomp *seccomp, struct berth_error *err)
{
	const struct wire_bytes *program = &seccomp->program;
	int r = program_check(program, err);

	if (r < 0) {
		return r;
	}
	r = sys_seccomp_load(
		program->data, program->length / sizeof(struct sock_filter), seccomp->flags);
	if (r == -EACCES) {
		error_system(err, r,
			"load the seccomp filter: without noNewPrivileges it needs CAP_SYS_ADMIN");
	} else if (r == -EBUSY) {
		error_system(err, r,
			"load the seccomp filter: one of berth's caller has a listener, and a process "
			"has one at most");
	} else if (r < 0) {
		(void)error_call(err, r, "seccomp", "load the seccomp filter");
	}
	if (r < 0) {
		error_add_pointer(err, seccomp_pointer);
	}
	return r;
}

int guard_seccomp(const struct boot_seccomp *seccomp, struct berth_error *err)
{
	int r = guard_seccomp_listen(seccomp, err);

	/* A thread that did not follow. */
	return r > 0 ? error_field(err, BERTH_ERROR_INTERNAL, seccomp_pointer,
			       "the seccomp filter gave %d", r)
		     : r;
}
