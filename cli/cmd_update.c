/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: other limits for a container. The flags are another way to write the object that --resources names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { RESOURCES_MAX = 16 * 1024 * 1024 };

enum flag_kind {
	FLAG_UNSIGNED, /* a number above 0 */
	FLAG_SIGNED,   /* a number that is not 0 */
	FLAG_ZERO,     /* a number that may be 0 */
	FLAG_SIZE,     /* bytes, as "64m"; -1: no limit */
	FLAG_TEXT,
	FLAG_SCHEMA, /* a line of a schemata file, "L3:0=7f0;1=1f" */
};

/* The flags that are a member of the object, in the order of the options: sections are together. What asks for nothing
 * is refused, not ignored. */
static const struct flag {
	const char *section, *key;
	int kind;
} flags[] = {
	{"blockIO", "weight", FLAG_UNSIGNED},
	{"cpu", "period", FLAG_UNSIGNED},
	{"cpu", "quota", FLAG_SIGNED},
	{"cpu", "burst", FLAG_ZERO},
	{"cpu", "shares", FLAG_UNSIGNED},
	{"cpu", "realtimePeriod", FLAG_UNSIGNED},
	{"cpu", "realtimeRuntime", FLAG_SIGNED},
	{"cpu", "cpus", FLAG_TEXT},
	{"cpu", "mems", FLAG_TEXT},
	{"cpu", "idle", FLAG_ZERO},
	{"memory", "limit", FLAG_SIZE},
	{"memory", "reservation", FLAG_SIZE},
	{"memory", "swap", FLAG_SIZE},
	{"memory", "kernel", FLAG_SIZE},
	{"memory", "kernelTCP", FLAG_SIZE},
	{"pids", "limit", FLAG_ZERO},
	{"intelRdt", "l3CacheSchema", FLAG_SCHEMA},
	{"intelRdt", "memBwSchema", FLAG_SCHEMA},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(flags[0]) };

struct update {
	const char *resources; /* --resources */
	const char *values[FLAG_COUNT];
	const char *names[FLAG_COUNT];
	const char *id;
};

