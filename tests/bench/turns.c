/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns ROUNDS FILE: runs the commands of FILE in turn, ROUNDS times after one round that does not count, and
 * prints of each what it took. Timing by a shell or an interpreter would add more than some of the
 * commands last. Each round has an order of its own (the same in every run of this program): the kernel
 * takes namespaces and cgroups down after their last process, at the cost of whoever comes next, and that
 * must not always be the same one.
 *
 * FILE, lines of words with tabs between them:
 *   command NAME         begins a command
 *   run PROGRAM WORD...  its next step: a process, waited for
 *   reap                 its next step: wait for what the steps have left behind
 *
 * What is left by a step that has ended (the container of a `create`) becomes a child of this program, as it
 * would of an engine's monitor. Output, lines of words with tabs between them:
 *   sample INDEX ROUND WALL_NS CPU_US PEAK_KB   (PEAK_KB: resident, of the first step)
 *   failed INDEX ROUND TEXT                     (TEXT: what it wrote to stderr)
 * A command that fails in the round that does not count is not run again. One that takes longer than
 * LIMIT_S ends this program by SIGALRM.
 *
 * Linked statically: what a process has resident before execve counts as its peak (getrusage(2)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 32
#define STEPS_MAX    8
#define WORDS_MAX    64
#define LIMIT_S      60

struct step {
	char *words[WORDS_MAX]; /* none: reap */
};

struct command {
	struct step steps[STEPS_MAX];
	size_t count;
	int errors_fd;
	bool is_given_up;
};

struct sample {
	int64_t wall_ns;
	int64_t cpu_us;
	long peak_kb;
};

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

static _Noreturn void refuse(const char *what)
{
	errno = EINVAL;
	fail(what);
}

static int64_t now_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t cpu_us(const struct rusage *usage)
{
	return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* Adds what has ended, and with `may_wait` waits until no child is left. */
static void reap(struct sample *sample, bool may_wait)
{
	struct rusage usage;

	while (wait4(-1, NULL, may_wait ? 0 : WNOHANG, &usage) > 0) {
		sample->cpu_us += cpu_us(&usage);
	}
}

/* Whether it exited with 0. */
static bool step_run(const struct step *step, int null_fd, int errors_fd, struct sample *sample)
{
	struct rusage usage;
	int status = -1;
	pid_t child = vfork();

	if (child == 0) {
		if (dup2(null_fd, 0) == 0 && dup2(null_fd, 1) == 1 && dup2(errors_fd, 2) == 2) {
			(void)execv(step->words[0], step->words);
		}
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		fail(step->words[0]);
	}
	sample->cpu_us += cpu_us(&usage);
	if (sample->peak_kb == 0) {
		sample->peak_kb = usage.ru_maxrss;
	}
	return status == 0;
}

static bool command_run(const struct command *command, int null_fd, struct sample *sample)
{
	int64_t began = now_ns();
	bool is_good = true;

	for (size_t i = 0; is_good && i < command->count; i++) {
		const struct step *step = &command->steps[i];

		if (step->words[0]) {
			is_good = step_run(step, null_fd, command->errors_fd, sample);
		} else {
			reap(sample, true);
		}
	}
	sample->wall_ns = now_ns() - began;
	reap(sample, false);
	return is_good;
}

static void print_failure(const struct command *command, size_t index, int round)
{
	char text[512];
	ssize_t length = pread(command->errors_fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	for (char *at = text; *at; at++) {
		*at = *at == '\n' || *at == '\t' ? ' ' : *at;
	}
	printf("failed\t%zu\t%d\t%s\n", index, round, text);
}

static void turn(struct command *command, size_t index, int round, int null_fd)
{
	struct sample sample = {0};
	bool is_good;

	if (command->is_given_up) {
		return;
	}
	if (ftruncate(command->errors_fd, 0) != 0 || lseek(command->errors_fd, 0, SEEK_SET) != 0) {
		fail("ftruncate");
	}
	(void)alarm(LIMIT_S);
	is_good = command_run(command, null_fd, &sample);
	(void)alarm(0);
	if (!is_good) {
		print_failure(command, index, round);
		command->is_given_up = round == 0;
	} else if (round > 0) {
		printf("sample\t%zu\t%d\t%lld\t%lld\t%ld\n", index, round,
			(long long)sample.wall_ns, (long long)sample.cpu_us, sample.peak_kb);
	}
}

/* By swaps, from numbers of a generator that always starts with the same. */
static void order_shuffle(size_t *order, size_t count, uint32_t *seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t other;
		size_t kept = order[i - 1];

		*seed = *seed * 1664525 + 1013904223;
		other = (*seed >> 16) % i;
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static void command_begin(struct command *command)
{
	command->errors_fd = memfd_create("errors", MFD_CLOEXEC);
	if (command->errors_fd < 0) {
		fail("memfd_create");
	}
}

/* The words stay in the line. */
static void step_add(struct command *command, char *line)
{
	struct step *step = &command->steps[command->count];
	size_t count = 0;
	char *rest = NULL;

	if (command->count == STEPS_MAX) {
		refuse("too many steps");
	}
	command->count++;
	for (char *word = strtok_r(line, "\t\n", &rest); word;
		word = strtok_r(NULL, "\t\n", &rest)) {
		if (count + 1 >= WORDS_MAX) {
			refuse("too many words");
		}
		step->words[count++] = word;
	}
}

/* How many commands; their texts are kept until the program ends. */
static size_t commands_read(struct command commands[COMMANDS_MAX], const char *path)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;
	size_t size = 0;
	char *line = NULL;

	if (!file) {
		fail(path);
	}
	while (getline(&line, &size, file) > 0) {
		if (strncmp(line, "command\t", 8) == 0 && count < COMMANDS_MAX) {
			command_begin(&commands[count++]);
		} else if (strncmp(line, "run\t", 4) == 0 && count > 0) {
			step_add(&commands[count - 1], line + 4);
		} else if (strcmp(line, "reap\n") == 0 && count > 0) {
			step_add(&commands[count - 1], line + 4);
		} else {
			refuse(path);
		}
		line = NULL;
		size = 0;
	}
	(void)fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t order[COMMANDS_MAX];
	uint32_t seed = 1;
	size_t count;
	int rounds;

	if (argc != 3 || null_fd < 0) {
		(void)fprintf(stderr, "usage: turns ROUNDS FILE\n");
		return 2;
	}
	rounds = atoi(argv[1]);
	count = commands_read(commands, argv[2]);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
		fail("PR_SET_CHILD_SUBREAPER");
	}
	for (size_t i = 0; i < count; i++) {
		order[i] = i;
	}
	for (int round = 0; round <= rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			turn(&commands[order[i]], order[i], round, null_fd);
		}
		order_shuffle(order, count, &seed);
	}
	return 0;
}
