#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# The config.json and process.json that engines write (tests/fixtures/engines, made by tests/clients/record) run, and
# the container is what they ask for.

load ../kit/container

fixtures=$BATS_TEST_DIRNAME/../fixtures/engines
facts=$BATS_TEST_DIRNAME/../kit/engine_facts

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	mkdir "$bundle"/rootfs/{mnt,run} "$bundle/files"
	ln -s busybox "$bundle/rootfs/bin/sed"
	printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
	# A device that no config allows: of /dev/fuse.
	mknod -m 666 "$bundle/rootfs/other-device" c 10 229
	cp "$facts.sh" "$bundle/rootfs/facts"
	unshare --net sleep 120 3>&- &
	holder=$!
}

teardown() {
	[ -z "${holder:-}" ] || kill "$holder"
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# from_engine NAME: the fixture as the bundle's config, with this test's files in the place of the engine's; its
# program prints facts, then waits for the file /gate.
from_engine() {
	cp "$fixtures/$1.json" "$bundle/config.json"
	needs_cgroupfs # as the fixtures have it
	# shellcheck disable=SC2016 # variables of jq
	config '.root.path = $bundle + "/rootfs" | .linux.cgroupsPath |= "/berth-" + $cid + .
		| .mounts |= map(if .source then .source |= sub("^@FILES@"; $bundle + "/files") else . end)
		| .linux.namespaces |= map(if .path == "@NAMESPACES@/network" then .path = "/proc/" + $holder + "/ns/net" else . end)
		| if .hooks then .hooks |= map_values(map(if .path == "@HOOK@" then .path = $bundle + "/hook" else . end)) else . end' \
		--arg bundle "$bundle" --arg cid "$cid" --arg holder "$holder"
	local name
	for name in $(jq -r '.mounts[] | select(.type == "bind") | .destination' "$bundle/config.json"); do
		mkdir -p "$bundle/files/${name%/*}"
		case $name in
		/dev/shm | /mnt) mkdir -m 1777 "$bundle/files$name" ;;
		*) echo "of $name" >"$bundle/files$name" ;;
		esac
	done
	printf '#!/bin/sh\n{ echo "$@"; cat; } >%s/hook-saw\n' "$bundle" >"$bundle/hook"
	chmod 755 "$bundle/hook"
	# shellcheck disable=SC2016 # for the shell inside
	in_container '/bin/sh /facts '"$(python3 -S "$facts.py" --paths "$bundle/config.json" | tr '\n' ' ')"'
		while [ ! -e /gate ]; do sleep 0.05; done
		exit 7'
}

is_running() {
	has_status running
}

# has_begun: the program is there, or berth is not.
has_begun() {
	is_running || ! kill -0 "$runner"
}

# hook_was_told: what docker has its network made by got its arguments and the state.
hook_was_told() {
	[ "$(jq .hooks "$bundle/config.json")" != null ] || return 0
	[ "$(head -n 1 "$bundle/hook-saw")" = "$(jq -r '.hooks.prestart[0].args[1:] | join(" ")' "$bundle/config.json")" ]
	# shellcheck disable=SC2016 # variables of jq
	sed 1d "$bundle/hook-saw" | jq -e '.id == $cid and .pid == $pid and .bundle == $bundle' --arg cid "$cid" \
		--argjson pid "$1" --arg bundle "$bundle"
}

