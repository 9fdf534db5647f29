/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container has from outside, which CRIU's images hold by a name alone: bind mounts, namespaces that were
 * joined, and the standard descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "life/criu.h"
#include "rootfs/path.h"
#include "sys/abi.h"
#include "sys/file.h"
#include "sys/mount.h"

enum {
	PROC_PATH_BYTES = 64,
	STDIO_COUNT = 3,
	LINK_BYTES = 256,
	DESCRIPTORS_BYTES = 16384,
	MEMORY_MAJOR = 1, /* of /dev/null and the like */
};

/* In the images: an array of texts, one for each standard descriptor, as runc writes it. */
static const char descriptors_name[] = "descriptors.json";

/* Until CRIU has saved the rest. Not with lazy pages: the restore begins while it still serves them. */
static const char descriptors_new_name[] = ".descriptors.json";

/* Those that are mounts of something of the host. */
static bool is_external(const struct boot_mount *mount)
{
	return mount->kind == BOOT_MOUNT_BIND;
}

static const char *mount_name(struct life_criu *criu, size_t index)
{
	return arena_printf(criu->arena, "berth-mount-%zu", index);
}

static const char *device_name(struct life_criu *criu, size_t index)
{
	return arena_printf(criu->arena, "berth-device-%zu", index);
}

static int make_room(struct life_criu *criu, const struct boot *boot, struct berth_error *err)
{
	struct criu_pairs *pairs = &criu->request.ext_mounts;

	pairs->items = arena_alloc(
		criu->arena, boot->mounts.count + boot->devices.count, sizeof(*pairs->items));
	return pairs->items ? 0 : error_system(err, ENOMEM, "memory for the mounts");
}

static int add_pair(
	struct criu_pairs *pairs, const char *key, const char *value, struct berth_error *err)
{
	if (!key || !value) {
		return error_system(err, ENOMEM, "memory for a name");
	}
	pairs->items[pairs->count++] = (struct criu_pair){key, value};
	return 0;
}

struct outside {
	struct life_criu *criu;
	struct life_mountinfo info;
	int root_fd;
};

/* CRIU knows a mount by its mount point, which is where the config's path led when it was mounted. What is not
 * mounted there any more is none of ours. */
static int dump_mount(struct outside *outside, const char *target, const char *name,
	const char *pointer, struct berth_error *err)
{
	struct life_criu *criu = outside->criu;
	autofd int fd = -1;
	bool is_root = false;
	uint64_t id = 0;
	const char *point;
	int r = rootfs_path_find(outside->root_fd, target, 0, &fd, err);

	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = sys_is_mount_root(fd, &is_root);
	if (r == 0 && is_root) {
		r = sys_mount_id(fd, &id);
	}
	if (r < 0 || !is_root) {
		return r < 0 ? error_system(err, r, "find the mount %s", target) : 0;
	}
	point = life_mountinfo_point(&outside->info, id, criu->arena);
	if (!point || str_is_equal(point, "/")) {
		return 0;
	}
	if (strchr(point, ']') || strchr(point, '\n')) {
		return error_field(err, BERTH_ERROR_UNSUPPORTED, pointer,
			"cannot be saved: its mount point has a \"]\" or a newline in it");
	}
	return add_pair(&criu->request.ext_mounts, point, name, err);
}

static int dump_all(struct outside *outside, const struct boot *boot, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];

		if (is_external(mount)) {
			r = dump_mount(outside, mount->target, mount_name(outside->criu, i),
				mount->pointer, err);
		}
	}
	for (size_t i = 0; r == 0 && i < boot->devices.count; i++) {
		const struct boot_device *device = &boot->devices.items[i];

		if (device->kind == BOOT_DEVICE_BIND) {
			r = dump_mount(outside, device->path, device_name(outside->criu, i),
				device->pointer, err);
		}
	}
	return r;
}

int life_criu_dump_mounts(
	struct life_criu *criu, const struct boot *boot, pid_t pid, struct berth_error *err)
{
	struct outside outside = {.criu = criu, .root_fd = -1};
	char path[PROC_PATH_BYTES];
	int r = make_room(criu, boot, err);

