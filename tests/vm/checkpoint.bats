#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 1800
# programs: criu ip tar gzip iptables-restore ip6tables-restore iptables-save ip6tables-save
# checkpoint and restore with Debian's CRIU, which works on the kernel of a machine of tests/vm/run.

bats_require_minimum_version 1.5.0
load ../kit/container
load ../kit/checkpoint

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_counter
	for name in nc dd; do
		ln -s busybox "$bundle/rootfs/bin/$name"
	done
}

teardown() {
	remove_counter
}

with_network() {
	config '.linux.namespaces += [{"type": "network"}]'
}

@test "what is saved has stopped, and what is restored goes on" {
	local at pid
	with_network
	config '.hostname = "first"'
	counting 'hostname second;'
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	start
	grows
	saved
	[ "$(state_of)" = stopped ]
	[ -s "$logs/dump.log" ]
	[ -s "$images/core-1.img" ]
	[ -z "$(find "$images" -name '*.log')" ]
	at=$(cat "$count")
	sleep 0.5
	[ "$(cat "$count")" = "$at" ]
	[ "$at" -gt 1000 ]
	rm "$count"
	back --pid-file "$bundle/pid"
	[ -s "$logs/restore.log" ]
	[ "$(state_of)" = running ]
	pid=$(cat "$bundle/pid")
	[ "$(pid_of)" = "$pid" ]
	[ "$(readlink "/proc/$pid/ns/uts")" != "$(readlink /proc/self/ns/uts)" ]
	until_true test -s "$count"
	[ "$(cat "$count")" -ge "$at" ]
	grows
	grep -qx "0::/berth-$cid" "/proc/$pid/cgroup"
	[ "$("$BERTH" exec "$cid" hostname)" = second ]
	[ "$mounts" = "$(host_mounts)" ]
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	"$BERTH" delete "$cid"
	assert_nothing_left
}

@test "--leave-running: it goes on, and what was saved can be restored when it has ended" {
	local at later
	counting
	start
	saved --leave-running
	[ "$(state_of)" = running ]
	at=$(cat "$count")
	until_true eval '[ "$(cat "$count")" -gt $((at + 20)) ]'
	later=$(cat "$count")
	bring_back
	assert_error "container with given ID already exists"
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	rm "$count"
	back
	until_true test -s "$count"
	[ "$(cat "$count")" -lt "$later" ]
	grows
}

@test "--pre-dump and --parent-path: what has not changed is saved once; --auto-dedup takes it out of the images" {
	local images=$bundle/images full parent_blocks blocks
	counting 'big=$(seq 1 300000);'
	start
	images=$bundle/parent saved --pre-dump
	[ "$(state_of)" = running ]
	[ ! -e "$bundle/parent/descriptors.json" ]
	full=$(stat -c %s "$bundle/parent/pages-1.img")
	grows
	parent_blocks=$(stat -c %b "$bundle/parent/pages-1.img")
	saved --leave-running --parent-path ../parent
	[ "$(readlink "$images/parent")" = ../parent ]
	[ "$(stat -c %s "$images/pages-1.img")" -lt $((full / 2)) ]
	[ "$(stat -c %b "$bundle/parent/pages-1.img")" = "$parent_blocks" ]
	rm -r "$images"
	saved --parent-path ../parent --auto-dedup
	[ "$(stat -c %b "$bundle/parent/pages-1.img")" -lt "$parent_blocks" ]
	blocks=$(stat -c %b "$images/pages-1.img")
	rm "$count"
	back --auto-dedup
	until_true test -s "$count"
	grows
	[ "$(stat -c %b "$images/pages-1.img")" -lt "$blocks" ]
}

