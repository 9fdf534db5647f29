#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Errors: one line that says where and why, and nothing half-made left.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo RAN'
}

teardown() {
	remove_bundle
}

# fails_with TEXT...: the run fails with one line that has the texts, nothing of the image has run, and
# nothing is left.
fails_with() {
	local mounts
	mounts=$(host_mounts)
	berth_run
	assert_error "$@"
	refute_contains RAN
	[ "$mounts" = "$(host_mounts)" ]
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "control: the bundle runs" {
	berth_run
	[ "$output" = RAN ]
}

@test "no bundle, no config.json, a config.json that is none" {
	run "$BERTH" run --bundle "$bundle/nowhere" x
	assert_error "$bundle/nowhere/config.json" "no such file or directory"
	for content in '' '{' '[]' 'null' '"x"' '{"ociVersion": "1.2.0",}' '{} {}'; do
		echo "$content" >"$bundle/config.json"
		run "$BERTH" run --bundle "$bundle" x
		assert_status 1
		[ "${#lines[@]}" = 1 ]
	done
	rm "$bundle/config.json"
	mkfifo "$bundle/config.json"
	run timeout 5 "$BERTH" run --bundle "$bundle" x
	assert_error "not a regular file"
	rm "$bundle/config.json"
	mkdir "$bundle/config.json"
	run timeout 5 "$BERTH" run --bundle "$bundle" x
	assert_error "not a regular file"
	rmdir "$bundle/config.json"
	truncate -s 17M "$bundle/config.json"
	run timeout 5 "$BERTH" run --bundle "$bundle" x
	assert_error "larger than 16 MiB"
}

@test "a syntax error has line and column" {
	printf '{\n\t"ociVersion": "1.2.0",\n\t"root": {"path" "rootfs"}\n}\n' >"$bundle/config.json"
	run "$BERTH" run --bundle "$bundle" x
	assert_error "line 3, column 18"
}

@test "a wrong type names the field by its JSON pointer, with line and column" {
	config '.process.args = ["sh", 7]'
	local line
	line=$(grep -n '^ *7$' "$bundle/config.json" | cut -d: -f1)
	fails_with "/process/args/1 (line $line, column " "string" "number"
}

@test "a field that asks for what this host has not is refused by name, and an empty one is not" {
	config '.linux.resources = {} | .hooks = {} | .linux.seccomp = null | .process.apparmorProfile = ""'
	berth_run
	[ "$output" = RAN ]
	! grep -q " - resctrl " /proc/self/mountinfo || skip "resctrl is mounted here"
	config 'del(.linux.seccomp) | .linux.intelRdt = {"closID": "x"}'
	fails_with "/linux/intelRdt" "no resctrl file system is mounted"
}

@test "a key that the specification does not know is ignored" {
	config '.whatever = {"a": [1]} | .process.nonsense = true | .linux.rootPropagation = "shared"'
	berth_run
	[ "$output" = RAN ]
}

@test "a mount whose source is not there" {
	config '.mounts += [{"destination": "/data", "source": "/not/there", "options": ["bind"]}]'
	fails_with "/mounts/7" "/not/there" "no such file or directory" "step sources"
}

@test "a mount of a file system that the kernel does not know" {
	config '.mounts += [{"destination": "/data", "source": "x", "type": "nosuchfs"}]'
	fails_with "/mounts/7" "nosuchfs" "step mounts"
}

@test "a mount option that the file system refuses, in its own words" {
	config '.mounts += [{"destination": "/data", "source": "x", "type": "tmpfs", "options": ["nosuchoption=1"]}]'
	fails_with "/mounts/7" "nosuchoption" "step mounts"
}

@test "a bind with an option that is none" {
	config '.mounts += [{"destination": "/data", "source": "/tmp", "options": ["bind", "nonsense"]}]'
	fails_with "/mounts/7/options/1" "nonsense"
}

@test "nothing below /proc" {
	config '.mounts += [{"destination": "/proc/x", "source": "/tmp", "options": ["bind"]}]'
	fails_with "/mounts/7/destination" "cannot be mounted because it is inside /proc"
}

@test "the root is not there, or is a file" {
	config '.root.path = "nowhere"'
	fails_with "/root/path" "no such file or directory"
	touch "$bundle/file"
	config '.root.path = "file"'
	fails_with "/root/path" "not a directory"
}

@test "a program that is not there, in the words that engines look for" {
	config '.process.args = ["nosuch"]'
	fails_with 'exec: "nosuch": executable file not found in $PATH'
	config '.process.args = ["/no/such"]'
	fails_with 'exec: "/no/such": stat /no/such: no such file or directory'
	config '.process.args = ["/bin"]'
	fails_with 'exec: "/bin": permission denied'
	echo text >"$bundle/rootfs/plain"
	config '.process.args = ["/plain"]'
	fails_with 'exec: "/plain": permission denied'
	printf 'x' >"$bundle/rootfs/garbage"
	chmod 755 "$bundle/rootfs/garbage"
	config '.process.args = ["/garbage"]'
	fails_with '/garbage' 'exec format error' 'step exec'
}

@test "a cwd that is a file" {
	touch "$bundle/rootfs/file"
	config '.process.cwd = "/file"'
	fails_with "/process/cwd" "not a directory"
}

@test "an rlimit above what may be had" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 4}]'
	fails_with "/process/rlimits/0"
	config '.process.rlimits = [{"type": "RLIMIT_NOSUCH", "soft": 5, "hard": 6}]'
	fails_with "/process/rlimits/0/type" "RLIMIT_NOSUCH"
	config '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 5, "hard": 6}, {"type": "RLIMIT_CORE", "soft": 5, "hard": 6}]'
	fails_with "/process/rlimits/1/type"
}

