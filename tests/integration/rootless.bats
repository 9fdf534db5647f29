#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As an ordinary user: a user namespace, and nothing that needs privileges. And as root, user namespaces
# with maps of all kinds.

load ../kit/container

# A user of the tests' own, with subordinate ids. It is made once and left to the machine: an account
# without a password and without a home.
user=berth-test

setup() {
	bundle=
	if [ "$EUID" = 0 ]; then
		id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
		grep -q "^$user:" /etc/subuid || usermod --add-subuids 500000-565535 "$user"
		grep -q "^$user:" /etc/subgid || usermod --add-subgids 500000-565535 "$user"
	else
		[[ $BATS_TEST_DESCRIPTION == *rootless* ]] || skip "needs root"
		user=$(id -un)
	fi
	subuid=$(grep "^$user:" /etc/subuid | head -n 1 | cut -d: -f2)
	subgid=$(grep "^$user:" /etc/subgid | head -n 1 | cut -d: -f2)
	uid=$(id -u "$user")
}

teardown() {
	remove_bundle
}

# as_user PROGRAM...: as that user, who we may be already.
as_user() {
	if [ "$EUID" = 0 ]; then
		timeout 60 setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$@"
	else
		timeout 60 "$@"
	fi
}

make_user_bundle() {
	make_bundle
	rm "$bundle/config.json"
	cp "$berth_program" "$bundle/berth"
	chown -R "$user:" "$bundle"
	as_user env HOME=/nonexistent "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	chown "$user:" "$bundle/config.json"
}

user_run() {
	chown "$user:" "$bundle/config.json"
	run as_user "$bundle/berth" --root "$bundle/state" run --bundle "$bundle" rootless
}

@test "the rootless config that spec writes runs, and its root is the user" {
	make_user_bundle
	in_container 'id -u; id -g; cat /proc/self/uid_map | tr -s " "; grep -c . /proc/mounts; hostname; touch /dev/shm/f; stat -c %u /dev/shm/f; cat /proc/self/setgroups'
	user_run
	assert_status 0
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	assert_line " 0 $uid 1"
	assert_line berth
	assert_line deny
}

@test "rootless: devices are the host's, bound; the links are there; /sys is read-only throughout" {
	make_user_bundle
	in_container 'echo x >/dev/null && head -c 4 /dev/zero | wc -c; readlink /dev/ptmx; touch /sys/fs/cgroup/x 2>&1; for f in /sys/fs/cgroup/*/cgroup.procs; do echo 0 2>/dev/null >$f && echo WRITTEN; done; true'
	user_run
	assert_status 0
	assert_line 4
	assert_line pts/ptmx
	refute_line WRITTEN
}

@test "rootless: the exit status, an error, and nothing left" {
	make_user_bundle
	in_container 'exit 33'
	user_run
	assert_status 33
	config '.process.args = ["nosuch"]'
	user_run
	assert_error 'executable file not found in $PATH'
	[ -z "$(left_processes)" ]
}

@test "rootless with a terminal" {
	make_user_bundle
	config '.process.terminal = true'
	in_container 'tty; echo finished'
	chown "$user:" "$bundle/config.json"
	run timeout 60 setpriv --reuid "$user" --regid "$user" --init-groups /usr/bin/python3 \
		"$BATS_TEST_DIRNAME/../kit/terminal.py" '' "$bundle/berth" --root "$bundle/state" run --bundle "$bundle" tty
	assert_status 0
	assert_line /dev/pts/0
	assert_line finished
}

@test "rootless with subordinate ids: newuidmap and newgidmap" {
	make_user_bundle
	config '.linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}, {"containerID": 1, "hostID": $subuid, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 1}, {"containerID": 1, "hostID": $subgid, "size": 65536}]
		| .process.user = {"uid": 1000, "gid": 1000, "additionalGids": [5]}' \
		--argjson uid "$uid" --argjson gid "$(id -g "$user")" \
		--argjson subuid "$subuid" --argjson subgid "$subgid"
	in_container 'id -u; id -G; wc -l </proc/self/uid_map'
	user_run
	assert_status 0
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = "1000 5" ]
	[ "${lines[2]}" = 2 ]
}

