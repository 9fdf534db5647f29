#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The root file system: mounts, devices, masks, and what a hostile image can do about them.

load ../kit/container

setup() {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
}

teardown() {
	remove_bundle
}

@test "the mounts of the config, in their order and with their flags" {
	in_container 'cut -d" " -f 2-4 /proc/mounts | grep -v "^/sys/fs/cgroup/"'
	berth_run
	assert_status 0
	[[ ${lines[0]} == "/ "*" ro,"* ]]
	assert_contains "/proc proc rw,relatime"
	assert_contains "/dev tmpfs rw,nosuid,"
	assert_contains "/dev/pts devpts rw,nosuid,noexec,relatime"
	assert_contains "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime"
	assert_contains "/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime"
	assert_contains "/sys sysfs ro,nosuid,nodev,noexec,relatime"
	assert_contains "/sys/fs/cgroup "
}

@test "cgroups are there, read-only, and show the container's own" {
	in_container 'ls /sys/fs/cgroup; touch /sys/fs/cgroup/x 2>&1; for d in /sys/fs/cgroup/*/cgroup.procs; do echo x 2>/dev/null >$d && echo WRITTEN $d; done; exit 0'
	berth_run
	assert_status 0
	assert_contains "Read-only file system"
	[[ $output != *WRITTEN* ]]
	for controller in memory pids; do
		[ ! -d /sys/fs/cgroup/$controller ] || assert_line "$controller"
	done
}

@test "default devices and links" {
	in_container 'for d in null zero full random urandom tty; do stat -c "%n %F %a %t:%T" /dev/$d; done; for l in fd stdin stdout stderr ptmx core; do echo "$l $(readlink /dev/$l)"; done'
	berth_run
	assert_status 0
	assert_line "/dev/null character special file 666 1:3"
	assert_line "/dev/zero character special file 666 1:5"
	assert_line "/dev/full character special file 666 1:7"
	assert_line "/dev/random character special file 666 1:8"
	assert_line "/dev/urandom character special file 666 1:9"
	assert_line "/dev/tty character special file 666 5:0"
	assert_line "fd /proc/self/fd"
	assert_line "stdin /proc/self/fd/0"
	assert_line "stdout /proc/self/fd/1"
	assert_line "stderr /proc/self/fd/2"
	assert_line "ptmx pts/ptmx"
}

@test "devices of the config" {
	config '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 384, "uid": 7, "gid": 8},
		{"path": "/dev/pipe", "type": "p", "fileMode": 420}]'
	in_container 'stat -c "%n %F %a %u:%g %t:%T" /dev/mine /dev/pipe'
	berth_run
	assert_status 0
	assert_line "/dev/mine character special file 600 7:8 1:3"
	assert_line "/dev/pipe fifo 644 0:0 0:0"
}

@test "a bind mount, read-only and not, of a directory and of a file" {
	mkdir "$bundle/data"
	echo content >"$bundle/data/f"
	config '.mounts += [{"destination": "/rw", "source": "data", "options": ["bind"]},
		{"destination": "/ro", "source": $data, "options": ["rbind", "ro"]},
		{"destination": "/file", "source": ($data + "/f"), "type": "none", "options": ["bind", "ro"]}]' --arg data "$bundle/data"
	in_container 'echo new >/rw/g; cat /ro/g /file; touch /ro/h 2>&1; echo x 2>&1 >>/file'
	berth_run
	assert_line new
	assert_line content
	assert_contains "/ro/h: Read-only file system"
	[ ! -e "$bundle/data/h" ]
	[ "$(cat "$bundle/data/f")" = content ]
}

@test "a bind mount's flags are kept where nothing is said, and set where it is" {
	mkdir "$bundle/data"
	run unshare -m sh -c 'mount -t tmpfs -o nosuid,nodev none "$1/data" && "$2" run --bundle "$1" flags' sh "$bundle" "$BERTH"
	config '.mounts += [{"destination": "/a", "source": "data", "options": ["bind"]},
		{"destination": "/b", "source": "data", "options": ["bind", "noexec", "dev"]}]'
	in_container 'grep " /[ab] " /proc/mounts | cut -d" " -f 2,4'
	run unshare -m sh -c 'mount -t tmpfs -o nosuid,nodev none "$1/data" && "$2" run --bundle "$1" flags' sh "$bundle" "$BERTH"
	assert_status 0
	[[ ${lines[0]} == "/a rw,nosuid,nodev,relatime"* ]]
	[[ ${lines[1]} == "/b rw,nosuid,noexec,relatime"* ]]
}