	if (r < 0) {
		return r;
	}
	r = life_mountinfo_read(&outside.info, pid, criu->arena);
	if (r < 0) {
		return error_system(err, r, "read the mounts of the container");
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	outside.root_fd = sys_open(path, O_PATH | O_DIRECTORY);
	if (outside.root_fd < 0) {
		return error_system(err, outside.root_fd, "open the root of the container");
	}
	r = dump_all(&outside, boot, err);
	close_fd(&outside.root_fd);
	return r;
}

/* What is on another mount is made with it, or was there before: CRIU brings the content of a tmpfs. */
static bool is_on_root(const struct boot_mounts *mounts, size_t index)
{
	const char *target = mounts->items[index].target;

	for (size_t i = 0; i < index; i++) {
		const char *above = mounts->items[i].target;
		size_t length = strlen(above);

		if (mounts->items[i].kind != BOOT_MOUNT_LINK && length > 1 &&
			str_has_prefix(target, above) && target[length] == '/') {
			return false;
		}
	}
	return true;
}

/* CRIU makes no mount points: in a root that is new they may be missing. */
static int make_mount_point(
	const struct boot_mounts *mounts, size_t index, int root_fd, struct berth_error *err)
{
	const struct boot_mount *mount = &mounts->items[index];
	uint32_t flags = mount->flags & BOOT_MOUNT_STRICT ? ROOTFS_PATH_STRICT : 0;
	autofd int fd = -1;
	struct stat st;
	int r = 0;

	if (mount->kind == BOOT_MOUNT_LINK || !is_on_root(mounts, index)) {
		return 0;
	}
	if (is_external(mount)) {
		r = sys_fstatat(AT_FDCWD, mount->source, 0, &st);
		if (r < 0) {
			return mount->flags & BOOT_MOUNT_OPTIONAL
				       ? 0
				       : error_system(err, r, "find the source %s", mount->source);
		}
		flags |= S_ISDIR(st.st_mode) ? 0 : ROOTFS_PATH_FILE;
	}
	r = rootfs_path_make(root_fd, mount->target, flags, &fd, err);
	return r < 0 ? r : 0;
}

int life_criu_restore_mounts(
	struct life_criu *criu, const struct boot *boot, int root_fd, struct berth_error *err)
{
	struct criu_pairs *pairs = &criu->request.ext_mounts;
	int r = make_room(criu, boot, err);

	for (size_t i = 0; r == 0 && i < boot->mounts.count; i++) {
		const struct boot_mount *mount = &boot->mounts.items[i];

		r = make_mount_point(&boot->mounts, i, root_fd, err);
		if (r == 0 && is_external(mount)) {
			r = add_pair(pairs, mount_name(criu, i), mount->source, err);
		}
		if (r < 0) {
			error_add_pointer(err, mount->pointer);
		}
	}
	for (size_t i = 0; r == 0 && i < boot->devices.count; i++) {
		const struct boot_device *device = &boot->devices.items[i];

		if (device->kind == BOOT_DEVICE_BIND) {
			r = add_pair(pairs, device_name(criu, i), device->path, err);
		}
	}
	return r;
}

/* CRIU's word for a type; and the name of one in the images, which runc has as well, for those that it knows as
 * external ones. */
struct joined_type {
	uint32_t flag;
	const char *word, *name;
};

static const struct joined_type *find_type(uint32_t flag)
{
	static const struct joined_type types[] = {
		{CLONE_NEWNET, "net", "extRootNetNS"},
		{CLONE_NEWPID, "pid", "extRootPidNS"},
		{CLONE_NEWUTS, "uts", NULL},
		{CLONE_NEWIPC, "ipc", NULL},
		{CLONE_NEWUSER, "user", NULL},
		{CLONE_NEWNS, "mnt", NULL},
		{CLONE_NEWTIME, "time", NULL},
	};

	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		if (types[i].flag == flag) {
			return &types[i];
		}
	}
	return NULL;
}

static int refuse_type(struct life_criu *criu, size_t index, struct berth_error *err)
{
	return error_field(err, BERTH_ERROR_UNSUPPORTED,
		arena_printf(criu->arena, "/linux/namespaces/%zu", index),
		"CRIU cannot restore a process into a cgroup namespace that is there");
}

int life_criu_dump_namespaces(struct life_criu *criu, const struct spec_namespaces *asked,
	pid_t pid, struct berth_error *err)
{
	struct criu_texts *texts = &criu->request.externals;

	texts->items = arena_alloc(criu->arena, asked->count + STDIO_COUNT, sizeof(*texts->items));
	if (!texts->items) {
		return error_system(err, ENOMEM, "memory for the namespaces");
	}
	for (size_t i = 0; i < asked->count; i++) {
		const struct joined_type *type = find_type(asked->items[i].flag);
		char path[PROC_PATH_BYTES];
		struct stat st;
		int r;

		if (!asked->items[i].path || (type && !type->name)) {
			continue;
		}
		if (!type) {
			return refuse_type(criu, i, err);
		}
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, type->word);
		r = sys_fstatat(AT_FDCWD, path, 0, &st);
		if (r < 0) {
			return error_system(err, r, "find the namespace %s", path);
		}
		texts->items[texts->count] = arena_printf(criu->arena, "%s[%llu]:%s", type->word,
			(unsigned long long)st.st_ino, type->name);
		if (!texts->items[texts->count++]) {
			return error_system(err, ENOMEM, "memory for a name");
		}
	}
	return 0;
}

