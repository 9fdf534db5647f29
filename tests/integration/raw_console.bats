#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: the console as controlling terminal and stdio.

load ../kit/raw

teardown() {
	release
}

# Whether the program leads its session (sed(1), its child, has it as parent and as session), and whether
# the terminal is the one that controls it.
# shellcheck disable=SC2016 # it is for the shell inside
session='set -- $(sed "s/.*) //" /proc/self/stat)
[ "$4" = "$2" ] && echo leads
: </dev/tty && echo controls'

@test "the console is stdin, stdout and stderr" {
	starts --pty sh -c 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done; tty'
	[[ ${lines[0]} == /dev/pts/* ]]
	same "$output" "$(printf '%s\n' "${lines[0]}"{,,,})"
}

@test "the console is the controlling terminal of the program's session" {
	starts --pty sh -c "$session"
	same "$output" $'leads\ncontrols'
}

@test "without a console the program leads a session without a terminal" {
	raw sh -c "$session"
	[ "$status" != 0 ]
	same "${lines[0]}" leads
	[[ $output != *controls* ]]
}

@test "the console of a program in namespaces of its own" {
	need_root
	starts --pty --new user,pid,mnt,net --uid-map "0 0 1" --gid-map "0 0 1" sh -c "$session"
	same "$output" $'leads\ncontrols'
}

@test "the console of an ordinary user" {
	starts "${ordinary[@]}" --pty --new user,pid --uid-map "0 $ordinary_uid 1" \
		--gid-map "0 $ordinary_uid 1" sh -c "$session"
	same "$output" $'leads\ncontrols'
}

@test "the console is opened before a mount namespace is joined" {
	need_root
	hold --mount
	nsenter --mount="$(held mnt)" mount -t tmpfs none /dev/pts
	starts --pty --join "$(held mnt)" sh -c 'ls /dev/pts; : </dev/tty && echo controls'
	same "$output" controls
}

@test "the console with all of stdio closed" {
	starts --pty --closed 0,1,2 sh -c "$session"
	same "$output" $'leads\ncontrols'
}

@test "with a console berth-init's own stderr stays the caller's" {
	raw --pty no-such-program
	is_refused 'exec: "no-such-program"'
}

@test "a console that is not a terminal is refused" {
	refuses "ConsolePathAttr: /dev/null is not a terminal" --console /dev/null
}

@test "a console that is a master is refused" {
	refuses "ConsolePathAttr: /dev/ptmx is the master of a pseudoterminal" --console /dev/ptmx
}

@test "a console that is not there is refused" {
	refuses "open the console /no/such/console: no such file or directory" \
		--console /no/such/console
}

@test "a console that is a directory is refused" {
	refuses "open the console /proc: is a directory" --console /proc
}

@test "a console that controls another session is refused" {
	# script(1) gives its program a terminal that controls its session.
	run script -qec "python3 -S $kit/raw.py --init $BERTH_INIT --console \"\$(tty)\" true" /dev/null
	[ "$status" != 98 ]
	[[ $output == *"take the console as controlling terminal: operation not permitted"* ]]
}
