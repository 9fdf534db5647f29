/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about this host. What costs nothing is always there; the cgroup hierarchies are looked up where
 * the config needs them: mount points from /proc/self/mountinfo, this process's own groups from
 * /proc/self/cgroup (proc(5), cgroups(7)).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/host.h"
#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/mountinfo.h"
#include "sys/process.h"

enum {
	PROBE_FILE_MAX = 16 * 1024 * 1024, /* mountinfo of a host with very many mounts */
	PROBE_HIERARCHIES_MAX = 32,
	PROBE_LINKS_MAX = 64,
};

/* The whole of a file of /proc, in the arena, with a NUL. */
static int read_file(
	const char *path, struct arena *arena, char **ret_text, struct berth_error *err)
{
	autofd int fd = sys_open(path, O_RDONLY);
	size_t size = 4096;
	size_t length = 0;
	char *text = arena_alloc(arena, size, 1);
	ssize_t r = fd;

	while (r >= 0 && text) {
		if (length + 1 == size) {
			char *bigger =
				size < PROBE_FILE_MAX ? arena_alloc(arena, size * 2, 1) : NULL;

			if (bigger) {
				memcpy(bigger, text, length);
			}
			size *= 2;
			text = bigger;
			continue;
		}
		r = sys_read(fd, text + length, size - length - 1);
		if (r == 0) {
			text[length] = '\0';
			*ret_text = text;
			return 0;
		}
		length += r > 0 ? (size_t)r : 0;
	}
	return error_system(err, text ? (int)r : -ENOMEM, "read %s", path);
}

struct facts_mount {
	char *root, *point, *type, *source, *options;
};

/* "36 35 98:0 ROOT MOUNTPOINT OPTIONS [TAGS] - FSTYPE SOURCE SUPER_OPTIONS": 0 where it is that,
 * else 1. */
static int parse_mount(char *line, struct facts_mount *ret_mount)
{
	char *fields[6];
	char *tail = strstr(line, " - ");
	char *rest = line;

	if (!tail) {
		return 1;
	}
	*tail = '\0';
	tail += 3;
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		fields[i] = strsep(&rest, " ");
		if (!fields[i]) {
			return 1;
		}
	}
	ret_mount->type = strsep(&tail, " ");
	ret_mount->source = strsep(&tail, " ");
	if (!tail) {
		return 1;
	}
	sys_mountinfo_unescape(fields[3]);
	sys_mountinfo_unescape(fields[4]);
	ret_mount->root = fields[3];
	ret_mount->point = fields[4];
	ret_mount->options = tail;
	return 0;
}

/* Is `word` one of the comma-separated words of `list`? */
static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (*list) {
		size_t item = strcspn(list, ",");

		if (item == length && strncmp(list, word, length) == 0) {
			return true;
		}
		list += item + (list[item] == ',' ? 1 : 0);
	}
	return false;
}

/* "4:cpu,cpuacct:/path": does the line name this hierarchy? The super options of a v1 mount hold its
 * controllers, or "name=..." for one without. */
static bool is_line_of(const char *controllers, const char *super_options, bool is_v2)
{
	char first[64];
	size_t length = strcspn(controllers, ",");

	if (is_v2 || *controllers == '\0') {
		return is_v2 && *controllers == '\0';
	}
	if (length >= sizeof(first)) {
		return false;
	}
	memcpy(first, controllers, length);
	first[length] = '\0';
	return list_has(super_options, first);
}

/* Finds the line of /proc/self/cgroup for a hierarchy; fills controllers and own path. */
static int find_own_group(const char *groups, const char *super_options, struct arena *arena,
	struct facts_hierarchy *hierarchy)
{
	for (const char *line = groups; *line;) {
		size_t length = strcspn(line, "\n");
		char *copy = arena_copy(arena, line, length);
		char *rest = copy;

		if (!copy) {
			return -ENOMEM;
		}
		(void)strsep(&rest, ":");
		copy = strsep(&rest, ":");
		if (copy && rest && is_line_of(copy, super_options, hierarchy->is_v2)) {
			hierarchy->controllers = copy;
			hierarchy->own_path = rest;
			return 0;
		}
		line += length + (line[length] == '\n' ? 1 : 0);
	}
	return 1;
}

/* Where a part of a hierarchy is mounted, as in a container without a cgroup namespace: the path from the
 * root of the mount. */
static const char *below_root(const char *path, const char *root)
{
	size_t length = strlen(root);

	if (length <= 1 || !str_has_prefix(path, root)) {
		return path;
	}
	if (path[length] == '\0') {
		return "/";
	}
	return path[length] == '/' ? path + length : path;
}