@test "bind mounts: those of the config again, also behind a link and in a root that has no mount points" {
	mkdir "$bundle/data" "$bundle/rootfs/real"
	echo content >"$bundle/file"
	ln -s real "$bundle/rootfs/link"
	config '.mounts += [
		{"destination": "/data", "type": "bind", "source": "data", "options": ["bind"]},
		{"destination": "/link/file", "type": "bind", "source": ($bundle + "/file"), "options": ["bind", "ro"]}]' \
		--arg bundle "$bundle"
	counting 'while :; do date +%s%N >/data/now; sleep 0.2; done &'
	ln -s busybox "$bundle/rootfs/bin/date"
	start
	until_true test -s "$bundle/data/now"
	saved
	rmdir "$bundle/rootfs/data"
	rm "$bundle/rootfs/real/file"
	# Somebody may have had it open: it must be there again, and is.
	local before
	before=$(cat "$bundle/data/now")
	back
	until_true eval '[ "$(cat "$bundle/data/now")" != "$before" ]'
	grows
	[ "$("$BERTH" exec "$cid" cat /real/file)" = content ]
	run "$BERTH" exec "$cid" sh -c 'echo more >/link/file'
	assert_contains "Read-only file system"
	[ "$(cat "$bundle/file")" = content ]
	[ "$mounts" = "$(host_mounts)" ]
}

@test "a link of the image to a mount point that CRIU would take for something else is refused (P10)" {
	mkdir -p "$bundle/data" "$bundle/rootfs/x]:"
	ln -s 'x]:' "$bundle/rootfs/evil"
	config '.mounts += [{"destination": "/evil/etc", "type": "bind", "source": "data", "options": ["bind"]}]'
	counting
	start
	save
	assert_error "/mounts/" "cannot be saved" "step checkpoint"
	[ "$(state_of)" = running ]
	grows
}

# For a script of the container: until a connection of its port 7777 is in this state of /proc/net/tcp, 0A (it listens)
# or 01 (it is open).
port_is() {
	echo "until grep -qs ':1E61 .* $1 ' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done"
}

@test "TCP: --tcp-established keeps connections open, --tcp-close does not, and --network-lock is how they are held" {
	local got=$bundle/rootfs/tmp/got size
	with_network
	counting 'sleep 1000 | nc -l -p 7777 >/tmp/got & '"$(port_is 0A)"'
		(while :; do echo $((n += 1)); sleep 0.1; done) | nc 127.0.0.1 7777 &'
	start
	until_true test -s "$got"
	save
	assert_error "criu failed: " "onnected TCP socket"
	[ "$(state_of)" = running ]
	save --tcp-established --network-lock skip
	assert_error 'network lock "skip" needs CRIU 3.18 or newer, this one is 3.17.1'
	mkdir "$bundle/bin"
	for name in criu ip tar gzip; do
		ln -s "$(type -P $name)" "$bundle/bin"
	done
	PATH_BEFORE=$PATH
	PATH=$bundle/bin:/none save --tcp-established --network-lock iptables
	assert_error "iptables-restore"
	PATH=$bundle/bin:/none save --tcp-established --network-lock nftables --leave-running
	assert_status 0
	PATH=$PATH_BEFORE
	saved --tcp-established
	size=$(stat -c %s "$got")
	cp "$got" "$bundle/got"
	bring_back
	assert_error "criu failed: "
	back --tcp-established
	until_true eval '[ "$(stat -c %s "$got")" -gt "$size" ]'
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	# CRIU wants its files as they were.
	cat "$bundle/got" >"$got"
	back --tcp-established --tcp-close --network-lock nftables
	grows
	size=$(stat -c %s "$got")
	sleep 1
	[ "$(stat -c %s "$got")" = "$size" ]
}

@test "--tcp-skip-in-flight: connections that nobody has accepted are left out" {
	with_network
	counting 'sleep 1000 | nc -l -p 7777 >/dev/null & p=$!; '"$(port_is 0A)"'; kill -STOP $p
		sleep 1000 | nc 127.0.0.1 7777 & '"$(port_is 01)"';'
	start
	save --tcp-established
	assert_error "criu failed: " "n-flight"
	saved --tcp-established --tcp-skip-in-flight
}

