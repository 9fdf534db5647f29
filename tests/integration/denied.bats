#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 1200
# System calls that the kernel lacks (ENOSYS) or a filter around berth refuses (EPERM), one at a time: each verb works, and
# the container is as confined as ever, or it fails with one line that names the call, and nothing is left.

load ../kit/container
load ../kit/deny

# What berth needs of the newer calls: CALL VERBS ENOSYS EPERM. A verb that is not named works without the call.
#   lacks    the error has "kernel lacks CALL (Linux VERSION)"
#   refused  it has "CALL refused (EPERM), ... by a seccomp filter?"
# On version 2 alone the device filter is a program.
needs() {
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] && echo bpf - - - || echo bpf run lacks refused
	cat <<-'END'
		clone3 run,exec lacks refused
		close_range run,exec lacks refused
		execveat run,exec lacks refused
		faccessat2 - - -
		fchmodat2 - - -
		fsconfig run lacks refused
		fsmount run lacks refused
		fsopen run lacks refused
		memfd_create run,exec lacks refused
		mount_setattr run lacks refused
		move_mount run lacks refused
		open_tree run lacks refused
		openat2 run,exec,state,kill,update,pause,resume,delete lacks refused
		pidfd_getfd - - -
		pidfd_open run,exec,state,kill,update,pause,resume,delete lacks refused
		pidfd_send_signal kill,delete lacks refused
		seccomp run,exec lacks refused
		setns run,exec lacks refused
		statx - - -
		unshare run lacks refused
	END
}

# What a filter may forbid of what each kernel has: CALL, and what the error of "run" has; nothing where it works as ever.
older() {
	cat <<-'END'
		capget capget
		capset /process/capabilities set the capabilities
		fchownat /mounts/8 copy the owner of /etc
		flock make and lock the container's directory
		getrandom random bytes
		ioctl:1=0xb703
		ioprio_set /process/ioPriority set the I/O priority
		kill
		mknodat /linux/devices make the device
		mount
		personality /linux/personality set the personality
		pivot_root pivot_root
		prctl:0=1 set the parent-death signal
		prctl:0=4 make the process undumpable
		prctl:0=8 PR_SET_KEEPCAPS
		prctl:0=24 /process/capabilities/bounding drop capability
		prctl:0=36
		prctl:0=38 /process/noNewPrivileges set no_new_privs
		prctl:0=47 /process/capabilities clear the ambient capabilities
		prlimit64 /process/rlimits/0 set the rlimit
		sched_setaffinity
		sched_setattr /process/scheduler set the scheduler
		set_mempolicy
		setdomainname /domainname setdomainname
		setgroups /process/user/additionalGids set 1 supplementary groups
		sethostname /hostname sethostname
		setresgid /process/user/gid set gid
		setresuid /process/user/uid set uid
		setsid leave the caller's session: setsid refused (EPERM), by a seccomp filter?
		signalfd4 signalfd
		timerfd_create
		umount2 detach the old root
		waitid wait for the intermediate
	END
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
	mkdir "$bundle/data"
	full_config
	mounts=$(host_mounts)
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# Everything that needs a call of its own.
full_config() {
	mkdir -p "$bundle/rootfs/mapped" "$bundle/rootfs/bound"
	echo root:x:0:0::/:/bin/sh >"$bundle/rootfs/etc/passwd"
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD"]) |
		.process.user.additionalGids = [5] | .process.oomScoreAdj = 500 |
		.process.scheduler = {policy: "SCHED_BATCH"} | .process.ioPriority = {class: "IOPRIO_CLASS_IDLE"} |
		.root.readonly = false | .domainname = "denied" |
		.mounts += [
			{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid"]},
			{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]},
			{destination: "/bound", type: "bind", source: $data, options: ["rbind", "rro", "rnosuid"]},
			{destination: "/mapped", type: "bind", source: $data, options: ["bind", "idmap"],
				uidMappings: [{containerID: 0, hostID: 1000, size: 10}],
				gidMappings: [{containerID: 0, hostID: 1000, size: 10}]}] |
		.linux.maskedPaths -= ["/proc/keys"] |
		.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000}} |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.personality = {domain: "LINUX"} |
		.linux.resources = {pids: {limit: 100}, devices: [{allow: false, access: "rwm"}]} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]} |
		.hooks = {createRuntime: [{path: "/bin/true"}], createContainer: [{path: "/bin/true"}],
			startContainer: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}' --arg data "$bundle/data"
	# Before Linux 5.12 neither mounts with mapped ids nor attributes of whole trees.
	! is_older 5.12 || config '.mounts |= map(select(.destination != "/mapped") | .options[]? |= ({rro: "ro", rnosuid: "nosuid"}[.] // .))'
	config '.process.env += ["HOST=" + $host]' --arg host "$(readlink /proc/self/ns/* | tr '\n' ' ')"
	config '.process.env += ["ID=" + $id]' --arg id "$cid"
	cp "$kit_root/tests/kit/witness.sh" "$bundle/rootfs/witness.sh"
	ln -s busybox "$bundle/rootfs/bin/sed"
}

