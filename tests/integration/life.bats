#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 900
# create, start, state, list, kill, delete: a container's life in single commands.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'echo started; trap "exit 5" TERM; sleep 1000 & wait'
	cgroup one
	root=$bundle/state
	BERTH=$berth_program
}

teardown() {
	[ -z "${root:-}" ] || "$BERTH" --root "$root" list -q 2>/dev/null | while read -r id; do
		"$BERTH" --root "$root" delete --force "$id"
	done
	remove_bundle
}

# The program itself is the child of the timeout(1) that runs it.
berth_at() {
	timeout 60 "$BERTH" --root "$1" ${BERTH_TEST_MANAGER:+--cgroup-manager "$BERTH_TEST_MANAGER"} "${@:2}"
}

berth() {
	berth_at "$root" "$@"
}

# is_gone PID: at most its parent has still to ask for its status.
is_gone() {
	[ ! -e "/proc/$1" ] || grep -q 'State:.Z' "/proc/$1/status"
}

# cgroup ID: the next container is in a cgroup that no other test has, whatever its id.
cgroup() {
	[ "${cgroup_of:-}" != "$1" ] || return 0
	cgroup_of=$1
	own_cgroup "$cid-$1"
}

# create ID [OPTION...]: with the output of the container in $bundle/out.
create() {
	cgroup "$1"
	berth create --bundle "$bundle" "${@:2}" "$1" >"$bundle/out" 2>&1 </dev/null 3>&-
}

is_status() {
	[[ $("$BERTH" --root "$root" state "$1") == *$'\n\t"status": "'"$2"'",'* ]]
}

@test "created, running, stopped, deleted" {
	create one --pid-file "$bundle/pid"
	is_status one created
	[ "$(cat "$bundle/pid")" = "$(berth state one | jq .pid)" ]
	[ ! -s "$bundle/out" ]
	berth start one
	until_true grep -q started "$bundle/out"
	is_status one running
	berth kill one TERM
	until_true is_status one stopped
	[ "$(berth state one | jq .pid)" = 0 ]
	berth delete one
	run berth state one
	assert_error "container does not exist"
	[ -z "$(ls -A "$root")" ]
}

@test "state has the members of the specification" {
	config '.annotations = {"a.b/c": "d \"e\""}'
	create one
	berth state one >"$bundle/state.out"
	jq -e --arg bundle "$bundle" '.ociVersion == "1.3.0" and .id == "one" and .status == "created" and .pid > 1
		and .bundle == $bundle and .rootfs == ($bundle + "/rootfs") and .owner == "root"
		and (.created | test("^20..-..-..T..:..:..\\.[0-9]{9}Z$"))
		and .annotations == {"a.b/c": "d \"e\""}' "$bundle/state.out"
}

@test "the pid file has digits and nothing else, also by a relative path" {
	cd "$bundle"
	create one --pid-file pid
	[ "$(wc -l <pid)" = 0 ]
	grep -qE '^[0-9]+$' pid
	[ -z "$(find "$bundle" -maxdepth 1 -name '.pid*')" ]
}

@test "the pid file is not written when the program is not there" {
	config '.process.args = ["nosuch"]'
	run berth create --bundle "$bundle" --pid-file "$bundle/pid" one
	assert_error 'executable file not found in $PATH'
	[ ! -e "$bundle/pid" ]
	[ -z "$(ls -A "$root")" ]
}

@test "a pid file in the place of what is no regular file is refused, and that stays" {
	mkfifo "$bundle/fifo"
	mknod "$bundle/device" c 1 3
	mkdir "$bundle/directory"
	ln -s device "$bundle/link"
	in_container 'sleep 1000'
	create one
	berth start one
	echo '[]' >"$bundle/descriptors.json"
	local name
	for name in fifo device directory link; do
		local before
		before=$(stat -c '%F %i' "$bundle/$name")
		run berth create --bundle "$bundle" --pid-file "$bundle/$name" two
		assert_error "the pid file $bundle/$name is there, and is no regular file"
		run berth run --bundle "$bundle" --detach --pid-file "$bundle/$name" two
		assert_error "no regular file"
		run berth restore --bundle "$bundle" --image-path "$bundle" --detach --pid-file "$bundle/$name" two
		assert_error "no regular file"
		run berth exec --detach --pid-file "$bundle/$name" one true
		assert_status 255
		assert_contains "no regular file"
		[ "$before" = "$(stat -c '%F %i' "$bundle/$name")" ]
	done
	[ "$(berth list -q)" = one ]
	# The control: a file that is there gives way.
	echo old >"$bundle/pid"
	berth exec --detach --pid-file "$bundle/pid" one true </dev/null >/dev/null 2>&1 3>&-
	grep -qxE '[0-9]+' "$bundle/pid"
}

