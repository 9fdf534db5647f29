/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_NET_LINK_H
#define HOST_NET_LINK_H
/* Network devices and their addresses, in this process's network namespace or another's: rtnetlink(7), netdevice(7).
 * Each function gives 0 or -errno. */
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* A network namespace. It is there as long as this is open, also without a process. */
struct host_net {
	int fd;    /* a socket in it; -1: none */
	int ns_fd; /* what names it to the kernel */
};

/* That of a process, or with `pidfd` -1 of this one. What is open already when it fails, the caller closes too. */
int host_net_open(struct host_net *net, int pidfd) must_use;
void host_net_close(struct host_net *net);

/* 1: they are the same, 0, or -errno. */
int host_net_is_same(const struct host_net *one, const struct host_net *other) must_use;

struct host_link {
	int index;
	char name[IF_NAMESIZE]; /* the first of its names */
	uint32_t master;        /* the index of the device that it is a port of; 0: none */
	bool is_loopback, is_up;
	bool is_bound; /* the kernel does not take it out of its namespace */
};

/* A device by one of its names. */
int host_link_find(
	const struct host_net *net, const char *name, struct host_link *ret_link) must_use;

/* Is there room for a device, by its name and its index? -EEXIST where there is one with that name; `ret_index` is the
 * index, or another one that is free. A name with "%d" is that of none. */
int host_link_room(
	const struct host_net *net, const char *name, int index, int *ret_index) must_use;

struct host_link_move {
	int index, to_index;
	const char *name; /* that it gets there; with "%d" a number that is free */
};

/* Moves a device to another namespace. It is down there, and has no addresses. */
int host_link_move(const struct host_net *from, const struct host_net *to,
	const struct host_link_move *move) must_use;

int host_link_set_up(const struct host_net *net, int index) must_use;
int host_link_set_master(const struct host_net *net, int index, uint32_t master) must_use;

/* The addresses of a device in the kernel's order, in memory of the arena; the last one is `next` NULL. */
struct host_address {
	struct host_address *next;
	struct nlmsghdr *message; /* as the kernel has told it */
};
int host_address_read(const struct host_net *net, int index, struct arena *arena,
	struct host_address **ret_addresses) must_use;

/* Permanent, and of global scope: what is meant to last, and to be seen from outside. */
bool host_address_is_lasting(const struct host_address *address);

/* The kernel has made it of another one, and does so again: a temporary address of IPv6 (RFC 8981). */
bool host_address_is_derived(const struct host_address *address);

/* Gives an address to a device; `is_whole`: also the times, the label and the origin that it had. */
int host_address_add(const struct host_net *net, int index, const struct host_address *address,
	bool is_whole) must_use;

#endif
