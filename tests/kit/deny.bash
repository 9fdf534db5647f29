# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The program "deny" (deny.c): a command for which the kernel refuses some system calls. To be loaded after container.bash.

setup_file() {
	build_static deny "$BATS_FILE_TMPDIR/deny"
}

# denying CALL[,CALL...] ERRNO COMMAND...
denying() {
	"$BATS_FILE_TMPDIR/deny" "$@"
}
