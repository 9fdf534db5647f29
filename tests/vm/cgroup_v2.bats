#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# The container's cgroup and its limits, on a host with version 2 alone: a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/events

TOP=/sys/fs/cgroup

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	[ -e $TOP/cgroup.controllers ] || skip "no-cgroup-v2: no version 2 alone"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/dd"
	dir=$TOP/berth-$cid
}

teardown() {
	remove_bundle
}

own_path() {
	sed -n 's/^0:://p' /proc/self/cgroup
}

# assert_files DIRECTORY < lines of FILE VALUE
assert_files() {
	local file value
	while read -r file value; do
		[ "$(cat "$1/$file")" = "$value" ] || {
			echo "$file: $(cat "$1/$file"), not $value"
			return 1
		}
	done
}

# assert_nothing_left: no cgroup, no process.
assert_nothing_left() {
	is_empty left_cgroups
	is_empty left_processes
}

limit_lines() {
	cat <<-END
		memory.max 67108864
		memory.swap.max 33554432
		memory.low 16777216
		memory.high 50331648
		memory.min 4096
		memory.oom.group 1
		cpu.weight 59
		cpu.max 50000 100000
		cpu.max.burst 1000
		cpuset.cpus 0
		cpuset.mems 0
		pids.max 20
		hugetlb.2MB.max 4194304
		io.weight default 200
	END
}

@test "limits are in the files outside, and in those that the container sees" {
	config '.linux.resources = {
		"memory": {"limit": 67108864, "swap": 100663296, "reservation": 16777216},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 1000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 20}, "blockIO": {}, "hugepageLimits": [], "network": {},
		"unified": {"memory.high": "50331648", "memory.min": "4096", "memory.oom.group": "1",
			"hugetlb.2MB.max": "4194304", "io.weight": "default 200"}}'
	in_container 'cd /sys/fs/cgroup; for f in memory.max memory.swap.max memory.low memory.high memory.min memory.oom.group cpu.weight cpu.max cpu.max.burst cpuset.cpus cpuset.mems pids.max hugetlb.2MB.max io.weight; do read -r v <$f; echo "$f $v"; done; echo end; sleep 60'
	in_background
	until_true grep -qx end "$bundle/out"
	limit_lines | assert_files "$dir"
	limit_lines | while read -r line; do
		grep -qx "$line" "$bundle/out"
	done
	end_background
	assert_nothing_left
}

@test "no limit: -1 is max, and 0 asks for nothing" {
	config '.linux.resources = {"memory": {"limit": -1, "swap": -1, "reservation": 0},
		"cpu": {"quota": -1, "period": 50000, "shares": 0, "idle": 0, "burst": 0}, "pids": {"limit": -1}}'
	in_container 'cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.low cpu.max cpu.weight cpu.idle pids.max'
	berth_run
	assert_status 0
	[ "${lines[*]}" = "max max 0 max 50000 100 0 max" ]
}

@test "cpu: idle, and the ends of the scale of shares" {
	local shares weight
	in_container 'cat /sys/fs/cgroup/cpu.weight'
	while read -r shares weight; do
		config '.linux.resources.cpu = {"shares": $shares}' --argjson shares "$shares"
		berth_run
		[ "$output" = "$weight" ]
	done <<-END
		2 1
		1024 100
		262144 10000
	END
	config '.linux.resources.cpu = {"idle": 1, "shares": 1024}'
	in_container 'cat /sys/fs/cgroup/cpu.idle'
	berth_run
	[ "$output" = 1 ]
}

@test "the process is inside, from berth-init's first message on" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	config '.process.args = ["/bin/cat", "/proc/self/cgroup"]'
	berth_run
	[ "$output" = "0::/berth-$cid" ]
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=bootstrap:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 3>&- &
	local berth=$!
	until_true grep -q . "$dir/cgroup.procs"
	until_true is_stopped "$(cat "$dir/cgroup.procs")"
	kill -KILL "$(cat "$dir/cgroup.procs")"
	wait $berth || true
	assert_nothing_left
}

@test "a cgroup namespace shows the container's cgroup as the root, read-only" {
	in_container 'cat /proc/self/cgroup /sys/fs/cgroup/cgroup.procs; (mkdir /sys/fs/cgroup/a || echo 1 >/sys/fs/cgroup/pids.max) 2>&1'
	berth_run
	assert_line 0::/
	assert_line 1
	[ "$(grep -c "Read-only file system" <<<"$output")" = 2 ]
}

@test "without a cgroup namespace the mount shows the container's own part" {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.resources.pids.limit = 33'
	in_container 'cat /sys/fs/cgroup/pids.max'
	berth_run
	[ "$output" = 33 ]
}

