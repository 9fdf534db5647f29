/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotations that mean something to a runtime (those of crun). docs/man/berth.1.scd lists them. What would
 * make another container than config.json describes, and is not built, is refused; all others are the caller's own,
 * and only carried along.
 */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

/* Names, and beginnings of names: those with a "." at their end. */
static const struct refused {
	const char *name, *why;
} refused[] = {
	{"run.oci.handler", "berth has no handlers: it runs programs of this machine"},
	{"krun.", "berth has no handlers: it runs programs of this machine"},
	{"run.oci.seccomp.plugins", "berth loads no plugins"},
	{"run.oci.seccomp_bpf_data", "the filter is made of /linux/seccomp alone"},
};

const char *plan_annotation(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.count; i++) {
		if (str_is_equal(spec->annotations.items[i].key, key)) {
			return spec->annotations.items[i].value;
		}
	}
	return NULL;
}

bool plan_annotation_is_set(const struct spec *spec, const char *key)
{
	const char *value = plan_annotation(spec, key);

	return value && str_is_equal(value, "1");
}

int plan_annotation_path(const struct spec *spec, const char *key, const char *bundle,
	struct arena *arena, const char **ret_path, struct berth_error *err)
{
	const char *value = plan_annotation(spec, key);

	if (!value) {
		return 0;
	}
	if (value[0] == '\0') {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(arena, "/annotations/%s", key), "is empty, not a path");
	}
	*ret_path = plan_path_on_host(arena, bundle, value);
	return *ret_path ? 0 : plan_no_memory(err);
}

static bool is_meant(const struct refused *row, const char *key)
{
	size_t length = strlen(row->name);

	return row->name[length - 1] == '.' ? str_has_prefix(key, row->name)
					    : str_is_equal(key, row->name);
}

static int refuse(const struct plan_work *work, const char *key, struct berth_error *err)
{
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		if (is_meant(&refused[i], key)) {
			return error_field(err, BERTH_ERROR_UNSUPPORTED,
				arena_printf(work->arena, "/annotations/%s", key),
				"is not supported: %s", refused[i].why);
		}
	}
	return 0;
}

int plan_annotations(struct plan_work *work, struct berth_error *err)
{
	const struct spec_annotations *annotations = &work->spec->annotations;
	int r = plan_annotation_path(work->spec, "run.oci.pidfd_receiver", work->request->bundle,
		work->arena, &work->plan->host.pidfd_receiver, err);

	for (size_t i = 0; r == 0 && i < annotations->count; i++) {
		r = refuse(work, annotations->items[i].key, err);
	}
	return r;
}
