#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause, resume and ps: what is done to a container's cgroup as a whole.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'n=0; while :; do n=$((n + 1)); echo $n >/dev/shm/n; sleep 0.01; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	pid=$(pid_of)
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

@test "ps: options of ps(1): the container's processes and no others, whatever the columns are" {
	"$BERTH" exec --detach --pid-file "$bundle/pid" "$cid" sleep 100 </dev/null >/dev/null 2>&1 3>&-
	local other words
	other=$(cat "$bundle/pid")
	# The first ones are by ps(1)'s own choice; those from --sort on do not go with it.
	for words in "-o lstart,pid,args" "-eo args,lstart,pid,args" "-ef" "aux" "axo pid,args" "-eo pid=,args=" "-eo args" \
		"-eo lstart,pid,args --sort -pid" "-eo start,lstart,ppid,pid,args --forest" "-ef --sort=start" "axo pid,args k pid" \
		"-p 1,$$,$other -o stime,lstart,pid,args"; do
		# shellcheck disable=SC2086
		run "$BERTH" ps "$cid" $words
		assert_status 0
		grep -q "sleep 100" <<<"$output"
		refute_contains bats
		refute_contains "sleep 1000 "
		[[ $words == *args=* ]] || [[ ${lines[0]} == *COMMAND* || ${lines[0]} == *CMD* ]]
		[[ $words == "-eo args" ]] || grep -qw "$other" <<<"$output"
	done
	# A ps(1) that has no -q.
	mkdir "$bundle/bin"
	printf '#!/bin/sh\ncase "$*" in *-q*) echo "no -q" >&2; exit 1 ;; esac\nexec /bin/ps "$@"\n' >"$bundle/bin/ps"
	chmod 755 "$bundle/bin/ps"
	PATH=$bundle/bin:$PATH run "$BERTH" ps "$cid" -eo lstart,pid,args
	assert_status 0
	grep -qE "(^| )$other sleep 100" <<<"$output"
	refute_contains bats
	refute_contains "no -q"
	run "$BERTH" ps "$cid" -eo comm --sort comm
	assert_contains "no column PID"
	run "$BERTH" ps "$cid" --nosuch
	assert_status 1
	assert_contains "ps(1) ended with status 1"
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
	run "$BERTH" ps --format xml "$cid"
	assert_error "table or json"
	run "$BERTH" ps --format json "$cid" -ef
	assert_error "--format json takes no options of ps(1)"
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(status)" = stopped ]'
	[ "$("$BERTH" ps --format json "$cid")" = "[]" ]
}
