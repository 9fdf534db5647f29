/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <errno.h>
#include <signal.h>

#include "sys/cred.h"
#include "sys/file.h"
#include "sys/process.h"

/* keyrings(7): everything for the possessor; view, read, search and link for the user. */
enum { KEYRING_PERMISSIONS = 0x3f1b0000 };

static bool is_keyring_refusal(int r)
{
	return r == -ENOSYS || r == -EPERM || r == -EACCES || r == -EDQUOT;
}

int guard_session_keyring(const char *name, struct berth_error *err)
{
	int r = sys_keyring_join(name);

	if (r >= 0) {
		r = sys_keyring_set_permissions(r, KEYRING_PERMISSIONS);
	}
	/* A filter that forbids all of keyctl(2) does so to the container, too: no key is in its reach. */
	if (r == -EPERM && sys_keyring_session() >= 0) {
		return error_call(err, r, "keyctl", "join the session keyring %s", name);
	}
	if (r >= 0 || is_keyring_refusal(r)) {
		return 0;
	}
	return error_system(err, r, "join the session keyring %s", name);
}

/* What keeps a pipe the caller's: a user namespace that does not know him. */
static bool is_pipe_refusal(int r)
{
	return r == -EPERM || r == -EINVAL || r == -EOVERFLOW;
}

int guard_give_pipes(uint32_t uid, struct berth_error *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		int r = sys_fstat(fd, &st);

		if (r == 0 && S_ISFIFO(st.st_mode) && st.st_uid != uid) {
			r = sys_fchown(fd, uid, (gid_t)-1);
		}
		if (r < 0 && !is_pipe_refusal(r)) {
			return error_system(
				err, r, "give the pipe at descriptor %d to the user", fd);
		}
	}
	return 0;
}

int guard_no_new_privs(struct berth_error *err)
{
	int r = sys_set_no_new_privs();

	if (r < 0) {
		error_system(err, r, "set no_new_privs");
		error_add_pointer(err, "/process/noNewPrivileges");
	}
	return r;
}

static int inherit_failed(int r, const char *what, const char *pointer, struct berth_error *err)
{
	error_system(err, r, "set the %s", what);
	error_add_pointer(err, pointer);
	return r;
}

int guard_inherit(const struct boot *boot, struct berth_error *err)
{
	int r = boot->flags & BOOT_PERSONALITY ? sys_personality(boot->personality) : 0;

	if (r < 0) {
		return inherit_failed(r, "personality", "/linux/personality", err);
	}
	if (boot->flags & BOOT_MEMORY_POLICY) {
		r = sys_set_mempolicy(
			(int)boot->memory_mode, boot->memory_nodes.data, boot->memory_nodes.length);
	}
	return r < 0 ? inherit_failed(r, "memory policy (are its nodes there, and in its cpuset?)",
			       "/linux/memoryPolicy", err)
		     : 0;
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
