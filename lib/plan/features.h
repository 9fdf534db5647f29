/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_FEATURES_H
#define PLAN_FEATURES_H
/* What a config may ask of this berth, by the names of the specification: for `features` (features.md). The names
 * come from the very tables by which a config is planned; what is refused as not built is not among them. */
#include <stddef.h>

enum plan_feature {
	PLAN_FEATURE_MOUNT_OPTION,
	PLAN_FEATURE_NAMESPACE,
	PLAN_FEATURE_CAPABILITY,
	PLAN_FEATURE_MEMORY_MODE,
	PLAN_FEATURE_MEMORY_FLAG,
	PLAN_FEATURE_SECCOMP_ACTION,
	PLAN_FEATURE_SECCOMP_OPERATOR,
	PLAN_FEATURE_SECCOMP_ARCHITECTURE,
	PLAN_FEATURE_SECCOMP_KNOWN_FLAG,
	PLAN_FEATURE_SECCOMP_FLAG,
	PLAN_FEATURE_COUNT
};

enum { PLAN_FEATURE_NAME_MAX = 64 };

/* The names one by one, from index 0 until there is none: NULL. `buffer` may be used for it. */
const char *plan_feature_name(
	enum plan_feature feature, size_t index, char buffer[PLAN_FEATURE_NAME_MAX]);

/* What libseccomp calls an architecture, by its index. */
const char *plan_seccomp_architecture(size_t index);

#endif
