#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# update: other limits for a container that is there, on version 1 (hybrid or not) and, inside a machine, on version 2.

bats_require_minimum_version 1.5.0
load ../kit/container

TOP=/sys/fs/cgroup

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/dd"
	config '.process.args = ["/bin/sleep", "1000"]'
	own_cgroup
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

is_v2() {
	[ -e $TOP/cgroup.controllers ]
}

start() {
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
}

is_status() {
	has_status "$1"
}

# find_path FILE: $found, where it is. On a hybrid host hugetlb is on version 2.
find_path() {
	local controller=${1%%.*}
	if is_v2; then
		found=$(unified_cgroup)/$1
	elif [ -d "$TOP/$controller" ]; then
		found=$TOP/$controller/berth-$cid/$1
	else
		found=$TOP/unified/berth-$cid/$1
	fi
}

path() {
	local found
	find_path "$1"
	echo "$found"
}

held() {
	cat "$(path "$1")"
}

# holds FILE VALUE
holds() {
	local found value=
	find_path "$1"
	read -r -d '' value <"$found" || true
	[ "$value" = "$2" ] || {
		echo "$1 holds \"$value\", not \"$2\""
		return 1
	}
}

# holds_one V1_FILE V1_VALUE V2_FILE V2_VALUE
holds_one() {
	if is_v2; then holds "$3" "$4"; else holds "$1" "$2"; fi
}

# Every file with a limit, and what it holds, a line "FILE:TEXT" for each of its. Usage and counters are no limits.
# In one process, as a machine in software takes its time for each.
limits() {
	local file found paths=()
	for file in $(limit_files); do
		find_path "$file"
		[ ! -e "$found" ] || paths+=("$found")
	done
	grep -sH '' "${paths[@]}" | sed 's/^[^:]*\///'
}

limit_files() {
	if is_v2; then
		echo cpu.max cpu.max.burst cpu.weight cpu.idle cpuset.cpus cpuset.mems io.max io.weight io.bfq.weight \
			memory.max memory.swap.max memory.low memory.high memory.min pids.max hugetlb.2MB.max \
			hugetlb.2MB.rsvd.max
	else
		echo cpu.cfs_period_us cpu.cfs_quota_us cpu.cfs_burst_us cpu.shares cpu.idle cpu.rt_period_us \
			cpu.rt_runtime_us cpuset.cpus cpuset.mems blkio.bfq.weight blkio.throttle.read_bps_device \
			blkio.throttle.write_bps_device blkio.throttle.read_iops_device \
			blkio.throttle.write_iops_device memory.limit_in_bytes memory.memsw.limit_in_bytes \
			memory.soft_limit_in_bytes memory.kmem.limit_in_bytes memory.kmem.tcp.limit_in_bytes \
			memory.swappiness pids.max hugetlb.2MB.max hugetlb.2MB.rsvd.max devices.list
	fi
}

# differ BEFORE AFTER: the files of which they do not say the same, with commas between them.
differ() {
	local line file names=
	declare -A before=() after=()
	while IFS= read -r line; do
		before[${line%%:*}]+=" ${line#*:}"
	done <<<"$1"
	while IFS= read -r line; do
		after[${line%%:*}]+=" ${line#*:}"
	done <<<"$2"
	for file in $(limit_files); do
		[ "${before[$file]:-}" = "${after[$file]:-}" ] || names+=,$file
	done
	echo "${names#,}"
}

# changes FILE,... COMMAND...: it succeeds, and of all limits those in these files alone are others then.
changes() {
	local wanted=$1 before after changed
	shift
	before=$(limits)
	run "$@"
	assert_status 0
	[ -z "$output" ] || {
		printf 'output:\n%s\n' "$output"
		return 1
	}
	after=$(limits)
	changed=$(differ "$before" "$after")
	[ "$changed" = "$wanted" ] || {
		printf 'changed: %s, not %s\n%s\n' "$changed" "$wanted" "$after"
		return 1
	}
}

# refused TEXT... -- COMMAND...: it fails with one line that has each text, and no limit is another then.
refused() {
	local before texts=()
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	before=$(limits)
	run "$@"
	assert_error "${texts[@]}"
	[ "$(limits)" = "$before" ] || {
		printf 'changed: %s\n' "$(differ "$before" "$(limits)")"
		return 1
	}
}

