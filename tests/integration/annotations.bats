#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# Annotations that mean something: run.oci.keep_original_groups, run.oci.hooks.*, and what is refused by name.
# run.oci.pidfd_receiver is in pidfd.bats, run.oci.seccomp.* in seccomp_notify.bats.

load ../kit/container

user=berth-test

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	remove_bundle
}

# annotate KEY VALUE
annotate() {
	config '.annotations[$key] = $value' --arg key "$1" --arg value "$2"
}

script() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod 755 "$1"
}

# A hook of each kind, which says its kind to both.
say_hooks() {
	local kind path
	script "$bundle/say" 'cat >/dev/null; echo "out $1"; echo "err $1" >&2'
	script "$bundle/rootfs/bin/say" 'cat >/dev/null; echo "out $1"; echo "err $1" >&2'
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		path=$bundle/say
		[ "$kind" != startContainer ] || path=/bin/say
		config '.hooks[$kind] = [{"path": $path, "args": ["say", $kind], "env": ["PATH=/usr/bin:/bin"]}]' \
			--arg kind "$kind" --arg path "$path"
	done
}

# said PREFIX: what each of the hooks says, in order.
said() {
	printf "$1 %s\n" prestart createRuntime createContainer startContainer poststart poststop
}

@test "run.oci.hooks.stdout and stderr: what hooks of both sides write is appended, and stays out of the container" {
	say_hooks
	echo before >"$bundle/out.log"
	annotate run.oci.hooks.stdout out.log
	annotate run.oci.hooks.stderr "$bundle/err.log"
	in_container 'ls -l /proc/self/fd 2>/dev/null | grep -c log; sleep 100'
	timeout 60 "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/said" 2>&1 </dev/null 3>&-
	"$BERTH" start "$cid"
	until_true test -s "$bundle/said"
	"$BERTH" delete --force "$cid"
	[ "$(cat "$bundle/out.log")" = "$(echo before; said out)" ]
	[ "$(cat "$bundle/err.log")" = "$(said err)" ]
	[ "$(cat "$bundle/said")" = 0 ]
	[ "$(stat -c %a "$bundle/err.log")" = 644 ]
}

@test "run.oci.hooks.*: one alone, with preserved descriptors, closed stdio and a terminal" {
	say_hooks
	annotate run.oci.hooks.stderr err.log
	in_container 'cat <&3; cat <&4; ls /proc/self/fd | wc -l'
	echo three >"$bundle/three"
	echo four >"$bundle/four"
	run timeout 60 "$BERTH" run --preserve-fds 2 --bundle "$bundle" "$cid" 3<"$bundle/three" 4<"$bundle/four" 5</etc/passwd 6</etc/group
	assert_status 0
	# 0, 1, 2, 3, 4 and the directory.
	[ "$output" = "$(printf 'three\nfour\n6')" ]
	[ "$(sort "$bundle/err.log")" = "$(said err | sort)" ]
	rm "$bundle/err.log"
	annotate run.oci.hooks.stdout err.log
	in_container 'exit 5'
	run sh -c '"$1" run --bundle "$2" "$3" <&- >&- 2>&-' sh "$BERTH" "$bundle" "$cid"
	assert_status 5
	[ "$(grep -c '^out' "$bundle/err.log")" = 6 ]
	[ "$(grep -c '^err' "$bundle/err.log")" = 6 ]
}

@test "run.oci.hooks.*: a failing hook's error, a file that cannot be opened, a fifo that nobody reads" {
	say_hooks
	annotate run.oci.hooks.stderr err.log
	script "$bundle/say" 'cat >/dev/null; echo "what went wrong" >&2; exit 7'
	berth_run
	assert_error "/hooks/prestart/0" "exit status 7"
	[ "$(grep -c "what went wrong" "$bundle/err.log")" = 2 ] # prestart and poststop
	say_hooks
	annotate run.oci.hooks.stderr /not/there/log
	berth_run
	assert_error "/annotations/run.oci.hooks.stderr (line " "open /not/there/log for the output of hooks: no such file or directory"
	[ -z "$(ls -A "$bundle/state")" ]
	mkfifo "$bundle/fifo"
	annotate run.oci.hooks.stderr fifo
	berth_run
	assert_error "/annotations/run.oci.hooks.stderr" "no such device or address"
	annotate run.oci.hooks.stderr ''
	berth_run
	assert_error "/annotations/run.oci.hooks.stderr" "is empty, not a path"
}

