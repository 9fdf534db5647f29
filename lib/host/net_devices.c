/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices (config-linux.md, "Network Devices"): devices of this network namespace go to the child's, get
 * their new names, their permanent global addresses, which a move takes from them, and are set up.
 *
 * Whether all of them can be moved is looked up before the first one is. As any later step can fail too, and what is in
 * a namespace that ends is gone if it is no hardware, all that is needed to take them back is kept until the start has
 * succeeded: a socket in the child's namespace, which ends no sooner, and what the devices were on the host.
 */
#include "host/child.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "host/net_link.h"

enum { DEVICES_MEMORY_MAX = 16 * 1024 * 1024 };

/* For one that comes back and whose name has gone to another: that which the kernel gives in this case. */
#define ANY_NAME "dev%d"

struct device {
	const struct host_net_device *plan;
	struct host_link link; /* as it was on the host */
	struct host_address *addresses;
	int there_index; /* in the child's namespace */
	int back_index;  /* on the host, since it is back; else 0 */
	bool is_there;
};

struct host_net_devices {
	struct arena arena;
	struct host_net host, child;
	struct device *items;
	size_t count;
};

static int failed(const struct device *device, int r, const char *what, struct berth_error *err)
{
	error_system(err, r, "%s the network device %s", what, device->plan->host_name);
	error_add_pointer(err, device->plan->pointer);
	return r;
}

/* Is it one, and one that can move? */
static int check_kind(const struct host_net_devices *devices, const struct device *device,
	struct berth_error *err)
{
	for (const struct device *other = devices->items; other < device; other++) {
		if (other->link.index == device->link.index) {
			return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
				"is another name of the network device %s", other->plan->host_name);
		}
	}
	if (device->link.is_loopback) {
		return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
			"is the loopback device, which stays in its network namespace");
	}
	if (device->link.is_bound) {
		return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
			"the kernel does not take the network device %s out of its network "
			"namespace",
			device->plan->host_name);
	}
	return 0;
}

static int check_device(
	struct host_net_devices *devices, struct device *device, struct berth_error *err)
{
	int r = host_link_find(&devices->host, device->plan->host_name, &device->link);

	if (r < 0) {
		return failed(device, r, "find", err);
	}
	r = check_kind(devices, device, err);
	if (r < 0) {
		return r;
	}
	r = host_address_read(
		&devices->host, device->link.index, &devices->arena, &device->addresses);
	if (r < 0) {
		return failed(device, r, "read the addresses of", err);
	}
	r = host_link_room(
		&devices->child, device->plan->name, device->link.index, &device->there_index);
	if (r == -EEXIST) {
		return error_field(err, BERTH_ERROR_CONFIG, device->plan->pointer,
			"there is a network device %s in the container's network namespace",
			device->plan->name);
	}
	return r < 0 ? failed(device, r, "look for room for", err) : 0;
}

static int give_device(
	struct host_net_devices *devices, struct device *device, struct berth_error *err)
{
	/* Once more: the one before it may have taken the number. */
	int r = host_link_room(
		&devices->child, device->plan->name, device->link.index, &device->there_index);

	if (r < 0) {
		return failed(device, r, "look for room for", err);
	}
	r = host_link_move(&devices->host, &devices->child,
		&(struct host_link_move){
			device->link.index, device->there_index, device->plan->name});
	if (r < 0) {
		return failed(device, r, "move", err);
	}
	device->is_there = true;
	for (const struct host_address *address = device->addresses; address;
		address = address->next) {
		r = host_address_is_lasting(address)
			    ? host_address_add(&devices->child, device->there_index, address, false)
			    : 0;
		if (r < 0) {
			return failed(device, r, "give its addresses back to", err);
		}
	}
	r = host_link_set_up(&devices->child, device->there_index);
	return r < 0 ? failed(device, r, "set up", err) : 0;
}

static bool has_template(const struct device *device)
{
	return strchr(device->plan->name, '%') != NULL;
}

static int move_all(struct host_net_devices *devices, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < devices->count; i++) {
		r = check_device(devices, &devices->items[i], err);
	}
	/* Names first, then templates: these take numbers that are free then. */
	for (size_t i = 0; r == 0 && i < 2 * devices->count; i++) {
		struct device *device = &devices->items[i % devices->count];

		if (has_template(device) == (i >= devices->count)) {
			r = give_device(devices, device, err);
		}
	}
	return r;
}

