#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The container's cgroup and its limits, on a host with controllers of version 1 (hybrid or not).

load ../kit/container
load ../kit/events

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ] || skip "no-cgroup-v1: no controllers of version 1"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/dd"
	ln -s busybox "$bundle/rootfs/bin/yes"
}

teardown() {
	remove_bundle
}

# Every directory of a container, as the host sees it.
own_dirs() {
	find /sys/fs/cgroup -maxdepth 2 -type d -name "berth-$cid"
}

@test "limits are in the files outside, and in those that the container sees" {
	config '.linux.resources = {
		"memory": {"limit": 67108864, "swap": 134217728, "reservation": 33554432, "swappiness": 20},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 1000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 20}, "blockIO": {}}'
	in_container 'cd /sys/fs/cgroup; for f in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes memory/memory.swappiness cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.cfs_burst_us cpuset/cpuset.cpus cpuset/cpuset.mems pids/pids.max; do read v <$f; echo "$f $v"; done; echo end; sleep 60'
	in_background
	until_true grep -qx end "$bundle/out"
	local line file value
	for line in "memory/memory.limit_in_bytes 67108864" "memory/memory.memsw.limit_in_bytes 134217728" \
		"memory/memory.soft_limit_in_bytes 33554432" "memory/memory.swappiness 20" \
		"cpu/cpu.shares 512" "cpu/cpu.cfs_quota_us 50000" "cpu/cpu.cfs_period_us 100000" \
		"cpu/cpu.cfs_burst_us 1000" "cpuset/cpuset.cpus 0" "cpuset/cpuset.mems 0" "pids/pids.max 20"; do
		read -r file value <<<"$line"
		[ "$(cat "/sys/fs/cgroup/${file%/*}/berth-$cid/${file#*/}")" = "$value" ]
		grep -qx "$line" "$bundle/out"
	done
	end_background
	[ -z "$(left_cgroups)" ]
}

@test "the process is inside in every hierarchy, from its first instruction" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	config '.process.args = ["/bin/cat", "/proc/self/cgroup"]'
	berth_run
	assert_status 0
	[ "${#lines[@]}" = "$(wc -l </proc/self/cgroup)" ]
	local line
	for line in "${lines[@]}"; do
		[[ $line == *":/berth-$cid" ]]
	done
}

