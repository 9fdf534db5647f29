#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# Compiled seccomp programs are kept below the state root. What is there must never weaken a filter: a forged entry
# that allows everything is loaded where nothing is wrong with it (the control), and in no other case.

load ../kit/container
load ../kit/call

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	put_call
	cache=$bundle/state/.seccomp
	deny personality
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# deny NAME [ERRNO]: all is allowed but one system call, with 77 for its errno.
deny() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": [$name], "action": "SCMP_ACT_ERRNO", "errnoRet": $errno}]}' \
		--arg name "$1" --argjson errno "${2:-77}"
	in_container 'call personality'
}

# says TEXT: the container ends well, and the call of it gives that: 77 from the filter, ok without.
says() {
	berth_run
	assert_status 0
	[ "$output" = "$1" ] || {
		printf 'not "%s" but "%s"\n' "$1" "$output"
		return 1
	}
}

# compiles TEXT, takes TEXT: the same, and the program was compiled or was there.
traced() {
	run strace -f -e trace=memfd_create -o "$bundle/trace" "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = "$1" ]
}

compiles() {
	traced "$1"
	grep -q '"berth-seccomp"' "$bundle/trace"
}

takes() {
	traced "$1"
	run grep -c '"berth-seccomp"' "$bundle/trace"
	[ "$output" = 0 ]
}

entries() {
	find "$cache" -mindepth 1 | wc -l
}

# The only entry, which allows everything. Whoever can write it could do anything else as well; it shows what is used.
forge() {
	says 77
	[ "$(entries)" = 1 ]
	entry=$(find "$cache" -type f)
	python3 "$kit_root/tests/kit/cache.py" forge "$entry"
}

# not_used: the filter is the right one although there is a forged entry, and from there on the entry is right.
not_used() {
	compiles 77
	takes 77
}

@test "compiled once; another run, create and exec take what is there" {
	compiles 77
	[ "$(stat -c '%a %u' "$cache")" = "700 0" ]
	[ "$(stat -c '%a %u %h' "$cache"/*)" = "600 0 1" ]
	[ "$(entries)" = 1 ]
	takes 77
	in_container 'sleep 60'
	"$BERTH" run --detach --bundle "$bundle" "$cid" 3>&-
	run strace -f -e trace=memfd_create -o "$bundle/trace" "$BERTH" exec "$cid" call personality
	assert_status 0
	[ "$output" = 77 ]
	run grep -c '"berth-seccomp"' "$bundle/trace"
	[ "$output" = 0 ]
	[ "$(entries)" = 1 ]
}

@test "exec and create keep what they compile" {
	in_container 'sleep 60'
	"$BERTH" create --bundle "$bundle" "$cid" 3>&-
	[ "$(entries)" = 1 ]
	rm -r "${cache:?}"
	"$BERTH" start "$cid"
	run "$BERTH" exec "$cid" call personality
	[ "$output" = 77 ]
	[ "$(entries)" = 1 ]
}

@test "control: a forged entry with which nothing is wrong is what is loaded" {
	forge
	takes ok
}

@test "every profile has an entry of its own" {
	local errno change
	compiles 77
	for errno in 78 79; do
		deny personality $errno
		compiles $errno
		takes $errno
	done
	deny personality 77
	for change in '.syscalls[0].args = [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]' '.syscalls[0].args[0].value = 4294967296' \
		'.syscalls[0].args = [{"index": 5, "value": 0, "op": "SCMP_CMP_NE"}]' '.syscalls[0].names += ["mkdirat"]' \
		'.defaultAction = "SCMP_ACT_LOG"' '.architectures = ["SCMP_ARCH_X86"]'; do
		config ".linux.seccomp |= ($change)"
		run strace -f -e trace=memfd_create -o "$bundle/trace" "$BERTH" run --bundle "$bundle" "$cid"
		assert_status 0
		grep -q '"berth-seccomp"' "$bundle/trace"
	done
	[ "$(entries)" = 9 ]
	# What the flags are is no matter of the program.
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	berth_run
	assert_status 0
	[ "$(entries)" = 9 ]
}

