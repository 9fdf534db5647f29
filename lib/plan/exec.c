/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: the same plan as for a new container, with other namespaces: all of them are joined, by the
 * container's first process, and what is in them is there already.
 */
#include <string.h>

#include "base/str.h"
#include "plan/words.h"

/* proc_pid_ns(5). */
static const char *ns_file(uint32_t flag)
{
	switch (flag) {
	case CLONE_NEWNS:
		return "mnt";
	case CLONE_NEWNET:
		return "net";
	default:
		return plan_namespace_name(flag);
	}
}

int plan_join_namespaces(struct plan_work *work, int pid, uint32_t without, struct berth_error *err)
{
	const struct spec_namespaces *namespaces = &work->spec->linux_section.namespaces;
	struct wire_bootstrap *init = &work->plan->host.init;

	for (size_t i = 0; i < namespaces->count; i++) {
		const struct spec_namespace *item = &namespaces->items[i];
		bool is_made = !item->path || item->path[0] == '\0';

		if (item->flag & without) {
			continue;
		}
		init->ns_paths = arena_printf(work->arena, "%s%s/proc/%d/ns/%s",
			init->ns_paths ? init->ns_paths : "", init->ns_paths ? "," : "", pid,
			ns_file(item->flag));
		if (!init->ns_paths) {
			return plan_no_memory(err);
		}
		work->joined |= item->flag;
		work->is_map_known |= is_made && item->flag == CLONE_NEWUSER;
	}
	work->plan->boot.flags |= plan_has(work, CLONE_NEWUSER) ? BOOT_USERNS : 0;
	work->plan->boot.identity.is_setgroups_denied =
		work->is_map_known && plan_denies_setgroups(work);
	return 0;
}

/* The texts of the first, without those that name a variable of the second; then the second, of which the last of
 * a name counts, as getenv(3) takes the first. */
static int merge_env(struct arena *arena, const struct spec_strings *base,
	const struct spec_strings *added, struct spec_strings *ret_env, struct berth_error *err)
{
	const char **items = arena_alloc(arena, base->count + added->count, sizeof(*items));
	size_t count = 0;

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < base->count + added->count; i++) {
		bool is_base = i < base->count;
		const char *text = is_base ? base->items[i] : added->items[i - base->count];
		size_t length = strcspn(text, "=") + 1;
		bool is_replaced = false;

		for (size_t j = is_base ? 0 : i - base->count + 1; j < added->count && !is_replaced;
			j++) {
			is_replaced = strncmp(text, added->items[j], length) == 0;
		}
		if (!is_replaced) {
			items[count++] = text;
		}
	}
	*ret_env = (struct spec_strings){.items = items, .count = count};
	return 0;
}

static int append(struct arena *arena, const struct spec_strings *added, struct spec_strings *list,
	struct berth_error *err)
{
	const char **items = arena_alloc(arena, list->count + added->count, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < list->count; i++) {
		items[i] = list->items[i];
	}
	for (size_t i = 0; i < added->count; i++) {
		items[list->count + i] = added->items[i];
	}
	*list = (struct spec_strings){.items = items, .count = list->count + added->count};
	return 0;
}

/* Never the inheritable set, nor with it the ambient one (CVE-2022-29162). */
static int add_capabilities(struct arena *arena, const struct spec_strings *added,
	struct spec_capabilities *capabilities, struct berth_error *err)
{
	int r;

	for (size_t i = 0; i < added->count; i++) {
		if (plan_capability_number(added->items[i]) < 0) {
			return error_field(err, BERTH_ERROR_USAGE, "/process/capabilities",
				"unknown capability \"%.64s\"", added->items[i]);
		}
	}
	capabilities->is_present |= added->count > 0;
	r = append(arena, added, &capabilities->bounding, err);
	if (r == 0) {
		r = append(arena, added, &capabilities->permitted, err);
	}
	return r < 0 ? r : append(arena, added, &capabilities->effective, err);
}

static int add_groups(struct arena *arena, const struct spec_u32s *added, struct spec_u32s *groups,
	struct berth_error *err)
{
	uint32_t *items = arena_alloc(arena, groups->count + added->count, sizeof(*items));

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < groups->count + added->count; i++) {
		items[i] = i < groups->count ? groups->items[i] : added->items[i - groups->count];
	}
	*groups = (struct spec_u32s){.items = items, .count = groups->count + added->count};
	return 0;
}

/* A number is what begins with a digit, and then it is nothing else: "4294967296" must not become a name of the
 * image's passwd, nor "1a" the number 1 (CVE-2016-3697, CVE-2026-30892). */
