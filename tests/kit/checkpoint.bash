# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files that checkpoint and restore with a CRIU that works: a container that counts, and what is done
# with it.

# make_counter: a bundle for it, and the directories of its images and logs.
make_counter() {
	make_bundle
	# Most of it is the same without a network of its own, and takes half the time.
	config '.root.readonly = false | del(.linux.namespaces[] | select(.type == "network"))'
	images=$bundle/images
	logs=$bundle/logs
	count=$bundle/rootfs/tmp/count
	mounts=$(host_mounts)
}

remove_counter() {
	tail -n 3 "$bundle"/*/dump.log "$bundle"/*/restore.log 2>/dev/null || true
	"$BERTH" delete --force "$cid" || true
	"$BERTH" delete --force "$cid-2" || true
	remove_bundle
}

# A number that grows, and that only a process which goes on can know.
counting() {
	in_container "${1:-}"'
		i=1000; while :; do i=$((i + 1)); echo $i >/tmp/.count; mv /tmp/.count /tmp/count; sleep 0.1; done'
	ln -sf busybox "$bundle/rootfs/bin/mv"
}

# start OPTION...
start() {
	"$BERTH" run --detach "$@" --bundle "$bundle" "$cid" </dev/null >"$bundle/out" 2>&1 3>&-
	until_true test -s "$count"
}

# save OPTION..., bring_back OPTION...: with the directories of this test.
save() {
	run "$BERTH" checkpoint --image-path "$images" --work-path "$logs" "$@" "$cid"
}

bring_back() {
	status=0
	"$BERTH" restore --detach --image-path "$images" --work-path "$logs" --bundle "$bundle" "$@" \
		"${id:-$cid}" </dev/null >"$bundle/out" 2>&1 3>&- || status=$?
	output=$(cat "$bundle/out")
	mapfile -t lines <"$bundle/out"
}

saved() {
	save "$@"
	assert_status 0
	[ -z "$output" ]
}

back() {
	bring_back "$@"
	assert_status 0
}

# state_of [ID]: the status of a container.
state_of() {
	"$BERTH" state "${1:-$cid}" | jq -r .status
}

grows() {
	local before
	until_true test -s "$count"
	before=$(cat "$count")
	until_true eval '[ "$(cat "$count")" -gt '"$before"' ]'
}

# What has ended may wait for its reaper.
assert_nothing_left() {
	[ -z "$(left_cgroups)" ]
	[ "$mounts" = "$(host_mounts)" ]
	[ -z "$(ls -A "$bundle/state" 2>/dev/null)" ]
	until_true is_empty find /proc -maxdepth 2 -name root -lname "$bundle/rootfs"
	until_true is_empty pgrep -x criu
}
