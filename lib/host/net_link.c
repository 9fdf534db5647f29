/* SPDX-License-Identifier: Apache-2.0 */
#include "host/net_link.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/netlink.h"
#include "sys/file.h"
#include "sys/netlink.h"

/* Of kernels newer than the headers may be. */
enum {
	LINK_NETNS_IMMUTABLE = 67, /* IFLA_NETNS_IMMUTABLE, Linux 6.15 */
	ADDRESS_PROTO = 11,        /* IFA_PROTO, Linux 5.18 */
};

int host_net_open(struct host_net *net, int pidfd)
{
	*net = (struct host_net){.fd = pidfd < 0 ? sys_netlink() : sys_netlink_of(pidfd), -1};
	net->ns_fd = net->fd < 0 ? net->fd : sys_netlink_namespace(net->fd);
	return net->ns_fd < 0 ? net->ns_fd : 0;
}

void host_net_close(struct host_net *net)
{
	close_fd(&net->fd);
	close_fd(&net->ns_fd);
}

int host_net_is_same(const struct host_net *one, const struct host_net *other)
{
	struct stat first;
	struct stat second;
	int r = sys_fstat(one->ns_fd, &first);

	if (r == 0) {
		r = sys_fstat(other->ns_fd, &second);
	}
	return r < 0 ? r : first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static void take_number(
	const struct nlmsghdr *header, size_t size, uint16_t type, uint32_t *ret_number)
{
	const struct rtattr *attr = host_netlink_find(header, size, type);

	if (attr && RTA_PAYLOAD(attr) >= sizeof(*ret_number)) {
		memcpy(ret_number, host_netlink_data(attr), sizeof(*ret_number));
	}
}

static int take_link(const struct nlmsghdr *header, void *argument)
{
	const struct ifinfomsg *info = host_netlink_body(header);
	const struct rtattr *bound = host_netlink_find(header, sizeof(*info), LINK_NETNS_IMMUTABLE);
	const struct rtattr *name = host_netlink_find(header, sizeof(*info), IFLA_IFNAME);
	struct host_link *link = argument;

	*link = (struct host_link){
		.index = info->ifi_index,
		.is_loopback = (info->ifi_flags & IFF_LOOPBACK) != 0,
		.is_up = (info->ifi_flags & IFF_UP) != 0,
		.is_bound = bound && *(const uint8_t *)host_netlink_data(bound),
	};
	take_number(header, sizeof(*info), IFLA_MASTER, &link->master);
	if (!name || RTA_PAYLOAD(name) > sizeof(link->name)) {
		return -EPROTO;
	}
	memcpy(link->name, host_netlink_data(name), RTA_PAYLOAD(name));
	return 0;
}

/* Changes one attribute of a device. */
static int set_attribute(
	const struct host_net *net, int index, uint16_t type, const void *data, size_t size)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct netlink_message message;

	host_netlink_begin(&message, RTM_NEWLINK, 0, &info, sizeof(info));
	host_netlink_add(&message, type, data, size);
	return host_netlink_call(net->fd, &message, NULL, NULL);
}

int host_link_find(const struct host_net *net, const char *name, struct host_link *ret_link)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct netlink_message message;
	int r;

	host_netlink_begin(&message, RTM_GETLINK, 0, &info, sizeof(info));
	host_netlink_add(&message, IFLA_IFNAME, name, strlen(name) + 1);
	r = host_netlink_call(net->fd, &message, take_link, ret_link);
	if (r == 0 && !ret_link->is_bound && !ret_link->is_loopback) {
		/* Linux up to 6.12 has no attribute for it; but there a move to where it is does nothing, and is
		 * EINVAL with a device that has the feature netns-local. */
		r = set_attribute(
			net, ret_link->index, IFLA_NET_NS_FD, &net->ns_fd, sizeof(net->ns_fd));
		ret_link->is_bound = r == -EINVAL;
		r = r == -EINVAL ? 0 : r;
	}
	return r;
}

struct room {
	const char *name;
	int index;
	bool has_name, has_index;
	int highest;
};

static int look_at_room(const struct nlmsghdr *header, void *argument)
{
	const struct ifinfomsg *info = host_netlink_body(header);
	const struct rtattr *name = host_netlink_find(header, sizeof(*info), IFLA_IFNAME);
	struct room *room = argument;

	room->has_name =
		room->has_name || (name && str_is_equal(host_netlink_data(name), room->name));
	room->has_index = room->has_index || info->ifi_index == room->index;
	room->highest = info->ifi_index > room->highest ? info->ifi_index : room->highest;
	return 0;
}

