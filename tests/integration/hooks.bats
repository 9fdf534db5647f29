#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# Hooks: who runs when, with what, and what becomes of the container where one fails.

load ../kit/container

# In an account of its own, as in rootless.bats.
user=berth-test

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	log=$bundle/log
	: >"$log"
	chmod 666 "$log"
	mkdir "$bundle/rootfs/out"
	chmod 777 "$bundle/rootfs/out"
	# The program and the hooks of both sides write to one file.
	# shellcheck disable=SC2016 # a variable of jq
	in_container 'echo program >>/out/log' '
		.mounts += [{"destination": "/out/log", "source": $log, "options": ["bind", "rw"]}] | .root.readonly = false' \
		--arg log "$log"
	# A hook that writes its first argument, and one that fails; the same inside.
	script hook 'cat >/dev/null; echo "$1" >>"${0%/*}/log"'
	script fail 'echo "what went wrong with $1" >&2; exit 7'
	inside hook 'cat >/dev/null; echo "$1" >>/out/log'
	inside fail 'echo "what went wrong with $1" >&2; exit 7'
}

teardown() {
	[ -z "${bundle:-}" ] || "$BERTH" delete --force "$cid"
	remove_bundle
}

# script NAME TEXT: an executable of the host. inside: one of the image.
script() {
	printf '#!/bin/bash\n%s\n' "$2" >"$bundle/$1"
	chmod 755 "$bundle/$1"
}

inside() {
	printf '#!/bin/sh\n%s\n' "$2" >"$bundle/rootfs/bin/$1"
	chmod 755 "$bundle/rootfs/bin/$1"
}

kinds="prestart createRuntime createContainer startContainer poststart poststop"

# add KIND NAME [ARGUMENT]: one hook more.
add() {
	local path=$bundle/$2
	[ "$1" != startContainer ] || path=/bin/$2
	config '.hooks[$kind] += [{"path": $path, "args": [$name, $argument], "env": ["PATH=/usr/bin:/bin"]}]' \
		--arg kind "$1" --arg path "$path" --arg name "$2" --arg argument "${3-$1}"
}

add_all() {
	# shellcheck disable=SC2016 # variables of jq
	config 'reduce ($kinds / " ")[] as $kind (.; .hooks[$kind] += [{"args": ["hook", $kind], "env": ["PATH=/usr/bin:/bin"],
		"path": (if $kind == "startContainer" then "/bin/hook" else $path end)}])' --arg kinds "$kinds" --arg path "$bundle/hook"
}

create() {
	timeout 60 "$BERTH" create --bundle "$bundle" "$cid" >"$bundle/out" 2>&1 </dev/null 3>&-
}

said() {
	[ "$(tr '\n' ' ' <"$log")" = "$1" ] || {
		printf 'said: %s\nnot:  %s\n' "$(tr '\n' ' ' <"$log")" "$1"
		return 1
	}
}

is_said() {
	grep -qx "$1" "$log"
}

is_status() {
	has_status "$1"
}

# nothing_left: no record, process, mount or cgroup. `mounts` is what the host had before.
nothing_left() {
	[ -z "$(ls -A "$bundle/state")" ]
	[ "$mounts" = "$(host_mounts)" ]
	until_true is_empty left_processes
	[ -z "$(left_cgroups)" ]
}

@test "run: all kinds, in their order, each once" {
	add_all
	add prestart hook second
	add poststop hook last
	berth_run
	assert_status 0
	# The program of a run may end before poststart does, and begins before it.
	[ "$(grep -v -e program -e poststart "$log" | tr '\n' ' ')" = \
		"prestart second createRuntime createContainer startContainer poststop last " ]
	is_said program
	is_said poststart
	[ "$(grep -n -x poststart "$log" | cut -d: -f1)" -gt "$(grep -n -x startContainer "$log" | cut -d: -f1)" ]
}

