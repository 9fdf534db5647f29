/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices (config-linux.md, "Network Devices"): devices of this network namespace go to the child's, get
 * their new names, their permanent global addresses, which a move takes from them, and are set up.
 *
 * Whether all of them can be moved is looked up before the first one is: what is in a namespace that ends with a
 * container that could not be made is gone, if it is no hardware.
 */
#include "host/child.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "host/netlink.h"
#include "sys/netlink.h"

enum { MOVE_MEMORY_MAX = 16 * 1024 * 1024 };

/* An address as the kernel has told it. */
struct address {
	struct address *next;
	struct nlmsghdr *message;
};

struct device {
	const struct host_net_device *plan;
	int index;        /* on the host; in the child's namespace once it is there */
	int target_index; /* where that is taken there: another; else 0 */
	bool is_loopback;
	struct address *addresses;
};

struct move {
	const struct host_plan *plan;
	struct arena arena;
	struct device *devices;
	int host_fd, target_fd;
	pid_t pid;
};

static const char *link_name(const struct nlmsghdr *header)
{
	const struct rtattr *attr =
		host_netlink_find(header, sizeof(struct ifinfomsg), IFLA_IFNAME);

	return attr ? host_netlink_data(attr) : "";
}

static int take_link(const struct nlmsghdr *header, void *argument)
{
	const struct ifinfomsg *info = host_netlink_body(header);
	struct device *device = argument;

	device->index = info->ifi_index;
	device->is_loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
	return 0;
}

/* The device on the host by its name. */
static int find_device(struct move *move, struct device *device)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	const char *name = device->plan->host_name;
	struct netlink_message message;

	host_netlink_begin(&message, RTM_GETLINK, 0, &info, sizeof(info));
	host_netlink_add(&message, IFLA_IFNAME, name, strlen(name) + 1);
	return host_netlink_call(move->host_fd, &message, take_link, device);
}

struct wanted {
	struct move *move;
	struct device *device;
};

/* Permanent, and of global scope: what is meant to last, and to be seen from outside. */
static bool is_kept(const struct nlmsghdr *header, int index)
{
	const struct ifaddrmsg *info = host_netlink_body(header);
	const struct rtattr *attr = host_netlink_find(header, sizeof(*info), IFA_FLAGS);
	uint32_t flags = info->ifa_flags;

	if (attr) {
		memcpy(&flags, host_netlink_data(attr), sizeof(flags));
	}
	return (int)info->ifa_index == index && (flags & IFA_F_PERMANENT) &&
	       info->ifa_scope == RT_SCOPE_UNIVERSE;
}

static int take_address(const struct nlmsghdr *header, void *argument)
{
	const struct wanted *wanted = argument;
	struct address *address;

	if (!is_kept(header, wanted->device->index)) {
		return 0;
	}
	address = arena_alloc(&wanted->move->arena, 1, sizeof(*address));
	if (!address) {
		return -ENOMEM;
	}
	address->message =
		(void *)arena_copy(&wanted->move->arena, (const char *)header, header->nlmsg_len);
	address->next = wanted->device->addresses;
	wanted->device->addresses = address;
	return address->message ? 0 : -ENOMEM;
}

static int read_addresses(struct move *move, struct device *device)
{
	const struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
	struct wanted wanted = {move, device};
	struct netlink_message message;

	host_netlink_begin(&message, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	return host_netlink_call(move->host_fd, &message, take_address, &wanted);
}

struct target {
	const struct device *device;
	bool has_name, has_index;
	int highest;
};

static int look_at_target(const struct nlmsghdr *header, void *argument)
{
	const struct ifinfomsg *info = host_netlink_body(header);
	struct target *target = argument;

	target->has_name =
		target->has_name || str_is_equal(link_name(header), target->device->plan->name);
	target->has_index = target->has_index || info->ifi_index == target->device->index;
	target->highest = info->ifi_index > target->highest ? info->ifi_index : target->highest;
	return 0;
}

/* Is there room for it, by its name and by its number? */
static int check_target(struct move *move, struct device *device)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct target target = {.device = device};
	struct netlink_message message;
	int r;

	host_netlink_begin(&message, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	r = host_netlink_call(move->target_fd, &message, look_at_target, &target);
	device->target_index = target.has_index ? target.highest + 1 : 0;
	return r == 0 && target.has_name ? -EEXIST : r;
}

static int move_device(const struct move *move, struct device *device)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = device->index};
	const uint32_t pid = (uint32_t)move->pid;
	struct netlink_message message;
	int r;

	host_netlink_begin(&message, RTM_NEWLINK, 0, &info, sizeof(info));
	host_netlink_add(&message, IFLA_NET_NS_PID, &pid, sizeof(pid));
	host_netlink_add(&message, IFLA_IFNAME, device->plan->name, strlen(device->plan->name) + 1);
	if (device->target_index) {
		host_netlink_add(&message, IFLA_NEW_IFINDEX, &device->target_index,
			sizeof(device->target_index));
	}
	r = host_netlink_call(move->host_fd, &message, NULL, NULL);
	device->index = device->target_index ? device->target_index : device->index;
	return r;
}

