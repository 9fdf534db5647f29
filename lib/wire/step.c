/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/step.h"

#ifdef BERTH_FAILPOINTS
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/str.h"
#endif

static const struct step_row {
	int number;
	const char *name;
} step_table[] = {
#define STEP_ROW(number, side, name) {number, #name},
	WIRE_STEPS(STEP_ROW)
#undef STEP_ROW
};

const char *wire_step_name(int step)
{
	for (size_t i = 0; i < ARRAY_COUNT(step_table); i++) {
		if (step_table[i].number == step) {
			return step_table[i].name;
		}
	}
	return "?";
}

#ifndef BERTH_FAILPOINTS

int wire_step_enter(int step, struct berth_error *err)
{
	(void)step;
	(void)err;
	return 0;
}

#else

static int step_is_meant(int step, const char *wish, size_t length)
{
	const char *name = wire_step_name(step);
	char text[16];
	uint32_t number;

	if (strlen(name) == length && strncmp(name, wish, length) == 0) {
		return 1;
	}
	if (length >= sizeof(text)) {
		return 0;
	}
	memcpy(text, wish, length);
	text[length] = '\0';
	return str_to_u32(text, &number) == 0 && number == (uint32_t)step;
}

/*
 * The first process of a pid namespace is immune to what it sends itself, SIGSTOP and SIGKILL as well. It
 * waits for SIGCONT instead, and dies of a fault. Whoever has stopped is called "stopped" meanwhile.
 */
static void step_stop(void)
{
	sigset_t wanted;
	sigset_t old;

	(void)prctl(PR_SET_NAME, "stopped", 0, 0, 0);
	if (getpid() != 1) {
		(void)kill(getpid(), SIGSTOP);
		return;
	}
	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGCONT);
	(void)sigprocmask(SIG_BLOCK, &wanted, &old);
	(void)sigwaitinfo(&wanted, NULL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

noreturn_fn static void step_die(void)
{
	(void)kill(getpid(), SIGKILL);
	__builtin_trap();
}

int wire_step_enter(int step, struct berth_error *err)
{
	const char *wish = getenv("BERTH_FAIL");
	const char *colon = wish ? strchr(wish, ':') : NULL;

	if (!colon || !step_is_meant(step, wish, (size_t)(colon - wish))) {
		return 0;
	}
	if (str_is_equal(colon + 1, "stop")) {
		step_stop();
	} else if (str_is_equal(colon + 1, "die")) {
		step_die();
	} else if (str_is_equal(colon + 1, "fail")) {
		error_system(err, EIO, "failpoint");
		error_add_step(err, wire_step_name(step));
		return -EIO;
	}
	return 0;
}

#endif
