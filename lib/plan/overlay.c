/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an overlay. fsconfig(2) takes no value of more than 255 bytes, and a container engine has dozens
 * of layers: such a list is handed over layer by layer, as "lowerdir+", which overlay takes since Linux 6.7. A
 * short list stays what it was, for older kernels.
 */
#include <string.h>

#include "base/str.h"
#include "plan/mount.h"

enum { VALUE_MAX = 255 };

static const char prefix[] = "lowerdir=";

static bool is_long_list(const char *text)
{
	/* An escaped colon belongs to a name. */
	return str_has_prefix(text, prefix) && strlen(text + strlen(prefix)) > VALUE_MAX &&
	       !strchr(text, '\\');
}

/* What is filled anew. */
struct data {
	const char **texts;
	uint32_t *origins;
	size_t count;
};

static void data_add(struct data *data, const char *text, uint32_t origin)
{
	data->texts[data->count] = text;
	data->origins[data->count] = origin;
	data->count++;
}

/* "a:b::c": b lies below a, and c has data alone. */
static int layers_add(struct arena *arena, struct data *data, const char *text, uint32_t origin)
{
	char *rest = arena_copy(arena, text, strlen(text));
	bool is_data = false;
	const char *layer;

	if (!rest) {
		return -1;
	}
	while ((layer = strsep(&rest, ":"))) {
		const char *option;

		if (layer[0] == '\0') {
			is_data = true;
			continue;
		}
		option = arena_printf(arena, "%s+=%s", is_data ? "datadir" : "lowerdir", layer);
		if (!option) {
			return -1;
		}
		data_add(data, option, origin);
	}
	return 0;
}

int plan_overlay_layers(
	struct plan_work *work, struct plan_options *options, struct berth_error *err)
{
	struct data data = {0};
	size_t max = options->data.count;

	for (size_t i = 0; i < options->data.count; i++) {
		for (const char *c = options->data.items[i]; *c; c++) {
			max += *c == ':';
		}
	}
	data.texts = arena_alloc(work->arena, max + 1, sizeof(*data.texts));
	data.origins = arena_alloc(work->arena, max, sizeof(*data.origins));
	if (!data.texts || !data.origins) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < options->data.count; i++) {
		const char *text = options->data.items[i];
		uint32_t origin = options->data_origins[i];

		if (!is_long_list(text)) {
			data_add(&data, text, origin);
		} else if (layers_add(work->arena, &data, text + strlen(prefix), origin) < 0) {
			return plan_no_memory(err);
		}
	}
	data.texts[data.count] = NULL;
	options->data = (struct wire_texts){.items = data.texts, .count = data.count};
	options->data_origins = data.origins;
	return 0;
}