@test "an id is taken once" {
	create one
	run berth create --bundle "$bundle" one
	assert_error "container with given ID already exists"
	is_status one created
	run berth run --bundle "$bundle" one
	assert_error "container with given ID already exists"
}

@test "of forty creates of one id, one wins" {
	# shellcheck disable=SC2016
	run bash -c 'for i in $(seq 40); do "$1" --root "$2" create --bundle "$3" one >/dev/null 2>&1 </dev/null 3>&- && echo won & done; wait' \
		bash "$BERTH" "$root" "$bundle"
	[ "$output" = won ]
	is_status one created
}

@test "start: twice, after the end, of nothing" {
	create one
	berth start one
	run berth start one
	assert_error "cannot start an already running container"
	berth kill one KILL
	until_true is_status one stopped
	run berth start one
	assert_error "cannot start a container that has stopped"
	run berth start nothing
	assert_error "container does not exist"
}

@test "kill: names, numbers, none; a stopped container" {
	for signal in TERM SIGTERM sigterm 15 ''; do
		create "k-$signal"
		berth start "k-$signal"
		until_true grep -q started "$bundle/out"
		berth kill "k-$signal" ${signal:+"$signal"}
		until_true is_status "k-$signal" stopped
		run berth kill "k-$signal" TERM
		assert_error "container not running"
		run berth kill --all "k-$signal" TERM
		assert_status 0
	done
	run berth kill k- NOSUCH
	assert_error 'unknown signal "NOSUCH"'
	run berth kill nothing TERM
	assert_error "container does not exist"
}

@test "kill: realtime signals as systemd and others write them" {
	in_container 'for n in 34 37 50 63 64; do trap "echo got-$n" $n; done; echo started; while :; do sleep 0.05; done'
	create one
	berth start one
	until_true grep -q started "$bundle/out"
	local pair
	for pair in RTMIN:34 RTMIN+0:34 SIGRTMIN+3:37 sigrtmin+16:50 RTMAX-14:50 RTMAX-1:63 SIGRTMAX:64 RTMAX-0:64 RTMIN+30:64 RTMAX-30:34 \
		64:64 37:37; do
		: >"$bundle/out"
		berth kill one "${pair%:*}"
		until_true grep -qx "got-${pair#*:}" "$bundle/out"
	done
	for pair in RTMIN+31 RTMAX-31 RTMIN-1 RTMAX+1 RTMIN+ RTMAX- RTMIN3 RTMIN+1x RTMIN+-1 65 0x9 9x 0009 SIG SIG9 ''; do
		run berth kill one "$pair"
		assert_error "unknown signal \"$pair\""
	done
	is_status one running
}

@test "delete: of a running container only by force, of a created one at once" {
	create one
	berth start one
	run berth delete one
	assert_error "cannot delete container one that is not stopped: running"
	berth delete --force one
	run berth state one
	assert_status 1
	create two
	local pid
	pid=$(berth state two | jq .pid)
	berth delete two
	is_gone "$pid"
	run berth delete two
	assert_error "container does not exist"
	run berth delete --force two
	assert_status 0
}

@test "list: table, JSON, ids; empty" {
	run berth list
	assert_status 0
	[ "${#lines[@]}" = 1 ]
	[[ ${lines[0]} == ID*PID*STATUS*BUNDLE*CREATED*OWNER ]]
	[ "$(berth list --format json)" = null ]
	create b
	create a
	berth start b
	[ "$(berth list -q | tr '\n' ' ')" = "a b " ]
	[ "$(berth list --format json | jq -c '[.[] | [.id, .status]]')" = '[["a","created"],["b","running"]]' ]
	run berth list
	[[ ${lines[1]} == a*created* ]]
	run berth list --format xml
	assert_error "table or json"
}

@test "run --detach returns when the program runs; --keep keeps the record" {
	# The container holds what it was given as stdout for as long as it runs.
	berth run --detach --bundle "$bundle" --pid-file "$bundle/pid" one >"$bundle/out" 2>&1 </dev/null 3>&-
	is_status one running
	[ "$(cat "$bundle/pid")" = "$(berth state one | jq .pid)" ]
	in_container 'exit 4'
	cgroup two
	run berth run --keep --bundle "$bundle" two
	assert_status 4
	is_status two stopped
	cgroup three
	run berth run --bundle "$bundle" three
	assert_status 4
	run berth state three
	assert_status 1
}

