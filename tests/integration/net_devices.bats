#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices of a network namespace that the test has made go into the container's.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	ln -s busybox "$bundle/rootfs/bin/ip"
}

teardown() {
	remove_bundle
}

# outside SCRIPT: in a network namespace of its own, as the host's, with a pair of devices there.
outside() {
	run timeout "${limit:-60}" unshare -n bash -c 'set -e; bundle=$1 cid=$2
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
		ip addr add 10.1.2.2/24 dev v0
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
	[[ $inside = *"inet 10.1.2.2/24 scope global secondary eth7"* ]]
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

# What a device is, but for what a moment changes: the time an address has left, and that nobody has answered for it yet.
# shellcheck disable=SC2016 # of the shell outside
look='look() {
	ip -o link show dev "$1" | sed "s/@.*<\(.*,UP\).*>.* mtu/ UP mtu/; s/@.*<.*> mtu/ DOWN mtu/; s/ state [A-Z]*//"
	ip -o addr show dev "$1" | sed "s/[0-9][0-9]*sec/some/g; s/ tentative//" | sort
}
same() {
	look "$1" >"$bundle/after"
	diff "$2" "$bundle/after"
}
'

# A device of each kind of address, up, one that is down, and one that is the port of a bridge.
# shellcheck disable=SC2016
devices='ip link set v0 mtu 1400 address 02:00:00:00:00:07
	ip addr add 10.1.2.3/24 brd + dev v0 label v0:x
	ip addr add 10.1.2.2/24 dev v0
	ip addr add 10.9.0.1/32 dev v0
	ip addr add fd00::7/64 dev v0 nodad
	ip addr add fd00::8/64 dev v0 nodad valid_lft 1000 preferred_lft 900
	ip addr add 169.254.7.7/16 scope link dev v0
	ip addr add 10.8.0.1/24 dev v0 valid_lft 1000 preferred_lft 1000
	ip link set v1 up; ip link set v0 up
	until ip -o addr show dev v0 | grep -q fe80; do sleep 0.05; done
	ip link add w0 type veth peer name w1
	ip addr add 10.7.0.1/24 dev w0
	ip link add br0 type bridge
	ip link add p0 type veth peer name p1
	ip link set p0 master br0 up
	for d in v0 w0 p0; do look $d >"$bundle/$d"; done
'
# shellcheck disable=SC2016
all_back='for d in v0 w0 p0; do
		same $d "$bundle/$d"
	done
'

three_devices='{"v0": {"name": "eth7"}, "w0": {}, "p0": {"name": "q%d"}}'

@test "netDevices: a start that fails later gives them back: name, number, addresses, up or down, bridge" {
	# fails FILTER ERROR [VERB]: with this in the config, and that said.
	fails() {
		cp "$bundle/config.good" "$bundle/config.json"
		config "$1"
		outside "$look$devices"'! "$BERTH" '"${3:-run}"' --bundle "$bundle" "$cid" || exit 9
			'"$all_back"'echo all back'
		assert_status 0
		assert_contains "$2"
		assert_contains "all back"
	}
	in_container 'echo RAN'
	config '.linux.netDevices = $d' --argjson d "$three_devices"
	cp "$bundle/config.json" "$bundle/config.good"
	# Without a failure they go.
	outside "$look$devices"'"$BERTH" run --bundle "$bundle" "$cid"; ! ip link show v0 || exit 9; ! ip link show w0 || exit 9'
	assert_status 0
	assert_contains RAN
	fails '.process.args = ["/nope"]' '"/nope"'
	fails '.process.args = ["/nope"]' '"/nope"' create
	fails '.process.cwd = "/bin/busybox"' chdir
	local hook
	for hook in prestart createRuntime createContainer startContainer poststart; do
		fails ".hooks.$hook = [{path: \"/bin/false\"}]" "/hooks/$hook/0"
	done
	[ -z "$(left_processes)$(left_cgroups)" ]
}

@test "netDevices: when a later step fails, or the child dies at one, they come back" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step points=""
	for step in $(steps_of CP netdevices wait); do
		case $step in
		user | home | listener) continue ;; # not of this container
		esac
		points+=" $step:fail"
	done
	for step in boot mounts pivot ready program exec; do
		points+=" $step:die"
	done
	in_container 'true'
	config '.linux.netDevices = $d | .hooks[$kinds[]] = [{path: "/bin/true"}]' --argjson d "$three_devices" \
		--argjson kinds '["createRuntime", "createContainer", "startContainer", "poststart"]'
	limit=300 outside "$look$devices"'for point in '"$points"'; do
			! BERTH_FAIL=$point "$BERTH_TEST" run --bundle "$bundle" "$cid" >"$bundle/said" 2>&1 || exit 9
			echo "$point: $(cat "$bundle/said")"
			'"$all_back"'
		done'
	assert_status 0
	[ "${#lines[@]}" = "$(wc -w <<<"$points")" ]
	[ "${#lines[@]}" -ge "$(rounds 40)" ]
	for step in "${lines[@]}"; do
		[[ $step = *:fail:*failpoint*"step ${step%%:*})" || $step = *:die:*"ended by signal"* ]] || echo "$step" >>"$bundle/wrong"
	done
	[ ! -e "$bundle/wrong" ] || { cat "$bundle/wrong"; false; }
	[ -z "$(left_processes)$(left_cgroups)" ]
}