@test "create, start, delete: each at its moment" {
	add_all
	in_container 'echo program >>/out/log; exec sleep 100'
	create
	said "prestart createRuntime createContainer "
	"$BERTH" start "$cid"
	# poststart comes when the program has been executed, and start waits for it.
	is_said startContainer
	is_said poststart
	[ "$(sed -n 4p "$log")" = startContainer ]
	until_true is_said program
	"$BERTH" kill "$cid" KILL
	until_true is_status stopped
	[ "$(wc -l <"$log")" = 6 ]
	"$BERTH" delete "$cid"
	[ "$(tail -n 1 "$log")" = poststop ]
	[ "$(wc -l <"$log")" = 7 ]
}

@test "a container that was only created: poststop without start" {
	add_all
	create
	"$BERTH" delete "$cid"
	said "prestart createRuntime createContainer poststop "
}

@test "poststart waits for the program: startContainer may take its time" {
	inside slow 'sleep 1; echo slow >>/out/log'
	add startContainer slow
	add poststart hook
	in_container 'exec sleep 100'
	create
	"$BERTH" start "$cid"
	said "slow poststart "
}

@test "the state is on stdin: pid, status, bundle, annotations" {
	local kind
	# shellcheck disable=SC2016 # the script's
	script tell 'cat >"${0%/*}/state.$1"; readlink /proc/self/ns/pid >"${0%/*}/ns.$1"'
	inside tell 'cat >/out/state.$1'
	touch "$bundle/state.startContainer"
	config '.annotations = {"a.b/c": "d \"e\"", "long": ("x" * 200000)}'
	in_container 'exec sleep 100'
	for kind in $kinds; do
		add "$kind" tell
	done
	create
	local pid
	pid=$(pid_of)
	"$BERTH" start "$cid"
	"$BERTH" state "$cid" >"$bundle/berth.state"
	"$BERTH" kill "$cid" KILL
	until_true is_status stopped
	"$BERTH" delete "$cid"
	mv "$bundle/rootfs/out/state.startContainer" "$bundle/state.startContainer"
	expect() {
		jq -e --arg id "$cid" --arg bundle "$bundle" --arg status "$2" --argjson pid "$3" \
			'.id == $id and .bundle == $bundle and .status == $status and .pid == $pid and .ociVersion == "1.3.0"
			and .annotations["a.b/c"] == "d \"e\"" and (.annotations.long | length) == 200000' "$bundle/state.$1"
		# One line without blanks: hooks in shell take what they want by grep and sed.
		grep -q "[{,]\"pid\":$3[,}]" "$bundle/state.$1"
		[ "$(wc -l <"$bundle/state.$1")" -le 1 ]
		# But for these two it is what state prints.
		[ "$(jq -S 'del(.pid, .status)' "$bundle/state.$1")" = "$(jq -S 'del(.pid, .status)' "$bundle/berth.state")" ]
	}
	expect prestart creating "$pid"
	expect createRuntime creating "$pid"
	# As the container knows it.
	expect createContainer creating 1
	expect startContainer created 1
	expect poststart running "$pid"
	expect poststop stopped 0
	[ "$(cat "$bundle/ns.prestart")" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(cat "$bundle/ns.createRuntime")" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(cat "$bundle/ns.createContainer")" != "$(readlink /proc/self/ns/pid)" ]
}

@test "arguments, environment, directory, umask, session: from the config alone" {
	# shellcheck disable=SC2016 # the script's
	script what 'd=${0%/*}; mapfile -d "" -t e </proc/self/environ; mapfile -d "" -t c </proc/self/cmdline
		{ printf "%s\n" "${e[@]}" -- "${c[@]}"; pwd; umask
		read -r pid _ _ _ _ sid _ </proc/self/stat; echo "session $((pid == sid))"; } >"$d/what.$1"'
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		config '.hooks[$kind] = [{"path": ($bundle + "/what"), "args": ["zero", $kind, "c d"], "env": ["PATH=/usr/bin:/bin", "A=b c"]}]' \
			--arg kind "$kind" --arg bundle "$bundle"
	done
	config '.process.env += ["OF_THE_IMAGE=x"]'
	run bash -c 'export OF_THE_CALLER=x; umask 0077; cd /usr; exec timeout 60 "$@"' \
		bash "$BERTH" run --bundle "$bundle" "$cid"
	assert_status 0
	for kind in prestart createRuntime createContainer poststart poststop; do
		local umask=0077
		[ "$kind" != createContainer ] || umask=0022
		# The kernel puts the interpreter and the script in the place of argv[0].
		printf '%s\n' "PATH=/usr/bin:/bin" "A=b c" -- /bin/bash "$bundle/what" "$kind" "c d" "$bundle" "$umask" \
			"session 1" >"$bundle/wanted"
		diff "$bundle/wanted" "$bundle/what.$kind"
	done
}

