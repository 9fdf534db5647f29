#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# features: what is claimed is taken, and what is refused is not claimed.

bats_require_minimum_version 1.5.0
load ../kit/container

setup() {
	make_bundle
	"$BERTH" features >"$bundle/features"
}

teardown() {
	remove_bundle
}

names() {
	jq -r "$1[]" "$bundle/features"
}

# explains TEXT...: explain succeeds.
explains() {
	run "$BERTH" explain --bundle "$bundle"
	[ "$status" = 0 ] || {
		printf '%s: %s\n' "$1" "$output"
		return 1
	}
}

@test "JSON on stdout, nothing on stderr, and what engines look for is there" {
	run --separate-stderr "$BERTH" features
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0" and (.hooks | length) == 6
		and (.mountOptions | index("rro") != null and index("rbind") != null and index("rprivate") != null)
		and (.potentiallyUnsafeConfigAnnotations | index("org.criu.config") != null)
		and .annotations["org.opencontainers.runc.checkpoint.enabled"] == "true"
		and (.linux.namespaces | sort) == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
		and (.linux.capabilities | length) == 41 and (.linux.capabilities | all(test("^CAP_[A-Z_]+$")))
		and .linux.cgroup == {"v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true}
		and (.linux.memoryPolicy.modes | sort) == ["MPOL_BIND", "MPOL_DEFAULT", "MPOL_INTERLEAVE", "MPOL_LOCAL",
			"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"]
		and (.linux.memoryPolicy.flags | sort) == ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]
		and .linux.apparmor.enabled and .linux.selinux.enabled
		and .linux.mountExtensions.idmap.enabled and (.mountOptions | index("idmap") != null and index("ridmap") != null)
		and .linux.netDevices.enabled and .linux.intelRdt == {"enabled": true, "schemata": true, "monitoring": true}' "$bundle/features"
	[ -z "$(names .mountOptions | sort | uniq -d)" ]
}

@test "every mount option that is claimed is taken" {
	local option
	config '.mounts += [{"destination": "/data", "source": "rootfs", "options": ["bind"]}]'
	cp "$bundle/config.json" "$bundle/plain.json"
	for option in $(names .mountOptions); do
		case $option in
		remount) continue ;; # of a mount that is there
		idmap | ridmap)
			jq --arg o "$option" '.mounts[-1] += {"options": ["bind", $o], "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}
				| .mounts[-1].gidMappings = .mounts[-1].uidMappings' "$bundle/plain.json" >"$bundle/config.json"
			;;
		# No file system takes these as a bind: a new one does.
		sync | async | dirsync | lazytime | nolazytime)
			jq --arg o "$option" '.mounts[-1] = {"destination": "/data", "type": "tmpfs", "source": "t", "options": [$o]}' \
				"$bundle/plain.json" >"$bundle/config.json"
			;;
		*) jq --arg o "$option" '.mounts[-1].options += [$o]' "$bundle/plain.json" >"$bundle/config.json" ;;
		esac
		explains "$option"
	done
}

# compiles ARCHITECTURE: a run of the config with it, which makes the filter.
compiles() {
	jq --arg n "$1" '.linux.seccomp.architectures = [$n]' "$bundle/plain.json" >"$bundle/config.json"
	run timeout 60 "$BERTH" run --bundle "$bundle" "$cid"
}

@test "an architecture of seccomp is claimed where a filter is made for it, and nowhere else" {
	[ "$EUID" = 0 ] || skip "needs root"
	[ "$(jq .linux.seccomp.enabled "$bundle/features")" = true ] || skip "no-libseccomp: berth was built without it"
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}'
	in_container 'echo RAN'
	cp "$bundle/config.json" "$bundle/plain.json"
	local name claimed=0
	for name in X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE \
		S390 S390X SH SHEB PARISC PARISC64 RISCV64; do
		compiles "SCMP_ARCH_$name"
		if names .linux.seccomp.archs | grep -qx "SCMP_ARCH_$name"; then
			[ "$output" = RAN ]
			claimed=$((claimed + 1))
		else
			assert_error /linux/seccomp
		fi
	done
	[ "$claimed" = "$(names .linux.seccomp.archs | wc -l)" ]
	[ "$claimed" -ge 1 ]
}

