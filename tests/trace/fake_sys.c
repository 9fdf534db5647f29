/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sys/abi.h"
#include "sys/cred.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

int __wrap_close(int fd);
int __real_close(int fd);

struct fake *fake_get(void)
{
	static struct fake fake;

	return &fake;
}

void fake_reset(int fail_at, int fail_errno)
{
	struct fake *fake = fake_get();

	memset(fake, 0, sizeof(*fake));
	fake->fail_at = fail_at;
	fake->fail_errno = fail_errno;
	fake->root_path = "/bundle/rootfs";
	fake->bounding = (UINT64_C(1) << (FAKE_LAST_CAP + 1)) - 1;
	fake->effective = fake->bounding;
}

void fake_add(const struct fake_node *node)
{
	struct fake *fake = fake_get();

	fake->nodes[fake->node_count++] = *node;
}

int fake_open_count(void)
{
	const struct fake *fake = fake_get();
	int count = 0;

	for (int i = 0; i < fake->fd_count; i++) {
		count += fake->fds[i].is_open;
	}
	return count;
}

/* One line of the trace. 0, or the failure that this call is to have. */
__attribute__((format(printf, 1, 2))) static int called(const char *format, ...)
{
	struct fake *fake = fake_get();
	va_list args;

	fake->calls++;
	va_start(args, format);
	fake->length += (size_t)vsnprintf(
		fake->trace + fake->length, sizeof(fake->trace) - fake->length, format, args);
	va_end(args);
	fake->length += (size_t)snprintf(
		fake->trace + fake->length, sizeof(fake->trace) - fake->length, "\n");
	return fake->calls == fake->fail_at ? -fake->fail_errno : 0;
}

static const char *label_of(int fd)
{
	const struct fake *fake = fake_get();
	int i = fd - FAKE_FD_FIRST;

	return i >= 0 && i < fake->fd_count && fake->fds[i].is_open ? fake->fds[i].label : "?";
}

static int fd_new(const char *label)
{
	struct fake *fake = fake_get();

	if (fake->fd_count == FAKE_FDS_MAX) {
		return -EMFILE;
	}
	(void)snprintf(fake->fds[fake->fd_count].label, FAKE_LABEL_SIZE, "%s", label);
	fake->fds[fake->fd_count].offset = 0;
	fake->fds[fake->fd_count].is_open = true;
	return FAKE_FD_FIRST + fake->fd_count++;
}

int fake_called(const char *line)
{
	return called("%s", line);
}

const char *fake_label(int fd)
{
	return label_of(fd);
}

int __wrap_close(int fd)
{
	struct fake *fake = fake_get();
	int i = fd - FAKE_FD_FIRST;

	if (i < 0) {
		return __real_close(fd);
	}
	if (i >= fake->fd_count || !fake->fds[i].is_open) {
		fake->bad_closes++;
		return -1;
	}
	fake->fds[i].is_open = false;
	return 0;
}

static struct fake_node *node_find(const char *label)
{
	struct fake *fake = fake_get();

	for (size_t i = 0; i < fake->node_count; i++) {
		if (strcmp(fake->nodes[i].label, label) == 0) {
			return &fake->nodes[i];
		}
	}
	return NULL;
}

/* dir + path, without slashes at the end and without "." */
static void label_join(char *label, const char *dir, const char *path)
{
	size_t length;

	while (*path == '/') {
		path++;
	}
	if (strcmp(path, ".") == 0) {
		path = "";
	}
	length = (size_t)snprintf(label, FAKE_LABEL_SIZE, "%s%s%s", dir, *path ? "/" : "", path);
	while (length > 1 && label[length - 1] == '/') {
		label[--length] = '\0';
	}
}

/* Whether something stands at `label`: no prefix of it is absent. Links are followed, once. */
static int lookup(char *label, bool is_followed)
{
	char prefix[FAKE_LABEL_SIZE];

	for (size_t i = 1; i <= strlen(label); i++) {
		const struct fake_node *node;

		if (label[i] != '/' && label[i] != '\0') {
			continue;
		}
		(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)i, label);
		node = node_find(prefix);
		if (node && node->is_absent) {
			return -ENOENT;
		}
		if (node && node->link && (is_followed || label[i] == '/')) {
			char rest[FAKE_LABEL_SIZE];

			(void)snprintf(rest, sizeof(rest), "%s", label + i);
			(void)snprintf(label, FAKE_LABEL_SIZE, "%s%s", node->link, rest);
			return lookup(label, false);
		}
	}
	return 0;
}

