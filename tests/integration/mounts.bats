#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# mounts add and mounts remove: mounts of a container that is there.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	mkdir "$bundle/src" "$bundle/outside"
	echo "from the host" >"$bundle/src/file"
	echo single >"$bundle/single"
	touch "$bundle/outside/decoy"
	config '.root.readonly = false'
	# It answers through files, as it is seen by a process that was there before; and waits without polling, which in
	# a machine in software takes a fifth of the processor.
	mkfifo -m 666 "$bundle/rootfs/ask"
	in_container 'echo started; while :; do sh /ask >/tmp/answer 2>&1; mv /tmp/answer /answer; done'
	ln -s busybox "$bundle/rootfs/bin/mv"
	ln -s busybox "$bundle/rootfs/bin/umount"
	mounts=$(host_mounts)
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

# started [JQ_FILTER]: the container runs.
started() {
	[ -z "${1:-}" ] || config "$1"
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true grep -q started "$bundle/out"
}

# user_namespace: the filter for a container whose root is 500000, and the root file system for it.
user_namespace() {
	chown -R 500000:500000 "$bundle/rootfs" "$bundle/src"
	echo '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 500000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

# mounts VERB JSON: with bats' $status and $output. $B in the text is the bundle.
change() {
	echo "${2//\$B/$bundle}" >"$bundle/mounts.json"
	run timeout 60 "$BERTH" mounts "$1" "$cid" "$bundle/mounts.json"
}

# inside PROGRAM...: exec, with bats' $status and $output.
inside() {
	run timeout 60 "$BERTH" exec "$cid" "$@"
}

# asked SCRIPT: what the first process of the container, which was there before, answers.
asked() {
	rm -f "$bundle/rootfs/answer"
	# shellcheck disable=SC2016 # for the shell inside
	timeout 60 sh -c 'echo "$1" >"$2"' sh "$1" "$bundle/rootfs/ask"
	until_true test -e "$bundle/rootfs/answer"
	output=$(cat "$bundle/rootfs/answer")
	mapfile -t lines <"$bundle/rootfs/answer"
}

# mounted PATH...: those of the container's mounts whose place is one of these, in order, with their flags.
mounted() {
	local pid
	pid=$(pid_of)
	for path; do
		awk -v path="$path" '$5 == path { print $5, $6 }' "/proc/$pid/mountinfo"
	done
}

# Nothing of it is seen on the host, and nothing is left but the container.
host_is_clean() {
	[ "$mounts" = "$(host_mounts)" ]
	[ "$(ls -A "$bundle/outside")" = decoy ]
	[ -z "$(pgrep -f '^berth-init' -P $BASHPID)" ]
}

all='[{"destination": "/data/ro", "type": "bind", "source": "$B/src", "options": ["bind", "ro"]},
	{"destination": "/data/rw", "source": "src", "options": ["rbind", "nosuid", "nodev"]},
	{"destination": "/single", "type": "bind", "source": "$B/single"},
	{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k", "mode=1777", "noexec"]},
	{"destination": "/sealed", "type": "tmpfs", "options": ["ro"]}]'

@test "bind mounts, of a file too, and tmpfs: seen by the process that runs and by exec, not by the host" {
	started
	change add "$all"
	assert_status 0
	[ -z "$output" ]
	local way
	for way in asked "inside sh -c"; do
		$way 'cat /data/ro/file /data/rw/file /single; touch /data/ro/x; touch /sealed/x; touch /scratch/x && echo made; df'
		assert_contains "from the host"$'\n'"from the host"$'\n'single
		assert_contains "/data/ro/x: Read-only file system"
		assert_contains "/sealed/x: Read-only file system"
		assert_line made
	done
	inside touch /data/rw/made
	[ -e "$bundle/src/made" ]
	run mounted /data/ro /data/rw /single /scratch /sealed
	[[ ${lines[0]} == "/data/ro ro,"* ]]
	[[ ${lines[1]} == "/data/rw rw,nosuid,nodev,"* ]]
	[[ ${lines[2]} == "/single rw,"* ]]
	[[ ${lines[3]} == "/scratch rw,noexec,"* ]]
	[[ ${lines[4]} == "/sealed ro,"* ]]
	[ "${#lines[@]}" = 5 ]
	host_is_clean
}

@test "the same list removes them, what is in them stays, and they can be added again" {
	started
	local way
	for way in 1 2; do
		change add "$all"
		assert_status 0
		change remove "$all"
		assert_status 0
		[ -z "$output" ]
		run mounted /data/ro /data/rw /single /scratch /sealed
		[ -z "$output" ]
	done
	asked 'ls /data/ro /scratch; wc -c </single'
	refute_contains file
	[ -s "$bundle/single" ]
	[ -e "$bundle/src/file" ]
	host_is_clean
}

@test "a file that somebody has open does not keep a mount" {
	started
	change add '[{"destination": "/data", "source": "$B/src", "options": ["bind"]}]'
	"$BERTH" exec --detach "$cid" sh -c 'cd /data; exec sleep 1000' </dev/null >/dev/null 2>&1 3>&-
	change remove '[{"destination": "/data"}]'
	assert_status 0
	run mounted /data
	[ -z "$output" ]
}

@test "the list from standard input" {
	started
	run sh -c 'echo "[{\"destination\": \"/t\", \"type\": \"tmpfs\"}]" | "$1" mounts add "$2" -' sh "$BERTH" "$cid"
	assert_status 0
	run mounted /t
	[ "${#lines[@]}" = 1 ]
	run sh -c 'echo "[{\"destination\": \"/t\"}]" | "$1" mounts remove "$2" -' sh "$BERTH" "$cid"
	assert_status 0
	run mounted /t
	[ -z "$output" ]
}

@test "a container that is created: its program finds them" {
	in_container 'echo started; cat /data/file; touch /data/x'
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	change add '[{"destination": "/data", "source": "$B/src", "options": ["bind", "ro"]}]'
	assert_status 0
	"$BERTH" start "$cid"
	until_true grep -q "Read-only" "$bundle/out"
	grep -q "from the host" "$bundle/out"
}

@test "one in the other, and one on the other: the last one goes first" {
	started
	local nested='[{"destination": "/a", "type": "tmpfs"}, {"destination": "/a/b/c", "source": "$B/src", "options": ["bind"]},
		{"destination": "/a/b/c/../f", "source": "$B/single", "options": ["bind"]}, {"destination": "/s", "type": "tmpfs"},
		{"destination": "/s", "source": "$B/src", "options": ["bind"]}]'
	change add "$nested"
	assert_status 0
	run mounted /a /a/b/c /a/b/f /s
	[ "${#lines[@]}" = 5 ]
	inside cat /s/file
	assert_status 0
	change remove "$nested"
	assert_status 0
	run mounted /a /a/b/c /a/b/f /s
	[ -z "$output" ]
}

