#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: who lives in the namespaces that are joined must not see into the processes that
# join them, nor reach what they have open.

load ../kit/raw

teardown() {
	[ -z "${raw_pid-}" ] || wait "$raw_pid" || true
	release
}

# background OPTION... PROGRAM: raw.py with the berth-init of a build with failpoints; its pid is $raw_pid.
background() {
	python3 -S "$kit/raw.py" --init "$BERTH_INIT_TEST" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	raw_pid=$!
}

# What somebody in the namespaces of the holder gets of the process that is called $1: its descriptors, its
# root, its environment. He is root there as here, without one capability.
attack() {
	# shellcheck disable=SC2016 # it is for the shell inside
	nsenter --mount="$(held mnt)" --pid="$(held pid)" \
		setpriv --bounding-set=-all --inh-caps=-all sh -c 'for dir in /proc/[0-9]*; do
			[ "$(cat "$dir/comm" 2>/dev/null)" = "$0" ] || continue
			echo seen
			readlink "$dir/fd/0" >/dev/null && echo fd
			ls "$dir/root/" >/dev/null 2>&1 && echo root
			cat "$dir/environ" >/dev/null 2>&1 && echo environ
		done; true' "$1"
}

# attack_until_seen NAME: repeated until there is such a process.
attack_until_seen() {
	local i
	for ((i = 0; i < 200; i++)); do
		run attack "$1"
		[ -z "$output" ] || return 0
		sleep 0.02
	done
	cat "$BATS_TEST_TMPDIR/out"
	return 1
}

# The pid of the child that has stopped, as seen from here.
stopped_child() {
	local pid
	for pid in $(cat "/proc/$raw_pid/task/$raw_pid/children"); do
		[ "$(cat "/proc/$pid/comm")" != stopped ] || echo "$pid"
	done
}

# go_on: the child goes on, and all is well.
go_on() {
	local status=0
	kill -CONT "$(stopped_child)"
	wait "$raw_pid" || status=$?
	raw_pid=
	[ "$status" = 0 ] || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
}

need_attack() {
	need_root
	[ -x "$BERTH_INIT_TEST" ] || skip "no build with failpoints"
	hold --mount --pid --fork --mount-proc
	joins mnt pid
}

@test "control: the program itself can be looked into" {
	need_attack
	background "${joins[@]}" --new user --uid-map "0 0 1" --gid-map "0 0 1" tail -f /dev/null
	attack_until_seen tail
	same "$output" $'seen\nfd\nroot\nenviron'
	release
	wait "$raw_pid" || true
	raw_pid=
}

@test "the child cannot be looked into while it waits for its maps" {
	need_attack
	export BERTH_FAIL=mapped:stop
	background "${joins[@]}" --new user --uid-map "0 0 1" --gid-map "0 0 1" true
	attack_until_seen stopped
	same "$output" seen
	go_on
}

@test "nor when it is root of its user namespace" {
	need_attack
	export BERTH_FAIL=exec:stop
	background "${joins[@]}" --new user --uid-map "0 0 1" --gid-map "0 0 1" true
	attack_until_seen stopped
	same "$output" seen
	go_on
}

@test "nor where no user namespace is created" {
	need_attack
	export BERTH_FAIL=mapped:stop
	background "${joins[@]}" true
	attack_until_seen stopped
	same "$output" seen
	go_on
}

@test "the child has neither /proc nor the stream nor a namespace open" {
	need_attack
	export BERTH_FAIL=mapped:stop
	background "${joins[@]}" --new user --uid-map "0 0 1" --gid-map "0 0 1" true
	attack_until_seen stopped
	local fd targets=
	for fd in "/proc/$(stopped_child)"/fd/*; do
		targets+="$(readlink "$fd") "
	done
	go_on
	# The gate and the report are pipes.
	[[ $targets == *pipe:* ]]
	[[ $targets != *socket:* && $targets != */proc* && $targets != *mnt:* && $targets != *pid:* ]]
}

@test "root of a user namespace joins and creates, and the maps are written" {
	PATH=/usr/bin:/bin run "${hold_as_ordinary[@]}" unshare --user --map-root-user --net --uts \
		python3 -S "$kit/raw.py" --init "$BERTH_INIT" --cwd / --join /proc/self/ns/net \
		--join /proc/self/ns/uts --new user,pid --uid-map "0 0 1" --gid-map "0 0 1" \
		sh -c 'id -u; id -g; cat /proc/self/uid_map'
	same "$status $(tr -s ' ' <<<"$output")" $'0 0\n0\n 0 0 1'
}

@test "who may join but is not root is told why the maps cannot be written" {
	need_root
	local dir
	dir=$(mktemp -d /tmp/berth-test.XXXXXX)
	chmod 755 "$dir"
	cp "$BERTH_INIT" "$dir/berth-init"
	local who="setpriv --reuid $ordinary_uid --clear-groups --inh-caps=-all,+sys_admin"
	who+=" --ambient-caps=-all,+sys_admin --bounding-set=-all,+sys_admin"
	BERTH_INIT=$dir/berth-init raw --via "$who" --join /proc/self/ns/net --new user \
		--uid-map "0 $ordinary_uid 1" true
	rm -r "$dir"
	is_refused "where namespaces are joined, that takes root or CAP_DAC_OVERRIDE): permission denied"
}

@test "who may not read the file of berth-init is told why the maps cannot be written" {
	need_root
	local file=$BATS_TEST_TMPDIR/berth-init
	cp "$BERTH_INIT" "$file"
	chmod 711 "$file"
	BERTH_INIT=$file raw "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" true
	is_refused "berth-init is not dumpable: its user must be able to read its file): permission denied"
	chmod 755 "$file"
	BERTH_INIT=$file starts "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" true
}
