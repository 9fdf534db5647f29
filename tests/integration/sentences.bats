#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Sentences of the specification's config.md and runtime.md that no other file has a test for; docs/spec-conformance.md
# lists all, with their tests.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo RAN'
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

fails_with() {
	berth_run
	assert_error "$@"
	is_empty left_processes
	[ -z "$(ls -A "$bundle/state")" ]
}

runs() {
	berth_run
	assert_status 0
	[ "$output" = "${1-RAN}" ]
}

# status_is STATUS: until it is.
status_is() {
	until_true has_status "$1"
}

@test "runtime.md: an operation without the id of a container is an error" {
	local verb
	for verb in state create start kill delete; do
		run "$BERTH" $verb
		assert_error "\"$verb\" requires"
		run "$BERTH" $verb ''
		assert_status 1
	done
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "runtime.md: of a container that does not exist, state, start, kill and delete are errors" {
	local verb
	for verb in state start kill delete; do
		run "$BERTH" $verb "$cid"
		assert_error "container does not exist: $cid"
	done
}

@test "runtime.md: a changed config.json has no effect on a container that is created" {
	in_container 'echo as created; hostname; pwd'
	config '.hostname = "created" | .process.cwd = "/tmp"'
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 3>&-
	config '.hostname = "changed" | .process.cwd = "/" | .process.args = ["echo", "changed"]'
	"$BERTH" start "$cid"
	status_is stopped
	[ "$(cat "$bundle/out")" = "as created
created
/tmp" ]
	echo '{' >"$bundle/config.json"
	"$BERTH" delete "$cid"
}

@test "runtime.md: an operation that is refused has no effect: start twice, delete and create of one that runs" {
	in_container 'echo started; read -r line </gate; echo ended'
	mkfifo "$bundle/rootfs/gate"
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 3>&-
	local state
	state=$("$BERTH" state "$cid")
	run "$BERTH" start "$cid"
	assert_error "already running"
	run "$BERTH" delete "$cid"
	assert_error "not stopped"
	run "$BERTH" create --bundle "$bundle" "$cid"
	assert_error "already exists"
	[ "$state" = "$("$BERTH" state "$cid")" ]
	echo >"$bundle/rootfs/gate"
	status_is stopped
	[ "$(cat "$bundle/out")" = "started
ended" ]
	run "$BERTH" kill "$cid" KILL
	assert_error "not running"
}

@test "runtime.md: an id that was deleted may be used again" {
	for _ in 1 2; do
		"$BERTH" create --bundle "$bundle" "$cid" >/dev/null 3>&-
		"$BERTH" delete "$cid"
	done
	runs
}

@test "config.md: process is needed for start, and refused by create already, with nothing made" {
	config 'del(.process)'
	fails_with "/process (line " "is required"
	run "$BERTH" create --bundle "$bundle" "$cid"
	assert_error "/process (line " "is required"
}

@test "config.md: annotations have keys that are not empty, and strings for values, which may be" {
	config '.annotations = {"": "x"}'
	fails_with "/annotations/ (line " "empty key"
	local value
	for value in null 1 true '["x"]' '{"a": "b"}'; do
		config '.annotations = {"com.example.key": $v}' --argjson v "$value"
		fails_with "/annotations/com.example.key (line " "must be a string"
	done
	config '.annotations = {"com.example.key": "", "org.opencontainers.image.stopSignal": "SIGKILL"}'
	runs
	config '.annotations = {}'
	runs
}

@test "config.md: sections of other platforms, and whatever else is unknown, are ignored" {
	config '.windows = {"layerFolders": [1]} | .solaris = {"anet": {}} | .vm = 1 | .zos = null | .freebsd = {"jail": "x"}
		| .process.commandLine = 5 | .process.user.username = {"a": 1} | .linux.noSuchThing = [] | .root.nothing = "x"'
	runs
}

@test "config.md: a version that is none, or another major one, is an error; a newer minor one is not" {
	local version
	for version in '"1"' '"1.0"' '"2.0.0"' '"0.5.0-dev"' '"v1.0.0"' '""' null 1.0; do
		config '.ociVersion = $v' --argjson v "$version"
		fails_with "/ociVersion (line "
	done
	config 'del(.ociVersion)'
	fails_with "/ociVersion (line " "is required"
	for version in 1.0.0 1.0.2-dev 1.3.0+dev 1.99.0; do
		config '.ociVersion = $v' --arg v "$version"
		runs
	done
}

@test "config.md: invalid values are errors: numbers that are no whole ones or out of range" {
	local number
	for number in 0.0 1e3 -1 4294967296 18446744073709551616 '"0"'; do
		# As text: jq would write other digits.
		sed -i "s/\"uid\": [^,]*/\"uid\": $number/" "$bundle/config.json"
		grep -q "\"uid\": $number" "$bundle/config.json"
		fails_with "/process/user/uid (line "
	done
	sed -i 's/"uid": [^,]*/"uid": 0/' "$bundle/config.json"
	runs
}

@test "of a key that is there twice the last one counts" {
	sed -i '/"cwd": "\/"/s//"cwd": "\/tmp", "cwd": 5, "cwd": "\/"/' "$bundle/config.json"
	[ "$(grep -o '"cwd"' "$bundle/config.json" | wc -l)" = 3 ]
	in_container_kept 'pwd'
	runs /
	sed -i 's/"cwd": "\/tmp", "cwd": 5, "cwd": "\/"/"cwd": "\/", "cwd": 5/' "$bundle/config.json"
	fails_with "/process/cwd (line " "must be a string"
}

# jq would drop what is there twice.
in_container_kept() {
	sed -i "s/\"echo RAN\"/\"$1\"/" "$bundle/config.json"
}

@test "config.md: each resource limit that getrlimit(2) has is what the config says" {
	local name limits='{"as": 99999744, "core": 0, "cpu": 77, "data": 99999744, "fsize": 99999744, "locks": 55,
		"memlock": 65536, "msgqueue": 4096, "nice": 0, "nofile": 99, "nproc": 500, "rss": 99999744, "rtprio": 0, "rttime": 88888,
		"sigpending": 44, "stack": 4194304}'
	# shellcheck disable=SC2016 # a variable of jq
	config '.process.rlimits = ($l | to_entries | map({"type": ("RLIMIT_" + (.key | ascii_upcase)), "soft": .value, "hard": .value}))' \
		--argjson l "$limits"
	in_container 'cat /proc/self/limits'
	berth_run
	assert_status 0
	[ "$(tail -n +2 <<<"$output" | sed 's/^Max \(.*[a-z]\)  *\([0-9][0-9]*\)  *\([0-9][0-9]*\) .*/\1 \2 \3/; s/  */ /g' | sort)" = \
		"$(jq -r 'to_entries[] | "\({"as": "address space", "core": "core file size", "cpu": "cpu time", "data": "data size",
			"fsize": "file size", "locks": "file locks", "memlock": "locked memory", "msgqueue": "msgqueue size", "nice": "nice priority",
			"nofile": "open files", "nproc": "processes", "rss": "resident set", "rtprio": "realtime priority", "rttime": "realtime timeout",
			"sigpending": "pending signals", "stack": "stack size"}[.key]) \(.value) \(.value)"' <<<"$limits" | sort)" ] || {
		printf '%s\n' "$output"
		return 1
	}
}

@test "the umask is 0022 where the config has none, whatever the caller's is" {
	config 'del(.process.user.umask)'
	in_container 'umask'
	umask 0077
	runs 0022
}
