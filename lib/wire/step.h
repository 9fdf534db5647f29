/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_STEP_H
#define WIRE_STEP_H
/*
 * The steps of a start, in order, with the number and the name that errors, traces and failpoints use.
 * The tens are the numbers of docs/security.md ("the order of steps"); the units divide one of them.
 * P is the parent, I the intermediate (berth-init before it clones), C the container's process.
 */
#include "base/attr.h"
#include "base/error.h"

/* clang-format off */
#define WIRE_STEPS(X) \
	X(10, P, config)         /* read and check config.json */ \
	X(11, P, plan)           /* spec and facts become the plan */ \
	X(12, P, compile)        /* seccomp rules become a program */ \
	X(20, P, seal)           /* berth-init into a sealed memfd */ \
	X(30, P, record)         /* the container's directory, its lock, "creating" */ \
	X(40, P, cgroup)         /* cgroup directories and limits */ \
	X(41, P, resctrl)        /* the group of linux.intelRdt, its schemata */ \
	X(50, P, spawn)          /* the process that becomes I */ \
	X(51, P, oomscore)       /* oom_score_adj of I, which C inherits */ \
	X(52, P, send)           /* InitMsg and the boot message */ \
	X(60, I, bootstrap)      /* read InitMsg */ \
	X(61, I, open)           /* console, namespaces, /proc: before anything is joined */ \
	X(70, I, join)           /* setns */ \
	X(80, I, clone)          /* the child, into the new namespaces */ \
	X(81, I, maps)           /* raw mode: setgroups, uid_map, gid_map */ \
	X(82, P, idmaps)         /* container mode: the same, by the parent, when asked */ \
	X(83, P, netdevices)     /* network devices into C's namespace */ \
	X(90, P, handover)       /* I is reaped, C is known by a pidfd */ \
	X(91, C, boot)           /* read and check the boot message, whole */ \
	X(92, C, mapped)         /* wait for the maps; time offsets; become 0:0 */ \
	X(93, C, hide)           /* not dumpable: nobody looks into it before the execve */ \
	X(100, C, session)       /* setsid, a keyring; in raw mode the console */ \
	X(110, C, loopback)      /* lo up in a new network namespace */ \
	X(120, C, private)       /* no mount event leaves from here on */ \
	X(121, C, sources)       /* bind sources, before the first mount */ \
	X(122, C, root)          /* the root file system as a mount of its own */ \
	X(123, C, user)          /* exec: the root is there; ids of a user's name */ \
	X(140, C, mounts)        /* in the order of config.json */ \
	X(150, C, devices)       /* nodes and links */ \
	X(151, C, workdir)       /* the working directory, if it is missing */ \
	X(160, P, hooks)         /* hooks prestart and createRuntime */ \
	X(161, C, createhooks)   /* hooks createContainer, when those have run */ \
	X(170, C, pivot)         /* pivot_root; the host's mounts are gone */ \
	X(180, C, console)       /* pty, /dev/console, controlling terminal */ \
	X(190, C, hostname)      /* hostname and domainname */ \
	X(191, C, sysctl)        /* kernel parameters, through a procfs of our own */ \
	X(192, C, label)         /* AppArmor profile, SELinux label of the program */ \
	X(200, C, readonly)      /* readonlyPaths */ \
	X(201, C, masks)         /* maskedPaths */ \
	X(202, C, remount)       /* what becomes read-only last, the root at the end */ \
	X(203, C, home)          /* HOME from the container's passwd */ \
	X(220, C, umask)         /* umask */ \
	X(221, C, descriptors)   /* nothing of the host stays open but the stream */ \
	X(222, C, inherit)       /* personality, memory policy: what programs inherit */ \
	X(230, C, ready)         /* tell P, wait for "go" */ \
	X(231, P, limits)        /* rlimits, scheduler and I/O priority of C */ \
	X(232, P, go)            /* let C go on */ \
	X(240, C, filter)        /* seccomp without no_new_privs: needs CAP_SYS_ADMIN */ \
	X(250, C, chdir)         /* working directory, as root */ \
	X(251, C, identity)      /* bounding set, groups, ids, capabilities */ \
	X(260, C, inside)        /* the working directory is inside the root */ \
	X(270, C, program)       /* args[0] is found and executable */ \
	X(271, C, listener)      /* seccomp with no_new_privs and a listener, which P hands on */ \
	X(272, C, hold)          /* created: wait on the fifo for start */ \
	X(273, C, starthooks)    /* hooks startContainer */ \
	X(280, C, nonewprivs)    /* PR_SET_NO_NEW_PRIVS */ \
	X(281, C, seccomp)       /* seccomp with no_new_privs: after it, the execve alone */ \
	X(290, C, exec)          /* close_range, execve */ \
	X(291, P, created)       /* the record has the process; the pid file */ \
	X(292, P, poststart)     /* hooks poststart: the program runs */ \
	X(300, P, wait)          /* the container runs */ \
	X(310, P, start)         /* another command: the byte into the fifo */ \
	X(320, P, delete)        /* another command: process, cgroup, record */ \
	X(321, P, poststop)      /* hooks poststop, before the record goes */ \
	X(330, P, checkpoint)    /* another command: CRIU saves the processes */ \
	X(340, P, restore)       /* in the place of 50 to 290: CRIU restores them */ \
	X(341, P, restored)      /* they are there and do not run yet */
/* clang-format on */

enum wire_step {
#define WIRE_STEP_ENUM(number, side, name) WIRE_STEP_##name = number,
	WIRE_STEPS(WIRE_STEP_ENUM)
#undef WIRE_STEP_ENUM
};

/* The name of a step, or "?" for a number that is none. */
const char *wire_step_name(int step);

/*
 * A failpoint: every step calls this first. In a release it is 0. In a build with -Dfailpoints=true,
 * BERTH_FAIL=STEP:ACTION in the environment (a name, or a number; stop, fail or die) makes the step
 * stop until SIGCONT, return -EIO with an error, or end by a signal.
 */
int wire_step_enter(int step, struct berth_error *err) must_use;

#endif
