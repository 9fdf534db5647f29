#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: what the program inherits, how it is found, and what the caller gets. Each run
# checks also (kit/raw.py): the answer to the byte, the exit status of berth-init, the program's parent,
# that the stream is closed in the program, and that no child is left.

load ../kit/raw

teardown() {
	release
}

descriptors='for fd in /proc/self/fd/*; do echo "${fd##*/}"; done'

@test "the exit status is the program's" {
	raw sh -c 'exit 42'
	[ "$status" = 42 ]
}

@test "a signal that ends the program is seen by the caller" {
	raw sh -c 'kill -9 $$'
	[ "$status" = 137 ]
}

@test "the pid of the answer is the program's" {
	starts sh -c 'echo $$; read -r pid rest </proc/self/stat; echo "$pid"'
	[ "${lines[0]}" -gt 1 ]
	[ "${lines[1]}" = "${lines[0]}" ]
}

@test "arguments reach the program as they are" {
	starts printf '<%s>' "a b" "" '*' -- --new $'new\nline'
	same "$output" $'<a b><><*><--><--new><new\nline>'
}

@test "-- may be left out" {
	starts --no-dashes echo yes
	[ "$output" = yes ]
}

@test "-- is taken once" {
	refuses 'exec: "--": executable file not found' --
	raw -- -- true
	is_refused 'exec: "--": executable file not found'
}

@test "stdin, stdout and stderr are the caller's" {
	run bash -c 'python3 -S "$1" --init "$2" sh -c "cat; echo error >&2" <<<input 2>&1 >/dev/null' \
		- "$kit/raw.py" "$BERTH_INIT"
	same "$output" error
	run bash -c 'python3 -S "$1" --init "$2" cat <<<input' - "$kit/raw.py" "$BERTH_INIT"
	same "$output" input
}

@test "the working directory is the caller's" {
	starts --cwd /usr/bin pwd
	[ "$output" = /usr/bin ]
}

@test "the environment is the caller's, less two variables" {
	starts --direct --timeout-ms 5000 --env A=B --env _LIBCONTAINER_INITPIPEX=1 env
	local direct=$output
	[[ $direct == *_LIBCONTAINER_INITPIPE=77* ]]
	[[ $direct == *_BERTH_INIT_TIMEOUT_MS=5000* ]]
	starts --timeout-ms 5000 --env A=B --env _LIBCONTAINER_INITPIPEX=1 env
	same "$(sort <<<"$output")" "$(grep -v -e ^_LIBCONTAINER_INITPIPE= \
		-e ^_BERTH_INIT_TIMEOUT_MS= <<<"$direct" | sort)"
}

@test "the stream is closed in the program, other descriptors are kept" {
	starts --direct sh -c "$descriptors" 9</dev/null
	local direct=$output
	grep -qx 77 <<<"$direct"
	grep -qx 9 <<<"$direct"
	starts sh -c "$descriptors" 9</dev/null
	same "$output" "$(grep -vx 77 <<<"$direct")"
}

@test "all that berth-init opened is closed in the program" {
	need_root
	starts --direct sh -c "$descriptors"
	local direct=$output
	hold --net --uts
	starts --join "$(held net)" --join "$(held uts)" --new user,pid --uid-map "0 0 1" --pty \
		sh -c "$descriptors"
	same "$output" "$(grep -vx 77 <<<"$direct")"
}

@test "signals are blocked and ignored as the caller has them" {
	starts --direct grep '^Sig[BI]' /proc/self/status
	local direct=$output
	[ "${#lines[@]}" = 2 ]
	starts grep '^Sig[BI]' /proc/self/status
	same "$output" "$direct"
}

@test "the program is dumpable again after a join" {
	need_root
	hold --net
	starts --join "$(held net)" sh -c 'stat -c %u /proc/$$/environ'
	same "$output" 0
	hold_ordinary --user --map-root-user --net
	starts "${ordinary[@]}" --join "$(held user)" --join "$(held net)" \
		sh -c 'stat -c %u /proc/$$/environ'
	same "$output" 0
}

@test "the lowest number may be the stream's" {
	starts --at 3 true
}

