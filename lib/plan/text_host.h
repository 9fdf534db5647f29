/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_TEXT_HOST_H
#define PLAN_TEXT_HOST_H
/* For text.c alone: the host half of a plan as text. */
#include "plan/out.h"
#include "plan/plan.h"

void plan_text_host(struct plan_out *out, const struct plan *plan);
void plan_text_cgroup(struct plan_out *out, const struct host_cgroup *cgroup);

#endif
