/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_SOCKET_H
#define SYS_SOCKET_H
/* A connected pair of stream sockets, and descriptors that travel over it (unix(7), SCM_RIGHTS). */
#include <sys/types.h>

#include "base/attr.h"

int sys_socketpair(int ret_fds[2]) must_use;

/* The same with packets in the place of a stream (SOCK_SEQPACKET). */
int sys_packetpair(int ret_fds[2]) must_use;

enum { SYS_CONNECT_TIMEOUT_S = 10 };

/* A stream socket connected to a path of the file system, of any length. Whoever listens has that long to
 * take the connection (-ETIMEDOUT), and what is sent (-EAGAIN). */
int sys_connect_path(const char *path) must_use;

/* The same for datagrams; "@NAME" is a name of the abstract namespace. */
int sys_connect_datagram(const char *name) must_use;

/* A datagram socket by a name that is free in a directory, to which anybody may send. Nobody else may write in
 * the directory. */
int sys_bind_datagram(int dirfd, const char *name) must_use;
int sys_socket_type(int fd) must_use; /* SO_TYPE; -ENOTSOCK for any other descriptor */

/* send(2) with MSG_NOSIGNAL and at most one descriptor beside the bytes (`passed_fd` -1: none). */
ssize_t sys_send(int fd, const void *bytes, size_t length, int passed_fd) must_use;

/* recvmsg(2) with at most one descriptor; -1 where none came. -EMSGSIZE when more came than fit: they
 * are closed. 0 is end of file. */
ssize_t sys_recv(int fd, void *bytes, size_t size, int *ret_passed_fd) must_use;

#endif
