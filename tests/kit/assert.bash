# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of containers and of engines say of a command that ran ($status, $output), and wait for.

# shellcheck source=tests/kit/trace.bash
. "${BASH_SOURCE[0]%/*}/trace.bash"

assert_status() {
	[ "$status" = "$1" ] || {
		printf 'status %s, not %s; output:\n%s\n' "$status" "$1" "$output"
		return 1
	}
}

assert_contains() {
	[[ $output == *"$1"* ]] || {
		printf 'no "%s" in:\n%s\n' "$1" "$output"
		return 1
	}
}

# pause SECONDS: without a process, of which polling would start many.
pause() {
	local silence=${BATS_FILE_TMPDIR:-$sandbox}/silence
	[ -p "$silence" ] || mkfifo "$silence" 2>/dev/null || true # another one's may be first
	read -r -t "$1" <>"$silence" || true
}

# until_true COMMAND...: within forty seconds, as a machine under emulation may need.
until_true() {
	local i
	for ((i = 0; i < 800; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		pause 0.05
	done
	echo "never true: $*"
	return 1
}