@test "the annotations: the version, as --version has it, and that of libseccomp; prefixes of all that mean something" {
	jq -e --arg version "$("$BERTH" --version | sed -n 's/^berth version //p')" \
		--arg commit "$("$BERTH" --version | sed -n 's/^commit: //p')" \
		'.annotations["run.oci.berth.version"] == $version and .annotations["run.oci.berth.commit"] == $commit
		and (.linux.seccomp.enabled == (.annotations["io.github.seccomp.libseccomp.version"] // "" | test("^[0-9]+[.][0-9]+[.][0-9]+$")))' \
		"$bundle/features"
	# Every annotation that the sources name begins like one of them.
	local name prefix
	for name in $(grep -ohE '"(run\.oci|org\.criu|krun|org\.systemd|io\.kubernetes|module)\.[a-zA-Z._]*"' \
		"$kit_root"/lib/{plan,life,hook,cgroup,host}/*.c | tr -d '"' | grep -v '^run\.oci\.berth\.' | sort -u); do
		for prefix in $(names .potentiallyUnsafeConfigAnnotations) none; do
			[[ $name != "$prefix"* ]] || break
		done
		[ "$prefix" != none ] || {
			echo "$name is not claimed"
			return 1
		}
	done
}

@test "every action, operator, architecture and flag of seccomp that is claimed is taken" {
	[ "$(jq .linux.seccomp.enabled "$bundle/features")" = true ] || skip "no-libseccomp: berth was built without it"
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW"}'
	cp "$bundle/config.json" "$bundle/plain.json"
	local name
	for name in $(names .linux.seccomp.actions); do
		# A listener needs somebody who listens.
		jq --arg n "$name" '.linux.seccomp.syscalls = [{"names": ["mkdir"], "action": $n}]
			| if $n == "SCMP_ACT_NOTIFY" then .linux.seccomp.listenerPath = "/run/agent" else . end' \
			"$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	for name in $(names .linux.seccomp.operators); do
		jq --arg n "$name" '.linux.seccomp.syscalls = [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO",
			"args": [{"index": 0, "value": 1, "valueTwo": 1, "op": $n}]}]' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	for name in $(names .linux.seccomp.archs); do
		jq --arg n "$name" '.linux.seccomp.architectures = [$n]' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	for name in $(names .linux.seccomp.supportedFlags); do
		jq --arg n "$name" '.linux.seccomp.flags = [$n]' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	[ -n "$(names .linux.seccomp.actions | grep -x SCMP_ACT_NOTIFY)" ]
}

@test "every version, hook, namespace, capability and policy of memory that is claimed is known" {
	local name
	cp "$bundle/config.json" "$bundle/plain.json"
	for name in ociVersionMin ociVersionMax; do
		jq --arg v "$(jq -r .$name "$bundle/features")" '.ociVersion = $v' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	jq -e '[.ociVersionMin, .ociVersionMax] | map(split(".") | map(tonumber)) | .[0] <= .[1]' "$bundle/features"
	for name in $(names .hooks); do
		jq --arg n "$name" '.hooks[$n] = [{"path": "/bin/true"}]' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
		assert_contains "$name"
	done
	for name in $(names .linux.namespaces); do
		jq --arg n "$name" '.linux.namespaces = ([{"type": "mount"}, {"type": "uts"}, {"type": $n}] | unique)
			| if $n == "user" then .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 9}] | .linux.gidMappings = .linux.uidMappings
			else . end' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
		assert_contains "$name"
	done
	jq --slurpfile f "$bundle/features" '.process.capabilities.bounding = $f[0].linux.capabilities' "$bundle/plain.json" >"$bundle/config.json"
	explains capabilities
	refute_contains "unknown capability"
	config '.process.capabilities.bounding += ["CAP_NO_SUCH"]' # the control
	explains capabilities
	assert_contains "unknown capability \"CAP_NO_SUCH\""
	for name in $(names .linux.memoryPolicy.modes); do
		jq --arg n "$name" '.linux.memoryPolicy = {"mode": $n, "nodes": (if $n == "MPOL_DEFAULT" or $n == "MPOL_LOCAL" then "" else "0" end)}' \
			"$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
	for name in $(names .linux.memoryPolicy.flags); do
		jq --arg n "$name" '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [$n]}' "$bundle/plain.json" >"$bundle/config.json"
		explains "$name"
	done
}

@test "the same whatever the host has: without /proc, /sys and an environment" {
	[ "$EUID" = 0 ] || skip "needs root"
	env -i /usr/bin/unshare --mount /bin/sh -c 'mount -t tmpfs t /proc && mount -t tmpfs t /sys && exec "$1" features' sh "$berth_program" \
		>"$bundle/elsewhere"
	cmp "$bundle/elsewhere" "$bundle/features"
}