@test "--empty-ns network: what is in the namespace is neither saved nor restored" {
	local pid
	with_network
	counting
	start
	saved --leave-running
	[ -n "$(find "$images" -name 'netdev-*.img')" ]
	rm -r "$images"
	saved --empty-ns network
	[ -z "$(find "$images" -name 'netdev-*.img')" ]
	back --empty-ns network --pid-file "$bundle/pid"
	pid=$(cat "$bundle/pid")
	[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]
	run nsenter -t "$pid" -n ip link show lo
	refute_contains ",UP"
	grows
}

# The container gets a program that busybox lacks, with its library.
with_flock() {
	local file
	for file in "$(type -P flock)" /lib64/ld-linux-x86-64.so.2 \
		"$(find /usr/lib -name libc.so.6 | head -n 1)"; do
		cp -L "$file" "$bundle/rootfs/bin"
	done
	printf '#!/bin/sh\nexec /bin/ld-linux-x86-64.so.2 --library-path /bin /bin/flock "$@"\n' \
		>"$bundle/rootfs/bin/lock"
	chmod 755 "$bundle/rootfs/bin/lock"
}

@test "--file-locks" {
	with_flock
	counting 'exec 9>/tmp/lock; lock 9;'
	start
	run "$BERTH" exec "$cid" lock -n /tmp/lock true
	assert_status 1
	save
	assert_error "criu failed: " "lock"
	saved --file-locks
	back --file-locks
	grows
	run "$BERTH" exec "$cid" lock -n /tmp/lock true
	assert_status 1
}

@test "--link-remap: an open file without its name that has another one" {
	counting 'exec 9>/tmp/a; ln /tmp/a /tmp/b; rm /tmp/a;'
	start
	save
	assert_error "criu failed: " "link"
	saved --link-remap
	back
	grows
}

@test "--ext-unix-sk: a datagram socket whose peer is outside" {
	local listener heard=$bundle/heard size
	mkdir "$bundle/shared"
	config '.mounts += [{"destination": $path, "type": "bind", "source": $path, "options": ["bind"]}]' \
		--arg path "$bundle/shared"
	counting 'exec 5>&0; while :; do echo x >&5; sleep 0.1; done &'
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    os.write(1, s.recv(100))' "$bundle/shared/socket" >"$heard" 3>&- &
	listener=$!
	until_true test -S "$bundle/shared/socket"
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
os.dup2(s.fileno(), 0)
os.execv(sys.argv[2], sys.argv[2:])' "$bundle/shared/socket" "$BERTH" run --detach --bundle "$bundle" "$cid" \
		>"$bundle/out" 2>&1 3>&-
	until_true test -s "$count"
	until_true test -s "$heard"
	save
	assert_error "criu failed: " "ext-unix-sk"
	saved --ext-unix-sk
	size=$(stat -c %s "$heard")
	back --ext-unix-sk
	grows
	until_true eval '[ "$(stat -c %s "$heard")" -gt "$size" ]'
	kill $listener
}

# on_terminal FILE COMMAND...: runs it with a terminal as its stdio, and what is written there in the file.
on_terminal() {
	python3 -c 'import os, sys
master, slave = os.openpty()
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
if os.fork() == 0:
    os.close(master)
    os.setsid()
    for i in 0, 1, 2:
        os.dup2(slave, i)
    os.execv(sys.argv[2], sys.argv[2:])
os.close(slave)
while True:
    try:
        os.write(out, os.read(master, 4096))
    except OSError:
        break' "$@" </dev/null >/dev/null 2>&1 3>&- &
}

@test "--shell-job: a terminal from outside, and at a restore that of the command" {
	counting 'while :; do echo "line $((n += 1))"; sleep 0.1; done &'
	on_terminal "$bundle/first" "$BERTH" run --detach --bundle "$bundle" "$cid"
	until_true grep -q "line 3" "$bundle/first"
	save
	assert_error "criu failed: "
	saved --shell-job
	on_terminal "$bundle/second" "$BERTH" restore --detach --image-path "$images" --work-path "$logs" \
		--bundle "$bundle" --shell-job "$cid"
	until_true grep -q "line" "$bundle/second"
	run grep -qE '^line [123]\b' "$bundle/second"
	assert_status 1
	grows
}

