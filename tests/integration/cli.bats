#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line itself: spellings, help, version; and the verbs on several containers.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo started; trap "exit 5" TERM; sleep 1000 & wait'
}

teardown() {
	local id
	for id in ${ids:-}; do
		"$BERTH" delete --force "$id" || true
	done
	remove_bundle
}

# create ID...: each with a cgroup of its own, which remove_bundle knows.
create() {
	local id
	for id in "$@"; do
		own_cgroup "$cid-$id"
		"$BERTH" create --bundle "$bundle" "$id" >"$bundle/out.$id" 2>&1 </dev/null 3>&-
		ids="${ids:-} $id"
	done
}

run_all() {
	local id
	create "$@"
	for id in "$@"; do
		"$BERTH" start "$id"
		until_true grep -q started "$bundle/out.$id"
	done
}

is_status() {
	[ "$("$BERTH" state "$1" | jq -r .status)" = "$2" ]
}

listed() {
	"$BERTH" list -q | tr '\n' ' '
}

@test "--help, -h, -?, help and --usage print to stdout, also behind other options and behind a verb" {
	local word
	for word in --help -help -h '-?' help; do
		run --separate-stderr "$BERTH" "$word"
		assert_status 0
		[ -z "$stderr" ]
		assert_contains "usage: berth [GLOBAL OPTION"
		assert_contains "berth create [OPTION ...] ID"
		assert_contains "--log-level VALUE"
		assert_contains "-v, --version"
	done
	for word in --help -help -h '-?'; do
		run --separate-stderr "$BERTH" --log-format json delete "$word"
		assert_status 0
		[ -z "$stderr" ]
		[ "${lines[0]}" = "usage: berth delete [--force] [--regex] ID" ]
		assert_contains "-r, --regex"
	done
	run "$BERTH" --usage
	assert_status 0
	[ "$output" = "usage: berth [GLOBAL OPTION ...] VERB [OPTION ...] [ARGUMENT ...]" ]
	run "$BERTH" delete --usage
	assert_status 0
	[ "$output" = "usage: berth delete [--force] [--regex] ID" ]
	[ "$("$BERTH" help delete)" = "$("$BERTH" delete --help)" ]
	run "$BERTH" help nosuch
	assert_error 'unknown command "nosuch"'
	run --separate-stderr "$BERTH"
	assert_status 1
	[ -z "$output" ]
	[[ $stderr == *"usage: berth"* ]]
}

@test "an option that there is not is named, and the program only once" {
	run "$BERTH" --nosuch
	[ "$output" = "berth: unknown option --nosuch" ]
	run "$BERTH" list --nosuch
	[ "$output" = "berth: list: unknown option --nosuch" ]
}

@test "what cannot be printed is a failure of each verb that prints" {
	run_all one
	mknod "$bundle/full" c 1 7
	local words
	for words in -v --version --help --usage help "help list" "list --help" "exec --usage" "list" "list -q" "list -f json" \
		"state one" "ps one" "ps -f json one" features "spec -f -" "explain -b $bundle" "events --stats one"; do
		# shellcheck disable=SC2086
		run bash -c '"$@" >"$0"' "$bundle/full" "$BERTH" $words
		[[ $status == 1 || $words/$status == exec*/255 ]]
		[ "$output" = "berth: write to stdout: no space left on device" ]
		# The control.
		# shellcheck disable=SC2086
		run "$BERTH" $words
		assert_status 0
	done
	run bash -c '"$1" -v >&-' bash "$BERTH"
	assert_error "write to stdout"
}

@test "options behind the arguments are options, but for exec and ps" {
	run_all one two
	run "$BERTH" kill one 0 --all
	assert_status 0
	run "$BERTH" kill one -a KILL
	assert_status 0
	until_true is_status one stopped
	# --all is what makes this no failure.
	run "$BERTH" kill one KILL --all
	assert_status 0
	run "$BERTH" kill one KILL
	assert_error "container not running"
	run "$BERTH" delete two
	assert_error "not stopped: running"
	run "$BERTH" delete two --force
	assert_status 0
	run "$BERTH" delete 'o.e' -r -- --force
	assert_error "requires exactly 1 argument"
	run "$BERTH" delete 'o.e' -r --
	assert_status 0
	[ -z "$(listed)" ]
	ids=
	"$BERTH" run "$cid" --detach --pid-file "$bundle/pid" --bundle "$bundle" >/dev/null 2>&1 </dev/null 3>&-
	[ -s "$bundle/pid" ]
	run "$BERTH" state "$cid" --nosuch
	assert_error "state: unknown option --nosuch"
	run "$BERTH" delete "$cid" --force=maybe
	assert_error "true or false"
	run "$BERTH" delete "$cid" --force --usage
	assert_status 0
	[[ $output == "usage: berth delete"* ]]
	# What is behind these is the program's, and that of ps(1).
	run "$BERTH" exec "$cid" echo --detach --help
	[ "$output" = "--detach --help" ]
	run "$BERTH" ps "$cid" -f json
	[ "$status" != 0 ]
	"$BERTH" delete --force "$cid"
}

