/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was asked of checkpoint and restore, as a request to CRIU.
 */
#include "life/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/abi.h"
#include "sys/file.h"

enum { CRIU_PATH_MAX = 4096, CRIU_PORT_MAX = 65535 };

/* The first version of CRIU that does not pass the option over. */
enum { SINCE_LSM = 31600, SINCE_LOCK = 31700, SINCE_LOCK_SKIP = 31800 };

static const char default_image_path[] = "checkpoint";

/* Looked for in this order: people who have configured CRIU for a runtime have done so for runc. */
static const char *const config_files[] = {"/etc/criu/berth.conf", "/etc/criu/runc.conf"};

void life_criu_init(struct life_criu *criu, const struct life_criu_request *asked,
	struct arena *arena, uint32_t task)
{
	*criu = (struct life_criu){
		.asked = asked,
		.arena = arena,
		.images_fd = -1,
		.work_fd = -1,
		.request = {.task = task},
	};
}

void life_criu_finish(struct life_criu *criu)
{
	for (size_t i = 0; i < criu->joined_count; i++) {
		close_fd(&criu->joined[i]);
	}
	close_fd(&criu->images_fd);
	close_fd(&criu->work_fd);
}

int life_criu_real_path(
	struct life_criu *criu, int fd, const char **ret_path, struct berth_error *err)
{
	char path[CRIU_PATH_MAX];
	char name[64];
	ssize_t length;

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = sys_readlinkat(AT_FDCWD, name, path, sizeof(path));
	if (length < 0 || length == sizeof(path)) {
		return error_system(err, length < 0 ? (int)length : ENAMETOOLONG,
			"find the path of a directory");
	}
	*ret_path = arena_copy(criu->arena, path, (size_t)length);
	return *ret_path ? 0 : error_system(err, ENOMEM, "memory for a path");
}

/* "ADDRESS:PORT", where an address of IPv6 is in brackets. */
static int take_page_server(struct life_criu *criu, struct berth_error *err)
{
	const char *text = criu->asked->page_server;
	const char *colon = text ? strrchr(text, ':') : NULL;
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool is_bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
	uint32_t port = 0;

	if (!text) {
		return 0;
	}
	if (length == 0 || str_to_u32(colon + 1, &port) < 0 || port == 0 || port > CRIU_PORT_MAX) {
		return error_set(err, BERTH_ERROR_USAGE,
			"the page server is ADDRESS:PORT, not \"%s\"", text);
	}
	criu->request.page_server = arena_copy(
		criu->arena, text + (is_bracketed ? 1 : 0), length - (is_bracketed ? 2 : 0));
	criu->request.page_server_port = port;
	return criu->request.page_server ? 0 : error_system(err, ENOMEM, "memory for an address");
}

static int make_directories(const char *path)
{
	char part[CRIU_PATH_MAX];
	size_t length = strlen(path);
	int r = 0;

	if (length >= sizeof(part)) {
		return -ENAMETOOLONG;
	}
	for (size_t i = 1; i <= length && (r == 0 || r == -EEXIST); i++) {
		if (i == length || path[i] == '/') {
			memcpy(part, path, i);
			part[i] = '\0';
			r = sys_mkdirat(AT_FDCWD, part, 0700);
		}
	}
	return r == -EEXIST ? 0 : r;
}

static int open_directory(
	struct life_criu *criu, const char *path, int *ret_fd, struct berth_error *err)
{
	int r = criu->request.task == CRIU_RESTORE ? 0 : make_directories(path);

	if (r < 0) {
		return error_system(err, r, "make the directory %s", path);
	}
	*ret_fd = sys_open(path, O_RDONLY | O_DIRECTORY);
	return *ret_fd < 0 ? error_system(err, *ret_fd, "open the directory %s", path) : 0;
}

int life_criu_open_images(struct life_criu *criu, struct berth_error *err)
{
	const struct life_criu_request *asked = criu->asked;

	criu->image_path = asked->image_path ? asked->image_path : default_image_path;
	return open_directory(criu, criu->image_path, &criu->images_fd, err);
}

static int open_directories(struct life_criu *criu, struct berth_error *err)
{
	const struct life_criu_request *asked = criu->asked;
	int r = life_criu_open_images(criu, err);

	criu->work_path = asked->work_path ? asked->work_path : criu->image_path;
	if (r == 0 && asked->work_path) {
		r = make_directories(asked->work_path);
		r = r < 0 ? error_system(err, r, "make the directory %s", asked->work_path) : 0;
	}
	if (r == 0) {
		r = open_directory(criu, criu->work_path, &criu->work_fd, err);
	}
	criu->request.images_fd = criu->images_fd;
	criu->request.work_fd = criu->work_fd;
	criu->setting.work_path = criu->work_path;
	return r;
}

/* CRIU finds it from the images, and a restore somewhere else must find it again. */
static int take_parent(struct life_criu *criu, struct berth_error *err)
{
	const char *parent = criu->asked->parent_path;
	autofd int fd = -1;

	if (!parent) {
		return 0;
	}
	if (parent[0] == '/') {
		return error_set(err, BERTH_ERROR_USAGE,
			"the parent path is relative to the image path, not \"%s\"", parent);
	}
	fd = sys_openat2(criu->images_fd, parent, O_PATH | O_DIRECTORY, 0, 0);
	if (fd < 0) {
		return error_system(
			err, fd, "open the parent path %s/%s", criu->image_path, parent);
	}
	criu->request.parent_image = parent;
	return 0;
}

