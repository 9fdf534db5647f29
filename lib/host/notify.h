/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_NOTIFY_H
#define HOST_NOTIFY_H
/*
 * sd_notify(3) of a container. Who called berth waits on a datagram socket of the host for "READY=1"; the
 * container has a socket of its own, on which it says so, and this passes it on.
 *
 * Nothing else is passed on, and what comes with a message, descriptors say, is dropped: the container is not
 * trusted with what a service manager does on other messages.
 */
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"

struct host_notify {
	int host_fd;           /* connected to the host's socket; -1: nobody waits */
	int container_fd;      /* what the container says; -1: nothing more is heard */
	const struct log *log; /* NULL: none */
};

void host_notify_init(struct host_notify *notify);
void host_notify_finish(struct host_notify *notify);

/* `name` is an absolute path or, for one of the abstract namespace, "@NAME". Connected before anything is
 * started, so that a manager who is not there is an early error. */
int host_notify_connect(
	struct host_notify *notify, const char *name, struct berth_error *err) must_use;

/* The container's socket, by the name `file` in a directory; anybody may send to it. */
int host_notify_bind(
	struct host_notify *notify, int dir_fd, const char *file, struct berth_error *err) must_use;

/* Reads one message, which is there. 1 where it was READY=1: the host has been told, with `pid` as that of the
 * service's process, and nothing more is heard. */
int host_notify_read(struct host_notify *notify, pid_t pid, struct berth_error *err) must_use;

/* Until the container is ready and the host knows, or has ended. As the caller ends after that, it waits until
 * the manager has read what it was told, half a minute at most. */
int host_notify_wait(
	struct host_notify *notify, int pidfd, pid_t pid, struct berth_error *err) must_use;

#endif
