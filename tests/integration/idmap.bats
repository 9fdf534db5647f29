#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bind mounts with ids of their own: the options idmap and ridmap, and the mappings of a mount.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	mkdir "$bundle/src" "$bundle/src/sub"
	touch "$bundle/src/file" "$bundle/src/sub/below"
	chown 0:0 "$bundle/src/file"
	mounts=$(host_mounts)
	in_container 'stat -c "%u:%g" /data/file'
}

teardown() {
	! mountpoint -q "$bundle/src/sub" || umount "$bundle/src/sub"
	[ "$mounts" = "$(host_mounts)" ]
	remove_bundle
}

# data OPTIONS [MAPPINGS]: the source with these options, comma-separated, on /data.
data() {
	# shellcheck disable=SC2016 # variables of jq
	config '.mounts = [.mounts[] | select(.destination != "/data")]
		+ [{"destination": "/data", "source": $s, "options": ($o | split(","))} + $m]' \
		--arg s "$bundle/src" --arg o "$1" --argjson m "${2:-{\}}"
}

# mappings CONTAINER HOST SIZE: for data.
mappings() {
	jq -cn --argjson c "$1" --argjson h "$2" --argjson s "$3" \
		'{uidMappings: [{containerID: $c, hostID: $h, size: $s}]} | .gidMappings = .uidMappings'
}

# mount_below: a mount of the same file system below the source: tmpfs has no id-mapped ones before Linux 6.3.
mount_below() {
	mkdir "$bundle/other"
	touch "$bundle/other/below"
	rm "$bundle/src/sub/below"
	mount --bind "$bundle/other" "$bundle/src/sub"
}

user_namespace() {
	chown -R 500000:500000 "$bundle/rootfs"
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 500000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "idmap: in a user namespace, with the container's mappings" {
	user_namespace
	data bind
	berth_run
	assert_line 65534:65534
	data bind,idmap
	berth_run
	if is_older 5.12; then
		assert_error /mounts/ "kernel lacks mount_setattr (Linux 5.12)"
		return
	fi
	assert_status 0
	assert_line 0:0
}

@test "idmap: what the container makes there belongs to root of the host" {
	user_namespace
	data bind,idmap
	in_container 'touch /data/made; stat -c "%u:%g" /data/made'
	berth_run
	assert_status 0
	assert_line 0:0
	[ "$(stat -c %u:%g "$bundle/src/made")" = 0:0 ]
}

@test "idmap: mappings of the mount, with and without a user namespace, with and without the option" {
	local options
	for options in bind,idmap bind; do
		data $options "$(mappings 0 7 10)"
		berth_run
		assert_status 0
		assert_line 7:7
	done
	user_namespace
	data bind,idmap "$(mappings 0 500007 10)"
	berth_run
	assert_status 0
	assert_line 7:7
}

@test "idmap: the form of crun" {
	data 'bind,idmap=uids=0-21-10#10-11-10;gids=0-100-10'
	berth_run
	assert_status 0
	assert_line 21:100
	user_namespace
	data 'bind,idmap=uids=@0-3-10;gids=@0-5-10'
	berth_run
	assert_status 0
	assert_line 3:5
}

@test "idmap is for the mount, ridmap for those below as well" {
	mount_below
	in_container 'stat -c "%u" /data/file /data/sub/below'
	data rbind,idmap "$(mappings 0 7 10)"
	berth_run
	local one=$output
	data rbind,ridmap "$(mappings 0 7 10)"
	berth_run
	assert_status 0
	[ "$one" = $'7\n0' ]
	[ "$output" = $'7\n7' ]
}

@test "idmap: many mounts, each with its own" {
	config '.mounts += [range(20) | {"destination": "/many/\(.)", "source": $s, "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": (. + 100), "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}]' --arg s "$bundle/src"
	in_container 'for i in $(seq 0 19); do stat -c %u /many/$i/file; done'
	berth_run
	assert_status 0
	[ "$output" = "$(seq 100 119)" ]
}

@test "idmap: without mappings and without a user namespace it is an error" {
	data bind,idmap
	berth_run
	assert_error "/options/1" "needs uidMappings and gidMappings"
}

@test "idmap: a file system that has none says so, and nothing is left" {
	data bind,idmap "$(mappings 0 7 10)"
	config '(.mounts[] | select(.destination == "/data")).source = "/proc"'
	berth_run
	assert_error "/options/1" "has no id-mapped mounts" "(step sources)"
	[ -z "$(left_cgroups)" ]
}

@test "mounts add with idmap: the container's mappings, and own ones" {
	user_namespace
	config '.root.readonly = false'
	in_container 'sleep 100'
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	jq -n --arg s "$bundle/src" --argjson m "$(mappings 0 500009 5)" \
		'[{destination: "/one", source: $s, options: ["bind", "idmap"]}, {destination: "/two", source: $s, options: ["bind", "idmap"]} + $m]' \
		>"$bundle/mounts.json"
	run "$BERTH" mounts add "$cid" "$bundle/mounts.json"
	assert_status 0
	run "$BERTH" exec "$cid" stat -c %u:%g /one/file /two/file
	"$BERTH" delete --force "$cid"
	[ "$output" = $'0:0\n9:9' ]
}

@test "idmap: flags that are locked stay locked: the mount comes from the container's own mount namespace" {
	user_namespace
	mount_below
	mount -o remount,bind,ro "$bundle/src/sub"
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"] | .process.capabilities.permitted += ["CAP_SYS_ADMIN"]'
	in_container 'mount -o remount,bind,rw /data/sub 2>&1; touch /data/sub/new 2>&1; umount /data/sub 2>&1; ls /data/sub'
	ln -s busybox "$bundle/rootfs/bin/umount"
	data rbind,ridmap
	berth_run
	assert_contains "Read-only file system"
	assert_line below
	[ ! -e "$bundle/src/sub/new" ]
}
