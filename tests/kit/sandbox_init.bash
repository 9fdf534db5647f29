#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sandbox_init.bash FOLDER: the first process of a sandbox (sandbox.bash). Makes its file systems, says
# "ready" and adopts what the engines leave to the first process.
set -eu
sandbox=$1

# Anew, so that their roots are those of this cgroup namespace; the old ones would stay in the table of mounts
# below them. This mount namespace is private: the machine's stay.
remount_cgroups() {
	local folder type options
	grep -E ' - cgroup2? ' /proc/self/mountinfo | sed -E 's/^([^ ]+ ){4}([^ ]+) .* - ([^ ]+) [^ ]+ (.*)$/\2 \3 \4/' \
		>"$sandbox/hierarchies"
	umount -R /sys/fs/cgroup
	grep -q '^/sys/fs/cgroup cgroup2 ' "$sandbox/hierarchies" ||
		mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
	while read -r folder type options; do
		case $type:$options in
		cgroup:*name=*) options=none,$(grep -o 'name=[^,]*' <<<"$options") ;;
		cgroup:*) options=$(tr , '\n' <<<"$options" | grep -vE '^(r[wo]|xattr|noprefix|release_agent=.*)$' | paste -s -d ,) ;;
		*) options=rw ;;
		esac
		mkdir -p "$folder"
		mount -t "$type" -o "$options" cgroup "$folder"
	done <"$sandbox/hierarchies"
}

# On a machine with version 2 alone: its controllers for the containers, which come beside us.
delegate_controllers() {
	local controller
	[ -e /sys/fs/cgroup/cgroup.subtree_control ] || return 0
	for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
	done
}

remount_cgroups
delegate_controllers
mount -t tmpfs -o mode=755 sandbox "$sandbox"
mkdir -m 1777 "$sandbox/tmp"
for folder in etc var; do
	mkdir "$sandbox/$folder" "$sandbox/$folder.work"
	mount -t overlay -o "lowerdir=/$folder,upperdir=$sandbox/$folder,workdir=$sandbox/$folder.work" \
		overlay "/$folder"
done
mount -t tmpfs -o mode=755 run /run
mkdir -m 1777 /run/lock
ip link set lo up

echo ready
while :; do
	sleep infinity &
	wait
done
