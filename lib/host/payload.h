/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_PAYLOAD_H
#define HOST_PAYLOAD_H
/* The bytes of berth-init, carried in the library (init/embed.sh). */
#include "base/attr.h"

extern const char host_payload[] hidden;
extern const char host_payload_end[] hidden;

#endif
