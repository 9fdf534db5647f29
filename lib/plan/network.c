/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices (config-linux.md, "Network Devices"). */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

enum { DEVICE_NAME_MAX = 15 }; /* IFNAMSIZ of netdevice(7), without the NUL */

/* As the kernel takes a name. In that of the container one "%d" may stand for a number that is free there. */
static bool is_device_name(const char *name, bool may_count)
{
	const char *percent = strchr(name, '%');
	size_t length = strlen(name);

	if (length == 0 || length > DEVICE_NAME_MAX || str_is_equal(name, ".") ||
		str_is_equal(name, "..") || name[strcspn(name, "/: \t\n\v\f\r")] != '\0') {
		return false;
	}
	return !percent || (may_count && percent[1] == 'd' && !strchr(percent + 1, '%'));
}

static bool is_taken(const struct host_net_device *devices, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strchr(name, '%') && str_is_equal(devices[i].name, name)) {
			return true;
		}
	}
	return false;
}

static int add_device(struct plan_work *work, const struct spec_net_device *asked,
	struct host_net_device *devices, struct berth_error *err)
{
	size_t *count = &work->plan->host.net_device_count;
	const char *pointer = arena_printf(work->arena, "/linux/netDevices/%s", asked->host_name);
	const char *name = asked->name && asked->name[0] ? asked->name : asked->host_name;

	if (!pointer) {
		return plan_no_memory(err);
	}
	if (!is_device_name(asked->host_name, false) || !is_device_name(name, true)) {
		return error_field(err, BERTH_ERROR_CONFIG,
			is_device_name(asked->host_name, false) ? pointer : "/linux/netDevices",
			"is no name of a network device: \"%.64s\"",
			is_device_name(asked->host_name, false) ? name : asked->host_name);
	}
	if (is_taken(devices, *count, name)) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"a second network device with the name %s", name);
	}
	devices[(*count)++] = (struct host_net_device){
		.host_name = asked->host_name, .name = name, .pointer = pointer};
	return 0;
}

int plan_net_devices(struct plan_work *work, struct berth_error *err)
{
	const struct spec_net_devices *asked = &work->spec->linux_section.net_devices;
	struct host_net_device *devices = arena_alloc(work->arena, asked->count, sizeof(*devices));

	if (!devices) {
		return plan_no_memory(err);
	}
	if (asked->count > 0 && !plan_has(work, CLONE_NEWNET)) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/netDevices",
			"devices need a network namespace in /linux/namespaces");
	}
	work->plan->host.net_devices = devices;
	for (size_t i = 0; i < asked->count; i++) {
		int r = add_device(work, &asked->items[i], devices, err);

		if (r < 0) {
			return r;
		}
	}
	return 0;
}
