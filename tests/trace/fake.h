/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_FAKE_H
#define TRACE_FAKE_H
/*
 * A sys that touches nothing: it has the symbols of lib/sys, writes one line for each call, gives
 * descriptors that know what they stand for, and can let call number N fail. close(2) is wrapped by the
 * linker, so that every descriptor is counted. Names that are not in the table of nodes are directories
 * that exist.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	FAKE_TRACE_SIZE = 64 * 1024,
	FAKE_LABEL_SIZE = 192,
	FAKE_FDS_MAX = 512,
	FAKE_FD_FIRST = 1000,
	FAKE_NODES_MAX = 64,
	FAKE_LAST_CAP = 8, /* of a kernel with few capabilities: a short trace */
};

struct fake_node {
	const char *label; /* "/" for the root, "root/etc", "/host/path", "tree(/host/path)" */
	mode_t mode;
	dev_t device;
	const char *link; /* of a symbolic link, from the root: "root/..." */
	bool is_absent;
	const char *text; /* of a regular file */
	nlink_t links;
};

struct fake {
	char trace[FAKE_TRACE_SIZE];
	size_t length;
	int calls;
	int fail_at;    /* call number from 1; 0: none */
	int fail_errno; /* positive */
	int bad_closes; /* of descriptors that were not open */
	struct {
		char label[FAKE_LABEL_SIZE];
		bool is_open;
		int offset; /* of what has been read */
	} fds[FAKE_FDS_MAX];
	int fd_count;
	struct fake_node nodes[FAKE_NODES_MAX];
	size_t node_count;
	const char *root_path; /* the host's path whose clone is called "root" */

	uint64_t bounding, effective;
	bool is_setpcap_missing;  /* nothing is dropped from the bounding set */
	bool is_proc_forged;      /* /proc is no proc file system */
	bool is_attr_empty;       /* nothing of what is written to a file of /proc is there */
	int setgroups_errno;      /* what setgroups(2) gives; 0: success */
	bool is_setgroups_denied; /* by the user namespace */
	bool has_keyctl;          /* a filter forbids but the joining of a keyring */
	uid_t uid;
	gid_t gid;
};

/* The one fake of the program. */
struct fake *fake_get(void);

/* Forgets everything; call `fail_at` (from 1) will give -fail_errno. */
void fake_reset(int fail_at, int fail_errno);

void fake_add(const struct fake_node *node);

/* For fake_attr.c: a line of the trace, and what it gives; what a descriptor stands for. */
int fake_called(const char *line);
const char *fake_label(int fd);
int fake_open_count(void);

/* readlink(2) in /proc/self/fd: the link of that number leads to what the descriptor stands for. */
ssize_t fake_fd_link(const char *number, char *buffer, size_t size);

/* Whether the call of that number, from 1 on, was this one. */
bool fake_was_call(int number, const char *name);

#endif
