/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_WORK_H
#define PLAN_WORK_H
/*
 * For the files of plan/ alone: what the planners share. Each planner reads the spec, the request,
 * the facts and what earlier planners wrote, and writes its own members of the plan; plan.c has the
 * order.
 * Each fails with an error that has a JSON pointer, -ENOMEM apart.
 */
#include "plan/features.h"
#include "plan/options.h"
#include "plan/plan.h"
#include "sys/abi.h"

struct plan_work {
	const struct spec *spec;
	const struct plan_request *request;
	const struct facts *facts;
	struct arena *arena;
	struct plan *plan;
	uint32_t joined;          /* CLONE_NEW* of the namespaces that are joined by path */
	bool is_map_known;        /* the user namespace has the mappings of the config */
	const char *label_option; /* "context=LABEL" of new file systems; NULL: none */
	bool is_update; /* the cgroup is there, and of the spec there are its resources alone */
};

/* A planner: plan.c and exec.c have them in order. */
typedef int (*plan_fn)(struct plan_work *work, struct berth_error *err);

/* Whether a namespace (one CLONE_NEW* bit) is created; whether the container has one of its own,
 * created or joined. Valid after plan_namespaces(). */
static inline bool plan_creates(const struct plan_work *work, uint32_t flag)
{
	return (work->plan->host.init.clone_flags & flag) != 0;
}

static inline bool plan_has(const struct plan_work *work, uint32_t flag)
{
	return ((work->plan->host.init.clone_flags | work->joined) & flag) != 0;
}

/* What is required, and what one part of the config demands of another. Before every planner that
 * comes after plan_namespaces(). */
int plan_rules(struct plan_work *work, struct berth_error *err) must_use;

/* The part of it that is about the process. */
int plan_rule_process(struct plan_work *work, struct berth_error *err) must_use;

int plan_namespaces(struct plan_work *work, struct berth_error *err) must_use;
int plan_time(
	struct plan_work *work, struct berth_error *err) must_use; /* takes the time namespace */
int plan_idmap(struct plan_work *work, struct berth_error *err) must_use;
int plan_root(struct plan_work *work, struct berth_error *err) must_use;
int plan_mounts(struct plan_work *work, struct berth_error *err) must_use;
int plan_notify(struct plan_work *work, struct berth_error *err) must_use;  /* after the mounts */
int plan_devices(struct plan_work *work, struct berth_error *err) must_use; /* after the mounts */
int plan_process(struct plan_work *work, struct berth_error *err) must_use;
int plan_identity(struct plan_work *work, struct berth_error *err) must_use; /* after the id maps */
int plan_schedule(struct plan_work *work, struct berth_error *err) must_use; /* after seccomp */
int plan_personality(struct plan_work *work, struct berth_error *err) must_use;
int plan_rdt(struct plan_work *work, struct berth_error *err) must_use;
int plan_memory_policy(struct plan_work *work, struct berth_error *err) must_use;
int plan_net_devices(struct plan_work *work, struct berth_error *err) must_use;
int plan_sysctls(struct plan_work *work, struct berth_error *err) must_use;
int plan_seccomp(struct plan_work *work, struct berth_error *err) must_use;
int plan_hooks(struct plan_work *work, struct berth_error *err) must_use;
int plan_annotations(struct plan_work *work, struct berth_error *err) must_use;
int plan_cgroup(struct plan_work *work, struct berth_error *err) must_use; /* before the mounts */
int plan_device_rules(struct plan_work *work, struct berth_error *err) must_use; /* after it */

/* For a container that is there: its namespaces, found by the pid of its first process, are joined; those of
 * `without` are not (exec.c). */
int plan_join_namespaces(
	struct plan_work *work, int pid, uint32_t without, struct berth_error *err) must_use;

/* The propagation of the host's mounts and of the root file system (root.c). */
int plan_propagations(struct plan_work *work, struct berth_error *err) must_use;

/* labels.c: security modules. The second one before the mounts, which it labels by the third one: a new file
 * system that takes an option for that, or has an attribute for it. */
int plan_process_labels(struct plan_work *work, struct berth_error *err) must_use;
int plan_mount_label(struct plan_work *work, struct berth_error *err) must_use;
int plan_label_mount(
	struct plan_work *work, struct boot_mount *mount, struct berth_error *err) must_use;

/* Whether a mount option is one of those that label files: "context=...". */
bool plan_is_label_option(const char *option);

/* Which of FACTS_* they will read; `mount_label` may be NULL. */
uint32_t plan_labels_wanted(const struct spec_process *process, const char *mount_label);

/* The lines of uid_map or gid_map of mappings that the kernel takes; `pointer` is theirs. */
int plan_map_text(struct plan_work *work, const struct spec_mappings *mappings, const char *pointer,
	const char **ret_text, struct berth_error *err) must_use;