@test "rbind takes the mounts below along, bind does not; rro makes all of it read-only" {
	mkdir -p "$bundle/data/below"
	config '.mounts += [{"destination": "/one", "source": "data", "options": ["bind"]},
		{"destination": "/all", "source": "data", "options": ["rbind"]},
		{"destination": "/ro", "source": "data", "options": ["rbind", "rro"]}]'
	in_container 'ls /one/below /all/below; touch /ro/below/x 2>&1; touch /all/below/x && echo written'
	run_over_tree() {
		# shellcheck disable=SC2016
		run unshare -m sh -c 'mount -t tmpfs none "$1/data/below" && touch "$1/data/below/inside" && "$2" run --bundle "$1" tree' sh "$bundle" "$BERTH"
	}
	run_over_tree
	if is_older 5.12; then
		assert_error /mounts/ "kernel lacks mount_setattr (Linux 5.12)"
		config '.mounts[-1].options = ["rbind"]'
		in_container 'ls /one/below /all/below; touch /all/below/x && echo written'
		run_over_tree
		[ "$(grep -c ^inside <<<"$output")" = 1 ]
		assert_line written
		return
	fi
	[ "$(grep -c ^inside <<<"$output")" = 1 ]
	assert_contains "/ro/below/x: Read-only file system"
	assert_line written
}

@test "a tmpfs has the mode of the directory that it covers, or its own" {
	mkdir -m 1750 "$bundle/rootfs/covered"
	config '.mounts += [{"destination": "/covered", "type": "tmpfs", "source": "tmpfs"},
		{"destination": "/own", "type": "tmpfs", "source": "tmpfs", "options": ["mode=0711"]}]'
	in_container 'stat -c %a /covered /own'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 1750 ]
	[ "${lines[1]}" = 711 ]
}

@test "a read-only tmpfs can hold mount points of later mounts" {
	mkdir "$bundle/data"
	config '.mounts += [{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]},
		{"destination": "/t/in/side", "source": "data", "options": ["bind"]}]'
	in_container 'touch /t/in/side/ok && echo inner; touch /t/no 2>&1; true'
	berth_run
	assert_status 0
	assert_line inner
	assert_contains "/t/no: Read-only file system"
}

@test "the root is read-only where the config says so" {
	in_container 'touch /x 2>&1; touch /dev/shm/x && echo shm'
	berth_run
	assert_contains "/x: Read-only file system"
	assert_line shm
	config '.root.readonly = false'
	in_container 'touch /x && echo written'
	berth_run
	assert_line written
}

@test "masked files are empty, masked directories too; what is not there is skipped" {
	mkdir -p "$bundle/rootfs/secret.d"
	echo secret >"$bundle/rootfs/secret"
	echo secret >"$bundle/rootfs/secret.d/f"
	in_container 'cat /secret /secret.d/f'
	berth_run
	[ "$(grep -c '^secret$' <<<"$output")" = 2 ]
	config '.linux.maskedPaths += ["/secret", "/secret.d", "/not/there"]'
	in_container 'cat /secret; ls -A /secret.d | wc -l; touch /secret.d/x 2>&1; true'
	berth_run
	assert_status 0
	[ "${lines[0]}" = 0 ]
	[[ $output != *secret$'\n'* ]]
	assert_contains "Read-only file system"
}

@test "readonly paths" {
	mkdir -p "$bundle/data"
	config '.root.readonly = false | .linux.readonlyPaths += ["/bin", "/not/there"]'
	in_container 'touch /bin/x 2>&1; touch /y && echo root; echo 1 2>&1 >/proc/sys/kernel/hostname; true'
	berth_run
	assert_status 0
	assert_contains "/bin/x: Read-only file system"
	assert_line root
	assert_contains "/proc/sys/kernel/hostname: Read-only file system"
}

@test "mount propagation: what happens on the host is seen with rslave, nothing goes back" {
	mkdir -p "$bundle/data/sub"
	config '.mounts += [{"destination": "/data", "source": "data", "options": ["rbind", "rslave"]}]'
	in_container 'mount | grep -c " /data/sub " ; echo ready; while [ ! -e /data/sub/now ]; do sleep 0.05; done; echo seen'
	run timeout 20 unshare -m --propagation private sh -c '
		mount --bind "$1/data" "$1/data" && mount --make-shared "$1/data"
		"$2" run --bundle "$1" slave >"$1/out" &
		pid=$!
		until grep -q ready "$1/out"; do sleep 0.05; done
		mount -t tmpfs none "$1/data/sub" && touch "$1/data/sub/now"
		wait $pid; cat "$1/out"' sh "$bundle" "$BERTH"
	assert_status 0
	assert_line seen
}

