/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "resctrl/inside.h"
#include "resctrl/resctrl.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	GROUP_PATH_MAX = 2 * RESCTRL_NAME_MAX + 64,
	GROUP_TEXT_MAX = 64 * 1024,
	GROUP_STATUS_MAX = 256,
};

#define BELOW (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

void resctrl_init(struct resctrl *resctrl)
{
	*resctrl = (struct resctrl){.fd = -1};
}

void resctrl_finish(struct resctrl *resctrl)
{
	close_fd(&resctrl->fd);
}

static int open_mount(const char *mount_point)
{
	autofd int fd = sys_openat2(AT_FDCWD, mount_point, O_RDONLY | O_DIRECTORY, 0,
		RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	uint64_t magic = 0;
	int r = fd < 0 ? fd : sys_fs_magic(fd, &magic);

	if (r == 0 && magic != RDTGROUP_SUPER_MAGIC && !resctrl_is_imitated(magic)) {
		r = -ENODEV;
	}
	return r < 0 ? r : take_fd(&fd);
}

/* A file or a directory of the group or, where it is asked for, of the monitoring group in it. */
static void make_path(
	const struct resctrl *resctrl, bool is_monitor, const char *name, char path[GROUP_PATH_MAX])
{
	struct strbuf buf;

	strbuf_init(&buf, path, GROUP_PATH_MAX);
	strbuf_printf(&buf, "%s", resctrl->group[0] ? resctrl->group : ".");
	if (is_monitor) {
		strbuf_printf(&buf, "/mon_groups/%s", resctrl->monitor);
	}
	if (name) {
		strbuf_printf(&buf, "/%s", name);
	}
}

static int write_file(int fd, const char *path, const char *text)
{
	autofd int file_fd = sys_openat2(fd, path, O_WRONLY | O_APPEND, 0, BELOW);

	return file_fd < 0 ? file_fd : sys_write_once(file_fd, text, strlen(text));
}

static int read_file(int fd, const char *path, char *text, size_t size)
{
	autofd int file_fd = sys_openat2(fd, path, O_RDONLY, 0, BELOW);
	size_t length = 0;
	ssize_t r = file_fd < 0 ? file_fd : 1;

	while (r > 0 && length + 1 < size) {
		r = sys_read(file_fd, text + length, size - 1 - length);
		length += r > 0 ? (size_t)r : 0;
	}
	text[length] = '\0';
	return r < 0 ? (int)r : 0;
}

/* What the kernel says of the last thing that it was asked, in words: " (...)", or nothing. */
static void read_status(int fd, char text[GROUP_STATUS_MAX])
{
	char status[GROUP_STATUS_MAX - 4];
	int r = read_file(fd, "info/last_cmd_status", status, sizeof(status));

	status[strcspn(status, "\n")] = '\0';
	text[0] = '\0';
	if (r == 0 && status[0] && !str_is_equal(status, "ok")) {
		(void)snprintf(text, GROUP_STATUS_MAX, " (%s)", status);
	}
}

int resctrl_find(struct resctrl *resctrl, const struct host_rdt *plan, struct berth_error *err)
{
	struct stat st;
	int r = open_mount(plan->mount_point);

	if (r < 0) {
		(void)error_system(err, r, "open the resctrl file system %s", plan->mount_point);
		error_add_pointer(err, "/linux/intelRdt");
		return r;
	}
	resctrl->fd = r;
	(void)str_copy(resctrl->group, sizeof(resctrl->group), plan->group);
	(void)str_copy(resctrl->monitor, sizeof(resctrl->monitor), plan->monitor);
	resctrl->is_shared = plan->is_shared;
	if (resctrl->group[0] == '\0') {
		return 0;
	}
	r = sys_fstatat(resctrl->fd, resctrl->group, AT_SYMLINK_NOFOLLOW, &st);
	resctrl->is_own = r == -ENOENT && !plan->is_required;
	if (r == -ENOENT && plan->is_required) {
		return error_field(err, BERTH_ERROR_CONFIG, plan->pointer,
			"there is no resctrl group \"%.64s\", and no schema to make one with",
			plan->group);
	}
	if (r == 0 && !plan->is_shared) {
		return error_field(err, BERTH_ERROR_CONFIG, plan->pointer,
			"the resctrl group \"%.64s\" is there already: only a closID names one of "
			"others",
			plan->group);
	}
	if (r < 0 && r != -ENOENT) {
		(void)error_system(err, r, "find the resctrl group \"%s\"", plan->group);
		error_add_pointer(err, plan->pointer);
		return r;
	}
	return 0;
}

static int make_directory(const struct resctrl *resctrl, bool is_monitor, const char *pointer,
	struct berth_error *err)
{
	char path[GROUP_PATH_MAX];
	char status[GROUP_STATUS_MAX];
	int r;

	make_path(resctrl, is_monitor, NULL, path);
	r = sys_mkdirat(resctrl->fd, path, 0755);
	if (r == 0) {
		r = resctrl_imitate_made(resctrl->fd, path, is_monitor);
	}
	if (r < 0) {
		read_status(resctrl->fd, status);
		(void)error_system(err, r, "make the resctrl group %s%s", path, status);
		error_add_pointer(err, pointer);
	}
	return r;
}

static int compare(
	const struct resctrl *resctrl, const struct host_rdt_lines *lines, struct berth_error *err)
{
	autoptr char *text = malloc(GROUP_TEXT_MAX);
	char path[GROUP_PATH_MAX];
	int r;

	if (!text) {
		return error_system(err, ENOMEM, "memory for the schemata");
	}
	make_path(resctrl, false, "schemata", path);
	r = read_file(resctrl->fd, path, text, GROUP_TEXT_MAX);
	if (r < 0) {
		(void)error_system(err, r, "read %s of resctrl", path);
		error_add_pointer(err, "/linux/intelRdt");
		return r;
	}
	for (size_t i = 0; i < lines->count; i++) {
		const struct host_rdt_line *line = &lines->items[i];

		if (line->is_compared && !resctrl_schema_has(text, line->text)) {
			return error_field(err, BERTH_ERROR_CONFIG, line->pointer,
				"the resctrl group \"%.64s\" is there with another schema",
				resctrl->group[0] ? resctrl->group : "/");
		}
	}
	return 0;
}

static int write_line(const struct resctrl *resctrl, const struct host_rdt_line *line,
	const char *path, struct berth_error *err)
{
	autoptr char *text = NULL;
	char status[GROUP_STATUS_MAX];
	int r = asprintf(&text, "%s\n", line->text);

	r = r < 0 ? -ENOMEM : write_file(resctrl->fd, path, text);
	if (r < 0) {
		read_status(resctrl->fd, status);
		(void)error_system(
			err, r, "write \"%.128s\" into %s of resctrl%s", line->text, path, status);
		error_add_pointer(err, line->pointer);
	}
	return r;
}

int resctrl_write(
	const struct resctrl *resctrl, const struct host_rdt_lines *lines, struct berth_error *err)
{
	char path[GROUP_PATH_MAX];
	int r = 0;

	make_path(resctrl, false, "schemata", path);
	for (size_t i = 0; r == 0 && i < lines->count; i++) {
		r = write_line(resctrl, &lines->items[i], path, err);
	}
	return r;
}

int resctrl_make(struct resctrl *resctrl, const struct host_rdt *plan, struct berth_error *err)
{
	bool is_monitored;
	int r = 0;

	resctrl->is_made = true;
	if (resctrl->is_own) {
		r = make_directory(resctrl, false, plan->pointer, err);
		resctrl->is_own = r != -EEXIST;
	} else if (plan->lines.count > 0) {
		r = compare(resctrl, &plan->lines, err);
	}
	if (r == 0) {
		r = resctrl_write(resctrl, &plan->lines, err);
	}
	is_monitored = r == 0 && resctrl->monitor[0] != '\0';
	if (is_monitored) {
		r = make_directory(resctrl, true, "/linux/intelRdt/enableMonitoring", err);
	}
	if (!is_monitored || r == -EEXIST) {
		resctrl->monitor[0] = '\0';
	}
	return r;
}

/* "osm:NAME": own, shared, with a monitoring group; "-" in the place of what is not. */
const char *resctrl_describe(const struct resctrl *resctrl, struct arena *arena)
{
	return arena_printf(arena, "%c%c%c:%s", resctrl->is_own ? 'o' : '-',
		resctrl->is_shared ? 's' : '-', resctrl->monitor[0] ? 'm' : '-', resctrl->group);
}

static bool is_flag(char c, char flag)
{
	return c == flag || c == '-';
}

int resctrl_open(struct resctrl *resctrl, const char *mount_point, const char *text, const char *id,
	struct berth_error *err)
{
	const char *group = strlen(text) >= 4 ? text + 4 : "/";
	int r;

	if (!is_flag(text[0], 'o') || !is_flag(text[1], 's') || !is_flag(text[2], 'm') ||
		text[3] != ':' || strchr(group, '/') || str_is_equal(group, ".") ||
		str_is_equal(group, "..") || strlen(group) > RESCTRL_NAME_MAX) {
		return error_set(err, BERTH_ERROR_STATE,
			"the state of container %s has no resctrl group that could be one", id);
	}
	r = open_mount(mount_point);
	if (r < 0) {
		return error_system(err, r, "open the resctrl file system %s", mount_point);
	}
	resctrl->fd = r;
	resctrl->is_made = true;
	resctrl->is_own = text[0] == 'o' && group[0];
	resctrl->is_shared = text[1] == 's';
	(void)str_copy(resctrl->group, sizeof(resctrl->group), group);
	(void)str_copy(resctrl->monitor, sizeof(resctrl->monitor), text[2] == 'm' ? id : "");
	return 0;
}

static int join(
	const struct resctrl *resctrl, bool is_monitor, const char *pid, struct berth_error *err)
{
	char path[GROUP_PATH_MAX];
	char status[GROUP_STATUS_MAX];
	int r;

	make_path(resctrl, is_monitor, "tasks", path);
	r = write_file(resctrl->fd, path, pid);
	if (r < 0) {
		read_status(resctrl->fd, status);
		(void)error_system(err, r, "write a process into %s of resctrl%s", path, status);
		error_add_pointer(err, "/linux/intelRdt");
	}
	return r;
}

/* The group first: only who is in it may go into one of its monitoring groups. */
int resctrl_join(const struct resctrl *resctrl, pid_t pid, struct berth_error *err)
{
	char text[16];
	int r;

	if (resctrl->fd < 0) {
		return 0;
	}
	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	r = join(resctrl, false, text, err);
	return r == 0 && resctrl->monitor[0] ? join(resctrl, true, text, err) : r;
}

static bool is_alive(pid_t pid)
{
	autofd int fd = sys_pidfd_open(pid);

	return fd != -ESRCH;
}

/* Whether others than `pid` are in the group; what cannot be read is taken for so. */
static bool is_used(const struct resctrl *resctrl, pid_t pid)
{
	autoptr char *text = malloc(GROUP_TEXT_MAX);
	char path[GROUP_PATH_MAX];
	char *rest = text;
	char *line;

	make_path(resctrl, false, "tasks", path);
	if (!text || read_file(resctrl->fd, path, text, GROUP_TEXT_MAX) < 0) {
		return true;
	}
	while ((line = strsep(&rest, "\n"))) {
		pid_t other = (pid_t)strtol(line, NULL, 10);

		if (*line && other != pid && is_alive(other)) {
			return true;
		}
	}
	return false;
}

static int remove_directory(const struct resctrl *resctrl, bool is_monitor, struct berth_error *err)
{
	char path[GROUP_PATH_MAX];
	int r;

	make_path(resctrl, is_monitor, NULL, path);
	r = resctrl_imitate_removed(resctrl->fd, path);
	if (r == 0) {
		r = sys_unlinkat(resctrl->fd, path, AT_REMOVEDIR);
	}
	return r < 0 && r != -ENOENT ? error_system(err, r, "remove the resctrl group %s", path)
				     : 0;
}

int resctrl_remove(struct resctrl *resctrl, pid_t pid, struct berth_error *err)
{
	int r = 0;

	if (resctrl->fd < 0 || !resctrl->is_made) {
		return 0;
	}
	if (resctrl->monitor[0]) {
		r = remove_directory(resctrl, true, err);
	}
	if (r == 0 && resctrl->is_own && !(resctrl->is_shared && is_used(resctrl, pid))) {
		r = remove_directory(resctrl, false, err);
	}
	return r;
}
