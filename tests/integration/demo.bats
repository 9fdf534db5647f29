#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The README's first command, on a copy of the sources: as an ordinary user, who builds it, and then as root.

load ../kit/container

user=berth-test
copy=/tmp/berth-demo-test.${BATS_RUN_TMPDIR##*-}

setup_file() {
	[ "$EUID" = 0 ] || return 0
	mkdir -m 755 "$copy"
	git -c safe.directory='*' -C "$kit_root" ls-files -z --cached --others --exclude-standard |
		(cd "$kit_root" && xargs -0 cp --parents -t "$copy")
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	grep -q "^$user:" /etc/subuid || usermod --add-subuids 500000-565535 "$user"
	grep -q "^$user:" /etc/subgid || usermod --add-subgids 500000-565535 "$user"
	chown -R "$user:" "$copy"
}

teardown_file() {
	rm -rf "$copy"
}

setup() {
	[ "$EUID" = 0 ] || skip "needs root, to become an ordinary user"
	bundle=$copy # for host_mounts
	left_before=$(what_is_left)
}

what_is_left() {
	find /tmp -maxdepth 1 -name 'berth-demo.*'
	host_mounts
}

assert_shown() {
	assert_status 0
	assert_contains "I am pid 1"
	assert_contains "hostname:     berth"
	assert_contains "read-only root: touch: /x: Read-only file system"
	assert_contains "exit status of the container: 7"
	assert_contains '/mounts/0/destination'
	[ -x "$copy/build/bin/berth" ]
	[ -x "$copy/build/bin/berth-init" ]
	[ "$left_before" = "$(what_is_left)" ]
}

@test "tools/demo as an ordinary user with subordinate ids" {
	run timeout 300 setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$copy" "$copy/tools/demo" </dev/null
	assert_shown
	assert_contains "rootless: a user namespace in which $user is root"
	assert_contains "ids:          0:0"
}

@test "tools/demo as root" {
	run timeout 300 env -u CC "$copy/tools/demo" </dev/null
	assert_shown
	refute_contains rootless:
	assert_contains "ids:          0:0"
}
