#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 1800
# programs: criu ip tar gzip iptables-restore ip6tables-restore iptables-save ip6tables-save
# checkpoint and restore with Debian's CRIU, which works on the kernel of a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
	for name in flock nc dd mkfifo rmdir tcpsvd logger; do
		ln -s busybox "$bundle/rootfs/bin/$name"
	done
	# Most of it is the same without a network of its own, and takes half the time.
	config '.root.readonly = false | del(.linux.namespaces[] | select(.type == "network"))'
	images=$bundle/images
	logs=$bundle/logs
	count=$bundle/rootfs/tmp/count
	mounts=$(host_mounts)
}

teardown() {
	tail -n 3 "$bundle"/*/dump.log "$bundle"/*/restore.log 2>/dev/null || true
	"$BERTH" delete --force "$cid" || true
	"$BERTH" delete --force "$cid-2" || true
	remove_bundle
}

with_network() {
	config '.linux.namespaces += [{"type": "network"}]'
}

# A number that grows, and that only a process which goes on can know.
counting() {
	in_container "${1:-}"'
		i=1000; while :; do i=$((i + 1)); echo $i >/tmp/.count; mv /tmp/.count /tmp/count; sleep 0.1; done'
	ln -sf busybox "$bundle/rootfs/bin/mv"
}

start() {
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	until_true test -s "$count"
}

# save OPTION..., bring_back OPTION...: with the directories of this test.
save() {
	run "$BERTH" checkpoint --image-path "$images" --work-path "$logs" "$@" "$cid"
}

bring_back() {
	status=0
	"$BERTH" restore --detach --image-path "$images" --work-path "$logs" --bundle "$bundle" "$@" \
		"${id:-$cid}" </dev/null >"$bundle/out" 2>&1 3>&- || status=$?
	output=$(cat "$bundle/out")
	mapfile -t lines <"$bundle/out"
}

saved() {
	save "$@"
	assert_status 0
	[ -z "$output" ]
}

back() {
	bring_back "$@"
	assert_status 0
}

state_of() {
	"$BERTH" state "${1:-$cid}" | jq -r .status
}

grows() {
	local before
	before=$(cat "$count")
	until_true eval '[ "$(cat "$count")" -gt '"$before"' ]'
}

assert_nothing_left() {
	[ -z "$(left_cgroups)" ]
	[ "$mounts" = "$(host_mounts)" ]
	[ -z "$(ls -A "$bundle/state" 2>/dev/null)" ]
	[ -z "$(find /proc -maxdepth 2 -name root -lname "$bundle/rootfs" 2>/dev/null)" ]
	[ -z "$(pgrep -x criu)" ]
}

@test "what is saved has stopped, and what is restored goes on" {
	local at pid
	with_network
	config '.hostname = "first"'
	counting 'hostname second;'
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	start
	grows
	saved
	[ "$(state_of)" = stopped ]
	[ -s "$logs/dump.log" ]
	[ -s "$images/core-1.img" ]
	[ -z "$(find "$images" -name '*.log')" ]
	at=$(cat "$count")
	sleep 0.5
	[ "$(cat "$count")" = "$at" ]
	[ "$at" -gt 1000 ]
	rm "$count"
	back --pid-file "$bundle/pid"
	[ -s "$logs/restore.log" ]
	[ "$(state_of)" = running ]
	pid=$(cat "$bundle/pid")
	[ "$("$BERTH" state "$cid" | jq .pid)" = "$pid" ]
	[ "$(readlink "/proc/$pid/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]
	until_true test -s "$count"
	[ "$(cat "$count")" -ge "$at" ]
	grows
	grep -qx "0::/berth-$cid" "/proc/$pid/cgroup"
	[ "$("$BERTH" exec "$cid" hostname)" = second ]
	[ "$mounts" = "$(host_mounts)" ]
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	"$BERTH" delete "$cid"
	assert_nothing_left
}
