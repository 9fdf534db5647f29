# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian's and Ubuntu's packages: what is missing is installed by root where apt-get is, and else named.
# To be sourced. What a package is needed for is looked for, not the package: another distribution's
# compiler will do as well.

# Lists for those who source this.
packages_build=(gcc libc6-dev meson ninja-build musl-tools pkg-config linux-libc-dev
	libseccomp-dev)
packages_tests=(clang clang-format libclang-rt-dev libcmocka-dev bats python3 busybox-static uidmap
	golang-go jq shellcheck strace util-linux iproute2 g++ git binutils scdoc crun runc
	podman conmon netavark docker.io containerd iptables curl)
# For the machines of tests/vm, which is skipped without; and for what some of its files need.
packages_machine=(qemu-system-x86 apparmor checkpolicy criu gojq)
packages_bench=(crun runc busybox-static strace util-linux binutils python3)

# Whether what a package is needed for is here.
packages_has() {
	case $1 in
	libc6-dev) [ -e /usr/include/stdlib.h ] ;;
	ninja-build) command -v ninja ;;
	musl-tools) command -v musl-gcc ;;
	linux-libc-dev) [ -e /usr/include/linux/openat2.h ] ;;
	libseccomp-dev) [ -e /usr/include/seccomp.h ] ;;
	libcmocka-dev) pkg-config --exists cmocka ;;
	libclang-rt-dev) packages_has_sanitizer ;;
	busybox-static) [ -x /bin/busybox ] && ! ldd /bin/busybox ;;
	uidmap) command -v newuidmap ;;
	golang-go) command -v go ;;
	util-linux) command -v unshare && command -v nsenter && command -v script ;;
	iproute2) command -v ip ;;
	qemu-system-x86) command -v qemu-system-x86_64 ;;
	netavark) command -v netavark || [ -x /usr/lib/podman/netavark ] || [ -x /usr/libexec/podman/netavark ] ;;
	apparmor) command -v apparmor_parser ;;
	docker.io) command -v dockerd && command -v docker ;;
	containerd) command -v containerd && command -v ctr ;;
	binutils) command -v readelf && command -v nm ;;
	*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

packages_has_sanitizer() {
	command -v clang &&
		printf 'int main(void) { return 0; }\n' |
		clang -x c -fsanitize=address,undefined -o /dev/null -
}

# The package's name here, where it is not the same everywhere.
packages_name() {
	local name=$1
	if [ "$name" = libclang-rt-dev ] && ! apt-cache show libclang-rt-dev >/dev/null 2>&1; then
		name=$(apt-cache search --names-only '^libclang-rt-[0-9]+-dev$' | sort -V | tail -n 1 |
			cut -d ' ' -f 1)
	fi
	printf '%s\n' "${name:-$1}"
}

packages_missing() {
	local name
	for name in "$@"; do
		packages_has "$name" || printf '%s\n' "$name"
	done
}

packages_apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
		"$@" </dev/null
}

# packages_need PACKAGE...: returns when all are here; else says what is missing and ends with 1.
packages_need() {
	local missing names=() name log
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		printf 'These packages are missing (names of Debian and Ubuntu):\n' >&2
		# shellcheck disable=SC2086 # a list
		printf '  %s\n' $missing >&2
		printf 'As root, apt-get install them; elsewhere, install what they contain.\n' >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # a list
	echo "installing:" $missing
	log=$(mktemp)
	if ! packages_apt update >"$log" 2>&1; then
		cat "$log" >&2 # an old list may still do
	fi
	for name in $missing; do
		names+=("$(packages_name "$name")")
	done
	if ! packages_apt install --no-install-recommends "${names[@]}" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		exit 1
	fi
	rm -f "$log"
	missing=$(packages_missing "$@")
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086 # a list
		echo "installed, and still not found:" $missing >&2
		exit 1
	fi
}
