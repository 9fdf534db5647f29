/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "rootfs/change.h"
#include "rootfs/fail.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

enum {
	CONFIG_TEXT_SIZE =
		256, /* fsconfig(2) takes no longer key and no longer value, NUL included */
	WORDS_SIZE = 256,
	WHAT_SIZE = 160,
};

/* Where the kernel refuses a file system that shows a namespace (EPERM): to those who have no rights over that
 * namespace, and in a user namespace where it would show more than the one that is mounted there. */
enum call { CALL_OPEN, CALL_CREATE, CALL_MOUNT };

static const struct refusal {
	enum call call;
	const char *fstype, *why;
} refusals[] = {
	{CALL_OPEN, "sysfs", "the network namespace is of another user namespace"},
	{CALL_CREATE, "proc", "the pid namespace is of another user namespace"},
	{CALL_CREATE, "mqueue", "the ipc namespace is of another user namespace"},
	{CALL_CREATE, "cgroup", "the cgroup namespace is of another user namespace"},
	{CALL_CREATE, "cgroup2", "the cgroup namespace is of another user namespace"},
	{CALL_MOUNT, "proc", "it would show what the outer container has masked or read-only"},
	{CALL_MOUNT, "sysfs", "it would show what the outer container has masked or read-only"},
};

/* "create file system TYPE", and why not, where that is known. */
static void describe(char *what, size_t size, const char *fstype, enum call call, int r)
{
	struct strbuf text;

	strbuf_init(&text, what, size);
	strbuf_printf(&text, "create file system %.31s", fstype);
	for (size_t i = 0; r == -EPERM && i < ARRAY_COUNT(refusals); i++) {
		if (refusals[i].call == call && str_is_equal(refusals[i].fstype, fstype)) {
			strbuf_printf(&text, " (%s)", refusals[i].why);
		}
	}
}

/* A new file system refuses: its own words, where it has any, say more than errno. */
static int refused(
	const char *words, int r, const char *call, const char *what, struct berth_error *err)
{
	return words[0] ? error_system(err, r, "%s: %s", what, words)
			: error_call(err, r, call, "%s", what);
}

static int config_failed(
	int fs_fd, int r, const char *call, const char *what, struct berth_error *err)
{
	char words[WORDS_SIZE];

	sys_fs_message(fs_fd, words, sizeof(words));
	return refused(words, r, call, what, err);
}

static int config_text(int fs_fd, const char *key, const char *value, struct berth_error *err)
{
	char what[CONFIG_TEXT_SIZE + 32] = "mount option ";
	int r;

	str_copy(what + strlen(what), CONFIG_TEXT_SIZE, key);
	if (strlen(key) >= CONFIG_TEXT_SIZE || (value && strlen(value) >= CONFIG_TEXT_SIZE)) {
		return error_system(
			err, EINVAL, "%s is longer than fsconfig(2) takes (255 bytes)", what);
	}
	r = value ? sys_fsconfig_string(fs_fd, key, value) : sys_fsconfig_flag(fs_fd, key);
	return r < 0 ? config_failed(fs_fd, r, "fsconfig", what, err) : 0;
}

/* "key" or "key=value". */
static int config_option(int fs_fd, const char *option, struct berth_error *err)
{
	const char *equals = strchr(option, '=');
	char key[CONFIG_TEXT_SIZE + 1];
	size_t length = equals ? (size_t)(equals - option) : strlen(option);

	if (length == 0) {
		return 0;
	}
	/* One byte more than is allowed is kept, so that a key that was cut is refused. */
	length = length < sizeof(key) - 1 ? length : sizeof(key) - 1;
	memcpy(key, option, length);
	key[length] = '\0';
	return config_text(fs_fd, key, equals ? equals + 1 : NULL, err);
}

/* The option of the config that this one was, or was a part of. */
static void point_at_option(
	const struct boot_mount *mount, uint32_t origin, struct berth_error *err)
{
	char pointer[64];

	(void)snprintf(pointer, sizeof(pointer), "%s/options/%u", mount->pointer, origin);
	error_add_pointer(err, pointer);
}

static int config_all(
	int fs_fd, const struct boot_mount *mount, const char *mode, struct berth_error *err)
{
	int r = mount->source ? config_text(fs_fd, "source", mount->source, err) : 0;

	for (size_t i = 0; r == 0 && i < mount->options.count; i++) {
		r = config_option(fs_fd, mount->options.items[i], err);
		if (r < 0 && i < mount->origins.count) {
			point_at_option(mount, mount->origins.items[i], err);
		}
	}
	if (r == 0 && mode) {
		r = config_text(fs_fd, "mode", mode, err);
	}
	return r;
}

