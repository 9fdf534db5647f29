/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: the public promise.
 *
 * In: calls from anybody. Out: calls to one verb each, with arguments that were checked. Forbidden here:
 * work of its own. Every exported symbol is listed in libberth.map.
 */
#include <berth/container.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "life/life.h"

/* Members that the caller's version did not have are zero. */
static int take_options(const struct berth_run_options *options,
	struct berth_run_options *ret_options, struct berth_error *err)
{
	if (!options || options->size < offsetof(struct berth_run_options, bundle)) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_run: options->size is not set");
	}
	memset(ret_options, 0, sizeof(*ret_options));
	memcpy(ret_options, options,
		options->size < sizeof(*ret_options) ? options->size : sizeof(*ret_options));
	if (!ret_options->id) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_run: options->id is not set");
	}
	return 0;
}

int berth_run(const struct berth_run_options *options, int *ret_status, struct berth_error *err)
{
	struct berth_run_options taken;
	int r;

	error_clear(err);
	r = take_options(options, &taken, err);
	if (r < 0) {
		return r;
	}
	return life_run(taken.bundle ? taken.bundle : ".", taken.id, taken.dies_with_thread,
		ret_status, err);
}

int berth_explain(const char *bundle, char **ret_text, struct berth_error *err)
{
	error_clear(err);
	return life_explain(bundle ? bundle : ".", ret_text, err);
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
