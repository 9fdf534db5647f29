#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# programs: apparmor_parser
# process.apparmorProfile and exec --apparmor, on a kernel with AppArmor: a machine of tests/vm/run. Profile
# berth-N forbids to read /secret-N and nothing else.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/labels

setup_file() {
	is_enabled || return 0
	local name
	for name in a b; do
		printf 'profile berth-%s flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, mount, umount, pivot_root, signal, ptrace, unix,
			change_profile,
			deny /secret-%s r,
		}\n' $name $name
	done >"$BATS_FILE_TMPDIR/profiles"
	apparmor_parser --replace --skip-cache --quiet "$BATS_FILE_TMPDIR/profiles"
}

is_enabled() {
	[ "$EUID" = 0 ] && [ -e /sys/kernel/security/apparmor/profiles ]
}

setup() {
	is_enabled || skip "no-apparmor: the kernel has none enabled"
	make_bundle
	echo A >"$bundle/rootfs/secret-a"
	echo B >"$bundle/rootfs/secret-b"
	chmod 644 "$bundle"/rootfs/secret-?
	in_container "$look"
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	remove_bundle
}

# Who it is, and what it can read.
look='cat /proc/self/attr/current; for i in a b; do cat /secret-$i 2>/dev/null || echo no $i; done'

# profile NAME [JQ_FILTER]
profile() {
	config '.process.apparmorProfile = $p | '"${2:-.}" --arg p "$1"
}

runs() {
	berth_run
	expect "$@"
}

# started [PROFILE]: a container that waits, in the background.
started() {
	[ -z "${1:-}" ] || profile "$1"
	config '.process.args = ["sleep", "1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out"
		return 1
	}
	pid=$(pid_of)
}

# user_namespace: a container of it, whose root is not the host's.
user_namespace() {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 711 "$bundle"
}

@test "control: without a profile, or with an empty one, nothing is forbidden" {
	runs unconfined A B
	profile ""
	runs unconfined A B
}

@test "the profile applies: its name is there, and what it denies is denied" {
	profile berth-a
	runs "berth-a (enforce)" "no a" B
	profile berth-b
	runs "berth-b (enforce)" A "no b"
}

@test "the host sees the container's first process under it, created and started" {
	profile berth-a
	config '.process.args = ["sleep", "1000"]'
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	"$BERTH" start "$cid"
	pid=$(pid_of)
	until_true grep -qx 'berth-a (enforce)' "/proc/$pid/attr/current"
	run "$BERTH" exec "$cid" cat /proc/1/attr/current
	expect "berth-a (enforce)"
}

@test "a stack of two profiles: both apply" {
	profile 'berth-a//&berth-b'
	berth_run
	assert_status 0
	assert_line "no a"
	assert_line "no b"
	assert_contains "berth-a//&berth-b (enforce)"
}

