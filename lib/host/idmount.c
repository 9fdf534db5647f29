/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind mounts with ids of their own. The child opens the source in its mount namespace, so that what is locked
 * there stays locked; but only who has CAP_SYS_ADMIN where the file system was made may map its ids, and in a user
 * namespace the child has not. So it sends the mount, which is attached nowhere yet, and this process maps it.
 *
 * mount_setattr(2) takes the mappings from a user namespace: that of a process which does nothing but have it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/idmount.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

/* In the copy of this process: waits for the end of `read_fd`, whose other end must not be held here. */
noreturn_fn static void holder_wait(int read_fd, int write_fd)
{
	char byte;

	close_fd(&write_fd);
	(void)!sys_read(read_fd, &byte, 1);
	sys_exit(0);
}

/* A process in a user namespace of its own. It ends when the other end of its pipe is closed. */
static pid_t holder_start(int fds[2], int *ret_pidfd)
{
	sigset_t old;
	pid_t pid = sys_block_signals(&old);

	if (pid < 0) {
		return pid;
	}
	pid = sys_fork(CLONE_NEWUSER, ret_pidfd);
	if (pid == 0) {
		holder_wait(fds[0], fds[1]);
	}
	sys_restore_signals(&old);
	return pid;
}

static int holder_open(pid_t pid, const struct host_idmap *idmap, struct berth_error *err)
{
	const struct host_plan maps = {
		.map_way = HOST_MAP_DIRECT,
		.init = {.uid_map = idmap->uid_map, .gid_map = idmap->gid_map},
	};
	char path[64];
	int fd;
	int r = host_write_maps(pid, &maps, err);

	if (r < 0) {
		return r;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = sys_open(path, O_RDONLY);
	return fd < 0 ? error_system(err, fd, "open %s", path) : fd;
}

/* A descriptor of a user namespace with the mappings, which lives as long as it is open. */
static int namespace_new(const struct host_idmap *idmap, struct berth_error *err)
{
	autofd int pidfd = -1;
	int fds[2];
	int status;
	int fd;
	pid_t pid = sys_pipe(fds);

	if (pid < 0) {
		return error_system(err, pid, "pipe");
	}
	pid = holder_start(fds, &pidfd);
	close_fd(&fds[0]);
	fd = pid < 0 ? error_call(err, pid, "clone3", "make a user namespace for the mappings")
		     : holder_open(pid, idmap, err);
	close_fd(&fds[1]);
	if (pid > 0) {
		(void)!sys_wait_pidfd(pidfd, &status);
	}
	return fd;
}

static int namespace_open(const struct host_idmap *idmap, struct berth_error *err)
{
	int fd;

	if (!idmap->ns_path) {
		return namespace_new(idmap, err);
	}
	fd = sys_open(idmap->ns_path, O_RDONLY);
	return fd < 0 ? error_system(err, fd, "open the user namespace %s", idmap->ns_path) : fd;
}

static int map_failed(int r, struct berth_error *err)
{
	if (r == -EINVAL) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED,
			"the file system, or one below it, has no id-mapped mounts in this kernel");
	}
	if (r == -EPERM) {
		return error_system(err, r,
			"map the ids of a mount that has mapped ids already, or whose file system "
			"belongs to another user namespace");
	}
	return error_call(err, r, "mount_setattr", "map the ids of the mount");
}

static int idmap_apply(const struct host_idmap *idmap, int mount_fd, struct berth_error *err)
{
	autofd int ns_fd = namespace_open(idmap, err);
	int r;

	if (ns_fd < 0) {
		return ns_fd;
	}
	r = sys_mount_idmap(mount_fd, idmap->is_recursive ? AT_RECURSIVE : 0, ns_fd);
	return r < 0 ? map_failed(r, err) : 0;
}

int host_idmap_mount(
	const struct host_idmaps *idmaps, uint32_t mount, int mount_fd, struct berth_error *err)
{
	for (size_t i = 0; i < idmaps->count; i++) {
		if (idmaps->items[i].mount == mount) {
			int r = idmap_apply(&idmaps->items[i], mount_fd, err);

			if (r < 0) {
				error_add_pointer(err, idmaps->items[i].pointer);
			}
			return r;
		}
	}
	return error_set(err, BERTH_ERROR_PROTOCOL, "IDMAP, where none is due");
}
