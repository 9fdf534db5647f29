#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth explain: the plan as text, and nothing done.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root, for the facts of the example"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "both halves, in the order in which they happen" {
	run "$BERTH" explain --bundle "$bundle"
	assert_status 0
	[ "${lines[0]}" = host ]
	assert_contains "create           mount, pid, network, ipc, uts, cgroup"
	assert_line child
	local order
	order=$(grep -n -e '^child' -e ' mount 0 ' -e '/dev/null c 1:3' -e '^  pivot' -e '^  hostname' -e '^  masked .*/kcore' \
		-e '^  umask' -e '^  user' -e '^  arg' <<<"$output" | cut -d: -f1)
	[ "$(wc -l <<<"$order")" = 9 ]
	[ "$order" = "$(sort -n <<<"$order")" ]
}

@test "the same config gives the same text" {
	run "$BERTH" explain --bundle "$bundle"
	local first=$output
	run "$BERTH" explain -b "$bundle"
	[ "$first" = "$output" ]
}

@test "--config, and the global options that a run would heed" {
	jq '.process.args = ["other"]' "$bundle/config.json" >"$bundle/other.json"
	local flag
	for flag in -f --config; do
		run "$BERTH" explain --bundle "$bundle" $flag "$bundle/other.json"
		assert_status 0
		grep -qE '^  arg .*other' <<<"$output"
	done
	run "$BERTH" explain -b "$bundle" -f "$bundle/none.json"
	assert_error "$bundle/none.json"
	config 'del(.linux.resources) | .linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	run "$BERTH" explain --bundle "$bundle"
	assert_contains berth-ID
	run "$BERTH" --cgroup-manager disabled explain --bundle "$bundle"
	assert_status 0
	refute_contains berth-ID
}

@test "nothing is done: no process is made, nothing is mounted, no file is written" {
	run strace -f -o "$bundle/trace" "$BERTH" explain --bundle "$bundle"
	assert_status 0
	# The control: a run does all of it.
	in_container true
	run strace -f -o "$bundle/control" "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	local calls='^[0-9]+ +(clone3?|v?fork|unshare|setns|mount|move_mount|mkdirat|mknodat|memfd_create)\(|O_CREAT'
	grep -qE "$calls" "$bundle/control"
	run grep -E "$calls" "$bundle/trace"
	assert_status 1
}

@test "it fails as a run would, with the same line" {
	config '.mounts[2].destination = "/proc/2"'
	run "$BERTH" explain --bundle "$bundle"
	assert_error /mounts/2/destination
	local line=$output
	berth_run
	[ "$line" = "$output" ]
}

@test "no arguments are taken" {
	run "$BERTH" explain --bundle "$bundle" more
	assert_error '"explain" requires exactly 0 argument(s)'
}
