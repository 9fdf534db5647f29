/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "plan/work.h"

/* Whether [a, a + a_size) and [b, b + b_size) have an id in common. */
static bool is_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static bool is_in_mappings(const struct spec_mappings *mappings, uint32_t id)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_mapping *mapping = &mappings->items[i];

		if (is_overlap(id, 1, mapping->container_id, mapping->size)) {
			return true;
		}
	}
	return false;
}

/* Whether the ids from `first` on are there in the user namespace that berth is in. The kernel wants them in one line
 * of its map. */
static bool is_here(const struct facts *facts, enum plan_ids kind, uint32_t first, uint32_t count)
{
	const struct facts_ids *lines = kind == PLAN_UIDS ? facts->uids : facts->gids;
	size_t line_count = kind == PLAN_UIDS ? facts->uid_count : facts->gid_count;

	for (size_t i = 0; i < line_count; i++) {
		if (first >= lines[i].first &&
			(uint64_t)first + count <= (uint64_t)lines[i].first + lines[i].count) {
			return true;
		}
	}
	return line_count == 0;
}

static const struct spec_mappings *mappings_of(const struct plan_work *work, enum plan_ids kind)
{
	const struct spec_linux *asked = &work->spec->linux_section;

	return kind == PLAN_UIDS ? &asked->uid_mappings : &asked->gid_mappings;
}

bool plan_is_mapped(const struct plan_work *work, enum plan_ids kind, uint32_t id)
{
	if (work->is_map_known) {
		return is_in_mappings(mappings_of(work, kind), id);
	}
	return plan_has(work, CLONE_NEWUSER) || is_here(work->facts, kind, id, 1);
}

/* What is wrong with a mapping, seen alone or against those before it; NULL where nothing is. The
 * last id, 2^32-1, means "no id" to the kernel. */
static const char *mapping_fault(const struct spec_mappings *mappings, size_t index)
{
	const struct spec_mapping *mapping = &mappings->items[index];

	if (mapping->size == 0) {
		return "its size is 0";
	}
	if (mapping->size > UINT32_MAX - mapping->container_id ||
		mapping->size > UINT32_MAX - mapping->host_id) {
		return "it ends above the highest id";
	}
	for (size_t i = 0; i < index; i++) {
		const struct spec_mapping *other = &mappings->items[i];

		if (is_overlap(mapping->container_id, mapping->size, other->container_id,
			    other->size)) {
			return "its container ids overlap those of an earlier mapping";
		}
		if (is_overlap(mapping->host_id, mapping->size, other->host_id, other->size)) {
			return "its host ids overlap those of an earlier mapping";
		}
	}
	return NULL;
}

static int map_check(struct plan_work *work, const struct spec_mappings *mappings,
	const char *pointer, struct berth_error *err)
{
	if (mappings->count > ABI_ID_MAP_LINES) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"has %zu mappings: the kernel takes %d", mappings->count, ABI_ID_MAP_LINES);
	}
	for (size_t i = 0; i < mappings->count; i++) {
		const char *fault = mapping_fault(mappings, i);

		if (fault) {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(work->arena, "%s/%zu", pointer, i),
				"the mapping is refused: %s", fault);
		}
	}
	return 0;
}

int plan_map_text(struct plan_work *work, const struct spec_mappings *mappings, const char *pointer,
	const char **ret_text, struct berth_error *err)
{
	int r = map_check(work, mappings, pointer, err);
	char *data = r == 0 ? arena_alloc(work->arena, ABI_ID_MAP_BYTES, 1) : NULL;
	struct strbuf text;

	if (r < 0) {
		return r;
	}
	if (!data) {
		return plan_no_memory(err);
	}
	strbuf_init(&text, data, ABI_ID_MAP_BYTES);
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_mapping *mapping = &mappings->items[i];

		strbuf_printf(&text, "%u %u %u\n", mapping->container_id, mapping->host_id,
			mapping->size);
	}
	if (text.is_cut) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"the mappings are too long: the kernel takes less than %d bytes",
			ABI_ID_MAP_BYTES);
	}
	*ret_text = data;
	return 0;
}

/* In a user namespace there are only the ids of its own maps to be mapped. */
static int check_host_ids(
	struct plan_work *work, enum plan_ids kind, const char *pointer, struct berth_error *err)
{
	const struct spec_mappings *mappings = mappings_of(work, kind);

	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_mapping *mapping = &mappings->items[i];

		if (!is_here(work->facts, kind, mapping->host_id, mapping->size)) {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(work->arena, "%s/%zu", pointer, i),
				"the user namespace that berth runs in does not have the %u ids "
				"from %u on",
				mapping->size, mapping->host_id);
		}
	}
	return 0;
}

/* user_namespaces(7): without privilege one may map one's own id, and nothing else. */
static bool is_own_id(const struct spec_mappings *mappings, uint32_t own_id)
{
	return mappings->count == 1 && mappings->items[0].size == 1 &&
	       mappings->items[0].host_id == own_id;
}

bool plan_denies_setgroups(const struct plan_work *work)
{
	const struct spec_linux *asked = &work->spec->linux_section;
	const struct facts *facts = work->facts;

	return facts->euid != 0 && is_own_id(&asked->uid_mappings, facts->euid) &&
	       is_own_id(&asked->gid_mappings, facts->egid);
}

static void choose_way(struct plan_work *work)
{
	struct host_plan *host = &work->plan->host;

	if (work->facts->euid == 0) {
		host->map_way = HOST_MAP_DIRECT;
		return;
	}
	if (!plan_denies_setgroups(work)) {
		host->map_way = HOST_MAP_HELPER;
		return;
	}
	/* The kernel takes an unprivileged gid_map only after setgroups(2) was given up: else a
	 * process could drop a group that a file denies access to. */
	host->map_way = HOST_MAP_DIRECT;
	host->init.has_setgroups = true;
	host->init.may_setgroups = false;
	work->plan->boot.identity.is_setgroups_denied = 1;
}

int plan_idmap(struct plan_work *work, struct berth_error *err)
{
	const struct spec_linux *asked = &work->spec->linux_section;
	struct wire_bootstrap *init = &work->plan->host.init;
	int r;

	if (!plan_creates(work, CLONE_NEWUSER)) {
		return 0;
	}
	r = plan_map_text(work, &asked->uid_mappings, "/linux/uidMappings", &init->uid_map, err);
	if (r == 0) {
		r = plan_map_text(
			work, &asked->gid_mappings, "/linux/gidMappings", &init->gid_map, err);
	}
	if (r == 0) {
		r = check_host_ids(work, PLAN_UIDS, "/linux/uidMappings", err);
	}
	if (r == 0) {
		r = check_host_ids(work, PLAN_GIDS, "/linux/gidMappings", err);
	}
	if (r == 0) {
		choose_way(work);
	}
	return r;
}
