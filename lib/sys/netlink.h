/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_NETLINK_H
#define SYS_NETLINK_H
/* Sockets of rtnetlink(7). What goes through them is the caller's affair. */
#include <sys/types.h>

#include "base/attr.h"

/* A socket of this process's network namespace. */
int sys_netlink(void) must_use;

/* One of the network namespace of another process: made by a helper that joins it, as this process's own threads stay
 * where they are. */
int sys_netlink_of(int pidfd) must_use;

/* The network namespace of a socket, as a descriptor. CAP_NET_ADMIN there. */
int sys_netlink_namespace(int fd) must_use;

#endif
