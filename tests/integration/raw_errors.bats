#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: every refusal reaches the user, and leaves nothing behind.

load ../kit/raw

teardown() {
	release
}

# The control of all these tests: the same program with a message that is right.
@test "the program that no refusal lets run does run otherwise" {
	local proof=$BATS_TEST_TMPDIR/it-has-run
	starts -- touch "$proof"
	[ -e "$proof" ]
}

# The header

@test "nlmsg_len below 16" {
	refuses "header at offset 0: nlmsg_len is 15" --nlmsg-len 15
	refuses "header at offset 0: nlmsg_len is 0" --nlmsg-len 0
}

@test "nlmsg_len above the limit" {
	refuses "nlmsg_len is 1048577, above the limit of 1048576" --nlmsg-len 1048577
	refuses "nlmsg_len is 4294967295, above the limit" --nlmsg-len 4294967295
}

@test "another type of message" {
	refuses "nlmsg_type is 62001, not 62000" --nlmsg-type 62001
	refuses "nlmsg_type is 0, not 62000" --nlmsg-type 0
}

@test "nlmsg_len ends inside an attribute" {
	refuses "CloneFlagsAttr at offset 16: nla_len is 8, but 7 bytes are left" --nlmsg-len 23
	refuses "attribute at offset 16: its header is cut off, 2 bytes are left" --nlmsg-len 18
}

# The attributes

@test "CloneFlagsAttr is missing" {
	refuses "CloneFlagsAttr at offset 16: missing" --no-flags
}

@test "clone flags beyond the eight namespaces" {
	refuses "CloneFlagsAttr at offset 16: flags 0x8000 " --flags 0x8000
	refuses "CloneFlagsAttr at offset 16: flags 0x100 " --flags 0x4000100
	refuses "CloneFlagsAttr at offset 16: flags 0x81fdff7f " --flags 0xffffffff
}

@test "nla_len below 4 or past the end" {
	refuses "NsPathsAttr at offset 24: nla_len is 3" --attr "27283/3=b'/a\0'"
	refuses "NsPathsAttr at offset 24: nla_len is 0" --attr "27283/0=b'/a\0'"
	refuses "NsPathsAttr at offset 24: nla_len is 65535, but 8 bytes are left" \
		--attr "27283/65535=b'/a\0'"
}

@test "values of another size than their kind" {
	refuses "CloneFlagsAttr at offset 16: nla_len is 5, not 8" --no-flags --attr "27281=b'\0'"
	refuses "SetgroupAttr at offset 24: nla_len is 6, neither 5 nor 8" \
		--attr "27286=b'\0\0'"
}

@test "a bool that is neither 0 nor 1" {
	refuses "SetgroupAttr at offset 24: value is 0x2" --attr "27286=b'\2'"
	refuses "SetgroupAttr at offset 24: value is 0x100" --attr "27286=b'\0\1\0\0'"
}

@test "a bool of 4 bytes is accepted" {
	starts "${ordinary[@]}" --new user --attr "27286=b'\0\0\0\0'" cat /proc/self/setgroups
	same "$output" deny
}

@test "bytes without a NUL at the end, or with one inside" {
	refuses "NsPathsAttr at offset 24: no NUL at the end" --attr "27283=b'/proc'"
	refuses "NsPathsAttr at offset 24: no NUL at the end" --attr "27283=b''"
	refuses "ConsolePathAttr at offset 24: NUL inside, at byte 4" \
		--attr "27282=b'/dev\0null\0'"
}

@test "an attribute that comes twice" {
	refuses "CloneFlagsAttr at offset 24: a second one" --attr "27281=b'\0\0\0\0'"
	refuses "NsPathsAttr at offset 48: a second one, the first is at offset 24" \
		--join /proc/self/ns/net --attr "27283=b'/proc/self/ns/net\0'"
}

@test "an unknown attribute" {
	refuses "attribute 27287 at offset 24: unknown" --attr "27287=b'\0'"
	refuses "attribute 10897 at offset 24: unknown" --attr "10897=b'\0\0\0\0'"
}

