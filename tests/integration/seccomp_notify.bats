#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# SCMP_ACT_NOTIFY: whoever listens at linux.seccomp.listenerPath gets the listener of the filter, and answers.

load ../kit/container
load ../kit/call

user=berth-test
personality=135 # of x86_64

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	[ "$(uname -m)" = x86_64 ] || skip "numbers of system calls of x86_64"
	make_bundle
	put_call
	socket=$bundle/agent
	agent=
	notify personality
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid" 2>/dev/null || true
	end_agent
	remove_bundle
}

end_agent() {
	[ -z "${agent:-}" ] || kill "$agent" 2>/dev/null || true
	agent=
}

# notify NAME...: these calls ask the agent.
notify() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $path, "listenerMetadata": "a \"b\"",
		"syscalls": [{"names": $ARGS.positional, "action": "SCMP_ACT_NOTIFY"}]}' --arg path "$socket" --args "$@"
}

# config takes the filter first: jq's --args must come last.
config() {
	local filter=$1
	shift
	jq "$filter" "$bundle/config.json" "$@" >"$bundle/config.new"
	mv "$bundle/config.new" "$bundle/config.json"
}

# listen MODE [NUMBER=ERRNO]...: an agent; what it says is in $bundle/heard.
listen() {
	rm -f "$socket"
	: >"$bundle/heard" # here: what an earlier one said is not this one's
	python3 "$BATS_TEST_DIRNAME/../kit/seccomp_agent.py" "$socket" "$@" >"$bundle/heard" 2>&1 3>&- &
	agent=$!
	until_true grep -q listens "$bundle/heard"
}

# state_of LINE FILTER: of the container process state that came as this line.
state_of() {
	grep '^{' "$bundle/heard" | sed -n "$1p" | jq -r "$2"
}

for_both() {
	local nnp
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		"$@"
	done
}

answered() {
	listen answer $personality=77
	in_container 'call personality; call getpid; ls /proc/self/fd | wc -l; grep -E "^Seccomp(_filters)?:" /proc/self/status'
	berth_run
	assert_status 0
	[ "$output" = "$(printf '77\nok\n4\nSeccomp:\t2\nSeccomp_filters:\t1')" ] || { echo "$output"; cat "$bundle/heard"; return 1; }
	grep -q "^asked $personality " "$bundle/heard"
	[ "$(state_of 1 '[.descriptors, .fds[0], (.fds | length), .metadata, .ociVersion, .state.status, .state.id, .state.bundle] | map(tostring) | join(" ")')" = \
		"1 seccompFd 1 a \"b\" 1.3.0 creating $cid $bundle" ]
	[ "$(state_of 1 '.pid == .state.pid and .pid > 1')" = true ]
	end_agent
}

@test "run: the agent gets the listener and the state, and its answer is the call's" {
	for_both answered
}

held() {
	listen answer $personality=77
	in_container 'call personality; exec sleep 100'
	timeout 60 "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&- || {
		cat "$bundle/out" "$bundle/heard"
		return 1
	}
	until_true eval '[ "$(state_of 1 .pid)" = "$(pid_of)" ]'
	[ "$(state_of 1 .state.status)" = creating ]
	has_status created
	timeout 20 "$BERTH" start "$cid"
	until_true grep -qx 77 "$bundle/out"
	"$BERTH" delete --force "$cid"
	end_agent
}

@test "create and start: the agent has it when create returns" {
	for_both held
}

execed() {
	listen answer $personality=77
	in_container 'sleep 100'
	timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	run timeout 60 "$BERTH" exec --pid-file "$bundle/pid" "$cid" call personality
	assert_status 0
	[ "$output" = 77 ]
	[ "$(state_of 2 .state.status)" = running ]
	[ "$(state_of 2 .state.pid)" = "$(pid_of)" ]
	[ "$(state_of 2 .pid)" = "$(cat "$bundle/pid")" ]
	"$BERTH" delete --force "$cid"
	end_agent
}

@test "exec: a listener of its own, with its own pid" {
	for_both execed
}

whole() {
	listen answer
	in_container 'echo through'
	berth_run
	assert_status 0
	[ "$output" = through ]
	# execve, by which the program begins.
	grep -q "^asked 59 " "$bundle/heard"
	in_container 'echo held'
	timeout 60 "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	timeout 20 "$BERTH" start "$cid"
	until_true grep -qx held "$bundle/out"
	"$BERTH" delete --force "$cid"
	end_agent
}

@test "what berth-init itself needs may be asked about, each call of it: nothing waits for itself" {
	notify sendmsg recvmsg sendto write read close poll ppoll nanosleep clock_nanosleep futex exit exit_group execve prctl \
		capset setresuid setresgid setgroups chdir getcwd openat faccessat2 newfstatat close_range mmap munmap brk seccomp
	for_both whole
}

@test "nobody listens: an error, and nothing is made; exec too" {
	in_container 'echo RAN'
	berth_run
	assert_error "/linux/seccomp/listenerPath (line " "connect to the seccomp listener $socket: no such file or directory"
	[ -z "$(ls -A "$bundle/state")" ]
	in_container 'exec sleep 100'
	listen answer
	timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid" >/dev/null 2>&1 </dev/null 3>&-
	end_agent
	until_true sh -c '! "$1" exec "$2" true' sh "$BERTH" "$cid"
	run timeout 20 "$BERTH" exec "$cid" true
	assert_status 255
	assert_contains "connect to the seccomp listener"
}

