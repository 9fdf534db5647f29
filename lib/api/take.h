/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TAKE_H
#define API_TAKE_H
/* For the files of api/ alone: options as the caller has them, checked, as life has them. */
#include <berth/checkpoint.h>

#include "life/life.h"

/* Members that the caller's version did not have are zero; those that this one does not have must be. */
int api_take_versioned(const void *options, size_t size, void *ret_taken, size_t known,
	struct berth_error *err) must_use;

int api_take_checkpoint(const struct berth_checkpoint_options *options,
	struct life_criu_request *ret_request, struct berth_error *err) must_use;
int api_take_restore(const struct berth_restore_options *options,
	struct life_criu_request *ret_request, struct berth_error *err) must_use;

#endif
