#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.terminal: a pty of the container's own, served in the foreground.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	config '.process.terminal = true'
}

teardown() {
	remove_bundle
}

# on_pty INPUT: runs the bundle with a pty as its terminal (24 rows, 80 columns, set to 33 and 111).
on_pty() {
	run timeout 60 python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" "$1" "$BERTH" run --bundle "$bundle" "$cid"
}

@test "stdio is a terminal, /dev/console is it, and it controls the session" {
	in_container 'tty; stat -c "%F" /dev/console; echo through >/dev/tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all'
	on_pty ''
	assert_status 0
	assert_line /dev/pts/0
	assert_line "character special file"
	assert_line through
	assert_line all
}

@test "what is typed arrives, with the size of the terminal" {
	in_container 'stty size; read -r line; echo "got: $line"'
	on_pty 'some words'
	assert_status 0
	assert_line "33 111"
	assert_line "got: some words"
}

@test "control characters reach the container's session: ^C ends its foreground" {
	in_container 'trap "echo interrupted; exit 4" INT; echo ready; while :; do sleep 0.05; done'
	on_pty $'\x03'
	assert_contains interrupted
	assert_status 4
}

@test "consoleSize, where berth has no terminal itself" {
	config '.process.consoleSize = {"height": 11, "width": 22}'
	in_container 'stty size'
	run sh -c '"$1" run --bundle "$2" size </dev/null | cat' sh "$BERTH" "$bundle"
	[ "$(tr -d '\r' <<<"$output")" = "11 22" ]
}

@test "no byte is lost at the end" {
	in_container 'seq 1 20000'
	run sh -c '"$1" run --bundle "$2" bytes </dev/null | tr -d "\r" | md5sum' sh "$BERTH" "$bundle"
	[ "$output" = "$(seq 1 20000 | md5sum)" ]
}

