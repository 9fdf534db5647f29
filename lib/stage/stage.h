/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STAGE_STAGE_H
#define STAGE_STAGE_H
/*
 * stage: the child's conductor.
 *
 * In: the bootstrap message and what follows it on a descriptor. Out: a process in its namespaces that
 * has become the program, or an error that names the step. Forbidden here: JSON, string options,
 * policy; everything was decided by plan/. Fails with one error, and nothing is left running.
 *
 * Two processes run this code: the intermediate, which reads InitMsg, joins and clones; and the
 * container's process, the clone, a child of the intermediate's parent (CLONE_PARENT). What each does
 * in which order stands in the tables of raw.c and container.c.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "rootfs/rootfs.h"
#include "wire/boot.h"
#include "wire/bootstrap.h"

enum {
	STAGE_JOINS_MAX = 8, /* one for each kind of namespace */
	STAGE_PATH_MAX = 4096,
	STAGE_MEMORY_MAX = 64 * 1024 * 1024, /* messages and what is decoded from them */
	STAGE_EXIT_FAILURE = 1,
};

/* A namespace to join, opened before anything is joined. */
struct stage_join {
	int fd;
	int type; /* CLONE_NEW* */
	bool is_joined;
};

/* All that the child has. */
struct stage {
	int stream_fd; /* where the messages come from */
	int timeout_ms;
	int state; /* of the conversation: enum wire_state */
	struct arena arena;

	struct wire_bootstrap message;
	int console_fd; /* -1: none */
	int proc_fd;    /* /proc, O_PATH, where maps are to be written here; -1: not needed */
	bool is_map_writer;
	struct stage_join joins[STAGE_JOINS_MAX];
	size_t join_count;
	uint32_t joined; /* CLONE_NEW* bits of `joins` */
	int pidfd;       /* in the intermediate: the child */

	char **argv, **envp; /* raw mode: the program */
	int gate[2], report[2];
	sigset_t signals; /* the caller's mask, for the program */
	int signal_fd;    /* what would end the intermediate; -1: not yet */
	bool is_told;     /* container mode: the parent has been sent the error */

	struct boot boot; /* container mode */
	int passed_fd;    /* what came beside the last message; -1: nothing */
	struct rootfs rootfs;
	bool is_in_cwd; /* container mode: root could enter the working directory */
	char program[STAGE_PATH_MAX];
};

void stage_init(struct stage *stage, int stream_fd, int timeout_ms);
void stage_finish(struct stage *stage); /* closes what is open, gives memory back */

/* One step: its number and what it does. */
struct stage_step {
	int step; /* enum wire_step */
	int (*run)(struct stage *stage, struct berth_error *err);
};

/* Runs the steps in order; the error of the first that fails carries its name. */
int stage_run_steps(const struct stage_step *steps, size_t count, struct stage *stage,
	struct berth_error *err) must_use;

/*
 * Steps of the intermediate, the same in both modes (enter.c).
 * "bootstrap": reads exactly one InitMsg over short reads and EINTR, before the deadline.
 * "open": console, namespaces (files of nsfs; none twice, none that is also created), /proc.
 * "join": all but user in the order given, then user, then those that were refused before it.
 */
int stage_read_bootstrap(struct stage *stage, struct berth_error *err) must_use;
int stage_open(struct stage *stage, struct berth_error *err) must_use;
int stage_join(struct stage *stage, struct berth_error *err) must_use;

/* "clone": the child, with the caller as its parent. 0 in the child, which has neither /proc nor a
 * namespace open then; in the intermediate its pid as seen from here, and stage->pidfd. */
int stage_clone(struct stage *stage, struct berth_error *err) must_use;

/* Reads `size` bytes of the stream before the deadline: -ETIMEDOUT, or -ENODATA at the end of file. */
int stage_read_exactly(
	struct stage *stage, uint64_t deadline_ns, void *buffer, size_t size) must_use;

/* setgroups, uid_map and gid_map of the child, through the descriptor of /proc (maps.c). */
int stage_write_maps(const struct stage *stage, int pid, struct berth_error *err) must_use;

/* Steps of the container's process (hooks.c). "createhooks": asks the parent for its hooks, waits for them,
 * and runs createContainer. "starthooks": startContainer. */
int stage_create_hooks(struct stage *stage, struct berth_error *err) must_use;
int stage_start_hooks(struct stage *stage, struct berth_error *err) must_use;

/* Whether the filter has a listener; and the step that loads such a one: "filter" without no_new_privs, else
 * "listener". When it is done, the listener is where it belongs (listener.c). */
bool stage_has_listener(const struct stage *stage);
int stage_listen(struct stage *stage, struct berth_error *err) must_use;

/* "home" (environment.c): HOME and LISTEN_PID in the program's environment, where BOOT says so. */
int stage_home(struct stage *stage, struct berth_error *err) must_use;

/* What the security modules are to make of the program (labels.c). "label": its AppArmor profile, its SELinux
 * label, from the next execve on. The first one is for keys that are made from now on. */
int stage_label_keys(struct stage *stage, struct berth_error *err) must_use;
int stage_label(struct stage *stage, struct berth_error *err) must_use;

/* The child in a user namespace that was made or joined becomes 0:0 where 0 is mapped, and is hidden
 * from strangers in the namespaces that it joined. */
int stage_settle(struct stage *stage, struct berth_error *err) must_use;

/* setsid(2); in the first process of a session already it is no error. */
int stage_new_session(struct berth_error *err) must_use;

/* The descriptor becomes the controlling terminal and 0, 1 and 2. */
int stage_take_console(int fd, struct berth_error *err) must_use;

/* The environment of `envp` without the private variables of berth-init, in place. */
void stage_clean_env(char **envp);

/* The value of a variable in an environment, or NULL. */
const char *stage_env_get(char *const *envp, const char *name);

/* Finds `name` in `path` (NULL: /bin and /usr/bin), and executes it. The second one returns only on
 * failure. Both fail in the words that callers of runtimes match, with the pointer of the field. */
int stage_find_program(const char *name, const char *path, char *buffer, size_t size,
	struct berth_error *err) must_use;
int stage_execute(
	const char *file, char *const argv[], char *const envp[], struct berth_error *err) must_use;

/* Executes stage->argv with stage->envp exactly as execvp(3) does: the kernel says what can be executed,
 * and a file in no known format goes to /bin/sh (search.c). Returns only on failure. */
int stage_search(struct stage *stage, struct berth_error *err) must_use;

/* Raw mode: one InitMsg, then argv[0] with its arguments. Returns in the intermediate alone. */
int stage_run_raw(struct stage *stage, char **argv, char **envp, struct berth_error *err) must_use;

/* Every descriptor but stdio becomes close-on-exec: what a caller left open is not the image's. */
int stage_mark_leaked(struct berth_error *err) must_use;

/* Container mode: InitMsg, then the messages of wire/frame.h. As above; stage->is_told says whether the
 * error has been sent to the parent. */
int stage_run_container(struct stage *stage, struct berth_error *err) must_use;

#endif
