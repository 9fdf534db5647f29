/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BUS_LIBRARY_H
#define BUS_LIBRARY_H
/*
 * For the files of bus/ alone: what is used of sd-bus(3), by the names that libsystemd.so.0 has had since version
 * 241. Its header is not needed to build berth.
 */
#include <stdint.h>

#include "base/error.h"

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_slot sd_bus_slot;

/* sd-bus-errors(3): part of the library's ABI. */
struct bus_error {
	const char *name;
	const char *message;
	int need_free;
};

typedef int (*bus_handler)(sd_bus_message *message, void *argument, struct bus_error *error);

struct bus_library {
	int (*open_system)(sd_bus **ret_bus);
	int (*open_user)(sd_bus **ret_bus);
	sd_bus *(*close_unref)(sd_bus *bus);
	int (*message_new_method_call)(sd_bus *bus, sd_bus_message **ret_message,
		const char *destination, const char *path, const char *interface,
		const char *member);
	sd_bus_message *(*message_unref)(sd_bus_message *message);
	int (*message_append)(sd_bus_message *message, const char *types, ...);
	int (*message_append_array)(
		sd_bus_message *message, char type, const void *data, size_t size);
	int (*message_append_basic)(sd_bus_message *message, char type, const void *value);
	int (*message_open_container)(sd_bus_message *message, char type, const char *contents);
	int (*message_close_container)(sd_bus_message *message);
	int (*message_read)(sd_bus_message *message, const char *types, ...);
	int (*call)(sd_bus *bus, sd_bus_message *message, uint64_t timeout_us,
		struct bus_error *error, sd_bus_message **ret_reply);
	void (*error_free)(struct bus_error *error);
	int (*match_signal_async)(sd_bus *bus, sd_bus_slot **ret_slot, const char *sender,
		const char *path, const char *interface, const char *member, bus_handler handler,
		bus_handler installed, void *argument);
	sd_bus_slot *(*slot_unref)(sd_bus_slot *slot);
	int (*is_ready)(sd_bus *bus);
	int (*process)(sd_bus *bus, sd_bus_message **ret_message);
	int (*wait)(sd_bus *bus, uint64_t timeout_us);
};

/* Loads the library and finds its functions. `*ret_handle` is from dlopen(3). */
int bus_library_load(
	struct bus_library *library, void **ret_handle, struct berth_error *err) must_use;

#endif
