#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt. No machine of these tests has the hardware: a tmpfs, in a mount namespace of the test's own, is in the
# place of resctrl. Only the build with failpoints takes it, and makes there the files that a kernel makes by itself. What
# is written into a file is added to it, so that the tests see all of it; a kernel refuses what it does not like, and this
# does not.

load ../kit/container.bash

setup() {
	make_bundle
	rdt=$bundle/resctrl
	mkdir "$rdt"
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	unshare --mount --propagation private sleep 600 3>&- &
	space=$!
	until_true eval '[ "$(readlink /proc/$space/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]'
	until_true eval '[ "$(cat /proc/$space/comm)" = sleep ]'
	inside mount -t tmpfs resctrl-imitation "$rdt"
	inside mkdir "$rdt/info" "$rdt/mon_groups"
	inside touch "$rdt/tasks" "$rdt/schemata"
	config '.linux.resources = {}'
	in_container 'sleep 600'
}

teardown() {
	if [ -n "${space:-}" ]; then
		for id in "$cid" "$cid-b"; do
			inside "$BERTH_TEST" delete --force "$id" >/dev/null 2>&1 || true
		done
		kill "$space"
		wait "$space" || true
	fi
	remove_bundle
}

inside() {
	nsenter --target "$space" --mount --wd="$PWD" "$@" 3>&-
}

berth() {
	inside timeout 60 "$BERTH_TEST" "$@"
}

# Without a pipe of bats' that the container would hold.
started() {
	inside timeout 60 "$BERTH_TEST" run --detach --bundle "$bundle" "${1:-$cid}" >"$bundle/out" 2>&1 </dev/null || {
		cat "$bundle/out"
		return 1
	}
}

# refused TEXT...: the run of the bundle ends with one error.
refused() {
	run inside timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
	assert_error "$@"
}

# What is in the imitation beside what a mount has.
groups() {
	inside find "$rdt" -mindepth 1 -type d ! -path "$rdt/info" ! -name mon_groups -printf '%P\n' | sort
}

pid_of() {
	inside "$BERTH_TEST" state "${1:-$cid}" | jq .pid
}

content() {
	inside cat "$rdt/$1"
}

@test "a group of the container's own: made, written, joined and removed" {
	config '.linux.intelRdt = {"l3CacheSchema": "L3:0=7f0;1=1f\nMB:0=5", "memBwSchema": "MB:0=20", "schemata": ["L2:0=f"]}'
	started
	[ "$(groups)" = "$cid" ]
	[ "$(content "$cid/schemata")" = $'L3:0=7f0;1=1f\nMB:0=20\nL2:0=f' ]
	# berth-init's first process, of which the container's is a child.
	[ "$(content "$cid/tasks" | wc -l)" = 1 ]
	[ -z "$(content tasks)" ]
	[ -z "$(content schemata)" ]
	berth delete --force "$cid"
	[ -z "$(groups)" ]
}

@test "the process is in the group before anything of it runs" {
	config '.linux.intelRdt = {}'
	BERTH_FAIL=bootstrap:stop inside "$BERTH_TEST" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null &
	local create=$!
	until_true eval '[ -s "/proc/$space/root$rdt/$cid/tasks" ]'
	local pid
	pid=$(content "$cid/tasks")
	[ "$(tr '\0' '\n' <"/proc/$pid/environ" | grep -c BERTH_FAIL=bootstrap:stop)" = 1 ]
	until_true eval 'kill -CONT "$pid" 2>/dev/null; ! kill -0 "$create" 2>/dev/null'
	wait "$create"
	berth delete --force "$cid"
	[ -z "$(groups)" ]
}

@test "the foreground run removes the group at its end" {
	config '.linux.intelRdt = {"enableMonitoring": true}'
	in_container 'echo RAN'
	run berth run --bundle "$bundle" "$cid"
	[ "$output" = RAN ]
	[ -z "$(groups)" ]
}

@test "without intelRdt nothing is touched" {
	started
	[ -z "$(groups)" ]
	[ -z "$(content tasks)" ]
	jq -e 'has("resctrl") | not' "$bundle/state/$cid/state.json"
}

@test "a release takes no imitation for resctrl" {
	! grep -q " - resctrl " /proc/self/mountinfo || skip "resctrl is mounted here"
	config '.linux.intelRdt = {}'
	run inside timeout 60 "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "/linux/intelRdt" "no resctrl file system is mounted"
	[ -z "$(groups)" ]
}