update() {
	"$BERTH" update "$@" "$cid"
}

# update_json TEXT
update_json() {
	"$BERTH" update --resources - "$cid" <<<"$1"
}

@test "each flag sets its limit, and no other" {
	start
	local flag value v1_file v1_value v2_file v2_value
	while read -r flag value v1_file v1_value v2_file v2_value; do
		echo "$flag $value"
		if is_v2; then v1_file=$v2_file; fi
		if [ "$flag" = --cpu-burst ] && is_older 5.14; then
			# None is as good as no file for it.
			[ "$value" = 0 ] || refused --cpu-burst "no such file or directory" -- update "$flag" "$value"
			continue
		fi
		changes "$v1_file" update "$flag" "$value" </dev/null
		holds_one "$v1_file" "$v1_value" "$v2_file" "${v2_value//_/ }"
	done <<-END
		--memory 64m memory.limit_in_bytes 67108864 memory.max 67108864
		--memory-swap 128m memory.memsw.limit_in_bytes 134217728 memory.swap.max 67108864
		--memory-reservation 32m memory.soft_limit_in_bytes 33554432 memory.low 33554432
		--cpu-share 512 cpu.shares 512 cpu.weight 59
		--cpu-period 50000 cpu.cfs_period_us 50000 cpu.max max_50000
		--cpu-quota 20000 cpu.cfs_quota_us 20000 cpu.max 20000_50000
		--cpu-burst 10000 cpu.cfs_burst_us 10000 cpu.max.burst 10000
		--cpu-period 60000 cpu.cfs_period_us 60000 cpu.max 20000_60000
		--cpu-quota 30000 cpu.cfs_quota_us 30000 cpu.max 30000_60000
		--cpu-quota -01 cpu.cfs_quota_us -1 cpu.max max_60000
		--cpu-burst 0 cpu.cfs_burst_us 0 cpu.max.burst 0
		--cpuset-cpus 0 cpuset.cpus 0 cpuset.cpus 0
		--cpuset-cpus 0-1 cpuset.cpus 0-1 cpuset.cpus 0-1
		--pids-limit 20 pids.max 20 pids.max 20
		--pids-limit 0 pids.max 0 pids.max 0
		--pids-limit -1 pids.max max pids.max max
	END
}

@test "--cpuset-mems, --cpu-idle and the weight" {
	config '.linux.resources.cpu = {"shares": 512}'
	start
	update --cpuset-mems 0
	holds cpuset.mems 0
	refused "berth: --cpuset-mems: " "$(path cpuset.mems)" -- update --cpuset-mems 63
	# Idle is a weight of its own.
	if is_v2; then changes cpu.weight,cpu.idle update --cpu-idle 1; else changes cpu.shares,cpu.idle update --cpu-idle 1; fi
	holds cpu.idle 1
	refused "berth: --cpu-share: " "cpu.idle" -- update --cpu-share 256
	update --cpu-idle 0 --cpu-share 256
	holds cpu.idle 0
	holds_one cpu.shares 256 cpu.weight 35
}

@test "--cpu-rt-period and --cpu-rt-runtime" {
	start
	if is_v2; then
		refused "berth: --cpu-rt-period: " "no equivalent in cgroup version 2" -- update --cpu-rt-period 800000
		refused "berth: --cpu-rt-runtime: " "no equivalent in cgroup version 2" -- update --cpu-rt-runtime 1000
		return
	fi
	if [ ! -e "$(path cpu.rt_runtime_us)" ]; then
		refused "berth: --cpu-rt-runtime: " "this kernel has no such file" -- update --cpu-rt-runtime 1000
		return
	fi
	changes cpu.rt_runtime_us update --cpu-rt-runtime 1000
	holds cpu.rt_runtime_us 1000
	changes cpu.rt_period_us update --cpu-rt-period 800000
	holds cpu.rt_period_us 800000
	# Either of them alone would be more than there is.
	update --cpu-rt-period 2000 --cpu-rt-runtime 100
	holds cpu.rt_period_us 2000
	holds cpu.rt_runtime_us 100
	update --cpu-rt-runtime 1000 --cpu-rt-period 1000000
	holds cpu.rt_period_us 1000000
	holds cpu.rt_runtime_us 1000
}