@test "berth-init is inside before it gets its first message" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local found="" wanted=""
	BERTH_FAIL=bootstrap:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 3>&- &
	local pid=$!
	for _ in {1..200}; do
		found=$(cat /sys/fs/cgroup/*/berth-$cid/cgroup.procs 2>/dev/null | sort | uniq -c)
		wanted=" $(own_dirs | wc -l) "
		[[ $found != *"$wanted"* ]] || break
		sleep 0.05
	done
	cat /sys/fs/cgroup/pids/berth-$cid/cgroup.procs | xargs -r kill -KILL
	wait $pid || true
	[ "$wanted" != " 0 " ]
	[[ $found == *"$wanted"* ]]
}

@test "a cgroup namespace shows the container's cgroup as the root" {
	config '.process.args = ["/bin/cat", "/proc/self/cgroup"]'
	berth_run
	assert_status 0
	local line
	for line in "${lines[@]}"; do
		[[ $line == *:/ ]]
	done
}

@test "without a cgroup namespace the mount shows the container's own part" {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.resources.pids.limit = 33'
	in_container 'cat /sys/fs/cgroup/pids/pids.max'
	berth_run
	[ "$output" = 33 ]
}

@test "cgroupsPath: absolute, relative, with dots; the way is removed as well" {
	local path
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	in_container 'grep :pids: /proc/self/cgroup'
	for path in "/berth-$cid-a/b/c" "berth-$cid-a/b" "../../berth-$cid-a" "/../berth-$cid-a/./b"; do
		config '.linux.cgroupsPath = $path' --arg path "$path"
		berth_run
		assert_status 0
		[[ $output == *":/berth-$cid-a"* ]]
		[ -z "$(left_cgroups)" ]
	done
	config '.linux.cgroupsPath = "/"'
	berth_run
	assert_error "/linux/cgroupsPath"
}

@test "what was there before stays: the directory, and the way to it" {
	local dir=/sys/fs/cgroup/pids/berth-$cid-a
	mkdir "$dir"
	in_container true
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a/b"
	berth_run
	assert_status 0
	[ -d "$dir" ]
	[ ! -e "$dir/b" ]
	[ ! -e "/sys/fs/cgroup/memory/berth-$cid-a" ]
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a"
	berth_run
	assert_status 0
	[ -d "$dir" ]
	rmdir "$dir"
}

@test "a cgroup that holds a process, or is frozen, is refused" {
	local dir=/sys/fs/cgroup/pids/berth-$cid frozen=/sys/fs/cgroup/freezer/berth-$cid
	in_container 'echo RAN'
	mkdir "$dir"
	sleep 60 3>&- &
	local pid=$!
	echo $pid >"$dir/cgroup.procs"
	berth_run
	assert_error "container's cgroup is not empty" "$dir" "$pid" "step cgroup"
	kill $pid
	wait $pid || true
	mkdir -p "$frozen"
	echo FROZEN >"$frozen/freezer.state"
	berth_run
	assert_error "container's cgroup is frozen" "$frozen" "step cgroup"
	echo THAWED >"$frozen/freezer.state"
	berth_run
	[ "$output" = RAN ]
	[ -z "$(left_cgroups)" ]
}

@test "an empty cgroup of the same id, with limits of its own, is taken over" {
	local dir=/sys/fs/cgroup/memory/berth-$cid
	mkdir "$dir"
	echo 10485760 >"$dir/memory.limit_in_bytes"
	echo 10485760 >"$dir/memory.memsw.limit_in_bytes"
	config '.linux.resources.memory = {"limit": 67108864, "swap": 67108864}'
	in_container 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes'
	berth_run
	[ "$output" = 67108864 ]
	[ -z "$(left_cgroups)" ]
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
	[ -z "$(left_cgroups)" ]
}

@test "memory: too little for a start says so" {
	config '.linux.resources.memory = {"limit": 4096, "swap": 4096}'
	in_container 'echo RAN'
	berth_run
	assert_error "container init was OOM-killed (memory limit too low?)"
	[ -z "$(left_cgroups)" ]
}

@test "pids: a fork bomb is held, and 0 and 1 are limits that a lone process lives with" {
	config '.linux.resources.pids.limit = 10'
	in_container 'n=0; while [ $n -lt 30 ]; do sleep 20 & n=$((n + 1)); done; echo ALL'
	berth_run
	refute_line ALL
	[[ $output == *"an't fork"* ]]
	[ -z "$(left_cgroups)" ]
	config '.process.args = ["/bin/cat", "/sys/fs/cgroup/pids/pids.max"]'
	local limit
	for limit in 0 1; do
		config '.linux.resources.pids.limit = $limit' --argjson limit $limit
		berth_run
		[ "$output" = $limit ]
	done
	config '.linux.resources.pids.limit = -1'
	berth_run
	[ "$output" = max ]
}

@test "cpuset: the container runs where it may" {
	config '.linux.resources.cpu.cpus = "0"'
	in_container 'grep Cpus_allowed_list /proc/self/status'
	berth_run
	[ "$output" = "$(printf 'Cpus_allowed_list:\t0')" ]
}

@test "cpu: a quota throttles" {
	config '.linux.resources.cpu = {"quota": 10000, "period": 100000}'
	in_container 'n=0; while [ $n -lt 300000 ]; do n=$((n + 1)); done; grep nr_throttled /sys/fs/cgroup/cpu/cpu.stat'
	berth_run
	[[ $output == "nr_throttled "* ]]
	[ "$output" != "nr_throttled 0" ]
}

@test "devices: a node may be made, but only what is allowed may be opened" {
	config '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	[ -c /dev/loop-control ] || skip "no loop devices"
	in_container 'mknod /dev/k c 10 237 && echo made; (: </dev/k) && echo OPENED; head -c 2 /dev/zero | wc -c'
	local devices
	for devices in null '[]' '[{"allow": false, "access": "rwm"}]'; do
		config '.linux.resources.devices = $devices' --argjson devices "$devices"
		berth_run
		assert_line made
		assert_contains "Operation not permitted"
		refute_line OPENED
		assert_line 2
	done
	# The control, twice.
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 237, "access": "r"}]'
	berth_run
	assert_line OPENED
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	berth_run
	assert_line OPENED
	config '.linux.resources.devices += [{"allow": false, "type": "c", "major": 10, "minor": 237, "access": "r"}]'
	berth_run
	refute_line OPENED
}

@test "a value that the kernel refuses names the field and the file, and nothing is left" {
	config '.linux.resources.cpu.cpus = "4000"'
	in_container 'echo RAN'
	berth_run
	assert_error "/linux/resources/cpu/cpus" "cpuset.cpus" "step cgroup"
	refute_contains RAN
	[ -z "$(left_cgroups)" ]
	config '.linux.resources = {"unified": {"memory.high": "1"}}'
	berth_run
	assert_error "/linux/resources/unified/memory.high" "version 2"
}

@test "what outlives the first process ends with the run, even when it is frozen" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	in_container 'sleep 1000 & sleep 1001 & echo started'
	berth_run
	assert_status 0
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
	in_container 'sleep 1000 & echo started; sleep 1001'
	in_background
	echo FROZEN >"/sys/fs/cgroup/freezer/berth-$cid/freezer.state"
	local child
	child=$(cat "/proc/$pid/task/$pid/children" | tr -d ' ')
	kill -KILL "$child"
	echo THAWED >"/sys/fs/cgroup/freezer/berth-$cid/freezer.state"
	wait "$pid" || true
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "200 runs leave no cgroup" {
	config '.process.args = ["/bin/true"]'
	local i
	for ((i = 0; i < 200; i++)); do
		"$BERTH" run --bundle "$bundle" "$cid-$i"
	done
	[ -z "$(left_cgroups)" ]
}

# on_v2 COMMAND...: in a private mount namespace that has version 2 alone, its root a cgroup of this test
# without controllers.
on_v2() {
	local group=/sys/fs/cgroup/unified/berth-$cid-v2
	mkdir "$group"
	# shellcheck disable=SC2016
	run sh -c 'echo $$ >"$0/cgroup.procs"; exec unshare -C -m sh -c '\''umount -l /sys/fs/cgroup
		mount -t cgroup2 none /sys/fs/cgroup && mkdir /sys/fs/cgroup/inner && echo $$ >/sys/fs/cgroup/inner/cgroup.procs
		"$@"; echo "status $?"; ls -d /sys/fs/cgroup/*/'\'' sh "$@"' "$group" "$@"
}

