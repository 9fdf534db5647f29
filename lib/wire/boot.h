/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_BOOT_H
#define WIRE_BOOT_H
/*
 * struct boot: the child half of the plan, all that berth-init is to do after InitMsg. plan/ fills it,
 * wire/ carries it, stage/ rootfs/ guard/ carry it out. Plain numbers and texts: nothing here is left
 * to be parsed or decided.
 */
#include "wire/record.h"

/* What a mount operation does. */
enum boot_mount_kind {
	BOOT_MOUNT_FS,   /* a new file system: fsopen, fsconfig, fsmount */
	BOOT_MOUNT_BIND, /* a tree of the host: open_tree(OPEN_TREE_CLONE) before the first mount */
	BOOT_MOUNT_LINK, /* a symbolic link `target` -> `source` (names of cgroup v1 hierarchies) */
	BOOT_MOUNT_GONE, /* what is mounted on the target is unmounted: with BOOT_LIVE alone */
	BOOT_MOUNT_KIND_COUNT
};

enum boot_mount_flag {
	BOOT_MOUNT_RECURSIVE = 1 << 0, /* bind: with the mounts below (rbind) */
	BOOT_MOUNT_STRICT = 1 << 1,    /* the target is a real directory, reached through no link */
	BOOT_MOUNT_RO_LAST = 1 << 2,   /* read-only at the step "remount", not at once */
	BOOT_MOUNT_COPY_MODE = 1 << 3, /* tmpfs without mode=: that of the directory it covers */
	BOOT_MOUNT_OPTIONAL = 1 << 4,  /* skipped where the source is not there */
	BOOT_MOUNT_FIRST = 1 << 5,     /* bind: the source is opened while this process still has
					  the caller's ids; in a new user namespace alone, whose
					  mounts are no peers of the host's */
	BOOT_MOUNT_COPY_UP = 1 << 6,   /* tmpfs: begins with what is in the directory it covers */
	BOOT_MOUNT_COPY_OWNER = 1 << 7, /* tmpfs without uid= and gid=: those of that directory */
	BOOT_MOUNT_IDMAP = 1 << 8,      /* bind: the parent maps its ids (IDMAP) */
	BOOT_MOUNT_COPY_LINK = 1 << 9,  /* bind: a source that is a link is made again */
	BOOT_MOUNT_SOURCE_NOFOLLOW = 1 << 10, /* bind: the last component is not followed */
	BOOT_MOUNT_TARGET_NOFOLLOW = 1 << 11, /* likewise */
};

/* One mount. The target is a path inside the root, without "." and ".."; it is made if it is missing,
 * as a directory, or as an empty file for the bind of a file. */
struct boot_mount {
	uint32_t kind;
	uint32_t flags;
	const char *pointer; /* JSON pointer of what asked for it, for errors */
	const char *target;
	const char *source;        /* bind: path on the host; fs: the "source" parameter */
	const char *fstype;        /* fs only */
	struct wire_texts options; /* fs only: "key" or "key=value", for fsconfig(2) */
	struct wire_u32s
		origins; /* of `options`, from the first on: its place in the config's list */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_*, for this mount */
	uint64_t tree_set, tree_clear; /* MOUNT_ATTR_*, for it and all below (rro ...) */
	uint32_t propagation;          /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, or 0 */
	uint32_t is_propagation_recursive;
	const char *
		label; /* fs only: the SELinux label of its root, where no option sets it; or NULL */
};

struct boot_mounts {
	struct boot_mount *items;
	size_t count;
};

/* A node below the root, or a symbolic link. */
enum boot_device_kind {
	BOOT_DEVICE_NODE, /* mknod */
	BOOT_DEVICE_BIND, /* the host's node, bound: where mknod is refused (user namespaces) */
	BOOT_DEVICE_LINK,
	BOOT_DEVICE_KIND_COUNT
};

struct boot_device {
	uint32_t kind;
	const char *pointer;
	const char *path;   /* inside the root, with the leading "/" */
	const char *target; /* of a link */
	uint32_t mode;      /* S_IFCHR, S_IFBLK or S_IFIFO, and the permissions */
	uint32_t major, minor;
	uint32_t uid, gid;
};

struct boot_devices {
	struct boot_device *items;
	size_t count;
};

/* A kernel parameter to write. */
struct boot_sysctl {
	const char *name;    /* below /proc/sys: "net/ipv4/ip_forward" */
	const char *value;   /* of at most BOOT_SYSCTL_VALUE_MAX bytes */
	const char *pointer; /* JSON pointer, for errors */
};

enum { BOOT_SYSCTL_VALUE_MAX = 4094 }; /* with a newline less than the page that the kernel takes */

struct boot_sysctls {
	struct boot_sysctl *items;
	size_t count;
};

/* Who the process is; see capabilities(7). One bit for each capability. */
struct boot_identity {
	uint32_t uid, gid;
	struct wire_u32s groups;
	uint32_t is_setgroups_denied; /* setgroups(2) is not tried: the user namespace denies it */
	uint64_t bounding, effective, permitted, inheritable, ambient;
	/* What the container's passwd and group call them, in the place of uid and gid; NULL: the numbers hold. */
	const char *user_name, *group_name;
	uint32_t is_gid_given; /* with user_name: gid holds, not that of the user's line */
};

/* seccomp(2): loaded before the capabilities are dropped, or right before the execve where there is
 * BOOT_NO_NEW_PRIVS. */
