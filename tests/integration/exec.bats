#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# exec: another process in a container that is there.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'trap "exit 5" TERM; echo started; sleep 1000 & wait'
	printf 'bob:x:1234:555::/home/bob:/bin/sh\n1000:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n' \
		>"$bundle/rootfs/etc/passwd"
	printf 'staff:x:777:\n' >"$bundle/rootfs/etc/group"
}

teardown() {
	[ -z "${cid:-}" ] || "$BERTH" delete --force "$cid" || true
	remove_bundle
}

# started [JQ_FILTER]: the container runs.
started() {
	[ -z "${1:-}" ] || config "$1"
	"$BERTH" run --detach --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	until_true test -s "$bundle/out"
}

# The container's cgroup of the freezer.
frozen_in() {
	local old=/sys/fs/cgroup/freezer/berth-$cid
	[ -e "$old" ] || old=$(unified_cgroup)
	echo "$old"
}

# freeze 1|0: by the file of its cgroup, as somebody else does.
freeze() {
	local file words=(THAWED FROZEN)
	file=$(frozen_in)
	if [ -e "$file/freezer.state" ]; then
		echo "${words[$1]}" >"$file/freezer.state"
	else
		echo "$1" >"$file/cgroup.freeze"
	fi
}

# inside [OPTION...] -- PROGRAM...: exec, with bats' $status and $output.
inside() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	run timeout 60 "$BERTH" exec "${options[@]}" "$cid" "${@:2}"
}

@test "the command's status is the status; 128 and the signal" {
	started
	inside -- sh -c 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_line out
	assert_line err
	# shellcheck disable=SC2016
	inside -- sh -c 'kill -9 $$'
	assert_status 137
	inside -- true
	assert_status 0
}

@test "it is in the namespaces and the cgroup of the container" {
	started
	local pid kind
	pid=$(pid_of)
	for kind in mnt net ipc uts pid cgroup; do
		inside -- readlink "/proc/self/ns/$kind"
		[ "$output" = "$(readlink "/proc/$pid/ns/$kind")" ]
	done
	"$BERTH" exec --detach --pid-file "$bundle/pid" "$cid" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	# Another test may have this hierarchy for a while.
	[ "$(grep -v net_cls "/proc/$(cat "$bundle/pid")/cgroup")" = "$(grep -v net_cls "/proc/$pid/cgroup")" ]
	[ "$(readlink "/proc/$(cat "$bundle/pid")/root")" = / ]
	[ "$(stat -Lc %i "/proc/$(cat "$bundle/pid")/root")" = "$(stat -Lc %i "/proc/$pid/root")" ]
}

@test "the process has what the config gives: user, groups, capabilities, limits, umask, no_new_privs" {
	started '.process.user = {"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 63}
		| .process.noNewPrivileges = true | .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}]
		| .process.capabilities = {"bounding": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL"],
			"effective": ["CAP_KILL"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}'
	inside -- sh -c 'grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Umask)" /proc/self/status; ulimit -n; ulimit -Hn'
	local of_exec=$output pid
	pid=$(pid_of)
	[ "$of_exec" = "$(grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Umask)" "/proc/$pid/status"
		echo 64
		echo 128)" ]
}

@test "a seccomp filter holds for it too" {
	started '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}'
	inside -- sh -c 'grep Seccomp: /proc/self/status; mkdir /tmp/x'
	assert_line "$(printf 'Seccomp:\t2')"
	assert_status 1
	config 'del(.linux.seccomp)'
	# What counts is the config of the time when the container was made.
	inside -- mkdir /tmp/x
	assert_status 1
}

@test "--user: numbers and names, and nothing that is neither" {
	started
	local user
	for user in "1:1 1 1" "1000 1000 0" "1000:4294967294 1000 4294967294" "bob 1234 555" "bob:staff 1234 777" \
		"bob:3 1234 3" "0:staff 0 777"; do
		# shellcheck disable=SC2086
		set -- $user
		inside --user "$1" -- sh -c 'grep -E "^(Uid|Gid)" /proc/self/status | cut -f 2'
		[ "$output" = "$(printf '%s\n%s' "$2" "$3")" ]
	done
	for user in 4294967296 4294967295 -1 0x1 " 1" 1a : 1: :1 01 1:1:1; do
		inside "--user=$user" -- id
		assert_status 255
		assert_contains "berth: --user: "
		assert_contains "USER[:GROUP]"
	done
	inside --user nosuch -- id
	assert_status 255
	assert_contains "unable to find user nosuch: no matching entries in passwd file"
	inside --user bob:nosuch -- id
	assert_contains "unable to find group nosuch: no matching entries in group file"
}

