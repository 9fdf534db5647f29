/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Container mode: the intermediate makes the container's process and ends; the process builds its root
 * file system, becomes who it is to be, and executes the program.
 *
 * The order of the table is a security property: docs/security.md says for each step why it stands
 * where it stands. A step that has nothing to do costs nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/guard.h"
#include "rootfs/rootfs.h"
#include "stage/talk.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/step.h"

/* The mount namespace that this process is in. */
static int is_own_mount_namespace(int fd, struct berth_error *err)
{
	static const char own_path[] = "/proc/self/ns/mnt";
	autofd int own_fd = sys_open(own_path, O_RDONLY);
	struct stat own, other;
	int r = own_fd < 0 ? own_fd : sys_fstat(own_fd, &own);

	if (r >= 0) {
		r = sys_fstat(fd, &other);
	}
	if (r < 0) {
		return error_system(err, r, "open %s", own_path);
	}
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* pivot_root(2) changes the root of every process of the namespace: in the runtime's own, which is the
 * host's as a rule, that would be the host's root. Raw mode pivots nothing, and may join it. */
static int container_open(struct stage *stage, struct berth_error *err)
{
	int r = stage_open(stage, err);

	for (size_t i = 0; r == 0 && i < stage->join_count; i++) {
		if (stage->joins[i].type == CLONE_NEWNS) {
			r = is_own_mount_namespace(stage->joins[i].fd, err);
		}
	}
	if (r > 0) {
		r = error_set(err, BERTH_ERROR_CONFIG,
			"the mount namespace to join is that of the runtime itself, whose root a "
			"container would replace");
		error_add_pointer(err, "/linux/namespaces");
	}
	return r;
}

static int container_boot(struct stage *stage, struct berth_error *err)
{
	const struct boot *boot = &stage->boot;
	size_t fd_count;
	int *fds;
	int r = stage_receive(stage, WIRE_FRAME_BOOT, &stage->boot, err);

	if (r < 0) {
		return r;
	}
	if (boot_check(boot) < 0) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "BOOT lacks what a step needs");
	}
	if (boot->flags & BOOT_PDEATHSIG) {
		r = guard_pdeathsig(true, err);
		if (r < 0) {
			return r;
		}
	}
	fd_count = boot->mounts.count * 2 + boot->devices.count;
	fds = arena_alloc(&stage->arena, fd_count, sizeof(*fds));
	if (!fds) {
		return error_system(err, ENOMEM, "memory for descriptors");
	}
	rootfs_init(&stage->rootfs, boot, fds);
	(void)sys_umask(0);
	return 0;
}

/* The answer of the parent to CHILD; if it died before this process asked for the signal, the stream is
 * at its end, which stage_receive() takes for what it is. */
static int container_mapped(struct stage *stage, struct berth_error *err)
{
	/* The intermediate has said CHILD, for this process. */
	int r = wire_frame_step(&stage->state, WIRE_FRAME_CHILD, WIRE_SIDE_CHILD);

	if (r < 0) {
		return error_set(err, BERTH_ERROR_INTERNAL, "BOOT out of order");
	}
	r = stage_receive(stage, WIRE_FRAME_MAPPED, NULL, err);
	if (r == 0) {
		r = rootfs_open_first(&stage->rootfs, &stage->boot, err);
	}
	if (r == 0 && stage->boot.time_offsets) {
		r = rootfs_time(stage->boot.time_offsets, err);
	}
	return r < 0 ? r : stage_settle(stage, err);
}

static int container_hide(struct stage *stage, struct berth_error *err)
{
	(void)stage;
	return guard_undumpable(err);
}

static int container_session(struct stage *stage, struct berth_error *err)
{
	const char *keyring = stage->boot.keyring;
	int r = sys_reset_signals();

	r = r < 0 ? error_system(err, r, "reset the signals") : stage_new_session(err);
	if (r < 0 || !keyring) {
		return r;
	}
	r = stage_label_keys(stage, err);
	return r < 0 ? r : guard_session_keyring(keyring, err);
}

