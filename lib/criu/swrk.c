/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU as a child of this process, and the dialogue with it.
 *
 * A restore makes the container's first process a child of CRIU's parent, i.e. of this process (rst_sibling):
 * so it is this one that waits for its end. CRIU gets PATH, by which it finds programs of its own, and no other
 * variable; of the descriptors the standard ones, its end of the socket and those that the restored processes
 * inherit.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "criu/message.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/mountinfo.h"
#include "sys/process.h"
#include "sys/socket.h"

enum { PATH_VARIABLE_BYTES = 8192, FD_TEXT_BYTES = 16 };

static const char path_default[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct swrk {
	const struct criu_request *request;
	const struct criu_setting *setting;
	char program[PATH_MAX];
	char path_variable[PATH_VARIABLE_BYTES]; /* "PATH=..." */
	int socket_fd;                           /* ours */
	int theirs;
	int images_fd, work_fd; /* in the mount namespace of CRIU */
	int pidfd;
	pid_t pid;
	const char *doing; /* in the child, until its execve */
	int failure;
};

/* From CRIU's end of the socket on, the dialogue ends; what it has restored lives on. */
static void swrk_finish(struct swrk *swrk)
{
	int status;

	close_fd(&swrk->socket_fd);
	close_fd(&swrk->theirs);
	close_fd(&swrk->images_fd);
	close_fd(&swrk->work_fd);
	if (swrk->pidfd >= 0) {
		(void)!sys_signal_child(swrk->pidfd, swrk->pid, SIGKILL);
		(void)!sys_wait_pidfd(swrk->pidfd, &status);
		close_fd(&swrk->pidfd);
	}
}

/* Absolute parts of PATH alone: what runs as root is not what happens to be in the working directory. */
static int find_program(struct swrk *swrk, struct berth_error *err)
{
	const char *search = getenv("PATH");
	const char *part = search && search[0] ? search : path_default;

	if (snprintf(swrk->path_variable, sizeof(swrk->path_variable), "PATH=%s", part) >=
		(int)sizeof(swrk->path_variable)) {
		return error_set(err, BERTH_ERROR_USAGE, "PATH is too long");
	}
	for (search = part; *part; part += *part ? 1 : 0) {
		size_t length = strcspn(part, ":");
		int r = snprintf(
			swrk->program, sizeof(swrk->program), "%.*s/criu", (int)length, part);

		if (part[0] == '/' && r < (int)sizeof(swrk->program) &&
			sys_may_execute(swrk->program) == 0) {
			return 0;
		}
		part += length;
	}
	return error_set(err, BERTH_ERROR_UNSUPPORTED,
		"the program criu, which saves and restores processes, is in none of the "
		"directories of PATH (%.400s)",
		search);
}

/* A copy of the tree below `path`, as it is in this mount namespace, mounted there. */
static int mount_on_itself(const char *path)
{
	int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE);
	int r = fd < 0 ? fd : sys_move_mount_path(fd, path);

	return r < 0 ? r : fd;
}