@test "empty paths" {
	refuses "NsPathsAttr at offset 24: path 1 of the list is empty" --attr "27283=b'\0'"
	refuses "path 2 of the list is empty" --join /proc/self/ns/net --join ""
	refuses "path 1 of the list is empty" --join "" --join /proc/self/ns/net
	refuses "ConsolePathAttr at offset 24: empty path" --console ""
}

@test "maps that do not parse" {
	local map
	for map in "0 0" "0  0 1" " 0 0 1" "0 0 1 " "0 0 x" "-1 0 1" "0x0 0 1" "00 0 1" "0 0 1 2"; do
		refuses "UidmapAttr at offset 24: line 1 is not" --new user --uid-map "$map"
	done
	refuses "GidmapAttr at offset 24: no line" --new user --attr "27285=b'\0'"
	refuses "GidmapAttr at offset 24: line 1 is not" --new user --attr "27285=b'0 0 1\0'"
}

@test "maps with impossible ids" {
	refuses "line 1 has a size of 0 or an id above" --new user --uid-map "0 0 0"
	refuses "line 1 has a size of 0 or an id above" --new user --uid-map "0 4294967295 1"
	refuses "line 1 has a size of 0 or an id above" --new user --uid-map "4294967294 0 2"
	refuses "line 1 has a size of 0 or an id above" --new user --uid-map "0 4294967296 1"
}

@test "maps that overlap" {
	refuses "line 2 overlaps line 1" --new user --uid-map "0 0 10,9 100 1"
	refuses "line 3 overlaps line 1" --new user --gid-map "0 0 10,20 100 1,30 5 1"
}

# What the paths lead to

@test "a namespace that is joined and created" {
	refuses "NsPathsAttr: the namespace /proc/self/ns/net is joined and one of its kind is created" \
		--new uts,net --join /proc/self/ns/net
}

@test "a namespace that is joined twice" {
	refuses "NsPathsAttr: a second namespace of the kind of /proc/thread-self/ns/net is joined" \
		--join /proc/self/ns/net --join /proc/thread-self/ns/net
}

@test "paths that are no namespaces" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	local path
	for path in /etc/passwd /proc/self/status /proc /dev/null "$BATS_TEST_TMPDIR/fifo"; do
		refuses "NsPathsAttr: $path is not a namespace" --join "$path"
	done
}

@test "paths that cannot be opened" {
	refuses "open the namespace /no/such/namespace: no such file or directory" \
		--join /no/such/namespace
	local long
	long=$(printf '/%.0s' {1..4096})
	refuses "name too long" --join "$long"
}

@test "nine namespaces" {
	need_root
	hold --cgroup --ipc --mount --net --pid --fork --time --user --map-root-user --uts
	joins cgroup ipc mnt net pid time user uts
	refuses "is one more than there are kinds" "${joins[@]}" --join /proc/self/ns/net
}

@test "the caller's own user namespace cannot be joined" {
	refuses "join the user namespace: invalid argument" --join /proc/self/ns/user
}

# The stream

@test "a message that stops, and the deadline" {
	local at
	for at in 0 1 15; do
		refuses "the header of InitMsg did not come before the deadline" \
			--timeout-ms 200 --stop-at "$at"
	done
	for at in 16 23; do
		refuses "the attributes of InitMsg did not come before the deadline" \
			--timeout-ms 200 --stop-at "$at"
	done
}

@test "the deadline is for the whole message" {
	# One byte after the other comes sooner than the deadline, all of them do not.
	run timeout 20 python3 - "$kit" "$BERTH_INIT" <<-'END'
		import os, socket, sys, time
		sys.path.insert(0, sys.argv[1])
		ours, theirs = socket.socketpair()
		os.set_inheritable(theirs.fileno(), True)
		env = {**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno()),
		       "_BERTH_INIT_TIMEOUT_MS": "400"}
		start = time.monotonic()
		pid = os.posix_spawn(sys.argv[2], ["berth-init", "true"], env)
		theirs.close()
		for byte in b"\xff\xff\x00\x00\x30\xf2" + bytes(1000):
		    try:
		        ours.send(bytes([byte]), socket.MSG_NOSIGNAL)
		    except OSError:
		        break
		    time.sleep(0.1)
		print(os.waitpid(pid, 0)[1], 0.3 < time.monotonic() - start < 5)
	END
	[ "$status" = 0 ]
	[[ ${lines[0]} == *"did not come before the deadline"* ]]
	same "${lines[1]}" "256 True"
}

