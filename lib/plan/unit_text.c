/* SPDX-License-Identifier: Apache-2.0 */
/* The unit's rows in the readable plan. */
#include "plan/out.h"
#include "plan/unit.h"

static void write_property(
	struct plan_out *out, const char *label, const struct host_unit_property *property)
{
	plan_out_label(out, label);
	plan_out_add(out, "%s = %c", property->name, property->type);
	if (property->type == HOST_UNIT_DOUBLE) {
		plan_out_add(out, " %g", property->fraction);
	} else if (property->type == HOST_UNIT_BYTES) {
		for (size_t i = 0; i < property->count; i++) {
			plan_out_add(out, " %02x", property->bytes[i]);
		}
	} else if (!property->texts) {
		plan_out_add(out, " %llu", (unsigned long long)property->number);
	}
	for (size_t i = 0; property->texts && i < property->count; i++) {
		plan_out_add(out, " ");
		plan_out_quote(out, property->texts[i], true);
	}
	plan_out_add(out, "\n");
}

void plan_unit_write(struct plan_out *out, const struct host_unit *unit)
{
	plan_out_text(out, unit->is_user ? "user's unit" : "unit", unit->name);
	for (size_t i = 0; i < unit->property_count; i++) {
		write_property(out, "property", &unit->properties[i]);
	}
	if (unit->other_controllers && *unit->other_controllers) {
		plan_out_text(out, "enabled for it", unit->other_controllers);
	}
	if (unit->delegated) {
		plan_out_text(out, "delegated cgroup", unit->delegated);
	}
	if (unit->has_owner && unit->delegated) {
		plan_out_row(out, "its owner", "%u:%u", unit->owner_uid, unit->owner_gid);
	}
	if (unit->late) {
		write_property(out, "late property", unit->late);
	}
}
