#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mount options of config.md, and those that crun has beside them, as the kernel shows them; and how what a kernel
# refuses is told.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	mkdir "$bundle/src" "$bundle/src/sub"
	echo text >"$bundle/src/file"
	in_container 'awk "\$5 ~ \"^/data\" { print \$5, \$6 }" /proc/self/mountinfo'
	ln -s busybox "$bundle/rootfs/bin/awk"
	mounts=$(host_mounts)
}

teardown() {
	! mountpoint -q "$bundle/src/sub" || umount "$bundle/src/sub"
	[ "$mounts" = "$(host_mounts)" ]
	remove_bundle
}

# data OPTIONS [MEMBERS]: /data is a bind of the source, or what the members (JSON) say, with these options,
# comma-separated.
data() {
	# shellcheck disable=SC2016 # variables of jq
	config '.mounts = [.mounts[] | select(.destination != "/data" and (.source | startswith($s) | not))]
		+ [{"destination": "/data", "source": $s, "options": ($o | split(","))} + $m]' \
		--arg s "$bundle/src" --arg o "$1" --argjson m "${2:-{\}}"
}

tmpfs='{"type": "tmpfs", "source": "t"}'

# shows OPTIONS FLAGS [MEMBERS]: with these options the mount has exactly these flags, and all that are not
# named are not there.
shows() {
	data "$1" "${3:-{\}}"
	berth_run
	assert_status 0
	[ "$output" = "/data $2" ] || {
		printf '%s gives %s, not %s\n' "$1" "$output" "$2"
		return 1
	}
}

@test "each attribute of a bind mount, and its opposite" {
	shows bind,ro ro,relatime
	shows bind,nosuid rw,nosuid,relatime
	shows bind,nodev rw,nodev,relatime
	shows bind,noexec rw,noexec,relatime
	shows bind,noatime rw,noatime
	shows bind,nodiratime rw,nodiratime,relatime
	shows bind,strictatime rw
	shows bind,relatime rw,relatime
	shows bind,nosymfollow rw,relatime,nosymfollow
	shows bind,rw,suid,dev,exec,atime,diratime,symfollow,norelatime,nostrictatime,defaults rw,relatime
}

@test "later options override earlier ones" {
	shows bind,ro,rw rw,relatime
	shows bind,rw,ro ro,relatime
	shows bind,nosuid,suid,nodev,dev,noexec,exec,nosymfollow,symfollow rw,relatime
	shows bind,noatime,strictatime rw
	shows bind,strictatime,noatime rw,noatime
	shows bind,noatime,atime rw,relatime
	shows bind,nodiratime,diratime rw,relatime
}

@test "the same for a new file system, and for one the flags of its own" {
	shows ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "$tmpfs"
	shows ro,rw,strictatime rw "$tmpfs"
	in_container 'awk "\$5 == \"/data\" { print \$NF }" /proc/self/mountinfo'
	local option
	for option in sync dirsync lazytime; do
		data "$option" "$tmpfs"
		berth_run
		assert_status 0
		[[ ,$output, == *",$option,"* ]]
	done
	data sync,async,lazytime,nolazytime "$tmpfs"
	berth_run
	assert_status 0
	[[ $output != *sync* && $output != *lazytime* ]]
}

@test "attributes for the mounts below as well, and their opposites" {
	mount -t tmpfs none "$bundle/src/sub"
	local option
	for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		data "rbind,r$option"
		berth_run
		assert_status 0
		[ "${#lines[@]}" = 2 ]
		[[ ",${lines[0]#* }," == *",$option,"* && ",${lines[1]#* }," == *",$option,"* ]]
		# For the one mount alone: not below.
		data "rbind,$option"
		berth_run
		assert_status 0
		[ "${#lines[@]}" = 2 ]
		[[ ",${lines[0]#* }," == *",$option,"* && ",${lines[1]#* }," != *",$option,"* ]]
	done
	umount "$bundle/src/sub"
	mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime,nodiratime none "$bundle/src/sub"
	data rbind,rrw,rsuid,rdev,rexec,ratime,rdiratime,rrelatime,rsymfollow
	berth_run
	assert_status 0
	[ "${lines[*]}" = "/data rw,relatime /data/sub rw,relatime" ]
	data rbind,rstrictatime
	berth_run
	assert_status 0
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} != *noatime* && ${lines[1]} != *relatime* ]]
}

@test "options without an effect are warnings" {
	data bind,mand,iversion,silent,sync,nomand,noiversion,loud
	run "$BERTH" --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	assert_line "/data rw,relatime"
	local option
	for option in mand iversion silent sync; do
		assert_contains "\"$option\" has no effect"
	done
	refute_contains noiversion
	data "mand,iversion,silent,nomand,noiversion,loud" "$tmpfs"
	berth_run
	assert_status 0
	assert_line "/data rw,relatime"
}

