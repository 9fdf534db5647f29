#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Flags of create and run that change where a container lives, and have no file of their own.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

@test "--cgroup-manager: disabled makes no cgroup, cgroupfs does, others are refused" {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	in_container 'cat /proc/self/cgroup'
	run "$BERTH" --cgroup-manager disabled run --bundle "$bundle" "$cid"
	assert_status 0
	# Another test may have this hierarchy for a while.
	[ "$(grep -v net_cls <<<"$output")" = "$(grep -v net_cls /proc/self/cgroup)" ]
	run "$BERTH" --cgroup-manager=cgroupfs run --bundle "$bundle" "$cid"
	assert_contains "berth-$cid"
	config '.linux.resources.pids.limit = 5'
	run "$BERTH" --cgroup-manager disabled run --bundle "$bundle" "$cid"
	assert_error "/linux/resources/pids/limit" "cgroups are disabled"
	run "$BERTH" --cgroup-manager none run --bundle "$bundle" "$cid"
	assert_error "cgroupfs, systemd or disabled"
}

@test "--systemd-cgroup, --cgroup-manager systemd: refused where cgroups are not of version 2 alone" {
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || skip "cgroup-v2: version 2 alone"
	config 'del(.linux.resources)'
	run "$BERTH" --cgroup-manager systemd run --bundle "$bundle" "$cid"
	assert_error "the cgroup manager systemd needs cgroup version 2"
	run "$BERTH" --systemd-cgroup run --bundle "$bundle" "$cid"
	assert_error "the cgroup manager systemd needs cgroup version 2"
}

@test "--rootless: true lets a cgroup be missing that cannot be made, false does not" {
	in_container 'echo RAN'
	needs_cgroupfs
	# By its own name, a cgroup that cannot be made is none in any case.
	own_cgroup
	local flag
	# A file system that cannot be written to is one in which no cgroup can be made.
	for flag in auto false true; do
		# shellcheck disable=SC2016
		run unshare -m sh -c 'for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,ro "$m" 2>/dev/null || true; done
			exec "$1" --log-level warning --rootless "$2" run --bundle "$3" "$4"' sh "$BERTH" "$flag" "$bundle" "$cid"
		if [ "$flag" = true ]; then
			assert_line RAN
			assert_contains "berth: warning: container $cid: the cgroup /sys/fs/cgroup/"
			assert_contains "/berth-$cid may not be made: it stays in the caller's there"
		else
			assert_error "make the cgroup"
		fi
	done
	run "$BERTH" --rootless maybe run --bundle "$bundle" "$cid"
	assert_error "auto, true or false"
}

@test "--no-new-keyring: the container has the caller's session keyring, and exec too" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'grep -c "_ses.'"$cid"'[.]" /proc/keys; echo started; sleep 100'
	"$BERTH" run --detach --no-new-keyring --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
	[ "$(head -n 1 "$bundle/out")" = 0 ]
	run "$BERTH" exec "$cid" grep -c "_ses.${cid}[.]" /proc/keys
	[ "$output" = 0 ]
	"$BERTH" delete --force "$cid"
	# The control.
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
	[ "$(head -n 1 "$bundle/out")" = 1 ]
}

# orphan_parent FLAG...: the parent of a process of the container whose own parent has ended, while berth runs in
# the foreground; $pid is berth. The container has the host's pids.
orphan_parent() {
	local orphan
	rm -f "$bundle/out"
	"${prefix[@]}" "$berth_program" --root "$bundle/state" run --bundle "$bundle" "$@" "$cid" >"$bundle/out" \
		2>&1 </dev/null 3>&- &
	pid=$!
	until_true grep -q orphaned "$bundle/out"
	orphan=$(head -n 1 "$bundle/out")
	parent=$(awk '/^PPid:/ { print $2 }' "/proc/$orphan/status")
	"$BERTH" kill "$cid" KILL
	wait "$pid" || true
}

@test "--no-subreaper: an orphan of the container is never berth's child, with it and without" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	in_container '( sleep 1000 & echo $! ); echo orphaned; sleep 1000'
	prefix=(env)
	orphan_parent
	[ "$parent" != "$pid" ]
	orphan_parent --no-subreaper
	[ "$parent" != "$pid" ]
	# The control: who makes itself a subreaper, and then becomes berth, gets it (prctl(2): kept by execve).
	prefix=(python3 -c 'import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])')
	orphan_parent -no-subreaper
	[ "$parent" = "$pid" ]
	"$BERTH" create --no-subreaper --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
}

@test "--config, -f: another file than the bundle's config.json, relative to the working directory" {
	in_container 'cat /tag'
	echo "the bundle's root" >"$bundle/rootfs/tag"
	mkdir "$bundle/elsewhere"
	mv "$bundle/config.json" "$bundle/elsewhere/other.json"
	cd "$bundle/elsewhere"
	local words
	for words in "--config other.json" "--config=other.json" "-f other.json" "-f $bundle/elsewhere/other.json"; do
		# shellcheck disable=SC2086
		run "$BERTH" run --bundle "$bundle" $words "$cid"
		assert_status 0
		[ "$output" = "the bundle's root" ]
	done
	# Not relative to the bundle.
	run "$BERTH" run --bundle "$bundle" --config elsewhere/other.json "$cid"
	assert_error "open elsewhere/other.json: no such file or directory"
	# The life that follows knows that config, whatever becomes of the file.
	"$BERTH" create --bundle "$bundle" --config other.json "$cid" >/dev/null 2>&1 </dev/null 3>&-
	rm other.json
	"$BERTH" exec "$cid" cat /tag >"$bundle/out"
	[ "$(cat "$bundle/out")" = "the bundle's root" ]
	[ "$("$BERTH" state "$cid" | jq -r .bundle)" = "$bundle" ]
}

@test "--config: an error names that file, and line and column in it" {
	config '.process.cwd = 5'
	jq '.hostname = 7' "$bundle/config.json" >"$bundle/other.json"
	run "$BERTH" run --bundle "$bundle" --config "$bundle/other.json" "$cid"
	assert_error "/process/cwd (line " "column" "): $bundle/other.json: must be a string"
	echo '{' >"$bundle/other.json"
	run "$BERTH" create --bundle "$bundle" --config "$bundle/other.json" "$cid"
	assert_error "$bundle/other.json is not JSON"
	mkfifo "$bundle/fifo"
	run timeout 10 "$BERTH" run --bundle "$bundle" -f "$bundle/fifo" "$cid"
	assert_error "$bundle/fifo is not a regular file"
	# What is refused later names it as well.
	config '.process.cwd = "/" | .mounts += [{"destination": "/data", "source": "/not/there", "options": ["bind"]}]'
	mv "$bundle/config.json" "$bundle/other.json"
	run "$BERTH" run --bundle "$bundle" -f "$bundle/other.json" "$cid"
	assert_error "/mounts/7" "$bundle/other.json: " "/not/there" "step sources"
}
