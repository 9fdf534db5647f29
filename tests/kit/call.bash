# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The program "call" (call.c) in a bundle: system calls by number, for filters. To be loaded after container.bash.

call_source=$(dirname "${BASH_SOURCE[0]}")/call.c

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	gcc -static -O1 -Wall -Wextra -Werror -o "$BATS_FILE_TMPDIR/call" "$call_source"
}

put_call() {
	cp "$BATS_FILE_TMPDIR/call" "$bundle/rootfs/bin/call"
}