@test "cgroupsPath: absolute, relative, with dots; the way is removed as well" {
	local asked found base
	base=$(own_path)
	base=${base%/*}
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.resources.memory.limit = 67108864'
	in_container 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max'
	while read -r asked found; do
		config '.linux.cgroupsPath = $path' --arg path "$asked"
		berth_run
		assert_status 0
		[ "${lines[*]}" = "0::$found 67108864" ]
		assert_nothing_left
	done <<-END
		/berth-$cid-a/b/c /berth-$cid-a/b/c
		berth-$cid-a/b $base/berth-$cid-a/b
		../../berth-$cid-a $base/berth-$cid-a
		/../berth-$cid-a/./b /berth-$cid-a/b
	END
	config '.linux.cgroupsPath = "/"'
	berth_run
	assert_error "/linux/cgroupsPath"
}

@test "what was there before stays: the directory, and the way to it" {
	local there=$dir-a
	mkdir "$there"
	in_container 'cat /sys/fs/cgroup/pids.max'
	config '.linux.cgroupsPath = $path | .linux.resources.pids.limit = 30' --arg path "/berth-$cid-a/b"
	berth_run
	[ "$output" = 30 ]
	[ ! -e "$there/b" ]
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a"
	# The way that was there gives the controllers to those below; no process may live in it then.
	berth_run
	assert_error "it gives controllers to cgroups below it" "$there"
	for controller in $(cat "$there/cgroup.subtree_control"); do
		echo "-$controller" >"$there/cgroup.subtree_control"
	done
	berth_run
	[ "$output" = 30 ]
	[ -d "$there" ]
	rmdir "$there"
}

@test "a cgroup that was there before is limited by each container's own device rules alone" {
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	mkdir "$dir-a"
	in_container 'mknod /dev/k c 10 183; (: </dev/k) && echo OPENED'
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a"
	berth_run
	refute_line OPENED
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 183, "access": "r"}]'
	berth_run
	assert_line OPENED
	config '.linux.resources.devices = []'
	berth_run
	refute_line OPENED
	rmdir "$dir-a"
}

@test "a cgroup that holds a process, itself or below, or is frozen, is refused" {
	in_container 'echo RAN'
	mkdir -p "$dir/below"
	sleep 1000 3>&- &
	local sleeper=$!
	echo $sleeper >"$dir/cgroup.procs"
	berth_run
	assert_error "container's cgroup is not empty" "$dir" "$sleeper" "step cgroup"
	echo $sleeper >"$dir/below/cgroup.procs"
	berth_run
	assert_error "container's cgroup is not empty" "$dir" "$sleeper" "step cgroup"
	kill $sleeper
	wait $sleeper || true
	echo 1 >"$dir/cgroup.freeze"
	berth_run
	assert_error "container's cgroup is frozen" "$dir" "step cgroup"
	echo 0 >"$dir/cgroup.freeze"
	berth_run
	[ "$output" = RAN ]
	assert_nothing_left
}

@test "a cgroup above that holds processes, or has threads alone, is named" {
	local above=$dir-a
	mkdir "$above"
	sleep 1000 3>&- &
	local sleeper=$!
	echo $sleeper >"$above/cgroup.procs"
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a/b"
	config '.linux.resources = {"pids": {"limit": 20}}'
	in_container 'echo RAN'
	berth_run
	assert_error "/linux/resources/pids/limit" "$above/b/pids.max" "a cgroup above it holds processes"
	[ ! -e "$above/b" ]
	# Without a limit there is nothing that it must have.
	config 'del(.linux.resources)'
	berth_run
	[ "$output" = RAN ]
	kill $sleeper
	wait $sleeper || true
	echo threaded >"$above/cgroup.type"
	berth_run
	assert_error "$above/b" "a cgroup above it is threaded"
	[ ! -e "$above/b" ]
	rmdir "$above"
}

@test "an empty cgroup of the same id, with limits of its own, is taken over" {
	mkdir "$dir"
	echo 10485760 >"$dir/memory.max"
	config '.linux.resources.memory = {"limit": 67108864, "swap": 67108864}'
	in_container 'cat /sys/fs/cgroup/memory.max'
	berth_run
	[ "$output" = 67108864 ]
	assert_nothing_left
}

@test "memory: who takes too much is killed, and who does not is not" {
	in_container 'dd if=/dev/zero of=/dev/null bs=40M count=1 2>/dev/null; echo "status $?"'
	berth_run
	assert_line "status 0"
	config '.linux.resources.memory = {"limit": 16777216, "swap": 16777216}'
	berth_run
	assert_line "status 137"
	config '.process.args = ["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=40M", "count=1"]'
	berth_run
	assert_status 137
	assert_nothing_left
}

@test "memory: too little for a start says so" {
	config '.linux.resources.memory = {"limit": 4096, "swap": 4096}'
	in_container 'echo RAN'
	berth_run
	assert_error "container init was OOM-killed (memory limit too low?)"
	run "$BERTH" create --bundle "$bundle" "$cid"
	assert_error "container init was OOM-killed (memory limit too low?)"
	assert_nothing_left
}

@test "memory: memory.high throttles, and memory.oom.group ends all" {
	config '.linux.resources = {"memory": {"limit": 16777216, "swap": 16777216}, "unified": {"memory.oom.group": "1"}}'
	in_container 'dd if=/dev/zero of=/dev/null bs=40M count=1; echo SURVIVED'
	berth_run
	assert_status 137
	refute_line SURVIVED
	config '.linux.resources = {"unified": {"memory.high": "8388608", "memory.max": "16777216"}}'
	in_container 'dd if=/dev/zero of=/dev/null bs=9M count=1 2>/dev/null; grep "^high " /sys/fs/cgroup/memory.events'
	berth_run
	[[ $output == "high "* ]]
	[ "$output" != "high 0" ]
}

@test "pids: a fork bomb is held, and 0 and 1 are limits that a lone process lives with" {
	config '.linux.resources.pids.limit = 10'
	in_container 'n=0; while [ $n -lt 30 ]; do sleep 20 & n=$((n + 1)); done; echo ALL'
	berth_run
	refute_line ALL
	[[ $output == *"an't fork"* ]]
	assert_nothing_left
	# One that never ends by itself: the host lives on, and one kill ends it. It is started by a shell of its own, which
	# ends where it cannot fork; the first process waits for one that it has started before.
	in_container 'echo begun; sleep 1000 & first=$!; (while :; do sleep 1000 & done) 2>/dev/null; wait $first'
	in_background
	until_true grep -qx "max [1-9].*" "$dir/pids.events" || {
		cat "$bundle/out" "$dir"/pids.{current,events,max}
		"$BERTH" state "$cid"
		"$BERTH" ps "$cid"
		false
	}
	[ "$(cat "$dir/pids.current")" -ge 9 ]
	[ "$(cat "$dir/pids.current")" -le 10 ]
	"$BERTH" kill "$cid" KILL
	wait "$pid" || true
	assert_nothing_left
	config '.process.args = ["/bin/cat", "/sys/fs/cgroup/pids.max"]'
	local limit
	for limit in 0 1; do
		config '.linux.resources.pids.limit = $limit' --argjson limit $limit
		berth_run
		[ "$output" = $limit ]
	done
}

@test "cpuset: the container runs where it may" {
	config '.linux.resources.cpu.cpus = "0"'
	in_container 'grep Cpus_allowed_list /proc/self/status'
	berth_run
	[ "$output" = "$(printf 'Cpus_allowed_list:\t0')" ]
}

@test "cpu: a quota throttles" {
	config '.linux.resources.cpu = {"quota": 10000, "period": 100000}'
	in_container 'until grep "^nr_throttled [1-9]" /sys/fs/cgroup/cpu.stat; do :; done'
	berth_run
	assert_status 0
	[[ $output == "nr_throttled "* ]]
}

@test "devices: a node may be made, but only what is allowed may be opened" {
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	in_container 'mknod /dev/k c 10 183 && echo made; (: </dev/k) && echo OPENED; head -c 2 /dev/zero | wc -c'
	local devices
	for devices in null '[]' '[{"allow": false, "access": "rwm"}]'; do
		config '.linux.resources.devices = $devices' --argjson devices "$devices"
		berth_run
		assert_line made
		assert_contains "Operation not permitted"
		refute_line OPENED
		assert_line 2
	done
	# The control, twice; and a rule for writing alone.
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 183, "access": "r"}]'
	berth_run
	assert_line OPENED
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 183, "access": "w"}]'
	berth_run
	refute_line OPENED
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	berth_run
	assert_line OPENED
	config '.linux.resources.devices += [{"allow": false, "type": "c", "major": 10, "minor": 183, "access": "r"}]'
	berth_run
	refute_line OPENED
}

@test "what version 2 does not have is refused by name; nothing is left" {
	local field
	in_container 'echo RAN'
	for field in memory/kernel memory/kernelTCP memory/swappiness cpu/realtimeRuntime cpu/realtimePeriod; do
		config '.linux.resources = {} | setpath(["linux", "resources"] + ($field | split("/")); 50)' \
			--arg field $field
		berth_run
		assert_error "/linux/resources/$field" "no equivalent in cgroup version 2"
	done
	config '.linux.resources = {"unified": {"cgroup.procs": "1"}}'
	berth_run
	assert_error "/linux/resources/unified"
	config '.linux.resources = {"unified": {"nosuch.max": "1"}}'
	berth_run
	assert_error "/linux/resources/unified/nosuch.max" "$dir/nosuch.max"
	assert_nothing_left
}

@test "a value that the kernel refuses names the field and the file, and nothing is left" {
	config '.linux.resources.cpu.cpus = "4000"'
	in_container 'echo RAN'
	berth_run
	assert_error "/linux/resources/cpu/cpus" "$dir/cpuset.cpus" "step cgroup"
	refute_contains RAN
	config '.linux.resources = {"unified": {"pids.max": "many"}}'
	berth_run
	assert_error "/linux/resources/unified/pids.max" "$dir/pids.max" "step limits"
	assert_nothing_left
}

@test "what outlives the first process ends with the run, even when it is frozen" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	in_container 'sleep 1000 & sleep 1001 & echo started'
	berth_run
	assert_status 0
	assert_nothing_left
	in_container 'sleep 1000 & echo started; sleep 1001'
	in_background
	local child
	child=$(cat "/proc/$pid/task/$pid/children" | tr -d ' ')
	echo 1 >"$dir/cgroup.freeze"
	kill -KILL "$child"
	wait "$pid" || true
	assert_nothing_left
}

@test "delete --force ends a container that is frozen, with all that it has started and the cgroups it made" {
	config '.linux.namespaces |= map(select(.type != "pid"))
		| .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	in_container 'mkdir -p /sys/fs/cgroup/a/b; sleep 1000 & echo $! >/sys/fs/cgroup/a/b/cgroup.procs; echo started; sleep 1001'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
	grep -q . "$dir/a/b/cgroup.procs"
	echo 1 >"$dir/a/b/cgroup.freeze"
	echo 1 >"$dir/cgroup.freeze"
	until_true grep -q "frozen 1" "$dir/cgroup.events"
	"$BERTH" delete --force "$cid"
	[ -z "$("$BERTH" list -q)" ]
	assert_nothing_left
}

@test "20 runs leave no cgroup" {
	config '.process.args = ["/bin/true"]'
	local i
	for ((i = 0; i < 20; i++)); do
		"$BERTH" run --bundle "$bundle" "$cid-$i"
	done
	assert_nothing_left
}

@test "events: what version 2 alone counts" {
	config '.linux.resources = {"memory": {"limit": 67108864, "swap": 67108864}, "unified": {"memory.high": "16777216"}}'
	in_container 'while :; do sleep 1; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	"$BERTH" exec "$cid" dd if=/dev/zero of=/dev/shm/file bs=1M count=24 2>/dev/null
	"$BERTH" exec "$cid" rm /dev/shm/file
	run "$BERTH" exec "$cid" dd if=/dev/zero of=/dev/null bs=100M count=1
	assert_status 137
	run "$BERTH" events --stats "$cid"
	assert_status 0
	jq -e '.data.memory.events | keys == ["high", "low", "max", "oom", "oom_group_kill", "oom_kill"] and
		.high > 0 and .max > 0 and .oom_kill == 1' <<<"$output"
	# memory.peak, and the times that the limit was met
	jq -e '.data.memory.usage | .limit == 67108864 and .max > 60000000 and .failcnt > 0' <<<"$output"
	jq -e '.data.memory | .swap.limit == .usage.limit and .kernel.usage > 0 and .raw.anon > 0' <<<"$output"
	jq -e '.data | [.cpu.psi, .memory.psi, .blkio.psi] | all([.some, .full] | all(
		([.avg10, .avg60, .avg300] | all(type == "number" and . >= 0 and . <= 100)) and .total >= 0))' <<<"$output"
	jq -e '.data.memory.psi.some.total > 0 and .data.cpu.psi.some.total > 0' <<<"$output"
	jq -e '.data | .hugetlb["2MB"].failcnt == 0 and .cpuset.cpus == [0, 1] and .cpuset.mems == [0]' <<<"$output"
	[ "$(number .cpu.usage.total)" -gt 0 ]
	"$BERTH" delete --force "$cid"
	assert_nothing_left
}

@test "events: an oom of a cgroup that the container has made itself" {
	config '.linux.resources.memory = {"limit": 268435456}'
	config '(.mounts[] | select(.type == "cgroup")).options -= ["ro"]'
	in_container 'cd /sys/fs/cgroup; mkdir one two; echo 1 >one/cgroup.procs; echo +memory >cgroup.subtree_control
		echo 20971520 >two/memory.max; echo 0 >two/memory.swap.max; echo ready
		while [ ! -e /dev/shm/go ]; do sleep 0.1; done
		sh -c "echo 0 >two/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=50M count=1"; sleep 1000'
	in_background
	follow --interval 100s
	until_true is_watching
	"$BERTH" exec --cgroup one "$cid" touch /dev/shm/go
	until_true grep -q . "$bundle/events"
	end_background
	await_end 0
	jq -e --arg id "$cid" '. == {"type": "oom", "id": $id}' "$bundle/events"
	assert_nothing_left
}
