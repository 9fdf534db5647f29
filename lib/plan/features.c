/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/features.h"

#include <stdio.h>

#include "plan/words.h"

/* Each option that there is, then those for the tree, which have an "r" before them. */
static const char *option_name(size_t index, char buffer[PLAN_FEATURE_NAME_MAX])
{
	bool is_tree = false;
	const char *name = plan_option_at(index, &is_tree);

	if (name && is_tree) {
		(void)snprintf(buffer, PLAN_FEATURE_NAME_MAX, "r%s", name);
		return buffer;
	}
	return name;
}

const char *plan_feature_name(
	enum plan_feature feature, size_t index, char buffer[PLAN_FEATURE_NAME_MAX])
{
	switch (feature) {
	case PLAN_FEATURE_MOUNT_OPTION:
		return option_name(index, buffer);
	case PLAN_FEATURE_NAMESPACE:
		return plan_namespace_at(index);
	case PLAN_FEATURE_CAPABILITY:
		return plan_capability_name((uint32_t)index);
	case PLAN_FEATURE_MEMORY_MODE:
		return plan_memory_mode_words.rows[index].name;
	case PLAN_FEATURE_MEMORY_FLAG:
		return plan_memory_flag_words.rows[index].name;
	default:
		return plan_seccomp_name(feature, index);
	}
}
