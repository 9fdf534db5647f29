#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --log, --log-format, --log-level, --debug: where lines go, and which.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
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
			mount -t tmpfs -o mode=755 none /dev
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

@test "--log: what names nothing, or cannot be opened, is refused at once" {
	local log
	for log in nosuch:x file: journald: syslog: "$(printf 'journald:a\nMESSAGE=b')" "syslog:$(printf 'x%.0s' {1..256})"; do
		run "$BERTH" --log "$log" state nothing
		assert_error "--log"
		refute_contains "does not exist"
	done
	for log in "$bundle/nowhere/log" "file:$bundle/nowhere/log"; do
		run "$BERTH" --log "$log" run --bundle "$bundle" "$cid"
		assert_error "open the log $log: no such file or directory"
		refute_contains RAN
	done
	run "$BERTH" --log "$bundle" list -q
	assert_error "open the log $bundle: is a directory"
	run "$BERTH" --log "$bundle/log" list -q
	assert_status 0
	[ -f "$bundle/log" ] && [ ! -s "$bundle/log" ]
}

@test "--log: what cannot be written later is told, beside the error" {
	mknod "$bundle/full" c 1 7
	run "$BERTH" --log "$bundle/full" state nothing
	assert_status 1
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "berth: container does not exist: nothing" ]
	[ "${lines[1]}" = "berth: write to the log $bundle/full: no space left on device" ]
	# A command that succeeds has nothing to log.
	run "$BERTH" --log "$bundle/full" list -q
	assert_status 0
	[ -z "$output" ]
	# Whoever reads a fifo may come later.
	mkfifo "$bundle/fifo"
	run timeout 60 "$BERTH" --log "$bundle/fifo" list -q
	assert_status 0
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

@test "--log journald and syslog: nobody listens" {
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'mount -t tmpfs none /run; exec "$1" --log journald:x state nothing' sh "$BERTH"
	assert_error "open the log journald:x: no such file or directory"
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'mount -t tmpfs none /dev; exec "$1" --log syslog:x state nothing' sh "$BERTH"
	assert_error "open the log syslog:x: no such file or directory"
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
	run "$BERTH" --debug --log-level info state nothing
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

# levels: the levels of the lines in the log, in one word.
levels() {
	jq -r .level "$bundle/log" | uniq | tr '\n' ' '
}

# has_line LEVEL TEXT: a line of the log has it.
has_line() {
	jq -s -e --arg level "$1" --arg text "$2" 'any(.level == $level and (.msg | contains($text)))' "$bundle/log" || {
		cat "$bundle/log"
		return 1
	}
}

# What is no failure, and worth a line at each level.
odd_config() {
	config '.process.capabilities.bounding += ["CAP_NO_SUCH"] | .whatever = {"a": 1} | .process.nonsense = 1
		| .linux.namespaces[0].typo = "x" | .annotations = {"of.the.user": "x"} | .linux.rootPropagation = "shared"
		| .hooks.poststop = [{"path": "/bin/false"}]'
}

@test "by default nothing but one line of a failure is logged, whatever is worth a warning" {
	odd_config
	run "$BERTH" --log "$bundle/log" --log-format json run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = RAN ]
	[ ! -s "$bundle/log" ]
	run "$BERTH" --log-level error run --bundle "$bundle" "$cid"
	[ "$output" = RAN ]
	config '.process.args = ["nosuch"]'
	run "$BERTH" --log "$bundle/log" --log-format json run --bundle "$bundle" "$cid"
	assert_error "nosuch"
	[ "$(wc -l <"$bundle/log")" = 1 ]
	[ "$(levels)" = "error " ]
}

@test "--log-level warning: in the log, or without one on stderr, and no debug lines" {
	odd_config
	run "$BERTH" --log "$bundle/log" --log-format json --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = RAN ]
	[ "$(levels)" = "warning " ]
	has_line warning "container $cid: /process/capabilities/bounding/"
	has_line warning 'unknown capability "CAP_NO_SUCH": left out'
	has_line warning "hooks/poststop/0"
	run --separate-stderr "$BERTH" --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = RAN ]
	[[ $stderr == *"berth: warning: container $cid: /process/capabilities/bounding/"* ]]
	[[ $stderr != *debug* ]]
	# The log that cannot be written loses no line, and is no failure.
	mknod "$bundle/full" c 1 7
	run --separate-stderr "$BERTH" --log "$bundle/full" --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	[[ $stderr == *"berth: warning: container $cid: /process/capabilities/bounding/"* ]]
	[[ $stderr == *"write to the log $bundle/full: no space left on device"* ]]
}

