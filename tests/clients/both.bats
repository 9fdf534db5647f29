#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# What podman and docker have in the same words, with berth as their runtime: one after the other.

load ../kit/engines

setup_file() {
	engines_need podman conmon dockerd docker containerd || return 0
	sandbox_open
	podman_open
	docker_open
	local engine
	for engine in podman docker; do
		# What they keep for good comes with their first containers.
		"$engine" run --rm --network none bb true
		"$engine" run --rm bb true
		"$engine" run --rm --net host bb true
	done
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	podman rm -f -a -t 0 >/dev/null 2>&1
	docker ps -aq | while read -r id; do
		docker rm -f "$id" >/dev/null 2>&1
	done
	nothing_left
}

# of_both FUNCTION: with $engine. Not in a condition, in which no assertion of the function would count.
of_both() {
	local engine
	for engine in podman docker; do
		echo "with $engine:"
		"$1"
		run_engine "$engine" rm -f one
	done
}

# background NAME OPTION...: a container that runs until it gets TERM.
background() {
	"$engine" run -d --name "$1" --network none "${@:2}" bb sh -c "$engine_loop" >/dev/null
	until_output to-stdout "$engine" logs "$1"
}

# field FORMAT: of the container "one".
field() {
	run_engine "$engine" inspect -f "$1" one
}

killed_by_memory() {
	run_engine "$engine" run --name one --network none --memory 24m --memory-swap 24m bb tail /dev/zero
	assert_status 137
	field '{{.State.ExitCode}}'
	assert_output 137
	# Where cgroups are of version 1 beside 2, conmon does not see it, whatever the runtime.
	[ "$engine" = podman ] || until_output true docker inspect -f '{{.State.OOMKilled}}' one
}

@test "more memory than its limit: the container ends by KILL, and docker says why" {
	of_both killed_by_memory
}

held_by_pids() {
	# shellcheck disable=SC2016 # for the shell inside
	run_engine "$engine" run --rm --network none --pids-limit 20 bb sh -c '
		i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i + 1)); done 2>&1; echo end'
	assert_contains "can't fork"
}

@test "more processes than its limit: fork fails in it" {
	of_both held_by_pids
}

has_init() {
	# shellcheck disable=SC2016 # for the shell inside
	run_engine "$engine" run --rm --network none --init "$@" bb sh -c '[ $$ != 1 ] && tr "\000" " " </proc/1/cmdline'
	assert_status 0
	assert_contains "init"
}

@test "--init: the first process is not the program" {
	engine=podman has_init --init-path /usr/bin/docker-init
	engine=docker has_init
}

shares_namespaces() {
	local name theirs
	background one --ipc shareable
	for name in pid ipc net; do
		theirs=$("$engine" exec one readlink "/proc/self/ns/$name")
		[[ $theirs == "$name:["* ]]
		run_engine "$engine" run --rm "--$name" container:one bb readlink "/proc/self/ns/$name"
		assert_output "$theirs"
		run_engine "$engine" run --rm bb readlink "/proc/self/ns/$name"
		assert_status 0
		[ "$output" != "$theirs" ]
	done
	run_engine "$engine" run --rm --pid container:one bb sh -c 'tr "\000" " " </proc/1/cmdline'
	assert_contains "trap"
}

@test "--pid, --ipc and --net of another container" {
	of_both shares_namespaces
}

of_the_host() {
	local name
	for name in pid ipc net uts; do
		run_engine "$engine" run --rm "--$name" host bb readlink "/proc/self/ns/$name"
		assert_output "$(inside readlink "/proc/self/ns/$name")"
	done
}

@test "--pid, --ipc, --net and --uts of the host" {
	of_both of_the_host
}

is_read_only() {
	run_engine "$engine" run --rm --network none --read-only --tmpfs /mnt:size=1m --volume "$sandbox/tmp:/vol:ro" bb sh -c '
		touch /file 2>/dev/null || touch /vol/file 2>/dev/null || touch /mnt/file
		ls /mnt; grep -c "^tmpfs /mnt tmpfs .*size=1024k" /proc/mounts'
	assert_status 0
	assert_output $'file\n1'
}

@test "--read-only, --tmpfs with a size, a volume that is read-only" {
	of_both is_read_only
}

