#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What another command has left in a container's cgroup and directory, on its way or by its end: it is ended and
# removed, or there is one error that says what it is.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo started; sleep 1000'
	own_cgroup
	root=$bundle/state
}

teardown() {
	[ -z "${cid:-}" ] || timeout 60 "$BERTH" delete --force "$cid" 2>/dev/null || true
	remove_bundle
}

berth() {
	timeout 60 "$BERTH" "$@"
}

# run_detached: the container.
run_detached() {
	timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
}

is_status() {
	has_status "$1"
}

# stopped_in STEP: the berth-init of this test that has stopped there.
stopped_in() {
	local pid
	for pid in $(cat "$(unified_cgroup)/cgroup.procs" "/sys/fs/cgroup/"{pids,unified}"/berth-$cid/cgroup.procs" 2>/dev/null | sort -u); do
		! is_stopped "$pid" || ! grep -qsFz -x "BERTH_FAIL=$1:stop" "/proc/$pid/environ" || echo "$pid"
	done
}

# stop_exec: an exec that is in the cgroup of the container and not in its namespaces.
stop_exec() {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=open:stop "$BERTH_TEST" exec "$cid" true >"$bundle/exec" 2>&1 </dev/null 3>&- &
	exec_pid=$!
	until_true eval '[ -n "$(stopped_in open)" ]'
}

nothing_is_left() {
	[ -z "$(ls -A "$root")" ]
	[ -z "$(left_cgroups)" ]
}

@test "delete --force ends an exec that did not get into the container before that ended" {
	run_detached
	stop_exec
	berth kill "$cid" KILL
	until_true is_status stopped
	# Not without force: by its cgroup alone it might be somebody else's.
	run berth delete "$cid"
	assert_error "which holds" "$(stopped_in open)"
	run berth delete --force "$cid"
	assert_status 0
	wait $exec_pid || true
	nothing_is_left
}

@test "delete --force thaws what was frozen after the container had ended" {
	run_detached
	stop_exec
	local freezer=/sys/fs/cgroup/freezer/berth-$cid
	berth kill "$cid" KILL
	until_true is_status stopped
	if [ -d "$freezer" ]; then
		echo FROZEN >"$freezer/freezer.state"
	else
		echo 1 >"$(unified_cgroup)/cgroup.freeze"
	fi
	run berth delete --force "$cid"
	assert_status 0
	wait $exec_pid || true
	nothing_is_left
}

@test "delete --force of a stopped container ends nobody in a cgroup that was there before it" {
	local dir=/sys/fs/cgroup/berth-$cid
	[ ! -d /sys/fs/cgroup/unified ] || dir=/sys/fs/cgroup/unified/berth-$cid
	needs_cgroupfs
	own_cgroup
	mkdir "$dir"
	run_detached
	berth kill "$cid" KILL
	until_true is_status stopped
	sleep 1000 3>&- &
	local stranger=$!
	echo $stranger >"$dir/cgroup.procs"
	run berth delete --force "$cid"
	assert_status 0
	kill -0 $stranger
	[ "$(left_cgroups)" = "$dir" ]
	kill $stranger
	wait $stranger || true
}

@test "a cgroupsPath that leads to a file: one error, and nothing is left" {
	needs_cgroupfs
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid/cgroup.procs"
	run berth run --bundle "$bundle" "$cid"
	assert_error "/linux/cgroupsPath" "/berth-$cid/cgroup.procs" "not a directory"
	nothing_is_left
}

@test "a state with the pid of another process: delete --force ends the container all the same" {
	local pid wrong
	for wrong in 1 -1 99999 4194305; do
		run_detached
		pid=$(pid_of)
		sed -i "s/\"pid\":$pid/\"pid\":$wrong/" "$root/$cid/state.json"
		if [ $wrong != 99999 ]; then
			run berth state "$cid"
			assert_error "damaged"
		fi
		run berth delete --force "$cid"
		assert_status 0
		nothing_is_left
		# Its cgroup is empty; who inherits it reaps it when he can.
		until_true [ ! -e "/proc/$pid" ]
	done
}

@test "without state.json and lock, but with a config: an error, and nothing is forgotten" {
	run_detached
	rm "$root/$cid/state.json" "$root/$cid/lock"
	run berth delete --force "$cid"
	assert_error "by hand"
	[ -d "$root/$cid" ]
	[ -n "$(left_cgroups)" ]
	remove_cgroups
	rm -r "${root:?}/$cid"
}