static void add_inherit(struct life_criu *criu, const char *key, int fd)
{
	struct criu_inherits *inherits = &criu->request.inherits;

	inherits->items[inherits->count++] = (struct criu_inherit){key, fd};
}

static int join_one(struct life_criu *criu, const struct spec_namespaces *asked, size_t index,
	struct berth_error *err)
{
	const struct spec_namespace *one = &asked->items[index];
	const struct joined_type *type = find_type(one->flag);
	int fd;

	if (!type) {
		return refuse_type(criu, index, err);
	}
	if (!type->name) {
		return add_pair(&criu->request.join_ns, type->word, one->path, err);
	}
	fd = sys_open(one->path, O_RDONLY | O_NONBLOCK);
	if (fd < 0) {
		(void)error_system(err, fd, "open the namespace %s", one->path);
		error_add_pointer(err, arena_printf(criu->arena, "/linux/namespaces/%zu", index));
		return fd;
	}
	criu->joined[criu->joined_count++] = fd;
	add_inherit(criu, type->name, fd);
	return 0;
}

int life_criu_restore_namespaces(
	struct life_criu *criu, const struct spec_namespaces *asked, struct berth_error *err)
{
	struct criu_inherits *inherits = &criu->request.inherits;
	struct criu_pairs *joins = &criu->request.join_ns;
	int r = 0;

	inherits->items =
		arena_alloc(criu->arena, asked->count + STDIO_COUNT, sizeof(*inherits->items));
	joins->items = arena_alloc(criu->arena, asked->count, sizeof(*joins->items));
	criu->joined = arena_alloc(criu->arena, asked->count + STDIO_COUNT, sizeof(*criu->joined));
	if (!inherits->items || !joins->items || !criu->joined) {
		return error_system(err, ENOMEM, "memory for the namespaces");
	}
	for (size_t i = 0; r == 0 && i < asked->count; i++) {
		r = asked->items[i].path ? join_one(criu, asked, i, err) : 0;
	}
	return r;
}

static bool find_mount_id(pid_t pid, int number, uint64_t *ret_id)
{
	char path[PROC_PATH_BYTES];
	char text[1024];
	unsigned long long id;
	const char *line;
	autofd int fd = -1;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, number);
	fd = sys_open(path, O_RDONLY);
	length = fd < 0 ? -1 : sys_read(fd, text, sizeof(text) - 1);
	if (length < 0) {
		return false;
	}
	text[length] = '\0';
	line = strstr(text, "mnt_id:");
	if (!line || sscanf(line, "mnt_id: %llu", &id) != 1) {
		return false;
	}
	*ret_id = id;
	return true;
}

/* CRIU's name of what is on a mount that the container does not have: a file, a node of memory such as /dev/null, or
 * with shell-job a terminal; NULL for anything else. */
static const char *file_outside(
	struct life_criu *criu, const struct life_mountinfo *info, pid_t pid, int number)
{
	char path[PROC_PATH_BYTES];
	struct stat st;
	uint64_t id = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);
	if (sys_fstatat(AT_FDCWD, path, 0, &st) < 0 || !find_mount_id(pid, number, &id) ||
		life_mountinfo_point(info, id, criu->arena)) {
		return NULL;
	}
	if (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && major(st.st_rdev) == MEMORY_MAJOR)) {
		return arena_printf(criu->arena, "file[%llx:%llx]", (unsigned long long)id,
			(unsigned long long)st.st_ino);
	}
	if (S_ISCHR(st.st_mode) && criu->asked->has_shell_job) {
		return arena_printf(criu->arena, "tty[%llx:%llx]", (unsigned long long)st.st_rdev,
			(unsigned long long)st.st_dev);
	}
	return NULL;
}

static const char *name_of_dump(const struct life_criu *criu)
{
	return criu->asked->is_lazy ? descriptors_name : descriptors_new_name;
}

static int write_descriptors(struct life_criu *criu, const char *text, struct berth_error *err)
{
	autofd int fd = sys_openat2(criu->images_fd, name_of_dump(criu),
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, RESOLVE_BENEATH);
	int r = fd < 0 ? fd : sys_write_once(fd, text, strlen(text));

	return r < 0 ? error_system(err, r, "write %s/%s", criu->image_path, descriptors_name) : 0;
}