@test "signals are as by default, and no descriptor of anybody is open" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		config '.hooks[$kind] = [{"path": "/bin/cp", "args": ["cp", "/proc/self/status", ($bundle + "/status." + $kind)]},
			{"path": "/usr/bin/find", "args": ["find", "/proc/self/fd", "-type", "l", "-fprintf", ($bundle + "/fds." + $kind), "%l\n"]}]' \
			--arg kind "$kind" --arg bundle "$bundle"
	done
	run bash -c 'trap "" TERM HUP PIPE USR1; exec 8</etc/passwd 9</etc/group; exec timeout 60 "$@"' \
		bash "$BERTH" run --preserve-fds 6 --bundle "$bundle" "$cid" 3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null
	assert_status 0
	for kind in prestart createRuntime createContainer poststart poststop; do
		[ "$(grep -c -E '^Sig(Blk|Ign|Cgt):.0000000000000000$' "$bundle/status.$kind")" = 3 ]
		# Three pipes, and what find(1) has itself opened.
		[ "$(grep -c pipe: "$bundle/fds.$kind")" = 3 ]
		[ "$(grep -v -c -e pipe: -e "^$bundle/fds.$kind$" -e "^$bundle$" -e '^/proc/[0-9]*/fd$' "$bundle/fds.$kind")" = 0 ]
	done
}

@test "without args and env: argv[0] is the path, and no variable at all" {
	config '.hooks.prestart = [{"path": "/usr/bin/env"}, {"path": $path}]' --arg path "$bundle/hook"
	# shellcheck disable=SC2016 # the script's
	script hook '/usr/bin/env -0 >/dev/null; /bin/cat /proc/$$/environ | /usr/bin/wc -c >>"${0%/*}/log"; echo "$#" >>"${0%/*}/log"'
	config 'del(.process.env)'
	berth_run
	assert_status 0
	said "0 0 program "
}

@test "startContainer: in the container, as its user, with its own environment" {
	# shellcheck disable=SC2016 # the script's
	inside hook 'cat >/dev/null; { id -u; pwd; cat /proc/$$/environ | tr "\0" "\n"; readlink /proc/self/root; hostname; ls /proc/self/fd | wc -l; } >>/out/log'
	config '.process.user.uid = 1000 | .process.cwd = "/tmp" | .process.env = ["OF_THE_IMAGE=x"]'
	add startContainer hook
	in_container ':'
	berth_run
	assert_status 0
	# 3: the directory that ls reads.
	said "1000 /tmp PATH=/usr/bin:/bin / berth 4 "
}

@test "createContainer: the host's root, the container's mounts and namespaces" {
	# shellcheck disable=SC2016 # the script's
	script hook 'd=${0%/*}; readlink /proc/self/ns/uts >>$d/log; touch "$d/rootfs/proc/nothing" 2>/dev/null; stat -f -c %T "$d/rootfs/proc" >>$d/log'
	add createContainer hook
	in_container 'readlink /proc/self/ns/uts'
	berth_run
	assert_status 0
	[ "$(sed -n 1p "$log")" = "${lines[0]}" ]
	[ "$(sed -n 2p "$log")" = proc ]
}

@test "prestart can reach the namespaces of the pid, before the program runs" {
	# shellcheck disable=SC2016 # the script's
	script hook 'pid=$(jq .pid); nsenter -t $pid -n sh -c "echo 65 >/proc/sys/net/ipv4/ip_default_ttl"; readlink /proc/$pid/ns/net >>"${0%/*}/log"'
	add prestart hook
	in_container 'readlink /proc/self/ns/net; cat /proc/sys/net/ipv4/ip_default_ttl'
	berth_run
	assert_status 0
	[ "$(cat "$log")" = "${lines[0]}" ]
	[ "${lines[1]}" = 65 ]
	config 'del(.hooks)'
	berth_run
	[ "${lines[1]}" = 64 ]
}

