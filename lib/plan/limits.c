/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes to the files of the controllers: those of version 1, which config.json is
 * made after, or their conversion to version 2. What has no conversion is an error, never left out.
 */
#include "plan/limits.h"

#include <string.h>

#include "base/str.h"

enum { FIELD_WRITES_MAX = 32 }; /* of all fields that are no list */

/* Without limits version 1 shows the greatest number of whole pages, of 64 KiB at most. */
static const uint64_t v1_unlimited = INT64_MAX - 0xffff;

enum { RESOURCES_LENGTH = sizeof("/linux/resources") - 1 };

static const char *pointer_of(const struct limits *limits, const char *pointer)
{
	return limits->work->is_update ? pointer + RESOURCES_LENGTH : pointer;
}

void plan_limits_refuse(
	struct limits *limits, const char *pointer, const char *words, const char *text)
{
	if (limits->status == 0) {
		limits->status =
			error_field(limits->err, BERTH_ERROR_CONFIG, pointer_of(limits, pointer),
				"%s%s%s", words, text ? ": " : "", text ? text : "");
	}
}

void plan_limits_refuse_v2(struct limits *limits, const char *pointer)
{
	if (limits->status == 0 && !pointer) {
		limits->status = plan_no_memory(limits->err);
	} else if (limits->status == 0) {
		limits->status = error_field(limits->err, BERTH_ERROR_UNSUPPORTED,
			pointer_of(limits, pointer), "has no equivalent in cgroup version 2");
	}
}

/* The directory of a controller. On a hybrid host version 2 may have hugetlb or rdma, where nobody mounts it on version
 * 1: it is enabled there for those who ask for it. */
static int find_dir(struct limits *limits, const char *controller)
{
	int dir = plan_cgroup_find(limits->cgroup, controller);
	bool may_enable = str_is_equal(controller, "hugetlb") || str_is_equal(controller, "rdma");

	for (size_t i = 0; dir < 0 && may_enable && i < limits->cgroup->dir_count; i++) {
		const char **enabled = &limits->dirs[i].controllers;

		if (!limits->dirs[i].is_v2) {
			continue;
		}
		dir = (int)i;
		if ((*enabled)[0] == '\0') {
			*enabled = controller[0] == 'h' ? "hugetlb" : "rdma";
		} else if (!plan_cgroup_has(*enabled, controller)) {
			*enabled = "hugetlb,rdma";
		}
	}
	return dir;
}

void plan_limits_put(struct limits *limits, const char *pointer, const char *file,
	const char *value, uint32_t flags)
{
	char controller[32] = "";
	int dir;

	if (limits->status < 0) {
		return;
	}
	if (!value || !file || !pointer) {
		limits->status = plan_no_memory(limits->err);
		return;
	}
	pointer = pointer_of(limits, pointer);
	(void)str_copy(controller, sizeof(controller), file);
	controller[strcspn(controller, ".")] = '\0';
	dir = find_dir(limits, controller);
	if (dir < 0) {
		limits->status = error_field(limits->err, BERTH_ERROR_UNSUPPORTED, pointer,
			"cannot be applied: %s (%s)", plan_cgroup_missing(limits->work),
			controller);
		return;
	}
	limits->dirs[dir].is_optional = false;
	limits->writes[limits->cgroup->write_count++] = (struct host_cgroup_write){
		.dir = (size_t)dir,
		.file = file,
		.value = value,
		.pointer = pointer,
		.flags = limits->work->is_update ? flags & ~(uint32_t)HOST_CGROUP_FINAL : flags,
	};
}

const char *plan_limits_number(const struct limits *limits, int64_t value)
{
	if (value < 0) {
		return plan_limits_is_v2(limits) ? "max" : "-1";
	}
	return arena_printf(limits->work->arena, "%lld", (long long)value);
}

const char *plan_limits_unsigned(const struct limits *limits, uint64_t value)
{
	return arena_printf(limits->work->arena, "%llu", (unsigned long long)value);
}

const char *plan_limits_text_now(const struct limits *limits, const char *file)
{
	const struct facts *facts = limits->work->facts;

	for (size_t i = 0; i < facts->value_count; i++) {
		if (str_is_equal(facts->values[i].file, file)) {
			return facts->values[i].text;
		}
	}
	return NULL;
}

