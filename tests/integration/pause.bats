#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause, resume and ps: what is done to a container's cgroup as a whole.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
	in_container 'n=0; while :; do n=$((n + 1)); echo $n >/dev/shm/n; sleep 0.01; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	pid=$("$BERTH" state "$cid" | jq .pid)
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

status() {
	"$BERTH" state "$cid" | jq -r .status
}

count() {
	cat "/proc/$pid/root/dev/shm/n"
}

@test "a paused container does nothing, a resumed one goes on" {
	until_true count
	"$BERTH" pause "$cid"
	[ "$(status)" = paused ]
	run "$BERTH" list
	assert_contains paused
	local before
	before=$(count)
	sleep 0.3
	[ "$(count)" = "$before" ]
	"$BERTH" resume "$cid"
	[ "$(status)" = running ]
	until_true eval '[ "$(count)" != "$before" ]'
}

@test "pause and resume in other states are errors" {
	run "$BERTH" resume "$cid"
	assert_error "container not paused"
	"$BERTH" pause "$cid"
	run "$BERTH" pause "$cid"
	assert_error "container paused"
	run "$BERTH" exec "$cid" true
	assert_status 255
	assert_contains "use --ignore-paused to override"
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(status)" = stopped ]'
	run "$BERTH" pause "$cid"
	assert_error "container not running"
	run "$BERTH" pause nothing
	assert_error "container does not exist"
}

@test "ps: the processes as numbers, and as lines of ps(1)" {
	"$BERTH" exec --detach --pid-file "$bundle/pid" "$cid" sleep 100 </dev/null >/dev/null 2>&1 3>&-
	local other
	other=$(cat "$bundle/pid")
	run "$BERTH" ps --format json "$cid"
	assert_status 0
	jq -e --argjson a "$pid" --argjson b "$other" 'index($a) != null and index($b) != null and all(. > 1)' <<<"$output"
	run "$BERTH" ps "$cid"
	assert_status 0
	[[ ${lines[0]} == *PID* ]]
	grep -q " $other .*sleep 100" <<<"$output"
	refute_contains bats
	run "$BERTH" ps "$cid" -eo user,pid,comm
	[[ ${lines[0]} =~ USER.*PID.*COMMAND ]]
	grep -q "root *$other sleep" <<<"$output"
	run "$BERTH" ps "$cid" -eo comm
	assert_contains "no column PID"
	run "$BERTH" ps --format xml "$cid"
	assert_error "table or json"
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(status)" = stopped ]'
	[ "$("$BERTH" ps --format json "$cid")" = "[]" ]
}