@test "--version, -v and -V print what engines read" {
	local word
	for word in --version -version -v -V; do
		run --separate-stderr "$BERTH" "$word"
		assert_status 0
		[ -z "$stderr" ]
		[[ ${lines[0]} == "berth version "* ]]
		[[ ${lines[1]} == "commit: "* ]]
		[ "${lines[2]}" = "spec: 1.3.0" ]
	done
	run "$BERTH" --version=false
	assert_status 1
}

@test "global options: one or two dashes, = or a blank, more than once, and the last wins" {
	local other=$bundle/other spelling
	create one
	for spelling in "--root $bundle/state" "--root=$bundle/state" "-root $bundle/state" "-root=$bundle/state"; do
		# shellcheck disable=SC2086
		run "$berth_program" --root "$other" --log-format text --log-format json $spelling list -q
		assert_status 0
		[ "$output" = one ]
	done
	run "$berth_program" --root "$bundle/state" --root "$other" list -q
	assert_status 0
	[ -z "$output" ]
	run "$BERTH" --log "$bundle/first" --log "$bundle/last" --log-format=text --log-format=json state nothing
	assert_status 1
	[ ! -e "$bundle/first" ]
	jq -e '.level == "error"' "$bundle/last"
}

@test "--root: a directory of its own, not / itself" {
	run "$berth_program" --root / list
	assert_error '--root is "/"'
	run "$berth_program" --root=// state x
	assert_error '--root is "//"'
	run "$berth_program" --root "$bundle/new" list -q
	assert_status 0
}

@test "flags of one letter behind one dash, and a value for the last; a misspelt word is none" {
	run_all one
	run "$BERTH" exec -dt one true
	assert_status 255
	assert_contains "cannot allocate tty if berth will detach"
	run "$BERTH" exec -du 1 one true
	assert_status 0
	own_cgroup "$cid-two"
	"$BERTH" run -db "$bundle" two >/dev/null 2>&1 </dev/null 3>&-
	is_status two running
	"$BERTH" delete -f two
	run "$BERTH" exec -du=nosuch one true
	assert_status 255
	assert_contains nosuch
	run "$BERTH" delete -fr '^one$'
	assert_status 0
	[ -z "$(listed)" ]
	# It begins with the letters of a flag and of an option with a value.
	for word in -detahc -dx --dt -bx -xd; do
		run "$BERTH" exec "$word" one true
		assert_status 255
		assert_contains "unknown option $word"
	done
	run "$BERTH" delete -ff=maybe one
	assert_error "true or false"
}

@test "exec: each letter is its option" {
	run_all one
	run "$BERTH" exec -e 'A=of the command' -u 5:6 one sh -c 'echo "$A $(id -u) $(id -g)"'
	[ "$output" = "of the command 5 6" ]
	run "$BERTH" exec -g 7 -c CAP_SYS_TIME one grep -E '^(Groups|CapEff)' /proc/self/status
	[[ $(tr -s ' \t' ' ' <<<"$output") =~ "Groups: 7" ]]
	# CAP_SYS_TIME is 25.
	local effective
	effective=$(sed -n 's/^CapEff:\t//p' <<<"$output")
	[ "$((0x$effective >> 25 & 1))" = 1 ] || [ "$((0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status) >> 25 & 1))" = 0 ]
	jq '.process | .args = ["echo", "whole"]' "$bundle/config.json" >"$bundle/process.json"
	run "$BERTH" exec -p "$bundle/process.json" one
	[ "$output" = whole ]
	run timeout 60 python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" '' "$BERTH" exec -t one tty
	assert_contains /dev/pts/0
	"$BERTH" exec -d --pid-file "$bundle/pid" one sleep 100 </dev/null >/dev/null 2>&1 3>&-
	[ -e "/proc/$(cat "$bundle/pid")" ]
}

@test "flags: =true, =false, and nothing else; -- ends the options" {
	run_all one
	run "$BERTH" delete --force=false one
	assert_error "not stopped: running"
	run "$BERTH" delete --force=yes one
	assert_error '--force is true or false, not "yes"'
	run "$BERTH" delete -- --force
	assert_error 'invalid container ID format: "--force"'
	run "$BERTH" exec -- one echo --detach
	[ "$output" = --detach ]
	run "$BERTH" exec one echo --detach
	[ "$output" = --detach ]
	run "$BERTH" delete --force=true -- one
	assert_status 0
}