static int container_loopback(struct stage *stage, struct berth_error *err)
{
	int r = stage->boot.flags & BOOT_LOOPBACK ? sys_loopback_up() : 0;

	return r < 0 ? error_system(err, r, "set the loopback device up%s",
			       r == -EPERM ? " (CAP_NET_ADMIN is missing)" : "")
		     : 0;
}

/* exec: the mount namespace that was joined has a root file system, and nothing is built. */
static bool is_entered(const struct stage *stage)
{
	return stage->boot.flags & BOOT_ENTER;
}

static int container_private(struct stage *stage, struct berth_error *err)
{
	return is_entered(stage) ? 0 : rootfs_make_private(&stage->boot, err);
}

static int container_sources(struct stage *stage, struct berth_error *err)
{
	int r = rootfs_open_sources(&stage->rootfs, &stage->boot, err);

	for (uint32_t i = 0; r == 0 && i < stage->boot.mounts.count; i++) {
		const struct frame_idmap idmap = {.mount = i};

		if (!(stage->boot.mounts.items[i].flags & BOOT_MOUNT_IDMAP)) {
			continue;
		}
		r = stage_send(stage, WIRE_FRAME_IDMAP, &idmap, stage->rootfs.source_fds[i], err);
		r = r < 0 ? r : stage_receive(stage, WIRE_FRAME_IDMAPPED, NULL, err);
	}
	return r;
}

static int container_root(struct stage *stage, struct berth_error *err)
{
	return is_entered(stage) ? rootfs_enter(&stage->rootfs, err)
				 : rootfs_attach_root(&stage->rootfs, &stage->boot, err);
}

static int container_user(struct stage *stage, struct berth_error *err)
{
	return rootfs_user(&stage->rootfs, &stage->boot.identity, err);
}

static int container_mounts(struct stage *stage, struct berth_error *err)
{
	return rootfs_mounts(&stage->rootfs, &stage->boot, err);
}

static int container_devices(struct stage *stage, struct berth_error *err)
{
	return rootfs_devices(&stage->rootfs, &stage->boot, err);
}

static int container_workdir(struct stage *stage, struct berth_error *err)
{
	return is_entered(stage) ? 0 : rootfs_workdir(&stage->rootfs, &stage->boot, err);
}

static int container_pivot(struct stage *stage, struct berth_error *err)
{
	return is_entered(stage) ? 0 : rootfs_pivot(&stage->rootfs, &stage->boot, err);
}

static int container_console(struct stage *stage, struct berth_error *err)
{
	autofd int master = -1;
	autofd int peer = -1;
	int r;

	if (!(stage->boot.flags & BOOT_TERMINAL)) {
		return 0;
	}
	r = rootfs_console(&stage->rootfs, &stage->boot, &master, &peer, err);
	if (r == 0) {
		r = stage_send(stage, WIRE_FRAME_CONSOLE, NULL, master, err);
	}
	return r < 0 ? r : stage_take_console(peer, err);
}

static int container_hostname(struct stage *stage, struct berth_error *err)
{
	const struct boot *boot = &stage->boot;
	int r = boot->hostname ? sys_sethostname(boot->hostname) : 0;

	if (r < 0) {
		error_system(err, r, "sethostname %s", boot->hostname);
		error_add_pointer(err, "/hostname");
		return r;
	}
	r = boot->domainname ? sys_setdomainname(boot->domainname) : 0;
	if (r < 0) {
		error_system(err, r, "setdomainname %s", boot->domainname);
		error_add_pointer(err, "/domainname");
	}
	return r;
}

static int container_sysctl(struct stage *stage, struct berth_error *err)
{
	return rootfs_sysctls(&stage->boot, err);
}

static int container_readonly(struct stage *stage, struct berth_error *err)
{
	return rootfs_readonly(&stage->rootfs, &stage->boot, err);
}

static int container_masks(struct stage *stage, struct berth_error *err)
{
	return rootfs_masks(&stage->rootfs, &stage->boot, err);
}

static int container_remount(struct stage *stage, struct berth_error *err)
{
	return rootfs_remount(&stage->rootfs, &stage->boot, err);
}

