/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/cleanup.h"

int sys_socketpair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

int sys_packetpair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

static int address_in(int dir_fd, const char *name, struct sockaddr_un *ret_address)
{
	int length;

	ret_address->sun_family = AF_UNIX;
	length = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path),
		"/proc/self/fd/%d/%s", dir_fd, name);
	return length < (int)sizeof(ret_address->sun_path) ? 0 : -ENAMETOOLONG;
}

/* A path that does not fit into sun_path goes by a descriptor of its folder: unix(7) has 108 bytes. */
static int connect_by_folder(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct sockaddr_un address = {0};
	char folder[4096];
	autofd int dir_fd = -1;
	int r;

	if (!slash || (size_t)(slash - path) >= sizeof(folder)) {
		return -ENAMETOOLONG;
	}
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	dir_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		return -errno;
	}
	r = address_in(dir_fd, slash + 1, &address);
	if (r == 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
	}
	return r;
}

static int connect_abstract(int fd, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);

	/* A NUL in the place of the "@", and none at the end: the length tells. */
	if (length > sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path + 1, name + 1, length - 1);
	length += offsetof(struct sockaddr_un, sun_path);
	return connect(fd, (const struct sockaddr *)&address, (socklen_t)length) < 0 ? -errno : 0;
}

static int connect_path(int type, const char *path)
{
	/* It holds for connect(2) as well: of a listener whose backlog is full. */
	const struct timeval timeout = {.tv_sec = SYS_CONNECT_TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	autofd int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0) {
		return -errno;
	}
	if (path[0] == '@' && type == SOCK_DGRAM) {
		r = connect_abstract(fd, path);
	} else if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
		r = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno
											: 0;
	} else {
		r = connect_by_folder(fd, path);
	}
	return r == -EAGAIN ? -ETIMEDOUT : r < 0 ? r : take_fd(&fd);
}

int sys_connect_path(const char *path)
{
	return connect_path(SOCK_STREAM, path);
}

int sys_connect_datagram(const char *name)
{
	return connect_path(SOCK_DGRAM, name);
}

int sys_bind_datagram(int dirfd, const char *name)
{
	struct sockaddr_un address = {0};
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : address_in(dirfd, name, &address);

	if (r == 0 && (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
			      fchmodat(dirfd, name, 0777, 0) < 0)) {
		r = -errno;
	}
	return r < 0 ? r : take_fd(&fd);
}

int sys_socket_type(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ? -errno : type;
}

ssize_t sys_send(int fd, const void *bytes, size_t length, int passed_fd)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t r;

	if (passed_fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &passed_fd, sizeof(int));
	}
	do {
		r = sendmsg(fd, &message, MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

ssize_t sys_recv(int fd, void *bytes, size_t size, int *ret_passed_fd)
{
	alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	autofd int passed = -1;
	ssize_t r;

	do {
		r = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (r < 0 && errno == EINTR);
	if (r < 0) {
		return -errno;
	}
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len >= CMSG_LEN(sizeof(int))) {
		memcpy(&passed, CMSG_DATA(header), sizeof(int));
	}
	if (message.msg_flags & MSG_CTRUNC) {
		return -EMSGSIZE;
	}
	*ret_passed_fd = take_fd(&passed);
	return r;
}