@test "a hook that fails before the container runs: the error, and nothing is left; poststop runs" {
	local kind mounts
	mounts=$(host_mounts)
	for kind in prestart createRuntime createContainer; do
		for verb in run create; do
			: >"$log"
			config 'del(.hooks)'
			add "$kind" hook one
			add "$kind" fail
			add "$kind" hook never
			add poststop fail
			add poststop hook last
			run timeout 60 "$BERTH" $verb --bundle "$bundle" "$cid"
			assert_error "/hooks/$kind/1 (line " "error running $kind hook #1 ($bundle/fail): exit status 7, stderr: what went wrong with $kind"
			said "one last "
			nothing_left
		done
	done
}

@test "startContainer fails: run says so; after start it is on the container's stderr" {
	local mounts
	mounts=$(host_mounts)
	add startContainer fail
	add poststop hook
	berth_run
	assert_error "/hooks/startContainer/0" "error running startContainer hook #0 (/bin/fail): exit status 7, stderr: what went wrong with startContainer" "step starthooks"
	said "poststop "
	nothing_left
	: >"$log"
	create
	"$BERTH" start "$cid"
	until_true is_status stopped
	grep -q "error running startContainer hook #0 (/bin/fail): exit status 7" "$bundle/out"
	"$BERTH" delete "$cid"
	said "poststop "
	nothing_left
}

@test "startContainer fails where there is poststart: start fails, and poststart does not run" {
	add startContainer fail
	add poststart hook
	create
	run timeout 60 "$BERTH" start "$cid"
	assert_error "could not be run" "stderr"
	until_true is_status stopped
	said ""
}

@test "poststart fails: run and start fail, the container is killed and deleted, poststop runs" {
	local mounts
	mounts=$(host_mounts)
	in_container 'exec sleep 100'
	add poststart fail
	add poststart hook never
	add poststop hook
	run timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid"
	assert_error "/hooks/poststart/0 (line " "error running poststart hook #0" "step poststart"
	said "poststop "
	nothing_left
	: >"$log"
	berth_run
	assert_error "error running poststart hook #0"
	said "poststop "
	nothing_left
	: >"$log"
	create
	run timeout 60 "$BERTH" start "$cid"
	assert_error "/hooks/poststart/0" "error running poststart hook #0" "step poststart"
	said "poststop "
	nothing_left
}

@test "poststop fails: the others run, the container is deleted" {
	local mounts
	mounts=$(host_mounts)
	add poststop fail
	config '.hooks.poststop += [{"path": "/not/there"}]'
	add poststop hook
	berth_run
	assert_status 0
	[ "$output" = "" ]
	said "program poststop "
	nothing_left
	: >"$log"
	create
	"$BERTH" delete "$cid"
	said "poststop "
	nothing_left
}

@test "a hook that is not there, is no program, is killed" {
	config '.hooks.prestart = [{"path": "/not/there"}]'
	berth_run
	assert_error "/hooks/prestart/0" "(/not/there): execute: no such file or directory" "step hooks"
	config '.hooks.prestart[0].path = "/etc/passwd"'
	berth_run
	assert_error "(/etc/passwd): execute: permission denied"
	config 'del(.hooks.prestart) | .hooks.createContainer = [{"path": "/not/there"}]'
	berth_run
	assert_error "/hooks/createContainer/0" "(/not/there): execute: no such file or directory" "step createhooks"
	config 'del(.hooks)'
	script fail 'kill -ABRT $$'
	add createRuntime fail
	berth_run
	assert_error "ended by signal 6"
}