static int container_umask(struct stage *stage, struct berth_error *err)
{
	(void)err;
	(void)sys_umask(stage->boot.umask);
	return 0;
}

/* What leads out of the root, the caller's leaks and our own descriptors of the root, is gone before the
 * working directory is entered (CVE-2024-21626). */
static int container_descriptors(struct stage *stage, struct berth_error *err)
{
	unsigned int stream = (unsigned int)stage->stream_fd;
	unsigned int first = 3 + stage->boot.preserved_fds;
	/* The files that hooks write to: closed by the execve. */
	unsigned int kept = first + (stage->boot.hooks.stdout_fd ? 1 : 0) +
			    (stage->boot.hooks.stderr_fd ? 1 : 0);
	int r = 0;

	if (stream < kept) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"the stream is one of the %u descriptors that the program gets",
			stage->boot.preserved_fds);
	}
	for (unsigned int fd = 3; r >= 0 && fd < first; fd++) {
		r = sys_set_cloexec((int)fd, false);
	}
	if (r >= 0 && stream > kept) {
		r = sys_close_range(kept, stream - 1, 0);
	}
	if (r >= 0) {
		r = sys_close_range(stream + 1, ~0U, 0);
	}
	return r < 0 ? error_call(err, r, "close_range", "close all descriptors but %u", first)
		     : guard_give_pipes(stage->boot.identity.uid, err);
}

static int container_inherit(struct stage *stage, struct berth_error *err)
{
	return guard_inherit(&stage->boot, err);
}

static int container_ready(struct stage *stage, struct berth_error *err)
{
	int r = stage_send(stage, WIRE_FRAME_READY, NULL, -1, err);

	if (r < 0) {
		return r;
	}
	return stage_receive(
		stage, stage->boot.flags & BOOT_HOLD ? WIRE_FRAME_HOLD : WIRE_FRAME_GO, NULL, err);
}

/* Without no_new_privs the kernel takes a filter from CAP_SYS_ADMIN alone, which "identity" may drop. The
 * profile must permit what is still to be done then. */
static int container_filter(struct stage *stage, struct berth_error *err)
{
	const struct boot *boot = &stage->boot;

	if (boot->seccomp.program.length == 0 || boot->flags & BOOT_NO_NEW_PRIVS) {
		return 0;
	}
	return stage_has_listener(stage) ? stage_listen(stage, err)
					 : guard_seccomp(&boot->seccomp, err);
}

/* With no_new_privs a filter comes last, but for one with a listener: the parent, who hands that on, is there no
 * more when a created container is started. */
static int container_listener(struct stage *stage, struct berth_error *err)
{
	int r;

	if (!stage_has_listener(stage) || !(stage->boot.flags & BOOT_NO_NEW_PRIVS)) {
		return 0;
	}
	r = guard_no_new_privs(err);
	return r < 0 ? r : stage_listen(stage, err);
}

/* As root at first; who may not enter as root (a file system of somebody else) may as himself. */
static int container_chdir(struct stage *stage, struct berth_error *err)
{
	const char *cwd = stage->boot.cwd;
	int r = sys_chdir(cwd);

	if (r < 0 && r != -EACCES && r != -EPERM) {
		error_system(err, r, "chdir to cwd %s", cwd);
		error_add_pointer(err, "/process/cwd");
		return r;
	}
	stage->is_in_cwd = r >= 0;
	return 0;
}

static int container_identity(struct stage *stage, struct berth_error *err)
{
	int r = guard_identity(&stage->boot.identity, err);

	/* setuid(2) has cleared it. */
	if (r == 0 && (stage->boot.flags & BOOT_PDEATHSIG)) {
		r = guard_pdeathsig(true, err);
	}
	return r;
}

/* The working directory is inside the root: a descriptor of the host that slipped through must not
 * become one (CVE-2024-21626). */
