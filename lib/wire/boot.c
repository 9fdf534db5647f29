/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/boot.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The kinds are numbered within each struct and never change their meaning. */
#define FIELD(kind, type, owner, member)                                                           \
	{                                                                                          \
		kind, type, offsetof(struct owner, member), #member, NULL                          \
	}
#define NESTED(kind, type, owner, member, record)                                                  \
	{                                                                                          \
		kind, type, offsetof(struct owner, member), #member, record                        \
	}

/* What WIRE_RECORDS, WIRE_U32S and WIRE_TEXTS describe has the shape of struct wire_array. */
#define ASSERT_ARRAY(type)                                                                         \
	_Static_assert(                                                                            \
		sizeof(struct type) == sizeof(struct wire_array) &&                                \
			offsetof(struct type, items) == offsetof(struct wire_array, items) &&      \
			offsetof(struct type, count) == offsetof(struct wire_array, count),        \
		"an array has items and count")
ASSERT_ARRAY(boot_mounts);
ASSERT_ARRAY(boot_devices);
ASSERT_ARRAY(boot_sysctls);
ASSERT_ARRAY(wire_texts);
ASSERT_ARRAY(wire_u32s);

static const struct wire_field mount_fields[] = {
	FIELD(1, WIRE_U32, boot_mount, kind),
	FIELD(2, WIRE_U32, boot_mount, flags),
	FIELD(3, WIRE_TEXT, boot_mount, pointer),
	FIELD(4, WIRE_TEXT, boot_mount, target),
	FIELD(5, WIRE_TEXT, boot_mount, source),
	FIELD(6, WIRE_TEXT, boot_mount, fstype),
	FIELD(7, WIRE_TEXTS, boot_mount, options),
	FIELD(8, WIRE_U64, boot_mount, attr_set),
	FIELD(9, WIRE_U64, boot_mount, attr_clear),
	FIELD(10, WIRE_U64, boot_mount, tree_set),
	FIELD(11, WIRE_U64, boot_mount, tree_clear),
	FIELD(12, WIRE_U32, boot_mount, propagation),
	FIELD(13, WIRE_U32, boot_mount, is_propagation_recursive),
	FIELD(14, WIRE_TEXT, boot_mount, label),
	FIELD(15, WIRE_U32S, boot_mount, origins),
};
static const struct wire_record mount_record = {
	"mount", sizeof(struct boot_mount), mount_fields, ARRAY_COUNT(mount_fields)};

static const struct wire_field device_fields[] = {
	FIELD(1, WIRE_U32, boot_device, kind),
	FIELD(2, WIRE_TEXT, boot_device, pointer),
	FIELD(3, WIRE_TEXT, boot_device, path),
	FIELD(4, WIRE_TEXT, boot_device, target),
	FIELD(5, WIRE_U32, boot_device, mode),
	FIELD(6, WIRE_U32, boot_device, major),
	FIELD(7, WIRE_U32, boot_device, minor),
	FIELD(8, WIRE_U32, boot_device, uid),
	FIELD(9, WIRE_U32, boot_device, gid),
};
static const struct wire_record device_record = {
	"device", sizeof(struct boot_device), device_fields, ARRAY_COUNT(device_fields)};

static const struct wire_field sysctl_fields[] = {
	FIELD(1, WIRE_TEXT, boot_sysctl, name),
	FIELD(2, WIRE_TEXT, boot_sysctl, value),
	FIELD(3, WIRE_TEXT, boot_sysctl, pointer),
};
static const struct wire_record sysctl_record = {
	"sysctl", sizeof(struct boot_sysctl), sysctl_fields, ARRAY_COUNT(sysctl_fields)};

static const struct wire_field identity_fields[] = {
	FIELD(1, WIRE_U32, boot_identity, uid),
	FIELD(2, WIRE_U32, boot_identity, gid),
	FIELD(3, WIRE_U32S, boot_identity, groups),
	FIELD(4, WIRE_U32, boot_identity, is_setgroups_denied),
	FIELD(5, WIRE_U64, boot_identity, bounding),
	FIELD(6, WIRE_U64, boot_identity, effective),
	FIELD(7, WIRE_U64, boot_identity, permitted),
	FIELD(8, WIRE_U64, boot_identity, inheritable),
	FIELD(9, WIRE_U64, boot_identity, ambient),
	FIELD(10, WIRE_TEXT, boot_identity, user_name),
	FIELD(11, WIRE_TEXT, boot_identity, group_name),
	FIELD(12, WIRE_U32, boot_identity, is_gid_given),
};
static const struct wire_record identity_record = {
	"identity", sizeof(struct boot_identity), identity_fields, ARRAY_COUNT(identity_fields)};

