/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/library.h"

#include <dlfcn.h>
#include <string.h>

static const char library_name[] = "libsystemd.so.0";

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{"sd_bus_open_system", offsetof(struct bus_library, open_system)},
	{"sd_bus_open_user", offsetof(struct bus_library, open_user)},
	{"sd_bus_close_unref", offsetof(struct bus_library, close_unref)},
	{"sd_bus_message_new_method_call", offsetof(struct bus_library, message_new_method_call)},
	{"sd_bus_message_unref", offsetof(struct bus_library, message_unref)},
	{"sd_bus_message_append", offsetof(struct bus_library, message_append)},
	{"sd_bus_message_append_array", offsetof(struct bus_library, message_append_array)},
	{"sd_bus_message_append_basic", offsetof(struct bus_library, message_append_basic)},
	{"sd_bus_message_open_container", offsetof(struct bus_library, message_open_container)},
	{"sd_bus_message_close_container", offsetof(struct bus_library, message_close_container)},
	{"sd_bus_message_read", offsetof(struct bus_library, message_read)},
	{"sd_bus_call", offsetof(struct bus_library, call)},
	{"sd_bus_error_free", offsetof(struct bus_library, error_free)},
	{"sd_bus_match_signal_async", offsetof(struct bus_library, match_signal_async)},
	{"sd_bus_slot_unref", offsetof(struct bus_library, slot_unref)},
	{"sd_bus_is_ready", offsetof(struct bus_library, is_ready)},
	{"sd_bus_process", offsetof(struct bus_library, process)},
	{"sd_bus_wait", offsetof(struct bus_library, wait)},
};

int bus_library_load(struct bus_library *library, void **ret_handle, struct berth_error *err)
{
	void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED,
			"the cgroup manager systemd needs %s: %s", library_name, dlerror());
	}
	for (size_t i = 0; i < ARRAY_COUNT(functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function) {
			(void)dlclose(handle);
			return error_set(err, BERTH_ERROR_UNSUPPORTED,
				"the cgroup manager systemd needs a newer %s: it has no %s",
				library_name, functions[i].name);
		}
		/* POSIX has dlsym(3) give functions as pointers to objects. */
		memcpy((char *)library + functions[i].offset, &function, sizeof(function));
	}
	*ret_handle = handle;
	return 0;
}