@test "a hook that takes too long is killed with its children, also where they ignore signals" {
	local kind began mounts
	mounts=$(host_mounts)
	# shellcheck disable=SC2016 # the script's
	script fail 'trap "" TERM INT HUP; echo "I wait" >&2; (trap "" TERM; sleep 301) & sleep 302'
	inside fail 'trap "" TERM; sleep 303 & sleep 304'
	in_container 'exec sleep 100'
	for kind in prestart createContainer startContainer poststart poststop; do
		config 'del(.hooks)'
		add "$kind" fail
		config '.hooks[][].timeout = 1'
		began=$SECONDS
		if [ "$kind" = poststop ]; then
			create
			run timeout 60 "$BERTH" delete "$cid"
			assert_status 0
		else
			run timeout 60 "$BERTH" run --detach --bundle "$bundle" "$cid"
			assert_error "error running $kind hook #0" "killed: it was not done after 1 second"
		fi
		[ $((SECONDS - began)) -ge 1 ]
		[ $((SECONDS - began)) -lt 20 ]
		nothing_left
		[ -z "$(pgrep -f -x 'sleep 30[1-4]')" ]
	done
}

@test "a hook with a timeout that is done in time is left alone" {
	add prestart hook
	config '.hooks.prestart[0].timeout = 30'
	berth_run
	assert_status 0
	said "prestart program "
}