/* Every mount of this namespace but "/" once: how many went, and how many did not, as another one covers them. */
static int detach_some(int self_fd, size_t *ret_gone, size_t *ret_left)
{
	autofd int fd = sys_openat2(self_fd, "mountinfo", O_RDONLY, 0, RESOLVE_BENEATH);
	struct sys_mountinfo mounts = {.fd = fd};
	struct sys_mountinfo_line line;
	int r = fd;

	*ret_gone = *ret_left = 0;
	while (r >= 0 && (r = sys_mountinfo_next(&mounts, &line)) > 0) {
		if (!str_is_equal(line.point, "/")) {
			bool is_gone = sys_umount(line.point, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;

			*(is_gone ? ret_gone : ret_left) += 1;
		}
	}
	return r;
}

static int detach_all(void)
{
	/* There also when /proc has been detached. */
	autofd int self_fd = sys_open("/proc/self", O_PATH | O_DIRECTORY);
	size_t gone = 0;
	size_t left = 0;
	int r = self_fd;

	do {
		r = r < 0 ? r : detach_some(self_fd, &gone, &left);
	} while (r >= 0 && gone > 0);
	return r < 0 ? r : left > 0 ? -EBUSY : 0;
}

/* "/" becomes a mount that has another one below it, as pivot_root(2) wants it. The one below stays in the mount
 * namespace of what CRIU restores: without its proc and sysfs, which would let a user namespace made inside
 * mount a full one of its own. */
static int move_root(void)
{
	int fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
	int r = fd < 0 ? fd : detach_all();

	if (r >= 0) {
		r = sys_move_mount_path(fd, "/");
	}
	if (r >= 0) {
		r = sys_fchdir(fd);
	}
	if (r >= 0) {
		r = sys_chroot(".");
	}
	return r < 0 ? r : sys_chdir("/");
}

/* In the child: a mount namespace that is gone with CRIU and what it restores, so that nothing of this is left
 * on the host. Mounts of the host come in later, and none goes out. */
static int make_mounts(struct swrk *swrk)
{
	const struct sys_mount_attr slave = {.propagation = MS_SLAVE};
	int r = sys_unshare(CLONE_NEWNS);
	int root_fd = r < 0 ? r : sys_open_tree(AT_FDCWD, "/", 0);

	swrk->doing = "make the mount namespace of";
	r = root_fd < 0 ? root_fd : sys_mount_setattr(root_fd, AT_RECURSIVE, &slave);
	if (r >= 0 && swrk->setting->is_root_moved) {
		r = move_root();
	}
	if (r >= 0) {
		r = mount_on_itself(swrk->request->root);
	}
	return r;
}

/* A directory as this mount namespace has it, for the parent: CRIU finds its directories by the parent's
 * descriptors, and mounts in them what it could not mount in another namespace. */
static int send_directory(const struct swrk *swrk, const char *path)
{
	int fd = sys_open(path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : (int)sys_send(swrk->theirs, "", 1, fd);
}

static int send_directories(struct swrk *swrk)
{
	int r;

	swrk->doing = "open the directories of";
	r = send_directory(swrk, swrk->setting->images_path);
	return r < 0 ? r : send_directory(swrk, swrk->setting->work_path);
}

static int receive_directories(struct swrk *swrk, struct berth_error *err)
{
	char byte;
	ssize_t r = sys_recv(swrk->socket_fd, &byte, 1, &swrk->images_fd);

	if (r > 0) {
		r = sys_recv(swrk->socket_fd, &byte, 1, &swrk->work_fd);
	}
	if (r < 0) {
		return error_system(err, (int)r, "receive the directories of criu");
	}
	return r == 0 || swrk->images_fd < 0 || swrk->work_fd < 0
		       ? error_set(err, BERTH_ERROR_INTERNAL, "no directories for criu")
		       : 0;
}

/* What CRIU itself has to say is in its log: only what it restores has use for the caller's. */
static int drop_stdio(void)
{
	int fd = sys_open("/dev/null", O_RDWR);
	int r = fd < 0 ? fd : 0;

	for (int i = STDIN_FILENO; r >= 0 && i <= STDERR_FILENO; i++) {
		r = sys_dup2(fd, i);
	}
	return r;
}

/* Nothing but what is meant for it stays open at its execve. */
static int keep_descriptors(struct swrk *swrk)
{
	const struct criu_inherits *inherits = &swrk->request->inherits;
	int r = sys_close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);

	if (r >= 0) {
		r = sys_set_cloexec(swrk->theirs, false);
	}
	for (size_t i = 0; r >= 0 && i < inherits->count; i++) {
		r = sys_set_cloexec(inherits->items[i].fd, false);
	}
	return r;
}

/* Runs in the memory of the caller, who waits: raw calls only. */
static int swrk_exec(void *argument)
{
	struct swrk *swrk = argument;
	char name[] = "criu";
	char verb[] = "swrk";
	char number[FD_TEXT_BYTES];
	char *const argv[] = {name, verb, number, NULL};
	char *const envp[] = {swrk->path_variable, NULL};

	(void)snprintf(number, sizeof(number), "%d", swrk->theirs);
	swrk->failure = swrk->setting->is_pdeathsig ? sys_set_pdeathsig(SIGKILL) : 0;
	if (swrk->failure >= 0 && swrk->setting->is_root_mounted) {
		swrk->failure = make_mounts(swrk);
		swrk->failure = swrk->failure < 0 ? swrk->failure : send_directories(swrk);
	}
	if (swrk->failure >= 0) {
		swrk->doing = "execute";
		swrk->failure = swrk->request->task == CRIU_RESTORE ? 0 : drop_stdio();
	}
	if (swrk->failure >= 0) {
		swrk->failure = keep_descriptors(swrk);
	}
	if (swrk->failure >= 0) {
		swrk->failure = sys_default_signals();
	}
	if (swrk->failure >= 0) {
		swrk->failure = sys_execve(swrk->program, argv, envp);
	}
	sys_exit(127);
}

static int swrk_start(struct swrk *swrk, struct berth_error *err)
{
	sigset_t old;
	int fds[2];
	int r = sys_packetpair(fds);

	if (r < 0) {
		return error_system(err, r, "a socket for criu");
	}
	swrk->socket_fd = fds[0];
	swrk->theirs = fds[1];
	r = sys_block_signals(&old);
	if (r < 0) {
		return error_system(err, r, "block signals");
	}
	swrk->pid = sys_vfork(swrk_exec, swrk, &swrk->pidfd);
	sys_restore_signals(&old);
	close_fd(&swrk->theirs);
	if (swrk->pid < 0) {
		return error_system(err, swrk->pid, "clone a process for criu");
	}
	if (swrk->failure < 0) {
		return error_system(err, swrk->failure, "%s %s", swrk->doing, swrk->program);
	}
	return swrk->setting->is_root_mounted ? receive_directories(swrk, err) : 0;
}

/* What CRIU itself says is wrong: in its log, or where there is none yet in its answer. */
static int failed(struct swrk *swrk, const char *message, int number, struct berth_error *err)
{
	const struct criu_request *request = swrk->request;
	char text[CRIU_TEXT_MAX] = "";

	if (request->log_file) {
		criu_log_error(request->work_fd, request->log_file, text, sizeof(text));
	}
	if (!text[0]) {
		criu_error_text(message, text, sizeof(text));
	}
	if (!text[0] && number != 0) {
		(void)error_errno_text(number, text, sizeof(text));
	}
	if (!request->log_file) {
		return error_set(err, BERTH_ERROR_SYSTEM, "criu failed: %s", text);
	}
	return error_set(err, BERTH_ERROR_SYSTEM, "criu failed: %s%s (log file: %s/%s)",
		text[0] ? text : "it does not say why",
		strstr(text, "pivot_root(") && !swrk->setting->is_root_moved
			? " (in an initial ramfs use --no-pivot)"
			: "",
		swrk->setting->work_path, request->log_file);
}

/* The number of a notice, or -1 for one that nobody here waits for. */
static int notice_kind(const char *name)
{
	static const struct {
		const char *name;
		int kind;
	} kinds[] = {
		{"setup-namespaces", CRIU_NOTICE_NAMESPACES},
		{"post-restore", CRIU_NOTICE_RESTORED},
		{"orphan-pts-master", CRIU_NOTICE_TERMINAL},
		{"status-ready", CRIU_NOTICE_READY},
	};

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (str_is_equal(name, kinds[i].name)) {
			return kinds[i].kind;
		}
	}
	return -1;
}

