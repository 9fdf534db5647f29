/* SPDX-License-Identifier: Apache-2.0 */
/* A tmpfs in the place of resctrl: in builds with failpoints alone. */
#ifdef BERTH_FAILPOINTS
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "resctrl/inside.h"
#include "sys/abi.h"
#include "sys/file.h"

bool resctrl_is_imitated(uint64_t magic)
{
	return magic == TMPFS_MAGIC;
}

static bool is_tmpfs(int fd)
{
	uint64_t magic = 0;

	return sys_fs_magic(fd, &magic) == 0 && magic == TMPFS_MAGIC;
}

static int make_file(int fd, const char *group, const char *name)
{
	char path[PATH_MAX];
	autofd int file_fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", group, name);
	file_fd = sys_openat2(fd, path, O_WRONLY | O_CREAT | O_EXCL, 0644, RESOLVE_BENEATH);
	return file_fd < 0 ? file_fd : 0;
}

int resctrl_imitate_made(int fd, const char *path, bool is_monitor)
{
	char groups[PATH_MAX];
	int r = is_tmpfs(fd) ? make_file(fd, path, "tasks") : 1;

	if (r != 0 || is_monitor) {
		return r < 0 ? r : 0;
	}
	(void)snprintf(groups, sizeof(groups), "%s/mon_groups", path);
	r = make_file(fd, path, "schemata");
	return r < 0 ? r : sys_mkdirat(fd, groups, 0755);
}

int resctrl_imitate_removed(int fd, const char *path)
{
	static const char *const names[] = {"tasks", "schemata", "mon_groups"};
	int r = 0;

	for (size_t i = 0; r == 0 && is_tmpfs(fd) && i < ARRAY_COUNT(names); i++) {
		char name[PATH_MAX];

		(void)snprintf(name, sizeof(name), "%s/%s", path, names[i]);
		r = sys_unlinkat(fd, name, i == 2 ? AT_REMOVEDIR : 0);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}
#endif
