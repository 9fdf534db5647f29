/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: the public promise.
 *
 * In: calls from anybody. Out: calls to one verb each, with arguments that were checked. Forbidden here:
 * work of its own. Every exported symbol is listed in libberth.map.
 */
#include <berth/container.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/take.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "life/events.h"
#include "life/life.h"

/* Members that the caller's version did not have are zero; those that this one does not have must be. */
static int take_versioned(
	const void *options, size_t size, void *ret_taken, size_t known, struct berth_error *err)
{
	const char *bytes = options;

	for (size_t i = known; i < size; i++) {
		if (bytes[i] != 0) {
			return error_system(err, E2BIG,
				"options of a newer version of the library: a member is set that this "
				"one does not know");
		}
	}
	memcpy(ret_taken, options, size < known ? size : known);
	return 0;
}

int api_take_versioned(
	const void *options, size_t size, void *ret_taken, size_t known, struct berth_error *err)
{
	return take_versioned(options, size, ret_taken, known, err);
}

_Static_assert(
	BERTH_LOG_WARNING == (int)LOG_LEVEL_WARNING && BERTH_LOG_DEBUG == (int)LOG_LEVEL_DEBUG,
	"the levels are those of base");

/* The caller's function behind one of the library's own type. */
static void pass_line(void *argument, enum log_level level, const char *text)
{
	const struct berth_context *context = argument;

	context->log(context->log_argument, (enum berth_log_level)level, text);
}

/* A context that was checked, in both forms. */
struct taken_context {
	struct berth_context asked;
	struct life_context life;
};

static int take_context(const struct berth_context *context, struct taken_context *ret_taken,
	struct berth_error *err)
{
	struct berth_context *asked = &ret_taken->asked;
	int r;

	*ret_taken = (struct taken_context){0};
	if (!context || context->size < offsetof(struct berth_context, log)) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_context: size is not set");
	}
	r = take_versioned(context, context->size, asked, sizeof(*asked), err);
	if (r < 0) {
		return r;
	}
	ret_taken->life = (struct life_context){
		.root = asked->root,
		.log = {.fn = asked->log ? pass_line : NULL, .argument = asked},
		.notify_socket = asked->notify_socket,
	};
	return asked->root ? 0
			   : error_set(err, BERTH_ERROR_USAGE, "berth_context: root is not set");
}

/* The beginning of every verb on one container: a clean error, a context and an id. */
static int take_call(const struct berth_context *context, const char *id,
	struct taken_context *ret_taken, struct berth_error *err)
{
	int r;

	error_clear(err);
	r = take_context(context, ret_taken, err);
	return r < 0 || id ? r : error_set(err, BERTH_ERROR_USAGE, "id is not set");
}

/* Descriptors from 3 on, all of them. */
static int check_fds(uint32_t listen_fds, uint32_t preserved_fds, struct berth_error *err)
{
	return listen_fds <= INT32_MAX && preserved_fds <= INT32_MAX - 3 - listen_fds
		       ? 0
		       : error_set(err, BERTH_ERROR_USAGE,
				 "%u listeners and %u preserved descriptors are too many",
				 listen_fds, preserved_fds);
}

static int take_options(const struct life_context *context, const struct berth_options *options,
	struct life_request *ret_request, struct berth_error *err)
{
	struct berth_options taken = {0};
	int r;

