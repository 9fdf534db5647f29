#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the process starts with beside its identity: the OOM killer's view of it, its keyring, its home.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "a pipe at 0, 1 and 2 is the user's, who can open /dev/stdout anew; files and devices are not" {
	in_container 'cat </dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr; stat -Lc "%u:%g" /proc/self/fd/0 /proc/self/fd/1'
	config '.process.user = {"uid": 7, "gid": 8}'
	# shellcheck disable=SC2016
	run bash -c 'set -o pipefail; echo in | "$1" run --bundle "$2" "$3" 2>&1 | cat' - "$BERTH" "$bundle" "$cid"
	assert_status 0
	[ "$output" = "$(printf 'in\nout\nerr\n7:0\n7:0')" ]
	# What is a file of the host keeps its owner, so that the image cannot open it for more than it was given.
	echo in >"$bundle/in"
	touch "$bundle/out"
	chmod 600 "$bundle/in" "$bundle/out"
	"$BERTH" run --bundle "$bundle" "$cid" <"$bundle/in" >"$bundle/out" 2>/dev/null 3>&- || true
	[ "$(stat -c %u:%a "$bundle/in" "$bundle/out")" = "$(printf '0:600\n0:600')" ]
	"$BERTH" run --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&- || true
	[ "$(stat -c %u /dev/null)" = 0 ]
}

@test "a pipe of exec is the user's too" {
	in_container 'echo started; exec sleep 100'
	config '.process.user = {"uid": 7, "gid": 8}'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	# shellcheck disable=SC2016
	run bash -c 'set -o pipefail; "$1" exec --user 9 "$2" sh -c "echo out >/dev/stdout; stat -Lc %u /proc/self/fd/1" | cat' - "$BERTH" "$cid"
	assert_status 0
	[ "$output" = "$(printf 'out\n9')" ]
	"$BERTH" delete --force "$cid"
}

@test "oomScoreAdj: what is set is set, and what is not is the caller's" {
	in_container 'cat /proc/self/oom_score_adj'
	for score in 1000 500 0; do
		config '.process.oomScoreAdj = $score' --argjson score "$score"
		berth_run
		assert_status 0
		[ "$output" = "$score" ]
	done
	config 'del(.process.oomScoreAdj)'
	run bash -c 'echo 321 >/proc/self/oom_score_adj && exec "$BERTH" run --bundle "$1" inherit' - "$bundle"
	assert_status 0
	[ "$output" = 321 ]
}

@test "oomScoreAdj: every process of the start has it, and berth itself has not" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	config '.process.oomScoreAdj = 777'
	BERTH_FAIL=bootstrap:stop "$BERTH_TEST" run --bundle "$bundle" "$cid" 3>&- &
	local pid=$! child own
	until_true eval "grep -qx 777 /proc/\$(child_of $pid)/oom_score_adj"
	child=$(child_of $pid)
	own=$(cat /proc/$pid/oom_score_adj)
	kill -KILL "$child"
	wait $pid || true
	[ "$own" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "oomScoreAdj: to lower it without CAP_SYS_RESOURCE is an error, and in a user namespace it is not" {
	in_container 'cat /proc/self/oom_score_adj'
	config '.process.oomScoreAdj = -17'
	# What the kernel compares with is the lowest value that a privileged process has set.
	run bash -c 'echo 0 >/proc/self/oom_score_adj
		exec setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
			"$BERTH" run --bundle "$1" low' - "$bundle"
	assert_error "/process/oomScoreAdj" "CAP_SYS_RESOURCE" "step oomscore"
	config '.process.oomScoreAdj = 0'
	run setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = 0 ]
	config '.process.oomScoreAdj = -17 | .mounts |= map(select(.type != "cgroup" and .type != "sysfs" and .type != "devpts"))'
	needs_cgroupfs # no manager is his who is root in there
	run unshare -Ur "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "oomScoreAdj out of range" {
	for score in -1001 1001; do
		config '.process.oomScoreAdj = $score' --argjson score "$score"
		berth_run
		assert_error "/process/oomScoreAdj" "must be from -1000 to 1000, is $score"
	done
}

