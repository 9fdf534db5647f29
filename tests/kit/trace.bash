# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bats notes before each command where it is, by a DEBUG trap, which takes up to two fifths of the time of a test that is much
# bash ("each flag sets its limit" of update.bats: 8.7 s of processor time with it, 5.0 without). Here that ends with the
# first one: where a test fails is asked when it fails.

# A bats that has other names for these is left to itself.
if declare -F bats_check_status_from_trap bats_capture_stack_trace bats_debug_trap bats_error_trap >/dev/null; then
	bats_debug_trap() {
		trap - DEBUG
	}

	bats_error_trap() {
		bats_check_status_from_trap
		if [ -z "$BATS_DEBUG_LAST_STACK_TRACE_IS_VALID" ]; then
			bats_capture_stack_trace
			BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
		fi
	}
fi