# while_making VERB...: what it says while another process creates and deletes the container again and again.
while_making() {
	local end=$((SECONDS + 2))
	while [ $SECONDS -lt $end ]; do
		berth "$@" 2>&1 || true
	done
}

@test "while a container is created and deleted it is there or not, and never damaged" {
	local end=$((SECONDS + 10)) maker
	while [ $SECONDS -lt $end ]; do
		berth create --bundle "$bundle" "$cid" || true
		berth delete --force "$cid" || true
	done >"$bundle/maker" 2>&1 </dev/null 3>&- &
	maker=$!
	while_making state "$cid" >"$bundle/said"
	while_making kill "$cid" CONT >>"$bundle/said"
	while_making exec "$cid" true >>"$bundle/said"
	while_making list >>"$bundle/said"
	grep -q "container does not exist" "$bundle/said"
	wait $maker || true
	run grep -h -e damaged -e unknown "$bundle/said" "$bundle/maker"
	[ -z "$output" ]
	nothing_is_left
}

@test "creates that race with deletes: one of them has won, and no other error" {
	local end=$((SECONDS + 5))
	for verb in "create --bundle $bundle" "create --bundle $bundle" "delete --force" "delete --force"; do
		while [ $SECONDS -lt $end ]; do
			# shellcheck disable=SC2086 # of words
			berth $verb "$cid" || true
		done >>"$bundle/said" 2>&1 </dev/null 3>&- &
	done
	wait
	berth delete --force "$cid"
	run grep -v -e "container with given ID already exists" -e "container's cgroup is not empty" "$bundle/said"
	[ -z "$output" ]
	nothing_is_left
}

@test "an exec whose container ends before it is inside says that it has stopped" {
	run_detached
	stop_exec
	berth kill "$cid" KILL
	until_true is_status stopped
	kill -CONT "$(stopped_in open)"
	wait $exec_pid || true
	grep -qx "berth: cannot exec in a stopped container" "$bundle/exec"
}

# without MOUNT COMMAND...: berth, where nothing is mounted there.
without() {
	# shellcheck disable=SC2016 # of the shell inside
	run unshare -m sh -c 'umount -l "$1" && shift && exec timeout 60 "$@"' sh "$1" "$BERTH" "${@:2}"
}

@test "without /proc a container that runs is not taken for one that has stopped" {
	run_detached
	local pid verb
	pid=$(pid_of)
	for verb in state delete "delete --force"; do
		# shellcheck disable=SC2086 # of words
		without /proc $verb "$cid"
		assert_status 1
		assert_contains "look in /proc for the container's process $pid"
	done
	without /proc list
	assert_contains unknown
	without /proc list --format json
	assert_contains '"status":"unknown"'
	is_status running
	[ -n "$(left_cgroups)" ]
}

@test "where the hierarchies are not mounted, kill reaches the first process and delete forgets nothing" {
	needs_cgroupfs
	own_cgroup
	run_detached
	without /sys/fs/cgroup kill --all "$cid" KILL
	assert_status 0
	until_true is_status stopped
	without /sys/fs/cgroup delete "$cid"
	assert_error "/berth-$cid cannot be removed: no hierarchy is mounted there"
	berth delete "$cid"
	run_detached
	without /sys/fs/cgroup delete --force "$cid"
	assert_error "/berth-$cid cannot be removed: no hierarchy is mounted there"
	is_status stopped
	berth delete "$cid"
	nothing_is_left
}

@test "a pid file that cannot be written is refused before anything runs" {
	local verb
	in_container 'echo RAN; sleep 1000'
	for verb in create run; do
		run berth $verb --bundle "$bundle" --pid-file "$bundle/nosuch/pid" "$cid"
		assert_error "write the pid file $bundle/nosuch/pid" "no such file or directory"
	done
	nothing_is_left
	run_detached
	run berth exec --pid-file "$bundle/nosuch/pid" "$cid" touch /dev/shm/ran
	assert_status 255
	assert_contains "write the pid file $bundle/nosuch/pid"
	run berth exec "$cid" ls /dev/shm/ran
	assert_contains "No such file"
}

@test "kill of a container that is being created: KILL ends it, and create leaves nothing" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=mounts:stop "$BERTH_TEST" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- &
	local creator=$!
	until_true eval '[ -n "$(stopped_in mounts)" ]'
	is_status creating
	run berth kill "$cid" TERM
	assert_error "container not running: it is being created"
	run berth kill "$cid" KILL
	assert_status 0
	wait $creator || true
	nothing_is_left
}
