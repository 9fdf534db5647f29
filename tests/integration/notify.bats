#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# NOTIFY_SOCKET of create, run and start: the READY=1 of a container reaches whoever waits for it (sd_notify(3)).

load ../kit/container

user=berth-test

setup_file() {
	[ "$EUID" = 0 ] || return 0
	build_static notify "$BATS_FILE_TMPDIR/notify"
}

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	chmod 711 "$bundle"
	cp "$BATS_FILE_TMPDIR/notify" "$bundle/rootfs/bin/notify"
	mkdir -p "$bundle/rootfs/out"
	mount_out
	socket=$bundle/manager
	manager=
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	[ -z "${manager:-}" ] || kill "$manager" 2>/dev/null || true
	remove_bundle
}

# What the container sees as /out is $bundle/shared, for the test to write to.
mount_out() {
	mkdir -p "$bundle/shared"
	chmod 777 "$bundle/shared"
	config '.mounts += [{"destination": "/out", "source": ($b + "/shared"), "options": ["bind", "rw"]}]' --arg b "$bundle"
}

# manage [SOCKET]: a manager there; what it gets is in $bundle/heard.
manage() {
	socket=${1:-$socket}
	: >"$bundle/heard" # here: what an earlier one said is not this one's
	python3 "$BATS_TEST_DIRNAME/../kit/manager.py" "$socket" >"$bundle/heard" 2>&1 3>&- &
	manager=$!
	until_true grep -q listens "$bundle/heard"
}

# heard LINE...: exactly this, and it is over.
heard() {
	until_true grep -qx "$1" "$bundle/heard"
	[ "$(tail -n +2 "$bundle/heard")" = "$(printf '%s\n' "$@")" ] || {
		cat "$bundle/heard"
		return 1
	}
}

# notified VERB [OPTION...]: berth with NOTIFY_SOCKET, in the background; $pid.
notified() {
	NOTIFY_SOCKET=$socket "$BERTH" "$@" >"$bundle/out" 2>&1 </dev/null 3>&- &
	pid=$!
}

init_pid() {
	"$BERTH" state "$cid" | jq .pid
}

is_status() {
	[ "$("$BERTH" state "$cid" | jq -r .status)" = "$1" ]
}

# The container waits for a file, says that it is ready, and stays.
waits_for_go() {
	in_container 'echo started; while [ ! -e /out/go ]; do sleep 0.05; done; notify "STATUS=soon" "READY=10" "A=B
READY=1" >/out/said; exec sleep 100'
}

@test "run --detach waits for READY=1, passes it on with the pid, and then the barrier" {
	manage
	waits_for_go
	notified run --detach --bundle "$bundle" "$cid"
	until_true grep -q started "$bundle/out"
	is_status running
	sleep 0.5
	kill -0 "$pid"
	[ "$(wc -l <"$bundle/heard")" = 1 ]
	touch "$bundle/shared/go"
	wait "$pid"
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
	[ "$(cat "$bundle/shared/said")" = sent ]
}