@test "a passwd that is no file, endless, or a fifo holds nobody up" {
	started '.root.readonly = false'
	local kind
	for kind in dir fifo zero huge; do
		rm -rf "$bundle/rootfs/etc/passwd"
		case $kind in
		dir) mkdir "$bundle/rootfs/etc/passwd" ;;
		fifo) mkfifo "$bundle/rootfs/etc/passwd" ;;
		zero) ln -s /dev/zero "$bundle/rootfs/etc/passwd" ;;
		huge) truncate -s 2G "$bundle/rootfs/etc/passwd" ;;
		esac
		run timeout 5 "$BERTH" exec --user bob "$cid" id
		assert_status 255
	done
}

@test "--env, --cwd, --additional-gids, --cap" {
	started '.process.env = ["PATH=/bin", "A=config", "B=config"]'
	inside --env A=exec --env C=exec --cwd /tmp -- sh -c 'echo "$A $B $C $PWD $HOME"'
	[ "$output" = "exec config exec /tmp /" ]
	# Of one name the last counts, and is there once.
	inside -e D=first -e A=one -e D=second -e A=two -- env
	[ "$(grep -E '^[AD]=' <<<"$output" | sort | tr '\n' ' ')" = "A=two D=second " ]
	inside --additional-gids 5 -g 6,7 -- grep ^Groups: /proc/self/status
	[ "$(echo "$output" | tr -s ' \t' ' ')" = "Groups: 5 6 7 " ]
	inside --cap CAP_SYS_TIME -- grep Cap /proc/self/status
	assert_line "$(printf 'CapInh:\t0000000000000000')"
	assert_line "$(printf 'CapAmb:\t0000000000000000')"
	[[ $output == *"CapEff:"*$'\t'00000000220*"CapBnd:"* ]] || [[ $output =~ CapEff:.0000000022 ]]
	inside --cap CAP_NOSUCH -- true
	assert_status 255
	[ "$output" = 'berth: --cap: unknown capability "CAP_NOSUCH"' ]
	inside --env NOEQUALS -- true
	assert_status 255
	assert_contains 'berth: --env: has no "="'
	inside --cwd relative -- true
	assert_status 255
	assert_contains 'berth: --cwd: is not an absolute path: "relative"'
	# What the config has is the config's.
	inside --user 4294967295 -- true
	assert_status 255
	local option
	for option in cwd env user cap additional-gids apparmor process-label cgroup pid-file console-socket pidfd-socket preserve-fds; do
		for words in "--$option=" "--$option"; do
			inside $words "" -- true
			assert_status 255
			[[ $output == "berth: --$option is empty" ]]
		done
	done
}

@test "--no-new-privs, where the container has none" {
	started '.process.noNewPrivileges = false'
	inside -- grep NoNewPrivs /proc/self/status
	[ "$output" = "$(printf 'NoNewPrivs:\t0')" ]
	inside --no-new-privs -- grep NoNewPrivs /proc/self/status
	[ "$output" = "$(printf 'NoNewPrivs:\t1')" ]
}

@test "--process: whole, and errors with line and column in that file" {
	started
	echo '{"args": ["id"], "cwd": "/", "user": {"uid": 5, "gid": 6}, "env": ["PATH=/bin"]}' >"$bundle/p.json"
	run "$BERTH" exec --process "$bundle/p.json" "$cid"
	[ "$output" = "uid=5 gid=6" ]
	printf '{"args": ["id"],\n "cwd": "x"}' >"$bundle/p.json"
	run "$BERTH" exec --process "$bundle/p.json" "$cid"
	assert_status 255
	assert_contains "/process/cwd (line 2, column 9)"
	printf '{"args": 1}' >"$bundle/p.json"
	run "$BERTH" exec --process "$bundle/p.json" "$cid"
	assert_status 255
	assert_contains "/process/args (line 1, column 10)"
	echo '[]' >"$bundle/p.json"
	run "$BERTH" exec --process "$bundle/p.json" "$cid"
	assert_status 255
	run "$BERTH" exec --process "$bundle/none" "$cid"
	assert_contains "no such file or directory"
	rm "$bundle/p.json"
	mkfifo "$bundle/p.json"
	run timeout 5 "$BERTH" exec --process "$bundle/p.json" "$cid"
	assert_status 255
}

