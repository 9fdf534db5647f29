/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BUS_BUS_H
#define BUS_BUS_H
/*
 * bus: what is asked of systemd.
 *
 * In: struct host_unit of the plan, a pid. Out: calls of org.freedesktop.systemd1, each made once and with a
 * deadline. Forbidden here: cgroup files, policy. Fails with what systemd itself said.
 *
 * libsystemd is loaded when a bus is opened, and not before: nothing else of berth pays for it.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/host_unit.h"

struct bus_library;

/* A connection to the system's manager, or to that of the user. */
struct bus {
	struct bus_library *library; /* NULL: it is not open */
	void *connection;
	void *handle;
};

int bus_open(struct bus *bus, bool is_user, struct berth_error *err) must_use;

/* Also of one that was never opened, where it is zero. */
void bus_close(struct bus *bus);
#define autobus __attribute__((cleanup(bus_close)))

/* Starts a transient unit that holds a process, and waits until it is there. One of the same name that has failed is
 * forgotten, and the start asked for again; one that is in use is EXISTS. */
int bus_unit_start(
	struct bus *bus, const struct host_unit *unit, pid_t pid, struct berth_error *err) must_use;

/* Stops a unit, which ends what is in it, and waits; a failed one is forgotten. One that is not there is no
 * error. */
int bus_unit_stop(struct bus *bus, const char *name, struct berth_error *err) must_use;

/* A unit whose processes have ended by themselves: the name is free from here on. */
int bus_unit_forget(struct bus *bus, const char *name, struct berth_error *err) must_use;

/* Moves a process into the unit's cgroup, or into the one at `below` in it ("" or "/NAME"): for who may not do so
 * himself. */
int bus_unit_attach(struct bus *bus, const char *name, const char *below, pid_t pid,
	struct berth_error *err) must_use;

/* Changes properties of a unit that is there, until the machine stops. */
int bus_unit_set(struct bus *bus, const char *name, const struct host_unit_property *properties,
	size_t count, struct berth_error *err) must_use;

#endif
