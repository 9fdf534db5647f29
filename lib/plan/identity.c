/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "plan/words.h"

enum { DEFAULT_UMASK = 0022, UMASK_MAX = 0777 };

/* capabilities(7), by number. */
static const char *const capability_names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[38] = "CAP_PERFMON",            /* Linux 5.8 */
	[39] = "CAP_BPF",                /* Linux 5.8 */
	[40] = "CAP_CHECKPOINT_RESTORE", /* Linux 5.9 */
};
_Static_assert(ARRAY_COUNT(capability_names) == 41, "one name for each capability");

const char *plan_capability_name(uint32_t number)
{
	return number < ARRAY_COUNT(capability_names) ? capability_names[number] : NULL;
}

int plan_capability_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(capability_names); i++) {
		if (str_is_equal(capability_names[i], name)) {
			return (int)i;
		}
	}
	return -1;
}

/* One of the sets that the config asks for, and what of it can be had. config.md: a name that is unknown, or that
 * cannot be granted, is a warning and no error. What it would have given is not there, so nothing becomes wider by
 * it. */
static uint64_t capability_set(const struct plan_work *work, const struct spec_strings *names,
	const char *set_name, uint64_t limit)
{
	struct log_notes *notes = &work->plan->notes;
	uint64_t set = 0;

	for (size_t i = 0; i < names->count; i++) {
		int number = plan_capability_number(names->items[i]);
		uint64_t bit = number < 0 ? 0 : UINT64_C(1) << number;

		if (number < 0) {
			log_note(notes, work->arena,
				"/process/capabilities/%s/%zu: unknown capability \"%.64s\": left out",
				set_name, i, names->items[i]);
		} else if ((bit & limit) == 0) {
			log_note(notes, work->arena,
				"/process/capabilities/%s/%zu: %s cannot be granted: left out",
				set_name, i, names->items[i]);
		}
		set |= bit & limit;
	}
	return set;
}

/* What can be granted. In a user namespace of its own, made or joined, the process starts with
 * every capability that the kernel has; else with what is in the bounding set here. */
static uint64_t grantable(const struct plan_work *work)
{
	uint32_t last = work->facts->last_capability;
	uint64_t known = last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;

	return plan_has(work, CLONE_NEWUSER) ? known : known & work->facts->bounding;
}

static void plan_capabilities(const struct plan_work *work)
{
	const struct spec_capabilities *asked = &work->spec->process.capabilities;
	struct boot_identity *identity = &work->plan->boot.identity;
	uint64_t limit = grantable(work);

	if (!asked->is_present) {
		return;
	}
	identity->bounding = capability_set(work, &asked->bounding, "bounding", limit);
	identity->permitted = capability_set(work, &asked->permitted, "permitted", limit);
	identity->inheritable = capability_set(work, &asked->inheritable, "inheritable", limit);
	identity->effective =
		capability_set(work, &asked->effective, "effective", identity->permitted);
	/* The kernel raises an ambient capability only where it is permitted and inheritable. */
	identity->ambient = capability_set(
		work, &asked->ambient, "ambient", identity->permitted & identity->inheritable);
}

static int check_id(const struct plan_work *work, enum plan_ids kind, uint32_t id,
	const char *pointer, struct berth_error *err)
{
	if (id == UINT32_MAX) {
		return error_field(
			err, BERTH_ERROR_CONFIG, pointer, "%u means \"no id\" to the kernel", id);
	}
	if (!plan_is_mapped(work, kind, id)) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"%u is not mapped in the user namespace", id);
	}
	return 0;
}

static int plan_groups(struct plan_work *work, struct berth_error *err)
{
	const struct spec_u32s *groups = &work->spec->process.user.additional_gids;
	struct boot_identity *identity = &work->plan->boot.identity;

	/* podman --group-add keep-groups: those of the config, which podman writes there in any case, are not set
	 * either, for setgroups(2) cannot keep a group that has no number in the user namespace. */
	if (plan_annotation_is_set(work->spec, "run.oci.keep_original_groups")) {
		identity->is_setgroups_denied = true;
		work->plan->boot.flags |= BOOT_KEEP_GROUPS;
		return 0;
	}
	if (groups->count > 0 && identity->is_setgroups_denied) {
		return error_field(err, BERTH_ERROR_CONFIG, "/process/user/additionalGids",
			"cannot be set: a user namespace with only the caller's own id denies "
			"setgroups");
	}
	for (size_t i = 0; i < groups->count; i++) {
		int r = check_id(work, PLAN_GIDS, groups->items[i],
			arena_printf(work->arena, "/process/user/additionalGids/%zu", i), err);

		if (r < 0) {
			return r;
		}
	}
	identity->groups = (struct wire_u32s){.items = groups->items, .count = groups->count};
	return 0;
}

int plan_identity(struct plan_work *work, struct berth_error *err)
{
	const struct spec_user *user = &work->spec->process.user;
	struct boot *boot = &work->plan->boot;
	int r = check_id(work, PLAN_UIDS, user->uid, "/process/user/uid", err);

	if (r == 0) {
		r = check_id(work, PLAN_GIDS, user->gid, "/process/user/gid", err);
	}
	if (r == 0) {
		r = plan_groups(work, err);
	}
	if (r == 0 && user->has_umask && user->umask > UMASK_MAX) {
		r = error_field(err, BERTH_ERROR_CONFIG, "/process/user/umask",
			"is above %u (octal 0777)", UMASK_MAX);
	}
	if (r < 0) {
		return r;
	}
	boot->identity.uid = user->uid;
	boot->identity.gid = user->gid;
	boot->umask = user->has_umask ? user->umask : DEFAULT_UMASK;
	plan_capabilities(work);
	return 0;
}
