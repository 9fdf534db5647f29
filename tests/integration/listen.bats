#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# LISTEN_FDS: listeners that a service manager hands to berth reach the program (sd_listen_fds(3)).

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	echo three >"$bundle/three"
	echo four >"$bundle/four"
	echo five >"$bundle/five"
	in_container "$show"
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# What the program prints: the variables, whether LISTEN_PID is its own, and what it has from 3 on.
# shellcheck disable=SC2016 # the container's
show='echo "fds $LISTEN_FDS names $LISTEN_FDNAMES mine $([ "$LISTEN_PID" = $$ ] && echo yes)"
	for fd in 3 4 5 6; do [ -e /proc/$$/fd/$fd ] && cat /proc/$$/fd/$fd; done; env | grep -c LISTEN'

# activated VARIABLES OPTION...: berth as systemd would start it, with three descriptors.
# shellcheck disable=SC2016 # it is for the shell inside
activated() {
	run timeout 60 sh -c 'variables=$1; shift; exec env $variables LISTEN_PID=$$ "$@"' sh "$1" "$BERTH" "${@:2}" \
		3<"$bundle/three" 4<"$bundle/four" 5<"$bundle/five"
}

# printed LINE...: these lines and no others.
printed() {
	[ "$output" = "$(printf '%s\n' "$@")" ] || {
		printf 'got:\n%s\n' "$output"
		return 1
	}
}

@test "run: so many descriptors, their names, and the pid of the program" {
	activated "LISTEN_FDS=2 LISTEN_FDNAMES=http:ssh" run --bundle "$bundle" "$cid"
	assert_status 0
	printed "fds 2 names http:ssh mine yes" three four 3
	activated "LISTEN_FDS=1" run --bundle "$bundle" "$cid"
	printed "fds 1 names  mine yes" three 2
}

@test "--preserve-fds comes behind them" {
	activated "LISTEN_FDS=1" run --preserve-fds 2 --bundle "$bundle" "$cid"
	printed "fds 1 names  mine yes" three four five 2
}

@test "what the config has of the variables is replaced, as podman writes them" {
	config '.process.env += ["LISTEN_PID=77", "LISTEN_FDS=9", "LISTEN_FDNAMES=old"]'
	activated "LISTEN_FDS=1 LISTEN_FDNAMES=new" run --bundle "$bundle" "$cid"
	printed "fds 1 names new mine yes" three 3
}

@test "create and start; exec, whose pid is another; no pid namespace of its own" {
	in_container "$show; exec sleep 100"
	sh -c 'exec env LISTEN_FDS=2 LISTEN_PID=$$ "$@"' sh "$BERTH" create --bundle "$bundle" "$cid" \
		3<"$bundle/three" 4<"$bundle/four" 5<"$bundle/five" >"$bundle/out" 2>&1 </dev/null
	"$BERTH" start "$cid"
	until_true grep -qx 2 "$bundle/out"
	grep -qx "fds 2 names  mine yes" "$bundle/out"
	grep -qx four "$bundle/out"
	[ "$(grep -c five "$bundle/out")" = 0 ]
	activated "LISTEN_FDS=1 LISTEN_FDNAMES=a" exec --preserve-fds 1 "$cid" sh -c "$show"
	assert_status 0
	printed "fds 1 names a mine yes" three four 3
	"$BERTH" delete --force "$cid"
	in_container "$show"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	activated "LISTEN_FDS=1" run --bundle "$bundle" "$cid"
	printed "fds 1 names  mine yes" three 2
}

@test "variables that are meant for another process are nobody's" {
	LISTEN_FDS=2 LISTEN_PID=1 LISTEN_FDNAMES=x run timeout 60 "$BERTH" run --bundle "$bundle" "$cid" 3<"$bundle/three" 4<"$bundle/four"
	printed "fds  names  mine " 0
	LISTEN_FDS=2 run timeout 60 "$BERTH" run --bundle "$bundle" "$cid" 3<"$bundle/three" 4<"$bundle/four"
	printed "fds  names  mine " 0
}

@test "a number that is none, and descriptors that are not there" {
	activated "LISTEN_FDS=two" run --bundle "$bundle" "$cid"
	assert_error 'LISTEN_FDS is "two", not a number'
	activated "LISTEN_FDS=50" run --bundle "$bundle" "$cid"
	[ "$output" = "berth: LISTEN_FDS: descriptor 6: bad file descriptor" ]
	activated "LISTEN_FDS=2" run --preserve-fds 50 --bundle "$bundle" "$cid"
	[ "$output" = "berth: preserve-fds: descriptor 6: bad file descriptor" ]
	activated "LISTEN_FDS=4294967295" run --preserve-fds 2 --bundle "$bundle" "$cid"
	assert_error "too many"
	[ -z "$(ls -A "$bundle/state")" ]
}
