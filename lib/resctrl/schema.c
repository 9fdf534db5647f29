/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a schemata file: "RESOURCE:DOMAIN=VALUE;DOMAIN=VALUE". The kernel writes them with spaces in front and
 * zeros before the masks, so they are compared as numbers: bandwidths are decimal, masks hexadecimal.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "resctrl/resctrl.h"

struct domain {
	unsigned long long id, value;
};

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Takes one off the list. */
static bool take_domain(const char **at, int base, struct domain *ret_domain)
{
	const char *text = *at + strspn(*at, " ");
	char *end;

	if (!is_digit(*text)) {
		return false;
	}
	ret_domain->id = strtoull(text, &end, 10);
	if (*end != '=') {
		return false;
	}
	text = end + 1 + strspn(end + 1, " ");
	if (!is_digit(*text)) {
		return false;
	}
	ret_domain->value = strtoull(text, &end, base);
	end += strspn(end, " ");
	if (*end == ';') {
		end++;
	} else if (*end != '\0' && *end != '\n') {
		return false;
	}
	*at = end;
	return true;
}

/* The domains of a resource in a whole file, or NULL. */
static const char *find_resource(const char *schemata, const char *name, size_t length)
{
	while (*schemata) {
		const char *line = schemata + strspn(schemata, " ");
		size_t end = strcspn(line, "\n");

		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			return line + length + 1;
		}
		schemata = line + end + (line[end] == '\n');
	}
	return NULL;
}

static bool has_domain(const char *list, int base, const struct domain *asked)
{
	struct domain there;

	while (take_domain(&list, base, &there)) {
		if (there.id == asked->id) {
			return there.value == asked->value;
		}
	}
	return false;
}

bool resctrl_schema_has(const char *schemata, const char *line)
{
	size_t length;
	const char *list;
	const char *at;
	struct domain asked;
	int base;

	line += strspn(line, " ");
	length = strcspn(line, ":");
	list = line[length] == ':' ? find_resource(schemata, line, length) : NULL;
	base = str_has_prefix(line, "MB:") ? 10 : 16;
	at = line + length + 1;
	if (!list || *at == '\0') {
		return false;
	}
	while (*at) {
		if (!take_domain(&at, base, &asked) || !has_domain(list, base, &asked)) {
			return false;
		}
	}
	return true;
}
