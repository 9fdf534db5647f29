# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files of AppArmor and SELinux: what a process of a container sees, by $look of the file, which is
# its own script for it.

# expect LINE...
expect() {
	assert_status 0
	[ "$output" = "$(printf '%s\n' "$@")" ] || {
		printf 'got:\n%s\n' "$output"
		return 1
	}
}

# looks OPTION...: what a process of exec sees.
looks() {
	run timeout 60 "$BERTH" exec "$@" "$cid" sh -c "$look"
}

# A process like the config's, for --process.
process_file() {
	jq --arg look "$look" '.process | .args = ["sh", "-c", $look] | '"${1:-.}" "$bundle/config.json" \
		>"$bundle/process.json"
	run timeout 60 "$BERTH" exec --process "$bundle/process.json" "${@:2}" "$cid"
}
