#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tools/bench measures what it says: not how fast anything is, which a machine that runs tests cannot tell.

load ../kit/container

setup_file() {
	[ "$EUID" = 0 ] || return 0
	bench_dir=$(mktemp -d /tmp/berth-bench-test.XXXXXX)
	export bench_dir
	export json=$bench_dir/json
	# A program that fails once, in the second of the rounds that count: the log is its memory.
	cat >"$bench_dir/once" <<-'SCRIPT'
		#!/bin/sh
		case "$*" in
		*" run "*)
			echo run >>"${0%/*}/runs"
			[ "$(wc -l <"${0%/*}/runs")" != 3 ] || { echo "no, thank you" >&2; exit 1; }
			;;
		*) exit 1 ;;
		esac
	SCRIPT
	chmod 755 "$bench_dir/once"
	mkdir "$bench_dir/tmp"
	TMPDIR=$bench_dir/tmp "$BATS_TEST_DIRNAME/../../tools/bench" --rounds 2 --json "$json" \
		--peer "once=$bench_dir/once" >"$bench_dir/text"
	for program in floor turns; do
		gcc -O2 -static -D_GNU_SOURCE -o "$bench_dir/$program" "$BATS_TEST_DIRNAME/$program.c"
	done
}

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
}

teardown_file() {
	[ -z "${bench_dir:-}" ] || rm -rf "$bench_dir"
}

# holds FILTER: it is true of the figures.
holds() {
	jq -e "$1" "$json" >/dev/null || {
		jq . "$json"
		return 1
	}
}

# names SERIES: of the first layout, and of what was left out of it.
names() {
	jq -r --arg series "$1" '[(.series[] | select(.series == $series) | .rows[].name),
		(.left_out[] | select(.series == $series) | .name)] | unique | join(" ")' "$json"
}

@test "every row is there, in each layout of cgroups" {
	[ "$(names run)" = "/bin/true alone berth crun floor floor without cgroups once runc" ]
	[ "$(names exec)" = "berth crun nsenter once runc" ]
	[ "$(names cycle)" = "berth crun once runc" ]
	holds '(.series | length) == 3 * ([.series[].layout] | unique | length)'
	holds '.rounds == 2 and .machine.cpus > 0'
}

@test "a row has times in their order, processor time, and the ratio to berth" {
	holds '[.series[] | select(.series != "exec") | .rows[] | select(.name == "berth" or .name == "runc" or .name == "floor")] |
		length >= 5 and all(.failed == 0 and .ratio > 0 and .cpu_ratio > 0 and .cpu_us > 0 and .wall_us.p10 > 0 and
		.wall_us.p10 <= .wall_us.median and .wall_us.median <= .wall_us.p99)'
	holds '[.series[] | .rows[] | select(.name == "berth") | .ratio] | all(. == 1)'
}

@test "crun runs where the figures are compared" {
	holds '[.series[] | select(.layout != "hybrid") | .rows[] | select(.name == "crun")] |
		length == 3 and all(.failed == 0 and .wall_us.median > 0)'
}

@test "a command that failed once has no ratio, and says why" {
	holds '[.series[] | select(.series == "run")][0].rows[] | select(.name == "once") |
		.failed == 1 and .ratio == null and .cpu_ratio == null and .error == "no, thank you"'
	grep -q '| once | failed 1 times: no, thank you |' "$bench_dir/text"
	holds '.series[] | select(.series == "cycle") | .rows[] | select(.name == "once") |
		.failed == 1 and .ratio == null and .wall_us == null'
}

@test "system calls, sizes and memory of each runtime" {
	holds '[.calls[] | select(.series == "run" and .name != "once")] | map(.name) == ["berth", "crun", "runc"]'
	# A process is at the least executed, has its libraries closed, and a container its namespaces.
	holds '.calls[] | select(.series == "run" and .name != "once") |
		.total > 100 and .calls.execve >= 1 and .calls.close > 1 and (.total == ([.calls[]] | add))'
	holds '[.memory[] | select(.name != "once")] | length == 3 and all(.size_kb > 50 and
		.create_peak_kb > 500 and .init_rss_kb >= .init_pss_kb and .init_pss_kb > 10)'
}

# over_budget FILE: the series that make more system calls than the file grants, and 3 % of it.
over_budget() {
	local series calls each
	grep -v '^#' "$1" | while read -r series calls each; do
		jq -r --arg series "$series" --argjson calls "$calls" --argjson each "$each" '.calls[] |
			select(.series == $series and .name == "berth") | ($calls + $each * .hierarchies) as $budget |
			select(.total == null or .total > $budget * 1.03) |
			"\($series): \(.total) system calls of \($budget)"' "$json"
	done
}

@test "run and exec stay within their budget of system calls" {
	holds '[.calls[] | select(.name == "berth" and .total > 100) | .series] == ["run", "exec"]'
	run over_budget "$BATS_TEST_DIRNAME/budget"
	assert_status 0
	[ -z "$output" ]
	# What it is at the edge: 2 % above is within, 4 % above is not.
	jq -r '.calls[] | select(.name == "berth") | "\(.series) \(.total / 1.02) 0"' "$json" >"$bench_dir/enough"
	run over_budget "$bench_dir/enough"
	assert_status 0
	[ -z "$output" ]
	jq -r '.calls[] | select(.name == "berth") | "\(.series) \(.total / 1.04) 0"' "$json" >"$bench_dir/less"
	run over_budget "$bench_dir/less"
	assert_status 0
	[ "${#lines[@]}" = 2 ]
}

@test "nothing is left of it" {
	local name
	name=$(jq -r .name "$json")
	[[ $name == berth-bench.* ]]
	run ls -A "$bench_dir/tmp"
	[ -z "$output" ]
	run find /run /dev/shm /sys/fs/cgroup -name "*$name*"
	[ -z "$output" ]
	run grep -F "$name" /proc/self/mountinfo
	[ -z "$output" ]
	run pgrep -af "$name"
	[ -z "$output" ]
}

@test "turns measures time and processor time, and waits for what is left behind" {
	# shellcheck disable=SC2016 # for the shell that is measured
	{
		printf 'command\tsleep\nrun\t/bin/sleep\t0.2\n'
		printf 'command\twork\nrun\t/bin/sh\t-c\ti=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done\n'
		printf 'command\tleft\nrun\t/bin/sh\t-c\tsleep 0.2 &\nreap\n'
		printf 'command\tfails\nrun\t/bin/sh\t-c\techo why >&2; exit 3\n'
	} >"$bench_dir/commands"
	run "$bench_dir/turns" 2 "$bench_dir/commands"
	assert_status 0
	assert_line $'failed\t3\t0\twhy '
	[ "${#lines[@]}" = 7 ]
	local word index turn wall cpu peak
	while read -r word index turn wall cpu peak; do
		[ "$word" = sample ] || continue
		[ "$turn" = 1 ] || [ "$turn" = 2 ]
		case $index in
		0 | 2) [ "$wall" -ge 200000000 ] && [ "$cpu" -lt 100000 ] ;;
		1) [ "$cpu" -ge 10000 ] && [ "$wall" -ge $((cpu * 500)) ] ;;
		esac
		[ "$peak" -gt 100 ]
	done <<<"$output"
}

@test "the floor runs the program of its root, and fails when it cannot" {
	make_bundle
	run "$bench_dir/floor" "$bundle/rootfs"
	assert_status 0
	rm "$bundle/rootfs/bin/true"
	printf '#!/bin/sh\nexit 9\n' >"$bundle/rootfs/bin/true"
	chmod 755 "$bundle/rootfs/bin/true"
	run "$bench_dir/floor" "$bundle/rootfs"
	assert_status 9
	rm "$bundle/rootfs/bin/true"
	run "$bench_dir/floor" "$bundle/rootfs"
	assert_status 71
	run "$bench_dir/floor" "$bundle/no-such-root"
	assert_status 70
	assert_contains "no-such-root: No such file or directory"
	run "$bench_dir/floor" "$bundle/rootfs" "$bundle/no-such-cgroup"
	assert_status 70
	remove_bundle
}

@test "the ratio is the median of the ratios round by round" {
	run python3 - "$BATS_TEST_DIRNAME" <<-'PYTHON'
		import sys
		sys.path.insert(0, sys.argv[1])
		import figures
		def samples(*walls):
		    return {i: {"wall_us": wall, "cpu_us": 1, "peak_kb": 1} for i, wall in enumerate(walls)}
		first = {"name": "berth", "failures": [], "samples": samples(1, 2, 10)}
		other = {"name": "other", "failures": [], "samples": samples(3, 4, 20)}
		print(figures.row(other, first, 3)["ratio"], figures.quantile([5, 1, 3, 2], 0.5),
		      figures.quantile([5, 1, 3, 2], 0.99), figures.quantile([5, 1, 3, 2], 0.1))
	PYTHON
	assert_status 0
	assert_line "2.0 2 5 1"
}