@test "--kernel-memory and --kernel-memory-tcp" {
	start
	if is_v2; then
		refused "berth: --kernel-memory: " "no equivalent in cgroup version 2" -- update --kernel-memory 64m
		refused "berth: --kernel-memory-tcp: " "no equivalent in cgroup version 2" -- update --kernel-memory-tcp 64m
		return
	fi
	changes memory.kmem.tcp.limit_in_bytes update --kernel-memory-tcp 64m
	holds memory.kmem.tcp.limit_in_bytes 67108864
	# Newer kernels have none: they refuse it, or take it and do nothing.
	run update --kernel-memory 64m
	if [ "$status" = 0 ]; then
		holds memory.kmem.limit_in_bytes 67108864
	else
		assert_error "--kernel-memory" "memory.kmem.limit_in_bytes" "operation not supported"
	fi
}

@test "--blkio-weight: that of BFQ, or on version 2 of the cost model" {
	start
	if ! is_v2; then
		changes blkio.bfq.weight update --blkio-weight 200
		holds blkio.bfq.weight 200
	elif [ -e "$(path io.bfq.weight)" ]; then
		changes io.bfq.weight update --blkio-weight 200
		[[ $(held io.bfq.weight) =~ (^|default )200$ ]]
	else
		changes io.weight update --blkio-weight 200
		holds io.weight "default 1920"
	fi
	refused "berth: --blkio-weight: " "10 to 1000" -- update --blkio-weight 9
	refused "berth: --blkio-weight: " "10 to 1000" -- update --blkio-weight 1001
}

@test "--l3-cache-schema and --mem-bw-schema: a container without a group of Intel RDT" {
	start
	refused "--l3-cache-schema" "no intelRdt group" -- update --l3-cache-schema "L3:0=f"
	refused "--mem-bw-schema" "no intelRdt group" -- update --mem-bw-schema "MB:0=20"
}

@test "sizes as people write them" {
	start
	local size bytes
	while read -r size bytes; do
		echo "$size"
		update --memory "$size"
		holds_one memory.limit_in_bytes "$bytes" memory.max "$bytes"
	done <<-END
		67108864 67108864
		65536k 67108864
		64M 67108864
		64mb 67108864
		64MiB 67108864
		0.25g 268435456
		1G 1073741824
	END
	update --memory "32 m"
	holds_one memory.limit_in_bytes 33554432 memory.max 33554432
	update --memory -1
	holds_one memory.limit_in_bytes 9223372036854771712 memory.max max
	for size in 64x m -2 1.m 0x10 99999999999999999999 9999999p 6.4.2 "64  m"; do
		echo "$size"
		refused "--memory is \"$size\"" "not a size" -- update --memory "$size"
	done
}

@test "numbers that are none, and what would change nothing" {
	start
	refused "--cpu-period" "not a number" -- update --cpu-period 1ms
	refused "--cpu-period" "not a number" -- update --cpu-period -1
	refused "--pids-limit" "not a number" -- update --pids-limit many
	refused "--pids-limit" "not a number" -- update --pids-limit -0x1
	refused "--cpuset-cpus" "not a list" -- update --cpuset-cpus "0;1"
	refused "--cpuset-mems is empty" -- update --cpuset-mems ""
	local flag
	for flag in memory memory-swap memory-reservation kernel-memory cpu-period cpu-quota cpu-share cpu-rt-period \
		cpu-rt-runtime blkio-weight; do
		refused "--$flag is 0" "changes nothing" -- update "--$flag" 0
	done
	refused "unknown option --no-such" -- update --no-such 1
	refused "flag needs an argument" -- "$BERTH" update "$cid" --memory
	refused "requires exactly 1 argument" -- "$BERTH" update --memory 64m
	refused "requires exactly 1 argument" -- "$BERTH" update "$cid" --memory 64m other
	# The last of the same flag counts; none changes nothing.
	update --pids-limit 10 --pids-limit=11
	holds pids.max 11
	changes "" update
}

