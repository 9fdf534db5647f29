#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The mount option tmpcopyup: a tmpfs that begins with what the image has in its place, and what a hostile
# image can do about that.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	tree=$bundle/rootfs/srv
	mkdir "$tree" "$bundle/outside"
	echo decoy >"$bundle/outside/decoy"
	mounts=$(host_mounts)
	copy_up
}

teardown() {
	[ "$mounts" = "$(host_mounts)" ]
	[ "$(cat "$bundle/outside/decoy")" = decoy ]
	[ "$(ls -A "$bundle/outside")" = decoy ]
	remove_bundle
}

# copy_up [OPTION...]: /srv is such a tmpfs, with these options too.
copy_up() {
	# shellcheck disable=SC2016 # variables of jq
	config '.mounts = [.mounts[] | select(.destination != "/srv")]
		+ [{"destination": "/srv", "type": "tmpfs", "source": "tmpfs", "options": (["tmpcopyup"] + $more)}]' \
		--argjson more "$(jq -cn '$ARGS.positional' --args -- "$@")"
}

# What there is below a directory, with everything that stat(1) knows of it; inode numbers as the first name.
# Not the size of a directory, which file systems count each in its own way.
listing='cd /srv && find . | sort | while read -r f; do
	[ -d "$f" ] && size=- || size=$(stat -c %s "$f")
	stat -c "%n %F %a %u:%g %h %t:%T %X %Y $size" "$f" | sed "s/ directory \(.*:[0-9]*\) [0-9]* / directory \1 - /"
	[ ! -L "$f" ] || readlink "$f"
	[ ! -f "$f" ] || [ -L "$f" ] || md5sum <"$f"
done'

# times_set NANOSECONDS PATH...: since 1970.
times_set() {
	python3 -S -c 'import os, sys
for path in sys.argv[2:]:
    os.utime(path, ns=(int(sys.argv[1]),) * 2, follow_symlinks=False)' "$@"
}

# A tree with one of each.
tree_make() {
	mkdir -p "$tree/a/b" "$tree/empty"
	echo text >"$tree/a/file"
	chmod 4755 "$tree/a/file"
	head -c 300000 /dev/urandom >"$tree/a/b/large"
	truncate -s 100M "$tree/hole"
	echo end >>"$tree/hole"
	: >"$tree/nothing"
	ln "$tree/a/file" "$tree/a/b/same"
	ln "$tree/a/file" "$tree/again"
	ln -s /etc/passwd "$tree/link"
	ln -s nowhere "$tree/a/dangling"
	mkfifo -m 640 "$tree/pipe"
	mknod -m 604 "$tree/null" c 1 3
	chown -h 12:34 "$tree/link" "$tree/pipe" "$tree/null" "$tree/a/b/large" "$tree/a"
	chown 12:34 "$tree/a/file"
	chmod 4755 "$tree/a/file"
	chmod 1770 "$tree/a/b"
	chown 7:8 "$tree"
	chmod 2775 "$tree"
	times_set 1000000000123456789 "$tree/link" "$tree/pipe" "$tree/a/file" "$tree/a/b"
	times_set 1100000000000000000 "$tree/a/b/large" "$tree/null" "$tree/hole" "$tree/a" "$tree"
}

@test "tmpcopyup: names, types, modes, owners, times, links, nodes, holes are those of the image" {
	local name
	tree_make
	for name in find stat sed md5sum readlink; do
		ln -sf busybox "$bundle/rootfs/bin/$name"
	done
	in_container "$listing; df -k /srv | tail -1; stat -c %Y.%y /srv/link"
	berth_run
	assert_status 0
	printf '%s\n' "${lines[@]}" | grep -v ^tmpfs | head -n -1 >"$bundle/copied"
	# Reading the tree here and there may change times of access, so they are not compared.
	chroot "$bundle/rootfs" /bin/busybox sh -c "PATH=/bin; $listing" >"$bundle/there"
	sed -E -i 's/^(.* [0-9a-f]+:[0-9a-f]+) [0-9]+ /\1 /' "$bundle/copied" "$bundle/there"
	diff "$bundle/there" "$bundle/copied"
	grep -qF './a/file regular file 4755 12:34 3' "$bundle/copied"
	# The hole takes no memory, and times have their nanoseconds.
	[ "$(awk '$1 == "tmpfs" { print $3 }' <<<"$output")" -lt 2000 ]
	assert_contains ".123456789"
	refute_contains hard-links
}