has_limits() {
	run_engine "$engine" run --rm --network none --ulimit nofile=100:200 --ulimit nproc=4096:4096 --sysctl net.ipv4.ip_default_ttl=33 --hostname here \
		--cap-drop all --cap-add chown --device /dev/null:/dev/mine --shm-size 2m --oom-score-adj 77 bb sh -c '
		ulimit -n; ulimit -Hn; cat /proc/sys/net/ipv4/ip_default_ttl; hostname; grep CapEff /proc/self/status
		head -c 3 /dev/mine | wc -c; grep -c "/dev/shm .*size=2048k" /proc/mounts; cat /proc/self/oom_score_adj'
	assert_output $'100\n200\n33\nhere\nCapEff:\t0000000000000001\n0\n1\n77'
}

@test "--ulimit, --sysctl, --hostname, --cap-add, --device, --shm-size, --oom-score-adj" {
	of_both has_limits
}

has_seccomp() {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' |
		inside tee "$sandbox/seccomp.json" >/dev/null
	run_engine "$engine" run --rm --network none --security-opt "seccomp=$sandbox/seccomp.json" bb mkdir /tmp/a
	assert_status 1
	assert_contains "No space left on device"
}

@test "--security-opt seccomp: a profile of one's own" {
	of_both has_seccomp
}

is_attached() {
	# shellcheck disable=SC2016 # for the shell inside
	"$engine" run -d -i --name one --network none bb sh -c '
		read line; i=0; while [ $i -lt 40 ]; do echo "got $line"; sleep 0.05; i=$((i + 1)); done' >/dev/null
	# Without its end: docker's client leaves with it, before or after the output.
	mkfifo "$BATS_TEST_TMPDIR/$engine"
	exec 9<>"$BATS_TEST_TMPDIR/$engine"
	echo "some input" >&9
	run_engine "$engine" attach one <&9
	exec 9>&-
	assert_contains "got some input"
	until_output exited "$engine" inspect -f '{{.State.Status}}' one
	run_engine "$engine" logs one
	assert_contains "got some input"
}

@test "attach: input and output of one that runs, until its end" {
	of_both is_attached
}

has_size() {
	background one
	# shellcheck disable=SC2016 # for the shell inside
	terminal=1 run_engine "$engine" exec -it one sh -c '
		i=0; while [ "$(stty size)" != "33 111" ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done; stty size'
	assert_contains "33 111"
}

@test "exec -it: the terminal has the size of the caller's" {
	of_both has_size
}

is_restarted() {
	"$engine" run -d --name one --network none --restart on-failure:2 bb sh -c 'echo again; exit 5' >/dev/null
	until_output "2 exited 5" "$engine" inspect -f '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' one
	run_engine "$engine" logs one
	assert_output $'again\nagain\nagain'
}

@test "--restart on-failure: so often, and no more" {
	of_both is_restarted
}

is_paused() {
	background one
	run_engine "$engine" pause one
	assert_status 0
	field '{{.State.Status}}'
	assert_output paused
	run_engine "$engine" exec one true
	[ "$status" != 0 ]
	run_engine "$engine" unpause one
	assert_status 0
	run_engine "$engine" exec one echo out
	assert_output out
}

@test "pause, unpause" {
	of_both is_paused
}

is_shown() {
	background one
	run_engine "$engine" top one
	assert_contains "trap"
	run_engine "$engine" stats --no-stream --format '{{.Name}}' one
	assert_output one
	run_engine "$engine" ps --filter name=one --format '{{.Names}}'
	assert_output one
	run_engine "$engine" cp one:/etc/passwd -
	assert_status 0
	assert_contains "root:x:0"
	run_engine "$engine" diff one
	assert_status 0
}

@test "top, stats, ps, cp, diff of one that runs" {
	of_both is_shown
}

checked_by_hand() {
	run_engine podman healthcheck run one
}

is_checked() {
	local check=$1
	shift
	"$engine" run -d --name one --network none --health-cmd 'test -e /tmp/well' "$@" bb sh -c "$engine_loop" >/dev/null
	until_output to-stdout "$engine" logs one
	$check
	until_output unhealthy "$engine" inspect -f '{{.State.Health.Status}}' one
	"$engine" exec one touch /tmp/well
	$check
	until_output "[healthy]" "$engine" inspect -f '[{{.State.Health.Status}}]' one
}

@test "health checks: unhealthy, and healthy again" {
	# podman leaves the clock to systemd, which is not here.
	engine=podman is_checked checked_by_hand --health-interval disable --health-retries 1
	podman rm -f -t 0 one >/dev/null
	engine=docker is_checked true --health-interval 1s --health-retries 1
}