@test "run.oci.keep_original_groups: the caller's groups stay, for exec too; control without" {
	# shellcheck disable=SC2016 # it is for the shell inside
	local with_groups=(setpriv --groups "7,77,777")
	config '.process.user.additionalGids = [5]'
	in_container 'grep ^Groups: /proc/self/status | tr -s "\t "; sleep 100'
	launch() {
		timeout 60 "${with_groups[@]}" "$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
		until_true grep -q Groups "$bundle/out"
		"${with_groups[@]}" "$BERTH" exec "$cid" grep ^Groups: /proc/self/status | tr -s '\t ' >>"$bundle/out"
		"$BERTH" delete --force "$cid"
	}
	launch
	[ "$(sed 's/[^0-9 ]//g' "$bundle/out" | xargs)" = "5 5" ]
	annotate run.oci.keep_original_groups 0
	launch
	[ "$(sed 's/[^0-9 ]//g' "$bundle/out" | xargs)" = "5 5" ]
	annotate run.oci.keep_original_groups 1
	launch
	[ "$(sed 's/[^0-9 ]//g' "$bundle/out" | xargs)" = "7 77 777 7 77 777" ]
}

@test "run.oci.keep_original_groups, rootless: a file that only a group of the user's may read can be read" {
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	grep -q "^$user:" /etc/subuid || usermod --add-subuids 500000-565535 "$user"
	grep -q "^$user:" /etc/subgid || usermod --add-subgids 500000-565535 "$user"
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:" "$bundle"
	local as=(setpriv --reuid "$user" --regid "$user" --groups 7777 --inh-caps=-all)
	"${as[@]}" "$bundle/berth" spec --rootless --bundle "$bundle"
	mkdir "$bundle/data"
	echo secret >"$bundle/data/file"
	chgrp 7777 "$bundle/data/file"
	chmod 640 "$bundle/data/file"
	config '.process.terminal = false | .process.user = {"uid": 1000, "gid": 1000}
		| .mounts += [{"destination": "/data", "source": ($b + "/data"), "options": ["bind", "ro"]}]
		| .linux.uidMappings += [{"containerID": 1, "hostID": $uid, "size": 65536}]
		| .linux.gidMappings += [{"containerID": 1, "hostID": $gid, "size": 65536}]' --arg b "$bundle" \
		--argjson uid "$(grep "^$user:" /etc/subuid | head -n 1 | cut -d: -f2)" \
		--argjson gid "$(grep "^$user:" /etc/subgid | head -n 1 | cut -d: -f2)"
	in_container 'cat /data/file'
	launch() {
		chown "$user:" "$bundle/config.json"
		run timeout 60 "${as[@]}" "$bundle/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
	}
	launch
	assert_status 1
	refute_line secret
	annotate run.oci.keep_original_groups 1
	launch
	assert_status 0
	assert_line secret
}

@test "handlers, plugins and foreign filters are refused by name; what engines always write is not" {
	in_container 'echo hi'
	local key
	for key in run.oci.handler krun.cpus krun.variant run.oci.seccomp.plugins run.oci.seccomp_bpf_data; do
		annotate "$key" x
		berth_run
		assert_error "/annotations/$key (line " "is not supported"
		config 'del(.annotations)'
	done
	annotate org.systemd.property.TimeoutStopUSec "uint64 10000000"
	annotate org.systemd.property.CollectMode "'inactive-or-failed'"
	annotate run.oci.systemd.subgroup ''
	annotate run.oci.delegate-cgroup x
	annotate run.oci.systemd.force_cgroup_v1 /sys/fs/cgroup/systemd
	annotate module.wasm.image/variant compat-smart
	annotate krun x
	berth_run
	assert_status 0
	[ "$output" = hi ]
}

@test "run.oci.seccomp_fail_unknown_syscall: a name that nobody knows is an error with it, and none without" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]}'
	in_container 'echo hi'
	berth_run
	assert_line hi
	annotate run.oci.seccomp_fail_unknown_syscall 1
	berth_run
	assert_error "/linux/seccomp/syscalls/0 (line " "names the unknown system call no_such_call"
}

@test "features lists the annotations that change what berth does" {
	run "$BERTH" features
	[ "$(jq -c .potentiallyUnsafeConfigAnnotations <<<"$output")" = '["run.oci.","krun.","org.criu.config","org.systemd.property."]' ]
}
