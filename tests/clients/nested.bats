#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# berth in a container of Debian's podman, whose runtime is berth as well: with all rights, with those that it needs, and
# with podman's defaults.

load ../kit/engines

setup_file() {
	engines_need podman conmon || return 0
	sandbox_open
	podman_open
	# The bundle of the inner one, which the outer ones have at /inner.
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c '
		mkdir -p "$1/inner/rootfs" && tar -C "$1/inner/rootfs" -xf "$1/image.tar" && cd "$1/inner" && "$2" spec
		jq "del(.linux.seccomp) | .process.terminal = false" config.json >spec.json
	' sh "$sandbox" "$BERTH"
	podman run --rm --network none bb true
	podman run --rm bb true
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	podman rm -f -a -t 0 >/dev/null 2>&1
	nothing_left
}

# inner_config FILTER SCRIPT
inner_config() {
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'cd "$1/inner" && jq --arg script "$3" ".process.args = [\"sh\", \"-c\", \$script] | $2" spec.json >config.json' \
		sh "$sandbox" "$1" "$2"
}

# outer OPTION... -- SCRIPT: a container of podman with berth, what it is linked to, and the bundle.
outer() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	run_engine podman run --rm --network none -v /lib:/lib:ro -v /lib64:/lib64:ro -v "$BERTH:/bin/berth:ro" \
		-v "$sandbox/inner:/inner" "${options[@]}" bb sh -c "$2"
}

# What there is to be seen of the inner one afterwards comes behind its status.
run_inner='berth run --bundle /inner in; echo "status $?"; ls -A /run/berth 2>/dev/null; find /sys/fs/cgroup -type d -name "berth-*"'
says_in='echo x >/dev/null && echo "$(head -c 3 /dev/zero | wc -c) in"'
userns='.linux.namespaces += [{"type": "user"}]
	| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
limits='.linux.resources = {"pids": {"limit": 20}}'

ran() {
	assert_status 0
	assert_output $'3 in\nstatus 0'
}

# failed TEXT...: with one line.
failed() {
	assert_status 0
	[[ $output == "berth: "*$'\nstatus 1' && $(wc -l <<<"$output") = 2 ]] || assert_output "one line of berth's"
	local text
	for text in "$@"; do
		assert_contains "$text"
	done
}

@test "--privileged: a run, with limits, and in a user namespace" {
	inner_config "$limits" "$says_in"
	outer --privileged -- "$run_inner"
	ran
	inner_config "$userns" "$says_in"
	outer --privileged -- "$run_inner"
	ran
	inner_config . "$says_in"
	outer --privileged --uidmap 0:100000:65536 -- "$run_inner"
	ran
}

@test "--privileged: a life in single commands, in a cgroup of the outer one's" {
	inner_config "$limits" 'echo started; sleep 100'
	# shellcheck disable=SC2016 # for the shell inside
	outer --privileged -- '
		berth create --bundle /inner in >/out 2>&1 && berth state in | grep -o "\"created\",$" && berth start in
		until grep -qx started /out; do sleep 0.05; done
		cat $(find /sys/fs/cgroup -path "*/berth-in/pids.max")
		pid=$(berth state in | sed -n "s/.*\"pid\": *\([0-9]*\).*/\1/p")
		grep -c "^$pid\$" $(find /sys/fs/cgroup -path "*/berth-in/cgroup.procs" | head -n 1)
		berth exec in sh -c "exit 7"; echo "exec $?"
		berth kill in KILL
		until berth state in | grep -q "\"stopped\""; do sleep 0.05; done
		berth delete in; echo "delete $?"; ls -A /run/berth; find /sys/fs/cgroup -type d -name "berth-*"'
	assert_status 0
	assert_output $'"created",\n20\n1\nexec 7\ndelete 0'
}

@test "two capabilities are enough for a run without limits" {
	inner_config . "$says_in"
	outer --cap-add SYS_ADMIN,NET_ADMIN -- "$run_inner"
	ran
	inner_config "$limits" "$says_in"
	outer --cap-add SYS_ADMIN,NET_ADMIN -- "$run_inner"
	failed "/linux/resources/pids/limit" "cannot be applied: the cgroups are mounted read-only here"
	inner_config . "$says_in"
	outer --cap-add SYS_ADMIN -- "$run_inner"
	failed "set the loopback device up (CAP_NET_ADMIN is missing): operation not permitted"
}

@test "nothing masked, and no capability more: a run in a user namespace" {
	inner_config "$userns | del(.hostname)" "$says_in"
	outer --security-opt unmask=ALL -- "$run_inner"
	ran
	outer -- "$run_inner"
	failed "/mounts/0" "create file system proc (it would show what the outer container has masked or read-only" \
		"operation not permitted"
	# Of podman's filter.
	inner_config "$userns" "$says_in"
	outer --security-opt unmask=ALL -- "$run_inner"
	failed "/hostname" "sethostname berth: operation not permitted"
}

@test "podman's defaults: what is missing is said" {
	inner_config . "$says_in"
	outer -- "$run_inner"
	failed "clone into new namespaces: clone3 refused (EPERM), without CAP_SYS_ADMIN or by a seccomp filter?: operation not permitted"
}
