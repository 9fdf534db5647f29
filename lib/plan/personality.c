/* SPDX-License-Identifier: Apache-2.0 */
/* linux.personality (config-linux.md, "Personality"). */
#include "plan/words.h"

/* The flags of personality(2) take protection away, and config-linux.md has none of them; what cannot be given is not
 * passed over. */
static int check_flags(const struct spec_strings *flags, struct berth_error *err)
{
	return flags->count == 0
		       ? 0
		       : error_field(err, BERTH_ERROR_CONFIG, "/linux/personality/flags/0",
				 "no flag of a personality is supported: \"%.64s\"",
				 flags->items[0]);
}

int plan_personality(struct plan_work *work, struct berth_error *err)
{
	const struct spec_personality *asked = &work->spec->linux_section.personality;
	struct boot *boot = &work->plan->boot;
	int r;

	if (!asked->is_present) {
		return 0;
	}
	r = plan_word_read(&plan_personality_words, asked->domain, "/linux/personality/domain",
		&boot->personality, err);
	/* LINUX is set as well: the caller may have another one. */
	boot->flags |= BOOT_PERSONALITY;
	return r < 0 ? r : check_flags(&asked->flags, err);
}