@test "resources from a file and from standard input, as engines call it" {
	start
	echo '{"pids": {"limit": 21}}' >"$bundle/r.json"
	"$BERTH" update "--resources=$bundle/r.json" "$cid"
	holds pids.max 21
	"$BERTH" update --resources - "$cid" <<<'{"pids": {"limit": 22}}'
	holds pids.max 22
	"$BERTH" update --resources=- "$cid" <<<'{"pids": {"limit": 23}}'
	holds pids.max 23
	"$BERTH" update -r - "$cid" <<<'{"pids": {"limit": 24}}'
	holds pids.max 24
	"$BERTH" update "$cid" --pids-limit 25
	holds pids.max 25
	refused "--pids-limit and --resources" -- update --resources "$bundle/r.json" --pids-limit 1
	refused "$bundle/none" "no such file or directory" -- update --resources "$bundle/none"
	refused "$bundle" "directory" -- update --resources "$bundle"
}

@test "an error of the resources has pointer, line and column" {
	start
	refused "/memory/limit (line 2, column 23)" "must be a number, is a string" -- \
		update_json $'{"memory":\n {"swap": 1, "limit": "64m"}}'
	refused "line 1, column 11" "is not JSON" -- "$BERTH" update -r - "$cid" < <(printf '{"memory" 1}')
	refused "is not JSON" -- update_json ''
	refused "must be an object" -- update_json '[]'
	refused "/rdma/mlx5_1" "neither hcaHandles nor hcaObjects" -- update_json '{"rdma": {"mlx5_1": {}}}'
	refused "/rdma/mlx5_1" "rdma.max" -- update_json '{"rdma": {"mlx5_1": {"hcaHandles": 1}}}'
	refused "/hugepageLimits/0" "pageSize" -- update_json '{"hugepageLimits": [{"pageSize": "../x", "limit": 1}]}'
	refused "/cpu/cpus (line 1, column" "is no list" -- update_json '{"cpu": {"cpus": "a"}}'
	refused "/ociVersion" -- update_json '{"ociVersion": "2.0.0"}'
}

@test "what asks for nothing changes nothing" {
	config '.linux.resources = {"memory": {"limit": 67108864, "swap": 134217728, "reservation": 33554432},
		"cpu": {"shares": 512, "quota": 20000, "period": 50000, "burst": 1000, "cpus": "0"}, "pids": {"limit": 20}}'
	start
	changes "" update_json '{}'
	changes "" update_json '{"memory": {"limit": 0, "swap": 0, "kernel": 0, "checkBeforeUpdate": true},
		"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "cpus": "", "mems": ""},
		"blockIO": {"weight": 0, "weightDevice": []}, "hugepageLimits": [], "devices": [], "network": {},
		"rdma": {}, "unified": {}, "pids": null}'
}

@test "pids: a limit of 0 is one since version 1.3 of the specification" {
	config '.ociVersion = "1.0.2" | .linux.resources.pids.limit = 20'
	start
	changes "" update_json '{"pids": {"limit": 0}}'
	update_json '{"ociVersion": "1.3.0", "pids": {"limit": 0}}'
	holds pids.max 0
	update --pids-limit 7
	update --pids-limit 0
	holds pids.max 0
}

@test "cpu: quota, period and burst in each other's way" {
	config '.linux.resources.cpu = {"quota": 50000, "period": 100000, "burst": 40000}'
	start
	refused "berth: --cpu-quota: is below the burst, which is not named: 40000" -- update --cpu-quota 30000
	update --cpu-quota 30000 --cpu-burst 20000
	holds_one cpu.cfs_quota_us 30000 cpu.max "30000 100000"
	holds_one cpu.cfs_burst_us 20000 cpu.max.burst 20000
	update --cpu-quota 90000 --cpu-burst 80000
	holds_one cpu.cfs_quota_us 90000 cpu.max "90000 100000"
	holds_one cpu.cfs_burst_us 80000 cpu.max.burst 80000
	if is_v2; then changes cpu.max update --cpu-period 200000; else changes cpu.cfs_period_us update --cpu-period 200000; fi
	update --cpu-quota -1 --cpu-period 50000
	holds_one cpu.cfs_quota_us -1 cpu.max "max 50000"
	holds_one cpu.cfs_burst_us 80000 cpu.max.burst 80000
}

