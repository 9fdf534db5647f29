/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features: what a config may ask for, and what it may not, as features.md and features-linux.md have it.
 */
#include "plan/features.h"

#include "host/host.h"
#include "life/life.h"

static void put_names(struct json_writer *writer, const char *key, enum plan_feature feature)
{
	char buffer[PLAN_FEATURE_NAME_MAX];
	const char *name;

	json_write_key(writer, key);
	json_write_begin(writer, '[');
	for (size_t i = 0; (name = plan_feature_name(feature, i, buffer)); i++) {
		json_write_string(writer, name);
	}
	json_write_end(writer, ']');
}

static void put_flag(struct json_writer *writer, const char *key, bool is_there)
{
	json_write_key(writer, key);
	json_write_bool(writer, is_there);
}

/* An object that says no more than whether it is there. */
static void put_enabled(struct json_writer *writer, const char *key, bool is_there)
{
	json_write_key(writer, key);
	json_write_begin(writer, '{');
	put_flag(writer, "enabled", is_there);
	json_write_end(writer, '}');
}

static void put_hooks(struct json_writer *writer)
{
	static const char *const names[] = {"prestart", "createRuntime", "createContainer",
		"startContainer", "poststart", "poststop"};

	json_write_key(writer, "hooks");
	json_write_begin(writer, '[');
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		json_write_string(writer, names[i]);
	}
	json_write_end(writer, ']');
}

/* Of the names of the specification, those for which this libseccomp makes a filter on this machine. */
static void put_architectures(struct json_writer *writer)
{
	char buffer[PLAN_FEATURE_NAME_MAX];
	const char *name;

	json_write_key(writer, "archs");
	json_write_begin(writer, '[');
	for (size_t i = 0; (name = plan_feature_name(PLAN_FEATURE_SECCOMP_ARCHITECTURE, i, buffer));
		i++) {
		if (host_seccomp_has_architecture(plan_seccomp_architecture(i))) {
			json_write_string(writer, name);
		}
	}
	json_write_end(writer, ']');
}

static void put_seccomp(struct json_writer *writer)
{
	json_write_key(writer, "seccomp");
	json_write_begin(writer, '{');
	put_flag(writer, "enabled", host_seccomp_is_built());
	if (host_seccomp_is_built()) {
		put_names(writer, "actions", PLAN_FEATURE_SECCOMP_ACTION);
		put_names(writer, "operators", PLAN_FEATURE_SECCOMP_OPERATOR);
		put_architectures(writer);
		put_names(writer, "knownFlags", PLAN_FEATURE_SECCOMP_KNOWN_FLAG);
		put_names(writer, "supportedFlags", PLAN_FEATURE_SECCOMP_FLAG);
	}
	json_write_end(writer, '}');
}

static void put_linux(struct json_writer *writer)
{
	json_write_key(writer, "linux");
	json_write_begin(writer, '{');
	put_names(writer, "namespaces", PLAN_FEATURE_NAMESPACE);
	put_names(writer, "capabilities", PLAN_FEATURE_CAPABILITY);
	json_write_key(writer, "cgroup");
	json_write_begin(writer, '{');
	put_flag(writer, "v1", true);
	put_flag(writer, "v2", true);
	put_flag(writer, "systemd", true);
	put_flag(writer, "systemdUser", true);
	put_flag(writer, "rdma", true);
	json_write_end(writer, '}');
	put_seccomp(writer);
	put_enabled(writer, "apparmor", true);
	put_enabled(writer, "selinux", true);
	json_write_key(writer, "intelRdt");
	json_write_begin(writer, '{');
	put_flag(writer, "enabled", true);
	put_flag(writer, "schemata", true);
	put_flag(writer, "monitoring", true);
	json_write_end(writer, '}');
	json_write_key(writer, "memoryPolicy");
	json_write_begin(writer, '{');
	put_names(writer, "modes", PLAN_FEATURE_MEMORY_MODE);
	put_names(writer, "flags", PLAN_FEATURE_MEMORY_FLAG);
	json_write_end(writer, '}');
	json_write_key(writer, "mountExtensions");
	json_write_begin(writer, '{');
	put_enabled(writer, "idmap", true);
	json_write_end(writer, '}');
	put_enabled(writer, "netDevices", true);
	json_write_end(writer, '}');
}

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	json_write_key(writer, key);
	json_write_string(writer, text);
}

/* Whether there is a checkpoint, and by which libseccomp filters are made, under the names that engines know; the version
 * of this program beside those of crun. */
static void put_annotations(struct json_writer *writer, const char *version, const char *commit)
{
	char library[HOST_SECCOMP_VERSION_MAX];

	json_write_key(writer, "annotations");
	json_write_begin(writer, '{');
	put_text(writer, "run.oci.berth.version", version);
	put_text(writer, "run.oci.berth.commit", commit);
	put_text(writer, "org.opencontainers.runc.checkpoint.enabled", "true");
	if (host_seccomp_version(library)) {
		put_text(writer, "io.github.seccomp.libseccomp.version", library);
	}
	json_write_end(writer, '}');
}

int life_features(const char *version, const char *commit, char **ret_text, struct berth_error *err)
{
	__attribute__((cleanup(json_writer_finish))) struct json_writer writer;
	int r;

	json_writer_init(&writer, true);
	json_write_begin(&writer, '{');
	json_write_key(&writer, "ociVersionMin");
	json_write_string(&writer, "1.0.0");
	json_write_key(&writer, "ociVersionMax");
	json_write_string(&writer, "1.3.0");
	put_hooks(&writer);
	put_annotations(&writer, version, commit);
	put_names(&writer, "mountOptions", PLAN_FEATURE_MOUNT_OPTION);
	put_linux(&writer);
	json_write_key(&writer, "potentiallyUnsafeConfigAnnotations");
	/* Beginnings of names: plan/annotations.c. */
	json_write_begin(&writer, '[');
	json_write_string(&writer, "run.oci.");
	json_write_string(&writer, "krun.");
	json_write_string(&writer, "org.criu.config");
	json_write_string(&writer, "org.systemd.property.");
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	r = json_writer_take(&writer, ret_text);
	return r < 0 ? error_system(err, r, "memory for the features' text") : 0;
}
