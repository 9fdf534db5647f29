/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of CPUs and of memory nodes, "0-3,7", as the masks that the kernel's calls take. */
#include <stdbool.h>
#include <string.h>

#include "plan/work.h"

enum {
	LIST_END = 65536, /* far beyond the CPUs that Linux can be built for */
	WORD_BITS = 8 * sizeof(unsigned long),
};

/* A number below LIST_END; NULL where there is none. */
static const char *read_number(const char *at, unsigned int *ret_number)
{
	unsigned int number = 0;
	size_t length = strspn(at, "0123456789");

	for (size_t i = 0; i < length && number < LIST_END; i++) {
		number = number * 10 + (unsigned int)(at[i] - '0');
	}
	*ret_number = number;
	return length > 0 && number < LIST_END ? at + length : NULL;
}

/* One number or range, into the mask; gives what stands behind it, or NULL. */
static const char *read_range(const char *at, unsigned long *mask)
{
	unsigned int first = 0;
	unsigned int last;

	at = read_number(at, &first);
	last = first;
	if (at && *at == '-') {
		at = read_number(at + 1, &last);
	}
	if (!at || last < first || !strchr(", ", *at)) {
		return NULL;
	}
	for (unsigned int i = first; i <= last; i++) {
		mask[i / WORD_BITS] |= 1UL << i % WORD_BITS;
	}
	return at;
}

int plan_list_read(struct plan_work *work, const char *text, const char *pointer,
	struct wire_bytes *ret_mask, struct berth_error *err)
{
	unsigned long *mask;
	size_t count = LIST_END / WORD_BITS;
	/* The pattern of the specification has spaces, and commas one after the other. */
	const char *at = text ? text + strspn(text, ", ") : "";

	if (*at == '\0') {
		return 0;
	}
	mask = arena_alloc(work->arena, count, sizeof(*mask));
	if (!mask) {
		return plan_no_memory(err);
	}
	while (at && *at) {
		at = read_range(at, mask);
		at = at ? at + strspn(at, ", ") : NULL;
	}
	if (!at) {
		return error_field(err, BERTH_ERROR_CONFIG, pointer,
			"is no list of numbers below %d, such as \"0-3,7\": \"%.64s\"", LIST_END,
			text);
	}
	while (mask[count - 1] == 0) {
		count--;
	}
	*ret_mask = (struct wire_bytes){mask, count * sizeof(*mask)};
	return 0;
}