@test "--process has the whole process: what would be given beside it is refused" {
	started
	jq .process "$bundle/config.json" >"$bundle/p.json"
	local flag
	for flag in --user=7 --cwd=/proc --env=A=1 --cap=CAP_KILL --no-new-privs --additional-gids=5; do
		inside --process "$bundle/p.json" "$flag" --
		assert_status 255
		assert_contains "${flag%%=*} cannot be given beside it"
	done
	inside --process "$bundle/p.json" -- true
	assert_status 255
}

@test "resumed after more than the deadline of a start: exec goes on" {
	started
	"$BERTH" pause "$cid" || skip "no-freezer: the container cannot be paused"
	"$BERTH" exec --ignore-paused "$cid" echo late >"$bundle/late" 2>&1 3>&- &
	local pid=$!
	sleep 11
	"$BERTH" resume "$cid"
	wait $pid
	[ "$(cat "$bundle/late")" = late ]
}

@test "what cannot run: 255, the words that engines look for, and no pid file" {
	started
	local words
	inside --pid-file "$bundle/pid" -- nosuch
	assert_status 255
	assert_contains 'exec: "nosuch": executable file not found in $PATH'
	inside --pid-file "$bundle/pid" -- /bin/nosuch
	assert_contains 'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory'
	inside --pid-file "$bundle/pid" -- /etc
	assert_contains 'exec: "/etc": permission denied'
	inside --pid-file "$bundle/pid" --cwd /nowhere -- true
	assert_status 255
	assert_contains "no such file or directory"
	[ ! -e "$bundle/pid" ]
	run "$BERTH" exec "$cid"
	assert_status 255
	assert_contains "requires a minimum of 2 argument(s)"
}

@test "--detach returns when it runs; the pid file has digits alone" {
	started
	"$BERTH" exec --detach --pid-file "$bundle/pid" "$cid" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	grep -qE '^[0-9]+$' "$bundle/pid"
	[ "$(wc -l <"$bundle/pid")" = 0 ]
	[ "$(tr '\0' ' ' <"/proc/$(cat "$bundle/pid")/cmdline")" = "sleep 1000 " ]
	"$BERTH" delete --force "$cid"
	[ ! -e "/proc/$(cat "$bundle/pid")" ] || grep -q 'State:.Z' "/proc/$(cat "$bundle/pid")/status"
}

@test "a terminal in the foreground, and one for a console socket" {
	started
	run timeout 60 python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" '' "$BERTH" exec --tty "$cid" \
		sh -c 'tty; stty size; test -t 1 && echo yes'
	assert_contains /dev/pts/0
	assert_contains "33 111"
	assert_contains yes
	inside --tty --detach -- true
	assert_status 255
	assert_contains "cannot allocate tty if berth will detach without setting console socket"
	python3 "$BATS_TEST_DIRNAME/../kit/console.py" "$bundle/socket" >"$bundle/terminal" 3>&- &
	local listener=$!
	until_true test -S "$bundle/socket"
	# shellcheck disable=SC2016
	"$BERTH" exec --tty --detach --console-socket "$bundle/socket" "$cid" \
		sh -c 'tty; read -r line; echo "got $line"' 3>&-
	wait $listener
	grep -q /dev/pts/0 "$bundle/terminal"
	grep -q "got hello" "$bundle/terminal"
}

@test "a ptmx that the image put there is not believed" {
	started '.mounts |= map(select(.destination != "/dev/pts")) | .mounts += [{"destination": "/dev/pts",
		"type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]}]'
	local kind
	for kind in file fifo zero; do
		"$BERTH" exec "$cid" rm -f /dev/pts/ptmx
		case $kind in
		file) "$BERTH" exec "$cid" touch /dev/pts/ptmx ;;
		fifo) "$BERTH" exec "$cid" mkfifo /dev/pts/ptmx || "$BERTH" exec "$cid" mknod /dev/pts/ptmx p ;;
		zero) "$BERTH" exec "$cid" ln -s /dev/zero /dev/pts/ptmx ;;
		esac
		run timeout 10 python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" '' "$BERTH" exec --tty "$cid" true
		assert_status 255
		assert_contains "no devpts is mounted"
	done
}

