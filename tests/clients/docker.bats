#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# Debian's docker and containerd with berth as their runtime.

load ../kit/engines

setup_file() {
	engines_need dockerd docker containerd || return 0
	sandbox_open
	docker_open
	docker run --rm bb true
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	docker ps -aq | while read -r id; do
		docker rm -f "$id" >/dev/null 2>&1
	done
	nothing_left
}

# background NAME: a container that runs until it gets TERM.
background() {
	docker run -d --name "$1" --network none "${@:2}" bb sh -c "$engine_loop" >/dev/null
	until_output to-stdout docker logs "$1"
}

@test "run --rm: what the program prints, and its status" {
	run_engine docker run --rm --network none bb sh -c 'echo out; exit 7'
	assert_status 7
	assert_output out
	run_engine docker info --format '{{.DefaultRuntime}}'
	assert_output berth
}

@test "run --user: who is not root may open /dev/stdout and /dev/stderr" {
	run_engine docker run --rm --user 7:8 --network none bb sh -c 'echo out >/dev/stdout && echo err >/dev/stderr'
	assert_status 0
	assert_contains out
	assert_contains err
}

@test "run -i: its input" {
	run_engine docker run --rm -i --network none bb cat <<<"some input"
	assert_status 0
	assert_output "some input"
}

@test "run -t: a terminal" {
	terminal=1 run_engine docker run --rm -t --network none bb tty
	assert_status 0
	assert_contains /dev/pts/0
}

@test "run with docker's own network" {
	run_engine docker run --rm bb ip -4 addr show eth0
	assert_status 0
	assert_contains "inet 172."
}

@test "run of a command that is missing is 127, of one that is no program 126" {
	run_engine docker run --rm --network none bb nosuch
	assert_status 127
	assert_contains 'executable file not found in $PATH'
	run_engine docker run --rm --network none bb /bin/nosuch
	assert_status 127
	assert_contains "no such file or directory"
	run_engine docker run --rm --network none bb /etc/passwd
	assert_status 126
	assert_contains "permission denied"
}

@test "limits of memory, processors and processes" {
	background limits --memory 64m --cpus 0.5 --pids-limit 40
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' limits)
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 67108864
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 40
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max)"
	assert_contains 50000
	run_engine docker stats --no-stream --format '{{.MemUsage}}' limits
	assert_contains 64MiB
}

@test "update: other limits for one that runs" {
	background limits --memory 64m --cpus 0.5 --pids-limit 40
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' limits)
	run_engine docker update --memory 48m --memory-swap 96m --cpus 0.25 --cpuset-cpus 0 --pids-limit 30 limits
	assert_status 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 50331648
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpu cpu.cfs_quota_us cpu.max)"
	assert_contains 25000
	run_engine inside cat "$(sandbox_cgroup_file "$pid" cpuset cpuset.cpus cpuset.cpus)"
	assert_output 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 30
	# The rest stays, what it may use as well.
	run_engine docker update --cpu-shares 512 limits
	assert_status 0
	run_engine inside cat "$(sandbox_cgroup_file "$pid" pids pids.max pids.max)"
	assert_output 30
	run_engine docker exec limits sh -c 'head -c 3 /dev/zero | wc -c'
	assert_output 3
}

@test "user, capabilities, read-only root, a tmpfs, no-new-privileges" {
	run_engine docker run --rm --network none --user user --cap-drop all --read-only --tmpfs /mnt \
		--security-opt no-new-privileges bb sh -c \
		'id -u; id -G; grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status | tr -s "\t" " "; grep -c " /mnt tmpfs " /proc/mounts; touch /file 2>&1'
	assert_status 1
	assert_contains $'1000\n1000 2000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\n1'
	assert_contains "Read-only file system"
}

@test "a detached container: logs, inspect, stop, its status, rm" {
	background one
	run_engine docker logs one
	assert_contains to-stdout
	assert_contains to-stderr
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' one)
	run_engine docker inspect -f '{{.State.Status}} {{.HostConfig.Runtime}}' one
	assert_output "running berth"
	run_engine inside sh -c "tr '\\0' ' ' </proc/$pid/cmdline"
	assert_contains "sh -c trap"
	run_engine docker stop one
	assert_status 0
	run_engine docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' one
	assert_output "exited 3 0"
	run_engine docker rm one
	assert_status 0
	run_engine docker inspect one
	assert_status 1
}

@test "start again, restart, wait" {
	background one
	docker stop one
	run_engine docker start one
	assert_status 0
	run_engine docker restart one
	assert_status 0
	run_engine docker inspect -f '{{.State.Status}}' one
	assert_output running
	docker kill one
	run_engine docker wait one
	assert_output 137
}

@test "kill by name; a kill of what has ended is an error" {
	background one
	run_engine docker kill --signal USR1 one
	assert_status 0
	until_output "exited 4" docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
	run_engine docker kill one
	assert_status 1
	assert_contains "is not running"
}

@test "stop of what ignores TERM, and rm --force of what runs" {
	docker run -d --name one --network none bb sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	until_output ready docker logs one
	run_engine docker stop -t 1 one
	assert_status 0
	run_engine docker inspect -f '{{.State.ExitCode}}' one
	assert_output 137
	docker start one
	run_engine docker rm -f one
	assert_status 0
}

@test "exec: output, input, user, environment, directory, status" {
	background one
	run_engine docker exec one id -u
	assert_output 0
	run_engine docker exec one sh -c 'exit 9'
	assert_status 9
	run_engine docker exec -i one cat <<<"some input"
	assert_output "some input"
	run_engine docker exec --user user --env A=b --workdir /tmp one sh -c 'echo $A $(id -u) $(pwd)'
	assert_output "b 1000 /tmp"
}

@test "exec of a command that is missing and of one that is no program; the container goes on" {
	background one
	# docker 20.10 says 126 whatever the runtime; later ones look at its text.
	run_engine docker exec one nosuch
	[ "$status" = 126 ] || assert_status 127
	assert_contains 'executable file not found in $PATH'
	run_engine docker exec one /etc/passwd
	assert_status 126
	run_engine docker exec one true
	assert_status 0
}

@test "exec -t: a terminal" {
	background one
	terminal=1 run_engine docker exec -t one tty
	assert_status 0
	assert_contains /dev/pts/
}

@test "exec -d, and a stop that ends what exec began" {
	background one
	run_engine docker exec -d one sh -c 'touch /tmp/began; sleep 1000'
	assert_status 0
	until_output began docker exec one ls /tmp
	run_engine docker exec one ps
	assert_contains "sleep 1000"
	run_engine docker stop one
	assert_status 0
}
