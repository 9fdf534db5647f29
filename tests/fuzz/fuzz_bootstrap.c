/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bootstrap message: refused with one line, or taken and written again as they were. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../kit/bootstrap_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *broken = bootstrap_oracle(data, size, NULL);

	if (broken) {
		(void)fprintf(stderr, "BROKEN PROMISE: %s\n", broken);
		abort();
	}
	return 0;
}
