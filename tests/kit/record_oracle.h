/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIT_RECORD_ORACLE_H
#define KIT_RECORD_ORACLE_H
/* What the decoder of records promises about any bytes, written down apart from it. */
#include <stddef.h>

enum record_outcome {
	RECORD_NO_FRAME, /* no whole message of a type that the table of frames knows */
	RECORD_REFUSED,
	RECORD_TAKEN,
	RECORD_INCOMPLETE, /* a BOOT that is sound, and that boot_check() refuses */
};

/* Memory for a message of `length` bytes, at most, however hostile it is. */
enum { RECORD_MEMORY_FACTOR = 64, RECORD_MEMORY_CONSTANT = 4096 };

/*
 * Decodes a message by the record of its type and checks the outcome: 0 or -EPROTO, within the memory
 * above; what is taken encodes to a message that is taken again and encodes to the same bytes. Returns
 * NULL, or what is broken. `ret_outcome` and `ret_used` (bytes of the arena) may be NULL.
 */
const char *record_oracle(
	const void *message, size_t length, enum record_outcome *ret_outcome, size_t *ret_used);

#endif
