/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message of the conversation: refused within its memory, or taken and the same after it
 * was written and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../kit/record_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *broken = record_oracle(data, size, NULL, NULL);

	if (broken) {
		(void)fprintf(stderr, "BROKEN PROMISE: %s\n", broken);
		abort();
	}
	return 0;
}
