/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --regex: one verb on every container whose id matches.
 *
 * It is here and not in the library: a program has the ids from berth_list() and better means than a
 * pattern to choose among them, and wants the error of each.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* What came of all of them. The log gets one line, as after any failure; stderr one for each. */
struct outcome {
	size_t matched;
	size_t failed;
	char first[1400];
};

static void add_failure(struct outcome *outcome, const char *id, const struct berth_error *err)
{
	char text[1100];
	char line[1400];

	(void)berth_error_text(err, text, sizeof(text));
	(void)snprintf(line, sizeof(line), "%s: %s", id, text);
	(void)fprintf(stderr, "berth: %s\n", line);
	if (outcome->failed++ == 0) {
		memcpy(outcome->first, line, sizeof(line));
	}
}

static void act_on(const struct cli_globals *globals, const char *id,
	const struct cli_action *action, struct outcome *outcome)
{
	struct berth_error err = {0};

	if (action->run(globals, id, action, &err) == 0) {
		outcome->matched++;
	} else if (err.error_class != BERTH_ERROR_NOT_FOUND) {
		outcome->matched++;
		add_failure(outcome, id, &err);
	}
	/* One that is gone since the list was made is none that matches. */
}

static int compile(const struct cli_globals *globals, const char *pattern, regex_t *ret_regex)
{
	char reason[128];
	int r;

	/* POSIX does not say what it matches; to most it is all, which nobody asks for by nothing. */
	if (pattern[0] == '\0') {
		return cli_fail_text(globals, "--regex: the pattern is empty (\".\" matches all)");
	}
	r = regcomp(ret_regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (r == 0) {
		return 0;
	}
	(void)regerror(r, ret_regex, reason, sizeof(reason));
	return cli_fail_text(globals, "--regex: the pattern \"%s\": %s", pattern, reason);
}

/* `ids` has one a line; it is cut up. */
static void act_on_matches(const struct cli_globals *globals, const regex_t *regex, char *ids,
	const struct cli_action *action, struct outcome *outcome)
{
	char *rest = NULL;

	for (char *id = strtok_r(ids, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
		if (regexec(regex, id, 0, NULL, 0) == 0) {
			act_on(globals, id, action, outcome);
		}
	}
}

int cli_act_on_pattern(
	const struct cli_globals *globals, const char *pattern, const struct cli_action *action)
{
	struct berth_error err = {0};
	struct outcome outcome = {0};
	autoptr char *ids = NULL;
	regex_t regex;
	int status = compile(globals, pattern, &regex);
	char line[1600];

	if (status != 0) {
		return status;
	}
	if (berth_list(&globals->context, BERTH_LIST_IDS, &ids, &err) < 0) {
		regfree(&regex);
		return cli_fail(globals, &err);
	}
	act_on_matches(globals, &regex, ids, action, &outcome);
	regfree(&regex);
	if (outcome.failed == 0) {
		return 0;
	}
	(void)snprintf(line, sizeof(line), "%zu of %zu containers failed; %s", outcome.failed,
		outcome.matched, outcome.first);
	cli_log(globals, CLI_LEVEL_ERROR, line);
	return CLI_EXIT_FAILURE;
}
