/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_TEXT_H
#define PLAN_TEXT_H
/* The plan as text: what `berth explain` prints and what the golden tests compare. Stable: one fact a
 * line, in the order in which it happens, without anything of this host that plan_make() did not read. */
#include "base/error.h"

struct plan;

/* The whole text, from malloc, the caller's to free. -ENOMEM. */
int plan_text(const struct plan *plan, char **ret_text) must_use;

/* What an update does, in the same form. */
int plan_update_text(const struct plan *plan, char **ret_text) must_use;

#endif