@test "--log-level debug: the steps in their order with their time, the keys that are ignored, the command" {
	odd_config
	config '.ociVersion = "1.99.0"'
	run "$BERTH" --log "$bundle/log" --log-format json --log-level debug run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = RAN ]
	local text
	for text in "state root $bundle/state: run --bundle $bundle $cid" \
		"/whatever is no field" "/process/nonsense is no field" "/linux/namespaces/0/typo is no field" \
		"/linux/rootPropagation is no field" "/ociVersion is 1.99.0, newer than 1.3"; do
		has_line debug "$text"
	done
	refute_annotation=$(jq -r .msg "$bundle/log" | grep -c 'of.the.user' || true)
	[ "$refute_annotation" = 0 ]
	# In the order in which it happens, and later ones are not earlier.
	jq -s -e --arg bundle "$bundle" '[.[] | select(.level == "debug") | .msg | select(test(" us\\)$"))] as $steps
		| [$steps[] | capture("\\((?<us>[0-9]+) us\\)$").us | tonumber] as $times
		| ($times == ($times | sort)) and
		([$steps[] | sub("^[^:]*: "; "") | sub(" \\([0-9]+ us\\)$"; "") | gsub("[0-9]+"; "N")] ==
		["config.json of " + ($bundle | gsub("[0-9]+"; "N")) + " is read: N bytes", "the plan is made", "the record is written",
		"the cgroup is there", "process N has built its environment", "the process is on its way to its program",
		"process N runs its program", "process N has ended, wait status NxN"])' "$bundle/log"
	# --debug is the same, whatever --log-level says, and the error is the last line.
	rm "$bundle/log"
	run "$BERTH" --debug --log-level error --log "$bundle/log" --log-format json state nothing
	assert_status 1
	[ "$(levels)" = "debug error " ]
	run --separate-stderr "$BERTH" --debug list -q
	assert_status 0
	[ -z "$output" ]
	[[ $stderr == "berth: debug: berth "*": list -q" ]]
}

@test "--log-level debug: the verbs of a life say what they do" {
	in_container 'trap "exit 0" TERM; while :; do sleep 0.05; done'
	local words
	berth_debug() {
		"$BERTH" --debug --log "$bundle/log" --log-format json "$@" >/dev/null 2>&1 </dev/null 3>&-
	}
	berth_debug create --bundle "$bundle" "$cid"
	has_line debug "waits for start ("
	berth_debug start "$cid"
	has_line debug "is woken ("
	berth_debug exec "$cid" true
	has_line debug "is in the container ("
	if berth_debug pause "$cid"; then
		has_line debug "it is frozen ("
		berth_debug resume "$cid"
		has_line debug "it is thawed ("
	fi
	berth_debug kill "$cid" USR1
	has_line debug "signal 10 for process $(pid_of) ("
	berth_debug delete --force "$cid"
	has_line debug "its processes have ended ("
	has_line debug "its cgroup is gone ("
	[ "$(levels)" = "debug " ]
}

@test "a warning for a capability that is not in the bounding set, of run and of exec" {
	config '.process.capabilities = {bounding: ["CAP_SYS_TIME", "CAP_KILL"], permitted: ["CAP_SYS_TIME", "CAP_KILL"]}'
	in_container 'grep CapBnd /proc/self/status'
	# PR_CAPBSET_DROP of CAP_SYS_TIME (25).
	local drop='import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 25, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])'
	run python3 -c "$drop" "$BERTH" --log "$bundle/log" --log-format json --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$(tr -s '\t' ' ' <<<"$output")" = "CapBnd: 0000000000000020" ]
	has_line warning "/process/capabilities/bounding/0: CAP_SYS_TIME cannot be granted: left out"
	has_line warning "/process/capabilities/permitted/0: CAP_SYS_TIME cannot be granted: left out"
	[ "$(wc -l <"$bundle/log")" = 2 ]
	rm "$bundle/log"
	in_container 'sleep 1000'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	jq '.process | .args = ["echo", "RAN"] | .capabilities.effective = ["CAP_NO_SUCH", "CAP_CHOWN"] | .extra = 1' \
		"$bundle/config.json" >"$bundle/process.json"
	run "$BERTH" --log "$bundle/log" --log-format json --log-level debug exec --process "$bundle/process.json" "$cid"
	[ "$output" = RAN ]
	has_line warning '/process/capabilities/effective/0: unknown capability "CAP_NO_SUCH": left out'
	has_line warning "/process/capabilities/effective/1: CAP_CHOWN cannot be granted: left out"
	has_line debug "/process/extra is no field"
}

@test "a warning for device rules that nobody applies" {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))
		| .linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	run "$BERTH" --cgroup-manager disabled --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	assert_line "berth: warning: container $cid: /linux/resources/devices are not applied: cgroups are disabled for this container"
	config 'del(.linux.resources.devices)'
	run "$BERTH" --cgroup-manager disabled --log-level warning run --bundle "$bundle" "$cid"
	[ "$output" = RAN ]
}

@test "a warning for hooks that a delete by force cannot read any more" {
	config '.hooks.poststop = [{"path": "/bin/true"}]'
	"$BERTH" create --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	echo '{' >"$bundle/state/$cid/config.json"
	run "$BERTH" delete "$cid"
	assert_error "is not JSON"
	run "$BERTH" --log "$bundle/log" --log-format json --log-level warning delete --force "$cid"
	assert_status 0
	has_line warning "container $cid: its hooks poststop do not run: line 2, column 1: the container's config.json is not JSON"
	[ "$(levels)" = "warning " ]
}

@test "any number of warnings is a bounded number of lines" {
	config '.process.capabilities.bounding = [range(5000) | "CAP_NO_\(.)"] | . + ([range(5000) | {key: "k\(.)", value: 1}] | from_entries)'
	run "$BERTH" --debug --log "$bundle/log" --log-format json run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$(wc -l <"$bundle/log")" -lt 120 ]
	has_line debug "/k0 is no field"
	has_line debug "4968 more lines like these"
	has_line warning "more lines like these"
}