@test "mount propagation: what the container mounts in a shared volume is seen on the host" {
	mkdir -p "$bundle/data/sub"
	config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])
		| .mounts += [{"destination": "/data", "source": "data", "options": ["rbind", "rshared"]}]'
	in_container 'mount -t tmpfs inner /data/sub && touch /data/sub/now; mount -t tmpfs own /tmp && echo ready'
	local asked
	for asked in shared rshared; do
		config '.linux.rootfsPropagation = $asked' --arg asked "$asked"
		run timeout 20 unshare -m --propagation private sh -c '
			mount --bind "$1/data" "$1/data" && mount --make-shared "$1/data"
			"$2" run --bundle "$1" "to-$3"
			ls "$1/data/sub"; grep -c "$1/rootfs" /proc/self/mountinfo' sh "$bundle" "$BERTH" "$asked"
		printf '%s\n' "$output"
		assert_line ready
		assert_line now
		assert_line 0
	done
}

@test "mount propagation: a shared root that lies in a shared mount tells nobody of the container's mounts" {
	config '.linux.rootfsPropagation = "rshared"'
	in_container 'echo ran'
	run timeout 20 unshare -m --propagation private sh -c '
		mount --bind "$1" "$1" && mount --make-shared "$1" && cd /
		before=$(sort /proc/self/mountinfo)
		"$2" run --bundle "$1" silent
		[ "$before" = "$(sort /proc/self/mountinfo)" ] && echo untouched' sh "$bundle" "$BERTH"
	assert_line ran
	assert_line untouched
}

@test "the mount namespace of the runtime itself is not joined: its root would be replaced" {
	config '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end)'
	in_container 'echo RAN'
	# Only ever in a mount namespace that is made for it.
	run timeout 20 unshare -m --propagation private sh -c '
		[ "$(readlink /proc/self/ns/mnt)" != "$3" ] || exit 9
		"$2" run --bundle "$1" own
		[ -e "$1/config.json" ] && echo the root is the same' sh "$bundle" "$BERTH" "$(readlink /proc/self/ns/mnt)"
	assert_line "the root is the same"
	assert_contains "/linux/namespaces"
	assert_contains "the mount namespace to join is that of the runtime itself"
	refute_contains RAN
}

@test "a read-only path \"/\" makes the root read-only" {
	config '.root.readonly = false | .linux.readonlyPaths = ["/."]'
	in_container 'touch /x 2>&1; touch /dev/shm/x && echo shm'
	berth_run
	assert_contains "/x: Read-only file system"
	assert_line shm
}

@test "a working directory that root alone may enter is entered, whoever runs then" {
	mkdir -m 700 "$bundle/rootfs/closed"
	config '.process.cwd = "/closed" | .process.user = {"uid": 1234, "gid": 1234}'
	in_container 'readlink /proc/self/cwd; id -u'
	berth_run
	assert_status 0
	assert_line /closed
	assert_line 1234
}

@test "nothing of the host is to be seen: one mount tree, rooted in the bundle" {
	in_container 'cut -d" " -f 4,5 /proc/self/mountinfo | grep -v " /proc\| /dev\| /sys"; ls -d /proc/1/root/..'
	berth_run
	assert_status 0
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == */rootfs" /" ]]
}

# --- what an image can try -------------------------------------------------------------------------

# decoys: a folder of the host, and what it looks like before and after.
decoys() {
	mkdir "$bundle/host"
	echo decoy >"$bundle/host/ptmx"
	before=$(cd "$bundle/host" && find . -exec stat -c '%n %F %s %a %u' {} +)
}

assert_decoys_untouched() {
	local after
	after=$(cd "$bundle/host" && find . -exec stat -c '%n %F %s %a %u' {} +)
	[ "$before" = "$after" ] || {
		printf 'before:\n%s\nafter:\n%s\n' "$before" "$after"
		return 1
	}
}

nodev() {
	config '.mounts |= map(select(.destination == "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	config '.root.readonly = false'
}

@test "control: the bundle without /dev runs" {
	nodev
	in_container 'echo hi'
	berth_run
	[ "$output" = hi ]
}

@test "/dev is a link out of the root: nothing is made behind it (P5)" {
	decoys
	nodev
	in_container 'echo hi'
	for target in "$bundle/host" ../../../../../../../../"$bundle/host"; do
		rm -rf "$bundle/rootfs/dev"
		ln -s "$target" "$bundle/rootfs/dev"
		berth_run
		assert_decoys_untouched
	done
}

@test "/proc and /sys are links: refused (P4)" {
	for name in proc sys; do
		rm -rf "$bundle/rootfs/$name"
		ln -s /tmp "$bundle/rootfs/$name"
		berth_run
		assert_error "/$name"
		rm "$bundle/rootfs/$name"
		ln -s not-there "$bundle/rootfs/$name"
		berth_run
		assert_error "/$name"
		rm "$bundle/rootfs/$name"
	done
}

