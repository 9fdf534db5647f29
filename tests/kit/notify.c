/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify MESSAGE...: sends each message to $NOTIFY_SOCKET, the last one with a descriptor of "/" beside it, as a
 * program under a service manager does (sd_notify(3)); "sent", or the number of the error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int say(int fd, const struct sockaddr_un *address, char *text, int passed_fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = text, .iov_len = strlen(text)};
	struct msghdr message = {
		.msg_name = (void *)address,
		.msg_namelen = sizeof(*address),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};

	if (passed_fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof(int));
	}
	return sendmsg(fd, &message, 0) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int r = 0;

	if (!path || strlen(path) >= sizeof(address.sun_path) || fd < 0) {
		puts("no socket");
		return 1;
	}
	strcpy(address.sun_path, path);
	for (int i = 1; i < argc && r == 0; i++) {
		r = say(fd, &address, argv[i], i == argc - 1 ? open("/", O_RDONLY) : -1);
	}
	if (r == 0) {
		puts("sent");
	} else {
		printf("%d\n", r);
	}
	return r != 0;
}