@test "cpu: what fits under the cgroup above only together" {
	needs_cgroupfs
	local above=$TOP/cpu/berth-$cid-a
	if is_v2; then above=$TOP/berth-$cid-a; fi
	mkdir "$above"
	config '.linux.cgroupsPath = $path | .linux.resources.cpu = {"quota": 50000, "period": 100000}' \
		--arg path "/berth-$cid-a/berth-$cid"
	start
	echo 50000 >"$above/cpu.cfs_quota_us" 2>/dev/null || echo 50000 100000 >"$above/cpu.max"
	quota_and_period() {
		cat "$above/berth-$cid"/cpu.{cfs_quota_us,cfs_period_us,max} 2>/dev/null | paste -s -d ' '
	}
	update --cpu-period 10000 --cpu-quota 5000
	[ "$(quota_and_period)" = "5000 10000" ]
	update --cpu-period 100000 --cpu-quota 50000
	[ "$(quota_and_period)" = "50000 100000" ]
	"$BERTH" delete --force "$cid"
	rmdir "$above"
}

@test "memory: the limit of both keeps its value, and goes up and down with the other" {
	config '.linux.resources.memory = {"limit": 67108864, "swap": 134217728}'
	start
	update --memory 32m
	holds_one memory.memsw.limit_in_bytes 134217728 memory.swap.max 100663296
	refused "berth: --memory: " "above the limit of memory and swap together, which is not named: 134217728" -- \
		update --memory 129m
	update --memory 256m --memory-swap 512m
	holds_one memory.limit_in_bytes 268435456 memory.max 268435456
	holds_one memory.memsw.limit_in_bytes 536870912 memory.swap.max 268435456
	update --memory 64m --memory-swap 64m
	holds_one memory.limit_in_bytes 67108864 memory.max 67108864
	holds_one memory.memsw.limit_in_bytes 67108864 memory.swap.max 0
	refused "berth: --memory-swap: " "cannot be below that of memory" -- update --memory-swap 63m
	update --memory-swap -1
	holds_one memory.memsw.limit_in_bytes 9223372036854771712 memory.swap.max max
	update --memory-swap 128m
	update --memory -1
	holds_one memory.limit_in_bytes 9223372036854771712 memory.max max
	holds_one memory.memsw.limit_in_bytes 9223372036854771712 memory.swap.max max
	if is_v2; then
		update --memory -1 --memory-swap 128m
		holds memory.max max
		holds memory.swap.max 134217728
	else
		refused "berth: --memory-swap: " "needs a limit of memory as well" -- update --memory -1 --memory-swap 128m
	fi
}

@test "memory: a limit below what is in use" {
	in_container 'dd if=/dev/zero of=/dev/shm/f bs=1M count=24 2>/dev/null; echo full; sleep 1000'
	config '.linux.resources.memory = {"limit": 67108864, "swap": 67108864}'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -qx full "$bundle/out"
	if is_v2; then
		refused "/memory/limit" "below the memory in use" -- \
			update_json '{"memory": {"limit": 8388608, "swap": 8388608, "checkBeforeUpdate": true}}'
		update_json '{"memory": {"limit": 50331648, "swap": 50331648, "checkBeforeUpdate": true}}'
		holds memory.max 50331648
		# Without the check the kernel ends what does not fit.
		update --memory 4m --memory-swap 4m
		until_true is_status stopped
	else
		refused "berth: --memory: " "memory.limit_in_bytes" "device or resource busy" -- \
			update --pids-limit 9 --memory 8m --cpu-share 100
		is_status running
	fi
}

@test "all or none: what was set before a limit that is refused is put back" {
	config '.linux.resources = {"memory": {"limit": 67108864, "swap": 134217728, "reservation": 1048576},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 40000, "cpus": "0", "mems": "0"},
		"blockIO": {"weight": 100}, "pids": {"limit": 20}}'
	start
	# The order is that of the files; pids comes last, behind a device that is not there.
	refused "/blockIO/throttleReadBpsDevice/0" "$(path "$(is_v2 && echo io.max || echo blkio.throttle.read_bps_device)")" \
		"no such device" -- update_json '{
		"memory": {"limit": 268435456, "swap": 536870912, "reservation": 2097152},
		"cpu": {"shares": 1024, "quota": 30000, "period": 60000, "burst": 1000, "cpus": "0-1", "mems": "0"},
		"blockIO": {"weight": 500, "throttleReadBpsDevice": [{"major": 4000, "minor": 7, "rate": 1}]},
		"pids": {"limit": 7}}'
	refused "--cpuset-cpus" "$(path cpuset.cpus)" -- update --memory 32m --cpu-quota 45000 --cpuset-cpus 4000 --pids-limit 3
}

