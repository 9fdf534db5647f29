# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The engines of Debian's packages in a sandbox (sandbox.bash), with berth as their runtime. BERTH=/usr/sbin/runc
# runs the same tests with another runtime.

engines_root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BERTH=${BERTH:-$engines_root/build/bin/berth}
export BERTH
# shellcheck source=tests/kit/sandbox.bash
. "$engines_root/tests/kit/sandbox.bash"
# shellcheck source=tests/kit/assert.bash
. "$engines_root/tests/kit/assert.bash"

# engines_need PROGRAM...: for setup_file; where root or a program is missing, it fails, and $unable says so to the
# tests (engines_skip): bats 1.8 cannot skip there.
engines_need() {
	local program
	export unable=
	[ "$EUID" = 0 ] || unable="needs root"
	for program in "$@"; do
		PATH=/usr/sbin:/usr/bin command -v "$program" >/dev/null || unable="$program is not installed"
	done
	[ -z "$unable" ]
}

engines_skip() {
	[ -z "$unable" ] || skip "$unable"
}

# Of every file that has none of its own.
setup() {
	engines_skip
}

teardown_file() {
	sandbox_close
}

# engine_image FILE: a tar archive of busybox as a root file system.
engine_image() {
	inside sh -c '
		root=$TMPDIR/image
		mkdir -p "$root"/bin "$root"/etc "$root"/tmp "$root"/proc "$root"/sys "$root"/dev "$root"/run "$root"/mnt
		cp /bin/busybox "$root/bin"
		busybox sh -c "cd $root/bin && for name in \$(busybox --list); do ln -s busybox \$name; done" 2>/dev/null
		printf "root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n" >"$root/etc/passwd"
		printf "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n" >"$root/etc/group"
		tar -C "$root" -cf "$1" .
	' sh "$1"
}

# podman_open: its configuration and the image "bb". A limit that is asked for must be one that root has here:
# without CAP_SYS_RESOURCE podman's own (1048576) cannot be set.
podman_open() {
	inside tee "$sandbox/containers.conf" >/dev/null <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "berth"
		runtime_supports_json = ["berth", "runc"]
		runtime_supports_nocgroup = ["berth"]
		[engine.runtimes]
		berth = ["$BERTH"]
	END
	inside tee "$sandbox/storage.conf" >/dev/null <<-END
		[storage]
		driver = "overlay"
		graphroot = "$sandbox/podman"
		runroot = "/run/podman-storage"
	END
	engine_image "$sandbox/image.tar"
	podman import "$sandbox/image.tar" localhost/bb >/dev/null 2>&1
}

podman() {
	inside CONTAINERS_CONF="$sandbox/containers.conf" CONTAINERS_STORAGE_CONF="$sandbox/storage.conf" \
		${terminal:+python3 "$sandbox_kit/terminal.py" ''} \
		podman --tmpdir /run/podman --network-config-dir "$sandbox/networks" "$@"
}

# daemon_answers LOG COMMAND...: as soon as it does; or else the end of its log.
daemon_answers() {
	until_true "${@:2}" || {
		inside tail -n 20 "$1"
		return 1
	}
}

# docker_open: a daemon with its containerd, and the image "bb".
docker_open() {
	inside mkdir -p "$sandbox/docker"
	inside tee "$sandbox/docker/daemon.json" >/dev/null <<-END
		{
			"runtimes": {"berth": {"path": "$BERTH"}}, "default-runtime": "berth",
			"data-root": "$sandbox/docker/data", "exec-root": "/run/docker", "pidfile": "/run/docker.pid",
			"hosts": ["unix:///run/docker.sock"], "storage-driver": "overlay2"
		}
	END
	engine_image "$sandbox/image.tar"
	docker_start "$sandbox/docker/daemon.json"
}

# docker_start FILE: with that configuration, and the image "bb" of the archive.
docker_start() {
	inside mkdir -p "$sandbox/docker"
	inside sh -c 'exec setsid dockerd --config-file "$2" >"$1/docker/log" 2>&1 </dev/null &' \
		sh "$sandbox" "$1" 3>&-
	daemon_answers "$sandbox/docker/log" docker version &&
		docker import "$sandbox/image.tar" bb >/dev/null
}

# daemon_stop FILE: what has its pid in the file ends, and has ended.
daemon_stop() {
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'read -r pid <"$1"; kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done' sh "$1"
}