@test "a stream that ends" {
	local at
	for at in 0 1 15; do
		refuses "the stream ended in the header of InitMsg" --stop-at "$at" --end
	done
	for at in 16 20 23; do
		refuses "the stream ended in the attributes of InitMsg" --stop-at "$at" --end
	done
}

@test "a message in two pieces, split at every point" {
	local at
	for at in 1 2 4 8 15 16 17 20 23 24 25 28 40 47; do
		starts --new user --uid-map "0 $EUID 1" --gid-map "0 $(id -g) 1" --split "$at" id -u
		same "$output" 0
	done
}

@test "a message in pieces of one byte" {
	starts --new user --uid-map "0 $EUID 1" --gid-map "0 $(id -g) 1" --each-byte id -u
	same "$output" 0
}

@test "what follows the message is not touched" {
	starts --trail "the next message" echo yes
	same "$output" yes
	starts --trail "the next message" --split 16 echo yes
	same "$output" yes
	refuses "CloneFlagsAttr at offset 16: missing" --no-flags --trail "the next message"
}

@test "a message of more than 250 kB is read whole before it is refused" {
	local slashes
	slashes=$(printf '/%.0s' {1..65530})
	refuses "UidmapAttr at offset 131096: 4096 bytes or more" --trail "the next message" \
		--console "$slashes" --join "$slashes" --attr "27284=b'0' * 65530 + b'\0'" \
		--attr "27285=b'0' * 65530 + b'\0'"
}

@test "the longest message that is right" {
	need_root
	local slashes map=$BATS_TEST_TMPDIR/map
	slashes=$(printf '/%.0s' {1..4070})
	for ((i = 100000000; i < 100000186; i++)); do
		echo "$i $i 1"
	done >"$map"
	starts --pty --new user --uid-map "@$map" --gid-map "@$map" \
		--join "$slashes/proc/self/ns/net" --join "$slashes/proc/self/ns/uts" \
		--join "$slashes/proc/self/ns/ipc" --join "$slashes/proc/self/ns/cgroup" \
		--join "$slashes/proc/self/ns/time" --split 17,4096,16384 wc -l /proc/self/uid_map
	same "$output" "186 /proc/self/uid_map"
}

@test "_BERTH_INIT_TIMEOUT_MS is a number" {
	local value
	for value in "" 0 -1 1s 0x10 3600001 4294967296 99999999999999999999; do
		refuses "_BERTH_INIT_TIMEOUT_MS is \"${value:0:32}\", not a number from 1 to 3600000" \
			--timeout-ms "$value"
	done
}

# _LIBCONTAINER_INITPIPE

@test "_LIBCONTAINER_INITPIPE is not set" {
	refuses "_LIBCONTAINER_INITPIPE is not set" --no-number
}

@test "_LIBCONTAINER_INITPIPE is no number of a descriptor" {
	local value
	for value in "" -1 +3 " 3" 3x 0x3 3.0 2147483648 4294967295 4294967296 4294967299 \
		18446744073709551619 99999999999999999999999999999999999; do
		refuses "_LIBCONTAINER_INITPIPE is \"${value:0:32}\", not the number of a descriptor" \
			--number "$value"
	done
}

@test "_LIBCONTAINER_INITPIPE names stdio" {
	local value
	for value in 0 1 2; do
		refuses "_LIBCONTAINER_INITPIPE is $value: 0, 1 and 2 belong to the program" \
			--number "$value"
	done
}

@test "_LIBCONTAINER_INITPIPE names a closed descriptor" {
	refuses "_LIBCONTAINER_INITPIPE: descriptor 78: bad file descriptor" --number 78
	# Where stdio is closed, berth-init opens /dev/null: the number must not come to mean that.
	refuses "_LIBCONTAINER_INITPIPE: descriptor 999: bad file descriptor" --number 999 --closed 0,1
}

@test "_LIBCONTAINER_INITPIPE names what is no stream" {
	echo >"$BATS_TEST_TMPDIR/file"
	refuses "descriptor 78 is not open for reading and writing" --number 78 \
		78<"$BATS_TEST_TMPDIR/file"
	refuses "descriptor 78 is not open for reading and writing" --number 78 \
		78>>"$BATS_TEST_TMPDIR/file"
	refuses "descriptor 78 is not open for reading and writing" --number 78 78</
	refuses "the stream ended in the header of InitMsg" --number 78 78<>/dev/null
	same "$(cat "$BATS_TEST_TMPDIR/file")" ""
}

