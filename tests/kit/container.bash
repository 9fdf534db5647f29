# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files that run containers: a bundle of busybox, changes to its config with jq, and the
# oracle for what is left behind.

kit_root=${BATS_TEST_DIRNAME%/*/*}
# shellcheck source=tests/kit/assert.bash
. "$kit_root/tests/kit/assert.bash"
# The programs: a release, and the same with failpoints (BERTH_FAIL=step:action). make_bundle puts in the
# place of each a script that gives it a state root of the test's own.
BERTH=${BERTH:-$kit_root/build/bin/berth}
BERTH_TEST=${BERTH_TEST:-$kit_root/build/check-gcc/cli/berth}
berth_program=$BERTH
failpoints_program=$BERTH_TEST
export BERTH BERTH_TEST
shopt -s globstar # left_cgroups

# What starts a process or a subshell costs a test as much as fifty commands of bash, and more in a machine in
# software (tests/vm): where both say the same, it is the bash here.

# make_bundle [--rootless]: $bundle, $cid for an id that no other test has, with a root file system and the
# config that `berth spec` writes, without a terminal. Below /tmp, not below the tests' own folder, whose path
# an ordinary user may not enter.
make_bundle() {
	local template=$BATS_FILE_TMPDIR/bundle$*
	[ -e "$template" ] || make_template "$template" "$@"
	cid=berth-test.$$${EPOCHREALTIME: -6}
	bundle=/tmp/$cid
	cp -a "$template" "$bundle"
	BERTH=$bundle/berth-release
	BERTH_TEST=$bundle/berth-failpoints
}

# make_template FOLDER [--rootless]: what all bundles of a file begin with, made once. The shell is busybox's, which
# is ln and the others itself.
make_template() {
	# shellcheck disable=SC2016 # for the shell inside
	busybox sh -c '
		mkdir -p "$0/rootfs/bin"
		cd "$0"
		chmod 755 .
		mkdir -m 700 state
		cd rootfs
		mkdir dev etc proc sys tmp
		cd bin
		cp /bin/busybox busybox
		for name; do
			ln -s busybox "$name"
		done
	' "$1" sh true false cat ls id hostname mount mknod touch echo sleep stat readlink \
		tty stty grep cut env pwd ps kill head wc test mkdir rm ln seq tr sort
	with_root "$berth_program" "$1/berth-release"
	with_root "$failpoints_program" "$1/berth-failpoints"
	"$berth_program" spec "${@:2}" --bundle "$1"
	bundle=$1 config '.process.terminal = false'
}

# with_root PROGRAM SCRIPT: the script that runs it with the state root beside it, and with the manager of cgroups of
# BERTH_TEST_MANAGER, where that is set; where there is no program, there is none.
with_root() {
	[ -x "$1" ] || return 0
	# shellcheck disable=SC2016 # variables of the script's
	printf '#!/bin/sh\nexec "%s" --root "${0%%/*}/state" ${BERTH_TEST_MANAGER:+--cgroup-manager "$BERTH_TEST_MANAGER"} "$@"\n' "$1" >"$2"
	chmod 755 "$2"
}

# build_static NAME FILE: a program of this folder, NAME.c; a machine (tests/vm) has those that its host has built.
build_static() {
	if [ -x "$kit_root/build/kit/$1" ]; then
		cp "$kit_root/build/kit/$1" "$2"
	else
		gcc -static -O1 -Wall -Wextra -Werror -o "$2" "$kit_root/tests/kit/$1.c"
	fi
}

# needs_cgroupfs: for a test of what the manager cgroupfs alone does; on a host with systemd it is there as well.
needs_cgroupfs() {
	unset BERTH_TEST_MANAGER
}

# own_cgroup [NAME]: the config's path to the cgroup "berth-NAME" (default: the id), as the manager writes it.
own_cgroup() {
	local path=/berth-${1:-$cid}
	[ "${BERTH_TEST_MANAGER:-}" != systemd ] || path=:berth:${1:-$cid}
	# shellcheck disable=SC2016 # a variable of jq
	config '.linux.cgroupsPath = $path' --arg path "$path"
}

# unified_cgroup: the directory of "berth-ID" in version 2, where that is alone; that of a scope is of root's or the
# user's slice.
unified_cgroup() {
	if [ "${BERTH_TEST_MANAGER:-}" = systemd ]; then
		find /sys/fs/cgroup -type d -name "berth-$cid.scope" 2>/dev/null
	else
		echo "/sys/fs/cgroup/berth-$cid"
	fi
}

remove_bundle() {
	[ -z "${bundle:-}" ] || rm -rf "$bundle"
	[ -z "${cid:-}" ] || remove_cgroups
}

# Cgroups of this test's containers, in any hierarchy.
left_cgroups() {
	local cgroup
	for cgroup in /sys/fs/cgroup/**/"berth-$cid"*/; do
		[ ! -d "$cgroup" ] || echo "${cgroup%/}"
	done
}