# docker_reload: the daemon reads its configuration again.
docker_reload() {
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'kill -HUP "$(cat /run/docker.pid)"'
}

docker() {
	inside DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG="$sandbox/docker/client" \
		${terminal:+python3 "$sandbox_kit/terminal.py" ''} docker "$@"
}

# containerd_open: a daemon of its own, for ctr.
containerd_open() {
	inside mkdir -p "$sandbox/containerd"
	inside tee "$sandbox/containerd/config.toml" >/dev/null <<-END
		version = 2
		root = "$sandbox/containerd/root"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "/run/containerd/containerd.sock"
	END
	engine_image "$sandbox/image.tar"
	containerd_start "$sandbox/containerd/config.toml"
}

# containerd_start FILE: with that configuration.
containerd_start() {
	inside mkdir -p "$sandbox/containerd"
	inside sh -c 'exec setsid containerd -c "$2" >"$1/containerd/log" 2>&1 </dev/null &
		echo $! >/run/containerd.pid' sh "$sandbox" "$1" 3>&-
	daemon_answers "$sandbox/containerd/log" ctr version
}

ctr() {
	inside ${terminal:+python3 "$sandbox_kit/terminal.py" ''} ctr "$@"
}

# cri_image: the image "localhost/bb" for the CRI, of the archive; as a pod's own container it sleeps.
cri_image() {
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c '
		mkdir -p "$1/cri" && cd "$1/cri" && cp "$1/image.tar" layer.tar
		printf "{\"architecture\": \"%s\", \"os\": \"linux\", \"config\": {\"Entrypoint\": [\"/bin/sleep\", \"1000\"]},
			\"rootfs\": {\"type\": \"layers\", \"diff_ids\": [\"sha256:%s\"]}}" \
			"$(dpkg --print-architecture)" "$(sha256sum layer.tar | cut -d " " -f 1)" >config.json
		echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"localhost/bb:latest\"], \"Layers\": [\"layer.tar\"]}]" >manifest.json
		tar -cf image.tar manifest.json config.json layer.tar
		ctr --namespace k8s.io images import image.tar
	' sh "$sandbox" >/dev/null
}

# cri HANDLER COMMAND...: in a container of a pod of its own, by the runtime of that name; '' is the default.
cri() {
	inside python3 "$sandbox_kit/cri.py" /run/containerd/containerd.sock localhost/bb:latest "$@"
}

# For the tests. run_engine COMMAND...: $status and $output of podman or docker, like bats' run, which would
# warn of 127.
run_engine() {
	status=0
	output=$("$@" 2>&1) || status=$?
}

# traces_remember: what is there before the first test, as soon as what the engine began for the containers of
# setup_file has ended.
traces_remember() {
	local i
	for ((i = 0; i < 100; i++)); do
		sandbox_traces >"$BATS_FILE_TMPDIR/traces"
		grep -q '^process' "$BATS_FILE_TMPDIR/traces" || return 0
		pause 0.1
	done
	cat "$BATS_FILE_TMPDIR/traces"
	return 1
}

# nothing_left: within ten seconds, because engines clean up after their command has ended.
nothing_left() {
	local i
	for ((i = 0; i < 100; i++)); do
		! sandbox_traces | cmp -s "$BATS_FILE_TMPDIR/traces" - || return 0
		pause 0.1
	done
	sandbox_traces | diff "$BATS_FILE_TMPDIR/traces" -
}

assert_output() {
	[ "$output" = "$1" ] || {
		printf 'output is not "%s" but:\n%s\n' "$1" "$output"
		return 1
	}
}

# until_output TEXT COMMAND...: it prints the text, within ten seconds.
until_output() {
	local i wanted=$1
	shift
	for ((i = 0; i < 100; i++)); do
		run_engine "$@"
		[[ $output != *"$wanted"* ]] || return 0
		pause 0.1
	done
	printf 'never "%s", the last time:\n%s\n' "$wanted" "$output"
	return 1
}

# What a container runs that is to be stopped: it says so when it is ready, and ends by TERM with status 3, by USR1
# with 4.
# shellcheck disable=SC2016 # for the shell inside
engine_loop='trap "exit 3" TERM; trap "exit 4" USR1; echo to-stdout; echo to-stderr >&2; while :; do sleep 0.05; done'
