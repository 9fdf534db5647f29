/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind mounts with ids of their own (config.md: the options idmap and ridmap, uidMappings and gidMappings of a
 * mount). The mappings are, in this order, those of the mount, those in the option as crun has them
 * ("idmap=uids=0-1000-1#1-5000-10;gids=0-1000-1"), or the container's.
 */
#include <string.h>

#include "base/str.h"
#include "plan/mount.h"

/* Where the mappings come from, and what is wrong with them. */
struct source {
	const char *pointer; /* of the option, or of the mount where the mappings stand alone */
	struct spec_mappings uids, gids;
};

/* An id of the container as one of the host; the whole of the range must be in one mapping. */
static int to_host(const struct spec_mappings *container, struct spec_mapping *mapping)
{
	for (size_t i = 0; i < container->count; i++) {
		const struct spec_mapping *item = &container->items[i];
		uint32_t offset = mapping->host_id - item->container_id;

		if (mapping->host_id >= item->container_id && offset < item->size &&
			mapping->size <= item->size - offset) {
			mapping->host_id = item->host_id + offset;
			return 0;
		}
	}
	return -1;
}

/* "FROM-TO-SIZE", or with "@" before it where TO is an id of the container. `text` is cut up. */
static int mapping_parse(
	char *text, const struct spec_mappings *container, struct spec_mapping *ret_mapping)
{
	bool is_relative = *text == '@';
	char *rest = text + (is_relative ? 1 : 0);
	const char *words[3];

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		words[i] = strsep(&rest, "-");
		if (!words[i]) {
			return -1;
		}
	}
	if (rest || str_to_u32(words[0], &ret_mapping->container_id) < 0 ||
		str_to_u32(words[1], &ret_mapping->host_id) < 0 ||
		str_to_u32(words[2], &ret_mapping->size) < 0) {
		return -1;
	}
	return is_relative ? to_host(container, ret_mapping) : 0;
}

/* Mappings between "#". `text` is cut up. */
static int list_parse(struct arena *arena, char *text, const struct spec_mappings *container,
	struct spec_mappings *ret_mappings)
{
	size_t count = 1;
	struct spec_mapping *items;
	char *word;

	for (const char *c = text; *c; c++) {
		count += *c == '#';
	}
	items = arena_alloc(arena, count, sizeof(*items));
	if (!items) {
		return -1;
	}
	*ret_mappings = (struct spec_mappings){.items = items};
	while ((word = strsep(&text, "#"))) {
		if (mapping_parse(word, container, &items[ret_mappings->count]) < 0) {
			return -1;
		}
		ret_mappings->count++;
	}
	return 0;
}

static int option_parse(
	struct plan_work *work, const char *text, struct source *source, struct berth_error *err)
{
	const struct spec_linux *asked = &work->spec->linux_section;
	char *rest = arena_copy(work->arena, text, strlen(text));
	int r = 0;
	char *word;

	if (!rest) {
		return plan_no_memory(err);
	}
	while (r == 0 && (word = strsep(&rest, ";"))) {
		if (str_has_prefix(word, "uids=")) {
			r = list_parse(work->arena, word + 5, &asked->uid_mappings, &source->uids);
		} else if (str_has_prefix(word, "gids=")) {
			r = list_parse(work->arena, word + 5, &asked->gid_mappings, &source->gids);
		} else {
			r = -1;
		}
	}
	if (r < 0 || source->uids.count == 0 || source->gids.count == 0) {
		return error_field(err, BERTH_ERROR_CONFIG, source->pointer,
			"\"%s\" is not uids=FROM-TO-SIZE;gids=FROM-TO-SIZE, with more mappings behind \"#\", "
			"where TO of one with \"@\" is mapped in the container",
			text);
	}
	return 0;
}

/* The container's: as its config has them, or those of a user namespace that it joins. */
static int of_container(struct plan_work *work, struct source *source, struct host_idmap *idmap,
	struct berth_error *err)
{
	const struct spec_linux *asked = &work->spec->linux_section;

