#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# machine: systemd
# programs: criu ip tar gzip iptables-restore ip6tables-restore iptables-save ip6tables-save
# systemd as the cgroup manager, of the host and of a user, over its bus: a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/events

TOP=/sys/fs/cgroup

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
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
	pid=$(pid_of)
	[ "$(cat "$dir/cgroup.procs")" = "$pid" ]
	[ "$(cat /proc/"$pid"/cgroup)" = "0::/system.slice/$unit" ]
	"$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	[ "$(wc -l <"$dir/cgroup.procs")" = 2 ]
	"$BERTH" pause "$cid"
	grep -qx "frozen 1" "$dir/cgroup.events"
	has_status paused
	"$BERTH" resume "$cid"
	grep -qx "frozen 0" "$dir/cgroup.events"
	"$BERTH" kill "$cid" KILL
	until_true is_gone
	has_status stopped
	"$BERTH" delete "$cid"
	"$BERTH" --cgroup-manager systemd create --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	[ "$(cat "$dir/cgroup.procs")" = "$(pid_of)" ]
	"$BERTH" start "$cid"
	has_status running
	"$BERTH" delete --force "$cid"
	is_gone
}

limits() {
	config '.linux.resources = {
		"memory": {"limit": 67108864, "swap": 100663296, "reservation": 16777216},
		"cpu": {"shares": 512, "quota": 12345, "period": 100000, "burst": 1000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 20}, "blockIO": {}, "hugepageLimits": [], "network": {},
		"unified": {"memory.high": "50331648", "memory.oom.group": "1", "hugetlb.2MB.max": "4194304"}}'
}

limit_lines() {
	cat <<-END
		memory.max 67108864
		memory.swap.max 33554432
		memory.low 16777216
		memory.high 50331648
		memory.oom.group 1
		cpu.weight 59
		cpu.max 12345 100000
		cpu.max.burst 1000
		cpuset.cpus 0
		cpuset.mems 0
		pids.max 20
		hugetlb.2MB.max 4194304
	END
}

@test "limits are properties of the unit and in its files, also after a daemon-reload" {
	limits
	start
	limit_lines | assert_files
	assert_properties <<-END
		MemoryMax 67108864
		MemorySwapMax 33554432
		MemoryLow 16777216
		MemoryHigh 50331648
		CPUWeight 59
		CPUQuotaPerSecUSec 130ms
		CPUQuotaPeriodUSec 100ms
		AllowedCPUs 0
		AllowedMemoryNodes 0
		TasksMax 20
	END
	systemctl daemon-reload
	assert_files <<-END
		memory.max 67108864
		memory.swap.max 33554432
		memory.low 16777216
		memory.high 50331648
		cpu.weight 59
		cpuset.cpus 0
		pids.max 20
		hugetlb.2MB.max 4194304
	END
}

@test "update sets the properties as well: a daemon-reload keeps them, and the device rules" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 4, "minor": 64, "access": "rw"}]'
	start
	mknod "$bundle/rootfs/first" c 4 64
	mknod "$bundle/rootfs/second" c 4 65
	"$BERTH" update --memory 33554432 --memory-reservation 8388608 --cpu-quota 50000 --cpu-period 100000 \
		--cpu-share 1024 --cpuset-cpus 1 --pids-limit 5 "$cid"
	systemctl daemon-reload
	assert_properties <<-END
		MemoryMax 33554432
		MemoryLow 8388608
		CPUWeight 100
		CPUQuotaPerSecUSec 500ms
		AllowedCPUs 1
		TasksMax 5
	END
	assert_files <<-END
		memory.max 33554432
		memory.low 8388608
		cpu.weight 100
		cpu.max 50000 100000
		cpuset.cpus 1
		pids.max 5
	END
	"$BERTH" exec "$cid" sh -c 'exec 3</first'
	run "$BERTH" exec "$cid" sh -c 'exec 3</second'
	assert_contains "Operation not permitted"
}

@test "an update of one limit leaves those alone that systemd has only roughly" {
	config '.linux.resources = {"cpu": {"quota": 12345, "period": 100000}, "pids": {"limit": 0}}'
	start
	assert_files <<-END
		cpu.max 12345 100000
		pids.max 0
	END
	# Of a controller that nothing was asked of: systemd writes all that it has.
	"$BERTH" update --cpuset-cpus 0 "$cid"
	assert_files <<-END
		cpu.max 12345 100000
		pids.max 0
		cpuset.cpus 0
	END
	"$BERTH" delete --force "$cid"
	config '.linux.resources = {"cpu": {"quota": 12345, "period": 50000}}'
	start
	"$BERTH" update --cpu-quota -1 "$cid"
	"$BERTH" update --cpuset-cpus 1 "$cid"
	assert_files <<-END
		cpu.max max 50000
		cpuset.cpus 1
	END
}

