#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The examples of docs/example, built and run as their readers do: namespaces created and joined, by root
# and by an ordinary user.

load ../kit/raw

source_root=$BATS_TEST_DIRNAME/../..
BERTH_BUILD=${BERTH_BUILD:-$source_root/build/release}

# In a directory that an ordinary user may enter.
setup_file() {
	local dir
	dir=$(mktemp -d /tmp/berth-test.XXXXXX)
	chmod 755 "$dir"
	export examples=$dir
	cp "$BERTH_INIT" "$dir/berth-init"
	cp "$source_root/docs/example/shell.py" "$dir/"
	chmod 755 "$dir/berth-init" "$dir/shell.py"
	cp "$BERTH_BUILD/lib/api/libberth.so.0" "$dir/"
	# shellcheck disable=SC2016 # $ORIGIN is for the dynamic linker
	gcc -std=c11 -Wall -Wextra -Werror -I "$source_root/include" -o "$dir/shell-c" \
		"$source_root/docs/example/shell.c" -L "$BERTH_BUILD/lib/api" -lberth \
		-Wl,-rpath,'$ORIGIN'
	if command -v go >/dev/null; then
		GOCACHE=${GOCACHE:-$BATS_FILE_TMPDIR/go} GO111MODULE=off \
			go build -o "$dir/shell-go" "$source_root/docs/example/shell.go"
	fi
}

teardown_file() {
	rm -rf "$examples"
}

teardown() {
	release
}

# example LANGUAGE: the command of the example; in ${shell[@]}. `as` goes before it.
example() {
	case $1 in
	c) shell=("$examples/shell-c") ;;
	go)
		command -v go >/dev/null || skip "needs go"
		shell=("$examples/shell-go")
		;;
	python)
		# One in a home directory is not everybody's.
		local python
		for python in python3 /usr/bin/python3; do
			"${as_ordinary[@]}" "$python" -c "" 2>/dev/null && break
		done
		shell=("$python" "$examples/shell.py")
		;;
	esac
}

as_ordinary=(env -C / BERTH_INIT="$examples/berth-init" PATH=/usr/bin:/bin)
if [ "$EUID" = 0 ]; then
	as_ordinary=(setpriv --reuid "$ordinary_uid" --regid "$ordinary_uid" --clear-groups
		"${as_ordinary[@]}")
fi

# by_root LANGUAGE OPTION... and by_ordinary LANGUAGE OPTION...
by_root() {
	need_root
	example "$1"
	run env BERTH_INIT="$examples/berth-init" "${shell[@]}" "${@:2}"
}

by_ordinary() {
	example "$1"
	run "${as_ordinary[@]}" "${shell[@]}" "${@:2}"
}

root_creates() {
	by_root "$1" --new cgroup,ipc,mnt,net,pid,time,user,uts -- sh -c "$list_namespaces"
	[ "$status" = 0 ]
	same "$(changed_namespaces)" "$kinds"
	by_root "$1" --new uts -- sh -c "$list_namespaces"
	[ "$status" = 0 ]
	same "$(changed_namespaces)" uts
}

ordinary_creates() {
	by_ordinary "$1" --new user,pid,uts,net,mnt -- \
		sh -c "id -u; id -g; echo \$\$; $list_namespaces"
	[ "$status" = 0 ]
	same "$(head -n 3 <<<"$output")" $'0\n0\n1'
	output=$(tail -n +4 <<<"$output")
	same "$(changed_namespaces)" "mnt net pid user uts"
}

root_joins() {
	need_root
	hold --net --ipc
	joins net ipc
	by_root "$1" "${joins[@]}" --new uts,pid -- sh -c "$list_namespaces"
	[ "$status" = 0 ]
	is_held net
	is_held ipc
	same "$(changed_namespaces)" "ipc net pid uts"
}