@test "a terminal of the container goes to the console socket again" {
	config '.process.terminal = true'
	in_container 'echo 1 >/tmp/count; n=0; while read -r line; do n=$((n + 1)); echo "got $line $n"; done'
	for i in 1 2; do
		python3 "$kit_root/tests/kit/console.py" "$bundle/socket$i" >"$bundle/console$i" 2>&1 3>&- &
	done
	until_true test -S "$bundle/socket1" -a -S "$bundle/socket2"
	"$BERTH" run --detach --console-socket "$bundle/socket1" --bundle "$bundle" "$cid" </dev/null \
		>"$bundle/out" 2>&1 3>&-
	until_true grep -q "got hello 1" "$bundle/console1"
	saved
	bring_back
	assert_error "cannot allocate tty if berth will detach without setting console socket"
	back --console-socket "$bundle/socket2"
	until_true grep -q "got hello 2" "$bundle/console2"
}

@test "--page-server: the memory goes there" {
	local server=$bundle/server
	counting
	start
	mkdir "$server"
	criu page-server --images-dir "$server" --address 127.0.0.1 --port 27277 -o page-server.log 3>&- &
	until_true eval 'netstat -ltn | grep -q :27277'
	saved --page-server 127.0.0.1:27277
	[ -z "$(find "$images" -name 'pages-*.img')" ]
	[ -n "$(find "$server" -name 'pages-*.img')" ]
	cp "$server"/*.img "$images"
	rm "$count"
	back
	until_true test -s "$count"
	grows
}

@test "--lazy-pages: memory is served to the restored container, and --status-fd tells since when" {
	local saver
	counting 'big=$(seq 1 100000);'
	start
	"$BERTH" checkpoint --lazy-pages --page-server 127.0.0.1:27278 --status-fd 7 --image-path "$images" \
		--work-path "$logs" "$cid" 7>"$bundle/ready" >"$bundle/saver" 2>&1 3>&- &
	saver=$!
	until_true test -s "$bundle/ready"
	[ "$(od -An -tx1 "$bundle/ready")" = " 00" ]
	kill -0 $saver
	mkdir "$bundle/lazy"
	criu lazy-pages --page-server --address 127.0.0.1 --port 27278 --images-dir "$images" \
		--work-dir "$bundle/lazy" -o lazy.log >"$bundle/lazy.out" 2>&1 3>&- &
	until_true test -S "$bundle/lazy/lazy-pages.socket"
	rm "$count"
	logs=$bundle/lazy id=$cid-2 back --lazy-pages
	until_true test -s "$count"
	[ "$(cat "$count")" -gt 1000 ]
	grows
	wait $saver
	[ ! -s "$bundle/saver" ]
	[ "$(state_of)" = stopped ]
	[ "$(state_of "$cid-2")" = running ]
}

@test "--manage-cgroups-mode: cgroups below the container's, and their settings" {
	local pid
	config '.linux.namespaces |= (. + [{"type": "cgroup"}] | unique_by(.type))
		| (.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	counting 'mkdir /sys/fs/cgroup/below; echo 1 >/sys/fs/cgroup/below/cgroup.procs;'
	start
	grep -qx "0::/berth-$cid/below" "/proc/$(pid_of)/cgroup"
	saved
	back --pid-file "$bundle/pid"
	grep -qx "0::/berth-$cid/below" "/proc/$(cat "$bundle/pid")/cgroup"
	"$BERTH" kill "$cid" KILL
	until_true eval '[ "$(state_of)" = stopped ]'
	back --pid-file "$bundle/pid" --manage-cgroups-mode ignore
	grep -qx "0::/berth-$cid" "/proc/$(cat "$bundle/pid")/cgroup"
	grows
}

# Of version 2, CRIU 3.17.1 knows the directories and who may use them, and no limit.
@test "--manage-cgroups-mode: soft makes cgroups, full gives those that are there their modes as well, strict wants none, ignore makes none" {
	local mode top=/sys/fs/cgroup/berth-$cid
	config '.linux.namespaces |= (. + [{"type": "cgroup"}] | unique_by(.type))
		| (.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	ln -s busybox "$bundle/rootfs/bin/chmod"
	counting 'c=/sys/fs/cgroup; mkdir $c/below $c/empty; sleep 1000 & echo $! >$c/below/cgroup.procs
		echo 7 >$c/below/cgroup.max.depth; chmod 600 $c/cgroup.procs $c/below/cgroup.procs; chmod 700 $c/below;'
	start
	saved --leave-running --manage-cgroups-mode ignore
	mv "$images" "$bundle/none"
	saved --manage-cgroups-mode full
	for mode in soft full; do
		back --manage-cgroups-mode $mode
		grows
		[ "$(wc -l <"$top/below/cgroup.procs")" = 1 ]
		[ "$(stat -c %a "$top/below" "$top/below/cgroup.procs" "$top/empty" | tr '\n' ' ')" = "700 600 755 " ]
		[ "$(stat -c %a "$top/cgroup.procs")" = "$([ $mode = full ] && echo 600 || echo 644)" ]
		[ "$(cat "$top/below/cgroup.max.depth")" = max ]
		"$BERTH" kill "$cid" KILL
		until_true eval '[ "$(state_of)" = stopped ]'
	done
	bring_back --manage-cgroups-mode strict
	assert_error "criu failed: " "Abort restore of existing cgroups" "step restore"
	assert_nothing_left
	back --manage-cgroups-mode ignore
	grows
	[ ! -e "$top/below" ]
	[ "$(wc -l <"$top/cgroup.procs")" -ge 2 ]
	"$BERTH" delete --force "$cid"
	# Nothing was saved of them there: only where all processes are in the container's own is that enough.
	images=$bundle/none bring_back
	assert_error "criu failed: " "berth-$cid/below/cgroup.procs" "step restore"
	images=$bundle/none back --manage-cgroups-mode ignore
	grows
}

@test "org.criu.config, /etc/criu/berth.conf, and runc's without that" {
	mkdir -p /etc/criu
	echo "log-file runc.log" >/etc/criu/runc.conf
	counting
	start
	saved --leave-running
	[ -s "$logs/runc.log" ]
	echo "log-file berth.log" >/etc/criu/berth.conf
	saved --leave-running
	[ -s "$logs/berth.log" ]
	rm /etc/criu/*.conf
	saved
	[ -s "$logs/dump.log" ]
	echo "log-file own.log" >"$bundle/own.conf"
	config '.annotations = {"org.criu.config": ($bundle + "/own.conf")}' --arg bundle "$bundle"
	back
	[ -s "$logs/own.log" ]
	[ ! -e "$logs/restore.log" ]
	grows
}

hook() {
	printf '#!/bin/sh\n%s\n' "$2" >"$bundle/$1"
	chmod 755 "$bundle/$1"
	# shellcheck disable=SC2016 # variables of jq
	config '.hooks[$kind] += [{"path": ($bundle + "/" + $kind)}]' --arg kind "$1" --arg bundle "$bundle"
}

@test "hooks of a restore: where the namespaces are there, when it runs, and at the end" {
	local kind
	counting
	start
	saved
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		hook $kind 'cat >>"'"$bundle"'/states"; echo "'$kind' $(cat '"$count"')" >>"'"$bundle"'/seen"'
	done
	rm "$count"
	echo none >"$count"
	back
	[ "$(sed 's/ .*//' "$bundle/seen" | tr '\n' ' ')" = "prestart createRuntime poststart " ]
	grep -qx "prestart none" "$bundle/seen"
	[ "$(jq -rs '.[0].status, .[2].status' "$bundle/states" | tr '\n' ' ')" = "creating running " ]
	[ "$(jq -s '.[0].pid' "$bundle/states")" = "$(pid_of)" ]
	"$BERTH" delete --force "$cid"
	grep -q "^poststop" "$bundle/seen"
}

