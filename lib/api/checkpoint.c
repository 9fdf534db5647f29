/* SPDX-License-Identifier: Apache-2.0 */
/* The options of checkpoint and restore. */
#include "base/error.h"

#include "api/take.h"
#include "criu/criu.h"

static int take_enums(enum berth_criu_cgroups cgroups, enum berth_network_lock lock,
	struct life_criu_request *request, struct berth_error *err)
{
	static const uint32_t modes[] = {
		[BERTH_CRIU_CGROUPS_DEFAULT] = CRIU_CGROUP_DEFAULT,
		[BERTH_CRIU_CGROUPS_SOFT] = CRIU_CGROUP_SOFT,
		[BERTH_CRIU_CGROUPS_FULL] = CRIU_CGROUP_FULL,
		[BERTH_CRIU_CGROUPS_STRICT] = CRIU_CGROUP_STRICT,
		[BERTH_CRIU_CGROUPS_IGNORE] = CRIU_CGROUP_IGNORE,
	};
	static const uint32_t locks[] = {
		[BERTH_NETWORK_LOCK_DEFAULT] = CRIU_LOCK_DEFAULT,
		[BERTH_NETWORK_LOCK_IPTABLES] = CRIU_LOCK_IPTABLES,
		[BERTH_NETWORK_LOCK_NFTABLES] = CRIU_LOCK_NFTABLES,
		[BERTH_NETWORK_LOCK_SKIP] = CRIU_LOCK_SKIP,
	};

	if (cgroups > BERTH_CRIU_CGROUPS_IGNORE || lock > BERTH_NETWORK_LOCK_SKIP) {
		return error_set(err, BERTH_ERROR_USAGE, "%s is none of its values",
			lock > BERTH_NETWORK_LOCK_SKIP ? "network_lock" : "cgroups");
	}
	request->cgroup_mode = modes[cgroups];
	request->network_lock = locks[lock];
	return 0;
}

int api_take_checkpoint(const struct berth_checkpoint_options *options,
	struct life_criu_request *ret_request, struct berth_error *err)
{
	struct berth_checkpoint_options taken = {0};
	int r;

	if (!options || options->size < sizeof(size_t)) {
		return error_set(
			err, BERTH_ERROR_USAGE, "berth_checkpoint_options: size is not set");
	}
	r = api_take_versioned(options, options->size, &taken, sizeof(taken), err);
	if (r < 0) {
		return r;
	}
	*ret_request = (struct life_criu_request){
		.image_path = taken.image_path,
		.work_path = taken.work_path,
		.parent_path = taken.parent_path,
		.page_server = taken.page_server,
		.status_fd = taken.status_fd,
		.is_left_running = taken.is_left_running,
		.is_pre_dump = taken.is_pre_dump,
		.is_lazy = taken.lazy_pages,
		.is_deduplicated = taken.auto_dedup,
		.may_link = taken.link_remap,
		.has_tcp = taken.tcp_established,
		.is_tcp_in_flight_skipped = taken.tcp_skip_in_flight,
		.has_ext_unix = taken.ext_unix_sk,
		.has_shell_job = taken.shell_job,
		.has_file_locks = taken.file_locks,
		.is_network_empty = taken.empty_network,
		.is_pdeathsig = taken.dies_with_thread,
	};
	return take_enums(taken.cgroups, taken.network_lock, ret_request, err);
}

int api_take_restore(const struct berth_restore_options *options,
	struct life_criu_request *ret_request, struct berth_error *err)
{
	struct berth_restore_options taken = {0};
	int r;

	if (!options || options->size < sizeof(size_t)) {
		return error_set(err, BERTH_ERROR_USAGE, "berth_restore_options: size is not set");
	}
	r = api_take_versioned(options, options->size, &taken, sizeof(taken), err);
	if (r < 0) {
		return r;
	}
	*ret_request = (struct life_criu_request){
		.image_path = taken.image_path,
		.work_path = taken.work_path,
		.lsm_profile = taken.lsm_profile,
		.lsm_mount_context = taken.lsm_mount_context,
		.is_lazy = taken.lazy_pages,
		.is_deduplicated = taken.auto_dedup,
		.has_tcp = taken.tcp_established,
		.is_tcp_closed = taken.tcp_close,
		.has_ext_unix = taken.ext_unix_sk,
		.has_shell_job = taken.shell_job,
		.has_file_locks = taken.file_locks,
		.is_network_empty = taken.empty_network,
	};
	return take_enums(taken.cgroups, taken.network_lock, ret_request, err);
}
