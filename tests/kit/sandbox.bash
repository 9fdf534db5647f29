# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For those who run engines (podman, docker, containerd) from Debian's packages: a sandbox that the engines
# take for a machine of their own. It has private mount, pid, network, IPC, UTS and cgroup namespaces below
# cgroups of its own; /etc, /run, /var and its own folder are in memory. What runs in it ends with the first
# process of its pid namespace, so nothing has to be looked for by name.

sandbox_kit=$(cd "${BASH_SOURCE[0]%/*}" && pwd)

# sandbox_open: $sandbox, a folder that in the sandbox is a tmpfs; $sandbox_init, its first process.
sandbox_open() {
	local outer i
	sandbox=$(mktemp -d /tmp/berth-clients.XXXXXX)
	chmod 755 "$sandbox"
	sandbox_make_cgroups
	(
		sandbox_enter_cgroups ''
		exec unshare --cgroup bash -c '
			. "$1"
			sandbox=$2
			sandbox_enter_cgroups /init
			exec unshare --mount --pid --net --ipc --uts --fork --kill-child --mount-proc \
				--propagation private bash "$sandbox_kit/sandbox_init.bash" "$sandbox"
		' bash "${BASH_SOURCE[0]}" "$sandbox"
	) </dev/null >"$sandbox/log" 2>&1 3>&- &
	outer=$!
	for ((i = 0; i < 200; i++)); do
		! grep -qsx ready "$sandbox/log" || break
		pause 0.05
	done
	read -r sandbox_init <"/proc/$outer/task/$outer/children" || true
	export sandbox sandbox_init
	grep -qsx ready "$sandbox/log" || {
		cat "$sandbox/log"
		return 1
	}
}

# Every hierarchy of the machine that can be written to gets a cgroup. In one of version 2, whose controllers
# are for cgroups without processes, those of the sandbox are one further down.
sandbox_make_cgroups() {
	local hierarchy own name=${sandbox##*/}
	for hierarchy in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
		[ -e "$hierarchy/cgroup.procs" ] || continue
		own=$hierarchy$name
		[ ! -e "${hierarchy}../cgroup.procs" ] || continue
		mkdir "$own"
		[ "$(stat -f -c %T "$hierarchy")" != cgroup2fs ] || mkdir "$own/init"
		# A cpuset without processors takes no process.
		if [ -e "$own/cpuset.cpus" ] && [ -e "$own/tasks" ]; then
			cat "$hierarchy/cpuset.cpus" >"$own/cpuset.cpus"
			cat "$hierarchy/cpuset.mems" >"$own/cpuset.mems"
		fi
		echo "$own" >>"$sandbox/cgroups"
	done
}

# sandbox_enter_cgroups WHERE: the namespace's root is where its first process is ('') when it is made; then
# everything is further down (/init).
sandbox_enter_cgroups() {
	local own
	while read -r own; do
		[ ! -e "$own$1" ] || own+=$1
		echo "$BASHPID" >"$own/cgroup.procs"
	done <"$sandbox/cgroups"
}

# inside [NAME=VALUE]... COMMAND...: in the sandbox, with the environment that it gives, and these. The streams stay the caller's.
inside() (
	sandbox_enter_cgroups /init
	exec nsenter --target "$sandbox_init" --mount --pid --net --ipc --uts --cgroup --wd=/ \
		timeout -k 2 60 env -i -C / LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$sandbox" \
		TMPDIR="$sandbox/tmp" "$@" 3>&-
)

# sandbox_close: ends it; fails where something of it stays. Also for a script that ends at the first error.
sandbox_close() {
	local own i
	[ -n "${sandbox:-}" ] || return 0
	[ -z "${sandbox_init:-}" ] || kill -KILL "$sandbox_init" 2>/dev/null || true
	for ((i = 0; i < 200; i++)); do
		while read -r own; do
			find "$own" -depth -type d -exec rmdir {} + 2>/dev/null || true
		done <"$sandbox/cgroups"
		[ -n "$(sandbox_left)" ] || break
		pause 0.05
	done
	rm -rf "$sandbox"
	[ -z "$(sandbox_left)" ] || {
		sandbox_left
		return 1
	}
}

sandbox_left() {
	find /sys/fs/cgroup -maxdepth 2 -name "${sandbox##*/}" 2>/dev/null || true
}

# What a container may not leave behind, one item a line: processes, mounts, cgroups, the state of runtimes.
# To be compared with the same before. Processes that stay have names here, and nothing but grep runs while it looks
# for the others; the mount of podman's own folder comes and goes with podman, and compiled seccomp programs are kept.
sandbox_traces() {
	# shellcheck disable=SC2016 # for the shell inside
	inside bash -c '
		processes=$(grep -hvxE "bash|sleep|timeout|env|grep|dockerd|containerd" /proc/[0-9]*/comm)
		[ -z "$processes" ] || sed "s/^/process /" <<<"$processes"
		mapfile -t mounts </proc/self/mountinfo
		for mount in "${mounts[@]}"; do
			[[ $mount == *" $1/podman/overlay "* ]] || echo "mount ${mount#* * }"
		done
		find /sys/fs/cgroup -type d -printf "cgroup %p\n"
		find /run/berth /run/runc /run/docker/runtime-* -mindepth 1 -not -path "*/.seccomp*" -printf "state %p\n"
	' bash "$sandbox" 2>/dev/null | sort
}

# sandbox_cgroup_file PID CONTROLLER OLD NEW: in the sandbox, the file OLD of the process's cgroup of version 1, or NEW
# of version 2.
sandbox_cgroup_file() {
	# shellcheck disable=SC2016 # for the shell inside
	inside bash -c '
		path=$(sed -nE "s/^[0-9]+:([^:]*,)?$2(,[^:]*)?:(.*)/\3/p" "/proc/$1/cgroup")
		if [ -n "$path" ]; then echo "/sys/fs/cgroup/$2$path/$3"
		else echo "/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$1/cgroup")/$4"; fi
	' bash "$@"
}
