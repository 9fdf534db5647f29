/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRIU_CRIU_H
#define CRIU_CRIU_H
/*
 * criu: the dialogue with CRIU, the program that saves and restores processes.
 *
 * In: what CRIU is to do, as plain data. Out: that it has done it; meanwhile its notices, which the caller
 * answers. Forbidden here: config.json, what a container is, when what is asked of CRIU. Fails with an error
 * that has the first line of CRIU's own and the path of its log.
 *
 * "criu swrk FD" is a child that reads one request and answers on a socket (SOCK_SEQPACKET): messages of
 * protocol buffers, one a packet, as CRIU's rpc.proto numbers them. What it says is decoded with bounds and
 * believed no further than a number or a name.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/* What CRIU is asked for; the values are those of enum criu_req_type. */
enum criu_task {
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_VERSION = 10,
};

/* enum criu_cg_mode, and how the network is locked: enum criu_network_lock_method; 0 is CRIU's default. */
enum criu_cgroup_mode {
	CRIU_CGROUP_IGNORE = 0,
	CRIU_CGROUP_SOFT = 3,
	CRIU_CGROUP_FULL = 4,
	CRIU_CGROUP_STRICT = 5,
	CRIU_CGROUP_DEFAULT = 6,
};

enum criu_network_lock {
	CRIU_LOCK_DEFAULT = 0,
	CRIU_LOCK_IPTABLES = 1,
	CRIU_LOCK_NFTABLES = 2,
	CRIU_LOCK_SKIP = 3,
};

struct criu_pair {
	const char *key, *value;
};

/* Ext_mnt: mount point and name, or name and source; join_ns: type and path; cg_root: controllers and path. */
struct criu_pairs {
	struct criu_pair *items;
	size_t count;
};

struct criu_texts {
	const char **items;
	size_t count;
};

/* A descriptor of this process that CRIU gets, by the name of what it stands for in the images. */
struct criu_inherit {
	const char *key;
	int fd;
};

struct criu_inherits {
	struct criu_inherit *items;
	size_t count;
};

/* One request; texts are borrowed, NULL is none. */
struct criu_request {
	uint32_t task; /* enum criu_task */
	int images_fd; /* directories of this process; work_fd has the log */
	int work_fd;
	pid_t pid;            /* dump: the first process */
	const char *root;     /* of the container, a path of the host */
	const char *log_file; /* a name in the work directory */
	const char *config_file;
	const char *parent_image; /* relative to the images */
	const char *page_server;  /* an address */
	uint32_t page_server_port;
	const char *freeze_cgroup;
	const char *lsm_profile, *lsm_mount_context;
	uint32_t cgroup_mode;  /* enum criu_cgroup_mode */
	uint32_t network_lock; /* enum criu_network_lock */
	uint32_t empty_ns;     /* CLONE_NEW* */
	bool is_left_running, is_memory_tracked, is_lazy, is_deduplicated, may_link;
	bool has_tcp, is_tcp_closed, is_tcp_in_flight_skipped;
	bool has_ext_unix, has_shell_job, has_file_locks;
	struct criu_pairs ext_mounts, join_ns, cgroup_roots;
	struct criu_texts externals;
	struct criu_inherits inherits;
};

/* What CRIU says meanwhile. Others are answered here. */
enum criu_notice_kind {
	CRIU_NOTICE_BORN,       /* CRIU itself runs and waits for its request: `pid` is its own */
	CRIU_NOTICE_NAMESPACES, /* restore: the namespaces of the first process are there */
	CRIU_NOTICE_RESTORED,   /* restore: all is there, and nothing runs yet */
	CRIU_NOTICE_TERMINAL, /* restore: `fd` is the master of a terminal, the caller's to take */
	CRIU_NOTICE_READY,    /* dump of lazy pages: they are served */
};

struct criu_notice {
	int kind;
	pid_t pid;
	int fd;
};

/* 0, or an error, which ends the dialogue. */
typedef int (*criu_notice_fn)(void *argument, struct criu_notice *notice, struct berth_error *err);

/* How CRIU is run. */
struct criu_setting {
	const char *images_path, *work_path; /* of the directories, for errors; absolute where
					       is_root_mounted */
	bool is_root_mounted; /* CRIU runs in a mount namespace of its own, where request.root is a mount */
	bool is_root_moved; /* and "/" another one, which pivot_root(2) takes: an initial ramfs it does not */
	bool is_pdeathsig; /* CRIU dies with this thread */
	criu_notice_fn notice;
	void *argument;
};

/* What it has said at the end. */
struct criu_result {
	pid_t pid;        /* restore: of the first process, a child of this one */
	uint32_t version; /* 31701 is 3.17.1 */
};

/* Finds the program in PATH, runs it, and stays until it has ended. */
int criu_run(const struct criu_request *request, const struct criu_setting *setting,
	struct arena *arena, struct criu_result *ret_result, struct berth_error *err) must_use;

/* The version of the program. */
int criu_version(struct arena *arena, uint32_t *ret_version, struct berth_error *err) must_use;

/* The security module whose labels the images have, as CRIU numbers them. */
enum criu_module { CRIU_MODULE_NONE, CRIU_MODULE_SELINUX, CRIU_MODULE_APPARMOR };

/* 0, -EPROTO where inventory.img is none, or that of opening it. */
int criu_images_module(int images_fd, uint32_t *ret_module) must_use;

#endif
