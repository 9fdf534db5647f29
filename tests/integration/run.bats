#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth run as root: what the process sees is what config.json says.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "the config that spec writes runs" {
	in_container 'echo hello from $$'
	berth_run
	assert_status 0
	[ "$output" = "hello from 1" ]
}

@test "the exit status is the container's" {
	in_container 'exit 42'
	berth_run
	assert_status 42
}

@test "a signal that ends the container gives 128 + n" {
	# The first process of a pid namespace is immune to its own signals.
	config '.linux.namespaces |= map(select(.type != "pid"))'
	config '.mounts |= map(select(.destination != "/proc"))'
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'kill -9 $$'
	berth_run
	assert_status 137
}

@test "six new namespaces, none of them ours" {
	in_container 'for n in pid net ipc uts mnt cgroup user; do echo "$n $(readlink /proc/self/ns/$n)"; done'
	berth_run
	assert_status 0
	for n in pid net ipc uts mnt cgroup; do
		refute_line "$n $(readlink "/proc/self/ns/$n")"
	done
	assert_line "user $(readlink /proc/self/ns/user)"
}

@test "a time namespace is created" {
	config '.linux.namespaces += [{"type": "time"}]'
	in_container 'readlink /proc/self/ns/time'
	berth_run
	assert_status 0
	[ "$output" != "$(readlink /proc/self/ns/time)" ]
}

@test "namespaces are joined by path, the others created" {
	unshare -nui sleep 100 &
	local other=$!
	# unshare(1) becomes sleep once its namespaces are made.
	until [ "$(cat /proc/$other/comm)" = sleep ]; do sleep 0.02; done
	config '.linux.namespaces |= map(if .type == "network" or .type == "ipc"
		then .path = ("/proc/" + $pid + "/ns/" + (if .type == "network" then "net" else "ipc" end))
		else . end)' --arg pid "$other"
	in_container 'for n in net ipc uts; do echo "$n $(readlink /proc/self/ns/$n)"; done'
	berth_run
	local net ipc uts
	net=$(readlink /proc/$other/ns/net) ipc=$(readlink /proc/$other/ns/ipc)
	uts=$(readlink /proc/$other/ns/uts)
	kill $other
	assert_status 0
	assert_line "net $net"
	assert_line "ipc $ipc"
	refute_line "uts $uts"
}

@test "hostname and domainname" {
	config '.hostname = "box" | .domainname = "example.org"'
	in_container 'hostname; cat /proc/sys/kernel/domainname'
	berth_run
	assert_status 0
	[ "${lines[0]}" = box ]
	[ "${lines[1]}" = example.org ]
}

@test "args, env and cwd" {
	config '.process.args = ["/bin/sh", "-c", "pwd; env; printf \"%s|\" \"$@\"", "name", "a b", "", "c"]'
	config '.process.env = ["PATH=/bin", "A=1", "EMPTY="] | .process.cwd = "/made/for/it"'
	berth_run
	assert_status 0
	[ "${lines[0]}" = /made/for/it ]
	assert_line "A=1"
	assert_line "EMPTY="
	assert_contains "a b||c|"
}

@test "of a variable that is there twice the last one counts, where it stands" {
	config '.process.args = ["/bin/env"] | .process.env = ["A=1", "PATH=/bin", "B=x", "A=2", "AA=3", "HOME=/a", "HOME=/b", "B=", "A==4"]'
	berth_run
	assert_status 0
	[ "$output" = "$(printf '%s\n' PATH=/bin AA=3 HOME=/b B= A==4)" ]
}

@test "the umask has the nine bits of permissions" {
	in_container umask
	config '.process.user.umask = 511'
	berth_run
	[ "$output" = 0777 ]
	local umask
	for umask in 512 4294967295; do
		config ".process.user.umask = $umask"
		berth_run
		assert_error "/process/user/umask (line " "is above 511 (octal 0777)"
	done
}

@test "the environment is the config's alone" {
	export LEAKED=yes
	config '.process.args = ["/bin/env"] | .process.env = ["PATH=/bin"]'
	berth_run
	assert_status 0
	[ "$output" = "$(printf 'PATH=/bin\nHOME=/')" ]
}