# berth under a filter, with a descriptor that the container must not get.
denied_berth() {
	local call=$1 errno=$2
	shift 2
	run denying "$call" "$errno" timeout -k 2 40 "$BERTH" "$@" 9</etc/passwd
}

# expected CALL VERB ENOSYS|EPERM: the word of the table.
expected() {
	needs | awk -v call="$1" -v verb="$2" -v column="$([ "$3" = ENOSYS ] && echo 3 || echo 4)" '
		$1 == call && index("," $2 ",", "," verb ",") { word = $column }
		END { print word == "" ? "works" : word }'
}

# assert_outcome CALL VERB ERRNO: it is as the table says; $works is whether the verb worked.
assert_outcome() {
	local word name=${1%%:*}
	word=$(expected "$@")
	works=false
	case $word in
	works) assert_status 0 ;;
	lacks) assert_failed "kernel lacks $name (Linux " ;;
	refused) assert_failed "$name refused (EPERM), " "by a seccomp filter?" ;;
	esac || {
		echo "$*: not \"$word\""
		return 1
	}
	[ "$word" != works ] || works=true
}

# One line of berth's, and no more.
assert_failed() {
	[ "$status" = 1 ] || [ "$status" = 255 ] || assert_status 1
	[ "${#lines[@]}" = 1 ] || {
		printf 'not one line:\n%s\n' "$output"
		return 1
	}
	local text
	for text in "$@"; do
		assert_contains "$text"
	done
}

assert_same() {
	[ "$1" = "$2" ] || {
		diff <(echo "$1") <(echo "$2")
		return 1
	}
}

# What the container looks like where nothing is refused: under a filter all the same, for a call that berth has no use for.
control() {
	witness add_key ENOSYS
	assert_status 0
	control=$output
}

witness() {
	in_container 'sh /witness.sh'
	denied_berth "$1" "$2" run --bundle "$bundle" "$cid"
}

# run: the container is the same, or nothing of it is there.
run_under() {
	control
	witness "$1" "$2"
	assert_outcome "$1" run "$2"
	! $works || assert_same "$control" "$output"
	assert_nothing_left
}

idle() {
	in_container 'trap "touch /tmp/signalled" USR1; touch /tmp/ready; while :; do sleep 0.05; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true "$BERTH" exec "$cid" test -e /tmp/ready
}

assert_state() {
	assert_contains '"status": "running"'
}

# verb CALL ERRNO VERB THEN ARGUMENT...: under the filter; where it works, THEN is true, else the container runs on.
verb() {
	local call=$1 errno=$2 name=$3 then=$4
	shift 4
	denied_berth "$call" "$errno" "$name" "$@"
	assert_outcome "$call" "$name" "$errno"
	if $works; then
		$then
	else
		is running
	fi
}

is() {
	[ "$("$BERTH" state "$cid" | jq -r .status)" = "$1" ]
}

same_as_control() {
	assert_same "$control" "$output"
}

has_signal() {
	until_true "$BERTH" exec "$cid" test -e /tmp/signalled
}

has_limit() {
	[ "$("$BERTH" exec "$cid" sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null')" = 50 ]
}

# The other verbs on a container that was made without a filter.
verbs_under() {
	idle
	denied_berth add_key ENOSYS exec "$cid" sh /witness.sh
	assert_status 0
	control=$output
	verb "$@" exec same_as_control "$cid" sh /witness.sh
	verb "$@" state assert_state "$cid"
	verb "$@" kill has_signal "$cid" USR1
	verb "$@" update has_limit --pids-limit 50 "$cid"
	verb "$@" pause "is paused" "$cid"
	$works || "$BERTH" pause "$cid"
	denied_berth "$@" resume "$cid"
	assert_outcome "$1" resume "$2"
	$works || "$BERTH" resume "$cid"
	is running
	verb "$@" delete assert_nothing_left --force "$cid"
	$works || "$BERTH" delete --force "$cid"
	assert_nothing_left
}

assert_nothing_left() {
	is_empty "$BERTH" list --quiet
	[ ! -e "$bundle/state/$cid" ]
	is_empty left_cgroups
	is_empty left_processes
	assert_same "$mounts" "$(host_mounts)"
}

# denied CALL: by a kernel, by a filter.
denied() {
	local errno
	for errno in ENOSYS EPERM; do
		run_under "$1" $errno
		verbs_under "$1" $errno
	done
}

