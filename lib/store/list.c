/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "sys/file.h"

struct listing {
	struct arena *arena;
	const char **ids;
	size_t count;
	size_t capacity;
};

static int listing_grow(struct listing *listing)
{
	size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
	const char **ids = arena_alloc(listing->arena, capacity, sizeof(*ids));

	if (!ids) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < listing->count; i++) {
		ids[i] = listing->ids[i];
	}
	listing->ids = ids;
	listing->capacity = capacity;
	return 0;
}

static int listing_add(const char *name, bool is_directory, void *argument)
{
	struct listing *listing = argument;
	const char *copy;

	if (!is_directory || store_check_id(name, NULL) < 0) {
		return 0; /* not ours */
	}
	if (listing->count == listing->capacity && listing_grow(listing) < 0) {
		return -ENOMEM;
	}
	copy = arena_copy(listing->arena, name, strlen(name));
	if (!copy) {
		return -ENOMEM;
	}
	listing->ids[listing->count++] = copy;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int store_list(const struct store *store, struct arena *arena, const char *const **ret_ids,
	size_t *ret_count, struct berth_error *err)
{
	struct listing listing = {.arena = arena};
	int r = store->fd < 0 ? 0 : sys_list(store->fd, listing_add, &listing);

	if (r < 0) {
		return error_system(err, r, "list the state root");
	}
	if (listing.count > 0) {
		qsort(listing.ids, listing.count, sizeof(*listing.ids), compare_ids);
	}
	*ret_ids = listing.ids;
	*ret_count = listing.count;
	return 0;
}
