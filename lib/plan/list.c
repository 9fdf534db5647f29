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

const char *plan_list_range(const char *at, unsigned int *ret_first, unsigned int *ret_last)
{
	at = read_number(at, ret_first);
	*ret_last = *ret_first;
	if (at && *at == '-') {
		at = read_number(at + 1, ret_last);
	}
	return at && *ret_last >= *ret_first && strchr(", ", *at) ? at + strspn(at, ", ") : NULL;
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
		unsigned int first;
		unsigned int last;

		at = plan_list_range(at, &first, &last);
		for (unsigned int i = first; at && i <= last; i++) {
			mask[i / WORD_BITS] |= 1UL << i % WORD_BITS;
		}
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