static int container_inside(struct stage *stage, struct berth_error *err)
{
	const char *cwd = stage->boot.cwd;
	char where[STAGE_PATH_MAX];
	int r = stage->is_in_cwd ? 0 : sys_chdir(cwd);

	if (r == 0) {
		r = sys_getcwd(where, sizeof(where));
	}
	if (r == 0 && where[0] != '/') {
		r = -ENOENT;
	}
	if (r < 0) {
		error_system(err, r, "chdir to cwd %s", cwd);
		error_add_pointer(err, "/process/cwd");
	}
	return r;
}

/* The kernel only reads the texts: execve(2) has no const in its prototype for history's sake. */
static char *const *container_vector(struct wire_texts texts)
{
	return (char *const *)(uintptr_t)texts.items;
}

static int container_program(struct stage *stage, struct berth_error *err)
{
	const struct boot *boot = &stage->boot;

	return stage_find_program(boot->args.items[0],
		stage_env_get(container_vector(boot->env), "PATH"), stage->program,
		sizeof(stage->program), err);
}

static int container_nonewprivs(struct stage *stage, struct berth_error *err)
{
	return stage->boot.flags & BOOT_NO_NEW_PRIVS && !stage_has_listener(stage)
		       ? guard_no_new_privs(err)
		       : 0;
}

/* Created: the parent writes that down and ends. From here on the container lives without it, and waits
 * for a byte in the fifo. It holds the fifo for both directions, so the read never ends for want of a
 * writer. */
static int container_hold(struct stage *stage, struct berth_error *err)
{
	char byte;
	ssize_t got;
	int r;

	if (!(stage->boot.flags & BOOT_HOLD)) {
		return 0;
	}
	r = guard_pdeathsig(false, err);
	if (r == 0) {
		r = stage_send(stage, WIRE_FRAME_WAITING, NULL, -1, err);
	}
	if (r < 0) {
		return r;
	}
	close_fd(&stage->stream_fd);
	/* The fifo stays open until the execve closes it: its end tells start that the program runs. */
	got = sys_read(stage->passed_fd, &byte, 1);
	return got == 1 ? 0 : error_system(err, got < 0 ? (int)got : EPIPE, "wait for start");
}

/* From here on the container lives without the parent. One that was held does so already. */
static int container_leave(struct stage *stage, struct berth_error *err)
{
	int r;

	if (stage->stream_fd < 0 || stage->state == WIRE_STATE_EXEC) {
		return 0;
	}
	r = stage_send(stage, WIRE_FRAME_EXEC, NULL, -1, err);
	return r < 0 ? r : guard_pdeathsig(false, err);
}

/* With no_new_privs the filter comes last: all that is left for it to judge is the execve. What fails then
 * is told to the parent only where the profile permits it. */
static int container_seccomp(struct stage *stage, struct berth_error *err)
{
	const struct boot *boot = &stage->boot;
	int r;

	if (boot->seccomp.program.length == 0 || !(boot->flags & BOOT_NO_NEW_PRIVS) ||
		stage_has_listener(stage)) {
		return 0;
	}
	r = container_leave(stage, err);
	return r < 0 ? r : guard_seccomp(&boot->seccomp, err);
}

static int container_exec(struct stage *stage, struct berth_error *err)
{
	int r = container_leave(stage, err);

	if (r < 0) {
		return r;
	}
	return stage_execute(stage->program, container_vector(stage->boot.args),
		container_vector(stage->boot.env), err);
}

static const struct stage_step intermediate_steps[] = {
	{WIRE_STEP_bootstrap, stage_read_bootstrap},
	{WIRE_STEP_open, container_open},
	{WIRE_STEP_join, stage_join},
};

/* What HOLD has brought is the mount namespace of the container. */
static int container_live(struct stage *stage, struct berth_error *err)
{
	int r = rootfs_live(&stage->rootfs, &stage->boot, stage->passed_fd, err);

	return r < 0 ? r : stage_send(stage, WIRE_FRAME_WAITING, NULL, -1, err);
}

static const struct stage_step first_steps[] = {
	{WIRE_STEP_boot, container_boot},
	{WIRE_STEP_mapped, container_mapped},
	{WIRE_STEP_hide, container_hide},
	{WIRE_STEP_session, container_session},
};

