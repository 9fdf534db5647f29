/* SPDX-License-Identifier: Apache-2.0 */
#include "life/found.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"
#include "host/host.h"

enum {
	LIFE_MEMORY_MAX = 64 * 1024 * 1024,
	LIFE_END_TIMEOUT_MS = 5000, /* a process that waits for a disk may take its time to end */
};

void life_found_finish(struct life_found *found)
{
	resctrl_finish(&found->resctrl);
	cgroup_finish(&found->cgroup);
	store_entry_close(&found->entry);
	store_close(&found->store);
	arena_finish(&found->arena);
}

void life_found_init(struct life_found *found)
{
	*found = (struct life_found){.store = {.fd = -1}};
	arena_init(&found->arena, LIFE_MEMORY_MAX);
	store_entry_init(&found->entry);
	cgroup_init(&found->cgroup);
	resctrl_init(&found->resctrl);
}

int life_found_lock(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err)
{
	int r;

	life_found_init(found);
	found->context = context;
	life_watch_begin(&found->watch, context, id);
	r = store_open(context->root, false, &found->store, err);
	return r < 0 ? r : store_find(&found->store, id, &found->entry, err);
}

static int open_cgroup(
	struct cgroup *cgroup, const struct store_record *record, struct berth_error *err)
{
	const struct cgroup_texts texts = {.items = record->cgroups, .count = record->cgroup_count};

	return cgroup_open(cgroup, &texts, err);
}

int life_found_cgroup(struct life_found *found, struct berth_error *err)
{
	return open_cgroup(&found->cgroup, &found->record, err);
}

int life_found_resctrl(struct life_found *found, struct berth_error *err)
{
	struct facts facts;
	int r;

	if (!found->record.resctrl) {
		return 0;
	}
	r = host_probe(FACTS_RESCTRL, &found->arena, &facts, err);
	if (r == 0 && !facts.resctrl) {
		return error_system(err, ENODEV, "find the resctrl file system of container %s",
			found->entry.id);
	}
	return r < 0 ? r
		     : resctrl_open(&found->resctrl, facts.resctrl, found->record.resctrl,
			       found->entry.id, err);
}

static bool may_be_paused(enum store_status status)
{
	return status == STORE_RUNNING || status == STORE_CREATED;
}

int life_found_read(struct life_found *found, struct berth_error *err)
{
	int r = store_read(&found->entry, &found->arena, &found->record, err);

	if (r == 0) {
		r = store_status(&found->entry, &found->record, &found->status, err);
	}
	if (r == 0) {
		r = life_found_cgroup(found, err);
	}
	if (r == 0 && may_be_paused(found->status) && cgroup_is_frozen(&found->cgroup) > 0) {
		found->status = STORE_PAUSED;
	}
	return r;
}

int life_found_look(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err)
{
	int r;

	life_found_init(found);
	found->context = context;
	life_watch_begin(&found->watch, context, id);
	r = store_open(context->root, false, &found->store, err);
	if (r == 0) {
		r = store_look(&found->store, id, &found->entry, err);
	}
	return r < 0 ? r : life_found_read(found, err);
}

int life_found_open(struct life_found *found, const struct life_context *context, const char *id,
	struct berth_error *err)
{
	int r = life_found_lock(found, context, id, err);

	return r < 0 ? r : life_found_read(found, err);
}

int life_status(const struct store_entry *entry, const struct store_record *record,
	enum store_status *ret_status, struct berth_error *err)
{
	int r = store_status(entry, record, ret_status, err);
	struct cgroup cgroup;

	if (r < 0 || !may_be_paused(*ret_status)) {
		return r;
	}
	cgroup_init(&cgroup);
	if (open_cgroup(&cgroup, record, NULL) == 0 && cgroup_is_frozen(&cgroup) > 0) {
		*ret_status = STORE_PAUSED;
	}
	cgroup_finish(&cgroup);
	return 0;
}

bool life_has_processes(const struct life_found *found)
{
	return found->status != STORE_STOPPED || found->record.is_pid_shared;
}

int life_end_cgroup(struct cgroup *cgroup, bool is_killed, struct berth_error *err)
{
	int r = is_killed ? cgroup_kill(cgroup, LIFE_END_TIMEOUT_MS, err) : 0;
	int removed = cgroup_remove(cgroup, LIFE_END_TIMEOUT_MS, r < 0 ? NULL : err);

	return r < 0 ? r : removed;
}

static uint64_t now_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void life_watch_begin(struct life_watch *watch, const struct life_context *context, const char *id)
{
	*watch = (struct life_watch){.context = context, .id = id};
	if (context->log.fn) {
		watch->began_us = now_us();
	}
}

void life_watch_tell(const struct life_watch *watch, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!watch->context || !watch->context->log.fn) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(&watch->context->log, LOG_LEVEL_DEBUG, "container %s: %s (%llu us)", watch->id,
		text, (unsigned long long)(now_us() - watch->began_us));
}

static void tell_notes(
	const struct life_watch *watch, enum log_level level, const struct log_notes *notes)
{
	char subject[300];

	(void)snprintf(subject, sizeof(subject), "container %s", watch->id);
	log_notes_write(&watch->context->log, level, subject, notes);
}

void life_watch_config(const struct life_watch *watch, struct life_config *config)
{
	struct log_notes notes = {0};

	if (watch->context->log.fn) {
		spec_note_unknown(config->tree, &config->arena, &notes);
		tell_notes(watch, LOG_LEVEL_DEBUG, &notes);
	}
}

void life_watch_update(const struct life_watch *watch, struct life_config *asked)
{
	struct log_notes notes = {0};

	if (watch->context->log.fn) {
		spec_note_unknown_update(asked->tree, &asked->arena, &notes);
		tell_notes(watch, LOG_LEVEL_DEBUG, &notes);
	}
}

void life_watch_plan(const struct life_watch *watch, const struct plan *plan)
{
	if (watch->context->log.fn) {
		tell_notes(watch, LOG_LEVEL_WARNING, &plan->notes);
	}
}
