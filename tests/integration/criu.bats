#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore as far as they go without a CRIU that works: what is refused, and in which words.
# tests/vm/checkpoint.bats has the rest.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	images=$bundle/images
}

teardown() {
	"$BERTH" delete --force "$cid" || true
	remove_bundle
}

start() {
	in_container 'echo up; exec sleep 100'
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	until_true test -s "$bundle/out"
}

# A criu that says what is behind it, and fails.
false_criu() {
	mkdir -p "$bundle/bin"
	printf '#!/bin/sh\n%s\nexit 1\n' "$1" >"$bundle/bin/criu"
	chmod 755 "$bundle/bin/criu"
}

@test "help, and a flag without its value" {
	run "$BERTH" checkpoint --help
	assert_status 0
	assert_contains --pre-dump
	run "$BERTH" restore --help
	assert_status 0
	assert_contains --lsm-mount-context
	run "$BERTH" restore --lsm-mount-context
	assert_error "flag needs an argument: --lsm-mount-context"
	run "$BERTH" checkpoint
	assert_error '"checkpoint" requires exactly 1 argument(s)'
}

@test "a container that is not there, is created only, or has stopped" {
	run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "container does not exist"
	"$BERTH" create --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "cannot checkpoint a container that is created"
	"$BERTH" delete --force "$cid"
	start
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "container not running"
	[ ! -e "$images" ]
}

@test "values that are none" {
	start
	run "$BERTH" checkpoint --manage-cgroups-mode hard "$cid"
	assert_error --manage-cgroups-mode "not \"hard\""
	run "$BERTH" checkpoint --manage-cgroups-mode= "$cid"
	assert_error "--manage-cgroups-mode is empty"
	run "$BERTH" checkpoint --network-lock key "$cid"
	assert_error --network-lock "not \"key\""
	run "$BERTH" checkpoint --empty-ns uts "$cid"
	assert_error --empty-ns "not \"uts\""
	for value in x -1 0 1.5; do
		run "$BERTH" checkpoint --lazy-pages --status-fd "$value" "$cid"
		assert_error --status-fd "\"$value\""
	done
	run "$BERTH" checkpoint --image-path "$images" --lazy-pages --status-fd 77 "$cid"
	assert_error status-fd "descriptor 77" "bad file descriptor"
	run "$BERTH" checkpoint --image-path "$images" --status-fd 1 "$cid"
	assert_error "status-fd needs lazy-pages"
	for value in 127.0.0.1 127.0.0.1: :22 127.0.0.1:0 127.0.0.1:65536 1:2x; do
		run "$BERTH" checkpoint --image-path "$images" --page-server "$value" "$cid"
		assert_error "page server is ADDRESS:PORT, not \"$value\""
	done
	run "$BERTH" checkpoint --image-path "$images" --parent-path /tmp "$cid"
	assert_error "parent path is relative" "\"/tmp\""
	run "$BERTH" checkpoint --image-path "$images" --parent-path ../none "$cid"
	assert_error "open the parent path $images/../none" "no such file or directory"
	for verb in checkpoint restore; do
		run "$BERTH" $verb --manage-cgroups-mode=soft --empty-ns network --network-lock=iptables
		assert_error "\"$verb\" requires exactly 1 argument(s)"
	done
	has_status running
}

@test "no criu in PATH" {
	start
	PATH_BEFORE=$PATH
	run env PATH="$bundle/none:relative" "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "the program criu" "directories of PATH ($bundle/none:relative)" "step checkpoint"
	[ "$PATH" = "$PATH_BEFORE" ]
	has_status running
}

@test "criu is the one of PATH, gets no other variable, and what ends it is an error" {
	start
	false_criu 'env >"'"$bundle"'/env"; echo "$@" >"'"$bundle"'/args"'
	SECRET=1 PATH=$bundle/bin:$PATH run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "criu failed: it does not say why (log file: $images/dump.log)" "step checkpoint"
	grep -qE '^swrk [0-9]+$' "$bundle/args"
	grep -qx "PATH=$bundle/bin:$PATH" "$bundle/env"
	run ! grep -q SECRET "$bundle/env"
	false_criu 'kill -KILL $$'
	PATH=$bundle/bin:$PATH run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "criu failed"
	has_status running
}

@test "the reason is the first error of criu's log, after what it finds out about the kernel" {
	start
	false_criu 'printf "(00.1) Error (criu/tun.c:85): no tun\n(00.2) =====\n(00.3) 1: Error (criu/a.c:1): exited, status=1\n(00.4) 1: Error (criu/b.c:2): the reason\n(00.5) Error (criu/c.c:3): Dumping FAILED\n" >"'"$images"'/dump.log"'
	PATH=$bundle/bin:$PATH run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "criu failed: the reason (log file: $images/dump.log)"
}

