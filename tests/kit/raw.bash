# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files that run berth-init in raw mode: raw.py, namespaces to join, and what to expect.

kit=$BATS_TEST_DIRNAME/../kit
BERTH_INIT=${BERTH_INIT:-$BATS_TEST_DIRNAME/../../build/bin/berth-init}
# The one with failpoints is built beside the berth that has them.
BERTH_INIT_TEST=${BERTH_TEST:-$BATS_TEST_DIRNAME/../../build/check-gcc/cli/berth}
BERTH_INIT_TEST=${BERTH_INIT_TEST%/cli/berth}/init/berth-init
kinds="cgroup ipc mnt net pid time user uts"

need_root() {
	[ "$EUID" = 0 ] || skip "needs root"
}

# The options of raw.py for a caller who has no rights.
ordinary=(--cwd / --env PATH=/usr/bin:/bin)
ordinary_uid=$EUID
if [ "$ordinary_uid" = 0 ]; then
	ordinary_uid=12345
	ordinary+=(--uid 12345)
fi

# raw OPTION... [--] PROGRAM...: bats' $status and $output. See raw.py for what is checked always.
raw() {
	run python3 -S "$kit/raw.py" --init "$BERTH_INIT" "$@"
}

# starts OPTION... [--] PROGRAM...: berth-init starts it and it ends well; $output is what it printed.
starts() {
	raw "$@"
	[ "$status" = 0 ] || {
		printf 'status %s, not 0; output:\n%s\n' "$status" "$output"
		return 1
	}
}

# refuses TEXT OPTION...: berth-init refuses, as the protocol wants it done, and its line has TEXT. The
# program would make a file; that it is not there shows that nothing of the program has run.
refuses() {
	local text=$1 proof=$BATS_TEST_TMPDIR/it-has-run
	shift
	rm -f "$proof"
	raw "$@" -- touch "$proof"
	is_refused "$text" && [ ! -e "$proof" ]
}

is_refused() {
	[ "$status" = 99 ] && [[ $output == *"$1"* ]] || {
		printf 'status %s, not 99 with "%s"; output:\n%s\n' "$status" "$1" "$output"
		return 1
	}
}

same() {
	[ "$1" = "$2" ] || {
		printf 'not the same:\n%s\n-- and --\n%s\n' "$1" "$2"
		return 1
	}
}

# A script for the program: its namespaces, one a line, as "KIND KIND:[INODE]".
# shellcheck disable=SC2016 # it is for the shell inside
list_namespaces='for kind in cgroup ipc mnt net pid time user uts; do
	echo "$kind $(readlink /proc/self/ns/$kind)"
done'

# changed_namespaces: the kinds in $output that are not the caller's own.
changed_namespaces() {
	local kind name changed=
	while read -r kind name; do
		[ "$name" = "$(readlink "/proc/self/ns/$kind")" ] || changed+="$kind "
	done <<<"$output"
	echo "${changed% }"
}

# namespace KIND: its name in $output.
namespace() {
	sed -n "s/^$1 //p" <<<"$output"
}

# hold OPTION...: a process in new namespaces that waits, made by unshare(1); $holder is its pid.
# hold_ordinary: the same by somebody without rights. teardown calls release, which ends all of them.
hold() {
	local ready=$BATS_TEST_TMPDIR/ready
	rm -f "$ready"
	mkfifo -m 666 "$ready"
	exec 8<>"$ready"
	"${hold_as[@]}" unshare --kill-child "$@" sh -c 'echo >&8; exec sleep 600' 3>&- 4>&- &
	holder=$!
	holders+=("$holder")
	read -r -t 10 -u 8
	exec 8>&-
}

hold_as=()
holders=()
hold_as_ordinary=()
[ "$EUID" != 0 ] ||
	hold_as_ordinary=(setpriv --reuid "$ordinary_uid" --regid "$ordinary_uid" --clear-groups)

hold_ordinary() {
	local hold_as=("${hold_as_ordinary[@]}")
	hold "$@"
}

release() {
	local pid
	for pid in "${holders[@]}"; do
		kill -9 "$pid" || true
		wait "$pid" 2>/dev/null || true
	done
	holders=()
}

# held KIND: the path of the holder's namespace. Its children live in the pid and time namespaces that
# it made.
held() {
	case $1 in
	pid | time) echo "/proc/$holder/ns/$1_for_children" ;;
	*) echo "/proc/$holder/ns/$1" ;;
	esac
}

# joins KIND...: OPTION of raw.py that join the holder's namespaces, in this order; in ${joins[@]}.
joins() {
	local kind
	joins=()
	for kind in "$@"; do
		joins+=(--join "$(held "$kind")")
	done
}

# is_held KIND: the program in $output lives in the holder's namespace.
is_held() {
	same "$(namespace "$1")" "$(readlink "$(held "$1")")"
}