@test "another command sees and kills what runs in the foreground" {
	berth run --bundle "$bundle" one >"$bundle/out" 3>&- &
	local pid=$! status=0
	until_true grep -q started "$bundle/out"
	is_status one running
	berth kill one TERM
	wait $pid || status=$?
	[ "$status" = 5 ]
	run berth state one
	assert_status 1
}

@test "--preserve-fds passes exactly so many" {
	in_container 'cat <&3; cat <&4; ls /proc/self/fd | tr "\n" " "'
	echo three >"$bundle/three"
	echo four >"$bundle/four"
	run bash -c 'exec 3<"$3/three" 4<"$3/four" 5</etc/passwd; "$1" --root "$2" run --preserve-fds 2 --bundle "$3" one' \
		bash "$BERTH" "$root" "$bundle"
	assert_status 0
	[ "${lines[0]}" = three ]
	[ "${lines[1]}" = four ]
	[ "${lines[2]}" = "0 1 2 3 4 5 " ]
	run bash -c 'exec 3>&- 4>&- 5>&-; "$1" --root "$2" run --preserve-fds 2 --bundle "$3" one' \
		bash "$BERTH" "$root" "$bundle"
	[ "$output" = "berth: preserve-fds: descriptor 3: bad file descriptor" ]
}

@test "--console-socket gets the master of the terminal" {
	config '.process.terminal = true'
	in_container 'tty; read -r line; echo "got $line"'
	python3 "$BATS_TEST_DIRNAME/../kit/console.py" "$bundle/socket" >"$bundle/terminal" 3>&- &
	local listener=$!
	until_true test -S "$bundle/socket"
	create one --console-socket "$bundle/socket"
	berth start one
	wait $listener
	grep -q /dev/pts/0 "$bundle/terminal"
	grep -q "got hello" "$bundle/terminal"
}

@test "terminals and sockets that do not fit" {
	run berth create --bundle "$bundle" --console-socket "$bundle/none" one
	assert_status 1
	assert_contains "cannot use console socket"
	config '.process.terminal = true'
	run berth create --bundle "$bundle" one
	assert_error "cannot allocate tty if berth will detach without setting console socket"
	run berth create --bundle "$bundle" --console-socket "$bundle/none" one
	assert_error "connect to the console socket" "no such file or directory"
	[ -z "$(ls -A "$root" 2>/dev/null)" ]
}

@test "--log gets one line of JSON, and stderr the text" {
	run berth --log "$bundle/log" --log-format json start nothing
	assert_error "berth: container does not exist: nothing"
	jq -e '.level == "error" and .msg == "container does not exist: nothing" and (.time | test("Z$"))' "$bundle/log"
	[ "$(wc -l <"$bundle/log")" = 1 ]
	run berth --log "$bundle/text" start nothing
	grep -q 'level=error msg="container does not exist: nothing"' "$bundle/text"
	run berth --log "$bundle/usage" --log-format json create --nonsense one
	assert_error "unknown option --nonsense"
	jq -e '.level == "error" and (.msg | test("unknown option --nonsense"))' "$bundle/usage"
	run berth --log "$bundle/log" --log-format xml start nothing
	assert_status 1
}

@test "a process that is not the container's is left alone" {
	create one
	local pid
	pid=$(berth state one | jq .pid)
	sleep 1000 3>&- &
	local stranger=$!
	sed -i "s/\"pid\":$pid/\"pid\":$stranger/" "$root/one/state.json"
	is_status one stopped
	run berth kill one KILL
	assert_error "container not running"
	# With the first process the others would have ended: what is in the cgroup cannot be the container's.
	run berth delete one
	assert_error "remove the cgroup" "$pid"
	kill -KILL "$pid"
	berth delete one
	kill -0 $stranger
	kill $stranger
}

@test "a state that is damaged: errors, listed as unknown, deleted by force" {
	local pid
	for content in '' '{' '[]' null '{"id": "other"}' "$(head -c 4096 /dev/urandom | base64)"; do
		create one
		pid=$(berth state one | jq .pid)
		echo "$content" >"$root/one/state.json"
		for verb in state start kill; do
			run berth $verb one
			assert_error "damaged"
		done
		run berth list
		assert_contains unknown
		[ "$(berth list --format json | jq -c 'map([.id, .status, .pid])')" = '[["one","unknown",0]]' ]
		run berth delete one
		assert_error "damaged"
		kill -0 "$pid"
		berth delete --force one
		[ -z "$(ls -A "$root")" ]
		[ -z "$(left_processes)" ]
		[ -z "$(left_cgroups)" ]
	done
	create one
	rm "$root/one/state.json"
	mkfifo "$root/one/state.json"
	run berth state one
	assert_error "damaged"
	berth delete --force one
}

