/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.sysctl: only kernel parameters that belong to a namespace which the container has. All others
 * are the host's.
 */
#include <string.h>

#include "base/str.h"
#include "plan/work.h"

/* Names as paths below /proc/sys; one that ends in a slash stands for all below it. */
static const struct sysctl_row {
	const char *name;
	uint32_t namespace_flag;
} sysctl_table[] = {
	{"fs/mqueue/", CLONE_NEWIPC},
	{"kernel/auto_msgmni", CLONE_NEWIPC},
	{"kernel/domainname", CLONE_NEWUTS},
	{"kernel/msg_next_id", CLONE_NEWIPC},
	{"kernel/msgmax", CLONE_NEWIPC},
	{"kernel/msgmnb", CLONE_NEWIPC},
	{"kernel/msgmni", CLONE_NEWIPC},
	{"kernel/sem", CLONE_NEWIPC},
	{"kernel/sem_next_id", CLONE_NEWIPC},
	{"kernel/shm_next_id", CLONE_NEWIPC},
	{"kernel/shm_rmid_forced", CLONE_NEWIPC},
	{"kernel/shmall", CLONE_NEWIPC},
	{"kernel/shmmax", CLONE_NEWIPC},
	{"kernel/shmmni", CLONE_NEWIPC},
	{"net/", CLONE_NEWNET},
	{"user/", CLONE_NEWUSER},
};

static const struct sysctl_row *row_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(sysctl_table); i++) {
		const struct sysctl_row *row = &sysctl_table[i];
		bool is_folder = row->name[strlen(row->name) - 1] == '/';

		if (is_folder ? str_has_prefix(name, row->name) : str_is_equal(name, row->name)) {
			return row;
		}
	}
	return NULL;
}

/* The pointer of a member, its key escaped as RFC 6901 has it. */
static const char *member_pointer(struct arena *arena, const char *key)
{
	static const char parent[] = "/linux/sysctl/";
	size_t size = sizeof(parent) + 2 * strlen(key);
	char *pointer = arena_alloc(arena, size, 1);
	struct strbuf text;

	if (!pointer) {
		return NULL;
	}
	strbuf_init(&text, pointer, size);
	strbuf_add(&text, parent);
	for (; *key; key++) {
		if (*key == '~' || *key == '/') {
			strbuf_add(&text, *key == '~' ? "~0" : "~1");
		} else {
			strbuf_add_bytes(&text, key, 1);
		}
	}
	return pointer;
}

/* The path of a key, as sysctl(8) reads it: the separator that comes first is the one between the
 * components, and where that is the dot, a slash in a component stands for a dot. */
static char *name_path(struct arena *arena, const char *key)
{
	char *path = arena_copy(arena, key, strlen(key));
	char *at = path;

	if (!path || path[strcspn(path, "./")] != '.') {
		return path;
	}
	for (; (at = strpbrk(at, "./")); at++) {
		*at = *at == '.' ? '/' : '.';
	}
	return path;
}

/* Whether a path has two components or more, none of them empty, "." or "..". */
static bool is_good_path(const char *path)
{
	size_t count = 0;

	for (;; count++) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length <= 2 && strncmp(path, "..", length) == 0)) {
			return false;
		}
		if (path[length] == '\0') {
			return count > 0;
		}
		path += length + 1;
	}
}

/* A parameter that has a field of its own must not say something else than that. */
static const char *conflict(const struct spec *spec, const char *name, const char *value)
{
	if (str_is_equal(name, "kernel/hostname")) {
		return "hostname";
	}
	if (str_is_equal(name, "kernel/domainname") && spec->domainname && spec->domainname[0] &&
		!str_is_equal(spec->domainname, value)) {
		return "domainname";
	}
	return NULL;
}

static int check_owner(
	const struct plan_work *work, const struct boot_sysctl *sysctl, struct berth_error *err)
{
	const struct sysctl_row *row = row_find(sysctl->name);
	const char *field = conflict(work->spec, sysctl->name, sysctl->value);

	if (field) {
		return error_field(err, BERTH_ERROR_CONFIG, sysctl->pointer,
			"is what the field %s sets", field);
	}
	if (!row) {
		return error_field(err, BERTH_ERROR_CONFIG, sysctl->pointer,
			"is not a parameter of a namespace: it would be the host's that changes");
	}
	if (!plan_has(work, row->namespace_flag)) {
		return error_field(err, BERTH_ERROR_CONFIG, sysctl->pointer,
			"cannot be set without a namespace of type \"%s\" in /linux/namespaces",
			plan_namespace_name(row->namespace_flag));
	}
	return 0;
}

static int plan_sysctl(struct plan_work *work, const struct spec_annotation *asked,
	struct boot_sysctl *ret_sysctl, struct berth_error *err)
{
	const struct boot_sysctl sysctl = {
		.name = name_path(work->arena, asked->key),
		.value = asked->value,
		.pointer = member_pointer(work->arena, asked->key),
	};
	int r;

	if (!sysctl.name || !sysctl.pointer) {
		return plan_no_memory(err);
	}
	if (!is_good_path(sysctl.name)) {
		return error_field(err, BERTH_ERROR_CONFIG, sysctl.pointer,
			"is no name of a kernel parameter");
	}
	if (strlen(asked->value) > BOOT_SYSCTL_VALUE_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG, sysctl.pointer,
			"is longer than %d bytes", BOOT_SYSCTL_VALUE_MAX);
	}
	r = check_owner(work, &sysctl, err);
	if (r == 0) {
		*ret_sysctl = sysctl;
	}
	return r;
}

int plan_sysctls(struct plan_work *work, struct berth_error *err)
{
	const struct spec_annotations *asked = &work->spec->linux_section.sysctl;
	struct boot_sysctls *sysctls = &work->plan->boot.sysctls;

	sysctls->items = arena_alloc(work->arena, asked->count, sizeof(*sysctls->items));
	if (!sysctls->items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < asked->count; i++) {
		int r = plan_sysctl(work, &asked->items[i], &sysctls->items[i], err);

		if (r < 0) {
			return r;
		}
		sysctls->count++;
	}
	return 0;
}
