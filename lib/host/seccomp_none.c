/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the place of seccomp.c where there is no libseccomp to link: a machine without its archive,
 * or a build that is to be as small as it can be.
 *
 * Meson takes one of the two files, by its option "seccomp" and by what the machine has; nothing else in the
 * tree asks which one it was.
 *
 *   static    libseccomp.a is linked in, and berth needs no library but libc at run time
 *   dynamic   libseccomp.so is needed at run time; never chosen unless asked for
 *   none      this file
 *   auto      static where the archive is, else none: so that the same command builds berth everywhere, and
 *             its summary says which
 *
 * A filter that was asked for is refused here, for a container without it is not the one that was asked
 * for. It is refused when it is to be compiled and not before, so that explain can say what it would be.
 */
#include <errno.h>

#include "host/host.h"

/* The same words whatever the rules are, and the memory is not touched: nothing is to be given back, and
 * `ret_program` stays as it was. */
int host_seccomp_compile(const struct host_seccomp *seccomp, struct arena *arena,
	struct wire_bytes *ret_program, struct berth_error *err)
{
	(void)seccomp;
	(void)arena;
	(void)ret_program;
	return error_field(err, BERTH_ERROR_UNSUPPORTED, "/linux/seccomp",
		"needs libseccomp: this berth was built without it");
}

int host_seccomp_key(
	const struct host_seccomp *seccomp, struct arena *arena, struct wire_bytes *ret_key)
{
	(void)seccomp;
	(void)arena;
	(void)ret_key;
	return -ENOTSUP;
}

bool host_seccomp_is_built(void)
{
	return false;
}

bool host_seccomp_has_architecture(const char *name)
{
	(void)name;
	return false;
}

bool host_seccomp_version(char buffer[HOST_SECCOMP_VERSION_MAX])
{
	buffer[0] = '\0';
	return false;
}
