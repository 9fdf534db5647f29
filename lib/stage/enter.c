/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces: read what to do, open all of it, join, clone.
 *
 * Everything that is named by a path is opened before the first setns(2): afterwards the same path may
 * lead elsewhere. A namespace that needs rights in a user namespace which is joined as well is refused
 * at first (EPERM) and joined after it, so both directions work: a privileged caller who joins a
 * namespace of his own and an unprivileged one who gains his rights in the user namespace.
 */
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/guard.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

int stage_read_exactly(struct stage *stage, uint64_t deadline_ns, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t now_ns = sys_now_ns();
		ssize_t r;
		int ready;

		/* Also after it what is there is read: a process that was frozen meanwhile has not been kept
		 * waiting by the other side. */
		ready = sys_poll(stage->stream_fd, POLLIN,
			now_ns >= deadline_ns ? 0
					      : (int)((deadline_ns - now_ns + 999999U) / 1000000U));
		if (ready <= 0) {
			return ready < 0 ? ready : -ETIMEDOUT;
		}
		r = sys_read(stage->stream_fd, (char *)buffer + done, size - done);
		if (r <= 0) {
			return r < 0 ? (int)r : -ENODATA;
		}
		done += (size_t)r;
	}
	return 0;
}

static int read_error(int r, const char *what, struct berth_error *err)
{
	if (r == -ETIMEDOUT) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"the %s of InitMsg did not come before the deadline", what);
	}
	if (r == -ENODATA) {
		return error_set(
			err, BERTH_ERROR_PROTOCOL, "the stream ended in the %s of InitMsg", what);
	}
	return error_system(err, r, "read the %s of InitMsg", what);
}

int stage_read_bootstrap(struct stage *stage, struct berth_error *err)
{
	uint64_t deadline_ns = sys_now_ns() + (uint64_t)stage->timeout_ms * 1000000U;
	char header[WIRE_BOOTSTRAP_HEADER_BYTES];
	struct wire_attr attrs[WIRE_ATTR_COUNT];
	uint32_t length;
	size_t count;
	char *message;
	int r;

	r = stage_read_exactly(stage, deadline_ns, header, sizeof(header));
	if (r < 0) {
		return read_error(r, "header", err);
	}
	r = wire_bootstrap_header(header, &length, err);
	if (r < 0) {
		return r;
	}
	message = arena_alloc(&stage->arena, length, 1);
	if (!message) {
		return error_system(err, ENOMEM, "memory for InitMsg");
	}
	memcpy(message, header, sizeof(header));
	r = stage_read_exactly(
		stage, deadline_ns, message + sizeof(header), length - sizeof(header));
	if (r < 0) {
		return read_error(r, "attributes", err);
	}
	r = wire_bootstrap_decode(message, length, attrs, &count, err);
	if (r == 0) {
		wire_bootstrap_from_attrs(attrs, count, &stage->message);
	}
	return r;
}

static int open_console(struct stage *stage, struct berth_error *err)
{
	const char *path = stage->message.console_path;
	autofd int fd = sys_open(path, O_RDWR | O_NOCTTY);

	if (fd < 0) {
		return error_system(err, fd, "open the console %.200s", path);
	}
	if (!sys_is_tty(fd)) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"ConsolePathAttr: %.200s is not a terminal", path);
	}
	if (sys_is_pty_master(fd)) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"ConsolePathAttr: %.200s is the master of a pseudoterminal", path);
	}
	stage->console_fd = take_fd(&fd);
	return 0;
}

static int open_namespace(struct stage *stage, const char *path, struct berth_error *err)
{
	struct stage_join *join = &stage->joins[stage->join_count];
	autofd int fd = sys_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	uint64_t magic;
	int type;
	int r;

	if (fd < 0) {
		return error_system(err, fd, "open the namespace %.200s", path);
	}
	r = sys_fs_magic(fd, &magic);
	if (r < 0) {
		return error_system(err, r, "fstatfs %.200s", path);
	}
	type = magic == NSFS_MAGIC ? sys_ns_type(fd) : -ENOTTY;
	if (type < 0 || !(type & ABI_NAMESPACE_FLAGS)) {
		return error_set(
			err, BERTH_ERROR_PROTOCOL, "NsPathsAttr: %.200s is not a namespace", path);
	}
	if (stage->message.clone_flags & (uint32_t)type) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"NsPathsAttr: the namespace %.200s is joined and one of its kind is created",
			path);
	}
	if (stage->joined & (uint32_t)type) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"NsPathsAttr: a second namespace of the kind of %.200s is joined", path);
	}
	/* No kind twice, so there is always room for one of eight. */
	*join = (struct stage_join){.fd = take_fd(&fd), .type = type};
	stage->joined |= (uint32_t)type;
	stage->join_count++;
	return 0;
}

