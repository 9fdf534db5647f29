#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A thousand in a row: all of them succeed, and nothing grows.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
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
	local mounts files i
	mounts=$(host_mounts)
	files=$(made_files)
	for ((i = 0; i < 1000; i++)); do
		"$BERTH" run --bundle "$bundle" "$cid-many-$i" || {
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
	local i out status
	for ((i = 0; i < 100; i++)); do
		status=0
		out=$("$BERTH" run --bundle "$bundle" "$cid-fast-$i") || status=$?
		[ "$out $status" = "done 3" ]
	done
}

@test "16 at a time on one root file system" {
	config '.process.args = ["/bin/true"] | .root.readonly = false
		| .mounts += [{"destination": "/shared/mount/point", "type": "tmpfs", "source": "tmpfs"}]'
	run sh -c 'seq 160 | xargs -P 16 -I{} "$1" run --bundle "$2" "$3-{}"' sh "$BERTH" "$bundle" "$cid"
	assert_status 0
	[ -z "$output" ]
	[ -z "$(left_cgroups)" ]
}
