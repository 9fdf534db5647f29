# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files of AppArmor and SELinux: what a process of a container sees, by $look of the file, which is
# its own script for it.

# expect LINE...
expect() {
	assert_status 0
	[ "$output" = "$(printf '%s\n' "$@")" ] || {
		printf 'got:\n%s\n' "$output"
		return 1
	}
}

# looks OPTION...: what a process of exec sees.
looks() {
	run timeout 60 "$BERTH" exec "$@" "$cid" sh -c "$look"
}

# A process like the config's, for --process.
process_file() {
	jq --arg look "$look" '.process | .args = ["sh", "-c", $look] | '"${1:-.}" "$bundle/config.json" \
		>"$bundle/process.json"
	run timeout 60 "$BERTH" exec --process "$bundle/process.json" "${@:2}" "$cid"
}

selinux_is_enabled() {
	[ "$EUID" = 0 ] && grep -q selinuxfs /proc/filesystems
}

# selinux_enforce POLICY: from its source; for good, as there is no way back.
selinux_enforce() {
	local files=/sys/fs/selinux
	checkpolicy -M -U allow -c 33 -o "$BATS_FILE_TMPDIR/policy" "$1" >/dev/null
	mount -t selinuxfs selinuxfs $files
	# The whole of it in one write.
	dd if="$BATS_FILE_TMPDIR/policy" of=$files/load bs=1M 2>/dev/null
	echo 1 >$files/enforce
}

# label_of PATH
label_of() {
	python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "security.selinux").decode().rstrip("\0"))' "$1"
}
