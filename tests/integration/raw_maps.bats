#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth-init in raw mode: the id maps of a new user namespace, and who the program is in it.

load ../kit/raw

teardown() {
	release
}

squeeze() {
	tr -s ' ' <<<"$output" | sed 's/^ //'
}

# All that the kernel has, as /proc/self/status writes it.
all_capabilities() {
	printf '%016x\n' $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1))
}

lines_of_22_bytes() {
	local i
	for ((i = 100000000; i < 100000000 + $1; i++)); do
		echo "$i $i 1"
	done
}

# lines_of_map COUNT: lines of one id each.
lines_of_map() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "$i $((i + 500)) 1"
	done
}

@test "a uid map is written" {
	need_root
	starts --new user --uid-map "0 1000 10,10 5000 3" cat /proc/self/uid_map
	same "$(squeeze)" $'0 1000 10\n10 5000 3'
}

@test "the gid map is not the uid map" {
	need_root
	starts --new user --uid-map "0 1000 10" --gid-map "0 2000 20" \
		cat /proc/self/uid_map /proc/self/gid_map
	same "$(squeeze)" $'0 1000 10\n0 2000 20'
}

@test "a uid map alone leaves the gids unmapped" {
	need_root
	starts --new user --uid-map "0 0 1" sh -c 'wc -l </proc/self/gid_map; id -u; id -g'
	same "$output" "0"$'\n'"0"$'\n'"$(cat /proc/sys/kernel/overflowgid)"
}

@test "maps of 340 lines are written" {
	need_root
	lines_of_map 340 >"$BATS_TEST_TMPDIR/map"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/map")" -lt 4096 ]
	starts --new user --uid-map "@$BATS_TEST_TMPDIR/map" --gid-map "@$BATS_TEST_TMPDIR/map" \
		sh -c 'cat /proc/self/uid_map; id -u; id -g; wc -l </proc/self/gid_map'
	same "$(squeeze)" "$(cat "$BATS_TEST_TMPDIR/map")"$'\n0\n0\n340'
}

@test "a map of 341 lines is refused" {
	lines_of_map 341 >"$BATS_TEST_TMPDIR/map"
	refuses "GidmapAttr at offset 24: more than 340 lines" --new user \
		--gid-map "@$BATS_TEST_TMPDIR/map"
}

@test "a map of 4,095 bytes is written" {
	need_root
	{ lines_of_22_bytes 185 && echo "900000000 2000000000 100"; } >"$BATS_TEST_TMPDIR/map"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/map")" = 4095 ]
	starts --new user --uid-map "@$BATS_TEST_TMPDIR/map" cat /proc/self/uid_map
	same "$(squeeze)" "$(cat "$BATS_TEST_TMPDIR/map")"
}

@test "a map of 4,096 bytes is refused" {
	{ lines_of_22_bytes 185 && echo "900000000 2000000000 1000"; } >"$BATS_TEST_TMPDIR/map"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/map")" = 4096 ]
	refuses "UidmapAttr at offset 24: 4096 bytes or more" --new user \
		--uid-map "@$BATS_TEST_TMPDIR/map"
}

@test "the kernel's refusal of a map names the file" {
	refuses "/uid_map: operation not permitted" "${ordinary[@]}" --new user --uid-map "0 0 1"
	refuses "/gid_map: operation not permitted" "${ordinary[@]}" --new user \
		--uid-map "0 $ordinary_uid 1" --gid-map "0 0 1"
}

@test "the program is 0:0 where 0 is mapped, with all capabilities" {
	need_root
	starts --new user --uid-map "0 1000 10" --gid-map "0 2000 10" \
		sh -c 'id -u; id -g; grep -E "^(Uid|Gid|Cap(Prm|Eff))" /proc/self/status'
	local all
	all=$(all_capabilities)
	same "$output" "0
0
Uid:	0	0	0	0
Gid:	0	0	0	0
CapPrm:	$all
CapEff:	$all"
}

@test "of an ordinary user too" {
	starts "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" \
		--gid-map "0 $ordinary_uid 1" \
		sh -c 'id -u; id -g; grep CapEff /proc/self/status'
	same "$output" $'0\n0\n'"CapEff:	$(all_capabilities)"
}

@test "the program stays itself where 0 is not mapped" {
	starts "${ordinary[@]}" --new user --uid-map "77 $ordinary_uid 1" \
		--gid-map "88 $ordinary_uid 1" \
		sh -c 'id -u; id -g; grep CapEff /proc/self/status'
	same "$output" $'77\n88\nCapEff:	0000000000000000'
}

