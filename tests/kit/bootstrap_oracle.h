/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIT_BOOTSTRAP_ORACLE_H
#define KIT_BOOTSTRAP_ORACLE_H
/* What the decoder of the bootstrap message promises about any bytes, written down apart from it. */
#include <stdbool.h>
#include <stddef.h>

/* Decodes `message` and checks the outcome: a refusal is -EPROTO with one printable line, and writes no
 * output; a message that is taken holds what it says, and encodes again to the same bytes (to the same
 * attributes where the form was one of those that are only read). Returns NULL, or what is broken.
 * `ret_is_taken` (may be NULL) says which it was. */
const char *bootstrap_oracle(const void *message, size_t length, bool *ret_is_taken);

#endif
