#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Labels of AppArmor and SELinux on a kernel that has neither enabled; tests/vm/apparmor.bats and selinux.bats
# have those that apply.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo RAN'
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

# started: a container that waits.
started() {
	config '.process.args = ["sleep", "1000"]'
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
}

# refuses TEXT...: nothing runs, and nothing is left.
refuses() {
	berth_run
	assert_error "$@"
	refute_contains RAN
	run "$BERTH" explain --bundle "$bundle"
	assert_error "$@"
	is_empty left_cgroups
	[ -z "$("$BERTH" list --quiet)" ]
}

# exec_refuses TEXT OPTION...: it names what was asked for, and nothing runs.
exec_refuses() {
	local text=$1
	shift
	run "$BERTH" exec "$@"
	assert_status 255
	[ "${#lines[@]}" = 1 ]
	assert_contains "$text"
	refute_contains RAN
}

has_apparmor() {
	cat /proc/self/attr/apparmor/current >/dev/null 2>&1
}

has_selinux() {
	grep -q selinuxfs /proc/filesystems
}

@test "an empty label is none" {
	config '.process.apparmorProfile = "" | .process.selinuxLabel = "" | .linux.mountLabel = ""'
	berth_run
	assert_status 0
	[ "$output" = RAN ]
	started
	jq '.process | .args = ["echo", "in"]' "$bundle/config.json" >"$bundle/process.json"
	run "$BERTH" exec --process "$bundle/process.json" "$cid"
	assert_status 0
	[ "$output" = in ]
}

@test "AppArmor: where the kernel has none, a profile is refused by name" {
	! has_apparmor || skip "apparmor: it is enabled"
	started
	exec_refuses "berth: --apparmor: AppArmor is not enabled in this kernel" --apparmor box "$cid" echo RAN
	jq '.process | .args = ["echo", "RAN"] | .apparmorProfile = "box"' "$bundle/config.json" >"$bundle/process.json"
	exec_refuses "berth: /process/apparmorProfile (line " --process "$bundle/process.json" "$cid"
	"$BERTH" delete --force "$cid"
	in_container 'echo RAN'
	config '.process.apparmorProfile = "box"'
	refuses "/process/apparmorProfile (line " "AppArmor is not enabled in this kernel"
	config '.process.apparmorProfile = "unconfined"'
	refuses "/process/apparmorProfile (line " "AppArmor is not enabled in this kernel"
}

@test "SELinux: where the kernel has none, labels are refused by name" {
	! has_selinux || skip "selinux: it is enabled"
	started
	exec_refuses "berth: --process-label: SELinux is not enabled" --process-label u:r:t:s0 "$cid" echo RAN
	"$BERTH" delete --force "$cid"
	in_container 'echo RAN'
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	refuses "/process/selinuxLabel (line " "SELinux is not enabled"
	config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	refuses "/linux/mountLabel (line " "SELinux is not enabled"
}

@test "the annotation for the kind of mount label is one of four words" {
	local word
	for word in context fscontext defcontext rootcontext; do
		config '.annotations = {"run.oci.mount_context_type": $w}' --arg w $word
		berth_run
		assert_status 0
	done
	config '.annotations = {"run.oci.mount_context_type": "seclabel"}'
	refuses "/annotations/run.oci.mount_context_type (line " '"seclabel"' "rootcontext"
}