@test "HOME: from the container's passwd where the config has none or an empty one" {
	printf 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
	chmod 600 "$bundle/rootfs/etc/passwd" # the user need not read it
	config '.process.args = ["/bin/env"]'
	home_is() {
		config '.process.user = {"uid": $uid, "gid": 0} | .process.env = ["PATH=/bin"] + $env' \
			--argjson uid "$1" --argjson env "$2"
		berth_run
		assert_status 0
		assert_line "$3"
		[ "$(grep -c ^HOME= <<<"$output")" = "${4:-1}" ]
	}
	home_is 0 '[]' HOME=/root
	home_is 1000 '[]' HOME=/home/user
	home_is 1000 '["HOME="]' HOME=/home/user
	home_is 1000 '["HOME=", "A=b", "HOME="]' HOME=/home/user
	home_is 1000 '["HOME=/mine"]' HOME=/mine
	home_is 1000 '["HOMER=x"]' HOME=/home/user
	home_is 1001 '[]' HOME=/
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 4, "hard": 4}]'
	home_is 1000 '[]' HOME=/home/user
}

@test "HOME: a hostile passwd is no more than none" {
	config '.process.args = ["/bin/env"] | .process.env = ["PATH=/bin"]'
	hostile() {
		run timeout 5 "$BERTH" run --bundle "$bundle" "$cid"
		assert_status 0
		assert_line HOME=/
		rm -rf "$bundle/rootfs/etc/passwd"
	}
	local passwd=$bundle/rootfs/etc/passwd
	hostile
	mkfifo "$passwd" && hostile
	mkdir "$passwd" && hostile
	ln -s /dev/zero "$passwd" && hostile
	ln -s /proc/self/fd/0 "$passwd" && hostile
	ln -s /proc/kmsg "$passwd" && hostile
	ln -s "$bundle/secret" "$passwd"
	echo 'root:x:0:0::/leaked:' >"$bundle/secret"
	hostile
	truncate -s 2G "$passwd" && hostile
	head -c 1048576 /dev/zero | tr '\0' x >"$passwd" && hostile
	rmdir "$bundle/rootfs/etc" 2>/dev/null || rm -rf "$bundle/rootfs/etc"
	ln -s / "$bundle/rootfs/etc" && hostile
}

# The session keyring by its name, and how many secrets can be seen. Other containers of the same user run
# beside this one, and their keyrings can be seen, too.
keys_script='grep -o "keyring   _ses.keyed.box[.]" /proc/keys; echo secrets $(grep -c "user *berth-test-secret" /proc/keys)'

@test "the session keyring is the container's own: the caller's keys are not seen" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.user = {"uid": 0, "gid": 0}'
	in_container "$keys_script"
	# A session of the test's own, with a secret, which the host side can see.
	run python3 - "$BERTH" "$bundle" <<-'END'
		import ctypes, os, platform, subprocess, sys
		libc = ctypes.CDLL(None, use_errno=True)
		keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
		def check(r):
		    if r < 0:
		        raise OSError(ctypes.get_errno(), "keyctl")
		    return r
		check(libc.syscall(keyctl, 1, b"berth-test-session"))
		# The possessor alone may see the key: whoever sees it has it in the session.
		key = check(libc.syscall(add_key, b"user", b"berth-test-secret", b"x", 1, -3))
		check(libc.syscall(keyctl, 5, key, 0x3f000000))
		print("caller sees", open("/proc/keys").read().count("berth-test-secret"), flush=True)
		sys.exit(subprocess.call([sys.argv[1], "run", "--bundle", sys.argv[2], "keyed.box"]))
	END
	assert_status 0
	[ "${lines[0]}" = "caller sees 1" ]
	assert_line "keyring   _ses.keyed.box."
	assert_line "secrets 0"
}

@test "two containers of other names have other keyrings" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container "grep -E 'keyring   _ses.$cid-(one|two)[.]' /proc/keys | cut -c 1-8"
	local first
	run "$BERTH" run --bundle "$bundle" "$cid"-one
	assert_status 0
	first=$output
	# Between the two: the kernel gives the first one back a little later.
	until_true eval '! grep -q "_ses.$cid-one[.]" /proc/keys'
	run "$BERTH" run --bundle "$bundle" "$cid"-two
	assert_status 0
	[ "${#first}" = 8 ]
	[ "${#output}" = 8 ]
	[ "$output" != "$first" ]
}