@test "flags of a whole tree, and propagation" {
	started
	run unshare -m sh -ec 'mount -t tmpfs below "$2/src"; mkdir "$2/src/sub"; mount -t tmpfs sub "$2/src/sub"
		"$1" mounts add "$3" "$4"' sh "$BERTH" "$bundle" "$cid" <(echo "[
		{\"destination\": \"/tree\", \"source\": \"$bundle/src\", \"options\": [\"rbind\", \"rro\", \"rshared\"]},
		{\"destination\": \"/top\", \"source\": \"$bundle/src\", \"options\": [\"rbind\", \"ro\", \"rprivate\"]},
		{\"destination\": \"/alone\", \"source\": \"$bundle/src\", \"options\": [\"bind\"]}]")
	assert_status 0
	run mounted /tree /tree/sub /top /top/sub /alone /alone/sub
	[[ ${lines[0]} == "/tree ro,"* && ${lines[1]} == "/tree/sub ro,"* ]]
	[[ ${lines[2]} == "/top ro,"* && ${lines[3]} == "/top/sub rw,"* ]]
	[[ ${lines[4]} == "/alone rw,"* && ${#lines[@]} == 5 ]]
	inside grep -E ' /(tree|top)(/sub)? ' /proc/self/mountinfo
	[[ ${lines[0]} == *" shared:"* && ${lines[1]} == *" shared:"* ]]
	[[ ${lines[2]} != *" shared:"* && ${lines[3]} != *" shared:"* ]]
}

@test "file systems of a namespace are those of the container's" {
	started 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	change add '[{"destination": "/p", "type": "proc"}, {"destination": "/s", "type": "sysfs"}]'
	assert_status 0
	inside sh -c 'readlink /p/1/ns/pid; readlink /proc/1/ns/pid; ls /s/class/net'
	[ "${lines[0]}" = "${lines[1]}" ]
	[ "${lines[2]}" = lo ]
	[ "${#lines[@]}" = 3 ]
}

@test "a new procfs or sysfs does not show what is masked in the one that is there" {
	started '.linux.maskedPaths = ["/proc/keys", "/proc/../sys/firmware"] | .linux.readonlyPaths = ["/proc/sys"]'
	change add '[{"destination": "/t", "type": "tmpfs"}, {"destination": "/p", "type": "proc"}]'
	assert_error "/mounts/1/type (line 1, column" '"proc" would show what the container has masked or read-only: /proc/sys'
	change add '[{"destination": "/s", "type": "sysfs", "options": ["ro"]}]'
	assert_error "/mounts/0/type" '"sysfs" would show what the container has masked or read-only: /proc/../sys/firmware'
	run mounted /t /p /s
	[ -z "$output" ]
	"$BERTH" delete --force "$cid"
	# The control: where nothing of it is covered, also with a name that only begins like it.
	started '.linux.maskedPaths = ["/proc/keys", "/system"] | .linux.readonlyPaths = []'
	change add '[{"destination": "/s", "type": "sysfs"}]'
	assert_status 0
}

@test "a user namespace: mounted, used by its root, removed" {
	started "$(user_namespace)"
	change add "$all"
	assert_status 0
	asked 'cat /data/ro/file; touch /data/ro/x; touch /data/rw/made && echo made; stat -c %u /scratch'
	assert_line "from the host"
	assert_contains "/data/ro/x: Read-only file system"
	assert_line made
	assert_line 0
	[ "$(stat -c %u "$bundle/src/made")" = 500000 ]
	change remove "$all"
	assert_status 0
	run mounted /data/ro /data/rw /single /scratch /sealed
	[ -z "$output" ]
	host_is_clean
}

# remount_in_userns HOST_FLAG: what the root of a user namespace, who may mount there, makes of a mount that was
# added from a source with this flag on the host.
remount_in_userns() {
	run unshare -m sh -ec 'mount --bind "$2/src" "$2/src"; mount -o "remount,bind,$5" "$2/src"
		"$1" mounts add "$3" "$4"' sh "$BERTH" "$bundle" "$cid" \
		<(echo "[{\"destination\": \"/data\", \"source\": \"$bundle/src\", \"options\": [\"bind\"]}]") "$1"
	assert_status 0
	inside sh -c 'mount -o remount,bind,ro /data && mount -o remount,bind,rw /data && touch /data/x && echo WRITTEN'
}

@test "what is read-only on the host, the root of a user namespace cannot make writable" {
	started "$(user_namespace)"'
		| .process.capabilities[] |= (. + ["CAP_SYS_ADMIN"] | unique)'
	# The control: he may remount, and write where the host lets him.
	remount_in_userns rw
	assert_line WRITTEN
	change remove '[{"destination": "/data"}]'
	assert_status 0
	remount_in_userns ro
	refute_line WRITTEN
	[ "$status" != 0 ]
}

@test "neither the limits of the container nor its load hold it up" {
	[ -d /sys/fs/cgroup/pids ] || grep -qw pids /sys/fs/cgroup/cgroup.controllers
	in_container 'echo started; exec sleep 1000'
	started '.linux.resources.pids = {"limit": 1}'
	# The control: there is no place for a process more.
	inside true
	[ "$status" != 0 ]
	change add '[{"destination": "/data", "source": "$B/src", "options": ["bind"]}]'
	assert_status 0
	run mounted /data
	[ "${#lines[@]}" = 1 ]
}

@test "control: the target of the attacks, as a directory" {
	mkdir "$bundle/rootfs/evil"
	started
	change add '[{"destination": "/evil/new/t", "type": "tmpfs"}, {"destination": "/evil/f", "source": "single", "options": ["bind"]}]'
	assert_status 0
	run mounted /evil/new/t /evil/f
	[ "${#lines[@]}" = 2 ]
	host_is_clean
}

@test "a link out of the root file system as target leads into it" {
	local link
	for link in "$bundle/outside" "../../../../../../../../../..$bundle/outside" "/proc/1/root$bundle/outside"; do
		rm -f "$bundle/rootfs/evil"
		ln -s "$link" "$bundle/rootfs/evil"
		[ -e "$bundle/outside/decoy" ]
		started
		change add '[{"destination": "/evil/new/t", "type": "tmpfs"}, {"destination": "/evil/f", "source": "single", "options": ["bind"]}]'
		if [[ $link != /proc/* ]]; then
			assert_status 0
			run mounted "$bundle/outside/new/t" "$bundle/outside/f"
			[ "${#lines[@]}" = 2 ]
			change remove '[{"destination": "/evil/new/t"}, {"destination": "/evil/f"}]'
			assert_status 0
		else
			assert_error "/mounts/0"
		fi
		host_is_clean
		"$BERTH" delete --force "$cid"
		rm -rf "$bundle/rootfs/${bundle#/}"
	done
}

@test "a container that changes the target all the while" {
	in_container 'echo started; mkdir /v; while :; do mkdir /v/d; rm -r /v/d; ln -s "$OUT" /v/d; rm /v/d; done 2>/dev/null'
	# shellcheck disable=SC2016 # a variable of jq
	config '.process.env += ["OUT=" + $out]' --arg out "$bundle/outside"
	started
	local added=0 count
	count=$(rounds 100)
	for ((i = 0; i < count || (added == 0 && i < 100); i++)); do
		change add '[{"destination": "/v/d/x", "type": "tmpfs"}, {"destination": "/v/d/f", "source": "single", "options": ["bind"]}]'
		[ "$status" != 0 ] || added=$((added + 1))
	done
	host_is_clean
	[ "$added" -gt 0 ]
}

@test "all or none: where one fails, those before it are gone again" {
	started
	local bad
	for bad in '{"destination": "/x", "type": "tmpfs", "options": ["nosuch=1"]}' '{"destination": "/single/x", "type": "tmpfs"}' \
		'{"destination": "/x", "type": "nosuch"}' '{"destination": "/toroot", "type": "tmpfs"}'; do
		ln -sfn / "$bundle/rootfs/toroot"
		change add "$(jq --argjson bad "$bad" '.[4:4] = [$bad]' <<<"$all")"
		assert_error "/mounts/4" "step mounts"
		run mounted /data/ro /data/rw /single /scratch /sealed /
		[ "${#lines[@]}" = 1 ]
		host_is_clean
	done
}

@test "what cannot be opened on the host fails before anything is mounted" {
	started
	change add '[{"destination": "/t", "type": "tmpfs"}, {"destination": "/x", "source": "/not/there", "options": ["bind"]}]'
	assert_error "/mounts/1 (line 1, column" "open the bind source /not/there: no such file or directory" "step sources"
	run mounted /t
	[ -z "$output" ]
	[ ! -e "$bundle/rootfs/t" ]
}

@test "the root file system is read-only: a mount point must be there" {
	mkdir "$bundle/rootfs/there"
	in_container 'echo started; exec sleep 1000'
	started '.root.readonly = true'
	change add '[{"destination": "/there", "type": "tmpfs"}]'
	assert_status 0
	change add '[{"destination": "/missing", "type": "tmpfs"}]'
	assert_error "/mounts/0" "/missing: read-only file system"
}

@test "remove: where nothing is mounted, and then nothing goes" {
	mkdir "$bundle/rootfs/dir"
	started
	change add "$all"
	assert_status 0
	local path
	for path in /dir /nosuch /data/ro/file /etc/../dir/.; do
		change remove '[{"destination": "/single"}, {"destination": "'$path'"}, {"destination": "/scratch"}]'
		assert_error "/mounts/1/destination (line 1, column" "nothing is mounted on" "step mounts"
	done
	run mounted /single /scratch
	[ "${#lines[@]}" = 2 ]
}

@test "remove: a list that takes away what it names later removes nothing" {
	started
	local list before
	change add '[{"destination": "/a", "type": "tmpfs"}, {"destination": "/a/b", "type": "tmpfs"}, {"destination": "/s", "type": "tmpfs"}]'
	assert_status 0
	before=$(inside cat /proc/self/mountinfo && echo "$output")
	# The last one goes first: it is one place twice, or it hides the one before it.
	for list in '[{"destination": "/s"}, {"destination": "/s"}]' '[{"destination": "/a/b"}, {"destination": "/a"}]' \
		'[{"destination": "/s"}, {"destination": "/a"}, {"destination": "/s/."}]' \
		'[{"destination": "/"}, {"destination": "/a"}]'; do
		change remove "$list"
		assert_error "/mounts/0/destination (line 1, column"
		[ "$before" = "$(inside cat /proc/self/mountinfo && echo "$output")" ]
	done
	# Shared with the host, or with another container, it is not unmounted there.
	change remove '[{"destination": "/a"}, {"destination": "/a/b"}, {"destination": "/s"}]'
	assert_status 0
	run mounted /a /a/b /s
	[ -z "$output" ]
	host_is_clean
}

@test "remove: what the trial does does not reach those that share the mounts" {
	started
	run unshare -m sh -ec 'mount -t tmpfs top "$2/src"; mount --make-shared "$2/src"
		"$1" mounts add "$3" "$4"; mkdir "$2/src/sub"; mount -t tmpfs sub "$2/src/sub"
		if "$1" mounts remove "$3" "$5"; then exit 1; fi
		grep -q " $2/src/sub " /proc/self/mountinfo' sh "$BERTH" "$bundle" "$cid" \
		<(echo "[{\"destination\": \"/tree\", \"source\": \"$bundle/src\", \"options\": [\"rbind\", \"rshared\"]}]") \
		<(echo '[{"destination": "/nothing"}, {"destination": "/tree/sub"}]')
	assert_status 0
	assert_contains "nothing is mounted on"
	run mounted /tree /tree/sub
	[ "${#lines[@]}" = 2 ]
}

@test "remove: not what the container needs, by whatever name" {
	mkdir "$bundle/rootfs/secret"
	ln -s / "$bundle/rootfs/toroot"
	ln -s proc "$bundle/rootfs/toproc"
	ln -s secret "$bundle/rootfs/tosecret"
	started '.linux.maskedPaths = ["/proc/keys", "/secret", "/absent"] | .linux.readonlyPaths = ["/proc/sys"]'
	local path before
	before=$(mounted / /proc /proc/keys /secret /proc/sys)
	echo "$before"
	[ "$(wc -l <<<"$before")" = 5 ]
	for path in / /. /.. /toroot /proc /toproc /toroot/proc /proc/keys /toproc/keys /secret /tosecret /proc/sys; do
		change remove '[{"destination": "'$path'"}]'
		assert_error "/mounts/0/destination (line 1, column" "the container needs what is mounted on"
	done
	[ "$before" = "$(mounted / /proc /proc/keys /secret /proc/sys)" ]
	# The control: others go, and those that only lie beside them.
	change remove '[{"destination": "/dev/shm"}]'
	assert_status 0
	run mounted /dev/shm
	[ -z "$output" ]
}

@test "remove: not what has below it what the container needs, by whatever name" {
	local path before places="/data /data/sub/secret /data/ro /deep /deep/secret"
	mkdir -p "$bundle/rootfs/data/sub" "$bundle/src/sub" "$bundle/src/ro" "$bundle/rootfs/deep"
	# What the masks are for: a file of the image, and one of the host.
	echo OF-THE-IMAGE | tee "$bundle/rootfs/data/sub/secret" >"$bundle/rootfs/deep/secret"
	echo OF-THE-HOST | tee "$bundle/src/sub/secret" >"$bundle/src/secret"
	ln -s data "$bundle/rootfs/todata"
	ln -s deep/secret "$bundle/rootfs/tosecret"
	ln -s deep/../deep "$bundle/rootfs/todeep"
	started ".mounts += [{destination: \"/data\", source: \"$bundle/src\", options: [\"rbind\"]},
			{destination: \"/deep\", source: \"$bundle/src\", options: [\"rbind\"]}]"'
		| .linux.maskedPaths = ["/data/sub/secret", "/tosecret", "/database"] | .linux.readonlyPaths = ["/data/./ro"]'
	# shellcheck disable=SC2086 # a list
	before=$(mounted $places)
	[ "$(wc -l <<<"$before")" = 5 ]
	change remove '[{"destination": "/dev/shm"}, {"destination": "/data"}]'
	assert_error "/mounts/1/destination (line 1, column" "/data/sub/secret would go with what is mounted on /data"
	for path in /data /data/. /todata; do
		change remove '[{"destination": "'$path'"}]'
		assert_error "/mounts/0/destination (line 1, column" "/data/sub/secret would go with what is mounted on ${path%/.}"
	done
	# Only the container knows where a link leads.
	for path in /deep /todeep; do
		change remove '[{"destination": "'$path'"}]'
		assert_error "/mounts/0/destination (line 1, column" "/tosecret would go with what is mounted on $path"
	done
	# shellcheck disable=SC2086
	[ "$before" = "$(mounted $places)" ]
	inside sh -c 'cat /data/sub/secret /deep/secret; touch /data/ro/x'
	refute_contains OF-THE
	assert_contains "/data/ro/x: Read-only file system"
	# It holds where the container gives another name to what the mask lies in.
	asked 'busybox mv /data/sub /data/other && echo moved'
	assert_line moved
	change remove '[{"destination": "/data"}]'
	assert_error "/mounts/0/destination" "/data/sub/secret would go with what is mounted on /data"
}

@test "remove: a mount of the config goes by its own name, not with what it lies in" {
	started 'del(.linux.maskedPaths, .linux.readonlyPaths)
		| .mounts += [{destination: "/a", type: "tmpfs"}, {destination: "/a/b", type: "tmpfs"}, {destination: "/ab", type: "tmpfs"}]'
	change remove '[{"destination": "/a"}]'
	assert_error "/mounts/0/destination (line 1, column" "/a/b would go with what is mounted on /a"
	change remove '[{"destination": "/dev"}]'
	assert_error "/mounts/0/destination" "/dev/" "would go with what is mounted on /dev"
	change remove '[{"destination": "/dev"}, {"destination": "/dev/pts"}]'
	assert_error "/mounts/0/destination" "/dev/" "would go with what is mounted on /dev"
	run mounted /a /a/b /dev /dev/pts /dev/shm
	[ "${#lines[@]}" = 5 ]
	# By name it goes; in one list, or one after the other; and what was added goes with the rest.
	change add '[{"destination": "/a/added", "type": "tmpfs"}]'
	assert_status 0
	change remove '[{"destination": "/a"}, {"destination": "/a/b"}]'
	assert_status 0
	change remove '[{"destination": "/dev/pts"}, {"destination": "/dev/shm"}, {"destination": "/dev/mqueue"}]'
	assert_status 0
	change remove '[{"destination": "/dev"}]'
	assert_status 0
	run mounted /a /a/b /a/added /dev /dev/pts /dev/shm
	[ -z "$output" ]
	host_is_clean
}

@test "remove: /sys stays as long as something of it is masked or mounted" {
	started '.linux.maskedPaths = ["/sys/firmware"] | .linux.readonlyPaths = []'
	change remove '[{"destination": "/sys"}]'
	assert_error "/mounts/0/destination" "/sys/firmware would go with what is mounted on /sys"
	"$BERTH" delete --force "$cid"
	started '.linux.maskedPaths = [] | .mounts += [{destination: "/sys/fs", type: "tmpfs"}]'
	change remove '[{"destination": "/sys"}]'
	assert_error "/mounts/0/destination" "/sys/fs" "would go with what is mounted on /sys"
}

@test "a mount that is locked to others stays" {
	started "$(user_namespace)"
	# Copied as a tree into a mount namespace of less privilege, the mounts below are locked to it.
	run unshare -m sh -ec 'mount -t tmpfs top "$2/src"; mkdir "$2/src/sub"; mount -t tmpfs sub "$2/src/sub"; chmod 755 "$2/src"
		"$1" mounts add "$3" "$4"' sh "$BERTH" "$bundle" "$cid" \
		<(echo "[{\"destination\": \"/tree\", \"source\": \"$bundle/src\", \"options\": [\"rbind\"]}]")
	assert_status 0
	change remove '[{"destination": "/tree/sub"}]'
	assert_error "/mounts/0/destination" "locked" "/tree/sub: invalid argument"
	change remove '[{"destination": "/tree"}]'
	assert_status 0
	run mounted /tree /tree/sub
	[ -z "$output" ]
}

@test "add: what cannot be mounted in a container that is there" {
	started
	local path
	for path in / /. /../ /proc /proc/; do
		change add '[{"destination": "/t", "type": "tmpfs"}, {"destination": "'$path'", "type": "proc"}]'
		assert_error "/mounts/1/destination" "cannot be mounted over"
	done
	change add '[{"destination": "/proc/sys", "type": "tmpfs"}]'
	assert_error "/mounts/0/destination" "inside /proc"
	change add '[{"destination": "/c", "type": "cgroup"}]'
	assert_error "/mounts/0/type" "only when the container is made"
	change add '[{"destination": "/c", "type": "cgroup2"}]'
	assert_error "/mounts/0/type" "only when the container is made"
	# The root by another name is found out where the names are.
	ln -s / "$bundle/rootfs/toroot"
	change add '[{"destination": "/toroot", "type": "tmpfs"}]'
	assert_error "/mounts/0" "is the root of a container that is there"
	run mounted /t /c
	[ -z "$output" ]
}

@test "a list that is none" {
	started
	change add '{"mounts": []}'
	assert_error "/mounts (line 1, column 1)" "array"
	change add '[{"destination": "/t", "type": "tmpfs"}'
	assert_error "line 2, column 1" "the list of mounts is not JSON"
	change add '[{"type": "tmpfs"}]'
	assert_error "/mounts/0" "destination"
	change remove '[{}]'
	assert_error "/mounts/0" "destination"
	change add '[{"destination": "/t", "type": "bind"}]'
	assert_error "/mounts/0" "needs a source"
	change add ''
	assert_error "not JSON"
	change add '[]'
	assert_status 0
	run "$BERTH" mounts add "$cid" "$bundle/nosuch"
	assert_error "open $bundle/nosuch: no such file or directory"
	run "$BERTH" mounts add "$cid" "$bundle"
	assert_error "read $bundle: is a directory"
}

@test "the command line" {
	run "$BERTH" mounts
	assert_error '"mounts" requires exactly 3 argument(s)'
	run "$BERTH" mounts add x
	assert_error '"mounts" requires exactly 3 argument(s)'
	run "$BERTH" mounts change x y
	assert_error '"add" or "remove"'
	run "$BERTH" mounts --help
	assert_status 0
	assert_contains "usage: berth mounts add|remove ID FILE"
}

@test "a container that is not there, has stopped, or is paused" {
	local verb
	for verb in add remove; do
		change "$verb" '[{"destination": "/t", "type": "tmpfs"}]'
		assert_error "container does not exist"
	done
	started
	change add '[{"destination": "/t", "type": "tmpfs"}]'
	assert_status 0
	"$BERTH" pause "$cid"
	change add '[{"destination": "/u", "type": "tmpfs"}]'
	assert_error "cannot add mounts to a container that is paused"
	change remove '[{"destination": "/t"}]'
	assert_error "cannot remove mounts of a container that is paused"
	"$BERTH" resume "$cid"
	"$BERTH" kill "$cid" KILL
	until_true sh -c '"$1" state "$2" | grep -q stopped' sh "$BERTH" "$cid"
	change add '[{"destination": "/u", "type": "tmpfs"}]'
	assert_error "cannot add mounts to a container that is stopped"
}

@test "whoever dies on the way: the container is as it was" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	started
	local before step i
	before=$(mounted / /t)
	echo '[{"destination": "/t", "type": "tmpfs"}]' >"$bundle/mounts.json"
	local steps=(seal spawn oomscore send bootstrap open join clone handover boot mapped hide session private sources
		ready limits go mounts)
	# In a machine in software, every fifth.
	for ((i = 0; i < ${#steps[@]}; i += 5 / $(rounds 5))); do
		step=${steps[i]}
		BERTH_FAIL=$step:fail run timeout 60 "$BERTH_TEST" mounts add "$cid" "$bundle/mounts.json"
		assert_error failpoint "step $step"
		BERTH_FAIL=$step:die run timeout 60 "$BERTH_TEST" mounts add "$cid" "$bundle/mounts.json"
		[ "$status" != 0 ]
		until_true is_empty left_inits "$step:die"
		[ "$before" = "$(mounted / /t)" ]
	done
	inside true
	assert_status 0
}

# left_inits FAIL: every berth-init that was started with BERTH_FAIL=FAIL.
left_inits() {
	find /proc -maxdepth 2 -name exe -lname '/memfd:berth-init*' -printf '%h/environ\n' \
		2>/dev/null | xargs -r grep -lsFz -x "BERTH_FAIL=$1"
	return 0
}