@test "as an ordinary user without capabilities, with no_new_privs and with a filter that forbids what was needed" {
	local nnp
	profile berth-a '.process.user = {"uid": 1000, "gid": 1000} | del(.process.capabilities)
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls":
			[{"names": ["openat2", "fsopen", "fsmount", "pread64"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		runs "berth-a (enforce)" "no a" B
	done
}

@test "a profile that is not loaded: the field is named, podman knows the error, nothing runs or is left" {
	profile berth-nosuch
	berth_run
	assert_error '/process/apparmorProfile (line ' \
		'write "exec berth-nosuch" to `/proc/self/attr/apparmor/exec`: the profile is not loaded' "step label"
	refute_contains "o such file"
	# podman's own: the first match wins.
	[[ $output =~ \`/proc/[a-z0-9-].+/attr.*\` ]]
	[[ ${BASH_REMATCH[0]} == */exec\` ]]
	is_empty left_processes
	is_empty left_cgroups
	run "$BERTH" create --bundle "$bundle" "$cid"
	assert_error "the profile is not loaded"
	run "$BERTH" state "$cid"
	assert_error "does not exist"
}

@test "exec: the container's profile, or that of --apparmor" {
	started berth-a
	looks
	expect "berth-a (enforce)" "no a" B
	looks --apparmor ""
	assert_status 255
	[ "$output" = "berth: --apparmor is empty" ]
	looks --apparmor berth-b
	expect "berth-b (enforce)" A "no b"
	looks --apparmor unconfined
	expect unconfined A B
	looks --apparmor berth-nosuch
	assert_status 255
	[ "${#lines[@]}" = 1 ]
	assert_contains 'berth: --apparmor: write "exec berth-nosuch" to `/proc/self/attr/apparmor/exec`: the profile is not loaded'
	refute_contains "/process/apparmorProfile"
	[ "$("$BERTH" exec "$cid" cat /proc/1/attr/current)" = "berth-a (enforce)" ]
}

@test "exec in a container without a profile: none, or that of --apparmor" {
	started
	looks
	expect unconfined A B
	looks --apparmor berth-a
	expect "berth-a (enforce)" "no a" B
}

@test "exec --process: its own profile, else the container's; --apparmor before both" {
	started berth-a
	process_file '.apparmorProfile = "berth-b"'
	expect "berth-b (enforce)" A "no b"
	process_file 'del(.apparmorProfile)'
	expect "berth-a (enforce)" "no a" B
	process_file '.apparmorProfile = "unconfined"' --apparmor berth-b
	expect "berth-b (enforce)" A "no b"
	process_file '.apparmorProfile = "berth-nosuch"'
	assert_status 255
	assert_contains "/process/apparmorProfile (line "
}

@test "in a user namespace, and exec into it" {
	user_namespace
	profile berth-a
	runs "berth-a (enforce)" "no a" B
	started berth-a
	looks
	expect "berth-a (enforce)" "no a" B
	looks --apparmor berth-b
	expect "berth-b (enforce)" A "no b"
}

# host_pids: a user namespace which has no say over its pid namespace, and so gets no proc file system of its own.
host_pids() {
	user_namespace
	config '.linux.namespaces |= map(select(.type != "pid")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| (.mounts[] | select(.destination == "/proc")) |=
			{"destination": "/proc", "source": "/proc", "options": ["rbind"]}
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
}

@test "where the kernel refuses a proc file system, that of /proc will do" {
	host_pids
	runs unconfined A B
	profile berth-a
	runs "berth-a (enforce)" "no a" B
	started berth-a
	# The control.
	run "$BERTH" exec "$cid" mount -t proc proc /tmp
	[ "$status" != 0 ]
	run "$BERTH" exec "$cid" mount -t tmpfs none /tmp
	assert_status 0
	looks
	expect "berth-a (enforce)" "no a" B
	looks --apparmor berth-b
	expect "berth-b (enforce)" A "no b"
}

@test "a hook startContainer is confined as the program, a hook createContainer is not" {
	profile berth-a
	config '.root.readonly = false | .hooks = {
		"createContainer": [{"path": "/usr/bin/sh", "args": ["sh", "-c", "cat /proc/self/attr/current >" + $b + "/hook-create"]}],
		"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "cat /proc/self/attr/current >/hook-start"]}]}' \
		--arg b "$bundle"
	runs "berth-a (enforce)" "no a" B
	[ "$(cat "$bundle/hook-create")" = unconfined ]
	[ "$(cat "$bundle/rootfs/hook-start")" = "berth-a (enforce)" ]
}

# forged_proc: what an image may have at /proc.
forged_proc() {
	mkdir -p "$bundle"/rootfs/proc/{self,thread-self,1}/attr/apparmor
	touch "$bundle"/rootfs/proc/{self,thread-self,1}/attr/{,apparmor/}{exec,current}
	chmod -R a+rwX "$bundle/rootfs/proc"
}

@test "attack: the image's own /proc, with nothing mounted there, gets nothing of the label (CVE-2019-16884)" {
	forged_proc
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'for i in a b; do cat /secret-$i 2>/dev/null || echo no $i; done'
	runs A B
	profile berth-a
	runs "no a" B
	[ -z "$(cat "$bundle"/rootfs/proc/self/attr/exec "$bundle"/rootfs/proc/self/attr/apparmor/exec)" ]
	# Where the kernel refuses a proc file system, there is none, and nothing runs.
	user_namespace
	in_container 'echo RAN'
	berth_run
	assert_error "/process/apparmorProfile" '`/proc/self/attr/apparmor/exec`' "step label"
	refute_contains RAN
}

@test "attack: a forged /proc is no mount of the config (CVE-2019-16884)" {
	mkdir -p "$bundle/forged/self/attr/apparmor"
	touch "$bundle/forged/self/attr/apparmor/exec"
	profile berth-a
	config '(.mounts[] | select(.destination == "/proc")) |= {"destination": "/proc", "source": $b, "options": ["bind"]}' \
		--arg b "$bundle/forged"
	in_container 'echo RAN'
	berth_run
	assert_error "/proc" "not of type proc"
	refute_contains RAN
}

@test "attack: berth's own directory in the host's /proc is forged: the kernel gets the label (CVE-2025-52881)" {
	local script
	profile berth-a
	# shellcheck disable=SC2016 # variables of that shell, which is the first process there, and then berth
	script='mount -t tmpfs none /mnt && mkdir -p /mnt/attr/apparmor && echo unconfined >/mnt/attr/apparmor/current &&
		cp /proc/1/uid_map /proc/1/status /proc/1/cgroup /proc/1/mountinfo /mnt && touch /mnt/attr/apparmor/exec &&
		mount -o bind /mnt /proc/1 && exec "$0" run --bundle "$1" "$2"'
	run timeout 60 unshare --mount --pid --fork --mount-proc sh -c "$script" "$BERTH" "$bundle" "$cid"
	expect "berth-a (enforce)" "no a" B
}

@test "attack: the container has put a /proc of its own over the one it got: exec runs nothing without its label" {
	host_pids
	started berth-a
	looks
	expect "berth-a (enforce)" "no a" B
	run "$BERTH" exec "$cid" sh -c 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr/apparmor &&
		echo forged >/proc/self/attr/apparmor/exec && cat /proc/self/attr/apparmor/exec'
	expect forged
	looks --apparmor berth-b
	assert_status 255
	assert_contains '--apparmor: open `/proc/self/attr/apparmor/exec`: no such device (step label)'
}

@test "a SELinux label is refused by name, as the kernel has no SELinux" {
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	berth_run
	assert_error "/process/selinuxLabel (line " "SELinux is not enabled"
}
