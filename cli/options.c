/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli.h"

static const struct cli_option *find_letter(
	const struct cli_option *options, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++) {
		if (options[i].letter == letter && letter != '\0') {
			return &options[i];
		}
	}
	return NULL;
}

static const struct cli_option *find_option(
	const struct cli_option *options, size_t count, const char *word, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(options[i].name) == length &&
			strncmp(options[i].name, word, length) == 0) {
			return &options[i];
		}
	}
	return length == 1 ? find_letter(options, count, word[0]) : NULL;
}

/* Letters behind one dash, as getopt(3) has them: flags, of which the last may be an option with a value in the
 * next word. A value in the same word would make an option of any misspelt long one. */
static const struct cli_option *find_bundle(
	const struct cli_option *options, size_t count, const char *word, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++) {
		const struct cli_option *option = find_letter(options, count, word[i]);

		if (!option || !option->flag) {
			return NULL;
		}
	}
	return length > 1 ? find_letter(options, count, word[length - 1]) : NULL;
}

static void set_bundle(
	const struct cli_option *options, size_t count, const char *word, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++) {
		*find_letter(options, count, word[i])->flag = true;
	}
}

static void print_options(const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char letter[8] = "    ";

		if (!options[i].help) {
			continue;
		}
		if (options[i].letter) {
			(void)snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
		}
		printf("  %s--%s%s\n        %s\n", letter, options[i].name,
			options[i].flag ? "" : " VALUE", options[i].help);
	}
}

/* Whether the word asks for help, and is answered. */
static bool take_help(
	const struct cli_option *options, size_t count, const char *verb, const char *word)
{
	bool is_usage = strcmp(word, "usage") == 0;

	if (!is_usage && strcmp(word, "help") != 0 && strcmp(word, "h") != 0 &&
		strcmp(word, "?") != 0) {
		return false;
	}
	if (is_usage) {
		cli_print_usage(verb);
		return true;
	}
	cli_print_verb(verb);
	print_options(options, count);
	return true;
}

static int take_value(
	const struct cli_globals *globals, const struct cli_option *option, const char *value)
{
	if (!option->list) {
		*option->value = value;
		return 0;
	}
	if (option->list->count == CLI_LIST_MAX) {
		return cli_fail_text(
			globals, "--%s is there more than %d times", option->name, CLI_LIST_MAX);
	}
	option->list->items[option->list->count++] = value;
	return 0;
}

/* One option at argv[at]: how many words it takes, or -1 after a complaint. */
static int take_option(const struct cli_globals *globals, const struct cli_option *option, int argc,
	char **argv, int at)
{
	const char *equals = strchr(argv[at], '=');

	if (option->flag) {
		if (equals && strcmp(equals + 1, "true") != 0 && strcmp(equals + 1, "false") != 0) {
			(void)cli_fail_text(globals, "--%s is true or false, not \"%s\"",
				option->name, equals + 1);
			return -1;
		}
		*option->flag = !equals || strcmp(equals + 1, "true") == 0;
		return 1;
	}
	if (equals) {
		return take_value(globals, option, equals + 1) == 0 ? 1 : -1;
	}
	if (at + 1 >= argc) {
		(void)cli_fail_text(globals, "flag needs an argument: --%s", option->name);
		return -1;
	}
	return take_value(globals, option, argv[at + 1]) == 0 ? 2 : -1;
}

/* The option that a word without its dashes names, with those that are bundled before it set; or NULL. */
static const struct cli_option *take_word(
	const struct cli_option *options, size_t count, const char *word, bool is_long)
{
	size_t length = strcspn(word, "=");
	const struct cli_option *option = find_option(options, count, word, length);

	if (!option && !is_long) {
		option = find_bundle(options, count, word, length);
		if (option) {
			set_bundle(options, count, word, length);
		}
	}
	return option;
}

int cli_parse(const struct cli_globals *globals, const struct cli_option *options, size_t count,
	int argc, char **argv)
{
	int at = 1;

	while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
		bool is_long = argv[at][1] == '-';
		const char *word = argv[at] + (is_long ? 2 : 1);
		const struct cli_option *option;
		int taken;

		if (*word == '\0') {
			return at + 1;
		}
		if (take_help(options, count, argv[0], word)) {
			return 0;
		}
		option = take_word(options, count, word, is_long);
		if (!option) {
			(void)cli_fail_text(globals, "%s: unknown option %s", argv[0], argv[at]);
			return -1;
		}
		taken = take_option(globals, option, argc, argv, at);
		if (taken < 0) {
			return -1;
		}
		at += taken;
	}
	return at;
}

/* One line, whatever it has in it. */
static void make_line(char *line)
{
	for (; *line; line++) {
		if ((unsigned char)*line < 0x20 || *line == 0x7f) {
			*line = '?';
		}
	}
}

int cli_fail(const struct cli_globals *globals, const struct berth_error *err)
{
	char line[1400];

	(void)berth_error_text(err, line, sizeof(line));
	(void)fprintf(stderr, "berth: %s\n", line);
	if (globals) {
		cli_log(globals, CLI_LEVEL_ERROR, line);
	}
	return berth_error_exit_status(err);
}

int cli_fail_text(const struct cli_globals *globals, const char *format, ...)
{
	char line[1400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	make_line(line);
	(void)fprintf(stderr, "berth: %s\n", line);
	if (globals) {
		cli_log(globals, CLI_LEVEL_ERROR, line);
	}
	return CLI_EXIT_FAILURE;
}

void cli_debug(const struct cli_globals *globals, const char *format, ...)
{
	char line[1400];
	va_list args;

	if (!globals->context.log) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	make_line(line);
	globals->context.log(globals->context.log_argument, BERTH_LOG_DEBUG, line);
}

bool cli_number(const char *text, uint32_t *ret_number)
{
	uint64_t number = 0;

	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9' || number > UINT32_MAX) {
			return false;
		}
		number = number * 10 + (uint64_t)(*at - '0');
	}
	if (*text == '\0' || number > UINT32_MAX) {
		return false;
	}
	*ret_number = (uint32_t)number;
	return true;
}

int cli_exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int cli_need_arguments(const struct cli_globals *globals, const char *verb, int count)
{
	return cli_fail_text(globals, "\"%s\" requires exactly %d argument(s)", verb, count);
}

int cli_write(const struct cli_globals *globals, const void *bytes, size_t length)
{
	if (fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0) {
		return cli_fail_text(globals, "write to stdout: %s", strerror(errno));
	}
	return 0;
}
