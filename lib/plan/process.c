/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan/words.h"

enum {
	CONSOLE_SIZE_MAX = UINT16_MAX, /* struct winsize of ioctl_tty(2) */
	OOM_SCORE_ADJ_MAX = 1000,      /* proc(5); the least is its negative */
};

static int rlimit_add(struct plan_work *work, const struct spec_rlimit *asked,
	struct host_rlimit *limits, struct berth_error *err)
{
	struct host_plan *host = &work->plan->host;
	const char *pointer = arena_printf(work->arena, "/process/rlimits/%zu", host->rlimit_count);
	const char *type = pointer ? arena_printf(work->arena, "%s/type", pointer) : NULL;
	uint32_t resource;
	int r;

	if (!pointer || !type) {
		return plan_no_memory(err);
	}
	r = plan_word_read(&plan_rlimit_words, asked->type, type, &resource, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < host->rlimit_count; i++) {
		if (limits[i].resource == (int)resource) {
			return error_field(
				err, BERTH_ERROR_CONFIG, type, "%s is set twice", asked->type);
		}
	}
	if (asked->soft > asked->hard) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/soft", pointer),
			"the soft limit of %s is above the hard one", asked->type);
	}
	limits[host->rlimit_count++] = (struct host_rlimit){.resource = (int)resource,
		.soft = asked->soft,
		.hard = asked->hard,
		.pointer = pointer};
	return 0;
}

static int plan_rlimits(struct plan_work *work, struct berth_error *err)
{
	const struct spec_rlimits *asked = &work->spec->process.rlimits;
	struct host_rlimit *limits = arena_alloc(work->arena, asked->count, sizeof(*limits));

	if (!limits) {
		return plan_no_memory(err);
	}
	work->plan->host.rlimits = limits;
	for (size_t i = 0; i < asked->count; i++) {
		int r = rlimit_add(work, &asked->items[i], limits, err);

		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int check_env(struct plan_work *work, struct berth_error *err)
{
	const struct spec_strings *env = &work->spec->process.env;

	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i]) {
			return error_field(err, BERTH_ERROR_CONFIG,
				arena_printf(work->arena, "/process/env/%zu", i),
				equals ? "has no name before the \"=\"" : "has no \"=\"");
		}
	}
	return 0;
}

/* An empty HOME is none: a shell would take it for the working directory. */
static bool has_home(const struct wire_texts *env)
{
	for (size_t i = 0; i < env->count; i++) {
		if (str_has_prefix(env->items[i], "HOME=") && env->items[i][strlen("HOME=")]) {
			return true;
		}
	}
	return false;
}

/* A console size counts only with a terminal (config.md). */
static int plan_console(struct plan_work *work, struct berth_error *err)
{
	const struct spec_process *process = &work->spec->process;
	struct boot *boot = &work->plan->boot;

	if (!process->terminal) {
		return 0;
	}
	if (process->console_height > CONSOLE_SIZE_MAX ||
		process->console_width > CONSOLE_SIZE_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG, "/process/consoleSize",
			"a terminal has at most %d rows and columns", CONSOLE_SIZE_MAX);
	}
	work->plan->host.has_terminal = true;
	boot->flags |= BOOT_TERMINAL;
	boot->console_rows = process->console_height;
	boot->console_columns = process->console_width;
	return 0;
}

/* Only CAP_SYS_RESOURCE of the initial user namespace lowers the value. Who is in another one can do
 * nothing about that, so a config that was made for the host runs there with what it inherits. */
static int plan_oom_score(struct plan_work *work, struct berth_error *err)
{
	const struct spec_process *process = &work->spec->process;
	struct host_plan *host = &work->plan->host;

	if (!process->has_oom_score_adj) {
		return 0;
	}
	if (process->oom_score_adj < -OOM_SCORE_ADJ_MAX ||
		process->oom_score_adj > OOM_SCORE_ADJ_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG, "/process/oomScoreAdj",
			"must be from -%d to %d, is %lld", OOM_SCORE_ADJ_MAX, OOM_SCORE_ADJ_MAX,
			(long long)process->oom_score_adj);
	}
	host->has_oom_score_adj = true;
	host->oom_score_adj = (int32_t)process->oom_score_adj;
	host->may_keep_oom_score = work->facts->is_userns;
	return 0;
}

