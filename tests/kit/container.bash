# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files that run containers: a bundle of busybox, changes to its config with jq, and the
# oracle for what is left behind.

kit_root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# shellcheck source=tests/kit/assert.bash
. "$kit_root/tests/kit/assert.bash"
# The programs: a release, and the same with failpoints (BERTH_FAIL=step:action). make_bundle puts in the
# place of each a script that gives it a state root of the test's own.
BERTH=${BERTH:-$kit_root/build/bin/berth}
BERTH_TEST=${BERTH_TEST:-$kit_root/build/check-gcc/cli/berth}
berth_program=$BERTH
export BERTH BERTH_TEST

# make_bundle [--rootless]: $bundle, $cid for an id that no other test has, with a root file system and the
# config that `berth spec` writes, without a terminal. Below /tmp, not below the tests' own folder, whose path
# an ordinary user may not enter.
make_bundle() {
	bundle=$(mktemp -d /tmp/berth-test.XXXXXX)
	cp -a "$(bundle_template "$@")"/. "$bundle"
	chmod 755 "$bundle"
	cid=$(basename "$bundle")
	mkdir -m 700 "$bundle/state"
	BERTH=$(with_root "$BERTH" "$bundle/berth-release")
	BERTH_TEST=$(with_root "$BERTH_TEST" "$bundle/berth-failpoints")
}

# What all bundles of a file begin with, made once: its dozens of links are dozens of processes.
bundle_template() {
	local template=$BATS_FILE_TMPDIR/bundle$* name
	if [ ! -e "$template" ]; then
		mkdir -p "$template"/rootfs/{bin,dev,etc,proc,sys,tmp}
		cp /bin/busybox "$template/rootfs/bin/busybox"
		for name in sh true false cat ls id hostname mount mknod touch echo sleep stat readlink \
			tty stty grep cut env pwd ps kill head wc test mkdir rm ln seq tr sort; do
			ln -s busybox "$template/rootfs/bin/$name"
		done
		"$BERTH" spec "$@" --bundle "$template"
		bundle=$template config '.process.terminal = false'
	fi
	echo "$template"
}

# with_root PROGRAM SCRIPT: the script that runs it with --root; where there is no program, there is none.
with_root() {
	if [ -x "$1" ]; then
		printf '#!/bin/sh\nexec "%s" --root "%s/state" "$@"\n' "$1" "$bundle" >"$2"
		chmod 755 "$2"
	fi
	echo "$2"
}

# build_static NAME FILE: a program of this folder, NAME.c; a machine (tests/vm) has those that its host has built.
build_static() {
	if [ -x "$kit_root/build/kit/$1" ]; then
		cp "$kit_root/build/kit/$1" "$2"
	else
		gcc -static -O1 -Wall -Wextra -Werror -o "$2" "$kit_root/tests/kit/$1.c"
	fi
}

remove_bundle() {
	[ -z "${bundle:-}" ] || rm -rf "$bundle"
	[ -z "${cid:-}" ] || remove_cgroups
}

# Cgroups of this test's containers, in any hierarchy.
left_cgroups() {
	find /sys/fs/cgroup -type d -name "berth-$cid*" 2>/dev/null
	return 0
}

# What a berth that was killed has left: the processes of its cgroups, and they as soon as they are empty.
remove_cgroups() {
	for _ in $(seq 50); do
		find /sys/fs/cgroup -path "*/berth-$cid*/cgroup.procs" -exec cat {} + 2>/dev/null |
			sort -u | xargs -r kill -KILL 2>/dev/null || true
		find /sys/fs/cgroup -depth -type d -path "*/berth-$cid*" -exec rmdir {} + 2>/dev/null || true
		[ -n "$(left_cgroups)" ] || return 0
		sleep 0.05
	done
}

# config FILTER [JQ_ARGUMENT...]: changes config.json.
config() {
	local filter=$1
	shift
	jq "$@" "$filter" "$bundle/config.json" >"$bundle/config.new"
	mv "$bundle/config.new" "$bundle/config.json"
}