@test "--preserve-fds passes exactly so many, and nothing else of the caller" {
	started
	echo three >"$bundle/three"
	run bash -c 'exec 3<"$3/three" 4</etc/passwd; "$1" exec --preserve-fds 1 "$2" sh -c "cat <&3; ls /proc/self/fd | tr \"\n\" \" \""' \
		bash "$BERTH" "$cid" "$bundle"
	assert_status 0
	[ "${lines[0]}" = three ]
	[ "${lines[1]}" = "0 1 2 3 4 " ]
	run bash -c 'exec 7</; "$1" exec --cwd /proc/self/fd/7 "$2" pwd' bash "$BERTH" "$cid"
	assert_status 255
}

@test "created, stopped, paused, unknown" {
	"$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
	inside -- true
	assert_status 0
	"$BERTH" start "$cid"
	freeze 1
	has_status paused
	inside -- true
	assert_status 255
	assert_contains "cannot exec in a paused container (use --ignore-paused to override)"
	# With the flag it waits until it is thawed.
	local before waiting
	before=$(wc -l <"$(frozen_in)/cgroup.procs")
	timeout 60 "$BERTH" exec --ignore-paused "$cid" echo thawed >"$bundle/thawed" 2>&1 </dev/null 3>&- &
	waiting=$!
	until_true eval '[ "$(wc -l <"$(frozen_in)/cgroup.procs")" -gt "$before" ]'
	[ ! -s "$bundle/thawed" ]
	freeze 0
	wait "$waiting"
	[ "$(cat "$bundle/thawed")" = thawed ]
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	inside -- true
	assert_status 255
	assert_contains "cannot exec in a stopped container"
	run "$BERTH" exec "no-$cid" true
	assert_status 255
	assert_contains "container does not exist"
}

@test "a paused container is killed, and deleted" {
	started
	freeze 1
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	"$BERTH" delete "$cid"
	started
	freeze 1
	timeout 10 "$BERTH" delete --force "$cid"
	[ -z "$(left_cgroups)" ]
}

@test "kill --all reaches every process, each once" {
	started '.linux.namespaces |= map(select(.type != "pid"))'
	# shellcheck disable=SC2016
	"$BERTH" exec --detach "$cid" sh -c 'trap "echo got >>/dev/shm/got" WINCH; echo up >/dev/shm/up; while :; do sleep 0.05; done' \
		</dev/null >/dev/null 2>&1 3>&-
	until_true "$BERTH" exec "$cid" test -e /dev/shm/up
	"$BERTH" kill --all "$cid" WINCH
	until_true "$BERTH" exec "$cid" test -e /dev/shm/got
	sleep 0.2
	[ "$("$BERTH" exec "$cid" cat /dev/shm/got)" = got ]
	"$BERTH" kill "$cid" KILL
	until_true has_status stopped
	# Without a pid namespace of its own, SIGKILL is for all.
	until_true is_empty left_processes
	run "$BERTH" kill --all "$cid" TERM
	assert_status 0
}

@test "--cgroup: below the container's, and never out of it" {
	started
	local path of='' top own
	top=$(unified_cgroup)
	# On version 2 there is but one hierarchy, which has no name.
	if [ -d "/sys/fs/cgroup/pids/berth-$cid" ]; then
		of=pids:
		top=/sys/fs/cgroup/pids/berth-$cid
		mkdir "/sys/fs/cgroup/memory/berth-$cid/other"
	fi
	own=${top##*/}
	mkdir "$top/sub" "${top}x"
	"$BERTH" exec --detach --cgroup "${of}sub" --pid-file "$bundle/pid" "$cid" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	grep -q ":${of%:}:/.*$own/sub$" "/proc/$(cat "$bundle/pid")/cgroup"
	if [ -n "$of" ]; then
		grep -q ":memory:/.*berth-$cid$" "/proc/$(cat "$bundle/pid")/cgroup"
		inside --cgroup pids:sub --cgroup=memory:other -- cat /proc/self/cgroup
		assert_status 0
		grep -qE ':pids:/(berth-[^/]*/)?sub$' <<<"$output"
		grep -qE ':memory:/(berth-[^/]*/)?other$' <<<"$output"
	fi
	for path in ../ ../x /../x a/../../x "${of}../${own}x" "${of}/../${own}x" "${of}sub/../.."; do
		inside --cgroup "$path" -- true
		assert_status 255
	done
	inside --cgroup "${of}../${own}x" -- true
	assert_contains "is not below the container's"
	inside --cgroup nosuch:sub -- true
	assert_contains "the container has no cgroup"
	inside --cgroup "${of}nosuch" -- true
	assert_contains "no such file or directory"
	rmdir "${top}x"
}

@test "a container with a user namespace: ids are those inside" {
	started '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]
		| .mounts |= map(select(.type != "cgroup"))'
	inside -- sh -c 'id; cat /proc/self/uid_map | tr -s " "'
	assert_status 0
	assert_contains "uid=0"
	assert_line " 0 100000 1000"
	inside --user 999:998 -- id
	[ "$output" = "uid=999 gid=998" ]
	inside --user 1000 -- id
	assert_status 255
	assert_contains "1000 is not mapped in the user namespace"
}

@test "the session keyring is the container's" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	started '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inside -- grep -c "_ses.${cid}[.]" /proc/keys
	[ "$output" = 1 ]
}

