/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BERTH_CHECKPOINT_H
#define BERTH_CHECKPOINT_H
/*
 * Containers into images and back, by CRIU (https://criu.org): the program "criu" is looked for in PATH. It
 * needs root of the host, and a kernel with CONFIG_CHECKPOINT_RESTORE.
 */
#include <berth/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What CRIU does with cgroups below the container's, and with their settings: see criu(8), --manage-cgroups. */
enum berth_criu_cgroups {
	BERTH_CRIU_CGROUPS_DEFAULT, /**< soft */
	BERTH_CRIU_CGROUPS_SOFT,    /**< settings of those that it makes */
	BERTH_CRIU_CGROUPS_FULL,    /**< settings of all */
	BERTH_CRIU_CGROUPS_STRICT,  /**< all, and none may be there before */
	BERTH_CRIU_CGROUPS_IGNORE,  /**< nothing: all processes are in the container's */
};

/** How connections are kept from moving on meanwhile: see criu(8), --network-lock. */
enum berth_network_lock {
	BERTH_NETWORK_LOCK_DEFAULT,
	BERTH_NETWORK_LOCK_IPTABLES,
	BERTH_NETWORK_LOCK_NFTABLES,
	BERTH_NETWORK_LOCK_SKIP,
};

/** How to save a container. Zero is a good value for every member but the first. */
struct berth_checkpoint_options {
	size_t size; /**< sizeof(struct berth_checkpoint_options) */
	const char *
		image_path; /**< a directory for the images, made where it is missing; NULL: "checkpoint" */
	const char *
		work_path; /**< a directory for CRIU's files and log, dump.log; NULL: the image path */
	const char
		*parent_path; /**< images of a dump before this one, relative to the image path */
	const char
		*page_server; /**< "ADDRESS:PORT" that takes the memory in the place of a file; with
				     lazy_pages, where it is served */
	int status_fd; /**< with lazy_pages: gets a byte of zero when it is served, and is closed; 0: none */
	enum berth_criu_cgroups cgroups;
	enum berth_network_lock network_lock;
	bool is_left_running;    /**< the container goes on afterwards */
	bool is_pre_dump;        /**< memory alone, a parent of later images; it goes on */
	bool lazy_pages;         /**< memory is served to a restore that asks for it, not written */
	bool auto_dedup;         /**< memory that is in these images is taken out of the parent's */
	bool link_remap;         /**< a deleted file that has other names gets one more meanwhile */
	bool tcp_established;    /**< connections of TCP that are open */
	bool tcp_skip_in_flight; /**< connections that are not accepted yet are left out */
	bool ext_unix_sk;        /**< unix sockets whose peer is outside */
	bool shell_job;          /**< a terminal, or a session, from outside */
	bool file_locks;
	bool empty_network;    /**< the content of the network namespace is left out */
	bool dies_with_thread; /**< CRIU is ended when the calling thread ends (PR_SET_PDEATHSIG) */
};

/**
 * Saves the processes of a container that runs or is paused, and ends them unless they go on: the container has
 * stopped then, and is still there to be deleted or to give way to berth_restore().
 */
BERTH_PUBLIC int berth_checkpoint(const struct berth_context *context, const char *id,
	const struct berth_checkpoint_options *options, struct berth_error *err);

/** How to restore a container. Zero is a good value for every member but the first. */
struct berth_restore_options {
	size_t size;            /**< sizeof(struct berth_restore_options) */
	const char *image_path; /**< the directory of the images; NULL: "checkpoint" */
	const char *
		work_path; /**< a directory for CRIU's files and log, restore.log; NULL: the image path */
	const char *
		lsm_profile; /**< "apparmor:NAME" or "selinux:LABEL", in the place of the saved one */
	const char *
		lsm_mount_context; /**< the SELinux context of mounts, in the place of the saved one */
	enum berth_criu_cgroups cgroups;
	enum berth_network_lock network_lock;
	bool lazy_pages;      /**< memory comes from "criu lazy-pages" when it is used */
	bool auto_dedup;      /**< memory is taken out of the images as it is restored */
	bool tcp_established; /**< connections of TCP that were open are so again */
	bool tcp_close;       /**< or they are closed */
	bool ext_unix_sk;     /**< unix sockets whose peer is outside */
	bool shell_job;       /**< a terminal, or a session, from outside */
	bool file_locks;
	bool empty_network; /**< the content of the network namespace is not restored */
};

/**
 * Makes a container of its bundle and images. `container` is as for berth_run(), with all of its members but
 * preserved_fds and no_new_keyring, which have no meaning here. One of the same id that has stopped gives way.
 *
 * @param ret_status  its end, as wait(2) gives it; 0 when it is detached; may be NULL
 */
BERTH_PUBLIC int berth_restore(const struct berth_context *context,
	const struct berth_options *container, const struct berth_restore_options *options,
	int *ret_status, struct berth_error *err);

#ifdef __cplusplus
}
#endif
#endif
