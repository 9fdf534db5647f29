/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H
/*
 * plan: what will be done.
 *
 * In: struct spec, struct facts, and what the caller asked. Out: struct plan, its host half and its
 * child half, in an arena. All policy, defaults, option parsing and checks between fields are here.
 * Forbidden here: every system call. Fails with an error that has the field's JSON pointer.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "plan/facts.h"
#include "plan/host_plan.h"
#include "spec/spec.h"
#include "wire/boot.h"

/* Whether a cgroup that cannot be made is an error where nothing is asked of it. */
enum plan_rootless {
	PLAN_ROOTLESS_AUTO, /* for root of the host, it is */
	PLAN_ROOTLESS_YES,
	PLAN_ROOTLESS_NO,
};

/* Who makes the container's cgroup. */
enum plan_cgroups {
	PLAN_CGROUPS_FS,       /* berth */
	PLAN_CGROUPS_DISABLED, /* nobody: the container stays in the caller's */
	PLAN_CGROUPS_SYSTEMD,  /* systemd, asked over its bus */
};

/* What the caller of the verb asked for, beside the config. */
struct plan_request {
	const char
		*bundle; /* absolute path of the bundle: relative paths of the config start there */
	const char *id;  /* of the container; NULL: it has none, and no keyring is named after it */
	bool is_keyring_kept; /* the session keyring stays the caller's */
	const char
		*keyring_tag;  /* what nobody else can guess of the keyring's name; NULL: nothing */
	bool is_pdeathsig;     /* the child dies with this thread until the image runs */
	bool is_pivot_avoided; /* no pivot_root(2) */
	const char *notify_dir; /* absolute path of the directory of the container's notify socket;
				   NULL: it gets none */
	uint32_t listen_fds;    /* so many of the descriptors from 3 on are listeners
					 (sd_listen_fds(3)) */
	const char *listen_fdnames; /* LISTEN_FDNAMES; NULL: they have no names */
	enum plan_rootless rootless;
	enum plan_cgroups cgroups;
};

/* The hooks that run in the runtime's namespaces; the others are the child's, in struct boot. */
struct plan_hooks {
	struct wire_hooks prestart, create_runtime, poststart, poststop;
	const char *stdout_path, *stderr_path; /* files that the output of all hooks, the child's
						  too, is appended to; NULL: none */
};

struct plan {
	struct host_plan host;
	struct boot boot;
	struct plan_hooks hooks;
	struct log_notes notes; /* what was asked for and will not be so, and is no error */
};

/* The name of the container's notify socket in its directory. */
#define PLAN_NOTIFY_FILE "notify.sock"

/* Which of FACTS_* plan_make() will read. */
uint32_t plan_facts_wanted(const struct spec *spec, const struct plan_request *request);

/* Makes the plan. Texts point into the spec, the request, the facts and the arena. */
int plan_make(const struct spec *spec, const struct plan_request *request,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err) must_use;

/* What exec was asked for. */
struct plan_exec {
	const struct plan_request *request; /* its bundle is not looked at */
	int pid;                            /* of the container's first process */
	const struct spec_process *process; /* whole; NULL: that of the config, with what follows */
	struct spec_strings args;
	struct spec_strings
		env;      /* beside that of the config, or in the place of a variable of it */
	const char *cwd;  /* NULL: that of the config */
	const char *user; /* "USER[:GROUP]", numbers or names; NULL: that of the config */
	struct spec_u32s additional_gids;
	struct spec_strings capabilities; /* names, beside those of the config */
	bool no_new_privileges;
	bool terminal;
	/* NULL or "": those of `process`, and where it has none, those of the config. */
	const char *apparmor_profile, *selinux_label;
};

/* Which of FACTS_* plan_exec_make() will read. */
uint32_t plan_exec_facts_wanted(const struct spec *spec, const struct plan_exec *asked);

/* Makes the plan of a process in the namespaces of a container that is there; `spec` is the container's. */
int plan_exec_make(const struct spec *spec, const struct plan_exec *asked,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err) must_use;

/* What mounts add and mounts remove were asked for. */
struct plan_live {
	const char *bundle; /* absolute: where relative sources start */
	int pid;            /* of the container's first process */
	bool is_removal;    /* of the mounts only the destinations count */
	struct spec_mounts mounts;
};

/* Which of FACTS_* plan_live_make() will read. */
uint32_t plan_live_facts_wanted(const struct spec *spec);

/* Makes the plan of mounts in a container that is there; `spec` is the container's. */
int plan_live_make(const struct spec *spec, const struct plan_live *asked,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err) must_use;

/* What update was asked for. */
struct plan_update {
	const struct spec_resources *resources;
	const char *version; /* of the specification that they go by */
	const struct spec_resources *
		config; /* those of the container's config, where no update has set its device rules since;
			    else NULL */
	const struct host_cgroup_dir
		*dirs; /* the container's; their controllers are not looked at */
	size_t dir_count;
	const char *unit; /* of systemd, whose the directory is; NULL: it is berth's */
};

/* The files whose content is to be among the facts, as far as they are there. */
struct plan_reads {
	const struct host_cgroup_read *items;
	size_t count;
};
int plan_update_reads(const struct plan_update *asked, const struct facts *facts,
	struct arena *arena, struct plan_reads *ret_reads, struct berth_error *err) must_use;

/* Makes the writes, and the device rules where they are to be set: of the plan there are host.cgroup and the notes
 * alone. Errors point into an object like the config's
 * "resources": "/memory/limit". */
int plan_update_make(const struct plan_update *asked, const struct facts *facts,
	struct arena *arena, struct plan *ret_plan, struct berth_error *err) must_use;

/* The lines that the schemas of an intelRdt mean, in the order in which they are written; `base` is the JSON pointer
 * of that object. */
int plan_rdt_lines(const struct spec_intel_rdt *asked, const char *base, struct arena *arena,
	struct host_rdt_lines *ret_lines, struct berth_error *err) must_use;

/* The hooks alone: for start and delete, which make no plan. Texts point into the spec and the arena. */
int plan_hooks_make(const struct spec *spec, const char *bundle, struct arena *arena,
	struct plan_hooks *ret_hooks, struct berth_error *err) must_use;

#endif