@test "tmpcopyup: the copy is the container's alone, and root.readonly does not hold it" {
	echo image >"$tree/file"
	config '.root.readonly = true'
	in_container 'cat /srv/file; echo mine >/srv/file; echo new >/srv/new; cat /srv/file; grep " /srv " /proc/mounts'
	berth_run
	assert_status 0
	assert_line image
	assert_line mine
	assert_contains "tmpfs /srv tmpfs rw"
	[ "$(cat "$tree/file")" = image ]
	[ ! -e "$tree/new" ]
}

@test "tmpcopyup: ro is for afterwards, and mode, uid and gid of the options go before those of the image" {
	echo image >"$tree/file"
	chown 7:8 "$tree"
	copy_up ro mode=1755 uid=3
	in_container 'cat /srv/file; touch /srv/x 2>&1; stat -c "%a %u:%g" /srv'
	berth_run
	assert_line image
	assert_contains "Read-only file system"
	assert_line "1755 3:0"
}

@test "tmpcopyup: extended attributes and the capabilities of files" {
	python3 - "$tree" <<-'PY'
		import os, struct, sys
		path = sys.argv[1] + "/ping"
		open(path, "w").close()
		os.setxattr(path, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
		os.setxattr(path, "trusted.berth", b"value")
	PY
	in_container 'sleep 60'
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	local pid
	pid=$(pid_of)
	run python3 -c 'import os, sys
for name in "security.capability", "trusted.berth": print(name, os.getxattr(sys.argv[1], name).hex())' "/proc/$pid/root/srv/ping"
	"$BERTH" delete --force "$cid"
	assert_status 0
	assert_line "security.capability 0100000200200000000000000000000000000000"
	assert_line "trusted.berth 76616c7565"
}

@test "tmpcopyup: what other mounts bring below is not copied" {
	mkdir "$tree/volume" "$tree/plain"
	touch "$tree/plain/file"
	config '.mounts = [{"destination": "/srv/volume", "type": "bind", "source": $s, "options": ["rbind"]}] + .mounts' --arg s "$bundle/outside"
	in_container 'find /srv'
	ln -s busybox "$bundle/rootfs/bin/find"
	berth_run
	assert_status 0
	assert_line /srv/plain/file
	refute_contains decoy
}

@test "tmpcopyup: a place that is not there, a file in it, and a link to a directory" {
	rmdir "$tree"
	in_container 'ls /srv | wc -l; stat -c %a /srv'
	berth_run
	assert_status 0
	assert_line 0
	rmdir "$tree"
	mkdir "$bundle/rootfs/real"
	touch "$bundle/rootfs/real/file"
	ln -s /real "$tree"
	in_container 'ls /real /srv/'
	berth_run
	assert_status 0
	assert_line file
	rm "$tree"
	touch "$tree"
	berth_run
	assert_error "/mounts/" "not a directory" /srv
}

@test "tmpcopyup: a tree that does not fit is an error that names the file" {
	mkdir "$tree/dir"
	head -c 100000 /dev/zero >"$tree/dir/large"
	copy_up size=64k
	berth_run
	assert_error "/mounts/" "copy into the tmpfs" "/srv/dir/large" "no space left on device"
}

@test "tmpcopyup: links of the image are copied and never followed" {
	ln -s "$bundle/outside" "$tree/dir"
	ln -s ../../../../../../../../../../../../../../etc/shadow "$tree/up"
	ln -s "$bundle/outside/decoy" "$tree/file"
	in_container 'for f in dir up file; do readlink /srv/$f; done; find /srv | wc -l'
	ln -s busybox "$bundle/rootfs/bin/find"
	berth_run
	assert_status 0
	assert_line "$bundle/outside"
	assert_line "$bundle/outside/decoy"
	assert_line 4
}

@test "tmpcopyup: a deep tree is an error, not the end of the stack or of the descriptors" {
	(cd "$tree" && for _ in {1..100}; do mkdir d && cd d || exit 1; done && touch bottom)
	in_container 'find /srv | wc -l'
	ln -s busybox "$bundle/rootfs/bin/find"
	berth_run
	assert_status 0
	assert_line 102
	(cd "$tree" && python3 -c 'import os
for _ in range(600): os.makedirs("e", exist_ok=True); os.chdir("e")')
	berth_run
	assert_error "/mounts/" "more than 128 levels"
}

@test "tmpcopyup: 5,000 names, each with another link" {
	(cd "$tree" && for i in {1..2500}; do : >"f$i"; done && mkdir l && ln f* l)
	in_container 'ls /srv | wc -l; ls /srv/l | wc -l; ls -A /srv | grep -c hard; stat -c %h /srv/f7; [ /srv/f7 -ef /srv/l/f7 ] && echo same'
	berth_run
	assert_status 0
	[ "${lines[*]}" = "2501 2500 0 2 same" ]
}

@test "tmpcopyup: in a user namespace, with the owners that it knows" {
	chown -R 500000:500000 "$bundle/rootfs"
	echo image >"$tree/file"
	chown 500012:500034 "$tree/file"
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 500000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	in_container 'stat -c "%u:%g" /srv/file /srv'
	berth_run
	assert_status 0
	[ "${lines[*]}" = "12:34 0:0" ]
	# An owner that it does not know is nobody there, and here, if nobody is mapped.
	chown 77:77 "$tree/file"
	berth_run
	assert_line "65534:65534"
	config '.linux.uidMappings[0].size = 1000 | .linux.gidMappings[0].size = 1000'
	berth_run
	assert_error "copy into the tmpfs" "/srv/file"
}

@test "tmpcopyup: on another mount than tmpfs it is a warning" {
	config '.mounts[-1] = {"destination": "/srv", "type": "bind", "source": $s, "options": ["bind", "tmpcopyup"]}' --arg s "$bundle/outside"
	in_container 'cat /srv/decoy'
	run "$BERTH" --log-level warning run --bundle "$bundle" "$cid"
	assert_status 0
	assert_line decoy
	assert_contains 'options/1: "tmpcopyup" has an effect on tmpfs alone'
}

# Somebody else changes the image meanwhile: names that are exchanged for links are copied as one or the other.
@test "tmpcopyup: a racer that exchanges directories and links gets nothing of the outside" {
	mkdir "$tree/d"
	for i in {1..40}; do mkdir "$tree/d/$i"; done
	touch "$tree/d/"{1..40}"/inside"
	ln -s "$bundle/outside" "$bundle/rootfs/link"
	timeout 200 python3 - "$bundle/rootfs" <<-'PY' &
		import ctypes, sys
		libc = ctypes.CDLL(None, use_errno=True)
		root = sys.argv[1].encode()
		n = 0
		while True:
		    n = n % 40 + 1
		    for _ in range(2):
		        if libc.renameat2(-100, b"%s/srv/d/%d" % (root, n), -100, root + b"/link", 2):
		            sys.exit(1)
	PY
	local racer=$! i copied=0 count
	count=$(rounds 25)
	in_container 'find /srv -name decoy; grep -rl decoy /srv 2>/dev/null; echo done'
	ln -sf busybox "$bundle/rootfs/bin/find"
	for ((i = 0; i < count || (copied == 0 && i < 25); i++)); do
		berth_run
		refute_contains decoy
		[ "$output" != "done" ] || copied=$((copied + 1))
		[ "$status" = 0 ] || assert_error "copy into the tmpfs"
	done
	kill "$racer"
	wait "$racer" || true
	[ "$copied" -gt 0 ]
}
