#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What berth writes obeys the schemas of the specification (tests/spec/schema): the features, the state, which hooks
# are given as well, and a config to begin with. What it reads is tested by tests/spec/examples.py.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	mkfifo "$bundle/rootfs/gate"
	in_container 'read -r line </gate'
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# obeys SCHEMA FILE: each violation is a line.
obeys() {
	python3 "$kit_root/tests/kit/schema.py" "$kit_root/tests/spec/schema/$1-schema.json" "$2"
}

# state_obeys STATUS: that is the status, and the state obeys; until it is.
state_obeys() {
	until_true has_status "$1"
	"$BERTH" state "$cid" >"$bundle/state.out"
	[ "$(jq -r .status "$bundle/state.out")" = "$1" ]
	obeys state "$bundle/state.out"
}

@test "control: what breaks a schema is named" {
	printf '{"ociVersion": 1, "id": "a", "status": "paused", "pid": -1, "bundle": "/", "annotations": {"a": 2}}' \
		>"$bundle/state.out"
	run obeys state "$bundle/state.out"
	assert_status 1
	[ "$output" = "/ociVersion is no string
/status is none of the names
/pid is below 0
/annotations/a is no string" ]
	"$BERTH" features | jq 'del(.ociVersionMax) | .linux.cgroup.v2 = 1' >"$bundle/features.out"
	run obeys features "$bundle/features.out"
	assert_status 1
	assert_line "/ociVersionMax is missing"
	assert_line "/linux/cgroup/v2 is no boolean"
}

@test "features" {
	"$BERTH" features >"$bundle/features.out"
	obeys features "$bundle/features.out"
}

@test "a config to begin with" {
	obeys config "$bundle/config.json"
	"$BERTH" spec --rootless --file - >"$bundle/rootless.json"
	obeys config "$bundle/rootless.json"
}

@test "the state, with and without annotations" {
	local annotations
	for annotations in null '{"a.b/c": "d \"e\"", "empty": ""}'; do
		config '.annotations = $a' --argjson a "$annotations"
		"$BERTH" create --bundle "$bundle" "$cid" >/dev/null 3>&-
		state_obeys created
		"$BERTH" start "$cid"
		state_obeys running
		echo >"$bundle/rootfs/gate"
		state_obeys stopped
		"$BERTH" delete "$cid"
	done
}

@test "the state that hooks of each kind are given" {
	local kind hook
	mkdir "$bundle/rootfs/out"
	config '.root.readonly = false'
	# shellcheck disable=SC2016 # for the hooks' shells
	printf '#!/bin/sh\ncat >"$2/state.$1"\n' | tee "$bundle/hook" >"$bundle/rootfs/bin/hook"
	chmod 755 "$bundle/hook" "$bundle/rootfs/bin/hook"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		hook='{"path": "'$bundle'/hook", "args": ["hook", "'$kind'", "'$bundle'"], "env": ["PATH=/usr/bin:/bin"]}'
		[ "$kind" != startContainer ] ||
			hook='{"path": "/bin/hook", "args": ["hook", "'$kind'", "/out"], "env": ["PATH=/bin"]}'
		config '.hooks[$kind] = [$hook]' --arg kind "$kind" --argjson hook "$hook"
	done
	in_container true
	berth_run
	assert_status 0
	mv "$bundle/rootfs/out/state.startContainer" "$bundle"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		obeys state "$bundle/state.$kind"
	done
}