/* Mounts in a container that is there: then this process has nothing left to do. */
static const struct stage_step live_steps[] = {
	{WIRE_STEP_private, container_private},
	{WIRE_STEP_sources, container_sources},
	{WIRE_STEP_ready, container_ready},
	{WIRE_STEP_mounts, container_live},
};

static const struct stage_step container_steps[] = {
	{WIRE_STEP_loopback, container_loopback},
	{WIRE_STEP_private, container_private},
	{WIRE_STEP_sources, container_sources},
	{WIRE_STEP_root, container_root},
	{WIRE_STEP_user, container_user},
	{WIRE_STEP_mounts, container_mounts},
	{WIRE_STEP_devices, container_devices},
	{WIRE_STEP_workdir, container_workdir},
	{WIRE_STEP_createhooks, stage_create_hooks},
	{WIRE_STEP_pivot, container_pivot},
	{WIRE_STEP_console, container_console},
	{WIRE_STEP_hostname, container_hostname},
	{WIRE_STEP_sysctl, container_sysctl},
	{WIRE_STEP_label, stage_label},
	{WIRE_STEP_readonly, container_readonly},
	{WIRE_STEP_masks, container_masks},
	{WIRE_STEP_remount, container_remount},
	{WIRE_STEP_home, stage_home},
	{WIRE_STEP_umask, container_umask},
	{WIRE_STEP_descriptors, container_descriptors},
	{WIRE_STEP_inherit, container_inherit},
	{WIRE_STEP_ready, container_ready},
	{WIRE_STEP_filter, container_filter},
	{WIRE_STEP_chdir, container_chdir},
	{WIRE_STEP_identity, container_identity},
	{WIRE_STEP_inside, container_inside},
	{WIRE_STEP_program, container_program},
	{WIRE_STEP_listener, container_listener},
	{WIRE_STEP_hold, container_hold},
	{WIRE_STEP_starthooks, stage_start_hooks},
	{WIRE_STEP_nonewprivs, container_nonewprivs},
	{WIRE_STEP_seccomp, container_seccomp},
	{WIRE_STEP_exec, container_exec},
};

noreturn_fn static void container_child(struct stage *stage, struct berth_error *err)
{
	int r = stage_run_steps(first_steps, ARRAY_COUNT(first_steps), stage, err);

	if (r == 0 && stage->boot.flags & BOOT_LIVE) {
		r = stage_run_steps(live_steps, ARRAY_COUNT(live_steps), stage, err);
	} else if (r == 0) {
		r = stage_run_steps(container_steps, ARRAY_COUNT(container_steps), stage, err);
	}
	if (r < 0) {
		/* Where nobody reads, nobody wants to know. */
		(void)!stage_send_error(stage, err);
	}
	sys_exit(r < 0 ? STAGE_EXIT_FAILURE : 0);
}

static int container_clone(struct stage *stage, struct berth_error *err)
{
	struct frame_child child = {0};
	int r = wire_step_enter(WIRE_STEP_clone, err);

	if (r == 0) {
		r = stage_clone(stage, err);
	}
	if (r < 0) {
		error_add_step(err, wire_step_name(WIRE_STEP_clone));
		return r;
	}
	if (r == 0) {
		container_child(stage, err);
	}
	child.pid = (uint32_t)r;
	child.is_map_wanted = stage->message.uid_map || stage->message.gid_map;
	r = stage_send(stage, WIRE_FRAME_CHILD, &child, -1, err);
	if (r < 0) {
		(void)!sys_pidfd_send_signal(stage->pidfd, SIGKILL);
	}
	return r;
}

int stage_run_container(struct stage *stage, struct berth_error *err)
{
	/* What a caller left open must not be seen by the image, whatever happens before execve. */
	int r = stage_mark_leaked(err);

	if (r == 0) {
		r = stage_run_steps(
			intermediate_steps, ARRAY_COUNT(intermediate_steps), stage, err);
	}
	if (r == 0) {
		r = container_clone(stage, err);
	}
	if (r < 0) {
		stage->is_told = stage_send_error(stage, err) == 0;
	}
	return r;
}
