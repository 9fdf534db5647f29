#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh BINARY OUTPUT: a C file that carries the bytes of BINARY.
set -eu
binary=$(realpath "$1")
cat >"$2" <<END
/* Made by init/embed.sh: the bytes of berth-init. */
#include "host/payload.h"

__asm__(".pushsection .rodata\n"
	".balign 16\n"
	".hidden host_payload\n"
	".globl host_payload\n"
	"host_payload:\n"
	".incbin \"$binary\"\n"
	".hidden host_payload_end\n"
	".globl host_payload_end\n"
	"host_payload_end:\n"
	".byte 0\n"
	".popsection\n");
END