int life_criu_dump_stdio(struct life_criu *criu, pid_t pid, struct berth_error *err)
{
	struct criu_texts *texts = &criu->request.externals;
	struct life_mountinfo info;
	struct json_writer writer;
	autoptr char *text = NULL;
	int r = life_mountinfo_read(&info, pid, criu->arena);

	if (r < 0) {
		return error_system(err, r, "read the mounts of the container");
	}
	json_writer_init(&writer, false);
	json_write_begin(&writer, '[');
	for (int i = 0; i < STDIO_COUNT; i++) {
		const char *file = file_outside(criu, &info, pid, i);
		char path[PROC_PATH_BYTES];
		char link[LINK_BYTES];
		ssize_t length;

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, i);
		length = sys_readlinkat(AT_FDCWD, path, link, sizeof(link) - 1);
		link[length < 0 ? 0 : length] = '\0';
		if (file) {
			texts->items[texts->count++] = file;
		}
		json_write_string(&writer, file ? file : link);
	}
	json_write_end(&writer, ']');
	r = json_writer_take(&writer, &text);
	json_writer_finish(&writer);
	return r < 0 ? error_system(err, r, "write %s", descriptors_name)
		     : write_descriptors(criu, text, err);
}

int life_criu_dump_end(struct life_criu *criu, int result, struct berth_error *err)
{
	int r = result;

	if (criu->images_fd < 0 || criu->asked->is_pre_dump) {
		return result;
	}
	if (r == 0 && !criu->asked->is_lazy) {
		r = sys_renameat(criu->images_fd, descriptors_new_name, descriptors_name);
		r = r < 0 ? error_system(err, r, "write %s/%s", criu->image_path, descriptors_name)
			  : 0;
	} else if (r < 0) {
		(void)!sys_unlinkat(criu->images_fd, name_of_dump(criu), 0);
	}
	return r;
}

static int parse_descriptors(struct life_criu *criu, const char *text, size_t length,
	const struct json_value **ret_value, struct berth_error *err)
{
	const char *reason = "";
	size_t offset = 0;
	int r = json_parse(criu->arena, text, length, ret_value, &offset, &reason);

	return r < 0 || (*ret_value)->kind != JSON_ARRAY
		       ? error_set(err, BERTH_ERROR_STATE, "%s/%s is no array of JSON",
				 criu->image_path, descriptors_name)
		       : 0;
}

static bool is_inherited(const struct life_criu *criu, const char *name)
{
	return str_has_prefix(name, "pipe:") || str_has_prefix(name, "file[") ||
	       (criu->asked->has_shell_job && str_has_prefix(name, "tty["));
}

/* CRIU closes what it has taken, and of a terminal it needs its own stdin as well: it gets another one. */
static int inherit_stdio(
	struct life_criu *criu, const char *name, int number, struct berth_error *err)
{
	int fd = number;

	if (str_has_prefix(name, "tty[")) {
		fd = sys_dup_above(number, STDIO_COUNT);
		if (fd < 0) {
			return error_system(err, fd, "duplicate descriptor %d", number);
		}
		criu->joined[criu->joined_count++] = fd;
	}
	add_inherit(criu, name, fd);
	return 0;
}

static bool has_inherit(const struct life_criu *criu, const char *key)
{
	const struct criu_inherits *inherits = &criu->request.inherits;

	for (size_t i = 0; i < inherits->count; i++) {
		if (str_is_equal(inherits->items[i].key, key)) {
			return true;
		}
	}
	return false;
}

/* The names of the standard descriptors, an array of JSON. */
static int read_descriptors(
	struct life_criu *criu, const struct json_value **ret_tree, struct berth_error *err)
{
	autofd int fd = sys_openat2(criu->images_fd, descriptors_name,
		O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, RESOLVE_BENEATH);
	char *text = arena_alloc(criu->arena, DESCRIPTORS_BYTES, 1);
	ssize_t length = fd < 0 || !text ? 0 : sys_read(fd, text, DESCRIPTORS_BYTES);

	if (fd < 0 || !text || length < 0) {
		return error_system(err,
			fd < 0       ? fd
			: length < 0 ? (int)length
				     : ENOMEM,
			"read %s/%s", criu->image_path, descriptors_name);
	}
	return parse_descriptors(criu, text, (size_t)length, ret_tree, err);
}

int life_criu_look(struct life_criu *criu, struct berth_error *err)
{
	const struct json_value *tree = NULL;
	int r = life_criu_open_images(criu, err);

	return r < 0 ? r : read_descriptors(criu, &tree, err);
}

int life_criu_restore_stdio(struct life_criu *criu, struct berth_error *err)
{
	const struct json_value *tree = NULL;
	int number = 0;
	int r = read_descriptors(criu, &tree, err);

	if (r < 0) {
		return r;
	}
	for (const struct json_value *one = tree->first; r == 0 && one && number < STDIO_COUNT;
		one = one->next, number++) {
		if (one->kind == JSON_STRING && is_inherited(criu, one->text) &&
			!has_inherit(criu, one->text)) {
			r = inherit_stdio(criu, one->text, number, err);
		}
	}
	return r;
}