@test "who attached it gets its status when the container is killed" {
	started
	"$BERTH" exec "$cid" sleep 1000 >"$bundle/exec.out" 2>&1 3>&- &
	local pid=$! status=0
	until_true "$BERTH" exec "$cid" sh -c "ps | grep -q '[s]leep 1000'"
	"$BERTH" delete --force "$cid"
	wait $pid || status=$?
	[ "$status" = 137 ]
}

@test "signals are forwarded" {
	started
	"$BERTH" exec "$cid" sh -c 'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done' \
		>"$bundle/exec.out" 3>&- &
	local pid=$! status=0
	until_true grep -q ready "$bundle/exec.out"
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" = 3 ]
	grep -q got "$bundle/exec.out"
}

@test "what fails or dies in any step leaves nothing in the container" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	started
	local step action before
	before=$("$BERTH" exec "$cid" ps | wc -l)
	for step in $(steps_of PIC); do
		case $step in
		maps | idmaps | wait | start | delete | created | record | cgroup | resctrl | config | plan) continue ;;
		hooks | poststart | poststop) continue ;;
		checkpoint | restore | restored) continue ;;
		esac
		for action in fail die; do
			run env "BERTH_FAIL=$step:$action" timeout 60 "$BERTH_TEST" exec "$cid" sh -c 'echo RAN'
			[ "$status" != 0 ] || {
				echo "$step:$action did not fail"
				return 1
			}
			refute_line RAN
		done
	done
	until_true eval '[ "$("$BERTH" exec "$cid" ps | wc -l)" = "$before" ]'
	has_status running
}

@test "1,000 times: right status each time, nothing is left" {
	started
	# By the program: the script that gives it its state root would cost as much.
	local i status mounts times exec=("$berth_program" --root "$bundle/state" exec)
	times=$(rounds 1000)
	mounts=$(host_mounts)
	for ((i = 0; i < times; i++)); do
		status=0
		"${exec[@]}" "$cid" sh -c "exit $((i % 100))" || status=$?
		[ "$status" = $((i % 100)) ]
	done
	[ "$mounts" = "$(host_mounts)" ]
	[ "$("$BERTH" exec "$cid" ps | wc -l)" -le 5 ]
	[ "$(wc -l <"/sys/fs/cgroup/pids/berth-$cid/cgroup.procs")" -le 2 ] || [ ! -e /sys/fs/cgroup/pids ]
	[ "$(find "$bundle/state/$cid" -type f -o -type p | wc -l)" = 3 ]
}

@test "16 at a time" {
	started
	# shellcheck disable=SC2016
	run sh -c 'seq "$3" | xargs -P 16 -I{} "$1" exec "$2" sh -c "exit 0"' sh "$BERTH" "$cid" "$(rounds 160)"
	assert_status 0
	[ -z "$output" ]
}

@test "a container that stops everybody in it can be killed, and deleted, while somebody execs" {
	in_container 'echo started; while :; do kill -STOP -1; done'
	started
	"$BERTH" exec "$cid" true >/dev/null 2>&1 3>&- &
	local pid=$!
	sleep 0.5
	timeout 5 "$BERTH" kill "$cid" KILL
	timeout 15 "$BERTH" delete --force "$cid"
	wait $pid || true
	[ -z "$(left_cgroups)" ]
}

@test "nobody can guess the name of the keyring, and make it first" {
	[ -r /proc/keys ] || skip "no keyrings in this kernel"
	started '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inside -- grep -o "_ses.${cid}[^:]*" /proc/keys
	[ "${#lines[@]}" = 1 ]
	[[ $output =~ ^_ses\.$cid\.[0-9a-f]{16}$ ]]
}
