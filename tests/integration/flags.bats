#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Flags of create and run that change where a container lives, and have no file of their own.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

@test "--cgroup-manager: disabled makes no cgroup, cgroupfs does, others are refused" {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	in_container 'cat /proc/self/cgroup'
	run "$BERTH" --cgroup-manager disabled run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = "$(cat /proc/self/cgroup)" ]
	run "$BERTH" --cgroup-manager=cgroupfs run --bundle "$bundle" "$cid"
	assert_contains "berth-$cid"
	config '.linux.resources.pids.limit = 5'
	run "$BERTH" --cgroup-manager disabled run --bundle "$bundle" "$cid"
	assert_error "/linux/resources/pids/limit" "cgroups are disabled"
	run "$BERTH" --cgroup-manager systemd run --bundle "$bundle" "$cid"
	assert_error "systemd is not supported"
	run "$BERTH" --cgroup-manager none run --bundle "$bundle" "$cid"
	assert_error "cgroupfs or disabled"
}

@test "--rootless: true lets a cgroup be missing that cannot be made, false does not" {
	in_container 'echo RAN'
	# By its own name, a cgroup that cannot be made is none in any case.
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid"
	local flag
	# A file system that cannot be written to is one in which no cgroup can be made.
	for flag in auto false true; do
		# shellcheck disable=SC2016
		run unshare -m sh -c 'for m in /sys/fs/cgroup/*; do mount -o remount,bind,ro "$m" 2>/dev/null || true; done
			exec "$1" --rootless "$2" run --bundle "$3" "$4"' sh "$BERTH" "$flag" "$bundle" "$cid"
		if [ "$flag" = true ]; then
			assert_line RAN
		else
			assert_error "make the cgroup"
		fi
	done
	run "$BERTH" --rootless maybe run --bundle "$bundle" "$cid"
	assert_error "auto, true or false"
}

@test "--no-new-keyring: the container has the caller's session keyring, and exec too" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'grep -c "_ses.'"$cid"'[.]" /proc/keys; echo started; sleep 100'
	"$BERTH" run --detach --no-new-keyring --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
	[ "$(head -n 1 "$bundle/out")" = 0 ]
	run "$BERTH" exec "$cid" grep -c "_ses.${cid}[.]" /proc/keys
	[ "$output" = 0 ]
	"$BERTH" delete --force "$cid"
	# The control.
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
	[ "$(head -n 1 "$bundle/out")" = 1 ]
}

@test "--no-subreaper is taken, by create and run" {
	in_container 'exit 3'
	run "$BERTH" run -no-subreaper --bundle "$bundle" "$cid"
	assert_status 3
	"$BERTH" create --no-subreaper --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
}