@test "an option that the file system refuses is told by its own pointer and the kernel's words" {
	data nosuid,size=1m,nonsense=1 "$tmpfs"
	berth_run
	assert_error "/options/2" "nonsense" "Unknown parameter"
	data "nosuid,size=x" "$tmpfs"
	berth_run
	assert_error "/options/1"
	config '.mounts[-1].options = ["mode=755,size=64k,nr_inodes=y"]'
	berth_run
	assert_error "/options/0" "nr_inodes"
}

@test "a bind mount with an option of a file system is an error that names it" {
	data bind,ro,size=1m
	berth_run
	assert_error "/options/2" '"size=1m"'
}

@test "a flag that is locked cannot be cleared in a user namespace, and that is said" {
	mount -t tmpfs none "$bundle/src/sub"
	mount -o remount,ro,bind "$bundle/src/sub"
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 500000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 500000:500000 "$bundle/rootfs"
	data bind,rw "{\"source\": \"$bundle/src/sub\"}"
	berth_run
	assert_error "is locked and cannot be cleared"
	data bind "{\"source\": \"$bundle/src/sub\"}"
	berth_run
	assert_status 0
	[[ $output == "/data ro,"* ]]
}

@test "copy-symlink: a source that is a link is one in the container, anything else is bound" {
	ln -s some/where "$bundle/src/link"
	data bind,copy-symlink "{\"source\": \"$bundle/src/link\", \"destination\": \"/new/link\"}"
	config '.root.readonly = false'
	in_container 'readlink /new/link'
	berth_run
	assert_status 0
	assert_line some/where
	# The same again, as the image has it now; and something else in its place.
	berth_run
	assert_status 0
	ln -sfn else "$bundle/rootfs/new/link"
	berth_run
	assert_error "make the symbolic link" "/new/link"
	data bind,copy-symlink
	in_container 'cat /data/file'
	berth_run
	assert_line text
}

@test "src-nofollow: the link itself is bound" {
	ln -s file "$bundle/src/link"
	touch "$bundle/rootfs/there"
	config '.root.readonly = false'
	data bind,src-nofollow "{\"source\": \"$bundle/src/link\", \"destination\": \"/there\"}"
	in_container 'readlink /there'
	berth_run
	assert_status 0
	assert_line file
	# Control: a link is followed without it.
	data bind "{\"source\": \"$bundle/src/link\", \"destination\": \"/there\"}"
	in_container 'cat /there'
	berth_run
	assert_line text
}

@test "dest-nofollow: the mount covers the link, and what it points to stays" {
	ln -s /etc/target "$bundle/rootfs/link"
	echo target >"$bundle/rootfs/etc/target"
	in_container 'cat /link; cat /etc/target'
	data bind,dest-nofollow "{\"source\": \"$bundle/src/file\", \"destination\": \"/link\"}"
	berth_run
	assert_status 0
	[ "${lines[*]}" = "text target" ]
	data bind "{\"source\": \"$bundle/src/file\", \"destination\": \"/link\"}"
	berth_run
	[ "${lines[*]}" = "text text" ]
	# Missing: a directory, and a file.
	config '.root.readonly = false'
	data dest-nofollow "{\"type\": \"tmpfs\", \"source\": \"t\", \"destination\": \"/made/dir\"}"
	in_container 'grep " /made/dir " /proc/mounts'
	berth_run
	assert_status 0
}

@test "an overlay of twenty layers, whose list is longer than one value may be" {
	local i layers=
	for i in {1..20}; do
		mkdir "$bundle/src/layer-with-a-long-name-$i"
		echo "$i" >"$bundle/src/layer-with-a-long-name-$i/f$i"
		echo "$i" >"$bundle/src/layer-with-a-long-name-$i/top"
		layers=$layers${layers:+:}$bundle/src/layer-with-a-long-name-$i
	done
	data "ro,lowerdir=$layers" '{"type": "overlay", "source": "overlay"}'
	in_container 'ls /data | wc -l; cat /data/top'
	berth_run
	if is_older 6.7; then
		assert_error "/options/1" "mount option lowerdir"
	else
		assert_status 0
		[ "${lines[*]}" = "21 1" ]
	fi
	data "ro,lowerdir=/$(printf 'x%.0s' {1..300}):/b" '{"type": "overlay", "source": "overlay"}'
	berth_run
	assert_error "/options/1" "longer than fsconfig(2) takes"
}

