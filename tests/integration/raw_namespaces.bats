#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: namespaces are created, joined by path, and both.

load ../kit/raw

teardown() {
	release
}

# creates KIND...: exactly these are new.
creates() {
	starts --new "${*// /,}" sh -c "$list_namespaces"
	same "$(changed_namespaces)" "$*"
}

# joins_one KIND UNSHARE_OPTION...
joins_one() {
	local kind=$1
	shift
	need_root
	hold "$@"
	starts --join "$(held "$kind")" sh -c "$list_namespaces"
	is_held "$kind"
	same "$(changed_namespaces)" "$kind"
}

@test "without a wish all namespaces are the caller's" {
	starts sh -c "$list_namespaces"
	[ "$(wc -l <<<"$output")" = 8 ]
	same "$(changed_namespaces)" ""
}

@test "a cgroup namespace is created" {
	need_root
	creates cgroup
}

@test "an ipc namespace is created" {
	need_root
	creates ipc
}

@test "a mount namespace is created" {
	need_root
	creates mnt
}

@test "a network namespace is created" {
	need_root
	creates net
}

@test "a pid namespace is created, and the program is its first process" {
	need_root
	creates pid
	starts --new pid sh -c 'echo $$'
	[ "$output" = 1 ]
}

@test "a time namespace is created" {
	need_root
	creates time
}

@test "a user namespace is created" {
	creates user
}

@test "a uts namespace is created" {
	need_root
	creates uts
}

@test "all eight are created at once" {
	need_root
	starts --new cgroup,ipc,mnt,net,pid,time,user,uts sh -c "$list_namespaces"
	same "$(changed_namespaces)" "$kinds"
}

@test "an ordinary user creates all eight" {
	starts "${ordinary[@]}" --new cgroup,ipc,mnt,net,pid,time,user,uts \
		--uid-map "0 $ordinary_uid 1" sh -c "$list_namespaces"
	same "$(changed_namespaces)" "$kinds"
}

@test "an ordinary user without a user namespace is refused, and the call is named" {
	refuses "clone into new namespaces: clone3 refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter" "${ordinary[@]}" --new net
}

@test "a cgroup namespace is joined" {
	joins_one cgroup --cgroup
}

@test "an ipc namespace is joined" {
	joins_one ipc --ipc
}

@test "a mount namespace is joined, and the directory is its root" {
	joins_one mnt --mount
	starts --join "$(held mnt)" --cwd /usr pwd
	[ "$output" = / ]
}

@test "a network namespace is joined" {
	joins_one net --net
}

@test "a pid namespace is joined" {
	joins_one pid --pid --fork
	starts --join "$(held pid)" sh -c 'echo $$'
	[ "$output" -lt 100 ]
	[ "$output" != 1 ]
}

@test "a time namespace is joined" {
	joins_one time --time
}

@test "a user namespace is joined" {
	joins_one user --user --map-root-user
}

@test "a uts namespace is joined" {
	joins_one uts --uts
}

@test "all eight are joined" {
	need_root
	hold --cgroup --ipc --mount --net --pid --fork --time --user --map-root-user --uts
	joins net ipc mnt user pid uts time cgroup
	starts "${joins[@]}" sh -c "$list_namespaces"
	for kind in $kinds; do
		is_held "$kind"
	done
}

@test "network and ipc of another process are joined, the rest is created" {
	need_root
	hold --net --ipc
	joins net ipc
	starts "${joins[@]}" --new cgroup,mnt,pid,time,user,uts --uid-map "0 0 1" \
		sh -c "$list_namespaces"
	is_held net
	is_held ipc
	same "$(changed_namespaces)" "$kinds"
}

@test "a user namespace is joined, and the others are created in it" {
	need_root
	hold --user --map-root-user
	starts --join "$(held user)" --new mnt,pid,uts,net \
		sh -c "hostname inside && hostname; $list_namespaces"
	is_held user
	same "${lines[0]}" inside
	output=$(tail -n +2 <<<"$output")
	same "$(changed_namespaces)" "mnt net pid user uts"
}

# The others need rights that only the user namespace gives.
@test "an ordinary user joins user, mount and pid namespaces with the user namespace first" {
	hold_ordinary --user --map-root-user --mount --pid --fork
	joins user mnt pid
	starts "${ordinary[@]}" "${joins[@]}" sh -c "$list_namespaces"
	is_held user
	is_held mnt
	is_held pid
}

@test "and with the user namespace last" {
	hold_ordinary --user --map-root-user --mount --pid --fork
	joins mnt pid user
	starts "${ordinary[@]}" "${joins[@]}" --new uts sh -c "$list_namespaces"
	is_held user
	is_held mnt
	is_held pid
	same "$(changed_namespaces)" "mnt pid user uts"
}

@test "without the user namespace the same joins are refused" {
	hold_ordinary --user --map-root-user --mount --pid --fork
	refuses "join the mount namespace: setns refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter" "${ordinary[@]}" \
		--join "$(held mnt)"
	refuses "join the pid namespace: setns refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter" "${ordinary[@]}" \
		--join "$(held pid)"
}

# Of the caller's own: the rights to join it end with the join of the user namespace.
@test "root joins a network namespace of its own and a user namespace of another, in both orders" {
	need_root
	hold --net
	local network=/proc/$holder/ns/net order
	hold_ordinary --user --map-root-user
	for order in "$network,$(held user)" "$(held user),$network"; do
		starts --join "$order" sh -c "$list_namespaces"
		is_held user
		same "$(namespace net)" "$(readlink "$network")"
	done
}

@test "a namespace that the joined user namespace gives no right to is refused" {
	hold_ordinary --user --map-root-user --net
	local network=/proc/$holder/ns/net other=$holder
	hold_ordinary --user --map-root-user
	refuses "join the network namespace: setns refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter" "${ordinary[@]}" \
		--join "$network" --join "$(held user)"
	starts "${ordinary[@]}" --join "$network" --join "/proc/$other/ns/user" true
}

@test "a list of long paths is joined" {
	need_root
	hold --net --ipc --uts
	local slashes
	slashes=$(printf '/%.0s' {1..4000})
	starts --join "$slashes$(held net)" --join "$slashes$(held ipc)" \
		--join "$slashes$(held uts)" sh -c "$list_namespaces"
	same "$(changed_namespaces)" "ipc net uts"
}

@test "paths mean what they meant before the first join" {
	need_root
	hold --mount --net
	# In the joined mount namespace there is nothing at the second path.
	local link=$BATS_TEST_TMPDIR/net
	ln -s "$(held net)" "$link"
	nsenter --mount="$(held mnt)" mount -t tmpfs none "$BATS_TEST_TMPDIR"
	starts --join "$(held mnt)" --join "$link" sh -c "$list_namespaces; ls $link 2>&1 || true"
	is_held net
	[[ $output == *"No such file"* ]]
}
