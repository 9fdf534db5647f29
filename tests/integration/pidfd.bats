#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --pidfd-socket of create, run and exec, and the annotation run.oci.pidfd_receiver: a pidfd over a socket.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'trap "exit 7" TERM; echo started; while :; do sleep 0.05; done'
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# receive SOCKET [SIGNAL]: a listener there; what it says is in $bundle/heard.
receive() {
	: >"$bundle/heard" # here: what an earlier one said is not this one's
	python3 "$BATS_TEST_DIRNAME/../kit/pidfd.py" "$@" >"$bundle/heard" 2>&1 3>&- &
	listener=$!
	until_true grep -q listens "$bundle/heard"
}

heard() {
	wait "$listener"
	[ "$(sed -n 2p "$bundle/heard")" = "$1" ] || {
		cat "$bundle/heard"
		return 1
	}
}

init_pid() {
	"$BERTH" state "$cid" | jq .pid
}

quietly() {
	"$BERTH" "$@" >"$bundle/out" 2>&1 </dev/null 3>&-
}

@test "create --pidfd-socket: one pidfd of the container, called standard" {
	receive "$bundle/socket"
	quietly create --pidfd-socket "$bundle/socket" --bundle "$bundle" "$cid"
	heard "standard 1 $(init_pid)"
}

@test "run --detach --pidfd-socket: it can be signalled and waited for" {
	receive "$bundle/socket" KILL
	quietly run --detach --pidfd-socket "$bundle/socket" --bundle "$bundle" "$cid"
	local pid
	pid=$(init_pid)
	touch "$bundle/socket.go"
	heard "standard 1 $pid"
	grep -q ended "$bundle/heard"
	until_true sh -c '"$1" state "$2" | grep -q stopped' sh "$BERTH" "$cid"
}

@test "run --pidfd-socket in the foreground" {
	in_container 'exit 3'
	receive "$bundle/socket"
	run timeout 60 "$BERTH" run --pidfd-socket "$bundle/socket" --bundle "$bundle" "$cid"
	assert_status 3
	wait "$listener" || true
	grep -q "^standard 1 " "$bundle/heard"
}

@test "exec --pidfd-socket: of the new process, called setns" {
	quietly run --detach --bundle "$bundle" "$cid"
	receive "$bundle/socket"
	quietly exec --detach --pidfd-socket "$bundle/socket" --pid-file "$bundle/pid" "$cid" sleep 100
	heard "setns 1 $(cat "$bundle/pid")"
}

@test "a path of more than 108 bytes, and a relative one" {
	local long
	long=$bundle/$(printf 'x%.0s' {1..120})
	mkdir "$long"
	receive "$long/socket"
	quietly create --pidfd-socket "$long/socket" --bundle "$bundle" "$cid"
	heard "standard 1 $(init_pid)"
	"$BERTH" delete "$cid"
	receive "$bundle/near"
	(cd "$bundle" && quietly create --pidfd-socket near --bundle . "$cid")
	heard "standard 1 $(init_pid)"
}

@test "nobody listens: the flag's error, and nothing is made" {
	run "$BERTH" create --pidfd-socket "$bundle/none" --bundle "$bundle" "$cid"
	assert_error "connect to the pidfd socket $bundle/none: no such file or directory"
	[ -z "$(ls -A "$bundle/state")" ]
	quietly run --detach --bundle "$bundle" "$cid"
	run "$BERTH" exec --pidfd-socket "$bundle/none" "$cid" true
	assert_status 255
	assert_contains "connect to the pidfd socket"
}

@test "a listener that accepts nobody is given up after ten seconds" {
	python3 - "$bundle/socket" 3>&- <<'PYTHON' &
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
kept = socket.socket(socket.AF_UNIX)
kept.connect(sys.argv[1])
open(sys.argv[1] + ".full", "w").close()
time.sleep(60)
PYTHON
	listener=$!
	until_true test -e "$bundle/socket.full"
	run timeout 40 "$BERTH" create --pidfd-socket "$bundle/socket" --bundle "$bundle" "$cid"
	kill "$listener"
	assert_error "connect to the pidfd socket" "timed out"
}

@test "the annotation run.oci.pidfd_receiver: create, beside the flag, and not exec" {
	config '.annotations["run.oci.pidfd_receiver"] = $path' --arg path "$bundle/annotated"
	run "$BERTH" create --bundle "$bundle" "$cid"
	assert_error "/annotations/run.oci.pidfd_receiver (line " "connect to the pidfd socket $bundle/annotated"
	receive "$bundle/annotated"
	quietly create --bundle "$bundle" "$cid"
	heard "standard 1 $(init_pid)"
	"$BERTH" delete --force "$cid"
	rm "$bundle/annotated"
	receive "$bundle/annotated"
	local first=$listener
	mv "$bundle/heard" "$bundle/heard.first"
	receive "$bundle/flag"
	quietly run --detach --pidfd-socket "$bundle/flag" --bundle "$bundle" "$cid"
	heard "standard 1 $(init_pid)"
	wait "$first"
	grep -qx "standard 1 $(init_pid)" "$bundle/heard.first"
	# The listener is gone: a process more has none.
	run timeout 60 "$BERTH" exec "$cid" true
	assert_status 0
	config '.annotations["run.oci.pidfd_receiver"] = ""'
	run "$BERTH" explain --bundle "$bundle"
	assert_error "/annotations/run.oci.pidfd_receiver" "is empty, not a path"
}

@test "rootless: the same" {
	id berth-test >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh berth-test
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R berth-test: "$bundle"
	setpriv --reuid berth-test --regid berth-test --init-groups "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	in_container 'exit 4'
	receive "$bundle/socket"
	chown berth-test: "$bundle/config.json" "$bundle/socket"
	run timeout 60 setpriv --reuid berth-test --regid berth-test --init-groups --inh-caps=-all \
		"$bundle/berth" --root "$bundle/state" run --pidfd-socket "$bundle/socket" --bundle "$bundle" "$cid"
	assert_status 4
	wait "$listener" || true
	grep -q "^standard 1 " "$bundle/heard"
}
