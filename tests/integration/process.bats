#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the process starts with beside its identity: the OOM killer's view of it, its keyring, its home.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "oomScoreAdj: what is set is set, and what is not is the caller's" {
	in_container 'cat /proc/self/oom_score_adj'
	for score in 1000 500 0; do
		config '.process.oomScoreAdj = $score' --argjson score "$score"
		berth_run
		assert_status 0
		[ "$output" = "$score" ]
	done
	config 'del(.process.oomScoreAdj)'
	run bash -c 'echo 321 >/proc/self/oom_score_adj && exec "$BERTH" run --bundle "$1" inherit' - "$bundle"
	assert_status 0
	[ "$output" = 321 ]
}

@test "oomScoreAdj: every process of the start has it, and berth itself has not" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	config '.process.oomScoreAdj = 777'
	BERTH_FAIL=bootstrap:stop "$BERTH_TEST" run --bundle "$bundle" score 3>&- &
	local pid=$! child='' score=''
	for _ in $(seq 200); do
		child=$(cat "/proc/$pid/task/$pid/children" | tr -d ' ')
		[ -n "$child" ] && score=$(cat "/proc/$child/oom_score_adj") && [ "$score" = 777 ] && break
		sleep 0.05
	done
	local own
	own=$(cat /proc/$pid/oom_score_adj)
	kill -KILL "$child" || true
	wait $pid || true
	[ "$score" = 777 ]
	[ "$own" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "oomScoreAdj: to lower it without CAP_SYS_RESOURCE is an error, and in a user namespace it is not" {
	in_container 'cat /proc/self/oom_score_adj'
	config '.process.oomScoreAdj = -17'
	# What the kernel compares with is the lowest value that a privileged process has set.
	run bash -c 'echo 0 >/proc/self/oom_score_adj
		exec setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
			"$BERTH" run --bundle "$1" low' - "$bundle"
	assert_error "/process/oomScoreAdj" "CAP_SYS_RESOURCE" "step oomscore"
	config '.process.oomScoreAdj = 0'
	run setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$BERTH" run --bundle "$bundle" low
	assert_status 0
	[ "$output" = 0 ]
	config '.process.oomScoreAdj = -17 | .mounts |= map(select(.type != "cgroup" and .type != "sysfs" and .type != "devpts"))'
	run unshare -Ur "$BERTH" run --bundle "$bundle" low
	assert_status 0
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "oomScoreAdj out of range" {
	for score in -1001 1001; do
		config '.process.oomScoreAdj = $score' --argjson score "$score"
		berth_run
		assert_error "/process/oomScoreAdj" "must be from -1000 to 1000, is $score"
	done
}