static const struct spec_annotation *find_annotation(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.count; i++) {
		if (str_is_equal(spec->annotations.items[i].key, key)) {
			return &spec->annotations.items[i];
		}
	}
	return NULL;
}

/* A file that outdoes all that is asked here. CRIU itself passes over one that is not there. */
static int take_config(struct life_criu *criu, const struct spec *spec, struct berth_error *err)
{
	const struct spec_annotation *annotation = find_annotation(spec, "org.criu.config");
	autofd int fd = -1;

	if (annotation && annotation->value[0]) {
		fd = sys_open(annotation->value, O_PATH);
		criu->request.config_file = annotation->value;
		return fd < 0 ? error_system(err, fd, "annotation org.criu.config: open %s",
					annotation->value)
			      : 0;
	}
	for (size_t i = 0; !annotation && fd < 0 && i < ARRAY_COUNT(config_files); i++) {
		fd = sys_open(config_files[i], O_PATH);
		criu->request.config_file = fd < 0 ? NULL : config_files[i];
	}
	return 0;
}

/* An older one would pass over what it does not know. */
static int check_version(struct life_criu *criu, struct berth_error *err)
{
	const struct life_criu_request *asked = criu->asked;
	uint32_t needed = asked->lsm_profile || asked->lsm_mount_context ? SINCE_LSM : 0;
	uint32_t version = 0;
	int r;

	if (asked->network_lock != CRIU_LOCK_DEFAULT) {
		needed = asked->network_lock == CRIU_LOCK_SKIP ? SINCE_LOCK_SKIP : SINCE_LOCK;
	}
	if (needed == 0) {
		return 0;
	}
	r = criu_version(criu->arena, &version, err);
	if (r == 0 && version < needed) {
		return error_set(err, BERTH_ERROR_UNSUPPORTED,
			"%s needs CRIU %u.%u or newer, this one is %u.%u.%u",
			asked->network_lock == CRIU_LOCK_SKIP ? "network lock \"skip\""
			: asked->network_lock                 ? "the network lock"
							      : "an LSM profile or context",
			needed / 10000, needed / 100 % 100, version / 10000, version / 100 % 100,
			version % 100);
	}
	return r;
}

int life_criu_check_profile(const struct life_criu_request *asked, struct berth_error *err)
{
	static const char *const types[] = {"apparmor:", "selinux:"};
	const char *text = asked->lsm_profile;

	for (size_t i = 0; text && i < ARRAY_COUNT(types); i++) {
		if (str_has_prefix(text, types[i]) && text[strlen(types[i])] != '\0') {
			return 0;
		}
	}
	return text ? error_set(err, BERTH_ERROR_USAGE,
			      "lsm-profile is apparmor:NAME or selinux:LABEL, not \"%.256s\"", text)
		    : 0;
}

static void take_flags(struct life_criu *criu)
{
	const struct life_criu_request *asked = criu->asked;
	struct criu_request *request = &criu->request;

	request->lsm_profile = asked->lsm_profile;
	request->lsm_mount_context = asked->lsm_mount_context;
	request->cgroup_mode = asked->cgroup_mode;
	request->network_lock = asked->network_lock;
	request->empty_ns = asked->is_network_empty ? CLONE_NEWNET : 0;
	request->is_left_running = asked->is_left_running;
	request->is_memory_tracked = asked->parent_path || asked->is_pre_dump;
	request->is_lazy = asked->is_lazy;
	request->is_deduplicated = asked->is_deduplicated;
	request->may_link = asked->may_link;
	request->has_tcp = asked->has_tcp;
	request->is_tcp_closed = asked->is_tcp_closed;
	request->is_tcp_in_flight_skipped = asked->is_tcp_in_flight_skipped;
	request->has_ext_unix = asked->has_ext_unix;
	request->has_shell_job = asked->has_shell_job;
	request->has_file_locks = asked->has_file_locks;
}

/* A descriptor that cannot be written to would be found out when the container is frozen already. */
static int check_status_fd(const struct life_criu_request *asked, struct berth_error *err)
{
	struct stat st;
	int r = asked->status_fd > 0 ? sys_fstat(asked->status_fd, &st) : 0;

	if (r < 0) {
		return error_system(err, r, "status-fd: descriptor %d", asked->status_fd);
	}
	return asked->status_fd > 0 && !asked->is_lazy
		       ? error_set(err, BERTH_ERROR_USAGE,
				 "status-fd needs lazy-pages: it tells when the pages are served")
		       : 0;
}

int life_criu_prepare(struct life_criu *criu, const struct spec *spec, struct berth_error *err)
{
	int r = check_status_fd(criu->asked, err);

	take_flags(criu);
	criu->request.log_file = criu->request.task == CRIU_RESTORE ? "restore.log" : "dump.log";
	if (r == 0) {
		r = take_page_server(criu, err);
	}
	if (r == 0) {
		r = take_config(criu, spec, err);
	}
	if (r == 0) {
		r = check_version(criu, err);
	}
	if (r == 0) {
		r = open_directories(criu, err);
	}
	return r < 0 ? r : take_parent(criu, err);
}
