# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The program "call" (call.c) in a bundle: system calls by number, for filters. To be loaded after container.bash.

setup_file() {
	[ "$EUID" = 0 ] || return 0
	build_static call "$BATS_FILE_TMPDIR/call"
}

put_call() {
	cp "$BATS_FILE_TMPDIR/call" "$bundle/rootfs/bin/call"
}