/* A name appears under a directory: -EEXIST unless it was absent. */
static int name_make(int dirfd, const char *path, mode_t mode, dev_t device)
{
	char label[FAKE_LABEL_SIZE];
	struct fake_node *node;

	label_join(label, label_of(dirfd), path);
	node = node_find(label);
	if (!node || !node->is_absent) {
		return -EEXIST;
	}
	node->is_absent = false;
	node->mode = mode;
	node->device = device;
	return 0;
}

int sys_open(const char *path, int flags)
{
	int r = called("open %s %s", path, flags & O_PATH ? "path" : "data");

	return r < 0 ? r : fd_new(strcmp(path, "/") == 0 ? "/" : path);
}

int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	char label[FAKE_LABEL_SIZE];
	int r = called("openat2 %s %s%s%s%s%s%s%s%s%s%s%s", label_of(dirfd), path,
		flags & O_PATH ? " path" : "", flags & O_DIRECTORY ? " directory" : "",
		flags & O_NOFOLLOW ? " nofollow" : "", flags & O_CREAT ? " create" : "",
		flags & O_EXCL ? " exclusive" : "", resolve & RESOLVE_IN_ROOT ? " in-root" : "",
		resolve & RESOLVE_BENEATH ? " beneath" : "",
		resolve & RESOLVE_NO_SYMLINKS ? " no-links" : "",
		resolve & RESOLVE_NO_XDEV ? " no-mounts" : "",
		resolve & RESOLVE_NO_MAGICLINKS ? "" : " MAGIC");

	if (r < 0) {
		return r;
	}
	if (flags & O_CREAT) {
		r = name_make(dirfd, path, S_IFREG | mode, 0);
	}
	label_join(label, label_of(dirfd), path);
	r = r < 0 ? r : lookup(label, !(flags & O_NOFOLLOW));
	return r < 0 ? r : fd_new(label);
}

static void stat_fill(const char *label, struct stat *ret_stat)
{
	const struct fake_node *node = node_find(label);

	memset(ret_stat, 0, sizeof(*ret_stat));
	ret_stat->st_mode = node && node->mode ? node->mode : (mode_t)(S_IFDIR | 0755);
	ret_stat->st_size = node && node->text ? (off_t)strlen(node->text) : 0;
	ret_stat->st_rdev = node ? node->device : 0;
	ret_stat->st_nlink = node ? node->links : 0;
	for (const char *c = label; *c; c++) {
		ret_stat->st_ino = ret_stat->st_ino * 31 + (unsigned char)*c;
	}
}

int sys_fstat(int fd, struct stat *ret_stat)
{
	int r = called("fstat %s", label_of(fd));

	if (r == 0) {
		stat_fill(label_of(fd), ret_stat);
	}
	return r;
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	int r = called("mkdirat %s %s %o", label_of(dirfd), path, mode);

	return r < 0 ? r : name_make(dirfd, path, S_IFDIR | mode, 0);
}

int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
	int r = called("mknodat %s %s %o %u:%u", label_of(dirfd), path, mode, major(device),
		minor(device));

	return r < 0 ? r : name_make(dirfd, path, mode, device);
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	int r = called("symlinkat %s %s %s", target, label_of(dirfd), path);

	return r < 0 ? r : name_make(dirfd, path, S_IFLNK | 0777, 0);
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	char label[FAKE_LABEL_SIZE];
	int r = called("unlinkat %s %s %d", label_of(dirfd), path, flags);
	struct fake_node *node;

	label_join(label, label_of(dirfd), path);
	node = node_find(label);
	if (r == 0 && node) {
		node->is_absent = true;
	}
	return r;
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
	char label[FAKE_LABEL_SIZE];
	bool is_fd = dirfd == AT_FDCWD;
	int r = is_fd ? 0 : called("readlinkat %s %s", label_of(dirfd), path);
	const struct fake_node *node;
	size_t length;

	label_join(label, label_of(dirfd), path);
	node = node_find(label);
	if (is_fd || r < 0 || !node || !node->link) {
		return is_fd ? fake_fd_link(path, buffer, size) : r < 0 ? r : -EINVAL;
	}
	length = strlen(node->link) - strlen("root");
	length = length < size ? length : size;
	memcpy(buffer, node->link + strlen("root"), length);
	return (ssize_t)length;
}

