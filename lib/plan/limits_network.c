/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.network (net_cls and net_prio, of version 1 alone) and linux.resources.rdma. */
#include <string.h>

#include "plan/limits.h"

static const char class_pointer[] = "/linux/resources/network/classID";

/* What a file with a line for each device takes as the name of one. */
static bool is_device_name(const char *name)
{
	return name[0] != '\0' && name[strcspn(name, " \t\n")] == '\0';
}

static void put_priority(struct limits *limits, const struct spec_net_priority *item, size_t index)
{
	struct arena *arena = limits->work->arena;
	const char *pointer = arena_printf(arena, "/linux/resources/network/priorities/%zu", index);

	if (plan_limits_is_v2(limits) || !pointer) {
		plan_limits_refuse_v2(limits, pointer);
	} else if (!is_device_name(item->name)) {
		plan_limits_refuse(limits, pointer, "has no name of an interface", item->name);
	}
	plan_limits_put(limits, pointer, "net_prio.ifpriomap",
		arena_printf(arena, "%s %u", item->name, item->priority), 0);
}

void plan_limits_network(struct limits *limits, const struct spec_network *network)
{
	/* 0 is what a cgroup has that belongs to no class. */
	if (network->class_id != 0 && plan_limits_is_v2(limits)) {
		plan_limits_refuse_v2(limits, class_pointer);
	} else if (network->class_id != 0) {
		plan_limits_put(limits, class_pointer, "net_cls.classid",
			plan_limits_unsigned(limits, network->class_id), 0);
	}
	for (size_t i = 0; limits->status == 0 && i < network->priorities.count; i++) {
		put_priority(limits, &network->priorities.items[i], i);
	}
}

/* The kernel's admin-guide, cgroup-v1/rdma: what is not named keeps its value. */
static void put_rdma(struct limits *limits, const struct spec_rdma_limit *item)
{
	struct arena *arena = limits->work->arena;
	const char *pointer = arena_printf(arena, "/linux/resources/rdma/%s", item->device);
	const char *handles =
		item->has_handles ? arena_printf(arena, " hca_handle=%u", item->handles) : "";
	const char *objects =
		item->has_objects ? arena_printf(arena, " hca_object=%u", item->objects) : "";

	if (!is_device_name(item->device)) {
		plan_limits_refuse(limits, "/linux/resources/rdma",
			"has a key that is no name of a device", item->device);
	} else if (pointer && !item->has_handles && !item->has_objects) {
		plan_limits_refuse(limits, pointer, "has neither hcaHandles nor hcaObjects", NULL);
	}
	plan_limits_put(limits, pointer, "rdma.max",
		handles && objects ? arena_printf(arena, "%s%s%s", item->device, handles, objects)
				   : NULL,
		0);
}

void plan_limits_rdma(struct limits *limits, const struct spec_rdma_limits *rdma)
{
	for (size_t i = 0; limits->status == 0 && i < rdma->count; i++) {
		put_rdma(limits, &rdma->items[i]);
	}
}