@test "rootless with ids that are not the user's: newuidmap's refusal" {
	make_user_bundle
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 10}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 10}]'
	in_container 'echo RAN'
	user_run
	assert_error "/linux/uidMappings (line " newuidmap "step idmaps"
}

@test "rootless without a user namespace: the call that is refused, and the step" {
	make_user_bundle
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	in_container 'echo RAN'
	user_run
	assert_error "operation not permitted" "step clone"
}

@test "root with a user namespace: ids are mapped, the setgroups file says allow" {
	make_bundle
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	chown -R 100000:200000 "$bundle/rootfs"
	in_container 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; cat /proc/self/setgroups; stat -c %u:%g /bin/busybox'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 0 ]
	assert_line " 0 100000 65536"
	assert_line " 0 200000 65536"
	assert_line allow
	assert_line 0:0
}

@test "maps are not written through the /proc of another pid namespace" {
	make_bundle
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	chown -R 100000:200000 "$bundle/rootfs"
	in_container 'echo it has run'
	needs_cgroupfs # systemd would take a pid of there for one of its own
	# shellcheck disable=SC2016 # it is for the shell inside
	local inside=(timeout 60 unshare --pid --fork sh -c '"$@"; exit $?' sh "$BERTH" run --bundle "$bundle" "$cid")
	run "${inside[@]}"
	[ "$status" = 1 ]
	[[ $output == *"/proc is that of another pid namespace"* ]]
	inside=("${inside[@]:0:3}" --mount-proc "${inside[@]:3}")
	run "${inside[@]}"
	assert_status 0
	[ "$output" = "it has run" ]
}

@test "root with a user namespace and another user" {
	make_bundle
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .process.user = {"uid": 1000, "gid": 1001, "additionalGids": [7]}'
	in_container 'id -u; id -G; grep CapEff /proc/self/status | tr -d "\t"'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = "1001 7" ]
	assert_line CapEff:0000000000000000
}

@test "root joins a user namespace by path" {
	make_bundle
	unshare -U sleep 100 3>&- &
	local other=$!
	until [ "$(cat /proc/$other/comm)" = sleep ]; do sleep 0.02; done
	echo '0 100000 65536' >/proc/$other/uid_map
	echo '0 100000 65536' >/proc/$other/gid_map
	config '.linux.namespaces += [{"type": "user", "path": ("/proc/" + $pid + "/ns/user")}]' --arg pid "$other"
	in_container 'readlink /proc/self/ns/user; id -u'
	berth_run
	local wanted
	wanted=$(readlink /proc/$other/ns/user)
	kill $other
	assert_status 0
	assert_line "$wanted"
	assert_line 0
}

@test "an id that is not mapped is refused before anything starts" {
	make_bundle
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}]
		| .process.user = {"uid": 1000, "gid": 0}'
	berth_run
	assert_error /process/user/uid
}

@test "a user namespace with 340 lines of map" {
	make_bundle
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [range(340) | {"containerID": ., "hostID": (. * 2), "size": 1}]
		| .linux.gidMappings = .linux.uidMappings'
	in_container 'wc -l </proc/self/uid_map; wc -l </proc/self/gid_map'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 340 ]
	[ "${lines[1]}" = 340 ]
	config '.linux.uidMappings = [range(341) | {"containerID": ., "hostID": (. * 2), "size": 1}]'
	berth_run
	assert_error /linux/uidMappings
}

# user_berth ARGUMENT...: berth, as the user.
user_berth() {
	as_user "$bundle/berth" --root "$bundle/state" "$@"
}