	if (!options || options->size < offsetof(struct berth_options, bundle)) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_options: size is not set");
	}
	r = take_versioned(options, options->size, &taken, sizeof(taken), err);
	if (r < 0) {
		return r;
	}
	if (taken.cgroups > BERTH_CGROUPS_SYSTEMD || taken.rootless > BERTH_ROOTLESS_NO) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_options: %s is none of its values",
			taken.cgroups > BERTH_CGROUPS_SYSTEMD ? "cgroups" : "rootless");
	}
	r = check_fds(taken.listen_fds, taken.preserved_fds, err);
	if (r < 0) {
		return r;
	}
	*ret_request = (struct life_request){
		.context = context,
		.id = taken.id,
		.bundle = taken.bundle ? taken.bundle : ".",
		.config = taken.config,
		.pid_file = taken.pid_file,
		.console_socket = taken.console_socket,
		.pidfd_socket = taken.pidfd_socket,
		.preserved_fds = taken.listen_fds + taken.preserved_fds,
		.is_detached = taken.is_detached,
		.is_kept = taken.is_kept,
		.plan = {.listen_fds = taken.listen_fds,
			.listen_fdnames = taken.listen_fdnames,
			.is_pivot_avoided = taken.no_pivot,
			.is_keyring_kept = taken.no_new_keyring,
			.is_pdeathsig = taken.dies_with_thread,
			.cgroups = (enum plan_cgroups)taken.cgroups,
			.rootless = (enum plan_rootless)taken.rootless},
	};
	return 0;
}

static struct spec_strings take_texts(struct berth_texts texts)
{
	return (struct spec_strings){.items = texts.items, .count = texts.count};
}

static int take_exec_options(const struct life_context *context,
	const struct berth_exec_options *options, struct life_exec_request *ret_request,
	struct berth_error *err)
{
	struct berth_exec_options taken = {0};
	int r;

	if (!options || options->size < offsetof(struct berth_exec_options, process)) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_exec_options: size is not set");
	}
	r = take_versioned(options, options->size, &taken, sizeof(taken), err);
	if (r < 0) {
		return r;
	}
	if (!taken.id) {
		return error_set(err, BERTH_ERROR_USAGE, "id is not set");
	}
	if (!taken.process && taken.args.count == 0) {
		return error_set(err, BERTH_ERROR_USAGE,
			"berth_exec_options: neither process nor args is set");
	}
	r = check_fds(taken.listen_fds, taken.preserved_fds, err);
	if (r < 0) {
		return r;
	}
	*ret_request = (struct life_exec_request){
		.context = context,
		.id = taken.id,
		.process = taken.process,
		.wish = {.args = take_texts(taken.args),
			.env = take_texts(taken.env),
			.cwd = taken.cwd,
			.user = taken.user,
			.additional_gids = {.items = taken.additional_gids,
				.count = taken.additional_gid_count},
			.capabilities = take_texts(taken.capabilities),
			.no_new_privileges = taken.no_new_privs,
			.terminal = taken.has_terminal,
			.apparmor_profile = taken.apparmor_profile,
			.selinux_label = taken.selinux_label},
		.cgroups = take_texts(taken.cgroups),
		.pid_file = taken.pid_file,
		.console_socket = taken.console_socket,
		.pidfd_socket = taken.pidfd_socket,
		.preserved_fds = taken.listen_fds + taken.preserved_fds,
		.listen_fds = taken.listen_fds,
		.listen_fdnames = taken.listen_fdnames,
		.is_pdeathsig = taken.dies_with_thread,
		.is_detached = taken.is_detached,
		.is_paused_ignored = taken.ignores_paused,
	};
	return 0;
}

_Static_assert(BERTH_CGROUPS_FS == (int)PLAN_CGROUPS_FS &&
		       BERTH_CGROUPS_DISABLED == (int)PLAN_CGROUPS_DISABLED &&
		       BERTH_CGROUPS_SYSTEMD == (int)PLAN_CGROUPS_SYSTEMD,
	"the values are those of plan");

_Static_assert(BERTH_ROOTLESS_AUTO == (int)PLAN_ROOTLESS_AUTO &&
		       BERTH_ROOTLESS_YES == (int)PLAN_ROOTLESS_YES &&
		       BERTH_ROOTLESS_NO == (int)PLAN_ROOTLESS_NO,
	"the values are those of plan");

/* Of a container that is to be made. */
static int take_named(const struct life_context *context, const struct berth_options *options,
	struct life_request *ret_request, struct berth_error *err)
{
	int r = take_options(context, options, ret_request, err);