@test "a hook that writes without end to both, and never reads" {
	# shellcheck disable=SC2016 # the script's
	script loud 'head -c 1048576 /dev/zero | tr "\0" o; head -c 1048576 /dev/zero | tr "\0" e >&2; echo "the end" >&2; exit 3'
	config '.annotations = {"long": ("x" * 1000000)}'
	add prestart loud
	berth_run
	assert_error "exit status 3, stderr: eeee" "eeethe end"
	[ ${#output} -lt 700 ]
	script loud 'exec <&-; sleep 0.2; head -c 1048576 /dev/zero'
	berth_run
	assert_status 0
	[ "$output" = "" ]
	script loud 'exec <&- >&- 2>&-; sleep 0.3'
	berth_run
	assert_status 0
}

@test "a daemon that keeps the pipes is not waited for, and lives on" {
	# shellcheck disable=SC2016 # the script's
	script daemon 'setsid sleep 60 & echo $! >"${0%/*}/daemon.pid"; (while sleep 0.01; do echo more; echo more >&2; done) & echo $! >>"${0%/*}/daemon.pid"'
	add prestart daemon
	local began=$SECONDS pid
	berth_run
	assert_status 0
	[ $((SECONDS - began)) -lt 20 ]
	kill -0 "$(head -n 1 "$bundle/daemon.pid")"
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || true
	done <"$bundle/daemon.pid"
}

@test "hooks that call berth on their own container: state answers, delete is busy" {
	local kind
	# shellcheck disable=SC2016 # the script's
	script ask 'd=${0%/*}; "$d/berth-release" state '"$cid"' | jq -r .status >>"$d/log" 2>&1'
	for kind in prestart createRuntime createContainer poststart poststop; do
		add "$kind" ask
	done
	in_container 'exec sleep 100'
	create
	"$BERTH" start "$cid"
	"$BERTH" kill "$cid" KILL
	until_true is_status stopped
	"$BERTH" delete "$cid"
	said "creating creating creating running stopped "
	config 'del(.hooks)'
	: >"$log"
	# shellcheck disable=SC2016 # the script's
	script ask 'd=${0%/*}; "$d/berth-release" delete --force '"$cid"' 2>>"$d/log"; true'
	add createRuntime ask
	create
	grep -q "container $cid is busy" "$log"
	is_status created
	"$BERTH" delete "$cid"
}

@test "poststart may kill and delete its own container" {
	# shellcheck disable=SC2016 # the script's
	script ask 'd=${0%/*}; "$d/berth-release" kill '"$cid"' KILL && "$d/berth-release" delete --force '"$cid"' && echo gone >>"$d/log"'
	add poststart ask
	add poststop hook
	in_container 'exec sleep 100'
	create
	"$BERTH" start "$cid"
	said "poststop gone "
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "the config of create counts, whatever becomes of the bundle" {
	add poststart hook
	add poststop hook
	in_container 'exec sleep 100'
	create
	config 'del(.hooks)'
	"$BERTH" start "$cid"
	"$BERTH" delete --force "$cid"
	said "poststart poststop "
}

@test "a config that is damaged: delete says so, and by force deletes" {
	add poststop hook
	create
	echo '{' >"$bundle/state/$cid/config.json"
	run timeout 60 "$BERTH" delete "$cid"
	assert_status 1
	"$BERTH" delete --force "$cid"
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "no namespace of its own for pids, and a terminal" {
	add_all
	config '.linux.namespaces |= map(select(.type != "pid")) | .process.terminal = true'
	run timeout 60 script -qec "\"$BERTH\" run --bundle \"$bundle\" \"$cid\"" /dev/null
	assert_status 0
	[ "$(grep -v -e program -e poststart "$log" | tr '\n' ' ')" = \
		"prestart createRuntime createContainer startContainer poststop " ]
}

@test "with a filter and without noNewPrivileges, as docker has it" {
	add_all
	config '.process.noNewPrivileges = false | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}'
	berth_run
	assert_status 0
	is_said startContainer
	is_said program
}

@test "rootless: all kinds" {
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	cp "$berth_program" "$bundle/berth"
	rm "$bundle/config.json"
	chown -R "$user:" "$bundle"
	setpriv --reuid "$user" --regid "$user" --init-groups "$bundle/berth" spec --rootless --bundle "$bundle"
	config '.process.terminal = false | .mounts += [{"destination": "/out/log", "source": $log, "options": ["bind", "rw"]}] | .root.readonly = false' \
		--arg log "$log"
	in_container 'echo program >>/out/log'
	add_all
	chown "$user:" "$bundle/config.json"
	run timeout 60 setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
		"$bundle/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
	assert_status 0
	[ "$(grep -v -e program -e poststart "$log" | tr '\n' ' ')" = \
		"prestart createRuntime createContainer startContainer poststop " ]
	is_said program
	is_said poststart
	config '.hooks.createContainer[0].path = "/not/there"'
	chown "$user:" "$bundle/config.json"
	run timeout 60 setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
		"$bundle/berth" --root "$bundle/state" run --bundle "$bundle" "$cid"
	assert_error "/hooks/createContainer/0" "no such file or directory"
	[ -z "$(ls -A "$bundle/state")" ]
}

@test "a failure in any step that hooks have: nothing is left" {
	[ -x "$BERTH_TEST" ] || skip "no build with failpoints"
	local step mounts
	mounts=$(host_mounts)
	add_all
	# Before the parent has heard that the environment is there, no hook has run, and none has to.
	BERTH_FAIL=createhooks:fail run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
	assert_error failpoint "step createhooks"
	said ""
	nothing_left
	for step in hooks ready limits starthooks exec created poststart; do
		: >"$log"
		BERTH_FAIL=$step:fail run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
		assert_error failpoint "step $step"
		[ "$(tail -n 1 "$log")" = poststop ] || { echo "$step"; cat "$log"; return 1; }
		[ -z "$(left_processes "$step:fail")" ]
		nothing_left
	done
	# Whatever kills this side, delete finds the container, and its hooks.
	for step in hooks limits created poststart poststop; do
		: >"$log"
		BERTH_FAIL=$step:die run timeout 60 "$BERTH_TEST" run --bundle "$bundle" "$cid"
		assert_status 137
		"$BERTH" delete --force "$cid"
		[ "$(tail -n 1 "$log")" = poststop ] || { echo "$step"; cat "$log"; return 1; }
		until_true is_empty left_processes "$step:die"
		nothing_left
	done
}

@test "a config without hooks costs nothing: its record names none, start and delete read no config" {
	command -v strace >/dev/null || skip "no strace"
	in_container 'exec sleep 100'
	create
	[ "$(jq 'has("hooks")' "$bundle/state/$cid/state.json")" = false ]
	strace -f -o "$bundle/trace" "$BERTH" start "$cid"
	strace -f -o "$bundle/trace2" "$BERTH" delete --force "$cid"
	cat "$bundle/trace" "$bundle/trace2" >"$bundle/both"
	# Taken away, and never opened.
	[ "$(grep config.json "$bundle/both" | grep -c open)" = 0 ]
	[ "$(grep -c clone "$bundle/both")" = 0 ]
}
