/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <signal.h>

#include "sys/cred.h"
#include "sys/process.h"

int guard_no_new_privs(struct berth_error *err)
{
	int r = sys_set_no_new_privs();

	if (r < 0) {
		error_system(err, r, "set no_new_privs");
		error_add_pointer(err, "/process/noNewPrivileges");
	}
	return r;
}

int guard_undumpable(struct berth_error *err)
{
	int r = sys_set_dumpable(false);

	return r < 0 ? error_system(err, r, "make the process undumpable") : 0;
}

int guard_pdeathsig(bool is_wanted, struct berth_error *err)
{
	int r = sys_set_pdeathsig(is_wanted ? SIGKILL : 0);

	return r < 0 ? error_system(err, r, "set the parent-death signal") : 0;
}
