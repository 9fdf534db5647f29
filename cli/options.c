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
	/* An empty text is a variable that somebody forgot to set: to take it for nothing would be to ignore it. */
	if (value[0] == '\0') {
		return cli_fail_text(globals, "--%s is empty", option->name);
	}
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

/* The options of one command line. */
struct parser {
	const struct cli_globals *globals;
	const struct cli_option *options;
	size_t count;
	int argc;
	char **argv;
};

/* The option at argv[at]: how many words it takes; 0 after the help; or -1 after a complaint. */
static int parse_word(const struct parser *parser, int at)
{
	const char *text = parser->argv[at];
	bool is_long = text[1] == '-';
	const char *word = text + (is_long ? 2 : 1);
	const char *verb = parser->argv[0];
	const struct cli_option *option;

	if (take_help(parser->options, parser->count, verb, word)) {
		return cli_write(parser->globals, "", 0) == 0 ? 0 : -1;
	}
	option = take_word(parser->options, parser->count, word, is_long);
	if (!option) {
		bool is_global = strcmp(verb, "berth") == 0;

		(void)cli_fail_text(parser->globals, "%s%sunknown option %s", is_global ? "" : verb,
			is_global ? "" : ": ", text);
		return -1;
	}
	return take_option(parser->globals, option, parser->argc, parser->argv, at);
}

/* The words behind the arguments go before them. */
static void move_before(char **arguments, int argument_count, int word_count)
{
	for (int i = 0; i < word_count; i++) {
		char *word = arguments[argument_count + i];

		memmove(arguments + i + 1, arguments + i,
			(size_t)argument_count * sizeof(*arguments));
		arguments[i] = word;
	}
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int parse(const struct parser *parser, bool is_front)
{
	int taken = 1;
	int arguments = 0; /* those that have been passed, behind what is taken */
	bool is_end = false;

	while (!is_end && taken + arguments < parser->argc) {
		int at = taken + arguments;
		int words = 1;

		if (!is_option(parser->argv[at])) {
			is_end = is_front;
			arguments++;
			continue;
		}
		is_end = strcmp(parser->argv[at], "--") == 0;
		if (!is_end) {
			words = parse_word(parser, at);
		}
		if (words <= 0) {
			return words;
		}
		move_before(parser->argv + taken, arguments, words);
		taken += words;
	}
	return taken;
}

int cli_parse(const struct cli_globals *globals, const struct cli_option *options, size_t count,
	int argc, char **argv)
{
	const struct parser parser = {globals, options, count, argc, argv};

	return parse(&parser, false);
}

int cli_parse_front(const struct cli_globals *globals, const struct cli_option *options,
	size_t count, int argc, char **argv)
{
	const struct parser parser = {globals, options, count, argc, argv};

	return parse(&parser, true);
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

int cli_fail_errno(const struct cli_globals *globals, int errnum, const char *format, ...)
{
	struct berth_error err = {.error_class = BERTH_ERROR_SYSTEM, .errnum = errnum};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(err.message, sizeof(err.message), format, args);
	va_end(args);
	return cli_fail(globals, &err);
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

void cli_name_flag(struct berth_error *err, const struct cli_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(fields[i].pointer);

		if (fields[i].flag && strncmp(err->pointer, fields[i].pointer, length) == 0 &&
			(err->pointer[length] == '\0' || err->pointer[length] == '/')) {
			(void)snprintf(err->pointer, sizeof(err->pointer), "%s", fields[i].flag);
			err->line = 0;
			err->column = 0;
			return;
		}
	}
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
	errno = 0;
	if (fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0 || ferror(stdout)) {
		return cli_fail_errno(globals, errno ? errno : EIO, "write to stdout");
	}
	return 0;
}