@test "the share of a cgroup that becomes idle would be lost, and is refused" {
	start
	refused "berth: --cpu-share: cannot be set for a cgroup that becomes idle" -- update --cpu-share 512 --cpu-idle 1
	refused "/cpu/shares (line 1, column" "becomes idle" -- update_json '{"cpu": {"shares": 512, "idle": 1}}'
	# The control: one that becomes idle no more.
	update --cpu-idle 1
	update --cpu-share 512 --cpu-idle 0
	holds_one cpu.shares 512 cpu.weight 59
}

@test "disableOOMKiller: on and off, and what is not named stays" {
	start
	if is_v2; then
		refused "/memory/disableOOMKiller" "version 2" -- update_json '{"memory": {"disableOOMKiller": true}}'
		update_json '{"memory": {"disableOOMKiller": false}}'
		return
	fi
	local file
	file=$(path memory.oom_control)
	grep -qx "oom_kill_disable 0" "$file"
	update_json '{"memory": {"disableOOMKiller": true}}'
	grep -qx "oom_kill_disable 1" "$file"
	update_json '{"memory": {"limit": 67108864}}'
	grep -qx "oom_kill_disable 1" "$file"
	update_json '{"memory": {"disableOOMKiller": false}}'
	grep -qx "oom_kill_disable 0" "$file"
	# What is put back is on again.
	refused "/cpu/cpus" -- update_json '{"memory": {"disableOOMKiller": true}, "cpu": {"cpus": "4000"}}'
	grep -qx "oom_kill_disable 0" "$file"
}

@test "keys that nobody knows are ignored, with a line for those who look for it" {
	start
	echo '{"ociVersion": "1.2.0", "pids": {"limit": 77, "typo": 1}, "nonsense": {}, "blockIO": {"weightDevice": []}}' >"$bundle/r.json"
	run "$BERTH" update --resources "$bundle/r.json" "$cid"
	assert_status 0
	[ -z "$output" ]
	holds pids.max 77
	run "$BERTH" --debug update --resources "$bundle/r.json" "$cid"
	assert_status 0
	assert_contains "/pids/typo is no field that is known here: ignored"
	assert_contains "/nonsense is no field"
	refute_contains "/ociVersion is no field"
	refute_contains "/pids/limit is no field"
}

# misc_device: the minor number of a device (major 10) whose driver is there and lets root open it.
misc_device() {
	local name
	for name in loop-control hwrng fuse; do
		if [ -c "/dev/$name" ] && head -c 0 "/dev/$name" 2>/dev/null; then
			printf '%d\n' "0x$(stat -c %T "/dev/$name")"
			return
		fi
	done
}

@test "devices: allowed, denied, left alone; and nothing is denied in between" {
	local minor
	minor=$(misc_device)
	[ -n "$minor" ] || skip "no-device: none that anybody may open"
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])
		| .mounts |= map(if .destination == "/dev" then .options -= ["nodev"] else . end)'
	in_container "mknod /dev/k c 10 $minor;"'while [ ! -e /dev/enough ]; do : </dev/null || echo DENIED; : >/dev/zero || echo DENIED; done; exec sleep 1000'
	start
	can_open() {
		"$BERTH" exec "$cid" sh -c ': </dev/k' 2>/dev/null
	}
	until_true "$BERTH" exec "$cid" test -c /dev/k
	run can_open
	assert_status 1
	update_json '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": '$minor', "access": "r"}]}'
	can_open
	update --pids-limit 100
	update_json '{"devices": [], "pids": {"limit": 101}}'
	can_open
	# What it had at first is not what it has now.
	update_json '{"devices": [{"allow": false, "access": "rwm"}]}'
	run can_open
	assert_status 1
	# Without an end: the kernel takes 64 filters at most for a cgroup of version 2.
	local i
	for ((i = 0; i < 35; i++)); do
		update_json '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": '$minor', "access": "r"}]}'
		update_json '{"devices": [{"allow": true, "type": "c", "major": 1, "minor": 9, "access": "r"}]}'
	done
	run can_open
	assert_status 1
	[ ! -s "$bundle/out" ] || {
		head -n 3 "$bundle/out"
		return 1
	}
	# On version 1 the kernel itself forgets the exceptions just before it allows all: not while somebody looks.
	"$BERTH" exec "$cid" touch /dev/enough
	update_json '{"devices": [{"allow": true, "access": "rwm"}]}'
	can_open
	refused "/devices/0" "type must be a, b or c" -- update_json '{"devices": [{"allow": true, "type": "x", "access": "r"}]}'
}