@test "kill --regex: every container whose id matches gets the signal, the others do not" {
	run_all web-1 web-2 db
	"$BERTH" kill --regex '^web-[0-9]+$' KILL
	until_true is_status web-1 stopped
	until_true is_status web-2 stopped
	is_status db running
	# TERM where there is no signal; the program ends by its handler.
	"$BERTH" kill -r 'd(b|c)'
	until_true is_status db stopped
	run "$BERTH" kill --regex=false '^db$'
	assert_error "invalid container ID format"
}

@test "kill --regex: each failure is told, the others go on, and one line is in the log" {
	run_all a-1 a-2 a-3
	"$BERTH" kill a-1 KILL
	"$BERTH" kill a-2 KILL
	until_true is_status a-1 stopped
	until_true is_status a-2 stopped
	run "$BERTH" --log "$bundle/log" --log-format json kill -r '^a' KILL
	assert_status 1
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "berth: a-1: container not running" ]
	[ "${lines[1]}" = "berth: a-2: container not running" ]
	until_true is_status a-3 stopped
	[ "$(wc -l <"$bundle/log")" = 1 ]
	jq -e '.level == "error" and .msg == "2 of 3 containers failed; a-1: container not running"' "$bundle/log"
	run "$BERTH" kill -ar '^a' KILL
	assert_status 0
	[ -z "$output" ]
	run "$BERTH" kill --all --regex '^a' KILL
	assert_status 0
	[ -z "$output" ]
}

@test "delete --regex: those that match, with --force also those that run; none is no error" {
	create one-1 one-2
	run_all two one-3
	run "$BERTH" delete --regex '^one'
	assert_status 1
	[ "$output" = "berth: one-3: cannot delete container one-3 that is not stopped: running" ]
	[ "$(listed)" = "one-3 two " ]
	run "$BERTH" delete --regex 'nothing'
	assert_status 0
	[ -z "$output" ]
	run "$BERTH" delete --regex --force 'n'
	assert_status 0
	[ "$(listed)" = "two " ]
}

@test "--regex: a pattern that is none, or empty, is refused before anything is done" {
	create one
	run "$BERTH" delete --regex '(one'
	assert_error '--regex: the pattern "(one"' "nmatched"
	run "$BERTH" kill --regex '*['
	assert_status 1
	run "$BERTH" delete --force --regex ''
	assert_error "the pattern is empty"
	run "$BERTH" kill --regex . NOSUCH
	assert_error 'unknown signal "NOSUCH"'
	run "$BERTH" delete --regex one two
	assert_error "requires exactly 1 argument"
	[ "$(listed)" = "one " ]
	# An id that is in the pattern's way is no pattern without the flag.
	run "$BERTH" delete 'o.e'
	assert_error "container does not exist"
}

@test "list: -f and --format, -q and --quiet; ps: -f and --format" {
	run_all one
	[ "$("$BERTH" list -f json)" = "$("$BERTH" list --format=json)" ]
	jq -e 'length == 1 and (.[0] | .id == "one" and .status == "running" and .owner == "root" and .ociVersion)' \
		<<<"$("$BERTH" list -f json)"
	[ "$("$BERTH" list -q)" = one ]
	[ "$("$BERTH" list --quiet)" = one ]
	run "$BERTH" list -f table
	# runc's titles, which people cut at the blanks.
	[ "$(tr -s ' ' <<<"${lines[0]}")" = "ID PID STATUS BUNDLE CREATED OWNER" ]
	[ "$("$BERTH" ps -f json one)" = "$("$BERTH" ps --format json one)" ]
	jq -e 'type == "array" and length >= 1' <<<"$("$BERTH" ps -f json one)"
	run "$BERTH" ps -f table one
	[[ $(tr -s ' ' <<<"${lines[0]}") =~ ^"UID PID PPID" ]]
	run "$BERTH" ps one -o pid,args
	[[ $(tr -s ' ' <<<"${lines[0]}") =~ "PID COMMAND" ]]
}

@test "spec --file: another name, another place, standard output; never over a file that is there" {
	mkdir "$bundle/new"
	"$BERTH" spec --bundle "$bundle/new" --file other.json
	[ "$(ls "$bundle/new")" = other.json ]
	jq -e .ociVersion "$bundle/new/other.json"
	run "$BERTH" spec -b "$bundle/new" -f other.json
	assert_error "$bundle/new/other.json" "exists already"
	"$BERTH" spec --bundle "$bundle/new" -f "$bundle/absolute.json"
	cmp "$bundle/absolute.json" "$bundle/new/other.json"
	"$BERTH" spec -f - | cmp - "$bundle/new/other.json"
	cd "$bundle/new"
	"$BERTH" spec -f here.json --rootless
	jq -e '.linux.namespaces | any(.type == "user")' here.json
	run "$BERTH" spec -f ''
	assert_error "--file is empty"
	run "$BERTH" spec -f nowhere/x.json
	assert_error "create ./nowhere/x.json: no such file or directory"
}
