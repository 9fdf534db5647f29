/* SPDX-License-Identifier: Apache-2.0 */
/* linux.memoryPolicy (config-linux.md, "Memory policy"): set_mempolicy(2). */
#include <linux/mempolicy.h>

#include "plan/words.h"

/* What the kernel would say with one number, EINVAL. */
static int check(const struct spec_memory_policy *asked, uint32_t mode, uint32_t flags,
	bool has_nodes, struct berth_error *err)
{
	bool takes_none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	bool may_balance = mode == MPOL_BIND || mode == PLAN_MPOL_PREFERRED_MANY;

	if (takes_none && has_nodes) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/memoryPolicy/nodes",
			"%s takes no nodes", asked->mode);
	}
	if (!takes_none && !has_nodes && mode != MPOL_PREFERRED) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/memoryPolicy/nodes",
			"%s needs at least one node", asked->mode);
	}
	if (flags & MPOL_F_STATIC_NODES && flags & MPOL_F_RELATIVE_NODES) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/memoryPolicy/flags",
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	}
	if (flags & PLAN_MPOL_F_NUMA_BALANCING && !may_balance) {
		return error_field(err, BERTH_ERROR_CONFIG, "/linux/memoryPolicy/flags",
			"MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY alone");
	}
	return 0;
}

int plan_memory_policy(struct plan_work *work, struct berth_error *err)
{
	const struct spec_memory_policy *asked = &work->spec->linux_section.memory_policy;
	struct boot *boot = &work->plan->boot;
	uint32_t mode = 0;
	uint32_t flags = 0;
	int r;

	if (!asked->is_present) {
		return 0;
	}
	r = plan_word_read(
		&plan_memory_mode_words, asked->mode, "/linux/memoryPolicy/mode", &mode, err);
	if (r == 0) {
		r = plan_word_bits(work, &plan_memory_flag_words, &asked->flags,
			"/linux/memoryPolicy/flags", &flags, err);
	}
	if (r == 0) {
		r = plan_list_read(
			work, asked->nodes, "/linux/memoryPolicy/nodes", &boot->memory_nodes, err);
	}
	boot->flags |= BOOT_MEMORY_POLICY;
	boot->memory_mode = mode | flags;
	return r < 0 ? r : check(asked, mode, flags, boot->memory_nodes.length > 0, err);
}