@test "a mount target behind a link stays inside the root (P1, P3)" {
	decoys
	ln -s "$bundle/host" "$bundle/rootfs/a"
	ln -s ../../../../../../../../.."$bundle/host" "$bundle/rootfs/b"
	mkdir "$bundle/data"
	config '.mounts += [{"destination": "/a/x/y", "source": "data", "options": ["bind"]},
		{"destination": "/b/x/z", "source": "data", "options": ["bind"]}]'
	in_container 'touch /a/x/y/f && cut -d" " -f 5 /proc/self/mountinfo | grep host'
	berth_run
	assert_status 0
	assert_line "$bundle/host/x/y"
	assert_decoys_untouched
	[ -e "$bundle/data/f" ]
}

@test "/dev/null of the image is not the null device: masking is refused (M5)" {
	echo secret >"$bundle/rootfs/secret"
	echo decoy >"$bundle/rootfs/decoy"
	mkdir "$bundle/devices"
	config '.mounts |= map(select(.destination == "/proc"))'
	config '.mounts += [{"destination": "/dev", "source": "devices", "options": ["bind"]}]'
	config '.linux.maskedPaths = ["/secret"] | .linux.readonlyPaths = []'
	in_container 'cat /secret; echo hi'
	mknod -m 666 "$bundle/devices/null" c 1 3
	berth_run
	[ "$output" = hi ]
	rm "$bundle/devices/null"
	ln -s /decoy "$bundle/devices/null"
	berth_run
	assert_error /dev/null
	rm "$bundle/devices/null"
	mknod -m 666 "$bundle/devices/null" c 1 5
	berth_run
	assert_error /dev/null
	rm "$bundle/devices/null"
	touch "$bundle/devices/null"
	berth_run
	assert_error /dev/null
	rm "$bundle/devices/null"
	berth_run
	assert_error /dev/null
	[ "$(cat "$bundle/rootfs/decoy")" = decoy ]
}

@test "cwd through a leaked descriptor of the host is refused (F3)" {
	exec 8</
	for n in 3 4 5 6 7 8 9; do
		config '.process.cwd = "/proc/self/fd/" + $n' --arg n "$n"
		in_container 'pwd; ls'
		berth_run
		assert_error /process/cwd
	done
	exec 8<&-
}

@test "args[0] through a descriptor runs nothing of the host (F4)" {
	exec 8</bin/true
	for n in 3 4 5 6 7 8; do
		config '.process.args = ["/proc/self/fd/" + $n]' --arg n "$n"
		berth_run
		assert_status 1
	done
	exec 8<&-
}

@test "--no-pivot: the root is the container's, and no proc or sysfs of the host is below it" {
	in_container 'cat /proc/self/mountinfo; ls /; echo RAN'
	run timeout 60 "$BERTH" run --no-pivot --bundle "$bundle" "$cid"
	assert_status 0
	assert_line RAN
	config '.process.args = ["/bin/sleep", "100"]'
	timeout 60 "$BERTH" run --detach --no-pivot --bundle "$bundle" "$cid" </dev/null >/dev/null 2>&1 3>&-
	local pid
	pid=$(pid_of)
	run python3 "$BATS_TEST_DIRNAME/../kit/below.py" "$pid"
	assert_status 0
	# The control: it is the host's root that is seen, and not the one that the kernel has below every namespace.
	assert_contains " $(mountpoint -d /) / / "
	refute_contains " - proc "
	refute_contains " - sysfs "
	[ "$(stat -Lc %i "/proc/$pid/root")" = "$(stat -c %i "$bundle/rootfs")" ]
	run "$BERTH" exec "$cid" sh -c 'ls /bin/busybox && pwd'
	assert_status 0
	assert_line /bin/busybox
	"$BERTH" delete --force "$cid"
}

@test "--no-pivot: a proc of the host that others cover is not uncovered" {
	config '.process.args = ["/bin/sleep", "100"]'
	mkdir -p "$bundle/stack" "$bundle/above/below"
	# shellcheck disable=SC2016
	run unshare -m sh -c 'mount -t proc p "$2/stack"; mount -t tmpfs t "$2/stack"
		mount -t proc p "$2/above/below"; mount -t tmpfs t "$2/above"
		exec "$1" run --detach --no-pivot --bundle "$2" "$3" </dev/null >"$2/out" 2>&1 3>&-' sh "$BERTH" "$bundle" "$cid"
	assert_status 0
	run python3 "$BATS_TEST_DIRNAME/../kit/below.py" "$(pid_of)"
	assert_contains " / / "
	refute_contains " - proc "
	run "$BERTH" exec "$cid" sh -c 'ls /bin/busybox'
	assert_line /bin/busybox
	"$BERTH" delete --force "$cid"
}