@test "user, groups and umask" {
	config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6], "umask": 63}'
	in_container 'id -u; id -g; id -G; umask; touch /dev/shm/f; stat -c %a:%u:%g /dev/shm/f'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = 1001 ]
	[ "${lines[2]}" = "1001 5 6" ]
	[ "${lines[3]}" = 0077 ]
	[ "${lines[4]}" = 600:1000:1001 ]
}

@test "the caller's groups are not the container's" {
	in_container 'grep ^Groups: /proc/self/status'
	run timeout 60 setpriv --groups 4,27,999 "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$(echo "$output" | tr -d ' \t')" = "Groups:" ]
}

@test "capabilities are exactly those of the config" {
	config '.process.capabilities = {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"],
		"permitted": ["CAP_KILL", "CAP_CHOWN"], "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}'
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.noNewPrivileges = false'
	in_container 'grep Cap /proc/self/status | tr -d "\t"'
	berth_run
	assert_status 0
	# After the execve of somebody who is not root, permitted and effective are the ambient set.
	assert_line "CapInh:0000000000000001"
	assert_line "CapPrm:0000000000000001"
	assert_line "CapEff:0000000000000001"
	assert_line "CapBnd:0000000000000021"
	assert_line "CapAmb:0000000000000001"
}

@test "no capabilities in the config, none in the container" {
	config 'del(.process.capabilities)'
	in_container 'grep Cap /proc/self/status | tr -d "\t"'
	berth_run
	assert_status 0
	for set in Inh Prm Eff Bnd Amb; do
		assert_line "Cap$set:0000000000000000"
	done
}

@test "rlimits" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
		{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
	in_container 'ulimit -Sn; ulimit -Hn; ulimit -Hc'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 100 ]
	[ "${lines[1]}" = 200 ]
	[ "${lines[2]}" = 0 ]
}

@test "no_new_privs as the config says" {
	in_container 'grep NoNewPrivs /proc/self/status | tr -d "\t"'
	berth_run
	[ "$output" = "NoNewPrivs:1" ]
	config '.process.noNewPrivileges = false'
	berth_run
	[ "$output" = "NoNewPrivs:0" ]
}

@test "only 0, 1 and 2 are open, whatever the caller leaked" {
	in_container 'ls /proc/self/fd | tr "\n" " "'
	exec 7</etc/passwd 9</
	berth_run
	exec 7<&- 9<&-
	assert_status 0
	# 3 is the directory that ls reads.
	[ "$output" = "0 1 2 3 " ]
}

@test "stdio is passed through, in all three directions" {
	in_container 'cat; echo to stderr >&2'
	echo "to stdin" | "$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" 2>"$bundle/err"
	[ "$(cat "$bundle/out")" = "to stdin" ]
	[ "$(cat "$bundle/err")" = "to stderr" ]
}

@test "closed stdio: 0, 1 and 2 exist inside and are nobody's socket" {
	in_container 'readlink /proc/self/fd/0 >>/dev/shm/l; readlink /proc/self/fd/1 >>/dev/shm/l; exit $(grep -c socket /dev/shm/l)'
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 2>&-' '1>&- 2>&-' '0<&- 1>&- 2>&-'; do
		eval "\"$BERTH\" run --bundle \"$bundle\" closed $closed" || return 1
	done
}

@test "the process leads a session of its own" {
	in_container 'cut -d" " -f 1,5,6 /proc/self/stat; cut -d" " -f 1,5,6 /proc/1/stat'
	berth_run
	assert_status 0
	[ "${lines[1]}" = "1 1 1" ]
}

@test "lo is up in a new network namespace" {
	in_container 'cat /sys/class/net/lo/operstate /sys/class/net/lo/flags; ls /sys/class/net'
	berth_run
	assert_status 0
	assert_line 0x9
	assert_line lo
}

