#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 600
# crun and runc as oracles: the same config under each of the three runtimes, and what its process sees line by line
# (tests/kit/oracle_inspect.sh). Every difference is in the table below, with the reason why berth's side is right;
# it is that of Debian 12's packages on cgroup version 1.

load ../kit/container

# CONFIGS | RUNTIMES | SECTION | SIGN | PATTERN | REASON (tests/kit/oracle.py). "+": berth alone has it, "-": the other.
table() {
	cat <<'TABLE'
# What covers a masked path. The mounts are read-only in all; the superblocks differ.
default,rich,userns,rootless | runc,crun | (exec )?mounts | + | (/proc/acpi|/sys/firmware|/data/secretdir) .* ro,relatime \[\] tmpfs tmpfs rw,size=4k,nr_inodes=1.* | a directory for which the kernel has no room, should it ever be writable
default,rich,userns,rootless | runc | (exec )?mounts | - | (/proc/acpi|/sys/firmware|/data/secretdir) .* ro,relatime \[\] tmpfs tmpfs ro.* | so are all that are masked by one runc, of any size
default,rich,userns,rootless | crun | (exec )?mounts | - | (/proc/acpi|/sys/firmware|/data/secretdir) .* ro,relatime \[\] tmpfs tmpfs rw,size=0k.* | size=0 is without a limit (tmpfs(5))
default,rich | crun | (exec )?mounts | + | (/proc/keys|/proc/timer_list|/data/secret) .* /null rw,nosuid \[\] tmpfs tmpfs .* | the container's own null device, as runc has it: the host's /dev is not bound
userns,rootless | crun | (exec )?mounts | + | (/proc/keys|/proc/timer_list) .* /null rw,relatime \[\] devtmpfs devtmpfs .* | the one that the container has in /dev, as runc has it
default,rich,userns,rootless | crun | (exec )?mounts | - | (/proc/keys|/proc/timer_list|/data/secret) .* /null ro,relatime \[\] devtmpfs devtmpfs .* | the host's, read-only; writing to a null device changes nothing

# cgroups of version 1. The config of `spec` has them "ro".
default,rich,userns | runc,crun | (exec )?mounts | + | /sys/fs/cgroup on /sys from 0:\* / ro,nosuid,nodev,noexec,relatime \[\] tmpfs tmpfs rw,mode=755.* | read-only, as the config has it
default,rich,userns | runc | (exec )?mounts | - | /sys/fs/cgroup on /sys from 0:\* / rw,nosuid,nodev,noexec,relatime \[\] tmpfs tmpfs rw,mode=755.* | the option is not heeded for the directory
default,rich,userns | crun | (exec )?mounts | - | /sys/fs/cgroup on /sys from 0:\* / rw,nosuid,nodev,noexec,relatime \[\] tmpfs cgroup rw,size=1024k.* | the option is not heeded for the directory
default,rich,userns | crun | (exec )?writable | - | /sys/fs/cgroup | the same, by writing
default,rich,userns | crun | (exec )?mounts | + | /sys/fs/cgroup/\S+ on /sys/fs/cgroup .* cgroup cgroup rw,\S+ | the source is a name: that of the config
default,rich,userns | crun | (exec )?mounts | - | /sys/fs/cgroup/\S+ on /sys/fs/cgroup .* cgroup /sys/fs/cgroup/\S+ rw,\S+ | a path of the host
default,rich,userns | runc | (exec )?mounts | + | /sys/fs/cgroup/systemd on /sys/fs/cgroup .* cgroup cgroup rw,name=systemd | as for the other hierarchies
default,rich,userns | runc | (exec )?mounts | - | /sys/fs/cgroup/systemd on /sys/fs/cgroup .* cgroup systemd rw,name=systemd | another name for this one alone
default | runc,crun | cgroup path | + | /berth-ID | without cgroupsPath: a name that is ours alone, below the root
default | runc,crun | cgroup path | - | (/\S*)?/ID | theirs; runc's below the caller's own where a hierarchy has one
default,rich,userns | runc | cgroup files | - | devices\.list c 10:200 rwm | /dev/net/tun is no default device of config-linux.md; later versions of runc have not got it
rich | crun | cgroup files | - | devices\.list c 5:1 rwm | /dev/console is made of the terminal, and the host's console is not the container's
default,userns | crun | cgroup files | + | devices\.list [bc] \S+ r?w?m | without linux.resources.devices: the default devices alone, as runc has it
default,userns | crun | cgroup files | - | devices\.list a \*:\* rwm | every device of the host

# Other mounts.
default,rich,userns | runc | (exec )?mounts | + | /sys on / .* ro,nosuid,nodev,noexec,relatime \[\] sysfs sysfs rw | the mount is read-only; the superblock is that of all who have this network namespace
default,rich,userns | runc | (exec )?mounts | - | /sys on / .* ro,nosuid,nodev,noexec,relatime \[\] sysfs sysfs ro | the superblock is made so as well
userns,rootless | crun | (exec )?mounts | + | /dev/(full|null|random|tty|urandom|zero) .* rw,relatime \[\] devtmpfs devtmpfs .* | a device that is bound, as runc has it
userns,rootless | crun | (exec )?mounts | - | /dev/(full|null|random|tty|urandom|zero) .* rw,nosuid,noexec,relatime \[\] devtmpfs devtmpfs .* | on a device these flags mean nothing

# Files.
default,rich,userns,rootless | runc | (exec )?root | + | lrwxrwxrwx 0:0 0:0 '/dev/core' -> '/proc/kcore' | made by crun as well; runc makes it only where this kernel has /proc/kcore
rich | runc | (exec )?root | + | drwxrwx--T 7:8 0:0 /scratch | mode=1770, as the config has it
rich | runc | (exec )?root | - | drwxr-xr-x 7:8 0:0 /scratch | runc 1.1 gives a tmpfs the mode of the mount point that it has just made
userns | runc,crun | (exec )?root | + | drwxrwxrwt 65534:65534 0:0 /dev/mqueue | one clone(2) makes all namespaces, so the queues' directory is of who calls it; everybody may write there all the same
userns | crun | (exec )?root | - | drwxrwxrwt 0:0 0:0 /dev/mqueue | made after the user namespace
userns | runc | (exec )?root | - | drwxrwxrwt 0:65534 0:0 /dev/mqueue | made after the user namespace, with a group that is not mapped

# What is handed over at 0 and 1 (files) and 2 (a pipe).
rich | runc,crun | (exec )?stdio | + | 0:0 regular file | the caller's files are given to nobody: their owner could open them for more than was handed over
rich | crun | (exec )?stdio | + | 7:0 fifo | a pipe is the user's, its group stays as it is, as runc has it
userns | crun | (exec )?stdio | + | 65534:65534 (regular file|fifo) | the same, seen from the user namespace
rich | crun | (exec )?stdio | - | 7:8 .* | given to the user of the container, as was the host's /dev/null
userns | crun | (exec )?stdio | - | 3:4 .* | given to the user of the container
rich | runc | stdio | - | 7:0 .* | given to the user of the container

# exec.
rich | runc | exec status | + | Umask:\t0027 | process.user.umask of --process
rich | runc | exec status | - | Umask:\t0022 | runc 1.1 has it for the first process alone
rich | crun | exec oom | + | 500 | process.oomScoreAdj of --process
rich | crun | exec oom | - | 0 | crun 1.8 has it for the first process alone
default,rich,userns,rootless | crun | exec session | + | (group|session) leader | the caller's terminal is out of reach without a terminal of its own, too

default,rich,userns,rootless | runc | exec descriptors | + | [012] BUNDLE/(input|exec|pipe) | the files themselves
default,rich,userns,rootless | runc | exec descriptors | - | [012] pipe:\[\*\] | runc copies what goes through them, so the process is not seen to have them
default,userns,rootless | runc | exec stdio | + | (0:0|65534:65534) (regular file|fifo) | the same, by their owner
default,rich,userns,rootless | runc | exec stdio | - | \d+:\d+ fifo | the same, by their owner

# state.
default,rich,userns,rootless | runc,crun | state | + | ociVersion: 1\.0\.2 | that of the config
default,rich,userns,rootless | runc | state | - | ociVersion: 1\.0\.2-dev | that of runc
default,rich,userns,rootless | crun | state | - | ociVersion: 1\.0\.0 | that of crun
default,rich,userns,rootless | crun | state | + | rootfs: BUNDLE/rootfs | absolute, as runc has it
default,rich,userns,rootless | crun | state | - | rootfs: rootfs | as the config has it
default,rich,userns,rootless | crun | state | - | systemd-scope: | of crun alone
default,rich,userns,rootless | runc | state | + | owner: (root|berth-test) | who made it, as crun has it
default,rich,userns,rootless | runc | state | - | owner: | Debian's runc finds no name
TABLE
}

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	local name
	for name in "runc 1.1" "crun 1.8"; do
		[[ $("${name% *}" --version 2>/dev/null) == *" ${name#* }."* ]] || skip "no $name"
	done
	[ -d /sys/fs/cgroup/memory ] || skip "no cgroup version 1"
	make_bundle
	for name in sed rmdir; do
		ln -s busybox "$bundle/rootfs/bin/$name"
	done
	mkdir -p "$bundle"/{said,vol/sub,rootfs/data/secretdir}
	echo secret | tee "$bundle/rootfs/data/secret" >"$bundle/rootfs/data/secretdir/file"
	install -m 755 "$kit_root/tests/kit/oracle_inspect.sh" "$bundle/rootfs/inspect"
	# Not /dev/null: crun gives the files at 0, 1 and 2 to the container's user, the host's device too.
	touch "$bundle"/{input,now,exec}
	mkfifo "$bundle/pipe"
	# Open for both directions, it has no end.
	cat <>"$bundle/pipe" >"$bundle/error" 3>&- &
	reader=$!
	table >"$bundle/table"
	as=()
}

