/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint and restore: a container into images, and back.
 */
#include <berth/checkpoint.h>

#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { STATUS_FD_MAX = 1 << 20 };

/* What both verbs take as text, before it is checked. */
struct criu_flags {
	const char *cgroups, *network_lock, *status_fd;
	struct cli_list empty_ns;
	enum berth_criu_cgroups cgroups_value;
	enum berth_network_lock network_lock_value;
	bool is_network_empty;
	bool is_ignored; /* flags that ask for what is so anyway */
};

static const char *const cgroup_names[] = {"", "soft", "full", "strict", "ignore"};
static const char *const lock_names[] = {"", "iptables", "nftables", "skip"};

/* The number of a text; 0 where there is none; or -1, also for an empty one. */
static int find_name(const char *const *names, int count, const char *text)
{
	for (int i = 1; text && i < count; i++) {
		if (strcmp(names[i], text) == 0) {
			return i;
		}
	}
	return text ? -1 : 0;
}

/* 0, or the exit status after a complaint. */
static int take_texts(const struct cli_globals *globals, struct criu_flags *flags)
{
	int cgroups = find_name(cgroup_names, 5, flags->cgroups);
	int lock = find_name(lock_names, 4, flags->network_lock);

	if (cgroups < 0) {
		return cli_fail_text(globals,
			"--manage-cgroups-mode is soft, full, strict or ignore, not \"%s\"",
			flags->cgroups);
	}
	if (lock < 0) {
		return cli_fail_text(globals,
			"--network-lock is iptables, nftables or skip, not \"%s\"",
			flags->network_lock);
	}
	for (size_t i = 0; i < flags->empty_ns.count; i++) {
		if (strcmp(flags->empty_ns.items[i], "network") != 0) {
			return cli_fail_text(globals,
				"--empty-ns is network, the one that CRIU can leave empty, not "
				"\"%s\"",
				flags->empty_ns.items[i]);
		}
		flags->is_network_empty = true;
	}
	flags->cgroups_value = (enum berth_criu_cgroups)cgroups;
	flags->network_lock_value = (enum berth_network_lock)lock;
	return 0;
}

static int take_status_fd(const struct cli_globals *globals, const char *text, int *ret_fd)
{
	uint32_t number = 0;

	if (text && (!cli_number(text, &number) || number == 0 || number > STATUS_FD_MAX)) {
		return cli_fail_text(
			globals, "--status-fd is \"%s\", not the number of a descriptor", text);
	}
	*ret_fd = (int)number;
	return 0;
}

static int checkpoint_parse(const struct cli_globals *globals, struct criu_flags *flags,
	struct berth_checkpoint_options *o, int argc, char **argv)
{
	const struct cli_option options[] = {
		{"image-path", 0, &o->image_path, NULL,
			"a directory for the images (default: checkpoint)", NULL},
		{"work-path", 0, &o->work_path, NULL,
			"a directory for CRIU's log and files (default: that of the images)", NULL},
		{"parent-path", 0, &o->parent_path, NULL,
			"images of a pre-dump, relative to --image-path", NULL},
		{"leave-running", 0, NULL, &o->is_left_running, "do not end the container", NULL},
		{"tcp-established", 0, NULL, &o->tcp_established, "save open TCP connections",
			NULL},
		{"tcp-skip-in-flight", 0, NULL, &o->tcp_skip_in_flight,
			"leave out TCP connections that are not accepted yet", NULL},
		{"link-remap", 0, NULL, &o->link_remap,
			"save open files whose name is gone, but not their last one", NULL},
		{"ext-unix-sk", 0, NULL, &o->ext_unix_sk, "save unix sockets whose peer is outside",
			NULL},
		{"shell-job", 0, NULL, &o->shell_job, "save a terminal that is from outside", NULL},
		{"lazy-pages", 0, NULL, &o->lazy_pages,
			"serve the memory to a restore that asks for it", NULL},
		{"status-fd", 0, &flags->status_fd, NULL,
			"a descriptor that gets a byte of zero when the memory is served", NULL},
		{"page-server", 0, &o->page_server, NULL,
			"ADDRESS:PORT where a page server takes the memory", NULL},
		{"file-locks", 0, NULL, &o->file_locks, "save file locks", NULL},
		{"pre-dump", 0, NULL, &o->is_pre_dump,
			"save the memory alone, and do not end the container", NULL},
		{"manage-cgroups-mode", 0, &flags->cgroups, NULL, "soft, full, strict or ignore",
			NULL},
		{"empty-ns", 0, NULL, NULL, "network: leave out what is in that namespace",
			&flags->empty_ns},
		{"auto-dedup", 0, NULL, &o->auto_dedup,
			"take memory that is saved anew out of the images of --parent-path", NULL},
		{"network-lock", 0, &flags->network_lock, NULL, "iptables, nftables or skip", NULL},
	};

	return cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
}

static int checkpoint_run(const struct cli_globals *globals, struct criu_flags *flags,
	struct berth_checkpoint_options *options, const char *id)
{
	struct berth_error err = {0};

