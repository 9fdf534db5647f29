/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/words.h"

#include <linux/personality.h>
#include <sys/resource.h>

#include "base/str.h"

/* getrlimit(2). */
const struct plan_word plan_rlimit_words[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{NULL, 0},
};

/* personality(2): those that config-linux.md has. */
const struct plan_word plan_personality_words[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};

const struct plan_word *plan_word_find(const struct plan_word *words, const char *name)
{
	for (; name && words->name; words++) {
		if (str_is_equal(words->name, name)) {
			return words;
		}
	}
	return NULL;
}

const char *plan_word_name(const struct plan_word *words, uint32_t number)
{
	while (words->name && words->number != number) {
		words++;
	}
	return words->name ? words->name : "?";
}

int plan_word_read(const struct plan_word *words, const char *name, const char *pointer,
	const char *what, uint32_t *ret_number, struct berth_error *err)
{
	const struct plan_word *word = plan_word_find(words, name);

	if (!word) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer, "is no %s: \"%.64s\"", what,
			name ? name : "");
	}
	*ret_number = word->number;
	return 0;
}
