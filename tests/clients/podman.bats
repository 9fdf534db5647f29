#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# Debian's podman and conmon with berth as their runtime.

load ../kit/engines

setup_file() {
	engines_need podman conmon || return 0
	sandbox_open
	podman_open
	# What podman keeps for good comes with its first containers.
	podman run --rm --network none bb true
	podman run --rm bb true
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	podman rm -f -a -t 0 >/dev/null 2>&1
	nothing_left
}

# background NAME: a container that runs until it gets TERM.
background() {
	podman run -d --name "$1" --network none "${@:2}" bb sh -c "$engine_loop" >/dev/null
	until_output to-stdout podman logs "$1"
}

@test "run --rm: what the program prints, and its status" {
	run_engine podman run --rm --network none bb sh -c 'echo out; exit 7'
	assert_status 7
	assert_output out
}

@test "run --user: who is not root may open /dev/stdout and /dev/stderr" {
	run_engine podman run --rm --user 7:8 --network none bb sh -c 'echo out >/dev/stdout && echo err >/dev/stderr'
	assert_status 0
	assert_contains out
	assert_contains err
}

@test "run -i: its input" {
	run_engine podman run --rm -i --network none bb cat <<<"some input"
	assert_status 0
	assert_output "some input"
}

@test "run -t: a terminal" {
	terminal=1 run_engine podman run --rm -t --network none bb sh -c 'tty; stty size'
	assert_status 0
	assert_contains /dev/pts/0
}

@test "run with podman's own network" {
	run_engine podman run --rm bb ip -4 addr show eth0
	assert_status 0
	assert_contains "inet 10.88."
}

@test "run of a command that is missing is 127, of one that is no program 126" {
	run_engine podman run --rm --network none bb nosuch
	assert_status 127
	assert_contains 'executable file not found in $PATH'
	run_engine podman run --rm --network none bb /bin/nosuch
	assert_status 127
	assert_contains "no such file or directory"
	run_engine podman run --rm --network none bb /etc/passwd
	assert_status 126
	assert_contains "permission denied"
	run_engine podman run --rm --network none bb /etc
	assert_status 126
}

@test "limits of memory, processors and processes" {
	background limits --memory 64m --cpus 0.5 --pids-limit 40
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' limits)
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 67108864
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 40
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max)"
	assert_contains 50000
	run_engine podman stats --no-stream --format '{{.MemLimit}} {{.PIDs}}' limits
	assert_status 0
}

@test "update: other limits for one that runs" {
	background limits --memory 64m --cpus 0.5 --pids-limit 40
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' limits)
	run_engine podman update --memory 48m --memory-swap 96m --cpus 0.25 --cpuset-cpus 0 limits
	assert_status 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 50331648
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max)"
	assert_contains 25000
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpuset cpuset.cpus cpuset.cpus)"
	assert_output 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 40
	# The rest stays, what it may use as well.
	run_engine podman update --cpu-shares 512 limits
	assert_status 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 40
	run_engine podman exec limits sh -c 'head -c 3 /dev/zero | wc -c'
	assert_output 3
}

@test "user, capabilities, read-only root, no-new-privileges" {
	run_engine podman run --rm --network none --user user --cap-drop all --read-only --read-only-tmpfs=false \
		--security-opt no-new-privileges bb sh -c \
		'id -u; id -G; grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status | tr -s "\t" " "; touch /file 2>&1'
	assert_status 1
	assert_contains $'1000\n1000 2000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2'
	assert_contains "Read-only file system"
}

@test "run without a limit of processes, which podman writes as 0" {
	run_engine podman run --rm --network none --pids-limit -1 bb sh -c 'true | echo out'
	assert_status 0
	assert_output out
}

@test "run without a cgroup of its own" {
	[ "${BERTH##*/}" != runc ] || skip "runc has no --cgroup-manager"
	run_engine podman run --rm --network none --cgroups=disabled bb cat /proc/self/cgroup
	assert_status 0
	[[ $output != *libpod* ]]
	run_engine podman run --rm --network none --cgroupns host bb cat /proc/self/cgroup
	assert_contains libpod
}

@test "a detached container: logs, inspect, stop, its status, rm" {
	background one
	run_engine podman logs one
	assert_contains to-stdout
	assert_contains to-stderr
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' one)
	run_engine podman inspect -f '{{.State.Status}} {{.OCIRuntime}}' one
	assert_output "running berth"
	run_engine inside sh -c "tr '\\0' ' ' </proc/$pid/cmdline"
	assert_contains "sh -c trap"
	run_engine podman stop one
	assert_status 0
	run_engine podman inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' one
	assert_output "exited 3 0"
	run_engine podman rm one
	assert_status 0
	run_engine podman container exists one
	assert_status 1
}

@test "start again, restart, wait" {
	background one
	podman stop one
	run_engine podman start one
	assert_status 0
	run_engine podman restart one
	assert_status 0
	run_engine podman inspect -f '{{.State.Status}}' one
	assert_output running
	podman stop one
	run_engine podman wait one
	assert_output 3
}

@test "kill by name and by number; a kill of what has ended is an error" {
	background one
	run_engine podman kill --signal USR1 one
	assert_status 0
	until_output "exited 4" podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
	podman start one
	run_engine podman kill one
	assert_status 0
	until_output "exited 137" podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
	run_engine podman kill one
	assert_status 125
}

@test "stop of what ignores TERM, and rm --force of what runs" {
	podman run -d --name one --network none bb sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	until_output ready podman logs one
	run_engine podman stop -t 1 one
	assert_status 0
	run_engine podman inspect -f '{{.State.ExitCode}}' one
	assert_output 137
	podman start one
	run_engine podman rm -f -t 0 one
	assert_status 0
}

@test "exec: output, input, user, environment, directory, status" {
	background one
	run_engine podman exec one id -u
	assert_output 0
	run_engine podman exec one sh -c 'exit 9'
	assert_status 9
	run_engine podman exec -i one cat <<<"some input"
	assert_output "some input"
	run_engine podman exec --user user --env A=b --workdir /tmp one sh -c 'echo $A $(id -u) $(pwd)'
	assert_output "b 1000 /tmp"
}

@test "exec of a command that is missing is 127, of one that is no program 126; the container goes on" {
	background one
	run_engine podman exec one nosuch
	assert_status 127
	assert_contains 'executable file not found in $PATH'
	run_engine podman exec one /etc/passwd
	assert_status 126
	run_engine podman exec one true
	assert_status 0
}

@test "exec -t: a terminal" {
	background one
	terminal=1 run_engine podman exec -t one tty
	assert_status 0
	assert_contains /dev/pts/
}

@test "exec -d, and a stop that ends what exec began" {
	background one
	run_engine podman exec -d one sh -c 'touch /tmp/began; sleep 1000'
	assert_status 0
	until_output began podman exec one ls /tmp
	run_engine podman top one
	assert_contains "sleep 1000"
	run_engine podman stop one
	assert_status 0
}