@test "one map without 0 and one with it" {
	need_root
	# Nothing changes then: neither the other id nor the groups.
	local nobody
	nobody=$(cat /proc/sys/kernel/overflowgid)
	starts --groups 4000,5000 --new user --uid-map "5 0 1" --gid-map "0 3000 3000" \
		sh -c 'id -u; id -g; grep Groups /proc/self/status'
	same "$(tr -s ' \t' ' ' <<<"$output")" "5
$nobody
Groups: 1000 2000 "
	starts --groups 4000 --new user --uid-map "0 1000 10" --gid-map "5 0 1,7 4000 1" \
		sh -c 'id -u; id -g; grep Groups /proc/self/status'
	same "$(tr -s ' \t' ' ' <<<"$output")" "$(cat /proc/sys/kernel/overflowuid)
5
Groups: 7 "
}

@test "without maps the program stays itself" {
	starts "${ordinary[@]}" --new user id -u
	same "$output" "$(cat /proc/sys/kernel/overflowuid)"
}

@test "setgroups is allowed" {
	need_root
	starts --new user --uid-map "0 0 1" --gid-map "0 0 1" --setgroups allow \
		cat /proc/self/setgroups
	same "$output" allow
}

@test "setgroups is denied" {
	need_root
	starts --new user --uid-map "0 0 1" --gid-map "0 0 1" --setgroups deny \
		cat /proc/self/setgroups
	same "$output" deny
}

@test "setgroups is left as it is for root" {
	need_root
	starts --new user --uid-map "0 0 1" --gid-map "0 0 1" cat /proc/self/setgroups
	same "$output" allow
}

@test "setgroups is denied for the single mapping of an ordinary user" {
	starts "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" \
		--gid-map "0 $ordinary_uid 1" cat /proc/self/setgroups
	same "$output" deny
}

@test "an ordinary user may deny setgroups, not allow it" {
	starts "${ordinary[@]}" --new user --uid-map "0 $ordinary_uid 1" \
		--gid-map "0 $ordinary_uid 1" --setgroups deny cat /proc/self/setgroups
	same "$output" deny
	refuses "/gid_map: operation not permitted" "${ordinary[@]}" --new user \
		--uid-map "0 $ordinary_uid 1" --gid-map "0 $ordinary_uid 1" --setgroups allow
}

@test "setgroups alone, without a gid map" {
	starts "${ordinary[@]}" --new user --setgroups deny cat /proc/self/setgroups
	same "$output" deny
}

@test "supplementary groups are dropped where that is allowed" {
	need_root
	starts --groups 4000,5000 --new user --uid-map "0 0 1" --gid-map "0 0 6000" \
		sh -c 'grep Groups /proc/self/status'
	same "$(tr -d ' \t' <<<"$output")" "Groups:"
}

@test "and kept where it is not" {
	need_root
	starts --groups 4000,5000 --new user --uid-map "0 0 1" --gid-map "0 0 6000" \
		--setgroups deny sh -c 'grep Groups /proc/self/status; id -u'
	same "$(tr -s ' \t' ' ' <<<"$output")" $'Groups: 4000 5000 \n0'
}

@test "in a joined user namespace the program is its root" {
	need_root
	hold --user
	echo "0 1000 10" >"/proc/$holder/uid_map"
	echo "0 2000 10" >"/proc/$holder/gid_map"
	starts --groups 4000 --join "$(held user)" \
		sh -c 'id -u; id -g; grep CapEff /proc/self/status'
	same "$output" $'0\n0\n'"CapEff:	$(all_capabilities)"
}

@test "in a joined user namespace that does not map 0 the program stays itself" {
	need_root
	hold --user
	echo "5 0 1" >"/proc/$holder/uid_map"
	starts --join "$(held user)" sh -c 'id -u; grep CapEff /proc/self/status'
	same "$output" $'5\nCapEff:	0000000000000000'
}

@test "without a user namespace the program keeps its ids and groups" {
	need_root
	starts --groups 4000,5000 --new uts sh -c 'id -u; grep Groups /proc/self/status'
	same "$(tr -s ' \t' ' ' <<<"$output")" $'0\nGroups: 4000 5000 '
}

@test "maps without a user namespace to create are refused" {
	refuses "without CLONE_NEWUSER" --new uts --uid-map "0 0 1"
	refuses "without CLONE_NEWUSER" --new uts --gid-map "0 0 1"
	refuses "without CLONE_NEWUSER" --new uts --setgroups allow
}