# terminal_of FILTER FILE: what gives berth a terminal, where the process there asks for one.
terminal_of() {
	terminal=()
	[ "$(jq "$1.terminal" "$2")" != true ] || terminal=(python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" '')
}

# execs_as_asked NAME: the fixture's process in the container of the bundle.
execs_as_asked() {
	local status=0
	"$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	jq '.args = ["/bin/sh", "-c", "/bin/sh /facts; exit 8"]' "$fixtures/$1.json" >"$bundle/process.json"
	terminal_of "" "$bundle/process.json"
	timeout 60 "${terminal[@]}" "$BERTH" exec --process "$bundle/process.json" "$cid" \
		>"$bundle/facts" 2>&1 </dev/null || status=$?
	python3 -S "$facts.py" --process "$bundle/process.json" "$bundle/facts" "$bundle/config.json"
	[ "$status" = 8 ]
	is_running
}

# runs_as_asked: the program is what config.json says, and its status is that of berth.
runs_as_asked() {
	local status=0 runner pid
	terminal_of .process "$bundle/config.json"
	timeout 60 "${terminal[@]}" "$BERTH" run --bundle "$bundle" "$cid" >"$bundle/facts" 2>&1 </dev/null 3>&- &
	runner=$!
	until_true has_begun
	is_running || {
		cat "$bundle/facts"
		return 1
	}
	pid=$(pid_of)
	python3 -S "$facts.py" --limits "$bundle/config.json" "$pid"
	hook_was_told "$pid"
	touch "$bundle/rootfs/gate"
	wait $runner || status=$?
	python3 -S "$facts.py" "$bundle/config.json" "$bundle/facts"
	[ "$status" = 7 ] || {
		cat "$bundle/facts"
		return 1
	}
	[ -z "$(left_cgroups)" ]
}

@test "podman run, with a network" {
	from_engine podman-run
	runs_as_asked
}

@test "podman run: read-only, tmpfs, capabilities, limits, user, no-new-privileges" {
	from_engine podman-hardened
	runs_as_asked
}

@test "podman run: devices, limits, volumes of its own, the host's pids" {
	from_engine podman-wide
	runs_as_asked
}

@test "podman run --read-only and --tmpfs: tmpfs that begin with what the image has there" {
	from_engine podman-tmpfs
	runs_as_asked
}

@test "podman run -t" {
	from_engine podman-terminal
	runs_as_asked
}

@test "podman run with id maps" {
	chown -R 100000:100000 "$bundle/rootfs"
	from_engine podman-userns
	runs_as_asked
}

@test "podman run -d without a network" {
	from_engine podman-detached
	runs_as_asked
}

@test "podman pod: the first container" {
	from_engine podman-infra
	runs_as_asked
}

@test "docker run, with a network" {
	from_engine docker-run
	runs_as_asked
}

@test "docker run: read-only, tmpfs, capabilities, limits, user, no-new-privileges" {
	from_engine docker-hardened
	runs_as_asked
}

@test "docker run: devices, limits, volumes of its own, the host's pids" {
	from_engine docker-wide
	runs_as_asked
}

@test "docker run -t" {
	from_engine docker-terminal
	runs_as_asked
}

@test "docker run -d without a network" {
	from_engine docker-detached
	runs_as_asked
}

@test "ctr run" {
	from_engine ctr-run
	runs_as_asked
}

@test "ctr run: read-only, limits, the network of the host" {
	from_engine ctr-limits
	runs_as_asked
}

@test "podman exec: user, environment, directory" {
	from_engine podman-detached
	execs_as_asked podman-exec
}

@test "podman exec -t" {
	from_engine podman-detached
	execs_as_asked podman-exec-terminal
}

@test "docker exec: user, environment, directory" {
	from_engine docker-detached
	execs_as_asked docker-exec
}

@test "docker exec -t" {
	from_engine docker-detached
	execs_as_asked docker-exec-terminal
}

@test "ctr task exec" {
	from_engine ctr-run
	execs_as_asked ctr-exec
}

# The control of all the above: the facts of one container against a config that asks for something else.
@test "a fact that is not as asked is seen" {
	from_engine podman-wide
	runs_as_asked
	local i filter seen edits=(
		'.process.user.uid = 1' '.process.user.gid = 1' '.process.user.additionalGids += [5]'
		'.process.user.umask = 23' '.process.env += ["C=d"]' '.process.cwd = "/"'
		'.process.capabilities.bounding |= .[1:]' '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
		'.process.rlimits[0].hard = 201' '.process.noNewPrivileges = true' '.process.oomScoreAdj = 99'
		'.process.terminal = true' '.linux.seccomp = {}' '.root.readonly = true' '.hostname = "other"'
		'.mounts += [{"destination": "/none", "type": "tmpfs"}]' '.mounts[1].options += ["ro"]'
		'.mounts[1].options -= ["nosuid"]' '.mounts[1].type = "sysfs"' '.linux.readonlyPaths += ["/proc/sys/kernel/msgmax"]'
		'.linux.maskedPaths += ["/proc/bus"]' '.linux.namespaces += [{"type": "pid"}]'
		'.linux.namespaces |= map(select(.type != "ipc"))' '.linux.uidMappings = [{"containerID": 0, "hostID": 1, "size": 1}]'
		'.linux.sysctl["kernel.msgmax"] = "9001"' '.linux.devices[0].minor = 8')
	printf -v filter '(%s),' "${edits[@]}"
	jq -c "${filter%,}" "$bundle/config.json" >"$bundle/others.json"
	run python3 -S "$facts.py" --each "$bundle/others.json" "$bundle/facts"
	assert_status 0
	mapfile -t seen < <(grep ' facts, ' <<<"$output")
	[ "${#seen[@]}" = "${#edits[@]}" ]
	for ((i = 0; i < ${#edits[@]}; i++)); do
		[[ ${seen[i]} != *" 0 differences" ]] || {
			printf 'not seen: %s\n' "${edits[i]}"
			return 1
		}
	done
	jq '.linux.resources.pids.limit = 2047' "$bundle/config.json" >"$bundle/other.json"
	run python3 -S "$facts.py" --limits "$bundle/other.json" "$holder"
	assert_status 1
}