/* Whether this process may make a directory at the mount point, and where a relative path begins. */
static int probe_writable(struct arena *arena, struct facts_hierarchy *hierarchy)
{
	const char *own = hierarchy->own_path;
	size_t length = hierarchy->is_v2 ? (size_t)(strrchr(own, '/') - own) : strlen(own);
	const char *base = arena_printf(arena, "%s%.*s", hierarchy->mount_point, (int)length, own);
	int r;

	if (!base) {
		return -ENOMEM;
	}
	r = sys_may_write(hierarchy->mount_point);
	hierarchy->is_root_writable = r == 0;
	hierarchy->is_read_only = r == -EROFS;
	if (strspn(own, "/") >= length) {
		hierarchy->is_base_writable = hierarchy->is_root_writable; /* the same one */
	} else {
		hierarchy->is_base_writable = !strstr(own, "/..") && sys_may_write(base) == 0;
	}
	return 0;
}

static int compare_hierarchies(const void *a, const void *b)
{
	const struct facts_hierarchy *left = a;
	const struct facts_hierarchy *right = b;

	return strcmp(left->mount_point, right->mount_point);
}

static bool is_known(
	const struct facts_hierarchy *hierarchies, size_t count, const char *controllers)
{
	for (size_t i = 0; i < count; i++) {
		if (str_is_equal(hierarchies[i].controllers, controllers)) {
			return true;
		}
	}
	return false;
}

static int collect_hierarchies(
	char *mounts, const char *groups, struct arena *arena, struct facts *facts)
{
	struct facts_hierarchy *found = arena_alloc(arena, PROBE_HIERARCHIES_MAX, sizeof(*found));
	size_t count = 0;
	char *rest = mounts;
	char *line;

	if (!found) {
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n")) && count < PROBE_HIERARCHIES_MAX) {
		struct facts_hierarchy hierarchy = {0};
		struct facts_mount mount;
		int r;

		if (parse_mount(line, &mount) != 0 || !str_has_prefix(mount.type, "cgroup")) {
			continue;
		}
		hierarchy.mount_point = mount.point;
		hierarchy.is_v2 = str_is_equal(mount.type, "cgroup2");
		r = find_own_group(groups, mount.options, arena, &hierarchy);
		if (r == 0) {
			hierarchy.own_path = below_root(hierarchy.own_path, mount.root);
			r = probe_writable(arena, &hierarchy);
		}
		if (r < 0) {
			return r;
		}
		/* The same hierarchy may be mounted twice: the first place is the usual one. */
		if (r == 0 && !is_known(found, count, hierarchy.controllers)) {
			found[count++] = hierarchy;
		}
	}
	qsort(found, count, sizeof(*found), compare_hierarchies);
	facts->hierarchies = found;
	facts->hierarchy_count = count;
	return 0;
}

/* Where controllers share a hierarchy, each has a link beside it: "cpu" -> "cpu,cpuacct". */
static int collect_links(struct arena *arena, struct facts *facts)
{
	struct facts_link *links = arena_alloc(arena, PROBE_LINKS_MAX, sizeof(*links));
	size_t count = 0;

	if (!links) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		const char *point = facts->hierarchies[i].mount_point;
		const char *base = strrchr(point, '/') + 1;
		const char *at = facts->hierarchies[i].controllers;

		while (*at && strchr(base, ',') && count < PROBE_LINKS_MAX) {
			size_t length = strcspn(at, ",");
			char *name = arena_copy(arena, at, length);
			char *path = name ? arena_printf(arena, "%.*s%s", (int)(base - point),
						    point, name)
					  : NULL;
			char target[128];
			ssize_t r;

			if (!path) {
				return -ENOMEM;
			}
			r = sys_readlinkat(AT_FDCWD, path, target, sizeof(target));
			if (r > 0 && r < (ssize_t)sizeof(target)) {
				links[count].name = name;
				links[count++].target = base;
			}
			at += length + (at[length] == ',' ? 1 : 0);
		}
	}
	facts->links = links;
	facts->link_count = count;
	return 0;
}

/* Documentation/filesystems/resctrl.rst: there is one in a kernel, wherever it is mounted. A build with failpoints takes
 * a tmpfs of this source for it. */
#ifdef BERTH_FAILPOINTS
static bool is_resctrl(const char *type, const char *source)
{
	return str_is_equal(type, "resctrl") ||
	       (str_is_equal(type, "tmpfs") && str_is_equal(source, "resctrl-imitation"));
}
#else
static bool is_resctrl(const char *type, const char *source)
{
	(void)source;
	return str_is_equal(type, "resctrl");
}
#endif

/* The mount point of a line of mountinfo, where it is a resctrl, or NULL. */
static char *resctrl_point(char *line)
{
	struct facts_mount mount;

	return parse_mount(line, &mount) == 0 && is_resctrl(mount.type, mount.source) ? mount.point
										      : NULL;
}

