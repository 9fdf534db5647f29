#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# programs: setpriv unshare
# berth in a user namespace that somebody else has made, as in LXC; and of a user who has no manager, with and without
# a cgroup that was given to him. On this kernel, and by a link in tests/vm with cgroup version 2 alone.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root, to become an ordinary user"
	make_bundle
	user=54321
	id=$cid-in
	# Of a single id: no group 5.
	config '(.mounts[] | select(.type == "devpts") | .options) -= ["gid=5"]'
	says_in
}

teardown() {
	[ -z "${given:-}" ] || [ ! -e "$given/session/cgroup.procs" ] || end_session
	remove_bundle
}

says_in() {
	in_container 'echo x >/dev/null && echo "$(head -c 3 /dev/zero | wc -c) in"'
}

# as_user COMMAND...: of a user whom no file of the host knows.
as_user() {
	setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all "$@" </dev/null 3>&-
}

# The bundle and a copy of the program are his, and the config is the one that spec writes for him.
make_user_bundle() {
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:$user" "$bundle"
	as_user "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	with_root "$bundle/berth" "$BERTH"
	says_in
}

# runs COMMAND...: with "run" of the bundle behind it; the container says its words, and nothing is left.
runs() {
	run "$@" timeout 60 "$BERTH" run --bundle "$bundle" "$id"
	assert_status 0
	[ "$output" = "3 in" ]
	left_nothing
}

fails() {
	local command=()
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	run "${command[@]}" timeout 60 "$BERTH" run --bundle "$bundle" "$id"
	assert_error "${@:2}"
	left_nothing
}

left_nothing() {
	is_empty ls -A "$bundle/state"
	is_empty find /sys/fs/cgroup -type d -name "berth-$id"
	until_true is_empty left_processes
}

# lives COMMAND...: create, start, exec, kill and delete, in what the command makes.
lives() {
	in_container 'echo started; sleep 100'
	cat >"$bundle/life" <<-'END'
		berth=$1 bundle=$2 id=$3
		$berth create --bundle $bundle $id >$bundle/out 2>&1 || exit 1
		$berth state $id | grep -q '"created"' || exit 2
		$berth start $id || exit 3
		until grep -qx started $bundle/out; do sleep 0.05; done
		$berth exec $id sh -c 'exit 7'
		[ $? = 7 ] || exit 4
		$berth kill $id KILL || exit 5
		until $berth state $id | grep -q '"stopped"'; do sleep 0.05; done
		$berth delete $id && echo lived
	END
	run "$@" timeout 60 sh "$bundle/life" "$BERTH" "$bundle" "$id"
	assert_status 0
	[ "$output" = lived ]
	left_nothing
	says_in
}

@test "unshare -Ur: a single id, with and without other namespaces of its own" {
	local more
	for more in "" --mount --cgroup "--mount --pid --fork --mount-proc" \
		"--mount --pid --fork --mount-proc --cgroup --ipc --net --uts"; do
		# shellcheck disable=SC2086 # words
		runs unshare -Ur $more
	done
	lives unshare -Ur
	lives unshare -Ur --mount --pid --fork --mount-proc --cgroup --ipc --net --uts
}

# The pid of a container is that of a stranger there.
@test "in the /proc of another pid namespace nothing is started, and nobody is entered" {
	fails unshare -Ur --pid --fork -- "berth: /proc is that of another pid namespace"
	fails unshare --pid --fork -- "berth: /proc is that of another pid namespace"
	runs unshare --pid --fork --mount-proc
	in_container 'echo started; sleep 100'
	"$BERTH" run --detach --bundle "$bundle" "$id" >"$bundle/out" 2>&1 3>&-
	run unshare --pid --fork timeout 60 "$BERTH" exec "$id" echo ENTERED
	assert_status 255
	[ "${#lines[@]}" = 1 ]
	refute_contains ENTERED
	[ "$("$BERTH" exec "$id" echo entered)" = entered ]
	"$BERTH" delete --force "$id"
	left_nothing
}

