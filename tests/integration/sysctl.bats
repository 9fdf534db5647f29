#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.sysctl: the container's parameters change, the host's never do.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

# host_parameters: those of the host that the tests try to change.
host_parameters() {
	# Not every kernel has all of them.
	cat /proc/sys/kernel/{domainname,msgmax,shmmax,core_pattern,sysrq} /proc/sys/fs/mqueue/msg_max \
		/proc/sys/net/ipv4/ip_forward /proc/sys/user/max_user_namespaces 2>/dev/null || true
}

@test "parameters of the container's namespaces are set, and the host's are not" {
	local before
	before=$(host_parameters)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/rp_filter": "2",
		"kernel.msgmax": "12345", "kernel.sem": "251 32001 33 129", "kernel.shm_rmid_forced": "1",
		"fs.mqueue.msg_max": "55", "kernel.domainname": "example.org", "net.ipv4.ping_group_range": "0 5"}'
	in_container 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/conf/lo/rp_filter kernel/msgmax kernel/sem kernel/shm_rmid_forced fs/mqueue/msg_max kernel/domainname net/ipv4/ping_group_range | tr "\t" " "'
	berth_run
	assert_status 0
	[ "$output" = "$(printf '1\n2\n12345\n251 32001 33 129\n1\n55\nexample.org\n0 5')" ]
	[ "$before" = "$(host_parameters)" ]
}

@test "the dot is a slash only where it separates: a device with a dot in its name" {
	# There is always the loopback device, which may have any name.
	unshare --net sh -c 'ip link set lo name eth0.100; exec sleep 100' &
	local other=$!
	until [ "$(cat /proc/$other/comm)" = sleep ]; do sleep 0.02; done
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/" + $pid + "/ns/net" else . end)' \
		--arg pid $other
	config '.linux.sysctl = {"net.ipv4.conf.eth0/100.rp_filter": "2", "net/ipv4/conf/eth0.100/forwarding": "1"}'
	in_container 'cat /proc/sys/net/ipv4/conf/eth0.100/rp_filter /proc/sys/net/ipv4/conf/eth0.100/forwarding'
	berth_run
	kill $other
	assert_status 0
	[ "$output" = "$(printf '2\n1')" ]
}

@test "an empty value is one: it clears a text" {
	config '.domainname = "" | .linux.sysctl = {"kernel.domainname": ""}'
	in_container 'cat /proc/sys/kernel/domainname; echo end'
	berth_run
	assert_status 0
	[ "$output" = "$(printf '\nend')" ]
}

@test "a parameter that is not there, a value that is refused: the field is named, nothing runs" {
	in_container 'echo RAN'
	config '.linux.sysctl = {"net.ipv4.no_such/thing": "1"}'
	berth_run
	assert_error "/linux/sysctl/net.ipv4.no_such~1thing (line " "has no such parameter" "net/ipv4/no_such.thing" "step sysctl"
	refute_contains RAN
	config '.linux.sysctl = {"net.ipv4.ip_forward": "yes"}'
	berth_run
	assert_error "/linux/sysctl/net.ipv4.ip_forward" "refuses the value" "invalid argument"
	config '.linux.sysctl = {"net.ipv4.conf": "1"}'
	berth_run
	assert_error "/linux/sysctl/net.ipv4.conf" "is a directory"
	refute_contains RAN
}

@test "a parameter of the host is refused, in every spelling" {
	local before key
	before=$(host_parameters)
	for key in kernel.core_pattern kernel/core_pattern kernel.sysrq vm.overcommit_memory \
		net/../kernel/sysrq net.//.kernel.sysrq net/./../kernel/sysrq /kernel/sysrq kernel.hostname \
		fs.mqueue fs.mqueue/../../kernel/sysrq ../sysrq-trigger net/ipv4/../../../sysrq-trigger; do
		config '.linux.sysctl = {($key): "1"}' --arg key "$key"
		berth_run
		assert_error "/linux/sysctl/"
	done
	[ "$before" = "$(host_parameters)" ]
}

@test "the container's own /proc is not used: one that leads elsewhere changes nothing" {
	# With a procfs the same bundle works: the first test. Here the image has files of that name.
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$bundle/rootfs/proc/sys/net/ipv4"
	echo untouched >"$bundle/rootfs/proc/sys/net/ipv4/ip_forward"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	mkdir "$bundle/rootfs/real"
	in_container 'cat /proc/sys/net/ipv4/ip_forward; mount -t proc proc /real && cat /real/sys/net/ipv4/ip_forward'
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	berth_run
	assert_status 0
	[ "${lines[0]}" = untouched ]
	[ "${lines[1]}" = 1 ]
}

@test "/proc/sys is read-only afterwards, and no other procfs is mounted or open" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	in_container 'echo 0 2>/dev/null >/proc/sys/net/ipv4/ip_forward || cat /proc/sys/net/ipv4/ip_forward; grep -c " - proc " /proc/self/mountinfo; ls /proc/self/fd | tr "\n" " "'
	local with
	berth_run
	with=$output
	[ "${lines[0]}" = 1 ]
	[ "${lines[2]}" = "0 1 2 3 " ]
	config '.linux.sysctl = {}'
	berth_run
	[ "${lines[1]}" = "$(echo "$with" | sed -n 2p)" ]
}

@test "in a user namespace" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))
		| .linux.sysctl = {"net.ipv4.ip_forward": "1", "user.max_user_namespaces": "7", "kernel.msgmax": "77"}'
	in_container 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/user/max_user_namespaces /proc/sys/kernel/msgmax'
	berth_run
	assert_status 0
	[ "$output" = "$(printf '1\n7\n77')" ]
}

@test "in a user namespace without any procfs: the error says what is missing" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	berth_run
	assert_error "/linux/sysctl" "in a user namespace it needs one at /proc that nothing covers"
}
