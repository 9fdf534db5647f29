#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices of a network namespace that the test has made go into the container's.

load ../kit/container

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/ip"
}

teardown() {
	remove_bundle
}

# outside SCRIPT: in a network namespace of its own, as the host's, with a pair of devices there.
outside() {
	run timeout 60 unshare -n bash -c 'set -e; bundle=$1 cid=$2
		ip link set lo up
		ip link add v0 type veth peer name v1
		'"$1" - "$bundle" "$cid"
}

@test "netDevices: a device is there by its new name, up, with what it had, and the host has it no more" {
	in_container 'ip -o link show dev eth7; ip -o addr show dev eth7; ip route'
	config '.linux.netDevices = {"v0": {"name": "eth7"}}'
	outside 'ip link set v0 mtu 1400 address 02:00:00:00:00:07
		ip addr add 10.1.2.3/24 brd + dev v0
		ip addr add 10.9.0.1/32 dev v0
		ip addr add fd00::7/64 dev v0 nodad
		ip addr add 169.254.7.7/16 scope link dev v0
		ip addr add 10.8.0.1/24 dev v0 valid_lft 1000 preferred_lft 1000
		ip link set v1 up; ip link set v0 up
		"$BERTH" run --bundle "$bundle" "$cid"
		echo "== outside"
		ip -o link'
	assert_status 0
	local inside=${output%%== outside*} after=${output##*== outside}
	[[ $inside = *" eth7@"*"<"*",UP,"*"mtu 1400"*"02:00:00:00:00:07"* ]]
	[[ $inside = *"inet 10.1.2.3/24 brd 10.1.2.255 scope global eth7"* ]]
	[[ $inside = *"inet 10.9.0.1/32 scope global eth7"* ]]
	[[ $inside = *"inet6 fd00::7/64 scope global"* ]]
	[[ $inside = *"10.1.2.0/24 dev eth7"* ]]
	# What does not last, and what is the link's alone, does not come.
	[[ $inside != *169.254* ]]
	[[ $inside != *10.8.0.1* ]]
	[[ $after != *" v0"* ]]
}

@test "netDevices: without a name the host's; several; hooks of the runtime find them there already" {
	in_container 'ip -o link | sed "s/[@:].*//; s/.* //" >/dev/null; for d in /sys/class/net/*; do echo "${d##*/}"; done'
	printf '#!/bin/sh\npid=$(sed "s/.*\\"pid\\":\\([0-9]*\\).*/\\1/"); nsenter -t "$pid" -n ip -o link >"%s/hooked"\n' "$bundle" >"$bundle/hook"
	chmod 755 "$bundle/hook"
	config '.linux.netDevices = {"v0": {}, "v1": {"name": ""}, "w0": {"name": "a0"}} | .hooks.createRuntime = [{"path": $hook, "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg hook "$bundle/hook"
	outside 'ip link add w0 type veth peer name w1; "$BERTH" run --bundle "$bundle" "$cid"'
	assert_status 0
	assert_line lo
	assert_line v0
	assert_line v1
	assert_line a0
	grep -q " a0@" "$bundle/hooked"
}

@test "netDevices: a namespace that is joined: numbers that are taken, a name with %d, and a name that is there" {
	in_container 'true'
	config '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' --arg path "$bundle/net"
	config '.linux.netDevices = {"v0": {"name": "eth%d"}} | .mounts |= map(select(.type != "sysfs"))'
	touch "$bundle/net"
	# The devices of both have the same numbers.
	outside 'unshare -n bash -c "ip link add eth0 type veth peer name eth1; mount --bind /proc/self/ns/net $bundle/net"
		trap "umount $bundle/net" EXIT
		ip addr add 10.1.2.3/24 dev v0
		"$BERTH" run --bundle "$bundle" "$cid"
		nsenter --net="$bundle/net" ip -o -4 addr
		ip link add x0 type veth peer name x1
		jq ".linux.netDevices = {\"x1\": {}, \"x0\": {\"name\": \"eth1\"}}" "$bundle/config.json" >"$bundle/new"
		mv "$bundle/new" "$bundle/config.json"
		"$BERTH" run --bundle "$bundle" "$cid" || true
		echo "== still here"
		ip -o link'
	[[ ${output%%== still*} = *" eth2 "*"inet 10.1.2.3/24"* ]]
	[[ $output = *"/linux/netDevices/x0"*"there is a network device eth1 in the container's network namespace"* ]]
	# Nothing was moved before it was known that all of them can be.
	[[ ${output##*== still} = *" x1@"* ]]
}

@test "netDevices: what is none, is not there, or cannot be moved" {
	refused() {
		config '.linux.netDevices = $d' --argjson d "$1"
		outside '"$BERTH" run --bundle "$bundle" "$cid" 2>&1'
		assert_error "$2" "$3"
	}
	refused '{"nosuch0": {}}' /linux/netDevices/nosuch0 "find the network device nosuch0: no such device (step netdevices)"
	refused '{"lo": {"name": "lo7"}}' /linux/netDevices/lo "loopback device"
	refused '{"v0": {"name": "lo"}}' /linux/netDevices/v0 "there is a network device lo"
	refused '{"v0": {"name": "a b"}}' /linux/netDevices/v0 'is no name of a network device: "a b"'
	refused '{"v0": {"name": "x%s"}}' /linux/netDevices/v0 'is no name of a network device: "x%s"'
	refused '{"a_name_too_long_": {}}' /linux/netDevices 'is no name of a network device: "a_name_too_long_"'
	refused '{"v0": {"name": "x"}, "v1": {"name": "x"}}' /linux/netDevices/v1 "a second network device with the name x"
	config '.linux.namespaces |= map(select(.type != "network"))'
	refused '{"v0": {}}' /linux/netDevices "devices need a network namespace"
	[ -z "$(left_processes)$(left_cgroups)" ]
}