@test "a quota of keys that is used up does not stop a container" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	needs_cgroupfs # a user without a session has no manager
	local user=64987
	rm "$bundle/config.json"
	chown -R $user:$user "$bundle"
	cp "$BERTH" "$bundle/berth"
	setpriv --reuid $user --regid $user --clear-groups "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	in_container 'grep -c "keyring   _ses.full" /proc/keys; echo RAN'
	run python3 - "$bundle" $user <<-'END'
		import ctypes, os, platform, subprocess, sys, time
		os.setgroups([])
		os.setresgid(*[int(sys.argv[2])] * 3)
		os.setresuid(*[int(sys.argv[2])] * 3)
		libc = ctypes.CDLL(None, use_errno=True)
		keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
		run = [sys.argv[1] + "/berth", "run", "--bundle", sys.argv[1]]
		status = subprocess.call(run + ["full"])
		libc.syscall(keyctl, 1, b"berth-test-session")
		n = 0
		# Again and again: the kernel gives the first container's keyring back a little later.
		for _ in range(10):
		    while libc.syscall(add_key, b"user", b"berth-test-%d" % n, b"x", 1, -3) >= 0 and n < 100000:
		        n += 1
		    time.sleep(0.05)
		print("EDQUOT" if ctypes.get_errno() == 122 else "errno %d" % ctypes.get_errno(), flush=True)
		sys.exit(status or subprocess.call(run + ["full"]))
	END
	assert_status 0
	# The control first: with room there is one.
	[ "$output" = "$(printf '1\nRAN\nEDQUOT\n0\nRAN')" ]
}

@test "personality: the program, its children and exec have the domain of the config, whatever the caller's is" {
	in_container 'cat /proc/self/personality; busybox uname -m; exec sleep 100'
	config '.linux.personality = {"domain": "LINUX32"}'
	in_background
	run "$BERTH" exec "$cid" sh -c 'cat /proc/self/personality; busybox uname -m'
	end_background
	assert_status 0
	[ "$output" = "$(printf '00000008\ni686')" ]
	[ "$(cat "$bundle/out")" = "$output" ]
	in_container 'cat /proc/self/personality'
	# LINUX is asked for as well: without a wish the caller's stays.
	config '.linux.personality = {"domain": "LINUX"}'
	run setarch i686 "$BERTH" run --bundle "$bundle" "$cid"
	[ "$output" = 00000000 ]
	config 'del(.linux.personality)'
	run setarch i686 "$BERTH" run --bundle "$bundle" "$cid"
	[ "$output" = 00000008 ]
}

@test "personality: a domain or a flag that is none, and a filter that forbids the call" {
	config '.linux.personality = {"domain": "BSD"}'
	berth_run
	assert_error "/linux/personality/domain" 'is no execution domain: "BSD"'
	config '.linux.personality = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}'
	berth_run
	assert_error "/linux/personality/flags/0" "ADDR_NO_RANDOMIZE"
	# What the filter judges is the program.
	in_container 'cat /proc/self/personality'
	config '.linux.personality = {"domain": "LINUX32"} | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["personality"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	for is_late in true false; do
		config '.process.noNewPrivileges = $late' --argjson late "$is_late"
		berth_run
		assert_status 0
		[ "$output" = 00000008 ]
	done
}

@test "memoryPolicy: the program, its children and exec have it" {
	if [ ! -e /proc/self/numa_maps ]; then # a kernel that has no such policies
		config '.linux.memoryPolicy = {"mode": "MPOL_LOCAL"}'
		berth_run
		assert_error "/linux/memoryPolicy" "function not implemented"
		return
	fi
	in_container 'head -n 1 /proc/self/numa_maps | cut -d" " -f2; exec sleep 100'
	policy_is() {
		config '.linux.memoryPolicy = $p' --argjson p "$1"
		in_background
		run "$BERTH" exec "$cid" sh -c 'head -n 1 /proc/self/numa_maps | cut -d" " -f2'
		end_background
		"$BERTH" delete --force "$cid"
		[ "$output" = "$2" ]
		[ "$(cat "$bundle/out")" = "$2" ]
	}
	policy_is '{"mode": "MPOL_BIND", "nodes": "0"}' bind:0
	policy_is '{"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}' interleave=static:0
	policy_is '{"mode": "MPOL_PREFERRED", "nodes": "0-0", "flags": ["MPOL_F_RELATIVE_NODES"]}' prefer=relative:0
	policy_is '{"mode": "MPOL_LOCAL"}' local
	policy_is '{"mode": "MPOL_DEFAULT"}' default
	policy_is null default
}