	return r == 0 && !ret_request->id ? error_set(err, BERTH_ERROR_USAGE, "id is not set") : r;
}

int berth_create(const struct berth_context *context, const struct berth_options *options,
	struct berth_error *err)
{
	struct life_request request;
	struct taken_context taken;
	int r;

	error_clear(err);
	r = take_context(context, &taken, err);
	if (r == 0) {
		r = take_named(&taken.life, options, &request, err);
	}
	return r < 0 ? r : life_create(&request, err);
}

int berth_run(const struct berth_context *context, const struct berth_options *options,
	int *ret_status, struct berth_error *err)
{
	struct life_request request;
	int status;
	struct taken_context taken;
	int r;

	error_clear(err);
	r = take_context(context, &taken, err);
	if (r == 0) {
		r = take_named(&taken.life, options, &request, err);
	}
	return r < 0 ? r : life_run(&request, ret_status ? ret_status : &status, err);
}

int berth_start(const struct berth_context *context, const char *id, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_start(&taken.life, id, err);
}

int berth_exec(const struct berth_context *context, const struct berth_exec_options *options,
	int *ret_status, struct berth_error *err)
{
	struct life_exec_request request;
	int status;
	struct taken_context taken;
	int r;

	error_clear(err);
	r = take_context(context, &taken, err);
	if (r == 0) {
		r = take_exec_options(&taken.life, options, &request, err);
	}
	return r < 0 ? r : life_exec(&request, ret_status ? ret_status : &status, err);
}

int berth_mounts_add(const struct berth_context *context, const char *id, const char *text,
	size_t length, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_mounts(&taken.life, id, text, length, false, err);
}

int berth_mounts_remove(const struct berth_context *context, const char *id, const char *text,
	size_t length, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_mounts(&taken.life, id, text, length, true, err);
}

int berth_kill(const struct berth_context *context, const char *id, int signal, bool is_all,
	struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_kill(&taken.life, id, signal, is_all, err);
}

int berth_pause(const struct berth_context *context, const char *id, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_pause(&taken.life, id, true, err);
}

int berth_resume(const struct berth_context *context, const char *id, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_pause(&taken.life, id, false, err);
}

int berth_update(const struct berth_context *context, const char *id, const char *resources,
	size_t length, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	if (r == 0 && !resources) {
		r = error_set(err, BERTH_ERROR_USAGE, "resources is not set");
	}
	return r < 0 ? r : life_update(&taken.life, id, resources, length, err);
}

int berth_pids(const struct berth_context *context, const char *id, pid_t **ret_pids,
	size_t *ret_count, struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_pids(&taken.life, id, ret_pids, ret_count, err);
}

int berth_delete(const struct berth_context *context, const char *id, bool is_forced,
	struct berth_error *err)
{
	struct berth_error own = {0};
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	/* The class of a failure decides, so there is always an error object. */
	return r < 0 ? r : life_delete(&taken.life, id, is_forced, err ? err : &own);
}

int berth_state(const struct berth_context *context, const char *id, char **ret_text,
	struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_state(&taken.life, id, ret_text, err);
}

struct berth_events {
	struct life_events stream;
};

_Static_assert(
	BERTH_EVENT_NONE == (int)LIFE_EVENT_NONE && BERTH_EVENT_STATS == (int)LIFE_EVENT_STATS &&
		BERTH_EVENT_OOM == (int)LIFE_EVENT_OOM && BERTH_EVENT_END == (int)LIFE_EVENT_END,
	"the events are those of life");

int berth_stats(const struct berth_context *context, const char *id, char **ret_text,
	struct berth_error *err)
{
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	return r < 0 ? r : life_stats(&taken.life, id, ret_text, err);
}