@test "an update that fails leaves the unit as it was" {
	config '.linux.resources.memory.limit = 67108864'
	start
	run "$BERTH" update --memory 33554432 --cpuset-cpus 99 "$cid"
	assert_error "write \"99\" to $dir/cpuset.cpus"
	[ "$(property MemoryMax)" = 67108864 ]
	[ "$(cat "$dir/memory.max")" = 67108864 ]
}

@test "cgroupsPath: slice, prefix and name; a slice that holds the container; what is none is refused by field" {
	local slice=berth-${cid//[^a-zA-Z0-9]/}.slice
	config '.linux.cgroupsPath = $path' --arg path "$slice:box:$cid"
	unit=box-$cid.scope
	dir=$TOP/berth.slice/$slice/$unit
	start
	[ "$(property Slice)" = "$slice" ]
	[ "$(cat "$dir/cgroup.procs")" = "$(pid_of)" ]
	"$BERTH" delete --force "$cid"
	is_gone
	config '.linux.cgroupsPath = $path' --arg path ":box:$slice"
	start
	[ "$(property ActiveState "$slice")" = active ]
	[ "$(cat "$TOP/berth.slice/$slice/cgroup.procs")" = "$(pid_of)" ]
	"$BERTH" delete --force "$cid"
	[ ! -e "$TOP/berth.slice/$slice" ]
	config '.linux.cgroupsPath = "/box"'
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "/linux/cgroupsPath (line " "is not SLICE:PREFIX:NAME"
}

@test "annotations become properties of the unit; what systemd refuses is said in its words" {
	config '.annotations = {"org.systemd.property.TimeoutStopSec": "7", "org.systemd.property.Description": "'"'a box'"'",
		"org.systemd.property.After": "['"'dbus.service'"']", "org.systemd.property.CPUWeight": "uint64 77"}'
	start
	assert_properties <<-END
		TimeoutStopUSec 7s
		Description a box
		CPUWeight 77
	END
	grep -qw dbus.service <<<"$(property After)"
	"$BERTH" delete --force "$cid"
	config '.annotations = {"org.systemd.property.NoSuchThing": "1"}'
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "systemd: StartTransientUnit of $unit: Cannot set property NoSuchThing, or unknown property."
	[ "$(property LoadState)" = not-found ]
	run "$BERTH" state "$cid"
	assert_error "does not exist"
}

@test "a name that is in use is an error in systemd's words; that of a unit that has failed is free" {
	systemd-run --quiet --scope --unit "$unit" sleep 1000 >/dev/null 2>&1 3>&- &
	until_true [ -e "$dir" ]
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "systemd: StartTransientUnit of $unit: Unit $unit was already loaded or has a fragment file."
	grep -q . "$dir/cgroup.procs"
	systemctl stop "$unit"
	config '.annotations = {"org.systemd.property.CollectMode": "'"'inactive'"'", "org.systemd.property.RuntimeMaxSec": "1"}'
	start
	until_true has_failed
	"$BERTH" delete --force "$cid"
	is_gone
	start
	until_true has_failed
	rm -r "$bundle/state"
	start
	[ "$(property ActiveState)" = active ]
}

has_failed() {
	[ "$(property ActiveState)" = failed ]
}

@test "one call and one job start a container, one at most stops it, and none is made where it has ended by itself" {
	busctl monitor --json=short org.freedesktop.systemd1 >"$bundle/bus" 2>"$bundle/monitor" 3>&- &
	local monitor=$!
	until_true grep -q Monitoring "$bundle/monitor"
	start
	"$BERTH" exec "$cid" true
	"$BERTH" delete --force "$cid"
	start
	"$BERTH" kill "$cid" KILL
	until_true is_gone
	"$BERTH" delete "$cid"
	# delete --force ends the processes first, and with them systemd may have ended the unit.
	until_true are_calls "StartTransientUnit (StopUnit )?ResetFailedUnit StartTransientUnit ResetFailedUnit"
	kill $monitor
	wait $monitor || true
}

