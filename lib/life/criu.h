/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CRIU_H
#define LIFE_CRIU_H
/* For the files of life/ alone: what checkpoint and restore have in common, a request to CRIU in the making. */
#include "criu/criu.h"
#include "life/life.h"

struct life_criu {
	const struct life_criu_request *asked;
	struct criu_request request;
	struct criu_setting setting;
	struct arena *arena;
	const char *image_path, *work_path;
	int images_fd, work_fd;
	int *joined; /* namespaces that the restored processes join */
	size_t joined_count;
};

void life_criu_init(struct life_criu *criu, const struct life_criu_request *asked,
	struct arena *arena, uint32_t task);
void life_criu_finish(struct life_criu *criu);
#define autocriu __attribute__((cleanup(life_criu_finish)))

/* All that can be refused, and the directories: made for a checkpoint. */
int life_criu_prepare(
	struct life_criu *criu, const struct spec *spec, struct berth_error *err) must_use;

/* The path of a directory without links, in the arena. */
int life_criu_real_path(
	struct life_criu *criu, int fd, const char **ret_path, struct berth_error *err) must_use;

/* What is not in the images but comes from outside. Bind mounts go by their place in the plan, never by a path that
 * the image decides on (CVE-2026-119101): what a name stands for is the config's word alone. */
int life_criu_dump_mounts(struct life_criu *criu, const struct boot *boot, pid_t pid,
	struct berth_error *err) must_use;
int life_criu_restore_mounts(struct life_criu *criu, const struct boot *boot, int root_fd,
	struct berth_error *err) must_use;

/* Namespaces that the config names by a path. */
int life_criu_dump_namespaces(struct life_criu *criu, const struct spec_namespaces *asked,
	pid_t pid, struct berth_error *err) must_use;
int life_criu_restore_namespaces(struct life_criu *criu, const struct spec_namespaces *asked,
	struct berth_error *err) must_use;

/* The standard descriptors that lead out of the container: at a restore they are those of the caller. */
int life_criu_dump_stdio(struct life_criu *criu, pid_t pid, struct berth_error *err) must_use;
int life_criu_restore_stdio(struct life_criu *criu, struct berth_error *err) must_use;

/* What the dump has noted of them is part of the images when the dump is: `result` is how that ended, and is returned
 * where it is an error. */
int life_criu_dump_end(struct life_criu *criu, int result, struct berth_error *err) must_use;

/* Before a restore: whether the directory of the images is there, and has what a dump noted. */
int life_criu_open_images(struct life_criu *criu, struct berth_error *err) must_use;
int life_criu_look(struct life_criu *criu, struct berth_error *err) must_use;
int life_criu_check_profile(
	const struct life_criu_request *asked, struct berth_error *err) must_use;

/* Of the first process, as it sees its mounts: the mount point of a mount, in the arena, or NULL. */
struct life_mountinfo {
	char *text;
	size_t length;
};
int life_mountinfo_read(struct life_mountinfo *info, pid_t pid, struct arena *arena) must_use;
const char *life_mountinfo_point(
	const struct life_mountinfo *info, uint64_t id, struct arena *arena) must_use;

#endif