static int probe_resctrl(struct arena *arena, struct facts *facts, struct berth_error *err)
{
	char *rest;
	char *line;
	int r = read_file("/proc/self/mountinfo", arena, &rest, err);

	while (r == 0 && !facts->resctrl && (line = strsep(&rest, "\n"))) {
		facts->resctrl = resctrl_point(line);
	}
	return r;
}

static int probe_cgroup(struct arena *arena, struct facts *facts, struct berth_error *err)
{
	char *mounts;
	char *groups;
	int r = read_file("/proc/self/mountinfo", arena, &mounts, err);

	if (r == 0) {
		r = read_file("/proc/self/cgroup", arena, &groups, err);
	}
	if (r < 0) {
		return r;
	}
	r = collect_hierarchies(mounts, groups, arena, facts);
	if (r == 0) {
		r = collect_links(arena, facts);
	}
	return r < 0 ? error_system(err, r, "find the cgroup hierarchies") : 0;
}

/* The lines of uid_map or gid_map. The initial user namespace, and no other, maps every id to itself. */
static int read_map(const char *path, struct arena *arena, const struct facts_ids **ret_lines,
	size_t *ret_count, bool *ret_is_initial, struct berth_error *err)
{
	struct facts_ids *lines = arena_alloc(arena, ABI_ID_MAP_LINES, sizeof(*lines));
	uint32_t first, outside, size;
	char *rest;
	char *line;
	size_t count = 0;
	bool is_initial = false;
	int r = lines ? read_file(path, arena, &rest, err)
		      : error_system(err, ENOMEM, "read %s", path);

	while (r == 0 && count < ABI_ID_MAP_LINES && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &first, &outside, &size) ==
			3) {
			is_initial = first == 0 && outside == 0 && size == UINT32_MAX;
			lines[count++] = (struct facts_ids){.first = first, .count = size};
		}
	}
	if (r == 0) {
		*ret_lines = lines;
		*ret_count = count;
		*ret_is_initial = is_initial;
	}
	return r;
}

static int probe_userns(struct arena *arena, struct facts *facts, struct berth_error *err)
{
	bool is_initial = false;
	int r = read_map(
		"/proc/self/uid_map", arena, &facts->uids, &facts->uid_count, &is_initial, err);

	facts->is_userns = r == 0 && !is_initial;
	if (!facts->is_userns) {
		facts->uid_count = 0;
		return r;
	}
	return read_map(
		"/proc/self/gid_map", arena, &facts->gids, &facts->gid_count, &is_initial, err);
}

/* A number behind "\nKEY:" of /proc/self/status. */
static int status_number(
	const char *text, const char *key, int base, uint64_t *ret_number, struct berth_error *err)
{
	const char *line = strstr(text, key);

	if (!line) {
		return error_set(err, BERTH_ERROR_INTERNAL, "/proc/self/status has no %s", key + 1);
	}
	*ret_number = strtoull(line + strlen(key), NULL, base);
	return 0;
}

/* In the /proc of another pid namespace, as after "unshare --pid", the pid of a container is that of a stranger. */
static int probe_status(struct arena *arena, struct facts *facts, struct berth_error *err)
{
	uint64_t pid = 0;
	char *text;
	int r = read_file("/proc/self/status", arena, &text, err);

	if (r == 0) {
		r = status_number(text, "\nTgid:", 10, &pid, err);
	}
	if (r == 0 && pid != (uint64_t)sys_getpid()) {
		return error_set(err, BERTH_ERROR_SYSTEM, "/proc is that of another pid namespace");
	}
	return r < 0 ? r : status_number(text, "\nCapBnd:", 16, &facts->bounding, err);
}

int host_probe(
	uint32_t wanted, struct arena *arena, struct facts *ret_facts, struct berth_error *err)
{
	struct facts facts = {
		.euid = sys_geteuid(),
		.egid = sys_getegid(),
		.last_capability = CAP_LAST_CAP,
	};
	struct sys_caps caps;
	int r = sys_capget(&caps);

	if (r < 0) {
		return error_system(err, r, "capget");
	}
	facts.effective = caps.effective;
	r = probe_status(arena, &facts, err);
	if (r == 0) {
		r = probe_userns(arena, &facts, err);
	}
	if (r == 0 && (wanted & FACTS_CGROUP)) {
		r = probe_cgroup(arena, &facts, err);
	}
	if (r == 0 && (wanted & FACTS_RESCTRL)) {
		r = probe_resctrl(arena, &facts, err);
	}
	if (r == 0) {
		host_probe_labels(wanted, &facts);
		*ret_facts = facts;
	}
	return r;
}