# a_life: create, start, exec, kill and delete, with what the config says.
a_life() {
	chown "$user:" "$bundle/config.json"
	user_berth create --bundle "$bundle" life >"$bundle/out" 2>&1 </dev/null 3>&-
	[ "$(user_berth state life | jq -r .status)" = created ]
	user_berth start life
	until_true grep -q started "$bundle/out"
	run user_berth exec life sh -c 'id; grep -E "^(Groups|CapEff)" /proc/self/status; tr -s " " </proc/self/uid_map; exit 9'
	assert_status 9
}

end_of_life() {
	user_berth kill life KILL
	until_true eval '[ "$(user_berth state life | jq -r .status)" = stopped ]'
	user_berth delete life
	[ -z "$(ls -A "$bundle/state")" ]
	until_true is_empty left_processes
}

@test "a rootless container's life, exec included: the user's own id" {
	make_user_bundle
	in_container 'echo started; sleep 100'
	a_life
	assert_contains "uid=0 gid=0"
	assert_line " 0 $uid 1"
	assert_line "$(grep CapEff "/proc/$(user_berth state life | jq .pid)/status")"
	run user_berth exec --user 1 life id
	assert_status 255
	assert_contains "berth: --user: "
	assert_contains "1 is not mapped in the user namespace"
	run user_berth exec --additional-gids 0 life id
	assert_status 255
	assert_contains "berth: --additional-gids: "
	assert_contains "denies setgroups"
	[ "$(user_berth state life | jq -r .owner)" = "$user" ]
	user_berth list | grep -qE " $user\$"
	jq -e --arg user "$user" '.[0].owner == $user' <<<"$(user_berth list -f json)"
	end_of_life
}

@test "a rootless container's life, exec included: subordinate ids" {
	make_user_bundle
	config '.linux.uidMappings = [{"containerID": 0, "hostID": $uid, "size": 1}, {"containerID": 1, "hostID": $sub, "size": 1000}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": $gid, "size": 1}, {"containerID": 1, "hostID": $subg, "size": 1000}]
		| .process.user = {"uid": 7, "gid": 8, "additionalGids": [9]}' \
		--argjson uid "$uid" --argjson sub "$subuid" --argjson gid "$(id -g "$user")" --argjson subg "$subgid"
	in_container 'echo started; sleep 100'
	a_life
	assert_contains "uid=7 gid=8"
	assert_line "$(printf 'Groups:\t9 ')"
	run user_berth exec --user 0 --additional-gids 3 life sh -c 'id; grep ^Groups /proc/self/status'
	assert_contains "uid=0"
	assert_line "$(printf 'Groups:\t3 9 ')"
	end_of_life
}

@test "mounts of a rootless container: added and removed; where the kernel refuses, it is said" {
	make_user_bundle
	config '.root.readonly = false'
	in_container 'echo started; sleep 100'
	chown "$user:" "$bundle/config.json"
	mkdir "$bundle/src"
	echo mine >"$bundle/src/file"
	echo '[{"destination": "/data", "source": "src", "options": ["bind", "ro"]}, {"destination": "/t", "type": "tmpfs"}]' >"$bundle/mounts.json"
	chmod -R a+rX "$bundle/src" "$bundle/mounts.json"
	user_berth create --bundle "$bundle" life >"$bundle/out" 2>&1 </dev/null 3>&-
	# Before its program runs nobody but root may look into it.
	run user_berth mounts add life "$bundle/mounts.json"
	assert_error "open the namespace /proc/" "permission denied"
	user_berth start life
	until_true grep -q started "$bundle/out"
	run user_berth mounts add life "$bundle/mounts.json"
	assert_status 0
	run user_berth exec life sh -c 'cat /data/file; touch /t/x && echo made; touch /data/x'
	assert_line mine
	assert_line made
	assert_contains "Read-only file system"
	run user_berth mounts remove life "$bundle/mounts.json"
	assert_status 0
	run user_berth exec life ls /data /t
	refute_contains file
	# A file system that needs more than that.
	run user_berth mounts add life - <<<'[{"destination": "/t", "type": "ext4", "source": "/dev/null"}]'
	assert_error "/mounts/0" "operation not permitted"
	end_of_life
}
