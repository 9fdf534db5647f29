#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a host may forbid even to root, and a machine allows: limits above one's own, a lower oom_score_adj, every
# capability, characters put into a terminal. A machine of tests/vm/run.

load ../kit/container
load ../kit/call

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	remove_bundle
}

@test "rlimits above the caller's are set, for the first process and for exec" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 900000, "hard": 1000000},
		{"type": "RLIMIT_MEMLOCK", "soft": 65536, "hard": 1099511627776}]'
	# shellcheck disable=SC2016 # the container's shell
	local look='ulimit -Sn; ulimit -Hn; ulimit -Hl'
	in_container "$look"
	berth_run
	assert_status 0
	[ "$output" = $'900000\n1000000\n1073741824' ]
	config '.process.args = ["/bin/sleep", "1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	run "$BERTH" exec "$cid" sh -c "$look"
	[ "$output" = $'900000\n1000000\n1073741824' ]
	[ "$(ulimit -Hn)" -lt 1000000 ]
}

@test "rlimits: above what the kernel has as the most, the field is named" {
	local most
	most=$(cat /proc/sys/fs/nr_open)
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": $n}]' --argjson n $((most + 1))
	berth_run
	assert_error "/process/rlimits/0" "hard $((most + 1))" "operation not permitted"
	config '.process.rlimits[0].hard = $n' --argjson n "$most"
	in_container 'ulimit -Hn'
	berth_run
	assert_status 0
	[ "$output" = "$most" ]
}

@test "oomScoreAdj below the caller's is set, for each process of the start and for exec" {
	config '.process.oomScoreAdj = -700 | .process.args = ["/bin/sh", "-c", "cat /proc/self/oom_score_adj; sleep 1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true test -s "$bundle/out"
	[ "$(cat "$bundle/out")" = -700 ]
	[ "$("$BERTH" exec "$cid" cat /proc/self/oom_score_adj)" = -700 ]
	[ "$(cat /proc/self/oom_score_adj)" = 0 ]
}

@test "every capability that the kernel has, and without one of them all others" {
	local most all
	most=$(cat /proc/sys/kernel/cap_last_cap)
	all=$("$BERTH" features | jq -c .linux.capabilities)
	[ "$(jq length <<<"$all")" = $((most + 1)) ]
	config '.process.capabilities = ({"bounding": $all, "permitted": $all, "effective": $all, "inheritable": $all,
		"ambient": $all})' --argjson all "$all"
	in_container 'grep ^Cap /proc/self/status | cut -f 2 | sort -u'
	berth_run
	[ "$output" = "$(printf '%016x' $(((1 << (most + 1)) - 1)))" ]
	config '.process.capabilities[] |= map(select(. != "CAP_SYS_TIME"))'
	berth_run
	[ "$output" = "$(printf '%016x' $(((1 << (most + 1)) - 1 - (1 << 25))))" ]
}

# on_terminal COMMAND...: with a terminal that is its own, at 0, 1 and 2, as an ordinary user where $as is one's id;
# what it wrote, and what was typed into the terminal besides.
on_terminal() {
	run timeout 60 python3 - "${as:-0}" "$@" 3>&- <<-'END'
		import os, sys
		child, terminal = os.forkpty()
		if child == 0:
		    os.setgid(int(sys.argv[1]))
		    os.setuid(int(sys.argv[1]))
		    os.execv(sys.argv[2], sys.argv[2:])
		told = b""
		try:
		    while part := os.read(terminal, 4096):
		        told += part
		except OSError:
		    pass
		os.waitpid(child, 0)
		sys.stdout.write(told.decode().replace("\r", ""))
	END
}

# TIOCSTI; the character is the second byte of the program itself, which is an "E".
put_character=(/bin/call ioctl 0 0x5412 0x400001)

@test "attack: nothing is typed into the caller's terminal (CVE-2017-5226)" {
	put_call
	chmod 755 "$bundle" "$bundle/rootfs"
	# The control: who has the terminal may, without any capability.
	as=1000 on_terminal "$bundle/rootfs${put_character[0]}" "${put_character[@]:1}"
	assert_contains ok
	in_container "${put_character[*]}"
	on_terminal "$BERTH" run --bundle "$bundle" "$cid"
	[ "$output" = 1 ] # EPERM
	config '.process.user = {"uid": 1000, "gid": 1000}'
	on_terminal "$BERTH" run --bundle "$bundle" "$cid"
	[ "$output" = 1 ]
	config '.process.user = {"uid": 0, "gid": 0} | .process.args = ["/bin/sleep", "1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	on_terminal "$BERTH" exec "$cid" "${put_character[@]}"
	[ "$output" = 1 ]
}