@test "the root of the host is refused by whatever path" {
	ln -s / "$bundle/link"
	local path
	for path in / /tmp/.. "$bundle/link" ../../.. /proc/self/root; do
		config '.root.path = $p' --arg p "$path"
		berth_run
		assert_error "/root/path" 'is "/", the root file system of the host'
	done
}

@test "a device without fileMode has that of the default devices" {
	config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}]'
	in_container 'stat -c %a /dev/mine'
	berth_run
	assert_status 0
	assert_line 666
}

@test "without CAP_MKNOD a device is the host's; where the host has none it is an error" {
	local without=(setpriv --bounding-set=-mknod --inh-caps=-mknod --)
	config '.linux.devices = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}]'
	in_container 'for d in null full tty; do stat -c %t:%T /dev/$d; grep -c " /dev/$d " /proc/mounts; done'
	run "${without[@]}" "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "${lines[*]}" = "1:3 1 1:7 1 5:0 1" ]
	berth_run
	[ "${lines[*]}" = "1:3 0 1:7 0 5:0 0" ]
	config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}]'
	run "${without[@]}" "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "/linux/devices/0" "open the device of the host, in the place of a node that may not be made /dev/mine: no such file or directory"
}

@test "the root is a path of the host, or one in the bundle" {
	local path
	in_container 'echo inside; ls /'
	for path in rootfs ./rootfs "$bundle/rootfs" "../${bundle##*/}/rootfs"; do
		config '.root.path = $p' --arg p "$path"
		berth_run
		assert_status 0
		assert_line inside
		refute_line config.json
	done
}

@test "a source that is relative is in the bundle, and a destination begins at \"/\"" {
	data bind '{"source": "src", "destination": "data/below"}'
	config '.root.readonly = false'
	in_container 'cat /data/below/file'
	run "$BERTH" --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	assert_line text
	assert_contains 'destination: "data/below" is relative, which is deprecated'
}

@test "mounts are made in the order of the list: a later one covers an earlier one, and lies in it" {
	config '.mounts += [{"destination": "/data", "type": "tmpfs", "source": "one", "options": ["mode=700"]},
		{"destination": "/data/in", "type": "tmpfs", "source": "two"},
		{"destination": "/tmp", "type": "tmpfs", "source": "three"}, {"destination": "/tmp", "type": "tmpfs", "source": "four"}]'
	mkdir "$bundle/rootfs/data"
	in_container 'grep -E " /(data|tmp)" /proc/mounts | cut -d" " -f 1,2'
	berth_run
	assert_status 0
	[ "${lines[*]}" = "one /data two /data/in three /tmp four /tmp" ]
}

@test "bind or rbind makes a bind mount, whatever the type says" {
	local type
	for type in none bind proc nonsense; do
		shows bind,ro ro,relatime "{\"type\": \"$type\"}"
	done
}

# many COUNT: so many bind mounts of files, and one of a path that a mount of the container would change.
many() {
	mkdir "$bundle/src/many"
	seq "$1" | (cd "$bundle/src/many" && while read -r i; do echo "$i" >"f$i"; done)
	config '.mounts += [{"destination": "/data", "type": "tmpfs", "source": "t"}]
		+ [range(1; $n + 1) | {"destination": "/data/f\(.)", "source": "\($s)/many/f\(.)", "options": ["bind", "ro"]}]
		+ [{"destination": "/data/last", "source": "\($s)/../rootfs/tmp/last", "options": ["bind"]}]
		| .mounts = [{"destination": "/tmp", "type": "tmpfs", "source": "t"}] + .mounts' \
		--argjson n "$1" --arg s "$bundle/src"
	mkdir "$bundle/rootfs/data"
	echo last >"$bundle/rootfs/tmp/last"
	in_container 'cat /data/f* | sort -n | uniq | wc -l; cat /data/last; grep -c " /data/f" /proc/mounts; ls /proc/self/fd | wc -l'
	ln -s busybox "$bundle/rootfs/bin/uniq"
}

@test "1,500 bind mounts with 1,024 descriptors" {
	many 1500
	ulimit -n 1024
	berth_run
	assert_status 0
	[ "${lines[*]:0:3}" = "1500 last 1500" ]
	[ "${lines[3]}" -le 5 ]
}

@test "1,500 bind mounts in a user namespace, and one that is not there" {
	many 1500
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 500000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 500000:500000 "$bundle/rootfs" "$bundle/src"
	ulimit -n 1024
	berth_run
	assert_status 0
	[ "${lines[*]:0:3}" = "1500 last 1500" ]
	rm "$bundle/src/many/f1400"
	berth_run
	assert_error "open the bind source" "many/f1400" "(step mounts)"
}
