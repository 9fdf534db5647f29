/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H
/*
 * cli: the command line.
 *
 * In: argv. Out: calls of the public API, text on stdout, one line on stderr. Forbidden here: the rooms
 * of the library; whatever the command line can do, a program can do with <berth/...> alone.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <berth/container.h>

enum { CLI_EXIT_FAILURE = 1 };

/* An owning local gives back what it owns at the end of its scope, as in the rooms. */
static inline void cli_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cli_close(const int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

#define autoptr __attribute__((cleanup(cli_free)))
#define autofd  __attribute__((cleanup(cli_close)))

/* How much is said: an error always, the others where --log-level asks for them. */
enum cli_level {
	CLI_LEVEL_ERROR,
	CLI_LEVEL_WARNING,
	CLI_LEVEL_DEBUG,
};

/* The global flags, before the verb. */
struct cli_globals {
	struct berth_context
		context;        /* --root, or the default; the log where lines are asked for */
	const char *log;        /* --log: what gets the error as well; NULL: none */
	const char *log_format; /* --log-format: "text" or "json" */
	enum cli_level level;   /* --log-level, --debug */
	enum berth_cgroups cgroups;
	enum berth_rootless rootless;
};

/* The values of an option that may be given more than once. */
enum { CLI_LIST_MAX = 4096 };
struct cli_list {
	const char *items[CLI_LIST_MAX];
	size_t count;
};

/* An option of a verb: `--name`, `-name`, `--name VALUE`, `--name=VALUE`, `-n`; flags of one letter also behind
 * one dash, `-ab`. Two rows of one name are two letters of one option. */
struct cli_option {
	const char *name;
	char letter;        /* 0: none */
	const char **value; /* where the value goes; NULL for a flag */
	bool *flag;         /* set to true for a flag */
	const char *help;
	struct cli_list *list; /* where each value goes, in the place of `value` */
};

/* A verb, a row of the table in main.c. argv[0] is the verb; returns the exit status. */
struct cli_verb {
	const char *name;
	const char *arguments; /* as the help shows them */
	const char *help;
	int (*run)(const struct cli_globals *globals, int argc, char **argv);
};

/* Takes the options out of the words, wherever they stand before "--", and leaves the arguments behind them at the end
 * of argv. Returns how many words were taken, argv[0] included; or -1 after a complaint. "--help", "-h" and "-?" print
 * the verb's help, "--usage" its first line alone; then it is 0. */
int cli_parse(const struct cli_globals *globals, const struct cli_option *options, size_t count,
	int argc, char **argv);

/* The same up to the first word that is no option: what is behind it may have options of its own. */
int cli_parse_front(const struct cli_globals *globals, const struct cli_option *options,
	size_t count, int argc, char **argv);

/* "usage: berth VERB ARGUMENTS"; and what it does. Of the program where no verb has that name. */
void cli_print_usage(const char *name);
void cli_print_verb(const char *name);

/* Complains with one line on stderr ("berth: ...") and, where there is a log, in the log. Returns the
 * exit status. `globals` may be NULL. */
int cli_fail(const struct cli_globals *globals, const struct berth_error *err);
int cli_fail_text(const struct cli_globals *globals, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same of a system call: what was tried, and why not. */
int cli_fail_errno(const struct cli_globals *globals, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends a line without control characters to the log, where there is one: text, or one JSON object
 * (log.c). */
void cli_log(const struct cli_globals *globals, enum cli_level level, const char *message);

/* A line of the library's: `argument` is the globals. It goes to the log, or without one to stderr, where
 * --log-level asks for its level. */
void cli_say(void *argument, enum berth_log_level level, const char *line);

/* The same for a line of the command line's own. */
void cli_debug(const struct cli_globals *globals, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether --log names something that lines can go to; a file is made where it is missing. 0, or the exit status after
 * a complaint. */
int cli_log_check(const struct cli_globals *globals);

/* The number of a level's name, or -1. */
int cli_level_find(const char *name);

/* What a verb does to one container: 0, or a negative errno with the error filled. */
struct cli_action {
	int (*run)(const struct cli_globals *globals, const char *id,
		const struct cli_action *action, struct berth_error *err);
	int signal;
	bool is_all;
	bool is_forced;
};

/* On each container whose id matches the extended regular expression; what fails does not keep it from the
 * others. The exit status; that none matches is no failure. */
int cli_act_on_pattern(
	const struct cli_globals *globals, const char *pattern, const struct cli_action *action);

/* A decimal number below 2^32: false where the text is none. */
bool cli_number(const char *text, uint32_t *ret_number);

/* LISTEN_FDS and LISTEN_FDNAMES where they are meant for this process; else nothing is written. 0, or the exit
 * status after a complaint. */
int cli_listen(const struct cli_globals *globals, uint32_t *ret_count, const char **ret_names);

/* The exit status of a command line for a wait status: the program's own, or 128 and the signal. */
int cli_exit_status(int wait_status);

/* What a flag gave has no place in a file: the error names the flag that stands for the field, or for one around it.
 * Fields that no row has keep their pointer. */
struct cli_field {
	const char *pointer;
	const char *flag; /* with its dashes */
};
void cli_name_flag(struct berth_error *err, const struct cli_field *fields, size_t count);

/* The complaint where a verb did not get the arguments that it needs. */
int cli_need_arguments(const struct cli_globals *globals, const char *verb, int count);

/* Writes all of it to stdout and flushes: 0, or the exit status after a complaint. */
int cli_write(const struct cli_globals *globals, const void *bytes, size_t length);

int cmd_bootstrap(const struct cli_globals *globals, int argc, char **argv);
int cmd_checkpoint(const struct cli_globals *globals, int argc, char **argv);
int cmd_create(const struct cli_globals *globals, int argc, char **argv);
int cmd_delete(const struct cli_globals *globals, int argc, char **argv);
int cmd_events(const struct cli_globals *globals, int argc, char **argv);
int cmd_exec(const struct cli_globals *globals, int argc, char **argv);
int cmd_explain(const struct cli_globals *globals, int argc, char **argv);
int cmd_features(const struct cli_globals *globals, int argc, char **argv);
int cmd_install(const struct cli_globals *globals, int argc, char **argv);
int cmd_kill(const struct cli_globals *globals, int argc, char **argv);
int cmd_list(const struct cli_globals *globals, int argc, char **argv);
int cmd_mounts(const struct cli_globals *globals, int argc, char **argv);
int cmd_pause(const struct cli_globals *globals, int argc, char **argv);
int cmd_ps(const struct cli_globals *globals, int argc, char **argv);
int cmd_restore(const struct cli_globals *globals, int argc, char **argv);
int cmd_resume(const struct cli_globals *globals, int argc, char **argv);
int cmd_run(const struct cli_globals *globals, int argc, char **argv);
int cmd_spec(const struct cli_globals *globals, int argc, char **argv);
int cmd_start(const struct cli_globals *globals, int argc, char **argv);
int cmd_state(const struct cli_globals *globals, int argc, char **argv);
int cmd_update(const struct cli_globals *globals, int argc, char **argv);

#endif
