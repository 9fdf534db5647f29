/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIT_BOOT_SAMPLE_H
#define KIT_BOOT_SAMPLE_H
/* A struct boot in which each field has a value of its own, for those who send it somewhere. */
#include "base/arena.h"
#include "wire/boot.h"

/* `mounts` mounts and half as many devices, args and env; memory of the arena, or NULL. */
struct boot *boot_sample(struct arena *arena, size_t mounts) must_use;

/* The same as BOOT, a whole message. 0 or a negative errno value. */
int boot_sample_message(
	struct arena *arena, size_t mounts, const void **ret_message, size_t *ret_length) must_use;

#endif