int host_link_room(const struct host_net *net, const char *name, int index, int *ret_index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct room room = {.name = name, .index = index};
	struct netlink_message message;
	int r;

	host_netlink_begin(&message, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	r = host_netlink_call(net->fd, &message, look_at_room, &room);
	if (r < 0) {
		return r;
	}
	*ret_index = room.has_index ? room.highest + 1 : index;
	return room.has_name ? -EEXIST : 0;
}

int host_link_move(
	const struct host_net *from, const struct host_net *to, const struct host_link_move *move)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = move->index};
	struct netlink_message message;

	host_netlink_begin(&message, RTM_NEWLINK, 0, &info, sizeof(info));
	host_netlink_add(&message, IFLA_NET_NS_FD, &to->ns_fd, sizeof(to->ns_fd));
	host_netlink_add(&message, IFLA_IFNAME, move->name, strlen(move->name) + 1);
	if (move->to_index != move->index) {
		host_netlink_add(
			&message, IFLA_NEW_IFINDEX, &move->to_index, sizeof(move->to_index));
	}
	return host_netlink_call(from->fd, &message, NULL, NULL);
}

int host_link_set_up(const struct host_net *net, int index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP};
	struct netlink_message message;

	host_netlink_begin(&message, RTM_NEWLINK, 0, &info, sizeof(info));
	return host_netlink_call(net->fd, &message, NULL, NULL);
}

int host_link_set_master(const struct host_net *net, int index, uint32_t master)
{
	return set_attribute(net, index, IFLA_MASTER, &master, sizeof(master));
}

struct reading {
	int index;
	struct arena *arena;
	struct host_address **end;
};

static int take_address(const struct nlmsghdr *header, void *argument)
{
	const struct ifaddrmsg *info = host_netlink_body(header);
	struct reading *reading = argument;
	struct host_address *address;

	if ((int)info->ifa_index != reading->index) {
		return 0;
	}
	address = arena_alloc(reading->arena, 1, sizeof(*address));
	if (!address) {
		return -ENOMEM;
	}
	address->message =
		(void *)arena_copy(reading->arena, (const char *)header, header->nlmsg_len);
	*reading->end = address;
	reading->end = &address->next;
	return address->message ? 0 : -ENOMEM;
}

int host_address_read(const struct host_net *net, int index, struct arena *arena,
	struct host_address **ret_addresses)
{
	const struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
	struct host_address *first = NULL;
	struct reading reading = {index, arena, &first};
	struct netlink_message message;
	int r;

	host_netlink_begin(&message, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	r = host_netlink_call(net->fd, &message, take_address, &reading);
	if (r == 0) {
		*ret_addresses = first;
	}
	return r;
}

static uint32_t flags_of(const struct host_address *address)
{
	const struct ifaddrmsg *info = host_netlink_body(address->message);
	uint32_t flags = info->ifa_flags;

	take_number(address->message, sizeof(*info), IFA_FLAGS, &flags);
	return flags;
}

bool host_address_is_lasting(const struct host_address *address)
{
	const struct ifaddrmsg *info = host_netlink_body(address->message);

	return (flags_of(address) & IFA_F_PERMANENT) && info->ifa_scope == RT_SCOPE_UNIVERSE;
}

bool host_address_is_derived(const struct host_address *address)
{
	const struct ifaddrmsg *info = host_netlink_body(address->message);

	return info->ifa_family == AF_INET6 && (flags_of(address) & IFA_F_TEMPORARY);
}

/* What the kernel makes of itself is left to it: states, and who is secondary. */
int host_address_add(
	const struct host_net *net, int index, const struct host_address *address, bool is_whole)
{
	static const struct {
		uint16_t type;
		bool is_own; /* of this device on this host */
	} kept[] = {
		{IFA_LOCAL, false},
		{IFA_ADDRESS, false},
		{IFA_BROADCAST, false},
		{IFA_RT_PRIORITY, false},
		{IFA_LABEL, true},
		{IFA_CACHEINFO, true},
		{ADDRESS_PROTO, true},
	};
	struct ifaddrmsg info = *(const struct ifaddrmsg *)host_netlink_body(address->message);
	uint32_t flags = flags_of(address) &
			 (IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MCAUTOJOIN |
				 (is_whole ? IFA_F_MANAGETEMPADDR : 0U));
	struct netlink_message message;

	info.ifa_index = (uint32_t)index;
	info.ifa_flags = 0;
	host_netlink_begin(
		&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		const struct rtattr *attr =
			host_netlink_find(address->message, sizeof(info), kept[i].type);

		if (attr && (is_whole || !kept[i].is_own)) {
			host_netlink_add(
				&message, kept[i].type, host_netlink_data(attr), RTA_PAYLOAD(attr));
		}
	}
	host_netlink_add(&message, IFA_FLAGS, &flags, sizeof(flags));
	return host_netlink_call(net->fd, &message, NULL, NULL);
}