@test "a restore without images, or that fails, leaves nothing" {
	local mounts
	mounts=$(host_mounts)
	run "$BERTH" restore --detach --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "open the directory $images" "no such file or directory" "step restore"
	mkdir "$images"
	run "$BERTH" restore --detach --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "read $images/descriptors.json" "no such file or directory"
	echo '{' >"$images/descriptors.json"
	run "$BERTH" restore --detach --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "$images/descriptors.json is no array"
	echo '["/dev/null","/dev/null","/dev/null"]' >"$images/descriptors.json"
	false_criu 'cat "/proc/$$/mountinfo" >"'"$bundle"'/mountinfo"'
	PATH=$bundle/bin:$PATH run "$BERTH" restore --detach --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "criu failed" "$images/restore.log" "step restore"
	# There, the root file system is a mount.
	grep -q " $bundle/rootfs " "$bundle/mountinfo"
	[ "$mounts" = "$(host_mounts)" ]
	[ -z "$(ls -A "$bundle/state")" ]
	[ -z "$(left_cgroups)" ]
	[ -z "$(left_processes)" ]
}

@test "a restore looks at the images before it does anything: what has stopped stays on record" {
	needs_cgroupfs # whose directory berth makes itself
	start
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	mkdir "$images"
	run strace -f -o "$bundle/trace" -e trace=mkdir,mkdirat "$BERTH" restore --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "read $images/descriptors.json" "no such file or directory"
	has_status stopped
	run grep -c "berth-$cid" "$bundle/trace"
	[ "$output" = 0 ]
	# The control: with images it gives way, and the cgroup is made.
	echo '[]' >"$images/descriptors.json"
	false_criu ''
	PATH=$bundle/bin:$PATH run strace -f -o "$bundle/trace" -e trace=mkdir,mkdirat \
		"$BERTH" restore --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "criu failed"
	grep -q "berth-$cid" "$bundle/trace"
	run "$BERTH" state "$cid"
	assert_error "does not exist"
}

@test "a checkpoint that fails leaves the images without descriptors.json, or with the one that was there" {
	start
	asks checkpoint
	[ -z "$(ls -A "$images")" ]
	echo old >"$images/descriptors.json"
	asks checkpoint
	[ "$(ls -A "$images")" = descriptors.json ]
	[ "$(cat "$images/descriptors.json")" = old ]
	touch "$bundle/bin/criu.takes"
	PATH=$bundle/bin:$PATH run "$BERTH" checkpoint --leave-running --image-path "$images" "$cid"
	assert_status 0
	[ "$(ls -A "$images")" = descriptors.json ]
	jq -e 'length == 3' "$images/descriptors.json"
	rm "$images/descriptors.json"
	PATH=$bundle/bin:$PATH run "$BERTH" checkpoint --pre-dump --image-path "$images" "$cid"
	assert_status 0
	[ -z "$(ls -A "$images")" ]
}

@test "a container that runs does not give way to a restore" {
	start
	mkdir "$images"
	echo '[]' >"$images/descriptors.json"
	run "$BERTH" restore --detach --image-path "$images" --bundle "$bundle" "$cid"
	assert_error "container with given ID already exists"
	has_status running
}

@test "the annotation org.criu.config names a file that is there" {
	config '.annotations = {"org.criu.config": "/none/criu.conf"}'
	start
	run "$BERTH" checkpoint --image-path "$images" "$cid"
	assert_error "org.criu.config" "/none/criu.conf" "no such file or directory"
}

# asks VERB OPTION...: $bundle/asked has what the command asks of CRIU.
asks() {
	local verb=$1
	shift
	mkdir -p "$bundle/bin" "$images"
	cp "$kit_root/tests/kit/criu.py" "$bundle/bin/criu"
	chmod 755 "$bundle/bin/criu"
	[ "$verb" = checkpoint ] || set -- --bundle "$bundle" "$@"
	PATH=$bundle/bin:$PATH run "$BERTH" "$verb" --image-path "$images" "$@" "$cid"
	assert_error "criu failed: Error: refused"
	grep -vE '^(1|17) ' "$bundle/bin/criu.request" >"$bundle/asked"
}

# differs VERB OPTION < lines: against the command without the option, the request has these lines more ("+") or
# less ("-"), and is the same otherwise.
differs() {
	local verb=$1
	shift
	asks "$verb"
	cp "$bundle/asked" "$bundle/plain"
	asks "$verb" "$@"
	diff <(grep -v '^[ab] ' <(diff "$bundle/plain" "$bundle/asked" | sed -n 's/^> /+ /p; s/^< /- /p')) <(sed '/^$/d')
}

