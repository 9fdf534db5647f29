#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# programs: checkpolicy criu ip tar gzip iptables-restore ip6tables-restore iptables-save ip6tables-save
# kernel: lsm=selinux
# restore --lsm-mount-context, and what becomes of process.selinuxLabel, on a kernel that enforces the policy of
# selinux.conf and with Debian's CRIU: a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/checkpoint
load ../kit/labels

BOX=system_u:system_r:container_t:s0:c1,c2
MOUNT=system_u:object_r:plain_t:s0:c1,c2
OTHER=system_u:object_r:plain_t:s0:c1
PLAIN=system_u:object_r:plain_t:s0

setup_file() {
	! selinux_is_enabled || selinux_enforce "$BATS_TEST_DIRNAME/selinux.conf"
}

setup() {
	selinux_is_enabled || skip "no-selinux: the kernel has none enabled"
	make_counter
}

teardown() {
	remove_counter
}

# mounts_are CONTEXT: each mount of the container that had one has this, as an option and as the label of its root.
mounts_are() {
	local pid path
	pid=$(pid_of)
	for path in dev dev/pts dev/shm own; do
		[ "$(label_of "/proc/$pid/root/$path")" = "$1" ] || {
			echo "$path: $(label_of "/proc/$pid/root/$path")"
			return 1
		}
	done
	run "$BERTH" exec "$cid" grep context= /proc/mounts
	[ "$(grep -c context= <<<"$output")" -gt 4 ]
	[ "$(grep -c -e "context=\"$1\"" -e "context=$1," <<<"$output")" = "${#lines[@]}" ]
	# The others have none now either.
	[ "$(label_of "/proc/$pid/root")" = $PLAIN ]
	[ "$(label_of "/proc/$pid/root/data")" = $PLAIN ]
}

@test "--lsm-mount-context: the mounts that had a context have this one; control: without it that of before" {
	mkdir "$bundle/data"
	config '.linux.mountLabel = $l | .mounts += [{"destination": "/data", "source": $b, "options": ["bind"]},
		{"destination": "/own", "type": "tmpfs", "source": "t", "options": ["context=\"" + $l + "\""]}]' \
		--arg l $MOUNT --arg b "$bundle/data"
	counting
	start
	mounts_are $MOUNT
	"$BERTH" exec "$cid" touch /own/file
	saved
	back
	mounts_are $MOUNT
	grows
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	back --lsm-mount-context $OTHER
	mounts_are $OTHER
	[ "$(label_of "/proc/$(pid_of)/root/own/file")" = $OTHER ]
	grows
	[ "$mounts" = "$(host_mounts)" ]
}

@test "--lsm-mount-context: one that the policy does not know fails, and leaves nothing" {
	config '.linux.mountLabel = $l' --arg l $MOUNT
	counting
	start
	saved
	bring_back --lsm-mount-context system_u:object_r:nosuch_t:s0
	assert_error "criu failed: " "step restore"
	assert_nothing_left
}

@test "a process with a label never comes back without it: CRIU restores it, or the restore fails" {
	config '.process.selinuxLabel = $l' --arg l $BOX
	counting
	start
	grep -q "^$BOX" "/proc/$(pid_of)/attr/current"
	saved
	rm "$count"
	bring_back
	if [ "$status" = 0 ]; then
		grep -q "^$BOX" "/proc/$(pid_of)/attr/current"
		return
	fi
	assert_error "/process/selinuxLabel" "the images have no labels of SELinux" "step restore"
	assert_nothing_left
	[ ! -e "$count" ]
	# The control: it is the label alone that is missing.
	config 'del(.process.selinuxLabel)'
	back
	grows
}