@test "devices: a caller that sends what the container has changes nothing" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]'
	start
	# Somebody else has given it a device meanwhile.
	is_v2 || echo "c 1:11 r" >"$(path devices.allow)"
	changes pids.max update_json "$(jq -c '.linux.resources + {"pids": {"limit": 9}}' "$bundle/config.json")"
	[ "$(jq .newDevices "$bundle/state/$cid/state.json")" = null ]
	is_v2 || grep -qx "c 1:11 r" "$(path devices.list)"
	# Other rules are those that count, and so is then the way back.
	update_json '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 201, "access": "rw"}]}'
	[ "$(jq .newDevices "$bundle/state/$cid/state.json")" = true ]
	! is_v2 || return 0
	[ "$(held devices.list | grep -c -e "c 1:11 r" -e "c 10:200")" = 0 ]
	grep -qx "c 10:201 rw" "$(path devices.list)"
	update_json "$(jq -c '.linux.resources' "$bundle/config.json")"
	grep -qx "c 10:200 rw" "$(path devices.list)"
	[ "$(held devices.list | grep -c "c 10:201")" = 0 ]
	refused "/devices" "a moment in which everything is allowed" -- update_json '{"devices": [
		{"allow": true, "access": "rwm"}, {"allow": false, "type": "c", "major": 10, "minor": 200, "access": "r"}]}'
}

has_hugetlb() {
	[ -d $TOP/hugetlb ] || grep -qsw hugetlb $TOP/cgroup.controllers $TOP/unified/cgroup.controllers
}

@test "blockIO and hugepageLimits, for a new container and for one that is there" {
	local device number
	has_hugetlb || skip "no-hugetlb: no such controller"
	config '.linux.resources = {"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	device=$(awk 'NR > 2 && !/loop|zram|ram/ { print $1 ":" $2; exit }' /proc/partitions)
	if [ -n "$device" ]; then
		# shellcheck disable=SC2016 # variables of jq
		config '.linux.resources.blockIO = ({"major": $major, "minor": $minor} as $d | {
			"weight": 300, "throttleReadBpsDevice": [$d + {"rate": 1000000000}],
			"throttleWriteBpsDevice": [$d + {"rate": 1000000001}],
			"throttleReadIOPSDevice": [$d + {"rate": 1000002}],
			"throttleWriteIOPSDevice": [$d + {"rate": 1000003}]})' \
			--argjson major "${device%:*}" --argjson minor "${device#*:}"
	fi
	start
	holds hugetlb.2MB.max 4194304
	holds hugetlb.2MB.rsvd.max 4194304
	changes hugetlb.2MB.max,hugetlb.2MB.rsvd.max update_json '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	holds hugetlb.2MB.max 2097152
	refused "/hugepageLimits/0" "hugetlb.32MB" "no such file" -- \
		update_json '{"hugepageLimits": [{"pageSize": "32MB", "limit": 0}]}'
	[ -n "$device" ] || return 0
	if is_v2; then
		holds io.max "$device rbps=1000000000 wbps=1000000001 riops=1000002 wiops=1000003"
	else
		holds blkio.bfq.weight 300
		number=0
		for file in read_bps write_bps read_iops write_iops; do
			[[ $(held "blkio.throttle.${file}_device") == "$device 100000"*$number ]]
			number=$((number + 1))
		done
	fi
	update_json "$(jq -nc --argjson major "${device%:*}" --argjson minor "${device#*:}" '
		{"major": $major, "minor": $minor} as $d | {"blockIO": {
			"throttleReadBpsDevice": [$d + {"rate": 0}], "throttleWriteIOPSDevice": [$d + {"rate": 77}]}}')"
	if is_v2; then
		holds io.max "$device rbps=max wbps=1000000001 riops=1000002 wiops=77"
	else
		holds blkio.throttle.read_bps_device ""
		holds blkio.throttle.write_iops_device "$device 77"
	fi
}