@test "a restore that fails anywhere leaves nothing" {
	local step
	counting
	start
	saved
	"$BERTH" delete "$cid"
	for step in config plan record cgroup restore restored created; do
		BERTH_FAIL=$step:fail BERTH=$BERTH_TEST bring_back
		assert_error failpoint "step $step"
		assert_nothing_left
	done
	for step in restore restored created; do
		BERTH_FAIL=$step:die BERTH=$BERTH_TEST bring_back
		[ "$status" -ge 128 ]
		"$BERTH" delete --force "$cid"
		until_true is_empty pgrep -x criu
		assert_nothing_left
	done
	hook createRuntime 'exit 3'
	bring_back
	assert_error "/hooks/createRuntime/0" "exit status 3"
	config 'del(.hooks)'
	assert_nothing_left
	dd if=/dev/zero of="$images/core-1.img" bs=1 count=100 conv=notrunc 2>/dev/null
	bring_back
	assert_error "criu failed: " "$logs/restore.log" "step restore"
	assert_nothing_left
}

@test "in the foreground: the exit status; nobody is adopted (--no-subreaper)" {
	local pid
	counting '(while [ ! -e /tmp/end ]; do sleep 0.1; done; kill -USR1 1) & trap "exit 7" USR1;'
	start
	saved
	hook prestart '(sleep 100 >/dev/null 2>&1 & echo $! >"'"$bundle"'/daemon") &'
	rm "$count"
	"$BERTH" restore --image-path "$images" --work-path "$logs" --bundle "$bundle" --no-subreaper "$cid" \
		</dev/null >"$bundle/out" 2>&1 3>&- &
	pid=$!
	until_true test -s "$count"
	[ "$(awk '{print $4}' "/proc/$(cat "$bundle/daemon")/stat")" = 1 ]
	kill "$(cat "$bundle/daemon")"
	touch "$bundle/rootfs/tmp/end"
	status=0
	wait $pid || status=$?
	assert_status 7
	assert_nothing_left
}

