#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp on this kernel: each action, operator and flag, both moments of loading, and what is refused.

load ../kit/container
load ../kit/call

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	put_call
	touch "$bundle/rootfs/file"
}

teardown() {
	remove_bundle
}

# seccomp JSON: the section.
seccomp() {
	config '.linux.seccomp = $s' --argjson s "$1"
}

# deny NAME ACTION [MORE]: all is allowed but one system call.
deny() {
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["'"$1"'"], "action": "'"$2"'"'"${3:+, $3}"'}]}'
}

# expect LINE...: the container ends well and prints exactly these lines.
expect() {
	berth_run
	assert_status 0
	[ "$output" = "$(printf '%s\n' "$@")" ] || {
		printf 'got:\n%s\n' "$output"
		return 1
	}
}

fails_with() {
	berth_run
	assert_error "$@"
}

# Both moments: with and without no_new_privs.
for_both() {
	local nnp
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		"$@"
	done
}

@test "control: without a filter" {
	in_container 'call unshare 0; call getppid; grep ^Seccomp /proc/self/status'
	expect ok ok "Seccomp:	0" "Seccomp_filters:	0"
}

@test "the filter is there, once, with and without no_new_privs" {
	deny mkdirat SCMP_ACT_ERRNO
	in_container 'grep -E "^(NoNewPrivs|Seccomp)" /proc/self/status'
	config '.process.noNewPrivileges = true'
	expect "NoNewPrivs:	1" "Seccomp:	2" "Seccomp_filters:	1"
	config '.process.noNewPrivileges = false'
	expect "NoNewPrivs:	0" "Seccomp:	2" "Seccomp_filters:	1"
}

