/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/abi.h"
#include "sys/process.h"
#include "sys/result.h"
#include "sys/socket.h"

struct helper {
	int pidfd;
	int stream_fd;
	int result;
};

int sys_netlink(void)
{
	return sys_result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

int sys_netlink_namespace(int fd)
{
	return sys_result(ioctl(fd, SIOCGSKNS));
}

/* In a child of sys_vfork(), whose descriptors are its own: the socket goes over the stream. */
static int make_there(void *argument)
{
	struct helper *helper = argument;
	int fd = -1;

	helper->result = sys_setns(helper->pidfd, CLONE_NEWNET);
	if (helper->result >= 0) {
		fd = sys_netlink();
		helper->result = fd;
	}
	if (fd >= 0) {
		helper->result = (int)sys_send(helper->stream_fd, "", 1, fd);
	}
	sys_exit(0);
}

int sys_netlink_of(int pidfd)
{
	struct helper helper = {.pidfd = pidfd};
	autofd int own_fd = -1;
	autofd int stream_fd = -1;
	autofd int child_fd = -1;
	int fds[2];
	int fd = -1;
	char byte;
	int status;
	int r = sys_socketpair(fds);

	if (r < 0) {
		return r;
	}
	own_fd = fds[0];
	stream_fd = fds[1];
	helper.stream_fd = stream_fd;
	r = sys_vfork(make_there, &helper, &child_fd);
	if (r < 0) {
		return r;
	}
	r = sys_wait_pidfd(child_fd, &status);
	if (r < 0 || helper.result < 0) {
		return r < 0 ? r : helper.result;
	}
	r = (int)sys_recv(own_fd, &byte, 1, &fd);
	return r < 0 || fd < 0 ? (r < 0 ? r : -EPROTO) : fd;
}
