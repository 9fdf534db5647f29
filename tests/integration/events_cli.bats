#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# events as a command: its options, its reader, its errors.

load ../kit/container
load ../kit/events

setup() {
	setup_events
}

teardown() {
	teardown_events
}

@test "the default interval is 5 seconds" {
	start
	local first
	first=$(now_ms)
	follow
	until_true has_count stats 1
	[ $(($(now_ms) - first)) -ge 5000 ]
	[ $(($(now_ms) - first)) -lt 20000 ]
}

@test "--interval takes a duration as Go writes it, and nothing else" {
	start
	local text
	for text in 5s 500ms 1m30s 1.5s .5s 2. 1h 250us 250µs 10ns +3s 1h0m0.25s; do
		[ "$text" != 2. ] || text=2.s
		run "$BERTH" events --stats --interval "$text" "$cid"
		assert_status 0
		jq -e '.type == "stats"' <<<"$output"
	done
	for text in s 5 5x 1s1 -- 1e3s '5 s' 5S .s 1,5s 0x5s 9223372036854775808ns 99999999999999999999h 3000000h; do
		run "$BERTH" events --stats --interval="$text" "$cid"
		assert_error "--interval is a time such as 5s, 500ms or 1m30s, not \"$text\""
	done
	for text in 0 0s 0h0m -5s -0 0.1ns; do
		run "$BERTH" events --stats --interval="$text" "$cid"
		assert_error "--interval: duration interval must be greater than 0, not \"$text\""
	done
	run "$BERTH" events --stats --interval= "$cid"
	assert_error "--interval is empty"
	run "$BERTH" events --interval
	assert_error "flag needs an argument: --interval"
}

@test "a reader that goes away ends it, without a word" {
	start
	local result
	mkfifo "$bundle/fifo"
	# While lines are written ...
	"$BERTH" events --interval 50ms "$cid" >"$bundle/fifo" 2>"$bundle/err" 3>&- &
	events=$!
	head -n 2 <"$bundle/fifo" | jq -e '.type == "stats"'
	await_end 0
	# ... and while there is nothing to write.
	"$BERTH" events --interval 100s "$cid" >"$bundle/fifo" 2>"$bundle/err" 3>&- &
	events=$!
	true <"$bundle/fifo"
	await_end 0
	# One line, and nobody to read it.
	result=$(
		set +o pipefail
		{
			sleep 0.3
			"$BERTH" events --stats "$cid" 2>"$bundle/err"
			echo $? >"$bundle/status"
		} | true
		cat "$bundle/status"
	)
	[ "$result" = 0 ]
	[ ! -s "$bundle/err" ]
}

@test "what cannot be written is an error" {
	[ -e /dev/full ] || mknod /dev/full c 1 7
	start
	run sh -c '"$BERTH" events --stats "$1" >/dev/full' sh "$cid"
	assert_error "write to stdout: no space left on device"
	run timeout 30 sh -c 'exec "$BERTH" events --interval 10ms "$1" >/dev/full' sh "$cid"
	assert_error "write to stdout: no space left on device"
}

@test "a container without a cgroup has a stream that ends with it" {
	"$BERTH" --cgroup-manager disabled run --detach --bundle "$bundle" "$cid" >"$bundle/log" 2>&1 </dev/null 3>&-
	stats | jq -e '.data | .memory.usage.limit == 0 and .pids == {}'
	follow --interval 100ms
	until_true has_count stats 2
	"$BERTH" kill "$cid" KILL
	await_end 0
}

@test "who has stopped, or is not there, is an error" {
	start
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	run "$BERTH" events "$cid"
	assert_error "container not running"
	run "$BERTH" events --stats "$cid"
	assert_error "container not running"
	run "$BERTH" events nothing
	assert_error "container does not exist"
	run "$BERTH" events
	assert_error '"events" requires exactly 1 argument(s)'
	run "$BERTH" events "$cid" "$cid"
	assert_error '"events" requires exactly 1 argument(s)'
}
