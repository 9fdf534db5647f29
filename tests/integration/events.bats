#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# events: statistics, OOM, and the end of a container, on both versions of cgroups: the machines of tests/vm run
# this file too.

load ../kit/container
load ../kit/events

setup() {
	setup_events
}

teardown() {
	teardown_events
}

@test "--stats: one line of JSON with the members of runc, and status 0" {
	start
	run stats
	assert_status 0
	[ "${#lines[@]}" = 1 ]
	jq -e --arg id "$cid" '.type == "stats" and .id == $id and (keys == ["data", "id", "type"])' <<<"$output"
	jq -e '.data | keys == ["blkio", "cpu", "cpuset", "hugetlb", "intel_rdt", "memory", "network_interfaces", "pids"]' <<<"$output"
	jq -e '.data.cpu | (.usage | .total > 0 and has("kernel") and has("user")) and has("throttling")' <<<"$output"
	jq -e '.data.cpuset | (.cpus | length > 0) and (.mems | length > 0) and ([.cpu_exclusive, .mem_hardwall,
		.mem_exclusive, .memory_migrate, .memory_spread_page, .memory_spread_slab, .memory_pressure,
		.sched_load_balance, .sched_relax_domain_level] | all(type == "number"))' <<<"$output"
	jq -e '.data.memory | ([.usage, .swap, .kernel, .kernelTCP] | all((.limit | type == "number") and
		(.failcnt | type == "number"))) and .usage.usage > 0 and (.raw | length > 10) and
		(.events.oom_kill == 0)' <<<"$output"
	jq -e '.data | .pids.current >= 1 and .network_interfaces == null and .intel_rdt == {}' <<<"$output"
}

@test "--stats of a container that is created, and of one that is paused" {
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/log" 2>&1 </dev/null 3>&-
	[ "$(number .pids.current)" = 1 ]
	"$BERTH" start "$cid"
	"$BERTH" pause "$cid"
	[ "$(number .memory.usage.usage)" -gt 0 ]
	"$BERTH" resume "$cid"
}

@test "the limits are those of the config" {
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 77}, "cpu": {"cpus": "0"}}'
	start
	[ "$(number .memory.usage.limit)" = 67108864 ]
	[ "$(number .pids.limit)" = 77 ]
	stats | jq -e '.data.cpuset.cpus == [0]'
	"$BERTH" delete --force "$cid"
	needs_cgroupfs # systemd has a limit of processes of its own
	config '.linux.resources = {}'
	start
	[ "$(number .pids.limit)" = 0 ]
	# Exact, and not what a floating-point number makes of it.
	stats | grep -qE '"usage":\{"limit":(9223372036854771712|18446744073709551615),'
}

@test "memory, processes and CPU time are those that the container uses" {
	start
	local memory peak pids total
	memory=$(number .memory.usage.usage)
	pids=$(number .pids.current)
	[ "$pids" = 1 ]
	total=$(number .cpu.usage.total)
	"$BERTH" exec "$cid" dd if=/dev/zero of=/dev/shm/file bs=1M count=24 2>/dev/null
	[ "$(number .memory.usage.usage)" -ge $((memory + 24000000)) ]
	[ "$(number .memory.cache)" -ge 24000000 ]
	peak=$(number .memory.usage.max)
	"$BERTH" exec "$cid" rm /dev/shm/file
	[ "$(number .memory.usage.usage)" -lt $((memory + 12000000)) ]
	[ "$(number .memory.usage.max)" -ge "$peak" ]
	[ "$peak" -ge $((memory + 24000000)) ]
	for _ in 1 2 3; do
		"$BERTH" exec --detach "$cid" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	done
	[ "$(number .pids.current)" = $((pids + 3)) ]
	"$BERTH" exec "$cid" sh -c 'n=0; while [ $n -lt 50000 ]; do n=$((n + 1)); done'
	[ "$(number .cpu.usage.total)" -gt $((total + 5000000)) ]
	[ "$(number .cpu.usage.user)" -gt 0 ]
}