static int tell(struct swrk *swrk, int kind, pid_t pid, int *fd, struct berth_error *err)
{
	struct criu_notice notice = {.kind = kind, .pid = pid, .fd = *fd};
	int r = kind >= 0 && swrk->setting->notice
			? swrk->setting->notice(swrk->setting->argument, &notice, err)
			: 0;

	*fd = notice.fd;
	return r;
}

static int answer(struct swrk *swrk, bool is_success)
{
	uint8_t bytes[8];
	size_t length = criu_encode_answer(is_success, bytes);
	ssize_t r = sys_send(swrk->socket_fd, bytes, length, -1);

	return r < 0 ? (int)r : 0;
}

/* The next packet: 1, or 0 where CRIU has ended. */
static int receive(struct swrk *swrk, void *bytes, struct criu_reply *ret_reply, int *ret_fd)
{
	const int fds[2] = {swrk->socket_fd, swrk->pidfd};
	short events[2];
	ssize_t length;
	int r = sys_poll_two(fds, POLLIN, events);

	if (r < 0) {
		return r;
	}
	/* Its last words may still be there when it has ended. */
	if (!events[0]) {
		return 0;
	}
	length = sys_recv(swrk->socket_fd, bytes, CRIU_REPLY_MAX, ret_fd);
	if (length == -ECONNRESET) {
		return 0; /* it has not even read what it was sent */
	}
	if (length <= 0) {
		return (int)length;
	}
	r = criu_decode(bytes, (size_t)length, ret_reply);
	return r < 0 ? r : 1;
}

