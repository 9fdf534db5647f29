#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --log, --log-format, --log-level, --debug: where lines go, and which.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo RAN'
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

# with_socket PATH GLOBAL_OPTION...: `berth state nothing` where a datagram socket listens at PATH, in a mount
# namespace in which its folder is a new file system; what it got is in $bundle/got, a JSON string a line.
with_socket() {
	# shellcheck disable=SC2016 # variables of the inner shell
	run unshare -m --propagation private bash -c '
		socket=$1 bundle=$2 kit=$3
		shift 3
		case $socket in
		/dev/*)
			touch "$bundle/null"
			mount --bind /dev/null "$bundle/null"
			mount -t tmpfs none /dev
			touch /dev/null
			mount --move "$bundle/null" /dev/null
			;;
		*) mount -t tmpfs none /run ;;
		esac
		mkdir -p "${socket%/*}"
		exec python3 "$kit/datagrams.py" "$socket" "$@" >"$bundle/got"' \
		bash "$1" "$bundle" "$BATS_TEST_DIRNAME/../kit" "$BERTH" "${@:2}" state nothing
}

@test "--log: a file, with and without file: before it" {
	local log
	for log in "$bundle/plain" "file:$bundle/file"; do
		run "$BERTH" --log "$log" --log-format json state nothing
		assert_error "berth: container does not exist: nothing"
		jq -e '.level == "error" and .msg == "container does not exist: nothing" and (.time | test("^[0-9-]+T[0-9:]+Z$"))' \
			"${log#file:}"
		run "$BERTH" --log "$log" state nothing
		[ "$(wc -l <"${log#file:}")" = 2 ]
		tail -n 1 "${log#file:}" | grep -q '^time="[^"]*" level=error msg="container does not exist: nothing"$'
	done
	cd "$bundle"
	run "$BERTH" --log ./a:b state nothing
	assert_error "does not exist"
	[ -s a:b ]
}

@test "--log: what names nothing is refused; a file that cannot be written is told, beside the error" {
	local log
	for log in nosuch:x file: journald: syslog: "$(printf 'journald:a\nMESSAGE=b')" "syslog:$(printf 'x%.0s' {1..256})"; do
		run "$BERTH" --log "$log" state nothing
		assert_error "--log"
		refute_contains "does not exist"
	done
	run "$BERTH" --log "$bundle/nowhere/log" state nothing
	assert_status 1
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "berth: container does not exist: nothing" ]
	[ "${lines[1]}" = "berth: the log $bundle/nowhere/log cannot be written: No such file or directory" ]
	# A command that succeeds has nothing to log.
	run "$BERTH" --log "$bundle/nowhere/log" list -q
	assert_status 0
	[ -z "$output" ]
}

@test "--log journald: one datagram of the journal's own protocol" {
	with_socket /run/systemd/journal/socket --log journald:some.id
	assert_error "berth: container does not exist: nothing"
	[ "$(wc -l <"$bundle/got")" = 1 ]
	jq -e '. == "PRIORITY=3\nSYSLOG_IDENTIFIER=some.id\nID=some.id\nMESSAGE=container does not exist: nothing\n"' \
		"$bundle/got"
	with_socket /run/systemd/journal/socket --log=journald:x --log-format json
	jq -e 'split("MESSAGE=")[1] | fromjson | .level == "error" and .msg == "container does not exist: nothing"' \
		"$bundle/got"
}

@test "--log journald: nobody listens" {
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'mount -t tmpfs none /run; exec "$1" --log journald:x state nothing' sh "$BERTH"
	assert_status 1
	[ "${lines[0]}" = "berth: container does not exist: nothing" ]
	[ "${lines[1]}" = "berth: the log journald:x cannot be written: No such file or directory" ]
}

@test "--log syslog: a line for /dev/log, with the identifier, of the facility daemon" {
	with_socket /dev/log --log syslog:some.id
	assert_error "berth: container does not exist: nothing"
	[ "$(wc -l <"$bundle/got")" = 1 ]
	# 3 (daemon) times 8 and 3 (error).
	jq -e 'test("^<27>.* some\\.id\\[[0-9]+\\]: container does not exist: nothing")' "$bundle/got"
	with_socket /dev/log --log syslog:x --log-format json
	jq -e 'capture("x\\[[0-9]+\\]: (?<json>\\{.*\\})").json | fromjson | .msg == "container does not exist: nothing"' \
		"$bundle/got"
}

@test "--log-format and --log-level: their values and no others" {
	run "$BERTH" --log "$bundle/log" --log-format xml state nothing
	assert_error '--log-format is text or json, not "xml"'
	grep -q 'level=error msg="--log-format' "$bundle/log"
	run "$BERTH" --log-level info state nothing
	assert_error '--log-level is error, warning or debug, not "info"'
	run "$BERTH" --log-level error list -q
	assert_status 0
}

@test "strings of the log are JSON whatever bytes the arguments have" {
	local name
	for name in 'a"b\c' $'\xff\xfe' $'\xc3\xa4' $'a\tb\x7f' $'\xed\xa0\x80'; do
		rm -f "$bundle/log"
		run "$BERTH" --log "$bundle/log" --log-format json "$name"
		assert_status 1
		python3 -c 'import json, sys; json.loads(open(sys.argv[1], encoding="utf-8").read())["msg"]' "$bundle/log"
	done
}
