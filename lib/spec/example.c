/* SPDX-License-Identifier: Apache-2.0 */
/* The config that people start from: what the examples of config.md and config-linux.md show, with the
 * mounts that the specification asks for (config-linux.md, default filesystems). */
#include "spec/spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Lists of texts end in NULL. */
enum { EXAMPLE_OPTIONS_MAX = 8 };

struct example_mount {
	const char *destination, *type, *source;
	const char *options[EXAMPLE_OPTIONS_MAX];
};

/* What both forms have, then what each has for itself. */
static const struct example_mount mounts_before_pts[] = {
	{"/proc", "proc", "proc", {NULL}},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k", NULL}},
};

static const struct example_mount mounts_after_pts[] = {
	{"/dev/shm", "tmpfs", "shm",
		{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k", NULL}},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev", NULL}},
};

static const struct example_mount pts_as_root = {"/dev/pts", "devpts", "devpts",
	{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5", NULL}};

static const struct example_mount sys_as_root[] = {
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro", NULL}},
	{"/sys/fs/cgroup", "cgroup", "cgroup",
		{"nosuid", "noexec", "nodev", "relatime", "ro", NULL}},
};

/* One mapped id has no group 5. */
static const struct example_mount pts_rootless = {"/dev/pts", "devpts", "devpts",
	{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", NULL}};

/* The kernel mounts a sysfs only for the owner of the network namespace, and that one is the host's
 * here. "rro": the mounts below, the host's cgroup tree among them, are not writable either. */
static const struct example_mount sys_rootless = {
	"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "rro", NULL}};

static const char *const example_args[] = {"sh", NULL};

static const char *const example_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL};

static const char *const example_capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", NULL};

static const char *const namespaces_as_root[] = {
	"pid", "network", "ipc", "uts", "mount", "cgroup", NULL};

static const char *const namespaces_rootless[] = {
	"pid", "ipc", "uts", "mount", "cgroup", "user", NULL};

static const char *const example_masked[] = {"/proc/acpi", "/proc/asound", "/proc/kcore",
	"/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug", "/sys/firmware", "/proc/scsi", NULL};

static const char *const example_readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	json_write_key(writer, key);
	json_write_string(writer, text);
}

static void put_number(struct json_writer *writer, const char *key, uint64_t number)
{
	json_write_key(writer, key);
	json_write_u64(writer, number);
}

static void put_bool(struct json_writer *writer, const char *key, bool is_true)
{
	json_write_key(writer, key);
	json_write_bool(writer, is_true);
}

static void put_list(struct json_writer *writer, const char *key, const char *const *texts)
{
	json_write_key(writer, key);
	json_write_begin(writer, '[');
	for (; *texts; texts++) {
		json_write_string(writer, *texts);
	}
	json_write_end(writer, ']');
}

static void put_process(struct json_writer *writer)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};

	json_write_key(writer, "process");
	json_write_begin(writer, '{');
	put_bool(writer, "terminal", true);
	json_write_key(writer, "user");
	json_write_begin(writer, '{');
	put_number(writer, "uid", 0);
	put_number(writer, "gid", 0);
	json_write_end(writer, '}');
	put_list(writer, "args", example_args);
	put_list(writer, "env", example_env);
	put_text(writer, "cwd", "/");
	json_write_key(writer, "capabilities");
	json_write_begin(writer, '{');
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++) {
		put_list(writer, sets[i], example_capabilities);
	}
	json_write_end(writer, '}');
	json_write_key(writer, "rlimits");
	json_write_begin(writer, '[');
	json_write_begin(writer, '{');
	put_text(writer, "type", "RLIMIT_NOFILE");
	put_number(writer, "hard", 1024);
	put_number(writer, "soft", 1024);
	json_write_end(writer, '}');
	json_write_end(writer, ']');
	put_bool(writer, "noNewPrivileges", true);
	json_write_end(writer, '}');
}

static void put_root(struct json_writer *writer)
{
	json_write_key(writer, "root");
	json_write_begin(writer, '{');
	put_text(writer, "path", "rootfs");
	put_bool(writer, "readonly", true);
	json_write_end(writer, '}');
}

static void put_mount(struct json_writer *writer, const struct example_mount *mount)
{
	json_write_begin(writer, '{');
	put_text(writer, "destination", mount->destination);
	put_text(writer, "type", mount->type);
	put_text(writer, "source", mount->source);
	if (mount->options[0]) {
		put_list(writer, "options", mount->options);
	}
	json_write_end(writer, '}');
}

static void put_each_mount(
	struct json_writer *writer, const struct example_mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_mount(writer, &mounts[i]);
	}
}

static void put_mounts(struct json_writer *writer, bool is_rootless)
{
	json_write_key(writer, "mounts");
	json_write_begin(writer, '[');
	put_each_mount(writer, mounts_before_pts, ARRAY_COUNT(mounts_before_pts));
	put_mount(writer, is_rootless ? &pts_rootless : &pts_as_root);
	put_each_mount(writer, mounts_after_pts, ARRAY_COUNT(mounts_after_pts));
	if (is_rootless) {
		put_mount(writer, &sys_rootless);
	} else {
		put_each_mount(writer, sys_as_root, ARRAY_COUNT(sys_as_root));
	}
	json_write_end(writer, ']');
}

/* One line of an id map: root in the container is this id outside. */
static void put_mapping(struct json_writer *writer, const char *key, uint32_t host_id)
{
	json_write_key(writer, key);
	json_write_begin(writer, '[');
	json_write_begin(writer, '{');
	put_number(writer, "containerID", 0);
	put_number(writer, "hostID", host_id);
	put_number(writer, "size", 1);
	json_write_end(writer, '}');
	json_write_end(writer, ']');
}

static void put_namespaces(struct json_writer *writer, const char *const *types)
{
	json_write_key(writer, "namespaces");
	json_write_begin(writer, '[');
	for (; *types; types++) {
		json_write_begin(writer, '{');
		put_text(writer, "type", *types);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}

static void put_linux(struct json_writer *writer, bool is_rootless, uint32_t uid, uint32_t gid)
{
	json_write_key(writer, "linux");
	json_write_begin(writer, '{');
	if (is_rootless) {
		put_mapping(writer, "uidMappings", uid);
		put_mapping(writer, "gidMappings", gid);
	}
	put_namespaces(writer, is_rootless ? namespaces_rootless : namespaces_as_root);
	put_list(writer, "maskedPaths", example_masked);
	put_list(writer, "readonlyPaths", example_readonly);
	json_write_end(writer, '}');
}

int spec_example(
	bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text, struct berth_error *err)
{
	struct json_writer writer;
	autoptr char *text = NULL;
	char *line = NULL;
	int r;

	json_writer_init(&writer, true);
	json_write_begin(&writer, '{');
	put_text(&writer, "ociVersion", "1.3.0");
	put_process(&writer);
	put_root(&writer);
	put_text(&writer, "hostname", "berth");
	put_mounts(&writer, is_rootless);
	put_linux(&writer, is_rootless, uid, gid);
	json_write_end(&writer, '}');
	r = json_writer_take(&writer, &text);
	if (r == 0 && asprintf(&line, "%s\n", text) < 0) {
		r = -ENOMEM;
	}
	if (r == -ENOMEM) {
		return error_set(err, BERTH_ERROR_MEMORY, "no memory for the example config");
	}
	if (r < 0) {
		return error_set(err, BERTH_ERROR_INTERNAL, "the example config is no JSON");
	}
	*ret_text = line;
	return 0;
}
