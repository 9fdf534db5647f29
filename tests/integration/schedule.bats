#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.scheduler: how the kernel schedules the first process of a container, and one of exec.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	[ -z "${sleepers:-}" ] || kill $sleepers || true
	remove_bundle
}

# scheduler JSON
scheduler() {
	config '.process.scheduler = $s' --argjson s "$1"
}

# nice, rt_priority and policy of proc_pid_stat(5), of a process that forks nothing
stat_of_itself() {
	config '.process.args = ["cat", "/proc/self/stat"]'
}

berth_stat() {
	berth_run
	assert_status 0
	output=$(cut -d' ' -f19,40,41 <<<"$output")
}

@test "scheduler: the policies that need no budget, and the nice value; what is not set is 0" {
	stat_of_itself
	scheduler '{"policy": "SCHED_OTHER", "nice": 7}'
	berth_stat
	[ "$output" = "7 0 0" ]
	scheduler '{"policy": "SCHED_BATCH", "nice": -3}'
	berth_stat
	[ "$output" = "-3 0 3" ]
	scheduler '{"policy": "SCHED_IDLE"}'
	berth_stat
	[ "${output##* }" = 5 ]
	scheduler '{"policy": "SCHED_OTHER"}'
	run nice -n 5 "$BERTH" run --bundle "$bundle" "$cid"
	[ "$(cut -d' ' -f19,40,41 <<<"$output")" = "0 0 0" ]
	# The control: without a wish it is the caller's.
	config 'del(.process.scheduler)'
	run nice -n 5 "$BERTH" run --bundle "$bundle" "$cid"
	[ "$(cut -d' ' -f19,40,41 <<<"$output")" = "$(nice -n 5 nice) 0 0" ]
}

@test "scheduler: exec has it, and hands it on unless it is reset by a fork" {
	in_container 'cut -d" " -f19,40,41 /proc/self/stat; exec sleep 100'
	scheduler '{"policy": "SCHED_BATCH", "nice": 4}'
	in_background
	run "$BERTH" exec "$cid" cat /proc/self/stat
	end_background
	[ "$(cut -d' ' -f19,40,41 <<<"$output")" = "4 0 3" ]
	[ "$(cat "$bundle/out")" = "4 0 3" ]
	in_container 'cut -d" " -f19,40,41 /proc/self/stat; exec cut -d" " -f19,40,41 /proc/self/stat'
	scheduler '{"policy": "SCHED_BATCH", "nice": -4, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
	berth_run
	[ "$output" = "$(printf '0 0 3\n-4 0 3')" ]
}

@test "scheduler: SCHED_FIFO and SCHED_RR, with the budget of their cgroup, and none is an error that names it" {
	stat_of_itself
	scheduler '{"policy": "SCHED_FIFO", "priority": 3}'
	if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
		berth_run
		assert_error "/process/scheduler" "realtimeRuntime" "step limits"
		[ -z "$(left_processes)$(left_cgroups)" ]
		config '.linux.resources.cpu.realtimeRuntime = 10000'
	fi
	berth_stat
	[ "${output#* }" = "3 1" ]
	scheduler '{"policy": "SCHED_RR", "priority": 99}'
	berth_stat
	[ "${output#* }" = "99 2" ]
}

@test "scheduler: SCHED_DEADLINE has its times, and its flags" {
	config '.process.args = ["sleep", "100"]'
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 5000000, "period": 10000000, "flags": ["SCHED_FLAG_RECLAIM"]}'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	run chrt -p "$(pid_of)"
	"$BERTH" delete --force "$cid"
	assert_contains "SCHED_DEADLINE"
	assert_contains "1000000/5000000/10000000"
}

@test "scheduler: SCHED_DEADLINE with a hook startContainer, which has to be forked" {
	printf '#!/bin/sh\necho "$0" >/hooked\n' >"$bundle/rootfs/bin/hook"
	chmod 755 "$bundle/rootfs/bin/hook"
	stat_of_itself
	config '.hooks.startContainer = [{"path": "/bin/hook"}] | .root.readonly = false'
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 10000000}'
	berth_run
	assert_error "/process/scheduler/flags" "SCHED_FLAG_RESET_ON_FORK is missing"
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 10000000, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
	berth_stat
	[ "${output##* }" = 6 ]
	[ "$(cat "$bundle/rootfs/hooked")" = /bin/hook ]
}