	if (take_texts(globals, flags) != 0 ||
		take_status_fd(globals, flags->status_fd, &options->status_fd) != 0) {
		return CLI_EXIT_FAILURE;
	}
	options->size = sizeof(*options);
	options->cgroups = flags->cgroups_value;
	options->network_lock = flags->network_lock_value;
	options->empty_network = flags->is_network_empty;
	options->dies_with_thread = true;
	return berth_checkpoint(&globals->context, id, options, &err) < 0 ? cli_fail(globals, &err)
									  : 0;
}

int cmd_checkpoint(const struct cli_globals *globals, int argc, char **argv)
{
	autoptr struct criu_flags *flags = calloc(1, sizeof(*flags));
	struct berth_checkpoint_options options = {0};
	int taken;

	if (!flags) {
		return cli_fail_text(globals, "out of memory");
	}
	taken = checkpoint_parse(globals, flags, &options, argc, argv);
	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return argc - taken == 1 ? checkpoint_run(globals, flags, &options, argv[taken])
				 : cli_need_arguments(globals, "checkpoint", 1);
}

/* All that restore takes. */
struct restore_flags {
	struct criu_flags criu;
	struct berth_options container;
	struct berth_restore_options options;
};

static int restore_parse(
	const struct cli_globals *globals, struct restore_flags *flags, int argc, char **argv)
{
	struct berth_restore_options *o = &flags->options;
	struct berth_options *c = &flags->container;
	const struct cli_option options[] = {
		{"bundle", 'b', &c->bundle, NULL,
			"the bundle's directory, which holds config.json (default: here)", NULL},
		{"image-path", 0, &o->image_path, NULL,
			"the directory of the images (default: checkpoint)", NULL},
		{"work-path", 0, &o->work_path, NULL,
			"a directory for CRIU's log and files (default: that of the images)", NULL},
		{"console-socket", 0, &c->console_socket, NULL,
			"a socket that gets the master of the terminal", NULL},
		{"detach", 'd', NULL, &c->is_detached, "return when the container runs", NULL},
		{"pid-file", 0, &c->pid_file, NULL, "a file that gets the pid of the container",
			NULL},
		{"tcp-established", 0, NULL, &o->tcp_established,
			"restore TCP connections that were open", NULL},
		{"tcp-close", 0, NULL, &o->tcp_close, "close them", NULL},
		{"ext-unix-sk", 0, NULL, &o->ext_unix_sk,
			"restore unix sockets whose peer is outside", NULL},
		{"shell-job", 0, NULL, &o->shell_job,
			"restore a terminal that is from outside: that of this command", NULL},
		{"file-locks", 0, NULL, &o->file_locks, "restore file locks", NULL},
		{"manage-cgroups-mode", 0, &flags->criu.cgroups, NULL,
			"soft, full, strict or ignore", NULL},
		{"no-subreaper", 0, NULL, &flags->criu.is_ignored, "is so anyway", NULL},
		{"no-pivot", 0, NULL, &c->no_pivot,
			"restore in an initial ramfs, where pivot_root is refused", NULL},
		{"empty-ns", 0, NULL, NULL, "network: do not restore what was in that namespace",
			&flags->criu.empty_ns},
		{"auto-dedup", 0, NULL, &o->auto_dedup,
			"take the memory out of the images as it is restored", NULL},
		{"lazy-pages", 0, NULL, &o->lazy_pages,
			"restore memory when it is used: \"criu lazy-pages\" runs in --work-path",
			NULL},
		{"lsm-profile", 0, &o->lsm_profile, NULL,
			"apparmor:NAME or selinux:LABEL in the place of the saved one", NULL},
		{"lsm-mount-context", 0, &o->lsm_mount_context, NULL,
			"the SELinux context of mounts in the place of the saved one", NULL},
		{"network-lock", 0, &flags->criu.network_lock, NULL, "iptables, nftables or skip",
			NULL},
	};

	return cli_parse(globals, options, sizeof(options) / sizeof(options[0]), argc, argv);
}

static int restore_run(
	const struct cli_globals *globals, struct restore_flags *flags, const char *id)
{
	struct berth_error err = {0};
	int status;

	if (take_texts(globals, &flags->criu) != 0) {
		return CLI_EXIT_FAILURE;
	}
	flags->container.size = sizeof(flags->container);
	flags->container.id = id;
	flags->container.dies_with_thread = true;
	flags->container.cgroups = globals->cgroups;
	flags->container.rootless = globals->rootless;
	flags->options.size = sizeof(flags->options);
	flags->options.cgroups = flags->criu.cgroups_value;
	flags->options.network_lock = flags->criu.network_lock_value;
	flags->options.empty_network = flags->criu.is_network_empty;
	if (berth_restore(&globals->context, &flags->container, &flags->options, &status, &err) <
		0) {
		return cli_fail(globals, &err);
	}
	return cli_exit_status(status);
}

int cmd_restore(const struct cli_globals *globals, int argc, char **argv)
{
	autoptr struct restore_flags *flags = calloc(1, sizeof(*flags));
	int taken;

	if (!flags) {
		return cli_fail_text(globals, "out of memory");
	}
	taken = restore_parse(globals, flags, argc, argv);
	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	return argc - taken == 1 ? restore_run(globals, flags, argv[taken])
				 : cli_need_arguments(globals, "restore", 1);
}
