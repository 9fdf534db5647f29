#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# What `berth install` writes, read by Debian's podman, docker and containerd in a sandbox, whose /etc is its own: a
# container runs with berth, and after --undo the engine knows none. What else the files say is this machine's need.

load ../kit/engines

setup_file() {
	engines_need podman conmon dockerd docker containerd ctr curl || return 0
	[ "${BERTH##*/}" != runc ] || {
		unable="runc has no install"
		return 0
	}
	sandbox_open
	engine_image "$sandbox/image.tar"
}

# stock_podman WORD...: with the configuration in /etc, as everybody has it.
stock_podman() {
	inside env CONTAINERS_STORAGE_CONF="$sandbox/storage.conf" \
		podman --tmpdir /run/podman --network-config-dir "$sandbox/networks" "$@"
}

@test "podman: the drop-in beside containers.conf, by name, as the default, and gone" {
	podman_open
	inside tee /etc/containers/containers.conf >/dev/null <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "runc"
	END
	run_engine inside "$BERTH" install --yes podman
	assert_status 0
	run_engine stock_podman run --rm --network none --runtime berth bb echo out
	assert_status 0
	assert_output out
	# Its errors are read as JSON, and it may run without a cgroup: the two lists.
	run_engine stock_podman run --rm --network none --runtime berth bb nosuch
	assert_status 127
	run_engine stock_podman run --rm --network none --runtime berth --cgroups=disabled bb echo out
	assert_output out
	run_engine stock_podman run --rm --network none bb nosuch
	assert_status 127
	run_engine stock_podman info --format '{{.Host.OCIRuntime.Name}}'
	assert_output runc
	run_engine inside "$BERTH" install --yes --default podman
	run_engine stock_podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
	assert_output "berth $BERTH"
	run_engine inside "$BERTH" install --yes podman --undo
	assert_status 0
	run_engine stock_podman info --format '{{.Host.OCIRuntime.Name}}'
	assert_output runc
	run_engine stock_podman run --rm --network none --runtime berth bb echo out
	assert_status 125
}

@test "docker: daemon.json with other members, by name; the daemon that runs reads the default" {
	inside tee /etc/docker/daemon.json >/dev/null <<-END
		{
		    "runtimes": {"other": {"path": "/usr/sbin/runc"}},
		    "data-root": "$sandbox/docker/data", "exec-root": "/run/docker", "pidfile": "/run/docker.pid",
		    "hosts": ["unix:///run/docker.sock"], "storage-driver": "overlay2"
		}
	END
	run_engine inside "$BERTH" install --yes docker
	assert_status 0
	docker_start /etc/docker/daemon.json
	run_engine docker run --rm --network none --runtime berth bb echo out
	assert_status 0
	assert_output out
	run_engine docker info --format '{{.DefaultRuntime}} {{range $name, $_ := .Runtimes}}{{$name}} {{end}}'
	assert_contains "runc berth"
	assert_contains other
	run_engine inside "$BERTH" install --yes --default docker
	docker_reload
	until_output berth docker info --format '{{.DefaultRuntime}}'
	docker run -d --name one --network none bb sleep 1000
	run_engine docker inspect -f '{{.HostConfig.Runtime}}' one
	assert_output berth
	docker rm -f one
	# docker 20.10 ends by a fault when a daemon that runs reads that its default is gone; hence a start.
	run_engine inside "$BERTH" install --yes docker --undo
	assert_contains "systemctl restart docker"
	daemon_stop /run/docker.pid
	docker_start /etc/docker/daemon.json
	run_engine docker info --format '{{.DefaultRuntime}}'
	assert_output runc
	run_engine docker run --rm --network none --runtime berth bb echo out
	assert_status 125
}

@test "containerd: config.toml of Debian, a pod by the CRI, by name, as the default, and gone" {
	# Without CAP_SYS_RESOURCE a pod cannot get the score that it is to have; an overlay's directory is none for overlays.
	inside sed -i -e "/^version/a root = \"$sandbox/containerd/root\"" \
		-e '/cri"\]$/a sandbox_image = "localhost/bb:latest"\nrestrict_oom_score_adj = true' /etc/containerd/config.toml
	run_engine inside "$BERTH" install --yes containerd
	assert_status 0
	containerd_start /etc/containerd/config.toml
	cri_image
	run_engine cri berth /bin/sh -c 'echo out; exit 7'
	assert_output out
	assert_status 7
	run_engine cri runc /bin/echo out
	assert_output out
	run_engine inside containerd config dump
	assert_contains 'default_runtime_name = "runc"'
	daemon_stop /run/containerd.pid
	# Who was called is seen by a program between.
	printf '#!/bin/sh\necho "$@" >>%s/calls\nexec %s "$@"\n' "$sandbox" "$BERTH" | inside tee "$sandbox/between" >/dev/null
	inside chmod 755 "$sandbox/between"
	run_engine inside "$BERTH" install --yes --default --program "$sandbox/between" containerd
	assert_status 0
	containerd_start /etc/containerd/config.toml
	run_engine cri '' /bin/echo out
	assert_output out
	run_engine inside cat "$sandbox/calls"
	assert_contains " create --bundle "
	daemon_stop /run/containerd.pid
	run_engine inside "$BERTH" install --yes containerd --undo
	assert_status 0
	containerd_start /etc/containerd/config.toml
	run_engine cri berth /bin/echo out
	assert_status 1
	assert_contains 'no runtime for "berth" is configured'
}