/* Digits, and a sign where one may be there. */
static bool is_number(const char *text, bool is_signed)
{
	text += is_signed && *text == '-';
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* "1073741824", "64m", "1.5GiB": bytes, as the command lines of other runtimes have them. */
static bool take_size(const char *text, int64_t *ret_bytes)
{
	static const char units[] = "kmgtp";
	size_t digits = strspn(text, "0123456789");
	size_t fraction = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;
	const char *rest = text + digits + fraction;
	const char *unit;
	long double bytes;

	if (strcmp(text, "-1") == 0) {
		*ret_bytes = -1;
		return true;
	}
	if (digits == 0 || digits > 19 || fraction == 1) {
		return false;
	}
	bytes = strtold(text, NULL);
	rest += *rest == ' ';
	unit = *rest ? strchr(units, *rest | 0x20) : NULL;
	for (; unit && unit >= units; unit--) {
		bytes *= 1024;
	}
	rest += *rest && strchr(units, *rest | 0x20) != NULL;
	rest += (*rest | 0x20) == 'i';
	rest += (*rest | 0x20) == 'b';
	if (*rest || bytes >= 9223372036854775808.0L) {
		return false;
	}
	*ret_bytes = (int64_t)bytes;
	return true;
}

/* A text of characters that JSON has as they are. */
static int put_text(
	const struct cli_globals *globals, const struct update *update, size_t index, FILE *out)
{
	bool is_schema = flags[index].kind == FLAG_SCHEMA;
	const char *text = update->values[index];
	const char *allowed =
		is_schema ? "0123456789=:;_ ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  : "0123456789-,";

	if (text[0] == '\0' || text[strspn(text, allowed)] != '\0') {
		return cli_fail_text(globals, "--%s is \"%s\", not %s", update->names[index], text,
			is_schema ? "a line of a file schemata" : "a list of numbers and ranges");
	}
	(void)fprintf(out, "\"%s\"", text);
	return 0;
}

/* The value as JSON: 0, or the exit status after a complaint. */
static int put_value(
	const struct cli_globals *globals, const struct update *update, size_t index, FILE *out)
{
	const struct flag *flag = &flags[index];
	const char *name = update->names[index];
	const char *text = update->values[index];
	bool is_signed = flag->kind == FLAG_SIGNED || flag->kind == FLAG_ZERO;
	int64_t bytes = 0;
	bool is_zero = text[0] && text[strspn(text, "-0")] == '\0';

	if (flag->kind == FLAG_TEXT || flag->kind == FLAG_SCHEMA) {
		return put_text(globals, update, index, out);
	}
	if (flag->kind == FLAG_SIZE && !take_size(text, &bytes)) {
		return cli_fail_text(globals,
			"--%s is \"%s\", not a size like 67108864 or 64m, nor -1", name, text);
	}
	if (flag->kind == FLAG_SIZE) {
		is_zero = bytes == 0;
		(void)fprintf(out, "%lld", (long long)bytes);
	} else {
		if (!is_number(text, is_signed)) {
			return cli_fail_text(globals, "--%s is \"%s\", not a number", name, text);
		}
		/* JSON has no numbers with zeros in front. */
		if (text[0] == '-') {
			(void)fputc(*text++, out);
		}
		for (; text[0] == '0' && text[1]; text++) {
		}
		(void)fputs(text, out);
	}
	if (is_zero && flag->kind != FLAG_ZERO) {
		return cli_fail_text(globals, "--%s is 0, which changes nothing", name);
	}
	return 0;
}

/* The object that the flags mean. They have the zeros of the newest specification. */
static int write_object(const struct cli_globals *globals, const struct update *update, FILE *out)
{
	const char *section = "";

	(void)fputs("{\"ociVersion\": \"1.3.0\"", out);
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		const struct flag *flag = &flags[i];
		bool is_next;

		if (!update->values[i]) {
			continue;
		}
		is_next = strcmp(section, flag->section) == 0;
		if (is_next) {
			(void)fprintf(out, ", \"%s\": ", flag->key);
		} else {
			(void)fprintf(out, "%s, \"%s\": {\"%s\": ", section[0] ? "}" : "",
				flag->section, flag->key);
		}
		section = flag->section;
		if (put_value(globals, update, i, out) != 0) {
			return CLI_EXIT_FAILURE;
		}
	}
	(void)fputs(section[0] ? "}}" : "}", out);
	return 0;
}

/* The whole of a file, or of standard input for "-", as text from malloc. */
static int read_object(
	const struct cli_globals *globals, const char *path, char **ret_text, size_t *ret_length)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	struct berth_error err = {.error_class = BERTH_ERROR_SYSTEM};
	autoptr char *text = malloc(RESOURCES_MAX + 1);
	size_t length = 0;

	if (in && text) {
		length = fread(text, 1, RESOURCES_MAX + 1, in);
	}
	err.errnum = !text ? ENOMEM : !in || ferror(in) ? errno : 0;
	if (in && !is_stdin) {
		(void)fclose(in);
	}
	if (err.errnum != 0) {
		(void)snprintf(err.message, sizeof(err.message), "read %s",
			is_stdin ? "standard input" : path);
		return cli_fail(globals, &err);
	}
	if (length > RESOURCES_MAX) {
		return cli_fail_text(globals, "%s is larger than %d MiB",
			is_stdin ? "standard input" : path, RESOURCES_MAX / (1024 * 1024));
	}
	*ret_text = text;
	*ret_length = length;
	text = NULL;
	return 0;
}

/* What to send: 0, or the exit status after a complaint. */
static int make_object(const struct cli_globals *globals, const struct update *update,
	char **ret_text, size_t *ret_length)
{
	FILE *out;
	int status;

	for (size_t i = 0; update->resources && i < FLAG_COUNT; i++) {
		if (update->values[i]) {
			return cli_fail_text(globals,
				"--%s and --resources cannot be there together", update->names[i]);
		}
	}
	if (update->resources) {
		return read_object(globals, update->resources, ret_text, ret_length);
	}
	out = open_memstream(ret_text, ret_length);
	if (!out) {
		return cli_fail_text(globals, "out of memory");
	}
	status = write_object(globals, update, out);
	if (fclose(out) != 0 && status == 0) {
		status = cli_fail_text(globals, "out of memory");
	}
	return status;
}