# in_container SCRIPT: what the shell of the container is to do.
in_container() {
	# shellcheck disable=SC2016 # a variable of jq
	config '.process.args = ["/bin/sh", "-c", $script]' --arg script "$1"
}

# berth_run: runs the bundle; bats' $status and $output (both streams).
berth_run() {
	run timeout 60 "$BERTH" run --bundle "$bundle" "$cid"
}

# assert_line TEXT: one line of the output is exactly this.
assert_line() {
	local line
	for line in "${lines[@]}"; do
		[ "$line" != "$1" ] || return 0
	done
	printf 'no line "%s" in:\n%s\n' "$1" "$output"
	return 1
}

# A "!" before a command never fails a bats test; this does.
refute_line() {
	local line
	for line in "${lines[@]}"; do
		[ "$line" != "$1" ] || {
			printf 'the line "%s" is in:\n%s\n' "$1" "$output"
			return 1
		}
	done
}

refute_contains() {
	[[ $output != *"$1"* ]] || {
		printf '"%s" is in:\n%s\n' "$1" "$output"
		return 1
	}
}

# assert_error TEXT...: it failed with status 1 and one line that has each of the texts.
assert_error() {
	assert_status 1
	[ "${#lines[@]}" = 1 ] || {
		printf 'not one line but %s:\n%s\n' "${#lines[@]}" "$output"
		return 1
	}
	local text
	for text in "$@"; do
		assert_contains "$text"
	done
}

# Mounts of the host: a container must not change them. The tests run beside each other: what another one has
# in its own folder, or as a network namespace by name, is not this one's.
host_mounts() {
	awk -v own="$bundle/" '{
		point = $5 "/"
		if (index(point, own) == 1 || (index(point, "/tmp/") != 1 && index(point, "/run/netns/") != 1))
			print
	}' /proc/self/mountinfo | sort
}

# left_processes [FAIL]: processes of ours that are left: those whose arguments name this bundle, whose root
# is its, and every berth-init that was started with BERTH_FAIL=FAIL. The tests run beside each other: only
# what is this test's counts.
left_processes() {
	pgrep -af -- "$bundle"
	find /proc -maxdepth 2 -name root -lname "$bundle/rootfs" 2>/dev/null
	[ -z "${1:-}" ] || find /proc -maxdepth 2 -name exe -lname '/memfd:berth-init*' -printf '%h/environ\n' \
		2>/dev/null | xargs -r grep -lsFz -x "BERTH_FAIL=$1"
	return 0
}

# is_stopped PID: a step has stopped there (BERTH_FAIL=step:stop).
is_stopped() {
	grep -qsx stopped "/proc/$1/comm"
}

# steps_of SIDES [AFTER BEFORE]: every step that there is, or those between two, from the table of the sources.
steps_of() {
	sed -n "s/^\tX([0-9]*, \([A-Z]\), \([a-z]*\)).*/\1 \2/p" "$kit_root/lib/wire/step.h" |
		awk -v sides="$1" -v after="${2:-}" -v before="${3:-}" '
			BEGIN { is_in = after == "" }
			$2 == before { is_in = 0 }
			is_in && index(sides, $1) { print $2 }
			$2 == after { is_in = 1 }'
}

# rounds NUMBER: how often a test does what it repeats; less often in a machine in software (tests/vm).
rounds() {
	echo $(($1 / ${BERTH_ROUNDS_DIVISOR:-1}))
}

# is_older VERSION: than that is this kernel.
is_older() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" != "$1" ]
}

# is_empty COMMAND...: it prints nothing.
is_empty() {
	[ -z "$("$@")" ]
}

# in_background: starts the bundle and waits for its first line; $pid is berth.
in_background() {
	: >"$bundle/out" # here: what an earlier one wrote is not its first line
	"$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 3>&- &
	pid=$!
	until_true test -s "$bundle/out"
}

end_background() {
	local child
	child=$(cat "/proc/$pid/task/$pid/children" | tr -d ' ')
	kill -KILL "$child"
	wait "$pid" || true
}
