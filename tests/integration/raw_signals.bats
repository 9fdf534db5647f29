#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: what ends it ends the child, and nothing runs that the caller was not told of.

load ../kit/raw

teardown() {
	[ -z "${raw_pid-}" ] || wait "$raw_pid" || true
}

# stop_child OPTION...: raw.py has a berth-init that waits for a child, and the child has stopped.
stop_child() {
	local i pid
	[ -x "$BERTH_INIT_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=mapped:stop python3 -S "$kit/raw.py" --init "$BERTH_INIT_TEST" "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	raw_pid=$!
	for ((i = 0; i < 500; i++)); do
		init_pid='' child_pid=''
		for pid in $(cat "/proc/$raw_pid/task/$raw_pid/children"); do
			case $(cat "/proc/$pid/comm" 2>/dev/null) in
			stopped) child_pid=$pid ;;
			*) init_pid=$pid ;;
			esac
		done
		[ -z "$child_pid" ] || return 0
		sleep 0.01
	done
	cat "$BATS_TEST_TMPDIR/out"
	return 1
}

# finish: $status and $output of raw.py.
finish() {
	status=0
	wait "$raw_pid" || status=$?
	raw_pid=
	output=$(cat "$BATS_TEST_TMPDIR/out")
}

@test "control: the child goes on, and the program runs" {
	stop_child echo it-has-run
	kill -CONT "$child_pid"
	finish
	same "$status $output" "0 it-has-run"
}

@test "a signal that ends berth-init ends the child too" {
	local signal
	for signal in HUP TERM USR1 USR2 ALRM RTMIN; do
		stop_child "${ordinary[@]}" --new user,pid --uid-map "0 $ordinary_uid 1" echo it-has-run
		kill -"$signal" "$init_pid"
		finish
		is_refused "ended by signal $(kill -l "$signal")"
	done
}

@test "a signal that the caller ignores does not" {
	# A shell without job control starts what is in the background with SIGINT ignored.
	stop_child echo it-has-run
	kill -INT "$init_pid"
	kill -WINCH "$init_pid"
	kill -PIPE "$init_pid"
	kill -CONT "$child_pid"
	finish
	same "$status $output" "0 it-has-run"
}

@test "the program has the caller's mask and dispositions" {
	local with=(env "--block-signal=USR1,RTMIN" --ignore-signal=USR2 python3 -S "$kit/raw.py" --init "$BERTH_INIT")
	run "${with[@]}" --direct grep '^Sig[BI]' /proc/self/status
	local direct=$output
	[[ ${lines[0]} == SigBlk:*2* ]]
	run "${with[@]}" grep '^Sig[BI]' /proc/self/status
	same "$output" "$direct"
}

@test "a child that ends before it is let go says why" {
	local i
	[ -x "$BERTH_INIT_TEST" ] || skip "no build with failpoints"
	for ((i = 0; i < 20; i++)); do
		BERTH_INIT=$BERTH_INIT_TEST BERTH_FAIL=mapped:fail raw "${ordinary[@]}" --new user \
			--uid-map "0 $ordinary_uid 1" true
		is_refused "failpoint: I/O error (step mapped)"
		BERTH_INIT=$BERTH_INIT_TEST BERTH_FAIL=mapped:die raw true
		is_refused "the child ended before its execve"
	done
}

@test "nothing runs where the answer cannot be told" {
	run python3 - "$BERTH_INIT" "$BATS_TEST_TMPDIR/it-has-run" <<-'END'
		import os, socket, struct, subprocess, sys
		message = struct.pack("=IHHIIHHI", 24, 62000, 1, 0, 0, 8, 27281, 0)
		def control(ours):
		    pass
		def close(ours):
		    ours.close()
		def deaf(ours):
		    ours.shutdown(socket.SHUT_RD)
		for way in (control, close, deaf):
		    codes, runs, lines = set(), 0, set()
		    for _ in range(20):
		        ours, theirs = socket.socketpair()
		        ours.sendall(message)
		        way(ours)
		        env = {**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno())}
		        done = subprocess.run([sys.argv[1], "touch", sys.argv[2]], env=env,
		                              pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
		        codes.add(done.returncode)
		        lines.add(done.stderr)
		        os.waitpid(-1, 0)
		        if os.path.exists(sys.argv[2]):
		            runs += 1
		            os.unlink(sys.argv[2])
		    print(way.__name__, codes, runs, lines)
	END
	local line="berth-init: write the child's pid: broken pipe (step maps)\\n"
	same "$output" "control {0} 20 {b''}
close {1} 0 {b\"$line\"}
deaf {1} 0 {b\"$line\"}"
}

@test "the exit status where nobody reads stderr" {
	run python3 - "$BERTH_INIT" <<-'END'
		import os, subprocess, sys
		ours, theirs = os.pipe()
		os.close(ours)
		print(subprocess.run([sys.argv[1], "true"], stderr=theirs).returncode)
	END
	same "$output" 1
}