@test "a state root that others can write to is refused" {
	mkdir -m 777 "$bundle/open"
	run "$BERTH" --root "$bundle/open" create --bundle "$bundle" one
	assert_error "may be written by others"
}

@test "the state root is made with its parents, for its owner alone" {
	root=$bundle/a/b/c
	create one
	[ "$(stat -c %a "$root")" = 700 ]
	[ "$(stat -c %a "$root/one")" = 700 ]
	[ "$(stat -c %a "$root/one/state.json")" = 600 ]
}

# user_namespace: the next containers have one.
user_namespace() {
	config '.linux.namespaces += [{"type": "user"}] | .mounts |= map(select(.type != "cgroup"))
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]'
}

# stopped_in STEP: the pid of a process of this test that has stopped there.
stopped_in() {
	local pid
	for pid in $(grep -lsFz -x "BERTH_FAIL=$1:stop" /proc/[0-9]*/environ | tr -dc '0-9\n'); do
		! is_stopped "$pid" || echo "$pid"
	done
}

@test "kill -9 of create while the child is in any step: one delete --force leaves nothing" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step mounts pid
	mounts=$(host_mounts)
	for step in $(steps_of IC); do
		case $step in
		maps | starthooks | nonewprivs | seccomp | exec) continue ;;
		esac
		BERTH_FAIL=$step:stop "$BERTH_TEST" --root "$root" create --bundle "$bundle" killed \
			>"$bundle/out" 2>&1 </dev/null 3>&- &
		pid=$!
		until_true eval '[ -n "$(stopped_in $step)" ]'
		kill -KILL $pid
		wait $pid || true
		run berth delete --force killed
		assert_status 0
		[ -z "$(ls -A "$root" 2>/dev/null)" ]
		until_true is_empty left_processes "$step:stop"
		[ -z "$(left_cgroups)" ]
		[ "$mounts" = "$(host_mounts)" ]
	done
}

@test "what dies in any step of create is deleted by one delete --force" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step mounts
	mounts=$(host_mounts)
	for step in $(steps_of PIC); do
		case $step in
		# Not in create, or after it: a created container has not come that far.
		maps | wait | start | delete | starthooks | nonewprivs | seccomp | exec) continue ;;
		# None here: hooks.bats.
		hooks | poststart | poststop) continue ;;
		resctrl) continue ;; # intel_rdt.bats
		checkpoint | restore | restored) continue ;;
		idmaps) user_namespace ;;
		esac
		# Not by `run`: a container that waits would hold its pipe.
		status=0
		BERTH_FAIL=$step:die timeout 60 "$BERTH_TEST" --root "$root" create --bundle "$bundle" die \
			>"$bundle/out" 2>&1 </dev/null 3>&- || status=$?
		[ "$status" != 0 ]
		run berth delete --force die
		assert_status 0
		[ -z "$(ls -A "$root" 2>/dev/null)" ]
		until_true is_empty left_processes "$step:die"
		[ -z "$(left_cgroups)" ]
		[ "$mounts" = "$(host_mounts)" ]
	done
}

# ended_or_deleted PID ID: berth has ended, or does so as its container is deleted.
ended_or_deleted() {
	is_gone "$1" || {
		berth delete --force "$2"
		is_gone "$1"
	}
}

@test "SIGTERM at any moment of run: either berth still serves the container, or there is none" {
	config '.process.args = ["/bin/sleep", "100"]'
	local i pid count
	count=$(rounds 30)
	for ((i = 0; i < count; i++)); do
		# Not by timeout(1): a signal in the midst of its fork ends it alone.
		"$BERTH" --root "$root" ${BERTH_TEST_MANAGER:+--cgroup-manager "$BERTH_TEST_MANAGER"} \
			run --bundle "$bundle" "term-$i" >/dev/null 2>&1 </dev/null 3>&- &
		pid=$!
		sleep "0.00$((i % 9 + 1))"
		kill -TERM $pid 2>/dev/null || true
		sleep 0.1
		# Where berth ended at once, nothing that it had started may be left.
		! is_gone $pid || until_true is_empty left_processes
		until_true ended_or_deleted $pid "term-$i"
		wait $pid || true
		until_true is_empty left_processes
		berth delete --force "term-$i"
	done
}