@test "blockIO: weights of devices, and of leaves, that this kernel has no place for" {
	start
	refused "/blockIO/weightDevice/0" -- \
		update_json '{"blockIO": {"weightDevice": [{"major": 4000, "minor": 0, "weight": 100}]}}'
	refused "/blockIO/weightDevice/0" "needs a weight" -- \
		update_json '{"blockIO": {"weightDevice": [{"major": 4000, "minor": 0}]}}'
	if is_v2; then
		refused "/blockIO/leafWeight" "no equivalent" -- update_json '{"blockIO": {"leafWeight": 100}}'
	else
		refused "/blockIO/leafWeight" "blkio.leaf_weight" "this kernel has no such file" -- \
			update_json '{"blockIO": {"leafWeight": 100}}'
	fi
}

@test "hugepages: a container that has asked for none gets the limit all the same" {
	has_hugetlb || skip "no-hugetlb: no such controller"
	start
	update_json '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	holds hugetlb.2MB.max 2097152
}

@test "unified: files of version 2 by their names" {
	start
	if ! is_v2; then
		refused "/unified/memory.high" "needs cgroup version 2" -- update_json '{"unified": {"memory.high": "1"}}'
		return
	fi
	changes memory.high,memory.min update_json '{"unified": {"memory.high": "33554432", "memory.min": "4096"}}'
	holds memory.high 33554432
	refused "/unified/memory.high" -- update_json '{"unified": {"memory.min": "8192", "memory.high": "x"}}'
	refused "/unified" "no file of a controller" -- update_json '{"unified": {"cgroup.freeze": "1"}}'
}

@test "created, paused and stopped containers" {
	"$BERTH" create --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	update --pids-limit 30
	"$BERTH" start "$cid"
	holds pids.max 30
	"$BERTH" pause "$cid"
	update --pids-limit 31 --memory 64m --cpuset-cpus 0
	holds pids.max 31
	holds cpuset.cpus 0
	is_status paused
	"$BERTH" resume "$cid"
	"$BERTH" kill "$cid" KILL
	until_true is_status stopped
	run update --pids-limit 32
	assert_error "container not running"
	"$BERTH" delete "$cid"
	run update --pids-limit 32
	assert_error "container does not exist"
}

@test "without a cgroup a limit is an error, and nothing is none" {
	"$BERTH" --cgroup-manager disabled run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	run update --memory 64m
	assert_error "berth: --memory: " "the container has no cgroup"
	run update_json '{"devices": [{"allow": true, "access": "rwm"}]}'
	assert_error "/devices" "the container has no cgroup"
	update_json '{"blockIO": {}, "memory": {"limit": 0}, "devices": []}'
}

@test "exec goes on in the cgroup as it is now" {
	start
	update --pids-limit 3
	run "$BERTH" exec "$cid" sh -c 'for i in 1 2 3; do sleep 1000 >/dev/null 2>&1 & done; echo ALL'
	refute_line ALL
	[[ $output == *"an't fork"* ]]
	update --pids-limit -1
	"$BERTH" exec "$cid" sh -c 'sleep 0 & sleep 0 & sleep 0 & wait'
	[ "$(jq -c .linux.resources "$bundle/state/$cid/config.json")" = "$(jq -c .linux.resources "$bundle/config.json")" ]
}

@test "updates beside each other, with exec and state, end well" {
	start
	local i pids=()
	for ((i = 0; i < 4; i++)); do
		(
			for ((j = 0; j < $(rounds 25); j++)); do
				"$BERTH" update --cpu-quota $((10000 + 1000 * i)) --pids-limit $((50 + i)) "$cid" || exit 1
				"$BERTH" state "$cid" >/dev/null && "$BERTH" exec "$cid" true || exit 1
			done
		) 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[[ $(held pids.max) == 5[0-3] ]]
}
