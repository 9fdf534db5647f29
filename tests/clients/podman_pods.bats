#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# time-limit: 300
# Pods of Debian's podman, with berth as their runtime: by hand, and from Kubernetes' YAML.

load ../kit/engines

setup_file() {
	engines_need podman conmon || return 0
	sandbox_open
	podman_open
	# The first container of a pod does nothing; that of podman is built of a program that may not be here.
	podman import --change 'ENTRYPOINT ["/bin/sleep", "1000"]' "$sandbox/image.tar" localhost/infra >/dev/null 2>&1
	inside sed -i '/^\[engine\]/a infra_image = "localhost/infra"' "$sandbox/containers.conf"
	podman pod create --name first >/dev/null
	podman run --rm --pod first bb true
	podman pod rm -f -t 0 first >/dev/null
	traces_remember
}

teardown() {
	[ -z "$unable" ] || return 0
	podman pod rm -f -a -t 0 >/dev/null 2>&1
	nothing_left
}

@test "a pod: its containers share what it is made of, and end with it" {
	podman pod create --name pod >/dev/null
	podman run -d --pod pod --name one bb sh -c "$engine_loop" >/dev/null
	until_output to-stdout podman logs one
	local name
	for name in net ipc uts; do
		run_engine podman run --rm --pod pod bb readlink "/proc/self/ns/$name"
		assert_output "$(podman exec one readlink "/proc/self/ns/$name")"
	done
	run_engine podman run --rm --pod pod bb readlink /proc/self/ns/mnt
	assert_status 0
	[ "$output" != "$(podman exec one readlink /proc/self/ns/mnt)" ]
	run_engine podman pod inspect --format '{{.State}} {{.NumContainers}}' pod
	assert_output "Running 2"
	run_engine podman pod stop -t 5 pod
	assert_status 0
	run_engine podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one
	assert_output "exited 3"
	run_engine podman pod rm pod
	assert_status 0
}

@test "play kube: a pod of two containers with limits and a volume, and down" {
	inside tee "$sandbox/pod.yaml" >/dev/null <<-'END'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: pod
		spec:
		  restartPolicy: Never
		  volumes:
		  - name: shared
		    emptyDir: {}
		  containers:
		  - name: writer
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sh", "-c", "id -u >/shared/uid; echo written; sleep 1000"]
		    securityContext: {runAsUser: 0}
		    resources: {limits: {memory: 64Mi}}
		    volumeMounts: [{name: shared, mountPath: /shared}]
		  - name: reader
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sh", "-c", "until [ -s /shared/uid ]; do sleep 0.05; done; cat /shared/uid; exit 4"]
		    volumeMounts: [{name: shared, mountPath: /shared}]
	END
	run_engine podman kube play "$sandbox/pod.yaml"
	assert_status 0
	until_output "exited 4" podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' pod-reader
	run_engine podman logs pod-reader
	assert_output 0
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' pod-writer)
	run_engine inside cat "$(sandbox_cgroup_file "$pid" memory memory.limit_in_bytes memory.max)"
	assert_output 67108864
	run_engine podman kube down "$sandbox/pod.yaml"
	assert_status 0
	run_engine podman pod ps -q
	assert_output ""
}
