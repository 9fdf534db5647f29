#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# machine: systemd
# systemd as the cgroup manager, of the host and of a user, over its bus: a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/events

TOP=/sys/fs/cgroup

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -d /run/systemd/system ] || skip "no-systemd: not booted with systemd"
	make_bundle
	unit=berth-$cid.scope
	dir=$TOP/system.slice/$unit
	config '.process.args = ["/bin/sleep", "1000"]'
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

start() {
	"$BERTH" --systemd-cgroup run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out"
		return 1
	}
}

# property NAME [UNIT]
property() {
	systemctl show --value --property "$1" "${2:-$unit}"
}

# assert_properties < lines of NAME VALUE
assert_properties() {
	local name value all
	all=$(systemctl show "$unit")
	while read -r name value; do
		grep -qxF "$name=$value" <<<"$all" || {
			grep "^$name=" <<<"$all"
			echo "$name is not $value"
			return 1
		}
	done
}

# assert_files < lines of FILE VALUE
assert_files() {
	local file value
	while read -r file value; do
		[ "$(cat "$dir/$file")" = "$value" ] || {
			echo "$file: $(cat "$dir/$file"), not $value"
			return 1
		}
	done
}

is_gone() {
	[ "$(property LoadState)" = not-found ] && [ ! -e "$dir" ]
}

@test "a scope is the container's, delegated, with one job; exec, pause, resume, kill and delete work in it" {
	start
	assert_properties <<-END
		ActiveState active
		Slice system.slice
		Delegate yes
		CollectMode inactive-or-failed
		Description berth container $cid
		ControlGroup /system.slice/$unit
	END
	local pid
	pid=$("$BERTH" state "$cid" | jq .pid)
	[ "$(cat "$dir/cgroup.procs")" = "$pid" ]
	[ "$(cat /proc/"$pid"/cgroup)" = "0::/system.slice/$unit" ]
	"$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	[ "$(wc -l <"$dir/cgroup.procs")" = 2 ]
	"$BERTH" pause "$cid"
	grep -qx "frozen 1" "$dir/cgroup.events"
	[ "$("$BERTH" state "$cid" | jq -r .status)" = paused ]
	"$BERTH" resume "$cid"
	grep -qx "frozen 0" "$dir/cgroup.events"
	"$BERTH" kill "$cid" KILL
	until_true is_gone
	[ "$("$BERTH" state "$cid" | jq -r .status)" = stopped ]
	"$BERTH" delete "$cid"
	start
	"$BERTH" delete --force "$cid"
	is_gone
}