/* How many words were taken, or 0 after the help, or -1. */
static int take_words(const struct cli_globals *globals, struct update *update,
	const struct cli_option *options, int argc, char **argv)
{
	int taken = cli_parse(globals, options, FLAG_COUNT + 1, argc, argv);

	if (taken > 0 && argc - taken != 1) {
		(void)cli_need_arguments(globals, argv[0], 1);
		return -1;
	}
	if (taken > 0) {
		update->id = argv[taken];
	}
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		update->names[i] = options[i + 1].name;
	}
	return taken;
}

static int update_parse(
	const struct cli_globals *globals, struct update *update, int argc, char **argv)
{
	const char **values = update->values;
	const struct cli_option options[] = {
		{"resources", 'r', &update->resources, NULL,
			"a file with an object like \"linux.resources\"; \"-\": standard input"},
		{"blkio-weight", 0, &values[0], NULL, "weight of block IO, 10 to 1000"},
		{"cpu-period", 0, &values[1], NULL, "length of a period, in microseconds"},
		{"cpu-quota", 0, &values[2], NULL,
			"CPU time in a period, in microseconds; -1: no limit"},
		{"cpu-burst", 0, &values[3], NULL,
			"CPU time that may be saved for later periods, in microseconds"},
		{"cpu-share", 0, &values[4], NULL, "weight against other cgroups, 2 to 262144"},
		{"cpu-rt-period", 0, &values[5], NULL,
			"length of a period of realtime processes, in microseconds; version 1"},
		{"cpu-rt-runtime", 0, &values[6], NULL,
			"their CPU time in a period, in microseconds; version 1"},
		{"cpuset-cpus", 0, &values[7], NULL, "the CPUs to run on: \"0-2,4\""},
		{"cpuset-mems", 0, &values[8], NULL, "the memory nodes to use"},
		{"cpu-idle", 0, &values[9], NULL, "1: runs when nothing else does; 0: as others"},
		{"memory", 0, &values[10], NULL, "limit of memory, as \"64m\"; -1: none"},
		{"memory-reservation", 0, &values[11], NULL,
			"memory that it keeps when there is little"},
		{"memory-swap", 0, &values[12], NULL,
			"limit of memory and swap together; -1: none"},
		{"kernel-memory", 0, &values[13], NULL, "limit of the kernel's memory; version 1"},
		{"kernel-memory-tcp", 0, &values[14], NULL,
			"limit of the memory of TCP; version 1"},
		{"pids-limit", 0, &values[15], NULL, "limit of processes and threads; -1: none"},
		{"l3-cache-schema", 0, &values[16], NULL,
			"of Intel RDT: the cache's masks, \"L3:0=7f0;1=1f\""},
		{"mem-bw-schema", 0, &values[17], NULL,
			"of Intel RDT: memory bandwidths, \"MB:0=20;1=70\""},
	};

	_Static_assert(sizeof(options) / sizeof(options[0]) == FLAG_COUNT + 1, "a row for each");
	return take_words(globals, update, options, argc, argv);
}

/* Of all flags that were given: the other fields are in the way, and not at fault. */
static void name_flag(const struct update *update, struct berth_error *err)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		char pointer[64];
		char name[64];
		const struct cli_field field = {pointer, name};

		if (update->values[i] && flags[i].section) {
			(void)snprintf(
				pointer, sizeof(pointer), "/%s/%s", flags[i].section, flags[i].key);
			(void)snprintf(name, sizeof(name), "--%s", update->names[i]);
			cli_name_flag(err, &field, 1);
		}
	}
	/* A place in a text that nobody has seen. */
	err->line = 0;
	err->column = 0;
}

int cmd_update(const struct cli_globals *globals, int argc, char **argv)
{
	struct update update = {0};
	struct berth_error err = {0};
	autoptr char *text = NULL;
	size_t length = 0;
	int taken = update_parse(globals, &update, argc, argv);
	int status;

	if (taken <= 0) {
		return taken < 0 ? CLI_EXIT_FAILURE : 0;
	}
	status = make_object(globals, &update, &text, &length);
	if (status != 0) {
		return status;
	}
	if (berth_update(&globals->context, update.id, text, length, &err) == 0) {
		return 0;
	}
	if (!update.resources) {
		name_flag(&update, &err);
	}
	return cli_fail(globals, &err);
}