/* One packet: 1 after a notice, 0 at the end. */
static int serve_one(
	struct swrk *swrk, void *bytes, struct criu_result *result, struct berth_error *err)
{
	struct criu_reply reply;
	autofd int fd = -1;
	int r = receive(swrk, bytes, &reply, &fd);

	if (r < 0) {
		return error_system(err, r, "listen to criu");
	}
	if (r == 0) {
		return failed(swrk, "", 0, err);
	}
	if (!reply.is_success) {
		return failed(swrk, reply.message, reply.error, err);
	}
	if (reply.type != CRIU_REQ_NOTIFY) {
		*result = (struct criu_result){.pid = reply.pid, .version = reply.version};
		return reply.type == swrk->request->task
			       ? 0
			       : error_set(err, BERTH_ERROR_PROTOCOL,
					 "criu has answered something else than what it was asked");
	}
	r = tell(swrk, notice_kind(reply.notice), reply.pid, &fd, err);
	if (r < 0) {
		/* It takes back what it has done so far, and then says that it failed. */
		(void)!answer(swrk, false);
		(void)!sys_poll(swrk->pidfd, POLLIN, -1);
		return r;
	}
	r = answer(swrk, true);
	return r < 0 ? failed(swrk, "", -r, err) : 1;
}

static int serve(struct swrk *swrk, struct arena *arena, struct criu_result *ret_result,
	struct berth_error *err)
{
	char *bytes = arena_alloc(arena, CRIU_REPLY_MAX, 1);
	struct criu_request request = *swrk->request;
	struct criu_result result = {0};
	const void *message = NULL;
	size_t length = 0;
	ssize_t sent;
	int r;

	if (swrk->setting->is_root_mounted) {
		request.images_fd = swrk->images_fd;
		request.work_fd = swrk->work_fd;
	}
	r = criu_encode(&request, arena, &message, &length);
	if (r < 0 || !bytes) {
		return error_system(err, r < 0 ? r : ENOMEM, "the request to criu");
	}
	sent = sys_send(swrk->socket_fd, message, length, -1);
	if (sent == -EPIPE) {
		return failed(swrk, "", 0, err);
	}
	if (sent < 0) {
		return error_system(err, (int)sent, "send the request to criu");
	}
	do {
		r = serve_one(swrk, bytes, &result, err);
	} while (r > 0);
	if (r == 0) {
		*ret_result = result;
	}
	return r;
}

/* It has said that it is done; the socket's end tells it that nothing more comes. After a pre-dump it waits for
 * the next one. */
static int swrk_end(struct swrk *swrk, struct berth_error *err)
{
	int status = 0;
	int r;

	close_fd(&swrk->socket_fd);
	r = sys_wait_pidfd(swrk->pidfd, &status);
	close_fd(&swrk->pidfd);
	if (r < 0) {
		return error_system(err, r, "wait for criu");
	}
	return status == 0 || swrk->request->task == CRIU_PRE_DUMP ? 0 : failed(swrk, "", 0, err);
}

int criu_run(const struct criu_request *request, const struct criu_setting *setting,
	struct arena *arena, struct criu_result *ret_result, struct berth_error *err)
{
	__attribute__((cleanup(swrk_finish))) struct swrk swrk = {
		.request = request,
		.setting = setting,
		.socket_fd = -1,
		.theirs = -1,
		.images_fd = -1,
		.work_fd = -1,
		.pidfd = -1,
		.doing = "start",
	};
	int no_fd = -1;
	int r = find_program(&swrk, err);

	if (r == 0) {
		r = swrk_start(&swrk, err);
	}
	if (r == 0) {
		r = tell(&swrk, CRIU_NOTICE_BORN, swrk.pid, &no_fd, err);
	}
	if (r == 0) {
		r = serve(&swrk, arena, ret_result, err);
	}
	return r < 0 ? r : swrk_end(&swrk, err);
}

int criu_version(struct arena *arena, uint32_t *ret_version, struct berth_error *err)
{
	const struct criu_request request = {.task = CRIU_VERSION};
	const struct criu_setting setting = {0};
	struct criu_result result = {0};
	int r = criu_run(&request, &setting, arena, &result, err);

	if (r == 0) {
		*ret_version = result.version;
	}
	return r;
}
