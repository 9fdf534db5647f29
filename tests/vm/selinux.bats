#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# programs: checkpolicy
# kernel: lsm=selinux
# process.selinuxLabel, linux.mountLabel and exec --process-label, on a kernel with SELinux, which enforces the
# policy of selinux.conf: a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/labels

HOST=system_u:system_r:kernel_t:s0-s0:c0.c3
BOX=system_u:system_r:container_t:s0:c1,c2
OTHER=system_u:system_r:other_t:s0
MOUNT=system_u:object_r:plain_t:s0:c1,c2
PLAIN=system_u:object_r:plain_t:s0

setup_file() {
	selinux_is_enabled || return 0
	# In a shell of its own, which keeps what make_bundle sets.
	(without_policy) >"$BATS_FILE_TMPDIR/without" 2>&1 || true
	selinux_enforce "$BATS_TEST_DIRNAME/selinux.conf"
}

# What is said before there is a policy: later there is no way back.
without_policy() {
	make_bundle
	in_container 'echo RAN'
	"$BERTH" run --bundle "$bundle" "$cid"
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	"$BERTH" run --bundle "$bundle" "$cid"
	config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:plain_t:s0"'
	"$BERTH" run --bundle "$bundle" "$cid"
	remove_bundle
}

setup() {
	selinux_is_enabled || skip "no-selinux: the kernel has none enabled"
	make_bundle
	echo S >"$bundle/rootfs/secret"
	echo C >"$bundle/rootfs/category"
	label "$bundle/rootfs/secret" system_u:object_r:secret_t:s0
	label "$bundle/rootfs/category" system_u:object_r:plain_t:s0:c3
	in_container "$look"
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	remove_bundle
}

# Who it is, and what it can read.
look='cat /proc/self/attr/current | tr "\0" "\n"; for i in secret category; do cat /$i 2>/dev/null || echo no $i; done'

label() {
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", sys.argv[2].encode())' "$@"
}

# labels PROCESS [MOUNT]
labels() {
	config '.process.selinuxLabel = $p | .linux.mountLabel = $m' --arg p "$1" --arg m "${2:-}"
}

runs() {
	berth_run
	expect "$@"
}

# started: a container that waits, in the background.
started() {
	config '.process.args = ["sleep", "1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out"
		return 1
	}
	pid=$(pid_of)
}

@test "before there is a policy, labels are refused by name; control: without them it runs" {
	run cat "$BATS_FILE_TMPDIR/without"
	[ "${#lines[@]}" = 3 ]
	[ "${lines[0]}" = RAN ]
	[[ ${lines[1]} == "berth: /process/selinuxLabel (line "*"has no policy" ]]
	[[ ${lines[2]} == "berth: /linux/mountLabel (line "*"has no policy" ]]
}

@test "control: without a label, or with an empty one, a container is as the caller" {
	runs $HOST S C
	labels ""
	runs $HOST S C
}

@test "the label applies: it is there, its type and its categories forbid what they do not permit" {
	labels $BOX
	runs $BOX "no secret" "no category"
	labels $OTHER
	runs $OTHER S "no category"
	labels system_u:system_r:container_t:s0:c3
	runs system_u:system_r:container_t:s0:c3 "no secret" C
}

@test "as an ordinary user without capabilities, with and without no_new_privs" {
	labels $BOX
	config '.process.user = {"uid": 1000, "gid": 1000} | del(.process.capabilities)'
	local nnp
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		runs $BOX "no secret" "no category"
	done
}

@test "the host sees the container's first process under it, created and started" {
	labels $BOX
	config '.process.args = ["sleep", "1000"]'
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	"$BERTH" start "$cid"
	pid=$(pid_of)
	until_true grep -q $BOX "/proc/$pid/attr/current"
}

@test "the session keyring has the label: the container sees it, and with another label it does not" {
	labels $BOX
	config '.linux.maskedPaths = []'
	in_container 'grep -c "keyring *_ses.'"$cid"'" /proc/keys'
	runs 1
	# The control: a keyring of the host's label, that of who makes none.
	started
	run "$BERTH" exec "$cid" grep -c "keyring *_ses.$cid" /proc/keys
	expect 1
	run "$BERTH" exec --process-label $OTHER "$cid" grep -c "keyring *_ses.$cid" /proc/keys
	[ "$output" = 0 ]
}

