/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"

static const char system_prefix[] = "system:";
static const char user_prefix[] = "user:";

int cgroup_describe(
	const struct cgroup *cgroup, struct arena *arena, struct cgroup_texts *ret_texts)
{
	const char **items = arena_alloc(arena, cgroup->count + 2, sizeof(*items));
	size_t count = 0;

	if (items && cgroup->unit) {
		items[count] = arena_printf(arena, "%s%s",
			cgroup->is_unit_user ? user_prefix : system_prefix, cgroup->unit);
		if (!items[count++]) {
			return -ENOMEM;
		}
	}

	for (size_t i = 0; items && i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];

		if (dir->fd < 0 && dir->way_fd < 0) {
			continue;
		}
		items[count] =
			arena_printf(arena, "%u/%s/%s", dir->kept, dir->mount_point, dir->path);
		if (!items[count++]) {
			return -ENOMEM;
		}
	}
	if (!items) {
		return -ENOMEM;
	}
	*ret_texts = (struct cgroup_texts){.items = items, .count = count};
	return 0;
}

/* Absolute, and without ".", ".." and empty parts. */
static bool is_clean(const char *path)
{
	if (*path != '/') {
		return false;
	}
	while (*path) {
		size_t length = strcspn(path + 1, "/");

		if (length == 0 || (length == 1 && path[1] == '.') ||
			(length == 2 && path[1] == '.' && path[2] == '.')) {
			return false;
		}
		path += 1 + length;
	}
	return true;
}

/* "KEPT", "/MOUNT/POINT" and "/PA/TH": the only two slashes together are between the last two. */
static int parse(struct cgroup *cgroup, const char *text, struct cgroup_dir *ret_dir)
{
	size_t digits = strcspn(text, "/");
	char *kept = arena_copy(&cgroup->arena, text, digits);
	const char *mount_point = text[digits] ? text + digits + 1 : "";
	const char *path = strstr(mount_point, "//");
	struct cgroup_dir dir = {.fd = -1, .way_fd = -1, .above_fd = -1};

	if (!kept || !path) {
		return kept ? -EINVAL : -ENOMEM;
	}
	dir.mount_point = arena_copy(&cgroup->arena, mount_point, (size_t)(path - mount_point));
	dir.path = arena_copy(&cgroup->arena, path + 1, strlen(path + 1));
	if (!dir.mount_point || !dir.path) {
		return -ENOMEM;
	}
	if (str_to_u32(kept, &dir.kept) < 0 || !is_clean(dir.mount_point) || !is_clean(dir.path)) {
		return -EINVAL;
	}
	*ret_dir = dir;
	return 0;
}

/* 1 where the text is that of a unit. */
static int parse_unit(struct cgroup *cgroup, const char *text)
{
	bool is_user = str_has_prefix(text, user_prefix);

	if (!is_user && !str_has_prefix(text, system_prefix)) {
		return 0;
	}
	text += is_user ? strlen(user_prefix) : strlen(system_prefix);
	cgroup->is_unit_user = is_user;
	cgroup->unit = arena_copy(&cgroup->arena, text, strlen(text));
	return cgroup->unit ? 1 : -ENOMEM;
}

static int open_dir(struct cgroup_dir *dir)
{
	autofd int mount_fd = cgroup_mount_open(dir->mount_point, &dir->is_v2);

	dir->is_unmounted = mount_fd == -ENOENT || mount_fd == -ENODEV;
	if (mount_fd < 0) {
		return dir->is_unmounted ? 0 : mount_fd;
	}
	dir->fd = cgroup_dir_open(mount_fd, dir->path);
	/* ENOTDIR: a start was refused because of a file of that name. */
	return dir->fd < 0 && dir->fd != -ENOENT && dir->fd != -ENOTDIR ? dir->fd : 0;
}

bool cgroup_is_there(const struct cgroup *cgroup)
{
	bool is_there = false;

	for (size_t i = 0; i < cgroup->count; i++) {
		is_there = is_there || cgroup->dirs[i].fd >= 0;
	}
	return is_there;
}

int cgroup_open(struct cgroup *cgroup, const struct cgroup_texts *texts, struct berth_error *err)
{
	/* Whatever a first try has left open. */
	cgroup_finish(cgroup);
	cgroup_init(cgroup);
	if (texts->count > CGROUP_DIRS_MAX + 1) {
		return error_set(err, BERTH_ERROR_STATE, "a state with too many cgroups");
	}
	for (size_t i = 0; i < texts->count; i++) {
		struct cgroup_dir *dir = &cgroup->dirs[cgroup->count];
		int r = parse_unit(cgroup, texts->items[i]);

		if (r > 0) {
			continue;
		}
		if (r == 0) {
			r = cgroup->count < CGROUP_DIRS_MAX ? parse(cgroup, texts->items[i], dir)
							    : -EINVAL;
		}
		if (r == -EINVAL) {
			return error_set(err, BERTH_ERROR_STATE,
				"a state with a cgroup that is none: \"%s\"", texts->items[i]);
		}
		if (r == 0) {
			r = open_dir(dir);
		}
		if (r < 0) {
			return error_system(
				err, r, "open the cgroup %s%s", dir->mount_point, dir->path);
		}
		cgroup->count++;
	}
	return 0;
}