int berth_events_open(const struct berth_context *context, const char *id, uint64_t interval_ns,
	struct berth_events **ret_events, struct berth_error *err)
{
	autoptr struct berth_events *events = NULL;
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	if (r < 0) {
		return r;
	}
	events = calloc(1, sizeof(*events));
	if (!events) {
		return error_system(err, ENOMEM, "memory for the events");
	}
	r = life_events_open(&events->stream, &taken.life, id, interval_ns, err);
	if (r < 0) {
		life_events_finish(&events->stream);
		return r;
	}
	*ret_events = take_ptr(events);
	return 0;
}

int berth_events_fd(const struct berth_events *events)
{
	return events->stream.poll_fd;
}

int berth_events_next(struct berth_events *events, enum berth_event *ret_event, char **ret_text,
	struct berth_error *err)
{
	enum life_event event;
	char *text = NULL;
	int r;

	error_clear(err);
	r = life_events_next(&events->stream, &event, &text, err);
	if (r == 0) {
		*ret_event = (enum berth_event)event;
		*ret_text = text;
	}
	return r;
}

struct berth_events *berth_events_close(struct berth_events *events)
{
	autoptr struct berth_events *taken = events;

	if (taken) {
		life_events_finish(&taken->stream);
	}
	return NULL;
}

int berth_checkpoint(const struct berth_context *context, const char *id,
	const struct berth_checkpoint_options *options, struct berth_error *err)
{
	struct life_criu_request request;
	struct taken_context taken;
	int r = take_call(context, id, &taken, err);

	if (r == 0) {
		r = api_take_checkpoint(options, &request, err);
	}
	return r < 0 ? r : life_checkpoint(&taken.life, id, &request, err);
}

int berth_restore(const struct berth_context *context, const struct berth_options *container,
	const struct berth_restore_options *options, int *ret_status, struct berth_error *err)
{
	struct life_criu_request request;
	struct life_request launch;
	struct taken_context taken;
	int status;
	int r;

	error_clear(err);
	r = take_context(context, &taken, err);
	if (r == 0) {
		r = take_options(&taken.life, container, &launch, err);
	}
	if (r == 0) {
		r = api_take_restore(options, &request, err);
	}
	return r < 0 ? r : life_restore(&launch, &request, ret_status ? ret_status : &status, err);
}

_Static_assert(BERTH_LIST_TABLE == (int)LIFE_TABLE && BERTH_LIST_JSON == (int)LIFE_JSON &&
		       BERTH_LIST_IDS == (int)LIFE_IDS,
	"the formats are those of life");

int berth_list(const struct berth_context *context, enum berth_list_format format, char **ret_text,
	struct berth_error *err)
{
	struct taken_context taken;
	int r;

	error_clear(err);
	r = take_context(context, &taken, err);
	if (r < 0) {
		return r;
	}
	if (format > BERTH_LIST_IDS) {
		return error_set(
			err, BERTH_ERROR_USAGE, "the format of a list is none of its values");
	}
	return life_list(&taken.life, (enum life_format)format, ret_text, err);
}

int berth_explain(const struct berth_options *options, char **ret_text, struct berth_error *err)
{
	struct life_request request;
	int r;

	error_clear(err);
	r = take_options(NULL, options, &request, err);
	return r < 0 ? r : life_explain(&request, ret_text, err);
}

int berth_features(char **ret_text, struct berth_error *err)
{
	error_clear(err);
	return life_features(BERTH_VERSION, BERTH_COMMIT, ret_text, err);
}

int berth_spec(
	bool is_rootless, uint32_t uid, uint32_t gid, char **ret_text, struct berth_error *err)
{
	error_clear(err);
	return life_spec(is_rootless, uid, gid, ret_text, err);
}

size_t berth_error_text(const struct berth_error *err, char *buffer, size_t size)
{
	return size ? error_format(err, buffer, size) : 0;
}

int berth_error_exit_status(const struct berth_error *err)
{
	return error_exit_code(err);
}

const char *berth_version(void)
{
	return BERTH_VERSION;
}