/* The whole text at once, and then the end. */
ssize_t sys_read(int fd, void *buffer, size_t size)
{
	const struct fake_node *node = node_find(label_of(fd));
	int r = called("read %s", label_of(fd));
	size_t length = node && node->text ? strlen(node->text) : 0;
	int *offset = &fake_get()->fds[fd - FAKE_FD_FIRST].offset;

	if (r < 0) {
		return r;
	}
	length -= (size_t)*offset;
	length = length < size ? length : size;
	if (length > 0) {
		memcpy(buffer, node->text + *offset, length);
	}
	*offset += (int)length;
	return (ssize_t)length;
}

int sys_write_once(int fd, const void *buffer, size_t size)
{
	int length = (int)strcspn(buffer, "\n");

	return called("write %s \"%.*s\"%s", label_of(fd), length, (const char *)buffer,
		(size_t)length + 1 == size ? " line" : "");
}

int sys_fchmod(int fd, mode_t mode)
{
	return called("fchmod %s %o", label_of(fd), mode);
}

int sys_fchown(int fd, uid_t uid, gid_t gid)
{
	return called("fchown %s %d %d", label_of(fd), (int)uid, (int)gid);
}

int sys_pipe(int ret_fds[2])
{
	int r = called("pipe");

	if (r < 0) {
		return r;
	}
	ret_fds[0] = fd_new("pipe");
	ret_fds[1] = fd_new("pipe");
	return 0;
}

int sys_chdir(const char *path)
{
	return called("chdir %s", path);
}

int sys_fchdir(int fd)
{
	return called("fchdir %s", label_of(fd));
}

int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	const char *source = dirfd == AT_FDCWD ? path : label_of(dirfd);
	const struct fake_node *node = node_find(source);
	char label[FAKE_LABEL_SIZE];
	int r = called("open_tree %s%s%s", source, flags & OPEN_TREE_CLONE ? " clone" : "",
		flags & AT_RECURSIVE ? " recursive" : "");

	if (r < 0 || (node && node->is_absent)) {
		return r < 0 ? r : -ENOENT;
	}
	(void)snprintf(label, sizeof(label), "tree(%.180s)", source);
	return fd_new(strcmp(source, fake_get()->root_path) == 0 ? "root" : label);
}

int sys_move_mount(int mount_fd, int target_fd)
{
	return called("move_mount %s -> %s", label_of(mount_fd), label_of(target_fd));
}

int sys_fsopen(const char *fstype)
{
	char label[FAKE_LABEL_SIZE];
	int r = called("fsopen %s", fstype);

	(void)snprintf(label, sizeof(label), "%s", fstype);
	return r < 0 ? r : fd_new(label);
}

int sys_fsconfig_flag(int fs_fd, const char *key)
{
	return called("fsconfig %s %s", label_of(fs_fd), key);
}

int sys_fsconfig_string(int fs_fd, const char *key, const char *value)
{
	return called("fsconfig %s %s=%s", label_of(fs_fd), key, value);
}

int sys_fsconfig_create(int fs_fd)
{
	return called("fsconfig %s create", label_of(fs_fd));
}

int sys_fsmount(int fs_fd, unsigned int mount_attrs)
{
	char label[FAKE_LABEL_SIZE];
	int r = called("fsmount %s 0x%x", label_of(fs_fd), mount_attrs);

	(void)snprintf(label, sizeof(label), "mount(%.180s)", label_of(fs_fd));
	return r < 0 ? r : fd_new(label);
}

/* No call of the trace: it comes after a failure. */
void sys_fs_message(int fs_fd, char *buffer, size_t size)
{
	(void)snprintf(buffer, size, "%s does not like it", label_of(fs_fd));
}

