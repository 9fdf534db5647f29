#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A thousand in a row: all of them succeed, and nothing grows.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	# Thousands of times the script that gives it the state root would cost more than berth.
	berth=("$berth_program" --root "$bundle/state")
}

teardown() {
	remove_bundle
}

# What a run could leave: in the bundle, and where runtimes keep their state.
made_files() {
	find "$bundle" | sort
	find /run -maxdepth 1 -name '*berth*'
}

@test "1,000 runs of /bin/true: all exit 0, no process, mount, cgroup or directory is left" {
	config '.process.args = ["/bin/true"]'
	local mounts files i count
	count=$(rounds 1000)
	mounts=$(host_mounts)
	files=$(made_files)
	for ((i = 0; i < count; i++)); do
		"${berth[@]}" run --bundle "$bundle" "$cid-many-$i" || {
			echo "run $i failed with status $?"
			return 1
		}
	done
	[ "$mounts" = "$(host_mounts)" ]
	[ "$files" = "$(made_files)" ]
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "fast exits lose no output and no status" {
	config '.process.args = ["/bin/sh", "-c", "echo done; exit 3"]'
	local i out status count
	count=$(rounds 100)
	for ((i = 0; i < count; i++)); do
		status=0
		out=$("${berth[@]}" run --bundle "$bundle" "$cid-fast-$i") || status=$?
		[ "$out $status" = "done 3" ]
	done
}

@test "16 at a time on one root file system" {
	config '.process.args = ["/bin/true"] | .root.readonly = false
		| .mounts += [{"destination": "/shared/mount/point", "type": "tmpfs", "source": "tmpfs"}]'
	run sh -c 'seq "$4" | xargs -P 16 -I{} "$1" run --bundle "$2" "$3-{}"' sh "$BERTH" "$bundle" "$cid" "$(rounds 160)"
	assert_status 0
	[ -z "$output" ]
	[ -z "$(left_cgroups)" ]
}

# lives FIRST LAST: create, start, kill, delete, with what went wrong on stdout.
lives() {
	local i id
	for ((i = $1; i <= $2; i++)); do
		id=$cid-life-$i
		"${berth[@]}" create --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&- || echo "create $i: $?"
		"${berth[@]}" start "$id" || echo "start $i: $?"
		"${berth[@]}" kill "$id" KILL || echo "kill $i: $?"
		for _ in {1..100}; do
			pause 0.01
			! "${berth[@]}" delete "$id" 2>/dev/null || continue 2
		done
		echo "delete $i: never"
	done
}

@test "1,000 times create, start, kill, delete: nothing is left" {
	config '.process.args = ["/bin/sleep", "1000"]'
	local mounts files half
	half=$(rounds 500)
	mounts=$(host_mounts)
	files=$(made_files)
	lives 1 "$half" >"$BATS_TEST_TMPDIR/first" 2>&1 &
	lives "$((half + 1))" "$((2 * half))" >"$BATS_TEST_TMPDIR/second" 2>&1
	wait $!
	cat "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
	[ ! -s "$BATS_TEST_TMPDIR/first" ]
	[ ! -s "$BATS_TEST_TMPDIR/second" ]
	[ "$mounts" = "$(host_mounts)" ]
	[ "$files" = "$(made_files)" ]
	[ -z "$(ls -A "$bundle/state")" ]
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "a created container has no descriptor but stdio and its fifo" {
	exec 7</etc/passwd 8</
	"$BERTH" create --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	exec 7<&- 8<&-
	local pid
	pid=$(pid_of)
	[ "$(find "/proc/$pid/fd" -mindepth 1 -printf '%f\n' | sort -n | head -n 3 | tr '\n' ' ')" = "0 1 2 " ]
	[ "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" = 4 ]
	find "/proc/$pid/fd" -mindepth 1 -lname '*/exec.fifo' | grep -q .
	"$BERTH" delete --force "$cid"
}