@test "a label that the policy does not know: podman knows the error, nothing runs or is left" {
	labels system_u:system_r:nosuch_t:s0
	berth_run
	assert_error '/process/selinuxLabel (line ' 'write "system_u:system_r:nosuch_t:s0" to `/proc/self/attr/keycreate`' \
		"invalid argument" "step session"
	[[ $output =~ \`/proc/[a-z0-9-].+/attr.*\` ]]
	is_empty left_processes
	is_empty left_cgroups
	run timeout 60 "$BERTH" run --no-new-keyring --bundle "$bundle" "$cid"
	assert_error '/process/selinuxLabel (line ' 'to `/proc/self/attr/exec`' "invalid argument" "step label"
	[[ $output =~ \`/proc/[a-z0-9-].+/attr.*\` ]]
	[[ ${BASH_REMATCH[0]} == */exec\` ]]
}

@test "exec: the container's label, or that of --process-label" {
	labels $BOX
	started
	looks
	expect $BOX "no secret" "no category"
	looks --process-label ""
	assert_status 255
	[ "$output" = "berth: --process-label is empty" ]
	looks --process-label $OTHER
	expect $OTHER S "no category"
	looks --process-label system_u:system_r:nosuch_t:s0
	assert_status 255
	[ "${#lines[@]}" = 1 ]
	assert_contains 'berth: --process-label: write "system_u:system_r:nosuch_t:s0" to `/proc/self/attr/keycreate`: invalid argument'
	refute_contains "/process/selinuxLabel"
}

@test "exec --process: its own label, else the container's; --process-label before both" {
	labels $BOX
	started
	process_file '.selinuxLabel = "'$OTHER'"'
	expect $OTHER S "no category"
	process_file 'del(.selinuxLabel)'
	expect $BOX "no secret" "no category"
	process_file 'del(.selinuxLabel)' --process-label $OTHER
	expect $OTHER S "no category"
}

@test "in a user namespace, and exec into it" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 711 "$bundle"
	labels $BOX $MOUNT
	runs $BOX "no secret" "no category"
	started
	looks
	expect $BOX "no secret" "no category"
	[ "$(label_of "/proc/$pid/root/dev/shm")" = $MOUNT ]
	# This is root's of the host, and not the container's to label.
	[ "$(label_of "/proc/$pid/root/dev/mqueue")" = $PLAIN ]
}

@test "the mount label: each new file system has it, by an option or an attribute; binds and the root have not" {
	labels $BOX $MOUNT
	mkdir "$bundle/data"
	config '.root.readonly = false | .mounts += [{"destination": "/data", "source": $b, "options": ["bind"]},
		{"destination": "/own", "type": "tmpfs", "source": "t", "options": ["context=\"" + $own + "\""]}]
		| .linux.maskedPaths += ["/sys/firmware"]' --arg b "$bundle/data" --arg own system_u:object_r:plain_t:s0:c1
	started
	local path
	for path in dev dev/null dev/pts dev/shm dev/mqueue sys/firmware; do
		[ "$(label_of "/proc/$pid/root/$path")" = $MOUNT ] || {
			echo "$path: $(label_of "/proc/$pid/root/$path")"
			return 1
		}
	done
	for path in . data proc sys; do
		[ "$(label_of "/proc/$pid/root/$path")" = $PLAIN ] || {
			echo "$path: $(label_of "/proc/$pid/root/$path")"
			return 1
		}
	done
	[ "$(label_of "/proc/$pid/root/own")" = system_u:object_r:plain_t:s0:c1 ]
	"$BERTH" exec --process-label $HOST "$cid" touch /dev/shm/new
	[ "$(label_of "/proc/$pid/root/dev/shm/new")" = $MOUNT ]
	"$BERTH" exec "$cid" grep -q ' /dev/shm tmpfs .*context="'"$MOUNT"'"' /proc/mounts
	# Those that come later as well.
	echo '[{"destination": "/later", "type": "tmpfs"}]' | "$BERTH" mounts add "$cid" -
	[ "$(label_of "/proc/$pid/root/later")" = $MOUNT ]
}

@test "control: without a mount label no mount has one" {
	labels $BOX
	started
	[ "$(label_of "/proc/$pid/root/dev/shm")" = $PLAIN ]
	run "$BERTH" exec "$cid" grep -c context= /proc/mounts
	[ "$output" = 0 ]
}

@test "the annotation says which of the labels of a file system it is" {
	labels $BOX $MOUNT
	config '.annotations = {"run.oci.mount_context_type": "rootcontext"}'
	started
	[ "$(label_of "/proc/$pid/root/dev/shm")" = $MOUNT ]
	# Only its root: the level of a new file is that of who made it.
	"$BERTH" exec --process-label $OTHER "$cid" touch /dev/shm/new
	[ "$(label_of "/proc/$pid/root/dev/shm/new")" = $PLAIN ]
	"$BERTH" exec "$cid" grep -q ' /dev/shm tmpfs .*rootcontext=' /proc/mounts
	"$BERTH" delete --force "$cid"
	config '.annotations["run.oci.mount_context_type"] = "defcontext"'
	in_container 'grep -c ,defcontext= /proc/mounts'
	berth_run
	assert_status 1
	assert_contains "/mounts/"
}

@test "a mount label that the policy does not know is an error that names the mount" {
	labels $BOX system_u:object_r:nosuch_t:s0
	berth_run
	assert_error "/mounts/" "context" "invalid argument" "step mounts"
}

@test "attack: the image's own /proc, with nothing mounted there, gets nothing of the label (CVE-2019-16884)" {
	mkdir -p "$bundle"/rootfs/proc/{self,thread-self,1}/attr
	touch "$bundle"/rootfs/proc/{self,thread-self,1}/attr/{exec,keycreate,current}
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'for i in secret category; do cat /$i 2>/dev/null || echo no $i; done'
	runs S C
	labels $BOX
	runs "no secret" "no category"
	[ -z "$(cat "$bundle"/rootfs/proc/self/attr/*)" ]
}

@test "an AppArmor profile is refused by name, as the kernel has no AppArmor" {
	config '.process.apparmorProfile = "box"'
	berth_run
	assert_error "/process/apparmorProfile (line " "AppArmor is not enabled"
}