# damage_and_delete ID: the state is gone, and one delete --force leaves nothing.
damage_and_delete() {
	: >"$root/$1/state.json"
	run berth delete --force "$1"
	assert_status 0
	[ -z "$(ls -A "$root")" ]
	[ -z "$(left_processes)" ]
	[ -z "$(left_cgroups)" ]
}

@test "a damaged state is made good by the lock's file, whatever the names are" {
	create backend
	damage_and_delete backend
	create end
	damage_and_delete end
	needs_cgroupfs
	config '.linux.cgroupsPath = $path' --arg path "/berth-$cid/a/frontend"
	berth create --bundle "$bundle" one >"$bundle/out" 2>&1 </dev/null 3>&-
	damage_and_delete one
}

@test "a state that is damaged together with its lock: an error, and nothing is forgotten" {
	local pid
	create one
	pid=$(berth state one | jq .pid)
	: >"$root/one/state.json"
	: >"$root/one/lock"
	run berth delete --force one
	assert_error "is damaged, and its lock's file too"
	[ -d "$root/one" ]
	kill -KILL "$pid"
	remove_cgroups
	rm -r "$root/one"
	# What a start has left that was killed before it wrote anything is nothing.
	mkdir -m 700 "$root/two"
	berth delete --force two
	mkdir -m 700 "$root/two"
	: >"$root/two/lock"
	berth delete --force two
	[ -z "$(ls -A "$root")" ]
}

@test "a lock with more cgroups than there are hierarchies, and other lies" {
	local i mount=/sys/fs/cgroup/pids
	# A hierarchy that is not mounted is another matter: what is in it cannot be seen.
	[ -d "$mount" ] || mount=/sys/fs/cgroup
	needs_cgroupfs
	cgroup_of=
	create one
	berth kill one KILL
	jq -c --arg mount "$mount" '.cgroups = [range(31) | "0/\($mount)//berth-none-\(.)"] + ["0//sys/fs/cgroup/nosuch//a", "bad"]' "$root/one/state.json" >"$bundle/lies"
	cp "$bundle/lies" "$root/one/state.json"
	{
		echo "0 0"
		for i in {1..32}; do echo "0/$mount//berth-none-$i"; done
		echo end
	} >"$root/one/lock"
	run berth delete --force one
	assert_status 0
	create two
	berth kill two KILL
	printf '0 0\n0//etc//passwd\nend\n' >"$root/two/lock"
	: >"$root/two/state.json"
	run berth delete --force two
	assert_status 1
	[ -e /etc/passwd ]
	rm -r "$root/two"
}

@test "a stopped container's delete does not reach into a cgroup that another one has taken" {
	local pid other=$bundle/other
	create one
	berth start one
	berth kill one KILL
	until_true is_status one stopped
	# The same path, as two configs may have it.
	mkdir -m 700 "$other"
	berth_at "$other" run --detach --bundle "$bundle" two >"$bundle/out" 2>&1 </dev/null 3>&-
	pid=$("$BERTH" --root "$other" state two | jq .pid)
	run berth kill --all one KILL
	assert_status 0
	run berth delete one
	assert_error "remove the cgroup" "$pid"
	kill -0 "$pid"
	[ "$("$BERTH" --root "$other" state two | jq -r .status)" = running ]
	"$BERTH" --root "$other" delete --force two
	berth delete one
	[ -z "$(left_cgroups)" ]
}

@test "of twenty starts with one cgroup, one at most wins, and no other ends it" {
	local i
	for ((i = 0; i < 20; i++)); do
		berth run --detach --bundle "$bundle" "same-$i" >/dev/null 2>&1 </dev/null 3>&- &
	done
	wait
	[ "$(berth list -q | wc -l)" = 1 ]
	[ "$(berth list --format json | jq -r '.[0].status')" = running ]
}

@test "a start that was killed before it could say so: the container is running, not created" {
	create one
	berth start one
	mkfifo "$root/one/exec.fifo"
	is_status one running
	run berth delete one
	assert_error "is not stopped: running"
}

@test "kill needs no lock, and delete removes whatever is in the container's directory" {
	create one
	berth start one
	until_true grep -q started "$bundle/out"
	exec 8<"$root/one/lock"
	flock 8
	berth kill one KILL 8<&-
	exec 8<&-
	mkdir -p "$root/one/a/b"
	touch "$root/one/a/b/c"
	until_true is_status one stopped
	until_true berth delete one
	[ -z "$(ls -A "$root")" ]
}