/* 1: the child has ended. */
static int open_both(struct host_net_devices *devices, int pidfd, struct berth_error *err)
{
	int r = host_net_open(&devices->host, -1);

	if (r == 0) {
		r = host_net_open(&devices->child, pidfd);
	}
	if (r == 0) {
		r = host_net_is_same(&devices->host, &devices->child);
	}
	if (r == -ESRCH) {
		return 1;
	}
	if (r < 0) {
		error_system(err, r, "open the network namespace of the container");
		error_add_pointer(err, "/linux/netDevices");
	}
	return r > 0 ? error_field(err, BERTH_ERROR_CONFIG, "/linux/netDevices",
			       "the container's network namespace is the one in which they are")
		     : r;
}

int host_net_devices_move(struct host_net_devices **ret_devices, int pidfd,
	const struct host_plan *plan, struct berth_error *err)
{
	struct host_net_devices *devices;
	int r;

	if (plan->net_device_count == 0) {
		return 0;
	}
	devices = calloc(1, sizeof(*devices));
	if (!devices) {
		return error_system(err, ENOMEM, "memory for the network devices");
	}
	arena_init(&devices->arena, DEVICES_MEMORY_MAX);
	devices->host = devices->child = (struct host_net){-1, -1};
	*ret_devices = devices;
	devices->items =
		arena_alloc(&devices->arena, plan->net_device_count, sizeof(*devices->items));
	if (!devices->items) {
		return error_system(err, ENOMEM, "memory for the network devices");
	}
	devices->count = plan->net_device_count;
	for (size_t i = 0; i < devices->count; i++) {
		devices->items[i].plan = &plan->net_devices[i];
	}
	r = open_both(devices, pidfd, err);
	return r == 0 ? move_all(devices, err) : r;
}

static int take_back(
	struct host_net_devices *devices, struct device *device, struct berth_error *err)
{
	struct host_link_move move = {.index = device->there_index};
	int r = host_link_room(
		&devices->host, device->link.name, device->link.index, &move.to_index);
	bool is_renamed = r == -EEXIST;

	move.name = is_renamed ? ANY_NAME : device->link.name;
	if (r == 0 || is_renamed) {
		r = host_link_move(&devices->child, &devices->host, &move);
	}
	if (r < 0) {
		return failed(device, r, "move back", err);
	}
	device->is_there = false;
	device->back_index = move.to_index;
	return is_renamed ? error_field(err, BERTH_ERROR_SYSTEM, device->plan->pointer,
				    "there is another network device %s now: this one has come "
				    "back with the index %d and another name",
				    device->link.name, device->back_index)
			  : 0;
}

/* As far as it goes: the first failure is the error. */
static int restore(const struct host_net_devices *devices, const struct device *device,
	struct berth_error *err)
{
	int r = device->link.master ? host_link_set_master(&devices->host, device->back_index,
					      device->link.master)
				    : 0;

	for (const struct host_address *address = device->addresses; address;
		address = address->next) {
		int added = host_address_is_derived(address)
				    ? 0
				    : host_address_add(
					      &devices->host, device->back_index, address, true);

		r = r < 0 ? r : added;
	}
	if (device->link.is_up) {
		int set = host_link_set_up(&devices->host, device->back_index);

		r = r < 0 ? r : set;
	}
	return r < 0 ? failed(device, r, "restore", err) : 0;
}

static int return_all(struct host_net_devices *devices, struct berth_error *err)
{
	int first = 0;

	for (size_t i = 0; i < devices->count; i++) {
		int r = devices->items[i].is_there ? take_back(devices, &devices->items[i], err)
						   : 0;

		first = first < 0 ? first : r;
	}
	/* When all are there: one may be the other end, or the master, of another. */
	for (size_t i = 0; i < devices->count; i++) {
		int r = devices->items[i].back_index ? restore(devices, &devices->items[i], err)
						     : 0;

		first = first < 0 ? first : r;
	}
	return first;
}

int host_net_devices_return(struct host_net_devices **devices, struct berth_error *err)
{
	int r = *devices ? return_all(*devices, err) : 0;

	host_net_devices_keep(devices);
	return r;
}

void host_net_devices_keep(struct host_net_devices **devices)
{
	autoptr struct host_net_devices *taken = take_ptr(*devices);

	if (taken) {
		host_net_close(&taken->host);
		host_net_close(&taken->child);
		arena_finish(&taken->arena);
	}
}
