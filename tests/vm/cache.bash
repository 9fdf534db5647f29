# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the machines are made of: Debian's packages, fetched by apt without installing any, and a cache of what was
# made of them, by the SHA-256 of its content. To be sourced. BERTH_VM_CACHE is the cache; what is removed there is
# fetched anew.

vm_cache=${BERTH_VM_CACHE:-${XDG_CACHE_HOME:-~/.cache}/berth-vm}
mkdir -p "$vm_cache"

cache_sum() {
	sha256sum "$1" | cut -d ' ' -f 1
}

# cache_find NAME: the path of what is kept as NAME; a file that was cut short or changed is none.
cache_find() {
	local file
	for file in "$vm_cache/$1".sha256-*; do
		if [ -e "$file" ] && [ "$(cache_sum "$file")" = "${file##*.sha256-}" ]; then
			printf '%s\n' "$file"
			return 0
		fi
	done
	return 1
}

# cache_keep FILE NAME: moves it there, in the place of those of that name.
cache_keep() {
	local sum
	sum=$(cache_sum "$1")
	mv "$1" "$vm_cache/.new-$2"
	rm -f "$vm_cache/$2".sha256-*
	mv "$vm_cache/.new-$2" "$vm_cache/$2.sha256-$sum"
}

# cache_lock NAME: who makes something waits for who makes the same.
cache_lock() {
	exec 9>"$vm_cache/.lock-$1"
	flock 9
}

# debian_apt SUITE PROGRAM ARGUMENT...: apt-get or apt-cache for a suite of Debian, with a state of its own, in which
# nothing is installed. The mirror is the one that this host uses.
debian_apt() {
	local suite=$1 mirror apt=$vm_cache/.apt-$1
	shift
	exec 8>"$vm_cache/.lock-apt-$suite"
	flock 8
	[ -e "$apt/sources.list" ] || {
		# shellcheck disable=SC2016 # variables of apt
		mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			sed -n 's,/debian/$,,p' | sort -u | head -n 1)
		[ -n "$mirror" ] || {
			echo "no mirror of Debian among apt's sources" >&2
			return 1
		}
		mkdir -p "$apt"/{lists,archives}/partial
		: >"$apt/status"
		debian_sources "$suite" "$mirror" >"$apt/sources.list"
	}
	[ -e "$apt/is_new" ] || { debian_call "$apt" apt-get -qq update && touch "$apt/is_new"; } || return
	debian_call "$apt" "$@"
}

debian_sources() {
	local key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	echo "deb $key $2/debian $1 main"
	case $1 in
	*-backports | sid) ;;
	*) echo "deb $key $2/debian-security $1-security main" ;;
	esac
}

debian_call() {
	local apt=$1 program=$2
	shift 2
	"$program" -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" \
		-o "Dir::Cache=$apt" -o "Dir::Cache::archives=$apt/archives" \
		-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Acquire::Languages=none -o APT::Install-Recommends=false \
		-o "APT::Sandbox::User=$(id -un)" "$@"
}

# debian_get SUITE FOLDER ARGUMENT...: apt-get that leaves packages in the folder. A list of before may name what the
# mirror has no more: then once more with a new one.
debian_get() {
	local suite=$1 folder=$2
	shift 2
	(cd "$folder" && debian_apt "$suite" apt-get -qq "$@") >"$folder/log" 2>&1 || {
		rm -f "$vm_cache/.apt-$suite/is_new"
		(cd "$folder" && debian_apt "$suite" apt-get -qq "$@")
	} >>"$folder/log" 2>&1 || {
		cat "$folder/log" >&2
		echo "of Debian's $suite cannot be fetched: ${*: -1}" >&2
		return 1
	}
}

# debian_fetch SUITE TREE PACKAGE...: unpacks the packages alone, not what they depend on.
debian_fetch() {
	local suite=$1 tree=$2 folder deb
	shift 2
	folder=$(mktemp -d)
	debian_get "$suite" "$folder" download "$@" || return
	for deb in "$folder"/*.deb; do
		dpkg-deb -x "$deb" "$tree"
	done
	rm -rf "$folder"
}

# debian_fetch_all SUITE FOLDER PACKAGE...: the packages, and those that they depend on on a host that has none, as
# files in the folder.
debian_fetch_all() {
	local suite=$1 folder=$2
	shift 2
	debian_get "$suite" "$folder" --download-only --yes install "$@" || return
	mv "$vm_cache/.apt-$suite/archives"/*.deb "$folder"
}