static int read_id(const char *text, const char *whole, uint32_t *id, const char **ret_name,
	struct berth_error *err)
{
	bool is_number = text[0] >= '0' && text[0] <= '9';
	bool is_name = text[0] == '_' || (text[0] >= 'a' && text[0] <= 'z') ||
		       (text[0] >= 'A' && text[0] <= 'Z');

	for (const char *c = text; is_name && *c; c++) {
		is_name = *c > ' ' && *c != ':' && *c != '\x7f';
	}
	if ((is_number && (str_to_u32(text, id) < 0 || *id == UINT32_MAX)) ||
		(!is_number && !is_name)) {
		return error_field(err, BERTH_ERROR_USAGE, "/process/user",
			"\"%.64s\" is not USER[:GROUP], each a number below 4294967295 "
			"or a name",
			whole);
	}
	*ret_name = is_number ? NULL : text;
	return 0;
}

static int read_user(struct plan_work *work, const char *text, struct spec_user *user,
	struct boot_identity *identity, struct berth_error *err)
{
	size_t length = strcspn(text, ":");
	char *name = arena_copy(work->arena, text, length);
	int r;

	if (!name) {
		return plan_no_memory(err);
	}
	r = read_id(name, text, &user->uid, &identity->user_name, err);
	if (r == 0 && text[length] == ':') {
		identity->is_gid_given = 1;
		r = read_id(text + length + 1, text, &user->gid, &identity->group_name, err);
	}
	return r;
}

/* The process of the config, with what was asked for in its place or beside it. */
static int make_process(struct plan_work *work, const struct plan_exec *asked,
	struct spec_process *process, struct berth_error *err)
{
	int r = merge_env(work->arena, &process->env, &asked->env, &process->env, err);

	process->args = asked->args;
	process->terminal = asked->terminal;
	process->cwd = asked->cwd ? asked->cwd : process->cwd;
	process->no_new_privileges |= asked->no_new_privileges;
	if (r == 0) {
		r = add_capabilities(
			work->arena, &asked->capabilities, &process->capabilities, err);
	}
	if (r == 0) {
		r = add_groups(
			work->arena, &asked->additional_gids, &process->user.additional_gids, err);
	}
	if (r == 0 && asked->user) {
		r = read_user(work, asked->user, &process->user, &work->plan->boot.identity, err);
	}
	return r;
}

static const char *first_given(const char *a, const char *b, const char *c)
{
	if (a && a[0] != '\0') {
		return a;
	}
	return b && b[0] != '\0' ? b : c;
}

/* A process of a confined container is confined as well, unless another label is named for it: none would be
 * more than the container was given. */
static void inherit_labels(const struct spec_process *container, const struct plan_exec *asked,
	struct spec_process *process)
{
	process->apparmor_profile = first_given(
		asked->apparmor_profile, process->apparmor_profile, container->apparmor_profile);
	process->selinux_label =
		first_given(asked->selinux_label, process->selinux_label, container->selinux_label);
}

/* How it is scheduled: as the container's config has it where --process does not say. */
static void inherit_schedule(const struct spec_process *container, struct spec_process *process)
{
	if (!process->scheduler.is_present) {
		process->scheduler = container->scheduler;
	}
	if (!process->io_priority.is_present) {
		process->io_priority = container->io_priority;
	}
	if (!process->exec_affinity.is_present) {
		process->exec_affinity = container->exec_affinity;
	}
}

uint32_t plan_exec_facts_wanted(const struct spec *spec, const struct plan_exec *asked)
{
	struct spec_process process = asked->process ? *asked->process : spec->process;

	inherit_labels(&spec->process, asked, &process);
	return plan_labels_wanted(&process, NULL);
}

int plan_exec_make(const struct spec *container, const struct plan_exec *asked,
	const struct facts *facts, struct arena *arena, struct plan *ret_plan,
	struct berth_error *err)
{
	static const plan_fn planners[] = {plan_rule_process, plan_process, plan_process_labels,
		plan_identity, plan_seccomp, plan_schedule, plan_personality, plan_memory_policy};
	struct spec spec = *container;
	struct plan plan = {0};
	struct plan_work work = {
		.spec = &spec,
		.request = asked->request,
		.facts = facts,
		.arena = arena,
		.plan = &plan,
	};
	int r = plan_join_namespaces(&work, asked->pid, 0, err);

	plan.boot.flags |= BOOT_ENTER;
	if (r == 0 && asked->process) {
		spec.process = *asked->process;
		spec.process.is_present = true;
	} else if (r == 0) {
		r = make_process(&work, asked, &spec.process, err);
	}
	inherit_labels(&container->process, asked, &spec.process);
	inherit_schedule(&container->process, &spec.process);
	for (size_t i = 0; r == 0 && i < ARRAY_COUNT(planners); i++) {
		r = planners[i](&work, err);
	}
	if (r == 0) {
		*ret_plan = plan;
	}
	return r;
}