@test "unshare -Ur of an ordinary user, with and without another user namespace inside" {
	make_user_bundle
	fails as_user unshare -Ur -- "/linux/uidMappings/0" "does not have the 1 ids from $user on"
	runs as_user
	config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	runs as_user unshare -Ur
	lives as_user unshare -Ur
	runs as_user unshare -Ur --mount --pid --fork --mount-proc --cgroup
	# Its own user namespace is not needed.
	config '.linux.namespaces -= [{"type": "user"}] | del(.linux.uidMappings, .linux.gidMappings)'
	fails as_user -- "clone into new namespaces: clone3 refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter"
	runs as_user unshare -Ur
	lives as_user unshare -Ur --mount --pid --fork --mount-proc --cgroup --ipc --net --uts
}

@test "unshare -Ur: an id that is not there is named, and so is a user namespace for nobody" {
	config '(.mounts[] | select(.type == "devpts") | .options) += ["gid=5"]'
	fails unshare -Ur -- "/mounts/2/options/5" "gid 5 is not mapped in the user namespace"
	runs env
	config '(.mounts[] | select(.type == "devpts") | .options) -= ["gid=5"] | .process.user.uid = 7'
	fails unshare -Ur -- "/process/user/uid" "7 is not mapped in the user namespace"
	runs env
	config '.process.user.uid = 0 | .process.user.additionalGids = [0]'
	fails unshare -Ur -- "/process/user/additionalGids" "supplementary groups"
	runs env
	config 'del(.process.user.additionalGids) | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 2}] | .linux.gidMappings = .linux.uidMappings'
	fails unshare -Ur -- "/linux/uidMappings/0" "the user namespace that berth runs in does not have the 2 ids from 0 on"
	runs env
	config '.linux.uidMappings[0].size = 1 | .linux.gidMappings[0].size = 1'
	runs unshare -Ur
	fails unshare -U -- "clone into new namespaces (a user namespace is refused: " "or to an id that is not mapped)"
}

# What the host's root does for a container of LXC, and then what he starts.
lxc() {
	local prepare=$1
	shift
	unshare --mount --pid --fork --mount-proc --propagation private bash -c "$prepare; "'exec "$@"' bash \
		unshare -Ur --mount --ipc --net --uts --cgroup "$@"
}

@test "as in LXC: covered parts of /proc and /sys, and /sys read-only" {
	runs lxc 'mount -o remount,bind,ro /sys'
	lives lxc 'mount -o remount,bind,ro /sys'
	fails lxc 'mount --bind /dev/null /proc/keys' -- "/mounts/0" "create file system proc (it would show what the outer" \
		"/proc: operation not permitted"
	fails lxc 'mount -t tmpfs none /sys/kernel' -- "/mounts/5" "create file system sysfs (it would show what the outer" \
		"/sys: operation not permitted"
	config '(.mounts[] | select(.type == "sysfs") | .options) -= ["ro"]'
	fails lxc 'mount -o remount,bind,ro /sys' -- "/mounts/5" "create file system sysfs (it would show what the outer"
	runs lxc :
	# Whole ones somewhere else, as LXC has them for this.
	runs lxc 'mount -t tmpfs none /mnt; mkdir /mnt/proc /mnt/sys; mount -t proc proc /mnt/proc; mount -t sysfs sys /mnt/sys
		mount --bind /dev/null /proc/keys; mount -o remount,bind,ro /sys'
	config '(.mounts[] | select(.type == "proc")) |= {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}'
	runs lxc 'mount --bind /dev/null /proc/keys'
}

@test "as in LXC: devices are those that are there, and no other" {
	local bind='for d in null zero full random urandom tty; do touch /mnt/$d; mount --bind /dev/$d /mnt/$d; done
		mkdir /mnt/pts /mnt/shm; mount --move /mnt /dev'
	in_container 'for d in null zero full random urandom tty; do stat -c %t:%T /dev/$d; done; mknod /dev/x c 1 3 2>&1; head -c 3 /dev/zero | wc -c'
	run lxc "mount -t tmpfs none /mnt; $bind" timeout 60 "$BERTH" run --bundle "$bundle" "$id"
	assert_status 0
	[[ ${lines[*]} == "1:3 1:5 1:7 1:8 1:9 5:0 mknod: "*"Operation not permitted 3" ]]
	fails lxc "mount -t tmpfs none /mnt; $bind; umount /dev/full; rm /dev/full" -- "/linux/devices" \
		"open the device of the host, in the place of a node that may not be made /dev/full: no such file or directory"
	fails lxc "mount -t tmpfs none /mnt; $bind; umount /dev/full" -- "/linux/devices" \
		"the host's node is not the wanted device: /dev/full"
	fails lxc "mount -t tmpfs none /mnt; $bind; mount --bind /dev/zero /dev/full" -- "/linux/devices" \
		"the host's node is not the wanted device: /dev/full"
	says_in
	runs lxc "mount -t tmpfs none /mnt; $bind"
}