@test "create does not wait; start does, and others may act meanwhile" {
	manage
	waits_for_go
	NOTIFY_SOCKET=$socket "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	is_status created
	[ "$(wc -l <"$bundle/heard")" = 1 ]
	NOTIFY_SOCKET=$socket "$BERTH" start "$cid" 3>&- &
	pid=$!
	until_true is_status running
	run timeout 5 "$BERTH" exec "$cid" echo meanwhile
	assert_line meanwhile
	kill -0 "$pid"
	touch "$bundle/shared/go"
	wait "$pid"
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
	"$BERTH" delete --force "$cid"
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "run in the foreground: the service's process is berth; nobody holds the container up" {
	manage
	in_container 'notify "READY=1"; notify "STATUS=later"; echo $?'
	notified run --bundle "$bundle" "$cid"
	wait "$pid"
	heard "READY=1|MAINPID=$pid 0"
	# The socket may be closed by then (111), or not yet.
	grep -q -x -e 111 -e sent "$bundle/out"
}

@test "a container that ends without READY=1 ends the wait" {
	manage
	in_container 'notify "STATUS=no"; exit 3'
	notified run --detach --bundle "$bundle" "$cid"
	wait "$pid"
	is_status stopped
	"$BERTH" delete "$cid"
	in_container 'exit 3'
	NOTIFY_SOCKET=$socket "$BERTH" create --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	NOTIFY_SOCKET=$socket timeout 20 "$BERTH" start "$cid"
	[ "$(wc -l <"$bundle/heard")" = 1 ]
}

@test "READY=1 of a container that has ended already is not lost" {
	manage
	in_container 'notify READY=1'
	notified run --detach --bundle "$bundle" "$cid"
	wait "$pid"
	until_true grep -qx "BARRIER=1 1" "$bundle/heard"
	grep -q "^READY=1|MAINPID=" "$bundle/heard"
}

@test "a socket of the abstract namespace; the container has a network namespace of its own" {
	manage "@berth-$cid"
	in_container 'echo $NOTIFY_SOCKET >/out/name; notify READY=1; exec sleep 100'
	notified run --detach --bundle "$bundle" "$cid"
	wait "$pid"
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
	[ "$(cat "$bundle/shared/name")" = /run/notify/notify.sock ]
}

@test "paths of more than 108 bytes, and a relative state root" {
	local long
	long=$bundle/$(printf 'x%.0s' {1..120})
	mkdir -m 700 "$long" "$long/root"
	manage "$long/manager"
	in_container 'notify READY=1; exec sleep 100'
	cd "$long"
	NOTIFY_SOCKET=$socket timeout 60 "$berth_program" --root root run --detach --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	heard "READY=1|MAINPID=$("$berth_program" --root root state "$cid" | jq .pid) 0" "BARRIER=1 1"
	"$berth_program" --root root delete --force "$cid"
}

@test "a process of another user, with a caller's umask of 077" {
	manage
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	in_container 'notify READY=1; exec sleep 100'
	(umask 077 && NOTIFY_SOCKET=$socket timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-)
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
}

@test "root with a user namespace whose root cannot reach the state root" {
	manage
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown -R 100000:100000 "$bundle/rootfs"
	local user
	for user in 0 1000; do
		config ".process.user = {\"uid\": $user, \"gid\": $user}"
		in_container 'notify READY=1; grep /run/notify /proc/self/mountinfo >/out/mount; exec sleep 100'
		notified run --detach --bundle "$bundle" "$cid"
		wait "$pid"
		heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
		until_true test -s "$bundle/shared/mount"
		# It is no peer of a mount of the host.
		[ "$(grep -c -E 'shared:|master:' "$bundle/shared/mount")" = 0 ]
		"$BERTH" delete --force "$cid"
		rm "$socket" "$bundle/shared/mount"
		manage
	done
}

# With the caller's id alone, and with subordinate ids, as another user.
@test "rootless" {
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	grep -q "^$user:" /etc/subuid || usermod --add-subuids 500000-565535 "$user"
	grep -q "^$user:" /etc/subgid || usermod --add-subgids 500000-565535 "$user"
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:" "$bundle"
	local as=(setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all) own
	"${as[@]}" "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	mount_out
	in_container 'notify READY=1; exec sleep 100'
	for own in 1 0; do
		[ "$own" = 1 ] || config '.linux.uidMappings += [{"containerID": 1, "hostID": $uid, "size": 65536}]
			| .linux.gidMappings += [{"containerID": 1, "hostID": $gid, "size": 65536}] | .process.user = {"uid": 1000, "gid": 1000}' \
			--argjson uid "$(grep "^$user:" /etc/subuid | head -n 1 | cut -d: -f2)" \
			--argjson gid "$(grep "^$user:" /etc/subgid | head -n 1 | cut -d: -f2)"
		chown "$user:" "$bundle/config.json"
		manage
		"${as[@]}" env NOTIFY_SOCKET="$socket" timeout 60 "$bundle/berth" --root "$bundle/state" run --detach \
			--bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
		heard "READY=1|MAINPID=$("${as[@]}" "$bundle/berth" --root "$bundle/state" state "$cid" | jq .pid) 0" "BARRIER=1 1"
		"${as[@]}" "$bundle/berth" --root "$bundle/state" delete --force "$cid"
		rm -f "$socket"
	done
}

@test "the directory is read-only in the container, and what it sends besides READY=1 goes nowhere" {
	manage
	in_container 'rm -f /run/notify/notify.sock; ls /run/notify >/out/list; touch /run/notify/x 2>&1 | grep -c Read-only >>/out/list
		notify "MAINPID=1" "FDSTORE=1" "STOPPING=1
WATCHDOG=trigger" "READY=1"; exec sleep 100'
	notified run --detach --bundle "$bundle" "$cid"
	wait "$pid"
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
	[ "$(cat "$bundle/shared/list")" = "$(printf 'notify.sock\n1')" ]
}

@test "nobody listens, or it is no socket's name: an error, and nothing is made" {
	in_container 'echo RAN'
	NOTIFY_SOCKET=$bundle/none run "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "connect to NOTIFY_SOCKET $bundle/none: no such file or directory"
	NOTIFY_SOCKET=@none-$cid run "$BERTH" run --bundle "$bundle" "$cid"
	assert_error "connect to NOTIFY_SOCKET @none-$cid: connection refused"
	NOTIFY_SOCKET=vsock:2:1 run "$BERTH" run --bundle "$bundle" "$cid"
	assert_error 'NOTIFY_SOCKET is "vsock:2:1", neither an absolute path nor @NAME'
	[ -z "$(ls -A "$bundle/state")" ]
	NOTIFY_SOCKET='' run timeout 20 "$BERTH" run --bundle "$bundle" "$cid"
	assert_line RAN
	# start fails before it wakes anybody, and may be tried again.
	NOTIFY_SOCKET=$bundle/none "$BERTH" create --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	NOTIFY_SOCKET=$bundle/none run "$BERTH" start "$cid"
	assert_error "connect to NOTIFY_SOCKET"
	is_status created
	manage
	NOTIFY_SOCKET=$socket timeout 20 "$BERTH" start "$cid"
}

@test "one half alone waits for nobody: create or start without, and a config with a socket of its own" {
	manage
	in_container 'env | grep -c NOTIFY_SOCKET >/out/count; exec sleep 100'
	"$BERTH" create --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	NOTIFY_SOCKET=$socket timeout 20 "$BERTH" start "$cid"
	until_true grep -qx 0 "$bundle/shared/count"
	"$BERTH" delete --force "$cid"
	NOTIFY_SOCKET=$socket "$BERTH" create --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	timeout 20 "$BERTH" start "$cid"
	until_true grep -qx 1 "$bundle/shared/count"
	"$BERTH" delete --force "$cid"
	config '.process.env += ["NOTIFY_SOCKET=/mine"]'
	in_container 'echo $NOTIFY_SOCKET; ls -d /run/notify'
	mkdir -p "$bundle/rootfs/run"
	rm -rf "$bundle/rootfs/run/notify"
	NOTIFY_SOCKET=$socket run timeout 20 "$BERTH" run --bundle "$bundle" "$cid"
	assert_line /mine
	refute_line /run/notify
	[ "$(wc -l <"$bundle/heard")" = 1 ]
}

@test "hooks poststart run before the wait, and a failure in any step leaves nothing" {
	manage
	printf '#!/bin/sh\ncat >/dev/null; touch %s/shared/go\n' "$bundle" >"$bundle/hook"
	chmod 755 "$bundle/hook"
	config '.hooks.poststart = [{"path": ($b + "/hook"), "env": ["PATH=/usr/bin:/bin"]}]' --arg b "$bundle"
	waits_for_go
	notified run --detach --bundle "$bundle" "$cid"
	wait "$pid"
	heard "READY=1|MAINPID=$(init_pid) 0" "BARRIER=1 1"
	"$BERTH" delete --force "$cid"
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	config 'del(.hooks)'
	rm "$socket"
	manage
	local step
	for step in cgroup mounts exec created; do
		BERTH_FAIL=$step:fail NOTIFY_SOCKET=$socket run timeout 60 "$BERTH_TEST" run --detach --bundle "$bundle" "$cid"
		assert_status 1
		assert_contains "failpoint: input/output error (step $step)"
		[ -z "$(ls -A "$bundle/state")" ]
		[ -z "$(left_cgroups)" ]
	done
}