@test "a network namespace that the config names is joined again" {
	local holder ns pid
	unshare -n sleep 1000 3>&- &
	holder=$!
	until_true eval '[ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	ns=$(readlink "/proc/$holder/ns/net")
	config '.linux.namespaces += [{"type": "network", "path": $path}]' --arg path "/proc/$holder/ns/net"
	counting
	start
	saved
	[ -z "$(find "$images" -name 'netdev-*.img')" ]
	back --pid-file "$bundle/pid"
	[ "$(readlink "/proc/$(cat "$bundle/pid")/ns/net")" = "$ns" ]
	grows
	"$BERTH" delete --force "$cid"
	kill $holder
}

@test "a container that is paused is saved, and runs when it is restored" {
	counting
	start
	"$BERTH" pause "$cid"
	saved
	rm "$count"
	back
	until_true test -s "$count"
	grows
}

@test "pipes and files of stdio are those of the restore" {
	counting 'while :; do echo "line $((n += 1))"; sleep 0.1; done &'
	mkfifo "$bundle/fifo"
	"$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null 2>"$bundle/err" 3>&- | cat >"$bundle/first" &
	until_true grep -q "line 3" "$bundle/first"
	saved
	[[ $(jq -r '.[1]' "$images/descriptors.json") == pipe:* ]]
	"$BERTH" restore --detach --image-path "$images" --work-path "$logs" --bundle "$bundle" "$cid" \
		</dev/null 2>"$bundle/err" 3>&- | cat >"$bundle/second" &
	until_true grep -q "line" "$bundle/second"
	run grep -qE '^line [123]$' "$bundle/second"
	assert_status 1
	[ ! -s "$bundle/err" ]
	"$BERTH" delete --force "$cid"
}

@test "--lsm-profile: CRIU refuses one of a module that this kernel does not have" {
	# What is in the images is of AppArmor, which the config asks for.
	config '.process.apparmorProfile = "unconfined"'
	counting
	start
	saved
	bring_back --lsm-profile selinux:label
	assert_error "criu failed: " "step restore"
	assert_contains -i lsm || assert_contains elinux
	back
	grows
}