static int create_failed(int fs_fd, int r, const struct boot_mount *mount, struct berth_error *err)
{
	char what[WHAT_SIZE], words[WORDS_SIZE];

	sys_fs_message(fs_fd, words, sizeof(words));
	/* Before Linux 6.5 an overlay that knows no single layers has no words for it. */
	for (size_t i = 0; r == -EINVAL && !words[0] && i < mount->origins.count; i++) {
		if (str_has_prefix(mount->options.items[i], "lowerdir+=")) {
			r = error_system(err, r,
				"mount option lowerdir of more than 255 bytes, which needs Linux 6.7");
			point_at_option(mount, mount->origins.items[i], err);
			return r;
		}
	}
	describe(what, sizeof(what), mount->fstype, CALL_CREATE, r);
	return refused(words, r, "fsconfig", what, err);
}

int rootfs_mount_new(const struct boot_mount *mount, uint64_t attrs, const char *mode, int *ret_fd,
	struct berth_error *err)
{
	autofd int fs_fd = sys_fsopen(mount->fstype);
	char what[WHAT_SIZE];
	int r;

	if (fs_fd < 0) {
		describe(what, sizeof(what), mount->fstype, CALL_OPEN, fs_fd);
		return rootfs_fail(err, fs_fd, ROOTFS_CALL_FSOPEN, NULL, what);
	}
	r = config_all(fs_fd, mount, mode, err);
	if (r < 0) {
		return r;
	}
	r = sys_fsconfig_create(fs_fd);
	if (r < 0) {
		return create_failed(fs_fd, r, mount, err);
	}
	r = sys_fsmount(fs_fd, (unsigned int)attrs);
	if (r < 0) {
		describe(what, sizeof(what), mount->fstype, CALL_MOUNT, r);
		return config_failed(fs_fd, r, "fsmount", what, err);
	}
	*ret_fd = r;
	return 0;
}

int rootfs_mount_clone(
	int fd, unsigned int flags, const char *subject, int *ret_fd, struct berth_error *err)
{
	int clone = sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | flags);

	if (clone < 0) {
		return rootfs_fail(
			err, clone, ROOTFS_CALL_OPEN_TREE, subject, "clone the mount of");
	}
	*ret_fd = clone;
	return 0;
}

static int set_failed(
	int r, const struct rootfs_attr *attr, const char *subject, struct berth_error *err)
{
	if (r == -EPERM && attr->clear) {
		r = error_system(
			err, r, "a flag of the source mount is locked and cannot be cleared:");
		error_add_subject(err, subject);
		return r;
	}
	return rootfs_fail(
		err, r, ROOTFS_CALL_MOUNT_SETATTR, subject, "set the attributes of the mount");
}

int rootfs_mount_set(
	int mount_fd, const struct rootfs_attr *attr, const char *subject, struct berth_error *err)
{
	int r = rootfs_mount_change(mount_fd, attr);

	return r < 0 ? set_failed(r, attr, subject, err) : 0;
}

int rootfs_mount_prepare(
	int mount_fd, const struct rootfs_attr *attr, const char *subject, struct berth_error *err)
{
	int r = rootfs_attr_set(mount_fd, attr);

	if (r == -ENOSYS) {
		return 1;
	}
	return r < 0 ? set_failed(r, attr, subject, err) : 0;
}

int rootfs_mount_attach(int mount_fd, int target_fd, const char *subject, struct berth_error *err)
{
	int r = sys_move_mount(mount_fd, target_fd);

	return r < 0 ? rootfs_fail(err, r, ROOTFS_CALL_MOVE_MOUNT, subject, "mount on") : 0;
}

int rootfs_mount_same(int fd, int other_fd, bool *ret_is_same)
{
	struct stat st, other;
	uint64_t id = 0;
	uint64_t other_id = 0;
	int r = sys_fstat(fd, &st);

	r = r < 0 ? r : sys_fstat(other_fd, &other);
	if (r < 0) {
		return r;
	}
	*ret_is_same = false;
	if (st.st_ino != other.st_ino || st.st_dev != other.st_dev) {
		return 0;
	}
	/* The same file; a bind of it somewhere else is another mount. */
	r = sys_mount_id(fd, &id);
	r = r < 0 ? r : sys_mount_id(other_fd, &other_id);
	if (r == 0) {
		*ret_is_same = id == other_id;
	}
	return r;
}