static int plan_keyring(struct plan_work *work, struct berth_error *err)
{
	const struct plan_request *request = work->request;

	if (!request->id || request->is_keyring_kept) {
		return 0;
	}
	/* A keyring is joined by its name: who made one of that name before would have it. */
	work->plan->boot.keyring = arena_printf(work->arena, "_ses.%s%s%s", request->id,
		request->keyring_tag ? "." : "", request->keyring_tag ? request->keyring_tag : "");
	return work->plan->boot.keyring ? 0 : plan_no_memory(err);
}

int plan_env_set(struct plan_work *work, const char *text, struct berth_error *err)
{
	struct wire_texts *env = &work->plan->boot.env;
	const char **items = arena_alloc(work->arena, env->count + 2, sizeof(*items));
	size_t name_length = strcspn(text, "=") + 1;
	size_t count = 0;

	if (!items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], text, name_length) != 0) {
			items[count++] = env->items[i];
		}
	}
	items[count++] = text;
	*env = (struct wire_texts){.items = items, .count = count};
	return 0;
}

/* sd_listen_fds(3): how many descriptors from 3 on are listeners, their names, and for whom they are. */
static int plan_listen(struct plan_work *work, struct berth_error *err)
{
	const struct plan_request *request = work->request;
	const char *count = arena_printf(work->arena, "LISTEN_FDS=%u", request->listen_fds);
	int r;

	if (request->listen_fds == 0) {
		return 0;
	}
	r = count ? plan_env_set(work, count, err) : plan_no_memory(err);
	if (r == 0 && request->listen_fdnames) {
		const char *names =
			arena_printf(work->arena, "LISTEN_FDNAMES=%s", request->listen_fdnames);

		r = names ? plan_env_set(work, names, err) : plan_no_memory(err);
	}
	work->plan->boot.flags |= BOOT_LISTEN_PID;
	return r;
}

struct env_item {
	const char *text;
	size_t index;
};

static int compare_env(const void *left, const void *right)
{
	const struct env_item *a = left;
	const struct env_item *b = right;
	size_t a_length = strcspn(a->text, "=");
	size_t b_length = strcspn(b->text, "=");
	int order = memcmp(a->text, b->text, a_length < b_length ? a_length : b_length);

	if (order == 0) {
		order = (a_length > b_length) - (a_length < b_length);
	}
	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* Of a name that is there more than once the last one counts, where it stands: getenv(3) would take the first. */
static int take_last(struct plan_work *work, struct wire_texts *env, struct berth_error *err)
{
	struct env_item *sorted = arena_alloc(work->arena, env->count + 1, sizeof(*sorted));
	const char **items = arena_alloc(work->arena, env->count + 1, sizeof(*items));
	size_t kept = 0;

	if (!sorted || !items) {
		return plan_no_memory(err);
	}
	for (size_t i = 0; i < env->count; i++) {
		sorted[i] = (struct env_item){env->items[i], i};
		items[i] = env->items[i];
	}
	qsort(sorted, env->count, sizeof(*sorted), compare_env);
	for (size_t i = 1; i < env->count; i++) {
		size_t length = strcspn(sorted[i].text, "=") + 1;

		if (strncmp(sorted[i - 1].text, sorted[i].text, length) == 0) {
			items[sorted[i - 1].index] = NULL;
		}
	}
	for (size_t i = 0; i < env->count; i++) {
		items[kept] = items[i];
		kept += items[i] ? 1 : 0;
	}
	*env = (struct wire_texts){.items = items, .count = kept};
	return 0;
}

int plan_process(struct plan_work *work, struct berth_error *err)
{
	const struct spec_process *process = &work->spec->process;
	struct boot *boot = &work->plan->boot;
	int r = check_env(work, err);

	if (r == 0) {
		r = plan_texts(work->arena, &process->args, &boot->args, err);
	}
	if (r == 0) {
		r = plan_texts(work->arena, &process->env, &boot->env, err);
	}
	if (r == 0) {
		r = take_last(work, &boot->env, err);
	}
	if (r == 0) {
		r = plan_listen(work, err);
	}
	if (r == 0) {
		r = plan_console(work, err);
	}
	if (r == 0) {
		r = plan_rlimits(work, err);
	}
	if (r == 0) {
		r = plan_oom_score(work, err);
	}
	if (r == 0) {
		r = plan_keyring(work, err);
	}
	boot->cwd = process->cwd;
	boot->flags |= has_home(&boot->env) ? 0 : BOOT_HOME;
	boot->flags |= process->no_new_privileges ? BOOT_NO_NEW_PRIVS : 0;
	boot->flags |= work->request->is_pdeathsig ? BOOT_PDEATHSIG : 0;
	return r;
}
