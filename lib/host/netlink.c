/* SPDX-License-Identifier: Apache-2.0 */
#include "host/netlink.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sys/socket.h"

enum { ANSWER_BYTES = 32768 }; /* as much as the kernel puts into one datagram */

void host_netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags,
	const void *body, size_t size)
{
	memset(message, 0, sizeof(*message));
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK;
	message->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&message->header), body, size);
}

void host_netlink_add(struct netlink_message *message, uint16_t type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
	const struct rtattr header = {
		.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};

	assert(at + RTA_SPACE(size) <= sizeof(message->bytes));
	memcpy(message->bytes + at, &header, sizeof(header));
	memcpy(message->bytes + at + RTA_LENGTH(0), data, size);
	message->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(size));
}

const struct rtattr *host_netlink_find(const struct nlmsghdr *header, size_t size, uint16_t type)
{
	const char *at = (const char *)host_netlink_body(header) + NLMSG_ALIGN(size);
	int left = (int)header->nlmsg_len - (int)NLMSG_SPACE(size);
	const struct rtattr *attr = (const void *)at;

	while (RTA_OK(attr, left)) {
		if (attr->rta_type == type) {
			return attr;
		}
		at += RTA_ALIGN(attr->rta_len);
		left -= (int)RTA_ALIGN(attr->rta_len);
		attr = (const void *)at;
	}
	return NULL;
}

/* 0 and more to come, 1 at the end, or what failed. */
static int take_message(const struct nlmsghdr *header, netlink_fn each, void *argument)
{
	const struct nlmsgerr *error;

	if (header->nlmsg_type == NLMSG_DONE) {
		return 1;
	}
	if (header->nlmsg_type == NLMSG_ERROR) {
		if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*error))) {
			return -EPROTO;
		}
		error = host_netlink_body(header);
		return error->error < 0 ? error->error : 1;
	}
	return each ? each(header, argument) : 0;
}

int host_netlink_call(int fd, struct netlink_message *message, netlink_fn each, void *argument)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	ssize_t left = sys_send(fd, message->bytes, message->header.nlmsg_len, -1);
	int passed_fd = -1;
	int r = left < 0 ? (int)left : 0;

	while (r == 0) {
		const char *at = answer;
		const struct nlmsghdr *header = (const void *)at;

		left = sys_recv(fd, answer, sizeof(answer), &passed_fd);
		if (left <= 0) {
			return left < 0 ? (int)left : -EPROTO;
		}
		while (r == 0 && NLMSG_OK(header, left)) {
			r = take_message(header, each, argument);
			at += NLMSG_ALIGN(header->nlmsg_len);
			left -= (ssize_t)NLMSG_ALIGN(header->nlmsg_len);
			header = (const void *)at;
		}
	}
	return r < 0 ? r : 0;
}