# What a berth that was killed has left: the processes of its cgroups, and they as soon as they are empty.
remove_cgroups() {
	local i left
	for ((i = 0; i < 50; i++)); do
		left=(/sys/fs/cgroup/**/"berth-$cid"*/)
		[ -d "${left[0]}" ] || return 0
		find "${left[@]}" -name cgroup.procs -exec cat {} + 2>/dev/null |
			sort -u | xargs -r kill -KILL 2>/dev/null || true
		find "${left[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || true
		pause 0.05
	done
}

# config FILTER [JQ_ARGUMENT...]: changes config.json.
config() {
	local changed
	changed=$(jq "${@:2}" "$1" "$bundle/config.json") || return
	echo "$changed" >"$bundle/config.json"
}

# in_container SCRIPT [FILTER [JQ_ARGUMENT...]]: what the shell of the container is to do, and what else changes in
# its config.
in_container() {
	# shellcheck disable=SC2016 # a variable of jq
	config '.process.args = ["/bin/sh", "-c", $script] | '"${2:-.}" --arg script "$1" "${@:3}"
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
	local mount mounts place='^([^ ]+ ){4}'
	mapfile -t mounts </proc/self/mountinfo
	for mount in "${mounts[@]}"; do
		[[ $mount =~ $place(/tmp/|/run/netns/) && ! $mount =~ $place"$bundle"[/\ ] ]] || echo "$mount"
	done
}

# left_processes [FAIL]: what /proc has of processes of ours that are left: those whose arguments name this bundle,
# whose root is its, and every berth-init that was started with BERTH_FAIL=FAIL. The tests run beside each other: only
# what is this test's counts.
left_processes() {
	local exe
	# With the brackets, not the grep itself.
	grep -ls -- "[/]${bundle#/}" /proc/[0-9]*/cmdline
	find /proc/[0-9]*/root -maxdepth 0 -lname "$bundle/rootfs" 2>/dev/null
	[ -z "${1:-}" ] || find /proc/[0-9]*/exe -maxdepth 0 -lname '/memfd:berth-init*' 2>/dev/null |
		while read -r exe; do
			grep -lsFz -x "BERTH_FAIL=$1" "${exe%exe}environ"
		done
	return 0
}

# has_status STATUS [ID], pid_of [ID]: as `berth state` writes it.
has_status() {
	[[ $("$BERTH" state "${2:-$cid}") == *$'\n\t"status": "'"$1"'",'* ]]
}

pid_of() {
	local state
	state=$("$BERTH" state "${1:-$cid}")
	[[ $state =~ $'\n\t"pid": '([0-9]+), ]]
	echo "${BASH_REMATCH[1]}"
}

# child_of PID: the one child of a berth.
child_of() {
	local child
	read -r child <"/proc/$1/task/$1/children"
	echo "$child"
}

# is_stopped PID: a step has stopped there (BERTH_FAIL=step:stop).
is_stopped() {
	local comm
	read -r comm 2>/dev/null <"/proc/$1/comm" && [ "$comm" = stopped ]
}

# steps_of SIDES [AFTER BEFORE]: every step that there is, or those between two, from the table of the sources; of them
# every so many alone, as rounds are fewer.
steps_of() {
	sed -n "s/^\tX([0-9]*, \([A-Z]\), \([a-z]*\)).*/\1 \2/p" "$kit_root/lib/wire/step.h" |
		awk -v sides="$1" -v after="${2:-}" -v before="${3:-}" -v divisor="${BERTH_ROUNDS_DIVISOR:-1}" '
			BEGIN { is_in = after == "" }
			$2 == before { is_in = 0 }
			is_in && index(sides, $1) && taken++ % divisor == 0 { print $2 }
			$2 == after { is_in = 1 }'
}

# rounds NUMBER: how often a test does what it repeats; less often in a machine in software (tests/vm).
rounds() {
	local divisor=${BERTH_ROUNDS_DIVISOR:-1}
	echo $(($1 < divisor ? 1 : $1 / divisor))
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
	kill -KILL "$(child_of "$pid")"
	wait "$pid" || true
}
