/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_OPTIONS_H
#define PLAN_OPTIONS_H
/* The options of a mount: the table of config.md ("Linux mount options") as attributes of
 * mount_setattr(2), a propagation, and what is left for the file system itself. */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "spec/spec.h"
#include "wire/record.h"

/* MOUNT_ATTR_*: what is set and what is cleared; a bit may be in `clear` and `set` both only where
 * it belongs to the access-time field, which the kernel wants cleared as a whole. */
struct plan_attrs {
	uint64_t set, clear;
};

struct plan_options {
	bool is_bind;      /* bind, rbind */
	bool is_recursive; /* rbind */
	uint32_t flags;    /* BOOT_MOUNT_* of copy-symlink, src-nofollow, dest-nofollow */
	struct plan_attrs attr, tree; /* this mount; this mount and all below */
	uint32_t propagation;         /* MS_*, or 0 */
	bool is_propagation_recursive;
	struct wire_texts data;       /* "key" or "key=value", for fsconfig(2) */
	const uint32_t *data_origins; /* of each text of `data`: the index of its option */
	/* The pointers of the options of these names, or NULL; idmap stands for ridmap too. */
	const char *remount, *tmpcopyup, *idmap;
	bool is_idmap_recursive;
	const char *idmap_text; /* what follows "idmap=", or NULL */
};

/* Later options override earlier ones. `pointer` is that of the mount. Notes what has no effect on any mount. Fails
 * for want of memory alone. */
int plan_options_parse(const struct spec_strings *options, const char *pointer, struct arena *arena,
	struct log_notes *notes, struct plan_options *ret_options,
	struct berth_error *err) must_use;

/* Whether an option makes a bind mount of it, whatever its type says. */
bool plan_option_is_bind(const char *option);

/* Whether a text of the data is a flag of mount(2) under its own name: "sync". */
bool plan_option_is_flag(const char *text);

/* The value of "key=value" in the data, the last one, and its place in `data`; NULL where the key
 * is not there or has no value. `ret_place` may be NULL. */
const char *plan_options_value(
	const struct plan_options *options, const char *key, size_t *ret_place);

/* The attributes as options again, in the order of the table, one for each call: start with
 * `*place` 0, stop at NULL. A name of the table, without the "r" of a tree. */
const char *plan_attrs_name(const struct plan_attrs *attrs, size_t *place);

#endif
