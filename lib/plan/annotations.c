/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotations that mean something to a runtime (those of crun). docs/man/berth.1.scd lists them. All others
 * are the caller's own, and only carried along.
 */
#include "base/str.h"
#include "plan/work.h"

/* The value of an annotation, or NULL. */
static const char *annotation_value(const struct plan_work *work, const char *key)
{
	const struct spec_annotations *annotations = &work->spec->annotations;

	for (size_t i = 0; i < annotations->count; i++) {
		if (str_is_equal(annotations->items[i].key, key)) {
			return annotations->items[i].value;
		}
	}
	return NULL;
}

/* A path of the host; a relative one starts in the bundle. */
static int annotation_path(const struct plan_work *work, const char *key, const char **ret_path,
	struct berth_error *err)
{
	const char *value = annotation_value(work, key);

	if (!value) {
		return 0;
	}
	if (value[0] == '\0') {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "/annotations/%s", key), "is empty, not a path");
	}
	*ret_path = plan_path_on_host(work->arena, work->request->bundle, value);
	return *ret_path ? 0 : plan_no_memory(err);
}

int plan_annotations(struct plan_work *work, struct berth_error *err)
{
	return annotation_path(
		work, "run.oci.pidfd_receiver", &work->plan->host.pidfd_receiver, err);
}