ordinary_joins() {
	hold_ordinary --user --map-root-user --mount --pid --fork --net
	joins user mnt pid net
	by_ordinary "$1" "${joins[@]}" --new uts -- sh -c "$list_namespaces"
	[ "$status" = 0 ]
	is_held user
	is_held mnt
	is_held pid
	is_held net
	same "$(changed_namespaces)" "mnt net pid user uts"
}

gives_the_exit_status() {
	by_ordinary "$1" --new user,pid -- sh -c 'exit 42'
	[ "$status" = 42 ]
	by_ordinary "$1" -- sh -c 'exit 43'
	[ "$status" = 43 ]
}

starts_a_shell() {
	example "$1"
	run bash -c 'echo "echo I am \$\$" | "$@"' - "${as_ordinary[@]}" "${shell[@]}" --new user,pid
	[ "$status" = 0 ]
	same "$output" "I am 1"
}

# One line, which is berth-init's.
reports_a_refusal() {
	by_ordinary "$1" --join /dev/null -- true
	[ "$status" = 1 ]
	same "$output" "berth-init: NsPathsAttr: /dev/null is not a namespace (step open)"
	by_ordinary "$1" --new user -- /no/such/program
	[ "$status" = 1 ]
	[ "${#lines[@]}" = 1 ]
	[[ $output == "berth-init: "*"/no/such/program"* ]]
	# It ends before it has read anything.
	as_ordinary+=(_BERTH_INIT_TIMEOUT_MS=x)
	by_ordinary "$1" -- true
	[ "$status" = 1 ]
	[[ ${lines[0]} == "berth-init: _BERTH_INIT_TIMEOUT_MS"* ]]
	[[ $output != *Traceback* ]]
}

# Nothing names berth-init: one line that says what would, and no traceback.
says_what_is_missing() {
	example "$1"
	# The programs that run scripts are found, berth-init is not.
	run "${as_ordinary[@]}" env -u BERTH_INIT PATH=/usr/bin:/bin "${shell[@]}" --new user -- true
	[ "$status" = 1 ]
	[ "${#lines[@]}" = 1 ]
	[[ $output == "shell: berth-init cannot be started: "*": BERTH_INIT names it, or it is found by PATH" ]]
}

@test "C: root creates namespaces" {
	root_creates c
}

@test "C: an ordinary user creates namespaces" {
	ordinary_creates c
}

@test "C: root joins namespaces and creates others" {
	root_joins c
}

@test "C: an ordinary user joins namespaces and creates others" {
	ordinary_joins c
}

@test "C: the exit status is the program's" {
	gives_the_exit_status c
}

@test "C: without a program it is a shell" {
	starts_a_shell c
}

@test "C: a refusal is reported" {
	reports_a_refusal c
}

@test "C: without berth-init it says what names it" {
	says_what_is_missing c
}

@test "Python: root creates namespaces" {
	root_creates python
}

@test "Python: an ordinary user creates namespaces" {
	ordinary_creates python
}

@test "Python: root joins namespaces and creates others" {
	root_joins python
}

@test "Python: an ordinary user joins namespaces and creates others" {
	ordinary_joins python
}

@test "Python: the exit status is the program's" {
	gives_the_exit_status python
}

@test "Python: without a program it is a shell" {
	starts_a_shell python
}

@test "Python: a refusal is reported" {
	reports_a_refusal python
}

@test "Python: without berth-init it says what names it" {
	says_what_is_missing python
}

@test "Go: root creates namespaces" {
	root_creates go
}

@test "Go: an ordinary user creates namespaces" {
	ordinary_creates go
}

@test "Go: root joins namespaces and creates others" {
	root_joins go
}

@test "Go: an ordinary user joins namespaces and creates others" {
	ordinary_joins go
}

@test "Go: the exit status is the program's" {
	gives_the_exit_status go
}

@test "Go: without a program it is a shell" {
	starts_a_shell go
}

@test "Go: a refusal is reported" {
	reports_a_refusal go
}

@test "Go: without berth-init it says what names it" {
	says_what_is_missing go
}