int64_t plan_limits_now(const struct limits *limits, const char *file)
{
	const char *text = plan_limits_text_now(limits, file);
	char word[24];
	uint64_t number;

	if (!text) {
		return PLAN_UNKNOWN;
	}
	(void)str_copy(word, sizeof(word), text);
	word[strcspn(word, " \n")] = '\0';
	if (str_is_equal(word, "max") || str_is_equal(word, "-1")) {
		return PLAN_UNLIMITED;
	}
	if (str_to_u64(word, &number) < 0) {
		return PLAN_UNKNOWN;
	}
	return number >= v1_unlimited ? PLAN_UNLIMITED : (int64_t)number;
}

/* A file of a controller, not one of those by which berth itself holds the cgroup. */
static bool is_unified_key(const char *key)
{
	/* Capitals: hugetlb.2MB.max. */
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
	static const char *const refused[] = {"cgroup.procs", "cgroup.threads", "cgroup.type",
		"cgroup.subtree_control", "cgroup.kill", "cgroup.freeze"};

	if (key[0] == '.' || !strchr(key, '.') || strstr(key, "..") ||
		key[strspn(key, chars)] != '\0') {
		return false;
	}
	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		if (str_is_equal(key, refused[i])) {
			return false;
		}
	}
	return true;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++) {
		count += *text == '\n';
	}
	return count;
}

/* The kernel takes one line in one write. */
static void put_unified(struct limits *limits, const struct spec_annotation *item)
{
	const char *pointer =
		arena_printf(limits->work->arena, "/linux/resources/unified/%s", item->key);
	const char *value = item->value;

	if (!pointer) {
		limits->status = plan_no_memory(limits->err);
	} else if (!is_unified_key(item->key)) {
		plan_limits_refuse(limits, "/linux/resources/unified",
			"has a key that is no file of a controller", item->key);
	} else if (!plan_limits_is_v2(limits)) {
		plan_limits_refuse(limits, pointer, "needs cgroup version 2", NULL);
	}
	while (limits->status == 0 && value) {
		size_t length = strcspn(value, "\n");
		bool is_last = value[length] == '\0' || value[length + 1] == '\0';

		plan_limits_put(limits, pointer, item->key,
			arena_copy(limits->work->arena, value, length),
			str_has_prefix(item->key, "pids.") ? HOST_CGROUP_FINAL : 0);
		value = is_last ? NULL : value + length + 1;
	}
}

/* Since version 1.3 of the specification a limit of 0 is one. Before, 0 was what a caller wrote who wanted
 * none, and no runtime set it: podman 4.3 does for --pids-limit 0 and -1. `version` NULL: the newest. */
static void put_pids(struct limits *limits, const struct spec_pids *pids, const char *version)
{
	bool is_old = version && version[2] >= '0' && version[2] < '3' && version[3] == '.';

	if (!pids->has_limit || (pids->limit == 0 && is_old)) {
		return;
	}
	plan_limits_put(limits, "/linux/resources/pids/limit", "pids.max",
		pids->limit < 0 ? "max" : plan_limits_number(limits, pids->limit),
		HOST_CGROUP_FINAL);
}

static size_t count_writes(const struct spec_resources *asked)
{
	size_t count = FIELD_WRITES_MAX + plan_limits_block_max(&asked->block_io) +
		       2 * asked->hugepage_limits.count + asked->network.priorities.count +
		       asked->rdma.count;

	for (size_t i = 0; i < asked->unified.count; i++) {
		count += count_lines(asked->unified.items[i].value);
	}
	return count;
}

int plan_limits(struct plan_work *work, struct berth_error *err)
{
	const struct spec_resources *asked = &work->spec->linux_section.resources;
	struct host_cgroup *cgroup = &work->plan->host.cgroup;
	struct limits limits = {.work = work, .cgroup = cgroup, .err = err};

	limits.writes = arena_alloc(work->arena, count_writes(asked), sizeof(*limits.writes));
	limits.dirs = arena_alloc(work->arena, cgroup->dir_count, sizeof(*limits.dirs));
	if (!limits.writes || !limits.dirs) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		limits.dirs[i] = cgroup->dirs[i];
	}
	cgroup->dirs = limits.dirs;
	cgroup->writes = limits.writes;
	plan_limits_memory(&limits, &asked->memory);
	plan_limits_cpu(&limits, &asked->cpu);
	plan_limits_block(&limits, &asked->block_io);
	plan_limits_hugepages(&limits, &asked->hugepage_limits);
	plan_limits_network(&limits, &asked->network);
	plan_limits_rdma(&limits, &asked->rdma);
	put_pids(&limits, &asked->pids, work->spec->oci_version);
	for (size_t i = 0; limits.status == 0 && i < asked->unified.count; i++) {
		put_unified(&limits, &asked->unified.items[i]);
	}
	return limits.status;
}
