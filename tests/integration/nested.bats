#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# programs: setpriv unshare
# berth inside a container of berth, and inside user namespaces that somebody else has made. On this kernel, and by a
# link in tests/vm with cgroup version 2 alone.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	local name
	for name in chmod chown find kill mkdir rmdir sed umount; do
		ln -sf busybox "$bundle/rootfs/bin/$name"
	done
	outer=$bundle
	inner=$bundle/rootfs/inner
	mkdir -p "$inner" "$bundle/rootfs/run/berth"
	cp -a "$bundle/rootfs/bin" "$BATS_FILE_TMPDIR/bin"
	mkdir -p "$inner"/rootfs/{dev,proc,sys,tmp}
	mv "$BATS_FILE_TMPDIR/bin" "$inner/rootfs/bin"
	# What the program is linked to.
	mkdir "$bundle/rootfs/usr"
	ln -s usr/lib "$bundle/rootfs/lib"
	ln -s usr/lib64 "$bundle/rootfs/lib64"
	cp "$berth_program" "$bundle/rootfs/bin/berth"
	outer_config
	inner_config
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# What engines call privileged: all that root has, nothing masked, everything writable.
outer_config() {
	config '.process.capabilities = {bounding: $all, effective: $all, permitted: $all}
		| .process.noNewPrivileges = false | .root.readonly = false
		| .linux.resources.devices = [{"allow": true, "access": "rwm"}]
		| del(.linux.maskedPaths, .linux.readonlyPaths)
		| (.mounts[] | select(.options) | .options) -= ["ro"]
		| .mounts += [{"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]}]' \
		--argjson all "$("$BERTH" features | jq -c .linux.capabilities)"
}

# The inner one: as `berth spec` writes it, with a shell that stays.
inner_config() {
	bundle=$inner
	cp "$BATS_FILE_TMPDIR/bundle/config.json" "$inner/config.json"
	in_container 'echo started; sleep 100'
	bundle=$outer
}

# inner_set FILTER [JQ_ARGUMENT...], inner_does SCRIPT: config and in_container, for the inner one.
inner_set() {
	bundle=$inner config "$@"
}

inner_does() {
	bundle=$inner in_container "$1"
}

# outer_userns: it is in a user namespace with 65536 ids.
outer_userns() {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$outer/rootfs"
}

# inner_userns FIRST COUNT: ids of the outer one are those of the inner one.
inner_userns() {
	inner_set '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": $first, "size": $count}] | .linux.gidMappings = .linux.uidMappings' \
		--argjson first "$1" --argjson count "$2"
}

# start_outer: its first process does as those of engines do in a container: where there is version 2 alone, the
# processes are in a cgroup of their own, so that those beside it may have controllers.
start_outer() {
	in_container 'cd /sys/fs/cgroup && [ -e cgroup.controllers ] && mkdir init && echo 0 >init/cgroup.procs &&
			for c in $(cat cgroup.controllers); do echo +$c >cgroup.subtree_control; done
		cd /; echo ready; sleep 1000'
	"$BERTH" run --detach --bundle "$outer" "$cid" >"$outer/out" 2>&1 </dev/null 3>&-
	until_true grep -qx ready "$outer/out"
}

# inside COMMAND...: in the outer container.
inside() {
	timeout 60 "$BERTH" exec "$cid" "$@" </dev/null 3>&-
}

# inner_run: $status and $output of the inner one.
inner_run() {
	run inside berth run --bundle /inner in
}

# The inner one says its words, and nothing of it is left in the outer one.
inner_runs() {
	inner_does 'echo x >/dev/null && echo "$(head -c 3 /dev/zero | wc -c) in"'
	inner_run
	assert_status 0
	[ "$output" = "3 in" ]
	inner_left_nothing
}

inner_fails() {
	inner_does 'echo RAN'
	inner_run
	assert_error "$@"
	inner_left_nothing
}

inner_left_nothing() {
	is_empty inside find /run/berth /sys/fs/cgroup -type d "(" -name in -o -name berth-in ")"
	is_empty inside sh -c 'cat /proc/[0-9]*/comm | grep berth-init'
}

# inner_life: create, start, exec, kill and delete.
inner_life() {
	inner_does 'echo started; sleep 100'
	inside sh -c 'berth create --bundle /inner in >/out 2>&1'
	[ "$(inside berth state in | jq -r .status)" = created ]
	inside berth start in
	until_true grep -qx started "$outer/rootfs/out"
	run inside berth exec in sh -c 'echo "$$ and $(cat /proc/1/comm)"; exit 7'
	assert_status 7
	assert_contains "and sleep"
	inside berth list | grep -q '^in .*running'
	"$@"
	inside berth kill in KILL
	until_true eval '[ "$(inside berth state in | jq -r .status)" = stopped ]'
	inside berth delete in
	inner_left_nothing
}

has_v2() {
	[ -e /sys/fs/cgroup/cgroup.controllers ]
}

# inner_file CONTROLLER V1 V2: a file of the inner cgroup, from outside.
inner_file() {
	if has_v2; then
		cat "$(unified_cgroup)/berth-in/$3"
	else
		cat "/sys/fs/cgroup/$1/berth-$cid/berth-in/$2"
	fi
}

has_limits() {
	[ "$(inner_file pids pids.max pids.max)" = 20 ]
	[ "$(inner_file memory memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(inner_file cpu cpu.shares cpu.weight)" = "$(has_v2 && echo 59 || echo 512)" ]
	# Its first process, and nobody else.
	[ "$(inner_file pids cgroup.procs cgroup.procs | xargs -I PID cat /proc/PID/comm)" = sleep ]
}

inner_limits() {
	inner_set '.linux.resources = {"pids": {"limit": 20}, "memory": {"limit": 33554432}, "cpu": {"shares": 512}}'
}

@test "in a container: run, and a life in single commands, in a cgroup of the outer one's with its limits" {
	start_outer
	inner_runs
	inner_limits
	inner_runs
	inner_life has_limits
}

@test "in a container: what the inner one may take of the outer's limits" {
	config '.linux.resources.pids = {"limit": 40}'
	start_outer
	inner_set '.linux.resources.pids.limit = 12'
	inner_does 'i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i + 1)); done 2>&1; true'
	inner_run
	assert_contains fork
	inner_left_nothing
}

@test "in a container, in a container, in a container" {
	mkdir -p "$inner/rootfs"/{usr,run/berth,inner/rootfs}
	cp -a "$inner/rootfs"/{bin,dev,proc,sys,tmp} "$inner/rootfs/inner/rootfs/"
	cp -a "$outer/rootfs"/{lib,lib64} "$inner/rootfs/"
	cp "$berth_program" "$inner/rootfs/bin/berth"
	inner_does 'echo "third: $(id -u)"; echo $(cat /proc/self/cgroup)'
	cp "$inner/config.json" "$inner/rootfs/inner/config.json"
	cp "$outer/config.json" "$inner/config.json"
	inner_does 'berth run --bundle /inner third; echo "second: $?"; find /sys/fs/cgroup -name "berth-*"'
	start_outer
	inner_run
	assert_status 0
	[ "${lines[0]}" = "third: 0" ]
	[ "${lines[2]}" = "second: 0" ]
	[ "${#lines[@]}" = 3 ]
	inner_left_nothing
}

@test "in a container whose cgroups are read-only: without limits it runs, with them it says why not" {
	config '(.mounts[] | select(.type == "cgroup") | .options) += ["ro"]'
	start_outer
	inner_runs
	inner_life true
	inner_limits
	inner_fails "/linux/resources/" "cannot be applied: the cgroups are mounted read-only here"
	inner_set 'del(.linux.resources) | .linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	inner_fails "/linux/resources/devices" "cannot be applied: the cgroups are mounted read-only here"
	inner_set 'del(.linux.resources) | .linux.cgroupsPath = "/some/where"'
	inner_fails "/linux/cgroupsPath" "make the cgroup /sys/fs/cgroup" "read-only file system"
}

@test "in a container that sees no cgroups: without limits and such a mount it runs" {
	config 'del(.mounts[] | select(.type == "cgroup"))'
	start_outer
	inner_fails "/mounts/6" "no cgroup hierarchy is mounted on this host"
	inner_set 'del(.mounts[] | select(.type == "cgroup"))'
	inner_runs
	inner_life true
	inner_limits
	inner_fails "/linux/resources/" "cannot be applied: no cgroup hierarchy is mounted on this host"
}

@test "in a container without CAP_MKNOD the devices are those of the outer one" {
	config '.process.capabilities |= map_values(. - ["CAP_MKNOD"])'
	inner_set '.linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3}]'
	start_outer
	inner_runs
	inner_does 'for d in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$d; grep -c " /dev/$d " /proc/mounts; done | tr "\n" " "'
	inner_run
	assert_status 0
	[ "$output" = "/dev/null 1:3 1 /dev/zero 1:5 1 /dev/full 1:7 1 /dev/random 1:8 1 /dev/urandom 1:9 1 /dev/tty 5:0 1 " ]
	inner_set '.linux.devices = [{"path": "/dev/other", "type": "c", "major": 1, "minor": 3}]'
	inner_fails "/linux/devices/0" "in the place of a node that may not be made /dev/other: no such file or directory"
}

@test "in a container with few capabilities: the first that is missing is named" {
	config '.process.capabilities |= map_values(. - ["CAP_NET_ADMIN"])'
	start_outer
	inner_fails "set the loopback device up (CAP_NET_ADMIN is missing): operation not permitted" "step loopback"
	inner_set '.linux.namespaces -= [{"type": "network"}]'
	inner_runs
	"$BERTH" delete --force "$cid"
	config '.process.capabilities |= map_values(["CAP_KILL", "CAP_CHOWN"])'
	start_outer
	inner_fails "clone into new namespaces: clone3 refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter?: operation not permitted"
}

# What is masked outside is locked for a user namespace that is made inside: the kernel gives it no file system that would
# show more.
@test "in a container with masked and read-only paths, and a user namespace: why proc and sysfs are refused" {
	config '.linux.maskedPaths = ["/proc/keys"]'
	start_outer
	inner_runs
	inner_userns 0 1000
	inner_fails "/mounts/0" "create file system proc (it would show what the outer container has masked or read-only" "operation not permitted"
	inner_set '(.mounts[] | select(.type == "proc")) |= {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}'
	inner_runs
	"$BERTH" delete --force "$cid"
	config '.linux.maskedPaths = ["/sys/kernel"] | (.mounts[] | select(.type == "proc")).destination = "/proc"'
	start_outer
	inner_fails "/mounts/5" "create file system sysfs (it would show what the outer container has masked or read-only"
	inner_set '(.mounts[] | select(.type == "sysfs")) |= {"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]}
		| del(.mounts[] | select(.type == "cgroup"))'
	inner_runs
}

@test "in a container with masked paths, and a user namespace: a whole proc and sysfs at other places are enough" {
	config '.linux.maskedPaths = ["/proc/keys", "/sys/kernel"] | .linux.readonlyPaths = ["/proc/sys"]
		| .mounts += [{"destination": "/dev/.whole/proc", "type": "proc", "source": "proc"},
			{"destination": "/dev/.whole/sys", "type": "sysfs", "source": "sysfs"}]'
	start_outer
	inner_userns 0 1000
	inner_runs
	inner_life true
}

@test "in a container, a user namespace without the namespace that a file system shows: which one it is" {
	start_outer
	inner_userns 0 1000
	inner_runs
	inner_set '.linux.namespaces -= [{"type": "pid"}]'
	inner_fails "/mounts/0" "create file system proc (the pid namespace is of another user namespace)" "/proc: operation not permitted"
	inner_set '.linux.namespaces += [{"type": "pid"}] | .linux.namespaces -= [{"type": "ipc"}]'
	inner_fails "/mounts/4" "create file system mqueue (the ipc namespace is of another user namespace)"
	inner_set '.linux.namespaces += [{"type": "ipc"}] | .linux.namespaces -= [{"type": "network"}]'
	inner_fails "/mounts/5" "create file system sysfs (the network namespace is of another user namespace)"
}

@test "in a container with 65536 ids: with all of them, with some, and not with those that it does not have" {
	outer_userns
	start_outer
	inner_runs
	inner_life true
	inner_set '.process.user = {"uid": 65535, "gid": 7, "additionalGids": [8]}'
	inner_does 'id -u; id -G; stat -c %u:%g /bin/busybox'
	inner_run
	assert_status 0
	[ "${lines[*]}" = "65535 7 8 0:0" ]
	inner_set '.process.user = {"uid": 65536, "gid": 0}'
	inner_fails "/process/user/uid" "65536 is not mapped in the user namespace"
	inner_set '.process.user = {"uid": 0, "gid": 0} | (.mounts[] | select(.type == "devpts") | .options) |= map(sub("^gid=5$"; "gid=65536"))'
	inner_fails "/mounts/2/options/5" "gid 65536 is not mapped in the user namespace"
	inner_set '(.mounts[] | select(.type == "devpts") | .options) |= map(sub("^gid=65536$"; "gid=5"))'
	inner_userns 1000 64536
	chown -R 101000:101000 "$inner/rootfs"
	inner_does 'tr -s " " </proc/self/uid_map; stat -c %u:%g /bin/busybox'
	inner_run
	assert_status 0
	[ "${lines[0]}" = " 0 1000 64536" ]
	[ "${lines[1]}" = 0:0 ]
	inner_life true
	inner_set '.linux.gidMappings[0].size = 64537'
	inner_fails "/linux/gidMappings/0" "the user namespace that berth runs in does not have the 64537 ids from 1000 on"
	inner_set '.linux.gidMappings[0].size = 64536 | .linux.uidMappings[0].hostID = 65536 | .linux.uidMappings[0].size = 1'
	inner_fails "/linux/uidMappings/0" "the user namespace that berth runs in does not have the 1 ids from 65536 on"
}

@test "in a container of a user namespace: parameters of the kernel, where they can be set and where not" {
	outer_userns
	start_outer
	inner_set '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	inner_does 'cat /proc/sys/net/ipv4/ip_forward'
	inner_run
	assert_status 0
	[ "$output" = 1 ]
	"$BERTH" delete --force "$cid"
	config '.linux.maskedPaths = ["/proc/keys"]'
	start_outer
	inner_run
	assert_status 0
	inner_userns 0 1000
	inner_set 'del(.mounts[] | select(.type == "proc"))'
	inner_fails "/linux/sysctl" "a proc file system to set kernel parameters with is refused" "operation not permitted"
}