static const struct wire_field seccomp_fields[] = {
	FIELD(1, WIRE_BYTES, boot_seccomp, program),
	FIELD(2, WIRE_U32, boot_seccomp, flags),
};
static const struct wire_record seccomp_record = {
	"seccomp", sizeof(struct boot_seccomp), seccomp_fields, ARRAY_COUNT(seccomp_fields)};

static const struct wire_field boot_fields[] = {
	FIELD(1, WIRE_U32, boot, flags),
	FIELD(2, WIRE_TEXT, boot, root),
	FIELD(3, WIRE_U32, boot, root_propagation),
	FIELD(4, WIRE_U32, boot, is_root_propagation_recursive),
	FIELD(5, WIRE_U32, boot, first_propagation),
	NESTED(6, WIRE_RECORDS, boot, mounts, &mount_record),
	NESTED(7, WIRE_RECORDS, boot, devices, &device_record),
	FIELD(8, WIRE_TEXTS, boot, readonly_paths),
	FIELD(9, WIRE_TEXTS, boot, masked_paths),
	FIELD(10, WIRE_TEXT, boot, hostname),
	FIELD(11, WIRE_TEXT, boot, domainname),
	FIELD(12, WIRE_U32, boot, umask),
	FIELD(13, WIRE_U32, boot, console_rows),
	FIELD(14, WIRE_U32, boot, console_columns),
	NESTED(15, WIRE_RECORD, boot, identity, &identity_record),
	FIELD(16, WIRE_TEXT, boot, cwd),
	FIELD(17, WIRE_TEXTS, boot, args),
	FIELD(18, WIRE_TEXTS, boot, env),
	FIELD(20, WIRE_U32, boot, preserved_fds),
	NESTED(21, WIRE_RECORD, boot, seccomp, &seccomp_record),
	NESTED(22, WIRE_RECORDS, boot, sysctls, &sysctl_record),
	FIELD(23, WIRE_TEXT, boot, keyring),
	NESTED(30, WIRE_RECORD, boot, hooks, &boot_hooks_record),
	FIELD(33, WIRE_TEXT, boot, apparmor_exec),
	FIELD(34, WIRE_TEXT, boot, selinux_label),
	FIELD(35, WIRE_TEXT, boot, mask_option),
	FIELD(39, WIRE_TEXT, boot, time_offsets),
	FIELD(40, WIRE_U32, boot, personality),
	FIELD(41, WIRE_U32, boot, memory_mode),
	FIELD(42, WIRE_BYTES, boot, memory_nodes),
};
const struct wire_record boot_record = {
	"boot", sizeof(struct boot), boot_fields, ARRAY_COUNT(boot_fields)};

/* What the child relies on: numbers in range, and the texts without which a step cannot begin. */
static int mount_check(const struct boot_mount *mount, bool is_live)
{
	if (mount->kind >= BOOT_MOUNT_KIND_COUNT || !mount->target || !mount->pointer) {
		return -EPROTO;
	}
	if (mount->kind == BOOT_MOUNT_GONE) {
		return is_live ? 0 : -EPROTO;
	}
	return (mount->kind == BOOT_MOUNT_FS ? mount->fstype : mount->source) ? 0 : -EPROTO;
}

static int device_check(const struct boot_device *device)
{
	if (device->kind >= BOOT_DEVICE_KIND_COUNT || !device->path || !device->pointer) {
		return -EPROTO;
	}
	return device->kind == BOOT_DEVICE_LINK && !device->target ? -EPROTO : 0;
}

static int sysctl_check(const struct boot_sysctl *sysctl)
{
	return sysctl->name && sysctl->pointer && sysctl->value &&
			       strlen(sysctl->value) <= BOOT_SYSCTL_VALUE_MAX
		       ? 0
		       : -EPROTO;
}

int boot_check(const struct boot *boot)
{
	bool is_live = boot->flags & BOOT_LIVE;
	bool has_root = boot->root || boot->flags & BOOT_ENTER;
	int r = is_live || (has_root && boot->cwd && boot->args.count > 0) ? 0 : -EPROTO;

	if (r == 0) {
		r = boot_hooks_check(&boot->hooks);
	}
	for (size_t i = 0; r == 0 && i < boot->mounts.count; i++) {
		r = mount_check(&boot->mounts.items[i], is_live);
	}
	for (size_t i = 0; r == 0 && i < boot->devices.count; i++) {
		r = device_check(&boot->devices.items[i]);
	}
	for (size_t i = 0; r == 0 && i < boot->sysctls.count; i++) {
		r = sysctl_check(&boot->sysctls.items[i]);
	}
	return r;
}