@test "every combination of closed stdio" {
	local closed seen=$BATS_TEST_TMPDIR/seen join=()
	[ "$EUID" != 0 ] || join=(--join /proc/self/ns/uts)
	for closed in "" 0 1 2 0,1 0,2 1,2 0,1,2; do
		rm -f "$seen"
		starts --closed "$closed" --new user --uid-map "0 $EUID 1" "${join[@]}" \
			sh -c 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done >"$0"' "$seen"
		# Three descriptors: what was closed is /dev/null now, and nothing else.
		same "$(wc -l <"$seen")" 3
		for number in ${closed//,/ }; do
			[ "$number" = 1 ] || same "$(sed -n "$((number + 1))p" "$seen")" /dev/null
		done
		[[ $(cat "$seen") != *socket* && $(cat "$seen") != *pipe2* ]]
	done
}

@test "a refusal with every combination of closed stdio" {
	local closed
	for closed in "" 0 1 2 0,1 0,2 1,2 0,1,2; do
		raw --closed "$closed" --join /dev/null true
		[ "$status" = 99 ]
	done
}

@test "a caller with many threads creates namespaces" {
	starts "${ordinary[@]}" --threads 16 --new user,pid,net --uid-map "0 $ordinary_uid 1" \
		sh -c 'id -u; echo $$'
	same "$output" $'0\n1'
}

@test "a caller with many threads joins user, mount and pid namespaces" {
	hold_ordinary --user --map-root-user --mount --pid --fork
	joins user mnt pid
	starts "${ordinary[@]}" --threads 16 "${joins[@]}" sh -c "$list_namespaces"
	is_held user
	is_held mnt
	is_held pid
}

@test "where the answer cannot be written the program is ended" {
	raw --hang-up sleep 600
	is_refused "write the child's pid: broken pipe"
	raw "${ordinary[@]}" --hang-up --new user,pid --uid-map "0 $ordinary_uid 1" sleep 600
	is_refused "write the child's pid: broken pipe"
}

# The program is found as execvp(3) finds it.

# make_program FILE TEXT
make_program() {
	mkdir -p "$(dirname "$1")"
	printf '#!/bin/sh\necho %s\n' "$2" >"$1"
	chmod 755 "$1"
}

@test "the program is searched in PATH, in order" {
	make_program "$BATS_TEST_TMPDIR/one/prog" one
	make_program "$BATS_TEST_TMPDIR/two/prog" two
	starts --env "PATH=/no/such:$BATS_TEST_TMPDIR/two:$BATS_TEST_TMPDIR/one" prog
	same "$output" two
}

@test "an empty entry of PATH is the working directory" {
	make_program "$BATS_TEST_TMPDIR/prog" here
	starts --cwd "$BATS_TEST_TMPDIR" --env "PATH=/no/such:" prog
	same "$output" here
	starts --cwd "$BATS_TEST_TMPDIR" --env "PATH=:/no/such" prog
	same "$output" here
}

@test "what cannot be executed is passed over in PATH" {
	make_program "$BATS_TEST_TMPDIR/two/prog" two
	mkdir -p "$BATS_TEST_TMPDIR/one/prog" "$BATS_TEST_TMPDIR/zero"
	: >"$BATS_TEST_TMPDIR/zero/prog"
	local path=$BATS_TEST_TMPDIR/zero:$BATS_TEST_TMPDIR/one
	starts --env "PATH=$path:$BATS_TEST_TMPDIR/two" prog
	same "$output" two
	raw --env "PATH=$path" prog
	is_refused 'exec: "prog": permission denied'
}

@test "what this user cannot execute is passed over in PATH" {
	need_root
	local dir
	dir=$(mktemp -d /tmp/berth-test.XXXXXX)
	chmod 755 "$dir"
	make_program "$dir/one/prog" one
	make_program "$dir/two/prog" two
	chmod 700 "$dir/one/prog"
	raw "${ordinary[@]}" --env "PATH=$dir/one:$dir/two" prog
	rm -r "$dir"
	same "$output" two
}

@test "a path with a slash is not searched" {
	make_program "$BATS_TEST_TMPDIR/one/prog" one
	starts --cwd "$BATS_TEST_TMPDIR" --env PATH=/no/such one/prog
	same "$output" one
	raw --env "PATH=$BATS_TEST_TMPDIR" one/prog
	is_refused 'exec: "one/prog": no such file or directory'
}

@test "a missing program" {
	raw no-such-program
	is_refused 'exec: "no-such-program": executable file not found in $PATH'
	raw ""
	is_refused 'exec: "": executable file not found in $PATH'
}

@test "a program that is not executable" {
	: >"$BATS_TEST_TMPDIR/file"
	raw "$BATS_TEST_TMPDIR/file"
	is_refused "permission denied"
	raw /usr
	is_refused 'exec: "/usr": permission denied'
}

@test "a program in no known format goes to /bin/sh" {
	local dir=$BATS_TEST_TMPDIR
	echo 'echo "$0 $# $1"' >"$dir/script"
	chmod 755 "$dir/script"
	starts "$dir/script" "an argument" another
	same "$output" "$dir/script 2 an argument"
	starts --env "PATH=/no/such:$dir" script
	same "$output" "$dir/script 0 "
}

# make_candidate FILE FIRST_LINE
make_candidate() {
	mkdir -p "$(dirname "$1")"
	echo "$2" >"$1"
	chmod 755 "$1"
}

@test "a candidate that the kernel refuses is passed over" {
	local dir=$BATS_TEST_TMPDIR
	echo >"$dir/plain"
	make_candidate "$dir/one/prog" "#!/no/such/interpreter"
	make_candidate "$dir/two/prog" "#!$dir/plain"
	make_candidate "$dir/three" "not a directory"
	make_program "$dir/four/prog" four
	starts --env "PATH=$dir/one:$dir/two:$dir/three:$dir/four" prog
	same "$output" four
	raw --env "PATH=$dir/two:$dir/one" prog
	is_refused 'exec: "prog": permission denied'
	raw --env "PATH=$dir/one:$dir/three" prog
	is_refused 'executable file not found in $PATH'
	raw "$dir/one/prog"
	is_refused "one/prog\": its interpreter: no such file or directory"
}

@test "what execvp(3) does not pass over ends the search" {
	ln -s prog "$BATS_TEST_TMPDIR/prog"
	make_program "$BATS_TEST_TMPDIR/two/prog" two
	raw --env "PATH=$BATS_TEST_TMPDIR:$BATS_TEST_TMPDIR/two" prog
	[ "$status" = 99 ]
	[[ $output == *'exec: "prog": '*"symbolic link"* ]]
}

@test "the search is that of execvp(3)" {
	local dir=$BATS_TEST_TMPDIR name path
	echo 'echo "read $0 $*"' >"$dir/readable"
	chmod 755 "$dir/readable"
	ln -s loop "$dir/loop"
	make_candidate "$dir/one/prog" "#!/no/such/interpreter"
	make_program "$dir/two/prog" two
	make_program "$dir/two/loop" loop
	for name in readable prog loop true "" . .. no-such two/prog ./readable one/prog "$(printf 'x%.0s' {1..300})"; do
		for path in "" : "$dir" "$dir:$dir/two" "$dir/one:$dir/two:/bin" "/no/such:" "$dir/readable:$dir/two"; do
			raw --direct --cwd "$dir" --env "PATH=$path" --env NAME="$name" /usr/bin/python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
argv = (ctypes.c_char_p * 3)(os.environ["NAME"].encode(), b"an argument", None)
libc.execvp(argv[0], argv)
print("refused")'
			local direct=$output
			raw --cwd "$dir" --env "PATH=$path" --env NAME="$name" "$name" "an argument"
			[ "$status" != 99 ] || output=refused
			same "$name $path: $output" "$name $path: $direct"
		done
	done
}

@test "a long name leaves room for the reason" {
	local name
	name=$(printf '/no-such-directory%.0s' {1..100})
	raw "$name"
	is_refused "no such file or directory"
	raw "${name//\//x}"
	is_refused "name too long"
	refuses "no such file or directory" --join "$name"
	refuses "no such file or directory" --console "$name"
}

@test "an error of raw mode names no field of config.json" {
	raw no-such-program
	[[ $output != */process/* ]]
	raw /usr
	[[ $output != */process/* ]]
}

@test "/dev/null is opened where stdio is missing, and only there" {
	need_root
	printf '#!/bin/sh\nmount -t tmpfs none /dev && exec "$@"\n' >"$BATS_TEST_TMPDIR/without-dev"
	chmod 755 "$BATS_TEST_TMPDIR/without-dev"
	starts --via "unshare --mount $BATS_TEST_TMPDIR/without-dev" echo yes
	same "$output" yes
	refuses "open /dev/null: no such file or directory" --closed 0 \
		--via "unshare --mount $BATS_TEST_TMPDIR/without-dev"
}

@test "a missing program in new namespaces leaves nothing" {
	raw "${ordinary[@]}" --new user,pid,mnt --uid-map "0 $ordinary_uid 1" no-such-program
	is_refused 'executable file not found in $PATH'
}
