#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# programs: criu ip tar gzip iptables-restore ip6tables-restore iptables-save ip6tables-save
# kernel: root_stays=1
# --no-pivot where it is needed: "/" is the initial ramfs, which pivot_root(2) refuses; a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/checkpoint

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	grep -q " / / .* - rootfs " /proc/self/mountinfo || skip "no-initramfs: the root is none"
	make_counter
}

teardown() {
	remove_counter
}

# below: what lies below the root of the container, which is as it should be.
below() {
	local pid
	pid=$(pid_of)
	[ "$(stat -Lc %i "/proc/$pid/root")" = "$(stat -c %i "$bundle/rootfs")" ]
	run python3 "$kit_root/tests/kit/below.py" "$pid"
	assert_status 0
	# The control: it is the initial ramfs that is seen.
	assert_contains " / / "
	assert_contains " - rootfs "
	refute_contains " - proc "
	refute_contains " - sysfs "
	[ ! -e "/proc/$pid/root/berth" ]
}

@test "without --no-pivot, run and create say what to use, and leave nothing" {
	local verb
	in_container 'echo RAN'
	for verb in run create; do
		run "$BERTH" $verb --bundle "$bundle" "$cid"
		assert_error "pivot_root (in an initial ramfs use --no-pivot) to $bundle/rootfs: invalid argument" \
			"step pivot"
		assert_nothing_left
	done
}

@test "run --no-pivot: the container's root and its mounts, and nothing of the host's but the initial ramfs below" {
	config '.root.readonly = true'
	in_container 'cd /; echo *; cut -d" " -f 5 /proc/self/mountinfo | grep -E "^/(proc|dev|sys)?$"; touch /x 2>&1'
	run "$BERTH" run --no-pivot --bundle "$bundle" "$cid"
	assert_status 1
	[ "${lines[0]}" = "bin dev etc proc sys tmp" ]
	[ "${lines[*]:1:4}" = "/ /proc /dev /sys" ]
	[[ ${lines[5]} == *"Read-only file system" ]]
	assert_nothing_left
}

@test "create, start and exec with --no-pivot" {
	counting
	"$BERTH" create --no-pivot --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	"$BERTH" start "$cid"
	until_true test -s "$count"
	below
	run "$BERTH" exec "$cid" sh -c 'cd /; echo *'
	[ "$output" = "bin dev etc proc sys tmp" ]
	"$BERTH" delete --force "$cid"
	assert_nothing_left
}

@test "restore --no-pivot: it goes on; control: CRIU fails without, and the error says what to use" {
	local at
	counting
	start --no-pivot
	saved
	at=$(cat "$count")
	bring_back
	assert_error "criu failed: " "pivot_root(" "Invalid argument (in an initial ramfs use --no-pivot)" "step restore"
	assert_nothing_left
	rm "$count"
	back --no-pivot
	until_true test -s "$count"
	[ "$(cat "$count")" -ge "$at" ]
	grows
	below
	run "$BERTH" exec "$cid" sh -c 'cd /; echo *'
	[ "$output" = "bin dev etc proc sys tmp" ]
	[ "$mounts" = "$(host_mounts)" ]
	# And once more, from a root that CRIU has made.
	rm -r "$images"
	saved
	back --no-pivot
	grows
	below
	"$BERTH" delete --force "$cid"
	assert_nothing_left
}