@test "_LIBCONTAINER_INITPIPE names a socket of another type" {
	local type
	for type in SOCK_SEQPACKET SOCK_DGRAM; do
		run python3 -c '
import os, socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, getattr(socket, sys.argv[2]))
env = {**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno())}
print(subprocess.run([sys.argv[1], "true"], env=env, pass_fds=[theirs.fileno()]).returncode)
' "$BERTH_INIT" "$type"
		[[ ${lines[0]} == *"is a socket of another type than SOCK_STREAM" ]]
		same "${lines[1]}" 1
	done
}

@test "without a program the error is on stderr where nobody is at the other end" {
	_LIBCONTAINER_INITPIPE=78 run "$BERTH_INIT" 78<>/dev/null
	same "$status $output" \
		"1 berth-init: the stream ended in the header of InitMsg (step bootstrap)"
	run python3 -c '
import os, socket, subprocess, sys
for is_closed in (True, False):
    ours, theirs = socket.socketpair()
    if is_closed:
        ours.close()
    else:
        ours.shutdown(socket.SHUT_WR)
    env = {**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno())}
    done = subprocess.run([sys.argv[1]], env=env, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
    print(done.returncode, done.stderr)
' "$BERTH_INIT"
	# Who is there has been sent the error.
	same "$output" "1 b'berth-init: the stream ended in the header of InitMsg (step bootstrap)\\n'
1 b''"
}

# The kernel says no

@test "a kernel or a filter without clone3 is named" {
	# SECCOMP_RET_ERRNO | ENOSYS for clone3, number 435 everywhere.
	run python3 -c '
import ctypes, os, struct, sys
code = struct.pack("=HBBIHBBIHBBIHBBI", 0x20, 0, 0, 0, 0x15, 0, 1, 435, 6, 0, 0, 0x50000 | 38,
                   6, 0, 0, 0x7fff0000)
buffer = ctypes.create_string_buffer(code)
program = struct.pack("@HP", 4, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
os.execvp(sys.argv[1], sys.argv[1:])' python3 -S "$kit/raw.py" --init "$BERTH_INIT" true
	is_refused "kernel lacks clone3 (Linux 5.3)"
}

@test "berth-init as the first process of a pid namespace" {
	need_root
	refuses "the first process of a pid namespace cannot give its child to its parent" \
		--via "unshare --pid --fork"
	starts --via "unshare --uts" true
}

@test "a limit of namespaces is named" {
	need_root
	starts "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" true
	hold_ordinary --user --map-root-user
	nsenter --user="$(held user)" \
		sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces'
	refuses "a limit of /proc/sys/user is reached" "${ordinary[@]}" \
		--join "$(held user)" --new uts
}

@test "/proc that is no proc file system" {
	need_root
	printf '#!/bin/sh\nmount -t tmpfs none /proc && exec "$@"\n' >"$BATS_TEST_TMPDIR/without-proc"
	chmod 755 "$BATS_TEST_TMPDIR/without-proc"
	local via="unshare --mount $BATS_TEST_TMPDIR/without-proc"
	refuses "/proc is not a proc file system" --via "$via" --new user --uid-map "0 0 1"
	starts --via "$via" --new user true
}

# The child's number would lead to somebody else in it.
@test "/proc of another pid namespace" {
	need_root
	printf '#!/bin/sh\n"$@"\n' >"$BATS_TEST_TMPDIR/second"
	chmod 755 "$BATS_TEST_TMPDIR/second"
	local inside=(unshare --pid --fork "$BATS_TEST_TMPDIR/second" python3 -S "$kit/raw.py" --init "$BERTH_INIT")
	run "${inside[@]}" --new user --uid-map "0 0 1" true
	is_refused "/proc is that of another pid namespace"
	inside=(unshare --mount-proc "${inside[@]:1}")
	run "${inside[@]}" --new user --uid-map "0 0 1" true
	[ "$status" = 0 ]
}