@test "each flag of checkpoint is in the request, and nothing else changes" {
	start
	mkdir "$bundle/parent"
	differs checkpoint --leave-running <<<"+ 3 1"
	differs checkpoint --ext-unix-sk <<<"+ 4 1"
	differs checkpoint --tcp-established <<<"+ 5 1"
	differs checkpoint --shell-job <<<"+ 7 1"
	differs checkpoint --file-locks <<<"+ 8 1"
	differs checkpoint --page-server 127.0.0.1:27 <<<"+ 11 127.0.0.1,27"
	differs checkpoint --page-server '[::1]:65535' <<<"+ 11 ::1,65535"
	differs checkpoint --auto-dedup <<<"+ 16 1"
	differs checkpoint --link-remap <<<"+ 18 1"
	differs checkpoint --empty-ns network <<<"+ 38 1073741824"
	differs checkpoint --tcp-skip-in-flight <<<"+ 46 1"
	differs checkpoint --lazy-pages <<<"+ 48 1"
	differs checkpoint --network-lock iptables <<<"+ 64 1"
	differs checkpoint --network-lock nftables <<<"+ 64 2"
	differs checkpoint --network-lock skip <<<"+ 64 3"
	differs checkpoint --parent-path ../parent <<<$'+ 14 ../parent\n+ 15 1'
	differs checkpoint --manage-cgroups-mode soft <<<$'- 34 6\n+ 34 3'
	differs checkpoint --manage-cgroups-mode full <<<$'- 34 6\n+ 34 4'
	differs checkpoint --manage-cgroups-mode strict <<<$'- 34 6\n+ 34 5'
	differs checkpoint --manage-cgroups-mode ignore <<<$'- 34 6\n+ 34 0'
	asks checkpoint --pre-dump
	grep -qx "task 4" "$bundle/asked"
	grep -qx "15 1" "$bundle/asked"
	has_status running
}

@test "each flag of restore is in the request, and nothing else changes" {
	mkdir "$images"
	echo '["pipe:[5]","pipe:[6]","/dev/null"]' >"$images/descriptors.json"
	differs restore --ext-unix-sk <<<"+ 4 1"
	differs restore --tcp-established <<<"+ 5 1"
	differs restore --shell-job <<<"+ 7 1"
	differs restore --file-locks <<<"+ 8 1"
	differs restore --auto-dedup <<<"+ 16 1"
	differs restore --empty-ns network <<<"+ 38 1073741824"
	differs restore --lazy-pages <<<"+ 48 1"
	differs restore --tcp-close <<<"+ 52 1"
	local profile
	for profile in other apparmor: selinux: apparmor smack:x :x; do
		run "$BERTH" restore --bundle "$bundle" --image-path "$images" --lsm-profile "$profile" "$cid"
		assert_error "lsm-profile is apparmor:NAME or selinux:LABEL, not \"$profile\""
	done
	differs restore --lsm-profile apparmor:other <<<"+ 53 apparmor:other"
	differs restore --lsm-mount-context "a_u:b_r:c_t" <<<"+ 63 a_u:b_r:c_t"
	differs restore --network-lock skip <<<"+ 64 3"
	differs restore --manage-cgroups-mode strict <<<$'- 34 6\n+ 34 5'
	grep -qx "task 2" "$bundle/asked"
	grep -qx "26 1" "$bundle/asked"
	grep -qx "27 pipe:\[5\],0" "$bundle/asked"
	grep -qx "27 pipe:\[6\],1" "$bundle/asked"
	[ "$(grep -c "^27 " "$bundle/asked")" = 2 ]
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "the same name for a bind mount in both requests, by its place and not by its path" {
	local name
	mkdir "$bundle/data"
	config '.mounts += [{"destination": "/data", "type": "bind", "source": "data", "options": ["bind"]}]'
	start
	asks checkpoint
	name=$(sed -n 's/^23 \/data,//p' "$bundle/asked")
	[[ $name =~ ^berth-mount-[0-9]+$ ]]
	"$BERTH" delete --force "$cid"
	echo '[]' >"$images/descriptors.json"
	asks restore
	grep -qx "23 $name,$bundle/data" "$bundle/asked"
}

@test "restore: each letter is its option" {
	config '.process.terminal = true'
	mkdir "$images"
	echo '[]' >"$images/descriptors.json"
	run "$BERTH" restore -b "$bundle" -d --image-path "$images" "$cid"
	assert_error "cannot allocate tty if berth will detach"
	run "$BERTH" restore -b "$bundle/none" -d --image-path "$images" "$cid"
	assert_error "open $bundle/none/config.json"
}

@test "restore: --no-pivot gives CRIU a root that pivot_root takes, --no-subreaper says what is so: nobody is adopted" {
	local option
	mkdir "$images"
	echo '[]' >"$images/descriptors.json"
	# shellcheck disable=SC2016 # for that shell
	false_criu 'dir='"$bundle"'
		(sleep 30 >/dev/null 2>&1 & echo $! >"$dir/orphan")
		read -r orphan <"$dir/orphan"
		read -r _ _ _ parent _ <"/proc/$orphan/stat"
		kill "$orphan"
		[ "$parent" = $PPID ] && echo adopted >"$dir/adopted"'
	for option in --no-subreaper --no-pivot; do
		PATH=$bundle/bin:$PATH run strace -f -o "$bundle/trace" -e trace=chroot,move_mount \
			"$BERTH" restore --image-path "$images" --bundle "$bundle" $option "$cid"
		assert_error "criu failed"
		[ "$(grep -c 'chroot("\.")' "$bundle/trace")" = "$([ $option = --no-pivot ] && echo 1 || echo 0)" ]
		grep -q "move_mount(.*\"$bundle/rootfs\"" "$bundle/trace"
		[ -s "$bundle/orphan" ]
		[ ! -e "$bundle/adopted" ]
	done
	[ -z "$(ls -A "$bundle/state")" ]
}