# are_calls PATTERN: all that the manager was asked for by now; the last line of what the monitor writes may be half one.
are_calls() {
	calls=$(jq -r 'select(.type == "method_call" and .interface == "org.freedesktop.systemd1.Manager") | .member' \
		"$bundle/bus" 2>/dev/null | xargs)
	[[ $calls =~ ^$1$ ]]
}

@test "run.oci.systemd.subgroup: the container is in a cgroup of the unit's, which has its limits" {
	limits
	config '.annotations = {"run.oci.systemd.subgroup": "box"}'
	dir=$dir/box
	start
	limit_lines | assert_files
	[ "$(cat "$dir/cgroup.procs")" = "$(pid_of)" ]
	is_empty cat "$dir/../cgroup.procs"
	"$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	[ "$(wc -l <"$dir/cgroup.procs")" = 2 ]
	"$BERTH" delete --force "$cid"
	is_gone
	[ ! -e "${dir%/box}" ]
	config '.annotations = {"run.oci.systemd.subgroup": "../box"}'
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "/annotations/run.oci.systemd.subgroup (line "
}

@test "run.oci.delegate-cgroup: the container arranges a cgroup below its limits, which it cannot change" {
	config '.annotations = {"run.oci.systemd.subgroup": "box", "run.oci.delegate-cgroup": "inner"}
		| .linux.resources.memory.limit = 67108864
		| .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	in_container 'cat /proc/self/cgroup; cd /sys/fs/cgroup; mkdir inner/a inner/b; echo $$ >inner/a/cgroup.procs
		echo +memory >inner/cgroup.subtree_control; echo 1048576 >inner/b/memory.max; cat inner/b/memory.max
		echo max >memory.max; mkdir c; echo end; exec sleep 1000'
	start
	until_true grep -qx end "$bundle/out"
	grep -qx "0::/inner" "$bundle/out"
	grep -qx 1048576 "$bundle/out"
	[ "$(grep -c "Permission denied" "$bundle/out")" = 2 ]
	dir=$dir/box
	[ "$(cat "$dir/memory.max")" = 67108864 ]
	[ "$(cat "$dir/inner/a/cgroup.procs")" = "$(pid_of)" ]
	"$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	[ "$(wc -l <"$dir/inner/a/cgroup.procs")" = 2 ]
	"$BERTH" pause "$cid"
	"$BERTH" kill --all "$cid" KILL
	"$BERTH" delete --force "$cid"
	is_gone
	local name
	for name in ../inner a/b ..; do
		config '.annotations."run.oci.delegate-cgroup" = $name' --arg name "$name"
		run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
		assert_error "/annotations/run.oci.delegate-cgroup (line " "is not the name of a cgroup"
	done
}

@test "checkpoint and restore: the unit goes, and a container of another id has one of its own" {
	config '.linux.resources.memory.limit = 67108864 | .root.readonly = false'
	start
	"$BERTH" checkpoint --image-path "$bundle/images" --work-path "$bundle/work" "$cid"
	until_true is_gone
	"$BERTH" --systemd-cgroup restore --detach --image-path "$bundle/images" --work-path "$bundle/work" \
		--bundle "$bundle" "$cid-2" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out"
		tail -n 3 "$bundle/work/restore.log"
		return 1
	}
	is_gone
	unit=berth-$cid-2.scope
	dir=$TOP/system.slice/$unit
	[ "$(cat "$dir/cgroup.procs")" = "$("$BERTH" state "$cid-2" | jq .pid)" ]
	[ "$(cat "$dir/memory.max")" = 67108864 ]
	[ "$(property MemoryMax)" = 67108864 ]
	"$BERTH" delete --force "$cid-2"
	is_gone
}

@test "without a bus there is one error that names it" {
	run env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "connect to the system bus of systemd, unix:path=/nowhere: no such file or directory"
	is_empty left_processes
	start
	# Its processes are ended first: where systemd has taken the unit away by then, nothing is asked of it.
	run env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere "$BERTH" delete --force "$cid"
	[ "$status" = 0 ] ||
		assert_error "connect to the system bus of systemd, unix:path=/nowhere: no such file or directory"
	is_empty left_processes
	"$BERTH" delete --force "$cid"
	until_true is_gone
	is_empty "$BERTH" list --quiet
}

