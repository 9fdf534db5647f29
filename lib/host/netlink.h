/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_NETLINK_H
#define HOST_NETLINK_H
/* One request of rtnetlink(7) after the other: a message that is put together, and what comes back. */
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { NETLINK_MESSAGE_BYTES = 1024 };

struct netlink_message {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_MESSAGE_BYTES];
	};
};

/* A message with its fixed part, and an attribute behind it. What is longer than a message can be is a bug. */
void host_netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags,
	const void *body, size_t size);
void host_netlink_add(
	struct netlink_message *message, uint16_t type, const void *data, size_t size);

/* The fixed part of a message, and the bytes of an attribute: the macros of the kernel's headers take const away. */
static inline const void *host_netlink_body(const struct nlmsghdr *header)
{
	return (const char *)header + NLMSG_HDRLEN;
}

static inline const void *host_netlink_data(const struct rtattr *attr)
{
	return (const char *)attr + RTA_LENGTH(0);
}

/* The attribute of a kind behind a fixed part of `size` bytes, or NULL. */
const struct rtattr *host_netlink_find(const struct nlmsghdr *header, size_t size, uint16_t type);

/* Is called for each message of an answer; not 0 ends the call with that. */
typedef int (*netlink_fn)(const struct nlmsghdr *header, void *argument);

/* Sends a request and takes the whole answer, up to its acknowledgement or, with NLM_F_DUMP, its end. `each` may be
 * NULL. Gives what the kernel says: 0 or -errno. */
int host_netlink_call(
	int fd, struct netlink_message *message, netlink_fn each, void *argument) must_use;

#endif