teardown() {
	local name
	for name in berth runc crun; do
		[ ! -x "${bundle:-}/$name" ] || "$bundle/$name" delete --force "$cid" 2>/dev/null || true
	done
	[ -z "${reader:-}" ] || kill "$reader"
	remove_bundle
}

# oracle_config FILTER [JQ_ARGUMENT...]: what all configs have, and this. crun 1.8.1 takes no version above 1.0.
oracle_config() {
	config '.ociVersion = "1.0.2" | .process.args = ["/bin/sh", "-c", "/inspect; exec sleep 100"]
		| .process.env += ["MASKED=/proc/acpi /proc/keys /proc/timer_list /sys/firmware /data/secret /data/secretdir",
			"SYSCTLS=net/ipv4/ip_forward kernel/msgmax net/ipv4/ping_group_range",
			"DEVICES=/dev/null /dev/zero /dev/full /dev/random /dev/tty /dev/ptmx /dev/mine /dev/fuse /dev/forbidden"]'
	config "$@"
}

# make_runtime NAME PROGRAM: the script $bundle/NAME, with a state root of its own. In a mount namespace without
# `unified`, as crun starts on no hybrid host; all three alike, for they are to see the same.
make_runtime() {
	mkdir "$bundle/state-$1"
	chown --reference "$bundle" "$bundle/state-$1"
	cat >"$bundle/$1" <<-EOF
		#!/bin/sh
		exec unshare -m sh -c '
			[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified
			mount -t tmpfs below "$bundle/vol/sub"
			exec "\$@"' sh ${as[*]} "$2" --root "$bundle/state-$1" "\$@"
	EOF
	chmod 755 "$bundle/$1"
}

own_namespaces() {
	local name
	for name in mnt net uts ipc pid user cgroup time; do
		[ "$(readlink "/proc/$1/ns/$name")" = "$(readlink "/proc/self/ns/$name")" ] || echo "$name"
	done
}

# The limits of each hierarchy, of version 1 or 2.
cgroup_files() {
	local controllers path dir file
	while IFS=: read -r _ controllers path; do
		dir=/sys/fs/cgroup/${controllers#name=}$path
		[ -d "$dir" ] || continue
		for file in memory.{limit_in_bytes,soft_limit_in_bytes,memsw.limit_in_bytes,swappiness,oom_control,max,high,low,swap.max} \
			cpu.{shares,cfs_quota_us,cfs_period_us,rt_runtime_us,max,weight} cpuset.{cpus,mems} pids.max devices.list; do
			[ ! -e "$dir/$file" ] || sed "s|^|$file |" "$dir/$file"
		done
	done <"/proc/$1/cgroup"
}

# observe NAME: all that can be said of the container of this runtime, in $bundle/said/NAME.out.
observe() {
	local said=$bundle/said/$1.out now=$bundle/now pid
	"$bundle/$1" run --detach --bundle "$bundle" "$cid" <"$bundle/input" >"$now" 2>"$bundle/pipe" 3>&- || {
		cat "$bundle/error"
		return 1
	}
	until_true grep -qx '== end' "$now"
	{
		jq '.process | .args = ["/inspect"]' "$bundle/config.json" >"$bundle/process.json"
		chmod 644 "$bundle/process.json"
		"$bundle/$1" exec --process "$bundle/process.json" "$cid" \
			<"$bundle/input" >"$bundle/exec" 2>"$bundle/pipe" 3>&-
		sed 's/^== /== exec /' "$bundle/exec"
		pid=$("$bundle/$1" state "$cid" | jq .pid)
		echo "== own namespaces"
		own_namespaces "$pid"
		echo "== state"
		"$bundle/$1" state "$cid" | jq -r 'del(.pid, .created) | to_entries | sort_by(.key) | .[] | "\(.key): \(.value)"'
		echo "== cgroup path"
		grep -v net_cls "/proc/$pid/cgroup" | cut -d: -f 3 | sort -u
		echo "== cgroup files"
		cgroup_files "$pid" | sort
		echo "== end of all"
	} >>"$now"
	"$bundle/$1" delete --force "$cid"
	sed "s|$bundle|BUNDLE|g; s|$cid|ID|g" "$now" >"$said"
}

# compare CONFIG: under all three, and nothing differs but by the table.
compare() {
	local name
	make_runtime berth "$berth_program"
	make_runtime runc "$(command -v runc)"
	make_runtime crun "$(command -v crun)"
	for name in berth runc crun; do
		observe "$name"
	done
	python3 "$kit_root/tests/kit/oracle.py" "$bundle/table" "$1" "$bundle/said"
}

@test "the config that spec writes" {
	oracle_config .
	compare default
}

@test "a config with much in it" {
	oracle_config '.hostname = "oracle" | .process.cwd = "/data" | .root.readonly = true
		| .process.user = {"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 23}
		| .process.env += ["EMPTY=", "TWO=a b"] | .process.noNewPrivileges = true | .process.oomScoreAdj = 500
		| .process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"], "permitted": ["CAP_CHOWN", "CAP_KILL"],
			"effective": ["CAP_KILL"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}
		| .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
			{"type": "RLIMIT_STACK", "soft": 1048576, "hard": 2097152}]
		| .mounts += [
			{"destination": "/scratch", "type": "tmpfs", "source": "scratch", "options": ["nosuid", "noexec", "size=128k", "mode=1770", "uid=7", "gid=8", "nr_inodes=50"]},
			{"destination": "/vol", "type": "bind", "source": "vol", "options": ["rbind", "rro", "nosuid"]},
			{"destination": "/top", "type": "bind", "source": "vol", "options": ["rbind", "ro", "rslave"]},
			{"destination": "/one", "type": "bind", "source": "vol", "options": ["bind", "noexec", "noatime", "private"]},
			{"destination": "/file", "type": "bind", "source": "config.json", "options": ["bind", "ro"]}]
		| .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096", "net.ipv4.ping_group_range": "0 10", "kernel.domainname": "oracle.test"}
		| .linux.maskedPaths += ["/data/secret", "/data/secretdir", "/nosuch"]
		| .linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/nosuch"]
		| .linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 432, "uid": 7, "gid": 8},
			{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438},
			{"path": "/dev/forbidden", "type": "c", "major": 1, "minor": 11, "fileMode": 438}, {"path": "/dev/pipe", "type": "p", "fileMode": 384}]
		| .linux.cgroupsPath = "/berth-" + $id
		| .linux.resources = {"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}],
			"memory": {"limit": 67108864, "reservation": 33554432}, "pids": {"limit": 50},
			"cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0", "mems": "0"}}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
			"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}' --arg id "$cid"
	compare rich
}