@test "namespaces: unknown, twice, a path that is none" {
	config '.linux.namespaces += [{"type": "nosuch"}]'
	fails_with "/linux/namespaces/6/type" "nosuch"
	config '.linux.namespaces[6].type = "pid"'
	fails_with "/linux/namespaces/6"
	config '.linux.namespaces |= .[0:6] | .linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	fails_with "/linux/namespaces (line " "/etc/passwd" "not a namespace" "step open"
	config '.linux.namespaces |= map(if .type == "network" then .path = "/not/there" else . end)'
	fails_with "/not/there" "no such file or directory" "step open"
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/ipc" else . end)'
	fails_with "/proc/self/ns/ipc" "step open"
}

@test "control: the oracle for what is left sees a child that is stopped" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=boot:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" >/dev/null 2>&1 3>&- &
	local pid=$! child found
	until_true eval "left_processes boot:stop | grep environ"
	found=$(left_processes boot:stop | grep environ)
	child=$(child_of $pid)
	[ ! -e /sys/fs/cgroup/memory ] || [ -n "$(left_cgroups)" ]
	kill -KILL $pid
	wait $pid || true
	# Stopped before it could ask to die with its parent.
	kill -KILL "$child"
	[ "$found" = "/proc/$child/environ" ]
}

@test "nothing is left after a failure in any step" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step mounts
	mounts=$(host_mounts)
	for step in $(steps_of PIC); do
		case $step in
		maps) continue ;;           # raw mode
		idmaps) continue ;;         # no user namespace here: rootless.bats
		wait) continue ;;           # the image runs
		created) continue ;;        # the image runs
		start | delete) continue ;; # other verbs: life.bats
		checkpoint | restore | restored) continue ;; # other verbs: tests/vm/checkpoint.bats
		hooks | poststart | poststop) continue ;; # no hooks here: hooks.bats
		resctrl) continue ;;        # no group here: intel_rdt.bats
		esac
		BERTH_FAIL=$step:fail run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
		assert_error failpoint "step $step"
		refute_contains RAN
		[ "$mounts" = "$(host_mounts)" ]
		[ -z "$(left_processes "$step:fail")" ]
		[ -z "$(left_cgroups)" ]
	done
}

@test "nothing is left when the child dies in any step" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step mounts
	mounts=$(host_mounts)
	for step in $(steps_of IC); do
		[ "$step" != maps ] || continue
		BERTH_FAIL=$step:die run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
		assert_error "ended by signal"
		refute_contains RAN
		[ "$mounts" = "$(host_mounts)" ]
		# An intermediate that dies has told nobody of its child, which sees the end of the stream.
		until_true is_empty left_processes "$step:die"
		[ -z "$(left_cgroups)" ]
	done
}

@test "the child does not outlive a parent that dies in any step" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step
	for step in $(steps_of P); do
		case $step in
		idmaps | wait | created | start | delete | hooks | poststart | poststop | resctrl) continue ;;
		checkpoint | restore | restored) continue ;;
		esac
		BERTH_FAIL=$step:die run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
		assert_status 137
		"$BERTH" delete --force "$cid"
		refute_contains RAN
		until_true is_empty left_processes "$step:die"
	done
	berth_run
	[ "$output" = RAN ]
	[ -z "$(left_cgroups)" ]
}

@test "a failpoint does nothing in a release" {
	BERTH_FAIL=mounts:fail berth_run
	[ "$output" = RAN ]
}

@test "a child that is stopped and goes on is none the worse" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	BERTH_FAIL=mounts:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 3>&- &
	local pid=$!
	until_true eval "is_stopped \$(child_of $pid)"
	kill -CONT "$(child_of $pid)"
	wait $pid || { cat "$bundle/out"; return 1; }
	[ "$(cat "$bundle/out")" = RAN ]
}
