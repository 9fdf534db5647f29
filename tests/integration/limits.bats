#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that bite, whatever the version of the cgroups: cgroup.bats and tests/vm/cgroup_v2.bats have what only one of them has.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "pids: a fork bomb is held; control: without a limit it is not" {
	in_container 'n=0; while [ $n -lt 30 ]; do sleep 20 & n=$((n + 1)); done; echo ALL'
	berth_run
	assert_status 0
	assert_line ALL
	config '.linux.resources.pids.limit = 10'
	berth_run
	refute_line ALL
	assert_contains "an't fork"
	is_empty left_cgroups
}

@test "memory: of 1 to 32 MiB each limit lets a container run, or the error says that it is too low; nothing is left" {
	local mib has_run=
	in_container 'echo RAN'
	for mib in 1 2 4 8 16 32; do
		config '.linux.resources.memory = {"limit": ($mib * 1048576)}' --argjson mib $mib
		berth_run
		echo "$mib MiB: $output"
		if [ "$status" = 0 ]; then
			[ "$output" = RAN ]
			has_run=$mib
		else
			# What runs with less runs with more.
			[ -z "$has_run" ]
			assert_error "memory limit too low?"
		fi
		is_empty left_cgroups
		is_empty left_processes
	done
	[ -n "$has_run" ]
}

@test "devices: a node that is not allowed cannot be opened, one that is can" {
	# The kernel's log: everybody may open it for writing.
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	in_container 'mknod -m 666 /dev/k c 1 11 && : >/dev/null && : >>/dev/k && echo OPENED'
	berth_run
	refute_line OPENED
	assert_contains "Operation not permitted"
	config '.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "wm"}]'
	berth_run
	assert_status 0
	assert_line OPENED
}