int sys_mount_setattr(int mount_fd, unsigned int flags, const struct sys_mount_attr *attr)
{
	return called("mount_setattr %s%s set 0x%llx clear 0x%llx propagation 0x%llx",
		label_of(mount_fd), flags & AT_RECURSIVE ? " recursive" : "",
		(unsigned long long)attr->set, (unsigned long long)attr->clear,
		(unsigned long long)attr->propagation);
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	int r = called("mount_id %s", label_of(fd));

	if (r == 0) {
		*ret_id = 1;
	}
	return r;
}

int sys_chroot(const char *path)
{
	return called("chroot %s", path);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return called("pivot_root %s %s", new_root, put_old);
}

int sys_umount(const char *path, int flags)
{
	return called("umount %s %d", path, flags);
}

int sys_pty_unlock(int master_fd)
{
	return called("pty_unlock %s", label_of(master_fd));
}

int sys_pty_peer(int master_fd)
{
	int r = called("pty_peer %s", label_of(master_fd));

	return r < 0 ? r : fd_new("peer");
}

int sys_set_winsize(int fd, uint16_t rows, uint16_t columns)
{
	return called("winsize %s %u %u", label_of(fd), rows, columns);
}

int sys_set_pdeathsig(int signal)
{
	return called("pdeathsig %d", signal);
}

int sys_set_dumpable(bool is_dumpable)
{
	return called("dumpable %d", is_dumpable);
}

int sys_setgroups(size_t count, const gid_t *groups)
{
	int r = called("setgroups %zu %d", count, count ? (int)groups[0] : -1);

	return r < 0 ? r : -fake_get()->setgroups_errno;
}

int sys_setresgid(gid_t gid)
{
	int r = called("setresgid %u", gid);

	fake_get()->gid = r < 0 ? fake_get()->gid : gid;
	return r;
}

int sys_setresuid(uid_t uid)
{
	int r = called("setresuid %u", uid);

	fake_get()->uid = r < 0 ? fake_get()->uid : uid;
	return r;
}

int sys_getresuid(uid_t ret_uids[3])
{
	int r = called("getresuid");

	ret_uids[0] = ret_uids[1] = ret_uids[2] = fake_get()->uid;
	return r;
}

int sys_getresgid(gid_t ret_gids[3])
{
	int r = called("getresgid");

	ret_gids[0] = ret_gids[1] = ret_gids[2] = fake_get()->gid;
	return r;
}

/* No call of the trace: it is asked only after a failure. */
int sys_capget(struct sys_caps *ret_caps)
{
	*ret_caps = (struct sys_caps){.effective = fake_get()->effective};
	return 0;
}

int sys_capset(const struct sys_caps *caps)
{
	return called("capset effective 0x%llx permitted 0x%llx inheritable 0x%llx",
		(unsigned long long)caps->effective, (unsigned long long)caps->permitted,
		(unsigned long long)caps->inheritable);
}

int sys_bounding_has(int capability)
{
	int r;

	/* The end of the list is no call that could fail. */
	if (capability > FAKE_LAST_CAP) {
		return -EINVAL;
	}
	r = called("bounding_has %d", capability);
	return r < 0 ? r : (int)(fake_get()->bounding >> capability & 1);
}

int sys_bounding_drop(int capability)
{
	int r;

	if (fake_get()->is_setpcap_missing) {
		return -EPERM;
	}
	if (capability > FAKE_LAST_CAP) {
		return -EINVAL;
	}
	r = called("bounding_drop %d", capability);
	if (r == 0) {
		fake_get()->bounding &= ~(UINT64_C(1) << capability);
	}
	return r;
}

int sys_ambient_clear(void)
{
	return called("ambient_clear");
}

int sys_ambient_raise(int capability)
{
	return called("ambient_raise %d", capability);
}

int sys_set_keepcaps(bool is_kept)
{
	return called("keepcaps %d", is_kept);
}

int sys_keyring_join(const char *name)
{
	int r = called("keyring_join %s", name);

	return r < 0 ? r : 7;
}

int sys_keyring_set_permissions(int keyring, uint32_t permissions)
{
	return called("keyring_set_permissions %d 0x%x", keyring, permissions);
}

int sys_set_no_new_privs(void)
{
	return called("no_new_privs");
}

int sys_seccomp_load(const void *program, size_t count, uint32_t flags)
{
	(void)program;
	return called("seccomp_load %zu instructions flags %#x", count, flags);
}