@test "the entry of another profile under this one's name is not used" {
	local other
	says 77
	entry=$(find "$cache" -type f)
	deny sched_yield # as long
	says ok
	other=$(find "$cache" -type f ! -path "$entry")
	deny personality
	cp "$other" "$entry"
	not_used
	python3 "$kit_root/tests/kit/cache.py" retype "$entry" "$other"
	not_used
}

@test "damage: a changed byte anywhere, a shorter and a longer file, none at all" {
	local size place
	forge
	size=$(stat -c %s "$entry")
	cp "$entry" "$bundle/forged"
	for place in $(seq 0 $((size / 24)) $((size - 1))) $((size - 1)); do
		cp "$bundle/forged" "$entry"
		printf '\x5a' | dd of="$entry" bs=1 seek="$place" conv=notrunc status=none
		cmp -s "$bundle/forged" "$entry" || says 77
	done
	for place in 0 1 8 23 24 $((size / 2)) $((size - 8)) $((size - 1)); do
		cp "$bundle/forged" "$entry"
		truncate -s "$place" "$entry"
		says 77
	done
	cp "$bundle/forged" "$entry"
	printf '\0' >>"$entry"
	not_used
	: >"$entry"
	not_used
	cp "$bundle/forged" "$entry"
	takes ok
}

@test "a file of another user, or that others may read or write, is not used" {
	local mode
	forge
	cp -p "$entry" "$bundle/forged"
	chown 1000 "$entry"
	not_used
	for mode in 666 622 606 660 640 604; do
		cp -p "$bundle/forged" "$entry"
		chmod $mode "$entry"
		not_used
		[ "$(stat -c '%a %u' "$entry")" = "600 0" ]
	done
	cp -p "$bundle/forged" "$entry"
	takes ok
}

@test "a link, a second name, a fifo or a directory in its place is not used, and holds nobody up" {
	forge
	mv "$entry" "$bundle/forged"
	ln -s "$bundle/forged" "$entry"
	not_used
	[ ! -L "$entry" ]
	ln -f "$bundle/forged" "$entry"
	not_used
	rm "$entry"
	mkfifo "$entry"
	not_used
	rm "$entry"
	mkdir "$entry"
	says 77
	says 77
	rmdir "$entry"
	cp -p "$bundle/forged" "$entry"
	takes ok
}

@test "a directory of another user, or that others may enter, is not used; nor is a link to one" {
	forge
	local mode
	for mode in 755 777 1777 710 2700; do
		chmod $mode "$cache"
		compiles 77
	done
	chmod 700 "$cache"
	chmod g-s "$cache"
	takes ok
	chown 1000 "$cache"
	compiles 77
	chown 0 "$cache"
	mv "$cache" "$bundle/elsewhere"
	ln -s "$bundle/elsewhere" "$cache"
	compiles 77
	rm "$cache"
	# Another file system mounted there.
	mkdir -m 700 "$cache"
	run unshare --mount sh -c 'mount --bind "$1" "$2" && exec "$3" run --bundle "$4" "$5"' sh "$bundle/elsewhere" "$cache" \
		"$BERTH" "$bundle" "$cid"
	assert_status 0
	[ "$output" = 77 ]
	run unshare --mount sh -c 'mount -t tmpfs -o mode=700 t "$2" && cp -p "$1"/* "$2" && exec "$3" run --bundle "$4" "$5"' sh \
		"$bundle/elsewhere" "$cache" "$BERTH" "$bundle" "$cid"
	assert_status 0
	[ "$output" = 77 ]
	rmdir "$cache"
	mv "$bundle/elsewhere" "$cache"
	takes ok
}