@test "memoryPolicy: what is none, and nodes that are not there" {
	refused() {
		config '.linux.memoryPolicy = $p' --argjson p "$1"
		berth_run
		assert_error "/linux/memoryPolicy$2" "$3"
	}
	refused '{"mode": "MPOL_X"}' /mode 'is no mode of a memory policy: "MPOL_X"'
	refused '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}' /flags/0 "MPOL_F_X"
	refused '{"mode": "MPOL_BIND"}' /nodes "MPOL_BIND needs at least one node"
	refused '{"mode": "MPOL_DEFAULT", "nodes": "0"}' /nodes "MPOL_DEFAULT takes no nodes"
	refused '{"mode": "MPOL_BIND", "nodes": "0-"}' /nodes '"0-"'
	refused '{"mode": "MPOL_BIND", "nodes": "1000"}' "" "are its nodes there, and in its cpuset?"
	[[ $output = *"(step inherit)" ]]
	[ -z "$(left_processes)$(left_cgroups)" ]
}

# uptime_of TEXT: the first number of /proc/uptime (boottime) as whole seconds
uptime_of() {
	cut -d. -f1 <<<"$1"
}

@test "timeOffsets: the clocks of the program and of exec are shifted, in a time namespace of their own" {
	in_container 'cat /proc/uptime /proc/self/timens_offsets; readlink /proc/self/ns/time; readlink /proc/self/ns/time_for_children; exec sleep 100'
	config '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"monotonic": {"secs": 172800, "nanosecs": 500}, "boottime": {"secs": 86400}}'
	in_background
	run "$BERTH" exec "$cid" sh -c 'cat /proc/uptime /proc/self/timens_offsets; readlink /proc/self/ns/time; readlink /proc/self/ns/time_for_children'
	end_background
	local host up
	host=$(uptime_of "$(cat /proc/uptime)")
	mapfile -t inside <"$bundle/out"
	up=$(uptime_of "${inside[0]}")
	[ $((up - host)) -gt $((86400 - 60)) ]
	[ $((up - host)) -le 86400 ]
	[ "$(tr -s ' ' <<<"${inside[1]}")" = "monotonic 172800 500" ]
	[ "$(tr -s ' ' <<<"${inside[2]}")" = "boottime 86400 0" ]
	[ "${inside[3]}" = "${inside[4]}" ]
	[ "${inside[3]}" != "$(readlink /proc/self/ns/time)" ]
	# The same for exec.
	up=$(uptime_of "${lines[0]}")
	[ $((up - host)) -gt $((86400 - 60)) ]
	[ $((up - host)) -le 86400 ]
	[ "${lines[3]}" = "${inside[3]}" ]
}

@test "timeOffsets: in a user namespace, beside a network namespace that is joined, and without a pid namespace" {
	in_container 'tr -s " " </proc/self/timens_offsets'
	config '.linux.namespaces += [{"type": "time"}, {"type": "user"}] | .linux.timeOffsets = {"boottime": {"secs": 7}}
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	berth_run
	assert_status 0
	[ "$output" = "$(printf 'monotonic 0 0\nboottime 7 0')" ]
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	config '.mounts |= map(select(.type != "sysfs"))'
	berth_run
	assert_status 0
	[ "$output" = "$(printf 'monotonic 0 0\nboottime 7 0')" ]
	# Without a pid namespace of its own, the procfs is the one that is mounted.
	config '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(if .type == "proc" then .source = "/proc"
		| .options = ["rbind"] else . end) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	berth_run
	assert_status 0
	[ "$output" = "$(printf 'monotonic 0 0\nboottime 7 0')" ]
}

@test "timeOffsets: no time namespace, one that is joined, and clocks that would be out of range" {
	refused() {
		config '.linux.timeOffsets = $t' --argjson t "$1"
		berth_run
		assert_error "/linux/timeOffsets$2" "$3"
	}
	refused '{"boottime": {"secs": 1}}' "" "offsets need a time namespace"
	config '.linux.namespaces += [{"type": "time", "path": "/proc/self/ns/time"}]'
	refused '{"boottime": {"secs": 1}}' "" "that is joined has its own offsets"
	config '.linux.namespaces |= map(if .type == "time" then del(.path) else . end)'
	refused '{"monotonic": {"nanosecs": 1000000000}}' /monotonic/nanosecs "must be below 1000000000"
	refused '{"boottime": {"secs": -1000000000}}' "" "a clock would be before its start or 146 years after it: numerical result out of range"
	refused '{"monotonic": {"secs": 99999999999}}' "" "a clock would be"
	[ -z "$(left_processes)$(left_cgroups)" ]
}