@test "a user namespace" {
	oracle_config '.root.readonly = false | .process.user = {"uid": 3, "gid": 4, "additionalGids": [5]}
		| .linux.namespaces += [{"type": "user"}] | .linux.cgroupsPath = "/berth-" + $id
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings' --arg id "$cid"
	chown -R 100000:100000 "$bundle/rootfs" "$bundle/vol"
	compare userns
}

@test "rootless, as an ordinary user" {
	local user=berth-test
	id "$user" >/dev/null 2>&1 || useradd --no-create-home --shell /bin/sh "$user"
	as=(setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all --bounding-set=-all env HOME=/nonexistent)
	rm "$bundle/config.json"
	cp "$berth_program" "$bundle/program"
	berth_program=$bundle/program
	chown -R "$user:" "$bundle"
	"${as[@]}" "$berth_program" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
	oracle_config '.root.readonly = false'
	chown "$user:" "$bundle/config.json"
	compare rootless
}

# says NAME LINE...: what a runtime has said, for a test of the oracle itself.
says() {
	printf '%s\n' "${@:2}" "== end of all" >"$bundle/said/$1.out"
}

oracle() {
	run python3 "$kit_root/tests/kit/oracle.py" "$bundle/table" made "$bundle/said"
}

@test "control: the oracle sees a line more, a line less, and a row of the table that is not true any more" {
	: >"$bundle/table"
	says berth "== ids" "uid=0" "== mounts" "7 1 0:5 / / rw master:3 - tmpfs a rw" "8 7 0:6 / /x rw - proc b rw"
	says other "== ids" "uid=0" "== mounts" "3 1 0:9 / / rw master:4 - tmpfs a rw" "4 3 0:8 / /x rw - proc b rw"
	oracle
	assert_status 0
	# Only the numbers differed; another flag, another parent and another order of covering do not.
	says other "== ids" "uid=0" "== mounts" "3 1 0:9 / / rw master:4 - tmpfs a rw" "4 3 0:8 / /x ro - proc b rw"
	oracle
	assert_status 1
	assert_contains "made | other | mounts | - | /x on / from 0:* / ro [] proc b rw | ?"
	assert_contains "made | other | mounts | + | /x on / from 0:* / rw [] proc b rw | ?"
	echo 'made | other | mounts | + | /x on .* rw \[\] .* | because' >"$bundle/table"
	oracle
	assert_status 1
	echo 'made,more | some,other | mounts | - | /x on .* ro \[\] .* | because' >>"$bundle/table"
	oracle
	assert_status 0
	says other "== ids" "uid=1" "== mounts" "3 1 0:9 / / rw master:4 - tmpfs a rw" "4 3 0:8 / /x rw - proc b rw"
	oracle
	assert_status 1
	assert_contains "made | other | ids | - | uid=1 | ?"
	assert_contains "line 1 of the table: other does not differ so"
	assert_contains "line 2 of the table: other does not differ so"
	# Who has said nothing, or not all, is not equal.
	sed -i '$d' "$bundle/said/other.out"
	oracle
	assert_status 1
	assert_contains "it has no end"
	says other
	oracle
	assert_status 1
	rm "$bundle/said/other.out"
	oracle
	assert_status 1
	assert_contains "nothing to compare with"
	says other "== ids" "uid=0" "== mounts"
	echo 'made | other | mounts | + | .* | ' >"$bundle/table"
	oracle
	assert_status 1
	assert_contains "not CONFIGS | RUNTIMES"
}