@test "where nothing can be kept, nothing fails" {
	echo something >"$cache"
	says 77
	says 77
	[ "$(cat "$cache")" = something ]
	rm "$cache"
	# A file system in which there is room for the record alone: the first in which the container runs.
	run unshare --mount sh -c '
		for inodes in $(seq 2 40); do
			mount -t tmpfs -o nr_inodes=$inodes,mode=700 t "$1/state"
			if "$2" run --bundle "$1" "$3" >"$1/out" 2>&1; then
				cat "$1/out"
				find "$1/state/.seccomp" -type f | wc -l
				exit
			fi
			umount "$1/state"
		done
		exit 1' sh "$bundle" "$BERTH" "$cid"
	assert_status 0
	[ "${lines[0]}" = 77 ]
	[ "${lines[-1]}" = 0 ]
}

@test "at most 64 entries: the oldest go" {
	local i
	mkdir -m 700 "$cache"
	for i in {1..80}; do
		: >"$cache/new-$i"
		touch -d "2020-01-01 00:$((i / 60)):$((i % 60))" "$cache/new-$i"
	done
	says 77
	[ "$(entries)" = 64 ]
	[ ! -e "$cache/new-17" ]
	[ -e "$cache/new-18" ]
	takes 77
	deny personality 78
	says 78
	[ "$(entries)" = 64 ]
	[ ! -e "$cache/new-18" ]
	[ -e "$cache/new-19" ]
}

@test "many at once: each has the filter, and one entry is left" {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		timeout 60 "$BERTH" run --bundle "$bundle" "$cid-$i" >"$bundle/out.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		wait "${pids[i - 1]}"
		[ "$(cat "$bundle/out.$i")" = 77 ]
	done
	[ "$(entries)" = 1 ]
	takes 77
}

@test "rootless: a cache of the user's own; nothing of root's is taken there, and root takes nothing of his" {
	local user=berth-test
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:" "$bundle"
	as_user() {
		setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$@"
	}
	as_user "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	deny personality
	chown "$user:" "$bundle/config.json"
	user_says() {
		run as_user timeout 60 "$bundle/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
		assert_status 0
		[ "$output" = "$1" ]
	}
	user_says 77
	[ "$(stat -c '%a %U' "$cache" "$cache"/* | sort)" = "600 $user
700 $user" ]
	entry=$(find "$cache" -type f)
	python3 "$kit_root/tests/kit/cache.py" forge "$entry"
	user_says ok # the control
	chown root: "$entry"
	user_says 77
	[ "$(stat -c %U "$entry")" = "$user" ]
	# Root, by the same state root.
	python3 "$kit_root/tests/kit/cache.py" forge "$entry"
	chown root: "$bundle/state"
	chmod 755 "$bundle/state"
	chown -R root: "$bundle/rootfs"
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))
		| .mounts |= map(select(.destination != "/sys"))'
	says 77
}

@test "the cache is no container, and without seccomp there is none" {
	says 77
	[ "$("$BERTH" list --quiet)" = "" ]
	run "$BERTH" delete --force .seccomp
	assert_status 1
	run "$BERTH" state .seccomp
	assert_status 1
	[ "$(entries)" = 1 ]
	rm -r "${cache:?}"
	config 'del(.linux.seccomp)'
	says ok
	run strace -f -o "$bundle/trace" "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	run grep -c '\.seccomp' "$bundle/trace"
	[ "$output" = 0 ]
	[ ! -e "$cache" ]
}

@test "what is not compiled is not kept, and what fails to start is not either" {
	config '.linux.seccomp.architectures = ["SCMP_ARCH_S390X"]'
	berth_run
	assert_error "/linux/seccomp/architectures/0"
	[ ! -e "$cache" ]
	deny personality
	config '.process.args = ["/no/such/program"]'
	berth_run
	assert_error /process/args/0
	[ ! -e "$cache" ]
}

@test "the identity of berth's code and the kernel's release are in the key" {
	says 77
	entry=$(find "$cache" -type f)
	local id
	id=$(readelf -n "$berth_program" | sed -n 's/.*Build ID: //p')
	[ "${#id}" = 40 ]
	od -An -v -tx1 "$entry" | tr -d ' \n' | grep -q "$id"
	grep -qF "$(uname -r)" "$entry"
}