@test "each call that berth makes by its number has a row, or no container can do without it" {
	local name
	for name in $(grep -oh 'SYS_[a-z0-9_]\+' "$kit_root"/lib/sys/*.c | sort -u); do
		case ${name#SYS_} in
		execve | exit_group | getcwd | getdents64 | getpid | getppid | getresgid | getresuid | keyctl | rt_sig*) ;;
		*)
			{
				needs
				older
			} | grep -qE "^${name#SYS_}( |:|\$)" || {
				echo "no row for $name"
				return 1
			}
			;;
		esac
	done
}

@test "each row has a test" {
	local name
	while read -r name _; do
		grep -qx "	denied $name" "$BATS_TEST_FILENAME" || {
			echo "no test of $name"
			return 1
		}
	done < <(needs)
}

@test "bpf" {
	denied bpf
}

@test "clone3" {
	denied clone3
}

@test "close_range" {
	denied close_range
}

@test "execveat" {
	denied execveat
}

@test "faccessat2" {
	denied faccessat2
}

@test "fchmodat2" {
	denied fchmodat2
}

@test "fsconfig" {
	denied fsconfig
}

@test "fsmount" {
	denied fsmount
}

@test "fsopen" {
	denied fsopen
}

@test "memfd_create" {
	denied memfd_create
}

@test "mount_setattr" {
	denied mount_setattr
}

@test "move_mount" {
	denied move_mount
}

@test "open_tree" {
	denied open_tree
}

@test "openat2" {
	denied openat2
}

@test "pidfd_getfd" {
	denied pidfd_getfd
}

@test "pidfd_open" {
	denied pidfd_open
}

@test "pidfd_send_signal" {
	denied pidfd_send_signal
}

@test "seccomp" {
	denied seccomp
}

@test "setns" {
	denied setns
}

@test "statx" {
	denied statx
}

@test "unshare" {
	denied unshare
}

@test "what each kernel has, and a filter forbids" {
	local call text control
	control
	while read -r call text; do
		echo "$call:"
		witness "$call" EPERM
		if [ -z "$text" ]; then
			assert_status 0
			assert_same "$control" "$output"
		else
			assert_failed "${text%% *}" "${text#* }" "operation not permitted"
		fi
		assert_nothing_left
	done < <(older)
}

@test "setgroups: groups of the caller never stay, also where none were asked for" {
	config 'del(.process.user.additionalGids)'
	in_container 'id -G'
	run setpriv --groups 5,7 "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = 0 ]
	run setpriv --groups 5,7 "$BATS_FILE_TMPDIR/deny" setgroups EPERM "$BERTH" run --bundle "$bundle" "$cid"
	assert_failed /process/user/additionalGids "setgroups refused (EPERM)"
}

@test "keyctl: no keyring of its own only where no key is in the container's reach" {
	local errno number
	build_static call "$bundle/rootfs/bin/call"
	# KEYCTL_GET_KEYRING_ID of the session's.
	in_container 'grep -o "keyring   _ses.$ID" /proc/keys; call keyctl 0 -3 0'
	denied_berth add_key ENOSYS run --bundle "$bundle" "$cid"
	[ "$output" = "$(printf '%s\n' "keyring   _ses.$cid" ok)" ]
	for errno in ENOSYS EPERM; do
		denied_berth keyctl $errno run --bundle "$bundle" "$cid"
		number=38
		[ $errno = ENOSYS ] || number=1
		assert_status 0
		[ "$output" = $number ]
	done
	# KEYCTL_JOIN_SESSION_KEYRING alone.
	denied_berth keyctl:0=1 EPERM run --bundle "$bundle" "$cid"
	assert_failed "join the session keyring" "keyctl refused (EPERM), by a seccomp filter?"
	assert_nothing_left
}

@test "memfd_create without MFD_EXEC, as before Linux 6.3" {
	control
	witness 'memfd_create:1&0x10' EINVAL
	assert_status 0
	assert_same "$control" "$output"
}

@test "memfd_create: vm.memfd_noexec is 2" {
	local text="an executable one is refused, by vm.memfd_noexec = 2"
	witness 'memfd_create:1&0x10' EACCES
	assert_failed "$text"
	# The kernel itself, since Linux 6.3, in a pid namespace of this test.
	if [ -e /proc/sys/vm/memfd_noexec ]; then
		# shellcheck disable=SC2016 # variables of the inner shell
		run unshare --pid --fork --mount-proc sh -c 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' sh \
			"$BERTH" run --bundle "$bundle" "$cid"
		assert_failed "$text"
		[ "$(cat /proc/sys/vm/memfd_noexec)" = 0 ]
	fi
	assert_nothing_left
}

@test "close_range without CLOSE_RANGE_CLOEXEC, as before Linux 5.11" {
	control
	witness close_range:2=4 EINVAL
	assert_status 0
	assert_same "$control" "$output"
}

@test "pidfd_send_signal: run hands signals on all the same" {
	in_container 'trap "echo got; exit 7" TERM; echo ready; while :; do sleep 0.05; done'
	"$BATS_FILE_TMPDIR/deny" pidfd_send_signal EPERM "$BERTH" run --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 3>&- &
	pid=$!
	until_true grep -qx ready "$bundle/out"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	assert_status 7
	grep -qx got "$bundle/out"
}

@test "pidfd_send_signal: a start that fails ends the container all the same" {
	local errno
	in_container 'sleep 60'
	config '.hooks = {poststart: [{path: "/bin/false"}]}'
	for errno in ENOSYS EPERM; do
		run denying pidfd_send_signal $errno timeout -k 2 20 "$BERTH" run --bundle "$bundle" "$cid"
		assert_failed /hooks/poststart/0
		assert_nothing_left
	done
}