refused() {
	listen refuse
	in_container 'echo RAN'
	berth_run
	assert_error "/linux/seccomp/listenerPath" "send the seccomp listener to its socket: broken pipe"
	end_agent
	wait || true
	[ -z "$(ls -A "$bundle/state")" ]
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "an agent that hangs up: an error, and nothing is left" {
	for_both refused
}

left() {
	listen leave
	in_container 'call personality'
	timeout 60 "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	wait "$agent"
	timeout 20 "$BERTH" start "$cid"
	# ENOSYS: nobody has a descriptor of the listener, berth neither.
	until_true grep -qx 38 "$bundle/out"
	"$BERTH" delete --force "$cid"
}

@test "an agent that is gone: the call fails, and waits for nobody" {
	for_both left
}

@test "the annotation run.oci.seccomp.receiver, where there is no listenerPath; a relative path; a long one" {
	local long
	long=$bundle/$(printf 'x%.0s' {1..90})
	mkdir "$long"
	listen answer $personality=77
	in_container 'call personality'
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata) | .annotations["run.oci.seccomp.receiver"] = "agent"'
	berth_run
	[ "$output" = 77 ]
	[ "$(state_of 1 'has("metadata")')" = false ]
	mv "$socket" "$long/agent"
	config '.annotations["run.oci.seccomp.receiver"] = $path' --arg path "$long/agent"
	berth_run
	[ "$output" = 77 ]
	rm "$long/agent"
	berth_run
	assert_error "/annotations/run.oci.seccomp.receiver (line " "connect to the seccomp listener"
}

@test "what does not fit: no path, metadata alone, the default action" {
	config 'del(.linux.seccomp.listenerPath)'
	berth_run
	assert_error "/linux/seccomp/listenerMetadata" "cannot be set without"
	config 'del(.linux.seccomp.listenerMetadata)'
	berth_run
	assert_error "/linux/seccomp/listenerPath" "is required with SCMP_ACT_NOTIFY"
	notify personality
	config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
	berth_run
	assert_error "/linux/seccomp/defaultAction" "cannot be SCMP_ACT_NOTIFY"
	# Without a rule that asks, nobody is called.
	notify personality
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"'
	in_container 'echo hi'
	berth_run
	assert_status 0
}

@test "flags: WAIT_KILLABLE_RECV with a listener alone, TSYNC without one" {
	command -v strace >/dev/null || skip "no strace"
	listen answer $personality=77
	in_container 'call personality'
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"]'
	flags_of() {
		run timeout 60 strace -f -e trace=seccomp -e signal=none -o "$bundle/trace" "$BERTH" run --bundle "$bundle" "$cid"
		assert_status 0
		grep -o 'SECCOMP_SET_MODE_FILTER, [^{]*{' "$bundle/trace"
	}
	[ "$(flags_of)" = "SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_NEW_LISTENER|0x20, {" ] ||
		[ "$(flags_of)" = "SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_NEW_LISTENER|SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, {" ]
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"'
	[ "$(flags_of)" = "SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_LOG, {" ]
}

under_a_listener() {
	listen answer
	in_container 'echo RAN'
	run timeout 60 python3 - "$BERTH" run --bundle "$bundle" "$cid" <<'PYTHON'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
program = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7fff0000))
fprog = ctypes.create_string_buffer(struct.pack("@HP", 1, ctypes.addressof(program)))
libc.prctl(38, 1, 0, 0, 0)
fd = libc.syscall(317, 1, 8, fprog)
assert fd >= 0
os.set_inheritable(fd, True)
os.execv(sys.argv[1], sys.argv[1:])
PYTHON
	assert_error "/linux/seccomp" "one of berth's caller has a listener"
	[ -z "$(ls -A "$bundle/state")" ]
	end_agent
}

@test "a filter that cannot be loaded, as the caller has one with a listener: an error, and no hang" {
	for_both under_a_listener
}

@test "rootless" {
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:" "$bundle"
	setpriv --reuid "$user" --regid "$user" --init-groups "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	notify personality
	rootless_run() {
		listen answer $personality=77
		in_container 'call personality'
		chown "$user:" "$bundle/config.json"
		run timeout 60 setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
			"$bundle/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
		assert_status 0
		[ "$output" = 77 ]
		end_agent
	}
	for_both rootless_run
}

@test "startContainer hooks run under the filter, and the agent is asked about them" {
	listen answer $personality=77
	# shellcheck disable=SC2016 # the script's
	printf '#!/bin/sh\ncat >/dev/null; call personality >/dev/null\n' >"$bundle/rootfs/bin/hook"
	chmod 755 "$bundle/rootfs/bin/hook"
	config '.hooks.startContainer = [{"path": "/bin/hook", "env": ["PATH=/bin"]}] | .process.noNewPrivileges = true'
	in_container 'true'
	berth_run
	assert_status 0
	grep -q "^asked $personality " "$bundle/heard"
}

@test "features lists the action and the flag" {
	run "$BERTH" features
	[ "$(jq '.linux.seccomp.actions | contains(["SCMP_ACT_NOTIFY"])' <<<"$output")" = true ]
	[ "$(jq '.linux.seccomp.supportedFlags | contains(["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])' <<<"$output")" = true ]
}