struct boot_seccomp {
	struct wire_bytes program; /* an array of struct sock_filter; empty: no filter */
	uint32_t flags;            /* SECCOMP_FILTER_FLAG_* */
};

/* A hook, of the parent's or of the child's half of the plan. */
struct wire_hook {
	const char *kind;       /* "prestart": its list in config.json, for errors */
	uint32_t index;         /* in that list */
	const char *path;       /* absolute */
	struct wire_texts args; /* argv, never empty */
	struct wire_texts env;  /* the whole of its environment */
	uint32_t timeout_s;     /* 0: it may take as long as it wants */
};

/* In the order in which they run. */
struct wire_hooks {
	struct wire_hook *items;
	size_t count;
};

/* The state is that of runtime.md as a JSON object, but for pid and status: what they are, only the child
 * knows. Both texts are there where there is a hook. */
struct boot_hooks {
	const char *state;             /* the verb adds it to the plan */
	const char *bundle;            /* absolute path on the host */
	uint32_t stdout_fd, stderr_fd; /* where their output goes: descriptors behind those that the
					  program gets too; 0: it is read and dropped */
	struct wire_hooks create_container;
	struct wire_hooks start_container;
};

enum boot_flag {
	BOOT_PDEATHSIG = 1 << 0, /* die with the parent until the image runs */
	BOOT_USERNS = 1 << 1,    /* in a user namespace made or joined: become 0:0 once mapped */
	BOOT_LOOPBACK = 1 << 2,  /* a new network namespace */
	BOOT_TERMINAL = 1 << 3,  /* allocate a pty; its master goes to the parent */
	BOOT_NO_NEW_PRIVS = 1 << 4,
	BOOT_ROOT_READONLY = 1 << 5,
	BOOT_HOME = 1 << 6,  /* HOME, which the environment lacks, is from the container's passwd */
	BOOT_HOLD = 1 << 7,  /* created, not yet started: wait on the fifo that comes with HOLD */
	BOOT_ENTER = 1 << 8, /* the mount namespace that is joined has the root file system: exec */
	BOOT_NO_PIVOT = 1 << 9, /* the root becomes "/" by a move and chroot(2) */
	BOOT_HOOKS = 1 << 10, /* before the pivot there are hooks, of the parent or of the child */
	BOOT_LIVE = 1 << 11, /* mounts in a container that is there, and no program: HOLD brings its
				mount namespace; no mount of masked_paths is unmounted,
				nor what lies over one, or over one of readonly_paths */
	BOOT_KEEP_GROUPS = 1 << 13,   /* the caller's supplementary groups stay: no setgroups(2) */
	BOOT_PERSONALITY = 1 << 16,   /* it becomes `personality` */
	BOOT_MEMORY_POLICY = 1 << 17, /* its NUMA policy is `memory_mode`, with `memory_nodes` */
	BOOT_MANY_SOURCES = 1 << 18,  /* the bind sources are opened lot by lot; in a mount
					 namespace that is made */
	BOOT_LISTEN_PID = 1 << 12,    /* LISTEN_PID is this process's pid, which only it knows */
};

struct boot {
	uint32_t flags; /* enum boot_flag */
	const char
		*root; /* the root file system: absolute path on the host; NULL with BOOT_ENTER */
	uint32_t root_propagation; /* MS_* of the container's "/" after the pivot, or 0 */
	uint32_t is_root_propagation_recursive;
	uint32_t
		first_propagation; /* MS_SLAVE, _PRIVATE or _SHARED: what the host's mounts become first */
	struct boot_mounts mounts;
	struct boot_devices devices;
	struct wire_texts readonly_paths;
	struct wire_texts masked_paths;
	const char *hostname;
	const char *domainname;
	uint32_t umask;
	uint32_t console_rows, console_columns; /* 0: as the pty has it */
	struct boot_identity identity;
	const char *cwd;
	struct wire_texts args;
	struct wire_texts env;
	uint32_t preserved_fds; /* how many from 3 on are the program's too */
	struct boot_seccomp seccomp;
	struct boot_sysctls sysctls;
	struct boot_hooks hooks;
	const char *keyring;       /* name of the new session keyring; NULL: the caller's stays */
	const char *apparmor_exec; /* for attr/apparmor/exec: "exec PROFILE"; NULL: nothing */
	const char *selinux_label; /* for attr/keycreate and attr/exec; NULL: nothing */
	const char
		*mask_option; /* one more option of the directory that masks others; NULL: none */
	const char *
		time_offsets; /* for /proc/self/timens_offsets of a new time namespace, which InitMsg does not
				     create then; NULL: none */
	uint32_t personality; /* PER_*, with BOOT_PERSONALITY */
	uint32_t memory_mode; /* MPOL_* and MPOL_F_* */
	struct wire_bytes
		memory_nodes; /* a mask of bits in the order of unsigned long; empty: none */
};

/* The table of struct boot. */
extern const struct wire_record boot_record;

/* Checks a decoded struct before its first step: kinds in range, and every text there without which a
 * step cannot begin. 0 or -EPROTO. */
int boot_check(const struct boot *boot) must_use;

/* The same for the hooks alone (hook.c). */
extern const struct wire_record boot_hooks_record;
int boot_hooks_check(const struct boot_hooks *hooks) must_use;

/* The longest that hooks may take, one after the other, in milliseconds; -1: as long as they want. */
int wire_hooks_time_ms(const struct wire_hooks *hooks);

#endif