@test "scheduler: SCHED_DEADLINE: each of its times that is wrong is named" {
	wrong() {
		scheduler "{\"policy\": \"SCHED_DEADLINE\", $2}"
		berth_run
		assert_error "/process/scheduler/$1" "$3"
	}
	wrong runtime '"deadline": 5000000' "1024 ns"
	wrong deadline '"runtime": 5000000' "no deadline"
	wrong runtime '"runtime": 5000, "deadline": 4000' "5000 is more than the deadline"
	wrong deadline '"runtime": 5000, "deadline": 6000, "period": 5500' "6000 is more than the period"
	# Only the kernel knows which periods it takes.
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 5000, "deadline": 6000}'
	berth_run
	assert_error "/process/scheduler" "sched_deadline_period_min_us" "invalid argument"
}

@test "scheduler: SCHED_DEADLINE: no bandwidth left, too few CPUs, and no right to it" {
	local i
	stat_of_itself
	sleepers=''
	# Each has a whole CPU, of which there is less than that for each in the sum of all.
	for i in $(seq 2 "$(nproc --all)"); do
		chrt -d -T 10000000 -D 10000000 -P 10000000 0 sleep 100 3>&- &
		sleepers="$sleepers $!"
		until_true eval '[[ $(chrt -p '$!') == *SCHED_DEADLINE* ]]'
	done
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 10000000, "deadline": 10000000}'
	berth_run
	assert_error "/process/scheduler" "bandwidth" "device or resource busy"
	kill $sleepers || true
	sleepers=''
	scheduler '{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 10000000}'
	run setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "/process/scheduler" "needs CAP_SYS_NICE" "operation not permitted"
	[ "$(nproc)" -gt 1 ] || return 0
	config '.linux.resources.cpu.cpus = "0"'
	berth_run
	assert_error "/process/scheduler" "may not run on all CPUs"
	[ -z "$(left_processes)$(left_cgroups)" ]
}

@test "scheduler: what is none, what has another policy's, and what no Linux has" {
	refused() {
		scheduler "$1"
		berth_run
		assert_error "/process/scheduler/$2" "$3"
	}
	refused '{"policy": "SCHED_X"}' policy 'is no scheduling policy: "SCHED_X"'
	refused '{"policy": "SCHED_ISO"}' policy "no Linux has"
	refused '{"policy": "SCHED_OTHER", "nice": 20}' nice "must be from -20 to 19"
	refused '{"policy": "SCHED_OTHER", "priority": 1}' priority "only SCHED_FIFO and SCHED_RR"
	refused '{"policy": "SCHED_FIFO"}' priority "must be from 1 to 99, is 0"
	refused '{"policy": "SCHED_BATCH", "runtime": 1}' runtime "only SCHED_DEADLINE"
	refused '{"policy": "SCHED_BATCH", "flags": ["X"]}' flags/0 'is no flag of a scheduler: "X"'
}

@test "ioPriority: of the program, of its children, of exec; without it the caller's" {
	config '.process.args = ["sh", "-c", "echo started; sleep 100; true"] | .process.ioPriority = $p' \
		--argjson p '{"class": "IOPRIO_CLASS_BE", "priority": 6}'
	in_background
	local init child other
	init=$(pid_of)
	until_true grep -q . "/proc/$init/task/$init/children"
	child=$(tr -d ' ' <"/proc/$init/task/$init/children")
	"$BERTH" exec --detach --pid-file "$bundle/pid" "$cid" sleep 100 >/dev/null 2>&1 </dev/null 3>&-
	other=$(cat "$bundle/pid")
	run ionice -p "$init" "$child" "$other"
	end_background
	[ "$output" = "$(printf 'best-effort: prio 6\n%.0s' 1 2 3)" ]
	priority_is() {
		"$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
		run ionice -p "$(pid_of)"
		"$BERTH" delete --force "$cid"
		[[ $output = "$1"* ]]
	}
	config '.process.args = ["sleep", "100"] | .process.ioPriority = {"class": "IOPRIO_CLASS_RT"}'
	priority_is 'realtime: prio 0'
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE"}'
	priority_is idle
	config 'del(.process.ioPriority)'
	BERTH="$bundle/inherit"
	printf '#!/bin/sh\nexec ionice -c 2 -n 2 "%s" "$@"\n' "$bundle/berth-release" >"$BERTH"
	chmod 755 "$BERTH"
	priority_is 'best-effort: prio 2'
}