@test "closID alone: the group must be there, and stays" {
	config '.linux.intelRdt = {"closID": "gold"}'
	refused "/linux/intelRdt/closID" "no resctrl group"
	[ -z "$(groups)" ]
	inside mkdir "$rdt/gold"
	inside touch "$rdt/gold/tasks"
	started
	[ "$(content gold/tasks | wc -l)" = 1 ]
	[ "$(inside ls "$rdt/gold")" = tasks ]
	berth delete --force "$cid"
	[ "$(groups)" = gold ]
}

@test "closID with schemas: made once, compared from then on, kept while others are in it" {
	config '.linux.intelRdt = {"closID": "gold", "l3CacheSchema": "L3:0=ff"}'
	started
	started "$cid-b"
	[ "$(groups)" = gold ]
	[ "$(content gold/tasks | wc -l)" = 2 ]
	config '.linux.intelRdt.l3CacheSchema = "L3:0=f"'
	run inside timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid-c"
	assert_error "/linux/intelRdt/l3CacheSchema" "another schema"
	# The first one made it; the second one is in it: a kernel lists its process, which was forked there.
	inside sh -c "echo $(pid_of "$cid-b") >>$rdt/gold/tasks"
	berth delete --force "$cid"
	[ "$(groups)" = gold ]
	berth delete --force "$cid-b"
	[ "$(groups)" = gold ]
	config '.linux.intelRdt = {"closID": "silver", "l3CacheSchema": "L3:0=ff"}'
	started
	[ "$(groups)" = gold$'\n'silver ]
	berth delete --force "$cid"
	[ "$(groups)" = gold ]
}

@test "the default group, with monitoring" {
	config '.linux.intelRdt = {"closID": "/", "enableMonitoring": true}'
	started
	[ "$(groups)" = "mon_groups/$cid" ]
	[ "$(content tasks)" = "$(content "mon_groups/$cid/tasks")" ]
	[ "$(content tasks | wc -l)" = 1 ]
	berth delete --force "$cid"
	[ -z "$(groups)" ]
}

@test "exec joins the group and the monitoring group" {
	config '.linux.intelRdt = {"enableMonitoring": true}'
	started
	berth exec "$cid" true
	[ "$(content "$cid/tasks" | sort -u | wc -l)" = 2 ]
	[ "$(content "$cid/tasks")" = "$(content "$cid/mon_groups/$cid/tasks")" ]
}

@test "update writes the schemata" {
	config '.linux.intelRdt = {"l3CacheSchema": "L3:0=ff"}'
	started
	berth update --l3-cache-schema "L3:0=f" --mem-bw-schema "MB:0=30" "$cid"
	[ "$(content "$cid/schemata")" = $'L3:0=ff\nL3:0=f\nMB:0=30' ]
	run berth update --mem-bw-schema "L3:0=30" "$cid"
	assert_error "--mem-bw-schema" "MB:"
	run berth update --l3-cache-schema 'L3:0=f"' "$cid"
	assert_error "--l3-cache-schema" "schemata"
	[ "$(content "$cid/schemata" | wc -l)" = 3 ]
}

@test "a group of that name that is there, a schema that cannot be written: an error, and others' groups stay" {
	inside mkdir "$rdt/$cid" "$rdt/gold"
	inside touch "$rdt/gold/tasks"
	config '.linux.intelRdt = {}'
	refused "/linux/intelRdt" "is there already"
	config '.linux.intelRdt = {"closID": "gold", "schemata": ["L3:0=f"]}'
	refused "/linux/intelRdt" "gold/schemata"
	[ "$(groups)" = "$cid"$'\n'gold ]
}

@test "a monitoring group of that name that is there: an error, and it stays" {
	inside mkdir "$rdt/mon_groups/$cid"
	config '.linux.intelRdt = {"closID": "/", "enableMonitoring": true}'
	refused "/linux/intelRdt/enableMonitoring" "file exists"
	BERTH_FAIL=resctrl:fail refused "failpoint"
	[ "$(groups)" = "mon_groups/$cid" ]
}

@test "what fails or dies in any step leaves no group" {
	config '.linux.intelRdt = {"schemata": ["L3:0=f"], "enableMonitoring": true}'
	in_container 'true'
	local step action
	for step in resctrl spawn send bootstrap join clone boot mounts pivot ready limits go exec created; do
		for action in fail die; do
			run inside env "BERTH_FAIL=$step:$action" timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
			[ "$status" != 0 ]
			[ "$action" != fail ] || assert_contains failpoint
			[ "$action" = fail ] || berth delete --force "$cid"
			[ -z "$(groups)" ]
		done
	done
}

@test "a damaged record: delete --force removes the group all the same" {
	config '.linux.intelRdt = {}'
	started
	echo '{' >"$bundle/state/$cid/state.json"
	berth delete --force "$cid" 2>/dev/null
	[ -z "$(groups)" ]
}
