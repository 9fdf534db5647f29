/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_OUT_H
#define PLAN_OUT_H
/* For the files of plan/ that write the plan as text: a text that grows, row by row. */
#include <stdbool.h>

#include "wire/record.h"

/* The first failure stays in `status` (-ENOMEM), and later calls do nothing. */
struct plan_out {
	char *data; /* ends in NUL; from malloc */
	size_t length;
	size_t capacity;
	int status;
};

void plan_out_add(struct plan_out *out, const char *format, ...) printf_like(2, 3);

/* The first half of a row that is put together: it ends with plan_out_add(out, "\n"). */
void plan_out_label(struct plan_out *out, const char *label);

/* One row: two spaces, the label, and the words in the next column. */
void plan_out_row(struct plan_out *out, const char *label, const char *format, ...)
	printf_like(3, 4);

/* A text of the config: as it is where that is plain, else in quotes with \n, \" and \xNN, so that it can neither
 * break a line nor move a cursor. With `is_always_quoted` in quotes in any case. */
void plan_out_quote(struct plan_out *out, const char *text, bool is_always_quoted);

/* A row for each of the texts. */
void plan_out_list(struct plan_out *out, const char *label, const struct wire_texts *texts);

/* A row of one text of the config; none where it is absent. */
void plan_out_text(struct plan_out *out, const char *label, const char *text);

/* A row for each piece of a text between separators (any of their bytes); none where it is absent. */
void plan_out_pieces(
	struct plan_out *out, const char *label, const char *text, const char *separator);

#endif