/* Whether the caller may map no id but its own, and so must deny setgroups(2). */
bool plan_denies_setgroups(const struct plan_work *work);

/* Whether the container's user namespace has this id; true as well where nobody knows (idmap.c). */
enum plan_ids { PLAN_UIDS, PLAN_GIDS };
bool plan_is_mapped(const struct plan_work *work, enum plan_ids kind, uint32_t id);

/* An array of the spec as one of the wire: the same texts, and NULL behind the last. */
int plan_texts(struct arena *arena, const struct spec_strings *strings,
	struct wire_texts *ret_texts, struct berth_error *err) must_use;

/* The value of an annotation, or NULL; and one that is a path of the host, a relative one in the bundle (NULL
 * where there is none). */
const char *plan_annotation(const struct spec *spec, const char *key);
bool plan_annotation_is_set(const struct spec *spec, const char *key); /* it is "1" */
int plan_annotation_path(const struct spec *spec, const char *key, const char *bundle,
	struct arena *arena, const char **ret_path, struct berth_error *err) must_use;

/* "NAME=VALUE" in the process's environment, in the place of what it has of that name. After plan_process(). */
int plan_env_set(struct plan_work *work, const char *text, struct berth_error *err) must_use;

/* The error of an allocation that failed. Returns -ENOMEM. */
int plan_no_memory(struct berth_error *err);

/* Names, for errors and the readable plan; NULL for a number that has none. */
const char *plan_namespace_name(uint32_t flag); /* "network" of CLONE_NEWNET */

/* "SCMP_ACT_ERRNO" of SECCOMP_RET_ERRNO with any data; whether that data means something. */
const char *plan_seccomp_action_name(uint32_t action);
bool plan_seccomp_has_data(uint32_t action);

/* The name of the lowest of SECCOMP_FILTER_FLAG_* in `flags`, without that prefix, and takes it out. */
const char *plan_seccomp_flag_name(uint32_t *flags);

/* MS_* of "rslave", "private" ... and whether it goes to the tree below; 0 for any other text. */
uint32_t plan_propagation(const char *name, bool *ret_is_recursive);
const char *plan_propagation_name(uint32_t propagation, bool is_recursive);

/* One number or range of such a list: gives what comes next, or NULL where it is none. The numbers are below 65536. */
const char *plan_list_range(const char *at, unsigned int *ret_first, unsigned int *ret_last);

/* "0-3,7" as a mask of bits in the order of unsigned long, without words of zero at its end. Nothing is written where
 * the text is NULL, or has no number in it (list.c). */
int plan_list_read(struct plan_work *work, const char *text, const char *pointer,
	struct wire_bytes *ret_mask, struct berth_error *err) must_use;

/* path.c: paths as text; nothing there looks at a file system. */

/* A path inside the container, cleaned as text: absolute, without ".", "..", doubled or last
 * slashes; ".." at the root stays at the root. NULL when there is no memory. */
char *plan_path_inside(struct arena *arena, const char *path) must_use;

/* A path on the host: a relative one starts at `base`. "." and doubled slashes go; ".." stays, as
 * only the kernel knows where it leads behind a symbolic link. NULL when there is no memory. */
char *plan_path_on_host(struct arena *arena, const char *base, const char *path) must_use;

/* Whether a clean path lies below another clean path, which is not "/". */
bool plan_path_is_below(const char *path, const char *parent);

/* The part behind the last slash, a piece of `path`. */
const char *plan_path_base(const char *path);

/* cgroup.c and what it hands the limits to. */

/* Why the container has no cgroup that could hold it to anything: half a sentence. */
const char *plan_cgroup_missing(const struct plan_work *work);

/* The directory of a controller, an index of the plan's; -1 where there is none. On version 2 every
 * controller is in the one directory there is. */
int plan_cgroup_find(const struct host_cgroup *cgroup, const char *controller) must_use;

/* Whether a word is one of the comma-separated ones of a list. */
bool plan_cgroup_has(const char *list, const char *word);

/* The writes of linux.resources, but for the devices. */
int plan_limits(struct plan_work *work, struct berth_error *err) must_use;

/* cpu.shares of version 1 (2 to 262144) as cpu.weight of version 2 (1 to 10000). */
uint64_t plan_cpu_weight(uint64_t shares);

/* The check of a path on which something is to be put: /proc is procfs, and nothing below it is
 * covered but by the files that lxcfs(1) binds there. `is_procfs`: what comes is a procfs or the
 * host's one. */
int plan_check_proc(const char *target, bool is_procfs, bool is_bind, const char *pointer,
	struct berth_error *err) must_use;

#endif