@test "netDevices: names are given before templates; one that cannot move is found before the first does" {
	in_container 'for d in /sys/class/net/*; do echo "$(cat $d/address) ${d##*/}"; done'
	config '.linux.netDevices = {"v0": {"name": "e%d"}, "v1": {"name": "e0"}, "w0": {"name": "e%d"}}'
	outside 'ip link set v0 address 02:00:00:00:00:07; ip link set v1 address 02:00:00:00:00:08
		ip link add w0 address 02:00:00:00:00:09 type veth peer name w1
		"$BERTH" run --bundle "$bundle" "$cid"'
	assert_status 0
	assert_line "02:00:00:00:00:07 e1"
	assert_line "02:00:00:00:00:08 e0"
	assert_line "02:00:00:00:00:09 e2"
	config '.linux.netDevices = {"v0": {}, "br0": {}}'
	# A route goes with a move, and does not come back.
	outside 'ip link add br0 type bridge; ip addr add 10.1.2.3/24 dev v0; ip link set v0 up; ip route add 10.5.0.0/16 via 10.1.2.9
		! "$BERTH" run --bundle "$bundle" "$cid" || exit 9
		ip route'
	assert_status 0
	assert_contains "/linux/netDevices/br0"
	assert_contains "the kernel does not take the network device br0 out of its network namespace"
	assert_contains "10.5.0.0/16 via 10.1.2.9 dev v0"
	config '.linux.netDevices = {"v0": {}, "w0": {"name": "x"}}'
	outside 'ip link property add dev v0 altname w0; "$BERTH" run --bundle "$bundle" "$cid"'
	assert_error "/linux/netDevices/w0" "is another name of the network device v0"
	config '.linux.netDevices = {"another": {"name": "x"}} | .process.args = ["/nope"]'
	outside 'ip link property add dev v0 altname another; ! "$BERTH" run --bundle "$bundle" "$cid" || exit 9; ip -o link show dev v0'
	assert_status 0
	assert_contains '/nope'
	assert_contains " v0@"
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	outside '"$BERTH" run --bundle "$bundle" "$cid"'
	assert_error "/linux/netDevices" "the container's network namespace is the one in which they are"
}

@test "netDevices: from a namespace that is joined they come back too, also when one of them fails" {
	in_container 'true'
	config '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' --arg path "$bundle/net"
	config '.linux.netDevices = $d | .mounts |= map(select(.type != "sysfs"))' --argjson d "$three_devices"
	touch "$bundle/net"
	# The devices of both have the same numbers. Where no IPv6 is, its addresses cannot be given: to v0, after others.
	outside 'unshare -n bash -c "for i in 0 2 4; do ip link add b\$i type veth peer name c\$i; done; mount --bind /proc/self/ns/net $bundle/net"
		trap "umount $bundle/net" EXIT
		there() {
			nsenter --net="$bundle/net" ip -o link
		}
		'"$look$devices"'
		there >"$bundle/before"
		try() {
			! "$BERTH" run --bundle "$bundle" "$cid" || exit 9
			'"$all_back"'
			there | diff "$bundle/before" -
		}
		jq ".process.args = [\"/nope\"]" "$bundle/config.json" >"$bundle/good"
		cp "$bundle/good" "$bundle/config.json"
		try
		nsenter --net="$bundle/net" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
		jq ".linux.netDevices = {p0: {}, w0: {}, v0: {}}" "$bundle/good" >"$bundle/config.json"
		try
		nsenter --net="$bundle/net" sysctl -qw net.ipv6.conf.default.disable_ipv6=0
		# The control: it works, and they stay there.
		jq ".process.args = [\"/bin/true\"]" "$bundle/good" >"$bundle/config.json"
		"$BERTH" run --bundle "$bundle" "$cid"
		there'
	assert_status 0
	assert_contains '/nope'
	assert_contains '/linux/netDevices/v0'
	assert_contains "give its addresses back to the network device v0"
	assert_contains " eth7@"
	assert_contains " q0@"
	assert_contains " w0@"
}

@test "netDevices: one whose name is taken meanwhile comes back under another, and a warning says so" {
	in_container 'true'
	# By its path: a busybox as the shell would take its own.
	printf '#!/bin/sh\n%s link add v0 index "$1" address 02:00:00:00:00:99 type veth peer name z1\nexit 1\n' \
		"$(type -P ip)" >"$bundle/hook"
	chmod 755 "$bundle/hook"
	config '.linux.netDevices = {"v0": {}} | .hooks.createRuntime = [{"path": $hook, "args": ["hook", "77"], "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg hook "$bundle/hook"
	outside 'ip link del v0; ip link add v0 index 77 address 02:00:00:00:00:07 type veth peer name v1
		ip addr add 10.1.2.3/24 dev v0
		! "$BERTH" --log-level warning run --bundle "$bundle" "$cid" || exit 9
		ip -o link
		ip -o addr'
	assert_status 0
	assert_contains "/linux/netDevices/v0: there is another network device v0 now"
	[[ $output == *"77: v0@"*02:00:00:00:00:99* ]]
	[[ $output == *"78: dev"?"@"*02:00:00:00:00:07* ]]
	[[ $output == *"78: dev"?" "*"inet 10.1.2.3/24"* ]]
}