/* What the kernel makes of itself is left to it: labels, times, states. */
static int add_address(
	const struct move *move, const struct device *device, const struct nlmsghdr *header)
{
	static const uint16_t kept[] = {IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY};
	struct ifaddrmsg info = *(const struct ifaddrmsg *)host_netlink_body(header);
	const struct rtattr *flags = host_netlink_find(header, sizeof(info), IFA_FLAGS);
	uint32_t bits = info.ifa_flags;
	struct netlink_message message;

	if (flags) {
		memcpy(&bits, host_netlink_data(flags), sizeof(bits));
	}
	bits &= IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MCAUTOJOIN;
	info.ifa_index = (uint32_t)device->index;
	info.ifa_flags = 0;
	host_netlink_begin(
		&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		const struct rtattr *attr = host_netlink_find(header, sizeof(info), kept[i]);

		if (attr) {
			host_netlink_add(
				&message, kept[i], host_netlink_data(attr), RTA_PAYLOAD(attr));
		}
	}
	host_netlink_add(&message, IFA_FLAGS, &bits, sizeof(bits));
	return host_netlink_call(move->target_fd, &message, NULL, NULL);
}

static int set_up(const struct move *move, const struct device *device)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
		.ifi_index = device->index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP};
	struct netlink_message message;

	host_netlink_begin(&message, RTM_NEWLINK, 0, &info, sizeof(info));
	return host_netlink_call(move->target_fd, &message, NULL, NULL);
}

static int failed(const struct device *device, int r, const char *what, struct berth_error *err)
{
	error_system(err, r, "%s the network device %s", what, device->plan->host_name);
	error_add_pointer(err, device->plan->pointer);
	return r;
}

static int check_device(struct move *move, struct device *device, struct berth_error *err)
{
	int r = find_device(move, device);

	if (r == 0 && device->is_loopback) {
		return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
			"is the loopback device, which stays in its network namespace");
	}
	if (r < 0) {
		return failed(device, r, "find", err);
	}
	r = read_addresses(move, device);
	if (r < 0) {
		return failed(device, r, "read the addresses of", err);
	}
	r = check_target(move, device);
	if (r == -EEXIST) {
		return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
			"there is a network device %s in the container's network namespace",
			device->plan->name);
	}
	return r < 0 ? failed(device, r, "look for room for", err) : 0;
}

static int give_device(struct move *move, struct device *device, struct berth_error *err)
{
	int r = move_device(move, device);

	if (r < 0) {
		return failed(device, r, "move", err);
	}
	for (const struct address *address = device->addresses; address; address = address->next) {
		r = add_address(move, device, address->message);
		if (r < 0) {
			return failed(device, r, "give its addresses back to", err);
		}
	}
	r = set_up(move, device);
	return r < 0 ? failed(device, r, "set up", err) : 0;
}

static int move_all(struct move *move, struct berth_error *err)
{
	size_t count = move->plan->net_device_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		move->devices[i].plan = &move->plan->net_devices[i];
		r = check_device(move, &move->devices[i], err);
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		/* The one before it may have taken the number. */
		r = check_target(move, &move->devices[i]);
		r = r < 0 ? failed(&move->devices[i], r, "look for room for", err)
			  : give_device(move, &move->devices[i], err);
	}
	return r;
}

int host_move_devices(pid_t pid, int pidfd, const struct host_plan *plan, struct berth_error *err)
{
	autofd int host_fd = -1;
	autofd int target_fd = -1;
	struct move move = {.plan = plan, .pid = pid};
	int r;

	if (plan->net_device_count == 0) {
		return 0;
	}
	host_fd = sys_netlink();
	target_fd = host_fd < 0 ? -1 : sys_netlink_of(pidfd);
	if (host_fd < 0 || target_fd < 0) {
		error_system(err, host_fd < 0 ? host_fd : target_fd,
			"open the network namespace of the container");
		error_add_pointer(err, "/linux/netDevices");
		return host_fd < 0 ? host_fd : target_fd;
	}
	move.host_fd = host_fd;
	move.target_fd = target_fd;
	arena_init(&move.arena, MOVE_MEMORY_MAX);
	move.devices = arena_alloc(&move.arena, plan->net_device_count, sizeof(*move.devices));
	r = move.devices ? move_all(&move, err)
			 : error_system(err, ENOMEM, "memory for the network devices");
	arena_finish(&move.arena);
	return r;
}
