#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# compile.sh OUTPUT DEPFILE SOURCE_ROOT FLAGS -- COMPILER... -- SOURCE...
#
# berth-init in one step: its rooms compiled a second time, by the C library that it is linked with
# (musl where there is musl-gcc). One call of the compiler for all files, so that it sees the whole program.
set -eu
output=$1 depfile=$2 root=$3 flags=$4
shift 5
compiler=
while [ "$1" != -- ]; do
	compiler="$compiler $1"
	shift
done
shift

# The kernel's headers come last: musl has none of its own, and its own names go first.
multiarch=$(gcc -print-multiarch 2>/dev/null || true)
kernel="-idirafter /usr/include ${multiarch:+-idirafter /usr/include/$multiarch}"

# noseparate-code: the constants are in the pages of the code, which saves two pages and a mapping at each start.
# no-pie: tables of pointers are constants then, too, and nothing is left that relro could protect.
# shellcheck disable=SC2086 # lists of options
$compiler -std=gnu17 -D_GNU_SOURCE -Os -flto -fno-pie -no-pie -Wall -Wextra -Wno-missing-field-initializers $flags \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fvisibility=hidden \
	-fstack-protector-strong -iquote "$root/lib" -I "$root/include" $kernel \
	-static -s -Wl,--gc-sections -Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,-z,norelro \
	-o "$output" "$@"

# What the next build must look at: every header of ours (cheap, and never too few).
{
	printf '%s:' "$output"
	find "$root/lib" "$root/include" -name '*.h' -printf ' %p'
	printf '\n'
} >"$depfile"