@test "who is over the quota is throttled" {
	config '.linux.resources.cpu = {"quota": 2000, "period": 20000}'
	start
	"$BERTH" exec --detach "$cid" sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 3>&-
	until_true eval '[ "$(number .cpu.throttling.throttledPeriods)" -gt 2 ]'
	[ "$(number .cpu.throttling.periods)" -gt 2 ]
	[ "$(number .cpu.throttling.throttledTime)" -gt 1000000 ]
}

@test "--interval: so often, a line at once when it is due, until the container ends" {
	start
	local first
	first=$(now_ms)
	follow --interval 400ms
	until_true has_count stats 1
	[ $(($(now_ms) - first)) -ge 400 ]
	until_true has_count stats 5
	[ $(($(now_ms) - first)) -ge 2000 ]
	[ "$(count stats)" -le $((($(now_ms) - first) / 400)) ]
	[ "$(count oom)" = 0 ]
	"$BERTH" kill "$cid" KILL
	await_end 0
	[ "$(count oom)" = 0 ]
}

@test "a kill for want of memory in the container is one oom, and it goes on" {
	config '.linux.resources.memory = {"limit": 33554432, "swap": 33554432}'
	start
	follow --interval 100s
	until_true is_watching
	run "$BERTH" exec "$cid" dd if=/dev/zero of=/dev/null bs=100M count=1
	assert_status 137
	until_true has_count oom 1
	sleep 0.5
	[ "$(count oom)" = 1 ]
	[ "$(count stats)" = 0 ]
	jq -e --arg id "$cid" '. == {"type": "oom", "id": $id}' "$bundle/events"
	[ "$(number .memory.events.oom_kill)" = 1 ]
	run "$BERTH" exec "$cid" dd if=/dev/zero of=/dev/null bs=100M count=1
	until_true has_count oom 2
	"$BERTH" kill "$cid" KILL
	await_end 0
	[ "$(count oom)" = 2 ]
}

@test "a container that ends by want of memory: its oom, and then the end" {
	config '.linux.resources.memory = {"limit": 33554432, "swap": 33554432}'
	config '.process.args = ["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]'
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/log" 2>&1 </dev/null 3>&-
	follow --interval 100s
	until_true is_watching
	"$BERTH" start "$cid"
	await_end 0
	[ "$(count oom)" = 1 ]
	[ "$(count stats)" = 0 ]
}

@test "a few processes that want the same memory: an oom for a kill, however often the kernel says it" {
	config '.linux.resources.memory = {"limit": 33554432, "swap": 33554432}'
	start
	follow --interval 100s
	until_true is_watching
	local i pids=()
	for i in 1 2 3 4; do
		"$BERTH" exec "$cid" dd if=/dev/zero of=/dev/null bs=20M count=40 >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || true
	done
	local kills
	kills=$(number .memory.events.oom_kill)
	[ "$kills" -gt 0 ]
	until_true has_count oom 1
	sleep 0.5
	[ "$(count oom)" -le "$kills" ]
}

@test "the end of a container, and the removal of its cgroup, is no oom" {
	local i
	for i in $(seq "$(rounds 10)"); do
		start
		follow --interval 100s
		until_true is_watching
		"$BERTH" delete --force "$cid"
		await_end 0
		[ ! -s "$bundle/events" ]
	done
}

# waits_for SECONDS: in all that time the stream has not run once.
waits_for() {
	local before
	before=$(grep ctxt "/proc/$events/status")
	sleep "$1"
	[ "$(grep ctxt "/proc/$events/status")" = "$before" ]
}

@test "nothing is asked in rounds: a stream that waits does nothing" {
	start
	follow --interval 100s
	until_true is_watching
	until_true waits_for 0.2
	waits_for 1.5
}

@test "a paused container goes on to be reported" {
	start
	"$BERTH" pause "$cid"
	follow --interval 100ms
	until_true has_count stats 3
	"$BERTH" resume "$cid"
	"$BERTH" kill "$cid" KILL
	await_end 0
}