@test "version 2 alone: inside, the device filter, nothing left" {
	[ -d /sys/fs/cgroup/unified ] || skip "no-cgroup-v2: no tree beside version 1"
	[ -c /dev/loop-control ] || skip "no loop devices"
	config '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	in_container 'tail -n 1 /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; mknod /dev/k c 10 237 && echo made; (: </dev/k) && echo OPENED; head -c 2 /dev/zero | wc -c'
	ln -s busybox "$bundle/rootfs/bin/tail"
	on_v2 "$BERTH" run --bundle "$bundle" "$cid"
	assert_line 0::/
	assert_line 1
	assert_line made
	assert_contains "Operation not permitted"
	refute_line OPENED
	assert_line 2
	assert_line "status 0"
	refute_line "/sys/fs/cgroup/berth-$cid/"
	remove_cgroups
	config '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 237, "access": "r"}]'
	on_v2 "$BERTH" run --bundle "$bundle" "$cid"
	assert_line OPENED
	remove_cgroups
	config '.linux.resources.memory.limit = 67108864'
	on_v2 "$BERTH" run --bundle "$bundle" "$cid"
	assert_line "status 1"
	assert_contains "/linux/resources/memory/limit"
	refute_line "/sys/fs/cgroup/berth-$cid/"
}

@test "a container that may write to its cgroup cannot make so much in it that it stays" {
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	in_container 'cd /sys/fs/cgroup/freezer; n=0; while [ $n -lt 150 ]; do mkdir x y && cd x || exit 1; n=$((n + 1)); done
		sleep 100 & echo $! >cgroup.procs; echo FROZEN >freezer.state
		cd /sys/fs/cgroup/cpu; n=0; while [ $n -lt 150 ]; do mkdir x && cd x || exit 1; n=$((n + 1)); done; echo deep; sleep 100'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q deep "$bundle/out"
	timeout 60 "$BERTH" delete --force "$cid"
	[ -z "$(left_cgroups)" ]
	[ -z "$(left_processes)" ]
}

@test "a cgroup of the config that has others below it is refused, and they stay" {
	local dir=/sys/fs/cgroup/pids/berth-$cid-a
	mkdir -p "$dir/admin/deep"
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid-a"
	in_container 'echo RAN'
	berth_run
	assert_error "has cgroups below it" "$dir"
	[ -d "$dir/admin/deep" ]
}

@test "events: an oom where the killer is switched off" {
	config '.linux.resources.memory = {"limit": 16777216, "swap": 16777216, "disableOOMKiller": true}'
	in_container 'while :; do sleep 1; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	follow --interval 100s
	until_true is_watching
	"$BERTH" exec --detach "$cid" dd if=/dev/zero of=/dev/null bs=40M count=1 </dev/null >/dev/null 2>&1 3>&-
	until_true has_count oom 1
	[ "$(number .memory.events.oom_kill)" = 0 ]
	"$BERTH" delete --force "$cid"
	await_end 0
	is_empty left_cgroups
}