@test "ioPriority: what is none, and a class that it may not have" {
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_X"}'
	berth_run
	assert_error "/process/ioPriority/class" 'is no I/O scheduling class: "IOPRIO_CLASS_X"'
	for priority in -1 8; do
		config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": $p}' --argjson p $priority
		berth_run
		assert_error "/process/ioPriority/priority" "must be from 0 to 7, is $priority"
	done
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 1}'
	config '.mounts |= map(select(.type != "cgroup" and .type != "sysfs" and .type != "devpts"))'
	needs_cgroupfs # no manager is his who is root in there
	run unshare -Ur "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "/process/ioPriority" "CAP_SYS_NICE or CAP_SYS_ADMIN"
	# The control: what needs no right is taken there.
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE"} | .process.args = ["true"]'
	run unshare -Ur "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 1}'
	run unshare -Ur "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "/process/scheduler" "needs CAP_SYS_NICE"
}

cpus_of() {
	grep '^Cpus_allowed_list:' | cut -f2
}

@test "execCPUAffinity: exec gets the final CPUs, also beyond 1024, and the container's process all of its cgroup" {
	local all last
	# All that this test may have: the kernel leaves out what its cgroup has not.
	all=$(taskset -c 0-1023 cat /proc/self/status | cpus_of)
	last=$(nproc --all)
	last=$((last - 1))
	in_container 'grep Cpus_allowed_list: /proc/self/status; exec sleep 100'
	config '.process.execCPUAffinity = {"initial": "0", "final": $cpus}' --arg cpus "$last,1500-1501, 8000"
	in_background
	run "$BERTH" exec "$cid" cat /proc/self/status
	end_background
	[ "$(cpus_of <<<"$output")" = "$last" ]
	[ "$(cpus_of <"$bundle/out")" = "$all" ]
	# What the caller is confined to, it is not.
	in_container 'grep Cpus_allowed_list: /proc/self/status; exec sleep 100'
	config 'del(.process.execCPUAffinity)'
	taskset -c "$last" "$BERTH" run --bundle "$bundle" --detach "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	run taskset -c "$last" "$BERTH" exec "$cid" cat /proc/self/status
	"$BERTH" delete --force "$cid"
	[ "$(cpus_of <<<"$output")" = "$all" ]
	[ "$(cpus_of <"$bundle/out")" = "$all" ]
}

@test "execCPUAffinity: the initial CPUs come before the cgroup, the final ones after it" {
	in_container 'echo started; exec sleep 100'
	config '.process.execCPUAffinity = {"initial": "0", "final": "0-1"}'
	in_background
	strace -qq -e trace=sched_setaffinity,write -o "$bundle/trace" "$BERTH" exec "$cid" true 3>&-
	# The initial mask, the pid into the first cgroup.procs, the final mask.
	run sed -n -e 's/^sched_setaffinity(.*\[\(.*\)\]) *= 0$/cpus \1/p' -e 's/^write([0-9]*, "[0-9][0-9]*", [0-9]*) *= [0-9]*$/pid/p' "$bundle/trace"
	jq -n '{"args": ["cat", "/proc/self/status"], "cwd": "/", "env": ["PATH=/bin"], "execCPUAffinity": {"final": "0"}}' >"$bundle/process"
	local order=$output
	# --process has its own.
	run "$BERTH" exec --process "$bundle/process" "$cid"
	local own=$output
	end_background
	[ "$(uniq <<<"$order")" = "$(printf 'cpus 0\npid\ncpus 0 1')" ]
	[ "$(cpus_of <<<"$own")" = 0 ]
}

@test "execCPUAffinity: a list that is none, and CPUs that are not there" {
	config '.process.execCPUAffinity = {"initial": "0-", "final": "0"}'
	berth_run
	assert_error "/process/execCPUAffinity/initial" 'no list of numbers below 65536, such as "0-3,7": "0-"'
	config '.process.execCPUAffinity = {"initial": "", "final": "0,x"}'
	berth_run
	assert_error "/process/execCPUAffinity/final" '"0,x"'
	in_container 'echo started; exec sleep 100'
	config '.process.execCPUAffinity = {"final": "7000"}'
	in_background
	run "$BERTH" exec "$cid" true
	end_background
	assert_status 255
	assert_contains "/process/execCPUAffinity/final"
	assert_contains "none of these CPUs: invalid argument (step spawn)"
}
