# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files of `berth events`, beside container.bash: a container that sleeps, its statistics, and its
# stream in the background.

setup_events() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/dd"
	in_container 'exec sleep 100000'
	events=
}

teardown_events() {
	[ -z "${events:-}" ] || kill "$events" 2>/dev/null || true
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

start() {
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/log" 2>&1 </dev/null 3>&-
}

# The statistics of now; stderr has nothing.
stats() {
	"$BERTH" events --stats "$cid" 2>"$bundle/err"
	[ ! -s "$bundle/err" ]
}

# Since some moment; busybox's date(1) knows no more than seconds.
now_ms() {
	local up
	read -r up _ </proc/uptime
	echo $((10#${up/./} * 10))
}

# number FILTER: a number of theirs, or 0.
number() {
	stats | jq -r "(.data$1) // 0"
}

# follow [OPTION...]: the stream, in the background, to $bundle/events.
follow() {
	: >"$bundle/events" # here: what an earlier one said is not this one's
	"$BERTH" events "$@" "$cid" >"$bundle/events" 2>"$bundle/err" 3>&- &
	events=$!
}

# await_end STATUS: the stream ends with it, and has said nothing on stderr.
await_end() {
	local result=0
	until_true eval '! kill -0 "$events"'
	wait "$events" || result=$?
	events=
	[ "$result" = "$1" ]
	[ ! -s "$bundle/err" ]
}

# count TYPE: lines of the stream of a type; every line is an object of this container.
count() {
	jq -e --arg id "$cid" 'select(.id != $id) | error("not of this container")' "$bundle/events" >/dev/null ||
		[ $? = 4 ]
	jq -s --arg type "$1" 'map(select(.type == $type)) | length' "$bundle/events"
}

has_count() {
	[ "$(count "$1")" -ge "$2" ]
}

# The stream watches all by now: its timer is the last thing that it opens.
is_watching() {
	[ -n "$(find "/proc/$events/fd" -lname 'anon_inode:*timerfd*')" ]
}