errno_values() {
	in_container 'call personality; call unshare; call getpid'
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["personality"], "action": "SCMP_ACT_ERRNO"},
		{"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4094}]}'
	expect 1 4094 ok
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["personality", "unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}]}'
	expect ok ok ok
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["personality", "unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}'
	expect 38 38 ok
}

@test "errno: EPERM, or the one that is given" {
	for_both errno_values
}

kills() {
	local action
	config '.process.args = ["call", "personality", "0"]'
	# The first process of a pid namespace is not immune to a filter.
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS; do
		deny personality $action
		berth_run
		assert_status 159
		[ -z "$output" ]
	done
}

@test "kill gives 128 + SIGSYS" {
	for_both kills
}

traps() {
	deny personality SCMP_ACT_TRAP
	in_container 'call personality; call getpid'
	expect trapped ok
}

@test "trap sends SIGSYS" {
	for_both traps
}

trace_without_tracer() {
	deny personality SCMP_ACT_TRACE '"errnoRet": 7'
	in_container 'call personality; call getpid'
	expect 38 ok
}

@test "trace without a tracer is ENOSYS" {
	for_both trace_without_tracer
}

logs() {
	deny personality SCMP_ACT_LOG
	in_container 'call personality; call getpid'
	expect ok ok
	seccomp '{"defaultAction": "SCMP_ACT_LOG"}'
	expect ok ok
}

@test "log lets a call pass" {
	for_both logs
}

# A profile as engines have it: what is not named gets an errno, and what is newer than all that is named
# gets ENOSYS.
default_errno() {
	seccomp "$(engine_profile)"
	config '.root.readonly = false'
	in_container 'call getppid; call personality 0; call personality 7; call unshare 0; call 9999; mkdir /tmp/x && ls -d /tmp/x && rm -r /tmp/x'
	expect ok ok 1 1 38 /tmp/x
	config '.linux.seccomp.defaultErrnoRet = 13'
	expect ok ok 13 13 38 /tmp/x
}

# What busybox, its shell, and a start of berth need, and no more; the highest call is faccessat2.
engine_profile() {
	cat <<-'EOF'
	{"defaultAction": "SCMP_ACT_ERRNO",
	 "defaultErrnoRet": 1,
	 "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	 "syscalls": [
	  {"names": ["access", "alarm", "arch_prctl", "brk", "capget", "capset", "chdir", "chmod", "chown",
	   "clock_gettime", "clone3", "close", "close_range", "creat", "dup", "dup2", "dup3", "execve",
	   "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fchdir", "fchmod", "fchmodat",
	   "fchown", "fchownat", "fcntl", "fcntl64", "fork", "fstat", "fstat64", "fstatat64", "fstatfs",
	   "ftruncate", "futex", "getcwd", "getdents", "getdents64", "getegid", "geteuid", "getgid",
	   "getgroups", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
	   "getresgid", "getresuid", "getrlimit", "getsid", "gettid", "gettimeofday", "getuid", "ioctl",
	   "kill", "lchown", "link", "linkat", "lseek", "lstat", "lstat64", "madvise", "mkdir",
	   "mkdirat", "mmap", "mprotect", "mremap", "munmap", "nanosleep", "newfstatat", "open",
	   "openat", "openat2", "pipe", "pipe2", "poll", "ppoll", "prctl", "pread64", "prlimit64",
	   "pselect6", "pwrite64", "read", "readlink", "readlinkat", "readv", "recvmsg", "rename",
	   "renameat", "renameat2", "rmdir", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	   "sched_yield", "seccomp", "select", "sendmsg", "sendto", "set_robust_list", "set_tid_address",
	   "setgid", "setgroups", "setpgid", "setresgid", "setresuid", "setsid", "setuid", "socketcall",
	   "stat", "stat64", "statfs", "statx", "symlink", "symlinkat", "sysinfo", "time", "times",
	   "umask", "uname", "unlink", "unlinkat", "utimensat", "vfork", "wait4", "waitid", "waitpid",
	   "write", "writev", "a_call_of_the_future"], "action": "SCMP_ACT_ALLOW"},
	  {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
	  {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
	  {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
	   "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
	  {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
	EOF
}

@test "an engine's kind of profile: a shell runs under it" {
	for_both default_errno
}

# op VALUE VALUE2: which of 0..9 (as first argument) dup3 is denied for.
denied_of() {
	deny dup3 SCMP_ACT_ERRNO '"errnoRet": 77, "args": [{"index": 2, "op": "SCMP_CMP_'"$1"'", "value": '"$2"', "valueTwo": '"${3:-0}"'}]'
	berth_run
	assert_status 0
	printf '%s\n' "$output" | grep -n '^77$' | cut -d: -f1 | tr '\n' ' '
}

@test "the seven operators" {
	# dup3(500, 501, N) fails otherwise: EBADF or EINVAL.
	in_container 'for n in 1 2 3 4 5 6 7 8 9; do call dup3 500 501 $n; done'
	[ "$(denied_of NE 4)" = "1 2 3 5 6 7 8 9 " ]
	[ "$(denied_of LT 4)" = "1 2 3 " ]
	[ "$(denied_of LE 4)" = "1 2 3 4 " ]
	[ "$(denied_of EQ 4)" = "4 " ]
	[ "$(denied_of GE 4)" = "4 5 6 7 8 9 " ]
	[ "$(denied_of GT 4)" = "5 6 7 8 9 " ]
	[ "$(denied_of MASKED_EQ 6 4)" = "4 5 " ]
}

@test "conditions on several arguments: all; on one argument: any" {
	in_container 'for n in 1 2 3 4; do call dup3 500 501 $n; done; call dup3 500 502 2'
	deny dup3 SCMP_ACT_ERRNO '"errnoRet": 77, "args": [
		{"index": 1, "op": "SCMP_CMP_EQ", "value": 501}, {"index": 2, "op": "SCMP_CMP_GT", "value": 2}]'
	expect 22 22 77 77 22
	deny dup3 SCMP_ACT_ERRNO '"errnoRet": 77, "args": [
		{"index": 2, "op": "SCMP_CMP_EQ", "value": 1}, {"index": 2, "op": "SCMP_CMP_EQ", "value": 4}]'
	expect 77 22 22 77 22
}

@test "an argument has 64 bits" {
	in_container 'call personality 0x100000007; call personality 0x7'
	deny personality SCMP_ACT_ERRNO '"errnoRet": 77, "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 4294967303}]'
	expect 77 ok
}

@test "names that nobody knows are passed over" {
	deny 'personality", "a_call_of_the_future' SCMP_ACT_ERRNO
	in_container 'call personality; call getpid'
	expect 1 ok
}

@test "the flags" {
	deny personality SCMP_ACT_ERRNO
	in_container 'call personality'
	local flags
	for flags in '[]' '["SECCOMP_FILTER_FLAG_LOG"]' '["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]' \
		'["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'; do
		config '.linux.seccomp.flags = $f' --argjson f "$flags"
		expect 1
	done
}

@test "the calls of another architecture are killed unless it is listed" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64"
	"$bundle/rootfs/bin/call" int80 20 || skip "this kernel runs no i386 calls"
	config '.process.args = ["call", "int80", "20"]'
	expect ok
	deny personality SCMP_ACT_ERRNO
	berth_run
	assert_status 159
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86"]'
	expect ok
	config '.process.args = ["call", "int80", "136"]' # personality
	expect 1
}

@test "a user who is not root, without a capability" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	deny personality SCMP_ACT_ERRNO
	in_container 'call personality; call getpid'
	for_both expect 1 ok
}

@test "in a user namespace" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	deny personality SCMP_ACT_ERRNO
	in_container 'call personality; call getpid'
	for_both expect 1 ok
}

# With no_new_privs the filter judges nothing of berth's but the execve.
@test "with no_new_privs, a profile may forbid all that berth itself does" {
	config '.process.noNewPrivileges = true | .process.args = ["call", "getpid"]'
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["prctl", "sendmsg", "sendto", "recvmsg",
		"capset", "capget", "setgroups", "setresuid", "setresgid", "chdir", "getcwd", "close_range",
		"seccomp", "mmap", "munmap", "faccessat2", "openat2", "exit"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	expect ok
	# Control: without no_new_privs it does not.
	config '.process.noNewPrivileges = false'
	fails_with "/linux/seccomp" "signal 31"
}

@test "a profile that forbids the execve" {
	config '.process.args = ["call", "getpid"]'
	deny execve SCMP_ACT_ERRNO
	for_both fails_with "operation not permitted" "step exec"
	deny execve SCMP_ACT_KILL_PROCESS
	config '.process.noNewPrivileges = false'
	berth_run
	assert_status 159
}

@test "without no_new_privs, a profile that forbids what a start needs is named" {
	config '.process.noNewPrivileges = false'
	deny capset SCMP_ACT_KILL_PROCESS
	fails_with "/linux/seccomp" "signal 31"
	deny capset SCMP_ACT_ERRNO '"errnoRet": 77'
	fails_with "/process/capabilities" "step identity"
}

@test "a profile that forbids everything leaves no process" {
	config '.process.args = ["call", "getpid"]'
	local action
	for action in SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_TRAP SCMP_ACT_TRACE; do
		seccomp '{"defaultAction": "'$action'"}'
		for_both forbids_everything
	done
}

forbids_everything() {
	berth_run
	[ "$status" != 0 ]
	[ "$status" != 124 ]
	[ -z "$(left_processes)" ]
}

@test "what is refused, and where" {
	deny getpid SCMP_ACT_NOSUCH
	fails_with "/linux/seccomp/syscalls/0/action (line " SCMP_ACT_NOSUCH
	deny getpid SCMP_ACT_ALLOW '"errnoRet": 1'
	fails_with "/linux/seccomp/syscalls/0/errnoRet"
	deny getpid SCMP_ACT_ERRNO '"errnoRet": 4095'
	fails_with "/linux/seccomp/syscalls/0/errnoRet"
	deny getpid SCMP_ACT_ERRNO '"args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]'
	fails_with "/linux/seccomp/syscalls/0/args/0/index"
	deny getpid SCMP_ACT_ERRNO '"args": [{"index": 0, "value": 0, "op": "=="}]'
	fails_with "/linux/seccomp/syscalls/0/args/0/op"
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_NOSUCH"]}'
	fails_with "/linux/seccomp/architectures/0"
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NOSUCH"]}'
	fails_with "/linux/seccomp/flags/0"
	seccomp '{}'
	fails_with "/linux/seccomp/defaultAction" "is required"
}

@test "what libseccomp or the kernel refuses has a pointer and the step" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64"
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_S390X"]}'
	fails_with "/linux/seccomp/architectures/1" s390x "step compile"
	seccomp '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["close"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 9, "op": "SCMP_CMP_EQ"}]},
		{"names": ["close"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 9, "op": "SCMP_CMP_EQ"}]}]}'
	fails_with "/linux/seccomp/syscalls/1" "close" "step compile"
	config '.linux.seccomp.syscalls = [{"names": ["close"], "action": "SCMP_ACT_ERRNO",
		"args": [range(4000) | {"index": 0, "value": (. * 4294967297), "op": "SCMP_CMP_EQ"}]}]'
	fails_with "/linux/seccomp" "the kernel takes 4096" "step compile"
}

held() {
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 3>&-
	"$BERTH" start "$cid"
	until_true has_status stopped
	"$BERTH" delete "$cid"
	[ "$(cat "$bundle/out")" = "$(printf '1\nok')" ]
}

@test "create and start: the same filter" {
	deny personality SCMP_ACT_ERRNO
	in_container 'call personality; call getpid'
	for_both held
}

@test "explain says when the filter is loaded, and what it is" {
	deny getpid SCMP_ACT_ERRNO
	config '.process.noNewPrivileges = true'
	run "$BERTH" explain --bundle "$bundle"
	assert_contains $'no new privs     set\n  seccomp          default SCMP_ACT_ALLOW, 1 rule, architectures native, flags SPEC_ALLOW'
	config '.process.noNewPrivileges = false'
	run "$BERTH" explain --bundle "$bundle"
	assert_contains $'1 rule, architectures native, flags SPEC_ALLOW\n  directory        /'
}