@test "signals are forwarded to the container" {
	in_container 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	"$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" &
	local pid=$!
	until_true test -s "$bundle/out"
	kill -TERM $pid
	local status=0
	wait $pid || status=$?
	[ "$status" = 3 ]
	[ "$(tail -n 1 "$bundle/out")" = "got it" ]
}

@test "SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 too" {
	in_container 'for s in INT HUP USR1 USR2; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.05; done'
	"$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" 3>&- &
	local pid=$! s
	for s in ready INT HUP USR1 USR2; do
		[ "$s" = ready ] || kill -$s $pid
		until_true grep -qx $s "$bundle/out"
	done
	kill -KILL "$(child_of $pid)"
	local status=0
	wait $pid || status=$?
	[ "$status" = 137 ]
}

@test "berth is the parent, and SIGKILL of berth leaves the running container alone" {
	in_container 'echo ready; sleep 0.5; echo still here >/data/f'
	mkdir -p "$bundle/data"
	config '.mounts += [{"destination": "/data", "source": "data", "options": ["bind"]}]'
	"$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" 3>&- &
	local pid=$!
	until_true test -s "$bundle/out"
	kill -KILL $pid
	wait $pid || true
	until_true test -s "$bundle/data/f"
	[ "$(cat "$bundle/data/f")" = "still here" ]
	"$BERTH" delete --force "$cid"
}

@test "an id is checked" {
	for id in '' . .. -a a/b 'a b' "$(printf 'x%.0s' {1..256})" 'a$' .hidden; do
		run "$BERTH" run --bundle "$bundle" -- "$id"
		assert_error "invalid container ID format"
	done
	in_container 'exit 0'
	needs_cgroupfs # a unit's name has no room for the longest
	for id in a A.b-c_d+e 0 "$(printf 'x%.0s' {1..255})" _; do
		run "$BERTH" run --bundle "$bundle" "$id"
		assert_status 0
	done
}

@test "the command line: options in every spelling" {
	in_container 'exit 5'
	for spelling in "--bundle $bundle" "--bundle=$bundle" "-bundle $bundle" "-bundle=$bundle" "-b $bundle"; do
		# shellcheck disable=SC2086
		run "$BERTH" run $spelling "$cid"
		assert_status 5
	done
	cd "$bundle"
	run "$BERTH" run "$cid"
	assert_status 5
	run "$BERTH" run
	assert_error '"run" requires exactly 1 argument(s)'
	run "$BERTH" run --nonsense x
	assert_error "unknown option --nonsense"
	run "$BERTH" run --bundle
	assert_error "needs an argument"
	run "$BERTH" nonsense
	assert_error "nonsense"
	run "$BERTH" --version
	assert_status 0
	[[ ${lines[0]} == "berth version "* ]]
	[[ ${lines[1]} =~ ^"commit: "([0-9a-f]{40}|unknown)$ ]]
	[ "${lines[2]}" = "spec: 1.3.0" ]
}

@test "spec does not write over a config" {
	run "$BERTH" spec --bundle "$bundle"
	assert_error "exists already"
}

@test "berth copied alone to another place works" {
	mkdir "$bundle/alone"
	cp "$berth_program" "$bundle/alone/berth"
	in_container 'exit 9'
	run env -i "$bundle/alone/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
	assert_status 9
}

@test "berth-init runs from a sealed memfd, not from a file of the host" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=ready:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" 3>&- &
	local pid=$! child
	until_true eval "is_stopped \$(child_of $pid)"
	child=$(child_of $pid)
	run readlink "/proc/$child/exe"
	local seals
	seals=$(python3 -c 'import fcntl,sys; print(fcntl.fcntl(open(sys.argv[1]), 1034))' "/proc/$child/exe")
	kill -KILL "$child"
	wait $pid || true
	[[ $output == *memfd:berth-init* ]]
	# F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
	[ "$((seals & 15))" = 15 ]
}

@test "one line on stderr, whatever the arguments have in them" {
	run "$BERTH" $'a\nb'
	assert_error 'a?b'
	run "$BERTH" run $'--ro\not' x
	assert_error 'ro?ot'
}
