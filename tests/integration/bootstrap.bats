#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth bootstrap encode|decode: JSON to bytes and back.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	work=$(mktemp -d /tmp/berth-test.XXXXXX)
	vectors=$BATS_TEST_DIRNAME/../vectors/bootstrap.json
}

teardown() {
	rm -rf "$work"
}

hex() {
	od -An -v -tx1 | tr -d ' \n'
}

unhex() {
	python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}

@test "every message of the vectors, both ways" {
	local count i wanted
	count=$(jq '.messages | length' "$vectors")
	[ "$count" -ge 4 ]
	for ((i = 0; i < count; i++)); do
		wanted=$(jq -r ".messages[$i].message_hex" "$vectors")
		[ "$(jq ".messages[$i]" "$vectors" | "$BERTH" bootstrap encode | hex)" = "$wanted" ]
		unhex "$wanted" | "$BERTH" bootstrap decode >"$work/json"
		jq -e --argjson i "$i" --slurpfile v "$vectors" '
			[.attributes[] | {kind, type, value}] ==
			[$v[0].messages[$i].attributes[] | {kind, type, value}]' "$work/json"
		[ "$("$BERTH" bootstrap encode <"$work/json" | hex)" = "$wanted" ]
	done
}

@test "decode names the attributes and shows text" {
	unhex "$(jq -r '.messages[] | select(.name | startswith("mixed")) | .message_hex' "$vectors")" |
		"$BERTH" bootstrap decode >"$work/json"
	jq -e '.attributes[1].name == "NsPathsAttr" and .attributes[1].text == "/run/netns/pod"' "$work/json"
	jq -e '.attributes[0].name == "CloneFlagsAttr" and (.attributes[0] | has("text") | not)' "$work/json"
}

@test "a refusal: status 1, one line on stderr, nothing on stdout" {
	local bytes
	for bytes in '' 00 18000000 ffffffff30f2010000000000000000000800916a00000000 \
		1800000030f2010000000000000000000800916a010000001 \
		1000000030f20100000000000000000 2000000030f2010000000000000000000800916a000000000800916a00000000; do
		[ $((${#bytes} % 2)) = 0 ] || bytes=${bytes}0
		unhex "$bytes" >"$work/bytes"
		run --separate-stderr "$BERTH" bootstrap decode <"$work/bytes"
		assert_status 1
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" = 1 ]
		[[ $stderr == berth:* ]]
	done
	for bytes in '' '{}' '[]' '{"attributes": 1}' '{"attributes": [{"kind": "int32", "type": 27281}]}' \
		'{"attributes": [{"kind": "int32", "type": 27281, "value": 256}]}' \
		'{"attributes": [{"kind": "bytes", "type": 27283, "value": "zz"}]}'; do
		run --separate-stderr "$BERTH" bootstrap encode <<<"$bytes"
		assert_status 1
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" = 1 ]
	done
}

@test "usage" {
	run "$BERTH" bootstrap </dev/null
	assert_status 1
	run "$BERTH" bootstrap transmogrify </dev/null
	assert_status 1
}

@test "what encode writes, berth-init understands" {
	printf '{"attributes": [{"kind": "int32", "type": 27281, "value": 67108864}]}' |
		"$BERTH" bootstrap encode >"$work/message"
	run python3 - "$work/message" "${BERTH_INIT:-$kit_root/build/bin/berth-init}" <<'PYTHON'
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
init = subprocess.Popen([sys.argv[2], "readlink", "/proc/self/ns/uts"], pass_fds=[theirs.fileno()],
                        env={**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno())})
ours.sendall(open(sys.argv[1], "rb").read())
init.wait()
os.waitpid(-1, 0)
PYTHON
	[ "$EUID" = 0 ] || skip "needs root"
	assert_status 0
	[[ $output == uts:* ]]
	[ "$output" != "$(readlink /proc/self/ns/uts)" ]
}

@test "a message that cannot be written is not lost in silence" {
	local json='{"attributes": [{"kind": "int32", "type": 27281, "value": 0}]}'
	run --separate-stderr "$BERTH" bootstrap encode <<<"$json" >&-
	[ "$status" = 0 ]
	run sh -c '"$0" bootstrap encode >&-' "$BERTH" <<<"$json"
	[ "$status" = 1 ]
	[[ $output == *"write to stdout: "* ]]
}