static int open_namespaces(struct stage *stage, struct berth_error *err)
{
	const char *at = stage->message.ns_paths;

	while (at && *at) {
		size_t length = strcspn(at, ",");
		char path[4096];
		int r;

		if (length >= sizeof(path)) {
			return error_system(err, ENAMETOOLONG, "open the namespace %.200s", at);
		}
		(void)str_copy(path, length + 1, at);
		if (stage->join_count == STAGE_JOINS_MAX) {
			return error_set(err, BERTH_ERROR_PROTOCOL,
				"NsPathsAttr: %.200s is one more than there are kinds", path);
		}
		r = open_namespace(stage, path, err);
		if (r < 0) {
			return r;
		}
		at += length + (at[length] == ',' ? 1 : 0);
	}
	return 0;
}

static int open_proc(struct stage *stage, struct berth_error *err)
{
	int fd = sys_open_proc();

	if (fd == -ENODEV) {
		return error_set(err, BERTH_ERROR_PROTOCOL, "/proc is not a proc file system");
	}
	if (fd == -EXDEV) {
		return error_set(
			err, BERTH_ERROR_PROTOCOL, "/proc is that of another pid namespace");
	}
	if (fd < 0) {
		return error_system(err, fd, "open /proc");
	}
	stage->proc_fd = fd;
	return 0;
}

static bool has_maps(const struct wire_bootstrap *message)
{
	return message->uid_map || message->gid_map || message->has_setgroups;
}

int stage_open(struct stage *stage, struct berth_error *err)
{
	int r = 0;

	if (has_maps(&stage->message) && !(stage->message.clone_flags & CLONE_NEWUSER)) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"UidmapAttr, GidmapAttr or SetgroupAttr without CLONE_NEWUSER in "
			"CloneFlagsAttr");
	}
	if (stage->message.console_path) {
		r = open_console(stage, err);
	}
	if (r == 0) {
		r = open_namespaces(stage, err);
	}
	if (r == 0 && stage->is_map_writer && has_maps(&stage->message)) {
		r = open_proc(stage, err);
	}
	return r;
}

static const char *type_name(int type)
{
	switch (type) {
	case CLONE_NEWUSER:
		return "user";
	case CLONE_NEWPID:
		return "pid";
	case CLONE_NEWNET:
		return "network";
	case CLONE_NEWNS:
		return "mount";
	case CLONE_NEWIPC:
		return "ipc";
	case CLONE_NEWUTS:
		return "uts";
	case CLONE_NEWCGROUP:
		return "cgroup";
	default:
		return "time";
	}
}

/* One round over the joins: the user namespace alone, or all others that are not joined yet. */
static int join_round(struct stage *stage, bool is_user, bool may_refuse, struct berth_error *err)
{
	for (size_t i = 0; i < stage->join_count; i++) {
		struct stage_join *join = &stage->joins[i];
		int r;

		if (join->is_joined || (join->type == CLONE_NEWUSER) != is_user) {
			continue;
		}
		r = sys_setns(join->fd, join->type);
		if (r == -EPERM && may_refuse) {
			continue;
		}
		if (r < 0) {
			return error_call(
				err, r, "setns", "join the %s namespace", type_name(join->type));
		}
		join->is_joined = true;
		close_fd(&join->fd);
	}
	return 0;
}

int stage_join(struct stage *stage, struct berth_error *err)
{
	bool has_user = stage->joined & CLONE_NEWUSER;
	int r;

	if (stage->join_count == 0) {
		return 0;
	}
	/* Whoever lives in a namespace that is joined must not see into this process, nor into the
	 * child, which inherits it (CVE-2016-9962). The child's maps can be written all the same: its
	 * files in /proc belong to root of the user namespace of berth-init then, and who may join
	 * has rights there; a user namespace is never both joined and created. */
	r = guard_undumpable(err);
	if (r < 0) {
		return r;
	}
	r = join_round(stage, false, has_user, err);
	if (r == 0) {
		r = join_round(stage, true, false, err);
	}
	if (r == 0 && has_user) {
		/* A change of credentials sets it to /proc/sys/fs/suid_dumpable (prctl(2)). */
		r = guard_undumpable(err);
	}
	if (r == 0) {
		r = join_round(stage, false, false, err);
	}
	return r;
}

/* The child's first act: nothing that leads to the caller's /proc or to another namespace is in it. */
static void shed(struct stage *stage)
{
	close_fd(&stage->proc_fd);
	for (size_t i = 0; i < STAGE_JOINS_MAX; i++) {
		close_fd(&stage->joins[i].fd);
	}
}

int stage_clone(struct stage *stage, struct berth_error *err)
{
	int pid;

	if (sys_getpid() == 1) {
		return error_set(err, BERTH_ERROR_PROTOCOL,
			"the first process of a pid namespace cannot give its child to its parent");
	}
	pid = sys_fork(stage->message.clone_flags | CLONE_PARENT, &stage->pidfd);
	if (pid == 0) {
		shed(stage);
	}
	if (pid == -ENOSPC) {
		return error_system(err, pid,
			"clone into new namespaces (a limit of /proc/sys/user is reached)");
	}
	if (pid == -EPERM && (stage->message.clone_flags & CLONE_NEWUSER)) {
		return error_system(err, pid,
			"clone into new namespaces (a user namespace is refused: by the host's settings, by "
			"a filter, in a chroot, or to an id that is not mapped)");
	}
	return pid < 0 ? error_call(err, pid, "clone3", "clone into new namespaces") : pid;
}