	if (work->is_map_known) {
		source->uids = asked->uid_mappings;
		source->gids = asked->gid_mappings;
		return 0;
	}
	for (size_t i = 0; i < asked->namespaces.count; i++) {
		if (asked->namespaces.items[i].flag == CLONE_NEWUSER) {
			idmap->ns_path = asked->namespaces.items[i].path;
			return 0;
		}
	}
	return error_field(err, BERTH_ERROR_CONFIG, source->pointer,
		"needs uidMappings and gidMappings of the mount, as the container has no user namespace");
}

static int choose(struct plan_work *work, const struct plan_mount *mount, struct source *source,
	struct host_idmap *idmap, struct berth_error *err)
{
	const struct spec_mount *asked = mount->asked;

	if ((asked->uid_mappings.count > 0) != (asked->gid_mappings.count > 0)) {
		bool has_uids = asked->uid_mappings.count > 0;

		return error_field(err, BERTH_ERROR_CONFIG, mount->pointer, "has %s without %s",
			has_uids ? "uidMappings" : "gidMappings",
			has_uids ? "gidMappings" : "uidMappings");
	}
	if (asked->uid_mappings.count > 0 && mount->options.idmap_text) {
		return error_field(err, BERTH_ERROR_CONFIG, mount->options.idmap,
			"has mappings, and the mount has uidMappings and gidMappings");
	}
	if (asked->uid_mappings.count > 0) {
		source->uids = asked->uid_mappings;
		source->gids = asked->gid_mappings;
		return 0;
	}
	if (mount->options.idmap_text) {
		return option_parse(work, mount->options.idmap_text, source, err);
	}
	return of_container(work, source, idmap, err);
}

/* Where the mappings are in the text of an option, an error points to that. */
static int map_text(struct plan_work *work, const struct plan_mount *mount, bool is_uid,
	const struct source *source, const char **ret_text, struct berth_error *err)
{
	const struct spec_mappings *mappings = is_uid ? &source->uids : &source->gids;
	struct berth_error local = {0};
	const char *pointer =
		arena_printf(work->arena, "%s/%cidMappings", mount->pointer, is_uid ? 'u' : 'g');
	int r;

	if (!pointer) {
		return plan_no_memory(err);
	}
	if (mount->asked->uid_mappings.count > 0) {
		return plan_map_text(work, mappings, pointer, ret_text, err);
	}
	r = plan_map_text(work, mappings, pointer, ret_text, &local);
	return r < 0 ? error_field(err, local.error_class, source->pointer, "%s", local.message)
		     : 0;
}

int plan_idmap_mount(
	struct plan_work *work, const struct plan_mount *mount, struct berth_error *err)
{
	struct host_idmaps *idmaps = &work->plan->host.idmaps;
	struct boot_mounts *mounts = &work->plan->boot.mounts;
	struct source source = {
		.pointer = mount->options.idmap ? mount->options.idmap : mount->pointer};
	struct host_idmap idmap = {
		.mount = (uint32_t)mounts->count - 1,
		.is_recursive = mount->options.is_idmap_recursive,
		.pointer = source.pointer,
	};
	int r = choose(work, mount, &source, &idmap, err);

	if (r == 0 && work->facts->euid != 0) {
		r = error_field(err, BERTH_ERROR_UNSUPPORTED, source.pointer,
			"takes root: only who made a file system may map its ids");
	}
	if (r == 0 && !idmap.ns_path) {
		r = map_text(work, mount, true, &source, &idmap.uid_map, err);
		r = r < 0 ? r : map_text(work, mount, false, &source, &idmap.gid_map, err);
	}
	if (r == 0) {
		idmaps->items[idmaps->count++] = idmap;
		mounts->items[idmap.mount].flags |= BOOT_MOUNT_IDMAP;
	}
	return r;
}
