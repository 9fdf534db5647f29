#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# Debian's containerd alone, by its command ctr, with berth as its runtime.

load ../kit/engines

setup_file() {
	engines_need containerd ctr || return 0
	sandbox_open
	containerd_open
	ctr_run first /bin/true
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	local id
	for id in $(ctr task ls -q); do
		ctr task rm -f "$id" >/dev/null 2>&1
	done
	for id in $(ctr container ls -q); do
		ctr container rm "$id"
	done
	nothing_left
}

# ctr_run [OPTION...] ID COMMAND...: with --rm.
ctr_run() {
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	ctr run --rm --rootfs --runtime io.containerd.runc.v2 --runc-binary "$BERTH" "${options[@]}" \
		"$sandbox/tmp/image" "$@"
}

# background [OPTION...] ID: a task that runs.
background() {
	ctr run -d --rootfs --runtime io.containerd.runc.v2 --runc-binary "$BERTH" "${@:1:$#-1}" "$sandbox/tmp/image" \
		"${@: -1}" /bin/sleep 1000 >/dev/null 2>&1 </dev/null
	until_output RUNNING ctr task ls
}

@test "run: what the program prints, and its status" {
	run_engine ctr_run one /bin/sh -c 'echo out; exit 7'
	assert_status 7
	assert_output out
}

@test "run -t: a terminal" {
	terminal=1 run_engine ctr_run -t one /bin/sh -c 'tty; sleep 0.3'
	assert_status 0
	assert_contains /dev/pts/0
}

@test "run of a command that is missing" {
	run_engine ctr_run one /bin/nosuch
	assert_status 1
	assert_contains "OCI runtime create failed"
	assert_contains "no such file or directory"
}

@test "limits of memory and processors" {
	background --memory-limit=67108864 --cpu-quota=50000 --cpu-period=100000 one
	local pid
	pid=$(ctr task ls | sed -nE 's/^one +([0-9]+) .*/\1/p')
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 67108864
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max)"
	assert_contains 50000
}

@test "task kill, delete" {
	background one
	run_engine ctr task kill --signal SIGKILL one
	assert_status 0
	until_output STOPPED ctr task ls
	run_engine ctr task rm one
	assert_contains "exit code 137"
	run_engine ctr container rm one
	assert_status 0
}

@test "task exec: output, status, a terminal" {
	background one
	run_engine ctr task exec --exec-id a one /bin/sh -c 'id -u; exit 9'
	assert_status 9
	assert_output 0
	terminal=1 run_engine ctr task exec -t --exec-id b one /bin/sh -c 'tty; sleep 0.3'
	assert_status 0
	assert_contains /dev/pts/
	run_engine ctr task exec --exec-id c one nosuch
	assert_status 1
	assert_contains "executable file not found"
}