# on_silent_bus [mute]: a start there.
on_silent_bus() {
	: >"$bundle/ready" # here: what an earlier one said is not this one's
	"$kit_root/tests/kit/silent_bus.py" "$bundle/bus" "$@" >"$bundle/ready" 3>&- &
	local bus=$!
	until_true grep -q ready "$bundle/ready"
	SECONDS=0
	run env DBUS_SYSTEM_BUS_ADDRESS="unix:path=$bundle/bus" "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	[ $SECONDS -ge 9 ]
	kill $bus || true
	wait $bus || true
	rm "$bundle/bus"
	is_empty left_processes
	is_gone
}

@test "a bus that never greets, and a systemd that never answers, are waited for ten seconds" {
	on_silent_bus mute
	assert_error "connect to the system bus of systemd, unix:path=$bundle/bus: connection timed out"
	on_silent_bus
	assert_error "systemd: StartTransientUnit of $unit: no answer in 10 seconds"
}

@test "a job that never ends is waited for thirty seconds, and does not start the unit later" {
	systemd-run --quiet --no-block --unit "hold-$cid" --property Type=oneshot --property DefaultDependencies=no sleep 1000
	config '.annotations = {"org.systemd.property.After": $units}' --arg units "['hold-$cid.service']"
	SECONDS=0
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "systemd: StartTransientUnit of $unit: its job has not ended in 30 seconds"
	[ $SECONDS -ge 29 ]
	is_empty left_processes
	[[ $(systemctl list-jobs --plain --no-legend) != *"$unit"* ]]
	systemctl stop "hold-$cid.service"
	is_gone
	run "$BERTH" state "$cid"
	assert_error "does not exist"
	start
	[ "$(property ActiveState)" = active ]
}

# as_user COMMAND...: as the user "test", who has a manager of his own and no session.
as_user() {
	python3 -c 'import os, sys
os.setgroups([1000])
os.setgid(1000)
os.setuid(1000)
os.environ["XDG_RUNTIME_DIR"] = "/run/user/1000"
os.execv("/usr/bin/env", ["env"] + sys.argv[1:])' "$@"
}

# user_starts FILTER: as "start", what the user's config is changed to.
user_starts() {
	config "$1"
	chown -R 1000:1000 "$bundle"
	as_user "$BERTH" --systemd-cgroup run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out"
		return 1
	}
}

@test "a user: the scope is of his own manager; limits, exec, update, pause, resume, kill, delete" {
	systemctl start user@1000.service
	remove_bundle
	BERTH=$berth_program
	make_bundle --rootless
	unit=berth-$cid.scope
	dir=$TOP/user.slice/user-1000.slice/user@1000.service/user.slice/$unit
	config '.process.args = ["/bin/sleep", "1000"] | .linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 20}}'
	config '.linux.uidMappings[0].hostID = 1000 | .linux.gidMappings[0].hostID = 1000'
	user_starts .
	local pid
	pid=$(as_user "$BERTH" state "$cid" | jq .pid)
	assert_files <<-END
		cgroup.procs $pid
		memory.max 67108864
		pids.max 20
	END
	as_user "$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	[ "$(wc -l <"$dir/cgroup.procs")" = 2 ]
	as_user mkdir "$dir/inner"
	run as_user "$BERTH" exec --cgroup inner "$cid" cat /proc/self/cgroup
	assert_status 0
	[[ $output == 0::*/inner ]]
	as_user "$BERTH" update --memory 33554432 "$cid"
	as_user systemctl --user daemon-reload
	[ "$(as_user systemctl --user show --value --property MemoryMax "$unit")" = 33554432 ]
	[ "$(cat "$dir/memory.max")" = 33554432 ]
	as_user "$BERTH" pause "$cid"
	grep -qx "frozen 1" "$dir/cgroup.events"
	as_user "$BERTH" resume "$cid"
	grep -qx "frozen 0" "$dir/cgroup.events"
	as_user "$BERTH" kill --all "$cid" KILL
	as_user "$BERTH" delete --force "$cid"
	[ ! -e "$dir" ]
	user_starts '.annotations = {"run.oci.systemd.subgroup": "box"}'
	as_user "$BERTH" exec --detach "$cid" sleep 1000 >/dev/null 2>&1 </dev/null 3>&-
	is_empty cat "$dir/cgroup.procs"
	[ "$(wc -l <"$dir/box/cgroup.procs")" = 2 ]
	as_user "$BERTH" delete --force "$cid"
	until_true [ ! -e "$dir" ]
	run as_user env -u XDG_RUNTIME_DIR "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "connect to the user bus of systemd: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR says where it is"
}