# in_net_hierarchy SCRIPT: where net_cls and net_prio are mounted, at $bundle/net, for this script alone. A hierarchy
# ends with its last mount, unless a cgroup of it is still on its way out: then it is mounted and unmounted again, as
# every other test would see it in /proc/PID/cgroup.
in_net_hierarchy() {
	local was
	was=$(grep '^net_cls' /proc/cgroups | cut -f2)
	mkdir -p "$bundle/net"
	run unshare -m --propagation private bash -c 'set -e; bundle=$1 cid=$2
		mount -t cgroup -o net_cls,net_prio none "$bundle/net"
		trap "\"$BERTH\" delete --force \"$cid\"" EXIT
		'"$1" - "$bundle" "$cid"
	for _ in {1..60}; do
		# The kernel needs a while; a mount too early would begin anew.
		sleep 0.3
		[ "$(grep '^net_cls' /proc/cgroups | cut -f2)" != "$was" ] || return 0
		unshare -m --propagation private mount -t cgroup -o net_cls,net_prio none "$bundle/net"
	done
	echo "the hierarchy of net_cls is still there"
	return 1
}

@test "network: classID and priorities of cgroup version 1, and update of them" {
	grep -q '^net_cls' /proc/cgroups && grep -q '^net_prio' /proc/cgroups || skip "no-net-cls: this kernel has no such controllers"
	config '.process.args = ["sleep", "100"] | .linux.resources.network = {"classID": 1048577,
		"priorities": [{"name": "lo", "priority": 7}]}'
	in_net_hierarchy '"$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
		cat "$bundle/net/berth-$cid/net_cls.classid"
		grep "^lo " "$bundle/net/berth-$cid/net_prio.ifpriomap"
		grep -c . "$bundle/net/berth-$cid/cgroup.procs"
		echo "{\"network\": {\"priorities\": [{\"name\": \"lo\", \"priority\": 9}]}}" | "$BERTH" update -r - "$cid"
		cat "$bundle/net/berth-$cid/net_cls.classid"
		grep "^lo " "$bundle/net/berth-$cid/net_prio.ifpriomap"'
	assert_status 0
	[ "$output" = "$(printf '1048577\nlo 7\n1\n1048577\nlo 9')" ]
}

@test "network and rdma: an interface that is not there, and controllers that are not there, are errors by name" {
	if ! grep -q ' - cgroup .*net_cls' /proc/self/mountinfo; then
		config '.linux.resources.network = {"classID": 1}'
		berth_run
		assert_error "/linux/resources/network/classID" "net_cls"
		config '.linux.resources.network = {"priorities": [{"name": "lo", "priority": 7}]}'
		berth_run
		assert_error "/linux/resources/network/priorities/0" "net_prio"
	fi
	# No such device, or no such controller.
	config 'del(.linux.resources.network) | .linux.resources.rdma = {"mlx5_1": {"hcaHandles": 3}}'
	berth_run
	assert_error "/linux/resources/rdma/mlx5_1" "rdma"
	config '.linux.resources.rdma.mlx5_1 = {}'
	berth_run
	assert_error "/linux/resources/rdma/mlx5_1" "has neither hcaHandles nor hcaObjects"
	[ -z "$(left_processes)$(left_cgroups)" ]
	grep -q '^net_prio' /proc/cgroups || return 0
	config 'del(.linux.resources.rdma) | .linux.resources.network = {"priorities": [{"name": "nosuch0", "priority": 7}]}'
	in_net_hierarchy '"$BERTH" run --bundle "$bundle" "$cid"'
	assert_contains "/linux/resources/network/priorities/0"
	assert_contains '"nosuch0 7"'
}

# Else a start that is killed between two joins leaves a process that no directory shows in which it is looked for.
@test "a process joins first where its container's processes are looked for" {
	local directories
	strace -f -y -qq -e trace=write -o "$bundle/trace" "$BERTH" run --bundle "$bundle" "$cid" </dev/null
	directories=$(sed -n 's,.*<\(.*\)/cgroup.procs>.*,\1,p' "$bundle/trace")
	[ -n "$directories" ]
	# That is version 2, which a host with controllers of version 1 may lack: then it is the first, and in order.
	! grep -q ' - cgroup2 ' /proc/self/mountinfo ||
		[ "$(stat -fc %T "$(head -n 1 <<<"$directories" | sed 's,/[^/]*$,,')")" = cgroup2fs ]
}