@test "as in LXC: parameters of the kernel" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	in_container 'cat /proc/sys/net/ipv4/ip_forward'
	run lxc : timeout 60 "$BERTH" run --bundle "$bundle" "$id"
	assert_status 0
	[ "$output" = 1 ]
	config 'del(.mounts[] | select(.type == "proc"))'
	fails lxc 'mount -o bind,ro /proc/sys /proc/sys' -- "/linux/sysctl" \
		"a proc file system to set kernel parameters with is refused" "operation not permitted"
}

@test "a user without a manager and without a cgroup: a life; limits are refused, a path alone is not" {
	make_user_bundle
	runs as_user
	lives as_user
	config '.linux.cgroupsPath = "/some/where"'
	runs as_user
	config '.linux.cgroupsPath = "some/where"'
	runs as_user
	config '.linux.resources.pids.limit = 20'
	fails as_user -- "/linux/cgroupsPath" "make the cgroup /sys/fs/cgroup" "permission denied"
	config 'del(.linux.cgroupsPath)'
	fails as_user -- "/linux/resources/pids/limit" "cannot be applied: this user may not make a cgroup here (pids)"
	config '.linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}'
	runs as_user
}

# give CONTROLLER: $given, a cgroup that the user may make others in: of version 2 with all its controllers. A process
# of his is in one below it, as one with processes gives none.
give() {
	given=/sys/fs/cgroup/$1
	[ -e "$given" ] || given=/sys/fs/cgroup
	given+=/berth-$cid-given
	mkdir -p "$given/session"
	chown "$user:$user" "$given" "$given"/cgroup.{procs,threads,subtree_control} "$given/session" "$given/session/cgroup.procs" 2>/dev/null ||
		chown "$user:$user" "$given" "$given/cgroup.procs"
}

end_session() {
	until_true rmdir "$given/session" "$given"
}

# in_session COMMAND...
in_session() {
	bash -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' sh "$given${where-/session}" \
		setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all "$@" </dev/null 3>&-
}

@test "a user without a manager, with a cgroup that was given to him: limits in it, and none outside" {
	make_user_bundle
	give pids
	runs in_session
	config '.linux.resources.pids.limit = 20'
	runs in_session
	lives in_session
	in_container 'echo started; sleep 100'
	in_session "$BERTH" run --detach --bundle "$bundle" "$id" >"$bundle/out" 2>&1
	until_true grep -qx started "$bundle/out"
	local own
	own=$(find "$given" -type d -name "berth-$id")
	[ "$(cat "$own/pids.max")" = 20 ]
	[ "$(xargs -I PID cat /proc/PID/comm <"$own/cgroup.procs")" = sleep ]
	in_session "$BERTH" update --pids-limit 10 "$id"
	[ "$(cat "$own/pids.max")" = 10 ]
	in_session "$BERTH" delete --force "$id"
	left_nothing
	says_in
	config '.linux.cgroupsPath = "some/where"'
	runs in_session
	is_empty find "$given" -name some
	config '.linux.cgroupsPath = "/some/where"'
	fails in_session -- "/linux/cgroupsPath" "make the cgroup /sys/fs/cgroup" "some/where: permission denied"
}

@test "a user without a manager, with a cgroup for another controller, or one that is full: the limit is refused" {
	make_user_bundle
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		give ""
		config '.linux.resources.pids.limit = 20'
		# In it himself, he may make none beside it.
		where="" fails in_session -- "/linux/resources/pids/limit" "this user may not make a cgroup here (pids)"
		runs in_session
	else
		give pids
		config '.linux.resources.memory.limit = 33554432'
		fails in_session -- "/linux/resources/memory/limit" "no cgroup that this user may make has the controller (memory)"
		config '.linux.resources = {"pids": {"limit": 20}}'
		runs in_session
	fi
}