# ended SCRIPT INPUT: the container ends, with this script of the shell, when its input does.
ended() {
	in_container "$1"
	run timeout -k 5 60 sh -c 'printf "$3" | "$1" run --bundle "$2" ended' sh "$BERTH" "$bundle" "$2"
	assert_status 0
	output=${output//$'\r'/}
	mapfile -t lines <<<"$output"
}

@test "where standard input is no terminal, its end is that of the container's input" {
	# A shell that edits lines throws away what was typed before its prompt: sh is one.
	config '.process.args = ["/bin/sh"]'
	touch "$bundle/empty"
	local input
	for input in /dev/null "$bundle/empty"; do
		run timeout -k 5 60 sh -c '"$1" run --bundle "$2" ended <"$3" >"$2/out"' sh "$BERTH" "$bundle" "$input"
		assert_status 0
	done
	run timeout -k 5 60 sh -c 'echo "echo 4\$((1+1)); exit 7" | "$1" run --bundle "$2" ended' sh "$BERTH" "$bundle"
	assert_status 7
	assert_contains 42
	ended 'stty -echo; cat; echo end' 'one\ntwo\n'
	assert_line end
	# Part of a line: it is handed on, and then that was all.
	ended 'wc -c' 'part'
	assert_contains part4
	ended 'while read -r line; do :; done; while read -r line; do :; done; echo end' 'one\n'
	assert_line end
	# Who echoes the end of the input gets no more of them than there are.
	ended 'stty -icanon echo; sleep 1; echo end' ''
	assert_contains end
	local ends
	ends=$(grep -o '\^D' <<<"$output" | wc -l)
	[ "$ends" -ge 1 ]
	[ "$ends" -le 16 ]
}

@test "the terminal belongs to the user of the process" {
	config '.process.user = {"uid": 1000, "gid": 1000}'
	in_container 'stat -c %u $(tty)'
	on_pty ''
	assert_line 1000
}

@test "the caller's terminal is in order afterwards" {
	in_container 'true'
	run timeout 60 python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" --check-modes '' "$BERTH" run --bundle "$bundle" "$cid"
	assert_line "modes unchanged"
}

@test "a terminal without devpts in the config is an error" {
	config '.mounts |= map(select(.destination != "/dev/pts"))'
	in_container 'echo RAN'
	run sh -c '"$1" run --bundle "$2" nodevpts </dev/null' sh "$BERTH" "$bundle"
	assert_error "/dev/pts" "step console"
}

@test "/dev/console of the image is a link out of the root: nothing is made behind it (P6)" {
	config '.mounts |= map(select(.destination == "/proc" or .destination == "/dev/pts")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
	mkdir -p "$bundle/rootfs/dev" "$bundle/host"
	in_container 'echo hi'
	on_pty ''
	assert_line hi
	rm -f "$bundle/rootfs/dev/console"
	ln -s "$bundle/host/new" "$bundle/rootfs/dev/console"
	on_pty ''
	refute_line hi
	[ ! -e "$bundle/host/new" ]
}

@test "/dev/pts/ptmx of the image is no ptmx: an error, and no hang (M7)" {
	config '.mounts |= map(select(.destination == "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
	mkdir -p "$bundle/rootfs/dev/pts"
	in_container 'echo hi'
	for kind in 'touch' 'mkfifo' 'ln -s /dev/zero'; do
		rm -f "$bundle/rootfs/dev/pts/ptmx"
		$kind "$bundle/rootfs/dev/pts/ptmx"
		run timeout 20 sh -c '"$1" run --bundle "$2" ptmx </dev/null' sh "$BERTH" "$bundle"
		assert_error "/dev/pts"
	done
}

@test "whoever reads the terminal is gone: the container hangs up, and berth ends" {
	config '.process.args = ["/bin/sh", "-c", "while echo y; do :; done"]'
	# shellcheck disable=SC2016
	run timeout 30 bash -c '"$1" run --bundle "$2" gone </dev/null | head -n 1; exit ${PIPESTATUS[0]}' bash "$BERTH" "$bundle"
	assert_status 0
	[ "$output" = "$(printf 'y\r')" ]
	[ -z "$(left_processes)" ]
}

# lost STATUS COMMAND...: standard output is full: this status, and one error on stderr and in the log.
lost() {
	local message="write to standard output: no space left on device"
	# shellcheck disable=SC2016
	run timeout 30 sh -c 'exec "$@" </dev/null 2>&1 >/dev/full' sh "$BERTH" --log "$bundle/log" "${@:2}"
	assert_status "$1"
	[ "$output" = "berth: $message" ]
	[ "$(grep -c "$message" "$bundle/log")" = 1 ]
	rm "$bundle/log"
}

@test "standard output that is full: an error of run and exec, whatever the status of the program; and a hang-up" {
	in_container 'echo short'
	lost 1 run --bundle "$bundle" "$cid"
	in_container 'trap "exit 33" HUP; while echo y; do :; done'
	lost 1 run --bundle "$bundle" "$cid"
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
	run "$BERTH" list --quiet
	[ -z "$output" ]
	config '.process.terminal = false'
	in_container 'sleep 1000'
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1
	lost 255 exec --tty "$cid" echo short
	lost 255 exec --tty "$cid" sh -c 'echo x; sleep 1000'
}

@test "a reader who goes away, and signals that come late, leave no record and no cgroup" {
	in_container 'trap "echo PIPE; exit 33" PIPE; tty; echo hi; exit 4'
	for _ in 1 2 3 4 5 6; do
		# shellcheck disable=SC2016
		run bash -c '"$1" run --bundle "$2" "$3" </dev/null | true; exit ${PIPESTATUS[0]}' bash "$BERTH" "$bundle" "$cid"
		assert_status 4
		run "$BERTH" list --quiet
		[ -z "$output" ]
		[ -z "$(left_cgroups)" ]
	done
}

@test "two signals at once, when the output is stuck, leave no record and no cgroup" {
	in_container 'seq 1 20000 | head -c 6000'
	mkfifo "$bundle/pipe"
	exec 8<>"$bundle/pipe"
	python3 -c 'import fcntl; fcntl.fcntl(8, 1031, 4096)' # F_SETPIPE_SZ
	"$BERTH" run --bundle "$bundle" "$cid" </dev/null >&8 3>&- 8>&- &
	local pid=$!
	until_true sh -c "'$BERTH' state '$cid' | grep -q stopped"
	kill -STOP $pid
	kill -TERM $pid
	kill -HUP $pid
	kill -CONT $pid
	wait $pid || true
	exec 8>&-
	run "$BERTH" list --quiet
	[ -z "$output" ]
	[ -z "$(left_cgroups)" ]
}

@test "a reader who does not read: SIGTERM ends berth when the container has ended" {
	in_container 'seq 1 20000 | head -c 6000'
	mkfifo "$bundle/pipe"
	exec 8<>"$bundle/pipe"
	python3 -c 'import fcntl; fcntl.fcntl(8, 1031, 4096)' # F_SETPIPE_SZ
	"$BERTH" run --bundle "$bundle" "$cid" </dev/null >&8 3>&- 8>&- &
	local pid=$!
	until_true has_status stopped
	kill -TERM $pid
	until_true eval "! kill -0 $pid"
	exec 8>&-
}
